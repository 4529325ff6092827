from collections.abc import Iterable, Sequence
from enum import Enum

from sqlalchemy import Row

from med.language import word


def options(things: Iterable[Enum]) -> list[tuple[str, str]]:
    """Enum values as a form's list shows them: (value, word), the word with a capital."""
    return [(thing.value, capital(str(word(thing)))) for thing in things]


def capital(words: str) -> str:
    """The first letter large, the rest as it is (str.capitalize() would make "TR" "tr")."""
    return words[:1].upper() + words[1:]


def suggestions(people: Sequence[Row[str, str, str]]) -> list[tuple[str, str]]:
    """(name, handle, title) as a list to type from; the handle tells namesakes apart."""
    return [(f"{name} ({handle})", title) for name, handle, title in people]
