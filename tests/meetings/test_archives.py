"""Another system's meetings taken in: all of them, once, and nothing opened that was closed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from isal import igzip
from sqlalchemy import func, select

from med.db import Database
from med.meetings.importing import Archive, each_in_its_own, read_folder
from med.meetings.importing.reading import Point
from med.meetings.importing.saving import name_of
from med.meetings.models import Item, Meeting, Outcome, Purpose
from med.migrations import upgrade
from med.organisation.models import Committee

SITE = "https://raad.example/oparl"


def point(at: int, name: str, **more) -> dict:
    there = {"id": f"{SITE}/items/{at}", "name": name, "number": str(at), "order": at, "public": True}
    return {**there, **more}


def meeting(number: int, points: list[dict], **more) -> dict:
    return {
        "id": f"{SITE}/meetings/{number}",
        "name": f"Møde {number}",
        "organization": [f"{SITE}/organizations/1"],
        "start": f"2024-03-{number % 28 + 1:02}T16:00:00+01:00",
        "end": f"2024-03-{number % 28 + 1:02}T18:00:00+01:00",
        "location": {"description": "Rådssalen"},
        "agendaItem": points,
        **more,
    }


POINTS = [
    point(1, "Velkomst", number=""),
    point(2, "Budget for svømmehallen", number="1.1", result="Godkendt med ændringer"),
    point(3, "Ansættelse af en leder", number="1.2", public=False, result="Til efterretning"),
    point(4, "Legepladsen", number="2", result="Set på stedet"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "archive", [meeting(1, POINTS), meeting(2, [])])


def write_folder(folder: Path, meetings: list[dict]) -> Path:
    (folder / "meetings").mkdir(parents=True, exist_ok=True)
    organisations = [{"id": f"{SITE}/organizations/1", "name": "Teknikudvalget", "shortName": "TU"}]
    (folder / "organizations.json").write_text(json.dumps(organisations))
    for number, one in enumerate(meetings):
        (folder / "meetings" / f"{number}.json").write_text(json.dumps(one))
    return folder


@pytest.fixture
def take(database):
    def run(folder: Path, dry_run: bool = False) -> Archive:
        meetings, faults = read_folder(folder)
        assert not faults.told
        archive = Archive()
        assert list(each_in_its_own(archive, meetings, database, dry_run))[-1] == len(meetings)
        return archive

    return run


def items(db) -> list[Item]:
    asked = (
        select(Item).join(Meeting, Meeting.id == Item.meeting_id).where(Meeting.uid == name_of(f"{SITE}/meetings/1"))
    )
    return list(db.scalars(asked.order_by(Item.position)))


def test_everything_is_there_as_it_was(take, folder, database):
    assert take(folder).changes == 3  # a committee, two meetings
    with database.reading() as db:
        found = items(db)
        assert [(item.position, item.source_number, item.title, item.is_open) for item in found] == [
            (1, "", "Velkomst", True),
            (2, "1.1", "Budget for svømmehallen", True),
            (3, "1.2", "Ansættelse af en leder", False),
            (4, "2", "Legepladsen", True),
        ]
        assert [(item.outcome, item.purpose, item.source_result) for item in found] == [
            (None, Purpose.DISCUSS, ""),
            (Outcome.DECIDED, Purpose.DECIDE, "Godkendt med ændringer"),
            (Outcome.NOTED, Purpose.INFO, "Til efterretning"),
            (None, Purpose.DISCUSS, "Set på stedet"),
        ]
        assert (
            db.scalar(select(Committee.name).where(Committee.uid == name_of(f"{SITE}/organizations/1")))
            == "Teknikudvalget"
        )


def test_a_second_import_and_a_dry_run_change_nothing(take, folder, database):
    assert take(folder, dry_run=True).changes == 3
    with database.reading() as db:
        assert items(db) == []
    take(folder)
    assert (take(folder).changes, take(folder).lines) == (0, [])


def test_what_changed_and_what_is_gone_is_said(take, folder, database):
    take(folder)
    changed = [
        POINTS[3] | {"order": 0},
        POINTS[0] | {"name": "Godkendelse af dagsorden"},
        point(9, "Nyt", result="Udsat"),
    ]
    write_folder(folder, [meeting(1, changed, name="Ekstra møde")])
    archive = take(folder)
    told = "\n".join(str(line) for line in archive.lines)
    for word in ("TU 2024-03-02: title", "punkt 1: position", "punkt 2: title", "+ TU 2024-03-02, punkt 3: Nyt"):
        assert word in told
    assert "“Budget for svømmehallen” er ikke længere i kilden" in told
    assert "Ansættelse" not in told and "“Lukket punkt” er ikke længere" in told
    with database.reading() as db:
        titles = [item.title for item in items(db)]
        assert titles == [
            "Legepladsen", "Godkendelse af dagsorden", "Nyt", "Budget for svømmehallen", "Ansættelse af en leder",
        ]  # fmt: skip
    assert take(folder).changes == 0


def test_what_is_closed_stays_closed_whatever_the_archive_says_later(take, folder, database, visitor):
    take(folder)
    write_folder(folder, [meeting(1, [*POINTS[:2], POINTS[2] | {"public": True}, POINTS[3]])])
    take(folder)
    with database.reading() as db:
        where = items(db)[0].meeting_id
        assert [item.is_open for item in items(db)] == [True, True, False, True]
    page = visitor("carla").open(f"/moeder/{where}")
    assert "Budget for svømmehallen" in page.words and "Resultat i kilden: Set på stedet" in page.words
    assert "Ansættelse" not in page.text and "Til efterretning" not in page.text
    write_folder(folder, [meeting(1, [POINTS[0], POINTS[1] | {"public": False}, *POINTS[2:]])])
    take(folder)
    assert "Budget for svømmehallen" not in visitor("carla").open(f"/moeder/{where}").text


FAULTY = {
    "not JSON": ("{", "ikke gyldig JSON"),
    "a list": ("[]", "Her skulle være et objekt"),
    "no start": (json.dumps({**meeting(1, []), "start": None}), "“start” mangler"),
    "no zone": (json.dumps({**meeting(1, []), "start": "2024-01-01T10:00:00"}), "ikke et tidspunkt med zone"),
    "no owner": (json.dumps({**meeting(1, []), "organization": []}), "“organization”"),
    "no title": (json.dumps(meeting(1, [point(1, "")])), "Punkt 1: “name” mangler"),
    "odd openness": (
        json.dumps(meeting(1, [point(1, "x", public="ja")])),
        "Punkt 1: “public” er ikke sandt eller falsk",
    ),
    "odd order": (json.dumps(meeting(1, [point(1, "x", order="først")])), "“order” er ikke et tal"),
    "an item of no shape": (json.dumps(meeting(1, ["x"])), "Punkt 1: Her skulle være et objekt"),
    "twice": (json.dumps(meeting(1, [point(1, "x"), point(1, "y")])), "står også i"),
    "depth": ("[" * 100_000, "ikke gyldig JSON"),
}


@pytest.mark.parametrize("what", FAULTY)
def test_what_is_wrong_is_said_in_words(tmp_path, what):
    content, words = FAULTY[what]
    (tmp_path / "meetings").mkdir()
    (tmp_path / "meetings" / "a.json").write_text(content)
    _, faults = read_folder(tmp_path)
    assert len(faults.told) == 1
    assert str(faults.told[0]).startswith("a.json: ") and words in str(faults.told[0])


def test_an_empty_folder_is_no_archive(tmp_path):
    assert "ingen møder" in str(read_folder(tmp_path)[1].told[0])


def command(folder: Path, data: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "med.cli", "import", "oparl", str(folder), *more]


def test_an_import_that_is_killed_goes_on_where_it_was(tmp_path):
    """A real process, really killed: whole meetings or nothing, and the second run does the rest."""
    many = [meeting(n, [point(1000 * n + i, f"Punkt {i}") for i in range(8)]) for n in range(150)]
    folder = write_folder(tmp_path / "archive", many)
    database = Database(f"sqlite:///{tmp_path / 'med.db'}")
    upgrade(database.write_engine)
    database.close()
    there = {**os.environ, "MED_DATA_DIR": str(tmp_path), "MED_SECRET": "s" * 40}

    def counted() -> tuple[int, int]:
        with sqlite3.connect(tmp_path / "med.db") as db:
            return tuple(db.execute("SELECT (SELECT count(*) FROM meeting), (SELECT count(*) FROM item)").fetchone())

    first = subprocess.Popen(command(folder, tmp_path), env=there, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while counted()[0] < 10 and time.monotonic() < until:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    meetings, its = counted()
    assert 10 <= meetings < 150 and its == 8 * meetings
    again = subprocess.run(command(folder, tmp_path), env=there, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert counted() == (150, 1200)
    assert f"{150 - meetings} changes saved." in again.stdout
    assert (
        "Nothing to change."
        in subprocess.run(command(folder, tmp_path), env=there, capture_output=True, text=True).stdout
    )


def test_sixty_real_meetings_come_in_whole(shared, take, database, visitor):
    folder = shared / "data" / "oparl-sample"
    take(folder)
    raw = [json.loads(file.read_text()) for file in sorted((folder / "meetings").glob("*.json"))]
    assert (len(raw), sum(len(one["agendaItem"]) for one in raw)) == (60, 1134)
    with database.reading() as db:
        longest = 0
        for one in raw:
            held = db.scalars(select(Meeting).where(Meeting.uid == name_of(one["id"]))).one()
            there = list(db.scalars(select(Item).where(Item.meeting_id == held.id).order_by(Item.position)))
            assert [(i.uid, i.source_number, i.title, i.is_open, i.source_result) for i in there] == [
                (
                    name_of(i["id"]),
                    i["number"],
                    " ".join(i["name"].split()),
                    i["public"],
                    " ".join(i.get("result", "").split()),
                )
                for i in sorted(one["agendaItem"], key=lambda i: i["order"])
            ]
            if len(there) > longest:
                longest, biggest = len(there), held.id
        known = db.scalar(select(func.count()).select_from(Item).where(Item.outcome.is_not(None)))
    assert longest == 394 and known > 700
    assert take(folder).changes == 0
    page = visitor("carla").open(f"/moeder/{biggest}")
    assert page.status_code == 200 and len(page.tree.xpath("//ol[contains(@class, 'agenda')]/li")) == 394
    assert len(igzip.compress(page.text.encode(), compresslevel=1)) < 45 * 1024


def folded(words: str) -> str:
    return " ".join(words.split())


def test_results_are_known_by_how_they_begin():
    def outcome(result: str) -> Outcome | None:
        return Point("x", "1", "x", True, result).outcome

    assert outcome("Einstimmig beschlossen") is Outcome.DECIDED
    assert outcome("UDSAT til næste møde") is Outcome.POSTPONED
    assert outcome("") is None and outcome("erledigt") is None
