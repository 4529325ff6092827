"""Who keeps the instruments writes a draft, takes it into use, and makes the next version when it is locked."""

import io
import json

import pytest
from sqlalchemy import select

from med import clock
from med.competence_compass.actions import instruments as actions
from med.competence_compass.actions.reliability import refresh_reliability
from med.competence_compass.importing import instruments as importing
from med.competence_compass.models import (
    AssessmentPurpose,
    Instrument,
    Relation,
    Reliability,
    ReliabilityMethod,
    RoleKind,
    Version,
)
from med.competence_compass.queries import instruments as queries
from med.errors import Conflict
from tests.competence_compass.house import give_role, make_citizen, make_instrument, take_stock


@pytest.fixture
def anna(visitor, write):
    """Anna keeps the instruments."""
    write(lambda db: give_role(db, "anna", RoleKind.INSTRUMENTS))
    return visitor("anna")


@pytest.fixture
def example(write) -> int:
    """The id of the example's version, in use."""
    return write(lambda db: take_in(db).id)


def lock(db, version_id: int) -> None:
    """Somebody begins an assessment with it."""
    db.get_one(Version, version_id).locked_at = clock.now()


def take_in(db) -> Version:
    """The example under another key than the demo's, which is in use there."""
    file = json.loads(importing.EXAMPLE.read_bytes()) | {"key": "proeven"}
    version = importing.carry_out(db, None, importing.plan_import(db, json.dumps(file).encode(), "x.json"))
    actions.activate(db, None, version)
    return version


def test_an_instrument_is_made_from_nothing(anna, db):
    page = anna.open("/kompas/redskaber/ny").form("Opret kladden").fill(name="Vores kompas", interval_days="182").send()
    where = page.headers["location"]
    page = anna.open(where)
    assert "Der er ingen områder" in page.words
    page = page.form("Tilføj området").fill(title="Arbejde").send()
    page = anna.open(page.headers["location"])
    page = page.form("Tilføj dimensionen").fill(title="Møder til tiden", question="Hvor ofte?").send()
    page = anna.open(page.headers["location"])
    filled = page.form("Gem").fill(direction="down", **{f"short_{n}": f"Trin {n}" for n in range(1, 6)})
    page = anna.open(filled.fill(easy_3="Nogle gange").send().headers["location"])
    page = page.form("Tag versionen i brug").send()
    assert page.status_code == 303
    made = db.scalars(select(Version).join(Instrument).where(Instrument.name == "Vores kompas")).one()
    assert made.active_from == clock.today()
    words = queries.words_of(db, made)
    assert (words.key, words.interval_days) == ("vores_kompas", 182)
    assert words.dimensions[0].code == "moeder_til_tiden"
    assert words.dimensions[0].higher_is_better is False
    assert words.dimensions[0].levels[2].easy == "Nogle gange"


def test_a_draft_with_gaps_is_not_taken_into_use(anna, write, db):
    page = anna.open("/kompas/redskaber/ny").form("Opret kladden").fill(name="Tomt").send()
    version_id = int(page.headers["location"].rsplit("/", 1)[1])
    page = anna.submit(f"/kompas/redskaber/version/{version_id}/tag-i-brug")
    assert page.status_code == 422
    assert "Der er ingen områder" in page.words
    assert db.get(Version, version_id).active_from is None


def test_what_a_field_cannot_hold_comes_back_with_the_words_kept(anna, example):
    page = anna.open(f"/kompas/redskaber/version/{example}/skala")
    answer = page.form("Gem").fill(scale_max="1").send()
    assert "ligge over det laveste" in answer.errors()["scale_max"]
    answer = page.form("Gem").fill(short_1="x" * 41, descriptor_1="Ses ikke").send()
    assert "Højst 40 tegn" in answer.errors()["short_1"]
    assert "Ses ikke" in answer.text


def test_two_who_write_at_once_lose_no_words(anna, example, db):
    page = anna.open(f"/kompas/redskaber/version/{example}/skala")
    anna.open(f"/kompas/redskaber/version/{example}/skala").form("Gem").fill(source="Den ene").send()
    answer = page.form("Gem").fill(source="Den anden").send()
    assert answer.status_code == 409
    assert "Den anden" in answer.text
    answer.form("Gem").send()
    assert db.get(Version, example).source == "Den anden"


