"""Every time somebody sees a citizen, it is noted: who, what, in which role and why.

The look is written in the transaction that reads: when it cannot be written, nothing is shown. The citizen's own
export lists them, and nobody can change one.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import insert
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.competence_compass.models import Citizen, Look, LookAt


class LookRole(StrEnum):
    """In which capacity somebody looked; the word in a look's `role`."""

    CONTACT = "contact"
    DEPUTY = "deputy"
    RUN_LEADER = "run_leader"
    COORDINATOR = "coordinator"
    OPERATOR = "operator"  # the command line: an export of the whole compass


def note_look(
    db: Session, viewer: Viewer, citizen: Citizen | int, what: LookAt | Iterable[LookAt], role: str, reason: str
) -> None:
    """Note that the viewer sees a citizen, before they do. `reason` says what for, and is never empty.

    Several things on one page are noted together: `note_look(db, viewer, citizen, (LookAt.PAGE, LookAt.IDENTITY), …)`.
    The rows are sent to the database at once, so that a trace that cannot be kept stops the page before it is made.
    """
    if not reason.strip():
        raise ValueError("a look has a reason")
    citizen_id = citizen if isinstance(citizen, int) else citizen.id
    seen = [what] if isinstance(what, LookAt) else list(what)
    at = clock.now()
    db.execute(
        insert(Look),
        [
            {
                "at": at,
                "person_id": viewer.person_id,
                "citizen_id": citizen_id,
                "what": thing,
                "role": str(LookRole(role)),
                "reason": reason.strip(),
            }
            for thing in seen
        ],
    )


def note_looks(db: Session, viewer: Viewer, seen: Iterable[tuple[int, str]], what: LookAt, reason: str) -> None:
    """`note_look` for a list of citizens on one page: (citizen id, role) each, in one statement."""
    if not reason.strip():
        raise ValueError("a look has a reason")
    rows = [
        {
            "at": clock.now(),
            "person_id": viewer.person_id,
            "citizen_id": citizen_id,
            "what": what,
            "role": str(LookRole(role)),
            "reason": reason.strip(),
        }
        for citizen_id, role in seen
    ]
    if rows:
        db.execute(insert(Look), rows)
