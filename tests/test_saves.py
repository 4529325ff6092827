"""Small changes that come at once are saved together, and each answers for itself."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import select, update

from med import language
from med.meetings.models import Meeting
from med.organisation.models import Person
from med.web.saves import MOST, Saves

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


class Trial:
    """`Saves` at a database, counting what is saved where. The first commit waits for `go_on`."""

    def __init__(self, database):
        self.database = database
        self.transactions = self.elsewhere = 0
        self.go_on = threading.Event()
        self.saves = Saves(self.writing, self.in_thread)

    @contextmanager
    def writing(self):
        with self.database.writing(now=True) as db:
            self.transactions += 1
            yield db
            assert self.go_on.wait(10)

    def in_thread(self, change):
        self.elsewhere += 1

        def made():
            with self.database.writing() as db:
                return change(db)

        return asyncio.get_running_loop().run_in_executor(None, made)

    async def during(self, *changes):
        """What each comes to that arrives while the first is waiting for the disk: its answer, or its error."""
        answers = [self.saves.add(change) for change in changes]
        await asyncio.sleep(0)
        self.go_on.set()
        return await asyncio.gather(*answers, return_exceptions=True)


@pytest.fixture
def trial(database):
    trial = Trial(database)
    yield trial
    trial.saves.close()


def theme(handle, words, error=None):
    def change(db):
        db.execute(update(Person).where(Person.handle == handle).values(theme=words))
        if error is not None:
            raise error
        return words

    return change


def themes(db, *handles):
    db.rollback()
    found = dict(db.execute(select(Person.handle, Person.theme).where(Person.handle.in_(handles))).all())
    return [found[handle] for handle in handles]


PEOPLE = ("anna", "bo", "carla", "emil")


def test_what_comes_during_a_save_is_saved_together(trial, db):
    changes = [theme(handle, "dark") for handle in PEOPLE]
    assert asyncio.run(trial.during(*changes)) == ["dark"] * 4
    assert themes(db, *PEOPLE) == ["dark"] * 4
    assert (trial.transactions, trial.elsewhere) == (2, 0)


def test_a_transaction_holds_so_many_and_no_more(trial, db):
    changes = [theme(PEOPLE[count % 4], f"{count}") for count in range(3 * MOST + 1)]
    assert asyncio.run(trial.during(*changes)) == [f"{count}" for count in range(3 * MOST + 1)]
    assert themes(db, "anna") == [f"{3 * MOST}"]  # in the order they came
    assert (trial.transactions, trial.elsewhere) == (4, 0)


def test_one_that_fails_takes_nobody_along(trial, db):
    wrong = ZeroDivisionError()
    changes = [theme("anna", "dark"), theme("bo", "dark"), theme("carla", "dark", wrong), theme("emil", "dark")]
    assert asyncio.run(trial.during(*changes)) == ["dark", "dark", wrong, "dark"]
    assert themes(db, *PEOPLE) == ["dark", "dark", "", "dark"]
    assert asyncio.run(trial.during(theme("anna", "light", wrong))) == [wrong]
    assert asyncio.run(trial.during(theme("bo", "light"))) == ["light"]
    assert themes(db, "anna", "bo") == ["dark", "light"]


def test_while_somebody_else_is_writing_all_go_to_the_thread(trial, database, db):
    async def meet():
        with database.writing() as other:
            other.execute(update(Person).where(Person.handle == "anna").values(theme="light"))
            waiting = [trial.saves.add(theme(handle, "dark")) for handle in ("anna", "bo")]
        return await asyncio.gather(*waiting)

    assert asyncio.run(meet()) == ["dark", "dark"]
    assert themes(db, "anna", "bo") == ["dark", "dark"]
    assert (trial.transactions, trial.elsewhere) == (0, 2)


def test_a_commit_that_fails_is_heard_by_everybody_in_it(trial, db, monkeypatch):
    full = OSError("no room")
    count = iter(range(9))

    @contextmanager
    def writing():
        with trial.database.writing(now=True) as session:
            yield session
            assert trial.go_on.wait(10)
            if next(count) == 1:
                raise full

    monkeypatch.setattr(trial.saves, "writing", writing)
    changes = [theme(handle, "dark") for handle in ("anna", "bo", "carla")]
    assert asyncio.run(trial.during(*changes)) == ["dark", full, full]
    assert themes(db, "anna", "bo", "carla") == ["dark", "", ""]
    assert asyncio.run(trial.during(theme("emil", "dark"))) == ["dark"]


def test_who_does_not_wait_for_the_answer_is_saved_and_keeps_nobody(trial, db):
    async def leave():
        first, gone, last = (trial.saves.add(theme(handle, "dark")) for handle in ("anna", "bo", "carla"))
        gone.cancel()
        trial.go_on.set()
        return await asyncio.gather(first, last)

    assert asyncio.run(leave()) == ["dark", "dark"]
    assert themes(db, "anna", "bo", "carla") == ["dark", "dark", "dark"]


def test_who_is_gone_when_theirs_fails_keeps_nobody_either(trial, db):
    async def leave():
        first, gone = (trial.saves.add(theme(*what)) for what in (("anna", "dark"), ("bo", "dark", OSError())))
        gone.cancel()
        trial.go_on.set()
        await first
        return await asyncio.wait_for(trial.saves.add(theme("carla", "dark")), 10)

    assert asyncio.run(leave()) == "dark"
    assert themes(db, "anna", "bo", "carla") == ["dark", "", "dark"]


def test_each_sees_what_the_one_before_has_saved_and_speaks_its_own_language(trial, database, db):
    with database.writing() as session:
        meeting = session.scalars(select(Meeting.id)).first()
    seen = []

    def rename(to, lang):
        def change(session):
            language.current.set(lang)
            its = session.get_one(Meeting, meeting)
            seen.append(its.title)
            its.title = to
            session.flush()
            session.execute(update(Meeting.__table__).where(Meeting.id == meeting).values(title=f"{to}, rettet"))
            return language.current.get()

        return change

    changes = [theme("anna", "dark"), rename("A", "en"), rename("B", "da"), rename("C", "en")]
    assert asyncio.run(trial.during(*changes)) == ["dark", "en", "da", "en"]
    assert seen[1:] == ["A, rettet", "B, rettet"]
    assert language.current.get() == "da"
    db.rollback()
    assert db.get_one(Meeting, meeting).title == "C, rettet"