def test_order_of_areas_and_dimensions(anna, example, db):
    area = queries.version(db, example).areas[1]
    anna.submit(f"/kompas/redskaber/omraade/{area.id}/flyt", to=0)
    db.rollback()
    db.expire_all()
    assert [one.code for one in queries.version(db, example).areas][:2] == ["rytme", "fagligt"]
    last = area.dimensions[-1]
    anna.submit(f"/kompas/redskaber/dimension/{last.id}/flyt", to=-1)
    db.rollback()
    db.expire_all()
    assert queries.version(db, example).areas[0].dimensions[0].id == last.id


def test_an_area_is_emptied_before_it_goes(anna, example, db):
    area = queries.version(db, example).areas[0]
    seen = db.get(Version, example).row_version
    assert anna.submit(f"/kompas/redskaber/omraade/{area.id}/slet", version=seen).status_code == 409
    for one in area.dimensions:
        page = anna.open(f"/kompas/redskaber/dimension/{one.id}")
        assert page.form("Slet den").send().status_code == 303
    page = anna.open(f"/kompas/redskaber/omraade/{area.id}")
    assert page.form("Slet det").send().status_code == 303
    db.rollback()
    db.expire_all()
    assert len(queries.version(db, example).areas) == 7


def test_the_first_use_locks_and_the_next_change_makes_a_new_version(anna, example, write, db):
    write(lambda db: lock(db, example))
    page = anna.open(f"/kompas/redskaber/version/{example}")
    assert "ligger fast" in page.words
    assert anna.open(f"/kompas/redskaber/version/{example}/skala").status_code == 403
    instrument_id = db.get(Version, example).instrument_id
    page = anna.open(f"/kompas/redskaber/{instrument_id}").form("Lav en ny version").send()
    draft = int(page.headers["location"].rsplit("/", 1)[1])
    db.rollback()
    one = queries.dimensions_of(db, draft)[0]
    page = anna.open(f"/kompas/redskaber/dimension/{one.id}").form("Gem").fill(question="Går det?").send()
    assert page.status_code == 303
    gone = queries.dimensions_of(db, draft)[1]
    anna.open(f"/kompas/redskaber/dimension/{gone.id}").form("Slet den").send()
    old = queries.dimensions_of(db, example)
    page = anna.open(f"/kompas/redskaber/version/{draft}/kort").form("Gem").fill(**{f"old_{old[0].id}": "changed"})
    assert page.send().status_code == 303
    db.rollback()
    mapped = queries.version_map(db, db.get(Version, example))
    assert mapped[old[0].id] == (Relation.CHANGED, one.id)
    assert mapped[old[1].id] == (Relation.DROPPED, None)
    assert sum(said.relation is Relation.SAME for said in mapped.values()) == 22
    chained = queries.chained(db, instrument_id)
    assert one.id not in chained and len(chained) == 22
    assert anna.submit(f"/kompas/redskaber/version/{draft}/tag-i-brug").status_code == 303
    db.rollback()
    assert queries.current_version(db, instrument_id).id == draft


def test_a_map_that_says_two_things_is_sent_back(anna, example, write, db):
    write(lambda db: lock(db, example))
    anna.submit(f"/kompas/redskaber/{db.get(Version, example).instrument_id}/version")
    db.rollback()
    draft = db.scalars(select(Version.id).order_by(Version.id.desc())).first()
    old, new = queries.dimensions_of(db, example), queries.dimensions_of(db, draft)
    page = anna.open(f"/kompas/redskaber/version/{draft}/kort")
    twice = page.form("Gem").fill(**{f"new_{old[1].id}": new[0].code}).send()
    assert twice.status_code == 422 and "To dimensioner" in twice.words
    both = page.form("Gem").fill(**{f"old_{old[1].id}": "dropped"}).send()
    assert both.status_code == 422
    unknown = page.form("Gem").fill(**{f"new_{old[1].id}": "findes_ikke"}).send()
    assert "ingen dimension med den kode" in unknown.errors()[f"new_{old[1].id}"]


