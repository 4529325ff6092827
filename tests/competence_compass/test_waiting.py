"""The order of a waiting list, the lot, offers and answers; and who may see a list at all."""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise, permutations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import (
    Activity,
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Citizen,
    CompassRole,
    Draw,
    Look,
    LookAt,
    Participation,
    RoleKind,
    Run,
    Version,
    WaitingEntry,
    WaitingOutcome,
    WaitingReason,
)
from med.competence_compass.vault import Vault
from med.competence_compass.waiting_line import Because, Waits, draw_lots, equals_of, in_line, places, why_next
from med.slices import waiting_for
from tests.competence_compass import factories, house
from tests.visitors import Page, Visitor

Visit = Callable[..., Visitor]
Write = Callable[[Callable[[Session], Any]], Any]
DAY = date(2026, 9, 1)


# --- the order ----------------------------------------------------------------------------------------------------

people_waiting = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5)), min_size=1, max_size=12).map(
    lambda rows: [Waits(n + 1, need, DAY + timedelta(days=day)) for n, (need, day) in enumerate(rows)]
)


@given(people_waiting, st.randoms(use_true_random=False))
def test_need_first_then_the_day_whatever_order_they_are_told_in(waiting: list[Waits], shuffle: Any) -> None:
    line = in_line(waiting)
    told = list(waiting)
    shuffle.shuffle(told)
    assert in_line(told) == line
    flat = [one for group in line for one in group]
    assert sorted(one.id for one in flat) == [one.id for one in waiting]  # everyone, once
    for before, after in pairwise(flat):
        assert before.priority >= after.priority
        if before.priority == after.priority:
            assert before.queued <= after.queued
    for group in line:
        assert len({(one.priority, one.queued) for one in group}) == 1  # equal means equal in both
    assert places(waiting)[line[0][0].id] == 1


@given(people_waiting, st.integers(0, 2**64))
def test_a_lot_leaves_no_two_equal_and_everyone_else_where_they_stood(waiting: list[Waits], seed: int) -> None:
    line = in_line(waiting)
    equal = next((group for group in line if len(group) > 1), None)
    if equal is None:
        return
    drawn = draw_lots(str(seed), [one.id for one in equal])
    after = [
        Waits(one.id, one.priority, one.queued, False, 1, drawn.index(one.id) + 1, one.queued) if one in equal else one
        for one in waiting
    ]
    flat = [one.id for group in in_line(after) for one in group]
    at = sum(len(group) for group in line[: line.index(equal)])
    assert flat[at : at + len(equal)] == drawn
    assert [one for one in flat if one not in drawn] == [
        one.id for group in line for one in group if one.id not in drawn
    ]


@given(people_waiting, st.integers(0, 2**64))
def test_a_lot_among_all_of_a_need_stands_before_who_comes_later(waiting: list[Waits], seed: int) -> None:
    among = equals_of(waiting, 0)
    if len(among) < 2:
        return
    drawn = draw_lots(str(seed), [one.id for one in among])
    first = min(one.queued for one in among)
    after = [
        Waits(one.id, one.priority, one.queued, False, 1, drawn.index(one.id) + 1, first) if one in among else one
        for one in waiting
    ] + [Waits(99, 0, DAY + timedelta(days=9)), Waits(98, 1, DAY + timedelta(days=9))]
    flat = [one.id for group in in_line(after) for one in group]
    assert [one for one in flat if one in drawn] == drawn
    assert flat[-1] == 99 and flat.index(98) < flat.index(drawn[0])  # need still goes first
    assert equals_of(after, 0) == [Waits(99, 0, DAY + timedelta(days=9))]  # nobody is drawn twice


