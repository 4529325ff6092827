"""Who works here today, who sits where, and what each wants to hear: read once for thousands of people.

The plain twin of the clauses in the slices' access.py, which answer for one viewer at a time. It decides only who is
thought of: what somebody is told is read through the clauses once more when it is told. tests/notices/test_planning.py
holds the two against each other.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from msgspec import Struct
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from med import clock
from med.access import INSIDE, SeatRole
from med.notices.models import How, MailSetting, Subscription, Topic
from med.organisation.access import on_day
from med.organisation.models import Committee, Employment, Grant, GrantKind, Person, Seat
from med.organisation.queries import heirs
from med.perspectives.models import Perspective

PRESIDE = (SeatRole.CHAIR, SeatRole.VICE_CHAIR)
Members = Mapping[int, Collection[int]]  # committee id -> person ids
NOBODY: frozenset[int] = frozenset()

# What nobody has chosen: what concerns oneself in the day's digest, one's committees in the week's, else silence.
DEFAULTS = {
    Topic.MY_MEETINGS: How.DAILY,
    Topic.MY_POINTS: How.DAILY,
    Topic.MY_TASKS: How.DAILY,
    Topic.MY_DECISIONS: How.DAILY,
    Topic.MY_COMMITTEES: How.WEEKLY,
}
OWN = tuple(DEFAULTS)
LOUDER = list(How)  # from the quietest


class Workplace(Struct, frozen=True):
    here: Collection[int]  # works here and may sign in
    inside: Members  # closed items are their business
    sits: Members  # any seat, and the secretary
    presides: Members
    holds: Mapping[tuple[int, SeatRole], Collection[int]]  # a committee's chair, its vice-chair
    secretaries: Members
    heirs: Mapping[int, int]  # of each committee that is over: who looks after what is open

    def may_read(self, person_id: int | None, committee_id: int, is_open: bool) -> bool:
        """Something published of a committee's: open to all who work here, closed to those inside."""
        return person_id in self.here and (is_open or person_id in self.inside.get(committee_id, NOBODY))

    def runs(self, committee_id: int) -> set[int]:
        """The two chairs and the secretary."""
        return {*self.presides.get(committee_id, NOBODY), *self.secretaries.get(committee_id, NOBODY)}

    def sees_to(self, person_id: int | None, committee_id: int, is_open: bool) -> set[int]:
        """Whoever is to do something; when they have left, or may not read it any more, those who run the committee."""
        if person_id is not None and self.may_read(person_id, committee_id, is_open):
            return {person_id}
        return self.looks_after(committee_id, is_open, self.runs)

    def looks_after(self, committee_id: int, is_open: bool, who: Callable[[int], Collection[int]]) -> set[int]:
        """`who` of the committee, and of the one that looks after what is open when it is over."""
        heir = self.heirs.get(committee_id, 0) if is_open else 0
        return {*who(committee_id), *who(heir)}


def look_around(db: Session) -> Workplace:
    """The workplace as it is today, in five questions whatever its size."""
    today = clock.today()
    here = set(
        db.scalars(
            select(Employment.person_id)
            .join(Person, Person.id == Employment.person_id)
            .where(on_day(Employment, today), Person.is_active)
        )
    )
    inside: dict[int, set[int]] = defaultdict(set)
    sits: dict[int, set[int]] = defaultdict(set)
    presides: dict[int, set[int]] = defaultdict(set)
    holds: dict[tuple[int, SeatRole], set[int]] = defaultdict(set)
    secretaries: dict[int, set[int]] = defaultdict(set)
    for committee_id, person_id, role in db.execute(
        select(Seat.committee_id, Seat.person_id, Seat.role).where(on_day(Seat, today))
    ):
        if person_id not in here:
            continue
        sits[committee_id].add(person_id)
        if role in INSIDE:
            inside[committee_id].add(person_id)
        if role in PRESIDE:
            presides[committee_id].add(person_id)
            holds[committee_id, role].add(person_id)
    for committee_id, person_id in _secretaries(db, today):
        if person_id in here:
            for members in (inside, sits, secretaries):
                members[committee_id].add(person_id)
    return Workplace(here, inside, sits, presides, holds, secretaries, heirs(db))


