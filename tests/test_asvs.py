"""docs/asvs.csv: every requirement of level 1 and 2 once, with a test that exists or a reason in words."""

import ast
import csv
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITH_WORDS = {"reason", "not applicable", "open"}
# How many requirements of level 1 and 2 each chapter of 5.0.0 has: 70 of level 1, 183 of level 2.
CHAPTERS = {
    "V1": 27, "V2": 11, "V3": 19, "V4": 10, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V9": 7, "V10": 29, "V11": 14,
    "V12": 9, "V13": 13, "V14": 9, "V15": 13, "V16": 16, "V17": 7,
}  # fmt: skip


def rows() -> list[dict[str, str]]:
    with (ROOT / "docs/asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_requirement_stands_there_once():
    found = rows()
    assert len({row["id"] for row in found}) == len(found)
    assert Counter(row["id"].partition(".")[0] for row in found) == CHAPTERS
    assert Counter(row["level"] for row in found) == {"1": 70, "2": 183}


def test_every_named_test_exists_and_every_other_row_has_words():
    for row in rows():
        if row["how"] == "test":
            path, _, name = row["evidence"].partition("::")
            assert name in functions(ROOT / path), row
        else:
            assert row["how"] in WITH_WORDS, row
            assert row["evidence"].strip(), row


def test_what_is_named_in_a_reason_is_there():
    for row in rows():
        for word in row["evidence"].replace(";", " ").replace(",", " ").replace(")", " ").replace("(", " ").split():
            if row["how"] != "test" and word.startswith(("docs/", "tests/", "SECURITY.md")):
                assert (ROOT / word.partition("::")[0].rstrip(".:")).exists(), row


def test_nothing_of_level_one_is_open():
    assert [row["id"] for row in rows() if row["level"] == "1" and row["how"] == "open"] == []
