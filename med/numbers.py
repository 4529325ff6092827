"""Numbers as they come in: from an address, a form or a command line."""

from med.errors import Unreadable
from med.language import T

LARGEST_ID = 2**63 - 1  # what both databases can look up


def number_in(raw: str, largest: int = LARGEST_ID) -> int | None:
    """A whole number in plain digits, from 0 to `largest`; None for anything else, however long it is."""
    if not (raw.isascii() and raw.isdecimal()) or len(raw) > len(str(largest)):
        return None
    number = int(raw)
    return number if number <= largest else None


def asked_number(raw: str, largest: int = LARGEST_ID, smallest: int = 0) -> int | None:
    """The same of an address's query, where "" asks for nothing: None. Raises Unreadable for what is no such number."""
    if not raw:
        return None
    number = number_in(raw, largest)
    if number is None or number < smallest:
        raise Unreadable(T("Adressen indeholder et tal, der ikke giver mening."))
    return number
