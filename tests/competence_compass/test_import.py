"""Folders and files into the compass: a fault is told by file, row, column and value, and nothing is half saved."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from med import clock, language
from med.competence_compass.exchange.comparing import compare
from med.competence_compass.exchange.faults import FolderError
from med.competence_compass.exchange.giving import elsewhere_of, instrument_of, version_of
from med.competence_compass.exchange.instruments import keep_instrument
from med.competence_compass.exchange.plan import Plan
from med.competence_compass.exchange.reading import NAMES, Reading, folder_at, read_folder, read_single
from med.competence_compass.exchange.taking import carry_out
from med.competence_compass.exchange.writing import write_folder
from med.competence_compass.generator import Centre, make_world
from med.competence_compass.models import (
    Activity,
    Assessment,
    Citizen,
    Exam,
    Goal,
    Hypothesis,
    NoScore,
    Participation,
    Score,
    WaitingEntry,
)
from med.organisation.models import ImportFile, Unit
from tests.test_tables import words, workbook

SMALL = Centre(seed=21, citizens=20, activities=4, quarters=5, assessors=3)
TABLES = (Citizen, Activity, Hypothesis, Participation, WaitingEntry, Exam, Goal, Assessment, Score)
TODAY = date(2026, 11, 21)
NAMED = ["instrument.json", *(f"{name}.csv" for name in NAMES)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a house whose activities are not the demo's."""
    path = tmp_path_factory.mktemp("made")
    folder = make_world(SMALL).folder
    for kind in ("activities", "participations", "waiting", "hypotheses", "exams"):
        rows = getattr(folder, kind)
        rows[:] = [row._replace(activity=f"nabo-{row.activity}") for row in rows]
    write_folder(path, folder)
    return path


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "folder"))


def take_in(db, vault, reading: Reading, unit: str = "") -> Plan:
    version = keep_instrument(db, None, reading.folder.instrument, TODAY)
    unit_id = db.scalar(select(Unit.id).where(Unit.key == unit)) if unit else None
    plan = compare(db, reading, version, unit_id=unit_id)
    if not plan.faults:
        carry_out(db, None, vault, plan)
    return plan


def rows(db) -> list[int]:
    db.rollback()
    return [db.scalar(select(func.count()).select_from(table)) for table in TABLES]


def edit(folder: Path, name: str, *changes: tuple[str, str], add: str = "") -> Path:
    file = folder / f"{name}.csv"
    text = file.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    file.write_text(text + add)
    return folder


def line(folder: Path, name: str, number: int = 2) -> str:
    return (folder / f"{name}.csv").read_text().splitlines()[number - 1]


def said(reading: Reading) -> str:
    return "\n".join(map(str, reading.faults))


# --- a whole folder ------------------------------------------------------------------------------------------------


def test_a_folder_is_taken_in_once_however_often(folder, db, write, vault):
    before = rows(db)
    reading = read_folder(folder)
    assert not reading.faults
    first = write(lambda db: take_in(db, vault, reading))
    assert first.total > 100 and not first.faults
    after = rows(db)
    assert after[-1] - before[-1] == sum(
        len([a for a in r.answers if a is not None]) for r in reading.folder.assessments
    )
    again = write(lambda db: take_in(db, vault, read_folder(folder)))
    assert again.total == 0 and rows(db) == after


def test_an_exam_is_taken_in_whatever_the_order_of_the_participations(folder, db, write, vault):
    """The citizen took part twice, and the exam is of the first time."""
    code = line(folder, "activities").split(";")[0]
    who = line(folder, "citizens").split(";")[0]
    for name, rows_of in (
        ("participations", ("2025-03-03;2025-06-02;8;8", "2024-03-04;2024-06-03;8;8")),
        ("exams", ("2024-06-03;ja;",)),
    ):
        heading = {"participations": "activity;citizen;start;end;planned;attended",
                   "exams": "activity;citizen;date;passed;level"}[name]  # fmt: skip
        (folder / f"{name}.csv").write_text(
            "\n".join([heading, *(f"{code};{who};{row}" for row in rows_of)]) + "\n", encoding="utf-8"
        )
    before = db.scalar(select(func.count()).select_from(Exam))
    plan = write(lambda db: take_in(db, vault, read_folder(folder)))
    assert not plan.faults, "\n".join(map(str, plan.faults.told))
    db.rollback()
    assert db.scalar(select(func.count()).select_from(Exam)) == before + 1


