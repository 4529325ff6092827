from datetime import date

from msgspec import Struct

from med.competence_compass.models import RoleKind
from med.organisation.forms import Key, Name, check_days, check_period


class RoleForm(Struct):
    """Who coordinates, or keeps the instruments, for which unit and those below it."""

    person: Name
    kind: RoleKind
    unit: Key
    starts: date
    ends: date | None = None

    def __post_init__(self) -> None:
        check_period(self.starts, self.ends)


class EndRoleForm(Struct):
    ends: date

    def __post_init__(self) -> None:
        check_days(ends=self.ends)
