"""One decision's page, how it goes afterwards, and what replaces it."""

from datetime import date

from sqlalchemy import select, update

from med.decisions.models import Decision, DecisionState, Step
from med.meetings.models import Consensus, Outcome
from med.organisation.models import Committee
from tests.decisions.conftest import approve, decide, make_item, make_meeting, moment


def test_the_page_tells_what_why_for_whom_and_from_where(visitor, published):
    made = published(
        "der er to pauser om formiddagen",
        responsible="gunnar",
        due=date(2026, 12, 1),
        meaning="Du kan gå fra kl. 9.30.",
        frame="Gunnar vælger tidspunktet",
        hoped_effect="Ro i værkstedet",
        review=date(2027, 3, 1),
        further=["compliance"],
    )
    page = visitor("carla").open(f"/beslutninger/{made}")
    assert page.h1 == "Vi har besluttet, at der er to pauser om formiddagen"
    for word in (
        "MED-ledelsen 2026-1", "Støjen trætter", "Du kan gå fra", "Gunnar vælger tidspunktet", "Ro i værkstedet",
        "prøvemøde", "Pauser i Værkstederne", "Gunnar Thorsen", "Offentliggjort for alle ansatte",
        "For dig i din rolle", "noteret af", "Tjener også", "1. mar. 2027",
    ):  # fmt: skip
        assert word in page.words, word
    assert f"/forslag/nyt?beslutning={made}" in page.links()
    assert not page.has_form("Gem nyt")
    assert "How it is going" in visitor("carla").open(f"/beslutninger/{made}?sprog=en").words


def test_a_decision_the_sides_did_not_agree_on_says_so(visitor, write):
    """What management carries out all the same is no agreement: the page tells both sides' words, the feed that."""

    def make(db) -> tuple[int, int]:
        meeting = make_meeting(db)
        item = make_item(
            db, meeting, outcome=Outcome.DECIDED, consensus=Consensus.DISAGREED,
            statement_management="Vi kan ikke vente.", statement_employees="Vi ville have haft vikarer.",
        )  # fmt: skip
        return meeting.id, decide(db, item, text="afdelingerne lægges sammen i tre uger").id

    meeting, made = write(make)
    release = f"/beslutninger/{made}/straks"
    for handle in ("anna", "bo"):
        assert visitor(handle).submit(release).status_code == 303
    carla = visitor("carla")
    early = carla.open(f"/beslutninger/{made}")  # published at once; what the sides said waits for the minutes
    assert "afdelingerne lægges sammen" in early.words and "Uenighed" not in early.words
    assert "Vi ville have haft vikarer." in visitor("gunnar").open(f"/beslutninger/{made}").words
    assert "Uenighed" not in feed_entry(carla, made)
    write(lambda db: approve(db, meeting))
    page = carla.open(f"/beslutninger/{made}").words
    for words in ("Uenighed", "Ledelsessiden: Vi kan ikke vente.", "Medarbejdersiden: Vi ville have haft vikarer."):
        assert words in page, words
    assert "Uenighed" in feed_entry(carla, made)


def test_the_feed_says_where_the_sides_did_not_agree(visitor, write):
    def make(db) -> tuple[int, int]:
        meeting = make_meeting(db)
        decided = make_item(db, meeting, outcome=Outcome.DECIDED, consensus=Consensus.DISAGREED)
        agreed = make_item(db, meeting, outcome=Outcome.DECIDED, consensus=Consensus.AGREED)
        made = decide(db, decided, text="vi lægger sammen").id, decide(db, agreed, text="vi maler").id
        approve(db, meeting.id)
        return made

    disputed, agreed = write(make)
    carla = visitor("carla")
    assert "Uenighed" in feed_entry(carla, disputed) and "Uenighed" not in feed_entry(carla, agreed)


def feed_entry(visitor, decision: int) -> str:
    return visitor.open("/beslutninger").tree.xpath(f"string(//article[@aria-labelledby='b{decision}'])")


