"""The words for kinds and states of activities, participations and waiting."""

from med.competence_compass.models import ActivityKind, ActivityState, Aim, EndReason, WaitingOutcome, WaitingReason
from med.language import T, Text, name_things

name_things(
    {
        ActivityKind.COURSE: T("Kursus"),
        ActivityKind.WORKSHOP: T("Værksted"),
        ActivityKind.JOB: T("Job"),
        ActivityKind.THERAPY: T("Terapi"),
        ActivityKind.SOCIAL: T("Samvær"),
    }
)
name_things(
    {
        ActivityState.PROPOSED: T("Foreslået"),
        ActivityState.RUNNING: T("I gang"),
        ActivityState.ENDED: T("Afsluttet"),
    }
)
name_things({Aim.DEVELOP: T("Udvikle"), Aim.MAINTAIN: T("Fastholde")})
name_things(
    {
        EndReason.COMPLETED: T("Gennemført"),
        EndReason.STOPPED: T("Stoppet undervejs"),
        EndReason.MOVED: T("Flyttet til noget andet"),
        EndReason.OTHER: T("Anden grund"),
    }
)
name_things(
    {
        WaitingReason.NEED: T("Behov"),
        WaitingReason.ORDER: T("Ventetid"),
        WaitingReason.RANDOM: T("Lodtrækning"),
        WaitingReason.OTHER: T("Anden grund"),
    }
)
name_things(
    {
        WaitingOutcome.WAITING: T("Venter"),
        WaitingOutcome.STARTED: T("Har fået plads"),
        WaitingOutcome.WITHDRAWN: T("Ønsker det ikke længere"),
        WaitingOutcome.EXPIRED: T("Udløbet"),
    }
)

# How much need decides who comes first. Kept small: finer steps would pretend to a precision nobody has.
NEEDS: tuple[Text, ...] = (T("Almindeligt behov"), T("Stort behov"), T("Meget stort behov"))


def need(level: int) -> Text:
    """The word for a level of need; an import may bring higher ones."""
    return NEEDS[level] if 0 <= level < len(NEEDS) else T("Behov %(level)s", level=level)


# How much an activity is expected to do, in standard deviations (Cohen 1988: 0.2, 0.5, 0.8).
SIZES: dict[str, tuple[float, Text]] = {
    "small": (0.2, T("Lille")),
    "medium": (0.5, T("Mellem")),
    "large": (0.8, T("Stor")),
}


def size(expected_d: float) -> Text:
    """The word for an expected difference: the nearest of Cohen's three."""
    return min(SIZES.values(), key=lambda known: abs(known[0] - expected_d))[1]


# The sign beside what an analysis says, wherever it is said: an open one where it is not known.
SIGNS: dict[str, str] = {
    "udvikler": "ok",
    "tilbagegang": "bad",
    "ingen_paaviselig_effekt": "",
    "uafklaret": "off",
    "for_faa_data": "off",
}
