"""An instrument as one table, to be written in a spreadsheet: a row for each fact, step, area and dimension.

slags       kode           område   dimension   værdi  titel                  kort  let  spørgsmål  beskrivelse …
oplysning   navn                                       Kompas
oplysning   skala_fra                                  1
trin                                            1      Endnu ikke                   …               …
område      fagligt                                    Faglige færdigheder    …     …
dimension   nye_opgaver    fagligt                     Lærer nye opgaver            …    …
trin                                nye_opgaver 1      Endnu ikke                   …               …
"""

from collections.abc import Iterator
from typing import Any

from med.competence_compass.importing.json_files import read_instrument
from med.competence_compass.importing.words import DimensionWords, Fault, InstrumentWords, Level, Taking
from med.language import T, Text
from med.tables import Row, Table, TableError, read, write_csv
from med.tables.table import simplified

HEADER = (
    "slags", "kode", "område", "dimension", "værdi", "titel", "kort", "let", "spørgsmål", "beskrivelse", "ffb",
    "højere er bedre",
)  # fmt: skip
KINDS = {"oplysning": "fact", "trin": "level", "område": "area", "dimension": "dimension"}
FACTS = {
    "nøgle": "key",
    "navn": "name",
    "målgruppe": "target_group",
    "om": "about",
    "interval_dage": "interval_days",
    "version": "number",
    "skala_fra": "scale_min",
    "skala_til": "scale_max",
    "højere_er_bedre": "higher_is_better",
    "kilde": "source",
    "eksempel": "is_example",
}
OF_THE_VERSION = {"number", "scale_min", "scale_max", "higher_is_better", "source", "is_example"}


def write_table(words: InstrumentWords) -> bytes:
    return write_csv(HEADER, ([row.get(name) for name in HEADER] for row in _rows(words)))


def _rows(words: InstrumentWords) -> Iterator[dict[str, Any]]:
    for said, name in FACTS.items():
        yield {
            "slags": "oplysning",
            "kode": said,
            "titel": getattr(words.version if name in OF_THE_VERSION else words, name),
        }
    yield from _levels(words.version.levels, "")
    for area in words.version.areas:
        yield {
            "slags": "område",
            "kode": area.code,
            "titel": area.title,
            "kort": area.short_title,
            "let": area.easy_title,
        }
        for dimension in area.dimensions:
            yield _dimension(area.code, dimension)
            yield from _levels(dimension.levels, dimension.code)


def _dimension(area: str, dimension: DimensionWords) -> dict[str, Any]:
    return {
        "slags": "dimension",
        "kode": dimension.code,
        "område": area,
        "titel": dimension.title,
        "let": dimension.easy_question,
        "spørgsmål": dimension.question,
        "ffb": dimension.ffb_code,
        "højere er bedre": dimension.higher_is_better,
    }


def _levels(levels: list[Level], dimension: str) -> Iterator[dict[str, Any]]:
    for level in levels:
        yield {
            "slags": "trin",
            "dimension": dimension,
            "værdi": level.value,
            "titel": level.short,
            "let": level.easy,
            "beskrivelse": level.descriptor,
        }


def read_table(name: str, data: bytes, taking: Taking) -> InstrumentWords | None:
    """The instrument in a CSV or XLSX file; None, and why in `taking`, for what is none at all."""
    try:
        table = read(name, data)
    except TableError as error:
        taking.wrong(T("Filen"), error.message)
        return None
    columns = _columns(table)
    missing = [column for column in ("slags", "kode", "titel") if column not in columns]
    if missing:
        taking.wrong(T("Filen"), T("Filen mangler: %(columns)s.", columns=", ".join(missing)))
        return None
    gathered = _Gathered(taking)
    for row in table.rows:
        gathered.take(row, {column: row.values[heading] for column, heading in columns.items()})
    return gathered.words()


