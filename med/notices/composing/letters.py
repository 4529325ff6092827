"""The mails: the digest, and what somebody asked to hear at once. Composed when they are sent, from what the receiver
may see by then; when nothing is left to say, there is no mail."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock, workdays
from med.access import Viewer
from med.language import T, Text, current, ngettext, word
from med.notices.composing.lines import Line, for_mail, lines_of, short, state_of
from med.notices.models import Message, Notice, NoticeKind
from med.notices.outbox import Letter
from med.perspectives.queries import titles
from med.slices import Office, Waiting, waiting_for
from med.web.letters import render
from med.web.signing import seal

MOST_WAITING = 12
MOST_LINES = 15
UNSUBSCRIBE = "afmeld"  # the purpose of the sealed link


class Entry(Struct, frozen=True):
    """One thing in a mail, in words."""

    title: str
    href: str  # in full
    meta: Sequence[str] = ()
    note: str = ""
    note_label: str = ""
    is_late: bool = False


class Section(Struct, frozen=True):
    title: str
    entries: Sequence[Entry]
    more: int = 0  # that are not listed
    more_href: str = ""


# In the order they are read; several kinds may share a heading.
HEADINGS: tuple[tuple[Text, tuple[NoticeKind, ...]], ...] = (
    (T("Svar på dine punkter"), (NoticeKind.POINT_ANSWERED,)),
    (T("Punkter, andre har rejst"), (NoticeKind.POINT_RAISED,)),
    (T("Møder"), (NoticeKind.AGENDA_SENT, NoticeKind.MEETING_MOVED, NoticeKind.MEETING_CANCELLED)),
    (T("Nye beslutninger"), (NoticeKind.DECISION_PUBLISHED,)),
    (T("Nyt om beslutninger"), (NoticeKind.DECISION_CHANGED,)),
    (T("Dine opfølgninger"), (NoticeKind.TASK_GIVEN, NoticeKind.TASK_CHANGED)),
    (T("Frister"), (NoticeKind.TASK_DUE, NoticeKind.DECISION_DUE, NoticeKind.REVIEW_DUE)),
    (T("Referater"), (NoticeKind.MINUTES_TO_APPROVE, NoticeKind.MINUTES_APPROVED)),
)


def compose_digest(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Letter | None:
    """The day's (on its day also the week's) digest: what waits first, then what is new."""
    if viewer is None:
        return None
    lines = current_lines(db, viewer, message)
    if not lines:
        return None
    waiting = waiting_for(db, viewer)
    listed = {thing.href.partition("#")[0] for thing in waiting}
    news = [line for line in lines if not (line.is_reminder and line.href in listed)]
    day = day_of(message)
    subject = T("%(what)s – %(day)s", what=what_it_says(waiting, news), day=spoken_day(day))
    base = office.settings.base_url
    sections = [*waiting_section(waiting, base), *news_sections(db, news, base)]
    return letter(office, viewer, str(subject), sections, "digest", day=day)


def compose_notice(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Letter | None:
    """What somebody asked to hear at once; what came within the same minutes is one mail."""
    if viewer is None:
        return None
    lines = current_lines(db, viewer, message)
    if not lines:
        return None
    subject = what_it_says([], lines)
    if len(lines) == 1:
        kind, title = lines[0].kind, str(lines[0].title)
        subject = title if kind in SPEAKS_FOR_ITSELF else f"{word(kind)}: {title}"
    return letter(office, viewer, subject, news_sections(db, lines, office.settings.base_url), "notice")


# Titles that begin with what happened.
SPEAKS_FOR_ITSELF = (
    NoticeKind.AGENDA_SENT,
    NoticeKind.MEETING_MOVED,
    NoticeKind.MEETING_CANCELLED,
    NoticeKind.MINUTES_TO_APPROVE,
    NoticeKind.MINUTES_APPROVED,
    NoticeKind.POINT_RAISED,
    NoticeKind.DECISION_DUE,
    NoticeKind.REVIEW_DUE,
)


def current_lines(db: Session, viewer: Viewer, message: Message) -> list[Line]:
    """What the message's notices say today, newest last; a thing that changed twice is told once."""
    notices = db.scalars(
        select(Notice)
        .where(Notice.message_id == message.id, Notice.person_id == viewer.person_id)
        .order_by(Notice.at, Notice.id)
    ).all()
    told: dict[Any, Line] = {}
    for line in lines_of(db, viewer, notices):
        if line.is_current:
            told.pop((line.kind, line.href), None)
            told[line.kind, line.href] = for_mail(line)
    published = {line.href for line in told.values() if line.kind is NoticeKind.DECISION_PUBLISHED}
    given = {line.href for line in told.values() if line.kind is NoticeKind.TASK_GIVEN}
    twice = {NoticeKind.DECISION_CHANGED: published, NoticeKind.TASK_CHANGED: given}
    return [line for line in told.values() if line.href not in twice.get(line.kind, ())]


