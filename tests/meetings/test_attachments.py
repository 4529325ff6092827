"""Files on items: what is taken, what is refused, who may fetch what."""

import os
import socketserver
import struct
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from med.journal.models import Entry
from med.meetings import files
from med.meetings.files import keeping, office, refusing
from med.meetings.models import Attachment, AttachmentSeal, Item
from med.meetings.sealing import keep_files
from med.slices import Office
from med.web import incoming
from tests.meetings import hostile_files
from tests.meetings.hostile_files import OFFICE, PDF, docx, jpeg, odt, packed, png

TIMES, SEED = int(os.environ.get("MED_TIMES", "1")), int(os.environ.get("MED_SEED", "1"))


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("Budget 2027.PDF", PDF, "application/pdf"),
        ("plan.docx", docx(), OFFICE + "wordprocessingml.document"),
        ("plan.odt", odt(), "application/vnd.oasis.opendocument.text"),
        ("tavle.png", png(), "image/png"),
        ("tavle.jpg", jpeg(), "image/jpeg"),
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
        ("tom.pdf", b"", refusing.EMPTY),
        ("program.exe", b"MZ" + b"\0" * 90, refusing.NOT_ALLOWED),
        ("side.html", b"<script>alert(1)</script>", refusing.NOT_ALLOWED),
        ("billede.svg", b"<svg onload='alert(1)'/>", refusing.NOT_ALLOWED),
        ("uden-navn", PDF, refusing.NOT_ALLOWED),
        ("side.pdf", b"<html><script>alert(1)</script>", refusing.NOT_WHAT_IT_SAYS),
        ("halv.pdf", b"%PDF-1.7 afbrudt", refusing.NOT_WHAT_IT_SAYS),
        ("arkiv.docx", packed({"a.txt": b"bare en zip"}), refusing.NOT_WHAT_IT_SAYS),
        ("ark.xlsx", docx(), refusing.NOT_WHAT_IT_SAYS),
        ("makro.docx", docx({"word/vbaProject.bin": b"x"}), refusing.HAS_MACROS),
        ("makro.docx", docx(kind="application/vnd.ms-word.document.macroEnabled.main+xml"), refusing.HAS_MACROS),
        ("makro.docm", docx(), refusing.HAS_MACROS),
        ("makro.odt", odt({"Basic/Standard/Module1.xml": b"x"}), refusing.HAS_MACROS),
        ("sti.docx", docx({"../../etc/passwd": b"x"}), refusing.NOT_WHAT_IT_SAYS),
        ("xxe.docx", packed({"[Content_Types].xml": b"<!DOCTYPE x [<!ENTITY y 'z'>]><x/>", "word/document.xml": b""}),
         refusing.NOT_WHAT_IT_SAYS),
        ("gammel.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, refusing.LOCKED),
        ("halv.docx", docx()[:-40], refusing.NOT_WHAT_IT_SAYS),
        ("skjult.png", png() + b"<script>", refusing.NOT_WHAT_IT_SAYS),
        ("flip.png", png()[:-5] + b"12345", refusing.NOT_WHAT_IT_SAYS),
        ("falsk.jpg", b"GIF89a", refusing.NOT_WHAT_IT_SAYS),
        ("program.txt", b"MZ\0\1\2", refusing.NOT_WHAT_IT_SAYS),
        ("stor.txt", b"x" * (files.LARGEST + 1), refusing.TOO_LARGE),
    ],
)  # fmt: skip
def test_these_are_refused_with_a_reason(name, data, why):
    with pytest.raises(files.Refused) as refused:
        files.sniff(name, data)
    assert refused.value.message == why


@pytest.mark.parametrize("make", [bomb, lying])
def test_a_zip_bomb_is_refused_whatever_it_says_of_itself(make, monkeypatch):
    monkeypatch.setattr(office, "LARGEST_UNPACKED", 1_000_000)
    with pytest.raises(files.Refused) as refused:
        files.sniff("bombe.docx", make())
    assert refused.value.message in {refusing.UNPACKS_TOO_LARGE, refusing.NOT_WHAT_IT_SAYS}


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
    assert [path.name for path in tmp_path.glob("??/*")] == [one.sha256]
    files.path_of(tmp_path, one.sha256).write_bytes(b"noget andet")
    assert files.read(tmp_path, one.sha256) is None


# --- through the pages ------------------------------------------------------------------------------------------


def attach(person, number, point, name="Budget 2027.pdf", data=PDF, title="", **fields):
    form = person.open(f"/moeder/{number}/punkter/{point}/ret").form("Læg bilaget på")
    form.fill(attachment_title=title, **fields)
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
    back = visitor("anna").submit(f"/moeder/{number}/punkter/{point}/bilag", attachment_title="Ingen fil")
    assert "Vælg en fil" in back.errors()["file"]
    assert not (tmp_path / "files").exists()


