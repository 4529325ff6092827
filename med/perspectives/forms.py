"""What people type when they write the grundlag. The same limits hold for an import."""

from typing import Annotated

import msgspec

from med.perspectives.models import RoleKey

LONGEST_TITLE = 80
LONGEST_SHORT = 30
LONGEST_ABOUT = 600
LONGEST_STATEMENT = 400

Version = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
StatementText = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_STATEMENT)]


class HeadingForm(msgspec.Struct):
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_TITLE)]
    version: Version
    short: Annotated[str, msgspec.Meta(max_length=LONGEST_SHORT)] = ""
    about: Annotated[str, msgspec.Meta(max_length=LONGEST_ABOUT)] = ""


class StatementForm(msgspec.Struct):
    text: StatementText
    version: Version


class NewStatementForm(msgspec.Struct):
    role: RoleKey
    text: StatementText


class RetireForm(msgspec.Struct):
    version: Version


class MoveForm(msgspec.Struct):
    """`to` is the new place among its own, counted from 0; beyond either end is the end."""

    to: int
