"""Worlds as hypothesis draws them: few people and things, many combinations, days right at the edge of terms."""

from datetime import date, timedelta

from hypothesis import strategies as st

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

TODAY = date(2026, 11, 21)

# (first day, last day) counted from today. Most hold; the others begin tomorrow or ended yesterday.
TERMS = [(-100, None)] * 4 + [(0, 0), (-100, 0), (0, None), (-100, -1), (1, None)]
SIDE_OF = {"chair": "management", "vice_chair": "employee"}
FEW = 5


def term() -> st.SearchStrategy[Dated]:
    def dated(days: tuple[int, int | None]) -> Dated:
        first, last = days
        return Dated(TODAY + timedelta(days=first), None if last is None else TODAY + timedelta(days=last))

    return st.sampled_from(TERMS).map(dated)


def rarely() -> st.SearchStrategy[bool]:
    return st.integers(0, 5).map(lambda number: number == 5)


def sides() -> st.SearchStrategy[str]:
    return st.sampled_from(["management", "employee"])


@st.composite
def seats(draw: st.DrawFn, number: int, people: list[int], committees: list[int]) -> Seat:
    role = draw(st.sampled_from(["chair", "vice_chair", "member", "member", "substitute", "advisory"]))
    side = SIDE_OF.get(role) or draw(sides())
    if role == "advisory" and draw(st.booleans()):
        side = None
    return Seat(number, draw(st.sampled_from(committees)), draw(st.sampled_from(people)), side, role, draw(term()))


@st.composite
def grants(draw: st.DrawFn, number: int, people: list[int], committees: list[int]) -> Grant:
    kind = draw(st.sampled_from(["secretary", "secretary", "admin"]))
    return Grant(
        number,
        draw(st.sampled_from(people)),
        kind,
        draw(term()),
        draw(st.sampled_from(committees)) if kind == "secretary" else None,
        kind == "secretary" and draw(st.booleans()),
    )


@st.composite
def meetings(draw: st.DrawFn, number: int, people: list[int], committees: list[int]) -> Meeting:
    state = draw(st.sampled_from(["planned", "agenda_sent", "in_progress", "held", "cancelled"]))
    kind = draw(st.sampled_from(["ordinary", "ordinary", "without_agenda"]))
    someone = st.sampled_from([None, *people])
    return Meeting(
        number,
        draw(st.sampled_from(committees)),
        state,
        kind,
        open=draw(st.booleans()),
        over=draw(st.booleans()),
        agenda_sent=state == "agenda_sent" or (state != "planned" and draw(st.booleans())),
        draft_shown=draw(st.booleans()),
        agenda_chair=draw(st.booleans()),
        agenda_vice=draw(st.booleans()),
        minute_taker=draw(someone),
        moderator=draw(someone),
    )


@st.composite
def attendances(draw: st.DrawFn, first: int, meeting: int, people: list[int]) -> list[Attendance]:
    """Chairs who stay away and substitutes who step in for them are drawn often: there the rules are finest."""
    there: list[Attendance] = []
    for person in draw(st.lists(st.sampled_from(people), unique=True, max_size=3)):
        number = first + len(there)
        others = [other for other in there if other.part == "member"]
        part = draw(st.sampled_from(["member", "substitute", "substitute", "advisory", "guest", "observer"]))
        role = {"member": draw(st.sampled_from(["chair", "vice_chair", "member"])), "substitute": "substitute"}.get(
            part
        )
        for_whom = draw(st.sampled_from(others)) if part == "substitute" and others else None
        side = SIDE_OF.get(role or "") or draw(sides())
        if for_whom is not None and draw(st.booleans()):
            side = for_whom.side
        there.append(
            Attendance(
                number,
                meeting,
                person,
                part,
                side if part in {"member", "substitute"} else None,
                role,
                for_whom.id if for_whom else None,
                draw(st.sampled_from(["invited", "accepted", "declined"])),
                draw(st.sampled_from(["unknown", "present", "absent"])),
            )
        )
    return there


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World(TODAY)
    people = list(range(1, draw(st.integers(2, FEW)) + 1))
    for number in people:
        jobs = () if draw(rarely()) else tuple(draw(st.lists(term(), min_size=1, max_size=2)))
        world.people[number] = Person(number, not draw(rarely()), jobs)
    committees = list(range(1, draw(st.integers(1, 3)) + 1))
    for number in committees:
        parent = draw(st.sampled_from([None, number - 1])) if number > 1 else None
        world.committees[number] = Committee(number, parent, "main" if number == 1 else "local", draw(rarely()))
    for number in range(1, draw(st.integers(0, 5)) + 1):
        world.seats[number] = draw(seats(number, people, committees))
    for number in range(1, draw(st.integers(0, 2)) + 1):
        world.grants[number] = draw(grants(number, people, committees))
    for number in range(1, draw(st.integers(1, 2)) + 1):
        meeting = world.meetings[number] = draw(meetings(number, people, committees))
        for there in draw(attendances(len(world.attendances) + 1, number, people)):
            world.attendances[there.id] = there
        if draw(st.booleans()):
            state = draw(st.sampled_from(["draft", "in_review", "in_review", "approved", "adopted"]))
            said = (True, True) if state in {"approved", "adopted"} else (draw(st.booleans()), draw(st.booleans()))
            world.minutes[number] = Minutes(number, meeting.id, state, *said)
    draw(papers(world, people))
    draw(addresses(world, people))
    return world


