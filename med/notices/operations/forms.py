from typing import Annotated, Literal

from msgspec import Meta, Struct

from med.notices.models import OutletKind


class OutletForm(Struct):
    """A channel to be opened. Whether the address may be sent to is asked of the courier, who knows the settings."""

    kind: OutletKind
    name: Annotated[str, Meta(min_length=2, max_length=80)]
    url: Annotated[str, Meta(max_length=1000)]
    committee: Annotated[int, Meta(ge=1, le=2**63 - 1)] | None = None
    language: Literal["da", "en"] = "da"