@given(people_waiting, st.sets(st.integers(1, 12)), st.integers(0, 2**64))
def test_those_to_be_drawn_are_equal_whatever_their_day(waiting: list[Waits], marked: set[int], seed: int) -> None:
    waiting = [replace(one, by_lot=one.id in marked) for one in waiting]
    line = in_line(waiting)
    for need in range(3):
        drawn = [one for one in waiting if one.priority == need and one.by_lot]
        holding = [group for group in line if any(one in drawn for one in group)]
        assert len(holding) == (1 if drawn else 0)  # together, in one group
        if not drawn:
            continue
        first = min(one.queued for one in drawn)
        ahead = [one for group in line[: line.index(holding[0])] for one in group]
        assert all(one.priority > need or one.queued < first for one in ahead)  # nobody loses to who came later
        order = draw_lots(str(seed), [one.id for one in holding[0]])
        after = [
            replace(one, draw_id=1, draw_place=order.index(one.id) + 1, drawn_from=first) if one.id in order else one
            for one in waiting
        ]
        flat = [one.id for group in in_line(after) for one in group]
        assert flat[len(ahead) : len(ahead) + len(order)] == order


def test_it_says_why_this_one_is_next() -> None:
    first, second = Waits(1, 0, DAY), Waits(2, 0, DAY + timedelta(days=1))
    assert why_next(in_line([])) is None
    assert why_next(in_line([first])) is Because.ALONE
    assert why_next(in_line([first, second])) is Because.WAITED
    assert why_next(in_line([first, Waits(3, 2, DAY + timedelta(days=30))])) is Because.NEED
    assert why_next(in_line([first, Waits(4, 0, DAY)])) is Because.EQUAL
    assert why_next(in_line([Waits(1, 0, DAY, True, 7, 2, DAY), Waits(4, 0, DAY, True, 7, 1, DAY)])) is Because.LOT


# --- the lot ------------------------------------------------------------------------------------------------------


def test_the_lot_can_be_computed_by_anybody() -> None:
    lots = {entry: hashlib.sha256(f"abc:{entry}".encode()).hexdigest() for entry in (4, 7, 9)}
    assert draw_lots("abc", [9, 4, 7]) == sorted(lots, key=lambda entry: lots[entry])
    assert draw_lots("abc", [4, 7, 9]) == draw_lots("abc", [9, 7, 4])
    with pytest.raises(ValueError, match="once"):
        draw_lots("abc", [4, 4])


def test_the_lot_is_fair() -> None:
    """Chi-square over 6,000 seeds: each of 24 orders of four equally often, each of eight first equally often.

    The 99.9 % points are 49.7 (23 degrees of freedom) and 24.3 (7); the seeds are fixed, so the test is too.
    """
    seeds = [f"seed-{number}" for number in range(6000)]
    orders = Counter(tuple(draw_lots(seed, [11, 12, 13, 14])) for seed in seeds)
    assert set(orders) == set(permutations([11, 12, 13, 14]))
    assert sum((seen - 250) ** 2 / 250 for seen in orders.values()) < 49.7
    firsts = Counter(draw_lots(seed, range(100, 108))[0] for seed in seeds)
    assert sum((firsts[entry] - 750) ** 2 / 750 for entry in range(100, 108)) < 24.3


# --- the list -----------------------------------------------------------------------------------------------------


@pytest.fixture
def queue(write: Write, vault: Vault) -> SimpleNamespace:
    """A course with one free place, bo coordinating; K1 waits longest, K2 has more need, K3 and K4 stand equal."""

    def build(db: Session) -> SimpleNamespace:
        house.give_role(db, "bo", RoleKind.COORDINATOR)
        version = house.make_instrument(db, areas=1, dimensions=1)
        activity = factories.make_activity(db)
        factories.suppose(db, activity, version)
        run = factories.make_run(db, activity, capacity=1)
        citizens = [
            house.make_citizen(db, vault, f"K{n}-LUND", contact="freja" if n == 1 else None, version=version)
            for n in range(1, 6)
        ]
        entries = [
            factories.wait(db, activity, citizen, days=days, priority=need)
            for citizen, days, need in zip(citizens[:4], (60, 20, 30, 30), (0, 2, 0, 0), strict=True)
        ]
        return SimpleNamespace(
            activity=activity.id,
            run=run.id,
            version=version.id,
            path=f"/kompas/venteliste/{activity.id}",
            citizens=[one.id for one in citizens],
            entries=[one.id for one in entries],
        )

    return write(build)


