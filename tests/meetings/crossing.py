"""Two people who press at the same moment."""

from collections.abc import Callable
from threading import Event, Thread
from time import sleep
from typing import Any

from sqlalchemy.orm import Session

from med.db import Database
from med.errors import MedError


def crossing(database: Database, first: Callable[[Session], Any], second: Callable[[Session], Any]) -> MedError | None:
    """The second begins when the first has done its work and not saved it yet. Gives what the second is refused."""
    done = Event()
    refused: list[MedError] = []
    broken: list[BaseException] = []

    def one() -> None:
        try:
            with database.writing() as db:
                first(db)
                db.flush()
                done.set()
                sleep(0.3)  # on PostgreSQL the second asks what is so, and waits for the row; on SQLite for its turn
        except BaseException as failure:
            broken.append(failure)
            done.set()

    def other() -> None:
        assert done.wait(10)
        try:
            with database.writing() as db:
                second(db)
        except MedError as refusal:
            refused.append(refusal)
        except BaseException as failure:
            broken.append(failure)

    both = [Thread(target=one), Thread(target=other)]
    for each in both:
        each.start()
    for each in both:
        each.join(30)
    assert not broken, broken
    return refused[0] if refused else None
