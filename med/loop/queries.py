"""Questions about circles. All are asked for many decisions at once; none of them reads a citizen, but for the day that
med/loop/since.py asks once a run."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    CompoundSelect,
    Row,
    Select,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass import disclosure
from med.competence_compass.access import visible_activities
from med.competence_compass.models import (
    Activity,
    ActivityKind,
    ActivityState,
    Dimension,
    EffectEstimate,
    EffectRun,
    Hypothesis,
    RunState,
    ToldAs,
    ToldEstimate,
)
from med.competence_compass.publishing import told_now
from med.db import UtcDateTime
from med.decisions.access import visible_decisions
from med.decisions.models import Decision
from med.errors import NotFound
from med.loop.circles import Circle, Finding, Link, finding, seen_since
from med.loop.models import DecisionLink, LinkKind
from med.loop.since import Pair, late_among, since_of, tenths, with_as_of
from med.organisation.models import Committee, Person
from med.prepared import Prepared

WHOLE = cast(null(), Hypothesis.dimension_id.type)  # a link to an activity with all it is meant for


# --- links and what is known ------------------------------------------------------------------------------------------


def every_link() -> CompoundSelect[*tuple[Any, ...]]:
    """Links made on decisions' pages, and those said on the activity's own: there a decision began it, or one of its
    hypotheses was written after it, and then the link is to that dimension alone.
    (decision_id, activity_id, kind, id, run_id, judgement, made_at, made_by_id, dimension_id)"""
    made = select(
        DecisionLink.decision_id, DecisionLink.activity_id, DecisionLink.kind, DecisionLink.id, DecisionLink.run_id,
        DecisionLink.judgement, DecisionLink.made_at, DecisionLink.made_by_id, WHOLE.label("dimension_id"),
    )  # fmt: skip

    def said(table: Any, activity: Any, kind: LinkKind, dimension: Any) -> Select[*tuple[Any, ...]]:
        return select(
            table.decision_id, activity, literal_column(f"'{kind.value}'").label("kind"), null().label("id"),
            null().label("run_id"), literal_column("''").label("judgement"),
            literal(None, UtcDateTime()).label("made_at"), null().label("made_by_id"), dimension,
        ).where(table.decision_id.is_not(None))  # fmt: skip

    return union_all(
        made,
        said(Activity, Activity.id.label("activity_id"), LinkKind.STARTS, WHOLE.label("dimension_id")),
        said(Hypothesis, Hypothesis.activity_id, LinkKind.CHANGES, Hypothesis.dimension_id),
    )


def asked_circles() -> Select[*tuple[Any, ...]]:
    """Put together once: every page of the feed asks it."""
    link = every_link().subquery("link")
    return (
        select(
            Decision.id,
            (func.length(Decision.hoped_effect) > 0).label("hopes"),
            link.c.kind,
            link.c.id.label("link_id"),
            link.c.run_id,
            link.c.judgement,
            link.c.made_at,
            Person.name.label("made_by"),
            link.c.dimension_id,
            Activity.id.label("activity_id"),
            Activity.title,
            Activity.state,
            Activity.frozen_at,
            Decision.decided_at,
        )
        .outerjoin(link, link.c.decision_id == Decision.id)
        .outerjoin(Activity, Activity.id == link.c.activity_id)
        .outerjoin(Person, Person.id == link.c.made_by_id)
        .where(Decision.id.in_(bindparam("ids", expanding=True)))
        .order_by(Decision.id, link.c.id)
    )


def _with_a_circle() -> Select[Any]:
    said = [table.decision_id for table in (DecisionLink, Activity, Hypothesis)]
    return select(Decision.id).where(
        Decision.id.in_(bindparam("ids", expanding=True)),
        or_(Decision.hoped_effect != "", *(exists().where(said_by == Decision.id) for said_by in said)),
    )


WITH_A_CIRCLE = Prepared(_with_a_circle, remembered=200)


def with_a_circle(db: Session, decision_ids: Collection[int]) -> list[int]:
    """Those that hope for an effect or have an activity."""
    return [id for (id,) in WITH_A_CIRCLE(db, ids=frozenset(decision_ids))] if decision_ids else []


def every_told() -> Select[*tuple[Any, ...]]:
    """All that was ever told of activities, one row an estimate."""
    return (
        select(
            EffectEstimate.id,
            EffectEstimate.activity_id,
            EffectEstimate.run_id,
            EffectRun.version_id,
            EffectRun.done_at,
            EffectEstimate.dimension_id,
            Dimension.title,
            EffectEstimate.verdict,
            EffectEstimate.reason,
            EffectEstimate.n,
            EffectEstimate.waiting_n,
            EffectEstimate.ci_low,
            EffectEstimate.ci_high,
            EffectEstimate.detectable,
            ToldEstimate.told_as,
        )
        .join(ToldEstimate, ToldEstimate.estimate_id == EffectEstimate.id)
        .join(EffectRun, EffectRun.id == EffectEstimate.run_id)
        .join(Dimension, Dimension.id == EffectEstimate.dimension_id)
    )


def asked_findings() -> Select[*tuple[Any, ...]]:
    newest = told_now().where(ToldEstimate.activity_id.in_(bindparam("ids", expanding=True)))
    return with_as_of(every_told()).where(ToldEstimate.id.in_(newest)).order_by(EffectEstimate.dimension_id)


CIRCLES = Prepared(asked_circles, remembered=200)
FINDINGS = Prepared(asked_findings, remembered=200)


def findings_of(
    db: Session, activity_ids: Collection[int], late: Collection[int] = ()
) -> dict[int, tuple[Finding, ...]]:
    """What is told of each activity, after disclosure control: of the newest instrument version it is measured with.
    `late`: those that had begun before a decision about them; of these also from when on ten of those it rests on
    began."""
    if not activity_ids:
        return {}
    found: dict[int, dict[int, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    rows = FINDINGS(db, ids=frozenset(activity_ids))
    began = tenths(db, [row for row in rows if row.activity_id in late])
    for row in rows:
        tenth = began.get(Pair(row.as_of, row.activity_id, row.dimension_id))
        found[row.activity_id][row.version_id].append(as_finding(row, tenth))
    return {activity_id: tuple(versions[max(versions)]) for activity_id, versions in found.items()}


@lru_cache(maxsize=4096)  # a committee's page looks at hundreds, and they stay the same from run to run
def as_finding(row: Any, tenth: date | None = None) -> Finding:
    return finding(
        row.title,
        row.verdict,
        run_id=row.run_id,
        done_at=row.done_at,
        n=row.n,
        low=row.ci_low,
        high=row.ci_high,
        detectable=row.detectable,
        reason=disclosure.told_reason(row.reason, row.n, row.waiting_n),
        dimension_id=row.dimension_id,
        in_words=getattr(row, "told_as", None) is ToldAs.WORDS,
        tenth=tenth,
    )


def circles(db: Session, decision_ids: Collection[int]) -> dict[int, Circle]:
    """The circles of decisions the caller may show, in two questions however many they are."""
    if not decision_ids:
        return {}
    rows = CIRCLES(db, ids=frozenset(decision_ids))
    linked = [row for row in rows if row.activity_id is not None]
    return put_together(rows, findings_of(db, {row.activity_id for row in linked}, late_among(linked)))


def put_together(rows: Iterable[Any], known: dict[int, tuple[Finding, ...]]) -> dict[int, Circle]:
    found = {}
    for decision_id, its in groupby(rows, key=lambda row: row.id):
        of_it = list(its)
        links = (
            Link(
                LinkKind(row.kind),
                row.activity_id,
                row.title,
                row.state,
                seen_since(among(known.get(row.activity_id, ()), dimensions), since_of(row)),
                row.link_id,
                row.run_id,
                row.judgement or "",
                row.made_at,
                row.made_by,
                dimensions,
            )
            for row, dimensions in links_among(of_it)
        )
        found[decision_id] = Circle(decision_id, bool(of_it[0].hopes), tuple(links))
    return found


def links_among(rows: Sequence[Any]) -> Iterator[tuple[Any, frozenset[int] | None]]:
    """The links that one decision's rows of `every_link` come to, the oldest first, each with the dimensions it is
    about (None: all of the activity's). What stands on the activity adds nothing where the decision says so itself."""
    made = sorted((row for row in rows if row.link_id is not None), key=lambda row: row.link_id)
    yield from ((row, None) for row in made)
    said: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        if row.activity_id is not None and all(one.activity_id != row.activity_id for one in made):
            said[row.activity_id].append(row)
    for its in said.values():
        begun = next((row for row in its if row.dimension_id is None), None)
        yield (its[0], frozenset(row.dimension_id for row in its)) if begun is None else (begun, None)


def among(findings: Sequence[Finding], dimensions: frozenset[int] | None) -> tuple[Finding, ...]:
    return tuple(one for one in findings if dimensions is None or one.dimension_id in dimensions)


def circle(db: Session, decision_id: int) -> Circle:
    return circles(db, [decision_id])[decision_id]


def link_of(db: Session, decision_id: int, link_id: int) -> DecisionLink:
    """A link of a decision the caller may show, or NotFound."""
    found = db.scalar(select(DecisionLink).where(DecisionLink.id == link_id, DecisionLink.decision_id == decision_id))
    if found is None:
        raise NotFound
    return found


def activity_choices(db: Session, viewer: Viewer) -> list[tuple[int, str]]:
    """Activities to link to, those that have not ended first: (id, "Title (A12)")."""
    rows = db.execute(
        select(Activity.id, Activity.title, Activity.code)
        .where(visible_activities(viewer))
        .order_by(case((Activity.state == ActivityState.ENDED, 1), else_=0), Activity.title)
        .limit(600)
    )
    return [(row.id, f"{row.title} ({row.code})") for row in rows]


def activity(db: Session, viewer: Viewer, activity_id: int) -> Activity | None:
    """Its row is held until the transaction ends."""
    return db.scalar(select(Activity).where(Activity.id == activity_id, visible_activities(viewer)).with_for_update())


def latest_run_about(db: Session, activity_id: int) -> int | None:
    """The newest run that says anything about an activity."""
    return db.scalar(
        select(func.max(EffectRun.id))
        .join(EffectEstimate, EffectEstimate.run_id == EffectRun.id)
        .where(EffectEstimate.activity_id == activity_id, EffectRun.state == RunState.DONE)
    )


def decisions_about(db: Session, viewer: Viewer, activity_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """Decisions that link to an activity, as far as the viewer may read them: (id, text, year, number, …, kind)."""
    return db.execute(
        select(
            Decision.id, Decision.text, Decision.year, Decision.number, Decision.is_open, Decision.perspective,
            func.coalesce(func.nullif(Committee.short_name, ""), Committee.name).label("committee"), DecisionLink.kind,
        )
        .join(DecisionLink, DecisionLink.decision_id == Decision.id)
        .join(Committee, Committee.id == Decision.committee_id)
        .where(DecisionLink.activity_id == activity_id, visible_decisions(viewer), Decision.published_at.is_not(None))
        .order_by(DecisionLink.id)
        .limit(50)
    ).all()  # fmt: skip


# --- what is known of similar activities ------------------------------------------------------------------------------


class Similar(NamedTuple):
    id: int
    title: str
    state: ActivityState
    findings: tuple[Finding, ...]


def similar(db: Session, viewer: Viewer, about: Activity, limit: int = 8) -> list[Similar]:
    """Other activities meant for the same area of competence, else of the same kind; the ones measured first."""
    meant_for = db.scalars(select(Hypothesis.dimension_id).where(Hypothesis.activity_id == about.id)).all()
    return alike(db, viewer, meant_for, about.kind, but=about.id, limit=limit)


def alike(
    db: Session, viewer: Viewer, meant_for: Collection[int], kind: ActivityKind | None, *, but: int = 0, limit: int = 8
) -> list[Similar]:
    """Activities meant for the area of one of these dimensions; without dimensions those of the kind."""
    same_area = (
        select(Hypothesis.activity_id)
        .join(Dimension, Dimension.id == Hypothesis.dimension_id)
        .where(Dimension.area_id.in_(select(Dimension.area_id).where(Dimension.id.in_(meant_for))))
    )
    rows = db.execute(
        select(Activity.id, Activity.title, Activity.state)
        .where(
            visible_activities(viewer),
            Activity.id != but,
            Activity.id.in_(same_area) if meant_for else Activity.kind == kind,
        )
        .order_by(Activity.title)
        .limit(100)
    ).all()
    known = findings_of(db, {row.id for row in rows})
    found = [Similar(row.id, row.title, row.state, known.get(row.id, ())) for row in rows]
    return sorted(found, key=lambda one: not any(f.n for f in one.findings))[:limit]
