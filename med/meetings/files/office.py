"""Documents that are zip files: opened, read through to the last byte, and looked into."""

import io
import re
import zipfile
import zlib

from med.meetings.files.refusing import (
    DOES_THINGS,
    FETCHES,
    HAS_FILES_INSIDE,
    HAS_MACROS,
    LOCKED,
    NOT_WHAT_IT_SAYS,
    UNPACKS_TOO_LARGE,
    Refused,
)  # fmt: skip

LARGEST_UNPACKED = 120 * 1024 * 1024
MOST_PARTS = 4000
CHUNK = 256 * 1024

OFFICE = "application/vnd.openxmlformats-officedocument."
# Ending -> (media type, the part that makes it what it says it is)
OFFICE_KINDS = {
    "docx": (OFFICE + "wordprocessingml.document", "word/document.xml"),
    "xlsx": (OFFICE + "spreadsheetml.sheet", "xl/workbook.xml"),
    "pptx": (OFFICE + "presentationml.presentation", "ppt/presentation.xml"),
}
OPEN_KINDS = {
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}


# What makes an office document fetch or start something when it is opened.
EXTERNAL = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*TargetMode\s*=\s*[\"']External[\"'][^>]*>", re.IGNORECASE)
HARMLESS_LINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/(?:hyperlink|externalLinkPath)[\"']", re.IGNORECASE)
STARTS = re.compile(
    rb"ppaction://(?:program|macro|ole)|<(?:\w+:)?(?:ddeLink|oleLink)\b|>\s*DDE(?:AUTO)?\s|instr\s*=\s*[\"']\s*DDE"
    rb"|vnd\.sun\.star\.(?:script|expand)|<(?:\w+:)?event-listener\b|<script:module|<dde-source|<office:dde-source",
    re.IGNORECASE,
)
LOADED = re.compile(
    rb"<draw:(?:image|object|object-ole|plugin|applet)\b[^>]*"
    rb"xlink:href\s*=\s*[\"'](?:https?|file|ftp|\\\\)",
    re.IGNORECASE,
)
SIGNS = ((b"\xd0\xcf\x11\xe0", DOES_THINGS), (b"MZ", HAS_FILES_INSIDE), (b"\x7fELF", HAS_FILES_INSIDE))
XML = (".xml", ".rels", ".vml", ".rdf")
DEEPEST = 2  # a chart in a document carries its own small workbook


def office(ending: str, data: bytes, depth: int = 0, spent: list[int] | None = None) -> str:
    media_type, main_part = OFFICE_KINDS[ending]
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # an old Office file, or one encrypted with a password
        raise Refused(LOCKED)
    parts = _parts(data, depth, spent)
    if main_part not in parts or "[Content_Types].xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    declared = _declared(parts["[Content_Types].xml"])
    if any("macro" in kind or "vba" in kind for kind in declared.values()) or _has_macros(parts):
        raise Refused(HAS_MACROS)
    if declared.get(f"/{main_part}") != f"{media_type}.main+xml":
        raise Refused(NOT_WHAT_IT_SAYS)
    return media_type


def _has_macros(parts: dict[str, bytes]) -> bool:
    signs = ("vbaproject", "vbadata", "/activex/", "/macrosheets/", "/dialogsheets/", "/ctrlprops/")
    return any(sign in f"/{name.lower()}" for name in parts for sign in signs)


def _declared(content_types: bytes) -> dict[str, str]:
    """Part name -> content type, lower case, from an office document's list. Only overrides name the main part."""
    from lxml import etree

    try:
        tree = etree.fromstring(content_types, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise Refused(NOT_WHAT_IT_SAYS) from None
    return {
        element.get("PartName") or f"*.{element.get('Extension')}": (element.get("ContentType") or "").lower()
        for element in tree
    }


def open_document(ending: str, data: bytes) -> str:
    media_type = OPEN_KINDS[ending]
    parts = _parts(data)
    # The kind stands first and unpacked (ODF 1.3, part 2, 3.3).
    if not data[30:].startswith(b"mimetype" + media_type.encode()) or "content.xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    if "META-INF/manifest.xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    if b"encryption-data" in parts["META-INF/manifest.xml"]:
        raise Refused(LOCKED)
    if any(name.lower().startswith(("basic/", "scripts/", "dialogs/")) and not name.endswith("/") for name in parts):
        raise Refused(HAS_MACROS)
    return media_type


SMALL_PARTS = ("[Content_Types].xml", "mimetype", "META-INF/manifest.xml")
LARGEST_SMALL_PART = 2 * 1024 * 1024


# All that reading a zip which was made to break the reader may raise.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def _parts(data: bytes, depth: int = 0, spent: list[int] | None = None) -> dict[str, bytes]:
    """The parts of a document by name; only those we read ourselves come with their bytes.

    Every part is unpacked and its bytes are counted, those of documents inside it too: what the zip says about its
    own sizes is not believed. Nothing may lie before the first part or after the directory.
    """
    if not data.startswith(b"PK\x03\x04") or data[-22:-18] != b"PK\x05\x06" or depth > DEEPEST:
        raise Refused(NOT_WHAT_IT_SAYS)
    spent = [0] if spent is None else spent
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_PARTS:
                raise Refused(UNPACKS_TOO_LARGE)
            for entry in entries:
                name = entry.filename
                if name.startswith("/") or ".." in name.split("/") or "\\" in name or name.lower() in seen:
                    raise Refused(NOT_WHAT_IT_SAYS)
                if entry.flag_bits & 0x1:
                    raise Refused(LOCKED)
                seen.add(name.lower())
                found[name] = _unpack(archive, entry, depth, spent)
    except BROKEN:
        raise Refused(NOT_WHAT_IT_SAYS) from None
    return found


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, depth: int, spent: list[int]) -> bytes:
    """Read one part through and look into it; its bytes, where we need them afterwards."""
    name = entry.filename
    is_xml, is_small = name.lower().endswith(XML), name in SMALL_PARTS
    kept, tail, first, is_document = io.BytesIO(), b"", True, False
    with archive.open(entry) as part:
        while chunk := part.read(CHUNK):
            spent[0] += len(chunk)
            if spent[0] > LARGEST_UNPACKED:
                raise Refused(UNPACKS_TOO_LARGE)
            if first:
                first = False
                for sign, why in SIGNS:
                    if chunk.startswith(sign):
                        raise Refused(why)
                is_document = chunk.startswith(b"PK\x03\x04")
            if is_xml or is_small:
                _look_into_words(tail + chunk)
                tail = chunk[-4096:]
            if is_small or is_document:
                kept.write(chunk)
                if is_small and kept.tell() > LARGEST_SMALL_PART:
                    raise Refused(NOT_WHAT_IT_SAYS)
    if is_document:
        ending = name.rpartition(".")[2].lower()
        if ending not in OFFICE_KINDS:
            raise Refused(HAS_FILES_INSIDE)
        office(ending, kept.getvalue(), depth + 1, spent)
        return b""
    return kept.getvalue()


def _look_into_words(words: bytes) -> None:
    """XML as programs write it: UTF-8, without declarations of their own, and nothing that starts or fetches."""
    if b"\0" in words or b"<!DOCTYPE" in words or b"<!ENTITY" in words:
        raise Refused(NOT_WHAT_IT_SAYS)
    if STARTS.search(words):
        raise Refused(DOES_THINGS)
    if LOADED.search(words) or any(not HARMLESS_LINK.search(link) for link in EXTERNAL.findall(words)):
        raise Refused(FETCHES)
