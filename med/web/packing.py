"""Compressed as it is sent: gzip, quickly, and pieces that many readers meet only once.

A page is compressed anew for each reader; that is a sixth of what the feed costs, and nearly all of it is for the same
fifty entries. Deflate blocks that end at a whole byte may follow each other (RFC 1951), so such a piece is packed when
it is kept, and only what is around it is compressed each time. It also keeps people's words and a form's token apart:
how long one gets tells nothing of the other.
"""

from collections.abc import Sequence
from struct import pack
from typing import NamedTuple

from isal import igzip, isal_zlib

HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952: deflate, no name, no time, no system
LAST = b"\x03\0"  # an empty last block


class Packed(NamedTuple):
    """A piece of a page, as it is and as deflate blocks."""

    plain: bytes
    blocks: bytes


class Body(bytes):
    """A whole page that knows which pieces of it are packed already."""

    pieces: Sequence[bytes | Packed]


def packed(plain: bytes) -> Packed:
    return Packed(plain, _blocks(plain))


def joined(pieces: Sequence[bytes | Packed]) -> Body:
    """The page that these pieces are, one after the other."""
    runs: list[bytes | Packed] = []
    bare: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, Packed):
            runs += (b"".join(bare), piece)
            bare = []
        else:
            bare.append(piece)
    runs.append(b"".join(bare))
    body = Body(b"".join([run.plain if isinstance(run, Packed) else run for run in runs]))
    body.pieces = runs
    return body


def squeeze(body: bytes) -> bytes:
    if not isinstance(body, Body) or len(body.pieces) == 1:
        return igzip.compress(body, compresslevel=1)
    blocks = [piece.blocks if isinstance(piece, Packed) else _blocks(piece) for piece in body.pieces]
    return b"".join((HEAD, *blocks, LAST, pack("<LL", isal_zlib.crc32(body), len(body))))


def _blocks(plain: bytes) -> bytes:
    squeezer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
    return squeezer.compress(plain) + squeezer.flush(isal_zlib.Z_SYNC_FLUSH)
