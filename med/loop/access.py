"""Who closes the circle. Who sees it is who sees the decision; activities are no secret to those who work here."""

from collections.abc import Iterator

from med.access import Viewer
from med.decisions.access import OVER, looks_after
from med.decisions.models import Decision
from med.language import T, Text
from med.organisation.access import is_employee


def link_activity(viewer: Viewer, decision: Decision) -> Iterator[Text]:
    """Say what a decision does to an activity: those who follow up on it."""
    yield from is_employee(viewer)
    if not (looks_after(viewer, decision) or decision.responsible_id == viewer.person_id):
        yield T("Kun den ansvarlige, formandskabet og MED-sekretæren kan knytte aktiviteter til beslutningen.")
    if decision.published_at is None:
        yield T("Beslutningen er ikke offentliggjort endnu.")
    if decision.state in OVER:
        yield T("Beslutningen gælder ikke længere.")
