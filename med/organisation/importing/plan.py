"""What an import would do, put so that a person can read it before saying yes."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec import Struct

from med.access import Viewer
from med.language import T, Text, name_things, word
from med.tables import Table
from med.tables.table import simplified
from med.workdays import in_full


class What(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    LEAVING = "leaving"


name_things({What.NEW: T("nye"), What.CHANGED: T("ændres"), What.LEAVING: T("slutter")})


class Difference(NamedTuple):
    """A field that changes. `shown` is False for what the one who imports may not read."""

    field: Text
    before: Any
    after: Any
    shown: bool = True

    def __str__(self) -> str:
        if not self.shown:
            return str(T("%(field)s ændres", field=self.field))
        return str(
            T("%(field)s: %(before)s → %(after)s", field=self.field, before=said(self.before), after=said(self.after))
        )


def said(value: Any) -> Text | str:
    """A value of a file as a reader would write it."""
    if value is None or value == "":
        return T("(tomt)")
    if isinstance(value, bool):
        return T("ja") if value else T("nej")
    if isinstance(value, date):
        return in_full(value)
    if isinstance(value, StrEnum):
        return word(value)
    return value if isinstance(value, Text) else str(value)


class Change(Struct, frozen=True):
    what: What
    name: str
    row: int | None = None  # none for those the file does not hold
    differences: tuple[Difference, ...] = ()

    @property
    def sentence(self) -> str:
        return "; ".join(map(str, self.differences))


class Plan(Struct):
    """`diff` is what would change; `errors` are sentences, and a plan that has some is not carried out."""

    kind: str
    diff: list[Change] = []
    errors: list[Text] = []
    notes: list[Text] = []
    unchanged: int = 0
    leaving: int = 0
    of: int = 0  # how many there are now, of those the file could end
    gives: dict[str, tuple[int, list[Text]]] = {}  # handle: row, what of a job gives rights
    work: Any = None  # what `carry_out` of this kind needs

    @property
    def changes(self) -> int:
        return len(self.diff)

    @property
    def needs_number(self) -> bool:
        return self.leaving * 10 > self.of

    def of_kind(self, what: What) -> list[Change]:
        return [change for change in self.diff if change.what is what]

    def stop(self) -> Text:
        return T(
            "%(n)s af %(m)s slutter, det er mere end hver tiende. Er det rigtigt, så skriv tallet %(n)s.",
            n=self.leaving,
            m=self.of,
        )

    @property
    def digest(self) -> str:
        """The same for two plans that do the same: what somebody says yes to is what is carried out."""
        told = repr(
            [(c.what.value, c.name, [(d.field.message, d.before, d.after) for d in c.differences]) for c in self.diff]
        )
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def lines(self) -> Iterator[str]:
        """The diff for a terminal: + what comes, ~ what changes, - who or what leaves."""
        for change in self.diff:
            mark = {What.NEW: "+", What.CHANGED: "~", What.LEAVING: "-"}[change.what]
            yield f"{mark} {change.name}" + (f": {change.sentence}" if change.sentence else "")
        yield from map(str, self.notes)

    def objection(self, viewer: Viewer) -> Text | None:
        """Whoever works here may read what is decided, whoever leads sees more: nobody gives that to themselves."""
        if viewer.handle.lower() not in self.gives:
            return None
        row, fields = self.gives[viewer.handle.lower()]
        own = T(
            "Filen ændrer din egen ansættelse (%(what)s). Det kan du ikke selv gøre: lad en anden systemadministrator "
            "indlæse filen, eller kør `med import people` på serveren.",
            what=", ".join(dict.fromkeys(map(str, fields))),
        )
        return T("Række %(row)s: %(sentence)s", row=row, sentence=own)

    def wrong(self, row: int, sentence: Text) -> None:
        self.errors.append(T("Række %(row)s: %(sentence)s", row=row, sentence=sentence))


def has_column(table: Table, *names: str) -> bool:
    headings = {simplified(heading) for heading in table.header}
    return any(simplified(name) in headings for name in names)


def on_a_cycle(parents: dict[str, str | None], keys: Iterable[str]) -> set[str]:
    """Those of the keys from which the way up never ends."""
    safe: set[str] = set()
    lost: set[str] = set()
    for key in keys:
        way: list[str] = []
        on_way: set[str] = set()
        at: str | None = key
        while at is not None and at not in safe and at not in lost and at not in on_way:
            way.append(at)
            on_way.add(at)
            at = parents.get(at)
        (lost if at is not None and (at in on_way or at in lost) else safe).update(way)
    return lost
