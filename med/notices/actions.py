"""Choosing what to hear of and how: one's own topics, what one follows, and the mail as a whole."""

from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.db import insert_into
from med.errors import NotFound
from med.journal.actions import note
from med.notices import access
from med.notices.access import own_subscriptions, visible_subscriptions
from med.notices.forms import FollowForm, HearForm
from med.notices.models import How, MailSetting, Notice, Subscription, Topic
from med.notices.planning.workplace import DEFAULTS
from med.notices.queries import how_followed, what_to_follow
from med.organisation.models import Person


def keep_wishes(db: Session, viewer: Viewer, form: HearForm) -> None:
    """How one hears of what is one's own, and when. What waits to be told follows the new choice."""
    for topic, before in DEFAULTS.items():
        how = getattr(form, topic.value)
        if how is not (how_followed(db, viewer, topic, "") or before):
            _choose(db, viewer, topic, "", {}, how)
    setting = own_setting(db, viewer.person_id)
    if (setting.hour, setting.weekday) != (form.hour, form.weekday):
        setting.hour, setting.weekday = form.hour, form.weekday
        note(db, viewer, "mail.changed", setting, ["hour", "weekday"])


def follow(db: Session, viewer: Viewer, form: FollowForm) -> None:
    """Follow a committee, a perspective or a decision the viewer may see; "not at all" ends it.

    For a committee one sits on "not at all" is kept as a choice: else the default for one's own would come back.
    """
    require(viewer, access.follow, None)
    named = what_to_follow(db, viewer, form.topic, form.about)
    sits = form.topic is Topic.COMMITTEE and int(form.about) in viewer.committee_ids
    if form.how is How.NEVER and not sits:
        unfollow(db, viewer, form.topic, form.about)
        return
    if how_followed(db, viewer, form.topic, form.about) is not form.how:
        _choose(db, viewer, form.topic, form.about, named, form.how)


def unfollow(db: Session, viewer: Viewer, topic: Topic, about: str) -> None:
    for gone in db.scalars(
        select(Subscription).where(own_subscriptions(viewer), Subscription.topic == topic, Subscription.about == about)
    ).all():
        note(db, viewer, "subscription.ended", gone)
        db.delete(gone)
    _follow_suit(db, viewer, topic, about, How.NEVER)


def forget_lost(db: Session, viewer: Viewer) -> None:
    """End what was followed and may no longer be seen."""
    seen = select(Subscription.id).where(visible_subscriptions(viewer))
    for gone in db.scalars(select(Subscription).where(own_subscriptions(viewer), Subscription.id.not_in(seen))).all():
        note(db, viewer, "subscription.ended", gone)
        db.delete(gone)


def _choose(db: Session, viewer: Viewer, topic: Topic, about: str, named: dict[str, Any], how: How) -> None:
    db.execute(
        insert_into(db, Subscription)
        .values(person_id=viewer.person_id, topic=topic, about=about, how=how, since=clock.now(), **named)
        .on_conflict_do_update(index_elements=["person_id", "topic", "about"], set_={"how": how})
    )
    made = db.scalars(
        select(Subscription).where(own_subscriptions(viewer), Subscription.topic == topic, Subscription.about == about)
    ).one()
    note(db, viewer, "subscription.changed", made, ["how"])
    _follow_suit(db, viewer, topic, about, how)


def _follow_suit(db: Session, viewer: Viewer, topic: Topic, about: str, how: How) -> None:
    """Notices that no mail has told yet go the new way. What is no longer wanted stays on the page, unmailed."""
    db.execute(
        update(Notice)
        .where(
            Notice.person_id == viewer.person_id,
            Notice.topic == topic,
            Notice.about == about,
            Notice.message_id.is_(None),
            Notice.how != How.PAGE,
        )
        .values(how=How.PAGE if how is How.NEVER else how)
    )


# --- the mail as a whole --------------------------------------------------------------------------------------------


class Stop(StrEnum):
    """What no longer comes. Being called to a meeting goes with the seat, and always comes."""

    DIGEST = "digest"  # the day's and the week's digest
    NOTICE = "notice"  # mails at once
    ALL = "all"


def own_setting(db: Session, person_id: int) -> MailSetting:
    """The person's own row, made where there is none. Raises NotFound where there is no such person."""
    if db.get(Person, person_id) is None:
        raise NotFound
    db.execute(
        insert_into(db, MailSetting).values(person_id=person_id).on_conflict_do_nothing(index_elements=["person_id"])
    )
    return db.scalars(select(MailSetting).where(MailSetting.person_id == person_id).with_for_update()).one()


def stop_mail(db: Session, viewer: Viewer | None, person_id: int, what: Stop) -> MailSetting:
    """Stop a kind of mail. `viewer` is None where only a link in a mail says so. Twice is as good as once."""
    setting = own_setting(db, person_id)
    if what is Stop.ALL and setting.stopped_at is None:
        setting.stopped_at = clock.now()
        note(db, viewer, "mail.stopped", setting, ["stopped_at"])
    if what is Stop.DIGEST and setting.digests_stopped_at is None:
        setting.digests_stopped_at = clock.now()
        note(db, viewer, "mail.stopped", setting, ["digests_stopped_at"])
    if what is Stop.NOTICE:
        mine = (Subscription.person_id == person_id, Subscription.how == How.AT_ONCE)
        if db.scalar(select(Subscription.id).where(*mine).limit(1)) is not None:
            db.execute(update(Subscription).where(*mine).values(how=How.PAGE))
            note(db, viewer, "mail.stopped", setting, ["at_once"])
    return setting


def resume_mail(db: Session, viewer: Viewer) -> None:
    """Mail may come again, digest included. What was missed meanwhile stands on the page."""
    setting = own_setting(db, viewer.person_id)
    if setting.stopped_at is not None or setting.digests_stopped_at is not None:
        setting.stopped_at = setting.digests_stopped_at = None
        note(db, viewer, "mail.resumed", setting, ["stopped_at", "digests_stopped_at"])


def read_news(db: Session, viewer: Viewer, up_to: int) -> None:
    """Everything up to this notice has been seen; one that does not exist yet cannot have been."""
    newest = db.scalar(select(func.max(Notice.id)).where(Notice.person_id == viewer.person_id)) or 0
    setting = own_setting(db, viewer.person_id)
    setting.read_to = max(setting.read_to, min(up_to, newest))
