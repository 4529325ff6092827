"""What a citizen is called in the compass: short, easy to say on the phone, and nothing of who they are."""

import secrets
from collections.abc import Callable

WORDS = [
    "AGERN", "ALKE", "AHORN", "ASK", "BIRK", "BLIS", "BOG", "BREGNE", "BYG", "DUE", "EG", "ELM", "FALK", "FASAN",
    "FINKE", "FJELD", "FJORD", "FLINT", "FYR", "GLENTE", "GRAN", "GRÆS", "GØG", "HAVRE", "HAVØRN", "HEDE", "HEJRE",
    "HUMLE", "HVEDE", "HYLD", "HØG", "IBIS", "IRIS", "ISFUGL", "JOLLE", "KALK", "KASTANJE", "KILDE", "KLINT",
    "KLØVER", "KORN", "KRAGE", "KRIKAND", "KVIST", "KYST", "LÆRKE", "LIND", "LOM", "LUND", "LYNG", "MEJSE", "MOS",
    "MUSVIT", "MYNTE", "MÅGE", "NELLIKE", "ODDER", "PIL", "POPPEL", "RAVN", "RUG", "RØN", "SKOV", "SKADE", "SNEPPE",
    "SOLSORT", "SPURV", "STORK", "STRAND", "STÆR", "SVALE", "SVANE", "TANG", "TERNE", "TIND", "TJØRN", "TRANE",
    "UGLE", "VAGTEL", "VIBE", "VIOL", "ØRN", "ÅKANDE",
]  # fmt: skip
LETTERS = "ABDEFGHKLMNPRSTV"  # those that are not taken for one another when they are said


def new_pseudonym(is_taken: Callable[[str], bool], choose: Callable[[int], int] = secrets.randbelow) -> str:
    """A free one, such as "K7-RAVN". Drawn, never counted: the order says when somebody came.

    `choose(n)` gives a number from 0 to n − 1. Some 10,000 have one digit; when those are hard to find, there are two.
    """
    for attempt in range(1000):
        number = 2 + choose(8) if attempt < 20 else 10 + choose(90)
        made = f"{LETTERS[choose(len(LETTERS))]}{number}-{WORDS[choose(len(WORDS))]}"
        if not is_taken(made):
            return made
    raise RuntimeError("every pseudonym is taken")
