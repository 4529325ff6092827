"""What may be shown of groups of citizens, so that nobody can be found in a number. Pure functions on plain numbers.

The rules, and where they come from:

- A count under 5 is not shown (Danmarks Statistik quotes small groups with "< 5"; the Canadian Institute for Health
  Information uses the same). Nought is hidden, too: "none of them passed" says something about every one of them.
- A mean, a median or an effect is shown for 10 or more participants.
- Complementary suppression: where totals are shown, hiding one number is not enough. Each hidden number is therefore
  put on an *exchange* (see `protect`), after the hypercube method of Repsilber (1994), used in GHMITER and τ-ARGUS
  (Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).
- A percentage stands and falls with the two counts it is made of, and is rounded to 5 where they are under 50.
- A figure over several units is not shown when one unit makes up more than 80 % of it: it would be that unit's.
- What was shown for a period stays as it was (`compass_snapshot`), and a mean or an effect that goes on from period to
  period moves only when ten or more have joined: two reports subtracted leave no group smaller than those above.

Whoever works with the citizens themselves sees them by name; these rules are for everybody else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from math import inf

FEWEST_COUNTED = 5
FEWEST_MEASURED = 10
DOMINANT = 0.8
FEW = 50  # under this, shares are rounded to fives and sizes to 0.05
SIZES = (0.2, 0.5, 0.8)

# One path for each axis, from the widest group to the narrowest: (("aabrinken", "vaerkstederne", "kor"), ("done",)).
Key = tuple[tuple[str, ...], ...]


def rounded(number: int) -> int:
    """A count of what is no citizen (assessments in a run): to the nearest ten."""
    return round(number / 10) * 10


def share(part: int | None, whole: int | None) -> int | None:
    """Whole percent of two counts as they are *shown*; None when either is hidden, or would be told by the other.

    Rounded to fives where the whole is under 50: 15.0 % of 20 would say "3" although "3" is hidden.
    """
    if part is None or whole is None or part < FEWEST_COUNTED or whole - part < FEWEST_COUNTED:
        return None
    percent = 100 * part / whole
    return round(percent / 5) * 5 if whole < FEW else round(percent)


def about(n: int) -> int | None:
    """How many a measured figure rests on: to the nearest five, so that two runs subtracted do not tell of one person.

    None under 10; never less than 10.
    """
    return None if n < FEWEST_MEASURED else max(FEWEST_MEASURED, round(n / 5) * 5)


def size(value: float | None, n: int) -> float | None:
    """An effect as it is shown: to 0.05 under 50 participants, to 0.01 from there; None under 10.

    One person among 33 who moves a whole standard deviation moves their mean by 0.03: less than a step.
    """
    if value is None or n < FEWEST_MEASURED:
        return None
    return round(round(value * 20) / 20, 2) + 0.0 if n < FEW else round(value, 2) + 0.0


def rough(value: float | None, n: int) -> float | None:
    """An effect as one of three sizes (Cohen 1988), for a word: 0.2, 0.5 or 0.8, whichever way it goes; None under 10.

    Chosen from the size as it is shown, so that the word tells no more than the number did.
    """
    shown = size(value, n)
    return None if shown is None else min(SIZES, key=lambda named: (abs(named - abs(shown)), named))


def told_reason(reason: str, n: int, waited: int) -> str:
    """Why a verdict is not another, as it may be told. That those who waited point the other way says how they went:
    nothing, where fewer than ten of either were compared (methods before the third gave the reason all the same)."""
    return "" if reason == "waiting_list_disagrees" and min(n, waited) < FEWEST_MEASURED else reason


def is_dominated(parts: Iterable[int]) -> bool:
    """Whether one of several units makes up more than 80 %: a median over them would be that one's."""
    numbers = [number for number in parts if number > 0]
    return len(numbers) > 1 and max(numbers) > DOMINANT * sum(numbers)


def may_follow(shown: int | None, now: int) -> bool:
    """Whether a mean over `now` participants may be shown after one over `shown` of them: ten more, or none at all
    before. Else the difference between the two would be a mean of fewer than ten."""
    return now >= FEWEST_MEASURED and (shown is None or abs(now - shown) >= FEWEST_MEASURED)


# --- tables with totals -----------------------------------------------------------------------------------------------


