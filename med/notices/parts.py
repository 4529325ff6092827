""" "Følg" on other slices' pages."""

from typing import Any

from markupsafe import Markup

from med.access import allows
from med.decisions.models import Decision
from med.notices import access, queries
from med.notices.models import How, Topic
from med.notices.planning.workplace import DEFAULTS
from med.organisation.models import Committee
from med.perspectives.models import Perspective

# What one press of the button gives; it can be changed on one's own page.
AT_FIRST = {Topic.COMMITTEE: How.WEEKLY, Topic.PERSPECTIVE: How.WEEKLY, Topic.DECISION: How.DAILY}


def follow_committee(visit: Any, committee: Committee) -> Markup:
    return _button(visit, Topic.COMMITTEE, str(committee.id), sits=committee.id in visit.viewer.committee_ids)


def follow_perspective(visit: Any, perspective: Perspective) -> Markup:
    return _button(visit, Topic.PERSPECTIVE, perspective.value)


def follow_decision(visit: Any, decision: Decision) -> Markup:
    return _button(visit, Topic.DECISION, str(decision.id))


def _button(visit: Any, topic: Topic, about: str, sits: bool = False) -> Markup:
    if not allows(visit.viewer, access.follow, None):
        return Markup("")
    how = queries.how_followed(visit.db, visit.viewer, topic, about)
    own = None
    if sits and how is None:
        mine = queries.how_followed(visit.db, visit.viewer, Topic.MY_COMMITTEES, "")
        own = mine or DEFAULTS[Topic.MY_COMMITTEES]
    return visit.desk.pages.piece(
        "notices/_follow.html", visit, topic=topic, about=about, how=how, own=own, at_first=AT_FIRST[topic]
    )
