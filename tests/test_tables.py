"""Tables from spreadsheets: what people's files look like, what is said about the wrong ones, and hostile bytes."""

import ast
import csv
import io
import re
import struct
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from babel.messages.pofile import read_po
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import med
from med.language import current
from med.tables import (
    MAX_ROWS,
    Column,
    Row,
    Table,
    TableError,
    Wrong,
    choice,
    day,
    decimal,
    mail,
    read,
    take,
    text,
    whole_number,
    write_csv,
    write_xlsx,
    yes_no,
)
from med.tables import table as limits
from med.tables import xlsx as xlsx_module

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(rows: str, shared: str = "", styles: str = "", **parts: str) -> bytes:
    """A small XLSX file around the `<row>` elements of its only sheet."""

    def relations(**targets: str) -> str:
        links = [f'<Relationship Id="{k}" Type="{OFFICE}/{k}" Target="{target}"/>' for k, target in targets.items()]
        return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(links)}</Relationships>'

    kind = "application/vnd.openxmlformats-package.relationships+xml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="{kind}"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": relations(officeDocument="xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Ark1" sheetId="1" r:id="worksheet"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            worksheet="worksheets/sheet1.xml", sharedStrings="sharedStrings.xml", styles="styles.xml"
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{shared}</sst>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}">{styles}</styleSheet>',
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | parts).items():
            archive.writestr(name, content)
    return data.getvalue()


def words(*cells: str, row: int = 1) -> str:
    inside = "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in cells)
    return f'<row r="{row}">{inside}</row>'


def complaint(data: bytes, name: str = "personer.csv") -> str:
    with pytest.raises(TableError) as refused:
        read(name, data)
    return str(refused.value.message)


def rows_of(table: Table) -> list[list[str]]:
    return [list(row.values.values()) for row in table.rows]


# --- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_file_from_any_program_is_the_same_table(encoding, separator, line_end):
    lines = [["Navn", "Enhed"], ["Åse Ærø", '"Social, Job; og\tSundhed"'], ["", ""], ["Bo", ""]]
    data = line_end.join(separator.join(line) for line in lines).encode(encoding)
    assert read("x.csv", data) == Table(
        "x.csv",
        ["Navn", "Enhed"],
        [
            Row(2, {"Navn": "Åse Ærø", "Enhed": "Social, Job; og\tSundhed"}),
            Row(4, {"Navn": "Bo", "Enhed": ""}),
        ],
    )


def test_line_breaks_and_quotes_within_a_field():
    table = read("x.csv", b'Navn;Note\r\nBo;"to\r\nlinjer, og ""citat"""\r\nAnna;x')
    assert rows_of(table) == [["Bo", 'to\r\nlinjer, og "citat"'], ["Anna", "x"]]
    assert [row.number for row in table.rows] == [2, 3]