def test_what_one_may_not_know_does_not_exist(visitor, published):
    closed = published(is_open=False)
    for handle in ("carla", "julie", "karl", "ivan"):
        assert visitor(handle).open(f"/beslutninger/{closed}").status_code == 404, handle
        assert visitor(handle).submit(f"/beslutninger/{closed}/gang", note="Hej").status_code == 404, handle
    assert visitor("gunnar").open(f"/beslutninger/{closed}").status_code == 200
    assert visitor("carla").open("/beslutninger/999999999999").status_code == 404
    assert visitor("carla").open("/beslutninger/" + "9" * 25).status_code == 404


def test_the_responsible_tells_how_it_goes(visitor, published, db):
    made = published(responsible="freja")
    freja = visitor("freja")
    page, another = freja.open(f"/beslutninger/{made}"), freja.open(f"/beslutninger/{made}")
    form = page.form("Gem nyt").fill(note="Vi er **begyndt**", state="in_progress")
    assert form.send().status_code == 303
    after = freja.open(f"/beslutninger/{made}")
    assert "Sat i gang" in after.words
    assert "Vi er begyndt" in after.words
    assert after.form("Gem nyt").fill(note="Halvvejs").send().status_code == 303  # news without a new state
    empty = freja.open(f"/beslutninger/{made}").form("Gem nyt").fill(note="").send()
    assert empty.status_code == 422
    assert "Skriv, hvordan det går" in empty.errors()["note"]
    # The other page is older than the new state: nothing is overwritten, and the words come back.
    late = another.form("Gem nyt").fill(note="Færdig?", state="done").send()
    assert late.status_code == 409
    assert "Færdig?" in late.text
    assert visitor("carla").submit(f"/beslutninger/{made}/gang", note="x").status_code == 403
    sneaky = freja.submit(f"/beslutninger/{made}/gang", state="withdrawn", version="2", note="x")
    assert sneaky.status_code == 422
    assert [step.state for step in db.scalars(select(Step).where(Step.decision_id == made))] == [
        DecisionState.IN_PROGRESS,
        None,
    ]


def test_chairs_withdraw_with_a_reason_and_the_words_stay(visitor, published):
    made = published(responsible="freja")
    bo = visitor("bo")
    page = bo.open(f"/beslutninger/{made}")
    missing = page.form("Træk tilbage").send()
    assert missing.status_code == 422
    assert "Skal udfyldes" in missing.errors()["reason"]
    assert page.form("Træk tilbage").fill(reason="Loven er ændret").send().status_code == 303
    after = visitor("carla").open(f"/beslutninger/{made}")
    assert "Beslutningen er trukket tilbage" in after.words
    assert "der er to pauser om formiddagen" in after.h1
    assert "Loven er ændret" in after.words
    assert not visitor("freja").open(f"/beslutninger/{made}").has_form("Gem nyt")
    assert visitor("emil").submit(f"/beslutninger/{made}/traek-tilbage", reason="x").status_code == 403


def test_those_who_run_the_committee_make_somebody_else_responsible(visitor, published, db):
    made = published(responsible="freja")
    anna = visitor("anna")
    page, another = anna.open(f"/beslutninger/{made}"), anna.open(f"/beslutninger/{made}")
    form = page.form("Giv ansvaret videre")
    wrongs = {"": "Skal udfyldes", "Nogen": "Vi kender ikke “Nogen”", "Freja Holst": "er allerede ansvarlig"}
    for name, wrong in wrongs.items():
        refused = form.fill(responsible=name, note="Freja er på **barsel**").send()
        assert refused.status_code == 422, name
        assert wrong in refused.errors()["responsible"]
        assert "Freja er på **barsel**" in refused.text
    assert form.fill(responsible="Gunnar Thorsen", note="Freja er på **barsel**").send().status_code == 303
    after = visitor("carla").open(f"/beslutninger/{made}")
    assert "Ansvarlig: Gunnar Thorsen (før: Freja" in after.words
    assert "Freja er på barsel" in after.words
    assert visitor("gunnar").open(f"/beslutninger/{made}").has_form("Gem nyt")
    assert not visitor("freja").open(f"/beslutninger/{made}").has_form("Gem nyt")
    assert str(made) in "".join(visitor("gunnar").open("/beslutninger?ansvarlig=mig").links())
    late = another.form("Giv ansvaret videre").fill(responsible="Carla Winther", note="For sent").send()
    assert late.status_code == 409
    assert "For sent" in late.text
    assert visitor("gunnar").submit(f"/beslutninger/{made}/ansvarlig", responsible="Carla Winther").status_code == 403
    handed = visitor("emil").open(f"/beslutninger/{made}?sprog=en").form("Hand over the responsibility")
    assert handed.fill(responsible="Carla Winther").send().status_code == 303


