"""Taking stock with a citizen: begin, answer an area, close, correct."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access, rollups
from med.competence_compass.access import Towards
from med.competence_compass.forms.assessing import BeginForm, CloseForm, FillForm
from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Citizen,
    Dimension,
    NoScore,
    Occasion,
    Score,
    Version,
)
from med.competence_compass.queries.assessing import (
    DOUBLE_WITHIN,
    Answer,
    answers,
    digest,
    review,
    usable_version,
)
from med.competence_compass.vault import Vault
from med.competence_compass.vectors import keep_vectors
from med.errors import Conflict, Invalid, NotAllowed
from med.journal.actions import note
from med.language import T

APART = 2  # steps between two voices that are worth words


def begin(db: Session, viewer: Viewer, towards: Towards, form: BeginForm) -> Occasion:
    """Open an occasion for the voices chosen. It keeps the version in use today, also when a newer one comes."""
    require(viewer, access.take_stock, towards)
    check_day(towards, form)
    instrument_id = towards.instrument_id or form.instrument
    version = usable_version(db, instrument_id, form.day) if instrument_id else None
    if version is None:
        raise Invalid(
            instrument=T("Der er intet redskab i brug til borgeren på den dag. Spørg den, der passer redskaberne.")
        )
    if form.purpose is AssessmentPurpose.DOUBLE:
        check_double(db, viewer, towards, form)
    check_same_day(db, viewer, towards, form)
    db.execute(
        update(Version).where(Version.id == version.id, Version.locked_at.is_(None)).values(locked_at=clock.now())
    )
    made = Occasion(
        citizen_id=towards.id,
        version_id=version.id,
        day=form.day,
        purpose=form.purpose,
        begun_by_id=viewer.person_id,
        begun_at=clock.now(),
    )
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
            db.add_all(_voice(made, kind, viewer) for kind in form.voices)
            db.flush()
    except IntegrityError:  # the same was begun in another window a moment ago
        raise Invalid(day=SAME_DAY) from None
    note(db, viewer, "assessment.begun", made)
    return made


SAME_DAY = T("Der er allerede en måling fra den dag. Gå videre med den, eller ret den, når den er afsluttet.")


def check_day(towards: Towards, form: BeginForm) -> None:
    if form.day > clock.today():
        raise Invalid(day=T("Dagen ligger i fremtiden. Vælg i dag eller en dag, der er gået."))
    if form.day < towards.entered:
        raise Invalid(day=T("Dagen ligger, før borgeren begyndte her."))
    if towards.left_on is not None and form.day > towards.left_on:
        raise Invalid(day=T("Dagen ligger efter den dag, borgeren stoppede her."))


def check_double(db: Session, viewer: Viewer, towards: Towards, form: BeginForm) -> None:
    """A double assessment is somebody else's look at the same time, or it says nothing about agreement."""
    other = db.scalar(
        select(func.count())
        .select_from(Assessment)
        .where(
            Assessment.citizen_id == towards.id,
            Assessment.kind == AssessmentKind.STAFF,
            Assessment.closed_at.is_not(None),
            Assessment.superseded_at.is_(None),
            Assessment.purpose != AssessmentPurpose.DOUBLE,
            Assessment.assessor != f"person:{viewer.person_id}",
            Assessment.day.between(form.day - DOUBLE_WITHIN, form.day + DOUBLE_WITHIN),
        )
    )
    if not other:
        raise Invalid(
            purpose=T("En dobbeltmåling kræver, at en anden har vurderet borgeren højst 14 dage før eller efter.")
        )


def check_same_day(db: Session, viewer: Viewer, towards: Towards, form: BeginForm) -> None:
    there = db.execute(
        select(Assessment.kind, Assessment.assessor).where(
            Assessment.citizen_id == towards.id,
            Assessment.day == form.day,
            Assessment.superseded_at.is_(None),
            Assessment.assessor.in_([_assessor(AssessmentKind.SELF, viewer), _assessor(AssessmentKind.STAFF, viewer)]),
        )
    ).all()
    if any(row.kind is not AssessmentKind.SELF for row in there):
        raise Invalid(day=SAME_DAY)
    if there and AssessmentKind.SELF in form.voices:
        raise Invalid(voices=T("Borgerens egen stemme er allerede skrevet ned den dag."))


def _assessor(kind: AssessmentKind, viewer: Viewer) -> str:
    return "self" if kind is AssessmentKind.SELF else f"person:{viewer.person_id}"


