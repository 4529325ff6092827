"""Files somebody might send to do harm, made here from a seed; each with the name it comes under."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

OFFICE = "application/vnd.openxmlformats-officedocument."
MAIN = {
    "docx": ("word/document.xml", OFFICE + "wordprocessingml.document.main+xml"),
    "xlsx": ("xl/workbook.xml", OFFICE + "spreadsheetml.sheet.main+xml"),
    "pptx": ("ppt/presentation.xml", OFFICE + "presentationml.presentation.main+xml"),
}
TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Override PartName="/{part}" ContentType="{kind}"/></Types>'
)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def packed(parts: dict[str, bytes], **kwargs) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **kwargs) as archive:
        for name, data in parts.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, data, compress_type=kind)
    return out.getvalue()


def ooxml(ending: str, more: dict[str, bytes] | None = None, kind: str = "") -> bytes:
    part, usual = MAIN[ending]
    types = TYPES.format(part=part, kind=kind or usual).encode()
    return packed({"[Content_Types].xml": types, part: b"<w/>", **(more or {})})


def docx(more: dict[str, bytes] | None = None, kind: str = "") -> bytes:
    return ooxml("docx", more, kind)


def odf(kind: str, more: dict[str, bytes] | None = None) -> bytes:
    full = f"application/vnd.oasis.opendocument.{kind}".encode()
    return packed({"mimetype": full, "content.xml": b"<c/>", "META-INF/manifest.xml": b"<m/>", **(more or {})})


def odt(more: dict[str, bytes] | None = None) -> bytes:
    return odf("text", more)


def png(width: int = 1, more: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0)
    ends = chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + ends


def jpeg(width: int = 1, behind: bytes = b"") -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, width, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8\xff\xe0\x00\x04xx" + frame + b"\xff\xda\x00\x08" + b"\x01\x01\0\0\x3f\0" + b"12\xff\xd9" + behind


def pdf(body: bytes) -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + body + b"\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def stream(words: bytes, header: bytes = b"/Type /ObjStm /Filter /FlateDecode") -> bytes:
    data = zlib.compress(words)
    return b"9 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj" % (header, len(data), data)


def spelt_oddly(word: bytes, luck: random.Random) -> bytes:
    return b"/" + b"".join(b"#%02x" % c if luck.random() < 0.4 else bytes([c]) for c in word)


ACTIONS = (b"JavaScript", b"Launch", b"EmbeddedFile", b"EmbeddedFiles", b"RichMedia", b"SubmitForm", b"GoToE", b"XFA",
           b"ImportData", b"Rendition")  # fmt: skip
HTML = b"<!DOCTYPE html><html><script>fetch('/konto')</script></html>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
LINK = b"<Relationships><Relationship Id='r1' Type='http://x/%s' Target='%s' TargetMode='External'/></Relationships>"


def harmless() -> Iterator[tuple[str, bytes]]:
    """What people do send, and what is served as nothing but words although it looks like more."""
    yield from (("a.docx", docx()), ("a.xlsx", ooxml("xlsx")), ("a.pptx", ooxml("pptx")), ("a.odt", odt()))
    yield from (("a.ods", odf("spreadsheet")), ("a.pdf", PDF), ("a.png", png()), ("a.jpg", jpeg()))
    yield "diagram.docx", docx({"word/embeddings/Ark.xlsx": ooxml("xlsx"), "word/media/x.png": png()})
    yield "link.docx", docx({"word/_rels/document.xml.rels": LINK % (b"hyperlink", b"https://kommune.dk")})
    yield "telefon.jpg", jpeg(behind=jpeg())
    yield "pakket.pdf", pdf(stream(b"1 0 << /Type /Page >>"))
    yield "tal.csv", "navn;tal\r\nÅse;-3\r\n=SUM(A1:A2);+45".encode()
    yield "kode.txt", HTML
    yield "tegning.txt", SVG


def hostile(seed: int) -> Iterator[tuple[str, str, bytes]]:
    """(what it is, name, bytes): 150 and more."""
    luck = random.Random(seed)

    def noise(n: int = 40) -> bytes:
        return luck.randbytes(luck.randint(1, n))

    for ending in MAIN:
        folder = MAIN[ending][0].partition("/")[0]
        rels = f"{folder}/_rels/x.xml.rels"
        yield "a plain zip", f"a.{ending}", packed({f"{luck.random()}.txt": noise()})
        yield "another kind", f"a.{ending}", ooxml(next(other for other in MAIN if other != ending))
        yield "macros", f"a.{ending}", ooxml(ending, {f"{folder}/vbaProject.bin": noise()})
        yield "macros in odd letters", f"a.{ending}", ooxml(ending, {f"{folder}/VbaPROJECT.bin": noise()})
        yield (
            "macros by type",
            f"a.{ending}",
            ooxml(ending, kind="application/vnd.ms-word.document.macroEnabled.main+xml"),
        )
        yield "a control", f"a.{ending}", ooxml(ending, {f"{folder}/activeX/activeX1.bin": noise()})
        yield "an old macro sheet", f"a.{ending}", ooxml(ending, {f"{folder}/macrosheets/sheet1.xml": b"<x/>"})
        yield "an OLE object", f"a.{ending}", ooxml(ending, {f"{folder}/embeddings/oleObject1.bin": OLE + noise()})
        yield "a program inside", f"a.{ending}", ooxml(ending, {f"{folder}/media/image1.png": b"MZ" + noise()})
        yield "a zip inside", f"a.{ending}", ooxml(ending, {f"{folder}/media/image1.png": packed({"x": noise()})})
        yield (
            "a macro document inside",
            f"a.{ending}",
            ooxml(ending, {f"{folder}/embeddings/a.xlsx": ooxml("xlsx", {"xl/vbaProject.bin": noise()})}),
        )
        deep = ooxml("docx")
        for _ in range(4):
            deep = ooxml("docx", {"word/embeddings/a.docx": deep})
        yield "documents in documents", f"a.{ending}", ooxml(ending, {f"{folder}/embeddings/a.docx": deep})
        yield (
            "a template from elsewhere",
            f"a.{ending}",
            ooxml(ending, {rels: LINK % (b"attachedTemplate", b"http://x/a.dotm")}),
        )
        yield "a picture from elsewhere", f"a.{ending}", ooxml(ending, {rels: LINK % (b"image", b"\\\\x\\a.png")})
        yield "an object from elsewhere", f"a.{ending}", ooxml(ending, {rels: LINK % (b"oleObject", b"mhtml:http://x")})
        yield "a field that starts", f"a.{ending}", ooxml(ending, {f"{folder}/f.xml": b"<t>DDEAUTO c:\\\\cmd.exe</t>"})
        yield "a link that starts", f"a.{ending}", ooxml(ending, {f"{folder}/l.xml": b"<x:ddeLink ddeService='cmd'/>"})
        yield (
            "a click that starts",
            f"a.{ending}",
            ooxml(ending, {f"{folder}/p.xml": b"<a action='ppaction://program'/>"}),
        )
        yield "entities", f"a.{ending}", ooxml(ending, {f"{folder}/e.xml": b"<!DOCTYPE x [<!ENTITY y 'z'>]><x>&y;</x>"})
        yield (
            "entities in UTF-16",
            f"a.{ending}",
            ooxml(ending, {f"{folder}/e.xml": "<!DOCTYPE x [<!ENTITY y 'z'>]><x/>".encode("utf-16")}),
        )
        yield "a way out", f"a.{ending}", ooxml(ending, {"../../etc/cron.d/x": noise()})
        yield "an absolute way", f"a.{ending}", ooxml(ending, {"/etc/passwd": noise()})
        yield "a Windows way", f"a.{ending}", ooxml(ending, {"..\\x.exe": noise()})
        yield "the same part twice", f"a.{ending}", ooxml(ending, {MAIN[ending][0].upper(): b"<other/>"})
        yield "something before", f"a.{ending}", HTML + ooxml(ending)
        yield "something after", f"a.{ending}", ooxml(ending) + HTML
        yield "cut short", f"a.{ending}", ooxml(ending)[: -luck.randint(1, 60)]
        yield "old Office, or locked", f"a.{ending}", OLE + noise()
        yield "a bomb", f"a.{ending}", ooxml(ending, {f"{folder}/media/x.bin": bytes(130_000_000)})
        yield "HTML", f"a.{ending}", HTML
    for kind, ending in (("text", "odt"), ("spreadsheet", "ods")):
        for place in ("Basic/Standard/M.xml", "Scripts/python/x.py", "Dialogs/d.xml"):
            yield "macros", f"a.{ending}", odf(kind, {place: noise()})
        yield "an event", f"a.{ending}", odf(kind, {"styles.xml": b"<script:event-listener xlink:href='x'/>"})
        yield "a script", f"a.{ending}", odf(kind, {"styles.xml": b"<a href='vnd.sun.star.script:x'/>"})
        yield "from elsewhere", f"a.{ending}", odf(kind, {"s.xml": b"<draw:image xlink:href='https://x/a.png'/>"})
        yield "a plain zip", f"a.{ending}", packed({"mimetype": b"application/zip", "content.xml": b"<c/>"})
        yield "locked", f"a.{ending}", packed(
            {"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(), "content.xml": b"<c/>",
             "META-INF/manifest.xml": b"<manifest:encryption-data/>"}
        )  # fmt: skip
    for word in ACTIONS:
        action = b"2 0 obj\n<< /S /%s /JS (app.alert\\(1\\)) >>\nendobj" % word
        yield "acts", "a.pdf", pdf(action)
        yield "acts in odd letters", "a.pdf", pdf(action.replace(b"/" + word, spelt_oddly(word, luck)))
        yield "acts, packed away", "a.pdf", pdf(stream(action))
        yield (
            "acts, packed away in odd letters",
            "a.pdf",
            pdf(stream(action.replace(b"/" + word, spelt_oddly(word, luck)), b"/Type /Obj#53tm /Filter /FlateDecode")),
        )
    acting = b"<< /S /JavaScript >>"
    yield (
        "packed in another way",
        "a.pdf",
        pdf(stream(acting.hex().encode(), b"/Type /ObjStm /Filter [/AHx /FlateDecode]")),
    )
    yield (
        "packed as differences",
        "a.pdf",
        pdf(stream(acting, b"/Type /ObjStm /Filter /FlateDecode /DecodeParms << /Predictor 12 >>")),
    )
    yield "packed and broken", "a.pdf", pdf(stream(acting).replace(b"x\x9c", b"zz"))
    yield "an end in a text", "a.pdf", pdf(b"3 0 obj\n(endstream)\nendobj\n" + stream(acting))
    yield "a bomb", "a.pdf", pdf(stream(bytes(70_000_000)))
    yield "locked", "a.pdf", pdf(b"<< /Encrypt 5 0 R >>")
    yield "not at the beginning", "a.pdf", noise() + PDF
    yield "no end", "a.pdf", PDF[:-8]
    for what, base, name in (("PDF", PDF, "a.pdf"), ("PNG", png(), "a.png"), ("JPEG", jpeg(), "a.jpg")):
        yield f"a zip behind a {what}", name, base + packed({"x.js": noise()})
        yield f"HTML behind a {what}", name, base + HTML
        yield f"a program behind a {what}", name, base + b"MZ" + noise()
    inside = packed({"x": noise()})
    yield "a zip that ends as a PDF", "a.pdf", PDF + inside[:-2] + struct.pack("<H", 6) + b"\n%%EOF"
    yield "a picture as large as a town", "a.png", png(60_000)
    yield "a picture as large as a town", "a.jpg", jpeg(60_000)
    yield "a checksum that is wrong", "a.png", png()[:-5] + noise(5)[:1] * 5
    yield "starts a program", "a.csv", b"navn;tal\n=cmd|' /C calc'!A0;3"
    yield "starts a program", "b.csv", b"navn;tal\n\"@SUM(1+1)*cmd|' /C calc'!A0\";3"
    for name in ("a.html", "a.svg", "a.exe", "a.js", "a.docm", "a.xlsm", "a.zip", "a.pdf.exe", "a", "a.docx.", "a.lnk"):
        yield "not on the list", name, luck.choice((HTML, SVG, b"MZ" + noise(), docx(), PDF))
    for name in ("a.pdf", "a.png", "a.jpg", "a.docx", "a.odt"):
        yield "noise", name, noise(2000)
        yield "HTML", name, HTML
        yield "SVG", name, SVG
    for name in ("a.txt", "a.csv"):
        yield "a program", name, b"MZ\x90\0\3" + noise()
