"""What a mail from anywhere says: one person's reply to one invitation, or why it is none (RFC 5546, 6047).

Nothing here trusts the mail. It may be anything at all: a bounce, an advertisement, a calendar made to stop the
program that reads it. Of the calendar only the few lines a reply consists of are handed on to the library; a time
zone with a rule for every second since 1970 is never looked at.
"""

import codecs
import email
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from typing import Any

from msgspec import Struct

from med.calendar.models import Verdict

LARGEST_MAIL = 1024 * 1024
LARGEST_CALENDAR = 256 * 1024
LONGEST_LINE = 4000  # of those that matter
LONGEST_HEADER = 2000
LONGEST_NAME = 300
MOST_PARTS = 40
DEEPEST = 8
LARGEST_SEQUENCE = 2**31
# What a part says it is, over all its lines. The library takes time by the square of its length: 1 MB is minutes.
LABELS = re.compile(rb"(?:\A|[\r\n])content-[a-z-]*[ \t]*:[^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*", re.IGNORECASE)
OURS = ("METHOD", "UID", "SEQUENCE", "DTSTAMP", "ATTENDEE")
LETTERS = re.compile(r"utf-(?:8|16|16-le|16-be|7)|ascii|iso8859-\d{1,2}|cp125\d|mac-roman|koi8-r", re.ASCII)


class Refused(Exception):
    """The mail is no reply that can be taken in. `why` is a key of `words.WHY`, `uid` that of a meeting it names."""

    def __init__(self, verdict: Verdict, why: str, sender: str = "") -> None:
        super().__init__(why)
        self.verdict = verdict
        self.why = why
        self.sender = sender
        self.uid = ""


class Reply(Struct, frozen=True):
    """Who says what about which version of a meeting. Addresses are in small letters, `stamp` is in whole seconds."""

    uid: str
    sequence: int
    stamp: datetime
    attendee: str
    sender: str
    comes: bool
    is_sender: bool  # the mail comes from the attendee alone: not on behalf of, not through somebody else


def read_reply(raw: bytes, authserv_id: str = "") -> Reply:
    """The reply in a mail's bytes. Raises Refused, and nothing else, whatever the bytes are.

    `authserv_id` names the mail server of the house: with it, only mails that it marked as proven (DMARC) are read.
    """
    sender = ""
    try:
        if len(raw) > LARGEST_MAIL:
            raise Refused(Verdict.UNREADABLE, "too_large")
        if any(len(found[0]) > LONGEST_HEADER for found in LABELS.finditer(raw)):
            raise Refused(Verdict.UNREADABLE, "broken")
        mail = email.message_from_bytes(raw)  # with the policy compat32: headers as they came
        sender = address(mail, "From")
        if not sender:
            raise Refused(Verdict.FORGED if "From" in mail else Verdict.UNREADABLE, "senders")
        check_proof(mail, authserv_id)
        text, method = calendar_of(mail)
        return reply_in(text, method, sender, on_behalf="Sender" in mail and address(mail, "Sender") != sender)
    except Refused as refused:
        refused.sender = refused.sender or sender
        raise
    except Exception as failure:  # the standard library and icalendar raise many kinds for what is not mail at all
        raise Refused(Verdict.UNREADABLE, "broken", sender) from failure


# --- the mail ---------------------------------------------------------------------------------------------------------


# One address, bare or behind a name. Stricter than the standard on purpose: how a list, a comment or a name with an
# address in it is to be read is where one program sees another sender than the next (CVE-2023-27043).
BARE = r"[^\s<>@,;:\"()\[\]\\]+@[^\s<>@,;:\"()\[\]\\]+"
ONE_ADDRESS = re.compile(rf"\s*(?:(?:\"(?:[^\"\\]|\\.)*\"|[^\"<>,;]*)\s*<({BARE})>|({BARE}))\s*", re.DOTALL)


