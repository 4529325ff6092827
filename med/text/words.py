"""Where a Danish word stands in the alphabet."""

import unicodedata

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
