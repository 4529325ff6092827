"""`med`: serve, demo, migrate, doctor, import …

Errors are one sentence; exit 2 for bad usage or input, 1 for failure.
"""

import argparse
import sys
from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from med.cli import exchange, keeping, people, serving
from med.cli.words import Stop
from med.settings import BadSetting


def main(arguments: Sequence[str] | None = None) -> int:
    given = make_parser().parse_args(arguments)
    try:
        return given.run(given) or 0
    except (BadSetting, Stop) as error:
        print(f"med: {error}", file=sys.stderr)
        return getattr(error, "status", 2)
    except OperationalError as error:
        print(f"med: the database does not answer: {str(error.orig).splitlines()[0]}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 141


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="med", description="Medspil: open agendas, decisions, and what they did.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (serving, keeping, people, exchange):
        part.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