def entry(db: Session, entry_id: int) -> WaitingEntry:
    db.rollback()
    return db.get_one(WaitingEntry, entry_id)


def outcome(page: Page) -> str:
    return page.tree.xpath("string(//section[@id='naeste'])").strip()


def test_the_list_is_the_coordinators_alone_and_each_look_is_noted(
    visitor: Visit, queue: SimpleNamespace, db: Session, people: Any
) -> None:
    for handle in ("anna", "carla", "dorte", "emil", "freja", "gunnar", "hanne", "ivan", "julie"):
        assert visitor(handle).open(queue.path).status_code == 404, handle
        assert visitor(handle).submit(f"{queue.path}/lod", scope="day").status_code == 404, handle
        assert visitor(handle).submit(f"/kompas/venteliste/ud/{queue.entries[0]}", why="expired").status_code == 404
    assert db.scalar(select(func.count()).select_from(Look).where(Look.what == LookAt.INTAKE)) == 0
    page = visitor("bo").open(queue.path)
    order = [" ".join(one.split()) for one in page.tree.xpath("//section[@id='listen']//li/b[2]/text()")]
    assert order == ["K2-LUND", "K1-LUND", "K3-LUND", "K4-LUND"]
    assert "Viggo" not in page.text
    db.rollback()
    seen = db.scalars(select(Look).where(Look.what == LookAt.INTAKE)).all()
    assert {one.citizen_id for one in seen} == set(queue.citizens[:4])
    assert {(one.person_id, one.role, one.reason) for one in seen} == {
        (people.bo, "coordinator", "Venteliste: Madværksted")
    }


def test_what_a_look_was_for_is_kept_in_danish_whoever_looks(
    visitor: Visit, queue: SimpleNamespace, db: Session
) -> None:
    bo = visitor("bo")
    assert "Waiting list" in bo.open(f"{queue.path}?sprog=en").words
    assert "Waiting list" in bo.open(f"/kompas/borger/{queue.citizens[0]}/venteliste").words
    db.rollback()
    said = select(Look.reason).where(Look.citizen_id == queue.citizens[0])
    assert set(db.scalars(said)) == {"Venteliste: Madværksted", "Venteliste"}


def test_a_role_that_has_ended_opens_no_list(visitor: Visit, queue: SimpleNamespace, write: Write) -> None:
    bo = visitor("bo")
    assert bo.open(queue.path).status_code == 200

    def end(db: Session) -> None:
        for role in db.scalars(select(CompassRole).where(CompassRole.person_id == house.person_id(db, "bo"))):
            role.starts, role.ends = date(2026, 1, 1), clock.today() - timedelta(days=1)

    write(end)
    assert bo.open(queue.path).status_code == 404


def test_the_next_is_offered_the_place_and_says_yes(visitor: Visit, queue: SimpleNamespace, db: Session) -> None:
    bo = visitor("bo")
    page = bo.open(queue.path)
    assert "K2-LUND" in outcome(page) and "største behov" in outcome(page)
    assert page.form("Tilbyd K2-LUND pladsen").send().status_code == 303
    held = entry(db, queue.entries[1])
    assert (held.offered_run_id, held.outcome) == (queue.run, WaitingOutcome.WAITING)
    page = bo.open(queue.path)
    assert "Alle pladser er optaget eller tilbudt" in outcome(page)
    full = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[0], words="Haster")
    assert full.status_code == 422 and "ikke flere ledige pladser" in full.words
    unsaid = page.form("Gem svaret").send()
    assert unsaid.status_code == 422 and unsaid.errors()["answer"]
    assert page.form("Gem svaret").fill(answer="yes").send().status_code == 303
    held = entry(db, queue.entries[1])
    assert (held.outcome, held.left_on) == (WaitingOutcome.STARTED, clock.today())
    place = db.scalars(select(Participation).where(Participation.run_id == queue.run)).one()
    assert (place.citizen_id, place.starts, place.attended) == (queue.citizens[1], clock.today(), 0)
    assert bo.submit(f"/kompas/venteliste/svar/{held.id}", answer="yes").status_code == 409


