"""People, units, committees and seats from the files of other systems.

    plan = plan_import(db, "personer", read(name, data))   # reads and compares; changes nothing
    carry_out(db, viewer, plan)                            # viewer None: the command line

The file of people, units or seats is the whole truth: who is not in it leaves. A second import of the same file
changes nothing. `carry_out` stops where more than a tenth would leave, unless `leaving` says the exact number.
"""

from sqlalchemy.orm import Session

from med.access import Viewer, require
from med.errors import Invalid
from med.language import T
from med.organisation import access
from med.organisation.importing import committees, people, seats, units
from med.organisation.importing.plan import Change, Plan, What
from med.tables import Column, Table, TableError

__all__ = ["KINDS", "Change", "Plan", "What", "carry_out", "columns_of", "plan_import"]

PLANNERS = {"enheder": units, "personer": people, "udvalg": committees, "pladser": seats}
KINDS = tuple(PLANNERS)  # in the order they build on one another


def columns_of(kind: str) -> list[Column]:
    return PLANNERS[kind].COLUMNS


def plan_import(db: Session, kind: str, table: Table) -> Plan:
    """What taking in the table would change, or in `errors` why it cannot be taken in."""
    plan = Plan(kind)
    try:
        PLANNERS[kind].plan(db, table, plan)
    except TableError as error:
        plan.errors = [error.message]
    if not table.rows and not plan.errors:
        plan.errors = [T("Filen har overskrifter, men ingen rækker.")]
    if plan.errors:
        # Whoever stands in a row that cannot be read has not left: who leaves is known when every row is.
        plan.diff = [change for change in plan.diff if change.what is not What.LEAVING]
        plan.leaving = 0
    return plan


def carry_out(db: Session, viewer: Viewer | None, plan: Plan, leaving: int | None = None) -> None:
    """Do what the plan says, all of it or nothing. Raises Invalid for a plan with errors, or one that needs the
    number of those who leave and got another one."""
    if viewer is not None:
        require(viewer, access.import_organisation, None)
    if plan.errors:
        raise Invalid(file=plan.errors[0])
    if plan.needs_number and leaving != plan.leaving:
        raise Invalid(leaving=plan.stop())
    PLANNERS[plan.kind].carry_out(db, viewer, plan)
    db.expire_all()  # what was loaded before the bulk changes is out of date
