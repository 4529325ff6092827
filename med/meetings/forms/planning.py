"""What people fill in when they plan a meeting, change it, answer an invitation."""

from datetime import date, time
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from med import clock
from med.errors import Invalid
from med.language import T
from med.meetings.deadlines import within_reach
from med.meetings.models import Kind, Reply

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Line = Annotated[str, msgspec.Meta(max_length=200)]
Name = Annotated[str, msgspec.Meta(max_length=200)]  # of a person: whole name, sign-in name, or "name (sign-in name)"
Words = Annotated[str, msgspec.Meta(max_length=2000)]


class PlanMeeting(msgspec.Struct, kw_only=True):
    """A meeting as it is planned. An empty title becomes the usual one: "MED-ledelsen, december".

    `day_anyway` says yes to a Sunday or a holiday; `waiver` is why a deadline that has passed is set aside.
    """

    day: date
    starts: time
    ends: time
    kind: Kind = Kind.ORDINARY
    title: Line = ""
    place: Line = ""
    video_url: Annotated[str, msgspec.Meta(max_length=500)] = ""
    about: Words = ""
    is_open: bool = False
    draft_shown: bool = False
    with_budget: bool = False
    minute_taker: Name = ""
    moderator: Name = ""
    day_anyway: bool = False
    waiver: Words = ""

    def __post_init__(self) -> None:
        if self.ends <= self.starts:
            raise Invalid(ends=T("Mødet skal slutte, efter at det er begyndt."))
        if self.video_url:
            try:
                parts = urlsplit(self.video_url)
                fits = parts.scheme in {"http", "https"} and bool(parts.hostname)
            except ValueError:
                fits = False
            if not fits or any(letter.isspace() for letter in self.video_url):
                raise Invalid(video_url=T("Skriv en adresse, der begynder med https://."))


class ChangeMeeting(PlanMeeting, kw_only=True):
    """The same, on top of the version of the meeting that was on the screen."""

    version: Version


class CancelMeeting(msgspec.Struct):
    reason: Annotated[str, msgspec.Meta(max_length=1000)]

    def __post_init__(self) -> None:
        if len(self.reason) < 3:
            raise Invalid(reason=T("Skriv hvorfor, så andre kan forstå det."))


class PlannedDay(msgspec.Struct):
    """The day whose deadlines are asked for, before the rest is filled in."""

    day: date

    def __post_init__(self) -> None:
        within_reach(self.day, clock.today())


class ApproveAgenda(msgspec.Struct):
    """`seen` is the mark of the agenda that was on the screen."""

    seen: Annotated[str, msgspec.Meta(max_length=64)] = ""


class ReplyToMeeting(msgspec.Struct):
    """Do I come? When not: why, and which substitute is asked (an id of a person, from the list)."""

    reply: Reply
    substitute: Id | None = None
    note: Annotated[str, msgspec.Meta(max_length=300)] = ""

    def __post_init__(self) -> None:
        if self.reply is Reply.INVITED:
            raise Invalid(reply=T("Vælg en af mulighederne."))
