"""The mails that would leave, and the replies that calendars of the usual kinds would send back."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

from icalendar import Calendar
from sqlalchemy import select, update

from med import clock, language
from med.calendar.jobs import tell_calendars
from med.db import Database
from med.notices import smtp
from med.notices.models import Message, MessageState
from med.notices.outbox import COMPOSERS, Letter
from med.organisation.queries import viewer_for
from med.settings import Settings
from med.slices import Office

SETTINGS = Settings(
    data_dir=Path("/nowhere"),
    database_url="",
    secret="s" * 40,
    base_url="http://127.0.0.1:8000",
    smtp_url="smtp://127.0.0.1:25",
    mail_from="Medspil <medspil@solbaek.example>",
    imap_url="imap://medspil:x@127.0.0.1/INBOX",
)


@dataclass
class Sent:
    """One mail that left: to whom (sign-in name), as a Letter and as bytes."""

    to: str
    kind: str
    letter: Letter
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=default)  # type: ignore[return-value]

    @property
    def event(self) -> Any:
        return next(iter(Calendar.from_ical(self.letter.calendar).walk("VEVENT")))

    @property
    def links(self) -> dict[str, str]:
        """The two links' paths: "ja" and "nej"."""
        found = [line.removeprefix(SETTINGS.base_url) for line in self.letter.text.splitlines() if "/svar/" in line]
        return dict(zip(("ja", "nej"), found, strict=False))


class Post:
    """`post.round()` does what the clock does: plans invitations and sends what waits. Gives the mails by receiver."""

    def __init__(self, database: Database) -> None:
        self.office = Office(database, SETTINGS)

    def plan(self) -> None:
        tell_calendars(self.office)

    def send(self, meeting_id: int | None = None) -> dict[str, Sent]:
        """Compose what waits and count it as sent, or as dropped. Of one meeting, where it is named."""
        found: dict[str, Sent] = {}
        left = set()
        with self.office.database.reading() as db:
            waiting = db.scalars(
                select(Message).where(Message.state == MessageState.WAITING).order_by(Message.id)
            ).all()
            for message in waiting:
                viewer = viewer_for(db, message.person_id or 0)
                before = language.current.set(viewer.language)
                letter = COMPOSERS[message.kind](db, self.office, message, viewer)
                language.current.reset(before)
                if letter is None or meeting_id not in (None, json.loads(message.details)["meeting_id"]):
                    continue
                left.add(message.id)
                assert isinstance(letter, Letter)
                written = smtp.write(letter, viewer.name, message.person.mail, SETTINGS, message.uid, clock.now())
                assert viewer.handle not in found, "one mail to each"
                found[viewer.handle] = Sent(viewer.handle, message.kind, letter, written.as_bytes(policy=SMTP))
        with self.office.database.writing() as db:
            waits = update(Message).where(Message.state == MessageState.WAITING)
            db.execute(waits.where(Message.id.in_(left)).values(state=MessageState.SENT, sent_at=clock.now()))
            db.execute(waits.values(state=MessageState.DROPPED))
        return found

    def forget(self) -> None:
        """All that waits counts as sent."""
        with self.office.database.writing() as db:
            db.execute(update(Message).values(state=MessageState.SENT, sent_at=clock.now()))

    def round(self, meeting_id: int | None = None) -> dict[str, Sent]:
        self.plan()
        return self.send(meeting_id)


OUTLOOK, GOOGLE, APPLE, PLAIN = "outlook", "google", "apple", "plain"


def reply_mail(
    sent: Sent,
    partstat: str = "ACCEPTED",
    client: str = OUTLOOK,
    *,
    stamp: datetime | None = None,
    sequence: int | None = None,
    sender: str = "",
    attendee: str = "",
    uid: str = "",
    method: str = "REPLY",
    extra: str = "",
    headers: dict[str, str] | None = None,
) -> bytes:
    """The mail with which a calendar answers an invitation, in the manner of three that are common, or bare."""
    event = sent.event
    who = attendee or str(event["ATTENDEE"]).removeprefix("mailto:")
    at = (stamp or clock.now()).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    number = event["SEQUENCE"] if sequence is None else sequence
    name = event["ATTENDEE"].params["CN"]
    people = {
        OUTLOOK: f'ATTENDEE;PARTSTAT={partstat};CN="{name}":MAILTO:{who}',
        GOOGLE: f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN={name};X-NUM-GUESTS=0:\r\n"
        f" mailto:{who}",
        PLAIN: f"ATTENDEE;PARTSTAT={partstat}:mailto:{who}",
        APPLE: f'ATTENDEE;CN="{name}";CUTYPE=INDIVIDUAL;EMAIL="{who}";PARTSTAT={partstat}:mailto:{who}',
    }
    lines = [
        "BEGIN:VCALENDAR",
        f"METHOD:{method}",
        "PRODID:-//A calendar//DA",
        "VERSION:2.0",
        "BEGIN:VTIMEZONE", "TZID:Romance Standard Time", "BEGIN:STANDARD", "DTSTART:16010101T030000",
        "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10", "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        people[client],
        f"UID:{uid or event['UID']}",
        "SUMMARY;LANGUAGE=da-DK:Accepteret: " + str(event["SUMMARY"]),
        "DTSTART;TZID=Romance Standard Time:20261209T090000",
        "DTEND;TZID=Romance Standard Time:20261209T110000",
        f"DTSTAMP:{at}",
        f"SEQUENCE:{number}",
        f"ORGANIZER:{event['ORGANIZER']}",
        *extra.splitlines(),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]  # fmt: skip
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"{name} <{sender or who}>"
    mail["To"] = "medspil@solbaek.example"
    mail["Subject"] = "Accepteret: " + str(event["SUMMARY"])
    for header, value in (headers or {}).items():
        mail[header] = value
    body = "\r\n".join(lines).encode()
    params = {"method": method, "charset": "utf-8"}
    if client == OUTLOOK:
        mail.set_content("")
        mail.add_alternative(body, "text", "calendar", cte="base64", params=params)
    elif client == GOOGLE:
        mail.set_content("Har accepteret denne invitation.")
        mail.add_alternative("<p>Har accepteret denne invitation.</p>", subtype="html")
        mail.add_alternative(body, "text", "calendar", cte="base64", params=params)
        mail.make_mixed()
        mail.add_attachment(body, "application", "ics", filename="invite.ics")
    elif client == PLAIN:
        mail.set_content(body, "text", "calendar", cte="8bit", params=params)
    else:
        mail.set_content(body, "text", "calendar", cte="quoted-printable", params=params)
    return mail.as_bytes(policy=SMTP)
