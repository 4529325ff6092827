"""Files on items: what is taken, what is refused, who may fetch what."""

import io
import struct
import zipfile
import zlib

import pytest

from med.meetings import files
from med.meetings.models import Attachment
from med.web import incoming

OFFICE = "application/vnd.openxmlformats-officedocument."
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/{part}" ContentType="{kind}"/></Types>'
)


def packed(parts: dict[str, bytes], **kwargs) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **kwargs) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def docx(more: dict[str, bytes] | None = None, kind: str = OFFICE + "wordprocessingml.document.main+xml") -> bytes:
    types = TYPES.format(part="word/document.xml", kind=kind).encode()
    return packed({"[Content_Types].xml": types, "word/document.xml": b"<w/>", **(more or {})})


def png(size: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def odt(more: dict[str, bytes] | None = None) -> bytes:
    kind = b"application/vnd.oasis.opendocument.text"
    return packed({"mimetype": kind, "content.xml": b"<c/>", "META-INF/manifest.xml": b"<m/>", **(more or {})})


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("Budget 2027.PDF", PDF, "application/pdf"),
        ("plan.docx", docx(), OFFICE + "wordprocessingml.document"),
        ("plan.odt", odt(), "application/vnd.oasis.opendocument.text"),
        ("tavle.png", png(), "image/png"),
        ("tavle.jpg", b"\xff\xd8\xff\xe0" + b"x" * 50 + b"\xff\xd9", "image/jpeg"),
        ("ord.txt", "Blåbærgrød".encode(), "text/plain"),
        ("ord.txt", "Blåbærgrød".encode("cp1252"), "text/plain"),
        ("tal.csv", b"\xef\xbb\xbfnavn;tal\r\nAnna;3\r\n", "text/csv"),
    ],
)
def test_these_are_taken(name, data, kind):
    assert files.sniff(name, data) == kind


def bomb() -> bytes:
    return docx({"word/media/x.bin": bytes(1_000_001)})


def lying() -> bytes:
    """A zip whose directory says that a part is small. The bytes are counted all the same."""
    data = bytearray(bomb())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(data)


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("tom.pdf", b"", files.EMPTY),
        ("program.exe", b"MZ" + b"\0" * 90, files.NOT_ALLOWED),
        ("side.html", b"<script>alert(1)</script>", files.NOT_ALLOWED),
        ("billede.svg", b"<svg onload='alert(1)'/>", files.NOT_ALLOWED),
        ("uden-navn", PDF, files.NOT_ALLOWED),
        ("side.pdf", b"<html><script>alert(1)</script>", files.NOT_WHAT_IT_SAYS),
        ("halv.pdf", b"%PDF-1.7 afbrudt", files.NOT_WHAT_IT_SAYS),
        ("arkiv.docx", packed({"a.txt": b"bare en zip"}), files.NOT_WHAT_IT_SAYS),
        ("ark.xlsx", docx(), files.NOT_WHAT_IT_SAYS),
        ("makro.docx", docx({"word/vbaProject.bin": b"x"}), files.HAS_MACROS),
        ("makro.docx", docx(kind="application/vnd.ms-word.document.macroEnabled.main+xml"), files.HAS_MACROS),
        ("makro.docm", docx(), files.HAS_MACROS),
        ("makro.odt", odt({"Basic/Standard/Module1.xml": b"x"}), files.HAS_MACROS),
        ("sti.docx", docx({"../../etc/passwd": b"x"}), files.NOT_WHAT_IT_SAYS),
        ("xxe.docx", packed({"[Content_Types].xml": b"<!DOCTYPE x [<!ENTITY y 'z'>]><x/>", "word/document.xml": b""}),
         files.NOT_WHAT_IT_SAYS),
        ("gammel.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, files.LOCKED),
        ("halv.docx", docx()[:-40], files.NOT_WHAT_IT_SAYS),
        ("skjult.png", png() + b"<script>", files.NOT_WHAT_IT_SAYS),
        ("flip.png", png()[:-5] + b"12345", files.NOT_WHAT_IT_SAYS),
        ("falsk.jpg", b"GIF89a", files.NOT_WHAT_IT_SAYS),
        ("program.txt", b"MZ\0\1\2", files.NOT_WHAT_IT_SAYS),
        ("stor.txt", b"x" * (files.LARGEST + 1), files.TOO_LARGE),
    ],
)  # fmt: skip
def test_these_are_refused_with_a_reason(name, data, why):
    with pytest.raises(files.Refused) as refused:
        files.sniff(name, data)
    assert refused.value.message == why


@pytest.mark.parametrize("make", [bomb, lying])
def test_a_zip_bomb_is_refused_whatever_it_says_of_itself(make, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(files.Refused) as refused:
        files.sniff("bombe.docx", make())
    assert refused.value.message in {files.UNPACKS_TOO_LARGE, files.NOT_WHAT_IT_SAYS}


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("C:\\Users\\anna\\Budget.pdf", "Budget.pdf"),
        ("../../etc/passwd", "passwd"),
        ('a"b\r\nX-Evil: 1.pdf', "abX-Evil 1.pdf"),
        ("", "fil"),
        ("æøå \u202efdp.exe", "æøå fdp.exe"),
        ("x" * 300 + ".docx", "x" * 120 + ".docx"),
    ],
)
def test_a_file_name_is_only_a_name(name, tidy):
    assert files.tidy_name(name) == tidy


