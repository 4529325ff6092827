"""Reading a note: the parts it must have, and what people do to Markdown."""

import re
from datetime import date
from pathlib import Path

import pytest

from med.access import Side
from med.perspectives.models import Perspective
from tests.journeys import chosen
from tests.journeys.note import NotANote, parse_note, read_note, sentences

OWN = Path(__file__).parent / "note-example.md"


@pytest.fixture
def text() -> str:
    return OWN.read_text(encoding="utf-8")


def test_names_are_told_from_titles(text):
    people = {one.name: one.title for group in parse_note(text).groups for one in group.people}
    assert len(people) == 10
    assert people["Ellen M. Krogsgaard"] == "Kommunaldirektør"
    assert people["Kaj Dybdal"] == "leder af Nyt Værksted"
    assert people["Inge-Lise Bak Thorup"] == "institutionsleder"
    assert people["Ruth Dalby"] == "næstformand i MED-gruppen på Kilden"


def test_who_came_by_is_no_member(text):
    note = parse_note(text)
    assert [one.name for one in note.visitors] == ["Knud Aagreen"]
    assert note.visitors[0] not in chosen.host(note).people


def test_the_programme_follows_the_clock(text):
    note = parse_note(text)
    assert note.day == date(2019, 2, 27)
    assert [(slot.starts, slot.minutes) for slot in note.programme] == [
        ("9.00", 40), ("9.40", 50), ("10.30", 10), ("10.40", 80)
    ]  # fmt: skip
    assert [bool(slot.talks) for slot in note.programme] == [True, True, False, True]
    assert chosen.responsible(note, note.programme[1]) == "Poul Ravnkilde"


def test_a_word_cut_by_the_page_is_whole_again(text):
    assert "telefonlisten" in parse_note(text).topics[0].paragraphs[-1]


def test_topics_are_headings_names_of_the_programme_and_lines_with_a_colon(text):
    note = parse_note(text)
    assert [topic.level for topic in note.topics] == ["heading", "label", "colon", "heading", "colon"]
    assert [label for label, _ in note.labelled] == ["Nye mødevaner", "Indkøb"]
    assert len(chosen.tasks(note)) == 2


def test_no_union_goes_into_the_list_of_people(text):
    (one,) = [one for one, _ in chosen.everyone(parse_note(text)) if "FTF" in one.title]
    assert chosen.job_title(one) == "Næstformand i MED- Hovedudvalget"
    assert chosen.group(one) == "C"


def test_both_sides_are_there(text):
    sides = {chosen.side(one) for one in chosen.host(parse_note(text)).people}
    assert len(sides) == len(Side)


def test_each_decision_has_a_reason_and_a_perspective(text):
    found = chosen.decisions(parse_note(text))
    assert len({one.text for one in found}) == len(found) >= 6
    assert {one.perspective for one in found} == set(Perspective)
    for one in found:
        assert one.why.endswith((".", "!", "?", '"'))
        assert one.why != one.text


@pytest.mark.parametrize("said", ["Og vi mødes. Så taler vi.", "Det kostede 4. sal dyrt."])
def test_sentences_end_where_a_new_one_begins(said):
    assert " ".join(sentences(said)) == said
    assert len(sentences(said)) == said.count(". ") - said.count("4. ") + 1


@pytest.mark.parametrize("lost", [r"^## .*$", r"^####? .*\d\. \w+ 20\d\d$", r"^#### Kl\..*$", r"^\*\*Fra .*$"])
def test_what_is_no_note_is_refused_in_a_sentence(text, lost):
    with pytest.raises(NotANote, match=r"^The note (has no|lacks) "):
        parse_note(re.sub(lost, "", text, flags=re.MULTILINE))


def test_a_note_without_the_places_of_the_story_is_refused(text):
    short = text[: text.index("*Sådan arbejder Kilden*")] + "Tak for i dag.\n"
    with pytest.raises(NotANote):
        chosen.decisions(parse_note(short))


@pytest.mark.shared
def test_the_real_note_is_read_to_its_end(shared):
    note = read_note(shared / "data" / "gentofte-2017-08-09.md")
    assert [slot.minutes for slot in note.programme] == [45, 45, 15, 75]
    assert [len(group.people) for group in note.groups] == [9, 1, 2]
    assert len(chosen.decisions(note)) >= 6
    assert len(note.topics[-1].bullets) == 3


@pytest.mark.shared
def test_no_sentence_of_the_real_note_is_in_the_repository(shared):
    """Neither in our own note nor anywhere else: what people said is theirs."""
    note = read_note(shared / "data" / "gentofte-2017-08-09.md")
    said = [sentence for topic in note.topics for one in topic.paragraphs for sentence in sentences(one)]
    root = Path(__file__).parents[2]
    kept = [
        file for folder in ("docs", "med", "tests", "scripts", "templates") for file in (root / folder).rglob("*.*")
    ]
    texts = [
        file.read_text(encoding="utf-8") for file in kept if file.suffix in {".md", ".py", ".toml", ".html", ".po"}
    ]
    everything = " ".join(" ".join(text.split()) for text in texts)
    assert [sentence for sentence in said if len(sentence) > 45 and sentence in everything] == []