@st.composite
def papers(draw: st.DrawFn, world: World, people: list[int]) -> None:
    """Items and what hangs on them, proposals, decisions and follow-ups."""
    someone = st.sampled_from([None, *people])
    for number in range(1, draw(st.integers(1, 3)) + 1):
        meeting = draw(st.sampled_from(sorted(world.meetings)))
        purpose = draw(st.sampled_from(["discuss", "decide", "info"]))
        world.items[number] = Item(number, meeting, draw(st.booleans()), purpose, draw(st.booleans()))
    items = sorted(world.items)
    for number in range(1, draw(st.integers(0, 2)) + 1):
        world.attachments[number] = Attachment(
            number, draw(st.sampled_from(items)), draw(st.booleans()), draw(rarely())
        )
    for number, item in enumerate(draw(st.lists(st.sampled_from(items), unique=True, max_size=2)), 1):
        private = draw(st.booleans())
        world.notes[number] = Note(
            number, item, draw(st.sampled_from(people)) if private else None, None if private else draw(sides())
        )
    for number in range(1, draw(st.integers(0, 2)) + 1):
        state = draw(st.sampled_from(["received", "postponed", "accepted", "declined"]))
        point = st.sampled_from([None, None, *items])
        world.proposals[number] = Proposal(
            number, draw(st.sampled_from(sorted(world.committees))), draw(someone), state, draw(point), draw(point)
        )
    for number in range(1, draw(st.integers(0, 3)) + 1):
        world.decisions[number] = draw(decisions(world, number, people))
    for number in range(1, draw(st.integers(0, 2)) + 1):
        point = world.items[draw(st.sampled_from(items))]
        decision = next((d for d in world.decisions.values() if d.item == point.id), None)
        world.follow_ups[number] = FollowUp(
            number,
            world.meetings[point.meeting].committee,
            point.open,
            draw(st.sampled_from(people)),
            point.id,
            decision.id if decision else None,
        )


@st.composite
def addresses(draw: st.DrawFn, world: World, people: list[int]) -> None:
    """What each follows and was told, their private addresses, and what decisions do to the activity."""
    person = st.sampled_from(people)
    for number, decision in enumerate(world.decisions, 1):
        if draw(st.booleans()):
            world.links[number] = Link(number, decision)
    followed: list[tuple[str, int | None]] = [("my_tasks", None), ("committee", 1)]
    followed += [("decision", decision) for decision in world.decisions]
    wishes = st.lists(st.tuples(person, st.sampled_from(followed)), unique=True, max_size=3)
    for number, (who, (topic, about)) in enumerate(draw(wishes), 1):
        world.subscriptions[number] = Subscription(number, who, topic, about)
    for number in range(1, draw(st.integers(0, 2)) + 1):
        world.notices[number] = Notice(number, draw(person))
        scope = draw(st.sampled_from(["decisions", "calendar"]))
        world.tokens[number] = Token(number, draw(person), scope, draw(rarely()))


@st.composite
def decisions(draw: st.DrawFn, world: World, number: int, people: list[int]) -> Decision:
    """On an item, or imported: then it has neither item nor meeting and is published."""
    common = {
        "state": draw(st.sampled_from(["valid", "done", "replaced", "withdrawn"])),
        "responsible": draw(st.sampled_from([None, *people])),
        "said_chair": draw(st.booleans()),
        "said_vice": draw(st.booleans()),
    }
    if draw(rarely()):
        committee = draw(st.sampled_from(sorted(world.committees)))
        return Decision(number, committee, True, published=True, **common)
    point = world.items[draw(st.sampled_from(sorted(world.items)))]
    committee = world.meetings[point.meeting].committee
    return Decision(number, committee, point.open, point.meeting, point.id, published=draw(st.booleans()), **common)
