"""Writing decisions down in the room, correcting them, and publishing them."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from med import clock
from med.decisions.actions import follow_openness, release_decision
from med.decisions.actions.recording import publish
from med.decisions.models import Decision, Tag
from med.decisions.queries import held, meeting_parts
from med.errors import Conflict
from med.journal.models import Entry
from med.meetings.models import Item, Meeting, Outcome
from tests.decisions.conftest import approve, decide, make_item, make_meeting
from tests.meetings.conftest import viewer
from tests.meetings.crossing import crossing


def test_chair_records_a_decision_in_two_fields_and_one_choice(visitor, room, db):
    page = visitor("anna").open(f"/beslutninger/punkt/{room.item}")
    assert "Notér en beslutning" in page.h1
    sent = (
        page.form("Gem")
        .fill(text="at der er to pauser om formiddagen", why="Støjen trætter", perspective="resiliens")
        .send()
    )
    assert sent.status_code == 303
    made = db.scalars(select(Decision).order_by(Decision.id.desc())).first()
    assert (made.text, made.number > 0, made.published_at) == ("der er to pauser om formiddagen", True, None)
    assert [tag.perspective.value for tag in made.tags] == ["resiliens"]
    assert db.get(Item, room.item).outcome is Outcome.DECIDED
    assert db.scalar(select(Entry.id).where(Entry.happened == "decision.recorded", Entry.thing_id == made.id))
    assert "Vi har besluttet, at der er to pauser" in visitor("anna").open(sent.headers["location"]).h1


def test_the_room_offers_the_form_with_what_our_own_role_does_for_each_perspective(visitor, room):
    page = visitor("anna").open(f"/beslutninger/punkt/{room.item}")
    assert len(page.tree.xpath("//input[@name='perspective']")) == 4
    assert page.words.count("Jeg ") >= 4  # Anna is "leder af ledere"; each perspective has her statement


MISFITS = [
    ("text", "", "Skriv, hvad I har besluttet."),
    ("text", "Vi har besluttet, at", "Skriv, hvad I har besluttet."),
    ("text", "x" * 601, "Højst 600 tegn"),
    ("why", "", "Skriv hvorfor."),
    ("perspective", "lykke", "Vælg en af mulighederne."),
    ("perspective", "", "Vælg det perspektiv"),
    ("further", ["lykke"], "Vælg en af mulighederne."),
    ("due", "31-31-2027", "Skriv en dato"),
    ("due", "0202-01-01", "Skriv et år mellem"),
    ("review", "9999-01-01", "Skriv et år mellem"),
    ("responsible", "Ingen Ved Hvem", "Vi kender ikke"),
    ("responsible", "ivan", "er ikke ansat her"),
    ("replaces", "999999", "der stadig gælder"),
    ("replaces", "9" * 40, "Tallet er for stort"),
    ("replaces", "første", "Skriv et helt tal"),
]


def test_what_does_not_fit_is_said_at_the_field_and_the_words_are_kept(visitor, room, db):
    anna = visitor("anna")
    before = len(db.scalars(select(Decision.id)).all())
    for field, wrong, said in MISFITS:
        values = {"text": "der er to pauser", "why": "Støjen trætter", "perspective": "resiliens", field: wrong}
        page = anna.submit(f"/beslutninger/punkt/{room.item}", **values)
        assert page.status_code == 422, (field, wrong)
        beside = " ".join(page.tree.xpath(f"//p[@id='f-{field}-error']//text()"))
        listed = page.tree.xpath(f"string(//*[@data-errors]//a[@href='#f-{field}'])")
        assert said in listed, (field, wrong, page.words[:400])
        assert said in beside or field == "replaces", (field, wrong)
        if field != "why":
            assert "Støjen trætter" in page.text
    db.rollback()
    assert len(db.scalars(select(Decision.id)).all()) == before


def test_only_those_who_minute_may_record(visitor, room):
    for handle, status in [("bo", 200), ("emil", 200), ("gunnar", 403), ("carla", 403), ("karl", 403), ("ivan", 404)]:
        assert visitor(handle).open(f"/beslutninger/punkt/{room.item}").status_code == status, handle
        sent = visitor(handle).submit(f"/beslutninger/punkt/{room.item}", text="x", why="y", perspective="resiliens")
        assert sent.status_code == (303 if status == 200 else status), handle
    assert visitor("carla").open(f"/beslutninger/punkt/{room.closed}").status_code == 404
    assert visitor("gunnar").open(f"/beslutninger/punkt/{room.closed}").status_code == 403


def test_an_item_for_information_is_noted_never_decided(visitor, room):
    page = visitor("anna").open(f"/beslutninger/punkt/{room.info}")
    assert page.status_code == 403
    assert "tages til efterretning" in page.words


def test_numbers_run_without_gaps_in_a_series_for_open_and_one_for_closed_items(quiet, write, room, db):
    def work(session):
        items = [session.get(Item, room.item), session.get(Item, room.closed)]
        return [decide(session, items[0]), decide(session, items[1]), decide(session, items[0])]

    assert [(made.is_open, made.number) for made in write(work)] == [(True, 1), (False, 1), (True, 2)]


def test_two_minute_takers_at_once_get_two_numbers(quiet, room, database, backend):
    """On PostgreSQL the second waits for the first; on SQLite there is one writer."""
    start = Barrier(2)
    numbers, failures = [], []

    def record():
        try:
            start.wait(5)
            with database.writing() as session:
                numbers.append(decide(session, session.get(Item, room.item)).number)
        except Exception as error:
            failures.append(error)

    both = [Thread(target=record) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(20)
    assert not failures
    assert sorted(numbers) == [1, 2]


def test_on_a_closed_item_only_someone_from_the_committee_can_be_responsible(visitor, room):
    anna = visitor("anna")
    values = {"text": "vi prøver igen", "why": "Det haster", "perspective": "compliance"}
    refused = anna.submit(f"/beslutninger/punkt/{room.closed}", **values, responsible="carla")
    assert "Vælg en fra udvalget" in refused.errors()["responsible"]
    assert anna.submit(f"/beslutninger/punkt/{room.closed}", **values, responsible="gunnar").status_code == 303


def test_a_draft_can_be_corrected_until_it_is_published(visitor, room, write, db):
    made = write(lambda session: decide(session, session.get(Item, room.item)).id)
    anna, bo = visitor("anna"), visitor("bo")
    mine, theirs = anna.open(f"/beslutninger/{made}/ret"), bo.open(f"/beslutninger/{made}/ret")
    filled = theirs.form("Gem").fill(text="der er tre pauser", further=["compliance"], due="2026-12-24")
    assert filled.send().status_code == 303
    # Anna's page is older: she sees both, and chooses.
    late = mine.form("Gem").fill(text="der er fire pauser").send()
    assert late.status_code == 409
    assert "der er tre pauser" in late.words
    assert "der er fire pauser" in late.text
    assert late.form("Gem").send().status_code == 303
    db.rollback()
    assert db.get(Decision, made).text == "der er fire pauser"
    write(lambda session: approve(session, room.meeting))
    page = anna.open(f"/beslutninger/{made}/ret")
    assert page.status_code == 403
    assert "kun afløses eller trækkes tilbage" in page.words


def test_a_draft_taken_away_leaves_no_gap(quiet, visitor, room, write, db):
    made = write(lambda session: [decide(session, session.get(Item, room.item)).id for _ in range(3)])
    page = visitor("bo").open(f"/beslutninger/{made[0]}")
    assert page.form("Slet", action="/slet").send().status_code == 303
    assert [(d.id, d.number) for d in db.scalars(select(Decision).order_by(Decision.number))] == [
        (made[1], 1),
        (made[2], 2),
    ]


def test_staff_meet_it_when_both_chairs_have_approved_the_minutes(quiet, visitor, room, write):
    made = write(lambda session: decide(session, session.get(Item, room.item)).id)
    write(lambda session: setattr(session.get(Meeting, room.meeting), "state", "held"))
    carla = visitor("carla")
    assert carla.open(f"/beslutninger/{made}").status_code == 404
    assert "pauser" not in carla.open("/beslutninger").words
    write(lambda session: approve(session, room.meeting))
    assert carla.open(f"/beslutninger/{made}").status_code == 200
    assert "Der er to pauser om formiddagen" in carla.open("/beslutninger").words


def test_those_who_follow_an_open_meeting_live_read_its_drafts(quiet, visitor, room, write):
    open_one = write(lambda session: decide(session, session.get(Item, room.item)).id)
    closed_one = write(lambda session: decide(session, session.get(Item, room.closed)).id)
    carla = visitor("carla")
    page = carla.open(f"/beslutninger/{open_one}")
    assert page.status_code == 200
    assert "Kladde" in page.words
    assert carla.open(f"/beslutninger/{closed_one}").status_code == 404
    assert "pauser" not in carla.open("/beslutninger").words  # the feed holds published ones only
    write(lambda session: setattr(session.get(Meeting, room.meeting), "is_open", False))
    assert carla.open(f"/beslutninger/{open_one}").status_code == 404


def test_both_chairs_can_publish_at_once(quiet, visitor, room, write):
    made = write(lambda session: decide(session, session.get(Item, room.item)).id)
    write(lambda session: setattr(session.get(Meeting, room.meeting), "state", "held"))
    assert visitor("emil").open(f"/beslutninger/{made}").has_form("Offentliggør straks") is False
    assert visitor("gunnar").submit(f"/beslutninger/{made}/straks").status_code == 403
    anna, bo = visitor("anna"), visitor("bo")
    assert anna.open(f"/beslutninger/{made}").form("Offentliggør straks").send().status_code == 303
    assert "venter på den anden" in anna.open(f"/beslutninger/{made}").words
    assert anna.submit(f"/beslutninger/{made}/straks").status_code == 403
    assert visitor("carla").open(f"/beslutninger/{made}").status_code == 404
    waiting = bo.open("/").words
    assert "Offentliggør straks?" in waiting
    assert bo.open(f"/beslutninger/{made}").form("Offentliggør straks").send().status_code == 303
    assert visitor("carla").open(f"/beslutninger/{made}").status_code == 200
    # Approving the minutes later changes nothing about it.
    write(lambda session: approve(session, room.meeting))
    assert visitor("carla").open(f"/beslutninger/{made}").status_code == 200


def releases(decision_id, handle):
    return lambda db: release_decision(db, viewer(db, handle), held(db, viewer(db, handle), decision_id))


def times_published(db, decision_id, since):
    told = select(Entry.id).where(Entry.thing_id == decision_id, Entry.happened == "decision.published")
    return len(db.scalars(told.where(Entry.id > since)).all())


def test_both_chairs_release_in_the_same_second(quiet, room, write, database, db):
    made = write(lambda session: decide(session, session.get(Item, room.item)).id)
    assert crossing(database, releases(made, "anna"), releases(made, "bo")) is None
    db.rollback()
    assert db.get(Decision, made).published_at is not None


def test_released_while_the_minutes_are_approved_it_is_published_once(quiet, room, write, database, db):
    made = write(lambda session: decide(session, session.get(Item, room.item)).id)
    write(releases(made, "anna"))
    since = db.scalar(select(func.max(Entry.id)))
    assert crossing(database, releases(made, "bo"), lambda session: approve(session, room.meeting)) is None
    db.rollback()
    assert times_published(db, made, since) == 1


def test_a_meeting_written_down_after_new_year_decided_in_the_old(quiet, write, db):
    """Nobody opened it on the day: the product asks for it to be opened later, and to be closed."""
    night = datetime(2026, 12, 17, 9, tzinfo=UTC)
    meeting = write(lambda session: make_meeting(session, starts_at=night).id)
    point = write(lambda session: make_item(session, session.get(Meeting, meeting)).id)
    with clock.at(datetime(2027, 1, 6, 9, tzinfo=UTC)):
        made = write(lambda session: decide(session, session.get(Item, point)).id)
        write(lambda session: setattr(session.get(Meeting, meeting), "state", "held"))
        write(lambda session: setattr(session.get(Meeting, meeting), "closed_at", clock.now()))
        later = write(lambda session: decide(session, session.get(Item, point)).id)
    for one in (made, later):
        found = db.get(Decision, one)
        assert (found.year, found.decided_at) == (2026, night + timedelta(hours=2))


def test_closing_an_item_takes_its_drafts_and_tags_along(quiet, write, room, db):
    made = write(lambda session: [decide(session, session.get(Item, room.item)).id for _ in range(2)])
    closed = write(lambda session: decide(session, session.get(Item, room.closed)).id)

    def close(session, is_open):
        item = session.get(Item, room.item)
        item.is_open, item.closed_ground = is_open, "" if is_open else "personal"
        session.flush()
        follow_openness(session, None, item)

    write(lambda session: close(session, False))
    found = {d.id: d for d in db.scalars(select(Decision))}
    assert [(found[one].is_open, found[one].number) for one in [closed, *made]] == [(False, 1), (False, 2), (False, 3)]
    assert not any(db.scalars(select(Tag.is_open)))
    write(lambda session: close(session, True))
    db.rollback()
    assert [db.get(Decision, one, populate_existing=True).number for one in made] == [1, 2]
    write(lambda session: publish(session, None, session.get(Decision, made[0]), clock.now()))
    with pytest.raises(Conflict):
        write(lambda session: close(session, False))


def test_a_decision_taken_before_the_discussion_is_flagged(quiet, visitor, write, db):
    def work(session):
        meeting = make_meeting(session)
        dates = [
            {"decision_planned": date(2026, 11, 2)},
            {"decision_planned": date(2026, 12, 2), "informed": date(2026, 12, 3)},
            {"decision_planned": date(2026, 12, 2), "informed": date(2026, 11, 3)},
            {"decision_planned": date(2026, 11, 10), "discussed": date(2026, 11, 5), "informed": date(2026, 11, 12)},
            {"decision_planned": date(2026, 11, 21)},
            {},
        ]
        made = [
            decide(session, make_item(session, meeting, decided_by="direktionen", **one), text=f"nummer {n} gælder")
            for n, one in enumerate(dates)
        ]
        approve(session, meeting.id)
        return meeting.id, [one.before_discussion for one in made]

    meeting_id, flagged = write(work)
    assert flagged == [True, True, False, True, False, False]
    assert visitor("carla").open("/beslutninger").words.count("Besluttet før drøftelse") == 3
    agenda = visitor("carla").open(f"/moeder/{meeting_id}").tree.xpath("//li[contains(., 'Afgøres, før udvalget')]/@id")
    assert len(agenda) == 3, agenda  # the agenda says it of the same items


def test_the_minutes_hold_what_was_decided_as_plain_values(quiet, write, room, people):
    def work(session):
        decide(session, session.get(Item, room.item), responsible="gunnar", further=["compliance"])
        return meeting_parts(session, session.get(Meeting, room.meeting))

    parts = write(work)
    assert list(parts) == [room.item]
    (decision,) = parts[room.item]
    assert decision["number"] == "2026-1"
    assert decision["further"] == ["compliance"]
    assert decision["responsible"] == people.viewer("gunnar").name


def test_a_double_click_records_once(quiet, visitor, room, db):
    form = visitor("anna").open(f"/beslutninger/punkt/{room.item}").form("Gem")
    form.fill(text="der er to pauser", why="Støjen trætter", perspective="resiliens")
    first, second = form.send(), form.send()
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    assert len(db.scalars(select(Decision.id)).all()) == 1
