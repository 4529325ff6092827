"""What a thousand times more decisions add to a page: two servers asked in turns, one request each.

Whatever else the machine does meets both alike. Somebody saves something before each request, so nothing is remembered
and every question is asked anew.
"""

import gzip
import itertools
import statistics
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks.asking import Line, asking
from benchmarks.grounds import Served
from benchmarks.visits import FILTERS, PERSONAS, filtered, walk_down

GOAL, RARE_GOAL = 1.3, 2.0
# Requests to each in a round: of the filters, whose slowest hundredth is held to the goal, and of the other pages.
TIMES, TIMES_ON_POSTGRESQL, WARM = (1000, 150), (400, 100), (20, 20)
PAGES = {  # for who works here
    "a decision": "/beslutninger/{decision}",
    "a meeting of 15 items": "/moeder/{meeting}",
    "its minutes": "/moeder/{meeting}/referat",
    "the overview": "/",
    "search": "/soeg?q=vagtplan+st%C3%B8j",
}
ENTRY = b'<article class="dec'
DEEP = "an older page"


class Times(NamedTuple):
    p99: float
    p50: float
    cpu: float


class Measured(NamedTuple):
    small: Times
    large: Times
    entries: tuple[int, int]


def growth(small: Served, large: Served, rounds: int) -> list[str]:
    pairs = [*itertools.product([*FILTERS, DEEP], PERSONAS), *itertools.product(PAGES, PERSONAS[:2])]
    found: dict[tuple[str, str], list[Measured]] = {pair: [] for pair in pairs}
    both = [(served, Line(served.port), walk_down(served)) for served in (small, large)]
    times = TIMES if large.ground.is_sqlite else TIMES_ON_POSTGRESQL
    for number in range(rounds + 1):
        for pair, rows in found.items():
            asked = [(served, line, request_of(served, older, *pair)) for served, line, older in both]
            rows.append(in_turns(asked, (times if number else WARM)[pair[0] in PAGES]))
    return table(
        {pair: together(rows[1:]) for pair, rows in found.items()},
        small,
        large,
        f"{times[0]} to each in {rounds} (below the older page {times[1]})",
    )


def request_of(served: Served, older: list[str], name: str, who: str) -> bytes:
    if name == DEEP:
        return asking(older[min(10, len(older) - 1)], served.ground.places["personas"][who])
    if name in PAGES:
        places = served.ground.places
        path = PAGES[name].format(decision=places["decisions"][0], meeting=places["meeting"])
        return asking(path, places["personas"][who])
    return filtered(served, name, who)


def in_turns(both: Sequence[tuple[Served, Line, bytes]], count: int) -> Measured:
    took: list[list[float]] = [[], []]
    before = [served.cpu() for served, _, _ in both]
    entries = [0, 0]
    for number in range(count):
        for at in (0, 1) if number % 2 else (1, 0):
            served, line, request = both[at]
            served.ground.save()
            began = time.perf_counter()
            answer = line.ask(request)
            took[at].append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{request!r} was answered {answer.status}")
            if number == count - 1:
                entries[at] = gzip.decompress(answer.body).count(ENTRY)
    times = []
    for at, (served, _, _) in enumerate(both):
        ordered = sorted(took[at])
        cpu = (served.cpu() - before[at]) / count
        times.append(Times(ordered[int((count - 1) * 0.99)], ordered[count // 2], cpu))
    return Measured(times[0], times[1], (entries[0], entries[1]))


def together(rounds: Sequence[Measured]) -> Measured:
    def medians(times: Sequence[Times]) -> Times:
        return Times(*(statistics.median(one[at] for one in times) for at in range(3)))

    return Measured(medians([one.small for one in rounds]), medians([one.large for one in rounds]), rounds[-1].entries)


def table(found: Mapping[tuple[str, str], Measured], small: Served, large: Served, how_often: str) -> list[str]:
    rows = [
        "",
        f"{large.ground.decisions:,} decisions against {small.ground.decisions:,}, requests in turns, "
        f"{how_often} rounds; p99 / p50 / CPU, medians of the rounds, as multiples. Where a page of the small one "
        f"holds fewer entries it is set beside its unfiltered page (°). Goal: p99 at most {GOAL} ×.",
        "",
        "| filter | " + " | ".join(PERSONAS) + " | entries, employee |",
        "|---" * (len(PERSONAS) + 2) + "|",
    ]
    for name in [*FILTERS, DEEP, *PAGES]:
        cells = []
        for who in PERSONAS:
            if (name, who) not in found:
                cells.append("–")
                continue
            one = found[name, who]
            is_alike = one.entries[0] >= 0.8 * one.entries[1]
            base = one.small if is_alike else found["everything", who].small
            ratios = [mine / its for mine, its in zip(one.large, base, strict=True)]
            met = "" if ratios[0] <= GOAL else " **no**"
            cells.append(" / ".join(f"{ratio:.2f}" for ratio in ratios) + ("" if is_alike else " °") + met)
        few, many = found[name, "employee"].entries
        held = f"{few} → {many}" if name not in PAGES else "–"
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {held} |")
    rare = max(
        found["the rare perspective", who].large.p99 / found["everything", who].large.p99 for who in PERSONAS[:2]
    )
    met = "" if rare <= RARE_GOAL else " **no**"
    return [
        *rows,
        "",
        f"The rare perspective's p99 is {rare:.2f} × the unfiltered page's (goal: at most {RARE_GOAL:g}){met}.",
    ]
