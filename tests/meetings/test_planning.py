"""Planning a meeting: deadlines in words, what comes by itself, changing it, cancelling it, sending the agenda."""

from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select, update

from med import clock
from med.access import SeatRole, Side
from med.meetings.deadlines import deadlines
from med.meetings.models import Kind, Meeting, Part, Reply, State
from med.organisation.models import Approval, Rules, Seat
from med.organisation.queries import default_rules

DAY = "2026-12-09"  # a Wednesday with no meeting in the demo


def fill(form, **fields):
    return form.fill(**{"day": DAY, "starts": "9.30", "ends": "11.00", **fields})


def number(page) -> int:
    return int(page.headers["location"].split("?")[0].rsplit("/", 1)[1])


def test_anna_plans_a_meeting_and_sees_its_deadlines_in_words(visitor, look, committee_id):
    anna = visitor("anna")
    page = anna.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}&dag={DAY}")
    assert "Forslag til punkter senest fredag den 27. november 2026 (på fredag)" in page.words
    answer = fill(page.form("Planlæg mødet"), place="Caféen", minute_taker="Kirsten Boe").send()
    assert answer.status_code == 303
    shown = anna.open(answer.headers["location"])
    assert shown.h1 == "MED-ledelsen, december"
    assert "onsdag den 9. december 2026 kl. 9.30–11.00, Caféen" in shown.words
    assert "Forslag til punkter senest fredag den 27. november 2026 (på fredag)" in shown.words
    assert "Dagsordenen sendes ud senest fredag den 4. december 2026 (om 13 dage)" in shown.words
    meeting = look(Meeting, number(answer))
    assert (meeting.proposals_due, meeting.agenda_due) == (date(2026, 11, 27), date(2026, 12, 4))
    assert meeting.minute_taker.handle == "kirsten"


def test_the_standing_items_and_the_invitations_come_by_themselves(plan, look):
    meeting = look(Meeting, plan())
    titles = [item.title for item in meeting.items]
    assert titles == [
        "Godkendelse af referat fra den 24. november",
        "Nyt fra medarbejdersidens formøde",
        "Hvad fortæller vi videre?",
        "Evaluering af mødet",
    ]
    assert meeting.items[0].adopts.title == "MED-ledelsen: vagtplan og juleuge"
    invited = {a.person.handle: a for a in meeting.attendances}
    assert {"anna", "bo", "gunnar", "kirsten", "yusuf"} <= set(invited)
    assert not {"rasmus", "signe", "karl", "vibeke"} & set(invited)  # substitutes wait; former members are not asked
    assert invited["kirsten"].part is Part.ADVISORY
    assert all(a.reply is Reply.INVITED for a in meeting.attendances)


def test_other_kinds_of_meeting_begin_with_an_empty_agenda(plan, look):
    for kind in (Kind.THEME, Kind.WITHOUT_AGENDA, Kind.ALL_HANDS):
        assert look(Meeting, plan(kind=kind)).items == []


def test_everyone_at_a_staff_meeting_is_invited(plan, look):
    meeting = look(Meeting, plan(by="flemming", committee="personalemoede-materielgaarden", kind=Kind.STAFF_MEETING))
    assert {"flemming", "jonas", "kim"} <= {a.person.handle for a in meeting.attendances}


def test_two_meetings_ahead_the_later_one_adopts_the_earlier(plan, look):
    first, theme, last = (
        plan(day=date(2026, 12, 8)),
        plan(day=date(2026, 12, 10), kind=Kind.THEME),
        plan(day=date(2026, 12, 11)),
    )
    assert [item.adopts_id for item in look(Meeting, last).items if item.adopts_id] == [first, theme]


def test_a_sunday_is_asked_about_once(visitor, committee_id, look):
    anna = visitor("anna")
    page = anna.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
    back = fill(page.form("Planlæg mødet"), day="2026-12-13", title="Søndagsmøde").send()
    assert back.status_code == 422
    assert "Dagen er en søndag" in back.errors()["day"]
    answer = back.form("Planlæg mødet").fill(day_anyway="1").send()
    assert answer.status_code == 303
    assert look(Meeting, number(answer)).title == "Søndagsmøde"


