"""Channels hear of what every employee may read, in their own shape, at the address people gave and nowhere else."""

import base64
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from med import clock
from med.decisions.models import Decision
from med.meetings.models import Meeting
from med.notices.chat import courier
from med.notices.chat.courier import BadAddress, Courier, Destination, check_url, is_public, resolve, signing_secret
from med.notices.chat.shapes import in_card, in_markdown, in_slack
from med.notices.models import Channel, Message, MessageState, Outlet, OutletKind
from med.notices.operations.actions import channel_of
from med.notices.outbox import Parcel, Posting, post
from med.notices.sending import Reason, Sender
from med.slices import Office
from tests.meetings.rooms import make_meeting

WAITING, SENT, DROPPED, DEAD = MessageState.WAITING, MessageState.SENT, MessageState.DROPPED, MessageState.DEAD


@dataclass
class Ear:
    """Another system, listening on this machine."""

    port: int
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)  # given in turn; then 200
    heard: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    stall: float = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/krog"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.heard.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            time.sleep(made.stall)
            status, headers = made.answers.pop(0) if made.answers else (200, {})
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"x" * 100_000)
            except OSError:
                pass

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    made = Ear(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tell(office: Office):
    """Do what the clock does: tell the outlets what is due."""
    inside = Office(office.database, replace(office.settings, webhook_hosts=frozenset({"127.0.0.1"})))

    def run(**settings: Any) -> int:
        return Sender(inside, (Channel.CHAT, Channel.WEBHOOK), **settings).run()

    return run


@pytest.fixture
def open_outlet(write, people, ear):
    def make(kind: str = "slack", committee: int | None = None, url: str = "", **columns: Any) -> int:
        def work(db) -> int:
            outlet = Outlet(
                uid=f"uid-{kind}-{len(url)}", kind=OutletKind(kind), name=kind, url=url or ear.url,
                committee_id=committee, made_by_id=people.ivan, made_at=clock.now(), **columns,
            )  # fmt: skip
            db.add(outlet)
            db.flush()
            return outlet.id

        return int(write(work))

    return make


@pytest.fixture
def put(write, db):
    keys = iter(range(10**6))

    def make(outlet: int, happened: str, thing: str, thing_id: int) -> int:
        def work(db) -> int:
            key = f"outlet:{next(keys)}"
            kind = db.get_one(Outlet, outlet).kind
            about = {"happened": happened, "thing": thing, "id": thing_id}
            post(db, [Posting(key, "outlet", outlet_id=outlet, channel=channel_of(kind), details=about)])
            return db.scalars(select(Message.id).where(Message.key == key)).one()

        return int(write(work))

    return make


@pytest.fixture
def decision(db) -> Decision:
    """An open decision that has been published, with a reason."""
    return db.scalars(
        select(Decision).where(Decision.is_open, Decision.published_at.is_not(None), Decision.why != "").limit(1)
    ).one()


# --- what is told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(OutletKind))
def test_a_published_decision_is_told_in_each_channels_own_shape(open_outlet, put, tell, ear, decision, look, kind):
    message = put(open_outlet(kind), "decision.published", "decision", decision.id)
    assert tell() == 1
    assert look(message).state is SENT
    (path, headers, raw) = ear.heard[0]
    assert (path, headers["content-type"], headers["host"]) == ("/krog", "application/json", f"127.0.0.1:{ear.port}")
    body = json.loads(raw)
    link = f"http://127.0.0.1:8000/beslutninger/{decision.id}"
    if kind is OutletKind.TEAMS:
        card = body["attachments"][0]["content"]
        assert card["type"] == "AdaptiveCard"
        assert card["actions"][0]["url"] == link
        assert card["body"][0]["text"].startswith("Ny beslutning: ")
    elif kind is OutletKind.WEBHOOK:
        assert body["type"] == "decision.published"
        assert body["data"]["url"] == link
        assert body["data"]["id"] == decision.uid
        assert "webhook-signature" in headers
    else:
        assert set(body) == {"text"}
        assert link in body["text"]
        assert "webhook-signature" not in headers


def test_a_webhook_is_signed_as_the_standard_says(open_outlet, put, tell, ear, decision, look, db):
    outlet = open_outlet("webhook")
    message = put(outlet, "decision.published", "decision", decision.id)
    tell()
    ((_, headers, body),) = ear.heard
    uid, stamp = headers["webhook-id"], headers["webhook-timestamp"]
    assert uid == look(message).uid
    assert abs(int(stamp) - clock.now().timestamp()) <= 1
    db.rollback()
    secret = signing_secret("s" * 40, db.get_one(Outlet, outlet).uid)
    assert secret.startswith("whsec_")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, f"{uid}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert signing_secret("s" * 40, "another") != secret


def test_an_agenda_is_told_with_its_open_items_only(open_outlet, put, tell, ear, write):
    def meeting(db) -> int:
        closed = {"title": "Nattergal", "is_open": False}
        return make_meeting(db, "Vagtplan", closed, "Introforløb").id

    made = write(meeting)
    put(open_outlet("slack"), "agenda.sent", "meeting", made)
    put(open_outlet("webhook"), "agenda.sent", "meeting", made)
    tell()
    assert "Nattergal" not in json.dumps(ear.bodies)
    assert "• Vagtplan\n• Introforløb" in ear.bodies[0]["text"]
    assert ear.bodies[1]["data"]["items"] == ["Vagtplan", "Introforløb"]


def test_what_not_everybody_may_read_is_dropped(open_outlet, put, tell, ear, write, decision, look):
    outlet = open_outlet()
    closed = put(outlet, "decision.published", "decision", decision.id)
    write(lambda db: db.execute(update(Decision).where(Decision.id == decision.id).values(is_open=False)))
    gone = put(outlet, "agenda.sent", "meeting", 10**9)
    tell()
    assert ear.heard == []
    assert [(look(one).state, look(one).error) for one in (closed, gone)] == [(DROPPED, Reason.NOTHING_LEFT)] * 2


def test_an_agenda_that_was_not_sent_is_not_told(open_outlet, put, tell, ear, write, look):
    made = write(lambda db: make_meeting(db).id)
    message = put(open_outlet(), "agenda.sent", "meeting", made)
    write(lambda db: db.execute(update(Meeting).where(Meeting.id == made).values(agenda_sent_at=None)))
    tell()
    assert (ear.heard, look(message).state) == ([], DROPPED)


def test_a_committees_channel_hears_of_that_committee_alone(open_outlet, put, tell, ear, decision, committee_id):
    others = next(
        committee_id(key) for key in ("hovedudvalget", "med-aabrinken") if committee_id(key) != decision.committee_id
    )
    put(open_outlet(committee=others), "decision.published", "decision", decision.id)
    tell()
    assert ear.heard == []
    put(open_outlet("mattermost", committee=decision.committee_id), "decision.published", "decision", decision.id)
    tell()
    assert len(ear.heard) == 1


def test_a_closed_channel_hears_nothing_more(open_outlet, put, tell, ear, decision, look):
    message = put(open_outlet(ended_at=clock.now()), "decision.published", "decision", decision.id)
    tell()
    assert (ear.heard, look(message).error) == ([], Reason.CHANNEL_ENDED)


def test_in_the_channels_language(open_outlet, put, tell, ear, decision):
    put(open_outlet(language="en"), "decision.published", "decision", decision.id)
    tell()
    assert ear.bodies[0]["text"].startswith("*New decision: ")


# --- what people wrote is text ------------------------------------------------------------------------------------


def test_nobody_is_called_and_nothing_is_linked_by_what_people_wrote():
    assert (
        in_slack("<!channel> & <https://evil.example|klik>")
        == "&lt;!channel&gt; &amp; &lt;https://evil.example|klik&gt;"
    )
    assert "@all" not in in_markdown("@all se [her](https://evil.example)")
    assert "](" not in in_markdown("[her](https://evil.example)")
    assert "](" not in in_card("[her](https://evil.example)")
    assert "{{" not in in_card("{{DATE(2017-02-14T06:08:39Z,LONG)}}")


@given(st.text(max_size=900))
def test_escaped_words_have_no_live_signs_left(words):
    assert not set("<>") & set(in_slack(words))
    assert "\n" not in in_slack(words) + in_markdown(words) + in_card(words)
    bare = in_markdown(words).replace("\\\\", "")
    assert all(bare[place - 1] == "\\" for place, letter in enumerate(bare) if letter in "*_[]()`~#|<>")


# --- how it gets there, or not ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state", "tries"),
    [
        (204, SENT, 0),
        (202, SENT, 0),
        (429, WAITING, 1),
        (500, WAITING, 1),
        (503, WAITING, 1),
        (404, DEAD, 0),
        (410, DEAD, 0),
        (400, DEAD, 0),
    ],
)
def test_an_answer_is_taken_at_its_word(open_outlet, put, tell, ear, decision, look, db, status, state, tries):
    ear.answers = [(status, {})]
    outlet = open_outlet()
    message = look(put(outlet, "decision.published", "decision", decision.id)).id
    tell()
    assert (look(message).state, look(message).tries) == (state, tries)
    db.rollback()
    found = db.get_one(Outlet, outlet)
    assert (found.error, found.told_at) == (("", clock.now()) if state is SENT else (f"HTTP {status}", None))


