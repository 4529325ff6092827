"""What several of the meetings' pages need."""

from typing import Any

from litestar import Response

from med.errors import Conflict, NotAllowed
from med.language import T, Text
from med.meetings import sealing
from med.meetings.models import Item
from med.numbers import asked_number
from med.organisation.suggesting import suggested
from med.text import Choices
from med.web.pages import SAID
from med.web.routing import Visit

SAID.update(
    {
        "planlagt": T("Mødet er planlagt, og udvalget er inviteret."),
        "aflyst": T("Mødet er aflyst."),
        "aendret": T("Dagsordenen er ændret. Den skal godkendes igen, før den sendes ud."),
        "tilfoejet": T("Punktet er på dagsordenen."),
        "fjernet": T("Punktet er taget af dagsordenen."),
        "flyttet": T("Punktet er flyttet."),
        "godkendt": T("Tak. Dagsordenen er godkendt."),
        "udsendt": T("Dagsordenen er godkendt og sendt ud."),
        "kommer": T("Tak. Vi regner med dig."),
        "afbud": T("Tak. Dit afbud er noteret."),
        "tilmeldt": T("Du er tilmeldt som tilhører."),
        "frameldt": T("Du er ikke længere tilmeldt."),
        "rejst": T("Tak. Formandskabet har fået dit forslag."),
        "besvaret": T("Svaret er sendt."),
        "trukket": T("Forslaget er trukket tilbage."),
        "vedlagt": T("Bilaget er lagt på punktet."),
        "bilag-vaek": T("Bilaget er taget af."),
        "bilag-aabenhed": T("Det er ændret, hvem der må åbne bilaget."),
    }
)


def suggestions(visit: Visit, committee_id: int) -> Choices:
    """Colleagues for a field that takes a person's name, the committee's own first."""
    return suggested(visit.db, visit.viewer, committee_id)


def asked_id(visit: Visit, name: str) -> int | None:
    """An id from the query string; none when it is not there, a clear 400 for what is no id."""
    return asked_number(visit.query.get(name).strip(), smallest=1)


def words_of(errors: dict[str, Any]) -> str:
    return "; ".join(str(message) for message in errors.values())


def refused(errors: dict[str, Any]) -> Conflict:
    """For a small form without a field to write beside: the message as a page of its own."""
    return Conflict(words_of(errors))


def show_kept(visit: Visit, refusal: NotAllowed, about: str, back: str, /, **labels: Text) -> Response:
    """Somebody else was first, and what this person wrote (`labels`: field -> its name) can no longer be saved: the
    words as they wrote them. Without any the refusal is all there is to say."""
    kept = [(label, words) for name, label in labels.items() if (words := visit.form.get(name).strip())]
    if not kept:
        raise refusal
    reasons, status = refusal.objections, refusal.status_code
    return visit.page("meetings/kept.html", status_code=status, reasons=reasons, about=about, back=back, kept=kept)


def seal_closed(visit: Visit, item: Item) -> None:
    """After what may have closed an item, or one of its files: sealed before it is saved, no plain bytes after."""
    settings, database = visit.desk.settings, visit.desk.database
    gone = sealing.seal_closed(visit.db, settings, item)
    visit.after.append(lambda: sealing.let_go(database, settings, gone))