def test_a_deadline_that_has_passed_needs_a_reason_that_all_can_read(visitor, committee_id, look):
    anna = visitor("anna")
    page = anna.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
    back = fill(page.form("Planlæg mødet"), day="2026-11-26", kind="extraordinary").send()
    assert back.status_code == 422
    assert "Fristen for forslag til punkter var" in back.errors()["waiver"]
    answer = back.form("Planlæg mødet").fill(waiver="Begge sider vil mødes om vandskaden").send()
    assert answer.status_code == 303
    assert "Begge sider vil mødes om vandskaden" in anna.open(answer.headers["location"]).words


def test_a_look_at_the_deadlines_keeps_what_was_filled_in(visitor, committee_id, db):
    anna = visitor("anna")
    before = db.scalar(select(func.count(Meeting.id)))
    page = anna.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
    words = {"kind": "theme", "title": "Om støj", "place": "Caféen", "about": "Kom og hør.\n\nVi begynder til tiden."}
    shown = fill(page.form("Vis frister"), **words, with_budget="1").send()
    assert "Dagsordenen sendes ud senest onsdag den 25. november 2026" in shown.words  # the budget's, not the usual one
    again = shown.form("Planlæg mødet")
    assert all((name, value) in again.pairs for name, value in {**words, "day": DAY, "with_budget": "1"}.items())
    assert not shown.errors()
    bare = shown.form("Vis frister").fill(kind="without_agenda").send()
    assert "Forslag til punkter senest" not in bare.words  # nor does the kind stay behind
    db.rollback()
    assert db.scalar(select(func.count(Meeting.id))) == before
    # Back in the browser, the first form still plans.
    assert fill(page.form("Planlæg mødet")).send().status_code == 303


@pytest.mark.parametrize("day", ["", "31.2.2027", "2999-01-01", "0001-01-01"])
def test_a_day_without_deadlines_is_said_at_its_field(visitor, committee_id, day):
    page = visitor("anna").open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
    back = fill(page.form("Vis frister"), day=day, title="Om støj").send()
    assert back.errors()["day"]
    assert ("title", "Om støj") in back.form("Planlæg mødet").pairs


def test_deadlines_count_working_days_where_the_rules_say_so():
    rules = default_rules(1)
    due = deadlines(rules, date(2026, 12, 15), Kind.ORDINARY, False)
    assert due[:2] == (date(2026, 12, 1), date(2026, 12, 8))
    assert deadlines(rules, date(2026, 12, 15), Kind.ORDINARY, True).agenda == date(2026, 12, 1)
    rules.in_working_days = True
    due = deadlines(rules, date(2026, 12, 15), Kind.ORDINARY, False)
    assert due == (date(2026, 11, 25), date(2026, 12, 4), date(2026, 12, 28), date(2027, 1, 8))
    assert deadlines(rules, date(2026, 12, 15), Kind.WITHOUT_AGENDA, False)[:2] == (None, None)


def test_easter_moves_the_deadlines_before_it():
    due = deadlines(default_rules(1), date(2027, 4, 8), Kind.ORDINARY, False)  # Easter Sunday is 28 March 2027
    assert due.proposals == date(2027, 3, 24)  # not Maundy Thursday


BAD = [
    ("day", "", "Skal udfyldes"),
    ("day", "31.02.2027", "en dato, der findes"),
    ("day", "2099-01-01", "de næste tre år"),
    ("day", "0001-01-01", "de næste tre år"),
    ("starts", "kvart over", "et klokkeslæt"),
    ("ends", "08:00", "efter at det er begyndt"),
    ("kind", "fest", "Vælg en af mulighederne"),
    ("title", "x" * 201, "Højst 200 tegn"),
    ("video_url", "javascript:alert(1)", "https://"),
    ("video_url", "https://[::1", "https://"),
    ("minute_taker", "Ingen Sådan", "præcis én med det navn"),
    ("day", "2027-03-28", "påskedag"),
]


