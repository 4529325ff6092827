"""The one place that knows what time it is. Tests and `med demo --now` move it; nothing else asks the machine.

Process-wide on purpose: the server's loop, its writer thread and its jobs must agree on the hour.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")

_shift: timedelta = timedelta()
_frozen: datetime | None = None


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _frozen or datetime.now(UTC) + _shift


def today() -> date:
    """Today's date in Copenhagen, where every date in Medspil lives."""
    return now().astimezone(COPENHAGEN).date()


def start_at(moment: datetime) -> None:
    """Let the clock go on from `moment` (the demo's `--now`)."""
    global _shift, _frozen
    _frozen = None
    _shift = moment.astimezone(UTC) - datetime.now(UTC)


def freeze(moment: datetime) -> None:
    global _frozen
    _frozen = moment.astimezone(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Live through `moment` for a while: the demo's year and the tests' stories."""
    global _frozen
    before = _frozen
    _frozen = moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
