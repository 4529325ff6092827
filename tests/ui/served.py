"""Medspil served from this very process: the one place where the server's clock is the test's own.

`tests.ui.site` starts the real command in a process of its own, and its hour goes on by itself. A story that takes a
year needs a server whose hour is moved, without starting it anew for every day.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from granian.constants import Interfaces
from granian.server.embed import Server

from med.app import create_app
from med.settings import Settings
from tests.ui.site import Site


@contextmanager
def served_here(folder: Path, database_url: str) -> Iterator[tuple[Site, Settings]]:
    """The demo workplace on a port of its own, without the worker: what the clock does is called by the story."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    settings = Settings(data_dir=folder, database_url=database_url, secret="s" * 40, demo=True, base_url=base)
    app = create_app(settings)
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    loop = asyncio.new_event_loop()

    def live() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve())
        loop.close()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    desk = app.state.desk
    try:
        yield Site(base, desk.database, folder), settings
    finally:
        desk.stop()
        loop.call_soon_threadsafe(server.stop)
        thread.join(10)
        desk.close()