def test_a_closed_decision_goes_only_to_somebody_who_may_read_it(visitor, published):
    made = published(is_open=False, responsible="gunnar")
    form = visitor("anna").open(f"/beslutninger/{made}").form("Giv ansvaret videre")
    refused = form.fill(responsible="Carla Winther").send()
    assert refused.status_code == 422
    assert "Punktet er lukket" in refused.errors()["responsible"]
    assert form.fill(responsible="Bo Kjærgaard").send().status_code == 303


def test_a_new_decision_replaces_the_old_when_it_is_published(visitor, published, write, db):
    old = published("der er to pauser")

    def work(session):
        meeting = make_meeting(session)
        return meeting.id, make_item(session, meeting).id

    meeting, item = write(work)
    form = visitor("bo").open(f"/beslutninger/punkt/{item}").form("Gem beslutningen")
    form.fill(text="der er tre pauser", why="To var ikke nok", perspective="resiliens", replaces=old)
    sent = form.send()
    assert sent.status_code == 303
    new = int(sent.headers["location"].split("/")[-1].split("?")[0])
    carla = visitor("carla")
    assert "Afløst" not in carla.open(f"/beslutninger/{old}").words  # only a draft so far
    # A second one may not replace it too.
    again = visitor("bo").submit(
        f"/beslutninger/punkt/{item}", text="der er fire", why="Nej", perspective="resiliens", replaces=str(old)
    )
    assert "allerede afløst" in again.words
    write(lambda session: approve(session, meeting))
    before, after = carla.open(f"/beslutninger/{old}"), carla.open(f"/beslutninger/{new}")
    assert f"/beslutninger/{new}" in before.links()
    assert f"/beslutninger/{old}" in after.links()
    assert "Beslutningen er afløst" in before.words
    assert db.get(Decision, old).state is DecisionState.REPLACED
    assert [a.text_content() for a in carla.open("/beslutninger?tilstand=i_kraft").tree.xpath("//h3")] == [
        "Der er tre pauser"
    ]


def test_an_open_decision_is_not_replaced_behind_closed_doors(visitor, published, write):
    old = published("der er to pauser")

    def work(session):
        return make_item(session, make_meeting(session), is_open=False).id

    item = write(work)
    page = visitor("bo").submit(
        f"/beslutninger/punkt/{item}", text="tre", why="Nej", perspective="resiliens", replaces=str(old)
    )
    assert page.status_code == 422
    assert "på et åbent punkt" in page.words


def test_chairs_look_back_when_the_day_has_come(visitor, published):
    made = published(review=date(2026, 11, 20), at=moment(1))
    anna = visitor("anna")
    assert "Se tilbage på beslutningen: Der er to pauser" in anna.open("/").words
    form = anna.open(f"/beslutninger/{made}").form("Gem tilbageblik")
    past = form.fill(note="Det virker", review="2026-01-01").send()
    assert "ikke er gået" in past.errors()["review"]
    assert form.fill(note="Det virker", review="2027-05-01").send().status_code == 303
    assert "Se tilbage på beslutningen" not in anna.open("/").words
    page = visitor("carla").open(f"/beslutninger/{made}")
    assert "Set tilbage på beslutningen" in page.words
    assert "1. maj 2027" in page.words


def test_what_is_due_waits_for_the_responsible_alone(visitor, published, write):
    published("der er to pauser", responsible="freja", due=date(2026, 11, 10))
    published("der er tre pauser", responsible="freja", due=date(2027, 11, 10))
    assert "Fortæl, hvordan det går: Der er to pauser" in visitor("freja").open("/").words
    assert "hvordan det går: Der er tre pauser" not in visitor("freja").open("/").words
    assert "hvordan det går: Der er to pauser" not in visitor("carla").open("/").words


