"""Taking stock with a citizen, one area at a time."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    AssignmentRole,
    Citizen,
    Dimension,
    Look,
    LookAt,
    NoScore,
    Occasion,
    Score,
    Version,
)
from med.competence_compass.vault import Vault
from tests.competence_compass.house import assign, make_citizen, make_instrument, make_version, take_stock
from tests.visitors import Page


@pytest.fixture
def house(write: Any, vault: Vault) -> Any:
    """A small instrument (two areas of two dimensions) and Freja's citizen."""

    def furnish(db: Session) -> tuple[int, int]:
        version = make_instrument(db, areas=2, dimensions=2)
        return make_citizen(db, vault, version=version).id, version.id

    citizen_id, version_id = write(furnish)

    class House:
        path = f"/kompas/borger/{citizen_id}"

        def __init__(self) -> None:
            self.citizen_id, self.version_id = citizen_id, version_id

    return House()


def mine(db: Session, what: Any) -> Any:
    """What the house's own citizen has of occasions, assessments, scores, looks; the demo has more."""
    db.rollback()
    citizen_id = db.scalars(select(Citizen.id).where(Citizen.pseudonym == "K1-RAVN")).one()
    if what is Score:
        return db.scalars(select(Score).join(Score.assessment).where(Assessment.citizen_id == citizen_id)).all()
    return db.scalars(select(what).where(what.citizen_id == citizen_id).order_by(what.id)).all()


def begin(freja: Any, house: Any, **values: Any) -> Page:
    page = freja.open(f"{house.path}/maaling").form("Begynd").fill(**values).send()
    return freja.open(page.headers["location"]) if page.status_code == 303 else page


def answer_all(page: Page, value: Any = 4, **own: Any) -> Page:
    form = page.form("Gem og")
    fields = {name: value for name in form.names if name and "-" in name}
    fields |= {name: own["self_"] for name in fields if name.startswith("self-") and "self_" in own}
    sent = form.fill(**fields).send()
    assert sent.status_code == 303, sent.words
    return page.visitor.open(sent.headers["location"])


