"""Are all texts there in both languages? Danish stands in the source, English in `med/locale/en/*.po`.

    python scripts/texts.py                      every text, every template; exit code 1 when something is wrong
    python scripts/texts.py --missing meetings   write what the slice still lacks into its .po, ready to be translated
                                                 (`site` is everything that is no slice)

Found are texts without English, English without a text, one text with two translations, parameters that differ,
and text in a template that nobody marked for translation.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, PoFileParser, normalize
from jinja2 import Environment, TemplateSyntaxError, nodes

SINGLE = {"_", "T", "gettext"}
PLURAL = {"_n", "ngettext"}
SPOKEN_ATTRIBUTES = {"alt", "aria-description", "aria-label", "aria-valuetext", "placeholder", "title"}
EMPTY_ELEMENTS = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
NAMES = re.compile(r"\bMedspil\b")  # the same in every language

WORD = re.compile(r"[^\W\d_]{2,}")
ATTRIBUTE = re.compile(r"""[\w\ue000-]=["']""")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")  # %(name)s where the server fills in, {name} where the browser does
COUNTS = {"%(num)s", "%(n)s", "%(count)s", "%(number)s"}
STRAY_PERCENT = re.compile(r"%(?!%|\(\w+\)[sd])")
LOOKS_SAID = re.compile(r"[æøåÆØÅ]|^[A-Z][a-z]+,? [a-z]")

HEADER = r"""msgid ""
msgstr ""
"Language: en\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"
"""


@dataclass(frozen=True, order=True)
class Problem:
    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path.as_posix()}:{self.line}: {self.what}"


@dataclass(frozen=True)
class Source:
    """A text in the source: what it says, its plural if it has one, and where it stands."""

    path: Path
    line: int
    one: str
    many: str | None = None

    @property
    def in_template(self) -> bool:
        return self.path.suffix != ".py"


@dataclass(frozen=True)
class Translation:
    path: Path
    line: int
    source: tuple[str, ...]
    english: tuple[str, ...]
    fuzzy: bool

    @property
    def missing(self) -> bool:
        return self.fuzzy or not all(self.english)


# Where the texts are


def read_sources(root: Path) -> tuple[list[Source], list[Problem]]:
    """Every marked text below `root`, and what is wrong with the files they stand in."""
    sources: list[Source] = []
    problems: list[Problem] = []
    for path in sorted((root / "med").rglob("*.py")):
        _read(python_texts, path, root, sources, problems)
    for path in sorted((root / "templates").rglob("*.html")):
        _read(template_texts, path, root, sources, problems)
        problems.extend(forgotten_text(path.read_text(encoding="utf-8"), path.relative_to(root)))
    for path in sorted((root / "templates").rglob("*.txt")):
        _read(template_texts, path, root, sources, problems)
    return sources, problems


def _read(reader: Any, path: Path, root: Path, sources: list[Source], problems: list[Problem]) -> None:
    name = path.relative_to(root)
    try:
        for line, texts in reader(path.read_text(encoding="utf-8")):
            if isinstance(texts, str):
                problems.append(Problem(name, line, texts))
            else:
                sources.append(Source(name, line, *texts))
    except (SyntaxError, TemplateSyntaxError) as error:
        problems.append(Problem(name, error.lineno or 1, f"cannot be read: {error}"))


Found = tuple[int, "tuple[str, ...] | str"]


def python_texts(code: str) -> Iterator[Found]:
    """(line, texts) for each `_("…")`, `T("…")` and `_n("…", "…", n)`; (line, problem) for one that cannot work."""
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        if function in SINGLE and node.args:
            if isinstance(node.args[0], ast.JoinedStr):
                yield node.lineno, 'is filled in before it is translated: write T("… %(name)s", name=…)'
            for text in _python_strings(node.args[0]):
                yield node.lineno, (text,)
        elif function in PLURAL and len(node.args) >= 2:
            for one, many in zip(_python_strings(node.args[0]), _python_strings(node.args[1]), strict=False):
                yield node.lineno, (one, many)


def _python_strings(node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=yes, orelse=no):
            return _python_strings(yes) + _python_strings(no)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [a + b for a in _python_strings(left) for b in _python_strings(right)]
    return []


def template_texts(template: str) -> Iterator[Found]:
    """The same for a template, with `{% trans %}` too; and texts that stand unmarked inside `{{ }}` and `{% %}`."""
    tree = _environment().parse(template)
    marked: set[int] = set()
    for call in tree.find_all(nodes.Call):
        function = getattr(call.node, "name", None)
        if function in SINGLE and call.args:
            marked.update(map(id, call.args[0].find_all(nodes.Const)), [id(call.args[0])])
            for text in _template_strings(call.args[0]):
                yield call.lineno, (text,)
        elif function in PLURAL and len(call.args) >= 2:
            for argument in call.args[:2]:
                marked.update(map(id, argument.find_all(nodes.Const)), [id(argument)])
            for one, many in zip(_template_strings(call.args[0]), _template_strings(call.args[1]), strict=False):
                yield call.lineno, (one, many)
    for constant in tree.find_all(nodes.Const):
        if id(constant) not in marked and isinstance(constant.value, str) and LOOKS_SAID.search(constant.value):
            yield constant.lineno, f'forgotten text "{_short(constant.value)}": mark it with _("…")'


