"""Nobody meets a word they may not know: on no page, in no form's answer, feed, calendar, mail, log line or header.

A sample here; `make evidence ARGS=canaries` reads everything as everybody, on both databases (`MED_WHOLE=1`).
"""

import dataclasses
import os
import random
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, true

from med import clock, demo
from med.access import Side
from med.competence_compass.vault import vault_of
from med.db import Database
from med.identity.routes import PERSONAS
from med.meetings import access as meetings_access
from med.meetings import files
from med.meetings.models import Attachment, Item, Note
from med.meetings.queries import agenda as agenda_queries
from med.slices import Office
from tests.canaries.crawling import Crawler, Log, addresses
from tests.canaries.planting import Cage, fill_cage
from tests.test_every_route import plausible
from tests.walking import Answer

WHOLE = os.environ.get("MED_WHOLE") == "1"
SEED = int(os.environ.get("MED_SEED", "1"))
READERS = [*PERSONAS, ""] if WHOLE else ["carla", "karl", "bo"]
PAGES, FORMS, LINKS = (1.0, 1.0, 2000) if WHOLE else (0.2, 0.04, 25)

on_each = pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if WHOLE else ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def cage(scene: Any) -> Iterator[SimpleNamespace]:
    """The scene of the other walks, with canaries in everything."""
    with clock.at(demo.NOW):
        real = Database(scene.desk.database.url)
        with real.writing() as db:
            filled = fill_cage(db, vault_of(scene.desk.settings.data_dir), scene.cases["live open"])
        for name, data in filled.files.items():
            files.keep(scene.desk.settings.files_dir, name, data)
        filled.secret(scene.desk.settings.secret, "the installation's secret")
        yield SimpleNamespace(filled=filled, database=real)
    real.close()


@on_each
def test_nobody_meets_what_they_may_not_know(scene: Any, cage: Any, backend: str):
    draw = random.Random(SEED)
    crawler = Crawler(scene, cage.filled)
    with Log() as log:
        for person in READERS:
            crawler.read_pages(person, draw, PAGES)
            crawler.follow_links(person, LINKS)
            crawler.send_forms(person, plausible, draw, FORMS)
        crawler.read_private_addresses()
    crawler.look("the log", "\n".join(log.lines), "the log", leaves=True)
    names = "\n".join(str(path) for path in scene.desk.settings.data_dir.rglob("*"))
    crawler.look("the folder", re.sub(r"\b[0-9a-f]{64}\b", "", names), "the data folder", leaves=True)
    met = {what for person in READERS for what in crawler.met.get(person, ())}
    print(
        f"{backend}: {crawler.looked_at:,} answers read by {len(READERS)} readers; "
        f"of {len(cage.filled.canaries)} canaries {len(met)} were met by who may know them, "
        f"{len(crawler.leaks)} by others"
    )
    assert not crawler.leaks, "\n".join(sorted(crawler.leaks))
    assert len(crawler.met["bo"]) > (100 if WHOLE else 20), "who may know hardly met any: is anything planted?"


@on_each
def test_what_leaves_the_house_says_nothing_closed(scene: Any, cage: Any):
    """Digests and mails at once to everybody about everything; and the journal."""
    settings = dataclasses.replace(
        scene.desk.settings, smtp_url="smtp://127.0.0.1:9", mail_from="Medspil <medspil@solbaek.example>"
    )
    crawler = Crawler(scene, cage.filled)
    office = Office(cage.database, settings)
    count = crawler.read_mails(office)
    crawler.read_the_journal(office)
    print(f"{count} mails composed and the journal read, {len(crawler.leaks)} canaries in them")
    assert count >= len(PERSONAS)
    assert not crawler.leaks, "\n".join(sorted(crawler.leaks))


@on_each
def test_a_forgotten_surface_is_noticed(scene: Any, cage: Any, monkeypatch: pytest.MonkeyPatch):
    """The agenda forgets to ask who reads it: the canaries of closed points are met."""
    monkeypatch.setattr(meetings_access, "visible_items", lambda viewer: true())
    monkeypatch.setattr(agenda_queries, "_items_with_all", agenda_queries._items_with_all.__wrapped__)  # anew
    crawler = Crawler(scene, cage.filled)
    for route, case, path in addresses(cage.filled, scene.routes, "GET"):
        if route.name == "meetings.show":
            crawler.read("carla", route, case, path)
    assert any(": title (" in leak for leak in crawler.leaks)


# --- nothing is told by lengths, counts, numbers or marks -------------------------------------------------------------


@on_each
def test_what_is_closed_changes_no_byte_for_others(scene: Any, cage: Any):
    """More, longer and other things behind closed doors: every page that others read stays as it is, to the byte."""
    draw = random.Random(SEED)
    readers = ["carla", "karl", "ivan", "julie"] if WHOLE else ["carla"]
    asked = [
        (person, path)
        for route, _, path in addresses(cage.filled, scene.routes, "GET")
        if route.name not in {"meetings.live", "livez", "readyz", "identity.second_step"}  # a new secret each time
        for person in readers
        if WHOLE or draw.random() < 0.25
    ]
    asked += [("", path) for path in cage.filled.feeds["carla"]]
    before = [bare(scene.walker.get(person, path)) for person, path in asked]
    with cage.database.writing() as db:
        add_behind_closed_doors(db, cage.filled)
    changed = [
        f"{path} to {person or 'a stranger'}"
        for (person, path), was in zip(asked, before, strict=True)
        if bare(scene.walker.get(person, path)) != was
    ]
    print(f"{len(asked):,} answers to others before and after more was put behind closed doors: {len(changed)} changed")
    assert not changed, "\n".join(changed)


def bare(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    """An answer without what is new each time: the form's token and number."""
    body = re.sub(rb'name="(_token|idem)" value="[^"]*"', b"", answer.body)
    return answer.status, {name: value for name, value in answer.headers.items() if name != "set-cookie"}, body


def add_behind_closed_doors(db: Any, cage: Cage) -> None:
    """Long words on closed points, and more papers, notes, decisions and tasks there. Approved minutes stay."""
    closed = [there for name, there in cage.cases.items() if name.endswith("closed") and not name.startswith("done")]
    for number, there in enumerate(closed):
        item = db.get_one(Item, there["item_id"])
        item.title, item.case_text, item.minutes_text = "Langt " * 20, "Ord. " * 400, "Sagt. " * 300
        item.version += 3
        for more in range(3):
            paper = {"title": "Endnu et", "file_name": f"endnu-{more}.pdf", "media_type": "application/pdf"}
            kept = {"size": 10**6, "sha256": f"{number:02}{more:02}" * 16, "is_open": False, "at": clock.now()}
            db.add(Attachment(item_id=item.id, **paper, **kept))
        for note in db.scalars(select(Note).where(Note.item_id == item.id, Note.side == Side.EMPLOYEE)):
            note.text = "Lang note " * 50
    db.flush()