def address(mail: Message, header: str) -> str:
    """The one address in a header, in small letters; "" where it is missing, or holds anything else."""
    found = [str(value) for value in mail.get_all(header, [])]
    if len(found) != 1 or len(found[0]) > LONGEST_HEADER:
        return ""
    fits = ONE_ADDRESS.fullmatch(found[0])
    return (fits[1] or fits[2]).lower() if fits else ""


def check_proof(mail: Message, authserv_id: str) -> None:
    """What the receiving mail server says of the sender, on top of the mail (RFC 8601). A sender can forge a good
    word only where no name was given; a bad word is always believed."""
    said = [" ".join(str(value).split()).lower() for value in mail.get_all("Authentication-Results", [])]
    if authserv_id:
        said = [words for words in said if words.partition(";")[0].split(" ")[0] == authserv_id.lower()]
    newest = said[0][:LONGEST_HEADER] if said else ""
    if "dmarc=fail" in newest or (authserv_id and not is_proven(newest)):
        raise Refused(Verdict.FORGED, "not_proven")


# The sender's own words stand in there too: dmarc=pass@evil.example is an address one may send from.
IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"|\((?:[^()"\\]|\\.)*\)')


def is_proven(said: str) -> bool:
    """Whether dmarc=pass is a result of its own, the only one of its kind, and no part of somebody's address."""
    while (bare := IN_QUOTES.sub("", said)) != said:  # comments stand in comments
        said = bare
    results = re.findall(r";\s*dmarc\s*=\s*([a-z]*)", said)
    return results == ["pass"] and not set('"()') & set(said)


def calendar_of(mail: Message) -> tuple[str, str]:
    """The calendar in the mail, and the method its part is labelled with ("" for none)."""
    found: list[tuple[str, str]] = []
    attached: list[tuple[str, str]] = []
    for part in parts(mail, 0):
        kind = part.get_content_type()
        if kind not in ("text/calendar", "application/ics"):
            continue
        body = part.get_payload(decode=True)
        if not isinstance(body, bytes):
            continue
        if len(body) > LARGEST_CALENDAR:
            raise Refused(Verdict.UNREADABLE, "too_large")
        one = decoded(body, str(part.get_param("charset") or "")), str(part.get_param("method") or "").upper()
        (found if kind == "text/calendar" else attached).append(one)
    found = found or attached
    if not found:
        raise Refused(Verdict.NOT_A_REPLY, "no_calendar")
    if len({text.strip() for text, _ in found}) > 1:
        raise Refused(Verdict.UNREADABLE, "several")
    return found[0]


def parts(mail: Message, depth: int) -> Iterator[Message]:
    """The parts of this mail itself. A mail that is only forwarded in it is somebody else's word."""
    if not mail.is_multipart():
        yield mail
    elif mail.get_content_maintype() == "multipart":
        inside = mail.get_payload()
        if depth >= DEEPEST or len(inside) > MOST_PARTS:
            raise Refused(Verdict.UNREADABLE, "broken")
        for part in inside:
            if isinstance(part, Message):
                yield from parts(part, depth + 1)


def decoded(body: bytes, charset: str) -> str:
    """As the part says, where that is a way of writing letters and true; else UTF-8, else Latin-1."""
    for name in (charset, "utf-8"):
        try:
            if LETTERS.fullmatch(codecs.lookup(name).name):
                return body.decode(name)
        except (LookupError, ValueError):
            continue
    return body.decode("latin-1")


# --- the calendar in it -----------------------------------------------------------------------------------------------


def reply_in(text: str, labelled: str, sender: str, *, on_behalf: bool) -> Reply:
    from icalendar import Calendar, Event

    kept = lines_that_matter(text)
    calendar: Any = Calendar.from_ical("\r\n".join(kept) + "\r\n")
    method = str(calendar.get("METHOD", "")).upper()
    if not isinstance(calendar, Calendar) or (labelled and method and labelled != method):
        raise Refused(Verdict.NOT_A_REPLY, "methods_differ")
    events = [one for one in calendar.subcomponents if isinstance(one, Event)]
    if len(events) != 1:
        raise Refused(Verdict.UNREADABLE, "several")
    uid = str(events[0]["UID"]).strip()
    if not uid.isprintable() or len(uid) > LONGEST_NAME:
        raise Refused(Verdict.UNREADABLE, "broken")  # a zero byte has no place in a database
    try:
        if (method or labelled) != "REPLY":
            raise Refused(Verdict.NOT_A_REPLY, "counter" if (method or labelled) == "COUNTER" else "other_method")
        return reply_of(events[0], uid, sender, on_behalf)
    except Refused as refused:
        refused.uid = uid
        raise


