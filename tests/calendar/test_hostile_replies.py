"""Thousands of mails made to break in or break down: never a failure, never anybody's answer but the sender's own.

What is sent is drawn with a fixed seed. `MED_TIMES=10 MED_SEED=7 pytest tests/calendar/test_hostile_replies.py` sends
3,000, and others.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from med import clock
from med.calendar.models import IncomingReply, Verdict
from med.calendar.replies import take_in
from med.meetings.models import Attendance, Part, Reply
from med.organisation.models import Person
from tests.calendar.mails import APPLE, GOOGLE, OUTLOOK, PLAIN, Sent, reply_mail

SEED = int(os.environ.get("MED_SEED", "20261121"))
MAILS = 300 * int(os.environ.get("MED_TIMES", "1"))
SLOWEST = 5.0  # seconds for one mail, on a machine that has other things to do
WORDS = [
    b"\0", b"\r", b"\n", b"\r\n\r\n", b"\xff\xfe", b"=?utf-8?b?4pyT?=", b"=?zip?q?x?=", b"<", b">", b"@", b'"', b";",
    b"mailto:", b"MAILTO:bo@solbaek.example", b"ATTENDEE:mailto:bo@solbaek.example\r\n", b"BEGIN:VEVENT\r\n", b",",
    b"END:VCALENDAR\r\n", b"METHOD:REPLY\r\n", b"SEQUENCE:99999999999999999999\r\n", b"SEQUENCE:-1\r\n", b"\\n", b" ",
    b"DTSTAMP:99991231T235959Z\r\n", b"DTSTAMP:00000000T000000\r\n", b"UID:\r\n", b"PARTSTAT=DECLINED", b"=\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x--\r\n", b"%s%n",
    b"From: carla@solbaek.example\r\n", b"Sender: carla@solbaek.example\r\n", b"\xe2\x80\xae",
    b"RRULE:FREQ=SECONDLY\r\n",
    b"charset=utf-7", b"charset*0*=x''%ff", b"boundary=", b"TZID=Nowhere:", b"VALUE=DATE:", b"\t", b"\x85", b"\x0b",
]  # fmt: skip
SENDERS = [
    b"YOU", b"ME, YOU", b"ME <YOU>", b'"ME" <YOU>', b"<YOU> ME", b"ME)<YOU>", b"ME@x.example", b"(ME) YOU", b"x: ME;",
    b"=?utf-8?q?nadia=40solbaek.example?=", b"YOU\0ME", b"ME\r\n\tYOU", b'"\\"ME" YOU', b"YOU <ME", b"",
]  # fmt: skip

Change = Callable[[random.Random, bytes], bytes]


def bytes_swapped(draw: random.Random, raw: bytes) -> bytes:
    made = bytearray(raw)
    for _ in range(draw.choice([1, 3, 40])):
        made[draw.randrange(len(made))] = draw.randrange(256)
    return bytes(made)


def words_put_in(draw: random.Random, raw: bytes) -> bytes:
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(raw))
        raw = raw[:at] + draw.choice(WORDS) * draw.choice([1, 1, 2, 500]) + raw[at:]
    return raw


def cut(draw: random.Random, raw: bytes) -> bytes:
    at = draw.randrange(len(raw))
    return raw[:at] + raw[draw.randrange(at, len(raw)) :]


def lines_shuffled(draw: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    for _ in range(draw.randint(1, 20)):
        lines.insert(draw.randrange(len(lines)), lines.pop(draw.randrange(len(lines))))
    return b"\r\n".join(lines)


def lines_doubled(draw: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    at = draw.randrange(len(lines))
    return b"\r\n".join(lines[:at] + [lines[at]] * draw.choice([2, 50, 3000]) + lines[at:])[:1_100_000]


def values_changed(draw: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    at = draw.randrange(len(lines))
    name, mark, _ = lines[at].partition(b":")
    lines[at] = name + mark + draw.choice([b"", b" ", *WORDS])
    return b"\r\n".join(lines)


def line_of_a_million(draw: random.Random, raw: bytes) -> bytes:
    at = draw.choice([draw.randrange(len(raw)), max(raw.find(b"\r\n\r\n"), 0), 0, max(raw.find(b"<"), 0)])
    letter = draw.choice([b"x", b"(", b'"', b",", b"<", b"=", b"\\", b"\xc3", b";a=b", b"=?u?q?"])
    return raw[:at] + letter * (draw.choice([1000, 100_000, 900_000]) // len(letter)) + raw[at:]


def in_boxes(draw: random.Random, raw: bytes) -> bytes:
    kind = draw.choice([b"multipart/mixed", b"multipart/alternative", b"message/rfc822", b"multipart/digest"])
    for number in range(draw.choice([1, 3, 20, 400])):
        mark = b"b%d" % number
        head = b"From: carla@solbaek.example\r\nContent-Type: " + kind + b'; boundary="' + mark + b'"\r\n\r\n'
        raw = head + (b"--" + mark + b"\r\n" + raw + b"\r\n--" + mark + b"--" if kind[:2] == b"mu" else raw)
    return raw


def noise(draw: random.Random, raw: bytes) -> bytes:
    return draw.randbytes(draw.choice([0, 1, 100, 5000]))


def another_sender(draw: random.Random, raw: bytes) -> bytes:
    """Somebody else's name on it, in the many ways a header can be read."""
    address = draw.choice(SENDERS).replace(b"ME", b"nadia@solbaek.example").replace(b"YOU", b"c@x.example")
    head, _, rest = raw.partition(b"From: ")
    return head + b"From: " + address + b"\r\n" + rest.partition(b"\r\n")[2]