def test_freja_takes_stock_with_her_citizen(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = begin(freja, house)
    assert page.h1 == "Faglige færdigheder"
    assert "1 af 2" in page.words
    assert page.words.index("Borgerens egen") < page.words.index("Medarbejderens")
    page = answer_all(page)
    assert "2 af 2" in page.words
    page = answer_all(page, self_=2)
    assert page.h1 == "Måling"
    assert "2 trin" in page.words
    done = page.form("Afslut målingen").fill(differs="Vi ser forskelligt på samarbejdet").send()
    assert done.headers["location"].startswith(house.path)
    occasion = mine(db, Occasion)[0]
    assert occasion.closed_at is not None
    assert occasion.differs
    assert b"samarbejdet" not in (occasion.sealed or b"")
    assert len(mine(db, Score)) == 8
    assert {one.kind for one in mine(db, Assessment)} == {AssessmentKind.SELF, AssessmentKind.STAFF}
    again = freja.open(f"{house.path}/maaling/{occasion.id}")
    assert "Vi ser forskelligt på samarbejdet" in again.words


def test_a_version_locks_when_it_is_first_used(house: Any, visitor: Any, db: Session):
    begin(visitor("freja"), house)
    version = db.get(Version, house.version_id)
    assert version is not None and version.locked_at is not None


def test_each_page_saves_and_is_gone_on_with_later(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = answer_all(begin(freja, house))
    draft = page.path.rpartition("/")[0]
    assert "Gå videre med kladden" in freja.open("/kompas").words
    # Put away for later, it begins where they left: from the citizen's page, from "Ny måling", from the overview.
    later = page.form("Gem og gå videre senere").send()
    assert "Gemt." in freja.open(later.headers["location"]).words
    for path in (house.path, f"{house.path}/maaling", "/kompas", "/?alt=1"):
        (on,) = [link for link in freja.open(path).links() if link.startswith(draft + "?")]
        looks = len(mine(db, Look))
        assert freja.open(on).path == f"{draft}/2", path
        assert len(mine(db, Look)) <= looks + 1
    review = freja.open(draft)
    assert "Der mangler 4 svar" in review.words
    stopped = review.form("Afslut målingen").send()
    assert stopped.status_code == 422
    assert "Der mangler svar i: Selvstændighed" in stopped.words
    back = freja.open(f"{draft}/1")
    assert back.tree.xpath("count(//input[@type='radio'][@checked])") == 4
    assert back.form("Gem og se det hele").send().headers["location"] == draft
    assert answer_all(answer_all(freja.open(f"{draft}/1"))).h1 == "Måling"
    assert freja.open(f"{draft}?videre=1").h1 == "Måling"  # nothing is missing


def test_the_rest_can_be_left_unanswered_with_a_reason(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = answer_all(begin(freja, house, voices=["staff"]))
    review = freja.open(page.path.rpartition("/")[0])
    sent = review.form("Udfyld resten").fill(voice="staff", reason="not_observed").send()
    page = freja.open(sent.headers["location"])
    assert page.words.count("Ikke set") >= 2
    page.form("Afslut målingen").send()
    db.rollback()
    assert {score.reason for score in mine(db, Score)} == {None, NoScore.NOT_OBSERVED}


NO_BEGINNINGS: list[tuple[dict[str, Any], str]] = [
    ({"day": "2099-01-01"}, "fremtiden"),
    ({"day": "2001-01-01"}, "før borgeren begyndte"),
    ({"day": "i går"}, "dato, der findes"),
    ({"purpose": "double"}, "højst 14 dage"),
    ({"voices": []}, "Vælg, hvis vurdering"),
]


def test_what_cannot_be_begun(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    for fields, message in NO_BEGINNINGS:
        page = begin(freja, house, **fields)
        assert page.status_code == 422, fields
        assert message in page.words
    assert len(mine(db, Occasion)) == 0


def test_nothing_is_assessed_after_the_citizen_left(house: Any, visitor: Any, write: Any):
    def leave(db: Session) -> None:
        citizen = db.get(Citizen, house.citizen_id)
        assert citizen is not None
        citizen.left_on = clock.today() - timedelta(days=2)

    write(leave)
    freja = visitor("freja")
    assert "efter den dag, borgeren stoppede" in begin(freja, house).words
    assert begin(freja, house, day=(clock.today() - timedelta(days=2)).isoformat()).status_code == 200


def test_the_same_day_twice_is_said_clearly(house: Any, visitor: Any):
    freja = visitor("freja")
    begin(freja, house)
    again = begin(freja, house)
    assert again.status_code == 422
    assert "allerede en måling fra den dag" in again.words


def test_a_score_off_the_scale_is_refused_and_the_rest_kept(house: Any, visitor: Any, db: Session):
    page = begin(visitor("freja"), house, voices=["staff"])
    for value in ("0", "6", "99999999999", "fire", "declined "):
        form = page.form("Gem og")
        names = sorted(name for name in form.names if name and "-" in name)
        form.fill(**{names[0]: "2"})
        form.pairs.append((names[1], value))
        page = form.send()
        assert page.status_code == 422, value
        assert "Vælg en af mulighederne" in page.words
        assert page.tree.xpath("count(//input[@type='radio'][@checked])") == 1
    assert len(mine(db, Score)) == 0


def test_two_windows_do_not_overwrite_each_other(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    first = begin(freja, house, voices=["staff"])
    second = freja.open(first.path)
    answer_all(first, 2)
    form = second.form("Gem og")
    fields = {name: "5" for name in form.names if name and "-" in name}
    crossed = form.fill(**fields).send()
    assert crossed.status_code == 409
    assert "et andet vindue" in crossed.words
    assert "Det, der står nu: 2" in crossed.words
    db.rollback()
    assert {score.value for score in mine(db, Score)} == {2}
    assert crossed.form("Gem og").send().status_code == 303
    db.rollback()
    assert {score.value for score in mine(db, Score)} == {5}


def test_a_message_with_answers_on_it_is_a_look_too(house: Any, visitor: Any, db: Session):
    """The refused change is not kept; that Freja was shown the page again is."""
    freja = visitor("freja")
    page = begin(freja, house)
    before = len(mine(db, Look))
    form = page.form("Gem og")
    form.pairs.append((next(name for name in form.names if name and "-" in name), "nej"))
    assert form.send().status_code == 422
    assert len(mine(db, Look)) == before + 1


def test_an_occasion_keeps_its_version_when_a_newer_comes_into_use(house: Any, visitor: Any, write: Any, db: Session):
    freja = visitor("freja")
    page = answer_all(begin(freja, house, voices=["staff"]))

    def renew(db: Session) -> None:
        old = db.get(Version, house.version_id)
        assert old is not None
        make_version(db, old.instrument, 2, areas=2, dimensions=2)

    write(renew)
    page = answer_all(page)
    assert page.form("Afslut målingen").send().status_code == 303
    db.rollback()
    used = set(
        db.scalars(
            select(Dimension.version_id).where(Dimension.id.in_([score.dimension_id for score in mine(db, Score)]))
        )
    )
    assert used == {house.version_id}
    assert mine(db, Assessment)[0].version_id == house.version_id


def test_a_dimension_of_another_version_cannot_be_slipped_in(house: Any, visitor: Any, write: Any, db: Session):
    def other(db: Session) -> int:
        made = make_instrument(db, "andet", areas=1, dimensions=1)
        return db.scalars(select(Dimension.id).where(Dimension.version_id == made.id)).one()

    foreign = write(other)
    freja = visitor("freja")
    page = begin(freja, house, voices=["staff"])
    form = page.form("Gem og")
    form.pairs.append((f"staff-{foreign}", "4"))
    form.send()
    assert len(mine(db, Score)) == 0


def closed(page: Page) -> str:
    """Answer everything, close, and give the occasion's address."""
    while page.h1 != "Måling":
        page = answer_all(page)
    assert page.form("Afslut målingen").send().status_code == 303
    return page.path


def test_a_correction_takes_the_old_ones_place_when_it_is_closed(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    path = closed(begin(freja, house, voices=["staff"]))
    sent = freja.open(path).form("Begynd rettelsen").send()
    draft = freja.open(sent.headers["location"])
    assert all(one.superseded_at is None for one in mine(db, Assessment))
    answer_all(freja.open(f"{draft.path}/1"), 1)
    freja.open(draft.path).form("Afslut målingen").send()
    db.rollback()
    old, new = mine(db, Assessment)
    assert old.superseded_at is not None
    assert (new.supersedes_id, new.correction, new.superseded_at) == (old.id, 1, None)
    assert "en nyere gælder" in freja.open(path).words
    assert not freja.open(path).has_form("Begynd rettelsen")


def test_what_is_closed_is_not_written_in(house: Any, visitor: Any):
    freja = visitor("freja")
    page = begin(freja, house, voices=["staff"])
    path = closed(page)
    assert freja.submit(page.path, go="next").status_code == 409
    assert freja.submit(f"{path}/kasser").status_code == 409
    assert freja.submit(f"{path}/resten", voice="staff", reason="declined").status_code == 409


def test_a_draft_can_be_thrown_away(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = answer_all(begin(freja, house))
    freja.open(page.path.rpartition("/")[0]).form("Kassér").send()
    assert [list(mine(db, kind)) for kind in (Occasion, Assessment, Score)] == [[], [], []]


def test_a_second_assessor_does_not_see_the_first(house: Any, visitor: Any, write: Any, db: Session, vault: Vault):
    today = clock.today()

    def before(db: Session) -> int:
        citizen, version = db.get(Citizen, house.citizen_id), db.get(Version, house.version_id)
        assert citizen is not None and version is not None
        assign(db, citizen, "carla", AssignmentRole.DEPUTY, reason="Frejas ferie")
        return take_stock(db, citizen, version, today - timedelta(days=3), 5).occasion_id

    first = write(before)
    carla = visitor("carla")
    page = begin(carla, house, purpose="double")
    assert "Borgerens egen" not in page.words
    assert carla.open(f"{house.path}/maaling/{first}").status_code == 404
    shown = carla.open(house.path).words
    assert "dobbeltmåling" in shown
    assert "5" not in shown.replace("K1-RAVN", "")
    draft = page.path.rpartition("/")[0]
    assert visitor("freja").open(draft).status_code == 404  # nor the first the second's, until it is closed
    closed(page)
    assert visitor("freja").open(draft).status_code == 200
    assert carla.open(f"{house.path}/maaling/{first}").status_code == 200
    made = next(one for one in mine(db, Assessment) if one.purpose is AssessmentPurpose.DOUBLE)
    assert made.kind is AssessmentKind.STAFF


def test_words_that_look_like_a_cpr_number_are_asked_about(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    page = begin(freja, house)
    while page.h1 != "Måling":
        page = answer_all(page)
    asked = page.form("Afslut målingen").fill(differs="Han er 010190-1234 og glad").send()
    assert asked.status_code == 422
    assert "CPR-nummer" in asked.errors()["differs"]
    assert "Han er 010190-1234 og glad" in asked.text
    assert mine(db, Occasion)[0].closed_at is None
    assert asked.form("Afslut målingen").fill(not_cpr="1").send().status_code == 303


def test_each_page_is_noted_with_what_was_seen(house: Any, visitor: Any, db: Session):
    begin(visitor("freja"), house)
    assert {look.what for look in mine(db, Look)} == {LookAt.ASSESSMENT}
    assert {(look.role, look.reason) for look in mine(db, Look)} == {("contact", "Kontaktperson")}


def test_nobody_else_takes_stock(house: Any, visitor: Any, db: Session):
    for handle in ["anna", "bo", "carla", "dorte", "emil", "gunnar", "hanne", "ivan", "julie", "karl"]:
        sent = visitor(handle).submit(f"{house.path}/maaling", day=clock.today().isoformat(), voices="staff")
        assert sent.status_code == 404, handle
    assert len(mine(db, Occasion)) == 0
