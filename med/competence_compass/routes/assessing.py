"""*Ny måling*: begin, one page an area, review, close."""

from typing import Any

from litestar import Response

from med import clock
from med.competence_compass import access
from med.competence_compass.access import Towards
from med.competence_compass.actions import assessing as actions
from med.competence_compass.forms.assessing import VOICES, BeginForm, CloseForm, FillForm
from med.competence_compass.models import AssessmentKind, AssessmentPurpose, LookAt, NoScore, Occasion
from med.competence_compass.queries import assessing as queries
from med.competence_compass.queries.assessing import Answer, Answers
from med.competence_compass.routes.looking import know, see, see_again, vault
from med.competence_compass.vault import Lost
from med.errors import Conflict, Invalid
from med.language import T
from med.web.forms import parse
from med.web.routing import Visit, look, post

CHOOSE = T("Vælg en af mulighederne.")


@look("/kompas/borger/{citizen_id:int}/maaling", name="compass.assess", policy=access.take_stock)
def new(visit: Visit, citizen_id: int) -> Response:
    towards = see(visit, citizen_id, LookAt.ASSESSMENT)
    values = {
        "day": clock.today().isoformat(),
        "purpose": AssessmentPurpose.ROUTINE.value,
        "voices": [AssessmentKind.SELF.value, AssessmentKind.STAFF.value],
    }
    return begin_page(visit, towards, values)


def begin_page(
    visit: Visit, towards: Towards, values: dict[str, Any], errors: dict[str, Any] | None = None, status_code: int = 200
) -> Response:
    return visit.page(
        "competence_compass/assessing_new.html",
        towards=towards,
        drafts=queries.drafts(visit.db, towards),
        instruments=queries.instruments_in_use(visit.db) if towards.instrument_id is None else [],
        purposes=list(AssessmentPurpose),
        voices=VOICES,
        values=values,
        errors=errors or {},
        status_code=status_code,
    )


@post("/kompas/borger/{citizen_id:int}/maaling", name="compass.begin_assessment", policy=access.take_stock)
def begin(visit: Visit, citizen_id: int) -> Response:
    towards = know(visit, citizen_id)
    form, errors = parse(BeginForm, visit.form)
    if form is not None:
        try:
            made = actions.begin(visit.db, visit.viewer, towards, form)
            return visit.to("compass.answer", citizen_id=citizen_id, occasion_id=made.id, place=1)
        except Invalid as invalid:
            errors = invalid.errors
    see_again(visit, towards, LookAt.ASSESSMENT)
    values = {**visit.form.values(), "voices": visit.form.all("voices")}
    return begin_page(visit, towards, values, errors, 422)


@look(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/{place:int}",
    name="compass.answer",
    policy=access.take_stock,
)
def answer(visit: Visit, citizen_id: int, occasion_id: int, place: int) -> Response:
    """One area, to be answered together."""
    towards = see(visit, citizen_id, LookAt.ASSESSMENT)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    if occasion.closed_at is not None:
        return visit.to("compass.assessment", citizen_id=citizen_id, occasion_id=occasion_id)
    area = queries.area_page(visit.db, occasion.version_id, place)
    standing = queries.answers(visit.db, occasion, area.id)
    return area_page(visit, towards, occasion, area, standing, standing)


