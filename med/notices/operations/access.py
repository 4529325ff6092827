"""Who looks after the post, and who may open a channel to the outside."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, or_, true

from med.access import Viewer
from med.language import T, Text
from med.notices.models import Outlet


def run_post(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """See what could not be sent and to whom, and have it sent again. What it says is nobody's business here."""
    if not viewer.is_admin:
        yield T("Kun systemadministratoren passer posten.")


def keep_outlets(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """Whether somebody has a channel to look after at all."""
    if not (viewer.is_admin or runs_committees(viewer)):
        yield T("Kun systemadministratoren, formandskaber og MED-sekretærer kan åbne kanaler.")


def keep_outlet(viewer: Viewer, outlet: Outlet) -> Iterator[Text]:
    yield from keep_outlets(viewer)
    if not viewer.is_admin and (outlet.committee_id is None or not viewer.runs(outlet.committee_id)):
        yield T("Kun systemadministratoren og udvalgets eget formandskab og MED-sekretær kan passe kanalen.")


def runs_committees(viewer: Viewer) -> frozenset[int]:
    """The committees whose channels are the viewer's to keep."""
    return frozenset(key for key in viewer.committee_ids if viewer.runs(key))


def visible_outlets(viewer: Viewer) -> ColumnElement[bool]:
    """All of them to the administrator; their own committee's to its chairs and secretary."""
    return or_(true() if viewer.is_admin else False, Outlet.committee_id.in_(runs_committees(viewer)))