def test_what_does_not_fit_is_said_beside_the_field_and_nothing_is_lost(visitor, committee_id):
    page = visitor("anna").open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
    for field, value, message in BAD:
        back = fill(page.form("Planlæg mødet"), place="Her", idem=f"{field}{value[:9]}").fill(**{field: value}).send()
        assert back.status_code == 422, (field, value)
        assert message in back.errors().get(field, back.words)
        assert 'value="Her"' in back.text


def test_a_time_that_does_not_exist_is_explained(visitor, committee_id):
    page = visitor("anna").open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}&dag=2027-03-28")
    back = fill(page.form("Planlæg mødet"), day="2027-03-28", starts="2.30", ends="4.00", day_anyway="1").send()
    assert back.status_code == 422
    assert "uret stilles en time frem" in back.errors()["starts"]


def test_those_who_do_not_run_the_committee_cannot_plan(visitor, committee_id):
    for handle in ("carla", "gunnar", "julie", "karl", "ivan", "hanne"):
        someone = visitor(handle)
        assert someone.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}").status_code == 403
        answer = someone.submit(
            f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}", day=DAY, starts="09:00", ends="10:00"
        )
        assert answer.status_code == 403, handle


def test_the_same_form_twice_plans_one_meeting(visitor, committee_id, db):
    anna = visitor("anna")
    form = fill(anna.open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}").form("Planlæg mødet"))
    first, second = form.send(), form.send()
    assert first.headers["location"].split("?")[0] == second.headers["location"].split("?")[0]
    db.rollback()
    assert db.query(Meeting).filter(Meeting.title == "MED-ledelsen, december").count() == 1


def test_moving_the_day_asks_everyone_again_and_moves_the_deadlines(visitor, plan, look, db):
    number = plan()
    bo = visitor("bo")
    assert bo.open(f"/moeder/{number}").form("Jeg kommer").send().status_code == 303
    visitor("carla").open(f"/moeder/{number}").form("Tilmeld mig").send()
    anna = visitor("anna")
    answer = anna.open(f"/moeder/{number}/ret").form("Gem").fill(day="2026-12-18").send()
    assert answer.status_code == 303
    meeting = look(Meeting, number)
    assert (meeting.sequence, meeting.proposals_due) == (1, date(2026, 12, 8))
    replies = {a.person.handle: a.reply for a in meeting.attendances}
    assert replies["bo"] is Reply.INVITED
    assert replies["carla"] is Reply.ACCEPTED  # who listens was not asked, and may look for themselves


def test_another_room_keeps_the_replies(visitor, plan, look):
    number = plan()
    visitor("bo").open(f"/moeder/{number}").form("Jeg kommer").send()
    visitor("emil").open(f"/moeder/{number}/ret").form("Gem").fill(place="Lokale 2").send()
    meeting = look(Meeting, number)
    assert (meeting.sequence, meeting.place) == (1, "Lokale 2")
    assert next(a for a in meeting.attendances if a.person.handle == "bo").reply is Reply.ACCEPTED


def test_two_change_the_meeting_at_once_and_nobodys_words_disappear(visitor, plan, look):
    number = plan()
    anna, bo = visitor("anna"), visitor("bo")
    hers, his = anna.open(f"/moeder/{number}/ret").form("Gem"), bo.open(f"/moeder/{number}/ret").form("Gem")
    assert hers.fill(place="Caféen").send().status_code == 303
    back = his.fill(place="Værkstedet").send()
    assert back.status_code == 409
    assert "Caféen" in back.words
    assert "Værkstedet" in back.text
    assert back.form("Gem").send().status_code == 303
    assert look(Meeting, number).place == "Værkstedet"


