"""What a file is: what its content says, held against its name. Nothing is believed."""

import io
import re
import zipfile
import zlib

from med.meetings.files.office import OFFICE_KINDS, OPEN_KINDS, office, open_document
from med.meetings.files.pdf import look_into_pdf
from med.meetings.files.refusing import (
    DOES_THINGS,
    EMPTY,
    HAS_FILES_INSIDE,
    HAS_MACROS,
    NOT_ALLOWED,
    NOT_WHAT_IT_SAYS,
    TOO_LARGE,
    TOO_MANY_PIXELS,
    Refused,
)  # fmt: skip

LARGEST = 25 * 1024 * 1024
MOST_PIXELS = 120_000_000
ENDINGS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "png", "jpg", "jpeg", "txt", "csv")
ACCEPT = ",".join(f".{ending}" for ending in ENDINGS)


def sniff(name: str, data: bytes) -> str:
    """The media type of a file whose ending and content agree. Raises Refused with the reason."""
    if not data:
        raise Refused(EMPTY)
    if len(data) > LARGEST:
        raise Refused(TOO_LARGE)
    ending = name.rpartition(".")[2].lower()
    if ending in OFFICE_KINDS:
        return office(ending, data)
    if ending in OPEN_KINDS:
        return open_document(ending, data)
    if ending in {"docm", "xlsm", "pptm", "dotm", "xltm", "potm", "xlam", "ppam", "ppsm"}:
        raise Refused(HAS_MACROS)
    if ending not in ENDINGS:
        raise Refused(NOT_ALLOWED)
    if zipfile.is_zipfile(io.BytesIO(data)):  # readers of zip files look at the end, others at the beginning
        raise Refused(HAS_FILES_INSIDE)
    if ending == "pdf":
        return look_into_pdf(data)
    if ending == "png":
        return _png(data)
    if ending in {"jpg", "jpeg"}:
        return _jpeg(data)
    return _text(ending, data)


def _png(data: bytes) -> str:
    """Walk the chunks (W3C PNG, 5.3): IHDR first, each with its right checksum, IEND last."""
    if not data.startswith(b"\x89PNG\r\n\x1a\n"):
        raise Refused(NOT_WHAT_IT_SAYS)
    place = 8
    kinds: list[bytes] = []
    while place + 12 <= len(data) and len(kinds) < 100_000:
        size = int.from_bytes(data[place : place + 4])
        kind, end = data[place + 4 : place + 8], place + 8 + size
        if end + 4 > len(data) or zlib.crc32(data[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            raise Refused(NOT_WHAT_IT_SAYS)
        kinds.append(kind)
        place = end + 4
        if kind == b"IEND":
            break
    if len(kinds) < 3 or kinds[0] != b"IHDR" or kinds[-1] != b"IEND" or b"IDAT" not in kinds or place != len(data):
        raise Refused(NOT_WHAT_IT_SAYS)
    _count_pixels(int.from_bytes(data[16:20]), int.from_bytes(data[20:24]))
    return "image/png"


def _count_pixels(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise Refused(TOO_MANY_PIXELS)


def _jpeg(data: bytes) -> str:
    """Walk the segments (ITU-T T.81, B.1) to the end of the picture. Telephones put a second picture behind it."""
    if not data.startswith(b"\xff\xd8\xff"):
        raise Refused(NOT_WHAT_IT_SAYS)
    place, has_size = 2, False
    while place + 4 <= len(data) and data[place] == 0xFF:
        kind, size = data[place + 1], int.from_bytes(data[place + 2 : place + 4])
        if kind == 0xFF:
            place += 1
            continue
        if kind == 0xDA:
            break
        if kind < 0xC0 or 0xD0 <= kind <= 0xD9 or size < 2:
            raise Refused(NOT_WHAT_IT_SAYS)
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            _count_pixels(int.from_bytes(data[place + 7 : place + 9]), int.from_bytes(data[place + 5 : place + 7]))
            has_size = True
        place += 2 + size
    end = data.find(b"\xff\xd9", place)
    if not has_size or data[place : place + 2] != b"\xff\xda" or end < 0:
        raise Refused(NOT_WHAT_IT_SAYS)
    behind = data[end + 2 :].lstrip(b"\0")
    if behind and not behind.startswith(b"\xff\xd8\xff"):
        raise Refused(HAS_FILES_INSIDE)
    return "image/jpeg"


# A cell that starts a program when a spreadsheet opens the file: =cmd|' /C calc'!A0
STARTS_PROGRAM = re.compile(r"""(?:^|[;,\t\n"'])\s*[=+@-][^;\n]*\|[^\n]*!""")


def _text(ending: str, data: bytes) -> str:
    """Words, in UTF-8 or as older Danish programs write them; no control characters, which programs have."""
    try:
        words = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        try:
            words = data.decode("cp1252")
        except UnicodeDecodeError:
            raise Refused(NOT_WHAT_IT_SAYS) from None
    if any(ord(letter) < 32 and letter not in "\t\n\r\f" for letter in set(words)):
        raise Refused(NOT_WHAT_IT_SAYS)
    if STARTS_PROGRAM.search(words):
        raise Refused(DOES_THINGS)
    return "text/csv" if ending == "csv" else "text/plain"