def test_the_separator_is_read_from_the_headings_outside_of_quotes():
    assert read("x.csv", b'"Navn, efternavn; alder";Beregnet\n1,5;2').header == ["Navn, efternavn; alder", "Beregnet"]
    assert read("x.csv", b"Navn\nHansen, Bo").rows == [Row(2, {"Navn": "Hansen, Bo"})]
    assert read("x.csv", b"sep=,\nNavn,Alder\nBo,3").rows == [Row(3, {"Navn": "Bo", "Alder": "3"})]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Filen er tom."),
        (b" \n;;\n \xc2\xa0;\n", "Filen er tom."),
        (b"%PDF-1.7 abc", "Filen er ikke en tabel."),
        (b"\x89PNG\r\n\x1a\n\x00", "Filen er ikke en tabel."),
        (b"<html><table>", "Filen er ikke en tabel."),
        (b'{"navn": 1}', "Filen er ikke en tabel."),
        (b"PK\x03\x04 ikke en zip", "Regnearket kan ikke læses."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 xls", "Filen er et ældre Excel-ark eller beskyttet"),
        (b"Navn\n\x81\x8d", "Filens tegnsæt kan ikke læses."),
        (b"\xef\xbb\xbfNavn\n\xe6", "Filens tegnsæt kan ikke læses."),
        (b"\xff\xfeN", "Filens tegnsæt kan ikke læses."),
        (b"Navn;navn \nBo;Bo", "Overskriften “navn” står der flere gange."),
        (b"Navn;;Mail\nBo;hvad;b@a.dk", "Kolonne 2 har indhold, men ingen overskrift."),
        (b"Navn;Mail\nBo;b@a.dk\nAnna;a@a.dk;mere", "Række 3 har flere felter, end der er overskrifter."),
        (b'Navn;Mail\n"Bo;b@a.dk\nAnna;a@a.dk', "Række 2 har en fejl i anførselstegnene"),
        (b'Navn\n"Bo" Hansen', "Række 2 har en fejl i anførselstegnene"),
        (b"Navn\n" + b"x" * 40_000, "Række 2 har et felt på over 32767 tegn."),
        (";".join(f"K{n}" for n in range(201)).encode(), "Filen har for mange kolonner: højst 200."),
        (b"A\n" + b"x\n" * (MAX_ROWS + 1), "Filen har for mange rækker: højst 200000."),
        (b"A\n" + b";" * 2_000_001, "Filen har for mange felter: højst 2000000."),
        (b"A\n" * 13_500_000, "Filen fylder for meget: højst 25 MB."),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_used_gets_one_sentence(data, said):
    assert complaint(data).startswith(said)


def test_trailing_separators_are_no_columns():
    table = read("x.csv", b"Navn;Mail;;\nBo;;;\n")
    assert table.header == ["Navn", "Mail"] and rows_of(table) == [["Bo", ""]]


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(st.sampled_from("aæ;,\t\"\n\r'=\x00 1."), max_size=60).map(lambda text: text.encode("cp1252")),
        st.binary(max_size=40).map(lambda data: b"PK\x03\x04" + data),
    )
)
def test_any_bytes_give_a_table_or_a_sentence(data):
    try:
        table = read("x", data)
    except TableError as refused:
        assert str(refused.message).endswith(".")
        return
    assert table.header and all(list(row.values) == table.header for row in table.rows)


# --- XLSX -------------------------------------------------------------------------------------------------------------

STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy;@"/>'
    '<numFmt numFmtId="165" formatCode="0.00&quot; dage&quot;"/>'
    '<numFmt numFmtId="166" formatCode="[Magenta]#,##0\\ [$kr.-406]"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    '<xf numFmtId="20"/><xf numFmtId="166"/></cellXfs>'
)


def test_a_sheet_as_excel_writes_it():
    shared = (
        "<si><t>Navn</t></si><si><r><t>Fø</t></r><r><t>dt</t></r><rPh><t>x</t></rPh></si><si><t> Bo_x000D_</t></si>"
    )
    sheet = (
        '<row r="3"><c r="B3" t="s"><v>0</v></c><c r="C3" t="s"><v>1</v></c><c r="E3" t="str"><v>Sum</v></c></row>'
        '<row r="5"><c r="A5" s="1"/><c r="B5" t="s"><v>2</v></c><c r="C5" s="1"><v>46710</v></c></row>'
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    )
    table = read("x.xlsx", workbook(sheet, shared, STYLES))
    assert table == ("x.xlsx", ["Navn", "Født", "Sum"], [(5, {"Navn": "Bo", "Født": "19.11.2027", "Sum": ""})])


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><v>12</v></c>", "12"),
        ("<c><v>12.0</v></c>", "12"),
        ("<c><v>0.30000000000000004</v></c>", "0,3"),
        ("<c><v>-3.25</v></c>", "-3,25"),
        ('<c s="1"><v>1</v></c>', "01.01.1900"),
        ('<c s="1"><v>61</v></c>', "01.03.1900"),
        ('<c s="2"><v>46710.395833333336</v></c>', "19.11.2027 09:30"),
        ('<c s="2"><v>46709.99999999</v></c>', "19.11.2027"),
        ('<c s="3"><v>46710</v></c>', "19.11.2027"),
        ('<c s="4"><v>46710</v></c>', "46710"),
        ('<c s="5"><v>0.395833333333333</v></c>', "09:30"),
        ('<c s="6"><v>46710</v></c>', "46710"),
        ('<c s="99"><v>46710</v></c>', "46710"),
        ('<c s="1"><v>1E300</v></c>', "1e+300"),
        ('<c t="b"><v>1</v></c>', "ja"),
        ('<c t="b"><v>0</v></c>', "nej"),
        ('<c t="str"><f>A1&amp;B1</f><v>svar</v></c>', "svar"),
        ('<c t="inlineStr"><is><t>a </t><t>b</t></is></c>', "a b"),
        ('<c t="d"><v>2027-11-19T00:00:00</v></c>', "2027-11-19T00:00:00"),
    ],
)
def test_what_stands_in_a_cell(cell, shown):
    table = read("x", workbook(words("A") + f'<row r="2">{cell}</row>', styles=STYLES))
    assert rows_of(table) == [[shown]]


