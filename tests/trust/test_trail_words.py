"""Every verb the program writes in the journal has words that the people it is about understand."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import select

from med.competence_compass.models import WaitingOutcome
from med.journal.actions import note
from med.meetings.forms.proposals import Answer
from med.organisation.models import Seat
from med.trust.trail_words import WORDS, told

MED = Path(__file__).parents[2] / "med"
# What may stand at the end of a verb that the code puts together.
ENDINGS = {"proposal.": set(Answer), "waiting.": set(WaitingOutcome) - {WaitingOutcome.WAITING}}
HAPPENED = {"note": 2, "note_many": 3}  # the place of the verb, or of the rows that hold it


def spelled(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    """The verbs an expression can be."""
    match node:
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), ast.FormattedValue()]):
            yield from (start + ending for ending in ENDINGS[start])
        case ast.Constant(value=str(verb)) if "." in verb:
            yield verb
        case ast.Name(id=name) if name in names:
            yield names[name]
        case _:
            for part in ast.iter_child_nodes(node):
                yield from spelled(part, names)


def says_happened(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Attribute) and part.attr == "happened" for part in ast.walk(node))


@cache
def written() -> tuple[dict[str, str], list[str]]:
    """{verb: where it is written}, and the places where a line is written whose verb cannot be read here.

    A verb stands in the call of `note` or `note_many`, or in the list `happened` that an import gathers for it.
    """
    found: dict[str, str] = {}
    unclear = []
    for path in sorted(MED.rglob("*.py")):
        code = path.read_text()
        if path.parent.name == "journal" or not any(word in code for word in ("note(", "note_many(", ".happened")):
            continue
        tree = ast.parse(code)
        names = {
            one.targets[0].id: one.value.value
            for one in tree.body
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
            and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str)
        }  # fmt: skip
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=name), args=args) if name in HAPPENED:
                    said = args[HAPPENED[name]]
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="happened"), attr="append"), args=[said]):
                    pass
                case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="happened"))], value=said):
                    pass
                case _:
                    continue
            place = f"{path.relative_to(MED)}:{node.lineno}"
            verbs = list(spelled(said, names))
            found.update(dict.fromkeys(verbs, place))
            if not verbs and not says_happened(said):
                unclear.append(place)
    return found, unclear


def test_every_verb_that_is_written_can_be_found_and_has_words():
    found, unclear = written()
    assert unclear == []
    assert {verb: place for verb, place in found.items() if verb not in WORDS} == {}


@pytest.mark.parametrize("verb", ["seat.given", "seat.withdrawn", "proposal.decline", "effect_run.read", "unit.closed"])
def test_the_walk_sees_each_way_a_verb_is_written(verb):
    assert verb in written()[0]


def test_bo_reads_words_and_the_code_of_a_verb_nobody_knows(visitor, people, write, db):
    seat = db.scalars(select(Seat).where(Seat.person_id == people.bo).limit(1)).one()

    def happen(db):
        note(db, people.viewer("bo"), "seat.given", seat)
        note(db, None, "seat.polished", seat)

    write(happen)
    bo = visitor("bo")
    page = bo.open("/mig/data")
    assert page.words.count("Plads i udvalg: givet") >= 2  # about him, and by him
    assert "seat.given" not in page.words
    assert "seat.polished" in page.words
    assert "Committee seat: given" in bo.open("/mig/data?sprog=en").words


def test_a_verb_without_words_stays_as_it_is():
    assert told("seat.polished") == "seat.polished"
