"""What the compass's tests live in, made straight in the tables: an instrument, citizens, who works with them."""

import uuid
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import (
    Area,
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Assignment,
    AssignmentRole,
    Citizen,
    CompassRole,
    Dimension,
    Identity,
    Instrument,
    NoScore,
    Occasion,
    Reliability,
    ReliabilityMethod,
    RoleKind,
    ScaleLevel,
    Score,
    Version,
)
from med.competence_compass.vault import Vault
from med.organisation.models import Person, Unit

AREAS = [
    ("fagligt", "Faglige færdigheder"),
    ("selvstaendighed", "Selvstændighed"),
    ("samarbejde", "Samarbejde"),
    ("moedestabilitet", "Mødestabilitet"),
    ("kommunikation", "Kommunikation"),
    ("trivsel", "Trivsel"),
    ("hverdag", "Hverdag og økonomi"),
    ("deltagelse", "Deltagelse i fællesskaber"),
]

Scores = Callable[[Dimension], int | NoScore] | Mapping[str, int | NoScore] | int


def person_id(db: Session, handle: str) -> int:
    return db.scalars(select(Person.id).where(Person.handle == handle)).one()


def unit_id(db: Session, key: str) -> int:
    return db.scalars(select(Unit.id).where(Unit.key == key)).one()


def make_instrument(
    db: Session,
    key: str = "proeve",
    *,
    areas: int = 8,
    dimensions: int = 3,
    low: int = 1,
    high: int = 5,
    higher_is_better: bool = True,
    r: float | None = 0.88,
    sd: float = 0.8,
    active: bool = True,
) -> Version:
    """An instrument with one version, in use, whose areas' reliability (`r`) is known unless it is None.

    Codes of areas are "fagligt", "selvstaendighed" …; of dimensions "fagligt-1", "fagligt-2" …
    """
    instrument = Instrument(key=key, name=f"Kompasset {key}", interval_days=91)
    db.add(instrument)
    db.flush()
    return make_version(
        db,
        instrument,
        1,
        areas=areas,
        dimensions=dimensions,
        low=low,
        high=high,
        higher_is_better=higher_is_better,
        r=r,
        sd=sd,
        active=active,
    )


def make_version(
    db: Session,
    instrument: Instrument,
    number: int,
    *,
    areas: int = 8,
    dimensions: int = 3,
    low: int = 1,
    high: int = 5,
    higher_is_better: bool = True,
    r: float | None = 0.88,
    sd: float = 0.8,
    active: bool = True,
) -> Version:
    version = Version(
        instrument_id=instrument.id,
        number=number,
        scale_min=low,
        scale_max=high,
        higher_is_better=higher_is_better,
        active_from=date(2025, 1, 1) if active else None,
        made_at=clock.now(),
    )
    db.add(version)
    db.flush()
    for value in range(low, high + 1):
        db.add(
            ScaleLevel(
                version_id=version.id, value=value, short=f"Trin {value}", descriptor=f"Ses på trin {value}", easy=""
            )
        )
    named = [AREAS[n] if n < len(AREAS) else (f"omraade{n + 1}", f"Område {n + 1}") for n in range(areas)]
    made = [
        Area(version_id=version.id, code=code, title=title, easy_title=f"Om {title.lower()}", position=place)
        for place, (code, title) in enumerate(named, 1)
    ]
    db.add_all(made)
    db.flush()
    asked = [
        Dimension(
            version_id=version.id,
            area_id=area.id,
            code=f"{area.code}-{place}",
            title=f"{area.title} {place}",
            question=f"Hvordan går det med {area.title.lower()} {place}?",
            easy_question=f"Hvordan synes du, det går med {area.title.lower()} {place}?",
            position=place,
        )
        for area in made
        for place in range(1, dimensions + 1)
    ]
    db.add_all(asked)
    db.flush()
    levels = [
        {
            "version_id": version.id,
            "dimension_id": one.id,
            "value": value,
            "short": f"Trin {value}",
            "descriptor": f"{one.title} ses på trin {value}",
            "easy": f"Jeg er på trin {value}",
        }
        for one in asked
        for value in range(low, high + 1)
    ]
    db.execute(insert(ScaleLevel), levels)
    if r is not None:
        db.add_all(
            Reliability(
                version_id=version.id,
                area_id=area.id,
                method=ReliabilityMethod.PUBLISHED,
                r=r,
                sd=sd,
                n_pairs=60,
                source="Prøvens egen kilde",
                on=date(2025, 1, 1),
            )
            for area in made
        )
    db.flush()
    return version


