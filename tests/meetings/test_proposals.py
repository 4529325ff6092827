"""The open agenda: an employee raises a point, the chairs answer, the proposer follows it."""

from datetime import date, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Side
from med.meetings.actions.proposals import receive_sent_on
from med.meetings.models import Consensus, Item, Meeting, Minutes, MinutesState, Outcome, Proposal, ProposalState, State
from med.meetings.parts import PARTS, Asked
from med.meetings.queries.proposals import own_committee_id
from med.organisation.models import Committee, Person
from tests.meetings.conftest import viewer


def answer(visitor, number, by="anna", **fields):
    return visitor(by).open(f"/forslag/{number}").form("Svar").fill(**fields).send()


def test_carla_raises_a_point_with_one_field(visitor, committee_id, look):
    carla = visitor("carla")
    page = carla.open("/forslag/nyt")
    chosen = page.tree.xpath("//select[@name='committee']/option[@selected]/@value")
    assert chosen == [str(committee_id("med-aabrinken"))]  # the committee of the unit above her own
    answered = page.form("Send").fill(title="De unge venter for længe").send()
    assert answered.status_code == 303
    shown = carla.open(answered.headers["location"])
    assert "Formandskabet har fået dit forslag" in shown.words
    proposal = look(Proposal, int(answered.headers["location"].split("?")[0].rsplit("/", 1)[1]))
    assert (proposal.state, proposal.raised_side, proposal.is_late) == (ProposalState.RECEIVED, Side.EMPLOYEE, False)
    assert "De unge venter for længe" in visitor("anna").open("/?alt=1").words


def test_the_side_follows_the_seat_or_the_post(raised, look):
    assert look(Proposal, raised(by="bo")).raised_side is Side.EMPLOYEE
    assert look(Proposal, raised(by="lise")).raised_side is Side.MANAGEMENT
    assert look(Proposal, raised(by="karen")).raised_side is Side.MANAGEMENT  # a manager without a seat
    assert look(Proposal, raised(by="emil")).raised_side is None  # a secretary is on no side


BAD = [
    ("title", "", "Skal udfyldes"),
    ("title", "x" * 201, "Højst 200"),
    ("title", "Ring til 010190-1234", "CPR-nummer"),
    ("why", "z" * 4001, "Højst 4000"),
    ("committee", "", "Skal udfyldes"),
    ("committee", "999999", "Vælg en af mulighederne"),
    ("committee", "-1", "for stort eller for lille"),
    ("meeting", "999999", "Vælg en af mulighederne"),
]


def test_what_does_not_fit_is_said_and_the_words_are_kept(visitor, plan):
    plan()
    page = visitor("carla").open("/forslag/nyt")
    for field, value, message in BAD:
        form = page.form("Send").fill(title="Et forslag", why="Fordi det betyder noget", idem=f"{field}{value[:6]}")
        back = form.fill(**{field: value}).send()
        assert back.status_code == 422, field
        assert message in back.words, (field, back.words)
        assert field == "why" or "Fordi det betyder noget" in back.text
    assert visitor("ivan").open("/forslag/nyt").status_code == 403
    assert visitor("ivan").submit("/forslag/nyt", title="x", committee=1).status_code == 403


def test_a_committee_with_a_last_day_takes_points_until_then(visitor, write, raised, committee_id, database):
    """Staff raise points for it, the chairs send points on to it, and those whose committee it is find it chosen."""
    group, number = committee_id("hovedudvalget"), raised()

    def ends(day):
        write(lambda db: db.execute(update(Committee).where(Committee.id == group).values(ends=day)))

    def offered(who, path):
        return str(group) in visitor(who).open(path).tree.xpath("//select[@name='committee']/option/@value")

    def nearest():
        with Session(database.engine) as db:
            return own_committee_id(db, viewer(db, "karen"))

    chosen = nearest()
    for last_day in (clock.today(), date(2027, 6, 30)):
        ends(last_day)
        assert offered("carla", "/forslag/nyt")
        assert offered("anna", f"/forslag/{number}")
        write(lambda db: db.execute(update(Committee).where(Committee.id == chosen).values(ends=last_day)))  # noqa: B023
        assert nearest() == chosen
    form = visitor("anna").open(f"/forslag/{number}").form("Svar")
    ends(clock.today() - timedelta(days=1))
    assert not offered("carla", "/forslag/nyt")
    assert not offered("anna", f"/forslag/{number}")
    late = form.fill(answer="send_on", committee=group, reason="Den er deres.").send()
    assert late.status_code == 422
    assert "Udvalget er nedlagt." in late.words


