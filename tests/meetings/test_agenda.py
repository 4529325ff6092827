"""The agenda: items, their order and openness, notes, and what outsiders meet of it."""

from datetime import date

from sqlalchemy import event, select

from med.access import Side
from med.meetings.models import Item, Meeting, Note, Purpose, State
from med.meetings.parts import PARTS


def titles(look, number):
    return [item.title for item in look(Meeting, number).items]


def test_anna_adds_an_item_with_all_that_belongs_to_it(visitor, plan, look):
    number = plan(draft_shown=True)
    anna = visitor("anna")
    form = anna.open(f"/moeder/{number}/punkter/nyt").form("Tilføj punkt")
    answer = form.fill(
        title="  Vagtplanen   i uge 52 ",
        purpose="decide",
        recommendation="- at MED beslutter bemandingen\nat nogen ringer til køkkenet\n\n",
        case_text="**Sidste år** gik det.\n\n- én på arbejde\n- én på tilkald",
        minutes_budget="40",
        responsible="Pernille Juhl",
        raised_by="Gunnar Thorsen",
        raised_side="employee",
        decided_by="Centerchefen",
        informed="1.12.2026",
        discussed="9.12.2026",
        decision_planned="2026-12-08",
    ).send()
    assert answer.status_code == 303
    assert "Punktet er på dagsordenen." in visitor("anna").open(answer.headers["location"]).words
    page = visitor("carla").open(f"/moeder/{number}")
    words = page.words
    assert "Vagtplanen i uge 52" in words
    assert "Rejst af Gunnar Thorsen (medarbejdersiden)" in words
    assert "Det indstilles, at MED beslutter bemandingen at nogen ringer til køkkenet" in words
    assert "Ansvarlig: Pernille Juhl" in words
    assert "Afgøres, før udvalget er informeret og har drøftet det" in words
    assert page.tree.xpath("//strong[text()='Sidste år']")
    assert "kl. 9.10 40 min. Beslutning" in words  # after the minutes and the news, five minutes each
    assert titles(look, number)[-3:] == ["Vagtplanen i uge 52", "Hvad fortæller vi videre?", "Evaluering af mødet"]


def test_the_agenda_says_when_it_is_too_long(visitor, plan, item):
    number = plan()
    item(number, "Alt", minutes_budget=115)
    assert "Dagsordenen er 15 minutter for lang" in visitor("bo").open(f"/moeder/{number}").words


BAD = [
    ("title", "", "Skal udfyldes"),
    ("title", "   ", "Skal udfyldes"),
    ("title", "x" * 201, "Højst 200"),
    ("case_text", "y" * 40_001, "Højst 40000"),
    ("minutes_budget", "mange", "helt tal"),
    ("minutes_budget", "601", "for stort"),
    ("minutes_budget", "-5", "for stort"),
    ("responsible", "Hr. Ukendt", "præcis én"),
    ("raised_by", "o'; drop table item", "præcis én"),
    ("informed", "i går", "en dato"),
    ("purpose", "afstemning", "Vælg en af mulighederne"),
    ("is_closed", "1", "Åbenhed er udgangspunktet"),
    ("ground", "fordi", None),
]


def test_what_does_not_fit_is_said_beside_the_field(visitor, plan):
    page = visitor("anna").open(f"/moeder/{plan()}/punkter/nyt")
    for field, value, message in BAD:
        form = page.form("Tilføj punkt").fill(title="Et punkt", case_text="Min lange tekst", idem=f"{field}{value[:5]}")
        back = form.fill(**{field: value}).send()
        if message is None:  # a ground without a closed item means nothing
            assert back.status_code == 303
            continue
        assert back.status_code == 422, field
        assert message in back.words, field
        assert field == "case_text" or "Min lange tekst" in back.text


def test_a_cpr_number_is_warned_about_once(visitor, plan, look):
    number = plan()
    anna = visitor("anna")
    form = anna.open(f"/moeder/{number}/punkter/nyt").form("Tilføj punkt")
    back = form.fill(title="Et punkt", case_text="Borger 010190-1234 sagde").send()
    assert back.status_code == 422
    assert "ligner et CPR-nummer" in back.errors()["case_text"]
    assert back.form("Tilføj punkt").fill(cpr_anyway="1").send().status_code == 303
    assert "Et punkt" in titles(look, number)


def test_items_are_ordered_by_buttons_and_the_minutes_stay_first(visitor, plan, item, look):
    number = plan()
    one, two = item(number, "Et"), item(number, "To")
    anna = visitor("anna")
    page = anna.open(f"/moeder/{number}")
    up = page.tree.xpath(f"//li[@data-id='{two}']//button[@data-way='up']")[0]
    assert anna.submit(f"/moeder/{number}/raekkefoelge", item=two, to=up.get("value")).status_code == 303
    order = titles(look, number)
    assert order.index("To") == order.index("Et") - 1
    anna.submit(f"/moeder/{number}/raekkefoelge", item=two, to=0)
    assert titles(look, number)[:2] == ["Godkendelse af referat fra den 24. november", "To"]
    first = look(Meeting, number).items[0].id
    assert anna.submit(f"/moeder/{number}/raekkefoelge", item=first, to=3).status_code == 409
    anna.submit(f"/moeder/{number}/raekkefoelge", item=two, to=9999)
    assert titles(look, number)[-1] == "To"
    assert [one_item.position for one_item in look(Meeting, number).items] == list(range(1, 7))
    for wrong in ({"item": "x", "to": 1}, {"item": one}, {"item": one, "to": -1}, {"item": one, "to": 10**30}):
        assert anna.submit(f"/moeder/{number}/raekkefoelge", **wrong).status_code == 409
    assert anna.submit(f"/moeder/{number}/raekkefoelge", item=999_999, to=1).status_code == 404