def test_hidden_sheets_and_the_calendar_of_1904():
    book = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="1"/><sheets>'
        '<sheet name="Skjult" state="hidden" r:id="styles"/><sheet name="Ark" r:id="worksheet"/></sheets></workbook>'
    )
    data = workbook(
        words("A") + '<row r="2"><c s="1"><v>45248</v></c></row>', styles=STYLES, **{"xl/workbook.xml": book}
    )
    assert rows_of(read("x", data)) == [["19.11.2027"]]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (workbook(""), "Filen er tom."),
        (workbook(words("A"))[:-40], "Regnearket kan ikke læses."),
        (workbook('<row><c t="s"><v>7</v></c></row>'), "Regnearket kan ikke læses."),
        (workbook('<row><c t="s"><v>-1</v></c></row>', "<si><t>x</t></si>"), "Regnearket kan ikke læses."),
        (workbook("<row><c><v>x7</v></c></row>"), "Regnearket kan ikke læses."),
        (workbook("<row><c r='B2'/></row>"), "Regnearket kan ikke læses."),
        (workbook(words("A", row=2) + words("B", row=1)), "Regnearket kan ikke læses."),
        (workbook("</sheetData>"), "Regnearket kan ikke læses."),
        (workbook("", **{"xl/workbook.xml": "<workbook/>"}), "Filen er ikke en tabel."),
        (
            workbook("", **{"xl/workbook.xml": "<!DOCTYPE x [<!ENTITY a 'b'>]><workbook>&a;</workbook>"}),
            "Filen er ikke en tabel.",
        ),
        (
            workbook(words("A") + '<row><c t="e"><v>#N/A</v></c></row>'),
            "Række 2, kolonne 1 viser fejlen #N/A. Ret den i regnearket",
        ),
        (workbook('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "Filen har for mange kolonner"),
        (workbook('<row r="9999999"/>'), "Filen har for mange rækker"),
        (workbook("<row>" + "<a/>" * 2000 + "</row>", x="0" * 100), "Filen er tom."),
    ],
)
def test_a_spreadsheet_that_cannot_be_used_gets_one_sentence(data, said):
    assert complaint(data).startswith(said)


def test_a_document_is_not_a_spreadsheet():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", "<document/>")
    assert complaint(data.getvalue()).startswith("Filen er ikke en tabel.")


def test_a_cell_in_the_far_corner_does_not_take_the_server_down():
    far = words("A") + '<row r="1048576"><c r="B1048576"><v>1</v></c></row>'
    assert complaint(workbook(far)) == "Række 1048576 har flere felter, end der er overskrifter."


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(xlsx_module, "MAX_UNZIPPED", 2**20)
    assert complaint(workbook(words("A") + " " * 2**21)).startswith("Regnearket fylder for meget pakket ud")
    monkeypatch.setattr(xlsx_module, "MAX_ELEMENTS", 1000)
    assert complaint(workbook(words("A") + "<a/>" * 1000)).startswith("Regnearket fylder for meget pakket ud")
    monkeypatch.setattr(xlsx_module, "MAX_CELLS", 10)
    assert complaint(workbook("".join(words("A", row=n) for n in range(1, 12)))).startswith(
        "Filen har for mange felter"
    )
    assert complaint(b"PK\x03\x04" + b"PK\x01\x02" * 6000).startswith("Filen er ikke en tabel.")


