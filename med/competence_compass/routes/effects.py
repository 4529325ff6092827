"""`/kompas/effekt`: does what we do develop the citizens' competences? Sums, for those who lead units."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from litestar import Response
from markupsafe import Markup
from msgspec import Struct

from med.access import allows, require
from med.charts import dumbbell, forest, radar
from med.competence_compass import access, disclosure, effect_words, sums
from med.competence_compass.analysing import ask_for_run
from med.competence_compass.models import Activity, Measure, Version
from med.competence_compass.publishing import quarters_run
from med.competence_compass.queries import activities, effect_sums
from med.competence_compass.queries import effects as queries
from med.competence_compass.queries.effect_marks import what_shows
from med.competence_compass.queries.effects import Finding
from med.errors import Conflict, NotFound, Unreadable
from med.kept import Kept
from med.language import T, Text
from med.numbers import asked_number
from med.tables.writing import write_csv
from med.web.pages import number
from med.web.routing import Visit, get, post
from med.workdays import to_utc

NEGLIGIBLE = 0.2
MOST_AT_ONCE = 120  # findings on a page; of more, one area at a time
OPEN_AT_ONCE = 15  # of more, each area is opened by itself


class Row(NamedTuple):
    """A finding with its drawing and its words."""

    finding: Finding
    drawn: forest.Row | None
    word: Text
    tone: str
    about: Text
    why: list[Text]
    said: Text
    numbers: tuple[str, ...]  # participants, effect, from, to, the waiting list, what could have been seen


class AreaRows(NamedTuple):
    """An area of the instrument: how many of each answer, and its rows as a finished piece; None where the page has
    room for one area at a time and this is another."""

    id: int
    title: str
    answers: list[tuple[Text, str, int]]
    rows: Markup | None


class Chosen(Struct, frozen=True):
    """What the address asks for: which instrument version, which unit (None: all), which quarter (None: the newest)."""

    versions: list[Any]
    version_id: int | None
    unit_id: int | None
    units: set[int] | None
    quarter: str | None

    @property
    def is_used(self) -> bool:
        """Whether anybody was assessed with it: else there is nothing to compute on."""
        return any(row.id == self.version_id and row.is_used for row in self.versions)

    @property
    def until(self) -> datetime | None:
        """The end of the quarter; None for all that is told by now."""
        if self.quarter is None:
            return None
        year, quarter = map(int, self.quarter.split("-"))
        return to_utc(sums.last_day(year, quarter) + timedelta(days=1), time())

    @property
    def query(self) -> str:
        parts = (("redskab", self.version_id), ("enhed", self.unit_id), ("kvartal", self.quarter))
        return "&".join(f"{name}={value}" for name, value in parts if value)


def chosen(visit: Visit) -> Chosen:
    """NotFound for who leads nothing; a choice that does not exist is said to be none."""
    if not allows(visit.viewer, access.see_sums, None):
        raise NotFound
    versions = list(queries.versions(visit.db, visit.viewer))
    asked = asked_number(visit.query.get("redskab"))
    ids = [row.id for row in versions]
    if asked is not None and asked not in ids:
        raise NotFound
    unit_id = asked_number(visit.query.get("enhed"))
    if unit_id is not None and unit_id not in visit.viewer.managed_unit_ids:
        raise NotFound
    quarter = visit.query.get("kvartal") or None
    if quarter is not None and quarter not in sums.periods(visit.db, Measure.WAITING):
        raise Unreadable(T("Adressen indeholder et valg, der ikke findes."))
    return Chosen(
        versions,
        asked if asked is not None else ids[0] if ids else None,
        unit_id,
        activities.reach(visit.db, unit_id) if unit_id is not None else None,
        quarter,
    )


def scale_of(found: Iterable[Finding]) -> forest.Scale:
    return forest.scale((end for one in found for end in (one.low, one.high) if end is not None), NEGLIGIBLE)


def as_row(
    one: Finding, on: forest.Scale, run_id: int | None = None, attended: int | None = None, is_uneven: bool = False
) -> Row:
    """`run_id` is the page's run: a finding that is older says so. The rest is what a reader should know beside it."""
    word, tone = effect_words.verdict(one)
    drawing = None if one.size is None else forest.row(on, one.size, one.low, one.high, one.second)
    sizes = (one.size, one.low, one.high, one.second, one.detectable)
    numbers = ("–" if one.n is None else number(one.n), *(effect_words.sized(size) or "–" for size in sizes))
    why = effect_words.why(one) + effect_words.beside(one, run_id, attended, is_uneven)
    return Row(one, drawing, word, tone, effect_words.about(one), why, effect_words.spoken(one), numbers)


