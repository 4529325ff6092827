"""Planning a run, ticking off who came, exams and certificates; and who sees the participants."""

from collections.abc import Callable
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.actions.runs import session_days
from med.competence_compass.forms.runs import Rhythm
from med.competence_compass.models import (
    Activity,
    Citizen,
    EndReason,
    Exam,
    Look,
    LookAt,
    Participation,
    Presence,
    RoleKind,
    Run,
    RunLeader,
)
from med.competence_compass.models import Session as RunSession
from med.competence_compass.vault import Vault
from med.slices import waiting_for
from tests.competence_compass import factories, house
from tests.visitors import Page, Visitor

Visit = Callable[..., Visitor]
Write = Callable[[Callable[[Session], Any]], Any]
NAMES = ["K1-RAVN", "K2-UGLE", "K3-MUS"]


@pytest.fixture
def course(write: Write, vault: Vault) -> SimpleNamespace:
    """A course with exam that carla leads, four weekly sessions so far and three participants; K1 is freja's."""

    def build(db: Session) -> SimpleNamespace:
        house.give_role(db, "bo", RoleKind.COORDINATOR)
        version = house.make_instrument(db, areas=1, dimensions=1)
        activity = factories.make_activity(db, has_exam=True)
        factories.suppose(db, activity, version)
        run = factories.make_run(db, activity)
        held = [
            factories.put_in(
                db, run, house.make_citizen(db, vault, name, contact="freja" if name == NAMES[0] else None)
            )
            for name in NAMES
        ]
        sessions = db.scalars(
            select(RunSession.id).where(RunSession.run_id == run.id).order_by(RunSession.number)
        ).all()
        return SimpleNamespace(
            activity=activity.id,
            run=run.id,
            path=f"/kompas/forloeb/{run.id}",
            held=[one.id for one in held],
            citizens=[one.citizen_id for one in held],
            sessions=list(sessions),
        )

    return write(build)


def looks(db: Session, **which: Any) -> int:
    db.rollback()
    return db.scalar(select(func.count()).select_from(Look).filter_by(**which)) or 0


# --- who sees whom ------------------------------------------------------------------------------------------------


def test_participants_are_seen_by_who_leads_the_run_and_by_nobody_else(
    visitor: Visit, course: SimpleNamespace, db: Session, people: Any
) -> None:
    for handle in ("anna", "bo", "dorte", "emil", "gunnar", "hanne", "julie"):
        page = visitor(handle).open(course.path)
        assert page.status_code == 200 and "Madværksted" in page.h1
        assert not any(name in page.text for name in NAMES), handle
    assert visitor("ivan").open(course.path).status_code == 404
    assert looks(db, what=LookAt.RUN) == 0
    page = visitor("carla").open(course.path)
    assert all(name in page.words for name in NAMES)
    assert "Viggo" not in page.text
    assert looks(db, what=LookAt.RUN, person_id=people.carla, role="run_leader") == 3
    # A contact person sees their own citizen there, and only them.
    page = visitor("freja").open(course.path)
    assert NAMES[0] in page.words and NAMES[1] not in page.text and not page.has_form("Kom")
    assert looks(db, what=LookAt.RUN, person_id=people.freja, role="contact") == 1


def test_leading_ends_with_its_last_day(visitor: Visit, course: SimpleNamespace, write: Write) -> None:
    def end(db: Session, day: date) -> None:
        db.scalars(select(RunLeader).where(RunLeader.run_id == course.run)).one().ends = day

    carla = visitor("carla")
    page = carla.open(course.path)
    write(lambda db: end(db, clock.today()))
    assert NAMES[0] in carla.open(course.path).words
    write(lambda db: end(db, clock.today() - timedelta(days=1)))
    assert NAMES[0] not in carla.open(course.path).text
    form = page.form("Kom", action="/fremmoede").fill(came="1")
    assert form.send().status_code == 404  # an old page opens nothing


