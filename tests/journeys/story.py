"""A committee's first meeting, from nothing to decisions that staff can follow, played through the pages.

    story = Story(arrive=visitor, travel=clock.freeze, note=read_note(path), now=demo.NOW)
    story.play()

Nothing is done but what a person could do: open a page, fill in the form on it, send it. Raises Surprise where a page
answers with something else than it should.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import feedparser

from med.clock import COPENHAGEN
from med.demo.workplace import read
from tests.journeys import chosen
from tests.journeys.chosen import Chosen
from tests.journeys.note import Note, Person, minute_of_day
from tests.journeys.steps import Steps, beginning, item_called, number_in, option
from tests.visitors import Page

COMMITTEE = "Dialogudvalget"
ABOVE = "Hovedudvalget"
AHEAD = timedelta(weeks=3)  # further ahead than the deadline for proposals
# The demo's people with a part of their own in the story; the note's people get their seats from a file.
SEATS = {
    "anna": {"side": "management", "role": "chair", "rep_role": ""},
    "bo": {"side": "employee", "role": "vice_chair", "rep_role": "TR"},
    "gunnar": {"side": "employee", "role": "member", "rep_role": "AMR"},
}
DECLINED = "Det afgøres ikke i udvalget. Vi har givet dit forslag til dem, der kan afgøre det."


@dataclass
class Decision:
    """One that was recorded in the story; its number once it has been found in the feed."""

    words: Chosen
    id: int = 0

    @property
    def path(self) -> str:
        return f"/beslutninger/{self.id}"


@dataclass(kw_only=True)
class Story(Steps):
    note: Note
    now: datetime

    committee_id: int = 0
    meeting_id: int = 0
    next_meeting_id: int = 0
    items: list[int] = field(default_factory=list)  # the programme's parts, in order
    raised_item: int = 0
    proposals: dict[str, str] = field(default_factory=dict)  # how it is answered -> its page
    decisions: list[Decision] = field(default_factory=list)
    feed: str = ""
    sha256: str = ""

    def play(self) -> None:
        self.hire()
        self.found_committee()
        self.plan()
        self.raise_points()
        self.answer_points()
        self.send_agenda()
        self.go_to_the_meeting()
        self.hold_meeting()
        self.keep_the_draft_inside()
        self.approve_minutes()
        self.read_decisions()
        self.read_feed()

    @property
    def day(self) -> date:
        """The weekday of the note's meeting, far enough ahead for every deadline."""
        first = self.now.date() + AHEAD
        return first + timedelta(days=(self.note.day.weekday() - first.weekday()) % 7)

    @property
    def committee(self) -> str:
        return f"/udvalg/{self.committee_id}"

    @property
    def meeting(self) -> str:
        return f"/moeder/{self.meeting_id}"

    @property
    def room(self) -> str:
        return f"{self.meeting}/lokale"

    @property
    def minutes(self) -> str:
        return f"{self.meeting}/referat"

    @property
    def hosts(self) -> tuple[Person, ...]:
        return chosen.host(self.note).people

    # --- people and the committee -------------------------------------------------------------------------------

    def hire(self) -> None:
        """The administrator takes in the places and the people of the note, beside those who work here already."""
        world = read("organisation.toml")
        came = chosen.everyone(self.note)
        places = list(dict.fromkeys(place for _, place in came))
        units = [[unit["key"], unit["name"], unit.get("parent", "")] for unit in world["unit"]]
        units += [[key_of(place), place, "solbaek"] for place in places]
        people = [
            [one["handle"], one["name"], one["unit"], one["title"], one["role"].replace("_", " ")]
            for one in world["person"]
            if one["handle"] != "ivan"  # works for the operator, not for the municipality
        ]
        people += [
            [one.handle, one.name, key_of(place), chosen.job_title(one), chosen.job_role(one)] for one, place in came
        ]
        self.bring_in("enheder", ["Nøgle", "Navn", "Overordnet"], units)
        self.bring_in("personer", ["Brugernavn", "Navn", "Enhed", "Stilling", "Rolle"], people)
        self.tell(f"Ivan took in {len(places)} units and {len(came)} people from files.", "/udvalg/personer")

    def bring_in(self, kind: str, header: list[str], rows: list[list[str]]) -> None:
        """Choose a file, read what it would change, say yes."""
        table = "\n".join(";".join(row) for row in [header, *rows])
        form = self.open("ivan", "/udvalg/indlaes").form(action="/udvalg/indlaes").fill(kind=kind)
        preview = self.send(form, {"file": (f"{kind}.csv", table.encode(), "text/csv")})
        self.expect(preview.has_form("Indlæs ændringerne"), f"the file of {kind} can be used: {preview.words[:600]}")
        leaving = preview.tree.xpath("//h2[starts-with(normalize-space(), 'Slutter')]")
        self.expect(not leaving, f"nobody leaves when {kind} are taken in")
        self.send(preview.form("Indlæs ændringerne"))

    def found_committee(self) -> None:
        page = self.open("ivan", "/udvalg/nyt")
        form = page.form(action="/udvalg/nyt").fill(
            name=COMMITTEE,
            short_name="Dialog",
            level="local",
            label="MED-udvalg",
            parent=option(page, "parent", ABOVE),
            unit=option(page, "unit", chosen.place_of(chosen.host(self.note))),
            purpose=self.note.purpose,
        )
        self.committee_id = number_in(self.send(form))
        self.tell(f"Ivan set up {COMMITTEE} under {ABOVE}.", self.committee)
        members = [[COMMITTEE, one.handle, "medlem", chosen.side(one), chosen.group(one)] for one in self.hosts]
        self.bring_in("pladser", ["Udvalg", "Brugernavn", "Rolle", "Side", "Valggruppe"], members)
        for handle, seat in SEATS.items():
            page = self.open("emil", f"{self.committee}/pladser/ny")
            rep_role = option(page, "rep_role", seat["rep_role"]) if seat["rep_role"] else ""
            self.send(page.form("Giv pladsen").fill(person=handle, **{**seat, "rep_role": rep_role}))
        words = self.open("carla", self.committee).words
        for name in [*(one.name for one in self.hosts), "Anna Lindegaard", "Bo Kjærgaard"]:
            self.expect(name in words, f"the committee's page shows {name}")
        self.expect("Emil Nørskov" in words, "Emil is secretary here, because he is so of the committee above")
        self.tell(
            f"Emil gave Anna, Bo and Gunnar their seats; {len(members)} members came from a file.", self.committee
        )

    # --- the agenda ---------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """The meeting with its programme, and the ordinary one after it."""
        slots = self.note.programme
        self.meeting_id = self.plan_on(self.day, slots[0].starts, slots[-1].ends, kind="theme", title=self.note.title)
        self.tell(f"Emil planned the meeting: {self.day}, {slots[0].starts} to {slots[-1].ends}.", self.meeting)
        self.next_meeting_id = self.plan_on(self.day + timedelta(weeks=8), "9.00", "11.00", kind="ordinary")
        for slot in slots:
            form = self.open("emil", f"{self.meeting}/punkter/nyt").form("Tilføj punkt", "/punkter/nyt")
            form.fill(
                title=slot.title,
                purpose="decide" if slot.talks else "info",
                case_text="\n\n".join([*slot.lines[1:], *(f"- {talk}" for talk in slot.talks)]),
                minutes_budget=slot.minutes,
                responsible=chosen.responsible(self.note, slot),
                raised_by="",
                raised_side="",
            )
            self.items.append(item_called(self.send(form), slot.title))
        words = self.open("anna", self.meeting).words
        hours = [minute_of_day(found) for found in re.findall(r"kl\. (\d{1,2}\.\d{2})", words)]
        for slot in slots:
            self.expect(minute_of_day(slot.starts) in hours, f"the agenda computes that an item begins {slot.starts}")
        self.tell(f"Emil put the {len(slots)} parts of the programme on the agenda, by the clock.", self.meeting)

    def plan_on(self, day: date, starts: str, ends: str, **fields: str) -> int:
        form = self.open("emil", f"/moeder/nyt?udvalg={self.committee_id}").form("Planlæg mødet")
        form.fill(day=f"{day.day}.{day.month}.{day.year}", starts=starts, ends=ends, minute_taker="Emil Nørskov")
        return number_in(self.send(form.fill(is_open="1", draft_shown="1", **fields)))

    def raise_points(self) -> None:
        points = chosen.points(self.note)
        for handle, name in {"carla": "accepted", "freja": "merged", "julie": "moved", "gunnar": "declined"}.items():
            point: chosen.Raised = getattr(points, name)
            form = self.open(handle, f"/forslag/nyt?moede={self.meeting_id}").form("Send", "/forslag/nyt")
            page = self.send(form.fill(title=point.title, why=point.why))
            self.proposals[name] = urlsplit(page.path).path
            self.tell(f"{handle.capitalize()} raised a point.", self.proposals[name])

    def answer_points(self) -> None:
        """Yes; together with another item; at the next meeting; no. All but yes have a reason."""
        together = "Det hører sammen med det, vi taler om på det sidste punkt."
        later = "Det kræver mere tid, end programmet har denne gang."
        self.answer("accepted", "anna", "accept", meeting=self.meeting_id, minutes_budget=15)
        self.answer("merged", "bo", "merge", item=self.items[-1], reason=together)
        self.answer("moved", "bo", "move", meeting=self.next_meeting_id, reason=later)
        self.answer("declined", "bo", "decline", reason=DECLINED)
        self.raised_item = item_called(self.open("carla", self.meeting), chosen.points(self.note).accepted.title)
        self.expect(DECLINED in self.open("gunnar", self.proposals["declined"]).words, "Gunnar reads why it was a no")

    def answer(self, name: str, handle: str, answer: str, **fields: Any) -> None:
        form = self.open(handle, self.proposals[name]).form(action="/svar")
        self.send(form.fill(answer=answer, **fields))
        self.tell(f"{handle.capitalize()} answered it: {name}.", self.proposals[name])

    def send_agenda(self) -> None:
        for handle in ("anna", "bo"):
            self.send(self.open(handle, self.meeting).form("Godkend dagsordenen"))
            self.tell(f"{handle.capitalize()} approved the agenda.", self.meeting)
        words = self.open("carla", self.meeting).words
        self.expect("Dagsorden sendt ud" in words, "the agenda goes out when both have approved it")
        for slot in self.note.programme:
            self.expect(slot.title in words, f"any employee reads the agenda: {slot.title}")
        self.send(self.open("gunnar", self.meeting).form("Jeg kommer"))
        self.send(self.open("carla", self.meeting).form("Tilmeld mig som tilhører"))
        self.tell("The agenda is out. Gunnar is coming, and Carla will listen.", self.meeting)

    # --- the meeting --------------------------------------------------------------------------------------------

    def go_to_the_meeting(self) -> None:
        hours, minutes = divmod(minute_of_day(self.note.programme[0].starts), 60)
        self.travel(datetime.combine(self.day, time(hours, minutes), COPENHAGEN))
        self.people.clear()  # weeks have passed, and everyone signs in again
        self.tell(f"Time passes. It is {self.day}, and the meeting begins.", self.room)

    def hold_meeting(self) -> None:
        """Item by item, as the button in the room leads on to the next."""
        self.note_presence(self.send(self.open("emil", self.room).form("Åbn mødet")))
        page = self.open("emil", self.room)
        topics = chosen.words_for(self.note)
        for number, slot in enumerate(self.note.programme):
            made = [words for words in chosen.decisions(self.note) if words.slot == number]
            page = self.minute(page, "\n\n".join(chosen.as_minutes(topic) for topic in topics[number]))
            for words in made:
                page = self.decide(page, words)
            page = self.settle(page, "decided" if made else "discussed" if slot.talks else "noted", bool(slot.talks))
        point = chosen.points(self.note).accepted
        self.expect(point.title in page.words, "the point that was raised is the last item")
        page = self.settle(self.minute(page, point.why), "discussed", True)
        self.agree_on_tasks()
        live = self.open("carla", f"{self.room}?punkt={self.items[0]}").words
        self.expect(beginning(topics[0][0].paragraphs[0]) in live.lower(), "Carla follows the open meeting as it goes")
        self.send(page.form("Ja, afslut mødet"))
        self.tell("Every item has its outcome. Emil closed the meeting; the minutes are a draft.", self.minutes)

    def note_presence(self, room: Page) -> None:
        path = f"{self.meeting}/fremmoede"
        self.expect(path in room.links(), "the room leads to the list of who is there")
        page = self.open("emil", path)
        extra = [*chosen.guests(self.note), *((one, "kom forbi") for one in self.note.visitors)]
        for one, remark in extra:
            page = self.send(page.form("Føj til listen").fill(person=one.name, part="guest", note=remark))
        form = page.form("Gem fremmøde")
        here = {name: "present" for name in form.names if name and name.startswith("presence-")}
        self.send(form.fill(**here))
        self.tell(f"Emil noted who is there: {len(here)} people, {len(extra)} of them guests.", path)

    def minute(self, page: Page, words: str) -> Page:
        """Write the minutes of the item that is on the page."""
        if words:
            page = self.send(page.form("Gem referat").fill(text=words))
            written = page.tree.xpath("string(//textarea[@name='text'])")
            self.expect(words.split()[-1] in written, "the words stand in the field after they were saved")
            self.tell(f"Emil wrote {len(words.split())} words of minutes.", page.path.partition("&sagt=")[0])
        return page

    def decide(self, page: Page, words: Chosen) -> Page:
        """Record a decision on the item that is on the page."""
        owner = self.hosts[len(self.decisions) % len(self.hosts)]
        due = self.day + timedelta(weeks=8 + 4 * len(self.decisions))
        form = page.form("Gem beslutningen").fill(text=words.text, why=words.why, perspective=words.perspective)
        page = self.send(form.fill(responsible=owner.name, due=due.isoformat()))
        self.expect(beginning(words.text) in page.words.lower(), "the decision stands under its item in the room")
        self.decisions.append(Decision(words))
        self.tell(f"Emil recorded decision {len(self.decisions)}, which serves {words.perspective}.", page.path)
        return page

    def settle(self, page: Page, outcome: str, talked: bool) -> Page:
        """Say how the item ended, and go on to the next."""
        form = page.form("Gem", "/udfald")
        return self.send(form.fill(outcome=outcome, consensus="agreed" if talked else "not_applicable"))

    def agree_on_tasks(self) -> None:
        """On the item that the point they come from was put together with."""
        page = self.open("emil", f"{self.room}?punkt={self.items[-1]}")
        due = self.day + timedelta(weeks=6)
        for task, owner in zip(chosen.tasks(self.note), ("Gunnar Thorsen", self.hosts[-1].name), strict=False):
            page = self.send(page.form("Aftal").fill(text=task, owner=owner, due=due.isoformat()))
        listed = self.open("gunnar", f"/beslutninger/opfoelgning?udvalg={self.committee_id}").words
        for task in chosen.tasks(self.note):
            self.expect(task in listed, "the committee's members see who does what by when")
        self.tell("Two follow-ups were agreed on, with owner and due date.", "/beslutninger/opfoelgning")

    # --- the minutes --------------------------------------------------------------------------------------------

    def keep_the_draft_inside(self) -> None:
        """Carla and Julie do not sit on the committee: until both chairs have approved, they see none of it."""
        for handle in ("carla", "julie"):
            self.expect(self.at(handle).open(self.minutes).status_code == 404, f"the draft is not there for {handle}")
            for path in ("/beslutninger", self.meeting, "/", self.committee):
                words = self.open(handle, path).words.lower()
                for decision in self.decisions:
                    self.expect(beginning(decision.words.text) not in words, f"{path} tells {handle} nothing yet")
        self.tell("Carla and Julie see neither the draft nor its decisions.", "/beslutninger")

    def approve_minutes(self) -> None:
        self.send(self.open("emil", self.minutes).form("Send til godkendelse"))
        self.tell("Emil sent the minutes to the chairs for approval.", self.minutes)
        for handle in ("anna", "bo"):
            self.send(self.open(handle, self.minutes).form("Godkend referatet"))
            self.tell(f"{handle.capitalize()} approved the minutes.", self.minutes)
        page = self.open("carla", self.minutes)
        self.sha256 = page.tree.xpath("string(//code[contains(@class, 'address')])").strip()
        self.expect(re.fullmatch("[0-9a-f]{64}", self.sha256), "the frozen minutes show their SHA-256 to everybody")
        late = {"version": "1", "text": "Bagefter"}
        refused = self.at("emil").submit(f"{self.meeting}/punkter/{self.items[0]}/referat", **late)
        self.expect(refused.status_code == 403, "frozen minutes cannot be changed")
        upcoming = self.open("anna", f"/moeder/{self.next_meeting_id}").words
        self.expect("Godkendelse af referat" in upcoming, "the next meeting begins by adopting the minutes")
        self.tell("The minutes are frozen and public; the next meeting begins with them.", self.minutes)

    # --- what staff can follow ----------------------------------------------------------------------------------

    def read_decisions(self) -> None:
        named = read("grundlag.toml")["perspective"]
        mine = f"/beslutninger?udvalg={self.committee_id}"
        entries = {
            " ".join(entry.text_content().split()).lower(): entry.xpath("string(.//h3/a/@href)")
            for entry in self.open("carla", mine).tree.xpath("//article")
        }
        for number, decision in enumerate(self.decisions, 1):
            words, perspective = decision.words, named[decision.words.perspective]
            found = next((text for text in entries if beginning(words.text) in text), "")
            self.expect(found, f"the page of decisions has number {number}")
            self.expect(beginning(words.why) in found, f"number {number} stands with its reason")
            self.expect(perspective["short"].lower() in found, f"number {number} stands with its perspective")
            decision.id = int(entries[found].split("/")[-1])
            page = self.open("carla", decision.path)
            self.expect(beginning(words.why) in page.words.lower(), f"{decision.path} says why")
            self.expect(perspective["title"] in page.words, f"{decision.path} says what it serves")
            self.expect(page.tree.xpath("//ol[@class='timeline']/li"), f"{decision.path} shows how it goes")
        self.tell(f"Carla reads the {len(self.decisions)} decisions, each with perspective and reason.", mine)

    def read_feed(self) -> None:
        """The private address is shown once; a reader that is signed in nowhere fetches it."""
        answer = self.open("carla", "/mig/adresser").form("Lav et feed").send()
        address = next((word for word in answer.text.replace('"', " ").split() if word.endswith(".atom")), "")
        self.expect(address.startswith("http"), "her own page shows the private address")
        self.feed = urlsplit(address).path
        got = self.arrive("").open(self.feed)
        parsed = feedparser.parse(got.response.content)
        self.expect(got.status_code == 200 and not parsed.bozo, "the address answers with a well-formed feed")
        told = {urlsplit(entry.link).path: entry for entry in parsed.entries}
        for decision in self.decisions:
            self.expect(decision.path in told, f"the feed has {decision.path}")
            entry = told[decision.path]
            parts = [entry.title, entry.get("summary", ""), *(part.value for part in entry.get("content", []))]
            everything = " ".join(parts).lower()
            self.expect(beginning(decision.words.text) in everything, "the feed says what was decided")
            self.expect(beginning(decision.words.why) in everything, "the feed says why")
            terms = {tag.term for tag in entry.get("tags", [])}
            self.expect(decision.words.perspective in terms, "the feed says which perspective it serves")
        self.tell(f"Carla's feed reader fetched the {len(self.decisions)} decisions.", self.feed)


def key_of(place: str) -> str:
    return "-".join(place.lower().split())
