"""From a file to the words of a grundlag, or to what is wrong in it and where."""

import csv
import io
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from med.language import T, Text
from med.perspectives.forms import LONGEST_ABOUT, LONGEST_SHORT, LONGEST_STATEMENT, LONGEST_TITLE
from med.perspectives.models import Perspective, RoleKey

LARGEST_FILE = 150 * 1024  # Hvidovre's 92 statements take 14 kB
MOST_STATEMENTS = 50  # for one role in one perspective


class Fault(NamedTuple):
    """What is wrong in the file, and where: "compliance, direktion, nr. 3" or "række 5, tekst"."""

    where: Text | str
    what: Text

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Contents(Struct):
    """What a file says. `headings` only has the parts a file mentions."""

    headings: dict[Perspective, dict[str, str]] = {}
    statements: dict[tuple[Perspective, RoleKey], list[str]] = {}
    faults: list[Fault] = []


# What a heading's parts are called in files: our own names, the Danish ones, and those of the shared JSON.
HEADING_NAMES = {
    "title": ("title", "da_title", "titel", "overskrift"),
    "short": ("short", "da_short", "kort"),
    "about": ("about", "da_about", "om", "beskrivelse"),
}
HEADING_LIMITS = {"title": LONGEST_TITLE, "short": LONGEST_SHORT, "about": LONGEST_ABOUT}
COLUMNS = {
    "perspective": ("perspective", "perspektiv"),
    "role": ("role", "rolle", "niveau"),
    "position": ("position", "nr", "nr.", "nummer", "plads"),
    "text": ("text", "tekst", "udsagn", "statement"),
}
ROLE_NAMES = {
    **{role.value: role for role in RoleKey},
    **{role.value.replace("_", " "): role for role in RoleKey},
    "everyone": RoleKey.ALLE,
    "direktør": RoleKey.DIREKTION,
    "leder af leder": RoleKey.LEDER_AF_LEDERE,
    "leder af medarbejder": RoleKey.LEDER_AF_MEDARBEJDERE,
}