@pytest.mark.parametrize(
    ("said", "becomes"),
    [("not_now", WaitingOutcome.WAITING), ("no", WaitingOutcome.WITHDRAWN), ("none", WaitingOutcome.EXPIRED)],
)
def test_who_declines_gives_the_turn_on(
    visitor: Visit, queue: SimpleNamespace, db: Session, said: str, becomes: WaitingOutcome
) -> None:
    bo = visitor("bo")
    bo.open(queue.path).form("Tilbyd K2-LUND pladsen").send()
    assert bo.open(queue.path).form("Gem svaret").fill(answer=said).send().status_code == 303
    held = entry(db, queue.entries[1])
    assert held.outcome is becomes and held.offered_run_id is None
    assert (held.left_on is None) is (becomes is WaitingOutcome.WAITING)
    page = bo.open(queue.path)
    assert "K1-LUND" in outcome(page) and "længst" in outcome(page)
    assert ("Sagde nej tak til forløb 1" in page.words) is (said == "not_now")


def test_skipping_somebody_needs_a_written_reason(
    visitor: Visit, queue: SimpleNamespace, db: Session, write: Write, vault: Vault
) -> None:
    bo = visitor("bo")
    refused = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[3], sted=queue.entries[3])
    assert refused.status_code == 422 and "hvorfor de andre springes over" in refused.words
    asked = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[3], words="010190-1234", sted="x")
    assert asked.status_code == 422
    page = bo.open(queue.path)
    form = next(one for one in page.tree.xpath("//form[contains(@action, '/tilbud')]")
                if one.xpath("./input[@name='entry']/@value") == [str(queue.entries[3])])  # fmt: skip
    fields = {field.get("name"): field.get("value") for field in form.xpath(".//input")}
    words = "Kan kun komme dette halvår"
    assert bo.post(form.get("action"), {**fields, "run": queue.run, "words": words}).status_code == 303
    held = entry(db, queue.entries[3])
    assert held.reason is WaitingReason.OTHER and held.offered_run_id == queue.run
    assert words.encode() not in (held.sealed or b"")
    assert vault.open(db, held.citizen_id, f"compass_waiting.sealed/{held.id}", held.sealed or b"") == words
    assert words in bo.open(queue.path).words


def test_equal_applicants_draw_lots_first(
    visitor: Visit, queue: SimpleNamespace, db: Session, write: Write, vault: Vault
) -> None:
    def clear(db: Session) -> None:
        for number in (0, 1):
            held = db.get_one(WaitingEntry, queue.entries[number])
            held.outcome, held.left_on = WaitingOutcome.WITHDRAWN, clock.today()

    write(clear)
    bo = visitor("bo")
    page = bo.open(queue.path)
    assert "Lodtrækning afgør" in outcome(page) and not page.has_form("pladsen", action="/nothing")
    first = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[2], sted="x")
    assert first.status_code == 422 and "Træk lod" in first.words
    assert page.form("Træk lod mellem dem, der står lige").send().status_code == 303
    db.rollback()
    draw = db.scalars(select(Draw).where(Draw.activity_id == queue.activity)).one()
    assert [int(one) for one in draw.among.split(",")] == queue.entries[2:]
    order = draw_lots(draw.seed, queue.entries[2:])
    assert [entry(db, one).draw_place for one in order] == [1, 2]
    assert {entry(db, one).reason for one in order} == {WaitingReason.RANDOM}
    page = bo.open(queue.path)
    winner = f"K{queue.entries.index(order[0]) + 1}-LUND"
    assert winner in outcome(page) and "lodtrækningen" in outcome(page)
    assert draw.seed in page.text and hashlib.sha256(f"{draw.seed}:{order[0]}".encode()).hexdigest() in page.text
    assert winner in page.tree.xpath("string(//section[@id='lod'])")
    again = bo.submit(f"{queue.path}/lod", scope="day")
    assert again.status_code == 409 and "ikke flere, der står lige" in again.words
    # Another need is another place; the old lot counts no more for that one.
    assert bo.submit(f"/kompas/venteliste/behov/{order[1]}", priority=1).status_code == 303
    moved = entry(db, order[1])
    assert (moved.draw_id, moved.reason) == (None, WaitingReason.NEED)
    assert f"K{queue.entries.index(order[1]) + 1}-LUND" in outcome(bo.open(queue.path))


