"""What the demo has none of, for walks, journeys and pictures: a meeting in the middle of itself, and passwords."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from med import clock
from med.access import Viewer
from med.decisions.actions import record_decision
from med.decisions.forms import DecisionForm
from med.demo.workplace import uid
from med.identity import accounts, passwords
from med.identity.doorkeeper import digest
from med.identity.models import Account, Welcome
from med.meetings.actions import minuting, outcomes, presence
from med.meetings.forms.minuting import Here, Settled
from med.meetings.models import Consensus, Item, Meeting, Outcome, Reply
from med.organisation.models import Person
from med.organisation.queries import viewer_for
from med.perspectives.models import Perspective

# The morning of the meeting of MED-ledelsen that the demo waits for, a quarter of an hour in.
MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=clock.COPENHAGEN)
A_WHILE_IN = datetime(2026, 11, 24, 9, 27, tzinfo=clock.COPENHAGEN)

NEWS = """Næstformanden fortæller, at formødet især handlede om juleugen.

- Dækningslisten er taget godt imod i værkstederne.
- Specialterapi vil gerne være med fra januar."""

TALK = """Antallet af ændringer er faldet fra 23 til 14 om måneden siden foråret. Tre ud af fire skyldes sygdom.

Medarbejdersiden ønsker otte ugers varsel og peger på, at dækningslisten kun virker, når folk kender planen i god tid.
Ledelsen vil hellere blive ved **seks uger** og bruge kræfterne på listen."""


def person(db: Session, handle: str) -> Viewer:
    found = db.scalar(select(Person.id).where(Person.handle == handle))
    assert found is not None, handle
    return viewer_for(db, found)


def open_room(db: Session, slug: str, writer: str = "emil") -> Meeting:
    """The meeting is open, at its first item."""
    meeting = db.scalar(select(Meeting).where(Meeting.uid == uid("meeting", slug)))
    assert meeting is not None, slug
    return minuting.open_meeting(db, person(db, writer), meeting)


def a_while_into(db: Session, slug: str = "28-med-naeste") -> None:
    """Two items settled, the third under discussion with a decision written down."""
    writer = person(db, "emil")
    with clock.at(MORNING):
        meeting = open_room(db, slug)
        came = {one.id: Here("present") for one in meeting.attendances if one.reply is Reply.ACCEPTED and one.role}
        presence.note_presence(db, writer, meeting, came)
    adoption, news, duties = meeting.items[:3]
    for minute, item, words, outcome in (
        (4, adoption, "Referatet er godkendt.", Outcome.DECIDED),
        (9, news, NEWS, Outcome.NOTED),
    ):
        with clock.at(MORNING + timedelta(minutes=minute)):
            write(db, writer, item, words)
            consensus = Consensus.AGREED if outcome is Outcome.DECIDED else None
            outcomes.settle_item(db, writer, item, Settled(outcome, item.version, consensus))
    with clock.at(MORNING + timedelta(minutes=10)):
        minuting.go_to_item(db, writer, duties)
    with clock.at(A_WHILE_IN - timedelta(minutes=2)):
        write(db, writer, duties, TALK)
        form = DecisionForm(
            text="vagtplanen bliver meldt ud seks uger før, og dækningslisten gælder i hele Åbrinken fra 1. januar",
            why="Ændringerne er faldet med en tredjedel, og de fleste, der er tilbage, skyldes sygdom. "
            "Dem klarer listen bedre end et længere varsel.",
            perspective=Perspective.RESILIENS,
            further=[Perspective.PERFORMANCE],
            responsible="Mikkel Bruun",
            due=datetime(2027, 1, 4).date(),  # noqa: DTZ001
        )
        record_decision(db, writer, duties, form)


PASSWORD = "tre blå heste i regnvejr"


def ways_in(db: Session) -> None:
    """Bo has a password, Gunnar one with a second step, and Carla has got a link to begin with."""
    hashed = passwords.hash_now(PASSWORD)
    for handle in ("bo", "gunnar"):
        found = db.scalars(select(Person).where(Person.handle == handle)).one()
        account = accounts.set_password(db, None, found, hashed, anew=True)
    db.execute(update(Account).where(Account.id == account.id).values(second_step="turned on"))
    send_link(db, "carla")


def send_link(db: Session, handle: str) -> None:
    """A link to begin with whose address is known beforehand: `link_to`."""
    accounts.welcome(db, None, db.scalars(select(Person).where(Person.handle == handle)).one())
    db.execute(update(Welcome).where(Welcome.used_at.is_(None)).values(token_hash=digest(link_to(handle))))


def link_to(handle: str) -> str:
    return f"link-til-{handle}"


def write(db: Session, writer: Viewer, item: Item, words: str) -> None:
    minuting.write_minutes(db, writer, item.meeting_id, item.id, words, item.minutes_version)
