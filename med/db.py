"""Tables, engines and transactions, on SQLite and on PostgreSQL.

SQLite has one writer: an engine of one connection that begins every transaction with BEGIN IMMEDIATE, used from one
thread. Readers have an engine of their own and see the last committed state (WAL). PostgreSQL needs neither.
On both the database itself refuses a change inside `reading()`.
"""

import secrets
import sqlite3
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from functools import cached_property, lru_cache, reduce
from pathlib import Path
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

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


class Database:
    """The engines of one database, and the two ways to talk to it."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self._watch: Any = None  # the connection that `state` asks
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            args = {"check_same_thread": False, "timeout": 5}
            # `reading` rolls back itself; the pool need not do so once more.
            self.engine = self.read_engine = sa.create_engine(
                url, connect_args=args, pool_use_lifo=True, pool_reset_on_return=None
            )
            self.write_engine = sa.create_engine(url, connect_args=args, pool_size=1, max_overflow=0)
            prepare_sqlite(self.engine, "BEGIN", "query_only=ON")
            # What is deleted is overwritten: a destroyed key must not be found in the file (docs/decisions/0011).
            prepare_sqlite(self.write_engine, "BEGIN IMMEDIATE", "secure_delete=ON")
        else:
            self.engine = self.write_engine = sa.create_engine(
                url,
                pool_size=pool_size,
                max_overflow=4,
                pool_timeout=10,
                pool_pre_ping=True,
                connect_args={"connect_timeout": 5},
            )
            self.read_engine = self.engine.execution_options(postgresql_readonly=True)
            prepare_postgresql(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A look at the database, which refuses to be changed by it."""
        with Session(self.read_engine, expire_on_commit=False, autoflush=False) as db:
            yield db  # closed without a word: nothing was changed

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: return means saved, raise means nothing happened."""
        with Session(self.write_engine, expire_on_commit=False) as db, db.begin():
            yield db

    def scrub(self, *tables: str) -> None:
        """Let what was deleted from `tables` be gone from the files, too; call it outside of every transaction.

        SQLite overwrote it in the file when it was deleted; what is left is the log. PostgreSQL writes the tables
        anew, which locks them for a moment. Raises OperationalError when somebody is in the way: it can be done later.
        """
        if self.is_sqlite:
            with self.write_engine.connect() as connection:
                raw = connection.connection.cursor()
                busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                raw.close()
            if busy:
                raise sa.exc.OperationalError("wal_checkpoint", None, Exception("database is locked"))
            return
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.exec_driver_sql(f'VACUUM (FULL) "{table}"')

    def state(self) -> tuple[str, int] | None:
        """Something that stays the same only while nobody has saved anything; None where the database cannot tell.

        SQLite counts for each connection the commits of all others (PRAGMA data_version), so a connection that only
        reads knows whether all there is to know is as it was. This one does nothing else. PostgreSQL has no such word.
        """
        if not self.is_sqlite:
            return None
        try:
            if self._watch is None:
                self._watch = self.read_engine.raw_connection()
            driver: Any = self._watch.driver_connection
            return self._watch.info["reader"], driver.execute("PRAGMA data_version").fetchone()[0]
        except (sqlite3.Error, sa.exc.SQLAlchemyError):  # whoever asks for more will hear what it is
            return None

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()
            self._watch = None
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
    names = ", ".join(columns)
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
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
            for row in batch:
                copy.write_row(row)


class Prepared:
    """A question put together once and asked past SQLAlchemy's own steps: a third to a tenth of their cost.

    For what every page asks. `make` gives the statement; what changes from time to time are its `bindparam`s, lists
    `bindparam(…, expanding=True)`, where 0 must be no value that a row can have: lists are filled up with it or with
    their last, so that few lengths are ever put together. Rows come as named tuples of the columns' Python values.

    With `remembered`, the answers to so many choices of values are given again as long as nobody has saved anything:
    the same question to the same rows has the same answer. Not for rights, which are asked every time.
    """

    def __init__(self, make: Callable[[], Any], remembered: int = 0) -> None:
        self._make = make
        self._shapes: dict[Any, _Shape] = {}
        self._remembered = remembered
        self._answers: OrderedDict[Any, list[Any]] = OrderedDict()
        self._state: Any = None
        self._lock = Lock()

    @cached_property
    def _statement(self) -> Any:
        return self._make()

    def __call__(self, db: Session, **given: Any) -> list[Any]:
        connection: Any = db.info.get("connection")
        if db.autoflush:
            db.flush()
            connection = db.connection()
        elif connection is None or connection.closed:
            # Who reads has one transaction, and every question of a page would find it out anew.
            connection = db.info["connection"] = db.connection()
        state = connection.info.get("state") if self._remembered else None
        if state is None:
            return self._ask(connection, given)
        key = tuple(given.values())  # the names are always given in the same order
        with self._lock:
            if state != self._state:
                self._answers.clear()
                self._state = state
            elif (found := self._answers.get(key)) is not None:
                self._answers.move_to_end(key)
                return found
        found = self._ask(connection, given)
        with self._lock:
            if state == self._state:
                self._answers[key] = found
                if len(self._answers) > self._remembered:
                    self._answers.popitem(last=False)
        return found

    def _ask(self, connection: sa.Connection, given: dict[str, Any]) -> list[Any]:
        lists = {name: filled_up(value) for name, value in given.items() if isinstance(value, list | frozenset | set)}
        key = (connection.dialect.name, *((name, len(value)) for name, value in lists.items()))
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = _Shape(self._statement, connection.dialect, {**given, **lists})
        return shape.ask(connection, {**given, **lists})


def filled_up(values: Collection[Any]) -> list[Any]:
    """A list of 1, 2, 4, 8 … values that is the same to IN."""
    found = sorted(values) or [0]
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))


class _Shape:
    """A prepared question for one dialect and one length of each list."""

    def __init__(self, statement: Any, dialect: sa.Dialect, example: dict[str, Any]) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state(example)
        self.sql: str = state.statement
        self.dialect = dialect
        spread = state.parameter_expansion
        binders = {
            one: kind.type.dialect_impl(dialect).bind_processor(dialect)
            for kind, name in compiled.bind_names.items()
            for one in spread.get(name, [name])
        }
        # What the question has no place for is left out.
        names = {name: (name, None) for name in example if name in binders}
        names |= {one: (name, at) for name in example for at, one in enumerate(spread.get(name, ()))}
        self.given = [(one, name, at, binders[one]) for one, (name, at) in names.items()]
        self.fixed = {
            name: value if binders[name] is None else binders[name](value)
            for name, value in state.parameters.items()
            if name not in names
        }
        self.order: list[str] | None = list(state.positiontup) if state.positiontup is not None else None
        self.row: Any = namedtuple("Row", [column.key for column in statement.selected_columns], rename=True)  # type: ignore[misc]
        self.kinds = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self.readers: list[tuple[int, Callable[[Any], Any]]] | None = None

    def readers_for(self, cursor: Any) -> list[tuple[int, Callable[[Any], Any]]]:
        """How columns are read, for those that need it: known once the database has said what it sends."""
        found = [
            kind.result_processor(self.dialect, sent[1])
            for kind, sent in zip(self.kinds, cursor.description, strict=True)
        ]
        # The same moments and words come again and again; reading a moment costs ten times a look in a table.
        return [(at, lru_cache(8192)(read)) for at, read in enumerate(found) if read is not None]

    def ask(self, connection: sa.Connection, given: dict[str, Any]) -> list[Any]:
        values = dict(self.fixed)
        for one, name, at, bind in self.given:
            value = given[name] if at is None else given[name][at]
            values[one] = value if bind is None else bind(value)
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(self.sql, values if self.order is None else [values[name] for name in self.order])
            rows = cursor.fetchall()
            if self.readers is None:
                self.readers = self.readers_for(cursor)
        except self.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DBAPIError.instance(
                self.sql, None, error, self.dialect.loaded_dbapi.Error, dialect=self.dialect
            ) from error
        finally:
            cursor.close()
        make = self.row._make
        if not self.readers:
            return list(map(make, rows))
        found = [list(row) for row in rows]
        for at, read in self.readers:
            for row in found:
                row[at] = read(row[at])
        return list(map(make, found))


def prepare_sqlite(engine: sa.Engine, begin: str, *more: str) -> None:
    @sa.event.listens_for(engine, "connect")
    def connect(connection, record):
        if "query_only=ON" in more:
            record.info["reader"] = secrets.token_hex(8)  # a new one for each connection, and only for those that read
        connection.isolation_level = None  # we begin ourselves; the driver's own idea of when loses writes
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000", *more):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def start(connection):
        driver = connection.connection.driver_connection
        try:
            driver.execute(begin)
            if (reader := connection.info.get("reader")) is not None:
                connection.info["state"] = (reader, driver.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise sa.exc.DBAPIError.instance(begin, None, error, sqlite3.Error, dialect=engine.dialect) from error


def prepare_postgresql(engine: sa.Engine) -> None:
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
        connection.autocommit = False


def is_away(error: Exception) -> bool:
    """Whether the database is busy, full or gone, rather than the question to it wrong."""
    if isinstance(error, sa.exc.TimeoutError):  # every connection of the pool is in use
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