# --- the subject ----------------------------------------------------------------------------------------------------


# In the order of what matters most.
COUNTED: dict[NoticeKind, Callable[[int], str]] = {
    NoticeKind.POINT_ANSWERED: lambda n: ngettext("%(num)s svar på dit punkt", "%(num)s svar på dine punkter", n),
    NoticeKind.AGENDA_SENT: lambda n: ngettext("%(num)s ny dagsorden", "%(num)s nye dagsordener", n),
    NoticeKind.MEETING_MOVED: lambda n: ngettext("%(num)s møde flyttet", "%(num)s møder flyttet", n),
    NoticeKind.MEETING_CANCELLED: lambda n: ngettext("%(num)s møde aflyst", "%(num)s møder aflyst", n),
    NoticeKind.DECISION_PUBLISHED: lambda n: ngettext("%(num)s ny beslutning", "%(num)s nye beslutninger", n),
    NoticeKind.TASK_GIVEN: lambda n: ngettext("%(num)s ny opfølgning", "%(num)s nye opfølgninger", n),
    NoticeKind.POINT_RAISED: lambda n: ngettext("%(num)s nyt forslag", "%(num)s nye forslag", n),
    NoticeKind.DECISION_CHANGED: lambda n: ngettext("nyt om %(num)s beslutning", "nyt om %(num)s beslutninger", n),
    NoticeKind.MINUTES_APPROVED: lambda n: ngettext("%(num)s nyt referat", "%(num)s nye referater", n),
    NoticeKind.TASK_CHANGED: lambda n: ngettext("%(num)s opfølgning ændret", "%(num)s opfølgninger ændret", n),
}
MOST_SAID = 3


def what_it_says(waiting: Sequence[Waiting], news: Sequence[Line]) -> str:
    """ "3 ting venter, 2 nye beslutninger": the three that matter most."""
    kinds = Counter(line.kind for line in news)
    counted = [(len(waiting), ngettext("%(num)s ting venter", "%(num)s ting venter", len(waiting)))]
    counted += [(kinds[kind], say(kinds[kind])) for kind, say in COUNTED.items()]
    said = [text % {"num": number} for number, text in counted if number]
    return ", ".join(said[:MOST_SAID]) or ngettext("%(num)s frist", "%(num)s frister", len(news)) % {"num": len(news)}


def short_subject(text: str) -> str:
    """One line that a list of mails shows whole. Also keeps line breaks out of a header."""
    line = " ".join(text.split())
    return line if len(line) <= 110 else line[:109].rstrip() + "…"


def day_of(message: Message) -> date:
    details = msgspec.json.decode(message.details, type=dict[str, Any])
    return date.fromisoformat(details["day"]) if "day" in details else clock.today()


def spoken_day(day: date) -> Text:
    """ "tirsdag den 24. november": a mail is read on the day it is about, so the year is left out."""
    return T(
        "%(weekday)s den %(day)s. %(month)s",
        weekday=workdays.day_name(day),
        day=day.day,
        month=workdays.MONTHS[day.month - 1],
    )


