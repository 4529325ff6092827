"""A mail server that keeps what it is given: the demo's mailbox, and the other side in tests."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from med.settings import Settings

MOST = 500  # the newest are kept


def folder(settings: Settings) -> Path:
    return settings.data_dir / "udbakke"


class Box:
    """A folder of mails, numbered in the order they came, one .eml file each."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self.folder = folder
        self.most = most
        self.last = max(self.numbers(), default=0)

    def keep(self, content: bytes) -> int:
        """Write a mail down and return its number. Whoever looks sees a whole mail or none."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.last += 1
        beside = self.folder / f"{self.last}.new"
        beside.write_bytes(content)
        beside.replace(self._path(self.last))
        for old in self.numbers()[self.most :]:
            self._path(old).unlink(missing_ok=True)
        return self.last

    def empty(self) -> None:
        for path in self.folder.glob("*.eml"):
            path.unlink(missing_ok=True)

    def numbers(self) -> list[int]:
        """Newest first."""
        return sorted((int(path.stem) for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, number: int) -> EmailMessage | None:
        from email.policy import default

        with suppress(OSError):
            return message_from_bytes(self._path(number).read_bytes(), policy=default)
        return None

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.eml"


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
