"""The database that PostgreSQL's tests share is to each of them as if it were its own."""

from typing import Any

import psycopg
import pytest

from tests.lending import Lending

CHANGES = """
UPDATE person SET theme = 'dark';
UPDATE committee SET name = name || '!' WHERE id < 5;
DELETE FROM decision_tag;
TRUNCATE feed_token CASCADE;
INSERT INTO sign_in (token_hash, person_id, created_at, seen_at, expires_at, news_since, device, how)
  SELECT id::text, id, now(), now(), now(), now(), '', '' FROM person;
"""


@pytest.fixture
def own(postgres: Any, furnished_template: str) -> Any:
    made = Lending(postgres, furnished_template)
    yield made
    made.give_up()


def whole(where: str) -> dict[str, list[Any]]:
    """Every row of every table, and where every sequence stands."""
    ours = "FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind"
    with psycopg.connect(where) as line:
        asked = [(name, f'SELECT * FROM "{name}"') for (name,) in line.execute(f"SELECT relname {ours} = 'r'")]
        asked += [
            (name, f'SELECT last_value, is_called FROM "{name}"')
            for (name,) in line.execute(f"SELECT relname {ours} = 'S'")
        ]
        return {name: sorted(map(repr, line.execute(question))) for name, question in asked}


def test_rows_and_numbers_are_as_they_were(own: Lending) -> None:
    where = own.lend().replace("+psycopg", "")
    before = whole(where)
    assert len(before) > 100
    for _ in range(2):
        with psycopg.connect(where) as line:
            line.execute(CHANGES)
            line.execute("SELECT nextval('person_id_seq')")
        assert {name for name, rows in whole(where).items() if rows != before[name]} >= {
            "person", "committee", "decision_tag", "sign_in", "sign_in_id_seq", "person_id_seq",
        }  # fmt: skip
        own.take_back()
        assert own.lend().replace("+psycopg", "") == where
        assert whole(where) == before


@pytest.mark.parametrize("change", ["ALTER TABLE person ADD COLUMN shoe int", "DROP TABLE feed_token CASCADE",
                                    "CREATE INDEX more ON person (theme)"])  # fmt: skip
def test_what_was_altered_is_given_up(own: Lending, change: str) -> None:
    where = own.lend()
    with psycopg.connect(where.replace("+psycopg", "")) as line:
        line.execute(change)
    own.take_back()
    assert own.lend() != where


def test_whoever_is_still_at_work_is_left_behind(own: Lending) -> None:
    where = own.lend()
    with psycopg.connect(where.replace("+psycopg", "")) as line:
        line.execute("UPDATE person SET theme = 'dark'")
        own.take_back()
        assert own.lend() != where
        with pytest.raises(psycopg.OperationalError):
            line.execute("SELECT 1")
        line.close()
