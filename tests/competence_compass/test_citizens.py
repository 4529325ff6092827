"""A citizen's page: who opens it, what it says, and that every opening is noted."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.models import (
    Assessment,
    AssessmentKind,
    AssessmentPurpose,
    Assignment,
    AssignmentRole,
    Citizen,
    Dimension,
    DimensionMap,
    Goal,
    GoalRating,
    GoalType,
    Look,
    LookAt,
    NoScore,
    Relation,
    RoleKind,
    Score,
    Version,
)
from med.competence_compass.queries.development import story
from med.competence_compass.queries.goals import goals_of, sealed_at
from med.competence_compass.vault import Vault
from med.db import Database
from med.workdays import short_date
from tests.competence_compass.house import (
    assign,
    give_role,
    make_citizen,
    make_instrument,
    make_version,
    take_stock,
)

PERSONAS = ["anna", "bo", "carla", "dorte", "emil", "gunnar", "hanne", "ivan", "julie", "karl"]


def quarter(n: int) -> date:
    """The n-th of five assessments a quarter apart, the last a week ago."""
    return clock.today() - timedelta(days=7 + 91 * (5 - n))


@pytest.fixture
def house(write: Any, vault: Vault) -> Any:
    """Freja's citizen, five assessments in eight areas: the first area rises, the second falls, the rest stay."""

    class House:
        citizen_id: int
        version_id: int
        path: str

        def citizen(self, db: Session) -> Citizen:
            found = db.get(Citizen, self.citizen_id)
            assert found is not None
            return found

        def version(self, db: Session) -> Version:
            found = db.get(Version, self.version_id)
            assert found is not None
            return found

    def furnish(db: Session) -> None:
        version = make_instrument(db)
        citizen = make_citizen(db, vault, version=version)
        for n in range(1, 6):
            first, second = (2, 4) if n < 4 else (4, 2)
            scores = {f"fagligt-{k}": first for k in (1, 2, 3)} | {f"selvstaendighed-{k}": second for k in (1, 2, 3)}
            one = take_stock(db, citizen, version, quarter(n), scores)
            take_stock(db, citizen, version, quarter(n), 5, kind=AssessmentKind.SELF, occasion=one.occasion)
        House.citizen_id, House.version_id = citizen.id, version.id
        House.path = f"/kompas/borger/{citizen.id}"

    write(furnish)
    return House()


def looks(db: Session, house: Any) -> list[Look]:
    db.rollback()
    return list(db.scalars(select(Look).where(Look.citizen_id == house.citizen_id).order_by(Look.id)))


def rows(page: Any, table: str) -> dict[str, list[str]]:
    """A table by its caption's id: first cell -> the others."""
    found = page.tree.xpath("//table[caption/@id=$id]/tbody/tr", id=table)
    return {row[0].text_content().strip(): [" ".join(cell.text_content().split()) for cell in row[1:]] for row in found}


# --- who --------------------------------------------------------------------------------------------------------------


def test_the_contact_person_sees_name_and_development(house: Any, visitor: Any):
    page = visitor("freja").open(house.path)
    assert page.status_code == 200
    assert "Viggo Prøvesen" in page.words
    assert page.h1 == "K1-RAVN"
    assert "Viggo" not in page.tree.xpath("string(//title)")


def test_for_everybody_else_there_is_no_such_citizen(house: Any, visitor: Any, db: Session):
    """The leaders above, the run leader, the administrator: none of them. And no trace says that they were let in."""
    for handle in PERSONAS:
        other = visitor(handle)
        for where in ("", "/udskrift", "/maaling", "/maal", "/maal/nyt"):
            assert other.open(house.path + where).status_code == 404, (handle, where)
    assert looks(db, house) == []


def test_the_coordinator_who_placed_the_citizen_does_not_open_the_page(house: Any, visitor: Any, write: Any):
    write(lambda db: give_role(db, "bo", RoleKind.COORDINATOR))
    assert visitor("bo").open(house.path).status_code == 404


