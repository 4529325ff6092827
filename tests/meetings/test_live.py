"""Following a meeting live: each reader gets what they may see, when it changes, and nothing else."""

import asyncio
import json
import threading
import time
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

import med.clock
import med.meetings.live
import med.web.live
from med.meetings.live import hub_of
from med.meetings.models import Item, Meeting, State
from med.organisation.models import Employment
from med.web.live import Hub, Look, Piece, mark_of
from tests.meetings.rooms import make_meeting

PATIENCE = 8


@pytest.fixture(autouse=True)
def quick(monkeypatch, app):
    monkeypatch.setattr(med.web.live, "EVERY", 0.1)
    monkeypatch.setattr(med.web.live, "GAP", 0.02)
    monkeypatch.setattr(med.web.live, "HEARTBEAT", 0.3)
    monkeypatch.setattr(med.meetings.live, "HEARTBEAT", 0.3)
    app.state["meetings_seen"] = {}


@pytest.fixture
def running(write):
    """A meeting in progress: an open item, and a closed one."""
    return write(
        lambda db: (
            make_meeting(db, "Siden sidst", {"title": "En sag om Ulla", "is_open": False}, state=State.IN_PROGRESS).id
        )
    )


class Listener:
    """A browser with the room open: reads the address from the page, then the stream as it comes."""

    def __init__(self, served, visitor, meeting_id, page="", address=None):
        self.served = served
        shown = visitor.open(f"/moeder/{meeting_id}/lokale{page}")
        self.page = shown
        self.address = address or shown.tree.xpath("string(//*[@data-live]/@data-live)")
        self.received = b""
        self.status = None
        self.headers = {}
        self.visitor = visitor
        self.gone = None
        self.future = served.client.blocking_portal.start_task_soon(self.run)

    async def run(self):
        self.gone = asyncio.Event()
        parts = urlsplit(self.address)
        cookie = "; ".join(f"{name}={value}" for name, value in self.visitor.cookies.items())
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(),
            "root_path": "", "headers": [(b"host", b"127.0.0.1:8000"), (b"cookie", cookie.encode())],
            "client": ("127.0.0.1", 5000), "server": ("127.0.0.1", 8000), "state": {}, "extensions": {},
        }  # fmt: skip
        started = False

        async def receive():
            nonlocal started
            if not started:
                started = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            else:
                self.received += message.get("body", b"")
                if not message.get("more_body"):
                    self.gone.set()  # as a server says when it has answered

        await self.served.app(scope, receive, send)

    def events(self):
        found = []
        for block in self.received.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "event" in lines:
                found.append((lines["event"], json.loads(lines["data"])))
        return found

    def until(self, what, seconds=PATIENCE):
        """Wait until `what(self)` holds."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if what(self):
                return
            time.sleep(0.02)
        raise AssertionError(f"it never came; status {self.status}, events {self.events()}, {self.future}")

    def heard(self, words):
        return any(words in data.get("html", "") for _, data in self.events())

    def wait_a_while(self):
        """Long enough for two looks at the database and a heartbeat."""
        beats = self.received.count(b":\n\n")
        self.until(lambda one: one.received.count(b":\n\n") >= beats + 2)

    @property
    def is_over(self):
        return self.future.done()

    def leave(self):
        if self.gone is not None:
            self.served.client.blocking_portal.call(self.gone.set)
        self.future.result(timeout=PATIENCE)


@pytest.fixture
def listen(served, visitor):
    listeners = []

    def start(handle, meeting_id, page="", address=None):
        made = Listener(served, visitor(handle) if isinstance(handle, str) else handle, meeting_id, page, address)
        listeners.append(made)
        made.until(lambda one: one.status is not None)
        return made

    yield start
    for one in listeners:
        one.leave()
    hub = hub_of(served.app)
    limit = time.monotonic() + PATIENCE
    while (hub.count or (hub._watch and not hub._watch.done())) and time.monotonic() < limit:
        time.sleep(0.02)
    assert hub.count == 0
    # A look that was under way when its reader left ends by itself, before the database goes.
    writer = served.app.state.desk.writer
    all_here = threading.Barrier(writer._max_workers)
    list(writer.map(lambda _: all_here.wait(PATIENCE), range(writer._max_workers)))


def write_words(visitor, handle, db, meeting_id, position, text):
    db.rollback()
    item = db.scalar(select(Item).where(Item.meeting_id == meeting_id, Item.position == position))
    page = visitor(handle).open(f"/moeder/{meeting_id}/lokale?punkt={item.id}")
    answer = page.form("Gem referat").fill(text=text).send()
    assert answer.status_code == 303


def test_a_reader_gets_what_is_written(listen, visitor, db, running):
    carla = listen("carla", running)
    assert carla.headers["content-type"].startswith("text/event-stream")
    assert carla.headers["cache-control"] == "no-store"
    assert "content-encoding" not in carla.headers
    write_words(visitor, "anna", db, running, 1, "Anna bød velkommen.")
    carla.until(lambda one: one.heard("Anna bød velkommen."))
    name, data = next((n, d) for n, d in carla.events() if "Anna bød velkommen." in d["html"])
    assert name == "html"
    assert data["id"] == "room-item"


def test_nothing_is_sent_that_the_page_already_has(listen, running):
    carla = listen("carla", running)
    carla.wait_a_while()
    assert carla.events() == []


def test_a_closed_item_being_minuted_makes_no_event_to_outsiders(listen, visitor, db, running, write):
    carla, gunnar = listen("carla", running), listen("gunnar", running, "")
    write(
        lambda db: db.execute(
            update(Item).where(Item.meeting_id == running, Item.position == 2).values(started_at=med.clock.now())
        )
    )
    write_words(visitor, "anna", db, running, 2, "Ulla får orlov.")
    gunnar.until(lambda one: one.heard("Ulla får orlov."))
    carla.wait_a_while()
    assert carla.events() == []
    assert b"Ulla" not in carla.received


def test_an_item_that_is_closed_while_somebody_follows_goes_at_once(listen, visitor, running, db):
    open_item = db.scalar(select(Item.id).where(Item.meeting_id == running, Item.position == 1))
    carla = listen("carla", running)
    page = visitor("anna").open(f"/moeder/{running}/punkter/{open_item}/aabenhed")
    assert page.form("Gem").fill(is_closed="1", ground="negotiation").send().status_code == 303
    carla.until(lambda one: any("Siden sidst" not in data["html"] for _, data in one.events() if "html" in data))
    julie = listen("julie", running, page="?sprog=da")  # comes now: nothing older is kept for her
    julie.wait_a_while()
    assert b"Siden sidst" not in julie.received


def test_what_another_server_process_saved_is_found(listen, db, running, write):
    """Written past this process: only the version in the database tells."""
    carla = listen("carla", running)

    def elsewhere(db):
        db.execute(
            update(Item)
            .where(Item.meeting_id == running, Item.position == 1)
            .values(minutes_text="Fra en anden server")
        )
        db.execute(update(Meeting).where(Meeting.id == running).values(live_version=Meeting.live_version + 1))

    write(elsewhere)
    carla.until(lambda one: one.heard("Fra en anden server"))


def test_each_reads_in_their_own_language(listen, visitor, running, db):
    english = visitor("julie")
    english.open("/mig?sprog=en")
    danish = listen("carla", running)
    julie = listen(english, running)
    item = db.scalar(select(Item).where(Item.meeting_id == running, Item.position == 1))
    emil = visitor("emil")
    form = emil.open(f"/moeder/{running}/lokale?punkt={item.id}").form(action="/udfald")
    form.fill(outcome="noted").send()
    danish.until(lambda one: one.heard("Taget til efterretning"))
    julie.until(lambda one: one.heard("Minutes"))
    assert not julie.heard("Dagsorden")
    said = [data["say"] for _, data in danish.events() if data["say"]]
    assert said == ["Punkt 1: Siden sidst. Taget til efterretning"]


def test_the_stream_ends_when_the_employment_does(listen, running, write, people):
    carla = listen("carla", running)
    write(
        lambda db: db.execute(
            update(Employment).where(Employment.person_id == people.carla).values(ends=Employment.starts)
        )
    )
    carla.until(lambda one: one.is_over)
    assert carla.events() == []


def test_the_stream_ends_when_the_reader_signs_out(listen, running, visitor):
    carla = visitor("carla")
    stream = listen(carla, running)
    carla.open("/mig").form("Log ud").send()
    stream.until(lambda one: one.is_over)


def test_the_stream_ends_with_the_meeting(listen, running, write, db, visitor):
    write(lambda db: db.execute(update(Item).where(Item.meeting_id == running).values(outcome="noted")))
    carla, gunnar = listen("carla", running), listen("gunnar", running)
    visitor("anna").open(f"/moeder/{running}/lokale").form("Ja, afslut mødet").send()
    for one in (carla, gunnar):
        one.until(lambda listener: listener.is_over)
    assert carla.events()[-1][1]["id"] == "room"
    assert carla.heard("Mødet er slut")
    assert gunnar.events()[-1][0] == "reload"
    assert carla.visitor.open(f"/moeder/{running}/lokale").status_code == 403


def test_the_stream_ends_with_a_word_when_the_opening_is_undone(listen, write, visitor):
    meeting_id = write(lambda db: make_meeting(db).id)
    visitor("anna").open(f"/moeder/{meeting_id}/lokale").form("Åbn mødet").send()
    carla, gunnar = listen("carla", meeting_id), listen("gunnar", meeting_id)
    visitor("anna").open(f"/moeder/{meeting_id}/lokale").form("Ja, fortryd åbningen").send()
    for one in (carla, gunnar):
        one.until(lambda listener: listener.is_over)
    assert carla.heard("Mødet er ikke i gang længere") and carla.heard("Det blev åbnet ved en fejl.")
    assert not carla.heard("Mødet er slut")
    assert gunnar.events()[-1][0] == "reload"


def test_who_waits_in_the_room_is_told_that_it_opens(listen, write, visitor):
    meeting_id = write(lambda db: make_meeting(db).id)
    gunnar = listen("gunnar", meeting_id)
    visitor("anna").open(f"/moeder/{meeting_id}/lokale").form("Åbn mødet").send()
    gunnar.until(lambda one: one.is_over)
    assert gunnar.events()[-1][0] == "reload"


@pytest.mark.parametrize(
    ("handle", "is_open", "status"),
    [("carla", False, 403), ("ivan", True, 404), ("gunnar", False, 200), ("karl", True, 200)],
)
def test_who_may_follow(listen, write, handle, is_open, status):
    meeting_id = write(lambda db: make_meeting(db, state=State.IN_PROGRESS, is_open=is_open).id)
    stream = listen(handle, meeting_id, address=f"/moeder/{meeting_id}/direkte")
    assert stream.status == status


def test_wrong_addresses(listen, write, visitor, running):
    anna = visitor("anna")
    stranger = visitor("")
    assert listen(stranger, running, address=f"/moeder/{running}/direkte").status == 401
    assert listen(anna, running, address=f"/moeder/{2**70}/direkte").status == 404
    assert listen(anna, running, address="/moeder/987654/direkte").status == 404
    over = write(lambda db: make_meeting(db, state=State.HELD).id)
    assert listen(anna, over, address=f"/moeder/{over}/direkte").status == 204
    odd = listen(anna, running, address=f"/moeder/{running}/direkte?punkt=x&efter={'y' * 500}&tilstand=vrøvl")
    assert odd.status == 200
    odd.until(lambda one: one.events())


def test_there_is_a_limit_to_how_many_follow(listen, running, app, monkeypatch):
    listen("carla", running)
    monkeypatch.setattr(hub_of(app), "most", 1)
    full = listen("julie", running)
    assert full.status == 503
    assert full.headers["retry-after"]


def test_many_readers_share_one_rendering(listen, running, app, visitor, db, monkeypatch):
    made = []
    original = med.meetings.live.pieces

    def counted(visit, room):
        made.append(visit.viewer.handle)
        return original(visit, room)

    readers = [listen(handle, running) for handle in ("carla", "julie", "freja", "karl")]
    monkeypatch.setattr(med.meetings.live, "pieces", counted)
    monkeypatch.setattr(med.meetings.live, "HEARTBEAT", 60)
    write_words(visitor, "anna", db, running, 1, "Fælles ord")
    for reader in readers:
        reader.until(lambda one: one.heard("Fælles ord"))
    assert len([handle for handle in made if handle != "anna"]) <= 2


# --- the plumbing by itself -------------------------------------------------------------------------------------


def test_the_hub_sends_only_what_changed_and_forgets_who_left():
    async def story():
        async def versions(ids):
            return dict.fromkeys(ids, 1)

        hub = Hub(versions, most=5)
        now = [Look((Piece("a", "<p>1</p>"), Piece("b", "<p>2</p>", "to")))]

        async def look():
            return now[0]

        stream = hub.stream(7, look)
        got = [await anext(stream) for _ in range(3)]
        assert got[0].startswith(b"retry")
        assert [b'"id": "a"' in got[1], b'"id": "b"' in got[2]] == [True, True]
        now[0] = Look((Piece("a", "<p>1</p>"), Piece("b", "<p>3</p>", "tre")))
        hub.wake(7)
        changed = await anext(stream)
        while changed == b":\n\n":
            changed = await anext(stream)
        assert b'"id": "b"' in changed
        assert b'"say": "tre"' in changed
        assert hub.count == 1
        now[0] = None
        hub.wake(7)
        with pytest.raises(StopAsyncIteration):
            while True:
                await anext(stream)
        assert hub.count == 0

    asyncio.run(story())


def test_clocks_and_form_tokens_are_no_news():
    first = Piece("a", '<p><span data-clock="5">x</span><input name="idem" value="1"></p>')
    later = Piece("a", '<p><span data-clock="65">x</span><input name="idem" value="2"></p>')
    assert mark_of([first]) == mark_of([later])
    assert mark_of([first]) != mark_of([Piece("a", "<p>other</p>")])
