"""The room for those who follow: what each reader sees, in pieces, and the stream that sends what changed."""

import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import litestar
from litestar import Request
from litestar.response import Stream
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer, allows
from med.errors import NotAllowed, NotFound
from med.language import T
from med.meetings import access
from med.meetings.actions.entering import NEWS
from med.meetings.models import Meeting, State
from med.meetings.parts import PARTS
from med.meetings.queries.room import HERE, Point, listed, meeting_for, now_at, points
from med.web.incoming import Submitted, read_query
from med.web.live import HEADERS, HEARTBEAT, MEDIA_TYPE, Hub, Look, Piece, mark_of
from med.web.routing import LARGEST_ID, Arrival, Desk, Visit

TOUCH_EVERY = timedelta(minutes=10)  # someone who follows is there, though they click nothing


class View(Struct, frozen=True):
    """What a reader has chosen to look at: an item of their own choice, the big screen."""

    item_id: int = 0
    big: bool = False

    def query(self) -> dict[str, str]:
        found = {"punkt": str(self.item_id)} if self.item_id else {}
        return found | ({"visning": "skaerm"} if self.big else {})


class Room(Struct):
    """Everything the room's pieces are made of, for one reader."""

    meeting: Meeting
    view: View
    points: list[Point]
    point: Point | None  # the one shown
    ongoing: Point | None  # the one the meeting is at
    minutes: bool = False  # the reader may write
    present: list[Any] = []


def view_of(query: Submitted) -> View:
    raw = query.get("punkt")
    item_id = int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 19 else 0
    return View(item_id, query.get("visning") == "skaerm")


def room_for(db: Session, viewer: Viewer, meeting: Meeting, view: View) -> Room:
    seen = points(db, viewer, meeting)
    ongoing = now_at(seen)
    chosen = next((point for point in seen if view.item_id and point.id == view.item_id), None)
    first = next((point for point in seen if not point.is_masked), None)
    return Room(
        meeting=meeting,
        view=view,
        points=seen,
        point=chosen or ongoing or first,
        ongoing=ongoing,
        minutes=allows(viewer, access.minute_meeting, meeting),
        present=[one for one in listed(meeting) if one.presence in HERE],
    )


def pieces(visit: Visit, room: Room) -> tuple[Piece, ...]:
    """The parts of the room's page that follow along. Those who write have the item itself as forms, not as a piece."""
    render = visit.desk.pages.render
    shared = {"room": room, "meeting": room.meeting, "point": room.point}
    decided: dict[int, list[Any]] = {}
    for part in PARTS.items:
        for item_id, html in part(visit, room.meeting).items():
            decided.setdefault(item_id, []).append(html)
    made = []
    if not room.view.big:
        made.append(Piece("room-agenda", render("meetings/room_agenda.html", visit, **shared)))
    if room.view.big or not room.minutes:
        html = render("meetings/room_item.html", visit, decided=decided, **shared)
        made.append(Piece("room-item", html, saying(room.point)))
    if not room.view.big:
        aside = [part(visit, room.meeting) for part in PARTS.aside]
        made.append(Piece("room-aside", render("meetings/room_aside.html", visit, aside=aside, **shared)))
    return tuple(made)


def saying(point: Point | None) -> str:
    """What a screen reader hears when the meeting moves on: the item and its outcome, not every word written."""
    if point is None:
        return ""
    words = str(T("Punkt %(number)s: %(title)s", number=point.position, title=point.title))
    return f"{words}. {language.word(point.outcome)}" if point.outcome else words


def address(visit: Visit, meeting: Meeting, view: View, shown: Collection[Piece]) -> str:
    """Where the page's script follows from: with what the page already has, so that nothing comes twice."""
    query = {**view.query(), "tilstand": meeting.state.value, "efter": mark_of(shown)}
    return visit.url("meetings.live", meeting_id=meeting.id) + "?" + urlencode(query)


# --- the stream -------------------------------------------------------------------------------------------------


def hub_of(app: Any) -> Hub:
    """This process's hub, made with its first reader."""
    desk: Desk = app.state.desk
    hub = app.state.get("meetings_live")
    if hub is None:

        async def versions(ids: Collection[int]) -> Mapping[int, object]:
            def ask() -> Mapping[int, object]:
                with desk.database.reading() as db:
                    found = db.execute(
                        select(Meeting.id, Meeting.live_version, Meeting.state).where(Meeting.id.in_(ids))
                    )
                    return {row.id: (row.live_version, row.state) for row in found}

            return await desk.read(ask)

        def hear(words: str) -> None:
            if not words:
                hub.wake_all()
            elif words.startswith(NEWS):
                hub.wake(int(words.removeprefix(NEWS)))

        hub = Hub(versions, desk.settings.live_readers, lambda: desk.ear.is_open)
        desk.ear.hearers.append(hear)
        desk.at_stop.append(hub.close)
        app.state["meetings_live"] = hub
    return hub


def tell(visit: Visit, meeting_id: int) -> None:
    """Wake this process's readers once what this visit changed is saved."""
    hub: Hub | None = visit.request.app.state.get("meetings_live")
    if hub is not None:
        visit.after.append(lambda: hub.wake(meeting_id))


