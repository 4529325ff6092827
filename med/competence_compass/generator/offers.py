"""Activities with their queues and runs: what is offered, who waits, who gets a place, how much of it they attend."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from med.competence_compass.exchange.rows import (
    ActivityRow,
    ExamRow,
    Folder,
    HypothesisRow,
    ParticipationRow,
    WaitingRow,
)
from med.competence_compass.generator.centre import QUARTER, Centre
from med.competence_compass.generator.world import words
from med.competence_compass.models import ActivityKind, EndReason, WaitingOutcome, WaitingReason

if TYPE_CHECKING:
    from med.competence_compass.generator.lives import Life

SESSIONS_A_QUARTER = 12
STRIDE = 9  # through the list of titles, so that a few activities are of several kinds
PATIENCE = 10  # quarters, before a waiting citizen withdraws


@dataclass
class Place:
    """A citizen's part in a run: until when it lasts, and how many of the planned sessions they attend by then."""

    offer: Offer
    run: int
    start: date
    until: date
    attended: int
    end_reason: EndReason = EndReason.COMPLETED

    def goes_on(self, day: date) -> bool:
        return self.start <= day <= self.until

    def share(self, day: date) -> float:
        """Of its time, how much has passed."""
        return min(1.0, max(0.0, (day - self.start).days / max(1, (self.until - self.start).days)))

    def dose(self, day: date, fading: float) -> float:
        """Attended so far of what was planned; what fades, fades from the end."""
        dose = self.share(day) * self.attended / self.offer.sessions
        if fading and day > self.until:
            dose *= (1 - fading) ** ((day - self.until).days / QUARTER)
        return dose


@dataclass
class Waiting:
    life: Life
    queued: date
    score: float  # what was observed when they were referred
    rising: float
    left: date | None = None
    outcome: WaitingOutcome = WaitingOutcome.WAITING


@dataclass
class Offer:
    """An activity, and the truth about it."""

    code: str
    title: str
    kind: ActivityKind
    unit: str
    sessions: int
    capacity: int
    has_exam: bool
    why: str
    aims: list[int]
    expected: dict[int, float]
    codes: list[str]
    opens: int  # quarter
    every: int  # quarters between its runs
    day: int  # of the quarter, on which runs begin
    reason: WaitingReason
    truth: dict[int, float] = field(default_factory=dict)
    effects: list[tuple[int, float]] = field(default_factory=list)  # the truths that are not zero
    waiting: dict[str, Waiting] = field(default_factory=dict)
    waited: list[Waiting] = field(default_factory=list)
    taken: list[tuple[str, Place]] = field(default_factory=list)
    exams: dict[str, tuple[bool, str]] = field(default_factory=dict)
    runs: int = 0

    @property
    def quarters(self) -> int:
        return min(4, max(1, round(self.sessions / SESSIONS_A_QUARTER)))

    def queue(self, life: Life, day: date, score: float, rising: float) -> None:
        self.waiting[life.code] = Waiting(life, day, score, rising)

    def leave(self, entry: Waiting, day: date, outcome: WaitingOutcome) -> None:
        entry.left, entry.outcome = max(day, entry.queued), outcome
        self.waited.append(self.waiting.pop(entry.life.code))

    def write(self, folder: Folder, centre: Centre) -> None:
        last = centre.last_day
        folder.activities.append(
            ActivityRow(self.code, self.title, self.kind, self.sessions, self.unit, self.capacity, self.has_exam)
        )
        first = min((place.start for _, place in self.taken), default=last)
        folder.hypotheses += [
            HypothesisRow(self.code, self.codes[at], self.expected[at], first - timedelta(days=30), rationale=self.why)
            for at in self.aims
        ]
        for citizen, place in self.taken:
            ended = place.until <= last
            attended = place.attended if ended else int(place.attended * place.share(last))
            folder.participations.append(
                ParticipationRow(
                    self.code,
                    citizen,
                    place.start,
                    place.until if ended else None,
                    self.sessions,
                    attended,
                    place.run,
                    place.end_reason if ended else None,
                )
            )
            if ended and citizen in self.exams:
                folder.exams.append(ExamRow(self.code, citizen, place.until, *self.exams[citizen]))
        folder.waiting += [
            WaitingRow(self.code, entry.life.code, entry.queued, entry.left, self.reason, entry.outcome)
            for entry in [*self.waited, *self.waiting.values()]
            if entry.queued <= last
        ]


