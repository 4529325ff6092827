"""What a finding says in plain Danish. One place for the page, the table, the drawing and the file."""

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from math import isfinite
from typing import Any

from msgspec import Struct

from med import language
from med.competence_compass.activity_words import SIGNS, SIZES
from med.competence_compass.queries.effect_sums import Circumstances
from med.competence_compass.queries.effects import TOO_LITTLE, Finding
from med.language import T, Text
from med.web.pages import number
from med.workdays import short_date

VERDICTS: dict[str, tuple[Text, str]] = {  # the word, and the kind of mark beside it
    "udvikler": (T("udvikler"), SIGNS["udvikler"]),
    "tilbagegang": (T("tilbagegang"), SIGNS["tilbagegang"]),
    "ingen_paaviselig_effekt": (T("ingen påviselig effekt"), SIGNS["ingen_paaviselig_effekt"]),
    "uafklaret": (T("uafklaret"), SIGNS["uafklaret"]),
    TOO_LITTLE: (T("for få data"), SIGNS[TOO_LITTLE]),
}
KEPT = (T("fastholder"), SIGNS["udvikler"])

REASONS: dict[str, Text] = {
    "few_participants": T("Færre end 10 deltagere er målt både før og efter."),
    "few_to_compare": T(
        "Færre end 5 borgere uden aktiviteten er målt i samme tid, så der er ingen at sammenligne med."
    ),
    "too_coarse": T("Der er for få målinger til at se andet end en stor virkning."),
    "not_separable": T("Deltagerne har altid været i noget andet på samme tid, så virkningerne kan ikke skilles ad."),
    "no_variation": T("Alle stod ens, da de blev målt første gang, så der er ingen forskel at måle med."),
    "waiting_list_disagrees": T("Sammenligningen med ventelisten peger den anden vej, så vi konkluderer ikke."),
    "rose_before_start": T("Deltagerne var allerede på vej, før de begyndte, så vi konkluderer ikke."),
    "small": T("Der er en forskel, men den er så lille, at den næppe betyder noget i hverdagen."),
    "kept": T("Målet var at fastholde, og deltagerne er ikke gået nævneværdigt tilbage."),
}

SMALL_SO_FAR = T(
    "Der er tegn på en forskel. Vejet med de andre aktiviteter er den lille, men en større kan ikke udelukkes."
)

SIZE_WORDS = {"small": T("lille"), "medium": T("mellemstor"), "large": T("stor")}
UNKNOWN = T("Analysen siger ikke mere om det.")


def verdict(found: Finding) -> tuple[Text, str]:
    """The word for it, relative to the aim, and the kind of its mark."""
    if found.verdict == "ingen_paaviselig_effekt" and found.reason == "kept":
        return KEPT
    return VERDICTS.get(found.verdict, VERDICTS["uafklaret"])


def answers(found: Iterable[Finding]) -> list[tuple[Text, str, int]]:
    """How many of each word, in the words' own order."""
    words = Counter(verdict(one) for one in found)
    order = [VERDICTS["udvikler"], KEPT, *list(VERDICTS.values())[1:]]
    return [(*answer, words[answer]) for answer in order if words[answer]]


def size_word(d: float) -> Text:
    """ "lille", "mellemstor", "stor": the nearest of Cohen's three."""
    return SIZE_WORDS[min(SIZES, key=lambda key: abs(SIZES[key][0] - abs(d)))]


def because(verdict: str, reason: str) -> Text | None:
    """The sentence of a reason. A difference is said to be too small to matter only where a larger one is ruled out."""
    return SMALL_SO_FAR if (verdict, reason) == ("uafklaret", "small") else REASONS.get(reason)


def why(found: Finding) -> list[Text]:
    """One to three sentences after the word."""
    said: list[Text] = []
    if found.verdict == "udvikler" and found.rough is not None:
        said.append(T("Tallene tyder på en %(size)s fremgang.", size=size_word(found.rough)))
    if found.verdict == "tilbagegang" and found.rough is not None:
        said.append(T("Tallene tyder på en %(size)s tilbagegang.", size=size_word(found.rough)))
    if found.reason:
        said.append(because(found.verdict, found.reason) or UNKNOWN)
    if found.verdict == "ingen_paaviselig_effekt" and found.reason != "kept":
        said.append(T("En virkning på mere end %(d)s kan næsten udelukkes.", d=number(0.2)))
    if found.verdict == "uafklaret" and found.in_words and found.rough_detectable is not None:
        said.append(T("Vi kunne have set en %(size)s virkning eller større.", size=size_word(found.rough_detectable)))
    if found.verdict == "uafklaret" and found.detectable is not None:
        said.append(
            T(
                "Vi kunne have set en %(size)s virkning eller større (fra %(d)s).",
                size=size_word(found.detectable),
                d=number(found.detectable, 2),
            )
        )
    if found.many_at_top:
        said.append(
            T("Loft: over en fjerdedel lå øverst på skalaen før start, så den kan ikke vise hele deres fremgang.")
        )
    if found.many_at_bottom:
        said.append(T("Bund: over en fjerdedel lå nederst på skalaen før start, så den kan ikke vise tilbagegang."))
    if found.in_words and found.verdict != TOO_LITTLE:
        said.append(
            T("Ordet er nyt. Tallene følger ved et kvartals begyndelse, når mindst ti flere er målt siden de sidste.")
        )
    return said