def test_what_is_written_of_the_item_comes_back_with_the_file_and_is_saved_after_it(visitor, plan, item, look):
    number = plan()
    point = item(number, "Budget")
    anna, wrote = visitor("anna"), {"case_text": "Halvt **skrevet**", "is_closed": "1", "ground": "negotiation"}
    back = attach(anna, number, point, **wrote)
    assert back.status_code == 200
    assert "Bilaget er lagt på punktet." in back.words and "er ikke gemt endnu." in back.words
    back = back.form("Luk for andre end udvalget").send()
    refused = back.form("Læg bilaget på").fill(attachment_title="Tallene")
    back = refused.send(files={"file": ("budget.exe", b"MZ", "application/octet-stream")})
    assert back.status_code == 422 and 'value="Tallene"' in back.text
    back = back.form("Tag bilaget af").send()
    assert (
        "Bilaget er taget af." in back.words and "er ikke gemt endnu." in back.words and 'value="Tallene"' in back.text
    )
    assert look(Item, point).case_text == ""
    assert back.form("Gem").send().status_code == 303
    found = look(Item, point)
    assert (found.case_text, found.is_open, found.closed_ground) == ("Halvt **skrevet**", False, "negotiation")


def test_a_file_that_was_chosen_and_not_put_on_is_not_forgotten_in_silence(visitor, plan, item, look):
    number = plan()
    point = item(number, "Budget")
    anna = visitor("anna")
    attach(anna, number, point)
    form = anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Gem").fill(case_text="Halvt skrevet")
    form.pairs.append(("file", "Budget.pdf"))  # as a browser sends it from a form that takes no files
    back = form.send()
    assert back.status_code == 422 and "Vælg den igen" in back.errors()["file"]
    assert "Halvt skrevet" in back.text and look(Item, point).case_text == ""
    form = back.form("Åbn for alle" if back.has_form("Åbn for alle") else "Luk for andre")
    form.pairs.append(("file", "Budget.pdf"))
    back = form.send()
    assert "Vælg den igen" in back.errors()["file"] and "Halvt skrevet" in back.text


def test_what_somebody_else_saved_while_a_file_came_is_shown_before_it_is_written_over(visitor, plan, item):
    number = plan()
    point = item(number, "Budget")
    path = f"/moeder/{number}/punkter/{point}/ret"
    form = visitor("anna").open(path).form("Læg bilaget på").fill(case_text="Annas")
    assert visitor("bo").open(path).form("Gem").fill(case_text="Bos").send().status_code == 303
    back = form.send(files={"file": ("Budget.pdf", PDF, "application/pdf")})
    late = back.form("Gem").send()
    assert late.status_code == 409 and "Annas" in late.text and "Bos" in late.words


