"""A counter with few windows: slow work that strangers can ask for waits in a short line, or is sent away."""

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from med.errors import TooMany

POLITE = 10  # how far back in the queue for the processor the work stands (nice)


class Counter:
    """`windows` at a time, at most `line` waiting; the others get TooMany at once, and nothing is done for them.

    Pages come first: on Linux the windows' threads have a lower priority than the rest of the process.
    """

    def __init__(self, name: str, windows: int, line: int) -> None:
        self.room = windows + line
        self.inside = 0
        self.lock = threading.Lock()
        self.pool = ThreadPoolExecutor(windows, thread_name_prefix=name, initializer=_step_back)

    def check_room(self) -> None:
        if self.inside >= self.room:
            raise TooMany(3)

    async def serve(self, work: Callable[..., Any], *args: Any) -> Any:
        with self.lock:
            self.check_room()
            self.inside += 1
        done = self.pool.submit(contextvars.copy_context().run, work, *args)
        done.add_done_callback(self._leave)
        return await asyncio.wrap_future(done)

    def _leave(self, _: Any) -> None:
        with self.lock:
            self.inside -= 1


def _step_back() -> None:
    with suppress(AttributeError, OSError):  # elsewhere than on Linux it would be the whole process
        if os.uname().sysname == "Linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), POLITE)
