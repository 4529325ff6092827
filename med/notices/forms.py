"""What people choose about how they hear of things."""

from typing import Annotated

import msgspec

from med.notices.models import How, Topic


class HearForm(msgspec.Struct, kw_only=True):
    """How one hears of what is one's own, and when the digest comes (Copenhagen time; Monday is 0)."""

    my_meetings: How
    my_points: How
    my_tasks: How
    my_decisions: How
    my_committees: How
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)]
    weekday: Annotated[int, msgspec.Meta(ge=0, le=6)]


class FollowForm(msgspec.Struct, kw_only=True):
    """`about` is the committee's or the decision's number, or the perspective's name."""

    topic: Topic
    about: Annotated[str, msgspec.Meta(max_length=40)]
    how: How
