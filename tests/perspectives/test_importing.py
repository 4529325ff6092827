"""A municipality's own grundlag from a file: what it would change, doing it, and what is wrong in it."""

import json

import pytest
from sqlalchemy import func, select

from med import cli
from med.errors import Conflict, NotAllowed
from med.perspectives import importing, queries
from med.perspectives.models import GrundlagChange, Perspective, RoleKey, Statement


def as_json(db) -> dict:
    """The grundlag as it stands, as a file would say it."""
    headings = queries.titles(db)
    return {
        key.value: {
            "da_title": headings[key].title,
            "statements": {role.value: [sentence.text for sentence in own] for role, own in roles.items()},
        }
        for key, roles in queries.grundlag(db).items()
    }


def plan(db, file, name="grundlag.json") -> importing.Plan:
    return importing.plan_import(db, json.dumps(file).encode() if not isinstance(file, bytes) else file, name)


def say(plan: importing.Plan) -> list[tuple]:
    return [(step.kind, step.before, step.after) for step in plan.diff]


def test_the_same_words_change_nothing(db):
    assert plan(db, as_json(db)).diff == []


def test_words_are_recognised_before_places(db):
    file = as_json(db)
    own = file["emergens"]["statements"]["direktion"]
    gone, corrected, *rest = list(own)
    own[:] = [corrected + "!", *reversed(rest), "Vi er nye.", "Vi er også nye."]
    assert [step for step in say(plan(db, file)) if step[0] != "moved"] == [
        ("changed", gone, corrected + "!"),
        ("changed", corrected, "Vi er nye."),
        ("added", "", "Vi er også nye."),
    ]
    assert plan(db, file).count("moved") == 2


def test_an_import_replaces_keeps_the_history_and_is_done_once(db, write, people):
    file = as_json(db)
    file["compliance"]["da_title"] = "Vi holder hjulene i gang"
    file["compliance"]["statements"]["alle"] = ["Vi er enige om ét."]
    hanne = people.viewer("hanne")
    db.rollback()

    def take_in(db):
        made = plan(db, file)
        importing.carry_out(db, hanne, made)
        return made

    done = write(take_in)
    assert (done.count("changed"), done.count("removed")) == (2, 2)
    assert queries.titles(db)[Perspective.COMPLIANCE][:2] == ("Vi holder hjulene i gang", "Drift")
    assert queries.statements_for(db, "alle")[Perspective.COMPLIANCE] == ["Vi er enige om ét."]
    changes = queries.changes(db)
    assert len(changes) == 4
    assert len({change.who for change in changes}) == 1
    db.rollback()
    assert write(take_in).diff == []
    assert db.scalar(select(func.count()).select_from(GrundlagChange)) == 4


def test_only_those_who_keep_the_grundlag_may(db, write, people):
    file, carla = as_json(db), people.viewer("carla")
    with pytest.raises(NotAllowed):
        write(lambda db: importing.carry_out(db, carla, plan(db, file)))


def test_a_plan_made_before_someone_wrote_is_not_carried_out(db, write, people):
    file = as_json(db)
    file["emergens"]["statements"]["alle"][0] = "Nye ord."
    made = plan(db, file)
    db.rollback()

    def meanwhile(db):
        first = db.scalars(select(Statement).where(Statement.id == made.diff[0].statement_id)).one()
        first.text, first.version = "Andre ord.", first.version + 1

    write(meanwhile)
    with pytest.raises(Conflict):
        write(lambda db: importing.carry_out(db, None, made))


CSV = """Perspektiv;Rolle;Nr;Tekst
compliance;Alle;2;"Vi siger ""tak""; det koster ikke noget"
Compliance;alle;1;Vi kommer til tiden
performance;Leder af medarbejdere;1;Jeg måler
emergens;direktion;1;Vi lytter
resiliens;medarbejder;1;Jeg hviler
"""


@pytest.mark.parametrize(
    "data",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig").replace(b"\n", b"\r\n"),
        CSV.replace("; det", ", det").replace(";", "\t").encode(),
        CSV.replace("Perspektiv;Rolle;Nr;Tekst", "perspective;role;position;text").encode() + b"\n;;;\n",
    ],
)
def test_a_csv_file_has_one_statement_a_row_in_the_order_of_its_numbers(db, data):
    made = plan(db, data, "Grundlag.CSV")
    assert made.errors == []
    assert made.statements == 5
    alle = made.order[Perspective.COMPLIANCE, RoleKey.ALLE]
    assert [words[:14] for words in alle] == ["Vi kommer til ", 'Vi siger "tak"']
    assert made.count("removed") == 92 - 5