def test_a_redirect_is_not_followed(open_outlet, put, tell, ear, decision, look):
    ear.answers = [(307, {"Location": "http://127.0.0.1:1/elsewhere"})]
    message = put(open_outlet(), "decision.published", "decision", decision.id)
    tell()
    assert (look(message).state, look(message).error) == (DEAD, "HTTP 307")
    assert len(ear.heard) == 1


def test_a_channel_that_does_not_answer_holds_up_no_other(open_outlet, put, tell, ear, decision, look):
    silent = socket.create_server(("127.0.0.1", 0))
    deaf = open_outlet("teams", url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
    first = [put(deaf, "decision.published", "decision", decision.id) for _ in range(4)]
    other = put(open_outlet(), "decision.published", "decision", decision.id)
    began = time.monotonic()
    tell(timeout=0.3)
    silent.close()
    assert time.monotonic() - began < 1.0
    assert look(other).state is SENT
    assert [look(one).tries for one in first] == [1, 0, 0, 0]
    assert {look(one).state for one in first} == {WAITING}


def test_a_trickling_answer_is_cut_off(office, ear):
    ear.stall = 1.0
    inside = replace(office.settings, webhook_hosts=frozenset({"127.0.0.1"}))
    bearer = Courier(inside, timeout=5)
    threading.Timer(0.2, bearer.cut).start()
    with pytest.raises(courier.Later):
        bearer.deliver(Destination(1, "u", OutletKind.SLACK, ear.url), "id", Parcel({"text": "x"}))


def test_an_address_inside_the_house_is_not_sent_to(open_outlet, put, office, ear, decision, look):
    """Also one that was opened before the settings changed."""
    message = put(open_outlet(), "decision.published", "decision", decision.id)
    Sender(office, (Channel.CHAT,)).run()
    assert (look(message).state, look(message).error) == (DEAD, "address: https")
    assert ear.heard == []


@pytest.mark.parametrize(
    "number",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
     "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
     "::ffff:8.8.8.8", "64:ff9b::7f00:1", "2002:7f00:1::"],
)  # fmt: skip
def test_addresses_that_are_not_the_internets(number):
    assert not is_public(number)


