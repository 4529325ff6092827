"""Links that carry their own right: ours are read back, and nothing else is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from med.web.signing import seal, unseal

SECRET = "s" * 40


@given(st.lists(st.text().filter(lambda words: "|" not in words and words.isprintable()), min_size=1, max_size=4))
@settings(max_examples=60)
def test_what_is_sealed_is_read_back(parts):
    assert unseal(SECRET, "svar", seal(SECRET, "svar", *parts)) == parts


def test_another_purpose_or_secret_opens_nothing():
    token = seal(SECRET, "svar", 17, 4)
    assert unseal(SECRET, "svar", token) == ["17", "4"]
    assert unseal(SECRET, "afmeld", token) is None
    assert unseal("t" * 40, "svar", token) is None


def test_a_token_with_any_letter_changed_opens_nothing():
    token = seal(SECRET, "svar", 17, 4)
    for place in range(len(token)):
        for letter in "Ab-_":
            if token[place] != letter:
                assert unseal(SECRET, "svar", token[:place] + letter + token[place + 1 :]) is None


@pytest.mark.parametrize("broken", ["", "=", "a", "æøå", "....", "A" * 27, "A" * 5000, "\x00", "%00", " "])
def test_what_is_no_token_opens_nothing(broken):
    assert unseal(SECRET, "svar", broken) is None


def test_a_token_has_one_spelling():
    """Base64 has several spellings of the last letter; only ours is taken."""
    token = seal(SECRET, "svar", 1)
    assert unseal(SECRET, "svar", token + "=") is None
    assert unseal(SECRET, "svar", token + "A") is None
