"""An instrument from a file: `plan_import` says what it would do, `carry_out` does it; always into a draft.

    plan = plan_import(db, data, "kompas.json")
    carry_out(db, viewer, plan)                 # viewer None: the command line, the demo

JSON (our own, or KL's FFB themes), CSV and XLSX. A file that says the same as the newest version changes nothing; else
the open draft is rewritten, or a next version made, with the version map filled in as suggested.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.actions import instruments as actions
from med.competence_compass.importing.csv_files import read_table, write_table
from med.competence_compass.importing.json_files import read_json, write_json
from med.competence_compass.importing.words import Fault, InstrumentWords, Taking, gaps
from med.competence_compass.models import Instrument, Relation, Version
from med.competence_compass.queries import instruments as queries
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T, Text

LARGEST_FILE = 2 * 2**20  # 200 dimensions of eleven steps take about 0.7 MB
EXAMPLE = Path(__file__).parents[1] / "example.json"


def read(data: bytes, name: str) -> tuple[InstrumentWords | None, list[Fault]]:
    """The instrument in a file, or what is wrong with it. Never raises for what a file may hold."""
    taking = Taking()
    words = None
    if not data.strip():
        taking.wrong(T("Filen"), T("Filen er tom."))
    elif len(data) > LARGEST_FILE:
        taking.wrong(T("Filen"), T("Filen er for stor: højst %(n)s MB.", n=LARGEST_FILE // 2**20))
    elif data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") or name.lower().endswith(".json"):
        try:
            words = read_json(data.decode("utf-8-sig"), taking)
        except UnicodeDecodeError:
            taking.wrong(
                T("Filen"), T("Tegnene i filen er ikke UTF-8. Gem den som »CSV UTF-8« eller JSON, og prøv igen.")
            )
    else:
        words = read_table(name, data, taking)
    if words is not None and not taking.faults:
        taking.faults += gaps(words.version)
    return words, taking.faults


def write(words: InstrumentWords, kind: str) -> bytes:
    return write_table(words) if kind == "csv" else write_json(words)


class Plan(Struct):
    """What taking in a file would do, as lines a person can read."""

    words: InstrumentWords | None = None
    errors: list[Fault] = []
    instrument: Instrument | None = None
    newest: Version | None = None
    said: list[Text | str] = []
    basis: str = ""  # another one means that the instrument changed since the plan was read

    @property
    def changes(self) -> int:
        return len(self.said)

    def lines(self) -> Iterator[str]:
        yield from map(str, self.said)


def plan_import(db: Session, data: bytes, name: str) -> Plan:
    words, errors = read(data, name)
    plan = Plan(words, errors)
    if words is None or errors:
        return plan
    plan.instrument = queries.instrument_by_key(db, words.key)
    if plan.instrument is None:
        plan.said = [
            T(
                "Nyt redskab: %(name)s (%(key)s). Områder: %(areas)s. Dimensioner: %(dimensions)s. "
                "Trin: %(low)s–%(high)s.",
                name=words.name,
                key=words.key,
                areas=len(words.version.areas),
                dimensions=len(words.dimensions),
                low=words.version.scale_min,
                high=words.version.scale_max,
            )
        ]
    else:
        plan.newest = max(plan.instrument.versions, key=lambda one: one.number)
        there = queries.words_of(db, plan.newest)
        plan.said = list(_differences(there, words, plan.newest))
        plan.basis = f"{plan.newest.id}.{plan.newest.row_version}." + _mark(there)
    return plan


def _mark(words: InstrumentWords) -> str:
    return hashlib.sha256(write_json(words)).hexdigest()[:16]


def _differences(there: InstrumentWords, words: InstrumentWords, newest: Version) -> Iterator[Text | str]:
    for name, said in (
        ("name", T("Navn")),
        ("target_group", T("Målgruppe")),
        ("about", T("Beskrivelse")),
        ("interval_days", T("Interval i dage")),
    ):
        if getattr(there, name) != getattr(words, name):
            yield T("%(what)s: %(new)s", what=said, new=getattr(words, name))
    if _same_contents(there, words):
        return
    if newest.active_from is None:
        yield T("Kladden, version %(n)s, bliver skrevet om.", n=newest.number)
    else:
        yield T("En ny kladde, version %(n)s.", n=newest.number + 1)
    suggested = queries.suggest_map(there, words)
    for relation, said in (
        (Relation.SAME, T("Uændrede dimensioner: %(n)s.")),
        (Relation.CHANGED, T("Ændrede dimensioner: %(n)s.")),
        (Relation.DROPPED, T("Udgåede dimensioner: %(n)s.")),
    ):
        if count := sum(how is relation for how, _ in suggested.values()):
            yield T(said.message, n=count)
    if fresh := len(words.dimensions) - sum(code is not None for _, code in suggested.values()):
        yield T("Nye dimensioner: %(n)s.", n=fresh)


def _same_contents(there: InstrumentWords, words: InstrumentWords) -> bool:
    """Numbers of versions are each house's own."""
    return _without_number(there) == _without_number(words)


def _without_number(words: InstrumentWords) -> object:
    version = words.version
    return (version.scale_min, version.scale_max, version.higher_is_better, version.source, version.is_example,
            version.levels, version.areas)  # fmt: skip


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> Version:
    """Do what the plan says, and give the version that has the file's words. Raises Invalid for a plan with errors."""
    if viewer is not None:
        actions.require_keeper(db, viewer)
    words = plan.words
    if plan.errors or words is None:
        raise Invalid(file=plan.errors[0])
    if plan.instrument is None or plan.newest is None:
        return _make(db, viewer, words)
    instrument, newest = plan.instrument, plan.newest
    there = queries.words_of(db, newest)
    fields = [name for name in ("name", "target_group", "about", "interval_days")
              if getattr(there, name) != getattr(words, name)]  # fmt: skip
    for name in fields:
        setattr(instrument, name, getattr(words, name))
    if fields:
        note(db, viewer, "instrument.changed", instrument, fields)
    if _same_contents(there, words):
        return newest
    if newest.active_from is None:
        if newest.locked_at is not None:
            raise Conflict(T("Versionen er brugt til en måling og ligger fast. Lav en ny version for at ændre den."))
        actions.empty(db, newest)
        version = newest
        version.row_version += 1
    else:
        version = actions.add_draft(db, viewer, instrument, newest.number + 1, scale_min=0, scale_max=1)
    actions.fill(db, version, words)
    note(db, viewer, "version.taken_in", version)
    if (before := queries.version_before(db, version)) is not None:
        actions.remap(db, version, before)
    return version


def _make(db: Session, viewer: Viewer | None, words: InstrumentWords) -> Version:
    made = Instrument(
        key=words.key,
        name=words.name,
        target_group=words.target_group,
        about=words.about,
        interval_days=words.interval_days,
    )
    db.add(made)
    note(db, viewer, "instrument.made", made)
    version = actions.add_draft(db, viewer, made, words.version.number, scale_min=0, scale_max=1)
    actions.fill(db, version, words)
    note(db, viewer, "version.taken_in", version)
    return version
