"""`/kompas/effekt`: what managers see of effects, in words that hold, and what nobody sees."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from med import clock
from med.competence_compass import effect_words, sums
from med.competence_compass.effects.verdicts import Reason, Verdict
from med.competence_compass.models import Activity, Dimension, EffectRun, Hypothesis, Measure, RunState, Version
from med.competence_compass.publishing import publish
from med.competence_compass.routes import effects
from tests.competence_compass.factories import make_activity, suppose
from tests.competence_compass.findings import CASES, estimate, make_done, make_findings
from tests.competence_compass.house import make_instrument, unit_id

HIDDEN = ("0,91", "0,81", "0.91", "0.81", "nan", "None", "inf")


def text_of(page) -> str:
    return " ".join(page.tree.xpath("string(//main)").split())


def test_a_manager_reads_every_verdict_in_words(visitor, write):
    write(make_findings)
    page = visitor("anna").open("/kompas/effekt")
    said = text_of(page)
    assert page.tree.xpath("string(//h1)") == "Udvikler det, vi gør, borgernes kompetencer?"
    for word in ("udvikler", "tilbagegang", "fastholder", "ingen påviselig effekt", "uafklaret", "for få data"):
        assert word in said
    assert "Tallene tyder på en mellemstor fremgang." in said
    assert "Vi kunne have set en mellemstor virkning eller større (fra 0,40)." in said
    for verdict, reason, _ in CASES:
        assert not reason or str(effect_words.because(verdict, reason)) in said
    assert "omkring 4.310 vurderinger til og med 19. nov. 2026" in said
    assert "beviser ikke" in said and "betyder ikke, at aktiviteten ikke virker" in said
    assert "omkring 35 deltagere" in said and "33 deltagere" not in said


def test_every_word_of_the_analysis_has_a_sentence():
    assert set(effect_words.VERDICTS) == {one.value for one in Verdict}
    assert set(effect_words.REASONS) == {one.value for one in Reason if one.value}


def test_numbers_of_few_are_nowhere(visitor, write):
    """Neither on the page nor in the file, the drawing or its title."""
    write(make_findings)
    anna = visitor("anna")
    page, file = anna.open("/kompas/effekt"), anna.open("/kompas/effekt/fil")
    for told in (page.text, file.text):
        for secret in HIDDEN:
            assert not re.search(rf"\b{re.escape(secret)}\b", told), secret
    assert file.headers["content-type"].startswith("text/csv")
    lines = file.text.lstrip("\ufeff").splitlines()
    assert len(lines) == 1 + len(CASES) and len({line.count(";") for line in lines}) == 1
    few = next(line for line in lines if "Færre end 10" in line)
    assert ";for få data;;;;;;;" in few


def test_rows_stand_in_the_instruments_order_and_never_by_size(visitor, write):
    def story(db):
        version = make_instrument(db, "orden")
        run = make_done(db, version)
        for code, title, shrunken in (("O-1", "Båd", 0.1), ("O-2", "Anker", 0.2), ("O-3", "Camping", 0.9)):
            activity = make_activity(db, code, title)
            suppose(db, activity, version, 1)
            dimension = activity_dimension(db, version)
            estimate(db, run, activity, dimension, verdict="uafklaret", estimate=shrunken, shrunken=shrunken, se=0.1)
        publish(db, run)

    write(story)
    page = visitor("anna").open("/kompas/effekt")
    names = [" ".join(link.text_content().split()) for link in page.tree.xpath("//ul[@class='moves']//b/a")]
    assert names == ["Anker", "Båd", "Camping"]


def activity_dimension(db, version):
    """The dimension that `suppose(…, 1)` is about."""
    return db.scalars(select(Dimension).where(Dimension.version_id == version.id).order_by(Dimension.id)).all()[1]


def test_one_area_at_a_time_where_there_is_much(visitor, write, monkeypatch):
    monkeypatch.setattr(effects, "MOST_AT_ONCE", 5)
    write(make_findings)
    anna = visitor("anna")
    first = text_of(anna.open("/kompas/effekt"))
    assert "Værksted 0: udvikler" in first and "Værksted 5:" not in first
    with_all = anna.open("/kompas/effekt/fil").text
    assert "Værksted 0" in with_all and "Værksted 5" in with_all


@pytest.mark.parametrize("person", ["bo", "carla", "emil", "freja", "gunnar", "julie", "karl", "ivan"])
def test_to_others_there_is_no_such_page(visitor, write, person):
    write(make_findings)
    them = visitor(person)
    assert them.open("/kompas/effekt").status_code == 404
    assert them.open("/kompas/effekt/fil").status_code == 404
    assert them.submit("/kompas/effekt", redskab="1").status_code == 404


def test_managers_see_their_own_units_and_no_others(visitor, write):
    def story(db):
        run = make_findings(db)
        other = make_activity(db, "X-1", "Bakkehusets køkken", unit="ungesporet")
        dimension = activity_dimension(db, run.version)
        suppose(db, other, run.version, 1)
        estimate(db, run, other, dimension, verdict="udvikler", estimate=0.5, shrunken=0.5, se=0.1)
        publish(db, run)
        # Anna leads Værkstederne alone here.
        db.execute(update(Activity).where(Activity.code == "V-0").values(unit_id=unit_id(db, "ungesporet")))
        return unit_id(db, "ungesporet")

    young = write(story)
    said = text_of(visitor("hanne").open("/kompas/effekt"))
    assert "Bakkehusets køkken" in said and "Værksted 0" in said
    some = text_of(visitor("hanne").open(f"/kompas/effekt?enhed={young}"))
    assert "Bakkehusets køkken" in some and "Værksted 1:" not in some


def test_a_manager_asks_for_a_new_run_and_sees_how_far_it_is(visitor, write, database):
    write(make_findings)
    anna = visitor("anna")
    sent = anna.open("/kompas/effekt").form("Regn igen").send()
    assert sent.status_code == 303
    page = anna.open("/kompas/effekt")
    assert "En ny beregning er i gang" in text_of(page) and "venter på at komme til" in text_of(page)
    with database.reading() as db:
        run = db.scalars(select(EffectRun.id).where(EffectRun.state == RunState.WAITING)).one()
    write(
        lambda db: db.execute(update(EffectRun).where(EffectRun.id == run).values(state=RunState.WORKING, progress=40))
    )
    assert "40 % er regnet" in text_of(anna.open("/kompas/effekt"))
    write(
        lambda db: db.execute(
            update(EffectRun).where(EffectRun.id == run).values(state=RunState.FAILED, error="The analysis ended")
        )
    )
    said = text_of(anna.open("/kompas/effekt"))
    assert "blev ikke færdig" in said and "The analysis" not in said and "tyder på" in said


def test_a_guarded_run_says_that_people_were_rising(visitor, write):
    write(lambda db: make_findings(db, lead_z=3.1, is_guarded=True))
    assert "på vej frem, før de begyndte" in text_of(visitor("anna").open("/kompas/effekt"))


# --- bad data ---------------------------------------------------------------------------------------------------------


def nothing(db):
    """Nobody wrote a hypothesis, nothing was ever computed."""
    for activity in db.scalars(select(Activity)):
        activity.unit_id = unit_id(db, "ungesporet")


def no_run(db):
    version = make_instrument(db, "tom")
    suppose(db, make_activity(db, "T-1", "Tom"), version)


def empty_run(db):
    no_run(db)
    version = db.scalars(select(Version).order_by(Version.id.desc()).limit(1)).one()
    publish(db, make_done(db, version, cut_off=None, rows_used=0, rows_left_out=0, lead_z=None))


def numbers_missing(db):
    version = make_instrument(db, "huller")
    run = make_done(db, version, lead_z=None)
    for number, verdict in enumerate(effect_words.VERDICTS):
        activity = make_activity(db, f"H-{number}", f"Hul {number}")
        suppose(db, activity, version, 1)
        estimate(db, run, activity, activity_dimension(db, version), verdict=verdict, ceiling=None, floor=None)
    publish(db, run)


def numbers_not_finite(db):
    version = make_instrument(db, "uendelig")
    run = make_done(db, version, lead_z=float("inf"))
    wild = float("inf")
    for number, verdict in enumerate(effect_words.VERDICTS):
        activity = make_activity(db, f"U-{number}", f"Vild {number}")
        suppose(db, activity, version, 1)
        estimate(
            db, run, activity, activity_dimension(db, version), verdict=verdict, shrunken=0.2, ci_low=-wild,
            ci_high=wild, detectable=wild, waiting_estimate=wild, waiting_n=20, ceiling=wild,
        )  # fmt: skip
    publish(db, run)


def one_participant(db):
    version = make_instrument(db, "en")
    run = make_done(db, version)
    activity = make_activity(db, "E-1", "Alene")
    suppose(db, activity, version, 1)
    estimate(db, run, activity, activity_dimension(db, version), n=1, estimate=0.9137, shrunken=0.9137, se=0.1,
             verdict="udvikler")  # fmt: skip
    publish(db, run)


def an_unknown_word(db):
    version = make_instrument(db, "fremtid")
    run = make_done(db, version)
    activity = make_activity(db, "F-1", "Fra en nyere version")
    suppose(db, activity, version, 1)
    estimate(db, run, activity, activity_dimension(db, version), estimate=0.1, shrunken=0.1, se=0.1, reason="martians")
    publish(db, run)


@pytest.mark.parametrize(
    "story",
    [nothing, no_run, empty_run, numbers_missing, numbers_not_finite, one_participant, an_unknown_word],
    ids=lambda story: story.__name__,
)
def test_whatever_the_data_there_is_a_page_with_words(visitor, write, story):
    write(story)
    anna = visitor("anna")
    for path in ("/kompas/effekt", "/kompas"):
        said = text_of(anna.open(path))
        assert len(said) > 60
        for secret in ("nan", "inf", "None", "0,91"):
            assert not re.search(rf"(?<![\w]){re.escape(secret)}(?![\w])", said), (path, secret)
    assert anna.open("/kompas/effekt/fil").status_code == 200


@pytest.mark.parametrize("query", ["enhed=x", "enhed=99999999999999999999", "kvartal=1999-9", "redskab=-1"])
def test_an_address_that_makes_no_sense_is_said_to(visitor, query):
    assert visitor("anna").open(f"/kompas/effekt?{query}").status_code == 400


def test_units_of_others_are_not_there_to_choose(visitor, database):
    with database.reading() as db:
        far = unit_id(db, "engbakkeskolen")
    assert visitor("anna").open(f"/kompas/effekt?enhed={far}").status_code == 404


# --- other pages ------------------------------------------------------------------------------------------------------


def test_the_compass_tells_managers_how_many_of_each_answer(visitor, write):
    write(make_findings)
    said = text_of(visitor("anna").open("/kompas"))
    assert f"{len(CASES)} hypoteser i dine enheder er undersøgt" in said and "uafklaret 4" in said
    assert "er undersøgt" not in text_of(visitor("carla").open("/kompas"))


def test_an_activitys_page_tells_its_leader_what_is_known_and_nobody_else(visitor, write):
    def story(db):
        make_findings(db)
        return db.scalar(select(Activity.id).where(Activity.code == "V-0"))

    activity = write(story)
    said = text_of(visitor("anna").open(f"/kompas/aktivitet/{activity}"))
    assert "Hvad ved vi om virkningen?" in said and "Tallene tyder på en mellemstor fremgang." in said
    for other in ("carla", "bo", "freja"):
        assert "virkningen?" not in text_of(visitor(other).open(f"/kompas/aktivitet/{activity}"))


# --- numbers stand, words move ----------------------------------------------------------------------------------------


def one_pair(db, days, n, size, verdict="uafklaret"):
    """A run `days` from now about one activity; made in the quarter it falls in."""
    with clock.at(clock.now() + timedelta(days=days)):
        version = db.scalar(
            select(Version).join(Dimension).join(Hypothesis).join(Activity).where(Activity.code == "K-1")
        )
        if version is None:
            version = make_instrument(db, "kvartal")
            suppose(db, make_activity(db, "K-1", "Kvartalet"), version, 1)
        activity = db.scalars(select(Activity).where(Activity.code == "K-1")).one()
        run = make_done(db, version)
        estimate(db, run, activity, activity_dimension(db, version), n=n, estimate=size, shrunken=size, se=0.1,
                 verdict=verdict)  # fmt: skip
        publish(db, run)
        return run.id


def row_of(visitor):
    lines = visitor("anna").open("/kompas/effekt/fil").text.lstrip("\ufeff").splitlines()
    return next(line for line in lines if ";Kvartalet;" in line).split(";")


def test_numbers_stand_within_the_quarter_and_until_ten_have_joined(visitor, write):
    """The nightly run after somebody was assessed moves nothing that could be subtracted."""
    first = write(lambda db: one_pair(db, 0, 12, 0.30))
    before = row_of(visitor)
    assert (before[0], before[7], before[8]) == (str(first), "10", "0,3")
    write(lambda db: one_pair(db, 1, 13, 0.42))
    assert row_of(visitor) == before
    write(lambda db: one_pair(db, 60, 20, 0.55))  # the next quarter, but only eight have joined
    assert row_of(visitor) == before
    write(lambda db: one_pair(db, 70, 30, 0.60))  # enough, but the quarter's run was made already
    assert row_of(visitor) == before
    later = write(lambda db: one_pair(db, 150, 31, 0.65))
    after = row_of(visitor)
    assert (after[0], after[7], after[8]) == (str(later), "30", "0,65")


def test_how_many_were_measured_before_and_after_is_rounded_as_everywhere(visitor, write):
    def told(db):
        one_pair(db, 0, 18, 0.30)
        activity = db.scalars(select(Activity.id).where(Activity.code == "K-1")).one()
        dimension = db.scalars(select(Hypothesis.dimension_id).where(Hypothesis.activity_id == activity)).one()
        sums.keep(db, Measure.CHANGES, "2026-4", [[activity, dimension, 16, 2.4, 3.1]])
        return activity

    activity = write(told)
    said = text_of(visitor("anna").open(f"/kompas/aktivitet/{activity}"))
    assert "i gennemsnit 2,4 før og 3,1 efter" in said.lower()
    assert "omkring 15 deltagere" in said and "omkring 20 deltagere" in said
    assert " 16 deltagere" not in said and " 18 deltagere" not in said
    assert "vises, når mindst ti har vurderet sig selv" in said and "Borgerne selv:" not in said


def test_the_citizens_own_voice_stands_beside_what_staff_see(visitor, write):
    def told(db):
        one_pair(db, 0, 18, 0.30)
        activity = db.scalars(select(Activity.id).where(Activity.code == "K-1")).one()
        dimension = db.scalars(select(Hypothesis.dimension_id).where(Hypothesis.activity_id == activity)).one()
        sums.keep(db, Measure.CHANGES, "2026-4", [[activity, dimension, 16, 2.4, 3.1, 13, 2.9, 3.2]])
        return activity

    page = visitor("anna").open(f"/kompas/aktivitet/{write(told)}")
    assert "Borgerne selv: 2,9 før og 3,2 efter (omkring 15 har svaret)" in text_of(page)
    [row] = page.tree.xpath("//table[caption[@id='t-foer-efter']]/tbody/tr")
    assert [cell.text_content() for cell in row.xpath("td")] == ["15", "2,4", "3,1", "2,9", "3,2"]


def test_what_a_reader_should_know_follows_the_numbers_out_of_the_house(visitor, write):
    def told(db):
        one_pair(db, 0, 18, 0.30)
        activity = db.scalars(select(Activity.id).where(Activity.code == "K-1")).one()
        sums.keep(db, Measure.DOSE, "2027", {f"a{activity}": 65})
        sums.keep(db, Measure.MISSING, "2027", [f"a{activity}"])
        return db.get_one(Activity, activity).unit_id

    unit = write(told)
    anna = visitor("anna")
    for path in ("/kompas/effekt", "/kompas/effekt/fil", "/kompas/udviklingsplan", "/kompas/udviklingsplan/fil"):
        said = anna.open(path).text
        assert "Deltagerne kom i snit 65 % af gangene." in said, path
        assert "deltagerne og de ventende er ikke målt lige ofte" in said, path
    [plan] = [link for link in anna.open(f"/kompas/effekt?enhed={unit}").links() if "udviklingsplan" in link]
    assert plan.endswith(f"&enhed={unit}")
    assert re.search(r"Beregning \d+, ", anna.open("/kompas").words)


def test_a_period_shows_what_could_be_said_at_its_end(visitor, write):
    first = write(lambda db: one_pair(db, 0, 25, 0.30))
    later = write(lambda db: one_pair(db, 150, 40, 0.60, "udvikler"))

    def count(db):
        for quarter in ("2026-4", "2027-2"):
            sums.keep(db, Measure.WAITING, quarter, [])

    write(count)
    anna = visitor("anna")
    lines = {}
    for quarter in ("", "2027-2", "2026-4", "2026-3"):
        said = text_of(anna.open(f"/kompas/effekt?kvartal={quarter}"))
        file = anna.open(f"/kompas/effekt/fil?kvartal={quarter}").text.lstrip("\ufeff").splitlines()[1:]
        lines[quarter] = [line.split(";")[0] for line in file]
        assert ("ikke lavet nogen beregning ved udgangen af 3. kvartal 2026" in said) == (quarter == "2026-3")
        assert ("hvad der kunne siges ved udgangen" in said) == (quarter in {"2027-2", "2026-4"})
        assert ("tyder på en mellemstor fremgang" in said) == (quarter in {"", "2027-2"})
    assert lines == {"": [str(later)], "2027-2": [str(later)], "2026-4": [str(first)], "2026-3": []}


def test_a_new_word_comes_at_once_and_without_its_numbers(visitor, write):
    write(lambda db: one_pair(db, 0, 25, 0.30))
    write(lambda db: one_pair(db, 1, 26, 0.45, "udvikler"))
    row = row_of(visitor)
    assert row[6] == "udvikler" and row[7:13] == [""] * 6
    assert "mellemstor fremgang" in row[13] and "Ordet er nyt" in row[13]
    said = text_of(visitor("anna").open("/kompas/effekt"))
    assert "0,45" not in said and "deltagere" not in said[said.index("Kvartalet") : said.index("mellemstor fremgang")]
    write(lambda db: one_pair(db, 60, 36, 0.47, "udvikler"))
    assert row_of(visitor)[7:9] == ["35", "0,45"]


def test_a_new_word_leaves_the_others_where_they_are_read_first(visitor, write):
    """On the activity's page what holds of each competence comes first, whichever run it is from."""

    def story(db, days=0, verdict="uafklaret"):
        with clock.at(clock.now() + timedelta(days=days)):
            activity = db.scalar(select(Activity).where(Activity.code == "K-2"))
            if activity is None:
                activity, made = make_activity(db, "K-2", "Flere mål"), make_instrument(db, "flere")
                for place in (0, 1):
                    suppose(db, activity, made, place)
            version = db.scalars(
                select(Version).join(Dimension).join(Hypothesis).where(Hypothesis.activity_id == activity.id).distinct()
            ).one()
            run = make_done(db, version)
            dimensions = db.scalars(select(Dimension).where(Dimension.version_id == version.id).order_by(Dimension.id))
            for dimension, word in zip(dimensions, (verdict, "uafklaret"), strict=False):
                estimate(db, run, activity, dimension, estimate=0.3, shrunken=0.3, se=0.1, verdict=word)
            publish(db, run)
            return activity.id, run.id

    activity, first = write(story)
    _, second = write(lambda db: story(db, 1, "udvikler"))
    page = visitor("anna").open(f"/kompas/aktivitet/{activity}")
    shown, before = page.tree.xpath("//section[@id='virkning']/ul"), page.tree.xpath("//section[@id='virkning']//ul")
    rows = [" ".join(row.text_content().split()) for row in shown[0].xpath("li[b or div]")]
    assert len(rows) == 2 and "udvikler" in rows[0] and "deltagere" not in rows[0]
    assert "uafklaret" in rows[1] and "omkring 35 deltagere" in rows[1] and "virkning +0,30" in rows[1]
    assert f"Tallene er fra beregning {first}" in rows[1]
    assert len(before) == 2 and len(before[1]) == 1 and "uafklaret" in before[1].text_content()
    table = page.tree.xpath("//table[caption/@id=$id]/tbody/tr", id=f"t-virkning-{second}")
    assert [row.xpath("string(td[2])") for row in table] == ["–", "+0,30"]