def _voice(occasion: Occasion, kind: AssessmentKind, viewer: Viewer) -> Assessment:
    return Assessment(
        occasion_id=occasion.id,
        citizen_id=occasion.citizen_id,
        version_id=occasion.version_id,
        day=occasion.day,
        kind=kind,
        purpose=occasion.purpose,
        assessor=_assessor(kind, viewer),
        assessor_id=None if kind is AssessmentKind.SELF else viewer.person_id,
        triggered_referral=occasion.purpose is AssessmentPurpose.REFERRAL,
    )


def still_open(db: Session, viewer: Viewer, occasion: Occasion) -> None:
    """Lock the occasion for this change; only who began it writes in it. Raises Conflict when it has been closed."""
    db.refresh(occasion, ["closed_at", "row_version"], with_for_update=True)
    if occasion.closed_at is not None:
        raise Conflict(T("Målingen er afsluttet. Den kan rettes fra sin egen side."))
    if occasion.begun_by_id != viewer.person_id:
        raise NotAllowed([T("Kun den, der begyndte målingen, kan skrive i den.")])


def answer_area(
    db: Session,
    viewer: Viewer,
    towards: Towards,
    occasion: Occasion,
    area_id: int,
    given: Mapping[tuple[AssessmentKind, int], Answer],
    seen: str,
) -> None:
    """Save one area's answers; those not given stay as they were. Resume later by opening the area again.

    `seen` is the digest of what stood there when the page was opened. Raises Conflict when somebody (another window)
    has changed the area to something else since, and Invalid for an answer that is not on the scale.
    """
    require(viewer, access.take_stock, towards)
    still_open(db, viewer, occasion)
    standing = answers(db, occasion, area_id)
    wanted = {**standing, **given}
    if wanted == standing:
        return
    if digest(standing) != seen:
        raise Conflict(
            T("Svarene er ændret i et andet vindue imens. Dine valg står nedenfor; gem igen for at lade dem gælde.")
        )
    _check_answers(db, occasion, area_id, given)
    _store(db, occasion, given)
    occasion.row_version += 1
    note(db, viewer, "assessment.answered", occasion)


def _check_answers(
    db: Session, occasion: Occasion, area_id: int, given: Mapping[tuple[AssessmentKind, int], Answer]
) -> None:
    known = set(db.scalars(select(Dimension.id).where(Dimension.area_id == area_id)))
    kinds = {one.kind for one in occasion.assessments}
    scale = db.execute(select(Version.scale_min, Version.scale_max).where(Version.id == occasion.version_id)).one()
    wrong = {
        f"{kind}-{dimension}": T("Vælg en af mulighederne.")
        for (kind, dimension), answer in given.items()
        if dimension not in known
        or kind not in kinds
        or (not isinstance(answer, NoScore) and not scale.scale_min <= answer <= scale.scale_max)
    }
    if wrong:
        raise Invalid(**wrong)


def _store(db: Session, occasion: Occasion, given: Mapping[tuple[AssessmentKind, int], Answer]) -> None:
    ids = {one.kind: one.id for one in occasion.assessments}
    for kind, assessment_id in ids.items():
        mine = {dimension: answer for (voice, dimension), answer in given.items() if voice is kind}
        if not mine:
            continue
        db.execute(delete(Score).where(Score.assessment_id == assessment_id, Score.dimension_id.in_(mine)))
        db.execute(
            insert(Score),
            [
                {
                    "assessment_id": assessment_id,
                    "dimension_id": dimension,
                    "value": None if isinstance(answer, NoScore) else answer,
                    "reason": answer if isinstance(answer, NoScore) else None,
                }
                for dimension, answer in mine.items()
            ],
        )


def fill_rest(db: Session, viewer: Viewer, towards: Towards, occasion: Occasion, form: FillForm) -> None:
    """Give one reason for everything a voice has not answered: the citizen wanted to stop, or it was not seen."""
    require(viewer, access.take_stock, towards)
    still_open(db, viewer, occasion)
    if form.voice not in {one.kind for one in occasion.assessments}:
        raise Invalid(voice=T("Vælg en af mulighederne."))
    there = {dimension for (kind, dimension) in answers(db, occasion) if kind is form.voice}
    asked = db.scalars(select(Dimension.id).where(Dimension.version_id == occasion.version_id))
    _store(db, occasion, {(form.voice, one): form.reason for one in asked if one not in there})
    occasion.row_version += 1
    note(db, viewer, "assessment.answered", occasion)