def test_a_point_after_the_deadline_is_marked(visitor, plan, look, raised):
    number = plan(day=date(2026, 12, 3))  # proposals were due on 23 November
    with clock.at(datetime(2026, 11, 25, 9, tzinfo=clock.COPENHAGEN)):
        proposal = raised(meeting=number)
        assert look(Proposal, proposal).is_late
        assert "Rejst efter fristen" in visitor("anna").open(f"/moeder/{number}").words
        answer(visitor, proposal, answer="accept", meeting=number)
        assert look(Item, look(Proposal, proposal).item_id).is_late
        waits = raised(title="Cykelskuret", meeting=number)
        form = visitor("anna").open(f"/moeder/{number}/ret").form("Gem")
        assert form.fill(day="2026-12-17", waiver="").send().status_code == 303  # the deadline is 7 December now
    for one in (proposal, waits):
        assert not look(Proposal, one).is_late
    assert not look(Item, look(Proposal, proposal).item_id).is_late


def test_accepted_it_becomes_an_item_with_its_side_and_the_proposer_sees_it(visitor, plan, look, raised):
    number = plan(draft_shown=True)
    proposal = raised(why="Syv er **holdt op**")
    assert answer(visitor, proposal, answer="accept", meeting=number, minutes_budget=20).status_code == 303
    kept = look(Proposal, proposal)
    item = kept.item
    assert (item.meeting_id, item.raised_side, item.minutes_budget, item.case_text) == (
        number,
        Side.EMPLOYEE,
        20,
        "Syv er **holdt op**",
    )
    assert item.raised_by.handle == "carla"
    carla = visitor("carla")
    assert "Der er svar på dit forslag »De unge" in carla.open("/").words
    page = carla.open(f"/forslag/{proposal}")
    assert "På dagsordenen" in page.words
    assert page.form("Jeg har læst svaret").send().status_code == 303
    assert "Der er svar på dit forslag »De unge" not in carla.open("/").words
    assert "Rejst af Carla Winther" in carla.open(f"/moeder/{number}").words


def test_every_other_answer_needs_a_reason(visitor, plan, raised, look, committee_id):
    number, later = plan(), plan(day=date(2026, 12, 10))
    point = raised()
    for fields in (
        {"answer": "decline"},
        {"answer": "postpone"},
        {"answer": "move", "meeting": later},
        {"answer": "send_on", "committee": committee_id("hovedudvalget")},
    ):
        back = answer(visitor, point, **fields)
        assert back.status_code == 422
        assert "Skriv hvorfor" in back.errors()["reason"], fields
    back = answer(visitor, point, answer="accept", meeting="")
    assert "Vælg det møde" in back.errors()["meeting"]
    back = answer(visitor, point, answer="afstemning", meeting=number)
    assert back.status_code == 422
    assert look(Proposal, point).state is ProposalState.RECEIVED


