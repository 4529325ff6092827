"""What people write about the minutes as a whole."""

from enum import StrEnum
from typing import Annotated

import msgspec


class For(StrEnum):
    """On whose behalf a written approval was given."""

    CHAIR = "chair"
    VICE = "vice"


class Approved(msgspec.Struct):
    """Which version of the minutes stood on the page. A form that does not say has seen none."""

    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0


class WrittenApproval(msgspec.Struct):
    on_behalf: For
    proof: Annotated[str, msgspec.Meta(min_length=10, max_length=1000)]
    seen: Annotated[int, msgspec.Meta(ge=0, le=2**31)] = 0


class AddendumText(msgspec.Struct):
    text: Annotated[str, msgspec.Meta(max_length=8000)]
    item: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    inside_only: bool = False
    cpr_anyway: bool = False
