"""A made world: its folder, and what only its maker knows."""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from med.competence_compass.exchange.instruments import as_folder_has_it, read_words
from med.competence_compass.exchange.rows import Folder

HERE = Path(__file__).parent


@dataclass
class World:
    """`truth`: the true effect of each hypothesised pair. The rest is what a demo needs beside the folder."""

    folder: Folder
    truth: dict[tuple[str, str], float]
    names: dict[str, str] = field(default_factory=dict)  # the citizens', invented
    contacts: dict[str, str] = field(default_factory=dict)  # citizen -> the assessor who is their contact person
    about: dict[str, str] = field(default_factory=dict)  # activity -> why it is meant to work


def example_instrument() -> dict[str, Any]:
    """The shipped example, as a folder's instrument.json has it."""
    raw = json.loads((HERE.parent / "example.json").read_text(encoding="utf-8"))
    return as_folder_has_it(msgspec.to_builtins(read_words(as_folder_has_it(raw))))


def words(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


def write_truth(path: Path, world: World) -> None:
    """truth.csv beside the other files: activity;dimension;true_d."""
    lines = ["activity;dimension;true_d"]
    lines += [f"{activity};{dimension};{d:g}" for (activity, dimension), d in sorted(world.truth.items())]
    (path / "truth.csv").write_bytes(("\n".join(lines) + "\n").encode())
