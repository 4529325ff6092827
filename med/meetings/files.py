"""Files people attach: looked into, not believed; kept under their own SHA-256; never a path from outside.

A file is what its content says it is. Office documents are opened and read through, so that a zip bomb, a macro or a
renamed program is refused with a sentence that says what to do.
"""

import hashlib
import io
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from med.language import T, Text

LARGEST = 25 * 1024 * 1024
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
ENDINGS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "png", "jpg", "jpeg", "txt", "csv")
ACCEPT = ",".join(f".{ending}" for ending in ENDINGS)

NOT_ALLOWED = T("Filtypen kan ikke bruges. Brug PDF, Word, Excel, PowerPoint, OpenDocument, PNG, JPEG, TXT eller CSV.")
NOT_WHAT_IT_SAYS = T("Filens indhold passer ikke til dens navn. Gem den igen i det rigtige format.")
HAS_MACROS = T("Filen indeholder makroer. Gem den uden makroer, eller som PDF.")
TOO_LARGE = T("Filen er for stor. Der er en grænse på 25 MB.")
UNPACKS_TOO_LARGE = T("Filen fylder for meget, når den pakkes ud.")
EMPTY = T("Filen er tom.")
LOCKED = T("Filen er beskyttet med en adgangskode. Gem den uden.")


class Refused(Exception):
    """Why a file is not taken, as a sentence for the person who chose it."""

    def __init__(self, message: Text) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True)
class Kept:
    """A file that has been looked into and lies in the data folder."""

    name: str
    media_type: str
    size: int
    sha256: str


def keep(folder: Path, name: str, data: bytes) -> Kept:
    """Look into a file and keep it. Raises Refused, and OSError when the disk is full.

    Written before the row that points at it: a row never points at nothing, a file without a row does no harm.
    """
    media_type = sniff(name, data)
    digest = hashlib.sha256(data).hexdigest()
    target = path_of(folder, digest)
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        _write(target, data)
    return Kept(tidy_name(name), media_type, len(data), digest)


def _write(target: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def read(folder: Path, sha256: str) -> bytes | None:
    """The bytes of a file that was kept, or None when it is gone or no longer what it was."""
    try:
        data = path_of(folder, sha256).read_bytes()
    except OSError:
        return None
    return data if hashlib.sha256(data).hexdigest() == sha256 else None


def path_of(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def tidy_name(name: str) -> str:
    """What the person's machine called it, without folders and without what could trouble a header or a screen."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    stem, dot, ending = name.rpartition(".")
    return f"{(stem or name)[:120]}{dot if stem else ''}{ending[:10] if stem else ''}" or "fil"


def sniff(name: str, data: bytes) -> str:
    """The media type of a file whose ending and content agree. Raises Refused with the reason."""
    if not data:
        raise Refused(EMPTY)
    if len(data) > LARGEST:
        raise Refused(TOO_LARGE)
    ending = name.rpartition(".")[2].lower()
    if ending in OFFICE_KINDS:
        return _office(ending, data)
    if ending in OPEN_KINDS:
        return _open_document(ending, data)
    if ending == "pdf":
        return _pdf(data)
    if ending == "png":
        return _png(data)
    if ending in {"jpg", "jpeg"}:
        return _jpeg(data)
    if ending in {"txt", "csv"}:
        return _text(ending, data)
    if ending in {"docm", "xlsm", "pptm", "dotm", "xltm", "potm"}:
        raise Refused(HAS_MACROS)
    raise Refused(NOT_ALLOWED)


def _pdf(data: bytes) -> str:
    # Readers look for the mark within the first kilobyte; we want it where the standard puts it.
    if not data.startswith((b"%PDF-1.", b"%PDF-2.")) or b"%%EOF" not in data[-2048:]:
        raise Refused(NOT_WHAT_IT_SAYS)
    return "application/pdf"


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
    return "image/png"


def _jpeg(data: bytes) -> str:
    if not data.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in data[-1024:]:
        raise Refused(NOT_WHAT_IT_SAYS)
    return "image/jpeg"


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
    return "text/csv" if ending == "csv" else "text/plain"


# --- documents that are zip files -------------------------------------------------------------------------------


def _office(ending: str, data: bytes) -> str:
    media_type, main_part = OFFICE_KINDS[ending]
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # an old Office file, or one encrypted with a password
        raise Refused(LOCKED)
    parts = _parts(data)
    if main_part not in parts or "[Content_Types].xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    declared = _declared(parts["[Content_Types].xml"])
    if any("macro" in kind or "vba" in kind for kind in declared.values()) or _has_macros(parts):
        raise Refused(HAS_MACROS)
    if declared.get(f"/{main_part}") != f"{media_type}.main+xml":
        raise Refused(NOT_WHAT_IT_SAYS)
    return media_type


def _has_macros(parts: dict[str, bytes]) -> bool:
    return any("vbaproject" in name.lower() or "/activex/" in name.lower() for name in parts)


def _declared(content_types: bytes) -> dict[str, str]:
    """Part name -> content type, lower case, from an office document's list. Only overrides name the main part."""
    if b"<!DOCTYPE" in content_types or b"<!ENTITY" in content_types:
        raise Refused(NOT_WHAT_IT_SAYS)
    try:
        tree = etree.fromstring(content_types, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise Refused(NOT_WHAT_IT_SAYS) from None
    return {
        element.get("PartName") or f"*.{element.get('Extension')}": (element.get("ContentType") or "").lower()
        for element in tree
    }


def _open_document(ending: str, data: bytes) -> str:
    media_type = OPEN_KINDS[ending]
    parts = _parts(data)
    if parts.get("mimetype", b"").strip() != media_type.encode() or "content.xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    if "META-INF/manifest.xml" not in parts:
        raise Refused(NOT_WHAT_IT_SAYS)
    if b"encryption-data" in parts["META-INF/manifest.xml"]:
        raise Refused(LOCKED)
    if any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in parts):
        raise Refused(HAS_MACROS)
    return media_type


SMALL_PARTS = ("[Content_Types].xml", "mimetype", "META-INF/manifest.xml")
LARGEST_SMALL_PART = 2 * 1024 * 1024


# All that reading a zip which was made to break the reader may raise.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def _parts(data: bytes) -> dict[str, bytes]:
    """The parts of a document by name; only those we read ourselves come with their bytes.

    Every part is unpacked and its bytes are counted: what the zip says about its own sizes is not believed.
    """
    found: dict[str, bytes] = {}
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_PARTS:
                raise Refused(UNPACKS_TOO_LARGE)
            for entry in entries:
                name = entry.filename
                if name.startswith("/") or ".." in name.split("/") or "\\" in name or name in found:
                    raise Refused(NOT_WHAT_IT_SAYS)
                if entry.flag_bits & 0x1:
                    raise Refused(LOCKED)
                kept = io.BytesIO()
                size = 0
                with archive.open(entry) as part:
                    while chunk := part.read(CHUNK):
                        size += len(chunk)
                        total += len(chunk)
                        if total > LARGEST_UNPACKED:
                            raise Refused(UNPACKS_TOO_LARGE)
                        if name in SMALL_PARTS:
                            kept.write(chunk)
                            if size > LARGEST_SMALL_PART:
                                raise Refused(NOT_WHAT_IT_SAYS)
                found[name] = kept.getvalue()
    except BROKEN:
        raise Refused(NOT_WHAT_IT_SAYS) from None
    return found
