"""The links in an invitation that answer it without signing in.

Such a link proves that we once sent it to this person, and nothing else: who has it can answer for them. So it only
opens this one answer, the page says whose answer it is, and what may be done is decided by the rights of today.
"""

from msgspec import Struct

from med.numbers import number_in
from med.settings import Settings
from med.web.signing import seal, unseal

PURPOSE = "svar"
YES, NO = "ja", "nej"


class Slip(Struct, frozen=True):
    """What a link says: whose answer to which meeting, and which of the two links in the mail it was."""

    meeting_id: int
    person_id: int
    hint: str


def answer_link(settings: Settings, slip: Slip, language: str) -> str:
    token = seal(settings.secret, PURPOSE, slip.meeting_id, slip.person_id, slip.hint)
    return f"{settings.base_url}/svar/{token}" + ("" if language == "da" else f"?sprog={language}")


def read_link(settings: Settings, token: str) -> Slip | None:
    """What the link says; None for one that we did not make."""
    parts = unseal(settings.secret, PURPOSE, token) if len(token) < 200 else None
    match parts:
        case [meeting, person, (("ja" | "nej") as hint)]:
            meeting_id, person_id = number_in(meeting), number_in(person)
            return None if meeting_id is None or person_id is None else Slip(meeting_id, person_id, hint)
    return None
