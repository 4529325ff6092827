"""`/kompas/venteliste/{activity}`: who waits, whose turn it is and why. For those who coordinate the unit."""

from collections.abc import Callable
from typing import Any

from litestar import Response
from sqlalchemy.orm import Session

from med import language
from med.access import allows
from med.competence_compass import access
from med.competence_compass.access import AboutActivity, role_towards
from med.competence_compass.actions import waiting as actions
from med.competence_compass.activity_words import NEEDS, need
from med.competence_compass.forms.waiting import (
    Answer,
    AnswerForm,
    DrawForm,
    LeaveListForm,
    NeedForm,
    OfferForm,
    QueueForm,
)
from med.competence_compass.looks import LookRole, note_looks
from med.competence_compass.models import Activity, Citizen, LookAt, WaitingEntry, WaitingOutcome, WaitingReason
from med.competence_compass.queries import activities
from med.competence_compass.queries import waiting as queries
from med.competence_compass.vault import Lost, Vault, vault_of
from med.errors import Conflict, Invalid, NotFound
from med.language import T
from med.web.forms import parse
from med.web.routing import Visit, look, post
from med.workdays import short_date

ANSWERS = {
    Answer.YES: T("Ja tak – får pladsen"),
    Answer.NOT_NOW: T("Nej tak nu – beholder sin plads på listen"),
    Answer.NO: T("Ønsker det ikke længere"),
    Answer.NONE: T("Intet svar inden fristen"),
}


def vault(visit: Visit) -> Vault:
    return vault_of(visit.desk.settings.data_dir)


def _list(visit: Visit, activity_id: int, *, hold: bool = False) -> Activity:
    """The activity whose waiting list the viewer keeps; to everybody else the list does not exist."""
    found = activities.activity(visit.db, visit.viewer, activity_id, hold=hold)
    if not activities.coordinates(visit.db, visit.viewer, found.unit_id):
        raise NotFound
    return found


@look("/kompas/venteliste/{activity_id:int}", name="compass.waiting_list", policy=access.keep_waiting_list)
def show(visit: Visit, activity_id: int) -> Response:
    return show_list(visit, _list(visit, activity_id))


def show_list(
    visit: Visit,
    activity: Activity,
    *,
    errors: dict[str, Any] | None = None,
    form: str = "",
    status_code: int = 200,
) -> Response:
    """The list. Each citizen on it is noted as looked at, also when a form comes back."""
    db, viewer = visit.db, visit.viewer
    standing = queries.line(db, activity.id)
    left = queries.lately_left(db, activity.id)
    note_waiting(
        visit,
        activity,
        {one.citizen_id for one in standing} | {one.citizen_id for one in left},
        trace=status_code >= 400,
    )
    rooms = queries.rooms(db, activity.id)
    words = vault(visit)
    return visit.page(
        "competence_compass/waiting_list.html",
        activity=activity,
        keeps=allows(viewer, access.keep_waiting_list, AboutActivity(activity, True)),
        standing=standing,
        left=left,
        rooms=rooms,
        turns=[(room, queries.next_for(standing, room.id)) for room in rooms if room.free != 0],
        run_numbers={room.id: room.number for room in rooms},
        run_choices=[
            (room.id, f"{T('Forløb %(number)s', number=room.number)}, {short_date(room.starts)}")
            for room in rooms
            if room.free != 0
        ],
        equal=any(one.is_equal for one in standing),
        undrawn=[level for level in range(len(NEEDS)) if _may_draw(standing, level)],
        said={one.id: _open(db, words, one.id, one.citizen_id) for one in standing if one.offered_by_words},
        draws=queries.draws(db, activity.id),
        pseudonym_of={one.id: one.pseudonym for one in standing} | {one.id: one.pseudonym for one in left},
        waits=activities.waiting_times(db, activity.id),
        need=need,
        needs=need_choices(),
        reasons=reason_choices(),
        answers=[(key.value, str(word)) for key, word in ANSWERS.items()],
        pseudonyms=queries.pseudonyms(db, viewer),
        form=form,
        values=visit.form.values() if form else {},
        errors=errors or {},
        status_code=status_code,
    )


def need_choices() -> list[tuple[str, str]]:
    return [(str(level), str(word)) for level, word in enumerate(NEEDS)]


