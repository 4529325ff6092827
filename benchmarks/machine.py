"""The server under measurement: started for real, its CPU read from the scheduler's own accounting."""

import http.client
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

READY = 20  # seconds to wait for a start


def cpu_seconds(pid: int) -> float:
    """CPU time a process and its children have used so far, in seconds (nanosecond accounting, Linux)."""
    return sum(int(told.split()[0]) for one in [pid, *children(pid)] for told in of_threads(one, "schedstat")) / 1e9


def children(pid: int) -> list[int]:
    those = [int(child) for told in of_threads(pid, "children") for child in told.split()]
    return those + [below for child in those for below in children(child)]


def of_threads(pid: int, file: str) -> Iterator[str]:
    """What `/proc` says of each thread of a process; nothing of those that have ended meanwhile."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for task in tasks:
        with suppress(OSError):
            if told := (task / file).read_text():
                yield told


def memory_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found.group(1)) / 1024 if found else 0.0


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str] | None = None) -> Iterator[int]:
    """Start a server, wait until it answers, give its process id, and stop it again."""
    process = subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + READY
        while True:
            try:
                Caller(port).get("/livez")
                break
            except OSError:
                if time.monotonic() > until or process.poll() is not None:
                    raise RuntimeError(f"{' '.join(command)} did not answer on port {port}") from None
                time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


class Caller:
    """A browser's connection, kept open: plain, fast, and outside the server's process."""

    def __init__(self, port: int, handle: str = "") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self.headers = {"Accept-Encoding": "gzip"}
        if handle:
            body = f"person={handle}"
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            self.connection.request("POST", "/log-ind/demo", body, form)
            answer = self.connection.getresponse()
            answer.read()
            self.headers["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, int, dict[str, str]]:
        """(status, bytes of the body as sent, headers)."""
        try:
            self.connection.request("GET", path, headers={**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
        except http.client.RemoteDisconnected:  # the server closed an idle connection, as it may: open another
            self.connection.close()
            self.connection.request("GET", path, headers={**self.headers, **(headers or {})})
            answer = self.connection.getresponse()
        return answer.status, len(answer.read()), dict(answer.headers)


def describe() -> str:
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return (
        f"{model.group(1) if model else platform.machine()}, {os.cpu_count()} cores, "
        f"Python {sys.version.split()[0]}, {platform.system()} {platform.release().split('-')[0]}"
    )