def read(data: bytes, name: str) -> Contents:
    """The file's words, or its faults. Never raises for what a file may hold."""
    if not data.strip():
        return _broken(T("Filen er tom."))
    if len(data) > LARGEST_FILE:
        return _broken(T("Filen er for stor: højst %(n)s kB.", n=LARGEST_FILE // 1024))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _broken(T("Tegnene i filen er ikke UTF-8. Gem den som »CSV UTF-8« eller JSON, og prøv igen."))
    if "\0" in text:
        return _broken(T("Filen er ikke en tekstfil."))
    if name.lower().endswith(".json") or (not name.lower().endswith(".csv") and text.lstrip()[:1] in "{["):
        contents = _read_json(text)
    else:
        contents = _read_csv(text)
    if not contents.faults:
        _check_whole(contents)
    return contents


def _broken(why: Text) -> Contents:
    return Contents(faults=[Fault(T("Filen"), why)])


def _check_whole(contents: Contents) -> None:
    """Every perspective is there: the file replaces the grundlag, and a forgotten quarter of it is a mistake."""
    for perspective in Perspective:
        if not any(key[0] is perspective for key in contents.statements):
            contents.faults.append(Fault(perspective.value, T("Perspektivet har ingen udsagn i filen.")))


def _read_json(text: str) -> Contents:
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _broken(T("Filen er ikke gyldig JSON."))
    if not isinstance(whole, dict):
        return _broken(T("Filen skal have et afsnit for hvert af de fire perspektiver."))
    contents = Contents()
    for key, part in whole.items():
        if key.startswith("_"):
            continue  # what the file says about itself
        perspective = _perspective(key)
        if perspective is None:
            contents.faults.append(Fault(_quote(key), T("Der er intet perspektiv af det navn.")))
        elif not isinstance(part, dict):
            contents.faults.append(Fault(perspective.value, T("Her skal stå overskrift og udsagn.")))
        else:
            _read_heading(contents, perspective, part)
            _read_roles(contents, perspective, part.get("statements", part.get("udsagn")))
    return contents


def _read_heading(contents: Contents, perspective: Perspective, part: dict[str, Any]) -> None:
    said: dict[str, str] = {}
    for name, aliases in HEADING_NAMES.items():
        raw = next((part[alias] for alias in aliases if alias in part), None)
        if raw is None:
            continue
        where = f"{perspective.value}, {name}"
        words = _words(raw)
        if words is None:
            contents.faults.append(Fault(where, T("Her skal stå en tekst.")))
        elif len(words) > HEADING_LIMITS[name]:
            contents.faults.append(Fault(where, _too_long(HEADING_LIMITS[name], words)))
        elif name == "title" and not words:
            contents.faults.append(Fault(where, T("Skal udfyldes.")))
        else:
            said[name] = words
    if said:
        contents.headings[perspective] = said


def _read_roles(contents: Contents, perspective: Perspective, roles: Any) -> None:
    if not isinstance(roles, dict):
        contents.faults.append(Fault(perspective.value, T("Udsagnene skal stå under »statements«, rolle for rolle.")))
        return
    for key, sentences in roles.items():
        role = _role(key)
        if role is None:
            contents.faults.append(Fault(f"{perspective.value}, {_quote(key)}", T("Der er ingen rolle af det navn.")))
        elif not isinstance(sentences, list):
            contents.faults.append(Fault(f"{perspective.value}, {role.value}", T("Her skal stå en liste af udsagn.")))
        else:
            for number, raw in enumerate(sentences, 1):
                where = T("%(perspective)s, %(role)s, nr. %(n)s", perspective=perspective, role=role, n=number)
                _take(contents, perspective, role, raw, where)


def _read_csv(text: str) -> Contents:
    lines = io.StringIO(text, newline="")
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return _broken(T("Filen er ikke gyldig CSV: et anførselstegn mangler, eller et felt er for langt."))
    names = [name.strip().lower() for name in rows[0]]
    places = {
        column: next((at for at, name in enumerate(names) if name in aliases), -1)
        for column, aliases in COLUMNS.items()
    }
    contents = Contents()
    for column in ("perspective", "role", "text"):
        if places[column] < 0:
            contents.faults.append(
                Fault(T("Række 1"), T("Kolonnen »%(name)s« mangler.", name=" / ".join(COLUMNS[column][:2])))
            )
    if contents.faults:
        return contents
    ordered: list[tuple[int, int, Perspective, RoleKey, str]] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        _read_row(contents, ordered, places, row, number)
    for _, number, perspective, role, words in sorted(ordered, key=lambda found: found[:2]):
        _take(contents, perspective, role, words, _cell(number, "text"))
    return contents


def _read_row(
    contents: Contents,
    ordered: list[tuple[int, int, Perspective, RoleKey, str]],
    places: dict[str, int],
    row: list[str],
    number: int,
) -> None:
    def cell(column: str) -> str:
        at = places[column]
        return row[at].strip() if 0 <= at < len(row) else ""

    faults = len(contents.faults)
    perspective, role = _perspective(cell("perspective")), _role(cell("role"))
    if perspective is None:
        contents.faults.append(Fault(_cell(number, "perspective"), T("Der er intet perspektiv af det navn.")))
    if role is None:
        contents.faults.append(Fault(_cell(number, "role"), T("Der er ingen rolle af det navn.")))
    position = cell("position") or "0"
    if not (position.isascii() and position.isdecimal() and len(position) < 6):
        contents.faults.append(Fault(_cell(number, "position"), T("Skriv et helt tal.")))
    if len(contents.faults) == faults and perspective is not None and role is not None:
        ordered.append((int(position), number, perspective, role, cell("text")))


def _cell(number: int, column: str) -> Text:
    return T("Række %(n)s, %(column)s", n=number, column=COLUMNS[column][1])


def _take(contents: Contents, perspective: Perspective, role: RoleKey, raw: Any, where: Text) -> None:
    words = _words(raw)
    own = contents.statements.setdefault((perspective, role), [])
    if words is None:
        contents.faults.append(Fault(where, T("Her skal stå en tekst.")))
    elif not words:
        contents.faults.append(Fault(where, T("Udsagnet er tomt.")))
    elif len(words) > LONGEST_STATEMENT:
        contents.faults.append(Fault(where, _too_long(LONGEST_STATEMENT, words)))
    elif words in own:
        contents.faults.append(Fault(where, T("Udsagnet står der to gange.")))
    elif len(own) >= MOST_STATEMENTS:
        contents.faults.append(Fault(where, T("Der er over %(n)s udsagn til samme rolle.", n=MOST_STATEMENTS)))
    else:
        own.append(words)


def _words(raw: Any) -> str | None:
    """One line of text, white space folded; None for what is no text or holds signs no keyboard makes."""
    if not isinstance(raw, str) or any(ord(sign) < 32 and sign not in "\t\r\n" for sign in raw):
        return None
    return " ".join(raw.split())


def _too_long(most: int, words: str) -> Text:
    return T("Højst %(n)s tegn; her er %(m)s.", n=most, m=len(words))


def _perspective(name: str) -> Perspective | None:
    return next((key for key in Perspective if key.value == name.strip().lower()), None)


def _role(name: str) -> RoleKey | None:
    return ROLE_NAMES.get(" ".join(name.lower().split()))


def _quote(name: str) -> str:
    return f"»{name[:40]}«"
