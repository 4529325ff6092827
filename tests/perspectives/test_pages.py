"""Reading the grundlag both ways, and writing it."""

from sqlalchemy import delete, select

from med.journal.models import Entry
from med.perspectives.models import GrundlagChange, Perspective, PerspectiveText, RoleKey, Statement


def own_words(page):
    return {" ".join(li.text_content().split()) for li in page.tree.xpath("//main//li")}


def first(db, perspective=Perspective.EMERGENS, role=RoleKey.MEDARBEJDER):
    return db.scalars(
        select(Statement)
        .where(Statement.perspective == perspective, Statement.role == role, Statement.retired_at.is_(None))
        .order_by(Statement.position)
    ).first()


def test_both_ways_of_reading_show_every_statement_with_ones_own_first(visitor, db):
    carla = visitor("carla")
    everything = set(db.scalars(select(Statement.text).where(Statement.retired_at.is_(None))))
    page = carla.open("/perspektiver")
    assert page.status_code == 200
    assert everything <= own_words(page)
    roles = [" ".join(h.text_content().split()) for h in page.tree.xpath("//main//h3")]
    assert roles[0] == "Medarbejder Din rolle"
    by_role = set()
    for role in RoleKey:
        by_role |= own_words(carla.open(f"/perspektiver?visning=rolle&rolle={role}"))
    assert everything <= by_role


def test_the_reading_by_role_opens_at_ones_own(visitor):
    assert visitor("hanne").open("/perspektiver?visning=rolle").h1 == "Perspektiver: Direktion"
    assert visitor("anna").open("/perspektiver?visning=rolle&rolle=sludder").h1 == "Perspektiver: Leder af ledere"


def test_one_perspective_and_one_nobody_knows(visitor):
    carla = visitor("carla")
    page = carla.open("/perspektiver/emergens")
    assert page.h1 == "Vi skaber velfærd"
    assert page.tree.xpath("string(//main//h2)").split()[0] == "Medarbejder"
    assert carla.open("/perspektiver/kaos").status_code == 404


def test_hanne_gives_a_statement_other_words_and_the_history_tells(visitor, db):
    hanne = visitor("hanne")
    before = first(db).text
    page = hanne.open("/perspektiver/emergens/ret")
    href = page.tree.xpath("//li[@id=$id]//a/@href", id=f"udsagn-{first(db).id}")[0]
    answer = hanne.open(href).form("Gem").fill(text="Jeg spørger borgeren, og jeg venter på svaret.").send()
    assert answer.status_code == 303
    assert "Jeg spørger borgeren, og jeg venter på svaret." in hanne.open("/perspektiver").words
    story = hanne.open("/perspektiver/historik")
    assert "Rettet" in story.words and "Hanne" in story.words
    assert [d.text_content().strip() for d in story.tree.xpath("//main//del")]
    db.rollback()
    change = db.scalars(select(GrundlagChange)).one()
    assert (change.before, change.after) == (before, "Jeg spørger borgeren, og jeg venter på svaret.")
    assert db.scalar(select(Entry.fields).where(Entry.happened == "statement.changed")) == "text"


def test_two_who_write_at_once_lose_nothing(visitor, db):
    hanne, emil = visitor("hanne"), visitor("emil")
    where = f"/perspektiver/udsagn/{first(db).id}"
    hers, his = hanne.open(where).form("Gem"), emil.open(where).form("Gem")
    assert hers.fill(text="Hannes ord.").send().status_code == 303
    answer = his.fill(text="Emils ord.").send()
    assert answer.status_code == 409
    assert "Hannes ord." in answer.words and "Emils ord." in answer.words
    assert answer.form("Gem").send().status_code == 303  # he has seen hers, and says it again
    db.rollback()
    assert first(db).text == "Emils ord."


