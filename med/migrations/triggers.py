"""What the database itself refuses: changing or deleting frozen minutes and the journal.

Policies say it kindly first; a trigger holds also against a slip in our own code.
"""

GUARDED = {
    # table: (when a row is frozen, columns that may still change)
    "minutes_version": "OLD.is_frozen",
    "journal_entry": "",
}


def create(dialect: str) -> list[str]:
    return [statement for table, when in GUARDED.items() for statement in _guard(dialect, table, when)]


def _guard(dialect: str, table: str, when: str) -> list[str]:
    made = []
    for verb in ("UPDATE", "DELETE"):
        name = f"guard__{table}__{verb.lower()}"
        condition = f"WHEN ({when}) " if when else ""
        if dialect == "sqlite":
            made.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
            )
        else:
            made.append(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION '{table} is frozen'; END $$"
            )
            made.append(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION {name}()"
            )
    return made