def protect(
    leaves: Mapping[Key, int], fewest: int = FEWEST_COUNTED, published: Collection[Key] = ()
) -> dict[Key, int | None]:
    """Every cell of a nested table with all its totals; None for those that are not shown.

    `leaves` are the innermost counts. On each axis a total is a path cut short: `((), ())` is the grand total. A leaf
    that is not there is a nought everybody knows of (an activity of another unit), and no cell.

    Hidden are the cells under `fewest`, and as few others as a small search finds, so that each hidden cell lies on an
    exchange: some leaves may be thought one larger and some one smaller without any number that is shown changing.
    Going that way as far as no leaf falls below nought, the hidden cell takes at least `fewest` + 1 different values.
    What an exchange touches is hidden as a whole; so everything hidden lies on one, and the search ends there.

    `published` are cells shown earlier in another report: they can no longer be hidden. Raises ValueError when one of
    them is needed (it should not have been shown).
    """
    table = totals(leaves)
    hidden: set[Key] = set()
    told = frozenset(published)
    small = [cell for cell, number in table.items() if number < fewest and cell not in told]
    covered: set[Key] = set()
    for cell in sorted(small, key=lambda cell: (table[cell], cell), reverse=True):
        if cell in covered:
            continue
        best = cheapest(cell, leaves, table, hidden, told, fewest)
        if best is None:
            raise ValueError("what was published earlier gives this table away")
        hidden |= best
        covered |= best
    return {cell: None if cell in hidden else number for cell, number in table.items()}


def totals(leaves: Mapping[Key, int]) -> dict[Key, int]:
    """All cells: the leaves and every sum of them along the axes' paths. Raises ValueError for a negative count."""
    table: dict[Key, int] = {}
    for leaf, number in leaves.items():
        if number < 0:
            raise ValueError("a count is not negative")
        for cell in above(leaf):
            table[cell] = table.get(cell, 0) + number
    return table


def above(leaf: Key) -> Iterator[Key]:
    """A leaf and all the totals it is in."""
    return product(*([path[:n] for n in range(len(path), -1, -1)] for path in leaf))


def cheapest(
    cell: Key, leaves: Mapping[Key, int], table: Mapping[Key, int], hidden: set[Key], told: frozenset[Key], fewest: int
) -> set[Key] | None:
    """The cells of the exchange through `cell` that hides least besides what is hidden; None when there is none."""
    best: set[Key] | None = None
    least = inf
    for leaf in leaves:
        if not _within(leaf, cell):
            continue
        for corners in exchanges(leaf, leaves):
            if _room(corners, leaves) < fewest:
                continue
            moved = touched(corners)
            if cell not in moved or not told.isdisjoint(moved):
                continue
            cost = sum(table[one] + 1 for one in moved if one not in hidden)
            if cost < least:
                best, least = moved, cost
            if cost == 0:
                return best
    return best


def exchanges(leaf: Key, leaves: Mapping[Key, int]) -> Iterator[dict[Key, int]]:
    """The leaf alone; then with each other leaf the cube that the two span, signs alternating from corner to corner."""
    yield {leaf: 1}
    for other in leaves:
        differs = [axis for axis, (mine, theirs) in enumerate(zip(leaf, other, strict=True)) if mine != theirs]
        if not differs:
            continue
        corners: dict[Key, int] = {}
        for taken in product((False, True), repeat=len(differs)):
            corner = list(leaf)
            for axis, take in zip(differs, taken, strict=True):
                if take:
                    corner[axis] = other[axis]
            corners[tuple(corner)] = -1 if sum(taken) % 2 else 1
        if all(corner in leaves for corner in corners):
            yield corners


def touched(corners: Mapping[Key, int]) -> set[Key]:
    """The cells, totals included, that change when the leaves move by their signs."""
    moves: dict[Key, int] = {}
    for corner, sign in corners.items():
        for cell in above(corner):
            moves[cell] = moves.get(cell, 0) + sign
    return {cell for cell, move in moves.items() if move}


def _room(corners: Mapping[Key, int], leaves: Mapping[Key, int]) -> float:
    """How far the exchange goes both ways together before a leaf falls below nought."""
    up = min((leaves[corner] for corner, sign in corners.items() if sign < 0), default=inf)
    down = min(leaves[corner] for corner, sign in corners.items() if sign > 0)
    return up + down


def _within(leaf: Key, cell: Key) -> bool:
    return all(mine[: len(wide)] == wide for mine, wide in zip(leaf, cell, strict=True))
