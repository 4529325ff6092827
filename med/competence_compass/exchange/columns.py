"""The columns of each file: their names in the folder, what else they may be called, and how they are understood."""

from datetime import date
from decimal import Decimal
from typing import Any

from med.competence_compass.models import (
    ActivityKind,
    Aim,
    AssessmentKind,
    AssessmentPurpose,
    EndReason,
    GoalType,
    NoScore,
    WaitingOutcome,
    WaitingReason,
)
from med.language import T
from med.tables import Column, Wrong, choice, day, decimal, text, whole_number, yes_no
from med.tables.table import simplified

KINDS = {kind.value: kind for kind in AssessmentKind} | {
    "medarbejder": AssessmentKind.STAFF,
    "personale": AssessmentKind.STAFF,
    "borger": AssessmentKind.SELF,
    "borgeren selv": AssessmentKind.SELF,
    "fælles": AssessmentKind.JOINT,
    "sammen": AssessmentKind.JOINT,
    "ekstern": AssessmentKind.EXTERNAL,
}
PURPOSES = {purpose.value: purpose for purpose in AssessmentPurpose} | {
    "rutine": AssessmentPurpose.ROUTINE,
    "løbende": AssessmentPurpose.ROUTINE,
    "opstart": AssessmentPurpose.BASELINE,
    "henvisning": AssessmentPurpose.REFERRAL,
    "afslutning": AssessmentPurpose.EXIT,
    "dobbelt": AssessmentPurpose.DOUBLE,
}
REASONS = {reason.value: reason for reason in NoScore} | {
    "kan ikke vurderes": NoScore.NOT_ASSESSABLE,
    "ønsker ikke": NoScore.DECLINED,
    "ikke set": NoScore.NOT_OBSERVED,
}
ACTIVITY_KINDS = {kind.value: kind for kind in ActivityKind} | {
    "kursus": ActivityKind.COURSE,
    "værksted": ActivityKind.WORKSHOP,
    "terapi": ActivityKind.THERAPY,
    "samvær": ActivityKind.SOCIAL,
}
WAITING_REASONS = {reason.value: reason for reason in WaitingReason} | {
    "behov": WaitingReason.NEED,
    "ventetid": WaitingReason.ORDER,
    "lodtrækning": WaitingReason.RANDOM,
    "andet": WaitingReason.OTHER,
}
OUTCOMES = {outcome.value: outcome for outcome in WaitingOutcome} | {
    "venter": WaitingOutcome.WAITING,
    "begyndt": WaitingOutcome.STARTED,
    "trukket": WaitingOutcome.WITHDRAWN,
    "udløbet": WaitingOutcome.EXPIRED,
}
END_REASONS = {reason.value: reason for reason in EndReason} | {
    "gennemført": EndReason.COMPLETED,
    "stoppet": EndReason.STOPPED,
    "flyttet": EndReason.MOVED,
    "andet": EndReason.OTHER,
}
AIMS = {"udvikle": Aim.DEVELOP, "fastholde": Aim.MAINTAIN} | {aim.value: aim for aim in Aim}
GOAL_TYPES = {
    "udvikle": GoalType.DEVELOP,
    "fastholde": GoalType.MAINTAIN,
    "begraense_tab": GoalType.LIMIT_LOSS,
    "begrænse tab": GoalType.LIMIT_LOSS,
} | {kind.value: kind for kind in GoalType}

CITIZEN = ("borger", "pseudonym", "borgerkode")
ACTIVITY = ("aktivitet", "aktivitetskode")
DIMENSION = ("kompetence",)  # as the pages call it


def code(longest: int = 80) -> Any:
    """A code is what others write again: no spaces at its ends, one line."""
    return text(longest)


def past_day(today: date) -> Any:
    """A day that has been, or is, today."""
    parse = day()

    def parse_past(value: str) -> date:
        found = parse(value)
        if found > today:
            raise Wrong(T("ligger i fremtiden"))
        return found

    return parse_past


def titled(instrument: dict[str, Any]) -> dict[str, int | None]:
    """What the dimensions are called, simplified: the place of each by its code and its title; None where two share a
    title."""
    every = [one for area in instrument["areas"] for one in area["dimensions"]]
    places: dict[str, int | None] = {}
    for at, one in enumerate(every):
        if title := simplified(one.get("title", "")):
            places[title] = None if title in places else at
    return places | {simplified(one["code"]): at for at, one in enumerate(every)}


def known_dimension(
    dimensions: dict[str, int], titles: dict[str, int | None], elsewhere: dict[str, int], version: int
) -> Any:
    """One of the version's dimensions, by its code or its title; says so when it belongs to another version."""

    def parse(value: str) -> int:
        if value in dimensions:
            return dimensions[value]
        if value in elsewhere:
            raise Wrong(
                T(
                    "hører til version %(other)s; filen er version %(version)s",
                    other=elsewhere[value],
                    version=version,
                )
            )
        at = titles.get(simplified(value), -1)
        if at is None:
            raise Wrong(T("er titlen på flere dimensioner; skriv koden"))
        if at < 0:
            raise Wrong(T("er ikke en dimension i redskabet"))
        return at

    return parse


