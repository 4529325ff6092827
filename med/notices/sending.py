"""What is in the outbox leaves the house: claimed by lease, composed with today's rights, sent, marked.

No transaction is open while the other side is waited for. Whoever is killed leaves at most one message sent and not
marked; when its lease has run out it is sent again, with the same Message-ID.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer
from med.db import is_away
from med.errors import NotFound
from med.notices.chat.courier import TIMEOUT, Courier, Destination
from med.notices.models import Channel, MailSetting, Message, MessageState, Outlet
from med.notices.outbox import COMPOSERS, OPERATIONS, SUMMONS, Away, Later, Letter, Never, NoSuchAddress, Parcel
from med.organisation.models import Person
from med.organisation.queries import viewer_of
from med.slices import Office

log = logging.getLogger("med.sending")

LEASE = timedelta(minutes=5)
PATIENCE = 60.0  # seconds for one message, however slowly the other side talks
BATCH = 20
MOST_TRIES = 10
LONGEST_PAUSE = timedelta(hours=6)
AWAY_PAUSE = timedelta(minutes=2)
BROKEN_IN_A_ROW = 3  # then the line itself is what is wrong
AT_STOP = 3.0  # seconds that a stopping process gives the message in hand


class Reason(StrEnum):
    """Why a message was dropped when it was to be sent."""

    LEFT = "left"  # works here no more
    STOPPED = "stopped"  # wants no mail
    NO_ADDRESS = "no_address"
    REFUSED = "refused"  # the address takes no mail
    NOTHING_LEFT = "nothing_left"  # the composer had nothing to say
    NO_SERVER = "no_server"  # no mail server is set
    CHANNEL_ENDED = "channel_ended"
    GIVEN_UP = "given_up"  # by the administrator


class Ready(Struct, frozen=True):
    """A message with its words and where it goes; nothing of the database is needed any more."""

    uid: str
    content: Letter | Parcel
    name: str = ""
    mail: str = ""
    outlet: Destination | None = None


def send_mail(office: Office) -> None:
    """The errand: everything that is due by mail."""
    Sender(office, (Channel.MAIL,)).run()


def tell_outlets(office: Office) -> None:
    """The errand: everything that is due to chat channels and webhooks. Apart, so that neither waits for the other."""
    Sender(office, (Channel.CHAT, Channel.WEBHOOK)).run()


class Sender:
    def __init__(
        self,
        office: Office,
        channels: Sequence[Channel],
        *,
        lease: timedelta = LEASE,
        patience: float = PATIENCE,
        timeout: float = TIMEOUT,
        batch: int = BATCH,
    ) -> None:
        from med.notices.smtp import Postman  # with the library for mail: a process that sends none never needs it

        self.office = office
        self.channels = channels
        self.lease_time = lease
        self.patience = patience
        self.batch = batch
        self.lease = ""
        self.postman = Postman(office.settings, timeout)
        self.courier = Courier(office.settings, timeout)
        self.guard = Guard(self, office.stopping)
        self.broken = 0  # how often in a row the line to the mail server broke
        self.silent: set[int] = set()  # channels that did not answer in this run

    def run(self) -> int:
        """Send until nothing is due, the other side is away, or the process is to go. Returns how many it handled."""
        handled = 0
        self.guard.start()
        try:
            with self.postman:
                while not self.office.stopping.is_set():
                    began = time.monotonic()
                    ids = self.claim()
                    if not ids:
                        break
                    done = self.work_through(ids, began)
                    handled += done
                    if done < len(ids) and self.broken:
                        break
        finally:
            self.guard.end()
        return handled

    # --- claiming ---------------------------------------------------------------------------------------------------

    def claim(self) -> list[int]:
        """Take the next messages that are due and nobody has in hand, for the time of a lease."""
        self.lease = secrets.token_hex(8)
        now = clock.now()
        free = or_(Message.leased_until.is_(None), Message.leased_until < now)
        due = (
            select(Message.id)
            .where(
                Message.state == MessageState.WAITING,
                Message.next_at <= now,
                free,
                Message.channel.in_(self.channels),
            )
            .order_by(Message.next_at, Message.id)
            .limit(self.batch)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        taking = (
            update(Message)
            .where(Message.id.in_(select(due.c.id)))
            .values(lease=self.lease, leased_until=now + self.lease_time)
            .returning(Message.next_at, Message.id)
            .execution_options(synchronize_session=False)
        )
        with self.office.database.writing() as db:
            return [row.id for row in sorted(db.execute(taking), key=lambda row: (row.next_at, row.id))]

    def work_through(self, ids: Sequence[int], began: float) -> int:
        """Handle the messages of one claim; what there is no time or no line for is put back. Returns how many."""
        last_start = began + self.lease_time.total_seconds() - 1.1 * self.patience
        for place, message_id in enumerate(ids):
            if self.office.stopping.is_set() or (place and time.monotonic() > last_start):
                self.put_back(ids[place:])
                return place
            try:
                self.handle(message_id)
            except Away as away:
                self.broken += 1
                log.warning("nothing can be sent: %s", away.said)
                self.put_back(ids[place:], away)
                return place
            if self.broken >= BROKEN_IN_A_ROW:
                self.put_back(ids[place + 1 :], Away("the line broke again and again"))
                return place + 1
        return len(ids)

    def put_back(self, ids: Sequence[int], away: Away | None = None) -> None:
        """Let go of messages that were not tried. A server that is away for a weekend costs none of them a try."""
        if not ids:
            return
        mine = (Message.id.in_(ids), Message.lease == self.lease, Message.state == MessageState.WAITING)
        later = {"next_at": clock.now() + AWAY_PAUSE, "error": away.said} if away else {}
        with self.office.database.writing() as db:
            db.execute(update(Message).where(*mine).values(lease="", leased_until=None, **later))

    # --- one message ------------------------------------------------------------------------------------------------

    def handle(self, message_id: int) -> None:
        try:
            with self.office.database.reading() as db:
                ready = self.compose(db, message_id)
        except Away as away:
            self.put_back([message_id], away)
            return
        except Exception as failure:
            if is_away(failure):
                raise Away("the database is busy") from failure
            log.exception("message %s could not be composed", message_id)
            self.again(message_id, type(failure).__name__)
            return
        if ready is None:  # no longer ours
            return
        if isinstance(ready, Reason):
            self.settle(message_id, state=MessageState.DROPPED, error=ready)
            return
        try:
            self.guard.watch(self.patience)
            self.send(ready)
        except Away:
            raise
        except Later as later:
            if ready.outlet is not None and later.broken:
                self.silent.add(ready.outlet.id)
            else:
                self.broken = self.broken + 1 if later.broken else 0
            if later.broken and self.office.stopping.is_set():
                self.put_back([message_id])  # cut off by ourselves
            else:
                self.again(message_id, later.said)
        except NoSuchAddress as refusal:
            self.broken = 0
            self.settle(message_id, refusal, state=MessageState.DEAD, error=refusal.said)
        except Never as refusal:
            self.broken = 0
            self.settle(message_id, state=MessageState.DEAD, error=refusal.said)
        except Exception as failure:  # a letter that cannot be made into a mail: the kind, never the content
            log.exception("message %s could not be sent", message_id)
            self.again(message_id, type(failure).__name__)
        else:
            self.broken = 0
            self.settle(message_id, state=MessageState.SENT, sent_at=clock.now(), error="")
        finally:
            self.guard.rest()

    def compose(self, db: Session, message_id: int) -> Ready | Reason | None:
        message = db.get(Message, message_id)
        if message is None or not self.is_mine(message):
            return None
        if message.channel is not Channel.MAIL:
            return self.compose_for_outlet(db, message)
        person = db.get_one(Person, message.person_id)
        viewer = may_receive(db, self.office, message, person)
        if isinstance(viewer, Reason):
            return viewer
        content = self.words(db, message, viewer, viewer.language)
        if content is None:
            return Reason.NOTHING_LEFT
        return Ready(message.uid, content, person.name, person.mail)

    def compose_for_outlet(self, db: Session, message: Message) -> Ready | Reason:
        outlet = db.get_one(Outlet, message.outlet_id)
        if outlet.ended_at is not None:
            return Reason.CHANNEL_ENDED
        to = Destination(outlet.id, outlet.uid, outlet.kind, outlet.url)
        if to.id in self.silent:
            raise Away("this channel does not answer")
        content = self.words(db, message, None, outlet.language)
        return Reason.NOTHING_LEFT if content is None else Ready(message.uid, content, outlet=to)

    def words(self, db: Session, message: Message, viewer: Viewer | None, tongue: str) -> Letter | Parcel | None:
        before = language.current.set(tongue)
        try:
            return COMPOSERS[message.kind](db, self.office, message, viewer)
        finally:
            language.current.reset(before)

    def is_mine(self, message: Message) -> bool:
        """Whether the lease is still ours and long enough: whoever was held up must not send what others have."""
        return (
            message.lease == self.lease
            and message.state is MessageState.WAITING
            and message.leased_until is not None
            and message.leased_until > clock.now() + timedelta(seconds=self.patience)
        )

    def send(self, ready: Ready) -> None:
        if isinstance(ready.content, Letter):
            from med.notices.smtp import write

            settings = self.office.settings
            self.postman.deliver(write(ready.content, ready.name, ready.mail, settings, ready.uid, clock.now()))
        else:
            assert ready.outlet is not None
            self.courier.deliver(ready.outlet, ready.uid, ready.content)

    # --- afterwards -------------------------------------------------------------------------------------------------

    def again(self, message_id: int, said: str) -> None:
        """One try is used up. The next is after a while, or never."""
        with self.office.database.reading() as db:
            uid, tries = db.execute(select(Message.uid, Message.tries).where(Message.id == message_id)).one()
        tries += 1
        if tries >= MOST_TRIES:
            self.settle(message_id, state=MessageState.DEAD, tries=tries, error=said)
        else:
            self.settle(message_id, tries=tries, error=said, next_at=clock.now() + pause(uid, tries))

    def settle(self, message_id: int, refusal: NoSuchAddress | None = None, **values: object) -> bool:
        """Write down what became of a message, if it is still ours. A database that is busy is asked again: a message
        that was sent and not marked is sent twice."""
        for wait in (0.2, 1.0, 3.0, None):
            try:
                with self.office.database.writing() as db:
                    done = db.execute(
                        update(Message)
                        .where(
                            Message.id == message_id,
                            Message.lease == self.lease,
                            Message.state == MessageState.WAITING,
                        )
                        .values(lease="", leased_until=None, **values)
                        .returning(Message.person_id, Message.outlet_id)
                    ).first()
                    if done is None:
                        log.warning("message %s was taken over by another worker", message_id)
                        return False
                    if done.person_id and refusal:
                        mark_refused(db, done.person_id, refusal.said)
                    if done.outlet_id and values.get("state") is not MessageState.DROPPED:
                        told = {"told_at": values["sent_at"]} if "sent_at" in values else {}
                        outlet = update(Outlet).where(Outlet.id == done.outlet_id)
                        db.execute(outlet.values(error=values.get("error", ""), **told))
                return True
            except DBAPIError as failure:
                if wait is None or not is_away(failure):
                    raise
                time.sleep(wait)
        return False


def may_receive(db: Session, office: Office, message: Message, person: Person) -> Viewer | Reason:
    """The receiver as policies know them at this moment, or why they get nothing."""
    if not office.settings.smtp_url:
        return Reason.NO_SERVER
    try:
        viewer = viewer_of(db, person)
    except NotFound:
        return Reason.LEFT
    if not (viewer.is_employee or (viewer.is_admin and message.kind in OPERATIONS)):
        return Reason.LEFT
    setting = db.scalar(select(MailSetting).where(MailSetting.person_id == person.id))
    if setting is not None and setting.refused_at is not None:
        return Reason.REFUSED
    if setting is not None and setting.stopped_at is not None and message.kind not in SUMMONS:
        return Reason.STOPPED
    return viewer if person.mail.strip() else Reason.NO_ADDRESS


def mark_refused(db: Session, person_id: int, said: str) -> None:
    setting = db.scalar(select(MailSetting).where(MailSetting.person_id == person_id))
    if setting is None:
        setting = MailSetting(person_id=person_id)
        db.add(setting)
    setting.refused_at, setting.refusal = clock.now(), said


def pause(uid: str, tries: int) -> timedelta:
    """1, 2, 4 … minutes, at most six hours, a quarter more or less: so that not all come back at once."""
    spread = int.from_bytes(hashlib.sha256(f"{uid} {tries}".encode()).digest()[:4]) / 2**32
    return min(timedelta(minutes=2 ** (tries - 1)), LONGEST_PAUSE) * (0.75 + 0.5 * spread)


class Guard(threading.Thread):
    """Watches the conversation with the other side from a thread of its own, and cuts it when it takes too long:
    a server that sends one letter every 19 seconds keeps within every timeout."""

    def __init__(self, sender: Sender, stopping: threading.Event) -> None:
        super().__init__(name="sending guard", daemon=True)
        self.sender = sender
        self.stopping = stopping
        self.until: float | None = None
        self.over = threading.Event()

    def watch(self, seconds: float) -> None:
        self.until = time.monotonic() + seconds

    def rest(self) -> None:
        self.until = None

    def end(self) -> None:
        self.over.set()
        self.join()

    def run(self) -> None:
        while not self.over.wait(0.1):
            if self.until is not None and self.stopping.is_set():
                self.until = min(self.until, time.monotonic() + AT_STOP)
            if self.until is not None and time.monotonic() > self.until:
                self.sender.postman.cut()
                self.sender.courier.cut()