# --- the body -------------------------------------------------------------------------------------------------------


def waiting_section(waiting: Sequence[Waiting], base: str) -> list[Section]:
    if not waiting:
        return []
    today = clock.today()
    entries = [
        Entry(
            title=str(thing.title if thing.is_open else CLOSED_WAITING.get(thing.kind, CLOSED_OTHER)),
            href=base + thing.href,
            meta=[thing.about, *deadline(thing.due, today)],
            is_late=thing.due is not None and thing.due < today,
        )
        for thing in waiting[:MOST_WAITING]
    ]
    left = len(waiting) - len(entries)
    return [Section(str(T("Det venter på dig")), entries, left, f"{base}/?alt=1")]


CLOSED_WAITING = {
    "decision.due": T("Fortæl, hvordan det går med en beslutning på et lukket punkt"),
    "decision.review": T("Se tilbage på en beslutning på et lukket punkt"),
    "decision.release": T("Offentliggør straks? En beslutning på et lukket punkt"),
    "follow_up.due": T("Følg op på en opgave fra et lukket punkt"),
    "proposal": T("Svar på et forslag, der hører til et lukket punkt"),
    "answer": T("Der er svar på dit forslag, der hører til et lukket punkt"),
    "compass.due": T("Tag en måling med en borger"),
    "compass.draft": T("Gør en måling færdig"),
}
CLOSED_OTHER = T("Noget på et lukket punkt")


def deadline(due: date | None, today: date) -> list[str]:
    if due is None:
        return []
    if due < today:
        return [str(T("frist overskredet: %(day)s", day=workdays.short_date(due)))]
    if (due - today).days > 28:  # in words it would be the same date
        return [str(T("frist %(day)s", day=workdays.short_date(due)))]
    return [str(T("frist %(day)s (%(words)s)", day=workdays.short_date(due), words=workdays.in_words(due, today)))]


def news_sections(db: Session, news: Sequence[Line], base: str) -> list[Section]:
    names = titles(db)
    sections = []
    for title, kinds in HEADINGS:
        its = [line for line in news if line.kind in kinds]
        if its:
            entries = [entry(line, names, base) for line in its[:MOST_LINES]]
            sections.append(Section(str(title), entries, len(its) - len(entries), f"{base}/nyt"))
    return sections


def entry(line: Line, names: Any, base: str) -> Entry:
    today = clock.today()
    state = state_of(line)
    meta: Iterable[Any] = (
        line.committee,
        *line.facts,
        *([names[line.perspective].title] if line.perspective else ()),
        *deadline(line.due, today),
    )
    title = f"{state}: {line.title}" if state else str(line.title)
    label = ""
    if line.note and line.kind is NoticeKind.DECISION_PUBLISHED:
        label = str(T("Hvorfor:"))
    elif line.note:
        label = str(T("Begrundelse:"))
    late = line.due is not None and line.due < today and line.is_reminder
    return Entry(title, base + line.href, [str(one) for one in meta], short(line.note), label, late)


def letter(
    office: Office, viewer: Viewer, subject: str, sections: Sequence[Section], kind: str, day: date | None = None
) -> Letter:
    base = office.settings.base_url
    stop = f"{base}/afmeld/{seal(office.settings.secret, UNSUBSCRIBE, viewer.person_id, kind)}"
    if current.get() != "da":
        stop += f"?sprog={current.get()}"  # who follows it has not signed in
    subject = short_subject(subject)
    told = {
        "subject": subject,
        "name": viewer.name.split()[0] if viewer.name.split() else viewer.name,
        "sections": sections,
        "kind": kind,
        "day": day,
        "settings_href": f"{base}/mig/besked",
        "stop_href": stop,
        "site_name": office.settings.name,
    }
    return Letter(
        subject=subject,
        text=render("notices/mail/letter.txt", **told),
        html=render("notices/mail/letter.html", **told),
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    )