def test_what_may_be_chained_is_suggested_by_code_and_wording(write, db):
    version = write(take_in)
    before, after = (queries.words_of(db, db.get(Version, version.id)) for _ in range(2))
    first, second, third, fourth = after.dimensions[:4]
    first.question = "Et andet spørgsmål?"
    second.code = "nyt_navn"  # the same words under another code
    third.levels[0].descriptor = "Noget andet"
    fourth.easy_question = "Lettere?"  # the citizen's wording steers no answer of staff's
    after.version.areas[7].dimensions.pop()
    found = queries.suggest_map(before, after)
    assert found["kendte_opgaver"] == (Relation.CHANGED, "kendte_opgaver")
    assert found["nye_opgaver"] == (Relation.SAME, "nyt_navn")
    assert found["redskaber"] == (Relation.CHANGED, "redskaber")
    assert found["moeder"] == (Relation.SAME, "moeder")
    assert found["igen"] == (Relation.DROPPED, None)
    after.version.scale_max = 6
    assert queries.suggest_map(before, after)["moeder"] == (Relation.CHANGED, "moeder")


def test_a_draft_is_thrown_away_with_an_instrument_that_is_nothing_else(anna, db):
    page = anna.open("/kompas/redskaber/ny").form("Opret kladden").fill(name="Et forsøg").send()
    page = anna.open(page.headers["location"]).form("Kassér den").send()
    assert page.status_code == 303
    assert db.scalar(select(Instrument).where(Instrument.name == "Et forsøg")) is None


def test_who_does_not_keep_them_reads_only(visitor, example, db):
    carla = visitor("carla")
    page = carla.open(f"/kompas/redskaber/version/{example}")
    assert page.status_code == 200
    assert not page.has_form("Tilføj området")
    assert "Det er ikke JAC" in page.words
    assert carla.open(f"/kompas/redskaber/version/{example}/skala").status_code == 403
    assert carla.submit(f"/kompas/redskaber/version/{example}/omraader", title="X", version=1).status_code == 403
    ivan = visitor("ivan")
    assert ivan.open("/kompas/redskaber").status_code == 404
    assert ivan.submit("/kompas/redskaber/ny", name="X").status_code == 404


def test_as_the_citizen_meets_it(visitor, example):
    page = visitor("freja").open(f"/kompas/redskaber/version/{example}/proev?omraade=1")
    assert "Kommer du til de tider, du har aftalt?" in page.words
    assert "Det vil jeg ikke svare på" in page.words
    assert "2 af 8" in page.words


# --- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["json", "csv"])
def test_out_and_in_again_is_the_same(visitor, example, write, kind):
    response = visitor("carla").open(f"/kompas/redskaber/version/{example}/fil?format={kind}").response
    plan = write(lambda db: importing.plan_import(db, response.content, f"x.{kind}"))
    assert plan.errors == [] and plan.said == []
    words, _ = importing.read(response.content, f"x.{kind}")
    assert importing.write(words, kind) == response.content


def test_a_changed_file_becomes_the_next_draft(anna, example, db):
    file = json.loads(anna.open(f"/kompas/redskaber/version/{example}/fil?format=json").response.content)
    file["version"]["areas"][0]["dimensions"][0]["question"] = "Et nyt spørgsmål?"
    page = anna.open("/kompas/redskaber/indlaes").form("Se, hvad filen ændrer")
    page = page.send(files={"file": ("kompas.json", io.BytesIO(json.dumps(file).encode()), "application/json")})
    page = anna.open(page.headers["location"])
    assert "En ny kladde, version 2" in page.words and "Ændrede dimensioner: 1" in page.words
    page = page.form("Indlæs som kladde").send()
    draft = int(page.headers["location"].split("?")[0].rsplit("/", 1)[1])
    assert db.get(Version, draft).active_from is None
    assert queries.dimensions_of(db, draft)[0].question == "Et nyt spørgsmål?"


def test_a_file_waits_for_the_one_who_chose_it(anna, visitor, write, example):
    write(lambda db: give_role(db, "bo", RoleKind.INSTRUMENTS))
    page = anna.open("/kompas/redskaber/indlaes").form("Se, hvad filen ændrer")
    page = page.send(files={"file": ("k.json", io.BytesIO(importing.EXAMPLE.read_bytes()), "application/json")})
    assert visitor("bo").open(page.headers["location"]).status_code == 404


def faults(data: bytes, name: str = "x.csv") -> str:
    _, found = importing.read(data, name)
    return " | ".join(map(str, found))