CHANGES: list[Change] = [
    bytes_swapped, words_put_in, cut, lines_shuffled, lines_doubled, values_changed, line_of_a_million, in_boxes, noise,
    another_sender,
]  # fmt: skip


def hostile(draw: random.Random, sent: dict[str, Sent], place: int = 0) -> tuple[str, bytes]:
    """(whose mail it was before, what it became)."""
    who = draw.choice(["nadia", "gunnar"])
    client = draw.choice([OUTLOOK, GOOGLE, APPLE, PLAIN, PLAIN, PLAIN])
    attendee = draw.choice(["", "", "bo@solbaek.example"])
    answer, stamp = draw.choice(["ACCEPTED", "DECLINED"]), clock.now() + timedelta(seconds=place)
    raw = reply_mail(sent[who], answer, client, stamp=stamp, attendee=attendee, sender=f"{who}@solbaek.example")
    for _ in range(draw.choice([1, 1, 1, 2])):
        if raw:
            raw = draw.choice(CHANGES)(draw, raw)
    return who, raw


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_no_mail_breaks_in_or_breaks_down(post, plan, database, backend, db):
    """Nadia and Gunnar may answer for themselves; nobody answers for Bo, whose address is in many of the mails."""
    number = plan()
    sent = post.round(number)
    draw = random.Random(f"{SEED} {backend}")
    found: Counter[Verdict] = Counter()
    slowest = (0.0, 0)
    after = answers(database, number)
    for place in range(MAILS * 2 // 3 if backend == "sqlite" else MAILS // 3):
        who, raw = hostile(draw, sent, place)
        before, after = after, {}
        began = time.perf_counter()
        with database.writing() as writing:
            kept = take_in(writing, raw)  # never raises
            if kept is not None:
                found[kept.verdict] += 1
        slowest = max(slowest, (time.perf_counter() - began, place))
        after = answers(database, number)
        changed = {handle for handle, reply in after.items() if before.get(handle) != reply}
        assert changed <= {who}, (place, changed)
    assert slowest[0] < SLOWEST, slowest
    assert found[Verdict.APPLIED] and len(found) >= 5, found  # they reach far enough in to be worth sending
    db.rollback()
    assert db.scalar(select(func.count()).select_from(IncomingReply)) == sum(found.values())


def answers(database, number: int) -> dict[str, Reply]:
    """The members' answers: a substitute who is asked has not answered."""
    with database.reading() as db:
        rows = db.execute(
            select(Person.handle, Attendance.reply)
            .join(Attendance, Attendance.person_id == Person.id)
            .where(Attendance.meeting_id == number, Attendance.part != Part.SUBSTITUTE)
        )
        return dict(rows.all())
