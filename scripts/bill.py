"""`make sbom`: the software bill of materials (CycloneDX), made from what requirements.lock installs.

python -m scripts.bill [FILE]        # dist/bill-of-materials.json unless told otherwise
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_bill(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    command = ["requirements", "requirements.lock", "--pyproject", "pyproject.toml", "--output-reproducible"]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", *command, "--output-file", file.absolute()],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist/bill-of-materials.json"
    write_bill(target)
    print(target)
