"""`med`: serve, demo, migrate, doctor, import …

Errors are one sentence; exit 2 for bad usage or input, 1 for failure. The modules of the commands bring little along:
each fetches what it works with when it is carried out, so that help and misspelt words are answered at once.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from med import VERSION
from med.cli.words import Stop, first_line
from med.errors import MedError
from med.setting_values import BadSetting


def main(arguments: Sequence[str] | None = None) -> int:
    given = make_parser().parse_args(arguments)
    from sqlalchemy.exc import DBAPIError

    from med.keeping.proof import Damaged

    before = os.umask(0o077)  # whatever a command writes, other accounts on the machine may not read
    try:
        return given.run(given) or 0
    except (BadSetting, Stop, Damaged) as error:
        return say(error, getattr(error, "status", 2))
    except MedError as error:
        return say(error, 2)
    except DBAPIError as error:
        return say(f"the database does not answer as it should: {first_line(error.orig)}", 1)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read along has left, such as `med doctor | head`
        sys.stdout = None
        return 141
    except OSError as error:
        why = f"{error.strerror}." if error.strerror else error
        return say(f"{error.filename}: {why}" if error.filename else why, 1)
    finally:
        os.umask(before)


def say(sentence: object, status: int) -> int:
    print(f"med: {sentence}", file=sys.stderr)
    return status


def make_parser() -> argparse.ArgumentParser:
    from med.cli import backup, compass, exchange, keeping, people, retention, searching, serving, vault, verifying

    parser = argparse.ArgumentParser(prog="med", description="Medspil: open agendas, decisions, and what they did.")
    parser.add_argument("--version", action="version", version=f"med {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (serving, keeping, backup, people, exchange, compass, vault, verifying, retention, searching):
        part.add_commands(commands)
    return parser
