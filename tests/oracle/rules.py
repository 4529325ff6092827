"""Who may see and do what, written from the domain text, the issue and the security text, not from the code.

    sees(world, person, "items", 7)               may the person know about item 7
    may(world, person, "record_decision", 7)      may the person do that to thing 7 (a person id, committee id …)

Imports nothing from `med`, and a test makes sure of it: two hands that wrote the same rule seldom make the same slip.
"""

from collections.abc import Callable

from tests.oracle.worlds import Decision, Item, Meeting, Minutes, World

CONFIDENCE = {"chair", "vice_chair", "member"}  # seats that carry the committee's confidence
FROZEN = {"approved", "adopted"}
NO_LONGER = {"replaced", "withdrawn"}


# --- who someone is today -----------------------------------------------------------------------------------------


def employed(world: World, person: int) -> bool:
    """Works here today. Without employment there is no right to content, whatever seats and grants say."""
    who = world.people[person]
    return who.active and any(job.holds(world.today) for job in who.jobs)


def administers(world: World, person: int) -> bool:
    """Operates the system. Needs no employment, and gives no right to content."""
    return world.people[person].active and any(
        grant.kind == "admin" and grant.person == person and grant.term.holds(world.today)
        for grant in world.grants.values()
    )


def roles(world: World, person: int, committee: int) -> set[str]:
    """The roles someone's seats give them on a committee today. A seat follows the employment."""
    if not employed(world, person):
        return set()
    return {
        seat.role
        for seat in world.seats.values()
        if seat.person == person and seat.committee == committee and seat.term.holds(world.today)
    }


def is_below(world: World, committee: int, top: int) -> bool:
    above = world.committees[committee].parent
    while above is not None:
        if above == top:
            return True
        above = world.committees[above].parent
    return False


def keeps_papers_of(world: World, person: int, committee: int) -> bool:
    """MED-secretary of a committee: by a grant over it, or over one above it that reaches down."""
    return employed(world, person) and any(
        grant.kind == "secretary"
        and grant.person == person
        and grant.term.holds(world.today)
        and (grant.committee == committee or (grant.below and is_below(world, committee, grant.committee)))
        for grant in world.grants.values()
    )


def is_secretary_anywhere(world: World, person: int) -> bool:
    return any(keeps_papers_of(world, person, committee) for committee in world.committees)


def presides(world: World, person: int, committee: int) -> bool:
    return bool(roles(world, person, committee) & {"chair", "vice_chair"})


def runs(world: World, person: int, committee: int) -> bool:
    """The two chairs and the secretary prepare and minute."""
    return presides(world, person, committee) or keeps_papers_of(world, person, committee)


def belongs(world: World, person: int, committee: int) -> bool:
    """Closed items, drafts and the members' own details are this person's business."""
    return bool(roles(world, person, committee) & CONFIDENCE) or keeps_papers_of(world, person, committee)


def sides(world: World, person: int, committee: int) -> set[str]:
    """The side or sides on which someone is a full member. Nobody loses a side by getting another seat."""
    if not employed(world, person):
        return set()
    return {
        seat.side
        for seat in world.seats.values()
        if seat.person == person
        and seat.committee == committee
        and seat.role in CONFIDENCE
        and seat.side is not None
        and seat.term.holds(world.today)
    }


def steps_in(world: World, person: int, meeting: int) -> bool:
    """Is at one meeting as substitute, and has not said no to it."""
    return employed(world, person) and any(
        there.meeting == meeting and there.person == person and there.part == "substitute" and there.reply != "declined"
        for there in world.attendances.values()
    )


def sides_at(world: World, person: int, meeting: Meeting) -> set[str]:
    """The same, and the side one steps in for at that meeting."""
    stood_in = {
        there.side
        for there in world.attendances.values()
        if there.meeting == meeting.id
        and there.person == person
        and there.part == "substitute"
        and there.reply != "declined"
        and there.side is not None
    }
    return sides(world, person, meeting.committee) | (stood_in if employed(world, person) else set())


def belongs_at(world: World, person: int, meeting: Meeting) -> bool:
    return belongs(world, person, meeting.committee) or steps_in(world, person, meeting.id)


def acts_as(world: World, person: int, meeting: Meeting, role: str) -> bool:
    """Is the chair (vice-chair), or the named substitute of the same side while the chair is away from the meeting."""
    if role in roles(world, person, meeting.committee):
        return True
    if not steps_in(world, person, meeting.id):
        return False
    for there in world.attendances.values():
        if there.meeting != meeting.id or there.person != person or there.for_whom is None:
            continue
        away = world.attendances[there.for_whom]
        is_away = away.reply == "declined" or away.presence == "absent"
        if away.role == role and away.side == there.side and is_away:
            return True
    return False


