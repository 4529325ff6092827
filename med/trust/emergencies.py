"""When the emergency door was used: a mail to everyone who looks after the system, and to whoever's door it is."""

from datetime import timedelta

import msgspec
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.identity.models import Account
from med.journal.models import Entry
from med.language import T
from med.notices.models import Message
from med.notices.outbox import Letter, Posting, post
from med.organisation.access import on_day
from med.organisation.models import Grant, GrantKind
from med.slices import Office
from med.workdays import clock as hour
from med.workdays import copenhagen, long_date

KIND = "emergency_used"
LOOK_BACK = timedelta(days=1)


def tell(db: Session) -> None:
    """Read from the journal, so that whoever came in cannot have kept it from being told. Each use is told once."""
    used = db.execute(
        select(Entry.id, Entry.thing_id, Account.person_id)
        .join(Account, Account.id == Entry.thing_id)
        .where(Entry.happened == "account.emergency_used", Entry.at > clock.now() - LOOK_BACK)
    ).all()
    if not used:
        return
    keepers = set(
        db.scalars(select(Grant.person_id).where(Grant.kind == GrantKind.ADMIN, on_day(Grant, clock.today())))
    )
    post(
        db,
        [
            Posting(f"{KIND}:{entry}:{one}", KIND, one, details={"entry": entry})
            for entry, _, owner in used
            for one in sorted(keepers | {owner})
        ],
    )


def compose(db: Session, office: Office, message: Message, viewer: Viewer | None) -> Letter | None:
    entry = db.get(Entry, msgspec.json.decode(message.details)["entry"])
    account = db.get(Account, entry.thing_id) if entry else None
    if viewer is None or entry is None or account is None:
        return None
    at = copenhagen(entry.at)
    said = T(
        "Nødadgangen for %(name)s blev brugt %(day)s kl. %(time)s.",
        name=account.person.name,
        day=long_date(at.date(), viewer.language),
        time=hour(entry.at, viewer.language),
    )
    what = T("Ved du ikke hvorfor, så luk den: %(where)s", where=f"{office.settings.base_url}/drift/adgang")
    lines = [str(said), str(what)]
    html = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return Letter(str(T("Medspil: nødadgangen er brugt")), "\n\n".join(lines) + "\n", html)