def reason_choices() -> list[tuple[str, str, str]]:
    hints = {
        WaitingReason.ORDER: T("Den, der har ventet længst, kommer først."),
        WaitingReason.NEED: T("Et større behov går forud for ventetiden."),
        WaitingReason.RANDOM: T("Flere står lige; lodtrækning er retfærdig og viser bedst, om aktiviteten virker."),
        WaitingReason.OTHER: T("Skriv grunden nedenfor."),
    }
    return [(key.value, str(language.word(key)), str(hint)) for key, hint in hints.items()]


def _may_draw(standing: list[queries.Standing], level: int) -> bool:
    return sum(1 for one in standing if one.waits.priority == level and one.waits.draw_id is None) > 1


def _open(db: Session, words: Vault, entry_id: int, citizen_id: int) -> str:
    """The written reason; "" when its key is gone."""
    sealed = db.get_one(WaitingEntry, entry_id).sealed
    try:
        return str(words.open(db, citizen_id, f"compass_waiting.sealed/{entry_id}", sealed or b""))
    except Lost:
        return ""


def note_waiting(visit: Visit, activity: Activity, citizen_ids: set[int], *, trace: bool = False) -> None:
    """One look for each citizen on the list; `trace` when what is around it will not be saved."""
    viewer = visit.viewer
    seen = [(citizen_id, LookRole.COORDINATOR) for citizen_id in sorted(citizen_ids)]
    reason = f"Venteliste: {activity.title}"  # Danish, whoever looks: the citizen reads it

    def write(db: Session) -> None:
        note_looks(db, viewer, seen, LookAt.INTAKE, reason)

    if trace:
        visit.traces.append(write)
    else:
        write(visit.db)


def _back(visit: Visit, activity: Activity, form: type[Any], name: str, work: Callable[[Any], object]) -> Response:
    """Parse, do, and go back to the list; or show it again with a message at the field."""
    typed, errors = parse(form, visit.form)
    if typed is not None:
        try:
            work(typed)
        except Invalid as invalid:
            errors = invalid.errors
        except Conflict as conflict:
            return show_list(visit, activity, errors={"": conflict.message}, form=name, status_code=409)
        else:
            return visit.to("compass.waiting_list", activity_id=activity.id, said="gemt")
    return show_list(visit, activity, errors=errors, form=name, status_code=422)


@post("/kompas/venteliste/{activity_id:int}/borger", name="compass.queue", policy=access.keep_waiting_list)
def queue(visit: Visit, activity_id: int) -> Response:
    """Put a citizen of one's units on the list, by pseudonym."""
    activity = _list(visit, activity_id, hold=True)

    def work(form: QueueForm) -> None:
        citizen = queries.citizen_by_pseudonym(visit.db, visit.viewer, form.citizen)
        if citizen is None:
            raise Invalid(citizen=T("Vi kender ingen borger med det pseudonym i dine enheder."))
        actions.queue(visit.db, visit.viewer, vault(visit), activity, citizen, form)

    return _back(visit, activity, QueueForm, "borger", work)


@post("/kompas/venteliste/{activity_id:int}/lod", name="compass.draw_lots", policy=access.keep_waiting_list)
def draw(visit: Visit, activity_id: int) -> Response:
    activity = _list(visit, activity_id, hold=True)
    return _back(
        visit, activity, DrawForm, "lod", lambda form: actions.draw_lots(visit.db, visit.viewer, activity, form)
    )


@post("/kompas/venteliste/{activity_id:int}/tilbud", name="compass.offer", policy=access.keep_waiting_list)
def offer(visit: Visit, activity_id: int) -> Response:
    activity = _list(visit, activity_id, hold=True)
    return _back(
        visit,
        activity,
        OfferForm,
        f"tilbud{visit.form.get('sted')[:20]}",
        lambda form: actions.offer(visit.db, visit.viewer, vault(visit), activity, form),
    )


@post("/kompas/venteliste/svar/{entry_id:int}", name="compass.answer_offer", policy=access.keep_waiting_list)
def answer(visit: Visit, entry_id: int) -> Response:
    entry, activity = _entry(visit, entry_id)
    return _back(
        visit,
        activity,
        AnswerForm,
        f"svar{entry.id}",
        lambda form: actions.answer(visit.db, visit.viewer, entry, form),
    )


