"""The demo's mailbox: what left the outbox, as its receivers would see it. There is none outside the demo."""

from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from itertools import islice

from litestar import Response
from sqlalchemy import select

from med.access import signed_in
from med.errors import NotFound
from med.language import T
from med.notices import sink
from med.organisation.models import Person
from med.web.routing import Visit, get

PAGE = 50
# A mail's HTML on a page of its own: it looks as in a mail program, runs nothing and reaches nothing; links open.
AS_IN_A_MAIL_PROGRAM = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def box_of(visit: Visit) -> sink.Box:
    settings = visit.desk.settings
    if not settings.demo:
        raise NotFound
    return sink.Box(sink.folder(settings))


def mail_of(visit: Visit, mail_id: int) -> EmailMessage:
    mail = box_of(visit).read(mail_id)
    if mail is None:
        raise NotFound
    return mail


@get("/udbakke", name="notices.mailbox", policy=signed_in)
def mailbox(visit: Visit) -> Response:
    box = box_of(visit)
    mine = visit.query.get("til") == "mig"
    before = visit.query.get("foer")
    numbers = [n for n in box.numbers() if not before.isdecimal() or n < int(before[:18])]
    whose = visit.db.scalar(select(Person.mail).where(Person.id == visit.viewer.person_id)) if mine else ""
    found = ((number, mail) for number in numbers if (mail := box.read(number)) is not None)
    wanted = ((number, mail) for number, mail in found if not mine or (whose and whose in head(mail, "To")))
    mails = [
        (number, head(mail, "Subject"), head(mail, "To"), sent_at(mail)) for number, mail in islice(wanted, PAGE + 1)
    ]
    more = f"{'til=mig&' if mine else ''}foer={mails[PAGE - 1][0]}" if len(mails) > PAGE else ""
    return visit.page(
        "notices/mailbox.html",
        mails=mails[:PAGE],
        older=f"?{more}" if more else None,
        most=box.most,
        mine=mine,
        tabs=[
            {"title": T("Alles"), "href": "/udbakke", "current": not mine},
            {"title": T("Til %(name)s", name=visit.viewer.name), "href": "/udbakke?til=mig", "current": mine},
        ],
    )


@get("/udbakke/{mail_id:int}", name="notices.mail", policy=signed_in)
def mail(visit: Visit, mail_id: int) -> Response:
    found = mail_of(visit, mail_id)
    return visit.page(
        "notices/mail.html",
        mail_id=mail_id,
        subject=head(found, "Subject"),
        text=words_of(found, "text/plain"),
        has_html=part_of(found, "text/html") is not None,
        has_calendar=part_of(found, "text/calendar") is not None,
        heads=[(name, head(found, name)) for name in found.keys()],  # noqa: SIM118  a mail's "in" is of lines
    )


@get("/udbakke/{mail_id:int}/html", name="notices.mail_html", policy=signed_in)
def mail_html(visit: Visit, mail_id: int) -> Response:
    found = mail_of(visit, mail_id)
    if part_of(found, "text/html") is None:
        raise NotFound
    headers = {"Content-Security-Policy": AS_IN_A_MAIL_PROGRAM}
    return Response(words_of(found, "text/html"), media_type="text/html; charset=utf-8", headers=headers)


@get("/udbakke/{mail_id:int}/kalender.ics", name="notices.mail_calendar", policy=signed_in)
def mail_calendar(visit: Visit, mail_id: int) -> Response:
    part = part_of(mail_of(visit, mail_id), "text/calendar")
    if part is None:
        raise NotFound
    headers = {"Content-Disposition": 'attachment; filename="indkaldelse.ics"'}
    return Response(part.get_payload(decode=True), media_type="text/calendar; charset=utf-8", headers=headers)


def head(mail: EmailMessage, name: str) -> str:
    """A header as a reader sees it; as it came, where it makes no sense."""
    try:
        return str(mail[name] or "")
    except Exception:  # the standard library raises several kinds for headers that are none
        return ""


def sent_at(mail: EmailMessage) -> datetime | None:
    with suppress(ValueError, TypeError):
        return parsedate_to_datetime(head(mail, "Date")).astimezone(UTC)
    return None


def part_of(mail: EmailMessage, kind: str) -> EmailMessage | None:
    return next((part for part in mail.walk() if part.get_content_type() == kind), None)


def words_of(mail: EmailMessage, kind: str) -> str:
    part = part_of(mail, kind)
    data = part.get_payload(decode=True) if part is not None else b""
    return data.decode("utf-8", errors="replace") if isinstance(data, bytes) else ""


handlers = [mailbox, mail, mail_html, mail_calendar]