def _template_strings(node: nodes.Node) -> list[str]:
    match node:
        case nodes.Const(value=str(text)):
            return [text]
        case nodes.TemplateData(data=text):
            return [text]
        case nodes.CondExpr(expr1=yes, expr2=no):
            return _template_strings(yes) + (_template_strings(no) if no else [])
        case nodes.Add(left=left, right=right):
            return [a + b for a in _template_strings(left) for b in _template_strings(right)]
    return []


def _environment() -> Environment:
    environment = Environment(
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True
    )
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    return environment


# Text that nobody marked

HOLE = "\ue000"  # stands where the template fills something in


def forgotten_text(template: str, path: Path) -> list[Problem]:
    """Words that a reader meets and that are written in no `_()`: between tags and in spoken attributes.

    What stands in an element with `translate="no"` (a name, a code) is left alone.
    """
    reader = _Reader()
    try:
        reader.feed(_only_html(template))
    except TemplateSyntaxError:
        return []  # told when the texts are read
    reader.close()
    return [Problem(path, line, f'forgotten text "{_short(text)}": mark it with _("…")') for line, text in reader.found]


def _only_html(template: str) -> str:
    """The template with a hole for all that is not HTML, and every line where it was."""
    html: list[str] = []
    in_tag = in_trans = False
    for _line, kind, value in _environment().lex(template):
        if kind == "data" and not in_trans:
            html.append(value)
            continue
        if kind == "variable_begin" and html and html[-1].endswith("<"):
            html.append("x")  # <{{ tag }} …> is a tag
        elif kind == "variable_begin":
            html.append(HOLE)
        elif kind == "block_begin":
            in_tag = True
        elif kind == "name" and in_tag:
            in_trans = value == "trans" or (in_trans and value != "endtrans")
            in_tag = False
        html.append("\n" * value.count("\n"))
    return "".join(html)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self.silent: list[str] = []  # open elements below (and with) one whose text is not for reading aloud

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        keep = said.get("translate") == "no"
        if not self.silent and not keep:
            for name, value in attrs:
                if name in SPOKEN_ATTRIBUTES:
                    self._look(value or "")
        falls_silent = (keep or tag in {"script", "style"}) and tag not in EMPTY_ELEMENTS
        if (tag == self.silent[0]) if self.silent else falls_silent:
            self.silent.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        silent = list(self.silent)
        self.handle_starttag(tag, attrs)
        self.silent = silent

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[0]:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if ATTRIBUTE.search(data):  # a macro that writes attributes into somebody's tag
            inner = _Reader()
            inner.feed(f"<x {data.lstrip()}>")
            above = self.getpos()[0] + data[: -len(data.lstrip())].count("\n") - 1
            self.found += [(above + line, text) for line, text in inner.found]
        else:
            self._look(data)

    def _look(self, text: str) -> None:
        if word := WORD.search(NAMES.sub(lambda name: " " * len(name[0]), text)):
            self.found.append((self.getpos()[0] + text.count("\n", 0, word.start()), text[word.start() :]))


# What English there is


class _EveryEntry(Catalog):
    """A catalogue that remembers an entry that comes twice; the usual one keeps the first."""

    def __init__(self) -> None:
        super().__init__(locale="en")
        self.entries: list[Message] = []

    def __setitem__(self, id: Any, message: Message) -> None:
        super().__setitem__(id, message)
        if id:
            self.entries.append(message)


def read_translations(root: Path) -> tuple[list[Translation], list[Problem]]:
    translations: list[Translation] = []
    problems: list[Problem] = []
    for path in sorted((root / "med" / "locale" / "en").glob("*.po")):
        name = path.relative_to(root)
        catalogue = _EveryEntry()
        try:
            with path.open("rb") as file:
                PoFileParser(catalogue, ignore_obsolete=True, abort_invalid=True).parse(file)
        except (PoFileError, ValueError) as error:
            problems.append(Problem(name, 1, f"cannot be read: {error}"))
            continue
        for entry in catalogue.entries:
            source, english = _tuple(entry.id), _tuple(entry.string)
            translations.append(Translation(name, entry.lineno or 1, source, english, entry.fuzzy))
    return translations, problems