def test_what_goes_on_is_changed_and_what_contradicts_is_refused(folder, db, write, vault):
    write(lambda db: take_in(db, vault, read_folder(folder)))
    running = next(text for text in (folder / "participations.csv").read_text().splitlines() if ";;" in text)
    activity, citizen, start, _, planned, _, run, _ = running.split(";")
    more = ";".join([activity, citizen, start, "2026-11-20", planned, planned, run, "completed"])
    plan = write(lambda db: take_in(db, vault, read_folder(edit(folder, "participations", (running, more)))))
    assert not plan.faults and plan.total == 1
    found = db.execute(
        select(Participation.attended, Participation.ends)
        .join(Citizen, Citizen.id == Participation.citizen_id)
        .where(Citizen.pseudonym == citizen, Participation.ends == date(2026, 11, 20))
    ).one()
    assert found.attended == int(planned)
    scored = line(folder, "assessments")
    other = scored.split(";")
    other[6] = "1" if other[6] != "1" else "2"
    before = rows(db)
    plan = write(lambda db: take_in(db, vault, read_folder(edit(folder, "assessments", (scored, ";".join(other))))))
    assert "findes i forvejen med andre svar" in str(plan.faults.told[0]) and rows(db) == before


def test_a_folder_without_citizens_needs_a_unit(folder, write, vault):
    (folder / "citizens.csv").unlink()
    plan = write(lambda db: take_in(db, vault, read_folder(folder)))
    assert "mangler en enhed" in str(plan.faults.told[0])
    plan = write(lambda db: take_in(db, vault, read_folder(folder), unit="ungesporet"))
    assert not plan.faults and len(plan.new.citizens) > 5


def test_a_version_that_says_something_else_is_not_written_over(folder, write, vault):
    from med.errors import Invalid

    write(lambda db: take_in(db, vault, read_folder(folder)))
    for name in ("assessments", "goals", "hypotheses"):
        (folder / f"{name}.csv").unlink()
    text = (folder / "instrument.json").read_text()
    (folder / "instrument.json").write_text(text.replace('"min": 1', '"min": 0').replace('"levels"', '"x"'))
    other = read_folder(folder)
    if not other.faults:
        with pytest.raises(Invalid, match="andre dimensioner"):
            write(lambda db: take_in(db, vault, other))


