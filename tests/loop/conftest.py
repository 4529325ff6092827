"""Circles to look at: a decision of MED-ledelsen, an activity with hypotheses, and runs that found something."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import (
    Activity,
    ActivityState,
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Dimension,
    EffectEstimate,
    EffectRun,
    Occasion,
    RunState,
    Score,
    Version,
)
from med.competence_compass.publishing import publish
from med.loop.models import DecisionLink, ReviewPoint
from med.loop.raising import raise_reviews, raise_verdicts
from tests.competence_compass import house
from tests.competence_compass.conftest import vault  # noqa: F401  a fixture
from tests.competence_compass.factories import make_activity, make_run, put_in, suppose
from tests.decisions.conftest import published, quiet  # noqa: F401  fixtures


def raise_points(db: Session) -> bool:
    """Both reasons; True while there is more."""
    return raise_verdicts(db) or raise_reviews(db)


@pytest.fixture(autouse=True)
def no_demo_circles(write: Callable[[Any], Any]) -> None:
    """The demo's own circles and review dates out of the way."""

    def clear(db: Session) -> None:
        db.execute(delete(ReviewPoint))
        db.execute(delete(DecisionLink))
        db.execute(update(Activity).values(decision_id=None))

    write(clear)


@pytest.fixture
def cooking(write: Callable[[Any], Any]) -> SimpleNamespace:
    """Køkkenholdet, meant for two dimensions of the version in use."""

    def make(db: Session) -> SimpleNamespace:
        version = db.scalars(select(Version).where(Version.active_from.is_not(None)).order_by(Version.id)).first()
        assert version is not None
        activity = make_activity(db, "A-KREDS", "Køkkenholdet")
        for place in (0, 1):
            suppose(db, activity, version, place)
        dimensions = db.scalars(
            select(Dimension).where(Dimension.version_id == version.id).order_by(Dimension.id).limit(2)
        ).all()
        return SimpleNamespace(
            id=activity.id,
            version=version.id,
            dimensions=[one.id for one in dimensions],
            titles=[one.title for one in dimensions],
        )

    return write(make)


def make_effect_run(
    db: Session, version_id: int, activity_id: int, found: dict[int, str], *, n: int = 24, **more: Any
) -> int:
    """A run that is done now, with a verdict for each dimension."""
    run = EffectRun(
        uid=str(uuid.uuid4()),
        version_id=version_id,
        state=RunState.WAITING,
        asked_at=clock.now(),
        cut_off=clock.today(),
        input_sha256="0" * 64,
        method="test",
    )
    db.add(run)
    db.flush()
    for dimension_id, verdict in found.items():
        known = verdict != "for_faa_data"
        db.add(
            EffectEstimate(
                run_id=run.id,
                activity_id=activity_id,
                dimension_id=dimension_id,
                n=n,
                n_comparison=30,
                waiting_n=0,
                verdict=verdict,
                **{
                    "estimate": 0.1 if known else None,
                    "se": 0.15 if known else None,
                    "shrunken": 0.1 if known else None,
                    "ci_low": -0.2 if known else None,
                    "ci_high": 0.5 if known else None,
                    "detectable": 0.45 if known else None,
                    **more,
                },
            )
        )
    db.flush()
    run.state, run.done_at = RunState.DONE, clock.now()
    db.flush()
    publish(db, run)
    return run.id


@pytest.fixture
def measured(write: Callable[[Any], Any], cooking: SimpleNamespace) -> Callable[..., int]:
    """`measured("uafklaret", "udvikler")`: a run that says so of the two dimensions; its id."""

    def make(*verdicts: str, days: int = 0, **more: Any) -> int:
        found = dict(zip(cooking.dimensions, verdicts, strict=False))
        with clock.at(clock.now() + timedelta(days=days)):
            return write(lambda db: make_effect_run(db, cooking.version, cooking.id, found, **more))

    return make


@pytest.fixture
def begun(write: Callable[[Any], Any], vault: Any, cooking: SimpleNamespace) -> Callable[..., None]:  # noqa: F811
    """Køkkenholdet began so many `days` from now, the first time it is asked; `taking_part` begin today, each with a
    score before and one so many days `after`, and ten began with it."""

    def make(days: int = 0, taking_part: int = 0, after: int = 60) -> None:
        def put(db: Session) -> None:
            activity = db.get_one(Activity, cooking.id)
            version, dimensions = db.get_one(Version, cooking.version), cooking.dimensions
            first = clock.today() + timedelta(days=days)
            groups = [(clock.today(), taking_part)]
            if activity.frozen_at is None:
                activity.frozen_at, activity.state = clock.now() + timedelta(days=days), ActivityState.RUNNING
                groups.append((first, 10))
            for starts, many in groups:
                run = make_run(db, activity, starts=starts, capacity=40, sessions=0)
                for _ in range(many):
                    citizen = house.make_citizen(db, vault, f"M{uuid.uuid4().hex[:6]}", contact=None)
                    put_in(db, run, citizen, starts=starts)
                    for day in (starts - timedelta(days=30), starts + timedelta(days=after)):
                        measure(db, citizen, version, day, dimensions)

        write(put)

    return make


def measure(db: Session, citizen: Any, version: Version, day: date, dimensions: list[int]) -> None:
    """Stock was taken on a day, with a score on each of the dimensions."""
    at = datetime.combine(day, time(11), UTC)
    occasion = Occasion(
        citizen_id=citizen.id, version_id=version.id, day=day, purpose=AssessmentPurpose.ROUTINE, begun_at=at,
        closed_at=at,
    )  # fmt: skip
    db.add(occasion)
    db.flush()
    one = Assessment(
        occasion_id=occasion.id, citizen_id=citizen.id, version_id=version.id, day=day, kind=AssessmentKind.STAFF,
        purpose=occasion.purpose, assessor="A1", closed_at=at,
    )  # fmt: skip
    db.add(one)
    db.flush()
    db.add_all(Score(assessment_id=one.id, dimension_id=of, value=version.scale_min) for of in dimensions)
    db.flush()


@pytest.fixture
def decided(published: Callable[..., int], write: Callable[[Any], Any]) -> Callable[..., int]:  # noqa: F811
    """A published decision that hopes for something; `review` may lie in the past, as it does when the day has come."""

    def make(review: date | None = None, **fields: Any) -> int:
        given = {"hoped_effect": "Flere tør prøve noget nyt", "responsible": "gunnar", **fields}
        made = published("køkkenholdet begynder", **given)
        if review is not None:
            from med.decisions.models import Decision

            write(lambda db: db.execute(update(Decision).where(Decision.id == made).values(review=review)))
        return made

    return make