def make_citizen(
    db: Session,
    vault: Vault,
    pseudonym: str = "K1-RAVN",
    *,
    unit: str = "vaerkstederne",
    contact: str | None = "freja",
    version: Version | None = None,
    entered: date | None = None,
    name: str = "Viggo Prøvesen",
) -> Citizen:
    """A citizen with a key, a name in the vault, and a contact person since they came."""
    citizen = Citizen(
        uid=str(uuid.uuid4()),
        pseudonym=pseudonym,
        unit_id=unit_id(db, unit),
        instrument_id=version.instrument_id if version else None,
        entered=entered or clock.today() - timedelta(days=900),
    )
    db.add(citizen)
    db.flush()
    vault.new_citizen(db, citizen.id)
    words = {"name": name, "called": name.split()[0], "reach": ""}
    where = f"compass_identity.sealed/{citizen.id}"
    db.add(Identity(citizen_id=citizen.id, sealed=vault.seal(db, citizen.id, where, words)))
    if contact:
        assign(db, citizen, contact, starts=citizen.entered)
    db.flush()
    return citizen


def assign(
    db: Session,
    citizen: Citizen,
    handle: str,
    role: AssignmentRole = AssignmentRole.CONTACT,
    *,
    starts: date | None = None,
    ends: date | None = None,
    reason: str = "",
) -> Assignment:
    made = Assignment(
        citizen_id=citizen.id,
        person_id=person_id(db, handle),
        role=role,
        starts=starts or clock.today(),
        ends=ends,
        reason=reason,
    )
    db.add(made)
    db.flush()
    return made


def give_role(db: Session, handle: str, kind: RoleKind, unit: str = "aabrinken") -> CompassRole:
    made = CompassRole(
        person_id=person_id(db, handle), kind=kind, unit_id=unit_id(db, unit), starts=clock.today() - timedelta(days=30)
    )
    db.add(made)
    db.flush()
    return made


def take_stock(
    db: Session,
    citizen: Citizen,
    version: Version,
    day: date,
    scores: Scores,
    *,
    kind: AssessmentKind = AssessmentKind.STAFF,
    assessor: str = "freja",
    purpose: AssessmentPurpose = AssessmentPurpose.ROUTINE,
    occasion: Occasion | None = None,
    closed: bool = True,
) -> Assessment:
    """A closed assessment of every dimension. `scores` is one value for all, a mapping by code, or a function.

    A second voice on the same occasion: give it `occasion=first.occasion`.
    """
    at = clock.now() if closed else None
    if occasion is None:
        occasion = Occasion(
            citizen_id=citizen.id,
            version_id=version.id,
            day=day,
            purpose=purpose,
            begun_by_id=person_id(db, assessor),
            begun_at=clock.now(),
            closed_at=at,
        )
        db.add(occasion)
        db.flush()
    who = None if kind is AssessmentKind.SELF else person_id(db, assessor)
    made = Assessment(
        occasion_id=occasion.id,
        citizen_id=citizen.id,
        version_id=version.id,
        day=day,
        kind=kind,
        purpose=purpose,
        assessor="self" if who is None else f"person:{who}",
        assessor_id=who,
        closed_at=at,
    )
    db.add(made)
    db.flush()
    rows = []
    for dimension in db.scalars(select(Dimension).where(Dimension.version_id == version.id)):
        found = _score(scores, dimension)
        value, reason = (None, found) if isinstance(found, NoScore) else (found, None)
        rows.append({"assessment_id": made.id, "dimension_id": dimension.id, "value": value, "reason": reason})
    db.execute(insert(Score), rows)
    db.flush()
    return made


def _score(scores: Scores, dimension: Dimension) -> Any:
    if isinstance(scores, int):
        return scores
    if isinstance(scores, Mapping):
        return scores.get(dimension.code, scores.get("", 3))
    return scores(dimension)
