"""The virus scanner: clamd, on this machine, asked with INSTREAM (clamd(8))."""

import socket
import struct
from collections.abc import Callable
from urllib.parse import urlsplit

from med.meetings.models import Scan
from med.settings import Settings

TIMEOUT = 30.0
CHUNK = 1024 * 1024


def scanner_of(settings: Settings) -> Callable[[bytes], Scan] | None:
    """What to ask about a file, or None where no scanner is set.

    The answer is CLEAN or INFECTED; from a scanner that does not answer, PENDING where files may wait for it
    (MED_CLAMD_DOWN=hold), and NOT_ASKED where they are refused meanwhile.
    """
    if not settings.clamd:
        return None

    def ask(data: bytes) -> Scan:
        try:
            return scan(settings.clamd, data)
        except (OSError, ValueError):
            return Scan.PENDING if settings.clamd_holds else Scan.NOT_ASKED

    return ask


def scan(address: str, data: bytes) -> Scan:
    """Ask clamd. Raises OSError when it does not answer, ValueError when the answer is neither yes nor no."""
    parts = urlsplit(address)
    kind = (
        socket.AF_UNIX
        if parts.scheme == "unix"
        else socket.AF_INET6
        if ":" in (parts.hostname or "")
        else socket.AF_INET
    )
    where = parts.path if parts.scheme == "unix" else (parts.hostname, parts.port)
    with socket.socket(kind, socket.SOCK_STREAM) as line:
        line.settimeout(TIMEOUT)
        line.connect(where)
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(data), CHUNK):
            piece = data[start : start + CHUNK]
            line.sendall(struct.pack("!I", len(piece)) + piece)
        line.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < 4096 and (more := line.recv(4096)):
            answer += more
    said = answer.rstrip(b"\0\n")
    if said == b"stream: OK":
        return Scan.CLEAN
    if said.startswith(b"stream: ") and said.endswith(b" FOUND"):
        return Scan.INFECTED
    raise ValueError(said[:200])
