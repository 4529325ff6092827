"""The grundlag: reading it both ways, writing it, its history, and taking it in from a file."""

import base64
import binascii
from typing import Any

from litestar import Response

from med.access import Viewer, require, signed_in
from med.errors import Conflict, Unreadable
from med.language import T, word
from med.perspectives import access, actions, importing, queries
from med.perspectives.forms import HeadingForm, MoveForm, NewStatementForm, RetireForm, StatementForm
from med.perspectives.models import Perspective, RoleKey, Statement
from med.text import diff
from med.web.forms import parse
from med.web.routing import Visit, get, page_number, post

PAGE = 50


# --- reading ----------------------------------------------------------------------------------------------------


@get("/perspektiver", name="perspectives.index", policy=signed_in)
def index(visit: Visit) -> Response:
    """By perspective, or (?visning=rolle&rolle=…) by role."""
    own = own_role(visit.viewer)
    common: dict[str, Any] = {
        "titles": queries.titles(visit.db),
        "grundlag": queries.grundlag(visit.db),
        "own": own,
        "roles": [own, *(role for role in RoleKey if role is not own)],
        "keeper": queries.keeper(visit.db),
    }
    if visit.query.get("visning") == "rolle":
        asked = visit.query.get("rolle")
        role = RoleKey(asked) if asked in set(RoleKey) else own
        return visit.page("perspectives/by_role.html", role=role, everyone=RoleKey.ALLE, **common)
    return visit.page("perspectives/index.html", **common)


@get("/perspektiver/{key:str}", name="perspectives.show", policy=signed_in)
def show(visit: Visit, key: str) -> Response:
    perspective = queries.perspective_named(key)
    own = own_role(visit.viewer)
    return visit.page(
        "perspectives/show.html",
        perspective=perspective,
        title=queries.titles(visit.db)[perspective],
        statements=queries.grundlag(visit.db, perspective)[perspective],
        own=own,
        roles=[own, *(role for role in RoleKey if role is not own)],
        keeper=queries.keeper(visit.db),
    )


@get("/perspektiver/historik", name="perspectives.history", policy=signed_in)
def history(visit: Visit) -> Response:
    skip = page_number(visit, "side") * PAGE
    found = queries.changes(visit.db, limit=PAGE + 1, skip=skip)
    return visit.page(
        "perspectives/history.html",
        changes=[(change, diff(change.before, change.after)) for change in found[:PAGE]],
        titles=queries.titles(visit.db),
        page=skip // PAGE,
        has_older=len(found) > PAGE,
    )


def own_role(viewer: Viewer) -> RoleKey:
    return RoleKey(viewer.role_key) if viewer.role_key in set(RoleKey) else RoleKey.MEDARBEJDER


# --- writing ----------------------------------------------------------------------------------------------------


@get("/perspektiver/{key:str}/ret", name="perspectives.edit", policy=access.edit_grundlag)
def edit(visit: Visit, key: str) -> Response:
    perspective = queries.perspective_named(key)
    require(visit.viewer, access.edit_grundlag, queries.keeper(visit.db))
    title = queries.titles(visit.db)[perspective]
    return show_editor(visit, perspective, heading=title._asdict())


def show_editor(
    visit: Visit,
    perspective: Perspective,
    *,
    heading: dict[str, Any] | None = None,
    heading_errors: dict[str, Any] | None = None,
    added: dict[str, str] | None = None,
    added_errors: dict[str, Any] | None = None,
    conflict: Any = None,
    status_code: int = 200,
) -> Response:
    title = queries.titles(visit.db)[perspective]
    return visit.page(
        "perspectives/edit.html",
        perspective=perspective,
        title=title,
        statements=queries.grundlag(visit.db, perspective)[perspective],
        role_options=[(role.value, str(word(role))) for role in RoleKey],
        heading=heading or title._asdict(),
        heading_errors=heading_errors or {},
        added=added or {},
        added_errors=added_errors or {},
        errors={**(heading_errors or {}), **(added_errors or {})},
        conflict=conflict,
        status_code=status_code,
    )


@post("/perspektiver/{key:str}/overskrift", name="perspectives.change_heading", policy=access.edit_grundlag)
def change_heading(visit: Visit, key: str) -> Response:
    perspective = queries.perspective_named(key)
    actions.require_keeper(visit.db, visit.viewer)
    form, errors = parse(HeadingForm, visit.form)
    if form is None:
        return show_editor(visit, perspective, heading=visit.form.values(), heading_errors=errors, status_code=422)
    try:
        actions.change_heading(visit.db, visit.viewer, perspective, form)
    except Conflict as conflict:
        theirs = queries.titles(visit.db)[perspective]
        mine = {**visit.form.values(), "version": str(theirs.version)}
        return show_editor(visit, perspective, heading=mine, conflict=conflict.message, status_code=409)
    return visit.to("perspectives.edit", key=key, said="gemt")


@post("/perspektiver/{key:str}/udsagn", name="perspectives.add_statement", policy=access.edit_grundlag)
def add_statement(visit: Visit, key: str) -> Response:
    perspective = queries.perspective_named(key)
    actions.require_keeper(visit.db, visit.viewer)
    form, errors = parse(NewStatementForm, visit.form)
    if form is None:
        return show_editor(visit, perspective, added=visit.form.values(), added_errors=errors, status_code=422)
    made = actions.add_statement(visit.db, visit.viewer, perspective, form)
    return visit.to("perspectives.edit", key=key, said="gemt", anchor=f"udsagn-{made.id}")


