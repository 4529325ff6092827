"""How we talk to SQLite and PostgreSQL below SQLAlchemy: how a connection begins its life, and words straight to the
driver."""

import secrets
import sqlite3
from functools import cache
from time import monotonic
from typing import Any

import sqlalchemy as sa

# What each connection may hold of the file, in kB. With SQLite's own 2 MB one page of a city's meeting room pushed out
# what it had read a moment before, and read five hundred pieces of the file anew each time.
ROOM = "cache_size=-8000"


def prepare_sqlite(engine: sa.Engine, begin: str, *more: str) -> None:
    @sa.event.listens_for(engine, "connect")
    def connect(connection, record):
        if "query_only=ON" in more:
            record.info["reader"] = secrets.token_hex(8)  # a new one for each connection, and only for those that read
        connection.isolation_level = None  # we begin ourselves; the driver's own idea of when loses writes
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", ROOM, *more):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def start(connection):
        driver = connection.connection.driver_connection
        if not driver.in_transaction:  # a look has begun it
            tell_sqlite(driver, begin, engine.dialect)


def tell_sqlite(driver: sqlite3.Connection, words: str, dialect: sa.Dialect) -> sqlite3.Cursor:
    """Straight to the driver. What it cannot do is said as SQLAlchemy says it."""
    try:
        return driver.execute(words)
    except sqlite3.Error as error:
        raise as_sqlalchemy(words, error, dialect) from error


def as_sqlalchemy(words: str, error: Any, dialect: sa.Dialect) -> Exception:
    """As SQLAlchemy says what the driver cannot do."""
    return sa.exc.DBAPIError.instance(words, None, bare(error), dialect.loaded_dbapi.Error, dialect=dialect)


def bare(error: Any) -> Any:
    """What PostgreSQL could not do, without what somebody wrote: errors are told to the log. It adds the row that did
    not fit (DETAIL, CONTEXT), and quotes a value it cannot read (class 22); class and `sqlstate` stay."""
    if said := getattr(getattr(error, "diag", None), "message_primary", None):
        error.args = (said.partition('"')[0] if (error.sqlstate or "").startswith("22") else said,)
    return error


RESTED = 1.0  # seconds after which a line is tried before it is used
SNAPSHOT = b"SELECT pg_current_snapshot()"
DONE = {1, 2}  # libpq's PGRES_COMMAND_OK and PGRES_TUPLES_OK


def tell_postgresql(line: Any, words: bytes, dialect: sa.Dialect) -> bytes | None:
    """Straight to libpq, past the driver's own steps: the first value of the last answer."""
    found = line.pgconn.exec_(words)
    if found.status in DONE:
        return found.get_value(0, 0) if found.ntuples else None
    from psycopg.errors import error_from_result

    error = error_from_result(found)
    raise as_sqlalchemy(words.decode(), error, dialect) from error


@cache
def saying_how_many(compiler: Any) -> Any:
    """A compiler that says how many rows are wanted as a number in the words. Of a number that is filled in PostgreSQL
    assumes that a tenth of everything is wanted: the plan it has made then looks dear, and it makes another at each
    question, which costs more than answering it."""

    class SaysHowMany(compiler):
        def limit_clause(self, select: Any, **kw: Any) -> str:
            if not select._simple_int_clause(wanted := select._limit_clause):
                return str(super().limit_clause(select, **kw))
            said = " \n LIMIT " + self.process(wanted.render_literal_execute(), **kw)
            passed = select._offset_clause
            return said if passed is None else f"{said} OFFSET {self.process(passed, **kw)}"

    return SaysHowMany


def prepare_postgresql(engine: sa.Engine) -> None:
    dialect: Any = engine.dialect
    dialect.statement_compiler = saying_how_many(dialect.statement_compiler)

    @sa.event.listens_for(engine, "connect")
    def connect(connection, _record):
        """No question and no wait for a lock goes on after the person has given up."""
        connection.autocommit = True
        connection.execute("SET statement_timeout = '20s'")
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
        # What is acknowledged is on the disk, also on a server that was told not to wait for it.
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        # Pages look up fifty rows by their numbers. To remember what it looked up PostgreSQL first clears room for as
        # many as there might be, by the size of the table: in a large one that costs more than the whole question.
        connection.execute(
            "SELECT set_config(name, 'off', false) FROM pg_settings WHERE name = 'enable_memoize'"  # not in 13
        )
        connection.autocommit = False
        connection.prepared_max = 500  # every question there is: none is planned anew for lack of room

    @sa.event.listens_for(engine, "handle_error")
    def keep_words_out(context):
        told, error = str(context.original_exception), bare(context.original_exception)
        if context.sqlalchemy_exception is not None:  # made before us, with all that was told
            made = context.sqlalchemy_exception
            made.args = tuple(words.replace(told, str(error)) for words in made.args)

    @sa.event.listens_for(engine, "checkin")
    def rest(_connection, record):
        record.info["rests_since"] = monotonic()

    @sa.event.listens_for(engine, "checkout")
    def take(connection, record, _proxy):
        if monotonic() - record.info.get("rests_since", 0) > RESTED:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error:
                raise sa.exc.DisconnectionError from None  # the pool tries another, and a new one in the end
