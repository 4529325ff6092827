"""`med serve`, `med demo`, `med worker`."""

import argparse
import gc
import os
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from med import clock
from med.cli.words import Stop, database_at_head, network_file_system, opened, settings_here, sqlite_file
from med.logs import speak_in_lines
from med.numbers import number_in
from med.setting_values import LOOPBACK, database_url
from med.settings import Settings, read_settings

fcntl: Any
try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

PATIENCE = 4  # seconds that a stopping server gives the requests it has begun
BACKLOG = 1024
LEAVE: Any = getattr(signal, "SIGUSR1", None)  # before several processes are to stop each hears this; not on Windows
# Seconds a thread computes before another may. A change asks the database thirty times, and each time comes back to a
# queue for the interpreter; with the usual 0.005 it waits there longer than it works.
TURN = 0.0005
MAIL_HOST = "solbaek.example"  # the demo's mail goes to a mailbox on this machine, shown at /udbakke


def add_commands(commands: Any) -> None:
    demo = commands.add_parser("demo", help="the demo workplace, on this machine only")
    demo.add_argument("--port", type=port_number, default=8000)
    demo.add_argument("--data-dir", default="data/demo")
    demo.add_argument("--reset", action="store_true", help="throw the demo's data away and start over")
    demo.add_argument("--now", default="", metavar="DATE", help="the demo's day, e.g. 2026-11-24 or 2026-11-24T09:00")
    demo.set_defaults(run=run_demo)
    serve = commands.add_parser("serve", help="serve Medspil (settings come from the environment, see `med doctor`)")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=port_number, default=8000)
    serve.set_defaults(run=run_serve)
    worker = commands.add_parser("worker", help="do what is due by the clock; any number of them, on PostgreSQL")
    worker.set_defaults(run=run_worker)


def port_number(given: str) -> int:
    if not (port := number_in(given, 65535)):
        raise argparse.ArgumentTypeError(f"{given!r} is not a port from 1 to 65535")
    return port


def run_demo(given: argparse.Namespace) -> int:
    with nothing_thrown_away():
        from med import demo
        from med.notices import sink as mailbox

    folder = Path(given.data_dir)
    settings = read_settings(
        {**os.environ, "MED_BASE_URL": f"http://127.0.0.1:{given.port}"}, data_dir=folder, demo=True
    )
    moment = demo.NOW
    if given.now:
        try:
            moment = datetime.fromisoformat(given.now)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=clock.COPENHAGEN)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Stop(f"--now {given.now!r} is not a date such as 2026-11-24 or 2026-11-24T09:00.") from None
    check_port("127.0.0.1", given.port)
    if given.reset and settings.database_url != database_url("", settings.data_dir):
        raise Stop("--reset throws away the demo's own SQLite file only; empty the other database yourself.")
    folder.mkdir(parents=True, exist_ok=True)
    with alone(settings), mailbox.running(mailbox.Handler(mailbox.Box(mailbox.folder(settings)))) as smtp_url:
        settings = replace(settings, smtp_url=smtp_url, mail_from=f"Medspil <medspil@{MAIL_HOST}>")
        furnish_demo(settings, given.reset)
        clock.start_at(moment)
        print(f"{settings.name} is open at {settings.base_url} – choose a persona; Ctrl+C stops.", flush=True)
        return serve_here(settings, "127.0.0.1", given.port)


def furnish_demo(settings: Settings, reset: bool) -> None:
    """The demo workplace, made where there is none; `reset` throws away the one there is."""
    from sqlalchemy import select

    from med import demo
    from med.competence_compass.vault import vault_of
    from med.migrations import current, head, upgrade
    from med.notices import sink as mailbox
    from med.organisation.models import Person

    if reset:
        for name in ("med.db", "med.db-wal", "med.db-shm"):
            (settings.data_dir / name).unlink(missing_ok=True)
        shutil.rmtree(settings.files_dir, ignore_errors=True)
        mailbox.Box(mailbox.folder(settings)).empty()
    with opened(settings) as database:
        at = current(database.engine)
        if at not in {None, head()}:
            raise Stop("this demo was made by another version of Medspil; start it with --reset.", 1)
        if at is None:
            upgrade(database.write_engine)
        with database.writing() as db:
            if db.scalar(select(Person.id).limit(1)) is None:  # new, or broken off while it was made
                print("Making the demo workplace …", flush=True)
                demo.furnish(db, vault_of(settings.data_dir), demo.WHOLE)
                demo.listen(db)
            elif db.scalar(select(Person.id).where(Person.handle == "anna")) is None:
                raise Stop("this database is not a demo's: in the demo anyone may be anyone. Unset MED_DATABASE_URL.")


