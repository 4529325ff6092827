"""One PostgreSQL database for test after test, put back as it was in between.

A new copy for each test costs the server 900 files to copy and to delete, and each test new connections: several times
what most tests cost themselves. Instead triggers write down which tables are changed, by whomever, and `put_back` takes
away the rows that are newer than the last time and brings those back that are missing. Where that is not the whole
story (tables were altered, somebody is still at work) the database is given up for a new copy, and now and then anyway.
"""

from typing import Any

import psycopg
from sqlalchemy import make_url

from scripts.postgres import Postgres

# Rows that came and went leave room behind, which nobody sweeps.
TESTS_PER_COPY = 100

PREPARE = """
CREATE SCHEMA untouched;
CREATE UNLOGGED TABLE untouched.mark (xact bigint);
CREATE UNLOGGED TABLE untouched.touched (place oid, how text);

CREATE FUNCTION untouched.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO untouched.touched VALUES (TG_RELID, TG_OP);
  RETURN NULL;
END $$;

CREATE FUNCTION untouched.note_altered() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO untouched.touched VALUES (0, TG_TAG);
END $$;

CREATE FUNCTION untouched.put_back() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  since bigint := (SELECT xact FROM untouched.mark);
  one record;
BEGIN
  PERFORM set_config('session_replication_role', 'replica', true);  -- no triggers, no foreign keys
  PERFORM set_config('lock_timeout', '1s', true);
  IF EXISTS (SELECT FROM untouched.touched WHERE place = 0) OR EXISTS (
    SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND state IS DISTINCT FROM 'idle'
  ) THEN
    RETURN false;
  END IF;
  FOR one IN SELECT place, bool_and(how = 'INSERT') AS only_more FROM untouched.touched GROUP BY place LOOP
    EXECUTE format('DELETE FROM %s WHERE xmin::text::bigint > %s', one.place::regclass, since);
    IF NOT one.only_more THEN
      EXECUTE (SELECT bring_back FROM untouched.place WHERE place.place = one.place);
    END IF;
  END LOOP;
  DELETE FROM untouched.touched;
  PERFORM setval(number.name, number.last, number.called) FROM untouched.number;
  UPDATE untouched.mark SET xact = pg_current_xact_id()::text::bigint;
  RETURN true;
END $$;

CREATE TABLE untouched.place (place oid, bring_back text);
CREATE TABLE untouched.number (name regclass, last bigint, called boolean);

DO $$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT c.oid, c.relname AS name,
      (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
       WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
      (SELECT string_agg(format('k.%1$I = t.%1$I', a.attname), ' AND ')
       FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
       WHERE i.indrelid = c.oid AND i.indisprimary) AS same
    FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  LOOP
    EXECUTE format('CREATE TABLE untouched.%1$I AS TABLE public.%2$I', 'of_' || one.name, one.name);
    INSERT INTO untouched.place VALUES (one.oid, format(
      'INSERT INTO public.%1$I (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM untouched.%3$I k '
      'WHERE NOT EXISTS (SELECT FROM public.%1$I t WHERE %4$s)', one.name, one.columns, 'of_' || one.name, one.same));
    EXECUTE format('CREATE TRIGGER untouched AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.%I '
      'FOR EACH STATEMENT EXECUTE FUNCTION untouched.note()', one.name);
  END LOOP;
  FOR one IN SELECT oid::regclass AS name FROM pg_class WHERE relkind = 'S' LOOP
    EXECUTE format(
      'INSERT INTO untouched.number SELECT %1$L::regclass, last_value, is_called FROM %1$s', one.name);
  END LOOP;
  INSERT INTO untouched.mark VALUES (pg_current_xact_id()::text::bigint);
END $$;

CREATE EVENT TRIGGER untouched ON ddl_command_end EXECUTE FUNCTION untouched.note_altered();
"""


class Lending:
    """`lend()` gives the address of a database as `template` is; `take_back()` when the test is over."""

    def __init__(self, postgres: Postgres, template: str) -> None:
        self.postgres = postgres
        self.template = make_url(postgres.new("lendable", template=template)).database or ""
        with psycopg.connect(postgres.url(self.template, driver="postgresql")) as connection:
            connection.execute(PREPARE)
        self.name = ""
        self.tests = 0
        self.line: psycopg.Connection[Any] | None = None

    def lend(self) -> str:
        if self.line is None:
            self.name = make_url(self.postgres.new("lent", template=self.template)).database or ""
            self.line = psycopg.connect(self.postgres.url(self.name, driver="postgresql"), autocommit=True)
            self.tests = 0
        return self.postgres.url(self.name)

    def take_back(self) -> None:
        self.tests += 1
        if self.tests >= TESTS_PER_COPY or not self._is_put_back():
            self.give_up()

    def _is_put_back(self) -> bool:
        assert self.line is not None
        try:
            return bool(self.line.execute("SELECT untouched.put_back()").fetchall()[0][0])
        except psycopg.Error:
            return False

    def give_up(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None
            self.postgres.drop(self.name)