BAD = [
    ("assessments", lambda c: [*c[:6], "9", ""], "“9” ligger uden for skalaen 1–5"),
    ("assessments", lambda c: [*c[:6], "2,5", ""], "“2,5” er ikke et helt tal"),
    ("assessments", lambda c: [*c[:6], "", ""], "mangler en værdi eller en grund"),
    ("assessments", lambda c: [*c[:6], "3", "declined"], "har både en værdi og en grund"),
    ("assessments", lambda c: [c[0], "2027-01-01", *c[2:]], "ligger i fremtiden"),
    ("assessments", lambda c: [c[0], "31.02.2026", *c[2:]], "er ikke en dato"),
    ("assessments", lambda c: [c[0], c[1], "boss", *c[3:]], "“boss” er ikke en af mulighederne"),
    ("assessments", lambda c: [*c[:5], "ukendt", *c[6:]], "“ukendt” er ikke en dimension i redskabet"),
    ("assessments", lambda c: ["X9-INGEN", *c[1:]], "borgeren “X9-INGEN” står ikke i citizens.csv"),
    ("assessments", lambda c: [*c[:3], "", *c[4:]], "hvem der har vurderet"),
    ("assessments", lambda c: [*c[:3], "010203-1234", *c[4:]], "ligner et CPR-nummer"),
    ("assessments", lambda c: [*c[:4], "exit", *c[5:]], "to formål"),
    ("citizens", lambda c: [c[0], c[1], "2026-01-02", "2026-01-01"], "udskrevet før indskrivningen"),
    ("citizens", lambda c: ["0102031234", *c[1:]], "ligner et CPR-nummer"),
    ("participations", lambda c: [*c[:4], "10", "11", *c[6:]], "har deltaget 11 gange af 10 planlagte"),
    ("participations", lambda c: [*c[:2], "2026-05-02", "2026-05-01", *c[4:]], "slutter, før den begynder"),
    ("participations", lambda c: ["ukendt", *c[1:]], "aktiviteten “ukendt” står ikke i activities.csv"),
    ("participations", lambda c: [*c[:4], "", *c[5:]], "“planned” mangler en værdi"),
    ("waiting", lambda c: [*c[:2], "2026-05-02", "", "need", "started"], "mangler dagen"),
    ("waiting", lambda c: [*c[:2], "2026-05-02", "2026-06-01", "need", "waiting"], "har forladt ventelisten"),
    ("hypotheses", lambda c: [*c[:2], "0", *c[3:]], "for lille"),
    ("hypotheses", lambda c: [*c[:2], "9", *c[3:]], "for stor"),
    ("goals", lambda c: [*c[:3], "2026-05-02", "2026-05-01", "", ""], "fristen ligger, før målet blev aftalt"),
    ("goals", lambda c: [*c[:5], "3", c[6]], "for stor"),
    ("goals", lambda c: [*c[:3], "2026-05-02", "", "1", "2026-05-01"], "niveauet er vurderet, før målet blev aftalt"),
    ("goals", lambda c: [*c[:5], "1", "2027-01-01"], "ligger i fremtiden"),
    ("goals", lambda c: [*c[:2], "ønske", *c[3:]], "er ikke en af mulighederne"),
    ("activities", lambda c: [*c[:3], "0", *c[4:]], "for lille"),
]


@pytest.mark.parametrize(("name", "spoil", "message"), BAD)
def test_each_bad_row_is_named(folder, name, spoil, message):
    good = line(folder, name)
    bad = ";".join(spoil(good.split(";")))
    reading = read_folder(edit(folder, name, (good, bad)))
    assert message in said(reading), said(reading)
    assert (
        any(fault.file == f"{name}.csv" and fault.row in (2, 3) for fault in reading.faults) or "står ikke" in message
    )
    assert "0102031234" not in said(reading) and "010203-1234" not in said(reading)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("assessments", "allerede et svar"),
        ("citizens", "borgeren står der to gange"),
        ("activities", "aktiviteten står der to gange"),
        ("participations", "to perioder overlapper"),
        ("waiting", "venter allerede"),
        ("hypotheses", "hypotesen står der to gange"),
        ("goals", "målet står der to gange"),
    ],
)
def test_what_stands_twice_is_told(folder, name, message):
    assert message in said(read_folder(edit(folder, name, add=line(folder, name) + "\n")))


def test_overlapping_with_what_is_there_is_told(folder, write, vault, db):
    write(lambda db: take_in(db, vault, read_folder(folder)))
    before = rows(db)
    cells = line(folder, "participations").split(";")
    cells[2] = (date.fromisoformat(cells[2]) + timedelta(days=3)).isoformat()
    (folder / "participations.csv").write_text(
        "activity;citizen;start;end;planned;attended;run;end_reason\n" + ";".join(cells) + "\n"
    )
    for name in ("assessments", "goals", "exams", "waiting", "hypotheses"):
        (folder / f"{name}.csv").unlink(missing_ok=True)
    plan = write(lambda db: take_in(db, vault, read_folder(folder)))
    assert "to perioder overlapper" in str(plan.faults.told[0])
    assert plan.faults.told[0].row == 2 and rows(db) == before


