"""What the commands share: how they stop, and how they open the database."""

from med.db import Database
from med.settings import Settings, read_settings


class Stop(Exception):
    """One sentence on what is wrong and what to do. `status` 2 is bad usage or input, 1 a failure."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


def database_at_head(settings: Settings | None = None) -> Database:
    """The database, with tables as this program knows them."""
    from med.migrations import current, head

    settings = settings or read_settings()
    database = Database(settings.database_url)
    at = current(database.engine)
    if at != head():
        database.close()
        raise Stop(f"the database is at {at or 'nothing'}, this program at {head()}; run `med migrate`.", 1)
    return database