@get("/perspektiver/udsagn/{statement_id:int}", name="perspectives.edit_statement", policy=access.edit_grundlag)
def edit_statement(visit: Visit, statement_id: int) -> Response:
    statement = queries.statement(visit.db, statement_id)
    require(visit.viewer, access.edit_grundlag, queries.keeper(visit.db))
    return show_statement(visit, statement, {"text": statement.text, "version": str(statement.version)})


def show_statement(
    visit: Visit,
    statement: Statement,
    values: dict[str, str],
    errors: dict[str, Any] | None = None,
    theirs: str = "",
    status_code: int = 200,
) -> Response:
    return visit.page(
        "perspectives/edit_statement.html",
        statement=statement,
        title=queries.titles(visit.db)[statement.perspective],
        values=values,
        errors=errors or {},
        theirs=theirs,
        status_code=status_code,
    )


@post("/perspektiver/udsagn/{statement_id:int}", name="perspectives.change_statement", policy=access.edit_grundlag)
def change_statement(visit: Visit, statement_id: int) -> Response:
    statement = queries.statement(visit.db, statement_id)
    actions.require_keeper(visit.db, visit.viewer)
    form, errors = parse(StatementForm, visit.form)
    if form is None:
        return show_statement(visit, statement, visit.form.values(), errors, status_code=422)
    try:
        actions.change_statement(visit.db, visit.viewer, statement, form)
    except Conflict:
        visit.db.refresh(statement)
        mine = {"text": form.text, "version": str(statement.version)}
        return show_statement(visit, statement, mine, theirs=statement.text, status_code=409)
    return back_to_list(visit, statement)


@post("/perspektiver/udsagn/{statement_id:int}/udgaar", name="perspectives.retire", policy=access.edit_grundlag)
def retire(visit: Visit, statement_id: int) -> Response:
    statement = queries.statement(visit.db, statement_id)
    actions.require_keeper(visit.db, visit.viewer)
    form, _ = parse(RetireForm, visit.form)
    if form is None:
        raise Unreadable(T("Siden var ikke hel. Gå tilbage, genindlæs siden og prøv igen."))
    actions.retire_statement(visit.db, visit.viewer, statement, form)
    return visit.to("perspectives.edit", key=statement.perspective.value, said="gemt")


@post("/perspektiver/udsagn/{statement_id:int}/flyt", name="perspectives.move", policy=access.edit_grundlag)
def move(visit: Visit, statement_id: int) -> Response:
    statement = queries.statement(visit.db, statement_id)
    actions.require_keeper(visit.db, visit.viewer)
    form, _ = parse(MoveForm, visit.form)
    if form is None:
        raise Unreadable(T("Siden var ikke hel. Gå tilbage, genindlæs siden og prøv igen."))
    actions.move_statement(visit.db, visit.viewer, statement, form)
    return back_to_list(visit, statement)


def back_to_list(visit: Visit, statement: Statement) -> Response:
    return visit.to("perspectives.edit", key=statement.perspective.value, said="gemt", anchor=f"udsagn-{statement.id}")


# --- from a file ------------------------------------------------------------------------------------------------


@get("/perspektiver/indlaes", name="perspectives.import", policy=access.edit_grundlag)
def choose_file(visit: Visit) -> Response:
    require(visit.viewer, access.edit_grundlag, queries.keeper(visit.db))
    return show_import(visit)


def show_import(
    visit: Visit,
    plan: importing.Plan | None = None,
    data: bytes = b"",
    errors: dict[str, Any] | None = None,
    changed_since: bool = False,
    status_code: int = 200,
) -> Response:
    return visit.page(
        "perspectives/import.html",
        plan=plan,
        data=base64.urlsafe_b64encode(data).decode(),
        titles=queries.titles(visit.db),
        errors=errors or {},
        changed_since=changed_since,
        status_code=status_code,
    )


@post("/perspektiver/indlaes", name="perspectives.preview", policy=access.edit_grundlag, uploads=True)
def preview(visit: Visit) -> Response:
    """Shows what the file would change. Saves nothing: the confirmation sends the file's words along."""
    actions.require_keeper(visit.db, visit.viewer)
    file = visit.form.files.get("file")
    if file is None or not file.data:
        return show_import(visit, errors={"file": T("Vælg en fil.")}, status_code=422)
    plan = importing.plan_import(visit.db, file.data, file.name)
    if plan.errors:
        return show_import(visit, plan, errors={"file": plan.errors[0]}, status_code=422)
    return show_import(visit, plan, file.data)


@post("/perspektiver/indlaes/udfoer", name="perspectives.carry_out", policy=access.edit_grundlag)
def carry_out(visit: Visit) -> Response:
    actions.require_keeper(visit.db, visit.viewer)
    try:
        data = base64.b64decode(visit.form.get("data").encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Unreadable(T("Siden var ikke hel. Gå tilbage, genindlæs siden og prøv igen.")) from None
    plan = importing.plan_import(visit.db, data, visit.form.get("name"))
    if plan.errors:
        return show_import(visit, plan, errors={"file": plan.errors[0]}, status_code=422)
    if plan.basis != visit.form.get("basis"):
        return show_import(visit, plan, data, changed_since=True, status_code=409)
    importing.carry_out(visit.db, visit.viewer, plan)
    return visit.to("perspectives.index", said="gemt")


handlers = [
    index,
    history,
    choose_file,
    preview,
    carry_out,
    show,
    edit,
    change_heading,
    add_statement,
    edit_statement,
    change_statement,
    retire,
    move,
]
