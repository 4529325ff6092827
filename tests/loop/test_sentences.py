"""The state of a circle in one sentence, in both languages, and what rests on few citizens says nothing."""

import pytest

from med import language
from med.competence_compass.effect_words import because, size_word
from med.competence_compass.effects.verdicts import Reason, Verdict
from med.competence_compass.models import ActivityState
from med.loop.circles import Circle, Link, finding, standing
from med.loop.models import LinkKind
from med.loop.sentences import not_to_conclude, sentence, uncertainty
from med.loop.words import Known, Standing


def found(verdict, dimension="Holder ud", n=24, low=-0.2, high=0.5, detectable=0.45, reason="", in_words=False):
    return finding(
        dimension,
        verdict,
        run_id=7,
        done_at=None,
        n=n,
        low=low,
        high=high,
        detectable=detectable,
        reason=reason,
        in_words=in_words,
    )


def circle(*findings, kind=LinkKind.STARTS, state=ActivityState.RUNNING, hopes=True):
    return Circle(1, hopes, (Link(kind, 3, "Køkkenholdet", state, findings),))


def test_the_words_are_the_analysis_own():
    assert {one.value for one in Known} == {one.value for one in Verdict}


@pytest.mark.parametrize(
    ("known", "danish", "english", "where"),
    [
        (Circle(1, True), "Ingen aktivitet endnu.", "No activity yet.", Standing.NO_ACTIVITY),
        (
            circle(state=ActivityState.PROPOSED),
            "Satte “Køkkenholdet” i gang; den er ikke begyndt endnu.",
            "Started “Køkkenholdet”; it has not begun yet.",
            Standing.NOT_MEASURED,
        ),
        (
            circle(),
            "Satte “Køkkenholdet” i gang; endnu ikke målt.",
            "Started “Køkkenholdet”; not measured yet.",
            Standing.NOT_MEASURED,
        ),
        (
            circle(found("uafklaret")),
            "Satte “Køkkenholdet” i gang; beregningen er uafklaret – vi kunne have set en mellemstor virkning.",
            "Started “Køkkenholdet”; the analysis is inconclusive – we could have seen a medium effect.",
            Standing.UNSETTLED,
        ),
        (
            circle(found("udvikler"), found("tilbagegang", "Møder til tiden"), kind=LinkKind.CHANGES),
            "Ændrede “Køkkenholdet”; beregningen viser tilbagegang i “Møder til tiden” og udvikling i “Holder ud”.",
            "Changed “Køkkenholdet”; the analysis shows a decline in “Møder til tiden” and development in “Holder ud”.",
            Standing.AGAINST,
        ),
        (
            circle(found("ingen_paaviselig_effekt", reason="kept")),
            "Satte “Køkkenholdet” i gang; beregningen viser, at “Holder ud” blev fastholdt.",
            "Started “Køkkenholdet”; the analysis shows that “Holder ud” was maintained.",
            Standing.SUPPORTED,
        ),
        (
            circle(found("ingen_paaviselig_effekt")),
            "Satte “Køkkenholdet” i gang; beregningen viser ingen påviselig effekt i “Holder ud”.",
            "Started “Køkkenholdet”; the analysis shows no detectable effect in “Holder ud”.",
            Standing.AGAINST,
        ),
        (
            circle(found("tilbagegang", n=9)),
            "Satte “Køkkenholdet” i gang; endnu for få data til at sige noget.",
            "Started “Køkkenholdet”; too few data so far to say anything.",
            Standing.NOT_MEASURED,
        ),
        (Circle(1, False), None, None, Standing.NO_ACTIVITY),
    ],
)
def test_one_sentence(known, danish, english, where):
    said = sentence(known)
    assert (str(said) if said else None) == danish
    language.current.set("en")
    assert (str(said) if said else None) == english
    assert standing(known) is where


def test_several_activities_and_the_heaviest_first():
    links = (
        Link(LinkKind.STARTS, 3, "Køkkenholdet", ActivityState.RUNNING, (found("uafklaret"),)),
        Link(LinkKind.STARTS, 4, "Haven", ActivityState.RUNNING, (found("tilbagegang"),)),
        Link(LinkKind.STARTS, 5, "Systuen", ActivityState.RUNNING),
    )
    assert str(sentence(Circle(1, True, links))) == (
        "Satte “Haven” i gang; beregningen viser tilbagegang i “Holder ud”. "
        "Beslutningen handler også om 2 andre aktiviteter."
    )