def _tuple(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


# What is wrong


def check(root: Path) -> tuple[int, list[Problem]]:
    """How many texts there are, and every problem with them."""
    sources, problems = read_sources(root)
    translations, unreadable = read_translations(root)
    problems += unreadable
    by_text: dict[str, list[Translation]] = {}
    for translation in translations:
        by_text.setdefault(translation.source[0], []).append(translation)

    used: dict[str, list[Source]] = {}
    for source in sources:
        used.setdefault(source.one, []).append(source)
    for text, places in used.items():
        problems += _problems_of_text(text, places, by_text.get(text, []))
    for text, entries in by_text.items():
        if text not in used:
            problems += [Problem(e.path, e.line, f'"{_short(text)}" is no longer said anywhere') for e in entries]
        if len({entry.english for entry in entries}) > 1:
            where = ", ".join(f"{entry.path.name}:{entry.line}" for entry in entries)
            problems.append(
                Problem(entries[-1].path, entries[-1].line, f'"{_short(text)}" is translated in two ways ({where})')
            )
        in_template = any(source.in_template for source in used.get(text, []))
        for entry in entries:
            problems += _problems_of_parameters(entry, in_template)
    return len(used), sorted(set(problems))


def _problems_of_text(text: str, places: Sequence[Source], entries: Sequence[Translation]) -> Iterator[Problem]:
    here = places[0]
    if len({place.many for place in places}) > 1:
        others = ", ".join(f"{place.path.as_posix()}:{place.line}" for place in places[1:])
        yield Problem(here.path, here.line, f'"{_short(text)}" has another plural, or none, in {others}')
        return
    if not any(not entry.missing and (len(entry.source) > 1) == (here.many is not None) for entry in entries):
        for place in places:
            yield Problem(place.path, place.line, f'"{_short(text)}" has no English{" plural" if here.many else ""}')
    elif here.many is not None and all(entry.source[1] != here.many for entry in entries):
        yield Problem(here.path, here.line, f'"{_short(here.many)}" is not the plural in the catalogue')
    if here.in_template and STRAY_PERCENT.search(text.replace("%%", "")):
        yield Problem(here.path, here.line, f'"{_short(text)}": write %% for a percent sign in a template')


def _problems_of_parameters(entry: Translation, in_template: bool) -> Iterator[Problem]:
    """English must fill in what Danish fills in. Only the singular may leave out the number ("one case")."""
    wanted = [set(PLACEHOLDER.findall(text)) for text in entry.source]
    for form, english in enumerate(entry.english):
        if not english:
            continue
        has = set(PLACEHOLDER.findall(english))
        least = most = wanted[min(form, len(wanted) - 1)]
        if form == 0 and len(wanted) > 1:
            least, most = set.intersection(*wanted) - COUNTS, set.union(*wanted)
        if not least <= has <= most:
            names = ", ".join(sorted((least - has) | (has - most)))
            yield Problem(entry.path, entry.line, f'"{_short(entry.source[0])}" differs from its English in: {names}')
        if (in_template or has) and STRAY_PERCENT.search(english.replace("%%", "")):
            yield Problem(entry.path, entry.line, f'"{_short(english)}": write %% for a percent sign')


def _short(text: str) -> str:
    text = " ".join(text.replace(HOLE, "…").split())
    return text if len(text) <= 70 else f"{text[:69]}…"


# What is still to be translated


def add_missing(root: Path, slice_name: str) -> int:
    """Write an empty entry for each text of the slice that has no entry yet; the number written."""
    known = {translation.source[0] for translation in read_translations(root)[0]}
    stubs: dict[str, Source] = {}
    for source in read_sources(root)[0]:
        if source.one not in known and _belongs(source.path, slice_name, root):
            stubs.setdefault(source.one, source)
    if not stubs:
        return 0
    path = root / "med" / "locale" / "en" / f"{slice_name}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if path.exists() else HEADER
    path.write_text(before + "".join(map(_stub, stubs.values())), encoding="utf-8")
    return len(stubs)


def _belongs(path: Path, slice_name: str, root: Path) -> bool:
    folder = path.parts[1] if len(path.parts) > 2 else ""
    if slice_name == "site":
        return not (root / "med" / folder / "slice.py").exists() or not folder
    return folder == slice_name


def _stub(source: Source) -> str:
    lines = ["", f"#: {source.path.as_posix()}", f"msgid {normalize(source.one)}"]
    if source.many is None:
        lines.append('msgstr ""')
    else:
        lines += [f"msgid_plural {normalize(source.many)}", 'msgstr[0] ""', 'msgstr[1] ""']
    return "\n".join([*lines, ""])


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Are all texts there in Danish and in English?")
    parser.add_argument("--missing", metavar="SLICE", help="write empty entries for what this slice lacks")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.missing:
        if options.missing != "site" and not any(
            (options.root / place / options.missing).is_dir() for place in ("med", "templates")
        ):
            parser.error(f"there is no slice called {options.missing}; write the name of a folder in med/, or site.")
        print(f"{add_missing(options.root, options.missing)} texts to translate in med/locale/en/{options.missing}.po")
        return 0
    count, problems = check(options.root)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"{len(problems)} problems in {count} texts.", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
