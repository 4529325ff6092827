"""Knowing how far assessors agree: computed from the house's own double assessments, or entered with its source."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.actions.instruments import require_keeper
from med.competence_compass.agreement import LEAST_PAIRS
from med.competence_compass.forms.instruments import PublishedForm
from med.competence_compass.importing.words import folded
from med.competence_compass.models import Area, Dimension, Reliability, ReliabilityMethod, Version
from med.competence_compass.queries import reliability as queries
from med.errors import Invalid
from med.journal.actions import note
from med.language import T
from med.tables import Wrong, decimal


def compute_reliability(db: Session, viewer: Viewer | None, version: Version) -> int:
    """Compute it anew for every area and dimension with enough pairs, in place of the last time's; how many there are.

    `viewer` is None at night. What is published, and was entered by hand, stays beside it.
    """
    if viewer is not None:
        require_keeper(db, viewer)
    known = [found for found in queries.agreement(db, version) if found.r is not None and found.sd is not None]
    db.execute(
        delete(Reliability).where(
            Reliability.version_id == version.id, Reliability.method == ReliabilityMethod.DOUBLE_RATED
        )
    )
    db.add_all(
        Reliability(
            version_id=version.id,
            area_id=found.area_id,
            dimension_id=found.dimension_id,
            method=ReliabilityMethod.DOUBLE_RATED,
            r=found.r,
            sd=found.sd,
            n_pairs=found.n_pairs,
            on=clock.today(),
        )
        for found in known
    )
    note(db, viewer, "version.reliability_computed", version)
    return len(known)


def refresh_reliability(db: Session) -> None:
    """Every night: the versions with double assessments since they were last computed."""
    for version in db.scalars(select(Version).where(Version.active_from.is_not(None)).order_by(Version.id)):
        newest = queries.newest_double(db, version.id)
        last = db.scalar(
            select(Reliability.on)
            .where(Reliability.version_id == version.id, Reliability.method == ReliabilityMethod.DOUBLE_RATED)
            .order_by(Reliability.on.desc())
            .limit(1)
        )
        enough = newest is not None and len(queries.double_pairs(db, version.id)) >= LEAST_PAIRS
        if newest is not None and enough and (last is None or newest >= last):
            compute_reliability(db, None, version)


def enter_published(db: Session, viewer: Viewer, version: Version, form: PublishedForm) -> Reliability:
    """A reliability from a publication, for an area or a dimension; it takes the place of one entered before."""
    require_keeper(db, viewer)
    errors = {}
    numbers = {}
    for name, parse in (("r", decimal(0, 1)), ("sd", decimal(0, 100))):
        try:
            numbers[name] = float(parse(getattr(form, name)))
        except Wrong as wrong:
            errors[name] = T("“%(value)s” %(wrong)s.", value=getattr(form, name), wrong=wrong.message)
    if "r" in numbers and numbers["r"] >= 1:
        errors["r"] = T("Pålideligheden er fra 0 til under 1.")
    if "sd" in numbers and numbers["sd"] <= 0:
        errors["sd"] = T("Spredningen er over 0.")
    kind, _, digits = form.of.partition(":")
    table = Area if kind == "area" else Dimension
    there = db.scalar(select(table.id).where(table.id == int(digits), table.version_id == version.id))
    if there is None:
        errors["of"] = T("Vælg en af mulighederne.")
    if errors:
        raise Invalid(**errors)
    place = {"area_id": there if kind == "area" else None, "dimension_id": there if kind == "dimension" else None}
    db.execute(
        delete(Reliability).where(
            Reliability.version_id == version.id,
            Reliability.method == ReliabilityMethod.PUBLISHED,
            Reliability.area_id.is_not_distinct_from(place["area_id"]),
            Reliability.dimension_id.is_not_distinct_from(place["dimension_id"]),
        )
    )
    made = Reliability(
        version_id=version.id,
        method=ReliabilityMethod.PUBLISHED,
        r=numbers["r"],
        sd=numbers["sd"],
        n_pairs=form.n_pairs,
        source=folded(form.source),
        on=clock.today(),
        **place,
    )
    db.add(made)
    note(db, viewer, "version.reliability_entered", version)
    return made