def close(db: Session, vault: Vault, viewer: Viewer, towards: Towards, occasion: Occasion, form: CloseForm) -> None:
    """The assessment stands from now on. Every question has an answer, if only why there is none.

    Where the voices are two steps or more apart anywhere, or words are given, the occasion is marked as seen
    differently. The words are sealed.
    """
    require(viewer, access.take_stock, towards)
    still_open(db, viewer, occasion)
    areas = review(db, occasion)
    if missing := [area for area in areas if area.missing]:
        raise Invalid(missing=T("Der mangler svar i: %(areas)s.", areas=", ".join(area.title for area in missing)))
    words = form.differs.strip()
    now = clock.now()
    occasion.differs = bool(words) or any(row.apart >= APART for area in areas for row in area.rows)
    occasion.sealed = vault.seal(db, towards.id, sealed_at(occasion), words) if words else None
    occasion.closed_at = now
    occasion.row_version += 1
    for one in occasion.assessments:
        one.closed_at = now
    supersede(db, occasion.assessments)
    db.flush()
    keep_vectors(db, [one.id for one in occasion.assessments])
    rollups.refresh(db, [towards.id])
    _remember_instrument(db, towards, occasion)
    note(db, viewer, "assessment.closed", occasion)


def sealed_at(occasion: Occasion) -> str:
    return f"compass_occasion.sealed/{occasion.id}"


def supersede(db: Session, assessments: Iterable[Assessment]) -> None:
    """What the assessments correct no longer counts."""
    corrected = [one.supersedes_id for one in assessments if one.supersedes_id is not None]
    if corrected:
        db.execute(update(Assessment).where(Assessment.id.in_(corrected)).values(superseded_at=clock.now()))


def _remember_instrument(db: Session, towards: Towards, occasion: Occasion) -> None:
    """A citizen without an instrument of their own keeps the one that was used."""
    if towards.instrument_id is None:
        instrument = select(Version.instrument_id).where(Version.id == occasion.version_id).scalar_subquery()
        db.execute(update(Citizen).where(Citizen.id == towards.id).values(instrument_id=instrument))


def discard(db: Session, viewer: Viewer, towards: Towards, occasion: Occasion) -> None:
    """Throw a draft away. Nothing closed can be."""
    require(viewer, access.take_stock, towards)
    still_open(db, viewer, occasion)
    ids = [one.id for one in occasion.assessments]
    note(db, viewer, "assessment.discarded", occasion)
    db.execute(delete(Score).where(Score.assessment_id.in_(ids)))
    db.execute(delete(Assessment).where(Assessment.id.in_(ids)))
    db.execute(delete(Occasion).where(Occasion.id == occasion.id))


def correct(db: Session, viewer: Viewer, towards: Towards, occasion: Occasion) -> Occasion:
    """Begin a correction: a new draft with the same day and answers, which takes the old one's place when closed."""
    require(viewer, access.take_stock, towards)
    db.refresh(occasion, ["closed_at", "row_version"], with_for_update=True)
    if occasion.closed_at is None:
        raise Conflict(T("Målingen er ikke afsluttet endnu. Gå videre med den."))
    if occasion.begun_by_id != viewer.person_id:
        raise NotAllowed([T("Kun den, der tog målingen, kan rette den. Tag en ny i stedet.")])
    if any(one.superseded_at is not None for one in occasion.assessments):
        raise Conflict(T("Målingen er allerede rettet."))
    ids = [one.id for one in occasion.assessments]
    if db.scalar(select(func.count()).select_from(Assessment).where(Assessment.supersedes_id.in_(ids))):
        raise Conflict(T("En rettelse er allerede begyndt. Gå videre med den."))
    made = Occasion(
        citizen_id=towards.id,
        version_id=occasion.version_id,
        day=occasion.day,
        purpose=occasion.purpose,
        begun_by_id=viewer.person_id,
        begun_at=clock.now(),
    )
    db.add(made)
    db.flush()
    for old in occasion.assessments:
        new = _voice(made, old.kind, viewer)
        new.assessor, new.assessor_id = old.assessor, old.assessor_id
        new.triggered_referral = old.triggered_referral
        new.correction, new.supersedes_id = old.correction + 1, old.id
        db.add(new)
        db.flush()
        db.execute(
            insert(Score).from_select(
                ["assessment_id", "dimension_id", "value", "reason"],
                select(literal(new.id), Score.dimension_id, Score.value, Score.reason).where(
                    Score.assessment_id == old.id
                ),
            )
        )
    note(db, viewer, "assessment.correction_begun", made)
    return made