def test_what_people_write_is_text_never_markup(visitor, published):
    made = published("<script>alert(1)</script> er </article> slut", why="<img src=x onerror=alert(1)>")
    for path in ("/beslutninger", f"/beslutninger/{made}"):
        text = visitor("carla").open(path).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text


def test_words_that_hold_a_cpr_number_are_asked_about_everywhere(visitor, published, room, write):
    """And kept, once somebody says that it is none."""
    decision, anna = published(responsible="anna"), visitor("anna")
    words = "Ring om 010190-1234"
    follow_up = f"/beslutninger/{decision}/opfoelgning"
    forms = [
        (f"/beslutninger/{decision}/gang", {"note": words, "state": "valid"}),
        (f"/beslutninger/{decision}/gensyn", {"note": words}),
        (follow_up, {"text": words, "owner": "freja"}),
        (f"/beslutninger/opfoelgning/punkt/{room.item}", {"text": words, "owner": "freja"}),
        (f"/beslutninger/punkt/{room.item}", {"text": "vi ringer", "why": words, "perspective": "emergens"}),
        (f"/beslutninger/{decision}/traek-tilbage", {"reason": words}),
    ]
    for path, fields in forms:
        if path.endswith(("gang", "gensyn", "tilbage")):
            page = anna.open(f"/beslutninger/{decision}")
            version = page.tree.xpath("//input[@name='version']/@value")[0]
            fields = {**fields, "version": version}
        asked = anna.submit(path, **fields)
        assert asked.status_code == 422, path
        assert "ligner et CPR-nummer" in asked.words and words in asked.text, path
        (box,) = asked.tree.xpath("//input[@name='cpr_anyway']")
        assert anna.submit(path, **fields, cpr_anyway=box.get("value")).status_code == 303, path


# --- when its committee is no more ------------------------------------------------------------------------------------


def test_the_committee_above_sees_to_what_an_ended_one_decided_openly(visitor, published, write, committee_id):
    made = published("der er to pauser om formiddagen", responsible="gunnar", review=date(2026, 11, 21))
    hidden = published("Ida flyttes", is_open=False)
    forms = ("Gem nyt", "Gem tilbageblik", "Giv ansvaret videre", "Træk tilbage")
    dorte = visitor("dorte")
    assert not any(dorte.open(f"/beslutninger/{made}").has_form(one) for one in forms)
    write(
        lambda db: db.execute(update(Committee).where(Committee.key == "med-aabrinken").values(ends=date(2026, 11, 20)))
    )
    page = dorte.open(f"/beslutninger/{made}")
    assert "CenterMED Job og Kompetencer følger nu op på beslutningen." in page.words
    assert (
        "CenterMED Job og Kompetencer now follows up on the decision."
        in visitor("carla").open(f"/beslutninger/{made}?sprog=en").words
    )
    assert f"/beslutninger/{made}" in " ".join(dorte.open("/?alt=1").links())
    asked = visitor("carla").open(f"/forslag/nyt?beslutning={made}").form("Send")
    assert dict(asked.pairs)["committee"] == str(committee_id("centermed-job"))
    assert asked.fill(title="Holder pauserne?", why="").send().status_code == 303
    noted = page.form("Gem tilbageblik").fill(note="Pauserne virker", review="2027-05-01").send()
    assert noted.status_code == 303, noted.errors()
    assert "Pauserne virker" in visitor("carla").open(f"/beslutninger/{made}").words
    item = write(lambda db: make_item(db, make_meeting(db, "centermed-job")).id)
    offered = dorte.open(f"/beslutninger/punkt/{item}").tree.xpath("//select[@name='replaces']/option/@value")
    assert str(made) in offered and str(hidden) not in offered
    assert dorte.open(f"/beslutninger/{made}").form("Træk tilbage").fill(reason="Nyt hus").send().status_code == 303
    assert dorte.open(f"/beslutninger/{hidden}").status_code == 404
    assert dorte.submit(f"/beslutninger/{hidden}/gensyn", note="x").status_code == 404
