"""The bytes that stand for an assessment's answers (see `vectors`), and what an analysis is given of them."""

from collections.abc import Iterable

import msgspec

from med.competence_compass.kinds import Answer, NoScore

REASONS = tuple(NoScore)
FIRST = 1 + len(REASONS)  # the byte of the scale's lowest value


def pack(answers: Iterable[Answer], lowest: int) -> bytes:
    """`answers` in the order of the dimensions' ids; `lowest` is the scale's."""
    return bytes(
        0 if answer is None else 1 + REASONS.index(answer) if isinstance(answer, NoScore) else answer - lowest + FIRST
        for answer in answers
    )


def unpack(packed: bytes, lowest: int) -> list[Answer]:
    """The answers `pack` packed, in the same order and on the same scale."""
    return [None if one == 0 else REASONS[one - 1] if one < FIRST else one - FIRST + lowest for one in packed]


class Packed(msgspec.Struct):
    """Every assessment of a version that stands, column by column: what a process without a database is given.

    Whole numbers lie in bytes, in the machine's own order: 32 bits each, kinds and referrals 8.
    """

    dimensions: list[str]  # codes, in the order of the answers
    lowest: int
    citizens: list[str]
    assessors: list[str]
    kinds: list[str]
    who: bytes  # a place in `citizens`
    day: bytes  # ordinal
    assessor: bytes  # a place in `assessors`
    kind: bytes  # a place in `kinds`
    is_referral: bytes
    answers: bytes  # as many for each as there are dimensions
