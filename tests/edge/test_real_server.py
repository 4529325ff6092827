"""A server of its own is shot at over its socket, and goes on serving others. A sample here.

`make evidence ARGS=edge` sends 50,000 requests, and slow and huge ones for longer. `MED_TIMES` and `MED_SEED` as ever.
"""

import os
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.edge.attacks import Gun, Person, Shot, bombs, shoot, wrong
from tests.routes import every_route
from tests.test_serving import Running, place, running

__all__ = ["place"]  # a folder and the address of a furnished database

TIMES = int(os.environ.get("MED_TIMES", "1"))
SEED = int(os.environ.get("MED_SEED", "1"))
SHOTS = 300 * TIMES
LINES = 8 if TIMES == 1 else 40  # open at once, of each slow or huge kind
ROUND = 300
PEOPLE = ("anna", "bo", "emil", "freja", "hanne", "ivan")
SECONDS = 1 if TIMES == 1 else 20
PATIENCE = 5  # seconds that an ordinary reader waits at most

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def server(place: Any) -> Iterator[Running]:
    folder, url = place()
    with running(folder, url) as server:
        yield server


def arrive(server: Running, handle: str) -> Person:
    cookie = server.signed_in(handle)["Cookie"]
    page = server.send("GET", "/mig", Cookie=cookie)[1].decode()
    found = re.search(r'name="_token" value="([^"]+)"', page)
    assert found, page[:500]
    return Person(cookie, found[1])


def log_of(server: Running) -> str:
    return Path(server.log).read_text(encoding="utf-8", errors="replace")


@on_sqlite
def test_nothing_that_is_sent_breaks_the_server(server: Running, served: Any):
    gun = Gun(every_route(served.app), SEED)
    found: list[str] = []
    statuses: Counter[int] = Counter()

    def fire(shot: Shot) -> None:
        got, came = shoot(server.port, shot)
        statuses.update(got or [0])
        found.extend(wrong(shot, got, came))

    with ThreadPoolExecutor(12) as shooters:
        for first in range(0, SHOTS, ROUND):
            server.cookies.clear()  # some of what is sent signs people out
            people = [*(arrive(server, handle) for handle in PEOPLE), Person("", "")]
            shots = [gun.next(number, people) for number in range(first, min(first + ROUND, SHOTS))]
            list(shooters.map(fire, shots))
    answered = ", ".join(f"{status or 'none'} {times:,} times" for status, times in sorted(statuses.items()))
    print(f"{SHOTS:,} requests to {len(gun.routes)} routes: answered {answered}; {len(found)} wrong")
    assert not found, "\n".join(found[:40])
    assert "Traceback" not in log_of(server), log_of(server)[-3000:]
    assert server.send("GET", "/", **server.signed_in("carla"))[0].status == 200
    assert len(statuses) > 4, "nothing but refusals: does it reach the routes?"


def besiege(port: int, begin: bytes, more: Any, until: threading.Event) -> None:
    """One line after the other: begin, and go on for as long as the server listens."""
    while not until.is_set():
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as line:
                line.sendall(begin)
                while not until.wait(0.05):
                    line.sendall(more()) if more() else line.recv(1024)
                    if not more():
                        break
        except OSError:
            until.wait(0.05)


def read(server: Running, seconds: float) -> list[float]:
    """An ordinary reader: how long each page took. Every one of them succeeds, within PATIENCE."""
    times = []
    until = time.monotonic() + seconds
    pages = ["/beslutninger", "/", "/moeder", "/udvalg"]
    while time.monotonic() < until:
        began = time.monotonic()
        answer, _ = server.send("GET", pages[len(times) % len(pages)], **server.signed_in("bo"))
        times.append(time.monotonic() - began)
        assert answer.status == 200
        assert times[-1] < PATIENCE, times
        time.sleep(0.02)
    return times


@on_sqlite
def test_slow_and_huge_senders_stop_nobody(server: Running):
    person = arrive(server, "bo")
    read(server, SECONDS)  # warm
    alone = sorted(read(server, SECONDS))
    for name, (begin, more) in bombs(person.token, person.cookie).items():
        until = threading.Event()
        besiegers = [
            threading.Thread(target=besiege, args=(server.port, begin, more, until), daemon=True) for _ in range(LINES)
        ]
        for one in besiegers:
            one.start()
        try:
            meanwhile = sorted(read(server, SECONDS))
        finally:
            until.set()
        for one in besiegers:
            one.join(5)
        middle = meanwhile[len(meanwhile) // 2] / alone[len(alone) // 2]
        print(
            f"{name}: {LINES} lines, {len(meanwhile)} pages read meanwhile, all of them; the middle one took "
            f"{middle:.1f} × as long as alone, the slowest {meanwhile[-1]:.2f} s"
        )
        assert len(meanwhile) >= 3, name
    assert "Traceback" not in log_of(server), log_of(server)[-3000:]