def run_serve(given: argparse.Namespace) -> int:
    speak_in_lines()
    settings = settings_here()
    if given.host not in LOOPBACK and not settings.is_https:
        raise Stop("to answer other machines, set MED_BASE_URL to the https:// address people use.")
    if settings.is_sqlite and (kind := network_file_system(sqlite_file(settings.database_url))):
        raise Stop(f"the database lies on {kind}; SQLite needs a local disk, or set MED_DATABASE_URL.", 1)
    with database_at_head(settings) as database:
        host = check_port(given.host, given.port)
        if settings.oidc is None:
            say_how_to_begin(database)
    if settings.workers == 1:
        with alone(settings):
            return serve_here(settings, host, given.port)
    serve_among_others(settings, host, given.port)
    return 0


def serve_among_others(settings: Settings, host: str, port: int) -> None:
    """Several processes at one address. Told to stop, they are told first: they answer on, and say 503 at /readyz."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    server = Granian(
        "med.cli.serving:make_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        workers_kill_timeout=PATIENCE,
        respawn_failed_workers=True,  # one that is killed is begun anew; the others answer meanwhile
        websockets=False,
        backlog=BACKLOG,
        log_level=LogLevels.error,
    )
    told = once_over(server.signal_handler_interrupt)

    def stop(name: int, *_: Any) -> None:
        for worker in server.wrks if LEAVE else ():
            with suppress(ProcessLookupError):
                os.kill(worker._id(), LEAVE)
        told.put(settings.drain if name == signal.SIGTERM else 0)

    server.signal_handler_interrupt = stop  # type: ignore[method-assign]
    hold_back(signal.SIG_BLOCK)
    server.serve()


def hold_back(how: int) -> None:
    """A process that is still beginning hears that it is to leave when it can; unheard, the word would end it."""
    if LEAVE:
        signal.pthread_sigmask(how, {LEAVE})


def once_over(call: Callable[[], object]) -> "SimpleQueue[float]":
    """Where a signal's handler puts how many seconds are left: `call` is called when the shortest is over.

    A handler may come in the middle of anything, so it takes no lock: it starts no thread, and this queue is made
    for it."""
    told: SimpleQueue[float] = SimpleQueue()

    def wait() -> None:
        end = time.monotonic() + told.get()
        while (left := end - time.monotonic()) > 0:
            with suppress(Empty):
                end = min(end, time.monotonic() + told.get(timeout=left))
        call()

    threading.Thread(target=wait, daemon=True).start()
    return told


def say_how_to_begin(database: Any) -> None:
    """Where nobody could sign in yet, nor holds a link that lets them in: what makes the first one."""
    from sqlalchemy import exists, or_, select

    from med.identity.accounts import HOW_TO_BEGIN, is_living
    from med.identity.models import Account

    with database.reading() as db:
        if not db.scalar(select(or_(exists().where(Account.password_hash != ""), exists().where(is_living())))):
            print(
                "Nobody can sign in yet. Make the first administrator, and a link that lets them in once:", flush=True
            )
            print(f"    {HOW_TO_BEGIN}", flush=True)


def make_app() -> Any:
    """The application of one server process among several."""
    speak_in_lines()
    with nothing_thrown_away():
        from med.app import create_app

        settings = settings_here()
        app = create_app(settings)
    sys.setswitchinterval(TURN)
    desk = app.state.desk

    told = once_over(desk.stop)

    def leave(*_: Any) -> None:
        desk.is_leaving = True
        told.put(settings.drain)

    if LEAVE:
        signal.signal(LEAVE, leave)
    hold_back(signal.SIG_UNBLOCK)
    return app


@contextmanager
def nothing_thrown_away() -> Iterator[None]:
    """While the application is made all of it is kept; looking for what may go costs a fifth of the start.

    Nor is it looked at afterwards: of 290,000 things that are there then 2,000 could go."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def serve_here(settings: Settings, host: str, port: int) -> int:
    """One process: the server, its writer thread and the clock."""
    with nothing_thrown_away():
        import asyncio

        from granian.constants import Interfaces
        from granian.server.embed import Server

        from med.app import all_jobs, create_app
        from med.notices.sending import AT_STOP
        from med.worker import Clockwork, start

        app = create_app(settings)
    sys.setswitchinterval(TURN)
    desk = app.state.desk
    clockwork: list[Clockwork] = []

    async def live() -> None:
        server = Server(
            app,
            address=host,
            port=port,
            interface=Interfaces.ASGI,
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
        )
        told: asyncio.Queue[int] = asyncio.Queue()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, told.put_nowait, name)
        serving = asyncio.create_task(server.serve())
        # On SQLite the clock's work is done by the one writer thread, like everything else that writes.
        clockwork.append(start(desk.database, all_jobs(), settings, desk.writer.submit if settings.is_sqlite else None))
        stopping = asyncio.create_task(told.get())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if settings.drain and stopping.done() and stopping.result() == signal.SIGTERM:
            desk.is_leaving = True
            stopping = asyncio.create_task(told.get())  # a second word: at once
            await asyncio.wait({serving, stopping}, timeout=settings.drain, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().remove_signal_handler(name)
            signal.signal(name, signal.SIG_IGN)  # we are going, within PATIENCE; a second word must not cut it short
        clockwork[0].shutdown(wait=False)
        desk.stop()
        server.stop()
        # The server waits for every open request; one that never ends must not keep it.
        await asyncio.wait({serving}, timeout=PATIENCE)
        if serving.done():
            serving.result()

    asyncio.run(live())
    if clockwork:  # the mail in hand is finished, or cut off and tried again after the start
        clockwork[0].wait_for_errands(AT_STOP + 1)
    desk.close()
    return 0


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold a SQLite file as its one server: two would have two writers, and SQLite below 3.51.3 could lose writes."""
    if not settings.is_sqlite or fcntl is None:
        yield
        return
    file = sqlite_file(settings.database_url)
    with file.with_name(f"{file.name}.server").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stop(f"another server works on {file}; SQLite has one at a time.", 1) from None
        yield


def check_port(host: str, port: int) -> str:
    """The host in digits, as granian takes it. Refuses a port another program listens on: granian would share it with
    a second server."""
    try:
        family, _, _, _, place = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))  # IPv4 before IPv6
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
        return str(place[0])
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", "") or error
        raise Stop(f"cannot listen on {host}:{port}: {why}; choose another with --port.", 1) from None


def until(*names: signal.Signals) -> Callable[[], object]:
    """From now on these signals only end the wait for which this gives a function, also when they came before it.

    The interpreter itself writes down what came. A handler that sets an Event would wait for ever for the Event's
    lock when it is called just as the wait takes it.
    """
    hear, say = socket.socketpair()
    say.setblocking(False)
    signal.set_wakeup_fd(say.fileno())
    for name in names:
        signal.signal(name, lambda *_: None)

    def told() -> object:
        return say.fileno(), hear.recv(1)

    return told


def run_worker(given: argparse.Namespace) -> int:
    from med.app import all_jobs
    from med.worker import start

    speak_in_lines()
    settings = settings_here()
    if settings.is_sqlite:
        raise Stop("on SQLite the server process does this itself; a worker of its own needs MED_DATABASE_URL.")
    with database_at_head(settings) as database:
        told = until(signal.SIGINT, signal.SIGTERM)
        clockwork = start(database, all_jobs(), settings)
        print("The worker is running; Ctrl+C stops.", flush=True)
        told()
        clockwork.shutdown(wait=True)
    return 0