def test_the_sizes_lie_and_are_not_believed(monkeypatch):
    monkeypatch.setattr(xlsx_module, "MAX_UNZIPPED", 2**20)
    data = bytearray(workbook(words("A") + " " * 2**21))
    at = data.index(b"PK\x01\x02", data.rindex(b"styles.xml") - 200)
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        struct.pack_into("<L", data, at + 24, 10)  # every entry says that it unpacks to ten bytes
        at += 4
    complaint(bytes(data))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=6)), max_size=4), st.floats(0.2, 1))
def test_a_damaged_spreadsheet_gives_a_table_or_a_sentence(damage, length):
    data = bytearray(workbook(words("A", "B") + words("1", "2", row=2), "<si><t>x</t></si>", STYLES))
    for place, change in damage:
        at = int(place * len(data))
        data[at : at + len(change)] = change
    data = data[: int(length * len(data)) + 4]
    data[:4] = b"PK\x03\x04"
    try:
        read("x", bytes(data))
    except TableError as refused:
        assert str(refused.message).endswith(".")


def test_what_xml_cannot_hold_does_not_break_the_whole_file():
    """Nobody types these; they come along when something is pasted."""
    assert read("x.xlsx", write_xlsx(["Ord"], [["a\uffffb\ufffec\x0bd"]])).rows == [(2, {"Ord": "abcd"})]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.lists(
            st.one_of(
                st.integers(-(10**9), 10**9),
                st.floats(-1e6, 1e6).filter(lambda number: number == 0 or abs(number) > 1e-4),
                st.dates(date(1901, 1, 1), date(2199, 12, 31)),
                st.booleans(),
                st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=9),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_read_is_what_python_calamine_reads(rows):
    def cell(value: object) -> str:
        match value:
            case bool():
                return f'<c t="b"><v>{int(value)}</v></c>'
            case date():
                return f'<c s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
            case str():
                return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
        return f"<c><v>{value!r}</v></c>"

    def shown(value: object) -> str:
        match value:
            case bool():
                return "ja" if value else "nej"
            case date():
                return f"{value:%d.%m.%Y}"
            case str():
                return value.strip()
        return f"{float(value):.15g}".replace(".", ",")

    body = "".join(f'<row r="{at}">{"".join(map(cell, row))}</row>' for at, row in enumerate(rows, 2))
    from python_calamine import CalamineWorkbook

    data = workbook(words("A", "B", "C") + body, styles=STYLES)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
    theirs = [[shown(value) for value in row] for row in sheet.to_python()[1:]]
    assert rows_of(read("x", data)) == [row for row in theirs if any(row)]


# --- Columns ----------------------------------------------------------------------------------------------------------

PEOPLE = [
    Column("Navn", parse=text(20)),
    Column("Mail", ("E-mail",), parse=mail(), key="mail"),
    Column("Side", parse=choice({"leder": "L", "Ledelse": "L", "medarbejder": "M"})),
    Column("Fra", ("Startdato",), required=False, parse=day(), key="start"),
]


def test_people_are_taken_from_a_list():
    table = read(
        "x.csv",
        "NAVN;e-mail;Side;start dato;Fødselsdag\nÅse;Aase@A.dk;MEDARBEJDER;1.8.2026;x\nBo;b@a.dk;ledelse;;".encode(),
    )
    records, errors = take(table, PEOPLE)
    assert errors == []
    assert records == [
        (2, {"Navn": "Åse", "mail": "aase@a.dk", "Side": "M", "start": date(2026, 8, 1)}),
        (3, {"Navn": "Bo", "mail": "b@a.dk", "Side": "L", "start": None}),
    ]


def test_every_error_names_row_column_value_and_what_is_wrong():
    table = read("x.csv", b"Navn;E-mail;Side;Fra\nBo;b@a.dk;leder;31.2.2027\n;b@;formand;\nAnna;a@a.dk;leder;")
    records, errors = take(table, PEOPLE)
    assert [record.number for record in records] == [4]
    assert [str(error.message) for error in errors] == [
        "Række 2, kolonnen “Fra”: “31.2.2027” er ikke en dato (skriv fx 31.12.2027).",
        "Række 3, kolonnen “Navn” mangler en værdi.",
        "Række 3, kolonnen “E-mail”: “b@” er ikke en mailadresse (skriv fx navn@kommune.dk).",
        "Række 3, kolonnen “Side”: “formand” er ikke en af mulighederne: leder, medarbejder.",
    ]
    assert errors[0][:3] == (2, "Fra", "31.2.2027")
    token = current.set("en")
    assert str(errors[0].message) == "Row 2, column “Fra”: “31.2.2027” is not a date (write e.g. 31.12.2027)."
    current.reset(token)


def test_missing_and_doubled_columns_are_named():
    with pytest.raises(TableError) as refused:
        take(read("x.csv", b"Navn;Alder\nBo;3"), PEOPLE)
    assert str(refused.value.message) == "Filen mangler: Mail, Side. Den har: Navn, Alder."
    with pytest.raises(TableError) as refused:
        take(read("x.csv", b"Navn;Mail;E-mail;Side\nBo;b@a.dk;b@a.dk;leder"), PEOPLE)
    assert str(refused.value.message) == "Kolonnerne “Mail” og “E-mail” betyder det samme. Behold kun den ene."


@pytest.mark.parametrize(
    ("parse", "written", "meant"),
    [
        (day(), "31.12.2027", date(2027, 12, 31)),
        (day(), "1-2-2027", date(2027, 2, 1)),
        (day(), "01/02/2027", date(2027, 2, 1)),
        (day(), "2027-12-31", date(2027, 12, 31)),
        (day(), "2027-12-31T00:00:00", date(2027, 12, 31)),
        (whole_number(), "1.200", 1200),
        (whole_number(), "1 200 000", 1_200_000),
        (whole_number(), "-5", -5),
        (whole_number(), "12,0", 12),
        (decimal(), "1.234,5", Decimal("1234.5")),
        (decimal(), "1234,567", Decimal("1234.567")),
        (decimal(), "12.5", Decimal("12.5")),
        (decimal(), "0.125", Decimal("0.125")),
        (decimal(), "1.234.567", Decimal(1234567)),
        (decimal(), "1 234", Decimal(1234)),
        (decimal(), "-3", Decimal(-3)),
        (yes_no(), "Ja", True),
        (yes_no(), "SAND", True),
        (yes_no(), "x", True),
        (yes_no(), "nej", False),
        (yes_no(), "0", False),
        (choice({"Til-forordnet": 1}), "til forordnet", 1),
        (mail(), "Åse.Ærø+med@a-b.kommune.dk", "åse.ærø+med@a-b.kommune.dk"),
        (text(3), "abc", "abc"),
    ],
)
def test_values_as_danes_write_them(parse, written, meant):
    assert parse(written) == meant


@pytest.mark.parametrize(
    ("parse", "written", "said"),
    [
        *(
            (day(), written, "er ikke en dato")
            for written in ("31.12.27", "31.2.2027", "31.12-2027", "i går", "1.1.0001")
        ),
        *(
            (day(), written, "er ikke en dato")
            for written in ("٣١.12.2027", "31.12.2300", "2027-13-01", "19.11.2027 09:30")
        ),
        *(
            (whole_number(), written, "er ikke et helt tal")
            for written in ("12,5", "1.20", "0.125", "tolv", "9" * 5000, "²")
        ),
        (whole_number(low=1), "0", "er for lille (mindst 1)"),
        (whole_number(high=5), "6", "er for stor (højst 5)"),
        (decimal(), "1.234", "kan læses på to måder (skriv 1234 eller 1,234)"),
        *((decimal(), written, "er ikke et tal") for written in ("1,2,3", "NaN", "1e5", "Infinity", ",5", "1.23.4")),
        (decimal(0, 1), "1,5", "er for stor (højst 1)"),
        (yes_no(), "måske", "er hverken ja eller nej"),
        (choice({"a": 1, "b": 2}), "c", "er ikke en af mulighederne: a, b"),
        (text(3), "abcd", "er for lang (højst 3 tegn)"),
        *(
            (mail(), written, "er ikke en mailadresse")
            for written in ("a@b", "a@b.dk@c.dk", "a b@c.dk", "a@-b.dk", "<a@b.dk>")
        ),
        (mail(), "a" * 300 + "@b.dk", "er ikke en mailadresse"),
    ],
)
def test_values_that_mean_nothing(parse, written, said):
    with pytest.raises(Wrong) as refused:
        parse(written)
    assert str(refused.value.message).startswith(said)


@given(st.text(max_size=30))
def test_parsers_give_a_value_or_say_what_is_wrong(written):
    for parse in (text(20), day(), whole_number(0, 9), decimal(), yes_no(), mail(), choice({"ja": True})):
        try:
            parse(written)
        except Wrong as wrong:
            assert str(wrong.message)


# --- Out --------------------------------------------------------------------------------------------------------------


def test_csv_opens_in_danish_excel():
    values = ['Åse; "A"', 1.5, Decimal("-2.25"), -3, date(2027, 12, 1), None, True]
    assert write_csv(["Navn", "a", "b", "c", "d", "e", "f"], [values]) == (
        b"\xef\xbb\xbf" + 'Navn;a;b;c;d;e;f\r\n"Åse; ""A""";1,5;-2,25;-3;01.12.2027;;ja\r\n'.encode()
    )
    assert b"2026-11-19 08:00:00+00:00" in write_csv(["a"], [[datetime(2026, 11, 19, 8, tzinfo=UTC)]])


@pytest.mark.parametrize("evil", ["=1+1", "+45 1234", "-1+1", "@SUM(A1)", "\tx", "\r=1", "\n=1", "＝1"])
def test_a_text_is_never_a_formula(evil):
    written = write_csv([evil], []).decode("utf-8-sig")
    assert written.lstrip('"').startswith("'" + evil[0])


printable = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12),
    st.text(st.sampled_from("'=+- \n;\"a"), max_size=6),
)


