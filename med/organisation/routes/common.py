from collections.abc import Iterable
from enum import Enum

from med.language import word


def options(things: Iterable[Enum]) -> list[tuple[str, str]]:
    """Enum values as a form's list shows them: (value, word), the word with a capital."""
    return [(thing.value, capital(str(word(thing)))) for thing in things]


def capital(words: str) -> str:
    """The first letter large, the rest as it is (str.capitalize() would make "TR" "tr")."""
    return words[:1].upper() + words[1:]
