"""Alembic, one line of history, run on both databases."""

from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session


def config(connection: Connection | None = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


class UnknownRevision(Exception):
    """The database was made by a newer program, or by another."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to `revision`, in one transaction."""
    at = current(engine)
    if at is not None and at not in {
        known.revision for known in ScriptDirectory.from_config(config()).walk_revisions()
    }:
        raise UnknownRevision(at)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))  # a large table takes the time it takes
        command.upgrade(config(connection), revision)


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def works_with(db: Session, at: str | None) -> bool:
    """Whether this program can go on with tables at revision `at`: its own, or newer ones that say so.

    While machines are upgraded one by one, those not yet reached serve people with the new tables.
    """
    mine = head()
    if at is None or mine is None or at <= mine:  # revisions are numbers of four digits
        return at == mine
    oldest = db.scalar(text("SELECT works_with FROM schema_step WHERE revision = :at"), {"at": at})
    return oldest is not None and oldest <= mine


def is_of_models(name: str | None, kind: str, parents: Any) -> bool:
    """The index over `search_text` is made by hand, differently on each database (med/search.py)."""
    return not (name or "").startswith("search_index")


@cache
def head() -> str | None:
    return ScriptDirectory.from_config(config()).get_current_head()


def drift(engine: Engine) -> list[Any]:
    """What the models have that the migrations do not make, or the other way round. Empty when all is well."""
    from alembic.autogenerate import compare_metadata

    from med.migrations.tables import metadata

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "render_as_batch": True, "include_name": is_of_models}
        )
        return compare_metadata(context, metadata)
