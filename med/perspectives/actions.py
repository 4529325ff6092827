"""Writing the grundlag: headings and statements, every change kept in its history."""

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer, require
from med.errors import Conflict
from med.journal.actions import note
from med.language import T
from med.perspectives import access
from med.perspectives.forms import HeadingForm, MoveForm, NewStatementForm, RetireForm, StatementForm
from med.perspectives.models import GrundlagChange, Perspective, PerspectiveText, RoleKey, Statement
from med.perspectives.queries import keeper


def require_keeper(db: Session, viewer: Viewer) -> None:
    require(viewer, access.edit_grundlag, keeper(db))


def change_heading(db: Session, viewer: Viewer, perspective: Perspective, form: HeadingForm) -> PerspectiveText:
    """Say in the municipality's own words what a perspective is. Raises Conflict when someone wrote meanwhile."""
    require_keeper(db, viewer)
    return write_heading(db, viewer, perspective, form)


def write_heading(db: Session, viewer: Viewer | None, perspective: Perspective, form: HeadingForm) -> PerspectiveText:
    """The row, its history and its journal line. Asks nobody: `change_heading` and the import have."""
    found = db.scalar(select(PerspectiveText).where(PerspectiveText.perspective == perspective))
    if found is None:
        return _first_heading(db, viewer, perspective, form)
    before = heading_words(found.title, found.short, found.about)
    after = heading_words(form.title, form.short, form.about)
    names = ("title", "short", "about")
    changed = [name for name in names if getattr(found, name) != getattr(form, name)]
    if not changed and found.version == form.version:
        return found
    taken = db.execute(
        update(PerspectiveText)
        .where(PerspectiveText.id == found.id, PerspectiveText.version == form.version)
        .values(title=form.title, short=form.short, about=form.about, version=PerspectiveText.version + 1)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(T("En anden har ændret overskriften, siden du åbnede siden."))
    db.refresh(found)
    remember(db, viewer, None, perspective, None, before, after)
    note(db, viewer, "heading.changed", found, changed)
    return found


def _first_heading(db: Session, viewer: Viewer | None, perspective: Perspective, form: HeadingForm) -> PerspectiveText:
    made = PerspectiveText(perspective=perspective, title=form.title, short=form.short, about=form.about)
    try:
        with db.begin_nested():
            db.add(made)
            db.flush()
    except IntegrityError:
        raise Conflict(T("En anden har ændret overskriften, siden du åbnede siden.")) from None
    remember(db, viewer, None, perspective, None, "", heading_words(form.title, form.short, form.about))
    note(db, viewer, "heading.changed", made, ["title", "short", "about"])
    return made


def heading_words(title: str, short: str, about: str) -> str:
    """A heading as one text, for the history: its three parts as paragraphs."""
    return "\n\n".join(part for part in (title, short, about) if part)


def change_statement(db: Session, viewer: Viewer, statement: Statement, form: StatementForm) -> Statement:
    """Give a statement other words. Raises Conflict when someone changed or retired it meanwhile."""
    require_keeper(db, viewer)
    return rewrite(db, viewer, statement, form)


def rewrite(db: Session, viewer: Viewer | None, statement: Statement, form: StatementForm) -> Statement:
    if statement.text == form.text and statement.version == form.version:
        return statement
    before = statement.text
    taken = db.execute(
        update(Statement)
        .where(Statement.id == statement.id, Statement.version == form.version, Statement.retired_at.is_(None))
        .values(text=form.text, version=Statement.version + 1)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(T("En anden har ændret udsagnet, siden du åbnede siden."))
    db.refresh(statement)
    remember(db, viewer, statement.id, statement.perspective, statement.role, before, form.text)
    note(db, viewer, "statement.changed", statement, ["text"])
    return statement


def add_statement(db: Session, viewer: Viewer, perspective: Perspective, form: NewStatementForm) -> Statement:
    """A further statement for a role, last among its own."""
    require_keeper(db, viewer)
    return write_statement(db, viewer, perspective, form.role, form.text)


def write_statement(
    db: Session, viewer: Viewer | None, perspective: Perspective, role: RoleKey, text: str, position: int | None = None
) -> Statement:
    """The row, its history and its journal line. Asks nobody: `add_statement` and the import have."""
    if position is None:
        last = db.scalar(
            select(func.max(Statement.position)).where(
                Statement.perspective == perspective, Statement.role == role, Statement.retired_at.is_(None)
            )
        )
        position = (last or 0) + 1
    made = Statement(perspective=perspective, role=role, position=position, text=text)
    db.add(made)
    db.flush()
    remember(db, viewer, made.id, perspective, role, "", text)
    note(db, viewer, "statement.added", made)
    return made


def retire_statement(db: Session, viewer: Viewer, statement: Statement, form: RetireForm) -> None:
    """Take a statement out of use. It stays for the history. Raises Conflict when someone changed it meanwhile."""
    require_keeper(db, viewer)
    take_out(db, viewer, statement, form.version)


def take_out(db: Session, viewer: Viewer | None, statement: Statement, version: int) -> None:
    taken = db.execute(
        update(Statement)
        .where(Statement.id == statement.id, Statement.version == version, Statement.retired_at.is_(None))
        .values(retired_at=clock.now(), version=Statement.version + 1)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(T("En anden har ændret udsagnet, siden du åbnede siden."))
    db.refresh(statement)
    remember(db, viewer, statement.id, statement.perspective, statement.role, statement.text, "")
    note(db, viewer, "statement.retired", statement)


def move_statement(db: Session, viewer: Viewer, statement: Statement, form: MoveForm) -> None:
    """Give a statement another place among those of its perspective and role."""
    require_keeper(db, viewer)
    own = list(
        db.scalars(
            select(Statement)
            .where(
                Statement.perspective == statement.perspective,
                Statement.role == statement.role,
                Statement.retired_at.is_(None),
            )
            .order_by(Statement.position, Statement.id)
        )
    )
    before = [other.id for other in own]
    own.remove(statement)
    own.insert(max(0, min(form.to, len(own))), statement)
    for place, other in enumerate(own, 1):
        other.position = place
    if [other.id for other in own] == before:
        return
    remember_move(db, viewer, statement)


def remember_move(db: Session, viewer: Viewer | None, statement: Statement) -> None:
    """The same words before and after: it was only moved."""
    remember(db, viewer, statement.id, statement.perspective, statement.role, statement.text, statement.text)
    note(db, viewer, "statement.moved", statement, ["position"])


def remember(
    db: Session,
    viewer: Viewer | None,
    statement_id: int | None,
    perspective: Perspective,
    role: RoleKey | None,
    before: str,
    after: str,
) -> None:
    """A line in the grundlag's history. `viewer` is None when the system does it."""
    db.add(
        GrundlagChange(
            at=clock.now(),
            person_id=viewer.person_id if viewer else None,
            statement_id=statement_id,
            perspective=perspective,
            role=role,
            before=before,
            after=after,
        )
    )
