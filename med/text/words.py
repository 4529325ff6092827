"""Two small Danish questions about words: does this look like a CPR number, and where does it stand in the alphabet."""

import re
import unicodedata
from datetime import date

# Not within a longer number. People write the dash as it comes: hyphen, non-breaking hyphen, dash, space, nothing.
_CPR = re.compile(
    r"(?<![0-9])([0-9]{2})([0-9]{2})([0-9]{2})[ \u00a0]?[-\u2010-\u2014]?[ \u00a0]?([0-9])[0-9]{3}(?![0-9])"
)


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


# Behind z in ASCII stand { | }, which so become the three last letters. Foreign letters as in Retskrivningsordbogen.
_LETTERS = str.maketrans(
    {"æ": "{", "ä": "{", "ø": "|", "ö": "|", "œ": "|", "å": "}", "ü": "y", "ð": "d", "þ": "th", "đ": "d", "ł": "l"}
)


def collation_key(text: str) -> str:
    """What to sort Danish texts by: æ, ø, å last, aa as å, capitals as small letters, accents as none.

    A plain string, so it can be stored and indexed as well as given to `sorted(key=…)`.
    """
    small = unicodedata.normalize("NFC", text).casefold().replace("aa", "å").translate(_LETTERS)
    return "".join(letter for letter in unicodedata.normalize("NFD", small) if not unicodedata.combining(letter))
