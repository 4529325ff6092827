"""Every page, form, feed, calendar, mail and log line a person meets, looked through for words they may not know."""

import html
import io
import logging
import quopri
import random
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree
from lxml import html as lxml_html
from sqlalchemy import select

from med import clock, language
from med.errors import NotFound
from med.journal.models import Entry
from med.notices.digests import tell
from med.notices.models import Channel, How, Message, Notice, NoticeKind, Topic
from med.notices.outbox import COMPOSERS
from med.organisation.models import Person
from med.organisation.queries import viewer_for
from med.slices import Office
from tests.canaries.planting import STEM, Cage
from tests.routes import BY_DECISION, BY_ITEM, BY_MEETING, PARAMETER, Route
from tests.walking import Answer

SEARCHES = ("q", "navn", "ord", "ansvarlig", "udvalg", "person", "soeg", "mod", "aktivitet")
BY_CITIZEN = {
    "citizen_id",
    "goal_id",
    "occasion_id",
    "entry_id",
    "participation_id",
    "run_id",
    "exam_id",
    "assignment_id",
}


# What there is to tell of a kind of thing.
TOLD_OF = {
    "meeting": (NoticeKind.AGENDA_SENT, NoticeKind.MEETING_MOVED, NoticeKind.MEETING_CANCELLED),
    "minutes": (NoticeKind.MINUTES_TO_APPROVE, NoticeKind.MINUTES_APPROVED),
    "proposal": (NoticeKind.POINT_RAISED, NoticeKind.POINT_ANSWERED),
    "decision": (
        NoticeKind.DECISION_PUBLISHED,
        NoticeKind.DECISION_CHANGED,
        NoticeKind.DECISION_DUE,
        NoticeKind.REVIEW_DUE,
    ),
    "follow_up": (NoticeKind.TASK_GIVEN, NoticeKind.TASK_CHANGED, NoticeKind.TASK_DUE),
}


def addresses(cage: Cage, routes: list[Route], method: str) -> list[tuple[Route, str, str]]:
    """(route, case, path) for everything planted that the route can be about; the rest once."""
    found = []
    for route in routes:
        if route.method != method:
            continue
        asked = set(route.parameters)
        cases = ["live closed"]
        if asked & (BY_ITEM | BY_MEETING | BY_DECISION):
            cases = [name for name in cage.cases if name.endswith((" open", " closed"))]
        elif "proposal_id" in asked:
            cases = [name for name in cage.cases if name.startswith("proposal")]
        elif asked & BY_CITIZEN:
            cases = ["citizen"]
        known = (case for case in cases if set(PARAMETER.findall(route.path)) <= set(cage.cases[case]))
        found += [(route, case, route.fill(cage.cases[case])) for case in known]
    return list({(route.name, path): (route, case, path) for route, case, path in found}.values())


