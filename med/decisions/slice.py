from med import search
from med.decisions import (
    access,
    actions,
    addresses,  # noqa: F401  private feeds
    parts,
    queries,
    words,  # noqa: F401  the words people use for states
)
from med.decisions.routes import handlers
from med.decisions.waiting import awaits
from med.language import T
from med.meetings.parts import register
from med.organisation.parts import panel
from med.slices import Job, NavEntry, Slice

register(
    room=parts.in_the_room,
    aside=parts.decided_today,
    agenda=parts.on_the_agenda,
    items=parts.under_items,
    minutes=queries.meeting_parts,
    approved=actions.publish_with_minutes,
    opened_or_closed=actions.follow_openness,
    not_closing=parts.missing_decisions,
    asked=parts.asked,
)
panel(T("Nyeste beslutninger"), parts.of_the_committee, order=30)

decisions = Slice(
    name="decisions",
    handlers=handlers,
    policies=[
        access.record_decision,
        access.correct_decision,
        access.release_decision,
        access.move_decision,
        access.review_decision,
        access.hand_over_decision,
        access.withdraw_decision,
        access.add_follow_up,
        access.follow_up_decision,
        access.move_follow_up,
        access.hand_over_follow_up,
    ],
    nav=[
        NavEntry("decisions", T("Beslutninger"), "/beslutninger", 30),
        NavEntry("search", T("Søg"), "/soeg", 35, more=True),
    ],
    jobs=[Job("decisions.merge_search", minutes=24 * 60, work=search.merge)],
    awaits=awaits,
)
