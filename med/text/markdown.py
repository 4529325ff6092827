"""Restricted Markdown: paragraphs, line breaks, **bold**, *italic*, lists, links and two levels of headings.

Everything else that is typed stands there as it was typed; HTML is never let through. The text becomes a small tree
(`parse`), from which HTML is made here, and Typst and DOCX where they are written. What the trees may look like:

    text      = (paragraph | heading | bullets | numbers)*
    bullets   = item+        numbers = item+, counted from `start`
    item      = inline* then (paragraph | heading | bullets | numbers)*
    paragraph = inline*      heading = inline*, `level` 3 or 4
    inline    = text | break | bold | italic | link          (each of the last three = inline*)
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from markdown_it.token import Token

Kind = Literal["paragraph", "heading", "bullets", "numbers", "item", "bold", "italic", "link", "text", "break"]


class Node(NamedTuple):
    """One piece of a text. Which of the fields mean something follows from `kind`."""

    kind: Kind
    children: "tuple[Node, ...]" = ()
    text: str = ""
    """kind text: the words, not escaped"""
    href: str = ""
    """kind link: an http, https or mailto address, percent-encoded"""
    level: int = 0
    """kind heading: 3 or 4"""
    start: int = 1
    """kind numbers: the first number"""


INLINE = frozenset({"text", "break", "bold", "italic", "link"})
DEEPEST = 24
"""Nobody writes lists within lists within emphasis this deep; a text that does is shown as it was typed."""

_ADDRESS = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s@]+@[^\s@])", re.IGNORECASE)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_KINDS: dict[str, Kind] = {
    "paragraph": "paragraph",
    "heading": "heading",
    "bullet_list": "bullets",
    "ordered_list": "numbers",
    "list_item": "item",
    "strong": "bold",
    "em": "italic",
    "link": "link",
}


@cache
def _reader() -> Any:
    """The library, fetched with the first text: seventy modules that a command or a worker seldom needs."""
    from markdown_it import MarkdownIt

    class Reader(MarkdownIt):
        def validateLink(self, url: str) -> bool:
            return bool(_ADDRESS.match(url))

    return Reader("zero").enable(["heading", "list", "emphasis", "link", "newline"])


def parse(text: str) -> tuple[Node, ...]:
    """The tree of a text. Never raises: what cannot be understood is words.

    Headings are given the levels that fit below a page's own h1 and h2: the first one and its equals are 3,
    deeper ones 4. The first paragraph of a list item is laid directly into the item.
    Time is linear in the length of the text, under 10 µs a character at worst.
    """
    text = _clean(text)
    try:
        return _Builder().build(_reader().parse(text))
    except _TooDeep:
        return _as_typed(text)


def to_html(text: str) -> Markup:
    """The text as HTML that is also well-formed XML; safe to put into a page as it is."""
    return _html_of_short(text) if len(text) <= 5_000 else _html(text)


def to_plain(text: str) -> str:
    """The text without its marks, for mail and calendars: lists keep their dashes, links their address in brackets."""
    return "\n\n".join(_plain_block(node) for node in parse(text))


def excerpt(text: str, length: int) -> str:
    """The beginning of the text in one line of at most `length` characters, cut between words and ended with "…".

    Raises ValueError when `length` is less than 1.
    """
    if length < 1:
        raise ValueError("An excerpt has at least one character")
    line = " ".join(" ".join(_words(node) for node in parse(text[: 2000 + 8 * length])).split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    if line[length - 1] != " " and " " in cut[length // 2 :]:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip(" ,.;:–-(") + "…"


# --- From the library's tokens to our tree ----------------------------------------------------------------------------


class _TooDeep(Exception):
    pass


class _Builder:
    """Turns the flat row of opening and closing tokens into nested nodes, without recursion."""

    def __init__(self) -> None:
        self.open: list[tuple[Token | None, list[Node]]] = [(None, [])]
        self.top_heading = 0

    def build(self, tokens: "list[Token]") -> tuple[Node, ...]:
        for token in tokens:
            if token.type == "inline":
                for child in token.children or ():
                    self.take(child)
            else:
                self.take(token)
        return tuple(self.open[0][1])

    def take(self, token: "Token") -> None:
        if token.nesting > 0:
            # The library drops what lies deeper than 20 levels: stop while everything is still there.
            if len(self.open) > DEEPEST or (token.type == "list_item_open" and token.level > 16):
                raise _TooDeep
            self.open.append((token, []))
        elif token.nesting < 0:
            opened, children = self.open.pop()
            if opened is not None:
                self.close(opened, children)
        elif token.type == "text":
            if token.content:
                self.add(Node("text", text=token.content))
        else:  # softbreak and hardbreak: a new line is a new line
            self.add(Node("break"))

    def add(self, node: Node) -> None:
        self.open[-1][1].append(node)

    def close(self, opened: "Token", children: list[Node]) -> None:
        kind = _KINDS[opened.type.removesuffix("_open")]
        parent, siblings = self.open[-1]
        if kind == "heading":
            level = len(opened.markup)
            if not children:  # a lone "#" is no heading
                self.add(Node("paragraph", (Node("text", text=opened.markup),)))
                return
            self.top_heading = self.top_heading or level
            self.add(Node("heading", tuple(children), level=3 if level <= self.top_heading else 4))
        elif kind == "paragraph" and parent is not None and parent.type == "list_item_open" and not siblings:
            siblings.extend(children)
        elif kind == "link":
            href, title = str(opened.attrs["href"]), opened.attrs.get("title")
            if not href:  # the library lets [words]() pass as a link to nowhere
                after = f']("{title}")' if title else "]()"
                siblings += [Node("text", text="["), *children, Node("text", text=after)]
                return
            words = children or [Node("text", text=href)]
            if title:  # [words](address "title"): nothing that was typed may disappear
                words.append(Node("text", text=f" ({title})"))
            self.add(Node("link", tuple(words), href=href))
        elif kind == "numbers":
            self.add(Node("numbers", tuple(children), start=int(opened.attrs.get("start", 1))))
        else:
            self.add(Node(kind, tuple(children)))


def _clean(text: str) -> str:
    return _NOT_TEXT.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def _as_typed(text: str) -> tuple[Node, ...]:
    paragraphs = []
    for paragraph in re.split(r"\n(?:[ \t]*\n)+", text.strip()):
        inline = [Node("text", text=line) for line in paragraph.split("\n")]
        broken = [node for line in inline for node in (Node("break"), line)][1:]
        paragraphs.append(Node("paragraph", tuple(broken)))
    return tuple(paragraphs)


# --- From the tree to HTML and to plain words -------------------------------------------------------------------------

_TAGS = {"paragraph": "p", "bullets": "ul", "item": "li", "bold": "strong", "italic": "em"}


@lru_cache(maxsize=1024)
def _html_of_short(text: str) -> Markup:
    return _html(text)


def _html(text: str) -> Markup:
    out: list[str] = []
    for node in parse(text):
        _write(node, out)
    return Markup("".join(out))  # nosec B704: `_write` escapes every text and address


def _write(node: Node, out: list[str]) -> None:
    match node.kind:
        case "text":
            out.append(str(escape(node.text)))
            return
        case "break":
            out.append("<br/>")
            return
        case "link":
            opening, closing = f'<a href="{escape(node.href)}" rel="noopener noreferrer">', "</a>"
        case "heading":
            opening, closing = f"<h{node.level}>", f"</h{node.level}>"
        case "numbers":
            opening, closing = "<ol>" if node.start == 1 else f'<ol start="{node.start}">', "</ol>"
        case _:
            opening, closing = f"<{_TAGS[node.kind]}>", f"</{_TAGS[node.kind]}>"
    out.append(opening)
    for child in node.children:
        _write(child, out)
    out.append(closing)


def _plain_block(node: Node) -> str:
    match node.kind:
        case "bullets":
            return "\n".join(_plain_item(item, "- ") for item in node.children)
        case "numbers":
            return "\n".join(_plain_item(item, f"{node.start + at}. ") for at, item in enumerate(node.children))
        case _:
            return "".join(_plain_inline(child) for child in node.children)


def _plain_item(item: Node, marker: str) -> str:
    words = "".join(_plain_inline(child) for child in item.children if child.kind in INLINE)
    blocks = [_plain_block(child) for child in item.children if child.kind not in INLINE]
    return marker + "\n".join([words, *blocks]).replace("\n", "\n" + " " * len(marker))


def _plain_inline(node: Node) -> str:
    match node.kind:
        case "text":
            return node.text
        case "break":
            return "\n"
        case "link":
            words, address = "".join(_plain_inline(child) for child in node.children), node.href.removeprefix("mailto:")
            return words if words in (node.href, address) else f"{words} ({address})"
        case _:
            return "".join(_plain_inline(child) for child in node.children)


def _words(node: Node) -> str:
    if node.kind == "text":
        return node.text
    glue = "" if node.kind in ("bold", "italic", "link", "paragraph", "heading") else " "
    return glue.join(_words(child) for child in node.children) if node.kind != "break" else " "