def test_cancelling_needs_a_reason_and_tells_everyone(visitor, plan, look):
    number = plan()
    anna = visitor("anna")
    back = anna.open(f"/moeder/{number}/aflys").form("Aflys mødet").send()
    assert "Skal udfyldes" in back.errors()["reason"]
    short = back.form("Aflys mødet").fill(reason="hm").send()
    assert "Skriv hvorfor, så andre kan forstå det." in short.errors()["reason"]
    answer = back.form("Aflys mødet").fill(reason="For mange er syge").send()
    assert answer.status_code == 303
    assert "For mange er syge" in visitor("carla").open(f"/moeder/{number}").words
    meeting = look(Meeting, number)
    assert (meeting.state, meeting.sequence) == (State.CANCELLED, 1)
    assert anna.open(f"/moeder/{number}/ret").status_code == 403


def test_what_was_written_while_the_meeting_was_cancelled_can_be_copied(visitor, plan, item, look):
    number = plan()
    point = item(number, "Nøgler")
    bo = visitor("bo")
    changed = bo.open(f"/moeder/{number}/punkter/{point}/ret").form("Gem").fill(case_text="Vi mangler otte nøgler.")
    added = (
        bo.open(f"/moeder/{number}/punkter/nyt").form("Tilføj punkt").fill(title="Låse", recommendation="De skiftes")
    )
    invitation = bo.open(f"/moeder/{number}/ret").form("Gem").fill(about="Husk madpakken.")
    bare = bo.open(f"/moeder/{number}/ret").form("Gem")
    visitor("anna").open(f"/moeder/{number}/aflys").form("Aflys mødet").fill(reason="For mange er syge").send()
    for form, words in ((changed, "Vi mangler otte nøgler."), (added, "De skiftes"), (invitation, "Husk madpakken.")):
        back = form.send()
        assert back.status_code == 403
        assert "Mødet er aflyst." in back.words
        assert words in back.words
        assert f"/moeder/{number}" in back.links()
    assert bare.send().status_code == 403  # nothing to lose


def test_both_chairs_approve_and_the_agenda_goes_out(visitor, plan, look):
    number = plan()
    anna, bo, carla = visitor("anna"), visitor("bo"), visitor("carla")
    assert "Dagsordenen er ikke sendt ud endnu" in carla.open(f"/moeder/{number}").words
    assert anna.open(f"/moeder/{number}").form("Godkend dagsordenen").send().status_code == 303
    assert look(Meeting, number).state is State.PLANNED
    assert not anna.open(f"/moeder/{number}").has_form("Godkend dagsordenen")
    assert not visitor("emil").open(f"/moeder/{number}").has_form("Godkend dagsordenen")
    answer = bo.open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    assert "sendt ud" in bo.open(answer.headers["location"]).words
    meeting = look(Meeting, number)
    assert meeting.state is State.AGENDA_SENT
    assert meeting.agenda_sent_at
    assert "Evaluering af mødet" in carla.open(f"/moeder/{number}").words


def test_a_change_after_one_has_approved_clears_the_approval_and_says_so(visitor, plan, item, look):
    number = plan()
    point = item(number, "Nøgler")
    anna = visitor("anna")
    anna.open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    seen_by_bo = visitor("bo").open(f"/moeder/{number}").form("Godkend dagsordenen")
    answer = anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Gem").fill(title="Nøgler og låse").send()
    assert "Den skal godkendes igen" in anna.open(answer.headers["location"]).words
    assert look(Meeting, number).agenda_chair_at is None
    refused = seen_by_bo.send()  # Bo's page shows the old agenda
    assert refused.status_code == 409
    assert "Se den igennem" in refused.words and "Nøgler og låse" in refused.words
    assert refused.has_form("Godkend dagsordenen")
    assert look(Meeting, number).agenda_vice_at is None


def test_where_the_rules_say_so_the_chair_alone_approves(visitor, plan, write, committee_id, look):
    write(
        lambda db: db.execute(
            update(Rules)
            .where(Rules.committee_id == committee_id("med-aabrinken"))
            .values(agenda_approval=Approval.CHAIR)
        )
    )
    number = plan()
    assert "Når den er godkendt, sendes den ud" in visitor("anna").open(f"/moeder/{number}").words
    visitor("anna").open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    assert look(Meeting, number).state is State.AGENDA_SENT


