"""What the database itself refuses: changing or deleting approved minutes, what they are made of, and the journal.

Policies say it kindly first; a trigger holds also against a slip in our own code, and against a hand on the database.
A guard is a table, the verbs it stops, and when: a condition on OLD (NEW for INSERT), and, for UPDATE, the columns
that are frozen; the others may still change.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Guard(NamedTuple):
    table: str
    verbs: Sequence[str] = ("UPDATE", "DELETE")
    when: str = ""  # {row} is OLD, or NEW for INSERT
    columns: Sequence[str] = ()  # empty: every column
    since: str = "0001"  # the revision that puts it there


def _of_approved(meeting_id: str) -> str:
    return f"EXISTS (SELECT 1 FROM minutes AS m WHERE m.meeting_id = {meeting_id} AND m.chairs_approved_at IS NOT NULL)"  # nosec B608: names of our own


OF_APPROVED_ITEM = (
    "EXISTS (SELECT 1 FROM minutes AS m JOIN item AS i ON i.meeting_id = m.meeting_id"
    " WHERE i.id = {row}.item_id AND m.chairs_approved_at IS NOT NULL)"  # nosec B608: names of our own
)
EVERY = ("INSERT", "UPDATE", "DELETE")
OF_STARTED_ACTIVITY = (
    "EXISTS (SELECT 1 FROM compass_activity AS a WHERE a.id = {row}.activity_id AND a.frozen_at IS NOT NULL)"
)
REASON_ALONE = (
    "NEW.reason = '' AND NEW.id = OLD.id AND NEW.at = OLD.at AND NEW.citizen_id = OLD.citizen_id"
    " AND NEW.what = OLD.what AND NEW.role = OLD.role AND coalesce(NEW.person_id, 0) = coalesce(OLD.person_id, 0)"
)
OF_ERASED_CITIZEN = (
    "EXISTS (SELECT 1 FROM compass_citizen AS c WHERE c.id = OLD.citizen_id AND c.erased_at IS NOT NULL)"
)

GUARDED = (
    Guard("journal_entry"),
    Guard("minutes_version", when="{row}.is_frozen"),
    Guard("addendum"),
    Guard(
        "minutes",
        when="{row}.chairs_approved_at IS NOT NULL",
        columns=(
            "meeting_id", "committee_id", "review_at", "chair_at", "chair_id", "vice_at", "vice_id", "proof",
            "chairs_approved_at", "sequence", "sha256", "previous_sha256",
        ),
    ),
    Guard(
        "item",
        EVERY,
        _of_approved("{row}.meeting_id"),
        (
            "uid", "meeting_id", "committee_id", "position", "purpose", "standing", "title", "case_text",
            "recommendation", "case_number", "responsible_id", "raised_side", "is_open", "closed_ground",
            "minutes_text", "minutes_version", "outcome", "consensus", "statement_management", "statement_employees",
            "sent_to_id", "hearing_until",
        ),
    ),
    Guard(
        "attendance",
        EVERY,
        _of_approved("{row}.meeting_id"),
        (
            "meeting_id", "person_id", "part", "side", "role", "stands_in_for_id", "presence", "arrived", "left",
            "note",
        ),
    ),
    Guard("recusal", EVERY, OF_APPROVED_ITEM),
    Guard("item_revision", EVERY, OF_APPROVED_ITEM),
    Guard(
        "attachment",
        EVERY,
        OF_APPROVED_ITEM,
        ("item_id", "title", "file_name", "size", "sha256", "is_open", "removed_at"),
    ),
    # A look stands; only its reason, which people wrote, goes with an erased citizen.
    Guard("compass_look", ("DELETE",), since="0003"),
    Guard("compass_look", ("UPDATE",), f"NOT ({REASON_ALONE} AND {OF_ERASED_CITIZEN})", since="0003"),
    Guard("compass_erasure", since="0003"),
    Guard("compass_effect_estimate", since="0003"),
    Guard("compass_snapshot", since="0003"),
    Guard("compass_told_estimate", since="0004"),
    Guard("compass_quarters_run", since="0004"),
    Guard("compass_effect_run", when="{row}.state = 'done'", since="0003"),
    # What an activity was meant to do is written before it starts; what is written later is only for looking around.
    Guard("compass_activity", when="{row}.frozen_at IS NOT NULL", columns=("uid", "frozen_at"), since="0003"),
    Guard(
        "compass_hypothesis",
        ("INSERT", "DELETE"),
        f"NOT {{row}}.is_exploratory AND {OF_STARTED_ACTIVITY}",
        since="0003",
    ),
    Guard("compass_hypothesis", ("UPDATE",), OF_STARTED_ACTIVITY, since="0003"),
)  # fmt: skip


def create(dialect: str, revision: str) -> list[str]:
    """The guards that come with a revision."""
    return [
        statement
        for guard in GUARDED
        if guard.since == revision
        for verb in guard.verbs
        for statement in _guard(dialect, guard, verb)
    ]


def drop(dialect: str, table: str) -> list[str]:
    """Take a table's guards away: for the tests that forge, and for a migration that must touch old rows."""
    made = []
    for guard in GUARDED:
        if guard.table == table:
            for verb in guard.verbs:
                on = "" if dialect == "sqlite" else f" ON {table}"
                made.append(f"DROP TRIGGER {_name(guard, verb)}{on}")
    return made


def put_back(dialect: str, table: str) -> list[str]:
    """The guards that `drop` took away."""
    return [
        statement
        for guard in GUARDED
        if guard.table == table
        for verb in guard.verbs
        for statement in _guard(dialect, guard, verb)
    ]


def _name(guard: Guard, verb: str) -> str:
    return f"guard__{guard.table}__{verb.lower()}"


def _guard(dialect: str, guard: Guard, verb: str) -> list[str]:
    name = _name(guard, verb)
    frozen = guard.when.format(row="NEW" if verb == "INSERT" else "OLD") or "1 = 1"
    changed = ""
    if verb == "UPDATE" and guard.columns:
        differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
        changed = " AND (" + " OR ".join(f'OLD."{c}" {differs} NEW."{c}"' for c in guard.columns) + ")"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {name} BEFORE {verb} ON {guard.table} FOR EACH ROW WHEN ({frozen}){changed} "
            f"BEGIN SELECT RAISE(ABORT, '{guard.table} is frozen'); END"
        ]
    row = "OLD" if verb == "DELETE" else "NEW"
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF ({frozen}){changed} THEN RAISE EXCEPTION '{guard.table} is frozen'; END IF; RETURN {row}; END $$",
        f"CREATE TRIGGER {name} BEFORE {verb} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()",
    ]