@get("/kompas/effekt", name="compass.effects", policy=access.see_sums)
def show(visit: Visit) -> Response:
    """Made once for those who lead the same units, and again when anything it shows has changed."""
    asked = chosen(visit)
    area_id = asked_number(visit.query.get("omraade"))
    body = visit.desk.pages.filled(
        "competence_compass/effects_show.html",
        visit,
        (tuple(map(tuple, asked.versions)), *what_shows(visit.db, visit.viewer, asked.version_id)),
        {},
        lambda: shown(visit, asked, area_id),
    )
    return visit.whole(body)


def shown(visit: Visit, asked: Chosen, area_id: int | None) -> dict[str, Any]:
    """All of it from estimates and snapshots; no assessment is looked at."""
    runs, found = queries.Runs(None, None, None), []
    if asked.version_id:
        runs = queries.runs(visit.db, asked.version_id, asked.quarter)
        found = told(visit, asked) if runs.told else []
    by_area = [(*area, list(some)) for area, some in groupby(found, key=lambda one: (one.area_id, one.area))]
    if area_id is None and len(found) > MOST_AT_ONCE:
        area_id = by_area[0][0]
    on = scale_of(found)
    around = effect_sums.circumstances(visit.db)
    is_open = area_id is not None or len(found) <= OPEN_AT_ONCE
    return {
        "asked": asked,
        "runs": runs,
        "guard": effect_words.guard(runs.told) if runs.told else None,
        "assessments": disclosure.rounded(runs.told.rows_used) if runs.told else 0,
        "left_out": disclosure.rounded(runs.told.rows_left_out) if runs.told else 0,
        "count": len(found),
        "answers": effect_words.answers(found),
        "every_area": [(id, title) for id, title, _ in by_area],
        "area_id": area_id,
        "all_at_once": len(found) <= MOST_AT_ONCE,
        "is_open": is_open,
        "areas": [
            AreaRows(
                id,
                title,
                effect_words.answers(some),
                area_rows(visit, some, on, around, runs.told.id) if area_id in (None, id) else None,
            )
            for id, title, some in by_area
        ],
        "sums": effect_sums.sums_seen(visit.db, visit.viewer, asked.quarter, asked.units),
        "units": led_units(visit),
        "quarters": [(one, quarter_words(one)) for one in sums.periods(visit.db, Measure.WAITING)],
        "quarter_words": quarter_words,
    }


def told(visit: Visit, asked: Chosen) -> list[Finding]:
    if asked.version_id is None:
        return []
    return queries.findings(visit.db, visit.viewer, asked.version_id, units=asked.units, until=asked.until)


def area_rows(
    visit: Visit, some: list[Finding], on: forest.Scale, around: effect_sums.Circumstances, run_id: int
) -> Markup:
    """An area's rows and table. Kept under all that stands in them: nothing in them is about who reads."""
    beside = tuple((around.attended.get(one.activity_id), one.activity_id in around.uneven) for one in some)
    key = (tuple(some), beside, on.reach, run_id, visit.arrival.language)
    found = AREAS.get(key)
    if found is None:
        found = Markup(  # nosec B704 - a template's own
            visit.desk.pages.env.get_template("competence_compass/_effects_area.html").render(
                rows=[as_row(one, on, run_id, *more) for one, more in zip(some, beside, strict=True)],
                on=on,
                ticks=[(x, number(value)) for x, value in on.ticks],
                run_id=run_id,
            )
        )
        AREAS.put(key, found)
    return found


AREAS: Kept[Markup] = Kept(400)  # of about 10 kB


def led_units(visit: Visit) -> list[Any]:
    """(id, name) of the units the viewer leads."""
    return effect_sums.UNITS(visit.db, ids=visit.viewer.managed_unit_ids)


def quarter_words(period: str) -> Text:
    year, _, quarter = period.partition("-")
    return T("%(quarter)s. kvartal %(year)s", quarter=quarter, year=year)


