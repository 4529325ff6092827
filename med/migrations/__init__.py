"""Alembic, one line of history, run on both databases.

A server asks only where its database is in that history, which it does without Alembic: 8 MB it never needs.
"""

from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.orm import Session


def config(connection: Connection | None = None) -> Any:
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


class UnknownRevision(Exception):
    """The database was made by a newer program, or by another."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, in one transaction."""
    from alembic import command

    at = current(engine)
    if at is not None and at not in revisions():
        raise UnknownRevision(at)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table takes the time it takes
        command.upgrade(config(connection), revision)


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.scalar(text("SELECT version_num FROM alembic_version"))


def works_with(db: Session, at: str | None) -> bool:
    """Whether this program can go on with tables at revision `at`: its own, or newer ones that say so.

    While machines are upgraded one by one, those not yet reached serve people with the new tables.
    """
    mine = head()
    if at is None or at <= mine:
        return at == mine
    oldest = db.scalar(text("SELECT works_with FROM schema_step WHERE revision = :at"), {"at": at})
    return oldest is not None and oldest <= mine


def is_of_models(name: str | None, kind: str, parents: Any) -> bool:
    """The index over `search_text` is made by hand, differently on each database (med/search.py)."""
    return not (name or "").startswith("search_index")


@cache
def revisions() -> list[str]:
    """All there are, the oldest first. A file is named after its revision, a number of four digits."""
    return sorted(file.name[:4] for file in Path(__file__).parent.glob("versions/[0-9][0-9][0-9][0-9]_*.py"))


def head() -> str:
    return revisions()[-1]


def drift(engine: Engine) -> list[Any]:
    """What the models have that the migrations do not make, or the other way round. Empty when all is well."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from med.migrations.tables import metadata

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True, "include_name": is_of_models}
        )
        return compare_metadata(context, metadata)
