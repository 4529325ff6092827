"""Every table there is, for Alembic and for `create_all`."""

from sqlalchemy import CheckConstraint, Enum

import med.calendar.models
import med.competence_compass.models
import med.decisions.models
import med.identity.models
import med.journal.models
import med.loop.models
import med.meetings.models
import med.notices.models
import med.organisation.models
import med.perspectives.models
import med.search  # noqa: F401
from med.db import Base

metadata = Base.metadata


def check_choices() -> None:
    """A CHECK for every enum column, named after the column: a table may have two columns of one enum."""
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, Enum) and f"{column.name}_known" not in {c.name for c in table.constraints}:
                values = ", ".join(f"'{value}'" for value in column.type.enums)
                table.append_constraint(CheckConstraint(f"{column.name} IN ({values})", name=f"{column.name}_known"))


check_choices()
