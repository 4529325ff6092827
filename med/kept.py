"""Finished things in memory, because to make them anew costs more: each under all that decides how it is."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Kept(Generic[Thing]):
    """Finished things under their key; the one not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: OrderedDict[Hashable, Thing] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Thing | None:
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
            return found

    def get_all(self, keys: Sequence[Hashable]) -> list[Thing | None]:
        """What there is under each key, in their order."""
        with self._lock:
            kept, fresh = self._kept, self._kept.move_to_end
            found = [kept.get(key) for key in keys]
            for key, thing in zip(keys, found, strict=True):
                if thing is not None:
                    fresh(key)
            return found

    def put(self, key: Hashable, thing: Thing) -> None:
        with self._lock:
            self._kept[key] = thing
            self._kept.move_to_end(key)
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)