def about(found: Finding) -> Text:
    """What it was held up against, and how many it rests on, where numbers are told."""
    if found.in_words:
        return T("mål: fastholde") if found.is_maintain else T("mål: udvikle")
    if found.n is None:
        return T("mål: fastholde · under 10 deltagere") if found.is_maintain else T("mål: udvikle · under 10 deltagere")
    if found.is_maintain:
        return T("mål: fastholde · omkring %(n)s deltagere", n=number(found.n))
    return T("mål: udvikle · omkring %(n)s deltagere", n=number(found.n))


def beside(found: Finding, run_id: int | None, attended: int | None, is_uneven: bool) -> list[Text]:
    """What a reader should know besides: an older run, how much of it the participants came to, uneven assessing."""
    said: list[Text] = []
    if run_id is not None and not found.in_words and found.n is not None and found.run_id != run_id:
        day = short_date(found.told_on, language.current.get()) if found.told_on else ""
        said.append(T("Tallene er fra beregning %(run)s, %(day)s.", run=found.run_id, day=day))
    if found.size is not None and attended is not None:
        said.append(T("Deltagerne kom i snit %(percent)s %% af gangene.", percent=attended))
    if found.size is not None and is_uneven:
        said.append(T("Forbehold: deltagerne og de ventende er ikke målt lige ofte."))
    return said


def explained(found: Finding, around: Circumstances) -> str:
    """All that is said after the word and beside it, where the run stands in a column of its own."""
    is_uneven = found.activity_id in around.uneven
    said = why(found) + beside(found, None, around.attended.get(found.activity_id), is_uneven)
    return " ".join(str(one) for one in said)


class Guard(Struct, frozen=True):
    """What the tests of whether participants were rising anyway found, and what follows from it."""

    title: Text
    said: list[Text]
    is_rising: bool


def guard(run: Any) -> Guard:
    """In plain words: what was looked for, what was found, and what the analysis does about it.

    The limits are those of med/competence_compass/effects/analysis.py. A run from before a test was kept has none.
    """
    lead, line = (z if z is not None and isfinite(z) else None for z in (run.lead_z, run.line_z))
    found = []
    if lead is not None and lead > LEAD_LIMIT:
        found.append(T("Det sidste halve år før start lå deltagerne allerede højere, end man kunne vente."))
    if line is not None and line > LINE_LIMIT:
        found.append(
            T("Set over alle årene udvikler de, der får plads, sig hurtigere end andre, også uden aktiviteten.")
        )
    if found or run.is_guarded:
        then = T("Beregningen trækker derfor hver borgers egen linje fra. Det gør tallene mere usikre, men retfærdige.")
        title = T("Deltagerne var på vej frem, før de begyndte")
        return Guard(title, [*(found or [T("De, der fik plads, udviklede sig allerede.")]), then], is_rising=True)
    if lead is None and line is None:
        title = T("Vi ved ikke, om deltagerne var på vej frem i forvejen")
        return Guard(title, [T("Ingen er målt lige før, de begyndte, så det kan ikke undersøges.")], is_rising=False)
    title = T("Intet tyder på, at deltagerne var på vej frem i forvejen")
    looked = T(
        "Vi har set efter, om de lå højere det sidste halve år før start, og om de udvikler sig hurtigere end andre "
        "over årene. Ingen af delene kan påvises."
    )
    return Guard(title, [looked], is_rising=False)


LEAD_LIMIT = 2.0
LINE_LIMIT = 3.0


def sized(value: float | None) -> str:
    """ "+0,35": an effect always has its sign."""
    return "" if value is None else _signed(value, language.current.get())


@lru_cache(1000)  # there are few sizes, told in steps, and a page has hundreds
def _signed(value: float, lang: str) -> str:
    shown = number(value, 2)
    return f"+{shown}" if value > 0 else shown


def spoken(found: Finding) -> Text:
    """The whole row in one sentence: what a drawing is called."""
    word = verdict(found)[0]
    if found.size is None or found.low is None or found.high is None:
        return T(
            "%(activity)s, %(dimension)s: %(word)s.", activity=found.activity, dimension=found.dimension, word=word
        )
    return T(
        "%(activity)s, %(dimension)s: %(word)s, %(size)s (mellem %(low)s og %(high)s).",
        activity=found.activity,
        dimension=found.dimension,
        word=word,
        size=sized(found.size),
        low=sized(found.low),
        high=sized(found.high),
    )
