"""What was changed between two versions of a text, by paragraph and by word, for the version history."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from med.text.blocks import Effort, edits, split


class Segment(NamedTuple):
    """Words that stayed, went or came. "removed" is shown as <del>, "added" as <ins>."""

    kind: Literal["kept", "removed", "added"]
    text: str


class Paragraph(NamedTuple):
    """A paragraph or list line. Only a "changed" one has segments of more than one kind."""

    kind: Literal["kept", "removed", "added", "changed"]
    segments: tuple[Segment, ...]


_WORDS = re.compile(r"\w+\s*|[^\w\s]+\s*|\s+")
ALIKE = 0.4
"""Share of words two paragraphs must have in common to be one that was changed, not one gone and one come."""


def diff(old: str, new: str) -> list[Paragraph]:
    """The paragraphs of both texts in one row, in reading order, what went before what came.

    The kept and removed segments of a paragraph give the old one exactly, the kept and added ones the new one.
    Blank lines and spaces at line ends are no difference. Marks such as ** are compared as they were typed.
    """
    old_blocks, new_blocks = split(old), split(new)
    effort = Effort()
    found: list[Paragraph] = []
    written = 0
    for edit in edits(old_blocks, new_blocks, effort):
        found += [_whole("kept", block) for block in old_blocks[written : edit.start]]
        found += _paired(old_blocks[edit.start : edit.end], new_blocks[edit.new_start : edit.new_end], effort)
        written = edit.end
    return found + [_whole("kept", block) for block in old_blocks[written:]]


def _whole(kind: Literal["kept", "removed", "added"], block: str) -> Paragraph:
    return Paragraph(kind, (Segment(kind, block),))


def _paired(old: list[str], new: list[str], effort: Effort) -> Iterator[Paragraph]:
    """Each old paragraph beside the one of the next three new ones that is most like it, if one is."""
    old_words, new_words = [_WORDS.findall(block) for block in old], [_WORDS.findall(block) for block in new]
    new_counts = [_counted(words) for words in new_words]
    at = 0
    for block, words in zip(old, old_words, strict=True):
        count = _counted(words)
        near = ((_likeness(count, new_counts[place]), -place) for place in range(at, min(at + 3, len(new))))
        likeness, best = max(near, default=(0.0, 0))
        if likeness < ALIKE:
            yield _whole("removed", block)
            continue
        yield from (_whole("added", added) for added in new[at:-best])
        yield Paragraph("changed", tuple(_segments(words, new_words[-best], effort)))
        at = 1 - best
    yield from (_whole("added", added) for added in new[at:])


def _counted(words: list[str]) -> Counter[str]:
    return Counter(word.rstrip() for word in words)


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(min(count, other[word]) for word, count in one.items())
    return 2 * shared / max(1, one.total() + other.total())


def _segments(old: list[str], new: list[str], effort: Effort) -> Iterator[Segment]:
    written = 0
    for edit in edits(old, new, effort):
        if edit.start > written:
            yield Segment("kept", "".join(old[written : edit.start]))
        if edit.end > edit.start:
            yield Segment("removed", "".join(old[edit.start : edit.end]))
        if edit.new_end > edit.new_start:
            yield Segment("added", "".join(new[edit.new_start : edit.new_end]))
        written = edit.end
    if written < len(old):
        yield Segment("kept", "".join(old[written:]))
