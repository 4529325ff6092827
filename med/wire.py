"""News between server processes, over the database they share: PostgreSQL's NOTIFY and LISTEN.

What is announced is told when the transaction is saved, and never if it is not. It is a hint, not a message: whoever
hears it looks at the database, with the rights of the one who looks. Hence it may come late, twice or not at all (a
line that breaks, a connection pooler that cannot pass it on), and everybody who listens also looks by the clock.
SQLite has one server process; there is nobody to tell.
"""

import logging
import threading
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

CHANNEL = "med_news"
LOOK_UP = 1.0  # seconds after which a listening thread sees that it is to stop
TRY_AGAIN = 5.0  # seconds before a broken line is taken up again

log = logging.getLogger("med")


def announce(db: Session, words: str) -> None:
    """Tell every listening process `words` once this transaction is saved. At most 8,000 bytes; the same words twice
    in one transaction are told once."""
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_notify(CHANNEL, words)))


class Ear:
    """Listens in a thread with a connection of its own, and calls each of `hearers` there with the words.

    `""` means that anything may have been announced meanwhile: the line is open, anew or for the first time.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.hearers: list[Callable[[str], None]] = []
        self.is_open = False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None and not self.url.startswith("sqlite"):
            self._thread = threading.Thread(target=self._listen, name="wire", daemon=True)
            self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _tell(self, words: str) -> None:
        for hear in self.hearers:
            hear(words)

    def _listen(self) -> None:
        import psycopg

        address = sa.make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopping.is_set():
            try:
                with psycopg.connect(address, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self.is_open = True
                    self._tell("")
                    while not self._stopping.is_set():
                        for news in connection.notifies(timeout=LOOK_UP):
                            self._tell(news.payload)
            except psycopg.Error as error:
                log.warning("wire: the line to the database broke: %s", str(error).strip())
                self._stopping.wait(TRY_AGAIN)
            finally:
                self.is_open = False
