"""The faults of scripts/planted_faults.py still fit the source. That they are noticed: `make evidence ARGS=faults`."""

import pytest

from scripts.planted_faults import FAULTS, HOME, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_still_fits_the_source(fault: Fault):
    mutated = fault.mutated(HOME)
    compile(mutated, fault.path, "exec")
    for test in fault.tests:
        path, _, name = test.partition("::")
        assert f"def {name}" in (HOME / path).read_text(encoding="utf-8"), test


def test_there_are_forty_one():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) == 41
