"""One committee with everybody a committee can have around it, at a meeting in a state of one's choice."""

from datetime import timedelta

from tests.oracle.strategies import TODAY
from tests.oracle.worlds import (
    Attachment,
    Attendance,
    Committee,
    Dated,
    Decision,
    FollowUp,
    Grant,
    Item,
    Link,
    Meeting,
    Minutes,
    Note,
    Notice,
    Person,
    Proposal,
    Seat,
    Subscription,
    Token,
    World,
)

LONG = Dated(TODAY - timedelta(days=500))
OVER = Dated(TODAY - timedelta(days=500), TODAY - timedelta(days=1))
LAST_DAY = Dated(TODAY - timedelta(days=500), TODAY)
TOMORROW = Dated(TODAY + timedelta(days=1))

MAIN, LOCAL, OTHER, GONE, GONE_ABOVE = range(1, 6)

CHAIR, VICE, LEADER, STEWARD, OUTSIDER, SECRETARY, CHAIR_ABOVE = 1, 2, 3, 4, 5, 6, 7
STEPS_IN_FOR_CHAIR, STEPS_IN_FOR_VICE, SAID_NO, ONLY_NAMED, ADVISER, OBSERVER = 8, 9, 10, 11, 12, 13
MINUTE_TAKER, MODERATOR, OPERATOR, LEFT_THE_MUNICIPALITY, LEFT_THE_COMMITTEE, NEXT_YEARS, LAST_DAY_TODAY = range(14, 21)
WRONG_SIDE, MAY_NOT_SIGN_IN, FORMER_SECRETARY, CHAIR_ELSEWHERE, SECRETARY_ABOVE = range(21, 26)
SECRETARY_WHO_LEFT = 26


def whole_cast(state: str, is_open: bool, minutes: str | None) -> World:
    world = World(TODAY)
    everyone = range(1, SECRETARY_WHO_LEFT + 1)
    world.people = {number: Person(number, jobs=(LONG,)) for number in everyone}
    world.people[OPERATOR] = Person(OPERATOR)
    world.people[LEFT_THE_MUNICIPALITY] = Person(LEFT_THE_MUNICIPALITY, jobs=(OVER,))
    world.people[SECRETARY_WHO_LEFT] = Person(SECRETARY_WHO_LEFT, jobs=(OVER,))
    world.people[MAY_NOT_SIGN_IN] = Person(MAY_NOT_SIGN_IN, active=False, jobs=(LONG,))
    world.committees = {
        MAIN: Committee(MAIN, level="main"),
        LOCAL: Committee(LOCAL, MAIN),
        OTHER: Committee(OTHER, MAIN),
        GONE_ABOVE: Committee(GONE_ABOVE, MAIN, over=True),
        GONE: Committee(GONE, GONE_ABOVE, over=True),
    }
    _seats(world)
    world.grants = {
        1: Grant(1, SECRETARY, "secretary", LONG, MAIN, below=True),
        2: Grant(2, OPERATOR, "admin", LONG),
        3: Grant(3, FORMER_SECRETARY, "secretary", OVER, LOCAL),
        4: Grant(4, SECRETARY_ABOVE, "secretary", LONG, MAIN),  # of that committee alone
        5: Grant(5, SECRETARY_WHO_LEFT, "secretary", LONG, MAIN, below=True),  # nobody ended it
    }
    world.meetings[1] = Meeting(
        1,
        LOCAL,
        state,
        open=is_open,
        agenda_sent=state not in {"planned", "cancelled"},
        draft_shown=state == "cancelled",  # it was shown while it grew; who looks now finds nothing
        agenda_chair=True,
        minute_taker=MINUTE_TAKER,
        moderator=MODERATOR,
    )
    world.meetings[2] = Meeting(2, OTHER, "planned", "without_agenda", draft_shown=is_open)
    _attendances(world)
    if minutes is not None:
        frozen = minutes in {"approved", "adopted"}
        world.minutes[1] = Minutes(1, 1, minutes, chair=frozen, vice=frozen or not is_open)
    _papers(world)
    return world


def _seats(world: World) -> None:
    placed = [
        (LOCAL, CHAIR, "management", "chair", LONG),
        (LOCAL, VICE, "employee", "vice_chair", LONG),
        (LOCAL, LEADER, "management", "member", LONG),
        (LOCAL, STEWARD, "employee", "member", LONG),
        (LOCAL, STEPS_IN_FOR_CHAIR, "management", "substitute", LONG),
        (LOCAL, STEPS_IN_FOR_VICE, "employee", "substitute", LONG),
        (LOCAL, SAID_NO, "management", "substitute", LONG),
        (LOCAL, ONLY_NAMED, "employee", "substitute", LONG),
        (LOCAL, WRONG_SIDE, "employee", "substitute", LONG),
        (LOCAL, ADVISER, None, "advisory", LONG),
        (LOCAL, LEFT_THE_MUNICIPALITY, "employee", "vice_chair", LONG),
        (LOCAL, LEFT_THE_COMMITTEE, "management", "chair", OVER),
        (LOCAL, NEXT_YEARS, "employee", "member", TOMORROW),
        (LOCAL, LAST_DAY_TODAY, "employee", "member", LAST_DAY),
        (LOCAL, MAY_NOT_SIGN_IN, "management", "chair", LONG),
        (MAIN, CHAIR_ABOVE, "management", "chair", LONG),
        (OTHER, CHAIR_ELSEWHERE, "management", "chair", LONG),
        (OTHER, STEWARD, "employee", "member", LONG),
        (OTHER, STEPS_IN_FOR_VICE, "employee", "member", LONG),  # whose side there is not the side here
    ]
    for number, (committee, person, side, role, term) in enumerate(placed, 1):
        world.seats[number] = Seat(number, committee, person, side, role, term)