def test_a_lot_among_all_of_the_same_need(visitor: Visit, queue: SimpleNamespace, db: Session) -> None:
    bo = visitor("bo")
    assert bo.open(queue.path).form("Træk lod: Almindeligt behov").send().status_code == 303
    db.rollback()
    draw = db.scalars(select(Draw).where(Draw.activity_id == queue.activity)).one()
    among = [queue.entries[0], queue.entries[2], queue.entries[3]]
    assert [int(one) for one in draw.among.split(",")] == among
    assert draw.first_queued == clock.today() - timedelta(days=60)
    page = bo.open(queue.path)
    assert "K2-LUND" in outcome(page)  # more need still goes first
    order = page.tree.xpath("//section[@id='listen']//li/b[2]/text()")
    assert order[1:] == [f"K{queue.entries.index(one) + 1}-LUND" for one in draw_lots(draw.seed, among)]


# --- putting somebody on the list ---------------------------------------------------------------------------------


def put_down(page: Page, **fields: Any) -> Page:
    return page.form("Skriv op").fill(**fields).send()


def test_the_coordinator_puts_a_citizen_on_the_list(
    visitor: Visit, queue: SimpleNamespace, db: Session, write: Write, vault: Vault
) -> None:
    page = visitor("bo").open(queue.path)
    today = clock.today()
    for fields, at, said in (
        ({"citizen": "K9-FINDES"}, "citizen", "kender ingen borger"),
        ({"citizen": "K1-LUND"}, "citizen", "står allerede"),
        ({"queued": today + timedelta(days=1)}, "queued", "i fremtiden"),
        ({"queued": "2001-01-01"}, "queued", "før borgeren blev indskrevet"),
        ({"reason": "need"}, "priority", "skal behovet være stort"),
        ({"priority": 2}, "reason", "Behov"),
        ({"reason": "other"}, "words", "Skriv grunden"),
    ):
        refused = put_down(page, **{"citizen": "K5-LUND", **fields})
        assert refused.status_code == 422 and said in refused.words, fields
        assert refused.tree.xpath("//*[@id=$id]", id=f"f-borger-{at}-error"), fields
        assert refused.form("Skriv op").pairs  # the form is there again
    assert put_down(page, citizen="k5-lund", reason="need", priority=2).status_code == 303
    db.rollback()
    made = db.scalars(select(WaitingEntry).where(WaitingEntry.citizen_id == queue.citizens[4])).one()
    assert (made.priority, made.reason, made.queued) == (2, WaitingReason.NEED, today)

    def take_part(db: Session) -> None:
        held = db.get_one(WaitingEntry, made.id)
        held.outcome, held.left_on = WaitingOutcome.WITHDRAWN, today
        other = factories.make_run(db, db.get_one(Activity, queue.activity), capacity=None)
        factories.put_in(db, other, house.make_citizen(db, vault, "K6-LUND", contact=None))

    write(take_part)
    inside = put_down(visitor("bo").open(queue.path), citizen="K6-LUND")
    assert "deltager allerede" in inside.errors()["citizen"]


