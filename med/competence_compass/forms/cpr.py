"""Asking once about words that look like a CPR number."""

from med.errors import Invalid
from med.language import T
from med.text.cpr import looks_like_cpr


def ask_about_cpr(not_cpr: bool, **words: str) -> None:
    """Raise Invalid at each field that may hold a CPR number, until the person says that it is none.

    The template shows the box `not_cpr` when one of the messages is this one; see `_cpr.html`.
    """
    if not_cpr:
        return
    if found := {name: CPR_ASKED for name, text in words.items() if looks_like_cpr(text)}:
        raise Invalid(**found)


CPR_ASKED = T("Det ligner et CPR-nummer. Fjern det, eller sæt hak ved, at det ikke er et.")
