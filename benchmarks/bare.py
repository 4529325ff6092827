"""What a page's questions cost without the page: written down while it is made here, then asked by the driver alone.

They are those of a page whose pieces are kept, just after somebody saved something: nothing is remembered.
"""

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from litestar.testing import TestClient
from sqlalchemy import event

from benchmarks.grounds import Ground
from benchmarks.long_meeting import WORDS
from benchmarks.machine import cpu_seconds
from med import clock, demo
from med.app import create_app
from med.settings import read_settings

PAGES, TIMES = 5, 12
READING = ("SELECT", "WITH")
Question = tuple[Any, Any]
Costs = dict[str, tuple[float, int]]  # CPU seconds of a page, and how many questions it asks


def costs(ground: Ground, asked: Mapping[str, Sequence[bytes]]) -> Costs:
    """What a page of each kind asks. `asked`: requests of each kind."""
    pages = {name: [path_of(one) for one in requests[:PAGES]] for name, requests in asked.items()}
    told = written_down(ground, pages)
    return {name: replayed(ground, questions) for name, questions in told.items()}


def path_of(request: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = request.decode().split("\r\n")
    return first.split(" ")[1], dict(line.split(": ", 1) for line in lines if ": " in line)


def written_down(ground: Ground, pages: Mapping[str, list[Any]]) -> dict[str, list[list[Question]]]:
    """The questions of each page of each kind."""
    heard: list[Question] = []
    found: dict[str, list[list[Question]]] = {name: [] for name in pages}
    with tempfile.TemporaryDirectory() as folder, clock.at(demo.NOW):
        given = {"MED_DATABASE_URL": ground.url, "MED_BASE_URL": "http://127.0.0.1"}
        app = create_app(read_settings(given, data_dir=Path(folder), demo=True))
        event.listen(app.state.desk.database.engine, "connect", lambda made, _: listen(made, heard))
        with TestClient(app, base_url="http://127.0.0.1") as client:
            for name, requests in pages.items():
                for path, headers in requests:
                    known = [client.get(path, headers=headers).headers.get("etag", "") for _ in range(2)]
                    ground.save()
                    heard.clear()
                    client.get(path, headers={**headers, "If-None-Match": known[-1]} if "304" in name else headers)
                    found[name].append(list(heard))
    return found


def listen(connection: Any, heard: list[Question]) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.set_trace_callback(lambda said: heard.append((said, ())) if said.startswith(READING) else None)
        return

    class Heard(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
            if str(query).startswith(READING):
                heard.append((query, params))
            return super().execute(query, params, **how)

    connection.cursor_factory = Heard


def replayed(ground: Ground, pages: list[list[Question]]) -> tuple[float, int]:
    with opened(ground) as (connection, used):
        for timed in (False, True):
            before = used()
            for _ in range(TIMES if timed else 6):  # six: PostgreSQL's driver prepares what it has asked five times
                for questions in pages:
                    connection.execute("BEGIN")
                    for said, given in questions:
                        connection.execute(said, given).fetchall()
                    connection.execute("COMMIT")  # at a ROLLBACK the driver would forget what it has prepared
        return (used() - before) / TIMES / len(pages), round(sum(map(len, pages)) / len(pages))


@contextmanager
def opened(ground: Ground) -> Iterator[tuple[Any, Callable[[], float]]]:
    """A plain connection, and the CPU that this process and the database's have used."""
    if ground.is_sqlite:
        connection: Any = sqlite3.connect(
            ground.url.removeprefix("sqlite:///"), isolation_level=None, cached_statements=500
        )
    else:
        connection = psycopg.connect(ground.url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    try:
        yield connection, lambda: time.process_time() + (cpu_seconds(ground.postgres) if ground.postgres else 0)
    finally:
        connection.close()


def commit(ground: Ground, item: int) -> tuple[float, float]:
    """(CPU seconds, seconds) of one transaction that does nothing but save an item's words as an autosave does."""
    mark = "?" if ground.is_sqlite else "%s"
    with opened(ground) as (connection, used):
        took = []
        for number in range(100):
            if number == 20:
                before = used()
            began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE" if ground.is_sqlite else "BEGIN")
            connection.execute(
                f"UPDATE item SET minutes_text = {mark}, minutes_version = minutes_version + 1 WHERE id = {mark}",  # nosec B608
                (f"{WORDS}\n\n{number:06}", item),
            )
            connection.execute("COMMIT")
            took.append(time.perf_counter() - began)
        return (used() - before) / 80, sorted(took[20:])[40]
