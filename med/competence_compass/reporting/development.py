"""The development plan: what is known of effects for citizens, by area and activity. Sums only."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med.access import Viewer
from med.competence_compass import effect_words
from med.competence_compass.models import Activity, Hypothesis
from med.competence_compass.queries.activities import decisions_seen
from med.competence_compass.queries.effect_sums import Circumstances, circumstances
from med.competence_compass.queries.effects import Finding, findings
from med.language import T, Text
from med.organisation.models import Unit
from med.workdays import short_date

Decisions = dict[int, list[tuple[int, str]]]  # activity -> (decision, what to call it)
# What a higher slice knows of decisions about activities: (db, viewer, activity ids) -> Decisions
MORE_DECISIONS: list[Callable[[Session, Viewer, Collection[int]], Decisions]] = []
AIMS = {False: T("Udvikle"), True: T("Fastholde")}


def lines(
    db: Session, viewer: Viewer, version_id: int, units: Collection[int] | None = None
) -> list[tuple[Finding, dict[str, Any]]]:
    """Each finding the viewer may see, with what the report's fields say of it."""
    found = findings(db, viewer, version_id, units=units)
    decisions = decisions_of(db, viewer, {one.activity_id for one in found})
    names: dict[int, str] = dict(
        db.execute(select(Unit.id, Unit.name).where(Unit.id.in_({one.unit_id for one in found}))).all()
    )
    around = circumstances(db)
    return [
        (one, _line(one, names[one.unit_id], [label for _, label in decisions[one.activity_id]], around))
        for one in found
    ]


def _line(one: Finding, unit: str, decisions: Sequence[str], around: Circumstances) -> dict[str, Any]:
    return {
        "area": one.area,
        "dimension": one.dimension,
        "activity": one.activity,
        "unit": unit,
        "aim": str(AIMS[one.is_maintain]),
        "verdict": str(effect_words.verdict(one)[0]),
        "n": one.n,
        "size": one.size,
        "low": one.low,
        "high": one.high,
        "detectable": one.detectable,
        "why": effect_words.explained(one, around),
        "decisions": "; ".join(decisions),
        "run": one.run_id,
        "told_on": one.told_on,
    }


def decisions_of(db: Session, viewer: Viewer, activity_ids: Collection[int]) -> Decisions:
    """The decisions that began an activity, gave it a hypothesis, or are about it; those the viewer may read."""
    pairs = {
        *db.execute(select(Activity.id, Activity.decision_id).where(Activity.id.in_(activity_ids))).all(),
        *db.execute(
            select(Hypothesis.activity_id, Hypothesis.decision_id).where(Hypothesis.activity_id.in_(activity_ids))
        ).all(),
    }
    seen = decisions_seen(db, viewer, {decision for _, decision in pairs})
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for activity, decision in sorted(pairs, key=str):
        if decision in seen:
            found[activity][decision] = seen[decision]
    for ask in MORE_DECISIONS:
        for activity, more in ask(db, viewer, activity_ids).items():
            found[activity] = dict(more) | found[activity]
    return defaultdict(list, {activity: sorted(named.items()) for activity, named in found.items()})


# --- as text ----------------------------------------------------------------------------------------------------------


def as_text(rows: Sequence[tuple[Finding, dict[str, Any]]], title: str) -> str:
    """To paste into the plan: a heading, a paragraph for each activity under its area, and what not to conclude."""
    said: list[str] = [str(T("Hvad gør vores aktiviteter for borgerne? %(where)s", where=title))]
    area = ""
    for found, line in rows:
        if line["area"] != area:
            area = line["area"]
            said.append(area.upper())
        said.append(paragraph(found, line))
    if not rows:
        said.append(str(T("Ingen beregning siger noget om aktiviteterne endnu.")))
    said.append(" ".join(str(one) for one in NOT_TO_CONCLUDE))
    return "\n\n".join(said)


NOT_TO_CONCLUDE = (
    T("Tallene tyder på noget; de beviser ikke, at aktiviteten er årsagen, og de siger intet om den enkelte borger."),
    T("»Uafklaret« og »for få data« betyder ikke, at aktiviteten ikke virker, men at vi ikke kan se det endnu."),
    T("Aktiviteterne kan ikke stilles op efter, hvem der er bedst: borgerne og målene er forskellige."),
    T(
        "Den, der ved, at en borger har deltaget, ser ofte lidt mere fremgang. Det kan ingen beregning tage højde for. "
        "Se derfor også på prøverne og på borgernes egen vurdering, der står på aktivitetens side."
    ),
)


def paragraph(found: Finding, line: dict[str, Any]) -> str:
    said: list[Text | str] = [
        T(
            "%(activity)s – %(dimension)s: %(verdict)s.",
            activity=line["activity"],
            dimension=line["dimension"],
            verdict=line["verdict"],
        )
    ]
    if line["why"]:
        said.append(line["why"])
    if found.n is not None:
        said.append(T("Bygger på omkring %(n)s deltagere.", n=found.n))
    if found.low is not None and found.high is not None:
        said.append(
            T(
                "Usikkerheden går fra %(low)s til %(high)s, hvor 0,2 er lille, 0,5 mellemstor og 0,8 stor.",
                low=effect_words.sized(found.low),
                high=effect_words.sized(found.high),
            )
        )
    if line["decisions"]:
        said.append(T("Besluttet i: %(decisions)s.", decisions=line["decisions"].rstrip(".…")))
    if found.told_on is not None:
        said.append(T("(Beregning %(run)s, %(day)s.)", run=found.run_id, day=short_date(found.told_on)))
    return " ".join(str(one) for one in said)
