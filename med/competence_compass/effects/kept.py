"""Pieces kept from run to run, so that a night makes only those of citizens of whom something changed.

A folder of files: the pieces one after the other, where each begins (by its mark), and the sums over all of them.
It can be thrown away at any time, and the next run makes it anew; what is not whole, or was made with other variances,
is not used. It is computed from citizens' scores, so it is readable by its owner alone, and goes when somebody is
erased. Without a folder (files of somebody else's, a trial) the pieces lie in a temporary file.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from med.competence_compass.effects.pieces import MARK, Piece

FORMAT = b"2"
DEAD = 0.5  # the share of the file that may lie in pieces nobody uses any more, before it is begun anew


class Shelf:
    """Pieces by their marks. `sums` are over those there were when they were kept; None where nothing was."""

    def __init__(self, file: int, folder: Path | None, what: bytes) -> None:
        self.file, self.folder = file, folder
        self.what = sha256(FORMAT + what).hexdigest()
        self.places: dict[bytes, tuple[int, int]] = {}  # where each piece begins, and how long it is
        self.sums: dict[str, Any] | None = None
        self.size = 0
        if folder is not None:
            self._read(folder)
            (folder / "index.npz").unlink(missing_ok=True)  # sums are changed where they are: not whole until kept

    def _read(self, folder: Path) -> None:
        try:
            with np.load(BytesIO((folder / "index.npz").read_bytes()), allow_pickle=False) as index:
                if str(index["what"]) != self.what or os.fstat(self.file).st_size < int(index["size"]):
                    return
                marks, places = index["marks"].tobytes(), index["places"].tolist()
                self.sums = {name: _opened(folder / f"{name}.npy") for name in index["summed"].tolist()}
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
        """Keep the places and `sums` for the next run."""
        if self.folder is None or sum(size for _, size in self.places.values()) < (1 - DEAD) * self.size:
            return
        for name, values in sums.items():
            file = self.folder / f"{name}.npy"
            if self.sums is None or values is not self.sums.get(name):  # else it was changed where it is
                np.save(_new(self.folder / "new.npy"), values)
                (self.folder / "new.npy").replace(file)
            _to_disk(file)
        marks = np.frombuffer(b"".join(self.places), np.uint8)
        places = np.array(list(self.places.values()), np.int64).reshape(-1, 2)
        np.savez(
            _new(self.folder / "new.npz"),
            what=np.array(self.what), marks=marks, places=places, size=np.array(self.size), summed=np.array(list(sums)),
        )  # fmt: skip
        os.fdatasync(self.file)
        (self.folder / "new.npz").replace(self.folder / "index.npz")


def _opened(path: Path) -> Any:
    """An array that is changed where it lies. Raises ValueError for a file that was cut short."""
    np.load(path, mmap_mode="r", allow_pickle=False)  # to be written to, it would be made longer
    return np.asarray(np.load(path, mmap_mode="r+", allow_pickle=False))


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fdatasync(file.fileno())


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
    shape = np.array([*piece.x.shape, *piece.lacks.shape], np.int64)
    return b"".join(
        part.tobytes()
        for part in (shape, piece.codes, piece.rows.astype(np.int64), piece.x, piece.z, piece.q, piece.lacks)
    )


def _from_bytes(data: bytes) -> Piece:
    numbers = np.frombuffer(data)
    m, c, s, k = numbers[:4].view(np.int64).tolist()
    at_rows, at_x, at_z, at_q, at_lacks = accumulate((4 + c, k, m * c, 5 * m * k, m * s))
    return Piece(
        numbers[4:at_rows].view(np.int64),
        numbers[at_x:at_z].reshape(m, c),
        numbers[at_z:at_q].reshape(5, m, k),
        numbers[at_q:at_lacks].reshape(m, s),
        numbers[at_lacks:].reshape(s, k),
        numbers[at_rows:at_x].view(np.int64),
    )
