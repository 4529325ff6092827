"""Tables, engines and transactions, on SQLite and on PostgreSQL.

SQLite has one writer at a time: who writes takes a connection that begins every transaction with BEGIN IMMEDIATE, and
the next waits. Readers have an engine of their own and see the last committed state (WAL). PostgreSQL needs neither.
On both the database itself refuses a change inside `reading()`.
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache, reduce
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session

from med.drivers import SNAPSHOT, as_sqlalchemy, prepare_postgresql, prepare_sqlite, tell_postgresql, tell_sqlite
from med.prepared import with_arrays

State = tuple[str, Any]
Look = tuple[sa.Connection, State, Callable[[], Any]]  # where to ask, what is so, and how to end it
BigInt = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC datetime on every database; SQLite would otherwise hand back a naive one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime; use med.clock.now()")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix__%(column_0_label)s",
            "uq": "uq__%(table_name)s__%(column_0_N_name)s",
            "ck": "ck__%(table_name)s__%(constraint_name)s",
            "fk": "fk__%(table_name)s__%(column_0_name)s",
            "pk": "pk__%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BigInt,
        str: sa.Text,
        datetime: UtcDateTime,
        # Values ("compliance"), not member names; `med.migrations.tables` adds a CHECK for each column.
        Enum: sa.Enum(Enum, native_enum=False, length=40, values_callable=lambda e: [m.value for m in e]),
    }


def in_one_line(*columns: Any) -> sa.ColumnElement[str]:
    """A row's columns as one text: numbers end with a point, other things stand after their length, so that no two
    different rows read alike."""
    parts = []
    for column in columns:
        text = sa.func.coalesce(sa.cast(column, sa.String), EMPTY)
        is_number = isinstance(column.type, sa.Integer)
        parts.append(text + POINT if is_number else sa.cast(sa.func.length(text), sa.String) + POINT + text)
    return reduce(lambda left, right: left + right, parts)


EMPTY: Any = sa.literal_column("''", sa.String)
POINT: Any = sa.literal_column("'.'", sa.String)


def in_one_text(lines: sa.Select[Any]) -> sa.ScalarSelect[str]:
    """All lines of a question of one column as one text, put together by the database: a few long texts are read far
    faster than many rows. Only good for telling whether anything changed."""
    found = lines.subquery()
    return sa.select(sa.func.aggregate_strings(next(iter(found.c)), POINT)).scalar_subquery()


class ListsAsArrays(Session):
    """On PostgreSQL a list that is filled in goes as one array: the question is the same however long the list is, and
    so is known by name to a line that has heard it before."""


@sa.event.listens_for(ListsAsArrays, "do_orm_execute")
def _as_arrays(asked: ORMExecuteState) -> None:
    if isinstance(asked.parameters, dict):
        lists = tuple(name for name, value in asked.parameters.items() if isinstance(value, list))
        if lists:
            asked.statement = with_arrays(asked.statement, lists)


class Database:
    """The engines of one database, and the two ways to talk to it."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._watch: Any = None  # the connection that `state` asks
        self._asked = Lock()
        self._session = Session if self.is_sqlite else ListsAsArrays
        self._idle: deque[sa.Connection] = deque()  # SQLite's readers, open and between two looks
        self._pens: dict[bool, sa.Connection] = {}  # SQLite's writers, likewise: who waits for others, and who does not
        self._turn = Lock()
        self._waiting: deque[bool] = deque()  # one for each who waits for their turn
        self._opened = object()
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            args = {"check_same_thread": False, "timeout": 5}
            # `reading` rolls back itself; the pool need not do so once more.
            self.engine = self.read_engine = sa.create_engine(
                url, connect_args=args, hide_parameters=True, pool_use_lifo=True, pool_reset_on_return=None
            )
            # Two for `writing`, one for who goes past it.
            self.write_engine = sa.create_engine(
                url, connect_args=args, hide_parameters=True, pool_size=2, max_overflow=1
            )
            prepare_sqlite(self.engine, "BEGIN", "query_only=ON")
            # What is deleted is overwritten: a destroyed key must not be found in the file (docs/decisions/0011).
            prepare_sqlite(self.write_engine, "BEGIN IMMEDIATE", "secure_delete=ON")
        else:
            self.engine = self.write_engine = sa.create_engine(
                url,
                hide_parameters=True,  # an error is told to the log, nothing anybody wrote is (see `med.drivers.bare`)
                pool_size=pool_size,
                max_overflow=4,
                pool_timeout=10,
                pool_use_lifo=True,  # few lines, used often: those know the questions already
                connect_args={"connect_timeout": 5, "client_encoding": "utf8"},
            )
            self.read_engine = self.engine.execution_options(postgresql_readonly=True)  # for who asks past `reading`
            prepare_postgresql(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look at the database, which refuses to be changed by it."""
        with self._sqlite_look() if self.is_sqlite else self._postgresql_look() as (connection, state, end):
            db = self._session(connection, expire_on_commit=False, autoflush=False)
            db.info.update(connection=connection, state=state)
            try:
                yield db
            finally:
                end()
                if db.in_transaction() or db.identity_map:  # most pages hold no object of the mapper's
                    db.close()

    # A look's transaction is begun and ended by the driver. Pool, session and connection would each keep a book of who
    # holds it; for a page that asks a few prepared questions that costs more than the questions. SQLAlchemy, if a page
    # asks it something, finds the transaction there.

    @contextmanager
    def _sqlite_look(self) -> Iterator[Look]:
        """On a connection that stays open, as SQLite counts for each what others saved."""
        connection = self._idle.pop() if self._idle else self.read_engine.connect()
        driver: Any = connection.connection.driver_connection
        try:
            tell_sqlite(driver, "BEGIN", self.engine.dialect)
            [count] = tell_sqlite(driver, "PRAGMA data_version", self.engine.dialect).fetchone()
            yield connection, (connection.info["reader"], count), driver.rollback
        finally:
            try:
                driver.rollback()
                self._idle.append(connection)
            except sqlite3.Error:  # the file is away, or a server that stops has closed it
                connection.invalidate()
                connection.close()

    @contextmanager
    def _postgresql_look(self) -> Iterator[Look]:
        """Transaction and state in one message. It ends with COMMIT: at a ROLLBACK the driver forgets every question
        that the line knows by name, and each would be planned anew, which costs more than answering it."""
        with self.engine.connect() as connection:
            line: Any = connection.connection.driver_connection
            try:
                state = (self.url, tell_postgresql(line, b"BEGIN READ ONLY; " + SNAPSHOT, self.engine.dialect))
            except sa.exc.DBAPIError:
                connection.invalidate()
                raise

            def end() -> None:
                with suppress(sa.exc.DBAPIError):  # a line that broke has ended, and whoever asked last has heard it
                    tell_postgresql(line, b"COMMIT", self.engine.dialect)

            yield connection, state, end

    @contextmanager
    def writing(self, now: bool = False) -> Iterator[Session]:
        """One transaction: return means saved, raise means nothing happened.

        With `now`, on SQLite, nobody is waited for: when somebody else is writing it raises what `is_away` knows. As
        in a look, the driver begins and ends it.
        """
        with self._pen(now) as connection:
            line: Any = connection.connection.driver_connection
            db = self._session(connection, expire_on_commit=False)
            db.info["connection"] = connection
            try:
                self._tell(line, "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
                yield db
                db.dispatch.before_commit(db)
                if db.in_transaction() or db.new or db.identity_map:
                    db.commit()
                if line.in_transaction if self.is_sqlite else line.pgconn.transaction_status:
                    self._tell(line, "COMMIT")  # nothing was asked of the mapper
            except BaseException:
                try:
                    db.rollback()
                    line.rollback()
                except (sa.exc.SQLAlchemyError, self.engine.dialect.loaded_dbapi.Error):  # the line broke
                    connection.invalidate()
                raise
            finally:
                if db.identity_map:
                    db.close()

    @contextmanager
    def _pen(self, now: bool = False) -> Iterator[sa.Connection]:
        """Where to write. SQLite's stays open and passes from thread to thread, one at a time."""
        if not self.is_sqlite:
            with self.write_engine.connect() as connection:
                yield connection
            return
        if now:  # nobody overtakes those who wait: with many at once they would wait for ever
            is_mine = not self._waiting and self._turn.acquire(blocking=False)
        else:
            self._waiting.append(True)
            is_mine = self._turn.acquire(timeout=30)
            self._waiting.pop()
        if not is_mine:
            raise sa.exc.TimeoutError("others are writing")
        try:
            since = self._opened
            if (kept := self._pens.pop(now, None)) is None:
                kept = self.write_engine.connect()
                if now:
                    self._tell(kept.connection.driver_connection, "PRAGMA busy_timeout=0")
            try:
                yield kept
            finally:
                if since is self._opened and not kept.invalidated:
                    self._pens[now] = kept
                else:
                    kept.close()
        finally:
            self._turn.release()

    def _tell(self, line: Any, words: str) -> None:
        if self.is_sqlite:
            tell_sqlite(line, words, self.engine.dialect)
        else:
            tell_postgresql(line, words.encode(), self.engine.dialect)

    def scrub(self, *tables: str) -> None:
        """Let what was deleted from `tables` be gone from the files, too; call it outside of every transaction.

        SQLite overwrote it in the file when it was deleted; what is left is the log. PostgreSQL writes the tables
        anew, which locks them for a moment. Raises OperationalError when somebody is in the way: it can be done later.
        """
        if self.is_sqlite:
            with self._pen() as connection:
                line: Any = connection.connection.driver_connection
                [busy, *_] = tell_sqlite(line, "PRAGMA wal_checkpoint(TRUNCATE)", self.engine.dialect).fetchone()
            if busy:
                raise sa.exc.OperationalError("wal_checkpoint", None, Exception("database is locked"))
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.exec_driver_sql(f'VACUUM (FULL) "{table}"')

    def state(self) -> State | None:
        """Something that stays the same only while nobody has saved anything; None where nobody can tell just now.

        SQLite counts for each connection the commits of all others (PRAGMA data_version). PostgreSQL names the
        transactions that are over, as a look sees them (pg_current_snapshot): the same name, the same rows. The
        connection that is asked does nothing else.
        """
        with self._asked:
            try:
                if self._watch is None:
                    self._watch = self.read_engine.raw_connection()
                driver: Any = self._watch.driver_connection
                if self.is_sqlite:
                    return self._watch.info["reader"], driver.execute("PRAGMA data_version").fetchone()[0]
                return self.url, tell_postgresql(driver, SNAPSHOT, self.engine.dialect)
            except (self.engine.dialect.loaded_dbapi.Error, sa.exc.SQLAlchemyError):
                if self._watch is not None and not self.is_sqlite:  # the line broke: the next who asks opens another
                    self._watch.invalidate()
                    self._watch = None
                return None  # whoever asks for more will hear what it is

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        while self._idle:
            self._idle.pop().close()
        self._opened = object()  # whoever writes just now closes theirs
        while self._pens:
            self._pens.popitem()[1].close()
        self.engine.dispose()
        self.write_engine.dispose()


def next_ids(db: Session, table: sa.Table, count: int) -> range | list[int]:
    """Ids for `count` rows that are to be inserted in this transaction, so that others can point at them first."""
    if count <= 0:
        return range(0)
    if db.get_bind().dialect.name == "sqlite":  # one writer: whoever holds the transaction holds the numbers
        first = (db.scalar(sa.select(sa.func.max(table.c.id))) or 0) + 1
        return range(first, first + count)
    sequence = sa.func.pg_get_serial_sequence(table.name, "id")
    return list(db.scalars(sa.select(sa.func.nextval(sequence)).select_from(sa.func.generate_series(1, count))))


def insert_into(db: Session, table: Any) -> Any:
    """INSERT with the ON CONFLICT of this database. A dialect is fetched where it is spoken: PostgreSQL's brings its
    five drivers' along."""
    if db.get_bind().dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def insert_rows(db: Session, table: sa.Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Many rows of plain values, past the ORM: `executemany` on SQLite, COPY on PostgreSQL, 20,000 at a time.

    Five to ten times faster than `insert()`, and as safe: the constraints of the table hold. Every column without a
    default in the database must be named. Dates, datetimes and enums may be given as they are.
    """
    db.flush()
    types = [table.c[column].type for column in columns]
    connection = db.connection()
    dialect = connection.dialect
    binders = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in types]
    for at, bind in enumerate(binders):
        if isinstance(types[at], UtcDateTime) and bind is not None:
            binders[at] = lru_cache(1024)(bind)  # a row has the same moment in several places, as its neighbours
    bound = [(at, bind) for at, bind in enumerate(binders) if bind is not None]
    names = ", ".join(f'"{column}"' for column in columns)
    for start in range(0, len(rows), 20_000):
        batch: Sequence[Sequence[Any]] = rows[start : start + 20_000]
        if bound:
            lists = [list(row) for row in batch]
            for at, bind in bound:
                for made in lists:
                    made[at] = bind(made[at])
            batch = lists
        if dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            connection.exec_driver_sql(
                f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # nosec B608 - names of our own tables
                list(map(tuple, batch)),
            )
            continue
        driver: Any = connection.connection.driver_connection
        told = f"COPY {table.name} ({names}) FROM STDIN"
        try:
            with driver.cursor() as cursor, cursor.copy(told) as copy:
                for row in batch:
                    copy.write_row(row)
        except dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(told, error, dialect) from error


def is_away(error: Exception) -> bool:
    """Whether the database is busy, full or gone, rather than the question to it wrong."""
    if isinstance(error, sa.exc.TimeoutError):  # every connection is in use
        return True
    if not isinstance(error, sa.exc.OperationalError):
        return False
    if hasattr(error.orig, "sqlstate"):
        return True
    words = str(error.orig)  # SQLite says OperationalError for a misspelt column, too
    return any(sign in words for sign in ("locked", "is full", "unable to open", "disk I/O"))


def is_crossed(error: Exception) -> bool:
    """Whether PostgreSQL gave one of two transactions up that waited for each other; it can be done again."""
    return isinstance(error, sa.exc.DBAPIError) and getattr(error.orig, "sqlstate", "") in {"40001", "40P01"}