def runs_meeting(world: World, person: int, meeting: Meeting) -> bool:
    return (
        runs(world, person, meeting.committee)
        or acts_as(world, person, meeting, "chair")
        or acts_as(world, person, meeting, "vice_chair")
    )


def minutes_of(world: World, meeting: Meeting) -> Minutes | None:
    return next((minutes for minutes in world.minutes.values() if minutes.meeting == meeting.id), None)


def is_frozen(world: World, meeting: Meeting) -> bool:
    minutes = minutes_of(world, meeting)
    return minutes is not None and minutes.state in FROZEN


def is_live(meeting: Meeting) -> bool:
    """An open meeting in progress: whoever works here may follow it."""
    return meeting.open and meeting.state == "in_progress"


# --- seeing ---------------------------------------------------------------------------------------------------------


def sees(world: World, person: int, kind: str, thing: int) -> bool:
    """`kind` is one of SIGHT: "items", "words" (an item's minutes and outcome), "feed" (decisions in the feed) …"""
    return SIGHT[kind](world, person, thing)


def sees_committee(world: World, person: int, committee: int) -> bool:
    return employed(world, person) or administers(world, person)


def sees_person(world: World, person: int, other: int) -> bool:
    return employed(world, person) or administers(world, person)


def sees_meeting(world: World, person: int, meeting: int) -> bool:
    return employed(world, person)


def sees_item(world: World, person: int, item: int) -> bool:
    """What a point is about. Open ones once the agenda is out, or is shown while it grows, or when its words show."""
    point = world.items[item]
    meeting = world.meetings[point.meeting]
    if belongs_at(world, person, meeting):
        return True
    shown = meeting.agenda_sent or (meeting.draft_shown and meeting.state != "cancelled")
    return employed(world, person) and point.open and (shown or sees_words(world, person, item))


def sees_words(world: World, person: int, item: int) -> bool:
    """What was said and settled: when both chairs have approved, live at an open meeting, or for who writes it."""
    point = world.items[item]
    meeting = world.meetings[point.meeting]
    if belongs_at(world, person, meeting):
        return True
    if not employed(world, person) or not point.open:
        return False
    return is_frozen(world, meeting) or is_live(meeting) or meeting.minute_taker == person


def sees_minutes(world: World, person: int, minutes: int) -> bool:
    document = world.minutes[minutes]
    meeting = world.meetings[document.meeting]
    if belongs_at(world, person, meeting):
        return True
    return employed(world, person) and (document.state in FROZEN or meeting.minute_taker == person)


def sees_attachment(world: World, person: int, attachment: int) -> bool:
    file = world.attachments[attachment]
    meeting = world.meetings[world.items[file.item].meeting]
    if file.removed or not sees_item(world, person, file.item):
        return False
    return file.open or belongs_at(world, person, meeting)


def sees_proposal(world: World, person: int, proposal: int) -> bool:
    asked = world.proposals[proposal]
    if not employed(world, person):
        return False
    if belongs(world, person, asked.committee):
        return True
    if asked.from_item is None:
        return asked.raised_by == person
    origin = world.items[asked.from_item]
    # What a committee sent on stays its business: it is to read the answer. From a closed point only its own do.
    return belongs(world, person, world.meetings[origin.meeting].committee) or (
        origin.open and asked.raised_by == person
    )


def sees_note(world: World, person: int, note: int) -> bool:
    """One's own, and those of a side one sits on or steps in for; while the item is one's business at all."""
    paper = world.notes[note]
    meeting = world.meetings[world.items[paper.item].meeting]
    if not belongs_at(world, person, meeting):
        return False
    return paper.person == person or (paper.side is not None and paper.side in sides_at(world, person, meeting))


def sees_decision(world: World, person: int, decision: int) -> bool:
    found = world.decisions[decision]
    if not employed(world, person):
        return False
    meeting = world.meetings.get(found.meeting) if found.meeting is not None else None
    if belongs(world, person, found.committee) or (meeting is not None and steps_in(world, person, meeting.id)):
        return True
    return found.open and (found.published or (meeting is not None and is_live(meeting)))


def sees_in_feed(world: World, person: int, decision: int) -> bool:
    found = world.decisions[decision]
    if not employed(world, person) or not found.published:
        return False
    return found.open or belongs(world, person, found.committee)


