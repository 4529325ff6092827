"""What an outlet is told: what every employee may read, and only that, at the moment it is told."""

from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from med import clock, language
from med.access import Viewer
from med.decisions.access import published_decisions
from med.decisions.models import Decision
from med.language import T, _n
from med.meetings.access import visible_items, visible_meetings
from med.meetings.models import Item, Meeting
from med.notices.chat.shapes import News, shape
from med.notices.models import Message, Outlet
from med.notices.outbox import Parcel
from med.perspectives.queries import titles
from med.slices import Office
from med.workdays import short_date

EVERY_EMPLOYEE = Viewer(person_id=0, name="", handle="", is_employee=True)
MOST_ITEMS = 12

WORDS = {
    "decision.published": T("Ny beslutning"),
    "decision.replaced": T("Beslutningen er afløst"),
    "decision.withdrawn": T("Beslutningen er trukket tilbage"),
    "agenda.sent": T("Dagsordenen er sendt ud"),
    "meeting.moved": T("Mødet er flyttet"),
    "meeting.cancelled": T("Mødet er aflyst"),
}


def tell_outlet(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Parcel | None:
    """The composer of the kind "outlet". details: {"happened": "decision.published", "thing": "decision", "id": 17}."""
    outlet = db.get_one(Outlet, message.outlet_id)
    about = msgspec.json.decode(message.details)
    happened, thing = about.get("happened", ""), about.get("thing", "")
    if happened not in WORDS or thing not in {"decision", "meeting"}:
        return None
    tell = tell_of_decision if thing == "decision" else tell_of_meeting
    news = tell(db, office, happened, about["id"])
    if news is None or (outlet.committee_id is not None and news.data["committee_id"] != outlet.committee_id):
        return None
    return Parcel(shape(outlet.kind, news))


def tell_of_decision(db: Session, office: Office, happened: str, decision_id: int) -> News | None:
    found = db.scalar(
        select(Decision)
        .where(Decision.id == decision_id, published_decisions(EVERY_EMPLOYEE))
        .options(joinedload(Decision.committee))
    )
    if found is None:
        return None
    number = f"{found.year}-{found.number}"
    about = [found.committee.name, number]
    if found.perspective:
        about.append(titles(db)[found.perspective].title)
    lines = [str(T("Hvorfor: %(why)s", why=found.why))] if found.why else []
    if found.meaning:
        lines.append(str(T("Det betyder det for os: %(meaning)s", meaning=found.meaning)))
    if happened == "decision.withdrawn":
        lines = [str(T("Begrundelse: %(reason)s", reason=found.withdrawn_reason))] if found.withdrawn_reason else []
    data: dict[str, Any] = {
        "id": found.uid,
        "number": number,
        "committee": found.committee.name,
        "committee_id": found.committee_id,
        "perspective": found.perspective,
        "state": found.state,
        "decided": found.decided_at.astimezone(clock.COPENHAGEN).date().isoformat(),
    }
    return News(
        type=happened,
        at=found.published_at if happened == "decision.published" and found.published_at else found.changed_at,
        title=f"{WORDS[happened]}: {found.text}",
        about=" · ".join(about),
        href=f"{office.settings.base_url}/beslutninger/{found.id}",
        open=str(T("Læs beslutningen")),
        lines=lines,
        data=data,
    )


def tell_of_meeting(db: Session, office: Office, happened: str, meeting_id: int) -> News | None:
    found = db.scalar(
        select(Meeting)
        .where(Meeting.id == meeting_id, visible_meetings(EVERY_EMPLOYEE))
        .options(joinedload(Meeting.committee))
    )
    if found is None or (happened == "agenda.sent" and found.agenda_sent_at is None):
        return None
    begins = found.starts_at.astimezone(clock.COPENHAGEN)
    when = f"{short_date(begins.date())} {T('kl.')} {begins:%H.%M}"
    items = list(
        db.scalars(
            select(Item.title)
            .where(Item.meeting_id == found.id, Item.is_open, visible_items(EVERY_EMPLOYEE))
            .order_by(Item.position)
        )
    )
    lines = [f"• {title}" for title in items[:MOST_ITEMS]] if happened == "agenda.sent" else []
    if len(items) > MOST_ITEMS and lines:
        lines.append(str(_n("og %(num)s punkt til", "og %(num)s punkter til", len(items) - MOST_ITEMS)))
    return News(
        type=happened,
        at=found.agenda_sent_at if happened == "agenda.sent" and found.agenda_sent_at else found.revised_at,
        title=f"{WORDS[happened]}: {found.title}",
        about=" · ".join(part for part in (found.committee.name, when, found.place) if part),
        href=f"{office.settings.base_url}/moeder/{found.id}",
        open=str(T("Se mødet")),
        lines=lines,
        data={
            "id": found.uid,
            "committee": found.committee.name,
            "committee_id": found.committee_id,
            "starts": found.starts_at.isoformat().replace("+00:00", "Z"),
            "state": found.state,
            "items": items if happened == "agenda.sent" else [],
        },
    )


def try_outlet(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Parcel:
    """The composer of the kind "outlet_trial": somebody wants to see whether it arrives."""
    outlet = db.get_one(Outlet, message.outlet_id)
    name = outlet.committee.name if outlet.committee else office.settings.name
    return Parcel(
        shape(
            outlet.kind,
            News(
                type="outlet.tried",
                at=message.created_at,
                title=str(T("En prøve fra Medspil")),
                about=name,
                href=f"{office.settings.base_url}/beslutninger",
                open=str(T("Se beslutningerne")),
                lines=[str(T("Kanalen virker. Herfra kommer nye beslutninger og dagsordener, som alle må læse."))],
                data={"language": language.current.get()},
            ),
        )
    )
