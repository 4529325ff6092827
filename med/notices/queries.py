"""Questions about one person's notices and wishes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from med.access import Viewer
from med.decisions.access import visible_decisions
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.errors import NotFound
from med.notices.access import own_notices, own_subscriptions, visible_subscriptions
from med.notices.models import How, MailSetting, Notice, Subscription, Topic
from med.notices.planning.workplace import DEFAULTS
from med.organisation.access import ANY_EMPLOYEE
from med.organisation.models import Committee, Person
from med.organisation.queries import committee
from med.perspectives.models import Perspective
from med.perspectives.queries import titles
from med.prepared import Prepared

ON_A_PAGE = 30
COUNT_TO = 99


# --- wishes ---------------------------------------------------------------------------------------------------------


class Followed(Struct, frozen=True):
    topic: Topic
    about: str
    title: str
    href: str
    how: How


class Hearing(Struct, frozen=True):
    """All that `/mig/besked` shows. `lost` counts what was followed and may no longer be seen."""

    own: dict[Topic, How]
    setting: MailSetting
    followed: Sequence[Followed]
    lost: int


def hearing(db: Session, viewer: Viewer) -> Hearing:
    own = dict(DEFAULTS)
    rows = db.execute(
        select(Subscription.topic, Subscription.how).where(own_subscriptions(viewer), Subscription.about == "")
    )
    own.update({row.topic: row.how for row in rows})
    found = followed(db, viewer)
    everything = db.scalar(
        select(func.count()).select_from(Subscription).where(own_subscriptions(viewer), Subscription.about != "")
    )
    return Hearing(own, mail_setting(db, viewer.person_id), found, (everything or 0) - len(found))


def mail_setting(db: Session, person_id: int) -> MailSetting:
    """How somebody wants their mail; the defaults, not kept, for one who never chose."""
    found = db.scalar(select(MailSetting).where(MailSetting.person_id == person_id))
    return found or MailSetting(person_id=person_id, hour=7, weekday=0, refusal="", read_to=0)


def address(db: Session, viewer: Viewer) -> str:
    return db.scalar(select(Person.mail).where(Person.id == viewer.person_id)) or ""


def followed(db: Session, viewer: Viewer) -> list[Followed]:
    """What the viewer follows and may see, by kind and name."""
    rows = db.execute(
        select(
            Subscription.topic,
            Subscription.about,
            Subscription.perspective,
            Subscription.how,
            Committee.name,
            Decision.text,
        )
        .outerjoin(Committee, Committee.id == Subscription.committee_id)
        .outerjoin(Decision, Decision.id == Subscription.decision_id)
        .where(visible_subscriptions(viewer), Subscription.about != "")
    ).all()
    names = titles(db) if any(row.perspective for row in rows) else {}
    found = []
    for row in rows:
        if row.topic is Topic.COMMITTEE:
            title, href = row.name, f"/udvalg/{row.about}"
        elif row.topic is Topic.PERSPECTIVE:
            title, href = names[row.perspective].title, f"/perspektiver/{row.about}"
        else:
            title, href = heading(row.text), f"/beslutninger/{row.about}"
        found.append(Followed(row.topic, row.about, title, href, row.how))
    return sorted(found, key=lambda one: (list(Topic).index(one.topic), one.title))


def how_followed(db: Session, viewer: Viewer, topic: Topic, about: str) -> How | None:
    """What the viewer chose for one thing; None where they chose nothing."""
    return next((how for [how] in FOLLOWED(db, who=viewer.person_id, topic=topic, about=about)), None)


FOLLOWED = Prepared(
    lambda: select(Subscription.how).where(
        own_subscriptions(ANY_EMPLOYEE),
        Subscription.topic == bindparam("topic"),
        Subscription.about == bindparam("about"),
    )
)


def what_to_follow(db: Session, viewer: Viewer, topic: Topic, about: str) -> dict[str, Any]:
    """The column that names the thing. Raises NotFound for what is not there or the viewer may not see."""
    if topic is Topic.PERSPECTIVE and about in set(Perspective):
        return {"perspective": Perspective(about)}
    number = int(about) if about.isascii() and about.isdecimal() and len(about) <= 18 else 0
    if topic is Topic.COMMITTEE and str(number) == about:
        return {"committee_id": committee(db, viewer, number).id}
    if topic is Topic.DECISION and str(number) == about:
        found = db.scalar(select(Decision.id).where(Decision.id == number, visible_decisions(viewer)))
        if found is not None:
            return {"decision_id": found}
    raise NotFound


# --- notices --------------------------------------------------------------------------------------------------------


class News(Struct, frozen=True):
    notices: Sequence[Notice]
    older: int | None  # the last one's id where there are more
    newest: int  # id, of those on the page


def news(db: Session, viewer: Viewer, after: int = 0) -> News:
    """The viewer's notices, newest first, a page at a time: those older than `after`."""
    asked = select(Notice).where(own_notices(viewer))
    if after:
        mark: tuple[datetime, int] | None = db.execute(
            select(Notice.at, Notice.id).where(own_notices(viewer), Notice.id == after)
        ).first()
        if mark is None:
            raise NotFound
        asked = asked.where(tuple_(Notice.at, Notice.id) < tuple_(*mark))
    found = db.scalars(asked.order_by(Notice.at.desc(), Notice.id.desc()).limit(ON_A_PAGE + 1)).all()
    page = found[:ON_A_PAGE]
    more = page[-1].id if len(found) > ON_A_PAGE else None
    return News(page, more, max((notice.id for notice in page), default=0))


def unread(db: Session, viewer: Viewer) -> int:
    """How many notices are new to the viewer, counted no further than a badge shows."""
    [(found,)] = UNREAD(db, who=viewer.person_id)
    return int(found)


def _unread() -> Any:
    read_to = select(func.coalesce(func.max(MailSetting.read_to), 0)).where(MailSetting.person_id == bindparam("who"))
    new = select(Notice.id).where(own_notices(ANY_EMPLOYEE), Notice.id > read_to.scalar_subquery())
    return select(func.count()).select_from(new.limit(COUNT_TO + 1).subquery())


UNREAD = Prepared(_unread)
