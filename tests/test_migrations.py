"""The tables as migrations make them, on both databases: the same as the models, with the guards that hold them."""

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from med.db import Database
from med.migrations import UnknownRevision, config, current, drift, head, revisions, triggers, upgrade
from med.migrations.tables import metadata

# Every index costs every insert. A key without one is a choice, with its reason:
WITHOUT_INDEX = {
    # Who did it, or spoke for it: shown beside the row it stands on, and never asked from the person's end. People
    # are never deleted.
    "addendum.person_id", "attachment.person_id", "attendance_correction.person_id", "decision.recorded_by_id",
    "decision_step.person_id", "follow_up_change.person_id", "grundlag_change.person_id", "item.raised_by_id",
    "item.responsible_id", "item_revision.person_id", "meeting.agenda_chair_id", "meeting.agenda_vice_id",
    "minutes.chair_id", "minutes.vice_id", "minutes_version.person_id", "note.changed_by_id",
    "proposal.answered_by_id",
    "compass_version.made_by_id", "compass_role.given_by_id", "compass_assignment.given_by_id",
    "compass_occasion.begun_by_id", "compass_goal_rating.person_id", "compass_erasure.person_id",
    "compass_hypothesis.written_by_id", "loop_link.made_by_id",
    "compass_effect_run.asked_by_id", "welcome.made_by_id",
    "compass_exam.noted_by_id", "compass_draw.person_id",
    # Ten million rows: read by assessment, and by dimension only in sums that walk all of them anyway.
    "compass_score.dimension_id",
    # Projections that can be rebuilt: read by citizen, or by activity, and never from these ends.
    "compass_change.activity_id", "compass_change.dimension_id", "compass_change.unit_id",
    "compass_change_sum.dimension_id", "compass_change_sum.unit_id",
    "compass_change_total.dimension_id", "compass_change_total.unit_id",
    # Asked from the session's end; a participant's own are a handful of sessions of one run.
    "compass_presence.participation_id",
    # Asked only together with the meeting or the item, which have the index: the people of one are a handful.
    "attendance.seat_id", "attendance.stands_in_for_id", "note.person_id", "recusal.person_id",
    "meeting.minute_taker_id", "meeting.moderator_id", "addendum.item_id",
    # Followed from the row to what it points at, by that one's own key; what it points at is never deleted.
    "item.adopts_id", "minutes.adopted_item_id", "item.sent_to_id", "proposal.decision_id", "proposal.moved_from_id",
    # A table of hundreds of rows in a large municipality.
    "seat.substitute_for_id", "outlet.made_by_id",
    # Read newest first by the administrator, and by the digest of a mail.
    "incoming_reply.meeting_id", "incoming_reply.person_id",
}  # fmt: skip


def choices() -> list[tuple[str, str, list[str]]]:
    return [
        (table.name, column.name, list(column.type.enums))
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.Enum)
    ]


@pytest.fixture
def empty(backend: str, request: pytest.FixtureRequest, tmp_path: Path):
    """A database nobody has migrated."""
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgres").create(f"empty_{tmp_path.name}")
    made = Database(url)
    yield made
    made.close()


def count_everything(database: Database) -> dict[str, int]:
    with database.reading() as db:
        return {
            table.name: db.scalar(sa.select(sa.func.count()).select_from(table)) for table in metadata.sorted_tables
        }


def test_an_empty_database_comes_to_the_head_and_stays_there(empty):
    assert current(empty.engine) is None
    upgrade(empty.write_engine)
    assert current(empty.engine) == head()
    upgrade(empty.write_engine)
    assert current(empty.engine) == head()
    assert drift(empty.engine) == []
    counted = count_everything(empty)
    assert counted.pop("schema_step") == 3  # what 0004, 0005 and 0006 say of themselves
    assert set(counted.values()) == {0}


def test_a_year_of_meetings_survives_another_upgrade(database):
    before = count_everything(database)
    assert before["meeting"] > 10
    upgrade(database.write_engine)
    assert count_everything(database) == before
    assert drift(database.engine) == []


def test_a_database_of_another_program_is_left_alone(database):
    with database.writing() as db:
        db.execute(sa.text("UPDATE alembic_version SET version_num = 'f00d'"))
    before = count_everything(database)
    with pytest.raises(UnknownRevision, match="f00d"):
        upgrade(database.write_engine)
    assert current(database.engine) == "f00d"
    assert count_everything(database) == before


def test_an_upgrade_that_fails_leaves_nothing_behind(empty, monkeypatch):
    """All of it or nothing, on SQLite too: half a schema can neither be used nor upgraded."""
    monkeypatch.setattr(triggers, "create", lambda dialect, revision: ["CREATE TRIGGER this is no SQL"])
    with pytest.raises(DBAPIError):
        upgrade(empty.write_engine)
    assert sa.inspect(empty.engine).get_table_names() == []
    monkeypatch.undo()
    upgrade(empty.write_engine)
    assert current(empty.engine) == head()