@given(st.lists(st.lists(printable, min_size=2, max_size=2), max_size=5))
def test_what_is_written_is_read_again(rows):
    back = rows_of(read("x.csv", write_csv(["Første", "Anden"], rows)))
    stripped = [[cell.strip() for cell in row] for row in rows]
    assert back == [row for row in stripped if any(row)]


@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=3), max_size=4))
def test_no_field_that_is_written_starts_like_a_formula(rows):
    for line in csv.reader(io.StringIO(write_csv(["A"], rows).decode("utf-8-sig"), newline=""), delimiter=";"):
        assert not any(re.match("[=+@\t\r\n＝＋－＠-]", field) for field in line)


# --- Language ---------------------------------------------------------------------------------------------------------


def test_every_sentence_of_these_modules_has_its_english():
    home = Path(med.__file__).parent
    texts: set[str] = set()
    for path in [home / "workdays.py", *(home / "tables").glob("*.py"), *(home / "text").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T":
                assert isinstance(node.args[0], ast.Constant)
                texts.add(node.args[0].value)
    with (home / "locale" / "en" / "basics.po").open("rb") as file:
        english = {message.id: message.string for message in read_po(file, locale="en") if message.id}
    assert set(english) == texts
    for danish, translated in english.items():
        assert sorted(re.findall(r"%\(\w+\)s", danish)) >= sorted(set(re.findall(r"%\(\w+\)s", translated)))
        assert translated


def test_the_limits_are_those_that_were_promised():
    assert (limits.MAX_BYTES, limits.MAX_ROWS) == (25 * 2**20, 200_000)
