"""Where many circles stand: a committee's, with the gaps first, and all of them by perspective."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass.models import Activity
from med.db import BigInt
from med.decisions.access import OVER, published_decisions
from med.decisions.models import Decision
from med.loop.circles import Circle, Finding, gravest, seen_since, speaks
from med.loop.models import LinkKind
from med.loop.queries import CIRCLES, among, every_link, findings_of, links_among, put_together
from med.loop.since import late_among, since_of
from med.loop.words import Standing
from med.organisation.access import ANY_EMPLOYEE
from med.organisation.models import Committee, Level
from med.perspectives.models import Perspective
from med.prepared import Prepared

ON_A_PAGE = 50


def asked(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    """Published decisions that say what citizens should notice or have an activity, once for each of their links."""
    link = every_link().subquery("link")
    return (
        select(
            Decision.id, Decision.perspective, Decision.published_at, Decision.state, Decision.decided_at,
            link.c.kind, link.c.activity_id, link.c.id.label("link_id"), link.c.dimension_id, Activity.frozen_at,
        )
        .outerjoin(link, link.c.decision_id == Decision.id)
        .outerjoin(Activity, Activity.id == link.c.activity_id)
        .where(published_decisions(viewer), or_(func.length(Decision.hoped_effect) > 0, Activity.id.is_not(None)))
        .order_by(Decision.id)
    )  # fmt: skip


def standings(rows: Iterable[Any], known: dict[int, tuple[Finding, ...]]) -> Iterator[tuple[Any, Standing]]:
    """Where each decision of `asked` stands, with the first of its rows. What an activity's measurement says of a kind
    of decision is worked out once, not for each decision."""

    @cache
    def said(kind: str, activity_id: int, since: date | None, dimensions: frozenset[int] | None) -> Standing:
        return speaks(LinkKind(kind), seen_since(among(known.get(activity_id, ()), dimensions), since))

    for _, its in groupby(rows, key=attrgetter("id")):
        of_it = list(its)
        if of_it[0].activity_id is None:
            yield of_it[0], Standing.NO_ACTIVITY
            continue
        newest = {
            row.activity_id: (row.kind, row.activity_id, since_of(row), dimensions)
            for row, dimensions in links_among(of_it)
        }
        yield of_it[0], gravest(said(*link) for link in newest.values())


def known_of(db: Session, rows: Iterable[Any]) -> dict[int, tuple[Finding, ...]]:
    linked = [row for row in rows if row.activity_id is not None]
    return findings_of(db, {row.activity_id for row in linked}, late_among(linked))


# --- a committee's circles --------------------------------------------------------------------------------------------


class Page(NamedTuple):
    groups: dict[Standing, list[tuple[Any, Circle]]]  # the page's decisions, the gaps first
    counts: Counter[Standing]  # on all pages
    more: bool


OF_COMMITTEE = Prepared(
    lambda: asked(ANY_EMPLOYEE).where(Decision.committee_id == bindparam("committee_id", type_=BigInt)),
    remembered=10,  # by committee and whose committees the viewer is inside
)


def circles_of_committee(db: Session, viewer: Viewer, committee_id: int, page: int = 0) -> Page:
    """What became of a committee's decisions, the gaps first, the newest first among those that stand alike. All are
    looked at, as where one stands decides its page."""
    if not viewer.is_employee:
        return Page({}, Counter(), more=False)
    rows = OF_COMMITTEE(db, committee_id=committee_id, inside=frozenset(viewer.inside))
    known = known_of(db, rows)
    places = {where: -place for place, where in enumerate(Standing)}
    found = sorted(
        ((row, Standing.OVER if row.state in OVER else where) for row, where in standings(rows, known)),
        key=lambda one: (places[one[1]], one[0].published_at, one[0].id),
        reverse=True,
    )
    shown = found[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    ids = [row.id for row, _ in shown]
    words, circles = words_of(db, ids), put_together(CIRCLES(db, ids=frozenset(ids)), known) if ids else {}
    groups: dict[Standing, list[tuple[Any, Circle]]] = {one: [] for one in Standing}
    for row, where in shown:
        groups[where].append((words[row.id], circles[row.id]))
    return Page(groups, Counter(where for _, where in found), len(found) > (page + 1) * ON_A_PAGE)


def words_of(db: Session, ids: Sequence[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    """What is shown of decisions the caller may show."""
    rows = db.execute(
        select(
            Decision.id, Decision.text, Decision.hoped_effect, Decision.perspective, Decision.review, Decision.year,
            Decision.number, Decision.is_open, Decision.published_at, Decision.state,
        )
        .where(Decision.id.in_(ids))
    ).all()  # fmt: skip
    return {row.id: row for row in rows}


# --- the balance ------------------------------------------------------------------------------------------------------


class WhatIsKnown(NamedTuple):
    counts: dict[Perspective | None, Counter[Standing]]
    findings: list[Finding]  # that they rest on


def what_is_known(
    db: Session, viewer: Viewer, *, committee_id: int | None, level: Level | None, year: int | None
) -> WhatIsKnown:
    """How the circles of published decisions with an activity stand, by the perspective each was made for."""
    linked = every_link().subquery()
    question = asked(viewer).where(Decision.id.in_(select(linked.c.decision_id)))
    if committee_id is not None:
        question = question.where(Decision.committee_id == committee_id)
    if level is not None:
        question = question.where(Decision.committee_id.in_(select(Committee.id).where(Committee.level == level)))
    if year is not None:
        question = question.where(Decision.year == year)
    rows = db.execute(question).all()
    known = known_of(db, rows)
    counts: dict[Perspective | None, Counter[Standing]] = defaultdict(Counter)
    for row, where in standings(rows, known):
        counts[row.perspective][where] += 1
    return WhatIsKnown(counts, [one for its in known.values() for one in its])
