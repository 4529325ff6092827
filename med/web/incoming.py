"""What comes in: form bodies and query strings, read strictly, before any transaction begins."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from msgspec import Struct
from multipart import MultipartError, MultipartParser

from med.errors import TooLarge, Unreadable
from med.language import T

FORM_BYTES = 256 * 1024
UPLOAD_BYTES = 26 * 1024 * 1024
MOST_FIELDS = 2000
# Control characters no keyboard makes, and PostgreSQL refuses the first; newline and tab are text.
STRIPPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Upload(Struct, frozen=True):
    """A file a person chose. `name` is what their machine calls it: show it, never use it as a path."""

    name: str
    data: bytes


class Submitted:
    """Fields as they came, several of a name allowed. Reading a missing one gives ""."""

    def __init__(self, pairs: Sequence[tuple[str, str]], files: dict[str, Upload] | None = None) -> None:
        self.pairs = pairs
        self.files = files or {}
        self.taken: dict[str, Any] = {}  # what a route's `take` made of the files, by field

    def get(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.pairs if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def values(self) -> dict[str, str]:
        """One value a name, for showing a form again with the person's own words."""
        return {key: value for key, value in reversed(self.pairs) if key not in {"_token", "idem"}}

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)


def clean(text: str) -> str:
    return STRIPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def safe_path(path: str) -> str:
    """A path on this site, or nothing: an address elsewhere is never followed."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or any(ord(c) < 33 for c in path):
        return ""
    return path[:2000]


def cookie_of(request: Request, name: str) -> str:
    """One of the cookies that came; "" where it did not. Ours are plain letters, which need no unpacking."""
    wanted = name.encode()
    for header, value in request.scope["headers"]:
        if header == b"cookie":
            for one in value.split(b";"):
                key, _, held = one.strip().partition(b"=")
                if key == wanted:
                    return str(held, "latin-1")
    return ""


def read_query(request: Request) -> Submitted:
    raw = request.scope.get("query_string", b"")
    return Submitted(_parse(raw)) if raw else Submitted([])


async def read_form(request: Request) -> Submitted:
    """The body of a POST as fields. Raises Unreadable (400) or TooLarge (413); never lets a decoder's error out."""
    uploads = bool(request.route_handler.opt.get("uploads"))
    limit = UPLOAD_BYTES if uploads else FORM_BYTES
    body = await _body(request, limit)
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if kind == "application/x-www-form-urlencoded" or (not kind and not body):
        return Submitted(_parse(body))
    if kind == "multipart/form-data":
        return _parts(body, rest, uploads)
    raise Unreadable(T("Formularen kom i et format, vi ikke kan læse."))


async def _body(request: Request, limit: int) -> bytes:
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":  # a browser that left in the middle of its form
            raise Unreadable(T("Formularen kunne ikke læses."))
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise TooLarge(T("Det er for meget på én gang. Der er en grænse på %(n)s.", n=_size(limit)))
        chunks.append(chunk)
    return b"".join(chunks)


def _size(limit: int) -> str:
    return f"{limit // 1024} kB" if limit < 1024 * 1024 else f"{(limit - 1024 * 1024) // (1024 * 1024)} MB"


def _parse(raw: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(
            raw.decode("ascii", "strict") if raw.isascii() else raw.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except (UnicodeDecodeError, ValueError):
        raise Unreadable(
            T("Formularen kunne ikke læses. Tegnene er ikke UTF-8, eller der er for mange felter.")
        ) from None
    return [(clean(key), clean(value)) for key, value in pairs]


def _parts(body: bytes, content_type_rest: str, uploads: bool) -> Submitted:
    boundary = ""
    for piece in content_type_rest.split(";"):
        name, _, value = piece.strip().partition("=")
        if name.lower() == "boundary":
            boundary = value.strip('"')
    pairs: list[tuple[str, str]] = []
    files: dict[str, Upload] = {}
    try:
        parser = MultipartParser(
            BytesIO(body), boundary, charset="utf8", strict=True, part_limit=MOST_FIELDS,
            spool_limit=UPLOAD_BYTES, memory_limit=UPLOAD_BYTES, disk_limit=0,
        )  # fmt: skip
        for part in parser:
            if part.filename is not None:
                data = part.raw
                if uploads and (data or part.filename):
                    files[clean(part.name)] = Upload(clean(part.filename), data)
            else:
                pairs.append((clean(part.name), clean(part.raw.decode("utf-8"))))
    except (MultipartError, UnicodeDecodeError, ValueError, LookupError, AssertionError):
        raise Unreadable(T("Formularen kunne ikke læses.")) from None
    return Submitted(pairs, files)
