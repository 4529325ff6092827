"""Compressed as it is sent: gzip, quickly, and pieces that many readers meet only once.

A page is compressed anew for each reader; that is a sixth of what the feed costs, and nearly all of it is for the same
fifty entries. Deflate blocks that end at a whole byte may follow each other (RFC 1951), so such a piece is packed when
it is kept, and only what is around it is compressed each time. It also keeps people's words and a form's token apart:
how long one gets tells nothing of the other.
"""

from collections.abc import Iterator, Sequence
from struct import pack
from typing import NamedTuple

from isal import igzip, isal_zlib

HEAD = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952: deflate, no name, no time, no system
LAST = b"\x03\0"  # an empty last block
TAKES_GZIP = "med.takes_gzip"  # in the scope of a request: whether whoever asks takes gzip


class Packed(NamedTuple):
    """A piece of a page: as it is, as deflate blocks, and its checksum."""

    plain: bytes
    blocks: bytes
    crc: int


def packed(plain: bytes) -> Packed:
    squeezer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
    return Packed(plain, squeezer.compress(plain) + squeezer.flush(isal_zlib.Z_SYNC_FLUSH), isal_zlib.crc32(plain))


class Body:
    """A page in pieces, of which some are packed already."""

    def __init__(self, pieces: Sequence[bytes | Packed]) -> None:
        self.pieces = pieces

    def plain(self) -> bytes:
        return b"".join([piece.plain if isinstance(piece, Packed) else piece for piece in self.pieces])

    def squeezed(self) -> bytes:
        blocks, crc, size = [HEAD], 0, 0
        for piece in self._all_packed():
            blocks.append(piece.blocks)
            crc = isal_zlib.crc32_combine(crc, piece.crc, len(piece.plain))
            size += len(piece.plain)
        return b"".join((*blocks, LAST, pack("<LL", crc, size)))

    def _all_packed(self) -> Iterator[Packed]:
        bare: list[bytes] = []
        for piece in self.pieces:
            if isinstance(piece, bytes):
                bare.append(piece)
                continue
            yield packed(b"".join(bare))
            yield piece
            bare = []
        yield packed(b"".join(bare))


def squeeze(body: bytes) -> bytes:
    return igzip.compress(body, compresslevel=1)