def test_moved_postponed_declined_and_sent_on(visitor, plan, raised, look, committee_id):
    later = plan(day=date(2026, 12, 10))
    moved, put_off, declined, sent = (raised(title) for title in ("Flyttes", "Udskydes", "Afvises", "Sendes"))
    answer(visitor, moved, answer="move", meeting=later, reason="Der er fyldt op")
    assert (look(Proposal, moved).state, look(Proposal, moved).meeting_id) == (ProposalState.RECEIVED, later)
    answer(visitor, put_off, by="bo", answer="postpone", reason="Vi venter på tallene")
    assert look(Proposal, put_off).state is ProposalState.POSTPONED
    answer(visitor, declined, answer="decline", reason="Det er en personsag")
    carla = visitor("carla")
    assert "Det er en personsag" in carla.open(f"/forslag/{declined}").words
    assert answer_again_is_refused(visitor, declined)
    answer(visitor, sent, answer="send_on", committee=committee_id("hovedudvalget"), reason="Gælder hele kommunen")
    kept = look(Proposal, sent)
    assert kept.committee_id == committee_id("hovedudvalget")
    assert kept.moved_from_id == committee_id("med-aabrinken")
    assert "Først rejst for MED-ledelsen på Åbrinken" in visitor("hanne").open(f"/forslag/{sent}").words
    assert visitor("anna").open(f"/forslag/{sent}").status_code == 404
    assert "Gælder hele kommunen" in carla.open(f"/forslag/{sent}").words


def answer_again_is_refused(visitor, number) -> bool:
    again = visitor("anna").submit(f"/forslag/{number}/svar", answer="postpone", reason="Alligevel")
    return again.status_code == 403 and "allerede besvaret" in again.words and "Alligevel" in again.words


def test_merged_its_words_stand_under_the_item(visitor, plan, item, raised, look, send_agenda):
    number = plan()
    other = plan(day=date(2026, 12, 10))
    point = item(number, "Sommerens vagter", case_text="Planen er lagt.")
    proposal = raised("Må vi bytte vagter?", why="Det sker alligevel")
    back = answer(visitor, proposal, answer="merge", reason="Det hører til samme sag")
    assert "Vælg det punkt" in back.errors()["item"]
    assert answer(visitor, proposal, answer="merge", item=point, reason="Samme sag").status_code == 303
    assert look(Item, point).case_text == "Planen er lagt.\n\n**Må vi bytte vagter?**\n\nDet sker alligevel"
    assert look(Proposal, proposal).state is ProposalState.MERGED
    assert look(Meeting, other).items


def test_what_comes_from_a_closed_item_is_merged_with_a_closed_one_only(visitor, plan, item, look, write, committee_id):
    def send(db) -> int:
        there = db.get(Committee, committee_id("centermed-job"))
        return receive_sent_on(db, viewer(db, "anna"), db.get(Item, closed), there, "Per har sagt op").id

    closed = item(plan(), "Opsigelsen", is_closed=True, ground="negotiation")
    proposal = write(send)
    there = plan(by="dorte", committee="centermed-job", day=date(2026, 12, 11))
    shown, hidden = (
        item(there, "Nyt", by="dorte"),
        item(there, "Sager", by="dorte", is_closed=True, ground="negotiation"),
    )
    page = visitor("dorte").open(f"/forslag/{proposal}")
    assert "Forslaget kommer fra et lukket punkt" in page.words
    assert page.tree.xpath("//select[@name='item']/option/@value") == ["", str(hidden)]
    refused = answer(visitor, proposal, by="dorte", answer="merge", item=shown, reason="Samme sag")
    assert "kun lægges sammen med et lukket punkt" in refused.errors()["item"]
    assert look(Item, shown).case_text == ""
    assert answer(visitor, proposal, by="dorte", answer="merge", item=hidden, reason="Samme sag").status_code == 303
    assert "Per har sagt op" in look(Item, hidden).case_text


