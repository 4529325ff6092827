"""A committee's first meeting, from nothing to a decision that staff can follow, played through the pages.

    story = Story(arrive, travel, note, now, tell)
    story.play()

`arrive(handle)` gives that person's browser, signed in; "" is a feed reader, who is nobody. `travel(moment)` moves the
clock of the workplace. Nothing is done but what a person could do: open a page, fill in the form on it, send it.
Raises Surprise where a page answers with something else than it should.
"""

import re
from collections.abc import Callable
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
from tests.visitors import FilledForm, Page, Visitor

COMMITTEE = "Dialogudvalget"
ABOVE = "Hovedudvalget"
AHEAD = timedelta(weeks=3)  # further ahead than the deadline for proposals
# The demo's people with a part of their own in the story; the note's people get their seats from a file.
SEATS = {
    "anna": {"side": "management", "role": "chair"},
    "bo": {"side": "employee", "role": "vice_chair", "rep_role": "TR"},
    "gunnar": {"side": "employee", "role": "member", "rep_role": "AMR"},
}


class Surprise(AssertionError):
    """A page answered with something else than the story expects; the sentence says which and what."""


@dataclass
class Decision:
    """One that has been recorded in the story, and its number in the address once it is public."""

    words: Chosen
    id: int = 0

    @property
    def path(self) -> str:
        return f"/beslutninger/{self.id}"


