"""A reverse proxy for measuring: requests go to machines in turn, as docs/several-machines.md asks of a real one.

    python -m benchmarks.proxy --port 8000 --machines 8001,8002

It asks each for /readyz four times a second and leaves out who does not answer 200. What could not be sent goes to the
next machine. What was sent and got no answer is asked again elsewhere if it only reads; a form is not, since it may
have been taken in: the person hears 502 and sends it again, under the same key. Event streams are passed on as they
come.
"""

import argparse
import asyncio
import re
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

ASK_EVERY = 0.25
LONGEST = 30.0
AWAY = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class NoAnswer(Exception):
    """The line broke after the request was sent, and before anything came back."""


@dataclass
class Machine:
    port: int
    is_ready: bool = False
    idle: deque[Pair] = field(default_factory=deque)

    async def line(self) -> Pair:
        while self.idle:
            reader, writer = self.idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def watch(self) -> None:
        while True:
            try:
                async with asyncio.timeout(2):
                    reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                    writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                    self.is_ready = (await reader.readline()).split()[1:2] == [b"200"]
                    writer.close()
            except (OSError, TimeoutError):
                self.is_ready = False
            await asyncio.sleep(ASK_EVERY)


class Proxy:
    def __init__(self, machines: list[Machine]) -> None:
        self.machines = machines
        self.turn = 0

    def choose(self, tried: list[Machine]) -> Machine | None:
        """The next that is ready; none that was tried."""
        left = [one for one in self.machines if one.is_ready and one not in tried]
        self.turn += 1
        return left[self.turn % len(left)] if left else None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                address = writer.get_extra_info("peername")[0].encode()
                await self.pass_on(head[:-2] + b"X-Forwarded-For: " + address + b"\r\n\r\n" + body, reader, writer)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone
        finally:
            writer.close()

    async def pass_on(self, request: bytes, asking: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        tried: list[Machine] = []
        while (machine := self.choose(tried)) is not None:
            tried.append(machine)
            try:
                line = await machine.line()
            except OSError:
                machine.is_ready = False
                continue
            try:
                await self.answer(machine, line, request, asking, back)
                return
            except NoAnswer:
                if not request.startswith((b"GET ", b"HEAD ")):
                    break
        back.write(AWAY)
        await back.drain()

    async def answer(
        self, machine: Machine, line: Pair, request: bytes, asking: asyncio.StreamReader, back: asyncio.StreamWriter
    ) -> None:
        reader, writer = line
        try:
            writer.write(request)
            async with asyncio.timeout(LONGEST):
                head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, EOFError, TimeoutError) as error:
            writer.close()
            raise NoAnswer from error
        try:
            back.write(head)
            is_stream = b"\r\ntransfer-encoding: chunked" in head.lower()
            if is_stream:
                await self.stream(reader, asking, back)
            elif not request.startswith(b"HEAD ") and (length := LENGTH.search(head)):
                back.write(await reader.readexactly(int(length[1])))
            await back.drain()
        except BaseException:
            writer.close()
            back.close()  # half an answer: the browser must see that it broke off
            raise
        if b"\r\nconnection: close" in head.lower():
            writer.close()
        else:
            machine.idle.append(line)

    async def stream(
        self, reader: asyncio.StreamReader, asking: asyncio.StreamReader, back: asyncio.StreamWriter
    ) -> None:
        """Piece by piece, until the machine ends it or the browser leaves."""
        left = asyncio.create_task(asking.read(1))
        try:
            while True:
                size = asyncio.create_task(reader.readline())
                await asyncio.wait({size, left}, return_when=asyncio.FIRST_COMPLETED)
                if not size.done():
                    size.cancel()
                    raise EOFError
                first = size.result()
                if not first:
                    raise EOFError
                back.write(first + await reader.readexactly(int(first, 16) + 2))
                await back.drain()
                if int(first, 16) == 0:
                    return
        finally:
            left.cancel()


async def run(port: int, machines: list[Machine]) -> None:
    proxy = Proxy(machines)
    watching = [asyncio.create_task(machine.watch()) for machine in machines]
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port, backlog=1024)
    async with server:
        await asyncio.gather(server.serve_forever(), *watching)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proxy")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--machines", required=True, help="their ports, comma separated")
    given = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(run(given.port, [Machine(int(port)) for port in given.machines.split(",")]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