def test_faults_are_told_in_english_too(folder):
    good = line(folder, "assessments")
    reading = read_folder(edit(folder, "assessments", (good, good.replace(";staff;", ";boss;"))))
    language.current.set("en")
    assert "assessments.csv, row 2, column “kind”: “boss”" in said(reading)


def test_what_is_no_folder_says_so(tmp_path):
    with pytest.raises(FolderError, match=r"mangler instrument\.json"):
        folder_at(tmp_path)
    (tmp_path / "instrument.json").write_text("[1")
    assert "ikke gyldig JSON" in said(read_folder(tmp_path))
    (tmp_path / "instrument.json").write_text('{"name": "x"}')
    assert "instrument.json skal have" in said(read_folder(tmp_path))


def test_the_contracts_plain_folder_is_enough(tmp_path, write, vault):
    """Commas, no optional file, an instrument without words, columns in any order."""
    (tmp_path / "instrument.json").write_text(
        '{"name": "Andet hus", "version": "1", "scale": {"min": 0, "max": 4, "higher_is_better": false},'
        ' "areas": [{"code": "A", "title": "A", "dimensions": [{"code": "D1", "title": "Et"}]}]}'
    )
    (tmp_path / "assessments.csv").write_text(
        "value,reason,dimension,purpose,assessor,kind,date,citizen\n"
        "4,,D1,routine,a,staff,2026-01-05,c1\n,declined,D1,routine,,self,2026-01-05,c1\n"
    )
    (tmp_path / "activities.csv").write_text("activity,title,kind,planned_sessions\nx,X,course,8\n")
    reading = read_folder(tmp_path)
    assert not reading.faults, said(reading)
    assert [row.answers for row in reading.folder.assessments] == [[4], [NoScore.DECLINED]]
    plan = write(lambda db: take_in(db, vault, reading, unit="ungesporet"))
    assert not plan.faults and len(plan.new.citizens) == 1


# --- single files --------------------------------------------------------------------------------------------------

HEADER = "Borger;Dato;Hvem ser;Vurderet af;Formål"


def read_file(db, kind: str, text: str | bytes, name: str = "fil.csv") -> Reading:
    version = version_of(db)
    data = text.encode() if isinstance(text, str) else text
    return read_single(kind, name, data, instrument_of(db, version), elsewhere_of(db, version))


def pseudonym(db) -> str:
    return db.scalars(select(Citizen.pseudonym).order_by(Citizen.id)).first()


def test_wide_and_long_files_say_the_same(db):
    who = pseudonym(db)
    long = f"{HEADER};Dimension;Værdi;Grund\n{who};5.1.2026;medarbejder;xy;rutine;moeder;3;\n"
    long += f"{who};5.1.2026;medarbejder;xy;rutine;mod;;ikke set\n"
    wide = f"{HEADER};Møder som aftalt;mod;bemærkning\n{who};05-01-2026;medarbejder;xy;rutine;3,0;Ikke set;fin dag\n"
    one, two = read_file(db, "assessments", long), read_file(db, "assessments", wide.encode("cp1252"))
    assert not one.faults and not two.faults, said(one) + said(two)
    assert one.folder.assessments == two.folder.assessments
    assert one.folder.assessments[0].date == date(2026, 1, 5)
    assert "ligner et CPR" in said(read_file(db, "assessments", wide.replace("fin dag", "ring 010203-1234")))