def test_the_same_bytes_are_kept_once_and_a_changed_file_is_not_served(tmp_path):
    one, two = files.keep(tmp_path, "a.pdf", PDF), files.keep(tmp_path, "b.pdf", PDF)
    assert one.sha256 == two.sha256
    assert files.read(tmp_path, one.sha256) == PDF
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [one.sha256]
    files.path_of(tmp_path, one.sha256).write_bytes(b"noget andet")
    assert files.read(tmp_path, one.sha256) is None


# --- through the pages ------------------------------------------------------------------------------------------


def attach(person, number, point, name="Budget 2027.pdf", data=PDF, **fields):
    form = person.open(f"/moeder/{number}/punkter/{point}/ret").form("Læg bilaget på").fill(**fields)
    return form.send(files={"file": (name, data, "application/octet-stream")})


def attachment_on(page):
    return next((link for link in page.links() if link.startswith("/bilag/")), None)


def test_a_file_is_attached_and_fetched_as_a_file(visitor, plan, item):
    number = plan(draft_shown=True)
    point = item(number, "Budget")
    answer = attach(visitor("anna"), number, point, title="Budgettet i tal")
    assert answer.status_code == 303
    page = visitor("carla").open(f"/moeder/{number}")
    assert "Budgettet i tal" in page.words
    fetched = visitor("carla").open(attachment_on(page))
    assert fetched.response.content == PDF
    assert fetched.headers["content-disposition"] == "attachment; filename*=UTF-8''Budget%202027.pdf"
    assert "sandbox" in fetched.headers["content-security-policy"]
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert fetched.headers["content-type"].startswith("application/pdf")


def test_a_refused_file_says_why_and_keeps_what_was_written(visitor, plan, item, tmp_path):
    number = plan()
    point = item(number, "Budget")
    back = attach(visitor("anna"), number, point, "budget.exe", b"MZ", title="Tallene")
    assert back.status_code == 422
    assert "Filtypen kan ikke bruges" in back.errors()["file"]
    assert 'value="Tallene"' in back.text
    back = visitor("anna").submit(f"/moeder/{number}/punkter/{point}/bilag", title="Ingen fil")
    assert "Vælg en fil" in back.errors()["file"]
    assert not (tmp_path / "files").exists()


def test_a_body_beyond_all_measure_is_refused(visitor, plan, item, monkeypatch):
    monkeypatch.setattr(incoming, "UPLOAD_BYTES", 300_000)
    number = plan()
    point = item(number, "Budget")
    answer = attach(visitor("anna"), number, point, "stor.pdf", b"%PDF-1.7" + b"x" * 300_000)
    assert answer.status_code == 413


def test_a_file_for_the_committee_only_and_one_on_a_closed_item(visitor, plan, item, db):
    number = plan(draft_shown=True)
    point = item(number, "Budget")
    closed = item(number, "Lejemål", is_closed=True, ground="negotiation")
    anna, gunnar, carla = visitor("anna"), visitor("gunnar"), visitor("carla")
    attach(anna, number, point, title="Kun for os", inside_only="1")
    attach(anna, number, closed, title="Kontrakten")
    paths = [link for link in gunnar.open(f"/moeder/{number}").links() if link.startswith("/bilag/")]
    assert len(paths) == 2
    page = carla.open(f"/moeder/{number}")
    assert "Kun for os" not in page.text
    assert "Kontrakten" not in page.text
    for path in paths:
        assert gunnar.open(path).status_code == 200
        for handle in ("carla", "julie", "karl"):
            assert visitor(handle).open(path).status_code == 404
        assert visitor("ivan").open(path).status_code == 404
    anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Åbn for alle").send()
    assert "Kun for os" in carla.open(f"/moeder/{number}").words


def test_a_file_taken_off_is_gone_for_everyone_but_the_row_stays(visitor, plan, item, look):
    number = plan(draft_shown=True)
    point = item(number, "Budget")
    anna = visitor("anna")
    attach(anna, number, point)
    path = attachment_on(anna.open(f"/moeder/{number}"))
    assert anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Tag bilaget af").send().status_code == 303
    assert anna.open(path).status_code == 404
    assert look(Attachment, int(path.rsplit("/", 1)[1])).removed_at


def test_those_who_may_not_are_stopped_before_the_body_is_read(visitor, plan, item, monkeypatch):
    monkeypatch.setattr(incoming, "UPLOAD_BYTES", 300_000)
    number = plan(draft_shown=True)
    point = item(number, "Budget")
    path = f"/moeder/{number}/punkter/{point}/bilag"
    huge = {"file": ("stor.pdf", b"x" * 300_001, "application/pdf")}
    for handle, status in (("carla", 403), ("gunnar", 403), ("ivan", 404)):
        assert visitor(handle).post(path, {}, files=huge).status_code == status
    assert visitor().post(path, {}, files=huge).status_code == 303  # to the door