def test_no_trace_no_page(visitor: Visit, course: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the log is away")

    carla = visitor("carla")
    monkeypatch.setattr("med.competence_compass.routes.runs.note_looks", fails)
    page = carla.open(course.path)
    assert page.status_code == 500 and not any(name in page.text for name in NAMES)


# --- planning -----------------------------------------------------------------------------------------------------


def test_the_leader_of_the_unit_plans_a_run_with_sessions_and_somebody_to_lead_it(
    visitor: Visit, course: SimpleNamespace, db: Session, people: Any
) -> None:
    anna = visitor("anna")
    page = anna.open(f"/kompas/aktivitet/{course.activity}/forloeb/nyt")
    page = page.form("Planlæg forløbet").fill(starts="2026-12-01", ends="2026-11-01").send()
    assert page.status_code == 422 and "før startdatoen" in page.errors()["ends"]
    page = page.form("Planlæg forløbet").fill(ends="", planned_sessions="5", leader="anna").send()
    assert "ikke gøre dig selv til leder" in page.errors()["leader"]
    page = page.form("Planlæg forløbet").fill(ends="2026-12-10", leader="gunnar").send()
    assert page.status_code == 422 and "29.12.2026" in page.errors()["ends"]
    answer = page.form("Planlæg forløbet").fill(ends="").send()
    assert answer.status_code == 303
    db.rollback()
    made = db.scalars(select(Run).order_by(Run.id.desc()).limit(1)).one()
    days = db.scalars(select(RunSession.day).where(RunSession.run_id == made.id).order_by(RunSession.number)).all()
    assert (made.number, made.ends, len(days)) == (2, date(2026, 12, 29), 5)
    assert [one.person_id for one in made.leaders] == [people.gunnar]
    page = anna.open(answer.headers["location"])
    assert "kan først begynde på sin første dag" in page.words and not page.has_form("Begynd forløbet")
    refused = anna.submit(f"/kompas/forloeb/{made.id}/start")
    assert refused.status_code == 403
    for handle in ("carla", "freja", "gunnar", "julie"):
        assert visitor(handle).open(f"/kompas/aktivitet/{course.activity}/forloeb/nyt").status_code == 403
        assert visitor(handle).submit(f"/kompas/forloeb/{made.id}/start").status_code == 403


@pytest.mark.parametrize(
    ("rhythm", "days"),
    [
        (Rhythm.NONE, []),
        (Rhythm.WEEKLY, [date(2026, 12, 18), date(2026, 12, 28), date(2027, 1, 4)]),  # 25 December, 1 January: closed
        (Rhythm.FORTNIGHTLY, [date(2026, 12, 18), date(2027, 1, 4), date(2027, 1, 15)]),
        (Rhythm.WORKDAYS, [date(2026, 12, 18), date(2026, 12, 21), date(2026, 12, 22)]),
    ],
)
def test_sessions_keep_out_of_holidays(rhythm: Rhythm, days: list[date]) -> None:
    assert session_days(date(2026, 12, 18), 3, rhythm) == days


def test_leaders_are_named_for_days_and_never_by_themselves(visitor: Visit, course: SimpleNamespace) -> None:
    bo = visitor("bo")
    page = bo.open(course.path)
    today = clock.today()
    again = page.form("Gem lederen").fill(leader="carla", starts=today).send()
    assert again.status_code == 422 and "leder allerede" in again.errors()["leader"]
    mine = page.form("Gem lederen").fill(leader="bo", starts=today).send()
    assert mine.status_code == 422 and "dig selv" in mine.errors()["leader"]
    gone = page.form("Gem lederen").fill(leader="Karl Findesikke", starts=today).send()
    assert "kender ikke" in gone.errors()["leader"]
    back = page.form("Gem lederen").fill(leader="gunnar", starts=today, ends=today - timedelta(days=1)).send()
    assert "før startdatoen" in back.errors()["ends"]
    assert page.form("Gem lederen").fill(leader="gunnar", starts=today, ends=today).send().status_code == 303
    assert NAMES[0] in visitor("gunnar").open(course.path).words


def test_sessions_are_added_moved_and_taken_away(visitor: Visit, course: SimpleNamespace, db: Session) -> None:
    carla = visitor("carla")
    start = clock.today() - timedelta(days=28)
    page = carla.open(course.path)
    early = page.form("Tilføj gangen").fill(day=start - timedelta(days=1)).send()
    assert early.status_code == 422 and "før forløbets start" in early.errors()["day"]
    twice = page.form("Tilføj gangen").fill(day=start).send()
    assert "mødes allerede" in twice.errors()["day"]
    assert page.form("Tilføj gangen").fill(day=start + timedelta(days=1)).send().status_code == 303
    db.rollback()
    found = db.execute(
        select(RunSession.number, RunSession.day).where(RunSession.run_id == course.run).order_by(RunSession.number)
    ).all()
    assert [number for number, _ in found] == [1, 2, 3, 4, 5]
    assert [day for _, day in found] == sorted(day for _, day in found)
    moved = carla.open(course.path).form(action=f"/gange/{course.sessions[3]}").fill(day="2026-12-24").send()
    assert moved.status_code == 303
    tap(carla.open(f"{course.path}?gang=1"), course.held[0], "1")
    fixed = carla.submit(f"{course.path}/gange/{course.sessions[0]}", slet="1")
    assert fixed.status_code == 409 and "noteret fremmøde" in fixed.words
    assert carla.submit(f"{course.path}/gange/{course.sessions[1]}", slet="1").status_code == 303


# --- who came -----------------------------------------------------------------------------------------------------


def tap(page: Page, participation: int, came: str) -> Page:
    form = next(
        one
        for one in page.tree.xpath("//form[contains(@action, '/fremmoede')]")
        if one.xpath("./input[@name='participation']/@value") == [str(participation)]
    )
    fields = {field.get("name"): field.get("value") for field in form.xpath("./input")}
    return page.visitor.post(form.get("action"), {**fields, "came": came})


def attended(db: Session, course: SimpleNamespace) -> list[int]:
    db.rollback()
    return [db.get_one(Participation, one).attended for one in course.held]


def test_one_tap_for_each_participant(visitor: Visit, course: SimpleNamespace, db: Session) -> None:
    carla = visitor("carla")
    page = carla.open(f"{course.path}?gang=1")
    assert tap(page, course.held[0], "1").status_code == 303
    page = carla.open(f"{course.path}?gang=1")
    assert page.tree.xpath("//button[@id=$id]/@aria-pressed", id=f"t{course.held[0]}-1") == ["true"]
    assert tap(page, course.held[0], "1").status_code == 303
    assert tap(page, course.held[1], "0").status_code == 303
    assert attended(db, course) == [1, 0, 0]  # the same tap twice is one
    assert tap(carla.open(f"{course.path}?gang=1"), course.held[0], "0").status_code == 303
    assert attended(db, course) == [0, 0, 0]
    assert page.form("Resten kom").send().status_code == 303
    assert attended(db, course) == [0, 0, 1]
    assert "Kom 1 af 8 gange" in carla.open(course.path).words


def test_the_script_gets_the_row_back_and_a_word_to_read_aloud(visitor: Visit, course: SimpleNamespace) -> None:
    carla = visitor("carla")
    page = carla.open(f"{course.path}?gang=1")
    token = page.tree.xpath("string(//input[@name='_token']/@value)")
    fields = {"_token": token, "session": course.sessions[0], "participation": course.held[2], "came": "1"}
    row = carla.post(f"{course.path}/fremmoede", fields, **{"X-Fragment": "1"})
    assert row.status_code == 200 and "1 af 8 gange" in row.text and "K3-MUS" in row.headers["x-say"]


def test_nobody_comes_more_often_than_planned_nor_before_they_began(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session
) -> None:
    def shape(db: Session) -> None:
        first, second, _ = (db.get_one(Participation, one) for one in course.held)
        first.planned = first.attended = 1
        second.starts = clock.today()
        db.get_one(RunSession, course.sessions[3]).day = clock.today() + timedelta(days=1)

    write(shape)
    carla = visitor("carla")
    page = carla.open(f"{course.path}?gang=1")
    refused = tap(page, course.held[0], "1")
    assert refused.status_code == 422 and "planlagt til 1 gang og" in refused.words and NAMES[0] in refused.words
    other = carla.submit(f"{course.path}/fremmoede", session=course.sessions[0], participation=course.held[1], came="1")
    assert other.status_code == 422 and "ikke med i forløbet den dag" in other.words
    future = carla.submit(
        f"{course.path}/fremmoede", session=course.sessions[3], participation=course.held[2], came="1"
    )
    assert future.status_code == 422 and "ikke kommet endnu" in future.words
    assert attended(db, course) == [1, 0, 0]
    odd = carla.submit(f"{course.path}/fremmoede", session=course.sessions[0], participation=course.held[2], came="2")
    assert odd.status_code == 422
    more = page.form(action=f"/deltager/{course.held[0]}/gange").fill(planned="0").send()
    assert more.status_code == 422
    assert page.form(action=f"/deltager/{course.held[0]}/gange").fill(planned="8").send().status_code == 303
    fewer = carla.open(course.path).form(action=f"/deltager/{course.held[0]}/gange")
    assert fewer.fill(planned="1").send().status_code == 303
    assert tap(carla.open(f"{course.path}?gang=2"), course.held[0], "1").status_code == 422


def test_somebody_leaves_with_a_day_and_a_reason(visitor: Visit, course: SimpleNamespace, db: Session) -> None:
    carla = visitor("carla")
    page = carla.open(f"{course.path}?gang=2")
    tap(page, course.held[0], "1")
    path = f"/deltager/{course.held[0]}/ud"
    today = clock.today()
    start = today - timedelta(days=28)
    for day, said in (
        (start - timedelta(days=1), "før startdatoen"),
        (today + timedelta(days=1), "i fremtiden"),
        (start + timedelta(days=1), "Deltageren kom den"),
    ):
        refused = page.form(action=path).fill(ends=day, reason="stopped").send()
        assert refused.status_code == 422 and said in refused.errors()["ends"]
    assert "reason" in page.form(action=path).send().errors()
    assert page.form(action=path).fill(reason="moved").send().status_code == 303
    db.rollback()
    left = db.get_one(Participation, course.held[0])
    assert (left.ends, left.end_reason) == (today, EndReason.MOVED)
    again = carla.submit(course.path + path, ends=today, reason="stopped")
    assert again.status_code == 409 and "allerede ude" in again.words


# --- exams and certificates ---------------------------------------------------------------------------------------


def sit(page: Page, participation: int, **fields: Any) -> Page:
    return page.form(action=f"/deltager/{participation}/proeve").fill(**fields).send()


def test_an_exam_a_certificate_and_who_may_print_it(
    visitor: Visit, course: SimpleNamespace, db: Session, people: Any
) -> None:
    carla = visitor("carla")
    page = carla.open(course.path)
    assert "i fremtiden" in sit(page, course.held[0], day="2027-01-01", passed="1").errors()["day"]
    assert "før deltageren" in sit(page, course.held[0], day="2020-01-01", passed="1").errors()["day"]
    assert sit(page, course.held[0]).status_code == 422  # neither passed nor failed
    assert "CPR" in sit(page, course.held[0], passed="1", level="010190-1234").errors()["level"]
    assert sit(page, course.held[0], passed="0", level="B").status_code == 303
    page = carla.open(course.path)
    assert sit(page, course.held[0], passed="1", level="B").status_code == 303  # the same day again corrects it
    assert sit(page, course.held[1], passed="0").status_code == 303
    db.rollback()
    passed, failed = db.scalars(select(Exam).where(Exam.participation_id.in_(course.held)).order_by(Exam.id)).all()
    assert (passed.passed, passed.level, passed.noted_by_id) == (True, "B", people.carla)
    page = carla.open(course.path)
    assert "Dimission" in page.words and f"/kompas/bevis/{passed.id}" in page.links()
    assert f"/kompas/bevis/{failed.id}" not in page.links()
    for handle, role in (("carla", "run_leader"), ("freja", "contact")):
        proof = visitor(handle).open(f"/kompas/bevis/{passed.id}")
        assert "Viggo Prøvesen" in proof.words and "Madværksted" in proof.words
        assert "Viggo" not in proof.tree.xpath("string(//title)") and "Viggo" not in proof.h1
        assert looks(db, what=LookAt.IDENTITY, role=role, reason="Bevis", citizen_id=course.citizens[0]) == 1
    for handle in ("anna", "bo", "dorte", "emil", "gunnar", "hanne", "ivan", "julie"):
        assert visitor(handle).open(f"/kompas/bevis/{passed.id}").status_code == 404, handle
    assert carla.open(f"/kompas/bevis/{failed.id}").status_code == 404
    assert looks(db, what=LookAt.IDENTITY) == 2


def test_what_a_look_was_for_is_kept_in_danish_whoever_looks(
    visitor: Visit, course: SimpleNamespace, db: Session
) -> None:
    carla = visitor("carla")
    assert sit(carla.open(f"{course.path}?sprog=en"), course.held[0], passed="1").status_code == 303
    db.rollback()
    exam = db.scalar(select(Exam.id).where(Exam.participation_id == course.held[0]))
    assert "Certificate" in carla.open(f"/kompas/bevis/{exam}").words
    db.rollback()
    said = set(db.scalars(select(Look.reason).where(Look.citizen_id == course.citizens[0])))
    assert said == {"Forløb 1: Madværksted", "Bevis"}


def test_an_activity_without_exam_has_none(visitor: Visit, course: SimpleNamespace, write: Write) -> None:
    write(lambda db: setattr(db.get_one(Activity, course.activity), "has_exam", False))
    carla = visitor("carla")
    assert not carla.open(course.path).has_form("Gem prøven")
    path = f"{course.path}/deltager/{course.held[0]}/proeve"
    assert carla.submit(path, day=clock.today(), passed="1").status_code == 422


# --- the end ------------------------------------------------------------------------------------------------------


def asked_for_exams(db: Session, viewer: Viewer, course: SimpleNamespace) -> bool:
    waiting = [one for one in waiting_for(db, viewer) if one.kind == "run.exams_missing"]
    return any(one.href.startswith(f"{course.path}#") for one in waiting)


def test_a_run_ends_and_exams_may_follow(visitor: Visit, course: SimpleNamespace, db: Session, people: Any) -> None:
    carla = visitor("carla")
    tap(carla.open(f"{course.path}?gang=3"), course.held[0], "1")
    page = carla.open(course.path)
    today = clock.today()
    late = page.form("Ja, afslut forløbet").fill(ends=today + timedelta(days=1)).send()
    assert late.status_code == 422 and "i fremtiden" in late.errors()["ends"]
    early = page.form("Ja, afslut forløbet").fill(ends=today - timedelta(days=27)).send()
    assert "noteret fremmøde" in early.errors()["ends"]
    assert page.form("Ja, afslut forløbet").fill(ends=today).send().status_code == 303
    db.rollback()
    assert {db.get_one(Participation, one).end_reason for one in course.held} == {EndReason.COMPLETED}
    assert asked_for_exams(db, people.viewer("carla"), course)
    assert not asked_for_exams(db, people.viewer("anna"), course)
    page = carla.open(f"{course.path}?gang=3")
    assert not page.has_form("Kom") and page.has_form("Gem prøven")
    refused = carla.submit(
        f"{course.path}/fremmoede", session=course.sessions[0], participation=course.held[0], came="1"
    )
    assert refused.status_code == 403
    for one in course.held:
        assert sit(carla.open(course.path), one, passed="1").status_code == 303
    db.rollback()
    assert not asked_for_exams(db, people.viewer("carla"), course)
    assert db.scalar(select(func.count()).select_from(Presence)) is not None


@pytest.mark.parametrize("has_exam, days", [(False, 14), (True, 182)])
@pytest.mark.parametrize("recorded", [True, False], ids=["ended now", "ended before leading ended with it"])
def test_leading_ends_with_the_run(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session, has_exam: bool, days: int, recorded: bool
) -> None:
    """Carla was named without a last day. What is left is noted within a fortnight, with an exam in half a year."""
    today = clock.today()
    write(lambda db: setattr(db.get_one(Activity, course.activity), "has_exam", has_exam))
    visitor("carla").open(course.path).form("Ja, afslut forløbet").fill(ends=today).send()
    db.rollback()
    [leader] = db.scalars(select(RunLeader).where(RunLeader.run_id == course.run))
    assert leader.ends == today + timedelta(days=days)
    if not recorded:
        write(lambda db: setattr(db.get_one(RunLeader, leader.id), "ends", None))
    name = f"/kompas/borger/{course.citizens[0]}/navn"
    for later, sees in ((days, True), (days + 1, False)):
        with clock.at(clock.now() + timedelta(days=later)):
            carla = visitor("carla")
            assert (NAMES[0] in carla.open(course.path).text) is sees
            assert carla.open(name).status_code == (200 if sees else 404)
            exam = carla.submit(f"{course.path}/deltager/{course.held[0]}/proeve", day=today, passed="1")
            assert exam.status_code == (404 if not sees else 303 if has_exam else 422)


def test_a_name_does_not_open_to_a_run_leader_long_after_the_citizen_left(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session
) -> None:
    carla = visitor("carla")
    assert sit(carla.open(course.path), course.held[1], passed="1").status_code == 303
    db.rollback()
    proof = f"/kompas/bevis/{db.scalar(select(Exam.id).where(Exam.participation_id == course.held[1]))}"
    name = f"/kompas/borger/{course.citizens[1]}/navn"
    for days, opens in ((30, True), (31, False)):
        left = clock.today() - timedelta(days=days)
        write(lambda db, left=left: setattr(db.get_one(Citizen, course.citizens[1]), "left_on", left))
        page = carla.open(course.path)
        assert NAMES[1] in page.words
        for path in (name, proof):
            assert (path in page.links()) is opens
            assert carla.open(path).status_code == (200 if opens else 404), path


def test_who_left_while_the_run_went_on_did_not_complete_it(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session
) -> None:
    """Also where they were left in it, as leaving did before; who stops later this year was in it to its end."""
    today = clock.today()

    def leave(db: Session) -> None:
        db.get_one(Citizen, course.citizens[0]).left_on = today - timedelta(days=10)
        later = db.get_one(Participation, course.held[1])
        later.ends, later.end_reason = today + timedelta(days=30), EndReason.STOPPED

    write(leave)
    visitor("carla").open(course.path).form("Ja, afslut forløbet").fill(ends=today).send()
    db.rollback()
    ended = [db.get_one(Participation, one) for one in course.held]
    assert [(one.ends, one.end_reason) for one in ended] == [
        (today - timedelta(days=10), EndReason.STOPPED),
        (today, EndReason.COMPLETED),
        (today, EndReason.COMPLETED),
    ]


def test_a_run_that_has_not_begun_is_moved_past_who_left_it(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session
) -> None:
    today = clock.today()

    def leave(db: Session) -> None:
        db.get_one(Run, course.run).started_at = None
        held = db.get_one(Participation, course.held[0])
        held.ends, held.end_reason = today - timedelta(days=20), EndReason.STOPPED
        db.execute(delete(RunSession).where(RunSession.run_id == course.run))

    write(leave)
    moved = visitor("anna").submit(f"{course.path}/ret", starts=today, planned_sessions=8, version=1)
    assert moved.status_code == 303
    db.rollback()
    held = db.get_one(Participation, course.held[0])
    assert (held.starts, held.ends) == (today, today)


def test_what_belongs_to_another_run_is_not_there(
    visitor: Visit, course: SimpleNamespace, write: Write, vault: Vault
) -> None:
    def other(db: Session) -> tuple[int, int]:
        run = factories.make_run(db, db.get_one(Activity, course.activity), leader="gunnar")
        return run.id, factories.put_in(db, run, house.make_citizen(db, vault, "K9-GED", contact=None)).id

    run, held = write(other)
    carla = visitor("carla")
    for path in (f"{course.path}/deltager/{held}/ud", f"/kompas/forloeb/{run}/deltager/{held}/ud",
                 f"/kompas/forloeb/{run}/alle", f"{course.path}/deltager/{2**62}/ud"):  # fmt: skip
        assert carla.submit(path, ends=clock.today(), reason="stopped", session=1).status_code == 404, path
    assert "K9-GED" not in carla.open(f"/kompas/forloeb/{run}").text


# --- what can follow what -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["planned", "ended"])
def test_only_a_run_under_way_takes_attendance(
    visitor: Visit, course: SimpleNamespace, write: Write, db: Session, state: str
) -> None:
    def become(db: Session) -> None:
        run = db.get_one(Run, course.run)
        if state == "planned":
            run.started_at = None
        else:
            run.ended_at, run.ends = clock.now(), clock.today()

    write(become)
    carla = visitor("carla")
    held, session = course.held[0], course.sessions[0]
    for path, fields in {
        "fremmoede": {"session": session, "participation": held, "came": "1"},
        "alle": {"session": session},
        f"deltager/{held}/ud": {"ends": clock.today(), "reason": "stopped"},
        f"deltager/{held}/gange": {"planned": 9},
    }.items():
        assert carla.submit(f"{course.path}/{path}", **fields).status_code == 403, path
    exam = carla.submit(f"{course.path}/deltager/{held}/proeve", day=clock.today(), passed="1")
    assert exam.status_code == (403 if state == "planned" else 303)
    assert carla.submit(f"{course.path}/afslut", ends=clock.today()).status_code == 403
    again = visitor("anna").submit(f"{course.path}/start")
    assert again.status_code == (303 if state == "planned" else 403)
    changed = visitor("anna").submit(f"{course.path}/ret", starts=clock.today() - timedelta(days=28),
                                     planned_sessions=9, version=2)  # fmt: skip
    assert changed.status_code == (303 if state == "planned" else 403)
    assert attended(db, course) == [0, 0, 0]


def test_a_manager_cannot_find_out_the_number_by_trying(visitor: Visit, course: SimpleNamespace) -> None:
    """Three take part. The coordinator is told that two places are too few; to the manager every number is one."""
    few = {"starts": clock.today() - timedelta(days=28), "planned_sessions": 8, "capacity": 2, "version": 1}
    refused = visitor("bo").submit(f"{course.path}/ret", **few)
    assert refused.status_code == 422 and "Flere har allerede" in refused.words
    assert visitor("anna").submit(f"{course.path}/ret", **few).status_code == 303
    [line] = visitor("carla").open("/kompas/aktiviteter").tree.xpath("//main//li[a[text()='Madværksted']]")
    assert "ledige pladser" not in line.text_content()
