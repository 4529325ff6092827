"""The words of the circle: what a decision does to an activity, what a measurement says, and where a circle stands."""

from collections.abc import Collection
from enum import StrEnum

from med import language
from med.language import T, Text, name_things
from med.loop.models import Cause, LinkKind


class Known(StrEnum):
    """What a run may say of an activity and a dimension: the values of `verdicts.Verdict`, without its numpy."""

    DEVELOPS = "udvikler"
    DECLINES = "tilbagegang"
    NO_EFFECT_SEEN = "ingen_paaviselig_effekt"
    UNSETTLED = "uafklaret"
    TOO_LITTLE = "for_faa_data"


class Standing(StrEnum):
    """Where a decision's circle stands, the gaps first."""

    AGAINST = "against"  # a measurement speaks against what was hoped for
    NO_ACTIVITY = "no_activity"
    NOT_MEASURED = "not_measured"
    UNSETTLED = "unsettled"  # measured, and it cannot be told yet
    SUPPORTED = "supported"
    OVER = "over"  # among a committee's: the decision is no longer in force, however its circle stood


name_things(
    {
        LinkKind.STARTS: T("Sætter i gang"),
        LinkKind.CHANGES: T("Ændrer"),
        LinkKind.REVIEWS: T("Ser på igen"),
        LinkKind.STOPS: T("Stopper"),
    }
)
name_things(
    {
        Known.DEVELOPS: T("Udvikler"),
        Known.DECLINES: T("Tilbagegang"),
        Known.NO_EFFECT_SEEN: T("Ingen påviselig effekt"),
        Known.UNSETTLED: T("Uafklaret"),
        Known.TOO_LITTLE: T("For få data"),
    }
)
name_things(
    {
        Standing.AGAINST: T("Beregningen taler imod"),
        Standing.NO_ACTIVITY: T("Ingen aktivitet endnu"),
        Standing.NOT_MEASURED: T("Ikke målt endnu"),
        Standing.UNSETTLED: T("Målt, men uafklaret"),
        Standing.SUPPORTED: T("Beregningen støtter"),
        Standing.OVER: T("Gælder ikke længere"),
    }
)
name_things(
    {
        Cause.REVIEW_DATE: T("fordi beslutningen skulle ses på igen"),
        Cause.VERDICT_CHANGED: T("fordi beregningen siger noget nyt"),
    }
)


def because(causes: Collection[Cause]) -> Text:
    """Why a point was raised, to go on after a comma."""
    if len(set(causes)) > 1:
        return T("fordi beslutningen skulle ses på igen, og beregningen siger noget nyt")
    (cause,) = set(causes)
    return language.word(cause)