START = "slags;kode;område;dimension;værdi;titel\noplysning;nøgle;;;;k\noplysning;navn;;;;K\n"
SCALE = "oplysning;skala_fra;;;;1\noplysning;skala_til;;;;3\n"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "Oplysningen skala_fra, skala_til mangler"),
        (SCALE + "trin;;;;1;A\ntrin;;;;2;B\nområde;o;;;;O\ndimension;d;o;;;D\n", "o / d: Mangler ord for trin 3"),
        (SCALE + "trin;;;;1;A\ntrin;;;;1;B\nområde;o;;;;O\ndimension;d;o;;;D\n", "Trin 1 står der to gange"),
        (SCALE + "trin;;;;7;A\nområde;o;;;;O\ndimension;d;o;;;D\n", "Trin 7 ligger uden for skalaen, 1–3"),
        (SCALE + "område;o;;;;O\ndimension;d;andet;;;D\n", "Række 7: Området »andet« står ikke højere oppe"),
        (SCALE + "område;o;;;;O\nområde;o;;;;O\n", "Række 7: Koden bruges til to områder"),
        (SCALE + "område;o;;;;O\ndimension;d;o;;;D\ndimension;d;o;;;D\n", "Koden bruges til to dimensioner"),
        (SCALE + "område;o;;;;" + "x" * 121 + "\n", "Titlen: højst 120 tegn; her er 121"),
        (SCALE + "trin;;;;to;A\n", "Trinnet er ikke et helt tal"),
        (SCALE + "ting;;;;;A\n", "»ting« er ikke oplysning"),
        (SCALE + "oplysning;farve;;;;blå\n", "»farve« kendes ikke"),
        (SCALE + "område;Å Ø;;;;O\n", "Koden skal være"),
        (SCALE, "Der er ingen områder"),
    ],
)
def test_a_table_with_a_mistake_says_where(rows, said):
    assert said in faults((START + rows).encode())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Filen er tom"),
        (b"x" * (10 * 2**20), "Filen er for stor"),
        (b'{"key": ', "ikke gyldig JSON"),
        (b"[" * 100_000, "ikke gyldig JSON"),
        ('{"key": "å"}'.encode("latin-1"), "ikke UTF-8"),
        (b'{"key": "k"}', "en nøgle, et navn og en version"),
        (b'{"key":"k","name":"K","version":{"scale_min":1,"scale_max":2,"levles":[]}}', "»levles« kendes ikke"),
        (b'{"key":"k","name":7,"version":{"scale_min":"x","scale_max":2}}', "Navnet er ikke en tekst"),
        (b'{"themes": [{"da": "T"}], "scale": []}', "Der er ingen trin"),
    ],
)
def test_a_file_that_is_none_says_why(data, said):
    assert said in faults(data, "x.json")


def test_windows_letters_in_a_table_are_read():
    rows = START + SCALE + "trin;;;;1;Én\ntrin;;;;2;Få\ntrin;;;;3;Før\nområde;o;;;;Æøå\ndimension;d;o;;;D\n"
    words, found = importing.read(rows.encode("cp1252"), "x.csv")
    assert found == [] and words.version.areas[0].title == "Æøå"


@pytest.mark.shared
def test_the_themes_of_ffb_as_kl_gives_them_out(write, db, shared):
    data = (shared / "domain" / "ffb-compass.json").read_bytes()
    version = write(lambda db: importing.carry_out(db, None, importing.plan_import(db, data, "ffb-compass.json")))
    words = queries.words_of(db, db.get(Version, version.id))
    assert (len(words.version.areas), len(words.dimensions)) == (6, 31)
    assert (words.version.scale_min, words.version.scale_max, words.version.higher_is_better) == (0, 4, False)
    assert all(len(one.ffb_code) == 36 for one in words.dimensions)
    assert importing.plan_import(db, data, "ffb-compass.json").said == []
    for kind in ("json", "csv"):
        assert importing.read(importing.write(words, kind), f"x.{kind}") == (words, [])


# --- reliability ------------------------------------------------------------------------------------------------


def double_rate(db, vault, version, citizens: int, *, days_apart: int = 7, other: str = "carla") -> None:
    """Two assessors who agree but for one step at every third citizen."""
    from datetime import timedelta

    for n in range(citizens):
        citizen = make_citizen(db, vault, f"R{n}-DOBBELT", version=version)
        day = clock.today() - timedelta(days=60)
        value = 1 + n % 5
        take_stock(db, citizen, version, day, value)
        take_stock(
            db,
            citizen,
            version,
            day + timedelta(days=days_apart),
            min(5, value + (n % 3 == 0)),
            assessor=other,
            purpose=AssessmentPurpose.DOUBLE,
        )


