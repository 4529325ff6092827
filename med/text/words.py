"""Where a Danish word stands in the alphabet, and words to choose among."""

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


class Choices(tuple[tuple[int | str, str], ...]):
    """What a list offers: (value, words) each, plain words that read the same in every language. The same for all who
    choose among them, and so drawn once, however many they are."""

    def without(self, value: int) -> "Choices":
        return Choices(one for one in self if one[0] != value)
