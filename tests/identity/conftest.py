from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import pytest
from sqlalchemy import select

from med.db import Database
from med.identity import accounts, passwords
from med.journal.models import Entry
from med.organisation.models import Person
from med.settings import Oidc
from tests.identity.provider import CLIENT, SECRET, House, running

PASSWORD = "tre blå heste i regnvejr"
kept = cache(passwords.hash_now)  # of one word, for every test that asks for it


@pytest.fixture
def settle(app) -> Iterator[Callable[..., None]]:
    """`settle(oidc=…, demo=False)`: the installation's settings, for this test."""
    desk = app.state.desk
    before = desk.settings

    def change(**settings) -> None:
        desk.settings = replace(desk.settings, **settings)

    yield change
    desk.settings = before


@pytest.fixture
def provider(settle) -> Iterator[House]:
    with running(House()) as house:
        settle(oidc=Oidc(house.issuer, CLIENT, SECRET, claim="preferred_username"), demo=False)
        yield house


@pytest.fixture
def with_password(write, settle):
    """`with_password("anna")` gives Anna a password, PASSWORD, and leaves the demo."""
    settle(demo=False)

    def give(handle: str) -> None:
        def work(db):
            person = db.scalars(select(Person).where(Person.handle == handle)).one()
            accounts.set_password(db, None, person, kept(PASSWORD), anew=True)

        write(work)

    return give


@pytest.fixture
def journalled(database: Database):
    """`journalled("sign_in.")`: what the journal says happened, with its words, oldest first."""

    def find(beginning: str) -> list[tuple[str, str]]:
        with database.reading() as db:
            lines = select(Entry.happened, Entry.fields).where(Entry.happened.startswith(beginning))
            return [tuple(line) for line in db.execute(lines.order_by(Entry.id))]

    return find


def at_the_door(visitor):
    """A browser whose forms say where they come from, as all do: outside the demo it is asked for."""
    made = visitor("")
    made.send = _telling(made.send)
    return made


def _telling(send):
    def tell(method, path, headers=None, **more):
        own = {"origin": "http://127.0.0.1:8000"} if method == "POST" else {}
        return send(method, path, {**own, **(headers or {})}, **more)

    return tell