def test_what_a_committee_closed_and_sent_on_is_no_longer_the_proposers(
    visitor, plan, raised, look, write, committee_id
):
    number = plan()
    asked = raised("Kaffen")
    assert answer(visitor, asked, answer="accept", meeting=number).status_code == 303
    point = look(Proposal, asked).item_id

    def send(db, is_open: bool) -> int:
        db.get(Item, point).title = "Klagen over Per"
        db.get(Item, point).is_open = is_open
        db.get(Item, point).closed_ground = "" if is_open else "negotiation"
        there = db.get(Committee, committee_id("centermed-job"))
        return receive_sent_on(db, viewer(db, "anna"), db.get(Item, point), there, "Det gælder flere steder").id

    carla = visitor("carla")
    sent = write(lambda db: send(db, is_open=True))
    assert "Klagen over Per" in carla.open(f"/forslag/{sent}").words
    assert not carla.open(f"/forslag/{sent}").has_form("Træk tilbage")
    assert carla.submit(f"/forslag/{sent}/traek").status_code == 403
    write(lambda db: send(db, is_open=False))
    assert carla.open(f"/forslag/{sent}").status_code == 404
    assert carla.submit(f"/forslag/{sent}/traek").status_code == 404
    assert "Klagen over Per" not in carla.open("/forslag").words


def test_the_overview_keeps_the_title_of_what_was_closed_and_sent_on(visitor, plan, raised, look, write, committee_id):
    number = plan()
    asked = raised("Kaffen")
    answer(visitor, asked, answer="accept", meeting=number)
    carla = visitor("carla")
    carla.open(f"/forslag/{asked}").form("Jeg har læst svaret").send()
    point = look(Proposal, asked).item_id

    def send(db, is_open: bool) -> int:
        db.get(Item, point).title, db.get(Item, point).is_open = "Opsigelse af afdelingslederen", is_open
        db.get(Item, point).closed_ground = "" if is_open else "negotiation"
        there = db.get(Committee, committee_id("centermed-job"))
        return receive_sent_on(db, viewer(db, "anna"), db.get(Item, point), there, "Det gælder flere").id

    sent = write(lambda db: send(db, is_open=False))
    answer(visitor, sent, by="dorte", answer="decline", reason="Det er en personsag")
    assert "Opsigelse" not in carla.open("/?alt=1").words
    write(lambda db: send(db, is_open=True))
    assert f"/forslag/{sent}" in carla.open("/?alt=1").links()


def test_the_committee_that_sent_a_closed_point_on_reads_the_answer(visitor, plan, item, look, write, committee_id):
    """It is the committee's business, not only hers who raised it; and nobody else's."""
    number = plan()
    point = item(number, "Opsigelsen", is_closed=True, ground="negotiation", raised_by="anna")

    def send(db) -> int:
        db.get(Meeting, number).state = State.HELD
        db.get(Item, point).outcome, db.get(Item, point).consensus = Outcome.SENT_ON, Consensus.AGREED
        there = db.get(Committee, committee_id("hovedudvalget"))
        return receive_sent_on(db, viewer(db, "anna"), db.get(Item, point), there, "Det gælder flere").id

    sent = write(send)
    for handle, follows in (("anna", True), ("bo", True), ("carla", False)):
        person = visitor(handle)
        assert (f"/forslag/{sent}" in person.open(f"/moeder/{number}").links()) is follows, handle
        assert person.open(f"/forslag/{sent}").status_code == (200 if follows else 404), handle
    answer(visitor, sent, by="hanne", answer="decline", reason="Det er en personsag")
    assert "Det er en personsag" in visitor("anna").open(f"/forslag/{sent}").words


