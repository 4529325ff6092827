"""How a unit wants the columns of a report."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.competence_compass import access
from med.competence_compass.access import AboutLayout
from med.competence_compass.forms.reporting import LayoutForm
from med.competence_compass.models import Report, ReportColumn, ReportLayout
from med.errors import Conflict
from med.journal.actions import note
from med.language import T


def keep_layout(db: Session, viewer: Viewer, about: AboutLayout, report: Report, form: LayoutForm) -> ReportLayout:
    """Keep a unit's own columns. Raises Conflict when somebody else has changed them since."""
    require(viewer, access.keep_report_layout, about)
    kept = _held(db, about.unit_id, report)
    if (kept.version if kept else 0) != form.version:
        raise Conflict(T("En anden har ændret kolonnerne, siden du åbnede siden. Se dem igen, før du gemmer."))
    if kept is None:
        kept = ReportLayout(report=report, unit_id=about.unit_id, version=0)
        db.add(kept)
    kept.dates, kept.decimal, kept.changed_at = form.dates, form.decimal, clock.now()
    kept.version += 1
    kept.columns.clear()
    db.flush()
    kept.columns.extend(
        ReportColumn(field=one.field, heading=one.heading, position=place, is_on=one.is_on)
        for place, one in enumerate(form.columns, 1)
    )
    note(db, viewer, "report_layout.kept", kept, ["columns"])
    return kept


def drop_layout(db: Session, viewer: Viewer, about: AboutLayout, report: Report) -> None:
    """Let the unit have the columns of the one above it again."""
    require(viewer, access.keep_report_layout, about)
    kept = _held(db, about.unit_id, report)
    if kept is not None:
        note(db, viewer, "report_layout.dropped", kept)
        db.delete(kept)


def _held(db: Session, unit_id: int, report: Report) -> ReportLayout | None:
    return db.scalar(
        select(ReportLayout)
        .where(ReportLayout.unit_id == unit_id, ReportLayout.report == report)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
