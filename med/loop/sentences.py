"""The state of a circle in one sentence, and an analysis in words. Pure: from plain values to texts.

No sentence holds a number of citizens or the size of an effect as a number: words carry the uncertainty better, and
nobody can subtract them.
"""

from collections.abc import Sequence

from med.competence_compass.effect_words import because, size_word
from med.competence_compass.models import ActivityState
from med.language import T, Text
from med.loop.circles import WEIGHT, Circle, Finding, Link, heaviest, speaks, standing, telling
from med.loop.models import LinkKind
from med.loop.words import Known


def did(link: Link) -> Text:
    """ "Satte “Køkkenholdet” i gang" """
    match link.kind:
        case LinkKind.STARTS:
            return T("Satte “%(activity)s” i gang", activity=link.title)
        case LinkKind.CHANGES:
            return T("Ændrede “%(activity)s”", activity=link.title)
        case LinkKind.REVIEWS:
            return T("Så på “%(activity)s” igen", activity=link.title)
    return T("Stoppede “%(activity)s”", activity=link.title)


def sentence(circle: Circle, *, always: bool = False) -> Text | None:
    """Where the circle stands. None for a decision that neither hopes for an effect nor has an activity, unless asked
    `always`: most decisions are about other things than citizens' competences."""
    if not circle.links:
        if circle.hopes:
            return T("Ingen aktivitet endnu.")
        return T("Ingen aktivitet hører til beslutningen.") if always else None
    where = standing(circle)
    fits = [link for link in circle.links if speaks(link.kind, link.findings) is where]
    told = max(fits, key=lambda link: (weight(link), link.kind is not LinkKind.REVIEWS))
    others = len({link.activity_id for link in circle.links} - {told.activity_id})
    said = T("%(did)s; %(known)s.", did=did(told), known=known(told))
    if others == 1:
        return T("%(said)s Beslutningen handler også om en anden aktivitet.", said=said)
    if others:
        return T("%(said)s Beslutningen handler også om %(n)s andre aktiviteter.", said=said, n=others)
    return said


def weight(link: Link) -> int:
    return max((WEIGHT[::-1].index(one.verdict) + 1 for one in telling(link.findings)), default=0)


def known(link: Link) -> Text:
    """What is known of an activity, to go on after a semicolon."""
    if not link.findings:
        if link.state is ActivityState.PROPOSED:
            return T("den er ikke begyndt endnu")
        return T("endnu ikke målt")
    telling_ones = telling(link.findings)
    if not telling_ones:
        return T("beregningen bygger på deltagelser fra før beslutningen")
    first = heaviest(telling_ones)
    kept = [one for one in first if one.is_kept]
    names = listed(kept or first)
    match first[0].verdict:
        case Known.DECLINES:
            up = [one for one in telling_ones if one.verdict is Known.DEVELOPS]
            if up:
                return T("beregningen viser tilbagegang i %(down)s og udvikling i %(up)s", down=names, up=listed(up))
            return T("beregningen viser tilbagegang i %(what)s", what=names)
        case Known.DEVELOPS:
            return T("beregningen viser udvikling i %(what)s", what=names)
        case Known.NO_EFFECT_SEEN:
            if kept:
                return T("beregningen viser, at %(what)s blev fastholdt", what=names)
            return T("beregningen viser ingen påviselig effekt i %(what)s", what=names)
        case Known.UNSETTLED:
            seen = max((one.detectable for one in first if one.detectable is not None), default=None)
            if seen is None:
                return T("beregningen er uafklaret")
            return T("beregningen er uafklaret – vi kunne have set %(size)s", size=a_size(seen))
    return T("endnu for få data til at sige noget")


def listed(findings: Sequence[Finding]) -> Text | str:
    names = [f"“{one.dimension}”" for one in findings]
    if len(names) == 1:
        return names[0]
    if len(names) == 2:
        return T("%(one)s og %(other)s", one=names[0], other=names[1])
    return T("%(one)s og %(n)s andre kompetencer", one=names[0], n=len(names) - 1)


def a_size(d: float) -> Text:
    """For a distance in SD, whichever way it goes, in the words of the managers' page."""
    return T("en %(size)s virkning", size=size_word(d))


def directed(d: float) -> Text:
    if abs(d) < 0.1:
        return T("næsten ingen virkning")
    if d < 0:
        return T("en %(size)s tilbagegang", size=size_word(d))
    return T("en %(size)s fremgang", size=size_word(d))


def measured(one: Finding) -> Text:
    """A finding as a sentence of its own."""
    match one.verdict:
        case Known.DEVELOPS:
            return T("“%(what)s” udvikles hos dem, der deltager.", what=one.dimension)
        case Known.DECLINES:
            return T("“%(what)s” går tilbage hos dem, der deltager.", what=one.dimension)
        case Known.NO_EFFECT_SEEN:
            if one.is_kept:
                return T("“%(what)s” er fastholdt, som det var tænkt.", what=one.dimension)
            return T("Ingen påviselig effekt på “%(what)s”.", what=one.dimension)
        case Known.UNSETTLED:
            return T("“%(what)s” er uafklaret.", what=one.dimension)
    return T("For få data om “%(what)s”.", what=one.dimension)


def uncertainty(one: Finding) -> Text | None:
    """How far off the measurement may be, and why its verdict is not another; None where it says nothing at all."""
    why = None if one.is_kept else because(one.verdict, one.reason)
    if one.verdict is Known.TOO_LITTLE:
        return why
    said = how_far_off(one)
    return said if why is None else T("%(said)s %(why)s", said=said, why=why)


def how_far_off(one: Finding) -> Text:
    if one.low is None or one.high is None:
        return T("Hvor usikker beregningen er, kan ikke siges.")
    low, high = directed(one.low), directed(one.high)
    if one.verdict is Known.UNSETTLED and one.low * one.high > 0 and not one.reason:
        # Beside so many other pairs a single one outside of nought is not enough (false discoveries).
        if low == high:
            return T(
                "Beregningen peger på %(size)s, men det er ikke sikkert nok, når så meget undersøges på én gang.",
                size=low,
            )
        return T(
            "Beregningen peger på alt fra %(low)s til %(high)s, men det er ikke sikkert nok, når så meget "
            "undersøges på én gang.",
            low=low,
            high=high,
        )
    if low == high:
        return T("Med den usikkerhed, beregningen har, er det %(size)s.", size=low)
    return T("Med den usikkerhed, beregningen har, kan det være alt fra %(low)s til %(high)s.", low=low, high=high)


def not_to_conclude(one: Finding) -> Text:
    """What a tired reader would conclude, and should not."""
    match one.verdict:
        case Known.DEVELOPS:
            return T("At alle deltagere har udviklet sig, eller at det kun kan skyldes aktiviteten.")
        case Known.DECLINES:
            return T("At aktiviteten har skadet nogen: den tilbagegang, vi ser, kan også have andre grunde.")
        case Known.NO_EFFECT_SEEN:
            return T("At aktiviteten er uden værdi: der er kun målt på det, hypotesen handler om.")
        case Known.UNSETTLED:
            return T("At aktiviteten ikke virker. Beregningen kan hverken vise det ene eller det andet endnu.")
    return T("Noget som helst om virkningen, hverken at den er der, eller at den ikke er.")
