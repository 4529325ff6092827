"""Small changes that come very often, on SQLite: words that are saved as they are written, and who is here.

Two threads that take turns at the interpreter for each question cost more than the questions. So such a change is made
on the event loop, unless somebody else is writing, and only the wait for the disk is in a thread. What comes meanwhile
waits for that and is then saved together, in one transaction, so that ten who write at once wait for the disk, and for
a turn of the loop, as often as one does.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

Change = Callable[[Session], Any]
MOST = 8  # in one transaction: pages wait as long


class Save(NamedTuple):
    """A change that is to be saved, in whose name it is made, and where its answer is awaited."""

    change: Change
    context: contextvars.Context
    answer: asyncio.Future[Any]


class Saves:
    """Used on the event loop alone. `writing` begins a transaction if nobody is in the way; `elsewhere` makes a change
    in one of its own, in a thread."""

    def __init__(
        self,
        writing: Callable[[], AbstractContextManager[Session]],
        elsewhere: Callable[[Change], asyncio.Future[Any]],
    ) -> None:
        self.writing = writing
        self.elsewhere = elsewhere
        self.finisher = ThreadPoolExecutor(1, thread_name_prefix="finisher")  # the writer's may be waiting for us
        self._waiting: deque[Save] = deque()
        self._is_saving = False

    def close(self) -> None:
        self.finisher.shutdown(wait=True)

    def add(self, change: Change) -> asyncio.Future[Any]:
        """What the change comes to, once it is saved; what it raises, and then nothing is."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(Save(change, contextvars.copy_context(), answer))
        if not self._is_saving:
            self._begin()
        return answer

    def _begin(self) -> None:
        writing = self.writing()
        try:
            db = writing.__enter__()
        except SQLAlchemyError:  # somebody is; a thread waits for them without waiting for this loop's turns
            self._one_by_one(self._waiting)
            self._waiting.clear()
            return
        together = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
        try:
            answers = [save.context.run(_made, save.change, db) for save in together]
            db.dispatch.before_commit(db)  # all but the commit itself
        except BaseException as error:
            writing.__exit__(type(error), error, error.__traceback__)
            if len(together) > 1:  # one of them: the others are to be saved all the same
                self._one_by_one(together)
            else:
                _answer(together[0].answer, None, error)
            if self._waiting:
                self._begin()
            return
        self._is_saving = True
        loop = asyncio.get_running_loop()

        def tell(done: Future[Any]) -> None:
            with suppress(RuntimeError):  # the server has stopped, and nobody waits any more
                loop.call_soon_threadsafe(self._saved, together, answers, done)

        self.finisher.submit(writing.__exit__, None, None, None).add_done_callback(tell)

    def _saved(self, together: Sequence[Save], answers: Sequence[Any], done: Future[Any]) -> None:
        for save, answer in zip(together, answers, strict=True):
            _answer(save.answer, answer, done.exception())
        self._is_saving = False
        if self._waiting:
            self._begin()

    def _one_by_one(self, saves: Sequence[Save]) -> None:
        for save in saves:
            save.context.run(self.elsewhere, save.change).add_done_callback(partial(_pass_on, save.answer))


def _made(change: Change, db: Session) -> Any:
    answer = change(db)
    if db.identity_map or db.new:  # the next one sees what is so, not what this one held in its hands
        db.flush()
        db.expunge_all()
    return answer


def _pass_on(awaited: asyncio.Future[Any], done: asyncio.Future[Any]) -> None:
    if done.cancelled():  # the server is stopping
        awaited.cancel()
    else:
        error = done.exception()
        _answer(awaited, done.result() if error is None else None, error)


def _answer(awaited: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
    if awaited.done():  # whoever asked has gone
        return
    if error is None:
        awaited.set_result(answer)
    else:
        awaited.set_exception(error)
