"""Let the environment find this checkout: one path file, and one command for each line of [project.scripts].

The same as an editable install, without fetching a build tool that no lock file vouches for.
"""

import sys
import sysconfig
import tomllib
from pathlib import Path

# Not "#!python": that line may neither be long nor hold a space, and a folder's name may.
COMMAND = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from {module} import {function}

sys.exit({function}())
"""


def link(root: Path, packages: Path, commands: Path, python: str) -> None:
    (packages / "med.pth").write_text(f"{root}\n", encoding="utf-8")
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, target in project.get("scripts", {}).items():
        module, function = target.split(":")
        command = commands / name
        command.write_text(COMMAND.format(python=python, module=module, function=function), encoding="utf-8")
        command.chmod(0o755)


if __name__ == "__main__":
    if sys.prefix == sys.base_prefix:
        sys.exit("Run this with the environment's own Python: .venv/bin/python scripts/link.py")
    paths = sysconfig.get_paths()
    link(Path(__file__).resolve().parent.parent, Path(paths["purelib"]), Path(paths["scripts"]), sys.executable)
