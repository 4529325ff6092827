"""A mail server of the test's own: enough of IMAP4rev1 (RFC 3501) for a mailbox to be emptied, over a real socket."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

USER, PASSWORD = "medspil", "hemmeligt & langt"


@dataclass
class Box:
    """What lies in the mailbox, and what was asked of it. `dies_at` cuts the line when a command begins like that."""

    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    dies_at: str = ""
    claims: dict[int, int] = field(default_factory=dict)  # number -> a size that is not true

    @property
    def unseen(self) -> list[int]:
        return [number for number in range(1, len(self.mails) + 1) if number not in self.seen]


class Talk(socketserver.StreamRequestHandler):
    server: Any

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        box: Box = self.server.box
        self.say("* OK ready")
        while line := self.rfile.readline():
            tag, _, command = line.decode().strip().partition(" ")
            box.asked.append(command)
            if box.dies_at and command.startswith(box.dies_at):
                return
            for answer in self.answers(box, command):
                self.wfile.write(answer + b"\r\n")
            done = self.done(command)
            self.say(f"{tag} {done}")
            if command.startswith("LOGOUT"):
                return

    def done(self, command: str) -> str:
        if command.startswith("LOGIN") and command != f'LOGIN {USER} "{PASSWORD}"':
            return "NO [AUTHENTICATIONFAILED] no"
        if command.startswith("SELECT") and command != "SELECT INBOX" and command != 'SELECT "INBOX"':
            return "NO there is no such folder"
        return "OK [READ-WRITE] done" if command.startswith("SELECT") else "OK done"

    def answers(self, box: Box, command: str) -> Iterator[bytes]:
        if command.startswith("CAPABILITY"):
            yield b"* CAPABILITY IMAP4rev1"
        elif command.startswith("SELECT"):
            yield b"* %d EXISTS" % len(box.mails)
            yield b"* OK [UIDVALIDITY 7] ok"
        elif command.startswith("UID SEARCH"):
            yield b"* SEARCH " + b" ".join(b"%d" % number for number in box.unseen)
        elif found := re.match(r"UID FETCH (\d+) \((.*)\)", command):
            number = int(found[1])
            raw = box.mails[number - 1]
            if "RFC822.SIZE" in found[2]:
                size = box.claims.get(number, len(raw))
                yield b"* %d FETCH (UID %d RFC822.SIZE %d)" % (number, number, size)
            else:
                yield b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (number, number, len(raw), raw)
        elif found := re.match(r"UID STORE (\d+) \+FLAGS", command):
            box.seen.add(int(found[1]))
        elif command.startswith("LOGOUT"):
            yield b"* BYE bye"


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    box: Box


@contextmanager
def running(box: Box) -> Iterator[str]:
    """The mailbox's address, as MED_IMAP_URL has it."""
    with Server(("127.0.0.1", 0), Talk) as server:
        server.box = box
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"imap://{USER}:hemmeligt%20%26%20langt@127.0.0.1:{server.server_address[1]}/INBOX"
        finally:
            server.shutdown()
            thread.join()
