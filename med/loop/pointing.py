"""What a point that raises itself says: a question, and what the committee needs to answer it. Danish only."""

from collections.abc import Collection
from textwrap import shorten
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from med.competence_compass.activity_words import size
from med.competence_compass.models import Aim, Dimension, Hypothesis
from med.decisions.fragments import heading
from med.decisions.models import Decision
from med.decisions.queries.single import label_of
from med.loop import queries
from med.loop.circles import Circle, Finding, Link
from med.loop.models import Cause
from med.loop.sentences import measured, not_to_conclude, uncertainty
from med.organisation.models import Committee
from med.workdays import copenhagen, short_date

LONGEST_TITLE = 140
BEFORE = " Beregningen bygger på deltagelser fra før beslutningen."


class Words(NamedTuple):
    title: str
    why: str


def words(db: Session, decision: Decision, causes: Collection[Cause]) -> Words:
    """The point's title and its reasons. Of a closed decision the title names nothing but the number."""
    committee = db.get_one(Committee, decision.committee_id)
    name = (
        f"{committee.short_name or committee.name} {label_of(decision.year, decision.number, is_open=decision.is_open)}"
    )
    circle = queries.circle(db, decision.id)
    return Words(title(decision, name, causes), why(db, decision, name, causes, circle))


def title(decision: Decision, name: str, causes: Collection[Cause]) -> str:
    if not decision.is_open:
        return f"Hvad gør vi nu med beslutning {name}?"
    if len(causes) > 1:
        asks = "Hvordan gik det, og hvad siger beregningen nu?"
    else:
        asks = "Hvordan gik det?" if Cause.REVIEW_DATE in causes else "Beregningen siger noget nyt. Hvad gør vi?"
    said = heading(decision.text)
    room = LONGEST_TITLE - len(asks) - 2
    return f"{shorten(said, room, placeholder=' …')}: {asks[0].lower()}{asks[1:]}"


def why(db: Session, decision: Decision, name: str, causes: Collection[Cause], circle: Circle) -> str:
    """Paragraphs of Markdown: question, decision, hope, hypothesis, analysis, uncertainty, what not to conclude."""
    asked = []
    if Cause.REVIEW_DATE in causes and decision.review is not None:
        asked.append(f"Udvalget ville se på beslutningen igen {short_date(decision.review)}.")
    if Cause.VERDICT_CHANGED in causes:
        asked.append("Den seneste beregning siger noget, vi ikke vidste før.")
    if Cause.REVIEW_DATE in causes:
        asked.append("Virker den, som vi håbede?" if len(causes) == 1 else "Virker beslutningen, som vi håbede?")
    committee = decision.committee
    if committee.is_over and committee.heir is not None:
        asked.insert(0, f"{committee.name} er nedlagt, og beslutningen ligger nu hos jer.")
    parts = [" ".join(asked) + " Skal vi fortsætte, ændre noget eller stoppe?"]
    parts.append(f"**Beslutningen.** {name}: Vi har besluttet, at {decision.text}")
    if decision.hoped_effect:
        parts.append(f"**Det håbede vi, borgerne ville mærke.** {decision.hoped_effect}")
    if not circle.links:
        parts.append(
            "**Beregningen.** Ingen aktivitet i kompasset hører til beslutningen, så der er ingen beregning. "
            "Fortæl på mødet, hvad I selv har set."
        )
    for link in circle.once:
        parts += about_activity(db, link)
    if any(link.findings for link in circle.links):
        parts.append(
            "Beregningen gælder aktiviteten som helhed. Den siger intet om en enkelt borger, og den afgør ikke sagen "
            "alene: det gør udvalget."
        )
    return "\n\n".join(parts)


def about_activity(db: Session, link: Link) -> list[str]:
    parts = [f"**Aktiviteten.** {link.title}"]
    hypotheses = db.scalars(
        select(Hypothesis)
        .where(Hypothesis.activity_id == link.activity_id, Hypothesis.is_exploratory.is_(False))
        .options(joinedload(Hypothesis.dimension).joinedload(Dimension.area))
        .order_by(Hypothesis.id)
    ).all()
    about = [one for one in hypotheses if link.dimensions is None or one.dimension_id in link.dimensions]
    if about:
        parts.append("**Hypotesen.** " + " ".join(hypothesis(one) for one in about))
    else:
        parts.append("**Hypotesen.** Der er ikke skrevet, hvad aktiviteten skal udvikle.")
    if not link.findings:
        parts.append("**Beregningen.** Aktiviteten er endnu ikke målt.")
    for one in link.findings:
        parts.append(f"**Beregningen{day_of(one)}.** {measured(one)}{resting_on(one)}{BEFORE * one.is_before}")
        if (doubt := uncertainty(one)) is not None:
            parts.append(f"**Usikkerheden.** {doubt}")
        parts.append(f"**Det kan man ikke konkludere.** {not_to_conclude(one)}")
    return parts


def hypothesis(one: Hypothesis) -> str:
    verb = "Udvikle" if one.aim is Aim.DEVELOP else "Fastholde"
    expected = str(size(one.expected_d)).lower()
    return f"{verb} “{one.dimension.title}” ({one.dimension.area.title}); ventet virkning: {expected}."


def day_of(one: Finding) -> str:
    return f" ({short_date(copenhagen(one.done_at).date())})" if one.done_at is not None else ""


def resting_on(one: Finding) -> str:
    return f" Bygger på omkring {one.n} borgere, der er målt før og efter." if one.n else ""
