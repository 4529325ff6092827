"""Words that may hold a CPR number are asked about before they are saved."""

import pytest

from med.text import looks_like_cpr


@pytest.mark.parametrize("text", ["010203-1234", "Født 010203 1234.", "0102031234", "cpr:010203–1234", "610203-1234"])
def test_a_number_that_may_be_one(text):
    assert looks_like_cpr(text)


@pytest.mark.parametrize(
    "text", ["", "tlf. 12 34 56 78", "+45 12345678", "320203-1234", "j.nr. 10102031234", "K7-RAVN"]
)
def test_a_number_that_is_none(text):
    assert not looks_like_cpr(text)