def test_who_got_a_seat_after_the_planning_is_invited_when_the_agenda_is_approved(
    visitor, plan, write, people, committee_id, look
):
    number = plan()

    def change_seats(db) -> None:
        db.execute(update(Seat).where(Seat.person_id == people.gunnar).values(ends=date(2026, 11, 30)))
        seat = Seat(committee_id=committee_id("med-aabrinken"), person_id=people.tove, role=SeatRole.MEMBER)
        seat.side, seat.starts = Side.EMPLOYEE, date(2026, 12, 1)
        db.add(seat)

    visitor("bo").open(f"/moeder/{number}").form("Jeg kommer").send()
    write(change_seats)
    visitor("anna").open(f"/moeder/{number}").form("Godkend dagsordenen").send()
    replies = {a.person.handle: a.reply for a in look(Meeting, number).attendances}
    assert replies["tove"] is Reply.INVITED
    assert replies["bo"] is Reply.ACCEPTED
    assert "gunnar" not in replies


def test_a_meeting_without_agenda_needs_no_approval(visitor, plan):
    number = plan(kind=Kind.WITHOUT_AGENDA, draft_shown=True)
    anna = visitor("anna")
    assert not anna.open(f"/moeder/{number}").has_form("Godkend dagsordenen")
    assert anna.submit(f"/moeder/{number}/dagsorden/godkend").status_code == 403


def test_the_list_has_my_committees_first_then_others_open_meetings(visitor, plan):
    plan(title="Vores møde")
    words = visitor("gunnar").open("/moeder").words
    assert words.index("I mine udvalg") < words.index("Vores møde") < words.index("Åbne møder i andre udvalg")
    words = visitor("julie").open("/moeder").words
    assert words.index("Åbne møder i andre udvalg") < words.index("Vores møde")
    assert words.index("Møder, du er med i") < words.index("Åbne møder i andre udvalg")
    assert "I mine udvalg" not in words
    assert "Hovedudvalget" not in words.partition("Åbne møder i andre udvalg")[2]


def test_old_meetings_are_found_by_year_and_page(visitor, committee_id):
    page = visitor("carla").open("/moeder?vis=holdte&aar=2026")
    assert "2026" in page.words
    seen: list[str] = []
    while True:
        seen += [link for link in page.links() if link.startswith("/moeder/") and link[8:].isdecimal()]
        older = page.tree.xpath("//a[@rel='next']/@href")
        if not older:
            break
        page = page.visitor.open(older[0])
    assert len(seen) == len(set(seen)) > 5
    assert "Der er ingen holdte møder" in visitor("carla").open("/moeder?vis=holdte&aar=2001").words


def test_a_broken_address_is_a_clear_400(visitor):
    carla = visitor("carla")
    for query in ("udvalg=x", "udvalg=0", "foer=99999999999999999999999", "aar=tyve", "foer=-1", "udvalg=²"):
        assert carla.open(f"/moeder?vis=holdte&{query}").status_code == 400, query


def test_a_meeting_nobody_has_heard_of(visitor):
    for path in ("/moeder/999999", f"/moeder/{2**63}", "/moeder/999999/ret", "/moeder/0"):
        assert visitor("anna").open(path).status_code == 404


def test_the_invitation_shows_on_the_overview_until_it_is_answered(visitor, plan):
    number = plan(title="Decembermødet")
    bo = visitor("bo")
    assert "Kommer du til Decembermødet?" in bo.open("/?alt=1").words
    bo.open(f"/moeder/{number}").form("Jeg kommer").send()
    assert "Kommer du til Decembermødet?" not in bo.open("/?alt=1").words


def test_enter_plans_the_meeting(visitor, committee_id):
    form = (
        visitor("anna")
        .open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}")
        .tree.xpath("//form[.//input[@name='day']]")
    )
    assert dict(form[0].xpath(".//button")[0].attrib) == {"hidden": "", "tabindex": "-1", "aria-hidden": "true"}


def test_planning_in_english(visitor, committee_id):
    page = visitor("anna").open(f"/moeder/nyt?udvalg={committee_id('med-aabrinken')}&dag={DAY}&sprog=en")
    assert "Proposed items no later than Friday 27 November 2026" in page.words


