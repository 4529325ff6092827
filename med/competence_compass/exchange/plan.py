"""What taking in a reading would change, as people read it before they say yes."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct

from med.competence_compass.exchange.faults import Faults
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.forms.intake import LeaveForm
from med.competence_compass.models import Version
from med.language import T, Text

KIND_WORDS = {
    "citizens": T("Borgere"),
    "activities": T("Aktiviteter"),
    "hypotheses": T("Hypoteser"),
    "participations": T("Deltagelser"),
    "waiting": T("Ventelister"),
    "exams": T("Prøver"),
    "goals": T("Borgernes mål"),
    "assessments": T("Målinger"),
}


class Count(NamedTuple):
    """Of one kind of rows: how many are new, go on from what is there, and are there already."""

    kind: str
    new: int
    changed: int
    unchanged: int

    @property
    def title(self) -> Text:
        return KIND_WORDS[self.kind]


def folded(name: str) -> str:
    """What two names are compared by: case and spaces are forgiven."""
    return " ".join(name.casefold().split())


class Plan(Struct):
    """What would be done. A plan with faults is not carried out."""

    version: Version
    faults: Faults
    new: Folder
    changes: dict[str, list[dict[str, Any]]] = {}  # kind -> rows for an update by id
    ratings: list[dict[str, Any]] = []
    leaving: dict[int, LeaveForm] = {}  # citizens whose last day is new
    unchanged: dict[str, int] = {}
    kinds: list[str] = []
    citizens: dict[str, int] = {}
    activities: dict[str, int] = {}
    units: dict[str, int] = {}
    unit_names: dict[int, str] = {}
    units_called: dict[str, set[int]] = {}
    unit_id: int = 0

    def know_unit(self, id: int, key: str, name: str) -> None:
        self.units[key], self.unit_names[id] = id, name
        for called in (key, name):
            self.units_called.setdefault(folded(called), set()).add(id)

    def find_unit(self, written: str) -> Text | None:
        """What is wrong with a unit as it is written: its key, or its name alone. From then on `units` has it so."""
        if written in self.units:
            return None
        meant = self.units_called.get(folded(written), set())
        if not meant:
            return T("enheden “%(unit)s” kendes ikke.", unit=written)
        if len(meant) > 1:
            return T("flere enheder hedder “%(unit)s”.", unit=written)
        (self.units[written],) = meant
        return None

    @property
    def counts(self) -> list[Count]:
        return [
            Count(kind, len(getattr(self.new, kind)), len(self.changes.get(kind, ())), self.unchanged.get(kind, 0))
            for kind in KIND_WORDS
            if kind in self.kinds
        ]

    @property
    def total(self) -> int:
        return sum(count.new + count.changed for count in self.counts)

    @property
    def places(self) -> list[tuple[str, int]]:
        """The units new citizens come to, and how many."""
        found = Counter(self.units[row.unit] if row.unit else self.unit_id for row in self.new.citizens)
        return sorted((self.unit_names[unit], n) for unit, n in found.items())

    @property
    def digest(self) -> str:
        """The same for two plans that do the same: what somebody says yes to is what is carried out."""
        told = repr([tuple(count) for count in self.counts]) + repr([sorted(map(repr, self.changes.items()))])
        told += repr(self.places)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def lines(self) -> Iterator[str]:
        """For a terminal."""
        for count in self.counts:
            yield str(
                T(
                    "%(kind)s: %(new)s nye, %(changed)s ændres, %(unchanged)s uændrede",
                    kind=count.title,
                    new=count.new,
                    changed=count.changed,
                    unchanged=count.unchanged,
                )
            )
        if self.places:
            yield f"{T('Nye borgere')}: " + ", ".join(f"{unit} {n}" for unit, n in self.places)