def make_offers(centre: Centre, chance: Random, codes: list[str]) -> list[Offer]:
    """The centre's activities with their true effects: exactly the given share of all pairs is zero."""
    titles = words("activities.toml")["activity"]
    offers = [_offer(centre, number, titles, chance, codes) for number in range(centre.activities)]
    pairs = [(offer, at) for offer in offers for at in offer.aims]
    chance.shuffle(pairs)
    zeros = round(len(pairs) * centre.zero_share)
    for number, (offer, at) in enumerate(pairs):
        offer.truth[at] = 0.0 if number < zeros else chance.choice(centre.effects)
    for offer in offers:
        offer.effects = [(at, d) for at, d in sorted(offer.truth.items()) if d]
    return offers


def _offer(centre: Centre, number: int, titles: list[dict[str, Any]], chance: Random, codes: list[str]) -> Offer:
    told = titles[number * STRIDE % len(titles)]
    again = number // len(titles)
    aims = [codes.index(code) for code in told["aims"] if code in codes]
    if not aims or again:
        aims = chance.sample(range(len(codes)), min(len(codes), chance.choice((1, 2, 2, 3))))
    return Offer(
        code=told["code"] + (str(again + 1) if again else ""),
        title=told["title"] + (f" ({again + 1})" if again else ""),
        kind=ActivityKind(told["kind"]),
        unit=told["unit"],
        sessions=told["sessions"],
        capacity=chance.randrange(*centre.places),
        has_exam=told.get("exam", False),
        why=told["why"],
        aims=aims,
        expected={at: chance.choice((0.3, 0.3, 0.5)) for at in aims},
        codes=codes,
        opens=chance.randrange(0, 4),
        every=chance.choice((1, 2, 2)),
        day=chance.randrange(10, 70),
        reason=chance.choices((WaitingReason.ORDER, WaitingReason.NEED, WaitingReason.RANDOM), (55, 30, 15))[0],
    )


def start_runs(centre: Centre, chance: Random, offers: list[Offer], quarter: int) -> None:
    """Each activity whose turn it is takes in as many as there is room for; some who waited have gone."""
    for offer in offers:
        start = centre.first_day + timedelta(days=quarter * QUARTER + offer.day)
        start -= timedelta(days=start.weekday())  # a Monday
        if start > centre.last_day:
            continue
        for entry in list(offer.waiting.values()):
            left = entry.life.left
            if left is not None and left <= start:
                offer.leave(entry, left, WaitingOutcome.WITHDRAWN)
            elif chance.random() < 0.03 or start - entry.queued > timedelta(days=PATIENCE * QUARTER):
                offer.leave(entry, start, WaitingOutcome.WITHDRAWN)
        if quarter <= offer.opens or (quarter - offer.opens) % offer.every:
            continue
        ready = [entry for entry in offer.waiting.values() if entry.queued < start]
        chosen = _in_turn(offer, ready, chance, centre)[: offer.capacity]
        if not chosen:
            continue
        offer.runs += 1
        for entry in chosen:
            offer.leave(entry, start, WaitingOutcome.STARTED)
            place = _take_part(offer, entry.life, start, chance)
            entry.life.places.append(place)
            offer.taken.append((entry.life.code, place))


def _in_turn(offer: Offer, ready: list[Waiting], chance: Random, centre: Centre) -> list[Waiting]:
    if centre.selection_on_growth and chance.random() < centre.selection_on_growth:
        return sorted(ready, key=lambda entry: -entry.rising)
    if offer.reason is WaitingReason.NEED:
        return sorted(ready, key=lambda entry: (entry.score, entry.queued, entry.life.code))
    if offer.reason is WaitingReason.RANDOM:
        chance.shuffle(ready)
        return ready
    return sorted(ready, key=lambda entry: (entry.queued, entry.life.code))


def _take_part(offer: Offer, life: Life, start: date, chance: Random) -> Place:
    until = start + timedelta(days=offer.quarters * QUARTER - 3)
    come = chance.betavariate(8, 1.6)
    stays = 1.0 if chance.random() >= 0.1 else chance.uniform(0.2, 0.7)
    until = start + timedelta(days=int((until - start).days * stays))
    if life.left is not None and life.left < until:
        stays *= max(0.0, (life.left - start).days / max(1, (until - start).days))
        until = max(start, life.left)
    attended = int(offer.sessions * come * stays)
    if offer.has_exam and attended >= 0.6 * offer.sessions:
        offer.exams[life.code] = (chance.random() < 0.8, chance.choice(("", "Trin 1", "Trin 2")))
    reason = EndReason.COMPLETED if stays == 1.0 else EndReason.STOPPED
    return Place(offer, offer.runs, start, until, attended, reason)