def test_the_heading_too_is_kept_from_being_overwritten(visitor, db):
    hanne, emil = visitor("hanne"), visitor("emil")
    hers = hanne.open("/perspektiver/emergens/ret").form("Gem overskriften")
    his = emil.open("/perspektiver/emergens/ret").form("Gem overskriften")
    assert hers.fill(title="Vi skaber noget nyt").send().status_code == 303
    answer = his.fill(short="Nyt").send()
    assert answer.status_code == 409
    assert "Vi skaber noget nyt" in answer.words
    assert answer.form("Gem overskriften").send().status_code == 303
    assert visitor("carla").open("/perspektiver/emergens").h1 == "Vi skaber velfærd"


def test_the_first_heading_is_written_once(visitor, db, write):
    """Before the municipality wrote any, the form starts empty, and two who begin do not overwrite each other."""
    write(lambda db: db.execute(delete(PerspectiveText).where(PerspectiveText.perspective == Perspective.EMERGENS)))
    hanne, emil = visitor("hanne"), visitor("emil")
    hers = hanne.open("/perspektiver/emergens/ret").form("Gem overskriften")
    his = emil.open("/perspektiver/emergens/ret").form("Gem overskriften")
    assert hers.fill(title="Hannes overskrift").send().status_code == 303
    answer = his.fill(title="Emils overskrift").send()
    assert answer.status_code == 409
    assert "Hannes overskrift" in answer.words
    assert db.scalar(select(PerspectiveText.title).where(PerspectiveText.perspective == Perspective.EMERGENS)) == (
        "Hannes overskrift"
    )


def test_statements_are_added_moved_and_taken_out_of_use(visitor, db):
    emil = visitor("emil")
    form = emil.open("/perspektiver/resiliens/ret").form("Tilføj")
    form.fill(role="direktion", text="Vi holder selv pause.").send()
    mine = db.scalar(select(Statement).where(Statement.text == "Vi holder selv pause."))
    assert mine.position == 5
    page = emil.open("/perspektiver/resiliens/ret")
    emil.submit(f"/perspektiver/udsagn/{mine.id}/flyt", to=0)
    db.rollback()
    assert first(db, Perspective.RESILIENS, RoleKey.DIREKTION).id == mine.id
    out = emil.open(f"/perspektiver/udsagn/{mine.id}").form("Lad udsagnet udgå").send()
    assert out.status_code == 303
    assert "Vi holder selv pause." not in emil.open("/perspektiver").words
    story = emil.open("/perspektiver/historik").words
    assert [word for word in ("Udgået", "Flyttet", "Tilføjet") if word in story] == ["Udgået", "Flyttet", "Tilføjet"]
    assert emil.open(f"/perspektiver/udsagn/{mine.id}").status_code == 404
    assert page.status_code == 200


def test_what_does_not_fit_is_told_at_the_field_and_the_words_kept(visitor):
    hanne = visitor("hanne")
    page = hanne.open("/perspektiver/performance/ret").form("Tilføj").fill(role="alle", text="x" * 401).send()
    assert page.status_code == 422
    assert page.errors()["text"] == "Fejl: Højst 400 tegn; her er 401."
    assert "x" * 401 in page.text
    page = hanne.open("/perspektiver/performance/ret").form("Gem overskriften").fill(title=" ").send()
    assert page.errors()["title"] == "Fejl: Skal udfyldes."


def test_only_the_hovedudvalg_writes_it(visitor, db):
    where = f"/perspektiver/udsagn/{first(db).id}"
    for handle in ("carla", "anna", "ivan"):
        person = visitor(handle)
        assert person.open("/perspektiver/emergens").status_code == 200
        assert person.open("/perspektiver/emergens/ret").status_code == 403
        assert person.submit(where, text="Mine ord", version=1).status_code == 403
        assert person.submit(where + "/udgaar", version=1).status_code == 403
        assert person.submit("/perspektiver/emergens/udsagn", role="alle", text="Mine ord").status_code == 403
        assert "Ret" not in [a.text for a in person.open("/perspektiver/emergens").tree.xpath("//main//a")]
    db.rollback()
    assert db.scalars(select(GrundlagChange)).all() == []


def test_the_pages_speak_english_too(visitor):
    page = visitor("anna").open("/perspektiver?visning=rolle&sprog=en")
    assert page.h1 == "Perspectives: Leader of leaders"
    assert "Your role" in page.words