def test_a_deputy_sees_the_page_on_their_days_alone(house: Any, visitor: Any, write: Any, db: Session):
    today = clock.today()
    write(
        lambda db: assign(
            db,
            house.citizen(db),
            "gunnar",
            AssignmentRole.DEPUTY,
            starts=today,
            ends=today + timedelta(days=2),
            reason="Freja har ferie til og med mandag",
        )
    )
    assert visitor("gunnar").open(house.path).status_code == 200
    assert {(look.role, look.reason) for look in looks(db, house)} == {("deputy", "Freja har ferie til og med mandag")}
    with clock.at(clock.now() - timedelta(days=1)):
        assert visitor("gunnar").open(house.path).status_code == 404
    with clock.at(clock.now() + timedelta(days=2)):
        assert visitor("gunnar").open(house.path).status_code == 200
    with clock.at(clock.now() + timedelta(days=3)):
        assert visitor("gunnar").open(house.path).status_code == 404


def test_a_former_contact_person_is_out_the_day_after(house: Any, visitor: Any, write: Any):
    def end(db: Session) -> None:
        for one in db.scalars(select(Assignment).where(Assignment.citizen_id == house.citizen_id)):
            one.ends = clock.today()

    write(end)
    assert visitor("freja").open(house.path).status_code == 200
    with clock.at(clock.now() + timedelta(days=1)):
        freja = visitor("freja")
        assert freja.open(house.path).status_code == 404
        assert "K1-RAVN" not in freja.open("/kompas").words
        assert "K1-RAVN" not in freja.open("/").words


def test_an_erased_citizen_is_gone(house: Any, visitor: Any, write: Any):
    def erase(db: Session) -> None:
        house.citizen(db).erased_at = clock.now()

    write(erase)
    freja = visitor("freja")
    assert freja.open(house.path).status_code == 404
    assert "K1-RAVN" not in freja.open("/kompas").words


# --- the trace --------------------------------------------------------------------------------------------------------


def test_each_opening_is_noted_with_person_role_and_reason(house: Any, visitor: Any, db: Session, people: Any):
    freja = visitor("freja")
    freja.open(house.path)
    seen = looks(db, house)
    assert [look.what for look in seen] == [LookAt.PAGE, LookAt.IDENTITY]
    assert {(look.person_id, look.role, look.reason) for look in seen} == {(people.freja, "contact", "Kontaktperson")}
    freja.open(f"{house.path}/udskrift")
    assert len(looks(db, house)) == 4