def _secretaries(db: Session, today: Any) -> Iterable[tuple[int, int]]:
    """(committee, secretary) pairs: a grant "with those below" reaches down the tree."""
    below: dict[int | None, list[int]] = defaultdict(list)
    for committee_id, parent_id in db.execute(select(Committee.id, Committee.parent_id)):
        below[parent_id].append(committee_id)
    for grant in db.execute(
        select(Grant.committee_id, Grant.person_id, Grant.with_below).where(
            Grant.kind == GrantKind.SECRETARY, on_day(Grant, today)
        )
    ):
        reached, waiting = set(), [grant.committee_id]
        while waiting:
            one = waiting.pop()
            if one is not None and one not in reached:
                reached.add(one)
                yield one, grant.person_id
                waiting += below[one] if grant.with_below else ()


class Wishes(Struct, frozen=True):
    """How each person hears of what concerns them. Where they wrote nothing, the default holds."""

    own: Mapping[tuple[int, Topic], How]
    committee: Mapping[int, Mapping[int, How]]  # followers of one, whether they sit on it or not
    perspective: Mapping[Perspective, Mapping[int, How]]
    decision: Mapping[int, Mapping[int, How]]
    no_mail: Collection[int]
    no_digest: Collection[int]

    def of(self, person_id: int, topic: Topic) -> How:
        return self.own.get((person_id, topic), DEFAULTS[topic])

    def possible(self, person_id: int, how: How) -> How:
        """As they wish it, or on the page where mail cannot or shall not reach them."""
        silent = person_id in self.no_mail or (how in (How.WEEKLY, How.DAILY) and person_id in self.no_digest)
        return How.PAGE if silent and how is not How.NEVER else how


def ask_wishes(db: Session, committees: Collection[int] = (), decisions: Collection[int] = ()) -> Wishes:
    """The wishes that matter for these committees and decisions, and everybody's for their own."""
    rows = db.execute(
        select(
            Subscription.person_id,
            Subscription.topic,
            Subscription.committee_id,
            Subscription.perspective,
            Subscription.decision_id,
            Subscription.how,
        ).where(
            or_(
                Subscription.topic.in_((*OWN, Topic.PERSPECTIVE)),
                Subscription.committee_id.in_(committees),
                Subscription.decision_id.in_(decisions),
            )
        )
    )
    own: dict[tuple[int, Topic], How] = {}
    committee: dict[int, dict[int, How]] = defaultdict(dict)
    perspective: dict[Perspective, dict[int, How]] = defaultdict(dict)
    decision: dict[int, dict[int, How]] = defaultdict(dict)
    for person_id, topic, committee_id, of_perspective, decision_id, how in rows:
        if committee_id is not None:
            committee[committee_id][person_id] = how
        elif of_perspective is not None:
            perspective[of_perspective][person_id] = how
        elif decision_id is not None:
            decision[decision_id][person_id] = how
        else:
            own[person_id, topic] = how
    no_mail, no_digest = cannot_mail(db)
    return Wishes(own, committee, perspective, decision, no_mail, no_digest)


def cannot_mail(db: Session) -> tuple[set[int], set[int]]:
    """Those whom no mail reaches (they said so, their address is refused, there is none), and those without digest."""
    no_mail = set(db.scalars(select(Person.id).where(Person.mail == "")))
    no_digest = set()
    for person_id, stopped_at, refused_at, digests_stopped_at in db.execute(
        select(
            MailSetting.person_id, MailSetting.stopped_at, MailSetting.refused_at, MailSetting.digests_stopped_at
        ).where(
            or_(
                MailSetting.stopped_at.is_not(None),
                MailSetting.refused_at.is_not(None),
                MailSetting.digests_stopped_at.is_not(None),
            )
        )
    ):
        if stopped_at or refused_at:
            no_mail.add(person_id)
        if digests_stopped_at:
            no_digest.add(person_id)
    return no_mail, no_digest