def sees_follow_up(world: World, person: int, follow_up: int) -> bool:
    task = world.follow_ups[follow_up]
    if not employed(world, person):
        return False
    if belongs(world, person, task.committee):
        return True
    if not task.open:
        return False
    return (
        task.owner == person
        or (task.decision is not None and sees_in_feed(world, person, task.decision))
        or (task.item is not None and sees_words(world, person, task.item))
    )


def sees_link(world: World, person: int, link: int) -> bool:
    """On the activity's page stand the decisions that began it: published ones, to those who may read them."""
    decision = world.links[link].decision
    return world.decisions[decision].published and sees_decision(world, person, decision)


def sees_subscription(world: World, person: int, subscription: int) -> bool:
    """One's own; what one followed and may no longer see is neither named nor told of."""
    wish = world.subscriptions[subscription]
    if wish.person != person or wish.about is None:
        return wish.person == person and world.people[person].active
    return (sees_committee if wish.topic == "committee" else sees_decision)(world, person, wish.about)


def sees_notice(world: World, person: int, notice: int) -> bool:
    """One's own: what it is about, whose words are looked up with the rights of the day."""
    return world.notices[notice].person == person and world.people[person].active


def sees_details(world: World, person: int, committee: int) -> bool:
    """Electoral groups, mail and the like: for those inside the committee."""
    return belongs(world, person, committee)


def sees_in_calendar(world: World, person: int, item: int) -> bool:
    """A line of an agenda that is out, in a file that lies elsewhere: a closed one has a title for nobody."""
    point = world.items[item]
    return employed(world, person) and point.open and world.meetings[point.meeting].agenda_sent


SIGHT: dict[str, Callable[[World, int, int], bool]] = {
    "committees": sees_committee,
    "people": sees_person,
    "meetings": sees_meeting,
    "items": sees_item,
    "words": sees_words,
    "minutes": sees_minutes,
    "attachments": sees_attachment,
    "proposals": sees_proposal,
    "notes": sees_note,
    "decisions": sees_decision,
    "feed": sees_in_feed,
    "follow_ups": sees_follow_up,
    "links": sees_link,
    "subscriptions": sees_subscription,
    "notices": sees_notice,
    "details": sees_details,
    "calendar": sees_in_calendar,
}
# Where the things of a kind of sight stand in the world, when not under its own name.
PLACES = {"words": "items", "feed": "decisions", "details": "committees", "calendar": "items"}


def opens(world: World, token: int) -> bool:
    """A private address opens what its person may see, while they work here and until it is revoked."""
    held = world.tokens[token]
    return not held.revoked and employed(world, held.person)


def keeps_its_words(world: World, proposal: int) -> bool:
    """Whether a point's title may leave the house: not when it came from a closed point, or became one."""
    asked = world.proposals[proposal]
    return all(world.items[item].open for item in (asked.from_item, asked.item) if item is not None)


# --- doing ----------------------------------------------------------------------------------------------------------


def may(world: World, person: int, verb: str, thing: int | None = None) -> bool:
    """`thing` is the id of what VERBS says the verb is done to; None for verbs done to nothing in particular."""
    kind, rule = VERBS[verb]
    if kind is None:
        return rule(world, person)
    return rule(world, person, getattr(world, kind)[thing])


def _works(rule: Callable[..., bool]) -> Callable[..., bool]:
    """Most of what can be done is for those who work here."""
    return lambda world, person, *things: employed(world, person) and rule(world, person, *things)


def _keep_committee(world, person, committee):
    return keeps_papers_of(world, person, committee.id) or administers(world, person)


def _keep_seat(world, person, seat):
    return _keep_committee(world, person, world.committees[seat.committee])


def _found_committee(world, person, parent):
    """Under one's own committees; the administrator anywhere."""
    return administers(world, person) or keeps_papers_of(world, person, parent.id)


def _found_group(world, person, parent):
    return runs(world, person, parent.id) or administers(world, person)


def _edit_grundlag(world, person, committee):
    """The thing is the Hovedudvalg; whoever runs it keeps the municipality's own words."""
    return runs(world, person, committee.id)


def _change_meeting(world, person, meeting):
    return runs_meeting(world, person, meeting) and meeting.state not in {"cancelled", "held"}


def _cancel_meeting(world, person, meeting):
    return _change_meeting(world, person, meeting) and meeting.state != "in_progress"


def _close_item(world, person, item):
    meeting = world.meetings[item.meeting]
    return runs_meeting(world, person, meeting) and not is_frozen(world, meeting)