@pytest.mark.parametrize("number", ["8.8.8.8", "2001:4860:4860::8888", "20.50.2.1"])
def test_addresses_that_are(number):
    assert is_public(number)


def test_a_name_that_leads_inside_is_refused_whatever_else_it_leads_to(monkeypatch):
    """One public and one private address: the second look-up of a name is how such checks are got around."""
    both = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.8", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: both)
    with pytest.raises(BadAddress, match="private"):
        resolve("hooks.example", 443, frozenset())
    assert resolve("hooks.example", 443, {"hooks.example"}) == "8.8.8.8"


def test_the_address_that_was_checked_is_the_one_that_is_connected_to(office, ear, monkeypatch):
    asked = []

    def look_up(host, port, *args, **named):
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(courier, "is_public", lambda number: True)
    inside = replace(office.settings, webhook_hosts=frozenset({"hooks.example"}))
    to = Destination(1, "u", OutletKind.SLACK, f"http://hooks.example:{ear.port}/krog")
    Courier(inside).deliver(to, "id", Parcel({"text": "x"}))
    assert [host for host in asked if host == "hooks.example"] == ["hooks.example"]  # once
    assert ear.heard[0][1]["host"] == f"hooks.example:{ear.port}"


@given(st.text(max_size=60))
def test_any_address_is_taken_apart_or_refused(url):
    for given_url in (url, f"https://{url}", f"https://x.example/{url}", f"https://x.example:{url}"):
        try:
            host, port, tls, path = check_url(given_url, frozenset())
        except BadAddress:
            continue
        assert tls
        assert host
        assert 0 < port < 65536
        assert path.isascii()
        assert path.isprintable()


def test_a_trial_arrives(visitor, open_outlet, tell, ear):
    open_outlet("teams")
    visitor("ivan").open("/drift/kanaler").form("Send en prøve").send()
    tell()
    assert "En prøve fra Medspil" in json.dumps(ear.bodies, ensure_ascii=False)
    assert "Virker" in visitor("ivan").open("/drift/kanaler").words