@dataclass
class Story:
    arrive: Callable[[str], Visitor]
    travel: Callable[[datetime], None]
    note: Note
    now: datetime
    tell: Callable[[str, str], None] = lambda sentence, path: None

    people: dict[str, Visitor] = field(default_factory=dict)
    committee_id: int = 0
    meeting_id: int = 0
    next_meeting_id: int = 0
    items: dict[int, int] = field(default_factory=dict)  # part of the programme -> item
    raised_item: int = 0
    proposals: dict[str, str] = field(default_factory=dict)  # what it was answered -> its page
    decisions: list[Decision] = field(default_factory=list)
    feed_address: str = ""
    sha256: str = ""

    def play(self) -> None:
        self.hire()
        self.found_committee()
        self.plan()
        self.raise_points()
        self.answer_points()
        self.send_agenda()
        self.travel_to_the_meeting()
        self.hold_meeting()
        self.keep_the_draft_inside()
        self.approve_minutes()
        self.follow_decisions()
        self.follow_feed()

    # --- small steps --------------------------------------------------------------------------------------------

    def at(self, handle: str) -> Visitor:
        """That person's browser; they sign in when they are first needed."""
        if handle not in self.people:
            self.people[handle] = self.arrive(handle)
        return self.people[handle]

    def open(self, handle: str, path: str) -> Page:
        page = self.at(handle).open(path)
        if page.status_code != 200:
            raise Surprise(f"{path} answers {handle} with {page.status_code}: {page.words[:300]}")
        return page

    def send(self, form: FilledForm, files: dict[str, Any] | None = None) -> Page:
        """Send a form and go where it leads."""
        answer = form.send(files)
        if answer.status_code != 303:
            said = answer.errors() or answer.words[:400]
            raise Surprise(f"the form to {form.action} came back with {answer.status_code}: {said}")
        path = urlsplit(answer.headers["location"])
        page = answer.visitor.open(path.path + (f"?{path.query}" if path.query else ""))
        if page.status_code != 200:
            raise Surprise(f"after {form.action}, {path.path} answers {page.status_code}: {page.words[:300]}")
        return page

    def expect(self, it_is_so: object, sentence: str) -> None:
        if not it_is_so:
            raise Surprise(f"this is not so: {sentence}")

    @property
    def day(self) -> date:
        """The weekday of the note's meeting, far enough ahead for every deadline."""
        first = self.now.date() + AHEAD
        return first + timedelta(days=(self.note.day.weekday() - first.weekday()) % 7)

    @property
    def meeting(self) -> str:
        return f"/moeder/{self.meeting_id}"

    @property
    def room(self) -> str:
        return f"{self.meeting}/lokale"

    # --- people and the committee -------------------------------------------------------------------------------

    def hire(self) -> None:
        """The administrator takes in the places and the people of the note, beside those who work here already."""
        world = read("organisation.toml")
        places = list(dict.fromkeys(place for _, place in chosen.everyone(self.note)))
        units = [[unit["key"], unit["name"], unit.get("parent", "")] for unit in world["unit"]]
        units += [[key_of(place), place, "solbaek"] for place in places]
        people = [
            [
                person["handle"],
                person["name"],
                person["unit"],
                person.get("mail", ""),
                person["title"],
                person["role"].replace("_", " "),
                "ja" if person.get("manages") else "nej",
            ]
            for person in world["person"]
            if person["handle"] != "ivan"  # works for the operator, not for the municipality
        ]
        people += [
            [person.handle, person.name, key_of(place), "", chosen.job_title(person), chosen.job_role(person), "nej"]
            for person, place in chosen.everyone(self.note)
        ]
        self.bring_in("enheder", ["Nøgle", "Navn", "Overordnet"], units)
        self.bring_in("personer", ["Brugernavn", "Navn", "Enhed", "Mail", "Stilling", "Rolle", "Leder"], people)
        self.tell(f"Ivan har indlæst {len(places)} enheder og {len(chosen.everyone(self.note))} personer fra en fil.",
                  "/udvalg/personer")  # fmt: skip

    def bring_in(self, kind: str, header: list[str], rows: list[list[str]]) -> None:
        """Choose a file, read what it would change, say yes."""
        form = self.open("ivan", "/udvalg/indlaes").form(action="/udvalg/indlaes").fill(kind=kind)
        table = "\n".join(";".join(row) for row in [header, *rows])
        preview = self.send(form, {"file": (f"{kind}.csv", table.encode(), "text/csv")})
        self.expect(preview.has_form("Indlæs ændringerne"), f"filen med {kind} kan indlæses: {preview.words[:600]}")
        self.expect("Slutter" not in preview.words.split("I alt")[-1], f"ingen slutter, når {kind} indlæses")
        self.send(preview.form("Indlæs ændringerne"))

    def found_committee(self) -> None:
        form = self.open("ivan", "/udvalg/nyt").form(action="/udvalg/nyt")
        form.fill(
            name=COMMITTEE,
            short_name="Dialog",
            level="local",
            label="MED-udvalg",
            parent=self.option("ivan", "/udvalg/nyt", "parent", ABOVE),
            unit=self.option("ivan", "/udvalg/nyt", "unit", chosen.place_of(chosen.host(self.note))),
            purpose=self.note.purpose,
        )
        page = self.send(form)
        self.committee_id = int(page.path.split("/")[2].partition("?")[0])
        self.tell(f"Ivan har oprettet {COMMITTEE} under {ABOVE}.", f"/udvalg/{self.committee_id}")
        members = [[COMMITTEE, person.handle, "medlem", chosen.side(person), group(person)] for person in self.hosts]
        self.bring_in("pladser", ["Udvalg", "Brugernavn", "Rolle", "Side", "Valggruppe"], members)
        for handle, seat in SEATS.items():
            page = self.open("emil", f"/udvalg/{self.committee_id}/pladser/ny")
            rep_role = seat.get("rep_role")
            fields = {**seat, **({"rep_role": self.value_of(page, "rep_role", rep_role)} if rep_role else {})}
            self.send(page.form("Giv pladsen").fill(person=handle, **fields))
        page = self.open("carla", f"/udvalg/{self.committee_id}")
        self.expect(
            all(person.name in page.words for person in self.hosts) and "Anna" in page.words and "Bo" in page.words,
            "udvalgets side viser begge sider med alle deres medlemmer",
        )
        self.expect("Emil Nørskov" in page.words, "Emil er sekretær her, fordi han er det for udvalget over")
        self.tell(f"Emil har givet Anna, Bo og Gunnar plads; {len(members)} andre fik deres fra en fil.",
                  f"/udvalg/{self.committee_id}")  # fmt: skip

    @property
    def hosts(self) -> tuple[Person, ...]:
        return chosen.host(self.note).people

    def option(self, handle: str, path: str, name: str, words: str) -> str:
        return self.value_of(self.open(handle, path), name, words)

    def value_of(self, page: Page, name: str, words: str) -> str:
        """The value of the choice that reads like this."""
        for option in page.tree.xpath("//select[@name=$name]/option", name=name):
            if words.lower() in " ".join(option.text_content().split()).lower():
                return str(option.get("value"))
        raise Surprise(f"{page.path} offers no {name} that reads {words!r}")

    # --- the agenda ---------------------------------------------------------------------------------------------

    def plan(self) -> None:
        """The meeting with its programme, and the ordinary one after it."""
        slots = self.note.programme
        self.meeting_id = self.plan_on(self.day, slots[0].starts, slots[-1].ends, kind="theme", title=self.note.title)
        self.tell(f"Emil har planlagt mødet: {self.day.day}.{self.day.month}. kl. {slots[0].starts}–{slots[-1].ends}.",
                  self.meeting)  # fmt: skip
        self.next_meeting_id = self.plan_on(self.day + timedelta(weeks=8), "9.00", "11.00", kind="ordinary")
        for number, slot in enumerate(slots):
            words = "\n\n".join([*slot.lines[1:], *(f"- {talk}" for talk in slot.talks)])
            form = self.open("emil", f"{self.meeting}/punkter/nyt").form("Tilføj punkt", "/punkter/nyt")
            form.fill(
                title=slot.title,
                purpose="decide" if slot.talks else "info",
                case_text=words,
                minutes_budget=slot.minutes,
                responsible=chosen.responsible(self.note, slot),
                raised_by="",
                raised_side="",
            )
            page = self.send(form)
            self.items[number] = self.item_called(page, slot.title)
        page = self.open("anna", self.meeting)
        hours = [minute_of_day(found) for found in re.findall(r"kl\. (\d{1,2}\.\d{2})", page.words)]
        self.expect(
            all(minute_of_day(slot.starts) in hours for slot in slots),
            f"dagsordenen viser programmets klokkeslæt, regnet ud fra punkternes minutter: {page.words[:600]}",
        )
        self.tell(f"Emil har sat programmets {len(slots)} dele på dagsordenen med deres klokkeslæt.", self.meeting)

    def plan_on(self, day: date, starts: str, ends: str, **fields: str) -> int:
        form = self.open("emil", f"/moeder/nyt?udvalg={self.committee_id}").form("Planlæg mødet")
        form.fill(day=f"{day.day}.{day.month}.{day.year}", starts=starts, ends=ends, is_open="1", draft_shown="1")
        page = self.send(form.fill(minute_taker="Emil Nørskov", **fields))
        return int(page.path.split("/")[2].partition("?")[0])

    def item_called(self, page: Page, title: str) -> int:
        """The item's number, from the place on the page that its heading stands in."""
        for place in page.tree.xpath("//*[starts-with(@id, 'punkt-')]"):
            if title in " ".join(place.text_content().split()) and place.get("id")[6:].isdecimal():
                return int(place.get("id")[6:])
        raise Surprise(f"{page.path} has no item called {title!r}")

    def raise_points(self) -> None:
        points = chosen.points(self.note)
        for handle, name in {"carla": "accepted", "freja": "merged", "julie": "moved", "gunnar": "declined"}.items():
            point: chosen.Raised = getattr(points, name)
            form = self.open(handle, f"/forslag/nyt?moede={self.meeting_id}").form("Send", "/forslag/nyt")
            page = self.send(form.fill(title=point.title, why=point.why))
            self.proposals[name] = page.path.partition("?")[0]
            self.tell(f"{handle.capitalize()} har rejst et punkt.", self.proposals[name])

    def answer_points(self) -> None:
        """Anna and Bo answer: yes, under another item, at the next meeting, and no. All but yes have a reason."""
        answers: dict[str, tuple[str, dict[str, Any], str]] = {
            "accepted": ("anna", {"answer": "accept", "meeting": self.meeting_id, "minutes_budget": 15}, ""),
            "merged": (
                "bo",
                {"answer": "merge", "item": self.items[len(self.items) - 1]},
                "Det hører sammen med det, vi alligevel taler om på det sidste punkt.",
            ),
            "moved": (
                "bo",
                {"answer": "move", "meeting": self.next_meeting_id},
                "Det kræver mere tid, end der er i programmet denne gang.",
            ),
            "declined": (
                "anna",
                {"answer": "decline"},
                "Det besluttes ikke i udvalget. Vi har sendt dit forslag videre til dem, der afgør det.",
            ),
        }
        for name, (handle, fields, reason) in answers.items():
            form = self.open(handle, self.proposals[name]).form(action="/svar")
            page = self.send(form.fill(reason=reason, **fields))
            self.tell(f"{handle.capitalize()} har svaret på forslaget: {fields['answer']}.", self.proposals[name])
            if name == "accepted":
                self.raised_item = self.item_called(
                    self.open("emil", self.meeting), chosen.points(self.note).accepted.title
                )
        page = self.open("gunnar", self.proposals["declined"])
        self.expect(answers["declined"][2] in page.words, "den, der fik nej, kan læse hvorfor")

    def send_agenda(self) -> None:
        for handle in ("anna", "bo"):
            page = self.open(handle, self.meeting)
            self.send(page.form("Godkend dagsordenen"))
            self.tell(f"{handle.capitalize()} har godkendt dagsordenen.", self.meeting)
        page = self.open("carla", self.meeting)
        self.expect(
            all(slot.title in page.words for slot in self.note.programme) and "sendt ud" in page.words.lower(),
            "dagsordenen er sendt ud, og en medarbejder kan læse den",
        )
        self.send(self.open("gunnar", self.meeting).form("Jeg kommer"))
        self.tell("Dagsordenen er sendt ud; Gunnar har sagt ja til at komme.", self.meeting)

    # --- the meeting --------------------------------------------------------------------------------------------

    def travel_to_the_meeting(self) -> None:
        hours, minutes = self.note.programme[0].starts.split(".")
        self.travel(datetime.combine(self.day, time(int(hours), int(minutes)), COPENHAGEN))
        self.people.clear()
        self.tell(f"Tiden går. Det er {self.day.day}.{self.day.month}.{self.day.year}, og mødet begynder.", self.room)

    def hold_meeting(self) -> None:
        self.send(self.open("emil", self.room).form("Åbn mødet"))
        self.note_presence()
        topics = chosen.words_for(self.note)
        for number, slot in enumerate(self.note.programme):
            made = [words for words in chosen.decisions(self.note) if words.slot == number]
            page = self.minute(self.items[number], "\n\n".join(chosen.as_minutes(topic) for topic in topics[number]))
            for words in made:
                page = self.decide(page, words)
            self.settle(page, "decided" if made else "discussed" if slot.talks else "noted", bool(slot.talks))
        self.settle(self.minute(self.raised_item, chosen.points(self.note).accepted.why), "discussed", True)
        self.agree_on_tasks()
        page = self.send(self.open("emil", self.room).form("Ja, afslut mødet"))
        self.tell("Alle punkter har en afslutning. Emil har lukket mødet; referatet er en kladde.", page.path)

    def note_presence(self) -> None:
        path = f"{self.meeting}/fremmoede"
        extra = [(person, "gæst") for person in chosen.guests(self.note)]
        extra += [(person, "kom forbi") for person in self.note.visitors]
        for person, remark in extra:
            form = self.open("emil", path).form("Føj til listen")
            self.send(form.fill(person=person.name, part="guest", note=remark))
        form = self.open("emil", path).form("Gem fremmøde")
        here = {name: "present" for name in form.names if name and name.startswith("presence-")}
        self.send(form.fill(**here))
        self.tell(f"Emil har noteret fremmødet: {len(here)} personer, {len(extra)} af dem som gæster.", path)

    def minute(self, item_id: int, words: str) -> Page:
        """Go on to an item and write its minutes. Gives the room as it then stands."""
        page = self.open("emil", f"{self.room}?punkt={item_id}")
        if page.has_form("Begynd på punktet nu"):
            page = self.send(page.form("Begynd på punktet nu"))
        if words:
            page = self.send(page.form("Gem referat").fill(text=words))
            written = page.tree.xpath("string(//textarea[@name='text'])")
            self.expect(words.split()[-1] in written, "referatet står i feltet, efter at det er gemt")
        self.tell(f"Emil har skrevet referat: {len(words.split())} ord.", f"{self.room}?punkt={item_id}")
        return page

    def decide(self, page: Page, words: Chosen) -> Page:
        """Record a decision on the item that is on the page."""
        owner = self.hosts[len(self.decisions) % len(self.hosts)]
        due = self.day + timedelta(weeks=8 + 4 * len(self.decisions))
        form = page.form("Gem beslutningen").fill(text=words.text, why=words.why, perspective=words.perspective)
        page = self.send(form.fill(responsible=owner.name, due=due.isoformat()))
        self.expect(beginning(words.text) in page.words.lower(), "beslutningen står under punktet i mødelokalet")
        self.decisions.append(Decision(words))
        self.tell(f"Emil har noteret en beslutning ({words.perspective}).", page.path)
        return page

    def settle(self, page: Page, outcome: str, talked: bool) -> None:
        form = page.form("Gem", "/udfald").fill(outcome=outcome, consensus="agreed" if talked else "not_applicable")
        form.pairs = [pair for pair in form.pairs if pair[0] != "videre"]
        self.send(form)

    def agree_on_tasks(self) -> None:
        last = self.items[len(self.items) - 1]
        for task, owner in zip(chosen.tasks(self.note), ("Gunnar Thorsen", self.hosts[-1].name), strict=False):
            form = self.open("emil", f"{self.room}?punkt={last}").form("Aftal")
            due = self.day + timedelta(weeks=6)
            self.send(form.fill(text=task, owner=owner, due=due.isoformat()))
        self.tell("To opfølgninger er aftalt, med ansvarlig og frist.", "/beslutninger/opfoelgning")

    # --- the minutes --------------------------------------------------------------------------------------------

    def keep_the_draft_inside(self) -> None:
        """Carla and Julie do not sit on the committee: until both chairs have approved, they see none of it."""
        for handle in ("carla", "julie"):
            browser = self.at(handle)
            self.expect(browser.open(f"{self.meeting}/referat").status_code == 404, "kladden findes ikke for andre")
            for path in ("/beslutninger", self.meeting, "/", f"/udvalg/{self.committee_id}"):
                words = self.open(handle, path).words
                self.expect(
                    not any(beginning(decision.words.text) in words.lower() for decision in self.decisions),
                    f"{path} viser ikke {handle} en beslutning, før referatet er godkendt",
                )
        self.tell("Carla og Julie kan hverken se kladden eller beslutningerne endnu.", "/beslutninger")

    def approve_minutes(self) -> None:
        path = f"{self.meeting}/referat"
        self.send(self.open("emil", path).form("Send til godkendelse"))
        self.tell("Emil har sendt referatet til formandskabets godkendelse.", path)
        for handle in ("anna", "bo"):
            self.send(self.open(handle, path).form("Godkend referatet"))
            self.tell(f"{handle.capitalize()} har godkendt referatet.", path)
        page = self.open("carla", path)
        self.sha256 = page.tree.xpath("string(//code[contains(@class, 'address')])").strip()
        self.expect(len(self.sha256) == 64, "referatet er låst med en SHA-256-sum, som alle kan se")
        self.expect(not self.open("emil", path).has_form("Send til godkendelse"), "et låst referat sendes ikke igen")
        refused = self.at("emil").submit(
            f"{self.meeting}/punkter/{self.items[0]}/referat", on="/mig", version="1", text="Bagefter"
        )
        self.expect(refused.status_code == 403, "et låst referat kan ikke rettes")
        upcoming = self.open("anna", f"/moeder/{self.next_meeting_id}").words
        self.expect("Godkendelse af referat" in upcoming, "næste møde begynder med at godkende referatet")
        self.tell("Referatet er låst og offentligt; næste møde begynder med det.", path)

    # --- what staff can follow ----------------------------------------------------------------------------------

    def follow_decisions(self) -> None:
        names = {key: words["title"] for key, words in read("grundlag.toml")["perspective"].items()}
        short = {key: words["short"] for key, words in read("grundlag.toml")["perspective"].items()}
        page = self.open("carla", f"/beslutninger?udvalg={self.committee_id}")
        entries = {" ".join(entry.text_content().split()): entry for entry in page.tree.xpath("//article")}
        for decision in self.decisions:
            words = decision.words
            found = next((text for text in entries if beginning(words.text) in text.lower()), None)
            self.expect(found, f"beslutningerne viser nummer {self.decisions.index(decision) + 1} fra mødet")
            assert found is not None
            decision.id = int(entries[found].xpath("string(.//h3/a/@href)").split("/")[-1])
            self.expect(beginning(words.why) in found.lower(), "begrundelsen står ved beslutningen")
            self.expect(short[words.perspective] in found, "perspektivet står ved beslutningen")
            alone = self.open("carla", decision.path)
            self.expect(beginning(words.why) in alone.words.lower(), "beslutningens side viser begrundelsen")
            self.expect(names[words.perspective] in alone.words, "beslutningens side viser perspektivet")
            self.expect("Sådan går det" in alone.words and alone.tree.xpath("//ol[@class='timeline']/li"), "tidslinjen")
            self.tell(f"Carla læser: {short[words.perspective]}.", decision.path)
        self.tell(f"Carla ser {len(self.decisions)} nye beslutninger.", f"/beslutninger?udvalg={self.committee_id}")

    def follow_feed(self) -> None:
        """The private address is shown once; a reader that is signed in nowhere fetches it."""
        answer = self.open("carla", "/mig").form("Lav en privat adresse").send()
        address = answer.tree.xpath("string(//p[contains(@class, 'address')]/code)").strip()
        self.expect(address.endswith(".atom"), f"Min side viser den private adresse: {answer.words[:300]}")
        self.feed_address = urlsplit(address).path
        got = self.arrive("").open(self.feed_address)
        self.expect(got.status_code == 200, "feedens adresse svarer uden at være logget ind")
        feed = feedparser.parse(got.response.content)
        self.expect(not feed.bozo, "feeden er gyldig")
        told = {urlsplit(entry.link).path: entry for entry in feed.entries}
        for decision in self.decisions:
            entry = told.get(decision.path)
            self.expect(entry is not None, f"feeden har {decision.path}")
            assert entry is not None
            everything = " ".join(
                [entry.title, entry.get("summary", ""), *(part.value for part in entry.get("content", []))]
            )
            self.expect(beginning(decision.words.text) in everything.lower(), "feeden har beslutningens ord")
            self.expect(beginning(decision.words.why) in everything.lower(), "feeden har begrundelsen")
            terms = {tag.term for tag in entry.get("tags", [])}
            self.expect(decision.words.perspective in terms, f"feeden har perspektivet blandt {terms}")
        self.tell(f"Carlas feedlæser har hentet de {len(self.decisions)} beslutninger.", self.feed_address)


def beginning(words: str) -> str:
    """The first words, as they can be found again where a page shortens the rest."""
    return " ".join(words.split())[:50].lower()


def key_of(place: str) -> str:
    return "-".join(place.lower().split())


def group(person: Person) -> str:
    """The electoral group, where the note says which union somebody was elected for."""
    title = person.title.upper()
    return "C" if "FTF" in title else "B" if "(LO" in title else "A" if "(AC" in title else ""