def test_reliability_from_the_houses_own_double_assessments(anna, write, vault, db):
    version = write(lambda db: make_instrument(db, areas=2, dimensions=2, r=None))
    write(lambda db: double_rate(db, vault, db.get(Version, version.id), 31))
    page = anna.open(f"/kompas/redskaber/version/{version.id}/paalidelighed").form("Beregn nu").send()
    assert page.status_code == 303
    rows = db.scalars(select(Reliability).where(Reliability.version_id == version.id)).all()
    assert len(rows) == 6 and {row.n_pairs for row in rows} == {31}
    assert all(0.85 < row.r < 0.99 and 1.3 < row.sd < 1.5 for row in rows)
    page = anna.open(f"/kompas/redskaber/version/{version.id}/paalidelighed")
    assert "31" in page.words and "egne dobbelte målinger" in page.words


def test_too_few_pairs_the_same_assessor_or_too_far_apart_say_nothing(anna, write, vault, db):
    version = write(lambda db: make_instrument(db, areas=1, dimensions=1, r=None))
    write(lambda db: double_rate(db, vault, db.get(Version, version.id), 15))
    write(lambda db: refresh_reliability(db))
    page = anna.open(f"/kompas/redskaber/version/{version.id}/paalidelighed").form("Beregn nu").send()
    assert page.status_code == 422 and "mindst 30 par" in page.words
    assert db.scalars(select(Reliability).where(Reliability.version_id == version.id)).all() == []


def test_at_night_what_is_new_is_computed(write, vault, db):
    version = write(lambda db: make_instrument(db, areas=1, dimensions=1, r=None))
    write(lambda db: double_rate(db, vault, db.get(Version, version.id), 30))
    write(refresh_reliability)
    assert len(db.scalars(select(Reliability).where(Reliability.version_id == version.id)).all()) == 2


def test_a_published_reliability_has_a_source(anna, write, db):
    version = write(lambda db: make_instrument(db, areas=1, dimensions=1, r=None))
    area = queries.version(db, version.id).areas[0]
    page = anna.open(f"/kompas/redskaber/version/{version.id}/paalidelighed")
    form = page.form("Gem").fill(of=f"area:{area.id}", r="0,82", sd="1,1", n_pairs="60")
    assert "udfyldes" in form.send().errors()["source"]
    assert "under 1" in form.fill(source="Hansen 2020", r="1").send().errors()["r"]
    assert "“x”" in form.fill(sd="x", r="0,82").send().errors()["sd"]
    assert form.fill(sd="1,1").send().status_code == 303
    db.rollback()
    row = db.scalars(select(Reliability).where(Reliability.version_id == version.id)).one()
    assert (row.r, row.sd, row.method) == (0.82, 1.1, ReliabilityMethod.PUBLISHED)


def test_words_of_an_instrument_like_a_cpr_number_are_asked_about(anna, write, db):
    new = anna.open("/kompas/redskaber/ny").form("Opret kladden")
    for field in ("name", "target_group", "about"):
        page = new.fill(**{"name": "Nyt", "target_group": "", "about": "", field: "For 010203-1234"}).send()
        assert page.status_code == 422 and "CPR" in page.errors()[field]
    assert page.form("Opret kladden").fill(not_cpr="1").send().status_code == 303
    version = write(lambda db: make_instrument(db, areas=1, dimensions=1, r=None))
    area = queries.version(db, version.id).areas[0]
    change = anna.open(f"/kompas/redskaber/{version.instrument_id}").form("Gem")
    assert "CPR" in change.fill(target_group="010203-1234").send().errors()["target_group"]
    page = anna.open(f"/kompas/redskaber/version/{version.id}/paalidelighed").form("Gem")
    page = page.fill(of=f"area:{area.id}", r="0,82", sd="1,1", source="Hansen 010203-1234").send()
    assert "CPR" in page.errors()["source"]
    assert page.form("Gem").fill(not_cpr="1").send().status_code == 303


def test_one_draft_at_a_time(write, people, db):
    version = write(take_in)
    write(lambda db: give_role(db, "anna", RoleKind.INSTRUMENTS))

    def copy(db):
        instrument = queries.instrument(db, version.instrument_id)
        return actions.copy_version(db, people.viewer("anna"), instrument)

    write(copy)
    with pytest.raises(Conflict):
        write(copy)
