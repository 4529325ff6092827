"""What a person may see and take along of themselves, and what goes when they have left."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text, update

from med import clock, demo
from med.decisions.models import FollowUp
from med.identity.models import FeedToken, SignIn
from med.journal.chain import breaks
from med.journal.models import Entry
from med.meetings.models import Item, Note
from med.meetings.queries.minutes import verify_chain
from med.migrations.tables import metadata
from med.organisation.models import Committee, ElectoralGroup, Employment, Person, Seat
from med.settings import Settings
from med.trust.column_words import COLUMNS
from med.trust.held import HELD
from med.trust.own_data import ABOUT, in_words, place_of
from med.trust.retention import GONE, carry_out, report
from tests.meetings.rooms import make_meeting


def note_of(person, item, words):
    return Note(item_id=item, person_id=person, text=words, changed_by_id=person, changed_at=clock.now())


def test_every_column_that_points_at_a_person_is_accounted_for():
    there = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "person"
    }
    assert there == set(HELD)


def test_no_secret_is_handed_out():
    secrets = {"token_hash", "password_hash", "second_step", "code_hash", "cookie", "sealed", "wrapped", "content"}
    for place, held in HELD.items():
        table, _ = place_of(place)
        assert set(held.columns) <= set(table.c.keys()), place
        assert not set(held.columns) & secrets, place


def test_bo_sees_and_takes_what_is_kept_about_him(visitor, people):
    bo = visitor("bo")
    page = bo.open("/mig/data")
    assert "Pladser i udvalg" in page.words
    assert "Bliver som dokumentation" in page.words
    taken = bo.open("/mig/data/hent")
    assert taken.headers["content-disposition"] == 'attachment; filename="mine-data.zip"'
    with zipfile.ZipFile(io.BytesIO(taken.response.content)) as archive:
        data = json.loads(archive.read("data.json"))
        page = archive.read("data.html").decode()
    assert data["person"]["handle"] == "bo"
    assert data["kept"]["seat.person_id"]
    assert "Pladser i udvalg" in page
    assert '<th scope="col">Fra</th>' in page
    assert bo.open("/mig?sprog=en")
    with zipfile.ZipFile(io.BytesIO(bo.open("/mig/data/hent").response.content)) as archive:
        assert '<th scope="col">From</th>' in archive.read("data.html").decode()


def test_every_column_that_is_handed_out_has_its_words():
    assert {*ABOUT, *(name for held in HELD.values() for name in held.columns)} == set(COLUMNS)


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("at", "2026-07-01T07:05:00+00:00", "2026-07-01 09:05"), ("starts", "2026-07-01", "2026-07-01"),
        ("is_active", True, "ja"), ("manages", False, "nej"), ("left", None, ""), ("number", 3, "3"),
        ("happened", "seat.given", "Plads i udvalg: givet"), ("text", "2026-07-01T07:05:00+00:00 er <b>", None),
    ],
)  # fmt: skip
def test_a_cell_is_for_people(column, value, words):
    assert in_words(column, value) == (value if words is None else words)


def test_nobodys_notes_but_ones_own_are_in_the_file(visitor, people, write, db):
    own = select(Committee.id).where(Committee.key == "med-aabrinken").scalar_subquery()
    item = db.scalar(select(Item.id).where(Item.committee_id == own).limit(1))
    for person in (people.bo, people.gunnar):
        write(
            lambda db, person=person: db.merge(
                Note(
                    item_id=item, person_id=person, text=f"Note {person}", changed_by_id=person, changed_at=clock.now()
                )
            )
        )
    with zipfile.ZipFile(io.BytesIO(visitor("bo").open("/mig/data/hent").response.content)) as archive:
        data = archive.read("data.json").decode()
    assert f"Note {people.bo}" in data
    assert f"Note {people.gunnar}" not in data


def test_a_seat_that_has_ended_opens_no_closed_item_by_the_file(visitor, people, write):
    """Karl sat on the committee: his task and his point there are in his file, their words are not; open ones are."""

    def rows(db):
        meeting = make_meeting(db, "Åbent", {"title": "Lukket", "is_open": False})
        for item in db.scalars(select(Item).where(Item.meeting_id == meeting.id)):
            item.raised_by_id = people.karl
            task = {
                "committee_id": item.committee_id,
                "item_id": item.id,
                "is_open": item.is_open,
                "created_at": clock.now(),
            }
            db.add(FollowUp(text=f"{item.title} opgave", owner_id=people.karl, **task))
            db.add(note_of(people.karl, item.id, f"{item.title} note"))

    write(rows)
    with zipfile.ZipFile(io.BytesIO(visitor("karl").open("/mig/data/hent").response.content)) as archive:
        page, kept = archive.read("data.html").decode(), json.loads(archive.read("data.json"))["kept"]
    assert "Lukket" not in page and "Lukket" not in str(kept)
    assert {row["text"] for row in kept["follow_up.owner_id"]} == {"Åbent opgave", "[kun for udvalget]"}
    assert len(kept["note.person_id"]) == 2 and "Åbent note" not in page  # a note goes with the seat
    with zipfile.ZipFile(io.BytesIO(visitor("bo").open("/mig/data/hent").response.content)) as archive:
        assert "[kun for udvalget]" not in archive.read("data.html").decode()


def test_the_administrator_sees_numbers_and_nobody_else_does(visitor):
    page = visitor("ivan").open("/drift/opbevaring")
    assert "Tælles kun" in page.words
    assert visitor("anna").open("/drift/opbevaring").status_code == 403


# --- what goes --------------------------------------------------------------------------------------------------


@pytest.fixture
def rules(database, tmp_path):
    return Settings(data_dir=tmp_path, database_url=database.url, secret="s" * 40)


@pytest.fixture
def left(write, people):
    """Gunnar's last day is today: he has a seat with an electoral group, a note, a private address. And somebody who
    never sat anywhere leaves, too."""

    def leave(db):
        today = clock.today()
        for table in (Employment, Seat):
            db.execute(
                table.__table__.update()
                .where(table.person_id == people.gunnar, table.ends.is_(None))
                .values(ends=today)
            )
        db.execute(update(Seat).where(Seat.person_id == people.gunnar).values(electoral_group=ElectoralGroup.B))
        item = db.scalar(select(Item.id).order_by(Item.id.desc()).limit(1))
        db.add(note_of(people.gunnar, item, "x"))
        db.add(FeedToken(token_hash="f", person_id=people.gunnar, scope="decisions", created_at=clock.now()))
        quiet = Person(handle="stille", name="Stine Stille", mail="stine@k.dk")
        db.add(quiet)
        db.flush()
        unit = db.scalar(select(Employment.unit_id).limit(1))
        db.add(Employment(person_id=quiet.id, unit_id=unit, starts=today, ends=today))
        return quiet.id

    return write(leave)


def on_day(days, write, rules):
    with clock.at(demo.NOW + timedelta(days=days)):
        write(lambda db: carry_out(db, rules))


def left_of(db, person):
    db.rollback()
    found = db.execute(select(Person.name, Person.mail).where(Person.id == person)).one()
    counts = [
        db.scalar(select(func.count()).select_from(table).where(table.person_id == person))
        for table in (FeedToken, SignIn, Note)
    ]
    groups = db.scalars(select(Seat.electoral_group).where(Seat.person_id == person)).all()
    return found, counts, groups


def test_each_thing_goes_in_its_time_and_the_record_stays(left, write, rules, people, db, database):
    on_day(29, write, rules)
    (name, mail), counts, groups = left_of(db, people.gunnar)
    assert counts == [1, 0, 1] and mail and ElectoralGroup.B in groups
    on_day(32, write, rules)
    assert left_of(db, people.gunnar)[1] == [0, 0, 1]
    on_day(182, write, rules)
    (name, mail), counts, groups = left_of(db, people.gunnar)
    assert (mail, counts) == ("", [0, 0, 0]) and set(groups) == {None}
    on_day(1830, write, rules)
    assert left_of(db, people.gunnar)[0].name == name != GONE  # he sat on a committee: that is on record
    assert left_of(db, left)[0] == (GONE, "")
    assert db.scalar(select(Person.handle).where(Person.id == left)) == f"slettet-{left}"
    assert list(breaks(db)) == []
    for committee in db.scalars(select(Committee.id)).all():
        assert verify_chain(db, committee) == []
    assert db.scalar(select(func.count()).where(Entry.happened == "person.anonymised")) >= 1


def test_the_dry_run_says_what_would_go_and_touches_nothing(left, write, rules, people, db):
    with clock.at(demo.NOW + timedelta(days=32)):
        db.rollback()
        counted = [count for _, count in report(db, rules)]
        before = left_of(db, people.gunnar)
        done = write(lambda db: [count for _, count in carry_out(db, rules)])
        assert counted == done
        assert counted[0] >= 1
        assert before[1] == [1, 0, 1]
        db.rollback()
        assert report(db, rules)[0][1] == 0


def test_a_seat_nobody_ended_keeps_nothing(left, write, rules, people, db):
    """The import of people ends employments, and leaves seats as they are."""
    write(lambda db: db.execute(update(Seat).where(Seat.person_id == people.gunnar).values(ends=None)))
    on_day(182, write, rules)
    (_, mail), counts, groups = left_of(db, people.gunnar)
    assert (mail, counts) == ("", [0, 0, 0]) and set(groups) == {None}


def test_who_sits_without_an_employment_keeps_everything(left, write, rules, people, db):
    def only_a_seat(db):
        db.execute(delete(Employment).where(Employment.person_id == people.gunnar))
        db.execute(update(Seat).where(Seat.person_id == people.gunnar).values(ends=None))

    write(only_a_seat)
    before = left_of(db, people.gunnar)
    on_day(2000, write, rules)
    assert left_of(db, people.gunnar) == before


def test_who_still_works_here_keeps_everything(left, write, rules, people, db):
    before = left_of(db, people.anna)
    on_day(2000, write, rules)
    assert left_of(db, people.anna) == before


def test_a_restored_backup_is_tidied_by_the_next_run(left, write, rules, people, db):
    on_day(182, write, rules)
    write(lambda db: db.execute(text("UPDATE person SET mail = 'igen@k.dk' WHERE id = :id"), {"id": people.gunnar}))
    on_day(183, write, rules)
    assert left_of(db, people.gunnar)[0].mail == ""
