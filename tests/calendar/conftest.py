"""Meetings as tests/meetings makes them."""

from tests.meetings.conftest import colleague, item, look, plan, send_agenda

__all__ = ["colleague", "item", "look", "plan", "send_agenda"]