# What readers with the same rights and language see, kept for the version it was made at: (meeting, rights, view).
Shared = dict[tuple[Any, ...], tuple[int, float, tuple[Piece, ...]]]
MOST_SHARED = 500


class Follower:
    """One reader's eyes: who they are now, whether they may look, and what they see."""

    def __init__(self, request: Request, meeting_id: int, view: View, state: str, shared: Shared) -> None:
        self.request = request
        self.desk: Desk = request.app.state.desk
        self.meeting_id = meeting_id
        self.view = view
        self.state = state
        self.shared = shared
        self.arrival: Arrival | None = None
        self.checked = 0.0
        self.last: tuple[Piece, ...] = ()

    async def look(self) -> Look | None:
        found = await self.desk.read(self._look)
        arrival = self.arrival
        if arrival is not None and arrival.seen_at is not None and clock.now() - arrival.seen_at > TOUCH_EVERY:
            await self.desk.touch(arrival)
        return found

    def _look(self) -> Look | None:
        with self.desk.database.reading() as db:
            if self.arrival is not None and time.monotonic() - self.checked < HEARTBEAT - 1:
                # Checked moments ago: unless there is something new to send, that is enough.
                seen = self._see(db, self.arrival)
                if seen is not None and not seen.over and not seen.reload and seen.pieces == self.last:
                    return seen
            self.arrival = self.desk.doorkeeper.arrive(db, self.request)
            self.checked = time.monotonic()
            seen = self._see(db, self.arrival)
            self.last = seen.pieces if seen else ()
            return seen

    def _see(self, db: Session, arrival: Arrival) -> Look | None:
        viewer = arrival.viewer
        if viewer is None:
            return None
        language.current.set(arrival.language)
        try:
            meeting = meeting_for(db, viewer, self.meeting_id)
        except NotFound:
            return None
        visit = Visit(self.request, self.desk, db, arrival, Submitted([]), read_query(self.request))
        may = allows(viewer, access.follow_live, meeting)
        if meeting.state.value != self.state:
            if may:
                return Look(reload=True)
            if meeting.state is not State.CANCELLED and meeting.is_open:
                html = self.desk.pages.render("meetings/room_over.html", visit, meeting=meeting)
                said = T("Mødet er slut.") if meeting.state is State.HELD else T("Mødet er ikke i gang længere.")
                return Look((Piece("room", html, str(said)),), over=True)
        if not may:
            return None
        key = self._key(viewer, arrival, meeting)
        kept = self.shared.get(key)
        moment = time.monotonic()
        if kept is not None and kept[0] == meeting.live_version and moment - kept[1] < HEARTBEAT:
            return Look(kept[2])
        made = pieces(visit, room_for(db, viewer, meeting, self.view))
        if len(self.shared) >= MOST_SHARED:
            self.shared.clear()
        if not any('name="_token"' in piece.html for piece in made):  # a form is its person's own
            self.shared[key] = (meeting.live_version, moment, made)
        return Look(made)

    def _key(self, viewer: Viewer, arrival: Arrival, meeting: Meeting) -> tuple[Any, ...]:
        """Readers who share a key see the same. Those who run or write the meeting share with nobody."""
        own = (
            access.runs_meeting(viewer, meeting)
            or access.is_inside(viewer, meeting)
            or viewer.person_id in (meeting.minute_taker_id, meeting.moderator_id)
            or meeting.committee_id in viewer.committee_ids
        )
        return (meeting.id, self.view, arrival.language, viewer.person_id if own else 0)


@litestar.get("/moeder/{meeting_id:int}/direkte", name="meetings.live", opt={"policy": access.follow_live})
async def follow(request: Request) -> Stream | litestar.Response:
    """The stream itself. 204 tells a browser that there is nothing more to follow."""
    desk: Desk = request.app.state.desk
    meeting_id: int = request.path_params["meeting_id"]
    if meeting_id > LARGEST_ID:
        raise NotFound
    query = read_query(request)

    def enter() -> State | None:
        with desk.database.reading() as db:
            arrival = desk.doorkeeper.arrive(db, request)
            request.state.arrival = arrival
            if arrival.viewer is None:
                return None
            language.current.set(arrival.language)
            meeting = meeting_for(db, arrival.viewer, meeting_id)
            if objections := list(access.follow_live(arrival.viewer, meeting)):
                raise NotAllowed(objections)
            return meeting.state

    state = await desk.read(enter)
    if state is None:
        return litestar.Response(b"", status_code=401, media_type="text/plain")
    if state in (State.HELD, State.CANCELLED):
        return litestar.Response(b"", status_code=204, media_type="text/plain")
    hub = hub_of(request.app)
    if hub.is_full:
        return litestar.Response(b"", status_code=503, media_type="text/plain", headers={"Retry-After": "60"})
    shared: Shared = request.app.state.setdefault("meetings_seen", {})
    seen = request.headers.get("last-event-id") or query.get("efter")
    known = query.get("tilstand")
    follower = Follower(request, meeting_id, view_of(query), known if known in set(State) else state.value, shared)
    return Stream(hub.stream(meeting_id, follower.look, seen[:64]), media_type=MEDIA_TYPE, headers=HEADERS)
