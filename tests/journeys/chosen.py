"""What the journey takes from a note, named by its place there: who sits where, what is raised, what is decided.

A note that follows the same pattern can be played too; one that lacks a place raises NotANote.
"""

import re
from dataclasses import dataclass

from tests.journeys.note import Group, NotANote, Note, Person, Slot, Topic, sentences


@dataclass(frozen=True)
class Chosen:
    """A decision the note supports: its words, the reason the note gives, and the perspective it serves."""

    slot: int  # the part of the programme it was talked about under
    text: str
    why: str
    perspective: str


@dataclass(frozen=True)
class Support:
    """Where a decision stands: topic, paragraph, sentence; and where its reason does.

    `why` is (paragraph, sentence), or None when the sentence gives it itself, after ", så".
    """

    slot: int
    topic: int
    paragraph: int
    sentence: int
    why: tuple[int, int] | None
    perspective: str


SUPPORTS = (
    Support(0, 0, 0, 0, (1, 0), "resiliens"),
    Support(0, 0, 2, 0, (2, 1), "emergens"),
    Support(0, 0, 3, 0, (3, 2), "performance"),
    Support(1, 1, 0, 1, None, "resiliens"),
    Support(1, 1, 1, 2, (1, 1), "emergens"),
    Support(3, 3, 3, 0, (3, 1), "performance"),
    Support(3, 3, 4, 0, (4, 1), "resiliens"),
    Support(3, 3, 5, 0, (5, 1), "compliance"),
)


def decisions(note: Note) -> list[Chosen]:
    found = []
    for support in SUPPORTS:
        said = _sentence(note, support.topic, support.paragraph, support.sentence)
        if support.why is None:
            said, comma, why = said.partition(", så ")
            if not comma:
                raise NotANote(f"The sentence for {support} gives no reason of its own.")
        else:
            why = _sentence(note, support.topic, *support.why)
        found.append(Chosen(support.slot, as_after_at(said), as_sentence(why), support.perspective))
    return found


def _sentence(note: Note, topic: int, paragraph: int, sentence: int) -> str:
    try:
        return sentences(note.topics[topic].paragraphs[paragraph])[sentence]
    except IndexError:
        raise NotANote(f"The note has no sentence {sentence} in paragraph {paragraph} of topic {topic}.") from None


def as_after_at(said: str) -> str:
    """As it goes on after "Vi har besluttet, at …"."""
    said = re.sub(r"^(Og|Men)\s+", "", said).rstrip(". ")
    first = said.split()[0]
    return said if first.isupper() or "-" in first else said[0].lower() + said[1:]


def as_sentence(said: str) -> str:
    said = said[0].upper() + said[1:]
    return said if said.endswith((".", "!", "?", '"')) else said + "."


# --- people -------------------------------------------------------------------------------------------------------


def host(note: Note) -> Group:
    """Those whose committee it is: the first group. The others are guests."""
    return note.groups[0]


def guests(note: Note) -> list[tuple[Person, str]]:
    """Each with what the list of those present says about them."""
    return [(person, f"{job_title(person)}, {place_of(group)}") for group in note.groups[1:] for person in group.people]


def everyone(note: Note) -> list[tuple[Person, str]]:
    """Each person with the place they came from. Who came by belongs to the host."""
    found = [(person, place_of(group)) for group in note.groups for person in group.people]
    return found + [(person, place_of(host(note))) for person in note.visitors]


def place_of(group: Group) -> str:
    place = group.label.removeprefix("Fra ").strip()
    return place[0].upper() + place[1:]


def job_title(person: Person) -> str:
    """Without what stands in brackets: a union is nobody's business but the person's own."""
    title = person.title
    while (shorter := re.sub(r"\s*\([^()]*\)", "", title)) != title:
        title = shorter
    return title[:1].upper() + title[1:]


def job_role(person: Person) -> str:
    title = person.title.lower()
    if title.startswith(("næstformand", "medlem")):
        return "medarbejder"
    if "direktør" in title:
        return "direktion"
    if "chef" in title:
        return "centerchef"
    return "leder af medarbejdere" if "leder" in title else "medarbejder"


def side(person: Person) -> str:
    return "medarbejder" if job_role(person) == "medarbejder" else "ledelse"


def group(person: Person) -> str:
    """The electoral group, where the note says which of the former main organisations somebody was elected for."""
    former = {"FTF": "C", "LO": "B", "AC": "A"}
    return next((letter for name, letter in former.items() if f"({name}" in person.title), "")


# --- the agenda ---------------------------------------------------------------------------------------------------


def responsible(note: Note, slot: Slot) -> str:
    """The first of the participants who is named in a part of the programme."""
    talks = " ".join(slot.talks)
    named = [(talks.find(person.name), person.name) for person in host(note).people if person.name in talks]
    return min(named)[1] if named else ""


def words_for(note: Note) -> dict[int, list[Topic]]:
    """The topics of each part of the programme: by its name where they share it, else in order of the headings."""
    titles = {slot.title: number for number, slot in enumerate(note.programme)}
    found: dict[int, list[Topic]] = {number: [] for number in range(len(note.programme))}
    talked = [number for number, slot in enumerate(note.programme) if slot.talks]
    taken = {titles[topic.title] for topic in note.topics if topic.level == "label"}
    free = [number for number in talked if number not in taken]
    for topic in note.topics:
        if topic.level == "label":
            found[titles[topic.title]].append(topic)
        elif topic.level == "heading" and free:
            found[free.pop(0)].append(topic)
    found[talked[-1]] += [topic for topic in note.topics if topic.level == "colon"][1:2]  # raised, and merged with it
    return found


def as_minutes(topic: Topic) -> str:
    return "\n\n".join([*topic.paragraphs, "\n".join(f"- {bullet}" for bullet in topic.bullets)]).strip()


@dataclass(frozen=True)
class Raised:
    """A point an employee raises."""

    title: str
    why: str


@dataclass(frozen=True)
class Points:
    """Four points, one for each answer the chairs can give."""

    accepted: Raised
    merged: Raised
    moved: Raised
    declined: Raised


def points(note: Note) -> Points:
    """From the topics that no part of the programme announced, and the paragraphs with a label."""
    asides = [topic for topic in note.topics if topic.level == "colon"]
    if len(asides) < 2 or len(note.labelled) < 2:
        raise NotANote("The note has fewer than two topics and two labelled paragraphs beside the programme.")
    (declined, its_words), (moved, more_words) = note.labelled[:2]
    return Points(
        accepted=Raised(asides[0].title, as_minutes(asides[0])),
        merged=Raised(asides[1].title, as_minutes(asides[1])),
        moved=Raised(moved, more_words),
        declined=Raised(declined, its_words),
    )


def tasks(note: Note) -> list[str]:
    """What somebody has to do: the note's only list outside the programme."""
    return [bullet for topic in note.topics for bullet in topic.bullets][:2]
