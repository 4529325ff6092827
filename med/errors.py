"""What can go wrong in the domain. Each error knows the HTTP status it becomes."""

from collections.abc import Sequence
from typing import Any


class MedError(Exception):
    status_code = 500


class NotFound(MedError):
    """The thing does not exist, or the viewer may not know that it does. Both answer alike."""

    status_code = 404


class OldLink(NotFound):
    """A link that works once and for a while, and no more; or never was one."""

    def __init__(self, message: Any) -> None:
        super().__init__(str(message))
        self.message = message


class NotAllowed(MedError):
    """The viewer may see this, but not do that. Carries every objection, for the page to show."""

    status_code = 403

    def __init__(self, objections: Sequence[Any]) -> None:
        super().__init__("; ".join(str(objection) for objection in objections))
        self.objections = list(objections)


class Forged(NotAllowed):
    """A form that another site sent, or without the token of the page it should come from."""


class Conflict(MedError):
    """The change was right when the page was opened; the world has moved on since."""

    status_code = 409

    def __init__(self, message: Any = "") -> None:
        super().__init__(str(message))
        self.message = message


class Unreadable(MedError):
    """What came in cannot be understood at all: wrong encoding, wrong shape, missing token."""

    status_code = 400

    def __init__(self, message: Any = "") -> None:
        super().__init__(str(message))
        self.message = message


class TooLarge(Unreadable):
    status_code = 413


class TooMany(MedError):
    """Too often in too short a time. `seconds` says when it may be tried again."""

    status_code = 429

    def __init__(self, seconds: float, message: Any = "") -> None:
        super().__init__(str(message))
        self.seconds = max(1, round(seconds))
        self.message = message


class Invalid(MedError):
    """Something a person typed does not fit. Field name -> message; the page shows it beside the field."""

    status_code = 422

    def __init__(self, **errors: Any) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors.items()))
        self.errors = errors