def test_a_total_and_its_parts_do_not_stand_at_one_margin(visitor, write):
    def story(db):
        top, below = (unit_id(db, key) for key in ("aabrinken", "vaerkstederne"))
        kept = [[[f"u{top}"], 60], [[f"u{top}", f"u{below}"], 40]]
        kept += [
            [[f"u{top}", f"u{below}", f"a{make_activity(db, code, title).id}"], number]
            for code, title, number in (("D-1", "Dybt nede", 40), ("D-2", "Skjult", None))
        ]
        sums.keep(db, Measure.WAITING, "2026-4", kept)
        sums.keep(db, Measure.WAITED, "2026-4", {})

    write(story)
    anna = visitor("anna")
    page = anna.open("/kompas/effekt")
    rows = page.tree.xpath("//div[@aria-labelledby='h-vente']//tbody//th")
    assert [(row.text_content(), row.get("class")) for row in rows] == [
        ("Åbrinken", None), ("Værkstederne", "in-1"), ("Dybt nede", "in-2")
    ]  # fmt: skip
    assert "For 1 aktivitet vises tallene ikke." in text_of(page)
    assert "The numbers of 1 activity are not shown." in text_of(anna.open("/kompas/effekt?sprog=en"))


def test_a_reason_never_tells_what_the_table_hides(visitor, write):
    """Methods before the third took a word back on the word of a single waiting citizen: that is told no more."""

    def story(db):
        version = make_instrument(db, "gammel")
        run = make_done(db, version)
        for code, waiting_n in (("G-1", 9), ("G-2", 10)):
            activity = make_activity(db, code, f"{waiting_n} ventede")
            suppose(db, activity, version, 1)
            estimate(
                db, run, activity, activity_dimension(db, version), reason="waiting_list_disagrees", estimate=0.4,
                shrunken=0.3, se=0.13, waiting_estimate=-0.2, waiting_n=waiting_n,
            )  # fmt: skip
        publish(db, run)

    write(story)
    lines = visitor("anna").open("/kompas/effekt/fil").text.splitlines()
    few, enough = (next(line for line in lines if f";{n} ventede;" in line) for n in (9, 10))
    assert "ventelisten" not in few and "ventelisten peger den anden vej" in enough


