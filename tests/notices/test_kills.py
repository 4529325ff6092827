"""The outbox while workers are killed and the mail server misbehaves: nothing lost, next to nothing twice.

The small version of `python -m benchmarks.outbox`, with processes of its own.
"""

import json
import subprocess
import sys


def test_nothing_is_lost_however_often_workers_are_killed(database_url, backend):
    command = [sys.executable, "-m", "benchmarks.outbox", "--mails", "150", "--workers", "3", "--kills", "4"]
    done = subprocess.run(
        [*command, "--lease", "1.2", "--json", "--database", database_url], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["kills"], found["lost"], found["other_ids"], found["unmarked"]) == (4, 0, 0, 0)
    assert found["repeated"] <= 4
