"""Points raise themselves while workers are killed: each reason once, one point a decision.

The small version of `python -m benchmarks.review_points`, with processes of its own.
"""

import subprocess
import sys


def test_each_point_comes_once_however_often_workers_are_killed(backend, request):
    if backend == "sqlite":
        like = f"sqlite:///{request.getfixturevalue('furnished_file')}"
    else:
        like = request.getfixturevalue("postgres").url(request.getfixturevalue("furnished_template"))
    command = [sys.executable, "-m", "benchmarks.review_points", "--decisions", "12", "--kills", "5", "--only", backend]
    command += ["--like", like]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Held: {backend}: " in done.stdout and " 5 kills" in done.stdout