def test_drift_is_seen(empty):
    upgrade(empty.write_engine)
    with empty.write_engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE person ADD COLUMN shoe_size INTEGER"))
        connection.execute(sa.text("DROP INDEX ix__journal_entry__thing"))
    assert {difference[0] for difference in drift(empty.engine)} == {"remove_column", "add_index"}


# --- what the database itself holds -----------------------------------------------------------------------------------


def test_every_choice_has_its_check(database):
    """An enum's words stand in a CHECK: a slip in SQL cannot write a state that no page knows."""
    inspector = sa.inspect(database.engine)
    for table, column, values in choices():
        written = " ".join(check["sqltext"] for check in inspector.get_check_constraints(table))
        assert column in written, (table, column)
        missing = [value for value in values if f"'{value}'" not in written]
        assert missing == [], (table, column)


def test_a_word_no_page_knows_is_refused(database):
    with database.reading() as db:
        chosen = [
            (table, column)
            for table, column, _ in choices()
            if db.scalar(sa.text(f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL"))
        ]
    assert len(chosen) >= 8
    for table, column in chosen:
        if any(guard.table == table and not guard.when for guard in triggers.GUARDED):
            continue
        with pytest.raises(DBAPIError) as refused, database.write_engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE {table} SET {column} = 'no such word'"))
        assert "check" in str(refused.value).lower() or "frozen" in str(refused.value), (table, column)


def test_every_guard_stands(database):
    wanted = {triggers._name(guard, verb) for guard in triggers.GUARDED for verb in guard.verbs}
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.reading() as db:
        standing = set(db.scalars(sa.text(query)))
    standing -= {"untouched"}  # the tests' own: it notes what is to be put back
    assert {name for name in standing if not name.startswith("search_text__")} == wanted  # those keep an index


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE journal_entry SET happened = 'nothing'", "journal_entry"),
        ("DELETE FROM journal_entry", "journal_entry"),
        ("UPDATE minutes_version SET sha256 = 'x' WHERE is_frozen", "minutes_version"),
        ("DELETE FROM minutes_version WHERE is_frozen", "minutes_version"),
        ("UPDATE minutes SET sha256 = 'x' WHERE chairs_approved_at IS NOT NULL", "minutes"),
        ("DELETE FROM minutes WHERE chairs_approved_at IS NOT NULL", "minutes"),
        (
            "UPDATE item SET minutes_text = 'other words' WHERE meeting_id IN "
            "(SELECT meeting_id FROM minutes WHERE chairs_approved_at IS NOT NULL)",
            "item",
        ),
        (
            "DELETE FROM attendance WHERE meeting_id IN "
            "(SELECT meeting_id FROM minutes WHERE chairs_approved_at IS NOT NULL)",
            "attendance",
        ),
    ],
)
def test_what_is_approved_is_not_changed_by_hand(database, statement, table):
    with database.reading() as db:
        assert db.scalar(sa.text("SELECT count(*) FROM minutes WHERE chairs_approved_at IS NOT NULL")) > 3
    with pytest.raises(DBAPIError, match=f"{table} is frozen"), database.write_engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_guarded_columns_are_columns():
    for guard in triggers.GUARDED:
        assert set(guard.columns) <= set(metadata.tables[guard.table].columns.keys()), guard.table


def test_every_key_points_at_a_row(database):
    """The demo's year breaks no foreign key, and SQLite is told to look."""
    if not database.is_sqlite:
        with database.reading() as db:
            assert (
                db.scalar(sa.text("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND NOT convalidated")) == 0
            )
        return
    with database.reading() as db:
        assert db.execute(sa.text("PRAGMA foreign_keys")).scalar() == 1
        assert db.execute(sa.text("PRAGMA foreign_key_check")).all() == []
        assert db.execute(sa.text("PRAGMA journal_mode")).scalar() == "wal"
        assert db.execute(sa.text("PRAGMA synchronous")).scalar() == 2
    with pytest.raises(DBAPIError), database.write_engine.begin() as connection:
        connection.execute(sa.text("UPDATE seat SET person_id = 999999"))
    with sqlite3.connect(database.url.removeprefix("sqlite:///")) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_every_key_has_an_index_or_a_reason():
    bare = []
    for table in metadata.sorted_tables:
        led = {index.columns.keys()[0] for index in table.indexes}
        led |= {
            constraint.columns.keys()[0]
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint | sa.PrimaryKeyConstraint) and constraint.columns
        }
        led |= {column.name for column in table.columns if column.unique}
        bare += [f"{table.name}.{key.parent.name}" for key in table.foreign_keys if key.parent.name not in led]
    assert set(bare) == WITHOUT_INDEX


def test_names_of_constraints_fit_both_databases():
    """PostgreSQL cuts names at 63 bytes; two that are cut alike would collide, and drift would never end."""
    for table in metadata.sorted_tables:
        for thing in (*table.constraints, *table.indexes):
            assert len(str(thing.name or "")) <= 63, thing.name


def test_the_names_of_the_files_tell_what_alembic_knows():
    known = [one.revision for one in ScriptDirectory.from_config(config()).walk_revisions()]
    assert revisions() == known[::-1]
    assert head() == known[0]
