"""Meetings made through the same actions as the pages use."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy.orm import Session

from med.meetings.actions.agenda import add_item
from med.meetings.actions.planning import approve_agenda, plan_meeting
from med.meetings.forms.agenda import ItemForm
from med.meetings.forms.planning import ApproveAgenda, PlanMeeting
from med.meetings.models import Item, Meeting
from med.organisation.models import Committee
from med.organisation.queries import person_by_handle, viewer_for


def viewer(db: Session, handle: str):
    person = person_by_handle(db, handle)
    assert person is not None, handle
    return viewer_for(db, person.id)


@pytest.fixture
def plan(write: Callable[..., Any], committee_id: Callable[[str], int]) -> Callable[..., int]:
    """`plan()` plans a meeting of MED-ledelsen and gives its id; `plan(by="anna", day=…, kind=…)` another one."""

    def make(by: str = "anna", committee: str = "med-aabrinken", standing: bool = True, **fields: Any) -> int:
        given = {"day": date(2026, 12, 9), "starts": time(9), "ends": time(11), "is_open": True, **fields}

        def work(db: Session) -> int:
            found = db.get(Committee, committee_id(committee))
            assert found is not None
            return plan_meeting(db, viewer(db, by), found, PlanMeeting(**given), standing=standing).id

        return write(work)

    return make


@pytest.fixture
def item(write: Callable[..., Any]) -> Callable[..., int]:
    """`item(meeting_id, "Titel", …)` puts an item on an agenda and gives its id."""

    def make(meeting_id: int, title: str, by: str = "anna", **fields: Any) -> int:
        def work(db: Session) -> int:
            meeting = db.get(Meeting, meeting_id)
            assert meeting is not None
            return add_item(db, viewer(db, by), meeting, ItemForm(title=title, **fields)).id

        return write(work)

    return make


@pytest.fixture
def send_agenda(write: Callable[..., Any]) -> Callable[[int], None]:
    """Both chairs of MED-ledelsen approve, and the agenda goes out."""

    def send(meeting_id: int) -> None:
        for handle in ("anna", "bo"):
            write(lambda db: approve_agenda(db, viewer(db, handle), db.get(Meeting, meeting_id), ApproveAgenda()).id)  # noqa: B023

    return send


@pytest.fixture
def look(db: Session) -> Callable[[type, int], Any]:
    """`look(Meeting, id)` is the row as it is saved now."""

    def at(kind: type[Meeting] | type[Item], key: int) -> Any:
        db.rollback()
        db.expire_all()
        return db.get(kind, key)

    return at


@pytest.fixture
def raised(visitor, committee_id):
    """Carla raises a point for her own committee; the proposal's id."""

    def make(title: str = "De unge venter for længe", by: str = "carla", **fields) -> int:
        form = visitor(by).open("/forslag/nyt").form("Send")
        answer = form.fill(title=title, **{"committee": committee_id("med-aabrinken")} | fields).send()
        assert answer.status_code == 303, answer.words
        return int(answer.headers["location"].split("?")[0].rsplit("/", 1)[1])

    return make