def test_no_trace_no_page(house: Any, visitor: Any, database: Database, caplog: Any):
    """When the look cannot be written, nothing of the citizen leaves the house."""
    freja = visitor("freja")

    def fail(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "compass_look" in statement:
            raise RuntimeError("the disk is full")

    event.listen(database.write_engine, "before_cursor_execute", fail)
    try:
        pages = [freja.open(house.path + where) for where in ("", "/udskrift", "/maaling", "/maal", "/maal/nyt")]
    finally:
        event.remove(database.write_engine, "before_cursor_execute", fail)
    for page in pages:
        assert page.status_code == 500
        assert "K1-RAVN" not in page.text and "Viggo" not in page.text and "Faglige" not in page.text


def test_a_refused_form_without_a_trace_shows_nothing(house: Any, visitor: Any, database: Database, caplog: Any):
    freja = visitor("freja")

    def fail(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "compass_look" in statement:
            raise RuntimeError("the disk is full")

    token = freja.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    event.listen(database.write_engine, "before_cursor_execute", fail)
    try:
        page = freja.post(f"{house.path}/maaling", {"_token": token, "day": "2099-01-01"})
    finally:
        event.remove(database.write_engine, "before_cursor_execute", fail)
    assert page.status_code == 500
    assert "K1-RAVN" not in page.text


# --- what it says -----------------------------------------------------------------------------------------------------


def test_areas_get_a_word_and_the_tables_say_what_the_drawings_show(house: Any, visitor: Any):
    page = visitor("freja").open(house.path)
    told = rows(page, "t-kompas")
    assert told["Faglige færdigheder"] == ["2,0", "4,0", "0,8", "udvikler sig"]
    assert told["Selvstændighed"] == ["4,0", "2,0", "0,8", "går tilbage"]
    assert told["Samarbejde"] == ["3,0", "3,0", "0,8", "inden for usikkerheden"]
    said = page.tree.xpath("string(//svg/desc)")
    for area, (before, now, _, word) in told.items():
        assert f"{area}: før {before}, nu {now}; {word}." in said
    assert page.tree.xpath("count(//svg[contains(@class, 'ch--radar')]//circle[@class='dot'])") == 8
    assert "borgeren selv ser det lysere" in page.words


def test_who_answers_half_of_an_area_need_not_see_it_differently(visitor: Any, write: Any, vault: Vault):
    """The citizen rates two of three as the staff do, and leaves the low one out; before, they answered that alone."""

    def furnish(db: Session) -> int:
        version = make_instrument(db)
        citizen = make_citizen(db, vault, version=version)
        high, low = {"": 4, "fagligt-3": 1}, {"": NoScore.DECLINED, "fagligt-3": 1}
        for n, own in ((1, low), (5, {"": 4, "fagligt-3": NoScore.DECLINED})):
            one = take_stock(db, citizen, version, quarter(n), high)
            take_stock(db, citizen, version, quarter(n), own, kind=AssessmentKind.SELF, occasion=one.occasion)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert "Vi ser det forskelligt" not in page.words
    assert rows(page, "t-stemmer")["Faglige færdigheder"][3:5] == ["–", "4,0"]


def test_no_arrow_and_no_grade_on_a_raw_difference(house: Any, visitor: Any):
    page = visitor("freja").open(house.path)
    assert not set("▲▼↑↓") & set(page.words)
    assert (
        page.tree.xpath("//*[contains(@class, 'moves')]//*[contains(@class, 'is-ok') or contains(@class, 'is-bad')]")
        == []
    )


def test_one_assessment_is_shown_without_a_verdict(visitor: Any, write: Any, vault: Vault):
    def furnish(db: Session) -> int:
        version = make_instrument(db)
        citizen = make_citizen(db, vault, version=version)
        take_stock(db, citizen, version, quarter(5), 3)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert {row[-1] for row in rows(page, "t-kompas").values()} == {"for få data: der er kun én måling"}
    assert "Næste gang kan I se" in page.words


def test_a_citizen_nobody_has_assessed_has_a_page(visitor: Any, write: Any, vault: Vault):
    number = write(lambda db: make_citizen(db, vault, version=make_instrument(db)).id)
    page = visitor("freja").open(f"/kompas/borger/{number}")
    assert page.status_code == 200
    assert "ingen afsluttede målinger" in page.words


def test_ten_areas_are_told_in_rows_without_a_radar(visitor: Any, write: Any, vault: Vault):
    def furnish(db: Session) -> int:
        version = make_instrument(db, areas=10, dimensions=1)
        citizen = make_citizen(db, vault, version=version)
        for n in range(1, 6):
            take_stock(db, citizen, version, quarter(n), 3)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert page.tree.xpath("count(//svg[contains(@class, 'ch--radar')])") == 0
    assert page.tree.xpath("count(//svg[contains(@class, 'ch--row')][@role='img'])") == 10


def test_nothing_answered_at_all_is_no_zero(visitor: Any, write: Any, vault: Vault):
    def furnish(db: Session) -> int:
        version = make_instrument(db)
        citizen = make_citizen(db, vault, version=version)
        for n in range(1, 6):
            take_stock(db, citizen, version, quarter(n), lambda one: NoScore.DECLINED)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert page.status_code == 200
    assert {tuple(row[:2]) for row in rows(page, "t-kompas").values()} == {("–", "–")}


def test_where_lower_is_better_a_fall_is_development(visitor: Any, write: Any, vault: Vault):
    """FFB runs from 0 (no limitation) to 4: the page shows the instrument's own numbers and the same words."""

    def furnish(db: Session) -> int:
        version = make_instrument(db, low=0, high=4, higher_is_better=False)
        citizen = make_citizen(db, vault, version=version)
        for n in range(1, 6):
            take_stock(db, citizen, version, quarter(n), 3 if n < 4 else 1)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert rows(page, "t-kompas")["Trivsel"] == ["3,0", "1,0", "0,8", "udvikler sig"]
    assert "lavere er bedre" in page.words


def test_without_a_known_reliability_there_is_no_word_of_change(visitor: Any, write: Any, vault: Vault):
    def furnish(db: Session) -> int:
        version = make_instrument(db, r=None)
        citizen = make_citizen(db, vault, version=version)
        for n in range(1, 6):
            take_stock(db, citizen, version, quarter(n), 1 if n < 4 else 5)
        return citizen.id

    page = visitor("freja").open(f"/kompas/borger/{write(furnish)}")
    assert "udvikler sig" not in " ".join(row[-1] for row in rows(page, "t-kompas").values())
    assert page.words.count("hvor sikkert redskabet er på dette område") >= 1


def test_another_assessor_now_is_said_instead_of_a_verdict(house: Any, visitor: Any, write: Any):
    write(lambda db: take_stock(db, house.citizen(db), house.version(db), clock.today(), 5, assessor="carla"))
    told = rows(visitor("freja").open(house.path), "t-kompas")
    assert all("en anden har vurderet nu" in row[-1] for row in told.values())


def test_a_double_assessment_does_not_stand_in_the_line(house: Any, visitor: Any, write: Any):
    write(
        lambda db: take_stock(
            db,
            house.citizen(db),
            house.version(db),
            clock.today(),
            5,
            assessor="carla",
            purpose=AssessmentPurpose.DOUBLE,
        )
    )
    assert rows(visitor("freja").open(house.path), "t-kompas")["Samarbejde"][:2] == ["3,0", "3,0"]


def test_a_referral_is_never_what_a_change_is_counted_from(visitor: Any, write: Any, vault: Vault):
    """It is made when things look worst; what follows is partly a way back to the usual."""

    def furnish(db: Session) -> int:
        version = make_instrument(db)
        citizen = make_citizen(db, vault, version=version)
        take_stock(db, citizen, version, quarter(1), 1, purpose=AssessmentPurpose.REFERRAL)
        for n in range(2, 6):
            take_stock(db, citizen, version, quarter(n), 3)
        return citizen.id

    told = rows(visitor("freja").open(f"/kompas/borger/{write(furnish)}"), "t-kompas")
    assert set(map(tuple, told.values())) == {("3,0", "3,0", "0,8", "inden for usikkerheden")}


def test_versions_are_chained_where_the_map_says_same_and_nowhere_else(write: Any, vault: Vault, db: Session):
    def furnish(db: Session) -> tuple[int, int]:
        old = make_instrument(db, areas=3, dimensions=2)
        new = make_version(db, old.instrument, 2, areas=3, dimensions=2)
        before = {one.code: one.id for one in db.scalars(select(Dimension).where(Dimension.version_id == old.id))}
        after = {one.code: one.id for one in db.scalars(select(Dimension).where(Dimension.version_id == new.id))}
        for code, number in before.items():
            relation = Relation.SAME if code.startswith("fagligt") else Relation.CHANGED
            db.add(DimensionMap(old_id=number, new_id=after[code], relation=relation))
        citizen = make_citizen(db, vault, version=new)
        for n in range(1, 6):
            take_stock(db, citizen, old if n < 3 else new, quarter(n), 2 if n < 3 else 4)
        for code in ("fagligt-1", "samarbejde-1"):
            goal = Goal(
                citizen_id=citizen.id,
                dimension_id=before[code],
                goal_type=GoalType.DEVELOP,
                target_value=5,
                set_on=quarter(1),
                sealed=b"",
            )
            db.add(goal)
        db.flush()
        return citizen.id, new.id

    citizen_id, _ = write(furnish)
    seen = story(db, citizen_id, goals_of(db, citizen_id, None)).areas
    assert {area.title: area.goals for area in seen if area.goals} == {"Faglige færdigheder": (5.0,)}
    told = {area.title: area.change for area in seen}
    assert (told["Faglige færdigheder"].before, told["Faglige færdigheder"].readings) == (2, 5)
    assert (told["Selvstændighed"].before, told["Selvstændighed"].readings) == (4, 3)
    assert len(story(db, citizen_id).breaks) == 1


def test_a_correction_counts_instead_of_what_it_corrects(house: Any, write: Any, db: Session):
    def correct(db: Session) -> None:
        old = take_stock(db, house.citizen(db), house.version(db), clock.today(), 5)
        old.superseded_at = clock.now()

    write(correct)
    assert story(db, house.citizen_id).last == quarter(5)


# --- now is now -------------------------------------------------------------------------------------------------------


def test_voices_of_different_days_are_not_held_against_each_other(house: Any, visitor: Any, write: Any):
    """The citizen's own answer keeps its day; that it differs is said of one occasion alone."""
    freja = visitor("freja")
    assert "Vi ser det forskelligt" in freja.open(house.path).words
    write(lambda db: take_stock(db, house.citizen(db), house.version(db), clock.today(), 3))
    page = freja.open(house.path)
    assert "ser det forskelligt: " not in page.words
    own = [row[4] for row in rows(page, "t-stemmer").values()]
    assert {" ".join(cell.split()) for cell in own} == {f"5,0 {short_date(quarter(5))}"}


def test_an_area_nobody_could_assess_today_is_not_of_today(house: Any, visitor: Any, write: Any):
    def only_some(one: Any) -> Any:
        return NoScore.NOT_ASSESSABLE if one.code.startswith("samarbejde") else 3

    freja = visitor("freja")
    assert "8 områder er inden for måleusikkerheden" in freja.open(house.path).words
    write(lambda db: take_stock(db, house.citizen(db), house.version(db), clock.today(), only_some))
    page = freja.open(house.path)
    told = rows(page, "t-kompas")
    assert told["Samarbejde"][1] == f"3,0 {short_date(quarter(5))}" and told["Trivsel"][1] == "3,0"
    assert f"Nu ({short_date(clock.today())})" in page.words
    assert (
        f"Samarbejde: før 3,0, nu 3,0; inden for usikkerheden; senest vurderet {short_date(quarter(5))}." in page.text
    )
    [unknown] = page.tree.xpath("//section[@aria-labelledby='siden']/ul/li[contains(., 'Samarbejde')]")
    said = " ".join(unknown.text_content().split())
    assert said == "Samarbejde – under halvdelen af området er vurderet begge gange"
    assert "5 områder er inden for måleusikkerheden" in page.words


def test_the_print_dates_what_is_not_from_the_newest_day(house: Any, visitor: Any, write: Any, vault: Vault):
    def more(db: Session) -> None:
        take_stock(db, house.citizen(db), house.version(db), clock.today(), 3)
        goal = Goal(citizen_id=house.citizen_id, goal_type=GoalType.DEVELOP, set_on=quarter(1), sealed=b"")
        db.add(goal)
        db.flush()
        goal.sealed = vault.seal(db, house.citizen_id, sealed_at(goal.id), {"levels": {"0": "Jeg kan opgaven"}})
        db.add(GoalRating(goal_id=goal.id, day=quarter(1), level=0))

    write(more)
    said = visitor("freja").open(f"{house.path}/udskrift").words
    assert f"»Nu« er den {short_date(clock.today())}." in said
    assert f"Senest, {short_date(quarter(5))}:" in said and "Nu: »Jeg er på trin 3«" in said
    assert f"Vurderet {short_date(quarter(1))}: Jeg kan opgaven" in said


def test_the_print_says_what_a_verdict_is_about(house: Any, visitor: Any, write: Any):
    """Not what a second assessor wrote for the instrument's sake; the staff's own words where all spoke together."""
    joint, double = AssessmentKind.JOINT, AssessmentPurpose.DOUBLE

    def more(db: Session) -> None:
        who, asked = house.citizen(db), house.version(db)
        staff = take_stock(db, who, asked, clock.today() - timedelta(days=1), 3)
        take_stock(db, who, asked, clock.today() - timedelta(days=1), 5, kind=joint, occasion=staff.occasion)
        take_stock(db, who, asked, clock.today(), 2, assessor="gunnar", purpose=double)

    write(more)
    said = visitor("freja").open(f"{house.path}/udskrift").words
    others = said[said.index("De andre har valgt") :]
    assert "Nu: »Jeg er på trin 3«" in others and "Nu: »Jeg er på trin 2«" not in others
    assert "Nu: »Jeg er på trin 5«" not in others[: others.index("Jeg har selv valgt")]


def test_a_referral_is_never_what_was_before(house: Any, visitor: Any, write: Any):
    """In neither voice; and the print says which day "before" is from."""

    def refer(db: Session) -> None:
        first = Assessment.citizen_id == house.citizen_id, Assessment.day == quarter(1)
        db.execute(update(Assessment).where(*first).values(triggered_referral=True))
        second = Assessment.citizen_id == house.citizen_id, Assessment.day == quarter(2)
        own = db.scalars(select(Assessment).where(*second, Assessment.kind == AssessmentKind.SELF)).one()
        db.execute(update(Score).where(Score.assessment_id == own.id).values(value=1))

    write(refer)
    freja = visitor("freja")
    said = freja.open(f"{house.path}/udskrift").words
    assert f"Før, {short_date(quarter(2))}: »Jeg er på trin 1«" in said  # their own
    assert f"Før, {short_date(quarter(2))}: »Jeg er på trin 2«" in said  # the staff's
    assert short_date(quarter(1)) not in said
    assert rows(freja.open(house.path), "t-stemmer")["Faglige færdigheder"][3] == "1,0"


# --- the print, the list, what waits ----------------------------------------------------------------------------------


def test_the_citizens_print_says_it_in_words_their_own_voice_first(house: Any, visitor: Any):
    page = visitor("freja").open(f"{house.path}/udskrift")
    assert "Hvordan synes du, det går med faglige færdigheder 1?" in page.words
    assert page.words.index("Jeg har selv valgt") < page.words.index("De andre har valgt")
    before = f"Før, {short_date(quarter(1))}: »Jeg er på trin 2«"
    assert f"{before}Nu: »Jeg er på trin 4«" in page.words.replace(" Nu:", "Nu:")
    assert "udvikler sig" not in page.words and "±" not in page.words


def test_the_list_has_pseudonyms_and_what_is_due(house: Any, visitor: Any, write: Any, vault: Vault):
    def more(db: Session) -> None:
        late = make_citizen(db, vault, "K2-LOM", version=house.version(db), name="Signe Sen")
        take_stock(db, late, house.version(db), clock.today() - timedelta(days=100), 3)

    write(more)
    freja = visitor("freja")
    page = freja.open("/kompas")
    assert "K2-LOM" in page.words and "Signe" not in page.text and "Viggo" not in page.text
    assert page.words.index("K2-LOM") < page.words.index("K1-RAVN")
    assert "Tag en måling: K2-LOM" in freja.open("/").words


def test_what_waits_is_the_contact_persons(house: Any, write: Any, db: Session, people: Any):
    from med.competence_compass.citizen_parts import citizens_await

    write(lambda db: assign(db, house.citizen(db), "carla", AssignmentRole.DEPUTY, reason="Frejas kursus"))
    with clock.at(clock.now() + timedelta(days=90)):

        def waiting(viewer: Viewer) -> list[str]:
            return [str(one.title) for one in citizens_await(db, viewer) if "K1-RAVN" in str(one.title)]

        assert waiting(people.viewer("freja")) == ["Tag en måling: K1-RAVN"]
        assert waiting(people.viewer("carla")) == []
        assert not any(one.is_open for one in citizens_await(db, people.viewer("freja")))


def test_who_has_no_part_in_the_compass_is_told_so_and_the_administrator_nothing(visitor: Any):
    assert "K1-RAVN" not in visitor("julie").open("/kompas").words
    assert visitor("ivan").open("/kompas").status_code == 404


def test_the_page_asks_the_database_a_handful_of_questions(house: Any, visitor: Any, database: Database):
    freja = visitor("freja")
    freja.open(house.path)
    asked: list[str] = []

    def count(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(database.write_engine, "before_cursor_execute", count)
    try:
        assert freja.open(house.path).status_code == 200
    finally:
        event.remove(database.write_engine, "before_cursor_execute", count)
    assert len(asked) <= 18, "\n".join(asked)


def test_page_and_print_in_english(house: Any, visitor: Any):
    freja = visitor("freja")
    page = freja.open(f"{house.path}?sprog=en")
    assert "developing" in page.words and "udvikler sig" not in page.words
    assert "I chose" in freja.open(f"{house.path}/udskrift").words


def test_the_trace_is_counted_once_an_opening(house: Any, visitor: Any, db: Session):
    freja = visitor("freja")
    for _ in range(3):
        freja.open(house.path)
    assert db.scalar(select(func.count()).select_from(Look).where(Look.citizen_id == house.citizen_id)) == 6
