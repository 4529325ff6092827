"""Texts in two languages. The source texts are Danish; English comes from the catalogues in `med/locale/en`.

`T("…")` is a text whose language is chosen when it is shown, so a policy can object without knowing its reader.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("da", "en")
current: ContextVar[str] = ContextVar("language", default="da")


@cache
def _catalogue() -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Every English text, from one .po file per slice, read once."""
    from babel.messages.pofile import read_po  # takes 30 ms, and a Danish-only command line never needs it

    single: dict[str, str] = {}
    plural: dict[str, tuple[str, str]] = {}
    for path in sorted((Path(__file__).parent / "locale" / "en").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if not message.id or message.fuzzy:
                    continue
                if isinstance(message.id, str):
                    if message.string:
                        single[message.id] = str(message.string)
                elif message.string and all(message.string):
                    plural[message.id[0]] = (message.string[0], message.string[1])
    return single, plural


def gettext(message: str) -> str:
    if current.get() == "da":
        return message
    return _catalogue()[0].get(message, message)


def ngettext(one: str, many: str, count: int) -> str:
    if current.get() != "da":
        one, many = _catalogue()[1].get(one, (one, many))
    return one if count == 1 else many


class Text:
    """A lazy text with named parameters; `str()` gives it in the reader's language."""

    __slots__ = ("message", "params")

    def __init__(self, message: str, **params: Any) -> None:
        self.message = message
        self.params = params

    def __str__(self) -> str:
        text = gettext(self.message)
        return text % self.params if self.params else text

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))

    def __repr__(self) -> str:
        return f"T({self.message!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.message, self.params) == (other.message, other.params)

    def __hash__(self) -> int:
        return hash(self.message)


T = Text


class Counted(Text):
    """A lazy text with a singular and a plural; the number fills in as `%(num)s`."""

    __slots__ = ("many",)

    def __init__(self, one: str, many: str, count: int, **params: Any) -> None:
        super().__init__(one, num=count, **params)
        self.many = many

    def __str__(self) -> str:
        return ngettext(self.message, self.many, self.params["num"]) % self.params


_n = Counted


_words: dict[tuple[type, Any], Text] = {}


def name_things(words: dict[Any, Text]) -> None:
    """Give enum values the words people use for them. Each slice does so in its `words.py`, once for each enum.

    One enum at a time: members of two StrEnums with the same value are the same key of a dict, and one would be lost.
    """
    assert len({type(value) for value in words}) == 1, "name the values of one enum at a time"
    _words.update({(type(value), value): text for value, text in words.items()})


def word(value: Any) -> Text:
    """The word for an enum value, in the reader's language when shown."""
    return _words[type(value), value]
