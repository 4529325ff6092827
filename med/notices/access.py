"""Who may follow what: whatever one may see, and nothing else."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_

from med.access import Viewer
from med.decisions.access import visible_decisions
from med.decisions.models import Decision
from med.language import Text
from med.notices.models import Notice, Subscription, Topic
from med.organisation.access import is_employee, visible_committees
from med.organisation.models import Committee


def follow(viewer: Viewer, thing: Any = None) -> Iterator[Text]:
    """Hear of what a committee, a perspective or one decision brings. What it is was looked up for the viewer."""
    yield from is_employee(viewer)


def own_notices(viewer: Viewer) -> ColumnElement[bool]:
    return Notice.person_id == viewer.person_id


def own_subscriptions(viewer: Viewer) -> ColumnElement[bool]:
    return Subscription.person_id == viewer.person_id


def visible_subscriptions(viewer: Viewer) -> ColumnElement[bool]:
    """The viewer's own, as far as they may still see what they followed."""
    committee = exists().where(Committee.id == Subscription.committee_id, visible_committees(viewer))
    decision = exists().where(Decision.id == Subscription.decision_id, visible_decisions(viewer))
    return and_(
        own_subscriptions(viewer),
        or_(
            Subscription.topic.not_in((Topic.COMMITTEE, Topic.DECISION)),
            committee.correlate(Subscription),
            decision.correlate(Subscription),
        ),
    )
