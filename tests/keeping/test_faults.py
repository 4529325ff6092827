"""A fault at some steps of two journeys: the small version of `python -m benchmarks.faults`."""

from pathlib import Path

import pytest

from benchmarks.faults import Faults, try_journey, try_post, world_of
from tests.conftest import lay_ring


@pytest.fixture(scope="module")
def world(backend, request, tmp_path_factory):
    folder = lay_ring(tmp_path_factory.mktemp("faults"))
    if backend == "sqlite":
        (folder / "med.db").write_bytes(Path(request.getfixturevalue("furnished_file")).read_bytes())
        url, postgres = f"sqlite:///{folder / 'med.db'}", None
    else:
        postgres = request.getfixturevalue("postgres")
        url = postgres.new("faults", template=request.getfixturevalue("furnished_template"))
    with world_of(url, folder, postgres) as made:
        yield made


@pytest.mark.parametrize("journey", ["attach a file", "record a decision"])
def test_a_form_is_taken_in_wholly_or_not_at_all_and_once(world, journey):
    faults = Faults()
    with faults.listening():
        found = try_journey(world, faults, journey, every=2)
    assert found.wrong == []
    assert found.undone >= 2
    assert found.undone + found.done == found.steps


def test_no_mail_is_lost_wherever_the_line_or_the_disk_fails(world):
    faults = Faults()
    with faults.listening():
        found = try_post(world, faults, every=6)
    assert found.wrong == []
    assert found.steps > 3