def test_an_answer_that_came_too_late_gives_the_words_back(visitor, raised, committee_id):
    """The other chair sent it on meanwhile: to a committee where Bo has a seat, and then to one where he has none."""
    proposal = raised()
    late = visitor("bo").open(f"/forslag/{proposal}").form("Svar").fill(answer="decline", reason="Vi venter på tallene")
    sent = {"answer": "send_on", "reason": "Deres sag"}
    answer(visitor, proposal, **sent, committee=committee_id("centermed-job"))
    seen = late.send()
    assert seen.status_code == 403 and "Vi venter på tallene" in seen.text
    answer(visitor, proposal, **sent, by="dorte", committee=committee_id("hovedudvalget"))
    gone = late.send()
    assert gone.status_code == 404 and "Vi venter på tallene" in gone.text
    assert "Forslaget ligger ikke hos jer længere." in gone.words and "De unge venter" not in gone.text
    assert "/forslag" in gone.links()
    carla = visitor("carla").open(f"/forslag/{proposal}")
    assert carla.tree.xpath("string(//main//p[@class='meta'][1])").strip().startswith("Sendt videre til")
    assert late.fill(reason=" ").send().status_code == 404


def test_in_the_demo_what_was_sent_on_is_answered_and_the_secretary_is_on_no_side(db):
    """What Materielgården disagreed on was decided above; it stood there as a point nobody had answered."""
    sent = db.scalars(select(Proposal).where(Proposal.from_item_id.is_not(None))).all()
    assert [(one.state, one.item is not None) for one in sent] == [(ProposalState.ACCEPTED, True)] * 2
    emil = db.scalars(select(Person.id).where(Person.handle == "emil")).one()
    assert set(db.scalars(select(Item.raised_side).where(Item.raised_by_id == emil))) == {None}


def test_what_one_side_raised_the_other_cannot_decline(visitor, raised, look):
    """Framework agreement § 7: what one side wants discussed is discussed, where it belongs on that level."""
    for raiser, other in (("bo", "anna"), ("gunnar", "anna"), ("lise", "bo")):
        proposal = raised(f"{raiser} vil tale om det", by=raiser)
        page = visitor(other).open(f"/forslag/{proposal}")
        assert "decline" not in page.tree.xpath("//input[@name='answer']/@value")
        back = visitor(other).submit(f"/forslag/{proposal}/svar", answer="decline", reason="Nej")
        assert back.status_code == 422
        assert "har rejst punktet, og så skal det drøftes" in back.errors()["answer"]
        assert look(Proposal, proposal).state is ProposalState.RECEIVED
        mine = {"anna": "bo", "bo": "anna"}[other]
        assert answer(visitor, proposal, by=mine, answer="decline", reason="Vi er enige").status_code == 303
        assert look(Proposal, proposal).state is ProposalState.DECLINED


def test_what_a_member_raises_elsewhere_is_declined_there(visitor, raised, look, committee_id):
    """Bo has no seat in Hovedudvalget: there he is a colleague like others."""
    proposal = raised(by="bo", committee=committee_id("hovedudvalget"))
    assert answer(visitor, proposal, by="hanne", answer="decline", reason="Hører til hos jer").status_code == 303


def test_only_the_chairs_answer_and_only_the_proposer_withdraws(visitor, raised, look):
    proposal = raised()
    for handle in ("emil", "gunnar"):  # inside the committee: may read it, may not answer
        assert not visitor(handle).open(f"/forslag/{proposal}").has_form("Svar")
        assert visitor(handle).submit(f"/forslag/{proposal}/svar", answer="decline", reason="Nej").status_code == 403
        assert visitor(handle).submit(f"/forslag/{proposal}/traek").status_code == 403
    for handle in ("julie", "freja", "dorte", "ivan", "karl"):
        assert visitor(handle).open(f"/forslag/{proposal}").status_code == 404 if handle != "ivan" else 403
        assert visitor(handle).submit(f"/forslag/{proposal}/svar", answer="decline", reason="Nej").status_code == 404
    carla = visitor("carla")
    assert carla.open(f"/forslag/{proposal}").form("Træk tilbage").send().status_code == 303
    assert look(Proposal, proposal).state is ProposalState.WITHDRAWN
    assert answer_again_is_refused(visitor, proposal)


