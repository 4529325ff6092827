"""`python -m med.migrations.drift`: exit 1 when models and migrations do not agree."""

import sys
import tempfile
from pathlib import Path

from med.db import Database
from med.migrations import drift, upgrade


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'drift.db'}")
        try:
            upgrade(database.write_engine)
            found = drift(database.engine)
        finally:
            database.close()
    for difference in found:
        print(difference)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
