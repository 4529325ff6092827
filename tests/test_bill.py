"""The software bill of materials: what `make sbom` writes is what the lock installs, no more and no less."""

import json
import re
from pathlib import Path

from scripts.bill import write_bill

ROOT = Path(__file__).parents[1]


def test_the_bill_names_everything_that_is_installed(tmp_path):
    write_bill(tmp_path / "bill.json")
    bill = json.loads((tmp_path / "bill.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    pinned = re.compile(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)", re.MULTILINE)
    locked = {(tidy(name), version) for name, version in pinned.findall((ROOT / "requirements.lock").read_text())}
    assert len(locked) > 20
    assert {(tidy(part["name"]), part["version"]) for part in bill["components"]} == locked
    for part in bill["components"]:  # each can be looked up, and what was fetched can be held against it
        assert part["purl"].startswith("pkg:pypi/"), part["name"]
        assert any(reference.get("hashes") for reference in part["externalReferences"]), part["name"]


def tidy(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
