"""A municipality's grundlag from a file: JSON (perspective × role), or CSV with one statement a row.

    plan = plan_import(db, data, "grundlag.json")     # reads and compares; changes nothing
    carry_out(db, viewer, plan)                       # viewer None: the command line

The file is the whole grundlag: statements it does not hold are taken out of use, and stay in the history. Statements
are recognised by their words, then by their place, so that a corrected comma is a change and not one gone and one
come. A second import of the same file changes nothing.
"""

import hashlib
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.errors import Conflict, Invalid
from med.language import T
from med.perspectives import actions, queries
from med.perspectives.forms import HeadingForm, StatementForm
from med.perspectives.importing.reading import LARGEST_FILE, Contents, Fault, read
from med.perspectives.models import Perspective, PerspectiveText, RoleKey, Statement
from med.text import differences


class Step(Struct, frozen=True):
    """One thing the import does. A step without a role concerns a heading."""

    kind: Literal["added", "changed", "removed", "moved"]
    perspective: Perspective
    role: RoleKey | None
    before: str
    after: str
    statement_id: int = 0
    version: int = 0
    heading: queries.Title | None = None

    @property
    def differences(self) -> list[differences.Paragraph]:
        return differences.diff(self.before, self.after)


class Plan(Struct):
    """What an import would do (`diff`), or why it cannot (`errors`). `statements` is how many the file holds."""

    name: str
    diff: list[Step] = []
    errors: list[Fault] = []
    statements: int = 0
    order: dict[tuple[Perspective, RoleKey], list[str]] = {}
    basis: str = ""  # tells whether the grundlag is still what the diff was made against

    def count(self, kind: str) -> int:
        return sum(step.kind == kind for step in self.diff)

    @property
    def changes(self) -> int:
        return len(self.diff)

    def lines(self) -> Iterator[str]:
        """The diff for a terminal: what goes after -, what comes after +."""
        for step in self.diff:
            where = f"{step.perspective}, {step.role or 'heading'}"
            if step.kind == "moved":
                yield f"~ {where}: {step.after}"
                continue
            if step.before:
                yield f"- {where}: {' / '.join(step.before.split(chr(10) * 2))}"
            if step.after:
                yield f"+ {where}: {' / '.join(step.after.split(chr(10) * 2))}"


def plan_import(db: Session, data: bytes, name: str) -> Plan:
    """What importing this file would change. `name` is only looked at for its ending (.json, .csv)."""
    contents = read(data, name)
    plan = Plan(name, errors=contents.faults, statements=sum(map(len, contents.statements.values())))
    if plan.errors:
        return plan
    plan.order = contents.statements
    plan.diff += _headings(db, contents)
    plan.diff += _statements(db, contents)
    plan.basis = _basis(db)
    return plan


def carry_out(db: Session, viewer: Viewer | None, plan: Plan) -> None:
    """Do what the plan says. Raises Invalid for a plan with errors, Conflict when the grundlag changed since."""
    if viewer is not None:
        actions.require_keeper(db, viewer)
    if plan.errors:
        raise Invalid(file=plan.errors[0].what)
    for step in plan.diff:
        if step.role is None:
            _write_heading(db, viewer, step)
        elif step.kind == "added":
            actions.write_statement(db, viewer, step.perspective, step.role, step.after)
        else:
            _touch_statement(db, viewer, step)
    _renumber(db, plan)


# --- comparing with what is there -------------------------------------------------------------------------------


def _headings(db: Session, contents: Contents) -> Iterator[Step]:
    there = {text.perspective: text for text in db.scalars(select(PerspectiveText))}
    for perspective, said in contents.headings.items():
        old = there.get(perspective)
        now = queries.Title(old.title, old.short, old.about, old.version) if old else queries.Title("", "", "")
        new = queries.Title(**{**now._asdict(), **said})
        if new != now:
            yield Step(
                "changed" if old else "added",
                perspective,
                None,
                actions.heading_words(*now[:3]),
                actions.heading_words(*new[:3]),
                version=now.version,
                heading=new,
            )


def _statements(db: Session, contents: Contents) -> Iterator[Step]:
    there = queries.grundlag(db)
    for perspective in Perspective:
        for role in RoleKey:
            wanted = contents.statements.get((perspective, role), [])
            yield from _compare(perspective, role, there[perspective][role], wanted)


def _compare(
    perspective: Perspective, role: RoleKey, there: list[queries.Sentence], wanted: list[str]
) -> Iterator[Step]:
    """Same words first; what is left over meets in order; then some come and some go."""
    kept: list[queries.Sentence] = []
    left: list[queries.Sentence] = []
    for old in there:
        stays = old.text in wanted and all(old.text != other.text for other in kept)
        (kept if stays else left).append(old)
    texts = [old.text for old in kept]
    new_order = [text for text in wanted if text in texts]
    for old, text in zip(kept, new_order, strict=True):
        if old.text != text:
            yield Step("moved", perspective, role, old.text, old.text, old.id, old.version)
    for text in wanted:
        if text in texts:
            continue
        if left:
            old = left.pop(0)
            yield Step("changed", perspective, role, old.text, text, old.id, old.version)
        else:
            yield Step("added", perspective, role, "", text)
    for old in left:
        yield Step("removed", perspective, role, old.text, "", old.id, old.version)


def _basis(db: Session) -> str:
    """A short mark of the grundlag as it stands: another one means that someone changed it."""
    headings = db.execute(select(PerspectiveText.id, PerspectiveText.version).order_by(PerspectiveText.id)).all()
    statements = db.execute(
        select(Statement.id, Statement.version, Statement.position)
        .where(Statement.retired_at.is_(None))
        .order_by(Statement.id)
    ).all()
    return hashlib.sha256(repr((headings, statements)).encode()).hexdigest()[:16]


# --- doing it ---------------------------------------------------------------------------------------------------


def _write_heading(db: Session, viewer: Viewer | None, step: Step) -> None:
    assert step.heading is not None
    title, short, about = step.heading[:3]
    actions.write_heading(db, viewer, step.perspective, HeadingForm(title, step.version, short, about))


def _touch_statement(db: Session, viewer: Viewer | None, step: Step) -> None:
    found = db.get(Statement, step.statement_id)
    if found is None or found.version != step.version or found.retired_at is not None:
        raise Conflict(T("Grundlaget er ændret, siden du så forskellene. Se dem igen, før du indlæser."))
    if step.kind == "removed":
        actions.take_out(db, viewer, found, step.version)
        return
    if step.kind == "moved":
        actions.remember_move(db, viewer, found)
    else:
        actions.rewrite(db, viewer, found, StatementForm(step.after, step.version))


def _renumber(db: Session, plan: Plan) -> None:
    db.flush()
    for found in db.scalars(select(Statement).where(Statement.retired_at.is_(None))):
        own = plan.order.get((found.perspective, found.role), [])
        if found.text not in own:
            raise Conflict(T("Grundlaget er ændret, siden du så forskellene. Se dem igen, før du indlæser."))
        found.position = own.index(found.text) + 1
    db.flush()


__all__ = ["LARGEST_FILE", "Contents", "Fault", "Plan", "Step", "carry_out", "plan_import", "read"]
