"""Requests as browsers and feed readers send them, over lines kept open, at a fraction of what answering them costs.

A stream is a generator: it yields a request and is sent the answer, so it can go on from what it was told (a version,
a token). `Crowd` asks from a process of its own, so that neither the server nor its measuring waits for it.
"""

import itertools
import multiprocessing
import random
import re
import selectors
import socket
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

from benchmarks.machine import cpu_seconds

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        found = re.search(rb"\r\n" + name.encode() + rb": ([^\r]*)", self.head, re.IGNORECASE)
        return found[1].decode() if found else ""


Stream = Generator[bytes, Answer, None]


def asking(path: str, cookie: str = "", headers: Mapping[str, str] | None = None, body: bytes | None = None) -> bytes:
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
    if cookie:
        lines.append(f"Cookie: {cookie}")
    if body is not None:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def form(path: str, fields: Mapping[str, object], cookie: str = "", headers: Mapping[str, str] | None = None) -> bytes:
    return asking(path, cookie, headers, urlencode(fields).encode())


class Line:
    """A connection that is kept open, with one request on it at a time."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.came = b""

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def receive(self) -> Answer | None:
        """The answer, once all of it is there. Raises ConnectionError when the server has closed the line."""
        more = self.socket.recv(262_144)
        if not more:
            raise ConnectionError("the line was closed")
        self.came += more
        at = self.came.find(b"\r\n\r\n")
        if at < 0:
            return None
        head = self.came[:at]
        length = LENGTH.search(head)
        if len(self.came) < at + 4 + (int(length[1]) if length else 0):
            return None
        body, self.came = self.came[at + 4 :], b""
        return Answer(int(head[9:12]), head, body)

    def ask(self, request: bytes) -> Answer:
        for last in (False, True):
            try:
                self.send(request)
                while (answer := self.receive()) is None:
                    pass
            except ConnectionError:  # an idle line may be closed by the server: once, another is opened
                if last:
                    raise
                self.open()
            else:
                return answer
        raise AssertionError


class Traffic(Protocol):
    """What people ask on a line. The first requests of each stream prepare it and are not measured."""

    status: int

    @property
    def first(self) -> int:
        """How many of them."""
        return 1

    def stream(self, line: int) -> Stream: ...


@dataclass(frozen=True)
class Reads(Traffic):
    """One of these requests after another, by chance."""

    requests: Sequence[bytes]
    status: int = 200

    def stream(self, line: int) -> Stream:
        chance = random.Random(line)
        while True:
            yield self.requests[int(chance.random() * len(self.requests))]


@dataclass(frozen=True)
class Unchanged(Traffic):
    """Programs that ask whether there is anything new since `marks` (path -> ETag)."""

    marks: Mapping[str, str]
    status: int = 304

    @property
    def first(self) -> int:
        return len(self.marks)

    @property
    def requests(self) -> Sequence[bytes]:
        return list(map(asking, self.marks))

    def stream(self, line: int) -> Stream:
        chance, paths = random.Random(line), list(self.marks)
        for path in itertools.chain(paths, (paths[int(chance.random() * len(paths))] for _ in itertools.count())):
            answer = yield asking(path, headers={"If-None-Match": MARKS.get(path, self.marks[path])})
            MARKS[path] = answer.header("etag")  # there was something: they know it from then on


MARKS: dict[str, str] = {}


class Block(NamedTuple):
    """What a while of asking came to."""

    cpu: float  # seconds of the server for each answer
    rate: float  # answers a second
    times: list[float]  # seconds, each answer's
    size: int  # bytes of the last answer as sent

    def share(self, part: float) -> float:
        """The time below which so large a part of the answers came, in ms."""
        return sorted(self.times)[int(len(self.times) * part)] * 1000


def drive(port: int, pids: Sequence[int], traffic: Traffic, lines: int, seconds: float) -> Block:
    """Ask on so many lines at once for so long. Raises RuntimeError at an answer of another kind than expected."""
    waiting = selectors.DefaultSelector()
    requests: dict[Line, bytes] = {}
    held = [(Line(port), traffic.stream(number)) for number in range(lines)]
    for line, stream in held:
        request = next(stream)
        for _ in range(traffic.first):
            request = stream.send(line.ask(request))
        requests[line] = request
        waiting.register(line.socket, selectors.EVENT_READ, (line, stream))
    times: list[float] = []
    size = others = 0
    before, began = sum(map(cpu_seconds, pids)), time.perf_counter()
    sent: dict[Line, float] = {}
    for line, request in requests.items():
        sent[line] = time.perf_counter()
        line.send(request)
    while sent:
        for key, _ in waiting.select(30):
            line, stream = key.data
            if (answer := line.receive()) is None:
                continue
            now = time.perf_counter()
            times.append(now - sent.pop(line))
            others += answer.status != traffic.status
            if answer.status not in (200, traffic.status) or others > 100:
                raise RuntimeError(f"{answer.head.decode()}\n{answer.body[:500]!r}")
            size = len(answer.body)
            request = stream.send(answer)
            if now - began < seconds:
                sent[line] = time.perf_counter()
                line.send(request)
    took = time.perf_counter() - began
    cpu = sum(map(cpu_seconds, pids)) - before
    for line, _ in held:
        line.socket.close()
    waiting.close()
    return Block(cpu / len(times), len(times) / took, times, size)


class Crowd:
    """`drive` in a process of its own, which is begun before anything large is read into this one."""

    def __init__(self) -> None:
        self.pool = multiprocessing.get_context("fork").Pool(1)

    def ask(self, port: int, pids: Sequence[int], traffic: Traffic, lines: int, seconds: float) -> Block:
        return self.pool.apply(drive, (port, pids, traffic, lines, seconds))

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.terminate()
        self.pool.join()
