"""Four years at the centre, quarter by quarter: who comes, what is seen, who is referred, waits, takes part, leaves.

What a citizen can do on a day is a level of their own (person, area, dimension) + own development + mood (AR(1), half
of it shared by all dimensions) + what moved everyone that quarter + the true effects of what they attended so far.
What is written down adds the assessor's strictness and noise, and is cut to the scale's whole numbers.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from med.competence_compass.exchange.rows import Answer, AssessmentRow, CitizenRow, Folder, GoalRow, dimensions_of
from med.competence_compass.generator.centre import QUARTER, Centre
from med.competence_compass.generator.offers import Offer, Place, make_offers, start_runs
from med.competence_compass.generator.world import World, example_instrument, words
from med.competence_compass.models import AssessmentKind, AssessmentPurpose, GoalType, NoScore

UNITS = ("vaerkstederne", "aktivitet", "specialterapi", "ungesporet")
SHARES = (40, 25, 15, 20)
TOGETHER = 2  # as many activities a citizen has or waits for at once
SELF_BIAS = 0.2


@dataclass
class Life:
    """One citizen, as nobody but the generator knows them."""

    code: str
    unit: str
    entered: date
    left: date | None
    person: float
    levels: list[float]
    slopes: list[float]
    self_bias: float
    assessor: int
    offset: int  # day of the quarter
    mood: list[float] = field(default_factory=list)
    shared_mood: float = 0.0
    places: list[Place] = field(default_factory=list)
    known: set[str] = field(default_factory=set)  # activities waited for or begun
    seen: list[float] = field(default_factory=list)  # last observed by staff
    first_seen: bool = False
    days: set[date] = field(default_factory=set)  # on which stock was taken

    def here(self, day: date) -> bool:
        return self.entered <= day and (self.left is None or day <= self.left)


def make_world(centre: Centre, instrument: dict[str, Any] | None = None) -> World:
    """Live through the centre's quarters. `instrument` is a folder's; without one, the shipped example."""
    instrument = example_instrument() if instrument is None else instrument
    return _Making(centre, instrument).live()


class _Making:
    def __init__(self, centre: Centre, instrument: dict[str, Any]) -> None:
        self.centre = centre
        self.chance = Random(centre.seed)
        self.codes = dimensions_of(instrument)
        self.low, self.high = instrument["scale"]["min"], instrument["scale"]["max"]
        self.area_of = [number for number, area in enumerate(instrument["areas"]) for _ in area["dimensions"]]
        self.folder = Folder(instrument)
        self.offers = make_offers(centre, self.chance, self.codes)
        self.strictness = [self.chance.gauss(0, centre.assessor_sd) for _ in range(centre.assessors)]
        self.shocks = [self.chance.gauss(0, centre.quarter_sd) + centre.trend * q for q in range(centre.quarters)]
        self.names: dict[str, str] = {}
        self.lives = list(self._arrive())

    def live(self) -> World:
        for quarter in range(self.centre.quarters):
            start_runs(self.centre, self.chance, self.offers, quarter)
            for life in self.lives:
                self._quarter(life, quarter)
        return self._written_down()

    def _arrive(self) -> Iterator[Life]:
        centre, chance = self.centre, self.chance
        names = words("names.toml")
        taken: set[str] = set()
        for _ in range(centre.citizens):
            code = ""
            while not code or code in taken:
                number = "" if len(taken) < 4000 else str(chance.randrange(100, 1000))
                code = f"{chance.choice('ABCDEFGHJKLMNPRSTUVX')}{chance.randrange(2, 10)}{number}-"
                code += chance.choice(names["birds"])
            taken.add(code)
            self.names[code] = f"{chance.choice(names['first'])} {chance.choice(names['last'])}"
            first = centre.first_day
            if chance.random() < centre.from_start:
                begins, entered = 0, first - timedelta(days=chance.randrange(30, 6 * 365))
            else:
                begins = chance.randrange(1, max(2, centre.quarters - 2))
                entered = first + timedelta(days=begins * QUARTER + chance.randrange(QUARTER))
            left = None
            for quarter in range(begins + 4, centre.quarters):
                if chance.random() < centre.leaving:
                    left = first + timedelta(days=quarter * QUARTER + chance.randrange(QUARTER))
                    break
            person = chance.gauss(0, centre.person_sd)
            areas = [chance.gauss(0, centre.area_sd) for _ in range(self.area_of[-1] + 1)]
            yield Life(
                code,
                chance.choices(UNITS, SHARES)[0],
                entered,
                left,
                person,
                [centre.middle + person + areas[area] + chance.gauss(0, centre.dimension_sd) for area in self.area_of],
                [chance.gauss(0, centre.slope_sd) for _ in self.codes],
                chance.gauss(SELF_BIAS, 0.3),
                chance.randrange(centre.assessors),
                chance.randrange(QUARTER - 9),
                [chance.gauss(0, centre.mood_sd * math.sqrt(0.5)) for _ in self.codes],
                chance.gauss(0, centre.mood_sd * math.sqrt(0.5)),
            )

    def _quarter(self, life: Life, quarter: int) -> None:
        centre, chance = self.centre, self.chance
        self._mood(life)
        if chance.random() < centre.assessor_changes:
            life.assessor = chance.randrange(centre.assessors)
        begins = centre.first_day + timedelta(days=quarter * QUARTER)
        day = self._workday(begins + timedelta(days=life.offset + chance.randrange(7)))
        is_exit = life.left is not None and begins <= life.left < begins + timedelta(days=QUARTER)
        if is_exit and life.left is not None:
            day = self._workday(max(begins, life.left - timedelta(days=chance.randrange(3, 20))))
        if not life.here(day) or day in life.days or day > centre.last_day or chance.random() >= centre.assessed:
            return
        latent = self._latent(life, quarter, day)
        hoped = self._hoped(life, latent, day)
        answers = self._answers(hoped, self.strictness[life.assessor], centre.noise_sd)
        life.seen = self._means(answers, hoped)
        offer = None if is_exit else self._refer(life, quarter, day)
        if offer is not None:
            purpose = AssessmentPurpose.REFERRAL
        elif is_exit:
            purpose = AssessmentPurpose.EXIT
        else:
            purpose = AssessmentPurpose.ROUTINE if life.first_seen else AssessmentPurpose.BASELINE
        life.first_seen = True
        self._write(life, day, AssessmentKind.STAFF, life.assessor, purpose, answers)
        self._other_voices(life, day, purpose, latent, hoped)

    def _mood(self, life: Life) -> None:
        rho = self.centre.mood_rho
        fresh = self.centre.mood_sd * math.sqrt(0.5 * (1 - rho * rho))
        gauss = self.chance.gauss
        life.mood = [rho * mood + gauss(0, fresh) for mood in life.mood]
        life.shared_mood = rho * life.shared_mood + gauss(0, fresh)

    def _latent(self, life: Life, quarter: int, day: date) -> list[float]:
        """What the citizen can do that day, by dimension."""
        common = life.shared_mood + self.shocks[quarter]
        latent = [
            level + slope * quarter + mood + common
            for level, slope, mood in zip(life.levels, life.slopes, life.mood, strict=True)
        ]
        for place in life.places:
            dose = place.dose(day, self.centre.fading)
            for at, effect in place.offer.effects if dose else ():
                latent[at] += effect * self.centre.spread * dose
        return latent

    def _hoped(self, life: Life, latent: list[float], day: date) -> list[float]:
        """What staff see who know what the citizen takes part in, and what it is meant to do."""
        if not self.centre.expectancy:
            return latent
        aims = {at for place in life.places if place.start <= day for at in place.offer.aims}
        return [level + self.centre.expectancy * (at in aims) for at, level in enumerate(latent)]

    def _answers(self, latent: list[float], bias: float, noise: float, is_self: bool = False) -> list[Answer]:
        gauss, chance, low, high = self.chance.gauss, self.chance.random, self.low, self.high
        unanswered = self.centre.unanswered
        answers: list[Answer] = []
        for level in latent:
            if chance() < unanswered:
                reasons = (NoScore.DECLINED,) if is_self else (NoScore.NOT_OBSERVED, NoScore.NOT_ASSESSABLE)
                answers.append(self.chance.choice(reasons))
            else:
                answers.append(min(high, max(low, round(level + bias + gauss(0, noise)))))
        return answers

    def _means(self, answers: list[Answer], latent: list[float]) -> list[float]:
        return [
            float(answer) if isinstance(answer, int) else level for answer, level in zip(answers, latent, strict=True)
        ]

    def _other_voices(
        self, life: Life, day: date, purpose: AssessmentPurpose, latent: list[float], hoped: list[float]
    ) -> None:
        centre, chance = self.centre, self.chance
        if chance.random() < centre.self_rated:
            own = self._answers(latent, life.self_bias, centre.noise_sd * 1.3, is_self=True)
            self._write(life, day, AssessmentKind.SELF, None, purpose, own)
            if chance.random() < centre.joint / centre.self_rated:
                together = self._answers(latent, life.self_bias / 2, centre.noise_sd)
                self._write(life, day, AssessmentKind.JOINT, life.assessor, purpose, together)
        if chance.random() < centre.doubled:
            other = chance.randrange(centre.assessors)
            again = self._workday(day + timedelta(days=chance.randrange(1, 13)))
            if other != life.assessor and again not in life.days and again <= centre.last_day and life.here(again):
                answers = self._answers(hoped, self.strictness[other], centre.noise_sd)
                self._write(life, again, AssessmentKind.STAFF, other, AssessmentPurpose.DOUBLE, answers)

    def _refer(self, life: Life, quarter: int, day: date) -> Offer | None:
        """Staff see what the citizen needs most, by the scores, and ask for a place."""
        centre, chance = self.centre, self.chance
        open_now = sum(place.goes_on(day) for place in life.places) + sum(life.code in o.waiting for o in self.offers)
        offers = [offer for offer in self.offers if offer.opens <= quarter and offer.code not in life.known]
        if open_now >= TOGETHER or not offers:
            return None
        near = [offer for offer in offers if offer.unit == life.unit]
        if near and chance.random() < 0.6:
            offers = near
        offer, score = min(
            ((one, sum(life.seen[at] for at in one.aims) / len(one.aims)) for one in chance.choices(offers, k=2)),
            key=lambda pair: pair[1],
        )
        rising = sum(life.slopes[at] for at in offer.aims) / len(offer.aims)
        pull = -0.6 - centre.selection * (score - centre.middle) - centre.selection_on_need * life.person
        if centre.referral_on_growth:
            pull += centre.referral_on_growth * rising / centre.slope_sd
        if chance.random() >= centre.referring / (1 + math.exp(-pull)):
            return None
        life.known.add(offer.code)
        offer.queue(life, day + timedelta(days=chance.randrange(1, 8)), score, rising)
        return offer

    def _write(
        self,
        life: Life,
        day: date,
        kind: AssessmentKind,
        assessor: int | None,
        purpose: AssessmentPurpose,
        answers: list[Answer],
    ) -> None:
        life.days.add(day)
        by = "borger" if assessor is None else assessor_code(assessor)
        self.folder.assessments.append(AssessmentRow(life.code, day, kind, by, purpose, answers))

    def _workday(self, day: date) -> date:
        """Saturday's stock is taken on Friday, Sunday's on Monday."""
        return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))

    def _written_down(self) -> World:
        folder, chance = self.folder, self.chance
        folder.citizens = [CitizenRow(life.code, life.unit, life.entered, life.left) for life in self.lives]
        for offer in self.offers:
            offer.write(folder, self.centre)
        for life in self.lives:
            folder.goals += self._goals(life, chance)
        folder.sort()
        return World(
            folder,
            {(offer.code, self.codes[at]): d for offer in self.offers for at, d in offer.truth.items()},
            self.names,
            {life.code: assessor_code(life.assessor) for life in self.lives},
            {offer.code: offer.why for offer in self.offers},
        )

    def _goals(self, life: Life, chance: Random) -> Iterator[GoalRow]:
        if not life.seen:
            return
        last = self.centre.last_day
        weakest = sorted(range(len(self.codes)), key=lambda at: life.seen[at])[:6]
        begins = max(life.entered, self.centre.first_day)
        for at in chance.sample(weakest, chance.choice((1, 1, 2))):
            set_on = begins + timedelta(days=chance.randrange(max(1, (last - begins).days - 20)))
            due = set_on + timedelta(days=182)
            until = min(due, last)
            level = min(2, max(-2, round(chance.gauss(0.2, 1.0)))) if until - set_on > timedelta(90) else None
            kind = chance.choices(list(GoalType), (65, 25, 10))[0]
            yield GoalRow(life.code, self.codes[at], kind, set_on, due, level, None if level is None else until)


def assessor_code(number: int) -> str:
    return f"A{number + 1:02}"