def test_the_outcome_comes_back_when_the_minutes_are_approved(visitor, plan, raised, look, write):
    number = plan()
    proposal = raised()
    answer(visitor, proposal, answer="accept", meeting=number)

    def settle(db) -> None:
        item = db.get(Item, db.get(Proposal, proposal).item_id)
        item.outcome, item.consensus, item.minutes_text = (
            Outcome.DECIDED,
            Consensus.AGREED,
            "De unge får en fast makker.",
        )
        db.add(Minutes(meeting_id=number, committee_id=item.committee_id, state=MinutesState.IN_REVIEW))

    def approve(db) -> None:
        minutes = db.scalar(select(Minutes).where(Minutes.meeting_id == number))
        minutes.state, minutes.sha256, minutes.chairs_approved_at = MinutesState.APPROVED, "0" * 64, clock.now()

    write(settle)
    carla = visitor("carla")
    assert "fast makker" not in carla.open(f"/forslag/{proposal}").words
    assert "Udfald" not in listed(carla, proposal)
    write(approve)
    assert "Udfald: Besluttet" in listed(carla, proposal)
    assert "De unge får en fast makker." in carla.open(f"/forslag/{proposal}").words


def listed(person, proposal) -> str:
    line = person.open("/forslag").tree.xpath("//li[.//a[@href=$href]]", href=f"/forslag/{proposal}")[0]
    return line.text_content()


def test_a_cancelled_meeting_gives_the_points_back(visitor, plan, raised, look):
    number = plan()
    proposal = raised()
    answer(visitor, proposal, answer="accept", meeting=number)
    visitor("anna").open(f"/moeder/{number}/aflys").form("Aflys mødet").fill(reason="Sne").send()
    kept = look(Proposal, proposal)
    assert (kept.state, kept.item_id) == (ProposalState.POSTPONED, None)
    assert "Sne" in visitor("carla").open(f"/forslag/{proposal}").words
    assert visitor("anna").open(f"/forslag/{proposal}").has_form("Svar")


def test_what_another_committee_sends_on_is_linked_both_ways(visitor, plan, item, look, write, committee_id):
    number = plan()
    point = item(number, "Parkering for alle", is_closed=True, ground="negotiation")

    def send(db) -> int:
        there = db.get(Committee, committee_id("centermed-job"))
        return receive_sent_on(db, viewer(db, "anna"), db.get(Item, point), there, "Det gælder hele centret").id

    proposal = write(send)
    assert write(send) == proposal  # sent twice, it is there once
    dorte = visitor("dorte")
    there = plan(by="dorte", committee="centermed-job", day=date(2026, 12, 11))
    page = dorte.open(f"/forslag/{proposal}")
    assert "Det gælder hele centret" in page.words
    assert page.form("Svar").fill(answer="accept", meeting=there).send().status_code == 303
    assert not look(Proposal, proposal).item.is_open  # what was closed there stays closed here
    assert "Sendt hertil af MED-ledelsen på Åbrinken" in dorte.open(f"/moeder/{there}").words
    origin = look(Proposal, proposal).from_item
    assert (origin.id, origin.meeting_id) == (point, number)


def test_a_question_about_a_decision_keeps_the_decision(visitor, committee_id, monkeypatch, look):
    asked = Asked(7, committee_id("hovedudvalget"), "at der måles trivsel hvert år", "/beslutninger/7")
    monkeypatch.setattr(PARTS, "asked", [lambda db, viewer, number: asked if number == 7 else None])
    julie = visitor("julie")
    page = julie.open("/forslag/nyt?beslutning=7")
    assert "at der måles trivsel hvert år" in page.words
    assert page.tree.xpath("//select[@name='committee']/option[@selected]/@value") == [
        str(committee_id("hovedudvalget"))
    ]
    assert julie.open("/forslag/nyt?beslutning=8").status_code == 404


def test_the_form_is_short_in_english_too(visitor):
    page = visitor("julie").open("/forslag/nyt?sprog=en")
    assert page.h1 == "Rejs et punkt" or page.h1 == "Raise a point"
    assert "What shall we talk about?" in page.words


