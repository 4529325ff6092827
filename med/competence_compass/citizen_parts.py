"""What the citizens' pages give to other pages: what waits for a contact person."""

from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.models import AssignmentRole
from med.competence_compass.queries.citizens import my_citizens
from med.language import T
from med.slices import Waiting


def citizens_await(db: Session, viewer: Viewer) -> list[Waiting]:
    """Drafts left open, and assessments that are due; a deputy is asked only to finish what they began themselves.

    The words stay in the house (`is_open=False`): a mail says that something waits, not about whom.
    """
    if not viewer.is_employee:
        return []
    found: list[Waiting] = []
    for row in my_citizens(db, viewer):
        at = f"/kompas/borger/{row.id}/maaling"
        if row.draft_id is not None:
            title = T("Gør målingen færdig: %(who)s", who=row.pseudonym)
            on = f"{at}/{row.draft_id}?videre=1"
            found.append(Waiting("compass.draft", title, row.unit, on, row.due, 4, is_open=False))
        elif row.role is AssignmentRole.CONTACT and (row.is_overdue or row.is_soon):
            title = T("Tag en måling: %(who)s", who=row.pseudonym)
            found.append(Waiting("compass.due", title, row.unit, at, row.due, is_open=False))
    return found
