"""`med`: serve, demo, migrate, doctor, import … Errors are one sentence; exit 2 for bad usage or input, 1 for failure."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from med import clock
from med.settings import BadSetting, read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    parser = make_parser()
    given = parser.parse_args(arguments)
    try:
        return given.run(given)
    except BadSetting as error:
        return complain(str(error))
    except KeyboardInterrupt:
        return 130


def complain(sentence: str, status: int = 2) -> int:
    print(f"med: {sentence}", file=sys.stderr)
    return status


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="med", description="Medspil: open agendas, decisions and what they did.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="start the demo workplace on this machine")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument("--data-dir", default="")
    demo.add_argument("--reset", action="store_true", help="throw the demo's data away and start over")
    demo.add_argument("--now", default="", metavar="DATE", help="the demo's date, e.g. 2026-11-24 or 2026-11-24T09:00")
    demo.set_defaults(run=run_demo)
    serve = commands.add_parser("serve", help="serve Medspil")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    serve.set_defaults(run=run_serve)
    migrate = commands.add_parser("migrate", help="bring the database's tables up to date")
    migrate.set_defaults(run=run_migrate)
    return parser


def run_migrate(given: argparse.Namespace) -> int:
    from med.db import Database
    from med.migrations import current, upgrade

    database = Database(read_settings().database_url)
    upgrade(database.write_engine)
    print(f"The database is at {current(database.engine)}.")
    return 0


def run_demo(given: argparse.Namespace) -> int:
    from datetime import datetime

    from med import demo
    from med.db import Database
    from med.migrations import upgrade

    folder = Path(given.data_dir or "data/demo")
    settings = read_settings(data_dir=folder, demo=True)
    moment = demo.NOW
    if given.now:
        try:
            moment = datetime.fromisoformat(given.now)
        except ValueError:
            return complain(f"--now {given.now!r} is not a date such as 2026-11-24 or 2026-11-24T09:00.")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=clock.COPENHAGEN)
    if given.reset and settings.is_sqlite:
        for leftover in folder.glob("med.db*"):
            leftover.unlink()
    database = Database(settings.database_url)
    fresh = not settings.is_sqlite or not (folder / "med.db").exists() or (folder / "med.db").stat().st_size == 0
    if fresh:
        print("Making the demo workplace …", flush=True)
        upgrade(database.write_engine)
        with database.writing() as db:
            demo.furnish(db)
    database.close()
    clock.start_at(moment)
    print(f"Solbæk Kommune is open at http://127.0.0.1:{given.port} (choose a persona; Ctrl+C stops)", flush=True)
    return serve_app(settings, "127.0.0.1", given.port)


def run_serve(given: argparse.Namespace) -> int:
    from med.db import Database
    from med.migrations import current, head

    settings = read_settings()
    database = Database(settings.database_url)
    at = current(database.engine)
    database.close()
    if at != head():
        return complain(f"the database is at {at or 'nothing'}, the program at {head()}; run `med migrate`.", 1)
    return serve_app(settings, given.host, given.port)


def serve_app(settings, host: str, port: int) -> int:
    import asyncio

    from granian.constants import Interfaces
    from granian.server.embed import Server

    from med.app import create_app

    server = Server(create_app(settings), address=host, port=port, interface=Interfaces.ASGI)
    asyncio.run(server.serve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
