"""Comparing a file of seats with those that are there."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, SeatRole
from med.language import T, Text, word
from med.organisation import seating
from med.organisation.importing.plan import Change, Difference, Plan, What, has_column
from med.organisation.importing.seats.places import COLUMNS, ENDS, GROUP, PLACE, REP_ROLE, WORDS, Place, Work
from med.organisation.models import Committee, Person, Seat
from med.organisation.seating import ALONE, Sitting
from med.tables import Record, Table, take
from med.workdays import in_full


def plan(db: Session, table: Table, plan: Plan) -> None:
    records, errors = take(table, COLUMNS)
    plan.errors += [error.message for error in errors]
    _Reader(db, table, plan).read(records)


class _Reader:
    def __init__(self, db: Session, table: Table, plan: Plan) -> None:
        self.db = db
        self.plan = plan
        self.work = plan.work = Work()
        self.today = clock.today()
        self.tells = {
            "ends": has_column(table, *ENDS),
            "rep_role": has_column(table, *REP_ROLE),
            "electoral_group": has_column(table, *GROUP),
        }
        people = db.execute(select(Person.id, Person.handle, Person.name)).all()
        self.people = {name.lower(): id for id, name, _ in people}
        self.names = {id: name for id, _, name in people}
        committees = db.execute(
            select(Committee.id, Committee.key, Committee.name, Committee.starts, Committee.ends)
        ).all()
        self.committee_names = {row.id: row.name for row in committees}
        self.committees = {row.name.casefold(): row.id for row in committees} | {row.key: row.id for row in committees}
        self.lives = {row.id: (row.starts, row.ends) for row in committees}

    def read(self, records: list[Record]) -> None:
        rows = list(self._understood(records))
        there = self._there({place.committee_id for place, _ in rows})
        final: dict[int, list[Place]] = {id: list(places) for id, places in there.items()}
        free = {id: [place for place in places if place.lasts(self.today)] for id, places in there.items()}
        self.plan.of = sum(place.starts <= self.today for places in free.values() for place in places)
        for place, has_start in rows:
            if place.lasts(self.today):
                self._current(place, has_start, free[place.committee_id], final[place.committee_id])
            else:
                self._past(place, has_start, free[place.committee_id], final[place.committee_id])
        for id, places in free.items():
            for place in places:
                self._gives_up(place, final[id])
        for places in final.values():
            self._check(places)

    def _understood(self, records: list[Record]) -> Iterator[tuple[Place, bool]]:
        """The rows as places, and whether they say when they begin."""
        for record in records:
            values = record.values
            committee_id = self.committees.get(values["committee"]) or self.committees.get(
                values["committee"].casefold()
            )
            if committee_id is None:
                self.plan.wrong(record.number, T("udvalget “%(name)s” findes ikke.", name=values["committee"]))
                continue
            unknown = [
                name for name in (values["handle"], values["substitute_for"]) if name and name not in self.people
            ]
            if unknown:
                self.plan.wrong(record.number, T("ingen har brugernavnet %(name)s.", name=unknown[0]))
                continue
            if values["starts"] and values["ends"] and values["ends"] < values["starts"]:
                self.plan.wrong(record.number, T("sidste dag ligger før første dag."))
                continue
            for_whom = self.people[values["substitute_for"]] if values["substitute_for"] else None
            place = Place(
                committee_id,
                self.people[values["handle"]],
                values["side"],
                values["role"],
                values["rep_role"],
                values["electoral_group"],
                for_whom,
                values["starts"] or self.today,
                values["ends"],
                row=record.number,
            )
            yield place, values["starts"] is not None

    def _there(self, committee_ids: set[int]) -> dict[int, list[Place]]:
        found: dict[int, list[Place]] = {id: [] for id in committee_ids}
        rows = self.db.execute(
            select(
                Seat.committee_id,
                Seat.person_id,
                Seat.side,
                Seat.role,
                Seat.rep_role,
                Seat.electoral_group,
                Seat.substitute_for_id,
                Seat.starts,
                Seat.ends,
                Seat.id,
            )
            .where(Seat.committee_id.in_(committee_ids))
            .order_by(Seat.starts, Seat.id)
        ).all()
        holder = {row.id: row.person_id for row in rows}
        for row in rows:
            place = Place(*row)
            place.substitute_for = holder.get(row.substitute_for_id)
            found[place.committee_id].append(place)
        return found

    def _current(self, new: Place, has_start: bool, free: list[Place], final: list[Place]) -> None:
        """A row that holds today or later, against the person's seats of today or later."""
        mine = [place for place in free if place.person_id == new.person_id]
        old = next((place for place in mine if has_start and place.starts == new.starts), None)
        old = old or next((place for place in mine if all(getattr(place, f) == getattr(new, f) for f in PLACE)), None)
        old = old or (mine[0] if mine else None)
        if old is None:
            self._new(new, final)
            return
        free.remove(old)
        for name, told in self.tells.items():
            if not told:  # a file without the column does not say that there is none
                setattr(new, name, getattr(old, name))
        moves = any(getattr(old, name) != getattr(new, name) for name in PLACE)
        if moves and old.starts < self.today:
            self._move(old, new, final)
            return
        correct = has_start and not any(
            place is not old and place.person_id == new.person_id and (place.ends is None or place.ends >= new.starts)
            for place in final
        )
        if not correct:
            new.starts = old.starts
        self._changed(old, new, final)

    def _changed(self, old: Place, new: Place, final: list[Place]) -> None:
        differing = [name for name in WORDS if getattr(old, name) != getattr(new, name)]
        if not differing:
            old.same_row = new.row
            self.plan.unchanged += 1
            return
        new.id = old.id
        final[final.index(old)] = new
        self.work.changed.append(new)
        self.work.happened[old.id] = ("seat.changed", differing)
        self._tell(What.CHANGED, new, self._differences(old, new, differing))

    def _move(self, old: Place, new: Place, final: list[Place]) -> None:
        """Another role: the seat ends the day before the new one begins."""
        if new.starts <= old.starts:
            new.starts = self.today
        self._end(old, new.starts - timedelta(days=1), final)
        final.append(new)
        self.work.new.append(new)
        differing = [name for name in WORDS if name != "starts" and getattr(old, name) != getattr(new, name)]
        if old.ends != new.ends:
            differing = [name for name in differing if name != "ends"]
        self._tell(What.CHANGED, new, self._differences(old, new, differing))

    def _new(self, new: Place, final: list[Place]) -> None:
        final.append(new)
        self.work.new.append(new)
        self._tell(What.NEW, new, ())

    def _past(self, new: Place, has_start: bool, free: list[Place], final: list[Place]) -> None:
        if not has_start:
            self.plan.wrong(new.row, T("en plads, der er slut, skal have en dag i kolonnen Fra."))
            return
        same = [place for place in final if place.person_id == new.person_id and place.starts == new.starts]
        if not same:
            self._new(new, final)
        elif same[0] in free:
            free.remove(same[0])
            self._give_up(same[0], new.ends, new.row, final)
        elif all(getattr(same[0], name) == getattr(new, name) for name in ("role", "side", "ends")):
            self.plan.unchanged += 1
        else:
            self.plan.wrong(new.row, T("pladsen er slut i Medspil og ændres ikke."))

    def _gives_up(self, place: Place, final: list[Place]) -> None:
        """A seat the file does not hold. One whose end and successor are both known stays until then."""
        follows = place.ends is not None and any(
            other.person_id == place.person_id and place.ends + timedelta(days=1) == other.starts for other in final
        )
        if not follows:
            self._give_up(place, self.today - timedelta(days=1), 0, final)

    def _give_up(self, place: Place, last: date | None, row: int, final: list[Place]) -> None:
        assert last is not None
        if place.starts <= self.today:
            self.plan.leaving += 1
        before = place.ends
        ended = self._end(place, last, final)
        told = (Difference(T("til"), before, ended.ends),) if ended else (Difference(T("plads"), None, T("fjernes")),)
        self._tell(What.LEAVING, place, told, row)

    def _end(self, place: Place, last: date, final: list[Place]) -> Place | None:
        if place.starts > last:
            final.remove(place)
            self.work.never_begun.append(place)
            self.work.happened[place.id] = ("seat.withdrawn", [])
            return None
        ended = replace(place, ends=last)
        final[final.index(place)] = ended
        self.work.ended.append(ended)
        self.work.happened[place.id] = ("seat.ended", ["ends"])
        return ended

    def _tell(self, what: What, place: Place, told: tuple[Difference, ...], row: int | None = None) -> None:
        name = f"{self.names[place.person_id]}, {self.committee_names[place.committee_id]} ({word(place.role)})"
        self.plan.diff.append(Change(what, name, place.row or row or None, told))

    def _differences(self, old: Place, new: Place, names: list[str]) -> tuple[Difference, ...]:
        def said(place: Place, name: str) -> Any:
            value = getattr(place, name)
            return self.names.get(value, value) if name == "substitute_for" else value

        # Which group somebody had is not the business of the one who imports.
        return tuple(
            Difference(WORDS[name], said(old, name), said(new, name), shown=name != "electoral_group") for name in names
        )

    # --- what must hold when all is done ------------------------------------------------------------------------

    def _check(self, places: list[Place]) -> None:
        """One chair at a time, one seat a person, each on a side that fits; told at the row that brings it about."""
        full: dict[int, list[Place]] = defaultdict(list)
        standing_in: dict[int, dict[int | None, list[Place]]] = defaultdict(lambda: defaultdict(list))
        alone: dict[SeatRole, list[Place]] = defaultdict(list)
        inside: dict[int, list[Place]] = defaultdict(list)
        for place in places:
            if place.role is SeatRole.SUBSTITUTE:
                standing_in[place.person_id][place.substitute_for].append(place)
            else:
                full[place.person_id].append(place)
            if place.role in ALONE:
                alone[place.role].append(place)
            if place.role in INSIDE:
                inside[place.person_id].append(place)
        for place in places:
            if place.row:
                self._check_alone(place, inside)
            elif place.same_row and place.substitute_for is not None and place.substitute_for not in inside:
                self.plan.wrong(place.same_row, T("den, som suppleanten er for, har ingen plads mere."))
        for held in full.values():
            self._check_twice(held)
        for person_id, by_whom in standing_in.items():
            for held in by_whom.values():  # somebody may stand in for two, but not beside a seat of their own
                self._check_twice(full[person_id] + held, only=SeatRole.SUBSTITUTE)
        for role, held in alone.items():
            for first, second in overlapping(held):
                told = T(
                    "både %(one)s og %(other)s er %(role)s på samme tid.",
                    one=self._name(first),
                    other=self._name(second),
                    role=word(role),
                )
                self._clash(first, second, told)

    def _check_twice(self, held: list[Place], only: SeatRole | None = None) -> None:
        for first, second in overlapping(held):
            if only is None or only in (first.role, second.role):
                self._clash(first, second, T("%(name)s har to pladser på samme tid.", name=self._name(first)))

    def _check_alone(self, place: Place, inside: dict[int, list[Place]]) -> None:
        me = self._sitting(place)
        wrong = seating.alone_at_fault(me)
        if not wrong and place.substitute_for is not None:
            held = [self._sitting(other) for other in inside.get(place.substitute_for, [])]
            fitting = next((other for other in held if other.overlaps(me) and other.side is me.side), None)
            wrong = seating.wrong_stand_in(me, fitting or (held[-1] if held else None))
        starts, ends = self.lives[place.committee_id]
        if not wrong and starts is not None and place.starts < starts:
            wrong = {"starts": T("udvalget begynder først %(day)s.", day=in_full(starts))}
        if not wrong and ends is not None and (place.ends is None or place.ends > ends):
            wrong = {"ends": T("udvalget slutter %(day)s.", day=in_full(ends))}
        for sentence in wrong.values():
            self.plan.wrong(place.row, sentence)

    def _sitting(self, place: Place) -> Sitting:
        return Sitting(
            place.person_id,
            self._name(place),
            place.side,
            place.role,
            place.starts,
            place.ends,
            place.substitute_for,
        )

    def _clash(self, first: Place, second: Place, sentence: Text) -> None:
        if row := max(first.row, second.row):  # two that stood there before are not the file's fault
            self.plan.wrong(row, sentence)

    def _name(self, place: Place) -> str:
        return self.names[place.person_id]


def overlapping(places: list[Place]) -> Iterator[tuple[Place, Place]]:
    """Pairs that overlap in time, each later one told once."""
    last: Place | None = None
    for place in sorted(places, key=lambda place: place.starts):
        if last is not None and (last.ends is None or place.starts <= last.ends):
            yield last, place
        if last is None or (last.ends is not None and (place.ends is None or place.ends > last.ends)):
            last = place