CSV_HEAD = b"perspektiv;rolle;tekst\n"


@pytest.mark.parametrize(
    ("data", "name", "told"),
    [
        (b"", "a.json", "Filen: Filen er tom."),
        (b"{", "a.json", "Filen: Filen er ikke gyldig JSON."),
        (b"[" * 50_000, "a.json", "Filen: Filen er ikke gyldig JSON."),
        (b'{"compliance": "\\ud800"}', "a.json", "Filen: Filen er ikke gyldig JSON."),
        (b"[]", "a.json", "Filen: Filen skal have et afsnit for hvert af de fire perspektiver."),
        ("æøå".encode("latin-1"), "a.csv", "Filen: Tegnene i filen er ikke UTF-8."),
        (b"PK\x03\x04\0\0", "a.xlsx", "Filen: Filen er ikke en tekstfil."),
        (b"x" * 200_000, "a.csv", "Filen: Filen er for stor: højst 150 kB."),
        (b"perspektiv;tekst\n", "a.csv", "Række 1: Kolonnen »role / rolle« mangler."),
        (b'perspektiv;rolle;tekst\ncompliance;alle;"x', "a.csv", "Filen: Filen er ikke gyldig CSV"),
        (CSV_HEAD + b"kaos;alle;x", "a.csv", "Række 2, perspektiv: Der er intet perspektiv af det navn."),
        (CSV_HEAD + b"\nemergens;konge;x", "a.csv", "Række 3, rolle: Der er ingen rolle af det navn."),
        (b"perspektiv;rolle;nr;tekst\nemergens;alle;-1;x", "a.csv", "Række 2, nr: Skriv et helt tal."),
        (CSV_HEAD + b"emergens;alle;", "a.csv", "Række 2, tekst: Udsagnet er tomt."),
        (CSV_HEAD + b"emergens;alle;" + b"x" * 401, "a.csv", "Række 2, tekst: Højst 400 tegn; her er 401."),
        (CSV_HEAD + b"emergens;alle;x\nemergens;alle;x", "a.csv", "Række 3, tekst: Udsagnet står der to gange."),
        (CSV_HEAD + b"emergens;alle;x", "a.csv", "compliance: Perspektivet har ingen udsagn i filen."),
        (b'{"kaos": {}}', "a.json", "»kaos«: Der er intet perspektiv af det navn."),
        (b'{"emergens": 3}', "a.json", "emergens: Her skal stå overskrift og udsagn."),
        (b'{"emergens": {"statements": []}}', "a.json", "emergens: Udsagnene skal stå under »statements«"),
        (
            b'{"emergens": {"statements": {"konge": []}}}',
            "a.json",
            "emergens, »konge«: Der er ingen rolle af det navn.",
        ),
        (b'{"emergens": {"statements": {"alle": "x"}}}', "a.json", "emergens, alle: Her skal stå en liste af udsagn."),
        (
            b'{"emergens": {"statements": {"alle": ["x", 3]}}}',
            "a.json",
            "emergens, alle, nr. 2: Her skal stå en tekst.",
        ),
        (
            b'{"emergens": {"statements": {"alle": ["\\u0000"]}}}',
            "a.json",
            "emergens, alle, nr. 1: Her skal stå en tekst.",
        ),
        (b'{"emergens": {"title": 7, "statements": {}}}', "a.json", "emergens, title: Her skal stå en tekst."),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place(data, name, told):
    assert told in str(importing.read(data, name).faults[0])


def test_hanne_sees_the_differences_before_she_saves_them(visitor, db):
    hanne = visitor("hanne")
    file = as_json(db)
    old = file["emergens"]["statements"]["alle"][0]
    file["emergens"]["statements"]["alle"][0] = "Vi begynder et andet sted."
    page = (
        hanne.open("/perspektiver/indlaes")
        .form("Vis forskellene")
        .send(files={"file": ("grundlag.json", json.dumps(file).encode(), "application/json")})
    )
    assert page.status_code == 200
    assert "Rettede: 1." in page.words and "Vi begynder et andet sted." in page.words
    assert old in hanne.open("/perspektiver").words  # nothing is saved yet
    assert page.form("Gem ændringerne").send().status_code == 303
    assert "Vi begynder et andet sted." in hanne.open("/perspektiver").words


def test_a_preview_that_has_grown_old_is_shown_anew(visitor, db):
    hanne = visitor("hanne")
    file = as_json(db)
    file["emergens"]["statements"]["alle"].append("En til.")
    form = hanne.open("/perspektiver/indlaes").form("Vis forskellene")
    page = form.send(files={"file": ("g.json", json.dumps(file).encode(), "application/json")})
    hanne.open("/perspektiver/emergens/ret").form("Tilføj").fill(role="alle", text="Imens.").send()
    again = page.form("Gem ændringerne").send()
    assert again.status_code == 409
    assert "ændret, siden du så forskellene" in again.words
    assert "".join(again.tree.xpath("//main//del//text()")).startswith("Imens")
    assert again.form("Gem ændringerne").send().status_code == 303
    assert "Imens." not in hanne.open("/perspektiver").words


def test_a_file_with_faults_comes_back_with_them(visitor):
    form = visitor("emil").open("/perspektiver/indlaes").form("Vis forskellene")
    page = form.send(files={"file": ("g.csv", b"perspektiv;rolle;tekst\nkaos;konge;", "text/csv")})
    assert page.status_code == 422
    assert "Række 2, rolle: Der er ingen rolle af det navn." in page.words
    assert form.send(files={}).status_code == 422


@pytest.mark.shared
def test_hvidovres_92_statements_load_and_both_readings_show_them(shared, visitor, database, db, monkeypatch, capsys):
    path = shared / "domain" / "grundlag-hvidovre.json"
    monkeypatch.setenv("MED_DATABASE_URL", database.url)
    monkeypatch.setenv("MED_SECRET", "s" * 40)
    assert cli.main(["import", "grundlag", str(path), "--dry-run"]) == 0
    assert len([line for line in capsys.readouterr().out.splitlines() if line.startswith("+")]) == 92 + 4
    assert queries.changes(db) == []
    db.rollback()
    assert cli.main(["import", "grundlag", str(path)]) == 0
    file = json.loads(path.read_text(encoding="utf-8"))
    sentences = [
        " ".join(sentence.split())
        for key in Perspective
        for own in file[key]["statements"].values()
        for sentence in own
    ]
    assert len(sentences) == 92
    carla = visitor("carla")
    by_perspective = carla.open("/perspektiver").words
    by_role = " ".join(carla.open(f"/perspektiver?visning=rolle&rolle={role}").words for role in RoleKey)
    assert [words for words in sentences if words not in by_perspective or words not in by_role] == []
    assert all(file[key]["da_title"] in by_perspective for key in Perspective)
    capsys.readouterr()
    assert cli.main(["import", "grundlag", str(path)]) == 0
    assert capsys.readouterr().out == "Nothing to change.\n"


@pytest.mark.shared
def test_none_of_its_sentences_stand_in_the_repository(shared):
    from pathlib import Path

    file = json.loads((shared / "domain" / "grundlag-hvidovre.json").read_text(encoding="utf-8"))
    sentences = {s for key in Perspective for own in file[key]["statements"].values() for s in own}
    root = Path(__file__).parents[2]
    for folder in ("med", "templates", "tests", "docs"):
        for path in (root / folder).rglob("*"):
            if path.suffix in {".py", ".toml", ".po", ".html", ".md", ".json", ".csv"}:
                text = path.read_text(encoding="utf-8")
                assert [s for s in sentences if s in text] == [], path


def test_a_file_the_command_cannot_read_is_one_sentence(database, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("MED_DATABASE_URL", database.url)
    monkeypatch.setenv("MED_SECRET", "s" * 40)
    assert cli.main(["import", "grundlag", str(tmp_path / "nowhere.json")]) == 2
    wrong = tmp_path / "g.csv"
    wrong.write_bytes(b"perspektiv;rolle;tekst\nkaos;alle;x")
    assert cli.main(["import", "grundlag", str(wrong)]) == 2
    told = capsys.readouterr()
    assert "nowhere.json" in told.err
    assert "Række 2, perspektiv: Der er intet perspektiv af det navn." in told.out