class Log(logging.Handler):
    """Everything the application says of itself."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(logging.Formatter("%(message)s").format(record))

    def __enter__(self) -> "Log":
        logging.getLogger().addHandler(self)
        self.before = logging.getLogger("med").level
        logging.getLogger("med").setLevel(logging.INFO)
        return self

    def __exit__(self, *gone: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger("med").setLevel(self.before)


class Crawler:
    """Looks at what comes back, one person after the other. `leaks` says what was found where, `met` what each met."""

    def __init__(self, scene: Any, cage: Cage) -> None:
        self.scene, self.cage = scene, cage
        self.words = {canary.word.lower(): canary for canary in cage.canaries}
        pieces = sorted({re.escape(word) for word in self.words if not word.startswith(STEM)})
        self.pattern = re.compile("|".join([rf"{STEM}\d{{4}}z", *pieces]))
        self.leaks: set[str] = set()
        self.met: dict[str, set[str]] = {}
        self.looked_at = 0

    # --- looking ----------------------------------------------------------------------------------------------------

    def look(self, person: str, text: str, where: str, *, leaves: bool = False) -> None:
        self.looked_at += 1
        for found in set(self.pattern.findall(text.lower())):
            canary = self.words[found]
            self.met.setdefault(person, set()).add(canary.what)
            if person not in canary.knows or (leaves and not canary.may_leave):
                self.leaks.add(f"{canary.what} ({found}) reaches {person or 'a stranger'} at {where}")

    def look_at(self, person: str, answer: Answer, where: str, *, leaves: bool = False) -> None:
        """The words as they stand, as a reader sees them, as a link carries them; headers and packed files, too."""
        heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        body = answer.body.decode("utf-8", "replace")
        shapes = [body, html.unescape(body), re.sub(r"\r?\n[ \t]", "", body)]
        if "%" in body:
            shapes.append(unquote(body))
        if answer.body.startswith(b"PK"):
            shapes += unpacked(answer.body)
        self.look(person, "\n".join([heads, unquote(heads), *shapes]), where, leaves=leaves)

    # --- pages --------------------------------------------------------------------------------------------------------

    def read(self, person: str, route: Route, case: str, path: str) -> Answer:
        answer = self.scene.walker.get(person, path)
        self.look_at(person, answer, f"{route.name} ({case})")
        return answer

    def read_pages(self, person: str, draw: random.Random, share: float) -> None:
        for route, case, path in addresses(self.cage, self.scene.routes, "GET"):
            if draw.random() >= share:
                continue
            self.read(person, route, case, path)
            if not route.parameters:
                query = "&".join(f"{name}={STEM}" for name in SEARCHES)
                self.look_at(person, self.scene.walker.get(person, f"{path}?{query}"), f"{route.name}, searched")
                self.look_at(person, self.scene.walker.get(person, path + "?sprog=en"), f"{route.name}, in English")
            elif draw.random() < 0.3:
                piece = self.scene.walker.get(person, path, x_fragment="1")
                self.look_at(person, piece, f"{route.name}, a piece")

    def follow_links(self, person: str, most: int) -> int:
        """Wherever the pages lead, from the front page on. Returns how many pages that were."""
        seen, waiting = {"/"}, ["/"]
        for path in waiting:
            answer = self.scene.walker.get(person, path)
            self.look_at(person, answer, path)
            if not answer.is_page:
                continue
            for link in lxml_html.fromstring(answer.body).xpath("//a/@href | //link/@href | //img/@src"):
                parts = urlsplit(urljoin(path, link))
                onwards = parts.path + (f"?{parts.query}" if parts.query else "")
                if not parts.netloc and parts.path.startswith("/") and onwards not in seen and len(seen) < most:
                    seen.add(onwards)
                    waiting.append(onwards)
        return len(seen)

    def send_forms(self, person: str, fields: Any, draw: random.Random, share: float) -> None:
        """Nothing is kept of what they change; what they answer is read."""
        for route, case, path in addresses(self.cage, self.scene.routes, "POST"):
            if draw.random() < share:
                answer = self.scene.walker.post(person, path, fields(self.cage.cases[case]))
                self.look_at(person, answer, f"{route.name} ({case})")

    # --- what leaves the house ---------------------------------------------------------------------------------------

    def read_private_addresses(self) -> None:
        """A member's feed tells what a member may read (docs/decisions/0010); a calendar nothing that is closed."""
        for person, paths in self.cage.feeds.items():
            for path in paths:
                answer = self.scene.walker.get("", path)
                assert answer.status == 200, path
                self.look_at(person, answer, f"a private address ({path[-5:]})", leaves=path.endswith(".ics"))

    def read_mails(self, office: Office) -> int:
        """Everybody is told of everything that was planted, in every way there is. Returns how many mails that made.

        A mail leaves the house: nothing closed is in it for anybody, however much they may read inside.
        """
        database = office.database
        with database.writing() as db:
            people = dict(db.execute(select(Person.handle, Person.id)).all())
            db.add_all(Notice(person_id=person, **notice) for person in people.values() for notice in self.notices())
        tell(office)
        read = 0
        with database.reading() as db:
            handles = {id: handle for handle, id in people.items()}
            for message in db.scalars(select(Message).where(Message.kind.in_(list(COMPOSERS)))):
                who = handles[message.person_id] if message.channel is Channel.MAIL else ""
                try:
                    viewer = viewer_for(db, message.person_id) if who else None
                except NotFound:
                    continue
                for tongue in ("da", "en"):
                    language.current.set(tongue)
                    letter = COMPOSERS[message.kind](db, office, message, viewer)
                    if letter is not None:
                        read += 1
                        self.look(who, mail_text(letter), f"a mail ({message.kind})", leaves=True)
            language.current.set("da")
        return read

    def notices(self) -> Iterator[dict[str, Any]]:
        for number, (table, id) in enumerate(self.cage.things):
            for kind in TOLD_OF.get(table, ()):
                for how in (How.AT_ONCE, How.DAILY):
                    yield {
                        "kind": kind,
                        "key": f"cage:{kind}:{how}:{number}",
                        "thing": table,
                        "thing_id": id,
                        "topic": Topic.MY_TASKS,
                        "how": how,
                        "at": clock.now(),
                    }

    def read_the_journal(self, office: Office) -> None:
        """What happened is noted by name and number, never in the words it was about."""
        with office.database.reading() as db:
            for entry in db.execute(select(Entry.__table__)):
                self.look("the journal", repr(tuple(entry)), "the journal", leaves=True)


def mail_text(letter: Any) -> str:
    parts = [repr(letter), getattr(letter, "html", ""), getattr(letter, "calendar", b"").decode("utf-8", "replace")]
    parts.append(re.sub(r"\r?\n[ \t]", "", parts[-1]))
    parts.append(quopri.decodestring(parts[0].encode()).decode("utf-8", "replace"))
    return html.unescape("\n".join(parts))


def unpacked(data: bytes) -> list[str]:
    """The words in an .xlsx, .docx or .zip, and the names of what is in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        found = packed.namelist()
        for name in packed.namelist():
            raw = packed.read(name)
            found.append(raw.decode("utf-8", "replace"))
            if name.endswith(".xml"):
                found.append("".join(etree.fromstring(raw).itertext()))
    return found