def test_titles_will_do_where_only_one_dimension_has_them(db):
    who = pseudonym(db)
    head = f"{HEADER};Dimension;Værdi\n{who};5.1.2026;medarbejder;xy;rutine;"
    by_code = read_file(db, "assessments", f"{head}moeder;3\n")
    by_title = read_file(db, "assessments", f"{head}møder  SOM aftalt;3\n")
    assert not by_title.faults and by_title.folder.assessments == by_code.folder.assessments
    goal = f"Borger;Måltype;dimension;Aftalt\n{who};udvikle;Møder som aftalt;1/2/2026\n"
    reading = read_file(db, "goals", goal)
    assert not reading.faults and reading.folder.goals[0].dimension == "moeder", said(reading)

    instrument = instrument_of(db, version_of(db))
    twins = [one for area in instrument["areas"] for one in area["dimensions"]][:2]
    for one in twins:
        one["title"] = "Tvilling"
    long, wide = f"{head}tvilling;3\n", f"{HEADER};tvilling\n{who};5.1.2026;medarbejder;xy;rutine;3\n"
    for text in (long, wide):
        assert "er titlen på flere dimensioner; skriv koden" in said(
            read_single("assessments", "f.csv", text.encode(), instrument, {})
        )


def test_encodings_and_spreadsheets(db):
    who = pseudonym(db)
    text = f"Borger;Måltype;dimension;Aftalt;Frist;Niveau\n{who};begrænse tab;moeder;1/2/2026;1/8/2026;-1\n"
    sheet = "".join(words(*row.split(";"), row=number) for number, row in enumerate(text.splitlines(), 1))
    for data in (
        text.encode(),
        text.encode("utf-8-sig"),
        text.encode("cp1252"),
        text.encode("utf-16"),
        workbook(sheet),
    ):
        reading = read_file(db, "goals", data)
        assert not reading.faults, said(reading)
        assert reading.folder.goals[0].level == -1 and reading.folder.goals[0].set_on == date(2026, 2, 1)


def test_another_versions_dimensions_and_numbers_are_told(db):
    who = pseudonym(db)
    reading = read_file(
        db, "assessments", f"{HEADER};Version;Dimension;Værdi\n{who};5.1.2026;medarbejder;xy;rutine;2;moeder;3\n"
    )
    assert "“2” er en anden version end filens, 1" in said(reading)
    version = version_of(db)
    reading = read_single(
        "assessments",
        "f.csv",
        f"{HEADER};Dimension;Værdi\n{who};5.1.2026;medarbejder;xy;rutine;gammel;3\n".encode(),
        instrument_of(db, version),
        {"gammel": 7},
    )
    assert "hører til version 7; filen er version 1" in said(reading)


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0", b"%PDF-1.4", b"<html>", b"PK\x03\x04xx", b"\xff\xfe\x00", b"a;b\n1;2"]
)
def test_what_is_no_table_says_so(db, data):
    for kind in ("citizens", "participations", "assessments", "goals"):
        assert read_file(db, kind, data).faults


def test_ten_megabytes_of_nonsense_are_answered(db):
    wide = "Borger;Dato\n" + "x;y\n" * 2_500_000
    reading = read_file(db, "citizens", wide)
    assert reading.faults and len(reading.faults.told) <= 200


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), data=st.data())
def test_a_file_with_anything_in_it_is_rows_or_faults(made, tmp_path_factory, seed, data):
    """Bytes cut, doubled, swapped and replaced: always an answer, never a traceback."""
    name = data.draw(st.sampled_from(sorted(path.name for path in made.iterdir())))
    raw = bytearray((made / name).read_bytes()[:6000])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw)))
        what = data.draw(
            st.sampled_from([b"", b"\0", b'"', b";", b"\n", b"\xff", "´é".encode(), b"2027-01-01", b"'=1"])
        )
        raw[at : at + data.draw(st.integers(0, 40))] = what
    folder = tmp_path_factory.mktemp("spoilt")
    shutil.copytree(made, folder, dirs_exist_ok=True)
    (folder / name).write_bytes(raw)
    with clock.at(clock.now()):
        reading = read_folder(folder, TODAY)
    if reading.faults:
        assert all(fault.file in {name, folder.name, *NAMED} and str(fault) for fault in reading.faults)
    else:  # every file was read, and each of its rows knows its line
        assert set(reading.files) == {path.stem for path in folder.glob("*.csv")}
        assert all(len(getattr(reading.folder, kind)) == len(reading.numbers[kind]) for kind in reading.files)
    shutil.rmtree(folder)


