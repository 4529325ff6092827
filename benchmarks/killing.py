"""Workers that are killed while they work: processes of their own, forked, so that everything is imported already.

A process is forked while this one holds no connection: `opened` leaves none behind.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from med.db import Database


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def start_process(prepare: Callable[[], Callable[[], None]], pause: Callable[[], float]) -> int:
    """The id of a process that does again and again what `prepare` gives, with a pause after it, until it is killed."""
    if pid := os.fork():
        return pid
    step = prepare()
    while True:
        attempt(step)
        time.sleep(pause())


def attempt(step: Callable[[], None]) -> None:
    """As the clock does: what fails is told, and the next step tries again."""
    try:
        step()
    except Exception as failure:
        print(f"worker: {type(failure).__name__}: {failure}", file=sys.stderr, flush=True)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