@post("/kompas/venteliste/behov/{entry_id:int}", name="compass.change_need", policy=access.keep_waiting_list)
def change_need(visit: Visit, entry_id: int) -> Response:
    entry, activity = _entry(visit, entry_id)
    return _back(
        visit,
        activity,
        NeedForm,
        f"behov{entry.id}",
        lambda form: actions.change_need(visit.db, visit.viewer, entry, form),
    )


@post("/kompas/venteliste/ud/{entry_id:int}", name="compass.leave_list", policy=access.keep_waiting_list)
def leave(visit: Visit, entry_id: int) -> Response:
    entry, activity = _entry(visit, entry_id)
    return _back(
        visit,
        activity,
        LeaveListForm,
        f"ud{entry.id}",
        lambda form: actions.leave_list(visit.db, visit.viewer, entry, WaitingOutcome(form.why)),
    )


def _entry(visit: Visit, entry_id: int) -> tuple[WaitingEntry, Activity]:
    found = queries.entry(visit.db, visit.viewer, entry_id)
    return found, _list(visit, found.activity_id)


# --- from the citizen's side --------------------------------------------------------------------------------------


@look("/kompas/borger/{citizen_id:int}/venteliste", name="compass.queue_for", policy=access.use_compass)
def queue_for(visit: Visit, citizen_id: int) -> Response:
    """The form by which a contact person (or the coordinator) asks for a place for a citizen."""
    citizen = queries.citizen_to_queue(visit.db, visit.viewer, citizen_id)
    return _queue_form(visit, citizen, values={"reason": WaitingReason.ORDER.value, "priority": "0"}, errors={})


def _queue_form(
    visit: Visit, citizen: Citizen, *, values: dict[str, Any], errors: dict[str, Any], status_code: int = 200
) -> Response:
    viewer = visit.viewer
    role = role_towards(visit.db, viewer, citizen.id)
    seen = [(citizen.id, role.value if role else LookRole.COORDINATOR)]
    reason = "Venteliste"

    def write(db: Session) -> None:
        note_looks(db, viewer, seen, LookAt.INTAKE, reason)

    if status_code >= 400:
        visit.traces.append(write)
    else:
        write(visit.db)
    waits = queries.waits_of(visit.db, citizen.id)
    return visit.page(
        "competence_compass/waiting_queue.html",
        citizen=citizen,
        is_own=role is not None,
        waits=waits,
        said={one["id"]: _open(visit.db, vault(visit), one["id"], citizen.id) for one in waits if one["sealed"]},
        activities=[(row.id, row.title) for row in queries.activities_to_wait_for(visit.db)],
        needs=need_choices(),
        reasons=reason_choices(),
        values=values,
        errors=errors,
        status_code=status_code,
    )


@post("/kompas/borger/{citizen_id:int}/venteliste", name="compass.ask_for_place", policy=access.use_compass)
def ask_for_place(visit: Visit, citizen_id: int) -> Response:
    citizen = queries.citizen_to_queue(visit.db, visit.viewer, citizen_id)
    form, errors = parse(QueueForm, visit.form)
    if form is not None and form.activity is None:
        errors = {"activity": T("Vælg, hvad borgeren venter på.")}
    elif form is not None and form.activity is not None:
        try:
            activity = activities.activity(visit.db, visit.viewer, form.activity)
            actions.queue(visit.db, visit.viewer, vault(visit), activity, citizen, form)
        except NotFound:
            errors = {"activity": T("Vælg en af mulighederne.")}
        except Invalid as invalid:
            # Here the citizen is given and the activity chosen: what is wrong with the pair is said at the choice.
            errors = {"activity" if name == "citizen" else name: said for name, said in invalid.errors.items()}
        else:
            return visit.to("compass.queue_for", citizen_id=citizen.id, said="gemt")
    return _queue_form(visit, citizen, values=visit.form.values(), errors=errors, status_code=422)


handlers: list[Callable[..., Any]] = [
    show,
    queue,
    draw,
    offer,
    answer,
    change_need,
    leave,
    queue_for,
    ask_for_place,
]
