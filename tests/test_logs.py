"""What the log says: lines programs can read, what was refused and to whom, and nothing that opens anything."""

import json
import logging
import subprocess
import sys
import traceback

import pytest
from sqlalchemy import bindparam, insert, text, update
from sqlalchemy.exc import DBAPIError

from med import clock
from med.db import insert_rows
from med.identity.actions import make_feed_token
from med.identity.models import FeedToken
from med.logs import Lines
from med.organisation.models import Person
from med.prepared import PreparedChange
from tests.meetings.conftest import item, plan  # noqa: F401 - a meeting to attach something to

FULL = {
    "sqlite": ["CREATE TRIGGER full_disk BEFORE INSERT ON item BEGIN SELECT RAISE(ABORT, 'no room'); END"],
    "postgresql": [
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION no_room()",
    ],
}
# PostgreSQL tells what it refuses: the whole row where a CHECK does not hold, and whatever a trigger adds, at once or
# only at COMMIT.
TELLING = {
    "at once": ["ALTER TABLE item ADD CONSTRAINT short CHECK (length(title) < 5) NOT VALID"],
    "at COMMIT": [
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE 'no room' USING DETAIL = NEW.title; END $$",
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON item DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION tell()",
    ],
}
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def refused(caplog):
    caplog.set_level(logging.INFO, logger="med.refused")
    return lambda: [record.told for record in caplog.records if record.name == "med.refused"]


