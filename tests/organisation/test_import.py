"""Taking in people, units, committees and seats from the files of other systems."""

import csv
import io
import random
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event, select

from med import clock
from med.demo import NOW
from med.errors import Invalid, NotAllowed
from med.journal.models import Entry
from med.organisation.importing import What, carry_out, plan_import
from med.organisation.jobs import jobs
from med.organisation.models import Committee, Employment, Grant, GrantKind, ImportFile, Person, Seat, Unit
from med.organisation.queries import viewer_for
from med.tables import read


def file(*rows, encoding="utf-8", separator=";"):
    """Rows of texts as a CSV file."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([cell or "" for cell in row] for row in rows)
    return out.getvalue().encode(encoding)


def people_file(db, change=lambda rows: rows):
    """The people of the demo as the wage system would write them out, with a change."""
    today = clock.today()
    rows = [
        [
            person.handle,
            person.name,
            person.mail,
            unit,
            job.title,
            job.role_key.replace("_", " "),
            "ja" if job.manages else "nej",
        ]
        for person, job, unit in db.execute(
            select(Person, Employment, Unit.key)
            .join(Employment, Employment.person_id == Person.id)
            .join(Unit, Unit.id == Employment.unit_id)
            .where(Employment.starts <= today, (Employment.ends.is_(None)) | (Employment.ends >= today))
            .order_by(Person.id)
        )
    ]
    return file(["Brugernavn", "Navn", "Mail", "Enhed", "Stilling", "Rolle", "Leder"], *change(rows))


def seats_file(db, change=lambda rows: rows):
    """The seats of every committee from today on, as a file."""
    today = clock.today()
    words = {
        "chair": "formand",
        "vice_chair": "næstformand",
        "member": "medlem",
        "substitute": "suppleant",
        "advisory": "tilforordnet",
        None: "",
    }
    rep = {"tr": "TR", "ftr": "FTR", "amr": "AMR", "am_leader": "arbejdsmiljøleder", None: ""}
    side = {"management": "Ledelse", "employee": "Medarbejder", None: ""}
    people = {person.id: person.handle for person in db.scalars(select(Person))}
    held = db.scalars(select(Seat).where((Seat.ends.is_(None)) | (Seat.ends >= today)).order_by(Seat.id)).all()
    by_id = {seat.id: seat for seat in db.scalars(select(Seat))}
    rows = [
        [
            seat.committee.key, people[seat.person_id], side[seat.side], words[seat.role], rep[seat.rep_role],
            seat.electoral_group, people[by_id[seat.substitute_for_id].person_id] if seat.substitute_for_id else "",
            seat.starts.strftime("%d.%m.%Y"), seat.ends.strftime("%d.%m.%Y") if seat.ends else "",
        ]
        for seat in held
    ]  # fmt: skip
    header = ["Udvalg", "Brugernavn", "Side", "Rolle", "Hverv", "Valggruppe", "Suppleant for", "Fra", "Til"]
    return file(header, *change(rows))


def look(db, kind, data):
    db.rollback()
    return plan_import(db, kind, read("fil.csv", data))


def take_in(write, kind, data, leaving=None):
    def run(session):
        plan = plan_import(session, kind, read("fil.csv", data))
        assert not plan.errors, [str(error) for error in plan.errors]
        carry_out(session, None, plan, leaving)
        return plan

    return write(run)


def said(plan):
    return [f"{change.what} {change.name}: {change.sentence}" for change in plan.diff]


def without(*handles):
    return lambda rows: [row for row in rows if not set(handles) & set(row[:2])]


def plus(*more):
    return lambda rows: [*rows, *more]


def swap(name, column, value):
    return lambda rows: [[*row[:column], value, *row[column + 1 :]] if name in row[:2] else row for row in rows]


# --- people -------------------------------------------------------------------------------------------------------


def test_a_file_that_says_what_is_there_changes_nothing(db):
    plan = look(db, "personer", people_file(db))
    assert (said(plan), plan.errors, plan.leaving) == ([], [], 0)
    assert plan.unchanged == plan.of > 30


def test_a_new_colleague_comes_a_name_changes_and_one_leaves(db, write, people, visitor):
    def change(rows):
        rows = without("tove")(swap("carla", 1, "Carla Winther Friis")(swap("bo", 4, "Faglig koordinator")(rows)))
        return [*rows, ["nete", "Nete Østergård", "NETE@solbaek.example", "Jobhuset", "Jobkonsulent", "", ""]]

    data = people_file(db, change)
    plan = look(db, "personer", data)
    assert said(plan) == [
        "changed Bo Kjærgaard (bo): stilling: Pædagog og tillidsrepræsentant → Faglig koordinator",
        "changed Carla Winther (carla): navn: Carla Winther → Carla Winther Friis",
        "new Nete Østergård (nete), Jobhuset: ",
        "leaving Tove Lykke (tove): ansættelse: Aktivitet og samvær → slut",
    ]
    take_in(write, "personer", data)
    db.rollback()
    assert db.get(Person, people.carla).name == "Carla Winther Friis"
    nete = db.scalar(select(Person).where(Person.handle == "nete"))
    assert (nete.mail, nete.employments[0].starts) == ("nete@solbaek.example", clock.today())
    assert not viewer_for(db, people.tove).is_employee
    happened = db.execute(
        select(Entry.happened, Entry.thing_id, Entry.fields, Entry.person_id).where(Entry.happened.like("person.%"))
    )
    assert {tuple(row) for row in happened} == {
        ("person.changed", people.carla, "name", None),
        ("person.changed", people.bo, "employment", None),
        ("person.hired", nete.id, "", None),
        ("person.left", people.tove, "employment", None),
    }
    assert said(look(db, "personer", data)) == []


def test_somebody_who_moves_ends_in_one_place_and_begins_in_another(db, write, people):
    data = people_file(db, swap("freja", 3, "jobhuset"))
    assert said(look(db, "personer", data)) == ["changed Freja Holst (freja): enhed: Ungesporet → Jobhuset"]
    take_in(write, "personer", data)
    db.rollback()
    old, new = db.get(Person, people.freja).employments
    assert (old.ends, new.starts, new.title) == (date(2026, 11, 20), date(2026, 11, 21), old.title)
    assert said(look(db, "personer", data)) == []


@pytest.mark.parametrize("start", ["01.02.2024", "1.1.2020", "01.12.2026"])
def test_a_move_with_a_date_is_the_same_the_next_time(db, write, people, start):
    header = ["Brugernavn", "Navn", "Enhed", "Fra"]

    def data():
        rows = [[*line.split(";")[:2], line.split(";")[3]] for line in people_file(db).decode().splitlines()[1:]]
        return file(header, *[[*row[:2], "jobhuset", start] if row[0] == "freja" else [*row, ""] for row in rows])

    once = data()
    take_in(write, "personer", once)
    assert said(look(db, "personer", once)) == []
    old, new = db.get(Person, people.freja).employments
    assert old.ends == new.starts - timedelta(days=1)
    with clock.at(datetime(2026, 12, 24, 12, tzinfo=clock.COPENHAGEN)):
        assert said(look(db, "personer", once)) == []


def test_two_jobs_are_two_rows(db, write, people):
    def change(rows):
        row = next(row for row in rows if row[0] == "freja")
        return [*rows, [*row[:3], "jobhuset", "Vikar", "medarbejder", ""]]

    data = people_file(db, change)
    assert said(look(db, "personer", data)) == ["changed Freja Holst (freja): enhed: (tomt) → Jobhuset"]
    take_in(write, "personer", data)
    assert said(look(db, "personer", data)) == []
    assert len(viewer_for(db, people.freja).unit_ids) == 2


def test_who_comes_back_is_the_same_person(db, write, people):
    full = people_file(db)
    take_in(write, "personer", people_file(db, without("tove")))
    with clock.at(datetime(2027, 3, 1, 8, tzinfo=clock.COPENHAGEN)):
        take_in(write, "personer", full)
        db.rollback()
        jobs = db.get(Person, people.tove).employments
        assert [job.starts for job in jobs] == [date(2020, 1, 1), date(2027, 3, 1)]


def test_a_last_day_in_the_file_is_kept_and_taken_off_again(db, write, people):
    def with_end(day):
        lines = people_file(db).decode().splitlines()
        rows = [line.split(";") for line in lines]
        return file([*rows[0], "Til"], *[[*row, day if row[0] == "tove" else ""] for row in rows[1:]])

    take_in(write, "personer", with_end("31.12.2027"))
    db.rollback()
    assert db.get(Person, people.tove).employments[0].ends == date(2027, 12, 31)
    assert said(look(db, "personer", people_file(db))) == []  # without the column nothing is said about it
    assert said(look(db, "personer", with_end(""))) == [
        "changed Tove Lykke (tove): til: fredag den 31. december 2027 → (tomt)"
    ]
    plan = look(db, "personer", with_end("31.10.2026"))
    assert (plan.leaving, [change.what for change in plan.diff]) == (1, [What.LEAVING])


def test_more_than_a_tenth_leaves_only_when_the_number_is_typed(db, write, people):
    data = people_file(db, lambda rows: rows[:-6])
    plan = look(db, "personer", data)
    assert plan.leaving == 6 and plan.needs_number
    for wrong in (None, 0, 5, 7):
        with pytest.raises(Invalid, match="skriv tallet 6"):
            take_in(write, "personer", data, leaving=wrong)
    db.rollback()
    assert viewer_for(db, people.jonas).is_employee
    take_in(write, "personer", data, leaving=6)
    db.rollback()
    assert not viewer_for(db, people.jonas).is_employee


def test_a_tenth_itself_may_leave(db):
    few = look(db, "personer", people_file(db, lambda rows: rows[: -(len(rows) // 10)]))
    assert few.leaving == few.of // 10 and not few.needs_number


def test_a_row_that_cannot_be_used_is_named_and_nothing_is_taken_in(db, write):
    cases = [
        ([["x", "X Y", "nowhere"]], "Række 2: enheden “nowhere” findes ikke. Indlæs enhederne først."),
        ([["x", "X Y", "job"], ["X", "X Y", "job"]], "Række 3: x står også i række 2 med samme enhed."),
        ([["x", "X Y", "job"], ["x", "Z Y", "hr"]], "Række 3: brugernavnet x har et andet navn i række 2."),
        ([["x x", "X Y", "job"]], "“x x” er ikke et brugernavn"),
        ([["", "X Y", "job"]], "kolonnen “Brugernavn” mangler en værdi."),
        ([["x", "X" * 121, "job"]], "er for lang (højst 120 tegn)"),
    ]
    for rows, told in cases:
        data = file(["Brugernavn", "Navn", "Enhed"], *rows)
        plan = look(db, "personer", data)
        assert any(told in str(error) for error in plan.errors), [str(error) for error in plan.errors]
        with pytest.raises(Invalid):
            write(lambda session, plan=plan: carry_out(session, None, plan))


def test_columns_that_are_missing_are_named(db):
    plan = look(db, "personer", file(["Navn", "Afdeling"], ["X", "job"]))
    assert [str(error) for error in plan.errors] == ["Filen mangler: Brugernavn. Den har: Navn, Afdeling."]
    empty = look(db, "personer", file(["Brugernavn", "Navn", "Enhed"]))
    assert [str(error) for error in empty.errors] == ["Filen har overskrifter, men ingen rækker."]


def test_a_file_from_windows_with_other_headings_is_read(db):
    rows = [
        ["Login", "Fulde navn", "E-MAIL", "Afdeling", "Ansat fra", "Ukendt"],
        ["åse", "Åse Ørn", "aase@x.dk", "job", "31.12.2027", "1"],
    ]
    plan = look(db, "personer", file(*rows, encoding="cp1252"))
    assert plan.errors == []
    assert plan.of_kind(What.NEW)[0].name == "Åse Ørn (åse), Center for Job og Kompetencer"


def test_thousands_of_people_cost_few_questions(db, write, database):
    header = ["Brugernavn", "Navn", "Enhed", "Stilling", "Fra"]
    rows = [[f"n{n}", f"Navn Nummer {n}", "jobhuset", "Konsulent", "01.02.2024"] for n in range(1000)]
    data = people_file(db).decode().splitlines()
    known = [line.split(";") for line in data[1:]]
    everyone = file(header, *[[row[0], row[1], row[3], row[4], ""] for row in known], *rows)
    asked = []

    def count(*args):
        asked.append(args[2])

    event.listen(database.write_engine, "before_cursor_execute", count)
    try:
        plan = take_in(write, "personer", everyone)
    finally:
        event.remove(database.write_engine, "before_cursor_execute", count)
    assert len(plan.of_kind(What.NEW)) == 1000
    assert len(asked) < 30
    assert said(look(db, "personer", everyone)) == []


# --- units --------------------------------------------------------------------------------------------------------


def units_file(db, change=lambda rows: rows):
    key = {unit.id: unit.key for unit in db.scalars(select(Unit))}
    rows = [[unit.key, unit.name, key.get(unit.parent_id, "")] for unit in db.scalars(select(Unit).order_by(Unit.id))]
    return file(["Nøgle", "Navn", "Overordnet"], *change(rows))


def test_units_are_made_moved_renamed_and_closed(db, write):
    assert said(look(db, "enheder", units_file(db))) == []

    def change(rows):
        rows = [row for row in rows if row[0] != "mariehoenen"]
        rows = [["boern2", "Nye Børn", "nyt"], ["nyt", "Nyt Center", "solbaek"], *rows]
        return [[row[0], row[1], "nyt"] if row[0] == "engbakkeskolen" else row for row in rows]

    data = units_file(db, change)
    assert said(look(db, "enheder", data)) == [
        "new Nye Børn (boern2): ",
        "new Nyt Center (nyt): ",
        "changed Engbakkeskolen (engbakkeskolen): overordnet: boern → nyt",
        "leaving Børnehuset Mariehønen (mariehoenen): lukket: (tomt) → lørdag den 21. november 2026",
    ]
    take_in(write, "enheder", data)
    assert said(look(db, "enheder", data)) == []
    parents = {unit.key: unit.parent_id for unit in db.scalars(select(Unit))}
    ids = {unit.key: unit.id for unit in db.scalars(select(Unit))}
    assert parents["boern2"] == parents["engbakkeskolen"] == ids["nyt"]
    take_in(write, "enheder", units_file(db))  # with all of them, those that were closed too
    assert said(look(db, "enheder", data))[-1].startswith("leaving Børnehuset Mariehønen")


def test_a_tree_that_bites_its_tail_is_refused(db):
    cases = [
        ([["a", "A", "b"], ["b", "B", "c"], ["c", "C", "a"]], "Række 2: “a” hører under sig selv"),
        ([["a", "A", "a"]], "Række 2: “a” hører under sig selv"),
        ([["solbaek", "Solbæk", "job"], ["job", "Job", "solbaek"]], "“solbaek” hører under sig selv"),
        ([["solbaek", "Solbæk", "vaerkstederne"]], "“solbaek” hører under sig selv"),
        ([["a", "A", "intet"]], "Række 2: den overordnede enhed “intet” findes ikke."),
        ([["a", "A", ""], ["a", "B", ""]], "Række 3: “a” står også i række 2."),
    ]
    for rows, told in cases:
        plan = look(db, "enheder", file(["Nøgle", "Navn", "Overordnet"], *rows))
        assert any(told in str(error) for error in plan.errors), [str(error) for error in plan.errors]


# --- committees ---------------------------------------------------------------------------------------------------


def test_committees_are_made_and_changed_and_none_is_ended_by_being_left_out(db, write, people):
    header = ["Nøgle", "Navn", "Niveau", "Overordnet", "Enhed", "Kort navn", "Fra", "Til"]
    data = file(
        header,
        ["lokal-a", "LokalMED Nord", "lokalmed", "omraade-n", "job", "Nord", "01.01.2027", "31.12.2028"],
        ["omraade-n", "FagMED Kultur", "FagMED", "hovedudvalget", "", "", "", ""],
        ["med-aabrinken", "MED på Åbrinken", "LokalMED", "", "", "", "", "31.12.2027"],
    )
    plan = look(db, "udvalg", data)
    assert said(plan) == [
        "new LokalMED Nord (lokal-a): ",
        "new FagMED Kultur (omraade-n): ",
        "changed MED-ledelsen på Åbrinken (med-aabrinken): navn: MED-ledelsen på Åbrinken → MED på Åbrinken; "
        "til: (tomt) → fredag den 31. december 2027",
    ]
    assert str(plan.notes[0]) == "6 udvalg står ikke i filen. De bliver, som de er."
    take_in(write, "udvalg", data)
    assert said(look(db, "udvalg", data)) == []
    made = db.scalar(select(Committee).where(Committee.key == "lokal-a"))
    assert made.parent.key == "omraade-n" and made.unit.key == "job" and len(made.uid) == 36
    changed = db.scalar(select(Committee).where(Committee.key == "med-aabrinken"))
    assert changed.short_name == "MED-ledelsen" and changed.parent.key == "centermed-job"
    assert db.scalar(select(Seat.ends).where(Seat.committee_id == changed.id, Seat.person_id == people.bo)) == date(
        2027, 12, 31
    )


def test_a_committee_that_does_not_fit_is_refused(db):
    cases = [
        (["a", "AA", "lokalmed", "", ""], "udvalget mangler et overordnet udvalg."),
        (["a", "AA", "hovedudvalg", "hovedudvalget", ""], "et hovedudvalg har intet udvalg over sig."),
        (["a", "AA", "lokalmed", "findes-ikke", ""], "det overordnede udvalg “findes-ikke” findes ikke."),
        (["a", "AA", "lokalmed", "hovedudvalget", "kælderen"], "enheden “kælderen” findes ikke."),
        (
            ["a", "AA", "storudvalg", "hovedudvalget", ""],
            "er ikke en af mulighederne: Hovedudvalg, OmrådeMED, LokalMED",
        ),
        (["centermed-job", "CM", "centermed", "med-aabrinken", ""], "hører under sig selv"),
    ]
    for row, told in cases:
        plan = look(db, "udvalg", file(["Nøgle", "Navn", "Niveau", "Overordnet", "Enhed"], row))
        assert any(told in str(error) for error in plan.errors), [str(error) for error in plan.errors]


# --- seats --------------------------------------------------------------------------------------------------------


def test_the_seats_as_they_are_change_nothing(db):
    plan = look(db, "pladser", seats_file(db))
    assert ([str(error) for error in plan.errors], said(plan)) == ([], [])


def test_seats_come_move_and_end(db, write, people, committee_id):
    def change(rows):
        out = []
        for row in rows:
            if row[0] == "med-aabrinken" and row[1] == "gunnar":
                continue
            if row[0] == "med-aabrinken" and row[1] == "rasmus":
                row = [*row[:3], "medlem", "TR", row[5], "", "01.02.2025", ""]
            if row[0] == "med-aabrinken" and row[1] == "nadia":
                row = [*row[:5], "B", *row[6:]]
            out.append(row)
        return [*out, ["med-aabrinken", "freja", "Medarbejder", "suppleant", "", "C", "bo", "", ""]]

    data = seats_file(db, change)
    plan = look(db, "pladser", data)
    assert not plan.errors, [str(error) for error in plan.errors]
    told = said(plan)
    assert "changed Nadia" in told[0] and told[0].endswith("valggruppe ændres")  # what it was is not told
    assert told[1].startswith("changed Rasmus Vang, MED-ledelsen på Åbrinken (medlem): rolle: suppleant → medlem")
    assert told[2].startswith("new Freja Holst, MED-ledelsen på Åbrinken (suppleant)")
    assert told[3].startswith("leaving Gunnar")
    assert (len(told), plan.leaving) == (4, 1)
    take_in(write, "pladser", data)
    assert said(look(db, "pladser", data)) == []
    committee = committee_id("med-aabrinken")
    rasmus = db.scalars(
        select(Seat).where(Seat.committee_id == committee, Seat.person_id == people.rasmus).order_by(Seat.starts)
    ).all()
    assert [(seat.role.value, seat.ends) for seat in rasmus] == [("substitute", date(2025, 1, 31)), ("member", None)]
    freja = db.scalar(select(Seat).where(Seat.committee_id == committee, Seat.person_id == people.freja))
    assert freja.substitute_for.person_id == people.bo
    happened = set(db.scalars(select(Entry.happened).where(Entry.thing == "seat")))
    assert happened == {"seat.given", "seat.changed", "seat.ended"}


def test_only_the_committees_in_the_file_are_touched(db):
    plan = look(db, "pladser", seats_file(db, lambda rows: [row for row in rows if row[0] == "med-aabrinken"]))
    assert said(plan) == []


def test_a_role_that_changes_later_keeps_the_old_one_until_then(db, write, people, committee_id):
    def change(rows):
        return [
            [*row[:3], "medlem", "TR", row[5], "", "01.01.2027", ""] if row[:2] == ["med-aabrinken", "rasmus"] else row
            for row in rows
        ]

    data = seats_file(db, change)
    take_in(write, "pladser", data)
    assert said(look(db, "pladser", data)) == []
    with clock.at(datetime(2027, 2, 1, 8, tzinfo=clock.COPENHAGEN)):
        assert said(look(db, "pladser", data)) == []


def test_history_is_added_once_and_never_changed(db, write, people):
    rows = [["hovedudvalget", "freja", "Medarbejder", "medlem", "", "", "", "01.01.2021", "31.12.2022"]]
    data = seats_file(db, lambda held: [*held, *rows])
    assert said(look(db, "pladser", data)) == ["new Freja Holst, Hovedudvalget (medlem): "]
    take_in(write, "pladser", data)
    assert said(look(db, "pladser", data)) == []
    other = seats_file(db, lambda held: [*held, [*rows[0][:8], "31.12.2023"]])
    assert "pladsen er slut i Medspil og ændres ikke." in str(look(db, "pladser", other).errors[0])


def test_a_seat_that_does_not_fit_is_refused(db):
    cases = [
        (["findes-ikke", "freja", "Ledelse", "medlem", ""], "udvalget “findes-ikke” findes ikke."),
        (["med-aabrinken", "ingen", "Ledelse", "medlem", ""], "ingen har brugernavnet ingen."),
        (["med-aabrinken", "freja", "Medarbejder", "formand", ""], "Formanden sidder på ledelsessiden."),
        (
            ["med-aabrinken", "per", "Ledelse", "formand", ""],
            "både Anna Lindegaard og Per Højlund er formand på samme tid.",
        ),
        (["med-aabrinken", "bo", "Medarbejder", "medlem", ""], "Bo Kjærgaard har to pladser på samme tid."),
        (["med-aabrinken", "freja", "Medarbejder", "suppleant", "anna"], "En suppleant skal være på samme side"),
        (["med-aabrinken", "freja", "", "medlem", ""], "Vælg en side."),
        (
            ["arbejdsgruppe-makkerordning", "freja", "Medarbejder", "medlem", ""],
            "udvalget slutter onsdag den 30. september 2026.",
        ),
    ]
    for row, told in cases:
        committee, name, side, role, for_whom = row
        data = seats_file(db, plus([committee, name, side, role, "", "", for_whom, "", ""]))
        plan = look(db, "pladser", data)
        assert any(told in str(error) for error in plan.errors), [str(error) for error in plan.errors]


# --- the page -----------------------------------------------------------------------------------------------------


def choose(who, kind, data, name="løn.csv"):
    form = who.open("/udvalg/indlaes").form("Se, hvad der ændres").fill(kind=kind)
    return form.send(files={"file": (name, data, "text/csv")})


def test_the_administrator_reads_the_changes_and_says_yes(visitor, db, people):
    ivan = visitor("ivan")
    data = people_file(db, without("tove"))
    answer = choose(ivan, "personer", data)
    assert answer.status_code == 303, answer.words
    page = ivan.open(answer.headers["location"])
    assert "Tove Lykke (tove)" in page.words
    assert "Intet er gemt endnu." in page.words
    db.rollback()
    assert viewer_for(db, people.tove).is_employee
    form = page.form("Indlæs ændringerne")
    assert form.send().status_code == 303
    assert form.send().status_code == 303  # a double click has no other effect
    db.rollback()
    assert not viewer_for(db, people.tove).is_employee
    entries = db.scalars(select(Entry).where(Entry.happened == "person.left")).all()
    assert [entry.person_id for entry in entries] == [people.ivan]
    used = db.scalars(select(ImportFile)).one()
    assert (used.content, used.used_at is not None) == (b"", True)
    again = ivan.open(answer.headers["location"])
    assert again.status_code == 409
    assert "Filen er allerede indlæst." in again.words


def test_a_file_waits_for_a_day_whoever_it_is_from(visitor, db, write):
    write(lambda db: db.add(ImportFile(person_id=1, kind="compass/goals//", name="a", content=b"a", uploaded_at=NOW)))
    with clock.at(NOW + timedelta(hours=2)):
        assert choose(visitor("ivan"), "personer", people_file(db)).status_code == 303
    kept = {}
    for hours in (24, 25, 27):
        with clock.at(NOW + timedelta(hours=hours)):
            write(jobs[0].work)
        db.rollback()
        kept[hours] = len(db.scalars(select(ImportFile.id)).all())
    assert kept == {24: 2, 25: 1, 27: 0}


def test_the_number_is_typed_when_many_leave(visitor, db, people):
    ivan = visitor("ivan")
    answer = choose(ivan, "personer", people_file(db, lambda rows: rows[:-6]))
    page = ivan.open(answer.headers["location"])
    assert "det er mere end hver tiende" in page.words
    for wrong in ("", "5", "seks", "9" * 50, "-6"):
        refused = page.form("Indlæs ændringerne").fill(leaving=wrong).send()
        assert refused.status_code == 422
        assert "skriv tallet 6" in refused.errors()["leaving"]
    db.rollback()
    assert viewer_for(db, people.jonas).is_employee
    assert page.form("Indlæs ændringerne").fill(leaving="6").send().status_code == 303


def test_what_has_changed_since_is_read_again_first(visitor, db, write, people):
    ivan = visitor("ivan")
    page = ivan.open(choose(ivan, "personer", people_file(db, without("tove"))).headers["location"])

    def another(session):
        session.get(Person, people.carla).name = "Carla Noget Andet"

    write(another)
    answer = page.form("Indlæs ændringerne").send()
    assert answer.status_code == 409
    assert "Carla Noget Andet" in answer.words
    assert "Læs ændringerne igen" in answer.words
    db.rollback()
    assert viewer_for(db, people.tove).is_employee
    assert answer.form("Indlæs ændringerne").send().status_code == 303


def test_a_file_that_cannot_be_read_is_told_beside_the_field(visitor, db):
    ivan = visitor("ivan")
    for data in (b"\x00\x01\x02", b"", b"PK\x03\x04rest", b"a;b\n1;2;3", b"%PDF-1.7"):
        answer = choose(ivan, "personer", data)
        assert answer.status_code == 422, data
        assert "file" in answer.errors()
    nothing = ivan.open("/udvalg/indlaes").form("Se, hvad der ændres").send()
    assert nothing.status_code == 422
    assert "Vælg, hvad filen indeholder." in nothing.words
    db.rollback()
    assert not db.scalars(select(ImportFile)).all()


def test_errors_in_rows_are_listed_and_leave_no_button(visitor, db):
    ivan = visitor("ivan")
    data = file(["Brugernavn", "Navn", "Enhed"], ["x", "X Y", "nowhere"])
    page = ivan.open(choose(ivan, "personer", data).headers["location"])
    assert "Række 2: enheden “nowhere” findes ikke." in page.words
    assert not page.has_form("Indlæs ændringerne")
    token = page.form("Kassér filen")
    assert ivan.submit(page.path, digest="x").status_code == 409
    assert token.send().status_code == 303
    assert ivan.open(page.path).status_code == 404


def test_row_errors_come_in_english_too(visitor, db):
    ivan = visitor("ivan")
    data = file(["Brugernavn", "Navn", "Enhed", "Fra"], ["x", "X Y", "nowhere", ""], ["y", "Y", "job", "i går"])
    path = choose(ivan, "personer", data).headers["location"]
    page = ivan.open(f"{path}?sprog=en")
    assert "Row 2: the unit “nowhere” does not exist. Import the units first." in page.words
    assert "“i går” is not a date" in page.words


def test_others_do_not_import(visitor, db):
    for handle in ["carla", "emil", "anna", "hanne"]:
        who = visitor(handle)
        assert who.open("/udvalg/indlaes").status_code == 403
        assert who.submit("/udvalg/indlaes", kind="personer").status_code == 403
        assert who.submit("/udvalg/indlaes/1", digest="x").status_code == 403


def test_a_waiting_file_is_seen_by_the_one_who_chose_it_only(visitor, db, write, people):
    path = choose(visitor("ivan"), "personer", people_file(db)).headers["location"]
    write(lambda session: session.add(Grant(person_id=people.dorte, kind=GrantKind.ADMIN, starts=date(2026, 1, 1))))
    assert visitor("ivan").open(path).status_code == 200
    assert visitor("dorte").open(path).status_code == 404


def test_nobody_imports_a_right_for_themselves(visitor, db, people, write):
    ivan = visitor("ivan")
    data = people_file(db, plus(["ivan", "Ivan", "", "job", "", "", ""]))
    page = ivan.open(choose(ivan, "personer", data).headers["location"])
    own = "Filen ændrer din egen ansættelse (%s). Det kan du ikke selv gøre: lad en anden systemadministrator"
    row = len(data.splitlines())
    assert f"Række {row}: {own % 'enhed'}" in page.words
    assert "Indlæs ændringerne" not in page.words
    with pytest.raises(NotAllowed):  # whoever forgets to ask before
        write(lambda session: carry_out(session, people.viewer("ivan"), look(session, "personer", data)))
    write(lambda db: db.add(Grant(person_id=people.carla, kind=GrantKind.ADMIN, starts=date(2026, 1, 1))))
    carla = visitor("carla")
    page = carla.open(choose(carla, "personer", people_file(db, swap("carla", 6, "ja"))).headers["location"])
    assert "leder: nej → ja" in page.words and own % "leder" in page.words
    assert "Indlæs ændringerne" not in page.words
    seat = ["hovedudvalget", "ivan", "Ledelse", "medlem", "", "", "", "", ""]
    page = ivan.open(choose(ivan, "pladser", seats_file(db, lambda rows: [*rows, seat])).headers["location"])
    assert page.form("Indlæs ændringerne").send().status_code == 403
    db.rollback()
    assert not viewer_for(db, people.ivan).is_employee


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({"Navn": "Carla Ny", "Stilling": "Teamkoordinator"}, ""),
        ({"Fra": timedelta(30)}, ""),
        ({"Fra": timedelta(-30)}, "fra"),
        ({"Til": timedelta(-30)}, ""),
        ({"Til": timedelta(30)}, "til"),
        ({"Til": None}, "til"),
        ({"Enhed": "ungesporet"}, "enhed"),
        ({"Rolle": "leder af medarbejdere", "Leder": "ja"}, "rolle, leder"),
    ],
)
def test_an_employed_administrator_takes_in_a_file_with_their_own_row(db, write, people, change, own):
    """Whatever it changes in it; what would give them a right is for somebody else."""

    def prepare(session):
        session.add(Grant(person_id=people.carla, kind=GrantKind.ADMIN, starts=date(2026, 1, 1)))
        job = session.scalars(select(Employment).where(Employment.person_id == people.carla)).one()
        job.ends = date(2027, 4, 1)
        return {"Fra": job.starts, "Til": job.ends, "Enhed": job.unit.key, "Stilling": job.title}

    held = write(prepare)
    row = {"Brugernavn": "carla", "Navn": "Carla Winther", "Rolle": "", "Leder": "nej", **held}
    for name, value in change.items():
        row[name] = held[name] + value if isinstance(value, timedelta) else value
    data = file(list(row), [f"{value:%d.%m.%Y}" if isinstance(value, date) else value for value in row.values()])
    db.rollback()
    carla = viewer_for(db, people.carla)
    plan = look(db, "personer", data)
    assert not plan.errors
    if own:
        assert f"Række 2: Filen ændrer din egen ansættelse ({own})." in str(plan.objection(carla))
    else:
        assert "Carla Winther (carla)" in [change.name for change in plan.diff]
        write(lambda session: carry_out(session, carla, plan, plan.leaving))


def test_only_administrators_carry_out(db, write, people):
    plan = look(db, "personer", people_file(db, without("tove")))
    with pytest.raises(NotAllowed):
        write(lambda session: carry_out(session, viewer_for(session, people.emil), plan))


# --- whatever a file says, saying it twice changes nothing ----------------------------------------------------------


def some_day(chance):
    return f"{clock.today() + timedelta(days=chance.choice([-900, -30, -1, 0, 1, 20, 200])):%d.%m.%Y}"


def garbled_people(chance, rows):
    units = sorted({row[3] for row in rows})
    for _ in range(chance.randint(1, 8)):
        row = chance.choice(rows)
        what = chance.randrange(7)
        if what == 0:
            rows.remove(row)
        elif what == 1:
            row[3] = chance.choice(units)
        elif what == 2:
            row[4] = chance.choice(["Konsulent", ""])
        elif what in (3, 4):
            row[4 + what] = some_day(chance)
        elif what == 5:
            rows.append([*row[:3], chance.choice(units), *row[4:]])
        else:
            new = [f"ny{chance.randrange(5)}", "Ny Kollega", "", chance.choice(units), "", "", ""]
            rows.append([*new, chance.choice(["", some_day(chance)]), chance.choice(["", some_day(chance)])])
    return rows


def garbled_seats(chance, rows):
    handles = sorted({row[1] for row in rows})
    for _ in range(chance.randint(1, 4)):
        row = chance.choice(rows)
        what = chance.randrange(7)
        if what == 0:
            rows.remove(row)
        elif what == 1:
            row[3] = chance.choice(["medlem", "suppleant", "tilforordnet"])
        elif what == 2:
            row[2] = chance.choice(["Ledelse", "Medarbejder"])
        elif what in (3, 4):
            row[4 + what] = chance.choice(["", some_day(chance)])
        elif what == 5:
            role = chance.choice(["medlem", "suppleant"])
            rows.append([row[0], chance.choice(handles), row[2], role, "", "", "", some_day(chance), ""])
        else:
            row[3], row[6] = "suppleant", chance.choice(handles)
    return rows


def test_a_file_that_is_taken_in_twice_changes_nothing_the_second_time(db, write):
    """Months pass, and each month's file is garbled in its own way."""
    taken = 0
    for month in range(20):
        chance = random.Random(month)
        with clock.at(clock.now() + timedelta(days=30 * month)):
            db.rollback()
            kind, header, rows = "personer", *told_today(db)
            if month % 2:
                kind, header, rows = "pladser", *rows_of(seats_file(db))
            data = file(header, *(garbled_seats if month % 2 else garbled_people)(chance, rows))
            plan = look(db, kind, data)
            if plan.errors:
                continue
            taken += 1
            take_in(write, kind, data, leaving=plan.leaving)
            again = look(db, kind, data)
            assert (said(again), again.errors) == ([], []), (month, said(plan))
    assert taken > 5


def told_today(db):
    header, rows = rows_of(people_file(db))
    return [*header, "Fra", "Til"], [[*row, "", ""] for row in rows]


def rows_of(data):
    header, *rows = (line.split(";") for line in data.decode().splitlines())
    return header, rows


def test_a_row_that_cannot_be_read_does_not_look_like_somebody_leaving(db):
    header, rows = rows_of(people_file(db))
    rows[0][3] = "findes-ikke"
    plan = look(db, "personer", file(header, *rows))
    assert (len(plan.errors), plan.leaving, said(plan)) == (1, 0, [])