def area_page(
    visit: Visit,
    towards: Towards,
    occasion: Occasion,
    area: queries.AreaPage,
    standing: Answers,
    chosen: Answers,
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    return visit.page(
        "competence_compass/assessing_area.html",
        towards=towards,
        occasion=occasion,
        area=area,
        voices=queries.voices(occasion),
        chosen=chosen,
        standing=standing if standing != chosen else {},
        seen=queries.digest(standing),
        reasons=list(NoScore),
        own=AssessmentKind.SELF,
        errors=errors or {},
        status_code=status_code,
    )


@post(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/{place:int}",
    name="compass.answer_area",
    policy=access.take_stock,
)
def answer_area(visit: Visit, citizen_id: int, occasion_id: int, place: int) -> Response:
    """Save the area and go on: to the next one, the one before, or the review."""
    towards = know(visit, citizen_id)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    area = queries.area_page(visit.db, occasion.version_id, place)
    given, errors = read_answers(visit, occasion, area)
    status = 422
    if not errors:
        try:
            actions.answer_area(visit.db, visit.viewer, towards, occasion, area.id, given, visit.form.get("seen"))
            return visit.go(onwards(visit, citizen_id, occasion_id, area))
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            if occasion.closed_at is not None:
                raise
            errors, status = {"": conflict.message}, 409
    see_again(visit, towards, LookAt.ASSESSMENT)
    standing = queries.answers(visit.db, occasion, area.id)
    return area_page(visit, towards, occasion, area, standing, {**standing, **given}, errors, status)


def read_answers(visit: Visit, occasion: Occasion, area: queries.AreaPage) -> tuple[Answers, dict[str, Any]]:
    """The answers in a form: fields are named voice-dimension. What is not there is not answered yet."""
    given: Answers = {}
    errors: dict[str, Any] = {}
    for kind in queries.voices(occasion):
        for asked in area.dimensions:
            raw = visit.form.get(f"{kind}-{asked.id}")
            if not raw:
                continue
            choice = read_answer(raw, asked)
            if choice is None:
                errors[f"{kind}-{asked.id}"] = CHOOSE
            else:
                given[kind, asked.id] = choice
    return given, errors


def read_answer(raw: str, asked: queries.Asked) -> Answer | None:
    if raw in set(NoScore):
        return NoScore(raw)
    return next((level.value for level in asked.levels if str(level.value) == raw), None)


def onwards(visit: Visit, citizen_id: int, occasion_id: int, area: queries.AreaPage) -> str:
    step = {"back": area.place - 1, "all": area.of + 1}.get(visit.form.get("go"), area.place + 1)
    if visit.form.get("go") == "later":
        return visit.url("compass.citizen", citizen_id=citizen_id) + "?sagt=gemt"
    if 1 <= step <= area.of:
        return visit.url("compass.answer", citizen_id=citizen_id, occasion_id=occasion_id, place=step)
    return visit.url("compass.assessment", citizen_id=citizen_id, occasion_id=occasion_id)


@look("/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}", name="compass.assessment", policy=access.take_stock)
def assessment(visit: Visit, citizen_id: int, occasion_id: int) -> Response:
    """Everything answered, side by side: to be closed, or as it stands. Who goes on (videre) begins where they left."""
    if visit.query.get("videre"):
        begun = queries.occasion(visit.db, visit.viewer, know(visit, citizen_id), occasion_id)
        if begun.closed_at is None and (place := queries.first_unanswered(visit.db, begun)):
            return visit.to("compass.answer", citizen_id=citizen_id, occasion_id=occasion_id, place=place)
    towards = see(visit, citizen_id, LookAt.ASSESSMENT)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    return review_page(visit, towards, occasion, {"differs": words_of(visit, towards, occasion)})


def words_of(visit: Visit, towards: Towards, occasion: Occasion) -> str:
    if occasion.sealed is None:
        return ""
    try:
        return str(vault(visit).open(visit.db, towards.id, actions.sealed_at(occasion), occasion.sealed))
    except Lost:
        return ""


def review_page(
    visit: Visit,
    towards: Towards,
    occasion: Occasion,
    values: dict[str, Any],
    errors: dict[str, Any] | None = None,
    status_code: int = 200,
) -> Response:
    areas = queries.review(visit.db, occasion)
    return visit.page(
        "competence_compass/assessing_review.html",
        towards=towards,
        occasion=occasion,
        areas=areas,
        missing=sum(area.missing for area in areas),
        apart=[row.title for area in areas for row in area.rows if row.apart >= actions.APART],
        voices=queries.voices(occasion),
        reasons=list(NoScore),
        is_superseded=any(one.superseded_at for one in occasion.assessments),
        values=values,
        errors=errors or {},
        status_code=status_code,
    )


@post(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/afslut",
    name="compass.close_assessment",
    policy=access.take_stock,
)
def close(visit: Visit, citizen_id: int, occasion_id: int) -> Response:
    towards = know(visit, citizen_id)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    form, errors = parse(CloseForm, visit.form)
    if form is not None:
        try:
            actions.close(visit.db, vault(visit), visit.viewer, towards, occasion, form)
            return visit.to("compass.citizen", citizen_id=citizen_id, said="gemt")
        except Invalid as invalid:
            errors = invalid.errors
    see_again(visit, towards, LookAt.ASSESSMENT)
    return review_page(visit, towards, occasion, visit.form.values(), errors, 422)


@post(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/resten",
    name="compass.fill_rest",
    policy=access.take_stock,
)
def fill_rest(visit: Visit, citizen_id: int, occasion_id: int) -> Response:
    towards = know(visit, citizen_id)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    form, errors = parse(FillForm, visit.form)
    if form is not None:
        try:
            actions.fill_rest(visit.db, visit.viewer, towards, occasion, form)
            return visit.to("compass.assessment", citizen_id=citizen_id, occasion_id=occasion_id)
        except Invalid as invalid:
            errors = invalid.errors
    see_again(visit, towards, LookAt.ASSESSMENT)
    return review_page(visit, towards, occasion, {"differs": "", **visit.form.values()}, errors, 422)


@post(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/kasser",
    name="compass.discard_assessment",
    policy=access.take_stock,
)
def discard(visit: Visit, citizen_id: int, occasion_id: int) -> Response:
    towards = know(visit, citizen_id)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    actions.discard(visit.db, visit.viewer, towards, occasion)
    return visit.to("compass.citizen", citizen_id=citizen_id)


@post(
    "/kompas/borger/{citizen_id:int}/maaling/{occasion_id:int}/ret",
    name="compass.correct_assessment",
    policy=access.take_stock,
)
def correct(visit: Visit, citizen_id: int, occasion_id: int) -> Response:
    towards = know(visit, citizen_id)
    occasion = queries.occasion(visit.db, visit.viewer, towards, occasion_id)
    made = actions.correct(visit.db, visit.viewer, towards, occasion)
    return visit.to("compass.assessment", citizen_id=citizen_id, occasion_id=made.id)


handlers = [new, begin, answer, answer_area, assessment, close, fill_rest, discard, correct]
