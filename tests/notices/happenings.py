"""A workplace where things happen, the clock goes on, and people look at what they were told."""

import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from med import clock, language
from med.access import Viewer
from med.db import Database
from med.decisions.actions.recording import publish
from med.decisions.models import Decision, FollowUp, Tag
from med.journal.actions import note
from med.meetings.models import Meeting
from med.notices.actions import follow
from med.notices.composing import compose_digest, compose_notice
from med.notices.digests import tell
from med.notices.forms import FollowForm
from med.notices.models import How, MailSetting, Message, MessageState, Notice, Topic
from med.notices.outbox import Letter
from med.organisation.models import Committee, Person
from med.organisation.queries import viewer_for
from med.perspectives.models import Perspective
from med.settings import Settings
from med.slices import Office

BASE = "https://med.solbaek.example"
NUMBERS = itertools.count(1000)  # past the demo's own


class House:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.office = Office(
            database,
            Settings(
                data_dir=folder,
                database_url=database.url,
                secret="s" * 40,
                base_url=BASE,
                smtp_url="smtp://127.0.0.1:9",
                mail_from="Medspil <medspil@solbaek.example>",
            ),
        )
        with database.reading() as db:
            self.ids = dict(db.execute(select(Person.handle, Person.id)).all())
            self.committees = dict(db.execute(select(Committee.key, Committee.id)).all())

    def do(self, work: Callable[[Session], Any]) -> Any:
        with self.database.writing() as db:
            return work(db)

    def ask(self, statement: Any) -> list[Any]:
        with self.database.reading() as db:
            return list(db.execute(statement).all())

    def viewer(self, db: Session, handle: str) -> Viewer:
        return viewer_for(db, self.ids[handle])

    # --- what happens -----------------------------------------------------------------------------------------------

    def decide(
        self,
        text: str = "kaffen er gratis",
        *,
        by: str = "anna",
        committee: str = "med-aabrinken",
        is_open: bool = True,
        perspective: Perspective = Perspective.RESILIENS,
        further: tuple[Perspective, ...] = (),
        replaces: int | None = None,
        **more: Any,
    ) -> int:
        """A decision is published by somebody, here and now."""

        def work(db: Session) -> int:
            made = Decision(
                uid=str(uuid.uuid4()),
                committee_id=self.committees[committee],
                is_open=is_open,
                year=2026,
                number=next(NUMBERS),
                text=text,
                perspective=perspective,
                decided_at=clock.now(),
                changed_at=clock.now(),
                replaces_id=replaces,
                **more,
            )
            made.tags = [
                Tag(perspective=one, is_main=one is perspective, committee_id=made.committee_id, is_open=is_open)
                for one in (perspective, *further)
            ]
            db.add(made)
            publish(db, self.viewer(db, by), made, clock.now())
            return made.id

        return int(self.do(work))

    def give_task(
        self, owner: str, *, is_open: bool = True, due: Any = None, text: str = "Bestille kaffe", **more: Any
    ) -> int:
        def work(db: Session) -> int:
            made = FollowUp(
                committee_id=self.committees["med-aabrinken"],
                is_open=is_open,
                text=text,
                owner_id=self.ids[owner],
                due=due,
                created_at=clock.now(),
                **more,
            )
            db.add(made)
            note(db, self.viewer(db, "anna"), "follow_up.agreed", made)
            return made.id

        return int(self.do(work))

    def happens(self, happened: str, kind: type, thing_id: int, by: str | None = "anna", fields: Any = ()) -> None:
        """A line in the journal, as an action writes it."""
        self.do(lambda db: note(db, self.viewer(db, by) if by else None, happened, db.get_one(kind, thing_id), fields))

    def follow(self, handle: str, topic: Topic, about: Any, how: How = How.DAILY) -> None:
        self.do(lambda db: follow(db, self.viewer(db, handle), FollowForm(topic=topic, about=str(about), how=how)))

    def set_mail(self, handle: str, **values: Any) -> None:
        self.do(lambda db: db.add(MailSetting(person_id=self.ids[handle], **values)))

    # --- what comes of it -------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """What the clock does every few minutes."""
        tell(self.office)

    def begin(self) -> None:
        """The first time: what was before is history, what is due today has been told."""
        self.tick()
        self.do(lambda db: db.execute(Notice.__table__.delete()))

    def told(self, handle: str, *, about: int | None = None) -> list[tuple[str, str]]:
        """(kind, how) of what there is to tell somebody, oldest first; of one thing only, if asked."""
        rows = self.ask(
            select(Notice.kind, Notice.how, Notice.thing_id)
            .where(Notice.person_id == self.ids[handle])
            .order_by(Notice.at, Notice.id)
        )
        return [(row.kind.value, row.how.value) for row in rows if about in (None, row.thing_id)]

    def messages(self, handle: str) -> list[Message]:
        with self.database.reading() as db:
            found = db.scalars(
                select(Message)
                .where(Message.person_id == self.ids[handle], Message.kind.in_(("digest", "notice")))
                .order_by(Message.id)
            ).all()
            db.expunge_all()
            return list(found)

    def letters(self, handle: str, lang: str = "da") -> list[Letter]:
        """Every mail that waits for somebody, as it is composed today; it counts as sent then."""
        made = []
        for message in self.messages(handle):
            if message.state is not MessageState.WAITING:
                continue
            with self.database.reading() as db:
                language.current.set(lang)
                compose = compose_digest if message.kind == "digest" else compose_notice
                letter = compose(db, self.office, message, self.viewer(db, handle))
                language.current.set("da")
            self.do(lambda db, found=message: setattr(db.get_one(Message, found.id), "state", MessageState.SENT))
            if letter is not None:
                made.append(letter)
        return made


def next_meeting(house: House) -> int:
    """MED-ledelsen's meeting of Tuesday 24 November."""
    return int(
        house.ask(
            select(Meeting.id)
            .where(
                Meeting.committee_id == house.committees["med-aabrinken"],
                Meeting.starts_at > clock.now(),
                Meeting.starts_at < clock.now() + timedelta(days=7),
            )
            .limit(1)
        )[0].id
    )


def wall(day: str, hour: str) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=clock.COPENHAGEN)
