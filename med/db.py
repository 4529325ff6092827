"""Tables, engines and transactions, on SQLite and on PostgreSQL.

SQLite has one writer: an engine of one connection that begins every transaction with BEGIN IMMEDIATE, used from one
thread. Readers have an engine of their own and see the last committed state (WAL). PostgreSQL needs neither.
On both the database itself refuses a change inside `reading()`.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum
from functools import reduce
from pathlib import Path
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
        if self.is_sqlite:
            Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
            args = {"check_same_thread": False, "timeout": 5}
            self.engine = self.read_engine = sa.create_engine(url, connect_args=args, pool_use_lifo=True)
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
            try:
                yield db
            finally:
                db.rollback()

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

    def close(self) -> None:
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


def state_of(db: Session) -> tuple[str, int] | None:
    """Something that stays the same only while nobody has saved anything; None where the database cannot tell.

    SQLite counts for each connection the commits of all others (PRAGMA data_version), so a connection that only reads
    knows whether all there is to know is as it was. PostgreSQL has no such word.
    """
    connection = db.connection()
    reader = connection.info.get("reader")
    if reader is None:
        return None
    driver: Any = connection.connection.driver_connection
    return reader, driver.execute("PRAGMA data_version").fetchone()[0]


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
        connection.exec_driver_sql(begin)


def prepare_postgresql(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def connect(connection, _record):
        """No question and no wait for a lock goes on after the person has given up."""
        connection.autocommit = True
        connection.execute("SET statement_timeout = '20s'")
        connection.execute("SET lock_timeout = '5s'")
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
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
