"""From what a person typed to the person, unit or committee they mean."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.errors import Invalid
from med.language import T
from med.organisation import queries
from med.organisation.models import Committee, Person, Unit


def whom(db: Session, viewer: Viewer, words: str) -> Person:
    """The one person meant, or Invalid with the names to choose between."""
    if found := queries.person_by_words(db, viewer, words):
        return found
    if len(close := queries.namesakes(db, viewer, words)) > 1 or (close and close[0].name != words):
        raise Invalid(
            person=T(
                "Skriv, hvem du mener: %(names)s.", names=", ".join(f"{name} ({handle})" for name, handle in close)
            )
        )
    raise Invalid(person=T("Vi finder ingen med navnet %(name)s.", name=words))


def unit_meant(db: Session, unit_id: int | None) -> Unit | None:
    if unit_id is None:
        return None
    if (found := db.get(Unit, unit_id)) is None:
        raise Invalid(unit=T("Vælg en af mulighederne."))
    return found


def parent_meant(db: Session, viewer: Viewer, committee_id: int | None) -> Committee | None:
    found = queries.known_committee(db, viewer, committee_id)
    if committee_id is not None and found is None:
        raise Invalid(parent=T("Vælg en af mulighederne."))
    return found


def lock(db: Session, committee: Committee) -> None:
    """One at a time changes a committee's seats and rules: two chairs named at once would both pass the check."""
    db.execute(select(Committee.id).where(Committee.id == committee.id).with_for_update())
