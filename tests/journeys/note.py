"""Reads a meeting note written in Markdown: who took part, the programme by the clock, what was said.

    note = read_note(path)
    note.programme[0].starts         "8.00"
    note.topics[0].paragraphs[2]     the third paragraph under the first topic

Nothing here knows a particular note. What is taken from one is named by its place in it.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from med.workdays import MONTHS as MONTH_NAMES

MONTHS = [month.message for month in MONTH_NAMES]

CLOCK = re.compile(r"kl\.\s*(\d{1,2})[.:](\d{2})\s*[-–]\s*(\d{1,2})[.:](\d{2})", re.IGNORECASE)
DAY = re.compile(r"(\d{1,2})\.\s*([a-zæøå]+)\s+(\d{4})", re.IGNORECASE)
LABEL = re.compile(r"([A-ZÆØÅ][^:.,;]{2,60}):\s+(\S.*)", re.DOTALL)
NAME_WORD = re.compile(r"(?:[A-ZÆØÅ]\.|[A-ZÆØÅ][\w'’]*[a-zæøå][\w'’]*(?:-[A-ZÆØÅ][\w'’]+)*)")
PREPOSITIONS = frozenset({"af", "i", "på", "for", "ved", "hos"})


@dataclass(frozen=True)
class Person:
    name: str
    title: str

    @property
    def handle(self) -> str:
        """A sign-in name: first and last name."""
        words = self.name.lower().split()
        return f"{words[0]}.{words[-1]}"


@dataclass(frozen=True)
class Group:
    """Those who came from one place: a line that begins with **From there:**."""

    label: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Slot:
    """A part of the programme between two hours of the clock."""

    starts: str
    ends: str
    lines: tuple[str, ...]
    talks: tuple[str, ...]  # its list: presentations and discussions

    @property
    def title(self) -> str:
        return self.lines[0]

    @property
    def minutes(self) -> int:
        return minute_of_day(self.ends) - minute_of_day(self.starts)


@dataclass
class Topic:
    """Paragraphs that belong together. `level` is how it is marked in the note: "heading", "label" or "colon"."""

    title: str
    level: str
    paragraphs: list[str] = field(default_factory=list)
    bullets: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Note:
    title: str
    day: date
    groups: tuple[Group, ...]
    visitors: tuple[Person, ...]  # came for a while
    purpose: str
    programme: tuple[Slot, ...]
    topics: tuple[Topic, ...]

    @property
    def labelled(self) -> list[tuple[str, str]]:
        """Paragraphs that begin with what they are about: (label, the rest)."""
        found = [label_of(paragraph) for topic in self.topics for paragraph in topic.paragraphs]
        return [pair for pair in found if pair is not None]


class NotANote(ValueError):
    """What the note lacks, in one sentence."""


def read_note(path: Path) -> Note:
    """The note in a file. Raises NotANote when it does not have the parts of one."""
    return parse_note(path.read_text(encoding="utf-8"))


def parse_note(text: str) -> Note:
    sections = list(_sections(text))
    titles = [title for level, title, _ in sections if level == 2]
    dated = next((found for _, title, _ in sections if (found := _day(title))), None)
    if not titles or dated is None:
        raise NotANote("The note has no title (##) or no heading with the day of the meeting.")
    groups: list[Group] = []
    visitors: list[Person] = []
    programme: list[Slot] = []
    purpose = ""
    topics: list[Topic] = []
    for level, title, blocks in sections:
        hours = CLOCK.search(title)
        if hours:
            programme.append(_slot(hours, blocks))
        elif _day(title):
            groups = [group for block in blocks if (group := _group(block))]
            visitors = [person for block in blocks if not _group(block) for person in _who_came_by(block)]
        elif programme:
            topics += _topics(title if level > 3 else "", blocks, {slot.title for slot in programme})
        elif blocks and level > 2:
            purpose = blocks[0]
    if not (groups and programme and topics):
        raise NotANote("The note lacks those who took part, a programme with hours, or what was said.")
    return Note(_plain(titles[0]), dated, tuple(groups), tuple(visitors), purpose, tuple(programme), tuple(topics))


# --- Markdown to blocks -------------------------------------------------------------------------------------------


def _sections(text: str) -> list[tuple[int, str, list[str]]]:
    """(depth of the heading, its words, its blocks). A paragraph all in italics is a heading somebody forgot."""
    found: list[tuple[int, str, list[str]]] = [(0, "", [])]
    for block in _blocks(text):
        if heading := re.fullmatch(r"(#+)\s*(.+)", block):
            found.append((len(heading[1]), _plain(heading[2]), []))
        elif re.fullmatch(r"\*[^*]+\*", block):
            found.append((4, _plain(block), []))
        else:
            found[-1][2].append(block)
    return found


def _blocks(text: str) -> list[str]:
    """Paragraphs, list items one by one, headings. A word that the page break cut in two is put together again."""
    blocks: list[str] = []
    for raw in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in raw.splitlines() if line.strip()]
        if not lines:
            continue
        if all(line.startswith(("- ", "#")) for line in lines):
            blocks += lines
            continue
        paragraph = " ".join(lines)
        if blocks and re.search(r"\w-$", blocks[-1]) and paragraph[0].islower():
            blocks[-1] = blocks[-1][:-1] + paragraph
        else:
            blocks.append(paragraph)
    return blocks


def _plain(text: str) -> str:
    return " ".join(text.replace("*", "").split()).strip(" :")


def _day(title: str) -> date | None:
    found = DAY.search(title)
    if found is None or found[2].lower() not in MONTHS:
        return None
    return date(int(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1]))


def minute_of_day(hour: str) -> int:
    hours, minutes = hour.split(".")
    return int(hours) * 60 + int(minutes)


def _slot(hours: re.Match[str], blocks: list[str]) -> Slot:
    lines = tuple(_plain(block) for block in blocks if not block.startswith("- "))
    talks = tuple(block.removeprefix("- ").strip() for block in blocks if block.startswith("- "))
    return Slot(f"{hours[1]}.{hours[2]}", f"{hours[3]}.{hours[4]}", lines or ("Programpunkt",), talks)


# --- people -------------------------------------------------------------------------------------------------------


def _group(block: str) -> Group | None:
    found = re.match(r"\*\*([^*]+):\*\*\s*(.+)", block, re.DOTALL)
    return Group(_plain(found[1]), tuple(_people(found[2]))) if found else None


def _people(text: str) -> list[Person]:
    """ "direktør A. Berg, leder af Nyt Værksted Bo Dal og TR Eva Friis": split where a name has just ended."""
    found: list[Person] = []
    piece = ""
    for part in re.split(r"(,\s+|\s+og\s+)", text.strip().rstrip(".")):
        if re.fullmatch(r",\s+|\s+og\s+", part):
            if (person := _person(piece)) is not None:
                found.append(person)
                piece = ""
            else:
                piece += part
        else:
            piece += part
    last = _person(piece)
    return [*found, last] if last else found


def _person(piece: str) -> Person | None:
    """A title and then a name. A title that ends in a name of its own ("leder af Nyt Værksted") leaves two words."""
    words = piece.split()
    start = len(words)
    while start and NAME_WORD.fullmatch(words[start - 1]):
        start -= 1
    if start == 0 and len(words) > 2:
        start = 1  # the title began with a capital
    if start and words[start - 1].lower() in PREPOSITIONS:
        start = max(start, len(words) - 2)
    if len(words) - start < 2:
        return None
    return Person(" ".join(words[start:]), " ".join(words[:start]))


def _who_came_by(block: str) -> list[Person]:
    found = re.search(r"\bdeltog\s+(.+?)(?:\s+kortvarigt)?\.?$", block)
    return _people(found[1]) if found else []


# --- what was said ------------------------------------------------------------------------------------------------


def _topics(title: str, blocks: list[str], slots: set[str]) -> list[Topic]:
    """A heading begins a topic, and so does a label that is the name of a part of the programme, or a line ending
    in a colon."""
    topics = [Topic(title, "heading")] if title else []
    for block in blocks:
        labelled = label_of(block)
        if block.startswith("- "):
            topics[-1].bullets.append(_plain(block[2:]))
        elif block.endswith(":"):
            topics.append(Topic(_plain(re.sub(r"\s+v/.*", "", block)), "colon"))
        elif labelled and labelled[0] in slots:
            topics.append(Topic(labelled[0], "label", [labelled[1]]))
        elif topics:
            topics[-1].paragraphs.append(block)
    return topics


def label_of(paragraph: str) -> tuple[str, str] | None:
    """ "About this: and then more" as (about this, and then more); none for a paragraph without a label."""
    found = LABEL.match(paragraph)
    return (found[1].strip(), found[2]) if found else None


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph, without the label it may begin with."""
    labelled = label_of(paragraph)
    text = labelled[1] if labelled else paragraph
    text = text.replace("*", "")
    parts = re.split(r"(?<=[.!?])[\"”’]?\s+(?=[A-ZÆØÅ\"“])", text)
    return [part.strip() for part in parts if part.strip()]