@pytest.mark.parametrize("n", range(10))
def test_nothing_of_a_few_gets_through(n):
    one = found("udvikler", n=n, low=0.3, high=0.9)
    assert (one.verdict, one.n, one.low, one.high, one.detectable) == (Known.TOO_LITTLE, 0, None, None, None)
    assert uncertainty(one) is None
    assert "hverken at den er der, eller at den ikke er" in str(not_to_conclude(one))


def test_one_citizen_more_does_not_show():
    assert {found("udvikler", n=n).n for n in range(18, 23)} == {20}
    assert found("udvikler", n=24, in_words=True).n == 0


def test_sizes_say_no_more_than_the_managers_page():
    assert found("uafklaret", n=24, low=0.3712, high=0.4288).low == 0.35


def test_a_measurement_of_what_was_stopped_speaks_the_other_way():
    assert standing(circle(found("udvikler"), kind=LinkKind.STOPS)) is Standing.AGAINST
    assert standing(circle(found("tilbagegang"), kind=LinkKind.STOPS)) is Standing.SUPPORTED
    assert standing(circle(found("ingen_paaviselig_effekt"), kind=LinkKind.STOPS)) is Standing.SUPPORTED
    assert standing(circle(found("uafklaret"), kind=LinkKind.STOPS)) is Standing.UNSETTLED


def test_one_that_speaks_against_is_not_outweighed():
    links = (
        Link(LinkKind.STARTS, 3, "Køkkenholdet", ActivityState.RUNNING, (found("ingen_paaviselig_effekt"),)),
        Link(LinkKind.STARTS, 4, "Haven", ActivityState.RUNNING, (found("udvikler"),)),
    )
    assert standing(Circle(1, True, links)) is Standing.AGAINST


def test_the_sentence_stands_with_the_standing():
    """The activity it names is one that says what the circle comes to."""
    links = (
        Link(LinkKind.STARTS, 3, "Køkkenholdet", ActivityState.RUNNING, (found("ingen_paaviselig_effekt"),)),
        Link(LinkKind.STARTS, 4, "Praktik", ActivityState.RUNNING, (found("udvikler"),)),
    )
    assert str(sentence(Circle(1, True, links))) == (
        "Satte “Køkkenholdet” i gang; beregningen viser ingen påviselig effekt i “Holder ud”. "
        "Beslutningen handler også om en anden aktivitet."
    )
    kept = circle(found("ingen_paaviselig_effekt", "Møder"), found("ingen_paaviselig_effekt", reason="kept"))
    assert standing(kept) is Standing.SUPPORTED
    assert str(sentence(kept)).endswith("beregningen viser, at “Holder ud” blev fastholdt.")


@pytest.mark.parametrize("reason", [one.value for one in Reason if one.value not in ("", "kept")])
def test_why_a_verdict_is_not_another_is_said_in_the_compass_own_words(reason):
    for verdict in ("uafklaret", "ingen_paaviselig_effekt", "for_faa_data"):
        said = str(uncertainty(found(verdict, low=0.12, high=0.5, reason=reason)))
        assert said.endswith(str(because(verdict, reason))) and "på én gang" not in said


def test_a_difference_is_too_small_to_matter_only_where_a_larger_one_is_ruled_out():
    """Beside “from small to medium” it said that it hardly matters."""
    open_still = str(uncertainty(found("uafklaret", low=0.12, high=0.5, reason="small")))
    ruled_out = str(uncertainty(found("ingen_paaviselig_effekt", low=0.02, high=0.15, reason="small")))
    assert "næppe betyder noget" not in open_still and open_still.endswith("men en større kan ikke udelukkes.")
    assert "næppe betyder noget" in ruled_out


def test_a_size_has_one_word():
    """Have- og parkholdet: 0,35 was a small effect on the managers' page and a medium one here."""
    said = str(sentence(circle(found("uafklaret", detectable=0.35))))
    assert f"en {size_word(0.35)} virkning." in said and str(size_word(0.35)) == "lille"


def test_what_looks_like_an_effect_but_is_not_sure():
    one = found("uafklaret", low=0.12, high=0.5)
    said = str(uncertainty(one))
    assert said.startswith("Beregningen peger på alt fra en lille fremgang til en mellemstor fremgang, men")
    alike = str(uncertainty(found("uafklaret", low=0.12, high=0.3)))
    assert alike.startswith("Beregningen peger på en lille fremgang, men det er ikke sikkert nok")
    assert str(uncertainty(found("uafklaret"))).endswith("fra en lille tilbagegang til en mellemstor fremgang.")
