"""Questions put together once: the same answers as by the long way, and never an old one."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import and_, bindparam, event, func, or_, select, text
from sqlalchemy.exc import DBAPIError

from med import clock
from med.db import UtcDateTime
from med.organisation.access import ANY_EMPLOYEE, own
from med.organisation.models import Committee, Level, Person, Seat
from med.prepared import Prepared, filled_up


def asked_by_level():
    return (
        select(Committee.id, Committee.level, Committee.name)
        .where(Committee.level == Level.LOCAL, Committee.id.in_(bindparam("ids", expanding=True)))
        .order_by(Committee.id)
    )


def test_the_answers_are_those_of_the_long_way(db):
    every = sorted(db.scalars(select(Committee.id)))
    asked = Prepared(asked_by_level)
    for ids in ([], every[:1], every[:3], every):
        plain = [tuple(row) for row in db.execute(asked_by_level(), {"ids": ids})]
        found = asked(db, ids=frozenset(ids))
        assert [tuple(row) for row in found] == plain
        assert all(row.level is Level.LOCAL for row in found)


def test_what_stands_in_a_list_and_what_does_not_are_told_apart_also_where_the_list_is_empty(db, people):
    """SQLAlchemy's own way with an empty list: on PostgreSQL one that stands in IN and in NOT IN holds everything."""
    nobody = own(people.viewer("carla"))
    every = db.scalar(select(func.count()).select_from(Committee))
    inside, outside = Committee.id.in_(ANY_EMPLOYEE.inside), Committee.id.not_in(ANY_EMPLOYEE.inside)
    for where, many in ((inside, 0), (outside, every), (and_(inside, outside), 0), (or_(inside, outside), every)):
        asked = select(func.count()).select_from(Committee).where(where)
        assert db.scalar(asked, {"inside": nobody["inside"]}) == many
        assert Prepared(lambda asked=asked: asked)(db, inside=[])[0][0] == many


def test_any_kind_of_list_is_a_list_and_a_named_tuple_is_one_value(db):
    every = sorted(db.scalars(select(Committee.id).where(Committee.level == Level.LOCAL)))
    asked = Prepared(asked_by_level)
    for kind in (tuple, list, set, frozenset):
        for many in (2, 1, 3, 1, 2):
            assert [row.id for row in asked(db, ids=kind(every[:many]))] == every[:many], (kind, many)


def test_moments_and_days_go_in_and_come_out_as_they_are(db):
    def seats():
        return select(Seat.starts, Seat.ends).where(Seat.starts <= bindparam("day")).order_by(Seat.id)

    assert [tuple(row) for row in Prepared(seats)(db, day=clock.today())] == [
        tuple(row) for row in db.execute(seats(), {"day": clock.today()})
    ]


def test_lists_come_in_few_lengths():
    assert filled_up([]) == [0]
    assert filled_up({3, 1, 2}) == [1, 2, 3, 3]
    assert {len(filled_up(range(n))) for n in range(1, 100)} == {1, 2, 4, 8, 16, 32, 64, 128}


def test_a_remembered_answer_is_never_an_old_one(database, write):
    names = Prepared(lambda: select(Person.name).where(Person.handle == bindparam("handle")), remembered=5)

    def now():
        with database.reading() as db:
            return [row.name for row in names(db, handle="anna")]

    before = now()
    assert now() == before
    with database.reading() as old:
        assert [row.name for row in names(old, handle="anna")] == before
        write(lambda db: setattr(db.scalars(select(Person).where(Person.handle == "anna")).one(), "name", "Anna Ny"))
        if database.is_sqlite:  # who began to read before the change goes on reading what was
            assert [row.name for row in names(old, handle="anna")] == before
        assert now() == ["Anna Ny"]
    assert now() == ["Anna Ny"]


def test_what_is_about_to_be_saved_is_seen_by_who_saves_it(database):
    names = Prepared(lambda: select(Person.name).where(Person.handle == bindparam("handle")), remembered=5)
    with database.writing() as db:
        db.scalars(select(Person).where(Person.handle == "anna")).one().name = "Anna Ny"
        assert [row.name for row in names(db, handle="anna")] == ["Anna Ny"]
        db.rollback()


def test_what_the_database_refuses_is_an_error_like_any_other(db):
    with pytest.raises(DBAPIError):
        Prepared(lambda: select(func.no_such_thing(bindparam("at"))))(db, at=datetime(2026, 1, 1, tzinfo=UTC))
    db.rollback()


def test_clocks_do_not_matter_to_a_moment(db):
    at = clock.now()
    a, b = (bindparam(name, type_=UtcDateTime()) for name in "ab")
    same = Prepared(lambda: select(func.count()).select_from(Person).where(a == b))
    everybody = db.scalar(select(func.count()).select_from(Person))
    assert same(db, a=at, b=at.astimezone(clock.COPENHAGEN))[0][0] == everybody
    assert same(db, a=at, b=at + timedelta(microseconds=1))[0][0] == 0


def test_how_many_are_wanted_is_said_in_words_to_who_plans_by_them(database):
    by_name = select(Person.name).order_by(Person.name, Person.id)
    said: list[str] = []

    def hear(_line, _cursor, words, *_given):
        said.append(words)

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        with database.reading() as db:
            every = list(db.scalars(by_name))
            for wanted in (2, 3, 2):
                assert list(db.scalars(by_name.limit(wanted))) == every[:wanted]
            assert list(db.scalars(by_name.limit(2).offset(3))) == every[3:5]
            assert [row.name for row in Prepared(lambda: by_name.limit(4))(db)] == every[:4]
            remembers_places = None if database.is_sqlite else db.scalar(text("SHOW enable_memoize"))
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
    if database.is_sqlite:
        assert all(words.split()[-1] == "?" for words in said[1:5])
    else:
        assert [words.split()[-2:] for words in said[1:4]] == [["LIMIT", "2"], ["LIMIT", "3"], ["LIMIT", "2"]]
        assert "LIMIT 2 OFFSET %(" in said[4], "which page is another number each time"
        assert remembers_places == "off"