def reply_of(event: Any, uid: str, sender: str, on_behalf: bool) -> Reply:
    attendee = event.get("ATTENDEE")
    if attendee is None or isinstance(attendee, list):
        raise Refused(Verdict.UNREADABLE, "attendees")
    who = str(attendee).strip().lower().removeprefix("mailto:").strip()
    if not (who.isprintable() and sender.isprintable()) or len(who) > LONGEST_NAME:
        raise Refused(Verdict.UNREADABLE, "broken")
    by = str(attendee.params.get("SENT-BY", "")).strip().lower().removeprefix("mailto:")
    return Reply(
        uid=uid,
        sequence=sequence_of(event),
        stamp=stamp_of(event),
        attendee=who,
        sender=sender,
        comes=answer(str(attendee.params.get("PARTSTAT", "NEEDS-ACTION"))),
        is_sender=who == sender and by in ("", sender) and not on_behalf,
    )


def lines_that_matter(text: str) -> list[str]:
    """The calendar's method and, of its event, who answers what: unfolded, all else left out."""
    kept: list[str] = []
    inside: list[str] = []
    for line in re.sub(r"\r?\n[ \t]", "", text.replace("\ufeff", "")).splitlines():
        name = re.split("[;:]", line[:40], maxsplit=1)[0].strip().upper()
        value = line[:60].partition(":")[2].strip().upper()
        if name == "BEGIN":
            inside.append(value)
            if inside in (["VCALENDAR"], ["VCALENDAR", "VEVENT"]):
                kept.append(f"BEGIN:{value}")
        elif name == "END":
            if inside in (["VCALENDAR"], ["VCALENDAR", "VEVENT"]) and inside[-1] == value:
                kept.append(f"END:{value}")
            if inside and inside[-1] == value:
                inside.pop()
        elif inside == ["VCALENDAR"] and name == "METHOD":
            kept.append(short(line))
        elif inside == ["VCALENDAR", "VEVENT"] and name == "RECURRENCE-ID":
            raise Refused(Verdict.FOREIGN, "series")  # none of our meetings is one of a series
        elif inside == ["VCALENDAR", "VEVENT"] and name in OURS:
            kept.append(short(line))
        if len(kept) > 60 or len(inside) > 10:
            raise Refused(Verdict.UNREADABLE, "several")
    if "BEGIN:VEVENT" not in kept:
        raise Refused(Verdict.NOT_A_REPLY, "no_calendar")
    return kept


def short(line: str) -> str:
    if len(line) > LONGEST_LINE:
        raise Refused(Verdict.UNREADABLE, "broken")
    return line


def sequence_of(event: Any) -> int:
    number = int(event.get("SEQUENCE", 0))
    if not 0 <= number < LARGEST_SEQUENCE:
        raise Refused(Verdict.UNREADABLE, "broken")
    return number


def stamp_of(event: Any) -> datetime:
    found = event["DTSTAMP"].dt
    if not isinstance(found, datetime):
        raise Refused(Verdict.UNREADABLE, "broken")
    # Some calendars leave out the Z: RFC 5545 asks for UTC, so UTC it is.
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def answer(partstat: str) -> bool:
    match partstat.strip().upper():
        case "ACCEPTED":
            return True
        case "DECLINED":
            return False
        case "TENTATIVE":
            raise Refused(Verdict.NOT_A_REPLY, "tentative")
        case "DELEGATED":
            raise Refused(Verdict.NOT_A_REPLY, "delegated")
    raise Refused(Verdict.NOT_A_REPLY, "no_answer")