def on_scale(low: int, high: int) -> Any:
    """A whole number on the scale."""
    parse = whole_number()

    def parse_value(value: str) -> int:
        found = parse(value)
        if not low <= found <= high:
            raise Wrong(T("ligger uden for skalaen %(low)s–%(high)s", low=low, high=high))
        return found

    return parse_value


def same_version(number: int) -> Any:
    def parse(value: str) -> int:
        if value != str(number):
            raise Wrong(T("er en anden version end filens, %(version)s", version=number))
        return number

    return parse


def expected() -> Any:
    parse = decimal(Decimal(0), Decimal(3))

    def parse_d(value: str) -> float:
        found = float(parse(value))
        if found <= 0:
            raise Wrong(T("er for lille (skriv fx 0,3)"))
        return found

    return parse_d


def citizens(today: date) -> list[Column]:
    return [
        Column("citizen", CITIZEN, parse=code(40)),
        Column("unit", ("enhed", "enhedsnøgle"), False, code()),
        Column("entered", ("indskrevet", "ind", "startdato", "fra"), False, day()),
        Column("left", ("udskrevet", "ud", "slutdato", "til"), False, day()),
    ]


def assessments(today: date, version: int) -> list[Column]:
    """What both forms share; the long one adds dimension, value and reason, the wide one a column a dimension."""
    return [
        Column("citizen", CITIZEN, parse=code(40)),
        Column("date", ("dato", "dag"), parse=past_day(today)),
        Column("kind", ("hvem ser", "perspektiv", "slags"), False, choice(KINDS)),
        Column("assessor", ("vurderet af", "medarbejder", "vurderer"), False, code()),
        Column("purpose", ("formål", "anledning"), False, choice(PURPOSES)),
        Column("version", ("redskabsversion",), False, same_version(version)),
    ]


def activities(today: date) -> list[Column]:
    return [
        Column("activity", ACTIVITY, parse=code()),
        Column("title", ("titel", "navn"), parse=text(200)),
        Column("kind", ("slags", "type"), parse=choice(ACTIVITY_KINDS)),
        Column("planned_sessions", ("gange", "planlagte gange", "mødegange"), parse=whole_number(1, 2000)),
        Column("unit", ("enhed", "enhedsnøgle"), False, code()),
        Column("capacity", ("pladser",), False, whole_number(1, 10_000)),
        Column("exam", ("prøve",), False, yes_no()),
    ]


def participations(today: date) -> list[Column]:
    return [
        Column("activity", ACTIVITY, parse=code()),
        Column("citizen", CITIZEN, parse=code(40)),
        Column("start", ("fra", "startdato", "begynder"), parse=past_day(today)),
        Column("end", ("til", "slutdato", "slutter"), False, day()),
        Column("planned", ("planlagt", "planlagte gange"), parse=whole_number(1, 2000)),
        Column("attended", ("deltaget", "mødt", "fremmøde"), parse=whole_number(0, 2000)),
        Column("run", ("forløb", "hold"), False, whole_number(1, 100_000)),
        Column("end_reason", ("slutgrund", "afsluttet fordi"), False, choice(END_REASONS)),
    ]


def waiting(today: date) -> list[Column]:
    return [
        Column("activity", ACTIVITY, parse=code()),
        Column("citizen", CITIZEN, parse=code(40)),
        Column("queued", ("skrevet op", "på venteliste", "fra"), parse=past_day(today)),
        Column("left", ("af ventelisten", "til"), False, day()),
        Column("reason", ("grund", "prioriteret efter"), False, choice(WAITING_REASONS)),
        Column("outcome", ("udfald", "resultat"), False, choice(OUTCOMES)),
    ]


def hypotheses(today: date, dimension: Any) -> list[Column]:
    return [
        Column("activity", ACTIVITY, parse=code()),
        Column("dimension", DIMENSION, parse=dimension),
        Column("expected_d", ("forventet", "forventet d"), parse=expected()),
        Column("written_on", ("skrevet", "dato"), parse=past_day(today)),
        Column("aim", ("sigte",), False, choice(AIMS)),
        Column("rationale", ("begrundelse", "hvorfor"), False, text(1000)),
    ]


def goals(today: date, dimension: Any) -> list[Column]:
    return [
        Column("citizen", CITIZEN, parse=code(40)),
        Column("dimension", DIMENSION, parse=dimension),
        Column("goal_type", ("måltype", "type"), parse=choice(GOAL_TYPES)),
        Column("set_on", ("aftalt", "sat", "dato"), parse=past_day(today)),
        Column("due", ("frist", "følges op"), False, day()),
        Column("level", ("niveau", "opnået"), False, whole_number(-2, 2)),
        Column("rated_on", ("vurderet", "niveauets dato"), False, past_day(today)),
    ]


def exams(today: date) -> list[Column]:
    return [
        Column("activity", ACTIVITY, parse=code()),
        Column("citizen", CITIZEN, parse=code(40)),
        Column("date", ("dato",), parse=past_day(today)),
        Column("passed", ("bestået",), parse=yes_no()),
        Column("level", ("niveau", "trin"), False, text(80)),
    ]