def _attendances(world: World) -> None:
    """The chair has declined and the vice-chair stayed away; others step in, in right ways and wrong ones."""
    placed = [
        (CHAIR, "member", "management", "chair", None, "declined", "unknown"),
        (VICE, "member", "employee", "vice_chair", None, "accepted", "absent"),
        (STEPS_IN_FOR_CHAIR, "substitute", "management", "substitute", 1, "accepted", "present"),
        (STEPS_IN_FOR_VICE, "substitute", "employee", "substitute", 2, "invited", "unknown"),
        (SAID_NO, "substitute", "management", "substitute", 1, "declined", "unknown"),
        (WRONG_SIDE, "substitute", "employee", "substitute", 1, "accepted", "unknown"),
        (ADVISER, "advisory", None, "advisory", None, "invited", "unknown"),
        (OBSERVER, "observer", None, None, None, "accepted", "unknown"),
        (LEFT_THE_COMMITTEE, "member", "management", "chair", None, "accepted", "unknown"),
    ]
    for number, (person, part, side, role, for_whom, reply, presence) in enumerate(placed, 1):
        world.attendances[number] = Attendance(number, 1, person, part, side, role, for_whom, reply, presence)


def _papers(world: World) -> None:
    world.items = {
        1: Item(1, 1, open=True, settled=True),
        2: Item(2, 1, open=False, settled=True),
        3: Item(3, 1, open=True, purpose="info", settled=True),
        4: Item(4, 2, open=True),
    }
    world.attachments = {
        1: Attachment(1, 1),
        2: Attachment(2, 1, open=False),
        3: Attachment(3, 2),
        4: Attachment(4, 1, removed=True),
    }
    world.notes = {
        1: Note(1, 1, person=LEADER),
        2: Note(2, 1, side="employee"),
        3: Note(3, 2, side="management"),
        4: Note(4, 2, person=LEFT_THE_COMMITTEE),
        5: Note(5, 4, side="employee"),
    }
    world.proposals = {
        1: Proposal(1, LOCAL, OUTSIDER),
        2: Proposal(2, LOCAL, LEFT_THE_MUNICIPALITY, "postponed"),
        3: Proposal(3, OTHER, STEWARD, "accepted", from_item=2),
        4: Proposal(4, LOCAL, STEWARD, "accepted", item=2),
        5: Proposal(5, OTHER, OUTSIDER, from_item=2),
        6: Proposal(6, OTHER, OUTSIDER, from_item=1),
    }
    world.decisions = {
        1: Decision(1, LOCAL, True, 1, 1, responsible=OUTSIDER),
        2: Decision(2, LOCAL, False, 1, 2, responsible=OUTSIDER, said_chair=True),
        3: Decision(3, LOCAL, True, 1, 1, published=True, responsible=STEWARD),
        4: Decision(4, LOCAL, False, 1, 2, published=True),
        5: Decision(5, LOCAL, True, published=True, state="replaced"),
        6: Decision(6, GONE, True, published=True, responsible=STEWARD),
        7: Decision(7, GONE, False, published=True, responsible=STEWARD),
    }
    world.follow_ups = {
        1: FollowUp(1, LOCAL, True, OUTSIDER, 1, 1),
        2: FollowUp(2, LOCAL, False, OUTSIDER, 2, 2),
        3: FollowUp(3, LOCAL, True, STEWARD, 1, 3),
        4: FollowUp(4, LOCAL, True, LEADER, 3),
        5: FollowUp(5, GONE, True, STEWARD, decision=6),
        6: FollowUp(6, GONE, False, STEWARD, decision=7),
    }
    world.links = {number: Link(number, number) for number in world.decisions}
    followers = [(STEWARD, 1), (OUTSIDER, 2), (LEFT_THE_COMMITTEE, 4), (LEFT_THE_MUNICIPALITY, 3)]
    world.subscriptions = {
        number: Subscription(number, person, "decision", decision)
        for number, (person, decision) in enumerate(followers, 1)
    }
    world.notices = {number: Notice(number, person) for number, (person, _) in enumerate(followers, 1)}
    addressed = [STEWARD, LEFT_THE_MUNICIPALITY, MAY_NOT_SIGN_IN, OPERATOR, LEFT_THE_COMMITTEE]
    world.tokens = {number: Token(number, person, "calendar") for number, person in enumerate(addressed, 1)}
    world.tokens[9] = Token(9, STEWARD, "decisions", revoked=True)
