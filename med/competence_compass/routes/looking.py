"""Opening a citizen: who may, and the trace of it."""

from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.access import Towards
from med.competence_compass.looks import note_look
from med.competence_compass.models import LookAt
from med.competence_compass.queries.citizens import own_citizen
from med.competence_compass.vault import Vault, vault_of
from med.web.routing import Visit


def vault(visit: Visit) -> Vault:
    return vault_of(visit.desk.settings.data_dir)


def know(visit: Visit, citizen_id: int) -> Towards:
    """The citizen a form is about; NotFound for everyone but their contact person and deputy. Shows nothing."""
    return own_citizen(visit.db, visit.viewer, citizen_id)


def see(visit: Visit, citizen_id: int, *what: LookAt) -> Towards:
    """The citizen a page is about, the look at them noted first."""
    towards = know(visit, citizen_id)
    _note(visit.db, visit.viewer, towards, what)
    return towards


def see_again(visit: Visit, towards: Towards, *what: LookAt) -> None:
    """A form comes back with a message: what its page shows is noted, although nothing else of the visit is kept."""
    viewer = visit.viewer
    visit.traces.append(lambda db: _note(db, viewer, towards, what))


def _note(db: Session, viewer: Viewer, towards: Towards, what: tuple[LookAt, ...]) -> None:
    assert towards.role is not None
    note_look(db, viewer, towards.id, what, towards.role, towards.reason)