@pytest.mark.parametrize("size", [70_000, 3_000_000, files.LARGEST])
def test_a_file_of_any_promised_size_comes_back_whole(visitor, plan, item, size):
    number = plan(draft_shown=True)
    words = b"Den Store Bog\n" * (size // 14) + b"x" * (size % 14)
    assert attach(visitor("anna"), number, item(number, "Bogen"), "bog.txt", words).status_code == 303
    assert visitor("carla").open(attachment_on(visitor("carla").open(f"/moeder/{number}"))).response.content == words


def test_a_file_one_byte_too_large_says_so_beside_the_field(visitor, plan, item):
    number = plan()
    back = attach(visitor("anna"), number, item(number, "Bogen"), "bog.txt", b"x" * (files.LARGEST + 1))
    assert back.status_code == 422
    assert "25 MB" in back.errors()["file"]


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


# --- hostile files ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "data"), list(hostile_files.harmless()), ids=lambda value: str(value)[:20])
def test_what_people_send_is_taken(name, data):
    assert files.sniff(name, data).startswith(("application/", "image/", "text/"))


def test_no_hostile_file_is_taken(monkeypatch):
    """Each of them, drawn anew for every seed; `make evidence ARGS=uploads` draws more."""
    for seed in range(SEED, SEED + TIMES):
        made = list(hostile_files.hostile(seed))
        assert len(made) >= 150
        taken = []
        for what, name, data in made:
            try:
                taken.append((what, name, files.sniff(name, data)))
            except files.Refused:
                continue
        assert taken == []


# --- closed files -----------------------------------------------------------------------------------------------


def lying(folder):
    return {path.name: path.read_bytes() for path in (folder / "files").glob("??/*")}


@pytest.fixture
def errand(app, database):
    return lambda: keep_files(Office(database, app.state.desk.settings))


def later(monkeypatch):
    monkeypatch.setattr(keeping, "GRACE", -60)


def test_a_closed_file_lies_sealed_and_follows_its_item(visitor, plan, item, tmp_path, db, errand, monkeypatch):
    later(monkeypatch)
    number = plan(draft_shown=True)
    point = item(number, "Lejemål", is_closed=True, ground="negotiation")
    anna = visitor("anna")
    attach(anna, number, point, data=PDF)
    attach(anna, number, point, data=PDF)
    first, second = lying(tmp_path)
    assert first != second and not any(b"PDF" in data for data in lying(tmp_path).values())
    page = anna.open(f"/moeder/{number}")
    path = attachment_on(page)
    assert anna.open(path).response.content == PDF
    anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Gem").fill(is_closed=None).send()
    assert visitor("carla").open(path).response.content == PDF  # at once, sealed or not
    errand()
    assert list(lying(tmp_path).values()) == [PDF]
    db.rollback()
    assert db.scalars(select(AttachmentSeal)).all() == []
    assert visitor("carla").open(path).response.content == PDF
    form = anna.open(f"/moeder/{number}/punkter/{point}/ret").form("Gem")
    form.fill(is_closed="1", ground="negotiation").send()
    errand()
    assert PDF not in lying(tmp_path).values()
    assert anna.open(path).response.content == PDF
    assert visitor("carla").open(path).status_code == 404


def test_who_opens_a_closed_file_leaves_a_line(visitor, plan, item, db, people):
    number = plan(draft_shown=True)
    anna, gunnar = visitor("anna"), visitor("gunnar")
    attach(anna, number, item(number, "Åbent"))
    attach(anna, number, item(number, "Lejemål", is_closed=True, ground="negotiation"))
    for path in [link for link in gunnar.open(f"/moeder/{number}").links() if link.startswith("/bilag/")]:
        assert gunnar.open(path).status_code == 200
    db.rollback()
    fetched = select(Entry.person_id).where(Entry.happened == "attachment.fetched")
    assert db.scalars(fetched).all() == [people.gunnar]


def test_without_the_key_ring_a_closed_file_is_not_there(visitor, plan, item, tmp_path):
    number = plan(draft_shown=True)
    anna = visitor("anna")
    attach(anna, number, item(number, "Lejemål", is_closed=True, ground="negotiation"))
    path = attachment_on(anna.open(f"/moeder/{number}"))
    (tmp_path / "keyring.json").unlink()
    assert anna.open(path).status_code == 404


# --- the scanner ------------------------------------------------------------------------------------------------


@pytest.fixture
def clamd(tmp_path, app):
    """A scanner that finds what holds the word "virus", and can be told to be away."""
    state = SimpleNamespace(is_there=True)

    class Answer(socketserver.StreamRequestHandler):
        def handle(self):
            if not state.is_there:
                return
            assert self.rfile.read(10) == b"zINSTREAM\0"
            data = b""
            while size := struct.unpack("!I", self.rfile.read(4))[0]:
                data += self.rfile.read(size)
            self.wfile.write(b"stream: Eicar FOUND\0" if b"virus" in data else b"stream: OK\0")

    where = tmp_path / "clamd.ctl"
    with socketserver.ThreadingUnixStreamServer(str(where), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        desk = app.state.desk
        state.set = lambda **more: setattr(desk, "settings", replace(desk.settings, clamd=f"unix://{where}", **more))
        state.set()
        yield state
        server.shutdown()


def test_the_scanner_is_asked_and_believed(visitor, plan, item, clamd, tmp_path):
    number = plan()
    point = item(number, "Budget")
    anna = visitor("anna")
    assert attach(anna, number, point).status_code == 303
    back = attach(anna, number, point, data=PDF.replace(b"1 0 obj", b"% virus\n1 0 obj"))
    assert "Virusscanneren fandt noget" in back.errors()["file"]
    assert len(lying(tmp_path)) == 1


def test_while_the_scanner_is_away_files_are_refused_or_held(visitor, plan, item, clamd, errand, tmp_path, monkeypatch):
    later(monkeypatch)
    number = plan()
    point = item(number, "Budget")
    anna = visitor("anna")
    clamd.is_there = False
    assert "Prøv igen om lidt" in attach(anna, number, point).errors()["file"]
    clamd.set(clamd_holds=True)
    assert attach(anna, number, point, title="Godt").status_code == 303
    assert attach(anna, number, point, data=PDF.replace(b"1 0", b"% virus\n1 0"), title="Skidt").status_code == 303
    page = anna.open(f"/moeder/{number}")
    assert attachment_on(page) is None
    assert page.words.count("venter på virusscanneren") == 2
    clamd.is_there = True
    errand()
    page = anna.open(f"/moeder/{number}")
    assert "fjernet: virusscanneren fandt noget" in page.words
    assert anna.open(attachment_on(page)).response.content == PDF
    assert list(lying(tmp_path).values()) == [PDF]


def test_what_no_row_points_at_goes_and_what_was_just_put_there_stays(tmp_path, monkeypatch):
    kept = files.keep(tmp_path, "a.pdf", PDF)
    assert files.tidy_up(tmp_path, set) == 0
    later(monkeypatch)
    assert files.tidy_up(tmp_path, lambda: {kept.stored}) == 0
    assert files.tidy_up(tmp_path, set) == 1
    assert files.read(tmp_path, kept.stored) is None