def test_the_script_gets_the_whole_agenda_back(visitor, plan, item):
    number = plan()
    one = item(number, "Et")
    anna = visitor("anna")
    token = anna.open("/mig").tree.xpath("string(//input[@name='_token']/@value)")
    answer = anna.post(f"/moeder/{number}/raekkefoelge", {"_token": token, "item": one, "to": 1}, **{"x-fragment": "1"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<ol class="agenda agenda--full" id="dagsorden" data-reorder')


def test_two_edit_an_item_at_once_and_both_texts_are_shown(visitor, plan, item, look):
    number = plan()
    point = item(number, "Et")
    anna, emil = visitor("anna"), visitor("emil")
    path = f"/moeder/{number}/punkter/{point}/ret"
    hers, his = anna.open(path).form("Gem"), emil.open(path).form("Gem")
    assert hers.fill(case_text="Annas tekst").send().status_code == 303
    back = his.fill(case_text="Emils tekst").send()
    assert back.status_code == 409
    assert "Annas tekst" in back.words
    assert "Emils tekst" in back.text
    assert look(Item, point).case_text == "Annas tekst"
    assert back.form("Gem").send().status_code == 303
    assert look(Item, point).case_text == "Emils tekst"
    assert anna.post(path, hers.pairs[:1]).status_code == 422  # without its version a form overwrites nothing


def test_whoever_names_nobody_has_raised_the_item_themselves(visitor, plan, look, people):
    number = plan()
    form = visitor("anna").open(f"/moeder/{number}/punkter/nyt").form("Tilføj punkt")
    assert form.fill(title="Cykelskuret", raised_by="").send().status_code == 303
    [item] = [one for one in look(Meeting, number).items if one.title == "Cykelskuret"]
    assert (item.raised_by_id, item.raised_side) == (people.anna, Side.MANAGEMENT)


def test_an_item_added_after_the_agenda_went_out_is_marked(visitor, plan, item, send_agenda):
    number = plan()
    send_agenda(number)
    item(number, "Vandskaden")
    assert "Vandskaden" in visitor("carla").open(f"/moeder/{number}").words
    assert "Tillæg til dagsordenen" in visitor("carla").open(f"/moeder/{number}").words


def test_an_item_is_taken_off_before_the_meeting(visitor, plan, item, look):
    number = plan()
    point = item(number, "Overflødigt")
    answer = visitor("anna").open(f"/moeder/{number}/punkter/{point}/ret").form("Tag punktet af").send()
    assert answer.status_code == 303
    assert "Overflødigt" not in titles(look, number)


SECRET = "Opsigelse af lejemålet på Havnevej"


def test_a_closed_item_leaves_a_number_and_a_mask_and_no_other_trace(visitor, plan, item, send_agenda):
    number = plan(draft_shown=True)
    point = item(
        number,
        SECRET,
        case_text="Udlejer har ringet",
        is_closed=True,
        ground="own",
        ground_words="Der forhandles endnu",
    )
    for handle in ("carla", "julie", "karl"):
        outsider = visitor(handle)
        page = outsider.open(f"/moeder/{number}")
        assert "Lukket punkt" in page.words
        for trace in (SECRET, "Udlejer", "forhandles", f"punkt-{point}", f"/punkter/{point}"):
            assert trace not in page.text, (handle, trace)
        for path in ("/moeder", "/forslag", "/", "/beslutninger"):
            assert SECRET not in outsider.open(path).text
        for path in ("ret", "aabenhed"):
            assert outsider.open(f"/moeder/{number}/punkter/{point}/{path}").status_code == 404
        for path in ("ret", "aabenhed", "fjern", "note", "bilag"):
            assert outsider.submit(f"/moeder/{number}/punkter/{point}/{path}", title="x").status_code == 404
    inside = visitor("gunnar").open(f"/moeder/{number}")
    assert SECRET in inside.words
    assert "Der forhandles endnu" in inside.words
    assert SECRET not in visitor("ivan").open(f"/moeder/{number}").text


def test_before_the_agenda_goes_out_not_even_its_length_is_known(visitor, plan, item):
    number = plan()
    item(number, "Et åbent punkt")
    page = visitor("carla").open(f"/moeder/{number}")
    assert "Dagsordenen er ikke sendt ud endnu" in page.words
    assert not page.tree.xpath("//*[@id='dagsorden']")


def test_closing_and_opening_tells_those_who_listen(visitor, plan, item, look, monkeypatch):
    told = []
    monkeypatch.setattr(PARTS, "opened_or_closed", [lambda db, viewer, changed: told.append(changed.is_open)])
    number = plan()
    point = item(number, "Lejemål")
    anna = visitor("anna")
    path = f"/moeder/{number}/punkter/{point}/aabenhed"
    back = anna.open(path).form("Gem").fill(is_closed="1").send()
    assert "Åbenhed er udgangspunktet" in back.errors()["ground"]
    assert back.form("Gem").fill(is_closed="1", ground="negotiation").send().status_code == 303
    assert (look(Item, point).is_open, look(Item, point).closed_ground) == (False, "negotiation")
    form = anna.open(path).form("Gem")
    form.pairs = [pair for pair in form.pairs if pair[0] != "is_closed"]
    assert form.send().status_code == 303
    assert (look(Item, point).is_open, look(Item, point).closed_ground) == (True, "")
    assert told == [False, True]


def test_those_who_do_not_run_the_meeting_change_nothing(visitor, plan, item):
    number = plan(draft_shown=True)
    point = item(number, "Et")
    for handle in ("gunnar", "carla", "julie", "ivan"):
        someone = visitor(handle)
        expected = {403, 404} if handle == "ivan" else {403}
        for path in ("punkter/nyt", f"punkter/{point}/ret", f"punkter/{point}/aabenhed", "ret", "aflys"):
            assert someone.open(f"/moeder/{number}/{path}").status_code in expected, (handle, path)
        for path in ("punkter/nyt", f"punkter/{point}/fjern", "dagsorden/godkend", "aflys", "raekkefoelge"):
            answer = someone.submit(f"/moeder/{number}/{path}", title="x", reason="fordi", item=point, to=0)
            assert answer.status_code in expected, (handle, path)


def test_an_item_belongs_to_its_own_meeting(visitor, plan, item):
    number, other = plan(), plan(day=date(2026, 12, 10))
    point = item(number, "Et")
    assert visitor("anna").open(f"/moeder/{other}/punkter/{point}/ret").status_code == 404


def test_notes_are_for_oneself_or_for_one_side(visitor, plan, item, db):
    number = plan()
    point = item(number, "Et")
    gunnar, bo, anna = visitor("gunnar"), visitor("bo"), visitor("anna")
    own, shared = gunnar.open(f"/moeder/{number}"), gunnar.open(f"/moeder/{number}")
    forms = [f for f in own.tree.xpath(f"//li[@data-id='{point}']//form") if f.get("action").endswith("/note")]
    assert len(forms) == 2
    path = f"/moeder/{number}/punkter/{point}/note"
    assert gunnar.submit(path, version=0, text="Husk tallene").status_code == 303
    assert gunnar.submit(path, version=0, text="Vi holder fast i otte uger", shared=1).status_code == 303
    assert "Husk tallene" in gunnar.open(f"/moeder/{number}").text
    page = bo.open(f"/moeder/{number}").text
    assert "Vi holder fast i otte uger" in page
    assert "Husk tallene" not in page
    for handle in ("anna", "emil", "carla", "julie", "ivan"):
        page = visitor(handle).open(f"/moeder/{number}").text
        assert "otte uger" not in page
        assert "Husk tallene" not in page
    assert visitor("emil").submit(path, version=0, text="x", shared=1).status_code == 403
    stale = bo.submit(path, version=0, text="Seks uger er nok", shared=1)
    assert stale.status_code == 409
    assert "Vi holder fast i otte uger" in stale.words
    assert "Seks uger er nok" in stale.text
    assert stale.form("Gem noten").send().status_code == 303
    assert anna.submit(path, version="x", text="y").status_code == 422
    assert shared.status_code == 200
    db.rollback()
    assert db.scalars(select(Note.text).where(Note.side.is_not(None))).all() == ["Seks uger er nok"]


def test_a_meeting_is_read_in_twelve_queries(visitor, plan, item, app, db):
    number = plan()
    for count in range(11):
        item(number, f"Punkt {count}", case_text="Tekst", responsible="bo")
    db.rollback()
    held = db.scalars(select(Meeting.id).where(Meeting.state == State.HELD).order_by(Meeting.id)).all()
    desk = app.state.desk
    asked: list[str] = []

    def count_it(conn, cursor, statement, *rest):
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            asked.append(statement)

    engines = {desk.database.engine, desk.database.write_engine}
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count_it)
    try:
        for handle in ("anna", "carla", "gunnar"):
            person = visitor(handle)
            for meeting in (number, held[0], held[-1]):
                asked.clear()
                assert person.open(f"/moeder/{meeting}").status_code == 200
                assert len(asked) <= 12, (handle, meeting, [one[:90] for one in asked])
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", count_it)


def test_the_page_on_paper_names_those_who_take_part(visitor, plan, item):
    number = plan()
    item(number, "Et", purpose=Purpose.INFO)
    page = visitor("bo").open(f"/moeder/{number}")
    paper = page.tree.xpath("//section[contains(@class, 'print-only')]")[0].text_content()
    assert "Anna Lindegaard" in paper
    assert "Bo Kjærgaard" in paper
