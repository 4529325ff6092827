"""What is to be told, gathered before it is written: for each person and thing once, by the loudest of their wishes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from med.notices.models import How, NoticeKind, Topic
from med.notices.outbox import Posting
from med.notices.planning.workplace import LOUDER, NOBODY, Wishes, Workplace
from med.perspectives.models import Perspective


class Wish(NamedTuple):
    """Someone would hear of this, by this topic (and which thing of it they follow), in this way."""

    person_id: int
    topic: Topic
    about: str
    how: How


class Event(NamedTuple):
    """A line of the journal, as far as telling needs it."""

    id: int
    at: datetime
    person_id: int | None
    happened: str
    thing_id: int
    fields: str


class Plan(Struct):
    workplace: Workplace
    wishes: Wishes
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    postings: list[Posting] = []

    def tell(
        self,
        kind: NoticeKind,
        key: str,
        thing: str,
        thing_id: int,
        at: datetime,
        wishes: Iterable[Wish],
        *,
        by: int | None = None,
    ) -> None:
        """Put a notice down for each of them, but for the one who did it."""
        for wish in wishes:
            how = self.wishes.possible(wish.person_id, wish.how)
            if how is How.NEVER or wish.person_id == by or wish.person_id not in self.workplace.here:
                continue
            known = self.rows.get((wish.person_id, key))
            if known is not None and LOUDER.index(known["how"]) >= LOUDER.index(how):
                continue
            self.rows[wish.person_id, key] = {
                "person_id": wish.person_id,
                "kind": kind,
                "key": key,
                "thing": thing,
                "thing_id": thing_id,
                "topic": wish.topic,
                "about": wish.about,
                "how": how,
                "at": at,
            }

    # --- who would hear -----------------------------------------------------------------------------------------

    def own(self, topic: Topic, people: Iterable[int | None]) -> list[Wish]:
        """Those whom it concerns themselves."""
        return [Wish(one, topic, "", self.wishes.of(one, topic)) for one in people if one is not None]

    def on_page(self, topic: Topic, people: Iterable[int]) -> list[Wish]:
        """Those who hear of it by another way already: on the page, if they hear of such things at all."""
        return [wish._replace(how=min(wish.how, How.PAGE, key=LOUDER.index)) for wish in self.own(topic, people)]

    def of_committee(self, committee_id: int) -> list[Wish]:
        """Those who follow a committee, and those who sit on it unless they chose otherwise for this one."""
        chosen = self.wishes.committee.get(committee_id, {})
        sits = set(self.workplace.sits.get(committee_id, NOBODY)) - chosen.keys()
        return [
            *(Wish(one, Topic.COMMITTEE, str(committee_id), how) for one, how in chosen.items()),
            *self.own(Topic.MY_COMMITTEES, sits),
        ]

    def of_perspectives(self, perspectives: Iterable[Perspective]) -> list[Wish]:
        return [
            Wish(person_id, Topic.PERSPECTIVE, one.value, how)
            for one in perspectives
            for person_id, how in self.wishes.perspective.get(one, {}).items()
        ]

    def of_decision(self, decision_id: int) -> list[Wish]:
        followers: Mapping[int, How] = self.wishes.decision.get(decision_id, {})
        return [Wish(one, Topic.DECISION, str(decision_id), how) for one, how in followers.items()]
