"""Meetings as tests/meetings makes them, changed and cancelled; and the mails that leave."""

from datetime import date, time

import pytest

from med.meetings.actions.attendance import reply_to_meeting
from med.meetings.actions.planning import cancel_meeting, change_meeting
from med.meetings.forms.planning import CancelMeeting, PlanMeeting, ReplyToMeeting
from med.meetings.models import Meeting, Reply
from tests.calendar.mails import Post
from tests.meetings.conftest import item, look, plan, send_agenda, viewer

__all__ = ["item", "look", "plan", "send_agenda"]


@pytest.fixture
def post(database) -> Post:
    """The mails from here on: what the demo's own coming meetings give is out already."""
    made = Post(database)
    made.plan()
    made.forget()
    return made


@pytest.fixture
def change(write):
    def go(number, by="anna", **fields):
        def work(db):
            meeting = db.get(Meeting, number)
            form = {"day": date(2026, 12, 9), "starts": time(9), "ends": time(11), "is_open": True} | fields
            return change_meeting(db, viewer(db, by), meeting, PlanMeeting(**form)).id

        return write(work)

    return go


@pytest.fixture
def cancel(write):
    def go(number, reason="For mange er syge."):
        return write(
            lambda db: cancel_meeting(db, viewer(db, "anna"), db.get(Meeting, number), CancelMeeting(reason=reason)).id
        )

    return go


@pytest.fixture
def reply(write):
    """`reply(number, "nadia", Reply.DECLINED, substitute=…)`: what somebody answers on the meeting's own page."""

    def go(number, handle, what=Reply.ACCEPTED, substitute=None):
        form = ReplyToMeeting(what, substitute)
        return write(lambda db: reply_to_meeting(db, viewer(db, handle), db.get(Meeting, number), form).id)

    return go