# --- on the page ----------------------------------------------------------------------------------------------------


def send(page, kind: str, text: str, name: str = "fil.csv"):
    form = page.form("Se, hvad filen gør").fill(kind=kind)
    return form.send(files={"file": (name, text.encode(), "text/csv")})


def on(visitor, page):
    """Where an answer leads."""
    assert page.status_code == 303, page.words
    return visitor.open(page.headers["location"])


def test_the_coordinator_takes_a_file_in(visitor, db):
    bo = visitor("bo")
    who = pseudonym(db)
    before = rows(db)
    text = f"{HEADER};moeder;mod\n{who};5.1.2026;medarbejder;xy;rutine;3;4\n"
    page = on(bo, send(bo.open("/kompas/indlaes"), "assessments", text))
    assert "Intet er gemt endnu" in page.words and rows(db) == before
    done = on(bo, page.form(action=page.path).send())
    assert done.status_code == 200 and rows(db)[-1] == before[-1] + 2
    again = on(bo, send(bo.open("/kompas/indlaes"), "assessments", text))
    assert "Der er intet at ændre" in again.words


def test_a_bad_file_is_shown_its_faults_and_not_kept(visitor, db):
    page = send(visitor("bo").open("/kompas/indlaes"), "citizens", "Borger;Enhed\nA1-NY;månen\nA2-NY;ungesporet\n")
    assert page.status_code == 422
    assert "fil.csv, række 2: enheden “månen” kendes ikke." in page.words
    assert db.scalar(select(func.count()).select_from(ImportFile)) == 0
    page = send(visitor("bo").open("/kompas/indlaes"), "citizens", "Borger\n010203-1234\n")
    assert page.status_code == 422 and "ligner et CPR-nummer" in page.words and "010203-1234" not in page.words


def test_a_unit_goes_by_its_name_and_none_is_guessed(visitor, db, write):
    bo = visitor("bo")
    page = on(bo, send(bo.open("/kompas/indlaes"), "citizens", "Borger;Enhed\nA1-NY; ungeSPORET \nA2-NY;Åbrinken\n"))
    places = page.tree.xpath("//section[@aria-labelledby='sum']/dl/div")
    assert [" ".join(one.text_content().split()) for one in places] == ["Ungesporet1", "Åbrinken1"]
    on(bo, page.form(action=page.path).send())
    db.rollback()
    landed = select(Citizen.pseudonym, Unit.key).join(Unit, Unit.id == Citizen.unit_id)
    found = dict(db.execute(landed.where(Citizen.pseudonym.in_(["A1-NY", "A2-NY"]))).all())
    assert found == {"A1-NY": "ungesporet", "A2-NY": "aabrinken"}

    page = send(bo.open("/kompas/indlaes"), "citizens", "Borger;Enhed\nA3-NY;\n")
    assert page.status_code == 422 and "fil.csv, række 2: mangler en enhed." in page.words
    unit_id = db.scalar(select(Unit.id).where(Unit.key == "ungesporet"))
    form = bo.open("/kompas/indlaes").form("Se, hvad filen gør").fill(kind="citizens", unit=str(unit_id))
    page = on(bo, form.send(files={"file": ("fil.csv", b"Borger;Enhed\nA3-NY;\n", "text/csv")}))
    assert "Ungesporet" in page.tree.xpath("string(//section[@aria-labelledby='sum']/dl)")

    write(lambda db: db.execute(update(Unit).where(Unit.key == "aabrinken").values(name="Ungesporet")))
    page = send(bo.open("/kompas/indlaes"), "citizens", "Borger;Enhed\nA4-NY;Ungesporet\n")
    assert "flere enheder hedder “Ungesporet”." in page.words


def test_nobody_else_has_the_page(visitor):
    for handle in ("anna", "carla", "dorte", "freja", "ivan"):
        assert visitor(handle).open("/kompas/indlaes").status_code == 404