def test_what_was_told_is_changed_by_nobody(database, write):
    write(lambda db: one_pair(db, 0, 25, 0.30))
    for verb in ("UPDATE compass_told_estimate SET told_as = 'words'", "DELETE FROM compass_quarters_run"):
        with pytest.raises(DBAPIError), database.writing() as db:
            db.execute(text(verb))


# --- what the guard found ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("run", "said", "unsaid"),
    [
        ({"lead_z": 0.4, "line_z": 1.0}, "Intet tyder på, at deltagerne var på vej frem", "egen linje"),
        ({"lead_z": 2.6, "line_z": 1.0, "is_guarded": True}, "Det sidste halve år før start lå", "Set over alle årene"),
        ({"lead_z": -0.4, "line_z": 5.2, "is_guarded": True}, "Set over alle årene udvikler", "Det sidste halve år"),
        ({"lead_z": None, "line_z": None, "is_guarded": True}, "udviklede sig allerede", "Intet tyder på"),
        ({"lead_z": None, "line_z": None}, "det kan ikke undersøges", "egen linje"),
        ({"lead_z": float("nan"), "line_z": float("inf")}, "det kan ikke undersøges", "egen linje"),
    ],
)
def test_what_was_found_of_those_rising_anyway_is_said_in_words(run, said, unsaid):
    found = effect_words.guard(EffectRun(**{"is_guarded": False, **run}))
    words = " ".join([str(found.title), *map(str, found.said)])
    assert said in words and unsaid not in words and "nan" not in words
    assert found.is_rising == run.get("is_guarded", False)


def test_the_page_is_made_anew_for_each_change_and_for_each_leaders_units(visitor, write):
    """Kept pages never cross what a viewer may see, nor outlive what they show."""
    write(make_findings)
    anna = visitor("anna")
    assert "Værksted 0: udvikler" in text_of(anna.open("/kompas/effekt"))
    write(lambda db: db.execute(update(Activity).where(Activity.code == "V-0").values(title="Et helt andet navn")))
    again = text_of(anna.open("/kompas/effekt"))
    assert "Et helt andet navn" in again and "Værksted 0: udvikler" not in again
    for other in ("carla", "freja"):
        assert visitor(other).open("/kompas/effekt").status_code == 404
    english = text_of(anna.open("/kompas/effekt?sprog=en"))
    assert "Does what we do" in english and "Et helt andet navn" in english