def answered(page) -> str:
    return " ".join(page.tree.xpath("//section[@aria-labelledby='answered']")[0].text_content().split())


def steps(page) -> list[str]:
    found = page.tree.xpath("//section[@aria-labelledby='how']//li")
    return [" ".join(one.xpath("string()").replace(one.xpath("string(time)"), "", 1).split()) for one in found]


def test_a_point_that_waits_elsewhere_says_where_and_what_comes_next(visitor, plan, raised, committee_id):
    later = plan(day=date(2026, 12, 10))
    moved, sent = raised("Flyttes"), raised("Sendes")
    answer(visitor, moved, answer="move", meeting=later, reason="Der er fyldt op")
    answer(visitor, sent, answer="send_on", committee=committee_id("hovedudvalget"), reason="Gælder hele kommunen")
    carla = visitor("carla")
    for number, words in ((moved, "Skal på et senere møde"), (sent, "Sendt videre til Hovedudvalget")):
        page = carla.open(f"/forslag/{number}")
        assert answered(page).startswith(f"Svaret {words} Anna"), answered(page)
        assert steps(page) == ["Rejst", words, "Formandskabet svarer"]
        assert words in listed(carla, number)
    assert "Sent on to" in carla.open(f"/forslag/{sent}?sprog=en").words
    assert "To wait for a later meeting" in carla.open(f"/forslag/{moved}").words


def test_who_was_to_wait_for_a_meeting_hears_that_it_was_cancelled(visitor, plan, raised, look):
    later = plan(day=date(2026, 12, 10))
    point, untold = raised("Flyttes"), raised("Ikke besvaret", meeting=later)
    answer(visitor, point, answer="move", meeting=later, reason="Der er fyldt op")
    visitor("anna").open(f"/moeder/{later}/aflys").form("Aflys mødet").fill(reason="Sne").send()
    assert look(Proposal, point).state is ProposalState.POSTPONED
    assert "Mødet blev aflyst: Sne" in answered(visitor("carla").open(f"/forslag/{point}"))
    assert look(Proposal, untold).state is ProposalState.RECEIVED


def test_a_point_taken_off_the_agenda_waits_for_its_answer_again_and_says_so(visitor, plan, raised, look):
    number = plan()
    point = raised(meeting=number)
    carla = visitor("carla")
    words = "Punktet er taget af dagsordenen. Formandskabet svarer igen."
    assert words not in carla.open(f"/forslag/{point}").words
    answer(visitor, point, answer="accept", meeting=number, reason="Det skal vi tale om")
    item = look(Proposal, point).item_id
    visitor("anna").open(f"/moeder/{number}/punkter/{item}/ret").form("Tag punktet af").send()
    kept = look(Proposal, point)
    assert (kept.state, kept.answered_at, kept.answered_by_id, kept.reason) == (ProposalState.RECEIVED, None, None, "")
    page = carla.open(f"/forslag/{point}")
    assert words in page.words
    assert "Svaret" not in page.words
    assert steps(page) == ["Rejst", "Formandskabet svarer"]
    assert "Ikke læst" not in listed(carla, point)
    assert answer(visitor, point, answer="decline", reason="Alligevel ikke").status_code == 303
    assert "Ikke læst" in listed(carla, point)
    assert words not in carla.open(f"/forslag/{point}").words


def test_a_point_merged_into_an_agenda_that_has_gone_out_is_found(visitor, plan, item, raised, send_agenda):
    number = plan()
    point = item(number, "Sommerens vagter")
    send_agenda(number)
    proposal = raised("Badebroen ved søen")
    carla = visitor("carla")
    assert f"/moeder/{number}#punkt-{point}" not in carla.open("/soeg?q=badebroen").links()
    answer(visitor, proposal, answer="merge", item=point, reason="Samme sag")
    assert f"/moeder/{number}#punkt-{point}" in carla.open("/soeg?q=badebroen").links()
