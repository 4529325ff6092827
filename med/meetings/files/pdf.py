"""PDF: pages only. What a reader would run, start or unpack is refused, also where it is packed away or disguised."""

import re
import zlib

from med.meetings.files.refusing import (
    DOES_THINGS,
    HAS_FILES_INSIDE,
    LOCKED,
    NOT_WHAT_IT_SAYS,
    UNPACKS_TOO_LARGE,
    Refused,
)  # fmt: skip

LARGEST_OBJECTS = 60 * 1024 * 1024
# An action must name itself with one of these (ISO 32000-2, 12.6.4); forms in XFA carry scripts of their own.
ACTING = re.compile(rb"/(JavaScript|Launch|Rendition|RichMedia|XFA|SubmitForm|ImportData|Movie|Sound)(?![A-Za-z0-9])")
CARRYING = re.compile(rb"/(EmbeddedFiles?|GoToE|Collection)(?![A-Za-z0-9])")
HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
MARK = re.compile(rb"\bendstream\b|\bstream\r?\n")
# Ways of packing that we do not unpack; files with packed objects use Flate.
OTHER_FILTERS = re.compile(rb"/(ASCIIHexDecode|ASCII85Decode|LZWDecode|RunLengthDecode|AHx|A85|LZW|RL)(?![A-Za-z0-9])")


def look_into_pdf(data: bytes) -> str:
    """The media type. Raises Refused.

    Readers look for the mark within the first kilobyte and forgive what follows the end; we want both where the
    standard puts them, so that a PDF is not another file as well.
    """
    end = data.rfind(b"%%EOF")
    if not data.startswith((b"%PDF-1.", b"%PDF-2.")) or end < 0 or data[end + 5 :].strip(b"\0\r\n\t ") != b"":
        raise Refused(NOT_WHAT_IT_SAYS)
    plain = spelt_out(data)
    if re.search(rb"/Encrypt(?![A-Za-z0-9])", plain):
        raise Refused(LOCKED)
    refuse_acting(plain)
    if b"/ObjStm" in plain:
        if OTHER_FILTERS.search(plain):
            raise Refused(NOT_WHAT_IT_SAYS)
        look_into_streams(data)
    return "application/pdf"


def spelt_out(data: bytes) -> bytes:
    """Names as they read: /J#61vaScript is /JavaScript."""
    return HEX.sub(lambda found: bytes([int(found[1], 16)]), data)


def refuse_acting(plain: bytes) -> None:
    if ACTING.search(plain):
        raise Refused(DOES_THINGS)
    if CARRYING.search(plain):
        raise Refused(HAS_FILES_INSIDE)


def look_into_streams(data: bytes) -> None:
    """Unpack every stream that can be, and count what comes out: objects may lie in any of them."""
    place = total = 0
    while found := MARK.search(data, place):
        if found[0] == b"endstream":  # an end without a beginning: somebody plays with the reader
            raise Refused(NOT_WHAT_IT_SAYS)
        header = spelt_out(data[place : found.start()])
        end = data.find(b"endstream", found.end())
        if end < 0:
            raise Refused(NOT_WHAT_IT_SAYS)
        holds_objects = b"/ObjStm" in header
        if holds_objects and b"/Predictor" in header:  # differences instead of words
            raise Refused(NOT_WHAT_IT_SAYS)
        unpacker = zlib.decompressobj()
        try:
            words = unpacker.decompress(data[found.end() : end], LARGEST_OBJECTS - total + 1)
        except zlib.error:
            if holds_objects and b"FlateDecode" in header:
                raise Refused(NOT_WHAT_IT_SAYS) from None
            words = b""
        total += len(words)
        if total > LARGEST_OBJECTS and holds_objects:
            raise Refused(UNPACKS_TOO_LARGE)
        total = min(total, LARGEST_OBJECTS)
        refuse_acting(spelt_out(words))
        place = end + len(b"endstream")
