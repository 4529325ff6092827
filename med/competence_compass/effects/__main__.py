"""The child process: a folder comes in on standard input, the result goes out on standard output as JSON.

numpy and scipy live here alone. An argument names the folder where citizens' parts are kept for the next run. Progress
goes to standard error, one "percent what" a line.
"""

import json
import sys
from datetime import date
from pathlib import Path

import msgspec

from med.competence_compass.effects.analysis import analyse
from med.competence_compass.effects.covariance import Covariance
from med.competence_compass.effects.reading import study_of
from med.competence_compass.effects.report import as_json
from med.competence_compass.exchange.rows import Folder
from med.competence_compass.packed import Packed


class Given(msgspec.Struct):
    """`variance` of an earlier run, where it is fresh enough."""

    folder: Folder
    packed: Packed | None = None
    until: list[tuple[str, str, date, date]] = []
    variance: tuple[float, float, float] | None = None


def say(what: str, share: float) -> None:
    print(f"{share * 100:.0f} {what}", file=sys.stderr, flush=True)


def main() -> None:
    given = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Given)
    study = study_of(given.folder, given.packed, given.until)
    covariance = Covariance(*given.variance) if given.variance else None
    result = analyse(study, covariance, say, folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    json.dump(as_json(study, result), sys.stdout)


if __name__ == "__main__":
    main()
