"""Pieces kept from run to run, so that a night makes only those of citizens of whom something changed.

A folder of three files: the pieces one after the other, where each begins (by its mark), and the sums over all of them.
It can be thrown away at any time, and the next run makes it anew; what is not whole, or was made with other variances,
is not used. It is computed from citizens' scores, so it is readable by its owner alone, and goes when somebody is
erased. Without a folder (files of somebody else's, a trial) the pieces lie in a temporary file.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from med.competence_compass.effects.pieces import Piece
from med.competence_compass.effects.study import Floats

FORMAT = b"1"
MARK = 16  # bytes
DEAD = 0.5  # the share of the file that may lie in pieces nobody uses any more, before it is begun anew


class Shelf:
    """Pieces by their marks. `sums` are over those there were when they were kept; None where nothing was."""

    def __init__(self, file: int, folder: Path | None, what: bytes) -> None:
        self.file, self.folder = file, folder
        self.what = sha256(FORMAT + what).hexdigest()
        self.places: dict[bytes, tuple[int, int]] = {}  # where each piece begins, and how long it is
        self.sums: Mapping[str, Floats] | None = None
        self.size = 0
        if folder is not None:
            self._read(folder)

    def _read(self, folder: Path) -> None:
        try:
            with np.load(BytesIO((folder / "index.npz").read_bytes()), allow_pickle=False) as index:
                if str(index["what"]) != self.what or os.fstat(self.file).st_size < int(index["size"]):
                    return
                marks, places = index["marks"].tobytes(), index["places"].tolist()
                place = folder / f"sums-{index['token']}"
                self.sums = {
                    name: np.load(place / f"{name}.npy", allow_pickle=False) for name in index["summed"].tolist()
                }
                self.size = int(index["size"])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            self.sums = None
            return
        self.places = {marks[MARK * i : MARK * (i + 1)]: (begins, size) for i, (begins, size) in enumerate(places)}

    def get(self, mark: bytes) -> Piece:
        begins, size = self.places[mark]
        return _from_bytes(os.pread(self.file, size, begins))

    def put(self, mark: bytes, piece: Piece) -> None:
        data = _as_bytes(piece)
        os.pwrite(self.file, data, self.size)
        self.places[mark] = (self.size, len(data))
        self.size += len(data)

    def keep(self, sums: dict[str, Any]) -> None:
        """Keep the places and `sums` for the next run. What was kept before is whole until this is."""
        if self.folder is None:
            return
        if sum(size for _, size in self.places.values()) < (1 - DEAD) * self.size:
            (self.folder / "index.npz").unlink(missing_ok=True)
            return
        token = os.urandom(8).hex()
        (self.folder / f"sums-{token}").mkdir(mode=0o700)
        for name, values in sums.items():  # plainly, each by itself: an archive would be as slow as the sums
            np.save(_new(self.folder / f"sums-{token}" / f"{name}.npy"), values)
        marks = np.frombuffer(b"".join(self.places), np.uint8)
        places = np.array(list(self.places.values()), np.int64).reshape(-1, 2)
        np.savez(
            _new(self.folder / "index.new.npz"),
            what=np.array(self.what), marks=marks, places=places, size=np.array(self.size), token=np.array(token),
            summed=np.array(list(sums)),
        )  # fmt: skip
        os.fdatasync(self.file)
        (self.folder / "index.new.npz").replace(self.folder / "index.npz")
        for old in self.folder.glob("sums-*"):
            if old.name != f"sums-{token}":
                shutil.rmtree(old)


def _new(path: Path) -> Path:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return path


@contextmanager
def shelf(folder: Path | None, what: bytes) -> Iterator[Shelf]:
    """The shelf in `folder`; where it is None, or another run has it just now, one that nothing stays on."""
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "pieces", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield Shelf(file, folder, what)
            return
        except BlockingIOError:
            pass
        finally:
            os.close(file)
    with tempfile.TemporaryFile() as there:
        yield Shelf(there.fileno(), None, what)


# --- a piece as bytes -------------------------------------------------------------------------------------------------


def _as_bytes(piece: Piece) -> bytes:
    shape = np.array([*piece.x.shape, piece.y.shape[1], piece.q.shape[1], len(piece.dims)], np.int64)
    return b"".join(
        part.tobytes()
        for part in (
            shape, piece.codes, piece.dims, piece.rows.astype(np.int64), piece.x, piece.y, piece.q,
            piece.lacks.astype(np.float64), piece.marks,
        )
    )  # fmt: skip


def _from_bytes(data: bytes) -> Piece:
    m, c, k, s, d = np.frombuffer(data, np.int64, 5).tolist()
    ints = np.frombuffer(data, np.int64, c + d + k, 40)
    numbers = np.frombuffer(data, np.float64, -1, 40 + 8 * len(ints))
    at_y, at_q, at_lacks, at_marks = accumulate((m * c, m * k, m * s, s * k))
    return Piece(
        ints[:c],
        numbers[:at_y].reshape(m, c),
        numbers[at_y:at_q].reshape(m, k),
        numbers[at_q:at_lacks].reshape(m, s),
        numbers[at_lacks:at_marks].reshape(s, k),
        ints[c : c + d],
        numbers[at_marks:].reshape(4, m, d),
        ints[c + d :],
    )