def _approve_agenda(world, person, meeting):
    """Each side says it once, before the agenda is out. A meeting without agenda has none to approve."""
    still = (acts_as(world, person, meeting, "chair") and not meeting.agenda_chair) or (
        acts_as(world, person, meeting, "vice_chair") and not meeting.agenda_vice
    )
    return still and meeting.state == "planned" and meeting.kind != "without_agenda"


def _answer_proposal(world, person, proposal):
    return presides(world, person, proposal.committee) and proposal.state in {"received", "postponed"}


def _withdraw_proposal(world, person, proposal):
    mine = proposal.raised_by == person and proposal.from_item is None  # what a committee sent on is the committee's
    return mine and proposal.state in {"received", "postponed"}


def _is_invited(world, person, meeting):
    return any(
        there.meeting == meeting.id and there.person == person and there.part != "observer"
        for there in world.attendances.values()
    )


def _takes_answers(meeting):
    return meeting.state not in {"held", "cancelled"} and not meeting.over


def _reply_to_meeting(world, person, meeting):
    return _is_invited(world, person, meeting) and _takes_answers(meeting)


def _observe_meeting(world, person, meeting):
    return meeting.open and _takes_answers(meeting) and not _is_invited(world, person, meeting)


def _follow_live(world, person, meeting):
    return belongs_at(world, person, meeting) or is_live(meeting) or person in {meeting.minute_taker, meeting.moderator}


def _note_privately(world, person, item):
    return belongs_at(world, person, world.meetings[item.meeting])


def _note_for_side(world, person, item):
    return bool(sides_at(world, person, world.meetings[item.meeting]))


def _minute_meeting(world, person, meeting):
    return (
        (runs_meeting(world, person, meeting) or meeting.minute_taker == person)
        and meeting.state in {"in_progress", "held"}
        and not is_frozen(world, meeting)
    )


def _minute_item(world: World, person: int, item: Item) -> bool:
    """A minute-taker from outside the committee writes on open items only."""
    meeting = world.meetings[item.meeting]
    return _minute_meeting(world, person, meeting) and (item.open or belongs_at(world, person, meeting))


def _serves(world, person, meeting):
    return runs_meeting(world, person, meeting) or person in {meeting.minute_taker, meeting.moderator}


def _open_meeting(world, person, meeting):
    return _serves(world, person, meeting) and meeting.state in {"planned", "agenda_sent"}


def _undo_opening(world, person, meeting):
    return runs_meeting(world, person, meeting) and meeting.state == "in_progress"


def _close_meeting(world, person, meeting):
    """Not while an item lacks an outcome."""
    return (
        _serves(world, person, meeting)
        and meeting.state == "in_progress"
        and all(item.settled for item in world.items.values() if item.meeting == meeting.id)
    )


def _send_minutes_to_review(world, person, meeting):
    minutes = minutes_of(world, meeting)
    return (
        _minute_meeting(world, person, meeting)
        and meeting.state == "held"
        and (minutes is None or minutes.state == "draft")
    )


def _approve_minutes(world, person, meeting):
    minutes = minutes_of(world, meeting)
    if minutes is None or minutes.state != "in_review":
        return False
    return (acts_as(world, person, meeting, "chair") and not minutes.chair) or (
        acts_as(world, person, meeting, "vice_chair") and not minutes.vice
    )


def _record_written_approval(world, person, meeting):
    minutes = minutes_of(world, meeting)
    return keeps_papers_of(world, person, meeting.committee) and minutes is not None and minutes.state == "in_review"


def _add_addendum(world, person, meeting):
    return runs_meeting(world, person, meeting) and is_frozen(world, meeting)


def _record_decision(world, person, item):
    """An orientering can be noted, never decided."""
    return _minute_item(world, person, item) and item.purpose != "info"


def _correct_decision(world, person, decision):
    """Wording may be corrected until published."""
    if decision.item is None or decision.published:
        return False
    return _minute_item(world, person, world.items[decision.item])


def _release_decision(world: World, person: int, decision: Decision) -> bool:
    """ "Straks": each of the two chairs says it once; a named substitute says it for a chair who is away."""
    meeting = world.meetings.get(decision.meeting) if decision.meeting is not None else None

    def acts(role):
        return (
            role in roles(world, person, decision.committee)
            if meeting is None
            else acts_as(world, person, meeting, role)
        )

    if decision.published:
        return False
    return (acts("chair") and not decision.said_chair) or (acts("vice_chair") and not decision.said_vice)


