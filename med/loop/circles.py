"""A circle as plain values: what a decision set going, and what is known of it. Nothing here asks the database.

Disclosure control stands at the door: `finding` is the only way in, and what rests on few citizens says nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from med.competence_compass import disclosure
from med.competence_compass.activity_words import SIGNS
from med.competence_compass.models import ActivityState
from med.loop.models import LinkKind
from med.loop.words import Known, Standing


class Finding(Struct, frozen=True):
    """What the latest run says of one dimension, after disclosure control. Sizes in SD; they are shown in words."""

    dimension: str
    verdict: Known
    run_id: int
    done_at: datetime | None
    n: int = 0  # to the nearest five; 0 where too few, or where only words are told
    low: float | None = None
    high: float | None = None
    detectable: float | None = None
    is_kept: bool = False  # the aim was to keep, and nothing was lost
    dimension_id: int = 0
    reason: str = ""  # why it is not another, in the analysis' own word
    tenth: date | None = None  # the day from which on ten of those measured began, where somebody asked
    is_before: bool = False  # too few of those measured began after the decision: tells nothing of it

    @property
    def sign(self) -> str:
        return SIGNS["udvikler" if self.is_kept else self.verdict]


def finding(
    dimension: str,
    verdict: str,
    *,
    run_id: int,
    done_at: datetime | None,
    n: int,
    low: float | None,
    high: float | None,
    detectable: float | None,
    reason: str = "",
    dimension_id: int = 0,
    in_words: bool = False,
    tenth: date | None = None,
) -> Finding:
    """An estimate as a committee may know it. Of few citizens: only that they are too few.

    All numbers are rounded as on the managers' page (two roundings of one number would tell more than either), and
    with `in_words` the number of citizens waits for the quarter.
    """
    known, about = Known(verdict), disclosure.about(n)
    if about is None or known is Known.TOO_LITTLE:
        reason = "" if about is None else reason
        return Finding(dimension, Known.TOO_LITTLE, run_id, done_at, dimension_id=dimension_id, reason=reason)
    kept = known is Known.NO_EFFECT_SEEN and reason == "kept"
    low, high, detectable = (disclosure.size(value, n) for value in (low, high, detectable))
    return Finding(
        dimension, known, run_id, done_at, 0 if in_words else about, low, high, detectable, kept, dimension_id, reason,
        tenth,
    )  # fmt: skip


def seen_since(findings: Sequence[Finding], since: date | None) -> tuple[Finding, ...]:
    """Findings as they are told of a decision that came on this day, after the activity had begun (None: before it):
    what rests on too few who began after it is marked."""
    return tuple(
        replace(one, is_before=True)
        if since is not None and one.verdict is not Known.TOO_LITTLE and (one.tenth is None or one.tenth < since)
        else one
        for one in findings
    )


class Link(Struct, frozen=True):
    """A decision's link to an activity; without `id` it stands in the activity itself ("Begyndte med beslutningen")."""

    kind: LinkKind
    activity_id: int
    title: str
    state: ActivityState
    findings: tuple[Finding, ...] = ()
    id: int | None = None
    run_id: int | None = None
    judgement: str = ""
    made_at: datetime | None = None
    made_by: str | None = None
    dimensions: frozenset[int] | None = None  # where it is about some alone: those of hypotheses written after it


class Circle(Struct, frozen=True):
    """A decision with its links, the oldest first. `hopes`: it says what citizens should notice."""

    decision_id: int
    hopes: bool
    links: tuple[Link, ...] = ()

    @property
    def once(self) -> list[Link]:
        """The newest link to each activity, however many times the decision links to it."""
        return list({link.activity_id: link for link in self.links}.values())

    @property
    def runs(self) -> list[tuple[int, datetime | None]]:
        return runs_of(one for link in self.links for one in link.findings)


def runs_of(findings: Iterable[Finding]) -> list[tuple[int, datetime | None]]:
    """The analyses that findings come from, the oldest first: number and when it was made."""
    return sorted({one.run_id: one.done_at for one in findings}.items())


def standing(circle: Circle) -> Standing:
    """The gravest of what its activities say: one that speaks against is not outweighed by another that supports."""
    if not circle.links:
        return Standing.NO_ACTIVITY
    return gravest(speaks(link.kind, link.findings) for link in circle.once)


def gravest(said: Iterable[Standing]) -> Standing:
    found = set(said)
    order = (Standing.AGAINST, Standing.SUPPORTED, Standing.UNSETTLED)
    return next((one for one in order if one in found), Standing.NOT_MEASURED)


def speaks(kind: LinkKind, findings: Sequence[Finding]) -> Standing:
    """What an activity's measurement says of the decision. A decline always speaks against going on; no effect does
    where nothing else was found to develop or be kept. Of a decision to stop it, the opposite is so."""
    findings = telling(findings)
    said = {one.verdict for one in findings if not one.is_kept}
    works = Known.DEVELOPS in said or any(one.is_kept for one in findings)
    stops = kind is LinkKind.STOPS
    if Known.DECLINES in said:
        return Standing.SUPPORTED if stops else Standing.AGAINST
    if works:
        return Standing.AGAINST if stops else Standing.SUPPORTED
    if Known.NO_EFFECT_SEEN in said:
        return Standing.SUPPORTED if stops else Standing.AGAINST
    return Standing.UNSETTLED if Known.UNSETTLED in said else Standing.NOT_MEASURED


def telling(findings: Sequence[Finding]) -> list[Finding]:
    """Those that tell of the decision."""
    return [one for one in findings if not one.is_before]


WEIGHT = (Known.DECLINES, Known.DEVELOPS, Known.NO_EFFECT_SEEN, Known.UNSETTLED, Known.TOO_LITTLE)


def heaviest(findings: Sequence[Finding]) -> list[Finding]:
    """Those with the verdict one should hear first."""
    for verdict in WEIGHT:
        if found := [one for one in findings if one.verdict is verdict]:
            return found
    return []