def test_who_tried_what_is_told(visitor, refused, people):
    carla = visitor("carla")
    assert carla.open("/drift/adgang").status_code == 403
    assert carla.open("/moeder/99999").status_code == 404
    assert carla.post("/mig/set", {}).status_code == 403
    assert carla.post("/mig/set", {}, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert carla.post("/mig/set", {"_token": b"\xff"}).status_code in {400, 403}
    told = [(one["status"], one["why"], one["method"], one["route"], one.get("person")) for one in refused()]
    assert told[:4] == [
        (403, "NotAllowed", "GET", "identity.ways_in", people.carla),
        (404, "NotFound", "GET", "meetings.show", people.carla),
        (403, "Forged", "POST", "identity.seen", people.carla),
        (403, "Forged", "POST", "identity.seen", None),  # from another site: nobody asks who it is
    ]
    assert len(told) == 5
    assert refused()[1]["path"] == {"meeting_id": 99999}


def test_strangers_who_guess_are_told_of_and_old_links_are_not(visitor, refused, app):
    assert visitor().open("/log-ind/link/et-link-der-aabner-alt").status_code == 404
    assert refused() == []
    guess = {"handle": "anna", "password": "forkert"}
    for _ in range(6):
        answer = visitor().post("/log-ind/konto", guess)
    assert answer.status_code == 429
    assert [one["why"] for one in refused()] == ["SignIn"] * 5 + ["TooMany"]
    assert set(refused()[0]) == {"status", "why", "method", "route", "path", "from"}
    assert "forkert" not in str(refused())


@pytest.mark.parametrize(
    ("path", "routes"),
    [
        ("/feeds/{}/beslutninger.atom", ["decisions.atom"]),
        ("/feeds/{}/beslutninger.json", ["decisions.json"]),
        ("/kalender/{}.ics", ["calendar.subscription"]),
        ("/svar/{}", ["calendar.answer", "calendar.give_answer"]),
        ("/afmeld/{}", ["notices.unsubscribe", "notices.stop"]),
    ],
)
def test_who_guesses_a_private_address_is_told_of_and_the_guess_is_not(visitor, refused, path, routes):
    guess = path.format("med_" + "0" * 40)
    visitor().open(guess)
    if len(routes) > 1:
        visitor().post(guess, {"reply": "accepted", "stop": "alt"}, **{"sec-fetch-site": "same-origin"})
    assert [(one["status"], one["why"], one["route"]) for one in refused()] == [
        (404, "NotFound", one) for one in routes
    ]
    assert all("from" in one and one["path"] == {} for one in refused())
    assert "0000" not in str(refused())


def test_a_private_address_that_was_closed_is_told_of(visitor, refused, write, people):
    made = write(lambda db: make_feed_token(db, people.viewer("carla"), "decisions"))
    assert visitor().open(f"/feeds/{made}/beslutninger.atom").status_code == 200
    write(lambda db: db.execute(update(FeedToken).values(revoked_at=clock.now())))
    assert visitor().open(f"/feeds/{made}/beslutninger.atom").status_code == 404
    assert [one["route"] for one in refused()] == ["decisions.atom"]
    assert made not in str(refused())


def test_a_private_address_that_opens_is_never_in_a_line(visitor, refused):
    carla = visitor("carla")
    assert carla.open("/log-ind/link/et-link-der-aabner-alt").status_code == 404
    assert [(one["route"], one["path"]) for one in refused()] == [("identity.welcome", {})]


def test_what_somebody_wrote_is_in_no_line_when_it_cannot_be_saved(visitor, plan, caplog, write):  # noqa: F811
    meeting = plan()
    write(lambda db: [db.execute(text(words)) for words in FULL[db.get_bind().dialect.name]])
    form = visitor("anna").open(f"/moeder/{meeting}/punkter/nyt").form("Tilføj punkt")
    assert form.fill(title="Opsigelsen af Per").send().status_code >= 500
    assert any("on POST meetings.add_item" in line for line in caplog.messages)
    assert "Opsigelsen" not in caplog.text


@on_postgresql
@pytest.mark.parametrize("statements", TELLING.values(), ids=TELLING)
def test_the_row_that_postgresql_refuses_is_in_no_line(visitor, plan, caplog, write, statements):  # noqa: F811
    meeting = plan()
    write(lambda db: [db.execute(text(words)) for words in statements])
    form = visitor("anna").open(f"/moeder/{meeting}/punkter/nyt").form("Tilføj punkt")
    assert form.fill(title="Opsigelsen af Per").send().status_code >= 500
    assert any("on POST meetings.add_item" in line for line in caplog.messages)
    assert "Opsigelsen" not in caplog.text and "DETAIL" not in caplog.text


def by_prepared(db, row):
    PreparedChange(lambda: insert(PERSON).values({name: bindparam(name) for name in row}))(db, **row)


PERSON = Person.__table__
WAYS = {
    "SQLAlchemy": lambda db, row: db.execute(insert(PERSON).values(row)),
    "a prepared change": by_prepared,
    "many rows at once": lambda db, row: insert_rows(db, PERSON, tuple(row), [tuple(row.values())]),
    "a value": lambda db, row: db.execute(text("SELECT CAST(CAST(:it AS text) AS integer)"), {"it": row["name"]}),
}


@on_postgresql
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whichever_way_it_was_asked_postgresql_repeats_nothing(database, write, way):
    write(lambda db: db.execute(text("ALTER TABLE person ADD CONSTRAINT short CHECK (length(name) < 5) NOT VALID")))
    row = {"handle": "per", "name": "Opsigelsen af Per", "mail": "", "language": "da", "theme": "", "is_active": True}
    with pytest.raises(DBAPIError) as refused:
        write(lambda db: way(db, row))
    assert "Opsigelsen" not in "".join(traceback.format_exception(refused.value))
    assert refused.value.orig.sqlstate in {"23514", "22P02"}


def test_a_file_that_is_not_taken_is_told_of(visitor, refused, plan, item):  # noqa: F811
    meeting = plan()
    form = visitor("anna").open(f"/moeder/{meeting}/punkter/{item(meeting, 'Budget')}/ret").form("Læg bilaget på")
    form.send(files={"file": ("program.exe", b"MZ", "application/octet-stream")})
    assert [(one["why"], one["route"]) for one in refused()] == [("File", "meetings.attach")]


def test_a_line_is_one_object_whatever_is_said():
    record = logging.LogRecord("med", logging.ERROR, "x.py", 1, "said %s", ('"\n2026 level=info',), None)
    record.created = 1795320000.25
    record.told = {"person": 7}
    line = Lines().format(record)
    assert "\n" not in line
    assert json.loads(line) == {
        "at": "2026-11-22T04:00:00Z", "level": "error", "log": "med", "said": 'said "\n2026 level=info', "person": 7,
    }  # fmt: skip


def test_a_server_speaks_in_lines_with_its_stumbles_in_them():
    program = """
import logging
from med.logs import speak_in_lines
speak_in_lines()
logging.getLogger("med.refused").info("refused", extra={"told": {"status": 403}})
logging.getLogger("med.worker").info("as it should")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("med").exception("a stumble")
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stderr
    first, second = map(json.loads, said.splitlines())
    assert (first["status"], first["level"]) == (403, "info")
    assert second["traceback"].endswith("ZeroDivisionError: division by zero")