def test_a_citizen_is_in_one_run_of_an_activity_at_a_time(
    visitor: Visit, queue: SimpleNamespace, write: Write, db: Session
) -> None:
    def double(db: Session) -> None:
        other = factories.make_run(db, db.get_one(Activity, queue.activity), capacity=None)
        factories.put_in(db, other, db.get_one(WaitingEntry, queue.entries[1]).citizen)
        held = db.get_one(WaitingEntry, queue.entries[1])
        held.offered_run_id, held.offered_at = queue.run, clock.now()

    write(double)
    bo = visitor("bo")
    page = bo.open(queue.path)
    refused = page.form("Gem svaret").fill(answer="yes").send()
    assert refused.status_code == 422 and "andet forløb af aktiviteten" in refused.words
    assert entry(db, queue.entries[1]).outcome is WaitingOutcome.WAITING
    assert db.scalar(select(func.count()).select_from(Participation).where(Participation.run_id == queue.run)) == 0
    before = page.form("Gem svaret").fill(answer="yes", starts="2020-01-01").send()
    assert "uden for forløbet" in before.errors()["starts"]


def test_a_contact_person_asks_for_their_own_citizen(
    visitor: Visit, queue: SimpleNamespace, db: Session, write: Write, people: Any
) -> None:
    other = write(lambda db: factories.make_activity(db, "A-KOR", "Koret", unit="jobhuset").id)
    path = f"/kompas/borger/{queue.citizens[0]}/venteliste"
    for handle in ("anna", "carla", "dorte", "emil", "gunnar", "hanne", "ivan", "julie"):
        assert visitor(handle).open(path).status_code == 404, handle
        assert visitor(handle).submit(path, activity=other).status_code == 404, handle
    freja = visitor("freja")
    page = freja.open(path)
    assert "Nummer 2 på listen" in page.words and "K1-LUND" in page.h1 and "Viggo" not in page.text
    db.rollback()
    look = db.scalars(select(Look).where(Look.person_id == people.freja)).one()
    assert (look.citizen_id, look.role, look.what) == (queue.citizens[0], "contact", LookAt.INTAKE)
    assert "Vælg, hvad" in put_down(page).errors()["activity"]
    assert "står allerede" in put_down(page, activity=queue.activity).errors()["activity"]
    assert put_down(page, activity=other).status_code == 303
    db.rollback()
    assert (
        db.scalars(select(WaitingEntry).where(WaitingEntry.activity_id == other)).one().citizen_id == queue.citizens[0]
    )
    assert freja.open(f"/kompas/borger/{queue.citizens[1]}/venteliste").status_code == 404
    assert visitor("bo").open(f"/kompas/borger/{queue.citizens[1]}/venteliste").status_code == 200


def test_the_assessment_that_led_to_it_is_marked(
    visitor: Visit, queue: SimpleNamespace, db: Session, write: Write
) -> None:
    def rate(db: Session, days: int, **fields: Any) -> int:
        citizen, version = db.get_one(Citizen, queue.citizens[4]), db.get_one(Version, queue.version)
        return house.take_stock(db, citizen, version, clock.today() - timedelta(days=days), 3, **fields).id

    def second_voice(db: Session, first: int) -> int:
        known = db.get_one(Assessment, first)
        citizen, version = db.get_one(Citizen, queue.citizens[4]), db.get_one(Version, queue.version)
        return house.take_stock(
            db, citizen, version, known.day, 2, kind=AssessmentKind.SELF, occasion=known.occasion
        ).id

    old, latest, draft = (
        write(lambda db: rate(db, 120)),
        write(lambda db: rate(db, 30)),
        write(lambda db: rate(db, 5, closed=False)),
    )
    own = write(lambda db: second_voice(db, latest))
    put_down(visitor("bo").open(queue.path), citizen="K5-LUND")
    db.rollback()
    marked = set(db.scalars(select(Assessment.id).where(Assessment.triggered_referral)))
    assert {latest, own} <= marked and not marked & {old, draft}
    # Another list: one of the last hundred days is marked already.
    newer = write(lambda db: rate(db, 1, purpose=AssessmentPurpose.REFERRAL))
    second = write(lambda db: factories.make_activity(db, "A-NY", "Nyt").id)
    put_down(visitor("bo").open(f"/kompas/venteliste/{second}"), citizen="K5-LUND")
    db.rollback()
    assert not db.get_one(Assessment, newer).triggered_referral


