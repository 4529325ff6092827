"""What an assessment, a goal, an activity and a wait can be: the words the tables hold and the files say.

Apart from the tables, as the analysis reads them in a process that has no database and starts in half the time.
"""

from enum import StrEnum


class AssessmentKind(StrEnum):
    """Whose eyes."""

    STAFF = "staff"
    SELF = "self"
    JOINT = "joint"
    EXTERNAL = "external"


class AssessmentPurpose(StrEnum):
    ROUTINE = "routine"
    BASELINE = "baseline"
    REFERRAL = "referral"
    EXIT = "exit"
    DOUBLE = "double"  # a second assessor within 14 days: what reliability is computed from


class NoScore(StrEnum):
    """Why there is no value. An answer like any other."""

    NOT_ASSESSABLE = "not_assessable"
    DECLINED = "declined"
    NOT_OBSERVED = "not_observed"


Answer = int | NoScore | None
"""A value, or why there is none; None where nothing is said of the dimension."""


class GoalType(StrEnum):
    DEVELOP = "develop"  # udvikle
    MAINTAIN = "maintain"  # fastholde: unchanged is success
    LIMIT_LOSS = "limit_loss"  # begrænse tab


class ActivityKind(StrEnum):
    COURSE = "course"
    WORKSHOP = "workshop"
    JOB = "job"
    THERAPY = "therapy"
    SOCIAL = "social"


class Aim(StrEnum):
    DEVELOP = "develop"
    MAINTAIN = "maintain"


class EndReason(StrEnum):
    COMPLETED = "completed"
    STOPPED = "stopped"
    MOVED = "moved"
    OTHER = "other"


class WaitingReason(StrEnum):
    """Why this one comes before another: decides which comparison a waiting list can carry."""

    NEED = "need"
    ORDER = "order"
    RANDOM = "random"  # a lot was drawn between equal applicants
    OTHER = "other"


class WaitingOutcome(StrEnum):
    WAITING = "waiting"
    STARTED = "started"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
