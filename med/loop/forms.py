"""What people type to link a decision and an activity."""

from enum import StrEnum

import msgspec

from med.decisions.forms import Id, Paragraph
from med.language import T, name_things
from med.loop.models import LinkKind


class Basis(StrEnum):
    """What stopping an activity rests on."""

    RUN = "run"
    JUDGEMENT = "judgement"


name_things({Basis.RUN: T("Den seneste beregning"), Basis.JUDGEMENT: T("En faglig vurdering")})


class LinkForm(msgspec.Struct):
    activity: Id
    kind: LinkKind
    basis: Basis | None = None
    judgement: Paragraph = ""
