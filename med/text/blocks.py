"""A text as a row of blocks, and what has been done to the row: the ground under merge and diff.

A block is a paragraph, or one line of a list with what is written on below it, so that two people can add
to the same list at different places without meeting.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_BULLET = re.compile(r"\s*[-*+](?:\s|$)")
_NUMBER = re.compile(r"\s*(\d{1,9})[.)](?:\s|$)")


def split(text: str) -> list[str]:
    """The blocks of a text. Blank lines and spaces at the ends of lines are not part of any block."""
    blocks: list[str] = []
    lines: list[str] = []

    def end() -> None:
        if lines:
            blocks.append("\n".join(lines))
            lines.clear()

    for line in re.split("\r\n|\r|\n", text):
        line = line.rstrip()
        if not line:
            end()
            continue
        if lines and _begins_block(line, after=lines[0]):
            end()
        lines.append(line)
    end()
    return blocks


def join(blocks: Sequence[str]) -> str:
    """The text of a row of blocks: list lines of one kind close together, a blank line between all others.

    `split(join(blocks)) == blocks` for whatever `split` gives.
    """
    parts: list[str] = []
    for at, block in enumerate(blocks):
        if at:
            kind = _list_kind(block)
            parts.append("\n" if kind and kind == _list_kind(blocks[at - 1]) else "\n\n")
        parts.append(block)
    return "".join(parts)


def _list_kind(block: str) -> str:
    return "bullet" if _BULLET.match(block) else "number" if _NUMBER.match(block) else ""


def _begins_block(line: str, after: str) -> bool:
    """Whether a line is a list line, not the end of a sentence such as "vi mødes igen den / 9. november"."""
    if _BULLET.match(line):
        return True
    number = _NUMBER.match(line)
    return number is not None and (int(number[1]) == 1 or _list_kind(after) == "number")


class Edit(NamedTuple):
    """old[start:end] became new[new_start:new_end]. An insertion has start == end."""

    start: int
    end: int
    new_start: int
    new_end: int


class Effort:
    """How many comparisons a whole merge or diff may still use.

    difflib is quadratic and worse over rows of equal blocks, which a hostile 200 kB can be made of. Within this
    budget it is let loose; beyond it only blocks that occur once on both sides are matched (in n log n).
    """

    def __init__(self, steps: int = 8_000_000) -> None:
        self.left = steps

    def allows(self, old: Sequence[str], new: Sequence[str]) -> bool:
        count = Counter(new)
        worst = (len(old) + sum(count[item] for item in old)) * min(len(old), len(new))
        if worst > self.left:
            return False
        self.left -= worst
        return True


def edits(old: Sequence[str], new: Sequence[str], effort: Effort | None = None) -> list[Edit]:
    """What was done to `old` to get `new`, in order; two edits never touch. What lies between them is the same.

    Applying them to `old` gives `new` exactly. Not always the shortest script: beginning and end are matched first.
    """
    effort = effort or Effort()
    found: list[Edit] = []
    at_old = at_new = 0
    for match_old, match_new, size in [*_matches(old, new, effort), (len(old), len(new), 0)]:
        if (at_old, at_new) != (match_old, match_new):
            found.append(Edit(at_old, match_old, at_new, match_new))
        at_old, at_new = match_old + size, match_new + size
    return found


def _matches(old: Sequence[str], new: Sequence[str], effort: Effort) -> list[tuple[int, int, int]]:
    shorter = min(len(old), len(new))
    head = 0
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if not middle_old or not middle_new:
        middle = []
    elif effort.allows(middle_old, middle_new):
        middle = [tuple(m) for m in SequenceMatcher(None, middle_old, middle_new, False).get_matching_blocks()]
    else:
        middle = [(i, j, 1) for i, j in _landmarks(middle_old, middle_new)]
    found = [(0, 0, head), *((i + head, j + head, size) for i, j, size in middle)]
    found.append((len(old) - tail, len(new) - tail, tail))
    return [(i, j, size) for i, j, size in found if size]


def _landmarks(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Blocks that stand once in both, in the longest chain that keeps their order (patience diff, Bram Cohen 2008)."""
    count_old, count_new = Counter(old), Counter(new)
    place = {item: j for j, item in enumerate(new) if count_new[item] == 1 and count_old[item] == 1}
    ends: list[int] = []  # smallest j that ends a chain of each length
    chain: list[tuple[int, int, int]] = []  # (i, j, its predecessor in this list)
    last: list[int] = []  # for each length, where in `chain` that end stands
    for i, item in enumerate(old):
        if (j := place.get(item)) is None:
            continue
        length = bisect_left(ends, j)
        chain.append((i, j, last[length - 1] if length else -1))
        ends[length : length + 1] = [j]
        last[length : length + 1] = [len(chain) - 1]
    found: list[tuple[int, int]] = []
    step = last[-1] if last else -1
    while step >= 0:
        i, j, step = chain[step]
        found.append((i, j))
    return found[::-1]
