"""Who wants to hear of what, what there is to tell them, and the outbox it leaves by."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from med.db import Base
from med.organisation.models import Committee, Person
from med.perspectives.models import Perspective


class How(StrEnum):
    """How someone hears of something, from the quietest to the quickest."""

    NEVER = "never"
    PAGE = "page"  # on the page only
    WEEKLY = "weekly"  # in the week's digest
    DAILY = "daily"  # in the day's digest
    AT_ONCE = "at_once"  # a mail of its own


class Topic(StrEnum):
    """What can be followed. The first five are everybody's own and need no row: the default stands until changed."""

    MY_MEETINGS = "my_meetings"  # agendas sent, meetings moved, minutes to approve
    MY_POINTS = "my_points"  # a point I raised was answered, and what became of it
    MY_TASKS = "my_tasks"  # follow-ups that are mine: given, due, overdue; assessments that are due
    MY_DECISIONS = "my_decisions"  # decisions I am responsible for: due, up for review
    MY_COMMITTEES = "my_committees"  # what the committees I sit on decide
    COMMITTEE = "committee"
    PERSPECTIVE = "perspective"
    DECISION = "decision"


class Subscription(Base):
    """Someone wants to hear of a topic, or of one committee, perspective or decision, in a certain way."""

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("person_id", "topic", "about"),
        CheckConstraint("(topic = 'committee') = (committee_id IS NOT NULL)", name="committee_is_named"),
        CheckConstraint("(topic = 'perspective') = (perspective IS NOT NULL)", name="perspective_is_named"),
        CheckConstraint("(topic = 'decision') = (decision_id IS NOT NULL)", name="decision_is_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    topic: Mapped[Topic]
    about: Mapped[str] = mapped_column(default="")  # the id or key of the one thing, "" for a whole topic
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"), index=True)
    perspective: Mapped[Perspective | None] = mapped_column(index=True)
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"), index=True)
    how: Mapped[How]
    since: Mapped[datetime]

    person: Mapped[Person] = relationship()
    committee: Mapped[Committee | None] = relationship()


class MailSetting(Base):
    """How someone wants their mail: when the digest comes, and whether the address takes any."""

    __tablename__ = "mail_setting"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    hour: Mapped[int] = mapped_column(default=7)  # Copenhagen time
    weekday: Mapped[int] = mapped_column(default=0)  # of the weekly digest; Monday is 0
    stopped_at: Mapped[datetime | None]  # "no mail at all": by the link in a mail, or on the page
    digests_stopped_at: Mapped[datetime | None]  # no digest; what is asked for at once still comes
    refused_at: Mapped[datetime | None]  # the address does not exist, said the mail server
    refusal: Mapped[str] = mapped_column(default="")  # its code and words, for the administrator
    read_to: Mapped[int] = mapped_column(default=0)  # the newest notice that has been seen


class NoticeKind(StrEnum):
    AGENDA_SENT = "agenda_sent"
    MEETING_MOVED = "meeting_moved"
    MEETING_CANCELLED = "meeting_cancelled"
    MINUTES_TO_APPROVE = "minutes_to_approve"
    MINUTES_APPROVED = "minutes_approved"
    POINT_RAISED = "point_raised"  # to those who answer
    POINT_ANSWERED = "point_answered"  # to the one who raised it: by the chairs, and by the minutes
    DECISION_PUBLISHED = "decision_published"
    DECISION_CHANGED = "decision_changed"  # replaced, withdrawn, looked back at; for its followers also how it goes
    TASK_GIVEN = "task_given"
    TASK_CHANGED = "task_changed"
    TASK_DUE = "task_due"  # something to do, by `thing`: a follow-up, an agenda, minutes, an item's hearing, a citizen
    DECISION_DUE = "decision_due"
    REVIEW_DUE = "review_due"


class Notice(Base):
    """Something to tell one person. Holds what it is about, never its words: they are read when it is told, through
    what the person may see by then."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("person_id", "key"),
        Index("ix__notice__person_at", "person_id", "at", "id"),
        Index("ix__notice__untold", "message_id", "how", "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[NoticeKind]
    key: Mapped[str]  # "decision_published:17", "task_due:4:2026-11-24": told once
    thing: Mapped[str]  # what kind of thing: the keys of composing/lines.py
    thing_id: Mapped[int]
    topic: Mapped[Topic]
    about: Mapped[str] = mapped_column(
        default=""
    )  # and which of them, as in Subscription: whoever unfollows it is spared
    how: Mapped[How]
    at: Mapped[datetime]  # when it happened
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))  # the mail that told it

    person: Mapped[Person] = relationship()


class Channel(StrEnum):
    MAIL = "mail"
    CHAT = "chat"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"  # nothing left to say, or no right to hear it, when it was to be sent
    DEAD = "dead"  # tried until it made no sense; the administrator sees it


class Message(Base):
    """The outbox: something that is to leave the house, written in the transaction that is the reason for it.

    Holds who and what about, never words: those are composed when it is sent, by the kind's composer, with the
    rights the receiver has by then. `key` makes it once; `uid` gives every try the same Message-ID.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("(channel = 'mail') = (person_id IS NOT NULL)", name="mail_has_person"),
        CheckConstraint("(channel = 'mail') = (outlet_id IS NULL)", name="other_has_outlet"),
        Index("ix__message__due", "state", "next_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)  # "digest:person:4:2026-11-24"
    uid: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[Channel]
    kind: Mapped[str]  # which composer: "digest", "notice", "invitation", …
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    outlet_id: Mapped[int | None] = mapped_column(ForeignKey("outlet.id"), index=True)
    details: Mapped[str] = mapped_column(default="{}")  # JSON: ids, numbers and dates for the composer
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]  # not before
    tries: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None]
    lease: Mapped[str] = mapped_column(default="")  # who has it in hand
    state: Mapped[MessageState] = mapped_column(default=MessageState.WAITING)
    sent_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")  # what the other side said, cut short

    person: Mapped[Person | None] = relationship()
    outlet: Mapped["Outlet | None"] = relationship()


class OutletKind(StrEnum):
    TEAMS = "teams"
    SLACK = "slack"
    MATTERMOST = "mattermost"
    WEBHOOK = "webhook"


class Outlet(Base):
    """A channel outside the house that hears of what every employee may read: a team's chat, or another system.

    The address is a secret of its own kind and shown shortened; a webhook's signing key is derived from the
    installation's secret and `uid`, and not stored.
    """

    __tablename__ = "outlet"
    __table_args__ = (CheckConstraint("length(name) > 0", name="has_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[OutletKind]
    name: Mapped[str]
    url: Mapped[str]
    committee_id: Mapped[int | None] = mapped_column(ForeignKey("committee.id"), index=True)  # empty: all of them
    language: Mapped[str] = mapped_column(default="da")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")

    committee: Mapped[Committee | None] = relationship()
    made_by: Mapped[Person] = relationship()


class ReadMark(Base):
    """How far someone that reads the journal has come. Reading goes back a while before it: entries written at the
    same time become visible in another order than their numbers."""

    __tablename__ = "read_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(unique=True)
    entry_id: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime]
