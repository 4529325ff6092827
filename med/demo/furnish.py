"""From the invented municipality's own files to rows in a database."""

from datetime import datetime

from sqlalchemy.orm import Session

from med import clock
from med.demo.workplace import move_in
from med.demo.year import live_through

# "Now" in the demo's stories: a Saturday, three days before the next meeting of MED-ledelsen.
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=clock.COPENHAGEN)


def furnish(db: Session) -> None:
    """Fill an empty database with the demo workplace, as it stands at NOW."""
    with clock.at(NOW):
        move_in(db)
        live_through(db)
