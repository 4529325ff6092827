"""Instruments and their versions: made, copied, mapped onto the one before, taken into use, locked at first use."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access
from med.competence_compass.forms.instruments import InstrumentForm, NewInstrumentForm
from med.competence_compass.importing.words import InstrumentWords, Level, folded, free_code, gaps
from med.competence_compass.models import (
    Area,
    Dimension,
    DimensionMap,
    Instrument,
    Relation,
    Reliability,
    ScaleLevel,
    Version,
)
from med.competence_compass.queries import instruments as queries
from med.errors import Conflict, Invalid
from med.journal.actions import note
from med.language import T


def require_keeper(db: Session, viewer: Viewer, version: Version | None = None) -> None:
    """The viewer keeps the instruments; with a version: and it may still be changed."""
    about = access.AboutVersion(access.keeps_instruments(db, viewer), version)
    require(viewer, access.keep_instruments if version is None else access.edit_version, about)


def make_instrument(db: Session, viewer: Viewer, form: NewInstrumentForm) -> Instrument:
    """A new instrument with an empty first draft."""
    require_keeper(db, viewer)
    taken = set(db.scalars(select(Instrument.key)))
    if form.key in taken:
        raise Invalid(key=T("Der er allerede et redskab med den kode."))
    made = Instrument(
        key=form.key or free_code(form.name, taken),
        name=folded(form.name),
        target_group=folded(form.target_group),
        about=folded(form.about),
        interval_days=form.interval_days,
    )
    db.add(made)
    note(db, viewer, "instrument.made", made)
    add_draft(db, viewer, made, 1, scale_min=1, scale_max=5)
    return made


def change_instrument(db: Session, viewer: Viewer, instrument: Instrument, form: InstrumentForm) -> None:
    """What an instrument is called, for whom, and how often: no part of what is answered, so never locked."""
    require_keeper(db, viewer)
    words = {
        "name": folded(form.name),
        "target_group": folded(form.target_group),
        "about": folded(form.about),
        "interval_days": form.interval_days,
    }
    fields = [name for name, value in words.items() if getattr(instrument, name) != value]
    for name in fields:
        setattr(instrument, name, words[name])
    if fields:
        note(db, viewer, "instrument.changed", instrument, fields)


def end_instrument(db: Session, viewer: Viewer, instrument: Instrument) -> None:
    """No new assessments from today; what was answered stays."""
    require_keeper(db, viewer)
    instrument.ended = None if instrument.ended else clock.today()
    note(db, viewer, "instrument.ended" if instrument.ended else "instrument.resumed", instrument)


# --- versions ---------------------------------------------------------------------------------------------------


def add_draft(db: Session, viewer: Viewer | None, instrument: Instrument, number: int, **values: Any) -> Version:
    made = Version(
        instrument_id=instrument.id,
        number=number,
        made_by_id=viewer.person_id if viewer else None,
        made_at=clock.now(),
        **values,
    )
    db.add(made)
    note(db, viewer, "version.drafted", made)
    return made


def copy_version(db: Session, viewer: Viewer, instrument: Instrument) -> Version:
    """The next draft, a copy of the newest version with every dimension "same". There is one draft at a time."""
    require_keeper(db, viewer)
    newest = max(instrument.versions, key=lambda one: one.number)
    if newest.active_from is None:
        raise Conflict(T("Der er allerede en kladde. Ret i den, eller kassér den først."))
    words = queries.words_of(db, newest)
    draft = add_draft(db, viewer, instrument, newest.number + 1, scale_min=newest.scale_min, scale_max=newest.scale_max)
    fill(db, draft, words)
    remap(db, draft, newest)
    return draft


def fill(db: Session, version: Version, words: InstrumentWords) -> None:
    """Write into an empty version what a file or an older version says."""
    said = words.version
    version.scale_min, version.scale_max = said.scale_min, said.scale_max
    version.higher_is_better, version.source, version.is_example = said.higher_is_better, said.source, said.is_example
    add_levels(db, version.id, None, said.levels)
    for place, area_words in enumerate(said.areas, 1):
        area = Area(
            version_id=version.id,
            code=area_words.code,
            title=area_words.title,
            short_title=area_words.short_title,
            easy_title=area_words.easy_title,
            position=place,
        )
        db.add(area)
        db.flush()
        for number, one in enumerate(area_words.dimensions, 1):
            dimension = Dimension(
                version_id=version.id,
                area_id=area.id,
                code=one.code,
                title=one.title,
                question=one.question,
                easy_question=one.easy_question,
                ffb_code=one.ffb_code,
                higher_is_better=one.higher_is_better,
                position=number,
            )
            db.add(dimension)
            db.flush()
            add_levels(db, version.id, dimension.id, one.levels)
    db.flush()


def add_levels(db: Session, version_id: int, dimension_id: int | None, levels: Sequence[Level]) -> None:
    db.add_all(
        ScaleLevel(
            version_id=version_id,
            dimension_id=dimension_id,
            value=level.value,
            short=level.short,
            descriptor=level.descriptor,
            easy=level.easy,
        )
        for level in levels
    )


def empty(db: Session, version: Version) -> None:
    """Take everything out of a draft."""
    mine = select(Dimension.id).where(Dimension.version_id == version.id)
    db.execute(delete(DimensionMap).where(DimensionMap.new_id.in_(mine) | DimensionMap.old_id.in_(mine)))
    db.execute(delete(Reliability).where(Reliability.version_id == version.id))
    for table in (ScaleLevel, Dimension, Area):
        db.execute(delete(table).where(table.version_id == version.id))
    db.flush()
    db.expire(version)


def discard_draft(db: Session, viewer: Viewer, version: Version) -> None:
    """Throw a draft away. An instrument that was nothing else goes with it."""
    require_keeper(db, viewer, version)
    if version.active_from is not None:
        raise Conflict(T("Versionen er taget i brug. Den kan ikke kasseres."))
    instrument = version.instrument
    empty(db, version)
    note(db, viewer, "version.discarded", version)
    db.delete(version)
    db.flush()
    if not db.scalar(select(func.count()).where(Version.instrument_id == instrument.id)):
        note(db, viewer, "instrument.discarded", instrument)
        db.expire(instrument)
        db.delete(instrument)
        db.flush()


def activate(db: Session, viewer: Viewer | None, version: Version) -> None:
    """Take a draft into use from today. It must be whole, and the map from the version before it filled in.

    `viewer` is None when the system does it: the demo, and an import that says so.
    """
    if viewer is not None:
        require_keeper(db, viewer, version)
    if faults := list(gaps(queries.words_of(db, version).version)):
        raise Invalid(**{"": faults[0]})
    before = queries.version_before(db, version)
    if before is not None:
        mapped = queries.version_map(db, before)
        if any(one.id not in mapped for one in queries.dimensions_of(db, before.id)):
            raise Invalid(**{"": T("Sig først, hvad der er blevet af hver dimension i den forrige version.")})
    if version.active_from is None:
        version.active_from = clock.today()
        note(db, viewer, "version.activated", version)


def remap(db: Session, version: Version, before: Version) -> None:
    """Fill in the map from the version before with what codes and wording suggest."""
    old, new = ({one.code: one.id for one in queries.dimensions_of(db, which.id)} for which in (before, version))
    suggested = queries.suggest_map(queries.words_of(db, before), queries.words_of(db, version))
    _write_map(
        db, old.values(), {old[code]: (how, new[into] if into else None) for code, (how, into) in suggested.items()}
    )


def set_map(
    db: Session, viewer: Viewer, version: Version, before: Version, said: dict[int, tuple[Relation, int | None]]
) -> None:
    """What became of each dimension of the version before. A dimension has at most one that came before it."""
    require_keeper(db, viewer, version)
    old_ids = {one.id for one in queries.dimensions_of(db, before.id)}
    new_ids = {one.id for one in queries.dimensions_of(db, version.id)}
    errors: dict[str, Any] = {}
    followed: set[int] = set()
    for old_id, (relation, new_id) in said.items():
        if old_id not in old_ids or (new_id is not None and new_id not in new_ids):
            errors[f"old_{old_id}"] = T("Vælg en af mulighederne.")
        elif (relation is Relation.DROPPED) != (new_id is None):
            errors[f"old_{old_id}"] = T("Vælg den dimension, der følger efter, eller at den er udgået.")
        elif new_id is not None and new_id in followed:
            errors[f"old_{old_id}"] = T("To dimensioner kan ikke blive til den samme.")
        elif new_id is not None:
            followed.add(new_id)
    if errors:
        raise Invalid(**errors)
    _write_map(db, old_ids, said)
    note(db, viewer, "version.mapped", version)


def _write_map(db: Session, old_ids: Any, said: dict[int, tuple[Relation, int | None]]) -> None:
    db.execute(delete(DimensionMap).where(DimensionMap.old_id.in_(list(old_ids))))
    db.add_all(DimensionMap(old_id=old, new_id=new, relation=how) for old, (how, new) in said.items())
    db.flush()