def test_the_hour_is_kept_in_utc_and_shown_as_on_the_wall(plan, look, visitor):
    number = plan(starts=time(9), ends=time(11))
    assert look(Meeting, number).starts_at.hour == 8  # winter time
    assert "kl. 9.00–11.00" in visitor("carla").open(f"/moeder/{number}").words


def test_a_meeting_nobody_opened_asks_those_who_run_it_what_became_of_it(visitor, plan, committee_id):
    number = plan()
    here, missed = f"/moeder/{number}", "//section[@aria-labelledby='missed']//a/@href"
    asked = f"//section[@aria-labelledby='waiting']//a[@href='{here}'][contains(., 'Hvad blev der af mødet')]"
    with clock.at(datetime(2026, 12, 9, 9, 30, tzinfo=UTC)):
        anna = visitor("anna")
        assert here in anna.open("/moeder").links() and here not in anna.open("/moeder").tree.xpath(missed)
        assert not anna.open("/?alt=1").tree.xpath(asked)
    with clock.at(datetime(2026, 12, 9, 10, 30, tzinfo=UTC)):  # half an hour after it should have ended
        for handle in ("anna", "bo", "emil"):
            runs = visitor(handle)
            assert runs.open("/?alt=1").tree.xpath(asked)
            assert here in runs.open("/moeder").tree.xpath(missed)
            assert here in runs.open(f"/moeder?udvalg={committee_id('med-aabrinken')}").tree.xpath(missed)
            assert here not in runs.open("/moeder?vis=alle").links()
        for handle in ("carla", "gunnar"):
            other = visitor(handle)
            assert here not in other.open("/moeder").links() and not other.open("/?alt=1").tree.xpath(asked)
            page = other.open(here)
            assert "Kommer du?" not in page.words and "Vil du lytte med?" not in page.words
        assert visitor("gunnar").open(f"{here}/afbud").status_code == 403
        anna = visitor("anna")
        assert anna.open(f"{here}/aflys").form("Aflys").fill(reason="Ingen kom.").send().status_code == 303
        assert not anna.open("/?alt=1").tree.xpath(asked) and here not in anna.open("/moeder").tree.xpath(missed)


def test_a_meeting_nobody_opened_is_found_by_whoever_may_open_it_and_takes_no_more_points(
    visitor, plan, item, committee_id
):
    number = plan(moderator="gunnar", minute_taker="freja", draft_shown=True)
    point = item(number, "Lyset i gården")
    here, missed = f"/moeder/{number}", "//section[@aria-labelledby='missed']//a/@href"
    ours = committee_id("med-aabrinken")
    point_raised = {"title": "Skygge", "committee": ours, "purpose": "discuss"}
    waits = visitor("carla").submit("/forslag/nyt", **point_raised).headers["location"]
    with clock.at(datetime(2026, 12, 9, 10, 30, tzinfo=UTC)):
        for handle in ("gunnar", "freja"):
            person = visitor(handle)
            assert here in person.open("/moeder").tree.xpath(missed), handle
            assert here in person.open(f"/moeder?udvalg={ours}").tree.xpath(missed), handle
            assert here not in person.open(f"/moeder?udvalg={ours + 1}").tree.xpath(missed), handle
            assert here in person.open("/?alt=1").links(), handle
        assert here in visitor("bo").open("/moeder?vis=holdte&aar=2026").links()
        carla = visitor("carla")
        page = carla.open(here)
        assert "Dagen er gået, uden at mødet blev åbnet." in page.words
        assert not [link for link in page.links() if link.startswith("/forslag/nyt")]
        assert "Dagen er gået. Åbn mødet" in visitor("anna").open(here).words
        assert "Vælg et andet" in carla.submit("/forslag/nyt", **point_raised, meeting=number).words
        answers = visitor("anna").open(waits.split("?")[0])
        assert "Lyset i gården" not in answers.words
        merge = {"answer": "merge", "item": point, "reason": "Samme sag"}
        assert visitor("anna").submit(f"{waits.split('?')[0]}/svar", **merge).status_code == 422
