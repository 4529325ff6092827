"""An OParl 1.1 folder as plain values: `organizations.json` and one file a meeting in `meetings/`.

Everything is read before anything is saved, so that a folder with faults changes nothing. What OParl has and we do not
(papers, files, consultations) is left where it is; the meeting's own address is kept, and leads there.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from med.language import T, Text
from med.meetings.models import Outcome

AN_HOUR = timedelta(hours=1)
LARGEST = 20 * 2**20  # bytes of one file
LONGEST = 2000  # letters of a title; longer ones are no titles

# Results as councils write them, by how they begin, in small letters: German archives, Danish and English ones. What
# is not here is kept word for word and stands for itself.
RESULTS = {
    "kenntnisnahme": Outcome.NOTED, "zur kenntnis": Outcome.NOTED, "taget til efterretning": Outcome.NOTED,
    "til efterretning": Outcome.NOTED, "noted": Outcome.NOTED, "stellungnahme zur kenntnis": Outcome.NOTED,
    "einstimmig": Outcome.DECIDED, "mehrheitlich": Outcome.DECIDED, "zustimmung": Outcome.DECIDED,
    "zugestimmt": Outcome.DECIDED, "teilweise zugestimmt": Outcome.DECIDED, "beschlossen": Outcome.DECIDED,
    "stimmengleichheit": Outcome.DECIDED, "gewählt": Outcome.DECIDED,
    "mit stellungnahme einverstanden": Outcome.DECIDED, "einverstanden": Outcome.DECIDED, "besluttet": Outcome.DECIDED,
    "godkendt": Outcome.DECIDED,
    "vedtaget": Outcome.DECIDED, "tiltrådt": Outcome.DECIDED, "agreed": Outcome.DECIDED, "approved": Outcome.DECIDED,
    "vertagt": Outcome.POSTPONED, "udsat": Outcome.POSTPONED, "postponed": Outcome.POSTPONED,
    "zurückgezogen": Outcome.WITHDRAWN, "antrag zurückgezogen": Outcome.WITHDRAWN, "udgår": Outcome.WITHDRAWN,
    "withdrawn": Outcome.WITHDRAWN, "verwiesen": Outcome.SENT_ON, "oversendt": Outcome.SENT_ON,
    "vorberaten": Outcome.DISCUSSED, "beratung": Outcome.DISCUSSED, "drøftet": Outcome.DISCUSSED,
    "discussed": Outcome.DISCUSSED,
}  # fmt: skip


@dataclass(frozen=True)
class Organisation:
    source: str
    name: str
    short_name: str = ""
    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True)
class Point:
    source: str
    number: str  # as it stood there, "" where there was none
    title: str
    is_open: bool
    result: str

    @property
    def outcome(self) -> Outcome | None:
        said = self.result.casefold()
        return next((outcome for begins, outcome in RESULTS.items() if said.startswith(begins)), None)


@dataclass(frozen=True)
class Held:
    source: str
    title: str
    organisation: Organisation
    starts_at: datetime
    ends_at: datetime
    place: str
    is_cancelled: bool
    points: tuple[Point, ...]


@dataclass
class Faults:
    told: list[Text] = field(default_factory=list)

    def add(self, file: str, message: Text) -> None:
        self.told.append(T("%(file)s: %(why)s", file=file, why=message))


class Unfit(Exception):
    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def read_folder(folder: Path) -> tuple[list[Held], Faults]:
    """The meetings in order of time, and what is wrong with the folder in words. Raises OSError."""
    faults = Faults()
    organisations = _organisations(folder / "organizations.json", faults)
    found: dict[str, Held] = {}
    owners: dict[str, str] = {}
    for file in sorted((folder / "meetings").glob("*.json")):
        try:
            held = _meeting(_load(file), organisations)
            for id in (held.source, *(point.source for point in held.points)):
                if id in owners:
                    raise Unfit(T("“%(id)s” står også i %(other)s.", id=id, other=owners[id]))
                owners[id] = file.name
            found[held.source] = held
        except Unfit as unfit:
            faults.add(file.name, unfit.message)
    if not found and not faults.told:
        faults.add(str(folder), T("Her er ingen møder: der skal ligge JSON-filer i mappen “meetings”."))
    return sorted(found.values(), key=lambda held: (held.starts_at, held.source)), faults


def _load(file: Path) -> Any:
    if file.stat().st_size > LARGEST:
        raise Unfit(T("Filen er for stor."))
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise Unfit(T("Filen er ikke gyldig JSON.")) from None


def _organisations(file: Path, faults: Faults) -> dict[str, Organisation]:
    if not file.exists():
        return {}
    found: dict[str, Organisation] = {}
    try:
        listed = _load(file)
        for one in listed.get("data", []) if isinstance(listed, dict) else _list(listed):
            made = Organisation(
                _text(one, "id", required=True), _text(one, "name", required=True), _text(one, "shortName"),
                _day(one, "startDate"), _day(one, "endDate"),
            )  # fmt: skip
            found[made.source] = made
    except Unfit as unfit:
        faults.add(file.name, unfit.message)
    return found


def _meeting(given: Any, organisations: dict[str, Organisation]) -> Held:
    source = _text(given, "id", required=True)
    starts_at, ends_at = _moment(given, "start", required=True), _moment(given, "end")
    assert starts_at is not None
    owners = [str(one) for one in _list(given.get("organization") or [])]
    if not owners:
        raise Unfit(T("Mødet mangler “organization”."))
    place = given.get("location") or {}
    points = [_point(one, number) for number, one in enumerate(_list(given.get("agendaItem") or []), 1)]
    return Held(
        source=source,
        title=_text(given, "name") or T("Møde").message,
        organisation=organisations.get(owners[0]) or Organisation(owners[0], owners[0].rstrip("/").rpartition("/")[2]),
        starts_at=starts_at,
        # Many archives know only when a meeting began.
        ends_at=ends_at if ends_at is not None and ends_at > starts_at else starts_at.replace(microsecond=0) + AN_HOUR,
        place=_place(place) if isinstance(place, dict) else "",
        is_cancelled=given.get("cancelled") is True,
        # Those of one place keep the order of the file.
        points=tuple(point for _, point in sorted(points, key=lambda pair: pair[0])),
    )


def _place(given: dict[str, Any]) -> str:
    parts = [_text(given, name) for name in ("description", "room", "streetAddress", "locality")]
    return ", ".join(part for part in parts if part)


def _point(given: Any, at: int) -> tuple[float, Point]:
    try:
        order = given.get("order") if isinstance(given, dict) else None
        if order is not None and (isinstance(order, bool) or not isinstance(order, int | float)):
            raise Unfit(T("“%(name)s” er ikke et tal.", name="order"))
        is_open = given.get("public") if isinstance(given, dict) else None
        if is_open is not None and not isinstance(is_open, bool):
            raise Unfit(T("“%(name)s” er ikke sandt eller falsk.", name="public"))
        return order if order is not None else at, Point(
            source=_text(given, "id", required=True),
            number=_text(given, "number"),
            title=_text(given, "name", required=True),
            is_open=is_open is not False,
            result=_text(given, "result"),
        )
    except Unfit as unfit:
        raise Unfit(T("Punkt %(n)s: %(why)s", n=at, why=unfit.message)) from None


def _list(given: Any) -> list[Any]:
    if not isinstance(given, list):
        raise Unfit(T("Her skulle være en liste."))
    return given


def _text(given: Any, name: str, required: bool = False) -> str:
    if not isinstance(given, dict):
        raise Unfit(T("Her skulle være et objekt."))
    value = given.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise Unfit(T("“%(name)s” er ikke en tekst.", name=name))
    value = " ".join(value.replace("\x00", "").split())
    if len(value) > LONGEST:
        raise Unfit(T("“%(name)s” er længere end %(n)s tegn.", name=name, n=LONGEST))
    if required and not value:
        raise Unfit(T("“%(name)s” mangler.", name=name))
    return value


def _moment(given: Any, name: str, required: bool = False) -> datetime | None:
    raw = _text(given, name, required)
    if not raw:
        return None
    try:
        found = datetime.fromisoformat(raw)
        if found.tzinfo is None:
            raise ValueError("OParl's moments name their zone")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit(T("“%(name)s” er ikke et tidspunkt med zone: %(raw)s", name=name, raw=raw)) from None


def _day(given: Any, name: str) -> date | None:
    raw = _text(given, name)
    try:
        return date.fromisoformat(raw) if raw else None
    except ValueError:
        raise Unfit(T("“%(name)s” er ikke en dato: %(raw)s", name=name, raw=raw)) from None
