"""Two people wrote in the same text at once: what can be put together is, what cannot is shown side by side.

The unit is the block (see `blocks`): a paragraph or a line of a list. Both texts are compared with the base they
grew from. Two changes clash

* when they concern the same block of the base and differ,
* when both add at the same place: only people know which comes first,
* when one adds right beside what the other took away, or wrote on from, so that nobody can tell if it still belongs.

Changes of neighbouring blocks do not clash, nor does adding right beside a block the other only reworded: in the room
one writes on in the last paragraph while the other begins the next. (diff3, and the library merge3, call both of these
conflicts; whenever merge3 merges, this gives the same. The tests hold it to that.)
"""

from collections.abc import Iterator
from typing import NamedTuple

from med.text.blocks import Edit, Effort, edits, join, split


class Conflict(NamedTuple):
    """One place where the two differ: what stood there, what they made of it, what I made of it ("" is nothing)."""

    base: str
    theirs: str
    mine: str


class Merged(NamedTuple):
    """The outcome. `text` is None as long as there is a conflict; `parts` is the whole text in order, for the page
    that lays theirs beside mine: settled stretches as strings, the others as their conflict."""

    text: str | None
    conflicts: list[Conflict]
    parts: list[str | Conflict]


class _Change(NamedTuple):
    side: int
    edit: Edit
    blocks: tuple[str, ...]


def merge(base: str, theirs: str, mine: str) -> Merged:
    """Both people's changes to `base` in one text, or the places where a person must choose.

    Every block that either has written stands in `text`, or else in `parts` (alone, or in a conflict); nothing is lost.
    Where only one has changed anything, the text is theirs to the letter; otherwise line ends and blank lines
    are made regular. A text that is too long and too uniform to compare ends as a conflict, not as a guess.
    """
    if theirs in (base, mine):
        return _whole(mine)
    if mine == base:
        return _whole(theirs)
    old = split(base)
    sides = (split(theirs), split(mine))
    if sides[0] == sides[1] or sides[0] == old:
        return _whole(mine)
    if sides[1] == old:
        return _whole(theirs)
    effort = Effort()
    changes = [change for side, new in enumerate(sides) for change in _changes(side, old, new, effort)]
    changes.sort(key=lambda change: (change.edit.start, change.edit.end))

    parts: list[str | Conflict] = []
    settled: list[str] = []
    written = 0
    for cluster in _clusters(changes):
        start = min(change.edit.start for change in cluster)
        end = max(change.edit.end for change in cluster)
        settled += old[written:start]
        written = end
        versions = [_version(old, start, end, [c for c in cluster if c.side == side]) for side in (0, 1)]
        if len({change.side for change in cluster}) == 1:
            settled += versions[cluster[0].side]
        elif versions[0] == versions[1]:
            settled += versions[0]
        else:
            if settled:
                parts.append(join(settled))
            settled = []
            parts.append(Conflict(join(old[start:end]), join(versions[0]), join(versions[1])))
    settled += old[written:]
    conflicts = [part for part in parts if isinstance(part, Conflict)]
    if not conflicts:
        return _whole(join(settled))
    if settled:
        parts.append(join(settled))
    return Merged(None, conflicts, parts)


def _changes(side: int, old: list[str], new: list[str], effort: Effort) -> Iterator[_Change]:
    """One side's edits; as many new blocks in a row as old ones are taken to be rewordings, each of its own block."""
    for edit in edits(old, new, effort):
        blocks = tuple(new[edit.new_start : edit.new_end])
        if len(blocks) == edit.end - edit.start:
            for at, block in enumerate(blocks):
                start, new_start = edit.start + at, edit.new_start + at
                yield _Change(side, Edit(start, start + 1, new_start, new_start + 1), (block,))
        else:
            yield _Change(side, edit, blocks)


def _whole(text: str) -> Merged:
    return Merged(text, [], [text] if text else [])


def _clusters(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Changes that must be settled together. In order of place, so only the other side's latest can be concerned."""
    cluster: list[_Change] = []
    latest: dict[int, _Change] = {}
    for change in changes:
        other = latest.get(1 - change.side)
        if cluster and not (other and _clash(other, change)):
            yield cluster
            cluster = []
        cluster.append(change)
        latest[change.side] = change
    if cluster:
        yield cluster


def _clash(one: _Change, other: _Change) -> bool:
    if one.edit.start == one.edit.end:
        if other.edit.start == other.edit.end:
            return one.edit.start == other.edit.start
        return _adds_at(one, other)
    if other.edit.start == other.edit.end:
        return _adds_at(other, one)
    return max(one.edit.start, other.edit.start) < min(one.edit.end, other.edit.end)


def _adds_at(addition: _Change, change: _Change) -> bool:
    """Whether an addition falls inside the other's change, or beside one that is more than a rewording."""
    place, edit = addition.edit.start, change.edit
    if edit.start < place < edit.end:
        return True
    reworded = 0 < len(change.blocks) <= edit.end - edit.start
    return place in (edit.start, edit.end) and not reworded


def _version(old: list[str], start: int, end: int, changes: list[_Change]) -> list[str]:
    blocks: list[str] = []
    for change in changes:
        blocks += old[start : change.edit.start]
        blocks += change.blocks
        start = change.edit.end
    return blocks + old[start:end]
