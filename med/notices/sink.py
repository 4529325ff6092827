"""A mail server that keeps what it is given: the demo's mailbox, and the other side in tests."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from med.settings import Settings

MOST = 500  # the newest are kept


def folder(settings: Settings) -> Path:
    return settings.data_dir / "udbakke"


class Box:
    """A folder of mails, one .eml file each, in the order they came."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder = folder
        self.most = most
        folder.mkdir(parents=True, exist_ok=True)
        self.last = int((self.keys() or ["0"])[0].partition("-")[0])

    def keep(self, content: bytes) -> str:
        """Write a mail down and return its key. Whoever looks sees a whole mail or none."""
        self.last += 1
        key = f"{self.last:08}-{secrets.token_hex(4)}"
        beside = self.folder / f"{key}.new"
        beside.write_bytes(content)
        beside.replace(self.folder / f"{key}.eml")
        for old in self.keys()[self.most :]:
            (self.folder / f"{old}.eml").unlink(missing_ok=True)
        return key

    def empty(self) -> None:
        for path in self.folder.iterdir():
            path.unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, key: str) -> EmailMessage | None:
        if key not in self.keys():  # never a path somebody made up
            return None
        with suppress(OSError):
            return message_from_bytes((self.folder / f"{key}.eml").read_bytes(), policy=default)
        return None


class Handler:
    """Takes every mail there is."""

    def __init__(self, box: Box) -> None:
        self.box = box

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.box.keep(envelope.original_content)
        return "250 Kept"


@contextmanager
def running(handler: Any) -> Iterator[str]:
    """A mail server on this machine alone, wherever there is room; gives its address as a setting would."""
    from aiosmtpd.controller import Controller  # a fifth of the start-up, and only the demo has one

    class AnyPort(Controller):
        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
            super()._trigger_server()

    controller = AnyPort(handler, hostname="127.0.0.1", port=0, data_size_limit=2**25, ident="Medspil")
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop(no_assert=True)
