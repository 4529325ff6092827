"""The real server on a generated municipality, each kind of page beside plain text and beside its bare questions.

`python -m benchmarks --only traffic --large 100000 --folder /tmp/grounds` for a quick try.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack

from benchmarks import bare
from benchmarks.asking import Block, Crowd, Line
from benchmarks.grounds import Ground, Grounds, Served, furnish
from benchmarks.growth import growth
from benchmarks.machine import memory_mb
from benchmarks.visits import FILTERS, PERSONAS, PLAIN, Goal, Kind, of_all, of_the_feed, reads_of
from med.identity.passwords import hash_now

SMALL = 1000
PORT = 8196
SECONDS = 0.8  # of asking for each kind in each round
BEFORE = 2.0  # seconds of it before the first
EVERY = 8  # kinds between two looks at plain text
AFTER = ("feed page, varied traffic", "overview", "Atom, nothing new (304)", "calendar, nothing new (304)", "search")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def section(grounds: Grounds, rounds: int, large: int, on: Sequence[str]) -> list[str]:
    lines = ["## Traffic", ""]
    with Crowd() as crowd:
        for kind in on:
            made = [grounds.take(kind, size) for size in (SMALL, large)]
            for ground in made:
                furnish(ground)
            lines += told(crowd, made[0], made[1], NAMES[kind], rounds, grounds.seed)
    return lines


def told(crowd: Crowd, small: Ground, large: Ground, name: str, rounds: int, seed: int) -> list[str]:
    with ExitStack() as leaving:
        served = leaving.enter_context(large.served(PORT))
        kinds = {**of_all(served, seed), **of_the_feed(served)}
        found = measured(crowd, served, kinds, rounds)
        questions = bare.costs(large, reads_of(kinds))
        committing = bare.commit(large, large.places["items"][-1])
        lines = [
            f"### {name}, {large.decisions:,} decisions",
            "",
            f"Made in {large.seconds:.0f} s, {large.cpu:.0f} s of CPU (goal: a million in under 180 s). One server "
            f"process, answers compressed, lines kept open, four at once (passwords two); medians of {rounds} "
            f"interleaved rounds of {SECONDS} s each (two thousand readers: 2 s), after {BEFORE:g} s of each kind. "
            "CPU is the server's"
            + ("" if large.is_sqlite else " and PostgreSQL's")
            + f"; {memory_mb(served.pids[0]):.0f} MB in the end.",
            "",
            *costs(found, kinds, questions, committing),
            *by_filter(found, questions),
        ]
        lines += after_a_save(served, kinds, found[""])
        other = leaving.enter_context(small.served(PORT + 1))
        return [*lines, *growth(other, served, 4)]


Found = Mapping[str, list[tuple[float, float, Block]]]  # (× the CPU, share of the rate) of plain text, and the block


def measured(crowd: Crowd, served: Served, kinds: Mapping[str, Kind], rounds: int) -> Found:
    """Each kind once a round, plain text (called "") between them."""
    found: defaultdict[str, list[tuple[float, float, Block]]] = defaultdict(list)

    def ask(kind: Kind, seconds: float = 0) -> Block:
        return crowd.ask(served.port, served.pids, kind.traffic, kind.lines, seconds or kind.seconds or SECONDS)

    for kind in kinds.values():  # what is kept between visits is made
        ask(kind, seconds=BEFORE)
    for _ in range(rounds):
        blocks, plain = {}, []
        for number, (name, kind) in enumerate(kinds.items()):
            if number % EVERY == 0:
                plain.append(ask(Kind(PLAIN)))
            blocks[name] = ask(kind)
        cpu = statistics.median(one.cpu for one in plain)
        rate = statistics.median(one.rate for one in plain)
        for name, block in [*blocks.items(), *(("", one) for one in plain)]:
            found[name].append((block.cpu / cpu, block.rate / rate, block))
    return found


def middle(found: Found, name: str, what: Callable[[tuple[float, float, Block]], float]) -> float:
    return statistics.median(map(what, found[name]))


def costs(found: Found, kinds: Mapping[str, Kind], questions: bare.Costs, committing: tuple[float, float]) -> list[str]:
    rows = [
        "| page | CPU, × plain text | × its bare questions (how many) | throughput, share of plain text | p50 ms "
        "| p99 ms | CPU ms | kB | goal |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    commit_cpu = committing[0] / middle(found, "", lambda one: one[2].cpu)
    for name, kind in {"": Kind(PLAIN), **kinds}.items():
        if "/" in name:
            continue
        cpu, share, ms = (middle(found, name, what) for what in (lambda one: one[0], lambda one: one[1], cpu_ms))
        size = found[name][-1][2].size / 1024
        goal = f"{kind.goal}{'' if meets(kind.goal, cpu, share, ms, commit_cpu) else ' **no**'}"
        rows.append(
            f"| {name or '*plain text*'} | {cpu:.1f} | {beside(questions, name, ms)} | {share:.3f} "
            f"| {middle(found, name, lambda one: one[2].share(0.5)):.1f} "
            f"| {middle(found, name, lambda one: one[2].share(0.99)):.1f} | {ms:.2f} | {size:.1f} | {goal} |"
        )
    return [
        *rows,
        "",
        f"One bare transaction that saves an item's words: {committing[0] * 1000:.2f} ms of CPU "
        f"({commit_cpu:.1f} × plain text), {committing[1] * 1000:.1f} ms. A password is meant to be dear: argon2 alone "
        f"takes {hashing() * 1000:.0f} ms of CPU.",
    ]


def cpu_ms(one: tuple[float, float, Block]) -> float:
    return one[2].cpu * 1000


def beside(questions: bare.Costs, name: str, ms: float) -> str:
    if name not in questions:
        return "–"
    cpu, count = questions[name]
    return f"{ms / 1000 / cpu:.1f} ({count})" if count else "–"


def meets(goal: Goal, cpu: float, share: float, ms: float, commit: float) -> bool:
    return (
        (goal.cpu is None or cpu <= goal.cpu + (commit if goal.with_commit else 0))
        and (goal.share is None or share >= goal.share)
        and (goal.ms is None or ms <= goal.ms)
    )


def hashing() -> float:
    import time

    hash_now("warm")
    began = time.process_time()
    for _ in range(5):
        hash_now("varm grød i natten")
    return (time.process_time() - began) / 5


def by_filter(found: Found, questions: bare.Costs) -> list[str]:
    """The feed by what is asked for and by whom."""
    rows = [
        "",
        "The feed by filter: CPU × plain text (throughput as a share of it); × the bare questions for the employee. "
        "Goal: ≤ 8, ≥ 0.15.",
        "",
        "| filter | " + " | ".join(PERSONAS) + " | × bare |",
        "|---" * (len(PERSONAS) + 2) + "|",
    ]
    for name in FILTERS:
        cells = []
        for who in PERSONAS:
            cpu, share = (middle(found, f"{name}/{who}", lambda one, at=at: one[at]) for at in (0, 1))  # type: ignore[misc]
            good = cpu <= 8 and share >= 0.15
            cells.append(f"{cpu:.1f} ({share:.2f}){'' if good else ' **no**'}")
        ms = middle(found, f"{name}/employee", cpu_ms)
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {beside(questions, f'{name}/employee', ms)} |")
    return rows


def after_a_save(served: Served, kinds: Mapping[str, Kind], plain: list[tuple[float, float, Block]]) -> list[str]:
    """Answers are remembered until somebody saves something: what the next visit costs then."""
    base = statistics.median(one[2].cpu for one in plain)
    among = "" if served.ground.is_sqlite else " (that saving is PostgreSQL's CPU, too, and among it)"
    rows = [
        "",
        f"Each visit just after somebody saved something{among}:",
        "",
        "| page | CPU, × plain text |",
        "|---|---|",
    ]
    line = Line(served.port)
    for name in AFTER:
        stream = kinds[name].traffic.stream(0)
        request = next(stream)
        for number in range(300):
            if number == 100:
                before = served.cpu()
            served.ground.save()
            request = stream.send(line.ask(request))
        rows.append(f"| {name} | {(served.cpu() - before) / 200 / base:.1f} |")
    return rows
