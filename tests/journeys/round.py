"""The whole way round, played through the pages: a point, a decision, a course, a measurement, and the point again.

    story = Round(arrive=visitor, travel=clock.freeze, night=night, now=demo.NOW)
    story.play()

Carla works in the workshops and sits on no committee. Anna and Bo chair MED-ledelsen, Emil is its secretary; Bo also
coordinates who gets a place, Anna leads the house, Freja reads along. Two decisions are made of one course: that it
begins, and that it is held in pairs. The measurement supports the first and speaks against the second.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

import feedparser

from med import worker
from med.clock import COPENHAGEN
from med.competence_compass.jobs import jobs as compass_jobs
from med.loop.jobs import jobs as loop_jobs
from med.slices import Office
from tests.journeys.course import CONTACT, COURAGE, Course
from tests.journeys.steps import Steps, Surprise, item_called, number_in, option
from tests.visitors import Page

TITLE = "Trin for trin"
POINT = "Kan vi hjælpe flere til at turde prøve noget nyt?"
WHY = "Mange siger nej til et nyt værksted, før de har set det. Kunne vi begynde et kort kursus om det?"
BEGIN = "vi begynder kurset “Trin for trin” i Værkstederne, to forløb i foråret"
PAIRS = "kurset holdes i makkerpar, så deltagerne også øver sig i at tage kontakt"
WIDEN = "“Trin for trin” bliver et fast tilbud og åbnes for hele Åbrinken"
CHANGE = "kurset holdes uden faste makkerpar, og kontakten øves i caféen i stedet for"
ASSESSMENT = ("citizen", "date", "assessor", "dimension", "value")
PLACES = 8
SESSIONS = 3


def morning(day: date) -> datetime:
    return datetime.combine(day, time(9), COPENHAGEN)


@dataclass
class Made:
    """A decision of the story: its words, its number, the point that came back about it."""

    text: str
    id: int = 0
    point: str = ""

    @property
    def path(self) -> str:
        return f"/beslutninger/{self.id}"


def pass_the_night(office: Office) -> None:
    """What the worker does by the clock; the analysis runs in a process of its own, as it does at night."""
    for job in [*compass_jobs, *loop_jobs]:
        if job.errand is not None:
            worker.go(office, job)
        elif not worker.run(office.database, job):
            raise Surprise(f"the night's {job.name} did not go well")


def no_picture(name: str, handle: str, path: str) -> None:
    """Looks at nothing."""


@dataclass(kw_only=True)
class Round(Steps):
    """`night()` does what the worker does by the clock; `look(name, handle, path)` is shown the pages that matter."""

    now: datetime
    night: Callable[[], None]
    look: Callable[[str, str, str], None] = no_picture
    course: Course = field(default_factory=Course)

    committee_id: int = 0
    activity_id: int = 0
    meeting_id: int = 0
    runs: list[int] = field(default_factory=list)
    begin: Made = field(default_factory=lambda: Made(BEGIN))
    pairs: Made = field(default_factory=lambda: Made(PAIRS))

    def play(self) -> None:
        self.raise_a_point()
        self.decide_to_begin()
        self.write_the_hypotheses()
        self.queue_and_draw_lots()
        self.hold_the_course()
        self.take_stock()
        self.sleep()
        self.find_the_points()
        self.decide_again()
        self.read_along()

    # --- time and pages -----------------------------------------------------------------------------------------

    def on(self, day: date) -> None:
        """It is nine in the morning of this day; everyone signs in again."""
        self.travel(morning(day))
        self.people.clear()

    def do(self, handle: str, path: str, button: str, action: str = "", **fields: Any) -> Page:
        """What a person does with a form: find it on a page, fill it in, send it. In a browser, by clicking."""
        return self.send(self.open(handle, path).form(button, action).fill(**fields))

    @property
    def first_meeting(self) -> date:
        return self.now.date() + timedelta(days=31)

    @property
    def starts(self) -> tuple[date, date]:
        """The Mondays on which the two runs begin."""
        return date(2027, 1, 18), date(2027, 4, 5)

    @property
    def review(self) -> date:
        return date(2027, 11, 15)

    @property
    def activity(self) -> str:
        return f"/kompas/aktivitet/{self.activity_id}"

    @property
    def waiting_list(self) -> str:
        return f"/kompas/venteliste/{self.activity_id}"

    # --- the decision -------------------------------------------------------------------------------------------

    def raise_a_point(self) -> None:
        page = self.open("carla", "/forslag/nyt")
        committee = option(page, "committee", "MED-ledelsen på Åbrinken")
        self.committee_id = int(committee)
        page = self.do("carla", "/forslag/nyt", "Send", title=POINT, why=WHY, committee=committee)
        proposal = urlsplit(page.path).path
        self.look("forslag", "carla", proposal)
        self.tell("Carla raised a point.", proposal)
        self.meeting_id = self.plan(self.first_meeting)
        self.do("anna", proposal, "Svar", "/svar", answer="accept", meeting=self.meeting_id, minutes_budget=20)

    def plan(self, day: date) -> int:
        fields = {"day": day.isoformat(), "starts": "09:00", "ends": "10:30", "minute_taker": "Emil Nørskov"}
        page = self.do("anna", f"/moeder/nyt?udvalg={self.committee_id}", "Planlæg mødet", **fields)
        return number_in(page)

    def decide_to_begin(self) -> None:
        self.on(self.first_meeting)
        self.hold_meeting(
            {
                POINT: [
                    {"text": BEGIN, "why": "Vi ser mange sige nej af forsigtighed, ikke af mangel på lyst.",
                     "perspective": "emergens", "hoped_effect": "Flere tør prøve noget nyt.",
                     "review": self.review.isoformat(), "responsible": "Lise Damgaard"},
                    {"text": PAIRS, "why": "Det er lettere at møde nye, når man er to.",
                     "perspective": "emergens", "hoped_effect": "Flere tager selv kontakt til andre.",
                     "responsible": "Bo Kjærgaard"},
                ]
            }
        )  # fmt: skip
        listed = self.open("carla", f"/beslutninger?udvalg={self.committee_id}")
        for made in (self.begin, self.pairs):
            made.id = self.number_of(listed, made.text)
        self.look("beslutning", "carla", self.begin.path)
        self.tell("The committee decided twice about the course; everyone can read it.", self.begin.path)

    def hold_meeting(self, decisions: dict[str, list[dict[str, str]]]) -> None:
        """Open it, decide on the items named, take note of the rest, and freeze the minutes."""
        room = f"/moeder/{self.meeting_id}/lokale"
        agenda = self.open("emil", f"/moeder/{self.meeting_id}")
        self.send(self.open("emil", room).form("Åbn mødet"))
        items = {title: item_called(agenda, title) for title in decisions}
        for place in agenda.tree.xpath("//*[starts-with(@id, 'punkt-')]/@id"):
            item = int(place.removeprefix("punkt-"))
            path = f"{room}?punkt={item}"
            made = next((decisions[title] for title, id in items.items() if id == item), [])
            for fields in made:
                self.do("emil", path, "Gem beslutningen", **fields)
            self.look(f"lokale-{item}", "emil", path)
            ending = {"outcome": "decided", "consensus": "agreed"} if made else {"outcome": "postponed"}
            self.do("emil", path, "Gem", "/udfald", **ending)
        self.send(self.open("emil", room).form("Ja, afslut mødet"))
        minutes = f"/moeder/{self.meeting_id}/referat"
        self.send(self.open("emil", minutes).form("Send til godkendelse"))
        for handle in ("anna", "bo"):
            self.do(handle, minutes, "Godkend referatet")

    # --- the course ---------------------------------------------------------------------------------------------

    def write_the_hypotheses(self) -> None:
        """Anna proposes the activity, says what it is meant to do, and which decision it came from."""
        page = self.open("anna", "/kompas/aktiviteter/ny")
        fields = {
            "title": TITLE, "kind": "course", "unit": option(page, "unit", "Værkstederne"),
            "planned_sessions": SESSIONS,
            "about": "Et kort kursus, hvor deltagerne prøver noget nyt hver uge, ét trin ad gangen.",
            "capacity": PLACES, "has_exam": "1", "code": "trin",
        }  # fmt: skip
        page = self.do("anna", "/kompas/aktiviteter/ny", "Foreslå aktiviteten", **fields)
        self.activity_id = number_in(page)
        link = {"activity": self.activity_id, "kind": "starts"}
        self.do("anna", f"{self.begin.path}/kredsloeb", "Knyt aktiviteten til", **link)
        for dimension, size, why, decision in (
            (COURAGE, "medium", "Små trin, der lykkes, gør det næste mindre farligt.", None),
            (CONTACT, "small", "Den, der har en makker, møder flere.", self.pairs.id),
        ):
            page = self.open("anna", self.activity)
            chosen = option(page, "dimension", TITLES[dimension])
            form = page.form(action="/hypoteser")
            self.send(form.fill(dimension=chosen, size=size, rationale=why, decision=decision))
        self.look("aktivitet", "anna", self.activity)
        self.tell("Anna wrote down what the course is meant to do, before anyone begins.", self.activity)

    def queue_and_draw_lots(self) -> None:
        """Bo takes the house's citizens in from a file, puts eighteen of them on the list, and a lot decides."""
        self.on(self.starts[0])
        self.bring_in("citizens", ("citizen", "unit", "entered"),
                      [(one, "vaerkstederne", "2025-09-01") for one in self.course.citizens])  # fmt: skip
        before = [self.starts[0] - timedelta(days=days) for days in (196, 105, 7)]
        self.bring_in("assessments", ASSESSMENT, list(self.course.assessed(before)))
        for citizen in self.course.citizens[: 2 * PLACES + 2]:
            self.do("bo", self.waiting_list, "Skriv op", citizen=citizen, reason="random", priority="0")
        self.do("bo", self.waiting_list, "Træk lod mellem dem, der står lige")
        self.look("venteliste", "bo", self.waiting_list)
        self.tell("Bo drew lots between those who stood equal.", self.waiting_list)

    def bring_in(self, kind: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        """Choose a file, read what it would do, say yes."""
        table = "\n".join(";".join(row) for row in [header, *rows])
        form = self.open("bo", "/kompas/indlaes").form(action="/kompas/indlaes").fill(kind=kind)
        preview = self.send(form, {"file": (f"{kind}.csv", table.encode(), "text/csv")})
        self.send(preview.form(action=urlsplit(preview.path).path))

    def hold_the_course(self) -> None:
        """Twice: places by the lot, a beginning that freezes the hypotheses, who came, the exam, the end."""
        for number, start in enumerate(self.starts, 1):
            self.on(start)
            fields = {"starts": start.isoformat(), "planned_sessions": SESSIONS, "rhythm": "weekly"}
            page = self.do("bo", f"{self.activity}/forloeb/nyt", "Planlæg forløbet", capacity=PLACES, leader="carla",
                           **fields)  # fmt: skip
            run = number_in(page)
            self.runs.append(run)
            self.offer_places(run)
            self.do("bo", f"/kompas/forloeb/{run}", "Begynd forløbet")
            if number == 1:
                words = self.open("anna", self.activity).words
                self.expect("ligget fast" in words, "the hypotheses are frozen when the first run begins")
            self.on(start + timedelta(weeks=SESSIONS - 1))
            self.examine(run)
            self.do("carla", f"/kompas/forloeb/{run}", "Ja, afslut forløbet")
            self.tell(f"Run {number}: {PLACES} places by the lot, and an exam at the end.", f"/kompas/forloeb/{run}")

    def offer_places(self, run: int) -> None:
        page = self.open("bo", self.waiting_list)
        for _ in range(PLACES):
            page = self.send(page.form("pladsen"))
            page = self.send(page.form("Gem svaret").fill(answer="yes"))

    def examine(self, run: int) -> None:
        path = f"/kompas/forloeb/{run}"
        for place in range(1, SESSIONS + 1):
            self.do("carla", f"{path}?gang={place}", "Resten kom")
        page = self.open("carla", path)
        for place in [form.get("action") for form in page.tree.xpath("//form[contains(@action, '/proeve')]")]:
            page = self.send(page.form("Gem prøven", urlsplit(place).path).fill(passed="1"))
        for person in page.tree.xpath("//section[@id='deltagere']//li/b"):
            self.course.been_through[person.text_content().strip()] = self.starts[len(self.runs) - 1]
        self.look(f"forloeb-{len(self.runs)}", "carla", path)

    # --- the measurement ----------------------------------------------------------------------------------------

    def take_stock(self) -> None:
        """Stock is taken three times with everyone; the file comes from where the house keeps them."""
        self.on(self.review)
        self.expect(len(self.course.been_through) == 2 * PLACES, "everyone on the course is known by pseudonym")
        after = [self.review - timedelta(days=days) for days in (189, 98, 7)]
        self.bring_in("assessments", ASSESSMENT, list(self.course.assessed(after)))

    def sleep(self) -> None:
        """The night does what it does by the clock: asks for the effects, measures, and raises what it found."""
        self.night()
        self.look("maalt", "anna", self.activity)
        self.tell("The night measured the course.", self.activity)

    def find_the_points(self) -> None:
        page = self.open("anna", "/forslag")
        for made in (self.begin, self.pairs):
            circle = self.open("carla", f"{made.path}/kredsloeb").words
            self.expect("Punkt rejst af Medspil" in circle, f"{made.path} came back to the committee")
            title = made.text[:30].capitalize() if made is self.begin else made.text[:30]
            made.point = next(link for link in page.links() if self.is_about(link, title))
        for made, words in (
            (self.begin, ("Flere tør prøve", "**Hypotesen.**", "udvikles hos dem, der deltager")),
            (self.pairs, ("Flere tager selv kontakt", "Ingen påviselig effekt")),
        ):
            said = self.open("anna", made.point).words
            for one in words:
                self.expect(one.replace("**", "") in said, f"the point says {one!r}")
        self.look("punkt", "anna", self.begin.point)
        self.tell("Both decisions came back to the agenda by themselves.", "/forslag")

    def is_about(self, link: str, words: str) -> bool:
        return link.startswith("/forslag/") and link.split("/")[-1].isdecimal() and (
            words[5:25].lower() in self.open("anna", link).h1.lower()
        )  # fmt: skip

    # --- the table again ----------------------------------------------------------------------------------------

    def decide_again(self) -> None:
        """Both points on one agenda; the committee widens what works and changes what does not."""
        day = self.review + timedelta(days=21)
        self.meeting_id = self.plan(day)
        titles = {}
        for made in (self.begin, self.pairs):
            titles[made.text] = self.open("anna", made.point).h1
            accept = {"answer": "accept", "meeting": self.meeting_id, "minutes_budget": 15}
            self.do("anna", made.point, "Svar", "/svar", **accept)
        self.look("dagsorden", "bo", f"/moeder/{self.meeting_id}")
        self.on(day)
        self.hold_meeting(
            {
                titles[BEGIN]: [
                    {"text": WIDEN, "why": "Beregningen viser, at deltagerne tør mere.", "perspective": "emergens",
                     "hoped_effect": "Flere i hele huset tør prøve noget nyt.", "review": "2028-11-13"},
                ],
                titles[PAIRS]: [
                    {"text": CHANGE, "why": "Vi kan ikke se, at makkerparrene gør en forskel.",
                     "perspective": "emergens", "hoped_effect": "Flere tager selv kontakt til andre."},
                ],
            }
        )  # fmt: skip
        for made, words in ((self.begin, "Vi fortsætter og åbner for flere."), (self.pairs, "Vi gør det anderledes.")):
            self.do("anna", made.path, "Gem tilbageblik", note=words)
        listed = self.open("carla", f"/beslutninger?udvalg={self.committee_id}")
        for text in (WIDEN, CHANGE):
            new = Made(text, self.number_of(listed, text))
            self.do("anna", f"{new.path}/kredsloeb", "Knyt aktiviteten til", activity=self.activity_id, kind="changes")
            self.expect(TITLE in self.open("carla", new.path).words, "the new decision takes the course on")
        self.tell("The committee widened one and changed the other.", f"/moeder/{self.meeting_id}/referat")

    def number_of(self, listed: Page, text: str) -> int:
        """The number of the decision with these words in a list of decisions."""
        for entry in listed.tree.xpath("//article"):
            if text[5:40] in " ".join(entry.text_content().split()):
                return int(entry.xpath("string(.//h3/a/@href)").split("/")[-1])
        raise Surprise(f"{listed.path} does not have {text!r}")

    # --- those who read -----------------------------------------------------------------------------------------

    def read_along(self) -> None:
        """Staff read it in their feed, the manager sees the circle."""
        page = self.open("freja", f"/beslutninger?udvalg={self.committee_id}")
        sentence = "beregningen viser udvikling i “Tør prøve”"
        self.expect(sentence in page.words, "the page of decisions says what became of it")
        self.look("feed", "freja", page.path)
        answer = self.open("freja", "/mig/adresser").form("Lav et feed").send()
        address = next(word for word in answer.text.replace('"', " ").split() if word.endswith(".atom"))
        parsed = feedparser.parse(self.arrive("").open(urlsplit(address).path).response.content)
        told = {urlsplit(entry.link).path: str(entry) for entry in parsed.entries}
        self.expect(not parsed.bozo and sentence in told[self.begin.path], "so does the private feed")
        circle = f"/udvalg/{self.committee_id}/kredsloeb"
        words = self.open("dorte", circle).words
        self.expect(
            "Beregningen støtter" in words and "Beregningen taler imod" in words, "the manager sees both circles"
        )
        self.look("kredsloeb", "dorte", circle)
        self.look("beslutningens-kredsloeb", "dorte", f"{self.begin.path}/kredsloeb")
        plan = self.open("dorte", "/kompas/udviklingsplan").words
        self.expect(TITLE in plan and "Tør prøve" in plan, "the development plan carries what was found")
        file = self.at("dorte").open("/kompas/udviklingsplan/fil?form=csv")
        self.expect(file.status_code == 200 and TITLE in file.response.text, "so does its file")
        self.look("udviklingsplan", "dorte", "/kompas/udviklingsplan")
        self.tell("Staff read it, and the manager sees the circle.", circle)


TITLES = {COURAGE: "Tør prøve", CONTACT: "Tager kontakt"}
