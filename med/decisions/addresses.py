"""Private feeds of decisions, on the page where private addresses are made."""

from typing import Any

from med import language
from med.decisions.filters import Filters, filters_of, read_filters
from med.decisions.models import DecisionState
from med.identity.parts import Kind, register
from med.language import T, Text
from med.organisation.choosing import committees_to_filter
from med.perspectives.queries import titles
from med.web.incoming import Submitted
from med.workdays import short_date


def form(visit: Any, values: dict[str, Any], errors: dict[str, Any]) -> Any:
    """The choices that most people make; all the others come along from the register."""
    return visit.desk.pages.piece(
        "decisions/_address_form.html",
        visit,
        values=values,
        errors=errors,
        committees=committees_to_filter(visit.db, visit.viewer),
        perspectives=[(one.value, title.title) for one, title in titles(visit.db).items()],
    )


def read(visit: Any) -> tuple[str, dict[str, Any]]:
    """From the register as it was filtered, or from the fields of the form."""
    came: Submitted = visit.form
    if "filters" in came.values():
        return came.get("filters").lstrip("?"), {}
    filters, errors = read_filters((name, came.get(name)) for name in ("perspektiv", "udvalg", "q"))
    known = {committee_id for committee_id, _ in committees_to_filter(visit.db, visit.viewer)}
    if filters.committee_id is not None and filters.committee_id not in known:
        errors["udvalg"] = T("Vælg en af mulighederne.")
    return filters.query(), errors


def describe(visit: Any, kept: str) -> Text | str:
    """ "Emergens; Hovedudvalget; »pauser«": what the filters of an address come to."""
    filters = filters_of(kept)
    said = list(parts_of(visit, filters))
    return "; ".join(said) if said else T("Alle beslutninger, du må se")


def parts_of(visit: Any, filters: Filters) -> Any:
    if filters.perspective:
        yield titles(visit.db)[filters.perspective].title
    if filters.committee_id is not None:
        names = dict(committees_to_filter(visit.db, visit.viewer))
        yield names.get(filters.committee_id) or str(T("Et udvalg, der ikke findes mere"))
    if filters.in_force:
        yield language.gettext("I kraft nu")
    if isinstance(filters.state, DecisionState):
        yield str(language.word(filters.state))
    if filters.responsible:
        yield str(T("Ansvarlig: %(name)s", name=filters.responsible))
    if filters.since:
        yield str(T("fra %(day)s", day=short_date(filters.since)))
    if filters.until:
        yield str(T("til %(day)s", day=short_date(filters.until)))
    if filters.words:
        yield f"»{filters.words}«"


register(
    Kind(
        scope="decisions",
        anchor="beslutninger",
        order=1,
        title=T("Feed med beslutninger"),
        about=T("Nye beslutninger kommer til dig i Outlook, en feedlæser eller på intranettet."),
        button=T("Lav et feed"),
        address=lambda token: f"/feeds/{token}/beslutninger.atom",
        form=form,
        read=read,
        describe=describe,
    )
)
