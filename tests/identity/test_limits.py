"""How often something may be done: the arithmetic, two at once, and what a flood of sign-ins does to the others."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from med import clock, demo
from med.errors import TooMany
from med.identity import limits, passwords
from med.identity.counter import Counter
from med.identity.jobs import tidy
from med.identity.limits import Limit
from med.identity.models import Allowance
from med.journal.models import Entry
from tests.identity.conftest import PASSWORD, at_the_door
from tests.identity.test_accounts import sign_in

TWO = Limit(2, 10)


def rows(database):
    with database.reading() as db:
        return db.scalar(select(func.count()).select_from(Allowance))


def test_so_many_at_once_then_one_at_a_time(write):
    def taken(seconds):
        with clock.at(demo.NOW + timedelta(seconds=seconds)):
            return write(lambda db: limits.may(db, "k", TWO))

    assert [taken(at) for at in (0, 0, 0, 9, 10, 10, 19, 20, 60, 60, 60)] == [
        True, True, False, False, True, False, False, True, True, True, False,
    ]  # fmt: skip


def test_who_has_none_left_is_told_when_to_come_back_and_nothing_is_written(write, database):
    for _ in range(2):
        write(lambda db: limits.take(db, {"k": TWO}))
    with clock.at(demo.NOW + timedelta(seconds=4)), database.reading() as db:
        with pytest.raises(TooMany) as refused:
            limits.look(db, {"k": TWO})
        assert refused.value.seconds == 6
        limits.look(db, {"another": TWO})


def test_of_two_processes_one_takes_the_last(database):
    """Ten at the same moment, on connections of their own where the database has them."""

    def take(_):
        with database.writing() as db:
            return limits.may(db, "k", Limit(3, 60))

    with ThreadPoolExecutor(10 if not database.is_sqlite else 1) as pool:
        assert sum(pool.map(take, range(10))) == 3


def test_a_clock_that_was_ahead_and_was_set_right_keeps_nobody_waiting(write, database):
    """Not until the day it showed: a whole town hall may share an address."""
    with clock.at(demo.NOW + timedelta(days=30)):
        write(lambda db: limits.take(db, {"k": TWO}))
    with database.reading() as db:
        limits.look(db, {"k": TWO})
    assert [write(lambda db: limits.may(db, "k", TWO)) for _ in range(3)] == [True, True, False]


def test_when_one_of_several_has_none_left_none_is_taken(write, database):
    write(lambda db: limits.take(db, {"b": limits.ONCE}))
    with pytest.raises(TooMany):
        write(lambda db: limits.take(db, {"a": TWO, "b": limits.ONCE}))
    assert rows(database) == 1


def test_what_is_over_is_cleared_away(write, database):
    write(lambda db: limits.take(db, {"k": TWO}))
    write(tidy)
    assert rows(database) == 1
    with clock.at(demo.NOW + timedelta(seconds=11)):
        write(tidy)
    assert rows(database) == 0


@given(st.lists(st.integers(0, 40_000), max_size=60), st.integers(1, 5), st.integers(1, 20))
def test_never_more_than_the_limit_in_any_stretch_of_time(gaps, burst, seconds):
    """The same arithmetic without a database, against a count over every stretch."""
    limit, spent_until, now, given_at = Limit(burst, seconds), 0, 10**12, []
    for gap in gaps:
        now += gap
        if spent_until <= now + limits._room(limit):
            spent_until = max(spent_until, now) + seconds * 1000
            given_at.append(now)
    for first, start in enumerate(given_at):
        for count, end in enumerate(given_at[first:], 1):
            assert count <= burst + (end - start) / (seconds * 1000)


# --- at the door ------------------------------------------------------------------------------------------------------


def test_guessing_one_name_ends_after_five_and_says_for_how_long(visitor, with_password, database):
    with_password("anna")
    thief = at_the_door(visitor)
    for _ in range(5):
        assert sign_in(thief, "anna", "gættet forkert igen").status_code == 422
    page = thief.open("/log-ind").form("Log ind", action="/log-ind/konto").fill(handle="anna", password=PASSWORD).send()
    assert page.status_code == 429
    assert 0 < int(page.headers["retry-after"]) <= 60
    assert "går lidt for hurtigt" in page.text
    before = rows(database)
    for _ in range(20):
        assert sign_in(thief, "anna", "igen").status_code == 429
    assert rows(database) == before
    with database.reading() as db:
        refused = db.scalar(select(func.count()).select_from(Entry).where(Entry.happened == "account.refused"))
    assert refused == 5
    assert sign_in(thief, "bo", "igen").status_code == 422  # another name
    with clock.at(demo.NOW + timedelta(seconds=61)):
        assert sign_in(at_the_door(visitor), "anna").status_code == 303


def test_the_right_one_gets_back_what_was_spent(visitor, with_password):
    with_password("anna")
    for _ in range(3):
        anna = at_the_door(visitor)
        for _ in range(4):
            assert sign_in(anna, "anna", "tastet forkert").status_code == 422
        assert sign_in(anna, "anna").status_code == 303


def test_a_flood_of_sign_ins_neither_takes_more_than_two_windows_nor_keeps_others_waiting(
    visitor, with_password, monkeypatch
):
    """Forty at once, each with a hash that does not end until pages have been read."""
    with_password("anna")
    end, now, most, lock = threading.Event(), 0, 0, threading.Lock()
    real = passwords._matches

    def slow(password, password_hash):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        end.wait(30)
        with lock:
            now -= 1
        return real(password, password_hash)

    monkeypatch.setattr(passwords, "_matches", slow)
    reader = visitor()

    def knock(number):
        answer = at_the_door(visitor).post("/log-ind/konto", {"handle": f"anna{number}", "password": "x"})
        return answer.status_code, answer.headers.get("retry-after")

    with ThreadPoolExecutor(40) as pool:
        knocking = [pool.submit(knock, number) for number in range(40)]
        waited = time.monotonic()
        while passwords.counter.inside < passwords.counter.room and time.monotonic() - waited < 20:
            time.sleep(0.01)
        read = [reader.open(path).status_code for path in ("/log-ind", "/livez", "/tilgaengelighed", "/readyz")]
        end.set()
        answers = [one.result() for one in knocking]
    assert read == [200] * 4
    assert most == 2
    assert {status for status, _ in answers} == {422, 429}
    assert all(seconds for status, seconds in answers if status == 429)
    assert passwords.counter.inside == 0


def test_a_counter_sends_away_whom_it_has_no_room_for():
    counter = Counter("trial", windows=1, line=0)
    counter.inside = 1
    with pytest.raises(TooMany):
        counter.check_room()
