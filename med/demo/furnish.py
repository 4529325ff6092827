"""From the invented municipality's own files to rows in a database."""

from datetime import datetime

from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.generator import Centre
from med.competence_compass.vault import Vault
from med.demo.circles import close_circles
from med.demo.compass import A_FEW, move_citizens_in
from med.demo.workplace import move_in
from med.demo.year import live_through

# "Now" in the demo's stories: a Saturday, three days before the next meeting of MED-ledelsen.
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=clock.COPENHAGEN)


def furnish(db: Session, vault: Vault, centre: Centre = A_FEW) -> None:
    """Fill an empty database with the demo workplace, as it stands at NOW.

    `vault` seals who the citizens are; its key ring belongs beside the database. The compass of the tests has
    A_FEW citizens; `med demo` has the WHOLE centre.
    """
    with clock.at(NOW):
        move_in(db)
        live_through(db)
        move_citizens_in(db, vault, centre)
        close_circles(db)
