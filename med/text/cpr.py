"""Does a text hold what may be a CPR number? There is no field for one anywhere, and words are asked before saving."""

import re
from datetime import date

# Not within a longer number. People write the dash as it comes: hyphen, non-breaking hyphen, dash, space, nothing.
_CPR = re.compile(
    r"(?<![0-9])([0-9]{2})([0-9]{2})([0-9]{2})[ \u00a0]?[-\u2010-\u2014]?[ \u00a0]?([0-9])[0-9]{3}(?![0-9])"
)


def looks_like_cpr(text: str) -> bool:
    return bool(warn_cpr(text))


def warn_cpr(text: str) -> list[tuple[int, int]]:
    """Where a text holds what may be a CPR number (`ddmmåå-xxxx`), as (start, end); empty when it holds none.

    A number counts when its first six digits are a day that exists in the century its seventh digit points to
    (CPR-kontoret, "Personnummeret i CPR"), also with 60 added to the day, as in replacement numbers.
    The check digit is not asked: numbers without a valid one have been given out since 2007. A warning, never a
    refusal: a phone number with an area code may look the same.
    """
    return [found.span() for found in _CPR.finditer(text) if _is_birthday(*(int(part) for part in found.groups()))]


def _is_birthday(day: int, month: int, year: int, seventh: int) -> bool:
    if seventh <= 3:
        century = 1900
    elif seventh in (4, 9):
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        date(century + year, month, day - 60 if day > 60 else day)
    except ValueError:
        return False
    return True