def test_offers_without_an_answer_wait_for_the_coordinator(
    visitor: Visit, queue: SimpleNamespace, db: Session, people: Any
) -> None:
    visitor("bo").open(queue.path).form("Tilbyd K2-LUND pladsen").send()
    db.rollback()
    [mine] = [one for one in waiting_for(db, people.viewer("bo")) if one.kind == "waiting.unanswered"]
    assert mine.due == clock.today() + timedelta(days=7) and "K2" not in str(mine.title)
    assert not [one for one in waiting_for(db, people.viewer("anna")) if one.kind == "waiting.unanswered"]


def test_an_ended_run_takes_its_offers_with_it(visitor: Visit, queue: SimpleNamespace, db: Session) -> None:
    visitor("bo").open(queue.path).form("Tilbyd K2-LUND pladsen").send()
    page = visitor("carla").open(f"/kompas/forloeb/{queue.run}")
    assert page.form("Ja, afslut forløbet").send().status_code == 303
    held = entry(db, queue.entries[1])
    assert held.offered_run_id is None and held.outcome is WaitingOutcome.WAITING
    assert db.get_one(Run, queue.run).ended_at is not None
    gone = visitor("bo").submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[1])
    assert gone.status_code == 422 and "ikke er afsluttet" in gone.words


# --- what can follow what -----------------------------------------------------------------------------------------

VERBS = {
    "svar": {"answer": "yes"},
    "behov": {"priority": 1},
    "ud": {"why": "expired"},
    "tilbud": {"words": "Haster"},
}


@pytest.mark.parametrize("outcome", [one for one in WaitingOutcome if one is not WaitingOutcome.WAITING])
def test_who_has_left_the_list_is_left_alone(
    visitor: Visit, queue: SimpleNamespace, write: Write, db: Session, outcome: WaitingOutcome
) -> None:
    def leave(db: Session) -> None:
        held = db.get_one(WaitingEntry, queue.entries[0])
        held.outcome, held.left_on = outcome, clock.today()

    write(leave)
    bo = visitor("bo")
    for verb, fields in VERBS.items():
        if verb == "tilbud":
            answer = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[0], **fields)
        else:
            answer = bo.submit(f"/kompas/venteliste/{verb}/{queue.entries[0]}", **fields)
        assert answer.status_code == 409 and "ikke længere på ventelisten" in answer.words, verb
    held = entry(db, queue.entries[0])
    assert (held.outcome, held.priority, held.offered_run_id) == (outcome, 0, None)


def test_without_an_offer_there_is_nothing_to_answer_and_one_offer_is_enough(
    visitor: Visit, queue: SimpleNamespace, write: Write, db: Session
) -> None:
    bo = visitor("bo")
    early = bo.submit(f"/kompas/venteliste/svar/{queue.entries[1]}", answer="yes")
    assert early.status_code == 409 and "ikke noget tilbud" in early.words
    write(lambda db: setattr(db.get_one(Run, queue.run), "capacity", 5))
    bo.open(queue.path).form("Tilbyd K2-LUND pladsen").send()
    twice = bo.submit(f"{queue.path}/tilbud", run=queue.run, entry=queue.entries[1], words="Igen")
    assert twice.status_code == 409 and "allerede et tilbud" in twice.words
    elsewhere = bo.submit(f"{queue.path}/tilbud", run=2**40, entry=queue.entries[0])
    assert elsewhere.status_code == 422 and "Vælg et forløb" in elsewhere.words


@pytest.mark.parametrize("need", ["-1", "3", "x", ""])
def test_a_need_is_one_of_three(visitor: Visit, queue: SimpleNamespace, db: Session, need: str) -> None:
    assert visitor("bo").submit(f"/kompas/venteliste/behov/{queue.entries[0]}", priority=need).status_code == 422
    assert entry(db, queue.entries[0]).priority == 0
