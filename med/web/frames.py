"""Pages of which most is the same for many readers: rendered once, cut at the places that differ, filled each time.

Rendering costs ten times what finding the rows does. A frame is kept under everything that shows in it, and while it is
rendered it is given nobody: only marks where the reader's name, their tokens and the page's own content go. A template
that asks for more about the reader fails at once instead of showing one person's page to another.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from med.web.packing import Body, Packed


class Nobody(NamedTuple):
    """The reader, while a frame is made: marks where a name goes, and no other question answered."""

    name: Markup
    handle: Markup


Frame = list[tuple[bytes, str]]  # what is the same, and the name of the hole after it ("" at the end)
SECRET = secrets.token_hex(12)  # nobody's words can hold a mark
MARK = re.compile(f"{SECRET}:([a-z_]+);")


def mark(name: str) -> Markup:
    return Markup(f"{SECRET}:{name};")  # nosec B704 - letters and digits of our own


Parts = list[str]  # what is the same, a hole, what is the same, …


def parts_of(html: str) -> Parts:
    return MARK.split(html)


def put_together(parts: Parts, holes: Mapping[str, str]) -> str:
    """A piece of a page, every hole filled with finished HTML."""
    filled = parts.copy()
    filled[1::2] = [holes[name] for name in parts[1::2]]
    return "".join(filled)


def cut(html: str) -> Frame:
    parts = [*parts_of(html), ""]
    return [(same.encode(), hole) for same, hole in zip(parts[::2], parts[1::2], strict=True)]


Holes = Mapping[str, bytes | Packed | Callable[[], bytes]]


def fill(frame: Frame, holes: Holes) -> Body:
    """The page. What is called is called anew for each of its places: no two forms share a key."""
    made: list[bytes | Packed] = []
    for same, hole in frame:
        made.append(same)
        if hole:
            there: Any = holes[hole]
            made.append(there if isinstance(there, bytes | Packed) else there())
    return Body(made)


def in_html(words: str) -> bytes:
    return str(escape(words)).encode()
