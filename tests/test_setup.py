"""The set-up on a fresh machine: the locks, the commands and what they promise."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts import link, skips

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


def named(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements}


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert named(project["project"]["dependencies"]) <= pins("requirements.lock").keys()
    assert named(project["dependency-groups"]["test"]) <= pins("requirements-test.lock").keys()


def test_the_test_lock_holds_the_other_lock() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-test.lock").items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_a_lock_vouches_for_each_package_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index" not in text
    for requirement in re.split(r"\n(?=[a-z0-9])", text):
        assert "--hash=sha256:" in requirement


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert licence.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    assert re.findall(r"^(\d+)\.", licence, re.MULTILINE) == [str(article) for article in range(1, 16)]
    assert "Appendix" in licence
    assert licence.rstrip().endswith("require the production of a new EUPL version.")


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_a_second_set_up_does_nothing(tmp_path: Path) -> None:
    """Nothing is asked of the network or of Python: the only python3 that can be found stops the set-up."""
    for path in ("scripts", ".venv"):
        (tmp_path / path).mkdir()
    for path in (
        "scripts/setup.sh",
        "scripts/link.py",
        "pyproject.toml",
        "requirements.lock",
        "requirements-test.lock",
    ):
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    (tmp_path / "bin").mkdir()
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "bin" / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}

    def set_up(level: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "scripts/setup.sh", level],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    first = set_up("test")
    assert (first.returncode, first.stdout) == (1, "")
    assert first.stderr.startswith("Set-up stopped: Medspil needs Python 3.11 or newer")
    assert first.stderr.count("\n") == 1

    stamp = set_up_sum(tmp_path, "requirements-test.lock")
    (tmp_path / ".venv" / ".set-up-test").write_text(stamp)
    for level in ("test", "run"):
        again = set_up(level)
        assert (again.returncode, again.stdout, again.stderr) == (0, "", "")

    (tmp_path / "requirements-test.lock").write_text("changed")
    assert set_up("test").returncode == 1


def set_up_sum(root: Path, lock: str) -> str:
    function = re.search(
        r"^sum\(\) \{\n.*?^\}\n", (ROOT / "scripts" / "setup.sh").read_text(), re.MULTILINE | re.DOTALL
    )
    assert function
    return subprocess.run(
        ["sh", "-c", f"{function[0]}\nsum {lock}"], cwd=root, capture_output=True, text=True, check=True
    ).stdout


def test_the_command_starts_from_a_folder_with_a_space(tmp_path: Path) -> None:
    home = tmp_path / "my house"
    for name in ("site", "bin"):
        (home / name).mkdir(parents=True)
    (home / "pyproject.toml").write_text('[project]\nname = "x"\n[project.scripts]\nhello = "greeting:say"\n')
    (home / "greeting.py").write_text("import sys\ndef say():\n    print('hello', *sys.argv[1:])\n    return 3\n")
    python = home / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{home}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    link.link(home, home / "site", home / "bin", str(python))
    said = subprocess.run([home / "bin" / "hello", "a b"], capture_output=True, text=True, check=False)
    assert (said.stdout, said.returncode) == ("hello a b\n", 3)
    assert (home / "site" / "med.pth").read_text() == f"{home}\n"


def test_only_missing_shared_input_may_be_skipped(tmp_path: Path) -> None:
    report = tmp_path / "tests.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="a" name="ran"/>'
        '<testcase classname="a" name="known"><skipped type="pytest.xfail" message="soon"/></testcase>'
        '<testcase classname="a" name="input"><skipped type="pytest.skip" message="needs ../shared"/></testcase>'
        '<testcase classname="a" name="browser"><skipped type="pytest.skip" message="no Chromium"/></testcase>'
        "</testsuite></testsuites>"
    )
    assert skips.unwanted_skips(str(report)) == ["a.browser: no Chromium"]
