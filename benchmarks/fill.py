"""More decisions than any demo has: generated, reproducible, with the shape of real ones."""

import random
import uuid
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from med import clock
from med.decisions.models import Decision, DecisionState, Tag
from med.organisation.models import Committee, Person
from med.perspectives.models import Perspective

VERBS = ("prøver", "indfører", "flytter", "samler", "følger", "afkorter", "udvider", "deler")
THINGS = (
    "vagtplanen",
    "morgenmødet",
    "introforløbet",
    "ventelisten",
    "makkerordningen",
    "værkstedstiden",
    "oplæringen",
)
WHEN = ("fra næste måned", "i tre måneder", "på alle hold", "hver anden uge", "til sommerferien", "som forsøg")


def fill(db: Session, count: int, seed: int) -> None:
    """Add `count` published decisions over ten years to the demo's committees; one in twelve is closed."""
    chance = random.Random(seed)
    committees = list(db.scalars(select(Committee.id)))
    people = list(db.scalars(select(Person.id)))
    now = clock.now()
    first = (db.scalar(select(Decision.id).order_by(Decision.id.desc()).limit(1)) or 0) + 1
    decisions, tags = [], []
    for number in range(count):
        at = now - timedelta(minutes=chance.randrange(10 * 365 * 24 * 60))
        committee_id, is_open = chance.choice(committees), chance.random() > 1 / 12
        perspective = chance.choices(list(Perspective), (7, 6, 8, 1))[0]
        words = f"{chance.choice(VERBS)} {chance.choice(THINGS)} {chance.choice(WHEN)}"
        decisions.append(
            {
                "id": first + number,
                "uid": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
                "committee_id": committee_id,
                "is_open": is_open,
                "year": at.year,
                "number": 1000 + number,
                "text": f"vi {words}.",
                "why": f"Det giver ro omkring {chance.choice(THINGS)}, og borgerne møder de samme voksne.",
                "meaning": "Tal med din nærmeste leder, hvis det rammer din vagt.",
                "frame": "",
                "hoped_effect": "",
                "withdrawn_reason": "",
                "perspective": perspective,
                "responsible_id": chance.choice(people),
                "due": (at + timedelta(days=60)).date(),
                "state": chance.choice((DecisionState.VALID, DecisionState.IN_PROGRESS, DecisionState.DONE)),
                "before_discussion": False,
                "decided_at": at - timedelta(days=8),
                "published_at": at,
                "changed_at": at,
                "version": 1,
            }
        )
        tags.append(
            {
                "decision_id": first + number,
                "perspective": perspective,
                "is_main": True,
                "committee_id": committee_id,
                "is_open": is_open,
                "published_at": at,
            }
        )
    for start in range(0, count, 5000):
        db.execute(insert(Decision), decisions[start : start + 5000])
        db.execute(insert(Tag), tags[start : start + 5000])
