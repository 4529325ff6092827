"""A meeting, a deadline or a task as calendars read it: iCalendar (RFC 5545, 7986), built from plain values alone.

The same state gives the same bytes, always: nothing here asks the clock or makes an id, so an ETag can be trusted and
a calendar that fetches twice sees nothing new. No recurrence rules leave the house: a series is single meetings.
Mended by hand where the library writes what some calendars misread: our own time zone with rules (Outlook misreads
one made of dates), and CONFERENCE and REFRESH-INTERVAL with their VALUE.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from med.workdays import COPENHAGEN

if TYPE_CHECKING:  # a twentieth of the start-up, for what is rarely made: loaded with the first calendar
    from icalendar import Component

PRODUCT = "-//Medspil//Medspil 1//DA"
ZONE = "Europe/Copenhagen"
NO_ALARMS: tuple[timedelta, ...] = ()


class Appointment(Struct, frozen=True):
    """A meeting as one person may see it, in their language: `link` is its page, `description` plain text.

    `sequence` and `revised_at` are the meeting's own (SEQUENCE; DTSTAMP and LAST-MODIFIED). `video_url` is empty for
    those the meeting's page does not show it to.
    """

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    revised_at: datetime
    link: str
    created_at: datetime | None = None
    place: str = ""
    video_url: str = ""
    video_label: str = ""
    description: str = ""
    committee: str = ""
    is_cancelled: bool = False
    is_away: bool = False  # the one who looks has declined: they are free to do something else


class Party(Struct, frozen=True):
    """The organizer of an invitation, or the one who is invited."""

    email: str
    name: str = ""


def meeting_event(
    shown: Appointment,
    *,
    organizer: Party | None = None,
    attendee: Party | None = None,
    alarms: Sequence[timedelta] = NO_ALARMS,
    stamp: datetime | None = None,
) -> "Component":
    """One meeting. An invitation names its organizer and its one attendee, who is asked to answer; a feed names none.

    `stamp` is the DTSTAMP of a message of its own (RFC 5546, 2.1.5); otherwise when the meeting last changed.
    """
    from icalendar import Event

    event = Event()
    begin(event, shown.uid, shown.title, stamp or shown.revised_at, shown.revised_at, shown.link)
    event.add("sequence", shown.sequence)
    event.add("status", "CANCELLED" if shown.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if shown.is_cancelled or shown.is_away else "OPAQUE")
    event.add("dtstart", wall(shown.starts_at))
    event.add("dtend", wall(shown.ends_at))
    if shown.created_at is not None:
        event.add("created", shown.created_at.astimezone(UTC).replace(microsecond=0))
    if shown.place:
        event.add("location", clean(shown.place))
    if shown.committee:
        event.add("categories", [clean(shown.committee)])
    if shown.description:
        event.add("description", clean(shown.description))
    if shown.video_url and not shown.is_cancelled:
        uri(event, "CONFERENCE", shown.video_url, FEATURE="VIDEO", LABEL=shown.video_label)
    if organizer is not None:
        address(event, "ORGANIZER", organizer)
    if attendee is not None:
        wishes = {} if shown.is_cancelled else {"PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE"}
        address(event, "ATTENDEE", attendee, CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", **wishes)
    if not (shown.is_cancelled or shown.is_away):
        for before in alarms:
            event.add_component(alarm(shown.title, before))
    return event


def day_event(uid: str, title: str, day: date, changed_at: datetime, link: str, sequence: int = 0) -> "Component":
    """Something due on a day: the whole day, without making anybody look busy."""
    from icalendar import Event

    event = Event()
    begin(event, uid, title, changed_at, changed_at, link)
    event.add("transp", "TRANSPARENT")
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("sequence", sequence)
    return event


def day_todo(uid: str, title: str, day: date, changed_at: datetime, link: str, sequence: int = 0) -> "Component":
    """The same as a task, for calendars with a list of tasks."""
    from icalendar import Todo

    todo = Todo()
    begin(todo, uid, title, changed_at, changed_at, link)
    todo.add("status", "NEEDS-ACTION")
    todo.add("due", day)
    todo.add("sequence", sequence)
    return todo


def calendar_bytes(
    components: "Iterable[Component]",
    *,
    method: str | None = None,
    name: str = "",
    link: str = "",
    refresh: timedelta | None = None,
) -> bytes:
    """A whole calendar as it is sent: our time zone, then the components in the order given."""
    from icalendar import Calendar, vDuration, vText

    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if method:
        calendar.add("method", method)
    if name:
        calendar["NAME"] = vText(clean(name))
        calendar["X-WR-CALNAME"] = vText(clean(name))
        calendar["X-WR-TIMEZONE"] = vText(ZONE)
    if link:
        uri(calendar, "URL", link)
    if refresh is not None:
        calendar["REFRESH-INTERVAL"] = vDuration(refresh)
        calendar["REFRESH-INTERVAL"].params["VALUE"] = "DURATION"
        calendar["X-PUBLISHED-TTL"] = vText(vDuration(refresh).to_ical().decode())
    calendar.add_component(copenhagen())
    for component in components:
        calendar.add_component(component)
    return calendar.to_ical()


def begin(component: "Component", uid: str, title: str, stamp: datetime, changed_at: datetime, link: str) -> None:
    component.add("uid", uid)
    component.add("dtstamp", stamp.astimezone(UTC).replace(microsecond=0))
    component.add("last-modified", changed_at.astimezone(UTC).replace(microsecond=0))
    component.add("summary", clean(title))
    uri(component, "URL", link)


def wall(moment: datetime) -> datetime:
    """The hour on the wall in Denmark, as people planned it. In the hour that comes twice only UTC says which one:
    a local time in a calendar means the first (RFC 5545, 3.3.5)."""
    local = moment.astimezone(COPENHAGEN).replace(microsecond=0)
    return moment.astimezone(UTC).replace(microsecond=0) if local.fold else local


def alarm(title: str, before: timedelta) -> "Component":
    from icalendar import Alarm

    found = Alarm()
    found.add("action", "DISPLAY")
    found.add("description", clean(title))
    found.add("trigger", -before)
    return found


def address(event: "Component", name: str, party: Party, **params: str) -> None:
    from icalendar import vUri

    value = vUri(f"mailto:{party.email}")
    if party.name:
        value.params["CN"] = unquoted(party.name)
    value.params.update(params)
    event[name] = value


def uri(component: "Component", name: str, value: str, **params: str) -> None:
    """An address as it is. Its comma and semicolon are not escaped: only texts are (RFC 5545, 3.3.13)."""
    from icalendar import vUri

    made = vUri(clean(value).replace("\n", ""))
    if name == "CONFERENCE":
        made.params["VALUE"] = "URI"
    made.params.update({key: unquoted(one) for key, one in params.items() if one})
    component[name] = made


def clean(text: str) -> str:
    """What people wrote, without the characters a calendar cannot hold (RFC 5545, 3.1); line breaks stay."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in text if letter in "\n\t" or (ord(letter) >= 32 and ord(letter) != 127))


def unquoted(text: str) -> str:
    """A parameter's value: it cannot hold a double quote or a line break."""
    return " ".join(clean(text).replace('"', "'").split())


_COPENHAGEN = b"""BEGIN:VTIMEZONE\r
TZID:Europe/Copenhagen\r
X-LIC-LOCATION:Europe/Copenhagen\r
BEGIN:DAYLIGHT\r
DTSTART:19810329T020000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r
TZNAME:CEST\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
END:DAYLIGHT\r
BEGIN:STANDARD\r
DTSTART:19961027T030000\r
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r
TZNAME:CET\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
END:STANDARD\r
END:VTIMEZONE\r
"""


def copenhagen() -> Any:
    """Europe/Copenhagen by the rules in force since 1996: the last Sundays of March and October, at 1.00 UTC."""
    from icalendar import Timezone

    return Timezone.from_ical(_COPENHAGEN)