def _columns(table: Table) -> dict[str, str]:
    headings = {simplified(heading): heading for heading in table.header}
    return {name: headings[simplified(name)] for name in HEADER if simplified(name) in headings}


class _Gathered:
    """Rows put together to what a JSON file would hold; reading goes on from there, so that both say the same."""

    def __init__(self, taking: Taking) -> None:
        self.taking = taking
        self.facts: dict[str, Any] = {}
        self.levels: list[dict[str, Any]] = []
        self.areas: dict[str, dict[str, Any]] = {}
        self.dimensions: dict[str, dict[str, Any]] = {}

    def take(self, row: Row, cells: dict[str, str]) -> None:
        where = T("Række %(n)s", n=row.number)
        kind = KINDS.get(cells["slags"].strip().casefold())
        if kind is None:
            self.taking.wrong(
                where, T("»%(word)s« er ikke oplysning, trin, område eller dimension.", word=cells["slags"][:40])
            )
        else:
            getattr(self, f"take_{kind}")(where, cells)

    def take_fact(self, where: Text, cells: dict[str, str]) -> None:
        name = FACTS.get(cells["kode"].strip().casefold())
        if name is None:
            self.taking.wrong(where, T("»%(name)s« kendes ikke.", name=cells["kode"][:40]))
        elif name in self.facts:
            self.taking.wrong(where, T("»%(name)s« står der to gange.", name=cells["kode"][:40]))
        else:
            self.facts[name] = cells["titel"]

    def take_area(self, where: Text, cells: dict[str, str]) -> None:
        code = cells["kode"].strip().lower()
        if code in self.areas:
            self.taking.wrong(where, T("Koden bruges til to områder."))
            return
        self.areas[code] = {
            "code": code,
            "title": cells["titel"],
            "short_title": cells.get("kort", ""),
            "easy_title": cells.get("let", ""),
            "dimensions": [],
        }

    def take_dimension(self, where: Text, cells: dict[str, str]) -> None:
        code, area = cells["kode"].strip().lower(), cells.get("område", "").strip().lower()
        if code in self.dimensions:
            self.taking.wrong(where, T("Koden bruges til to dimensioner."))
            return
        self.dimensions[code] = {
            "code": code,
            "title": cells["titel"],
            "question": cells.get("spørgsmål", ""),
            "easy_question": cells.get("let", ""),
            "ffb_code": cells.get("ffb", ""),
            "higher_is_better": cells.get("højere er bedre") or None,
            "levels": [],
        }
        if area not in self.areas:
            self.taking.wrong(where, T("Området »%(code)s« står ikke højere oppe i filen.", code=area[:40]))
            return
        self.areas[area]["dimensions"].append(self.dimensions[code])

    def take_level(self, where: Text, cells: dict[str, str]) -> None:
        code = cells.get("dimension", "").strip().lower()
        level = {
            "value": cells.get("værdi", ""),
            "short": cells["titel"],
            "descriptor": cells.get("beskrivelse", ""),
            "easy": cells.get("let", ""),
        }
        if not code:
            self.levels.append(level)
        elif code in self.dimensions:
            self.dimensions[code]["levels"].append(level)
        else:
            self.taking.wrong(where, T("Dimensionen »%(code)s« står ikke højere oppe i filen.", code=code[:40]))

    def words(self) -> InstrumentWords | None:
        needed = {"nøgle": "key", "navn": "name", "skala_fra": "scale_min", "skala_til": "scale_max"}
        missing = [said for said, name in needed.items() if name not in self.facts]
        if missing:
            self.taking.faults.insert(
                0, Fault(T("Filen"), T("Oplysningen %(names)s mangler.", names=", ".join(missing)))
            )
            return None
        version = {name: value for name, value in self.facts.items() if name in OF_THE_VERSION}
        whole = {name: value for name, value in self.facts.items() if name not in OF_THE_VERSION}
        return read_instrument(
            {**whole, "version": {**version, "levels": self.levels, "areas": list(self.areas.values())}}, self.taking
        )