@get("/kompas/effekt/fil", name="compass.effects_file", policy=access.see_sums)
def file(visit: Visit) -> Response:
    """The table of the page, number for number: what is hidden there is hidden here."""
    asked = chosen(visit)
    found = told(visit, asked)
    around = effect_sums.circumstances(visit.db)
    header = [
        T("Beregning"), T("Lavet"), T("Område"), T("Kompetence"), T("Aktivitet"), T("Formål"),
        T("Hvad kan vi sige?"), T("Deltagere, omkring"), T("Virkning"), T("Fra"), T("Til"), T("Ventelisten"),
        T("Kunne have set"), T("Forklaring"),
    ]  # fmt: skip
    lines = [
        [
            one.run_id, one.told_on, one.area, one.dimension, one.activity,
            str(AIMS[one.is_maintain]), str(effect_words.verdict(one)[0]), one.n, one.size, one.low, one.high,
            one.second, one.detectable, effect_words.explained(one, around),
        ]
        for one in found
    ]  # fmt: skip
    return Response(
        write_csv([str(title) for title in header], lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="effekt.csv"'},
    )


AIMS = {False: T("Udvikle"), True: T("Fastholde")}


@post("/kompas/effekt", name="compass.ask_for_effects", policy=access.see_sums)
def ask(visit: Visit) -> Response:
    """Ask for the numbers anew; they are computed in a process of their own."""
    if not allows(visit.viewer, access.see_sums, None):
        raise NotFound
    require(visit.viewer, access.see_sums, None)
    ids = [row.id for row in queries.versions(visit.db, visit.viewer)]
    version_id = asked_number(visit.form.get("redskab"))
    if version_id not in ids:
        raise Conflict(T("Ingen af dine enheders aktiviteter har en hypotese om det redskab."))
    ask_for_run(visit.db, visit.viewer, visit.db.get_one(Version, version_id))
    return visit.go(f"/kompas/effekt?redskab={version_id}#beregningen")


# --- on other pages ---------------------------------------------------------------------------------------------------


def on_landing(visit: Visit) -> Markup | None:
    """For those who lead units: how many of each answer, and the way to them."""
    if not allows(visit.viewer, access.see_sums, None):
        return None
    versions = queries.versions(visit.db, visit.viewer)
    if not versions:
        return None
    run = quarters_run(visit.db, versions[0].id)
    found = queries.findings(visit.db, visit.viewer, versions[0].id) if run else []
    return visit.desk.pages.piece(
        "competence_compass/_effects_landing.html",
        visit,
        run=run,
        answers=effect_words.answers(found),
        of=len(found),
    )


class OnActivity(Struct, frozen=True):
    """The effects part of one activity's page."""

    starts: list[tuple[str, int | None]]
    changes: list[tuple[effect_sums.Change, dumbbell.Row]]
    scale: list[tuple[float, str]]
    runs: list[tuple[int, date | None, list[Row]]]
    on: forest.Scale
    ticks: list[tuple[float, str]]


def on_activity(visit: Visit, activity: Activity) -> OnActivity | None:
    """None for who does not lead its unit."""
    if not allows(visit.viewer, access.see_sums, None) or activity.unit_id not in visit.viewer.managed_unit_ids:
        return None
    history = queries.history(visit.db, visit.viewer, activity.id)
    on = scale_of(one for _, _, found in history for one in found)
    around = effect_sums.circumstances(visit.db)
    newest = history[0][0] if history else None, around.attended.get(activity.id), activity.id in around.uneven
    changes = effect_sums.changes_seen(visit.db, visit.viewer, activity.id)
    low, high = min((one.low for one in changes), default=0), max((one.high for one in changes), default=1)
    return OnActivity(
        starts=effect_sums.starts_by_year(visit.db, activity.id),
        changes=[(one, dumbbell.row(one.before, one.after, None, low, high)) for one in changes],
        scale=[(dumbbell.place(value, low, high), str(value)) for value in radar.scale_numbers(low, high)],
        runs=[
            (run, day, [as_row(one, on, *(() if at else newest)) for one in found])
            for at, (run, day, found) in enumerate(history)
        ],
        on=on,
        ticks=[(x, number(value)) for x, value in on.ticks],
    )


handlers = [show, file, ask]
