"""Files on items: putting them there, fetching them, taking them off."""

import logging
from typing import Any
from urllib.parse import quote

from litestar import Response
from sqlalchemy.orm import Session

from med.access import Viewer, require
from med.errors import Conflict, Invalid, NotFound
from med.language import T
from med.meetings import access, files, sealing
from med.meetings.actions import attachments as actions
from med.meetings.files import Kept, Refused
from med.meetings.files.refusing import NOT_KEPT
from med.meetings.files.scanning import scanner_of
from med.meetings.forms.attachments import AttachFile
from med.meetings.models import Item, Scan
from med.meetings.queries import agenda as queries
from med.meetings.routes.agenda import current_values, is_another, is_approved, not_put_on, show_form
from med.meetings.routes.common import seal_closed
from med.organisation.access import is_employee
from med.sealing import ring_of
from med.setting_values import BadSetting
from med.settings import Settings
from med.web import refusals
from med.web.forms import parse
from med.web.incoming import Submitted
from med.web.pages import SAID
from med.web.routing import Visit, get, post

log = logging.getLogger("med")

# A file that is opened anyway can do nothing and reach nothing.
SANDBOX = "default-src 'none'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

UNSAFE = {
    Scan.PENDING: T("Filen venter på virusscanneren. Prøv igen om lidt."),
    Scan.INFECTED: T("Virusscanneren fandt noget i filen. Den er fjernet."),
}


def may_attach(db: Session, viewer: Viewer, meeting_id: int, item_id: int) -> bool:
    """Asked before a large body is read; says whether the item is closed."""
    item = queries.item(db, viewer, meeting_id, item_id)
    require(viewer, access.prepare_agenda, item.meeting)
    return not item.is_open


def take_file(settings: Settings, form: Submitted, item_is_closed: bool) -> None:
    """Look into the file and keep it, before the transaction begins; the handler gets it, or the reason why not."""
    upload = form.files.get("file")
    if upload is None:
        return
    try:
        closed = item_is_closed or bool(form.get("inside_only"))
        scanner = scanner_of(settings)
        form.taken["file"] = files.keep(settings.files_dir, upload.name, upload.data, closed=closed, scanner=scanner)
    except Refused as refused:
        form.taken["file"] = refused.message


@post(
    "/moeder/{meeting_id:int}/punkter/{item_id:int}/bilag",
    name="meetings.attach",
    policy=access.prepare_agenda,
    uploads=True,
    before=may_attach,
    take=take_file,
)
def attach(visit: Visit, meeting_id: int, item_id: int) -> Response:
    item = queries.item(visit.db, visit.viewer, meeting_id, item_id)
    require(visit.viewer, access.prepare_agenda, item.meeting)
    was_approved, seen = is_approved(item.meeting), item.version
    form, errors = parse(AttachFile, visit.form)
    taken = visit.form.taken.get("file", T("Vælg en fil."))
    if not isinstance(taken, Kept):
        refusals.tell(visit.request, visit.desk.settings, 422, "File")
        errors = {**errors, "file": taken}
    elif form is not None:
        try:
            actions.attach(visit.db, visit.viewer, item, taken, form, ring_of(visit.desk.settings.data_dir))
            seal_closed(visit, item)  # somebody closed it while the file was on its way
            return _back(visit, item, seen, was_approved, "vedlagt")
        except Invalid as invalid:
            errors = invalid.errors
        except (
            OSError,
            BadSetting,
        ) as error:  # the first closed file makes the key ring; where it is lost, none is made
            log.error("a closed file cannot be kept: %s", error)
            errors = {"file": NOT_KEPT}
    return show_form(visit, item.meeting, item, _written(visit, item), errors, 422)


def _written(visit: Visit, item: Item) -> dict[str, Any]:
    """The item's form as it was sent along with a file; without its fields the item as it is."""
    return visit.form.values() if "version" in visit.form else {**current_values(item), **visit.form.values()}


def _back(visit: Visit, item: Item, seen: int, was_approved: bool, said: str) -> Response:
    """To the item's form. What was written in it and is not saved comes back, on top of the version that is `seen` now
    that the file came or went."""
    values = _written(visit, item)
    if said == "vedlagt":
        values |= {"attachment_title": "", "inside_only": ""}
    if was_approved and not is_approved(item.meeting):
        said = "aendret"
    if is_another(item, values) or values.get("attachment_title") or values.get("file"):
        if values["version"] == str(seen):
            values["version"] = item.version
        return show_form(visit, item.meeting, item, values, not_put_on(visit), done=SAID[said])
    return visit.go(visit.url("meetings.edit_item", meeting_id=item.meeting_id, item_id=item.id) + f"?sagt={said}")


@get("/bilag/{attachment_id:int}", name="meetings.download", policy=is_employee)
def download(visit: Visit, attachment_id: int) -> Response:
    """The file, as a file. Who opens a closed one leaves a line in the journal, or does not get it."""
    attachment = queries.attachment(visit.db, visit.viewer, attachment_id)
    if attachment.scan in UNSAFE:
        raise Conflict(UNSAFE[attachment.scan])
    if not (attachment.is_open and attachment.item.is_open):
        visit.note_or_nothing()
        actions.note_fetched(visit.db, visit.viewer, attachment)
    data = sealing.bytes_of(visit.db, visit.desk.settings, attachment)
    if data is None:
        raise NotFound
    name = quote(attachment.file_name, safe="")
    return Response(
        data,
        media_type=attachment.media_type,
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "Content-Security-Policy": SANDBOX,
            "X-Content-Type-Options": "nosniff",
        },
    )


@post("/bilag/{attachment_id:int}/fjern", name="meetings.remove_attachment", policy=access.prepare_agenda)
def remove(visit: Visit, attachment_id: int) -> Response:
    attachment = queries.attachment(visit.db, visit.viewer, attachment_id)
    item = attachment.item
    was_approved, seen = is_approved(item.meeting), item.version
    actions.remove_attachment(visit.db, visit.viewer, attachment)
    return _back(visit, item, seen, was_approved, "bilag-vaek")


@post("/bilag/{attachment_id:int}/aabenhed", name="meetings.attachment_openness", policy=access.prepare_agenda)
def set_openness(visit: Visit, attachment_id: int) -> Response:
    attachment = queries.attachment(visit.db, visit.viewer, attachment_id)
    item = attachment.item
    was_approved, seen = is_approved(item.meeting), item.version
    actions.set_attachment_openness(visit.db, visit.viewer, attachment, visit.form.get("is_open") == "1")
    seal_closed(visit, item)
    return _back(visit, item, seen, was_approved, "bilag-aabenhed")


handlers = [attach, download, remove, set_openness]
