"""What the administrator does with the post, and what is done with a channel."""

import uuid
from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Invalid, NotFound
from med.journal.actions import note
from med.language import T
from med.notices.chat.courier import BadAddress, check_url
from med.notices.models import Channel, MailSetting, Message, MessageState, Outlet, OutletKind
from med.notices.operations import access
from med.notices.operations.forms import OutletForm
from med.notices.outbox import Posting, post
from med.notices.sending import Reason
from med.organisation.queries import committee

WHY_NOT = {
    "form": T("Skriv hele adressen, som kanalen har givet jer. Den begynder med https://."),
    "https": T("Adressen skal begynde med https://."),
    "private": T("Adressen ligger på kommunens eget net. Systemadministratoren kan tillade den med MED_WEBHOOK_HOSTS."),
}


def try_again(db: Session, viewer: Viewer, message: Message) -> None:
    """A dead letter goes back to those that wait, with all its tries before it."""
    require(viewer, access.run_post, message)
    if _leaves_the_dead(db, message, state=MessageState.WAITING, tries=0, next_at=clock.now()):
        note(db, viewer, "message.tried_again", message)


def give_up(db: Session, viewer: Viewer, message: Message) -> None:
    require(viewer, access.run_post, message)
    if _leaves_the_dead(db, message, state=MessageState.DROPPED, error=Reason.GIVEN_UP):
        note(db, viewer, "message.given_up", message)


def _leaves_the_dead(db: Session, message: Message, **values: object) -> bool:
    """False where somebody else was quicker: then there is nothing left to do."""
    dead = (Message.id == message.id, Message.state == MessageState.DEAD)
    return db.execute(update(Message).where(*dead).values(**values).returning(Message.id)).first() is not None


def try_all_again(db: Session, viewer: Viewer) -> int:
    """Every dead letter, when the mail server was what was wrong; but not those to addresses that take no mail."""
    require(viewer, access.run_post, None)
    refused = select(MailSetting.person_id).where(MailSetting.refused_at.is_not(None))
    dead = db.scalars(
        select(Message).where(
            Message.state == MessageState.DEAD, Message.person_id.is_(None) | Message.person_id.not_in(refused)
        )
    ).all()
    for message in dead:
        try_again(db, viewer, message)
    return len(dead)


def accept_address(db: Session, viewer: Viewer, setting: MailSetting) -> None:
    """The address has been put right: mail goes there again."""
    require(viewer, access.run_post, setting)
    if setting.refused_at is not None:
        setting.refused_at, setting.refusal = None, ""
        note(db, viewer, "mail_setting.address_accepted", setting, ["refused_at"])


def open_outlet(db: Session, viewer: Viewer, form: OutletForm, allowed_hosts: Collection[str]) -> Outlet:
    """Open a channel: for one committee, or from the administrator for all of them."""
    require(viewer, access.keep_outlets, None)
    if form.committee is None and not viewer.is_admin:
        raise Invalid(committee=T("Vælg et af dine udvalg."))
    if form.committee is not None:
        try:
            committee(db, viewer, form.committee)
        except NotFound:
            raise Invalid(committee=T("Vælg en af mulighederne.")) from None
        if not (viewer.is_admin or viewer.runs(form.committee)):
            raise Invalid(committee=T("Vælg et af dine udvalg."))
    try:
        check_url(form.url, allowed_hosts)
    except BadAddress as wrong:
        raise Invalid(url=WHY_NOT[str(wrong)]) from None
    same = select(Outlet.id).where(
        Outlet.url == form.url, Outlet.ended_at.is_(None), Outlet.committee_id.is_not_distinct_from(form.committee)
    )
    if db.scalar(same.limit(1)) is not None:
        raise Invalid(url=T("Kanalen er allerede åben."))
    outlet = Outlet(
        uid=str(uuid.uuid4()),
        kind=form.kind,
        name=form.name,
        url=form.url,
        committee_id=form.committee,
        language=form.language,
        made_by_id=viewer.person_id,
        made_at=clock.now(),
    )
    db.add(outlet)
    note(db, viewer, "outlet.opened", outlet)
    return outlet


def try_outlet(db: Session, viewer: Viewer, outlet: Outlet) -> None:
    """Send a few words through the outbox, to see whether they arrive."""
    require(viewer, access.keep_outlet, outlet)
    if outlet.ended_at is not None:
        raise NotFound
    key = f"outlet_trial:{outlet.id}:{uuid.uuid4()}"
    post(db, [Posting(key, "outlet_trial", outlet_id=outlet.id, channel=channel_of(outlet.kind))])
    note(db, viewer, "outlet.tried", outlet)


def end_outlet(db: Session, viewer: Viewer, outlet: Outlet) -> None:
    """Close a channel. What waits for it is dropped when its turn comes."""
    require(viewer, access.keep_outlet, outlet)
    if outlet.ended_at is None:
        outlet.ended_at = clock.now()
        note(db, viewer, "outlet.ended", outlet, ["ended_at"])


def channel_of(kind: OutletKind) -> Channel:
    return Channel.WEBHOOK if kind is OutletKind.WEBHOOK else Channel.CHAT
