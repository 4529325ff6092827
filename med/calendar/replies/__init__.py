"""Replies to invitations that come by mail: read without trust, weighed, and applied as the link would be."""

from med.calendar.replies.reading import Refused, Reply, read_reply
from med.calendar.replies.taking import take_in

__all__ = ["Refused", "Reply", "read_reply", "take_in"]