def _looks_after(world, person, thing, does=runs):
    """What a committee has decided is for those who run it; what is open, once the committee is over, for those who
    run the nearest one above it that is not."""
    if does(world, person, thing.committee):
        return True
    heir: int | None = thing.committee
    while heir is not None and world.committees[heir].over:
        heir = world.committees[heir].parent
    return thing.open and heir is not None and does(world, person, heir)


def _move_decision(world, person, decision):
    own = _looks_after(world, person, decision) or decision.responsible == person
    return own and decision.state not in NO_LONGER


def _review_decision(world, person, decision):
    return _looks_after(world, person, decision) and decision.published and decision.state not in NO_LONGER


def _hand_over_decision(world, person, decision):
    return _looks_after(world, person, decision) and decision.published and decision.state not in NO_LONGER


def _withdraw_decision(world, person, decision):
    return _looks_after(world, person, decision, presides) and decision.published and decision.state not in NO_LONGER


def _link_activity(world, person, decision):
    return _move_decision(world, person, decision) and decision.published


def _add_follow_up(world, person, item):
    meeting = world.meetings[item.meeting]
    own = runs_meeting(world, person, meeting) or meeting.minute_taker == person
    return own and (item.open or belongs_at(world, person, meeting))


def _move_follow_up(world, person, follow_up):
    return _looks_after(world, person, follow_up) or follow_up.owner == person


# verb -> (what it is done to, the rule)
VERBS: dict[str, tuple[str | None, Callable[..., bool]]] = {
    "is_employee": (None, employed),
    "is_admin": (None, administers),
    "see_committees": (None, lambda world, person: employed(world, person) or administers(world, person)),
    "see_person": ("people", lambda world, person, other: employed(world, person) or administers(world, person)),
    "keep_committee": ("committees", _keep_committee),
    "keep_seat": ("seats", _keep_seat),
    "found_committee": ("committees", _found_committee),
    "found_main_committee": (None, administers),
    "found_group": ("committees", _found_group),
    "give_grant": (None, administers),
    "import_organisation": (None, administers),
    "edit_grundlag": ("committees", _works(_edit_grundlag)),
    "plan_meeting": ("committees", _works(lambda world, person, committee: runs(world, person, committee.id))),
    "change_meeting": ("meetings", _works(_change_meeting)),
    "cancel_meeting": ("meetings", _works(_cancel_meeting)),
    "prepare_agenda": ("meetings", _works(_change_meeting)),
    "close_item": ("items", _works(_close_item)),
    "approve_agenda": ("meetings", _works(_approve_agenda)),
    "propose": ("committees", _works(lambda world, person, committee: True)),
    "answer_proposal": ("proposals", _works(_answer_proposal)),
    "withdraw_proposal": ("proposals", _works(_withdraw_proposal)),
    "reply_to_meeting": ("meetings", _works(_reply_to_meeting)),
    "observe_meeting": ("meetings", _works(_observe_meeting)),
    "follow_live": ("meetings", _works(_follow_live)),
    "note_privately": ("items", _works(_note_privately)),
    "note_for_side": ("items", _works(_note_for_side)),
    "minute_meeting": ("meetings", _works(_minute_meeting)),
    "minute_item": ("items", _works(_minute_item)),
    "open_meeting": ("meetings", _works(_open_meeting)),
    "undo_opening": ("meetings", _works(_undo_opening)),
    "close_meeting": ("meetings", _works(_close_meeting)),
    "send_minutes_to_review": ("meetings", _works(_send_minutes_to_review)),
    "approve_minutes": ("meetings", _works(_approve_minutes)),
    "record_written_approval": ("meetings", _works(_record_written_approval)),
    "add_addendum": ("meetings", _works(_add_addendum)),
    "record_decision": ("items", _works(_record_decision)),
    "correct_decision": ("decisions", _works(_correct_decision)),
    "release_decision": ("decisions", _works(_release_decision)),
    "move_decision": ("decisions", _works(_move_decision)),
    "review_decision": ("decisions", _works(_review_decision)),
    "hand_over_decision": ("decisions", _works(_hand_over_decision)),
    "withdraw_decision": ("decisions", _works(_withdraw_decision)),
    "add_follow_up": ("items", _works(_add_follow_up)),
    "follow_up_decision": ("decisions", _works(_move_decision)),
    "link_activity": ("decisions", _works(_link_activity)),
    "follow": (None, employed),
    "move_follow_up": ("follow_ups", _works(_move_follow_up)),
    "hand_over_follow_up": ("follow_ups", _works(_looks_after)),
}
