"""The server killed while eight people work: the small version of `python -m benchmarks.durability`."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import lay_ring


def test_nothing_acknowledged_is_lost_when_the_server_is_killed(database_url, backend, tmp_path):
    folder = Path(database_url.removeprefix("sqlite:///")).parent if backend == "sqlite" else tmp_path
    lay_ring(folder)
    command = [sys.executable, "-m", "benchmarks.durability", "--kills", "2" if backend == "sqlite" else "1"]
    done = subprocess.run(
        [*command, "--database", database_url, "--folder", folder], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "**0 lost**, 0 half, 0 breaks in the chains" in done.stdout
