"""What people ask for: each kind of page with the goal it has, as requests that differ as people's do."""

import gzip
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from benchmarks.asking import Line, Reads, Stream, Traffic, Unchanged, asking, form
from benchmarks.grounds import PASSWORD, Served
from benchmarks.long_meeting import WORDS

FILTERS = {
    "everything": "",
    "a usual perspective": "?perspektiv=emergens",
    "the rare perspective": "?perspektiv=resiliens",
    "one committee": "?udvalg={committee}",
    "a state": "?tilstand=in_progress",
    "in force": "?tilstand=i_kraft",
    "one's own": "?ansvarlig=mig",
    "a month": "?fra=2025-03-01&til=2025-03-31",
    "new to me": "?nye=1",
    "words": "?q=vagtplan+st%C3%B8j",
    "rare, and in force": "?perspektiv=resiliens&tilstand=i_kraft",
}
PERSONAS = ("member", "employee", "outsider")
PLAIN = Reads([asking("/livez")])
OLDER = 40  # pages down the feed that one visit in five goes to
SOUGHT = ("pauserne", "vagtplan støj", "nattevagten prøver om fredagen", "vagtplanlægning", "rengøring", "sommerf")


class Goal(NamedTuple):
    """What a kind of page may cost; None where nothing was promised."""

    cpu: float | None = None  # × plain text
    share: float | None = None  # of plain text's throughput
    ms: float | None = None  # of CPU
    with_commit: bool = False  # the CPU of one bare commit may come on top

    def __str__(self) -> str:
        told = [f"≤ {self.cpu:g} ×" + (" + a commit" if self.with_commit else "")] if self.cpu else []
        told += [f"≥ {self.share:g}"] if self.share else []
        told += [f"≤ {self.ms:g} ms"] if self.ms else []
        return ", ".join(told) or "–"


class Kind(NamedTuple):
    traffic: Traffic
    goal: Goal = Goal()
    lines: int = 4  # connections at once
    seconds: float = 0  # of asking in each round, where the usual time is too short for all who ask


@dataclass(frozen=True)
class Autosaves(Traffic):
    """Somebody who writes minutes, saved as they write: each line has an item of its own."""

    room: int
    items: Sequence[int]
    cookie: str
    status: int = 200

    def stream(self, line: int) -> Stream:
        item = self.items[line]
        page = yield asking(f"/moeder/{self.room}/lokale?punkt={item}", self.cookie)
        text = gzip.decompress(page.body).decode()
        token = found_in(text, r'name="_token" value="([^"]+)"')
        version = int(found_in(text, r'name="version" value="(\d+)"'))
        number = random.Random(version).randrange(10**6)
        while True:
            number += 1
            fields = {"_token": token, "version": version, "text": f"{WORDS}\n\n{number % 10**6:06}"}
            path = f"/moeder/{self.room}/punkter/{item}/referat"
            saved = yield form(path, fields, self.cookie, {"X-Fragment": "1"})
            version = int(saved.header("x-version"))


def found_in(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"no {pattern} on the page: {text[:800]}")
    return found[1]


def filtered(served: Served, name: str, persona: str) -> bytes:
    places = served.ground.places
    query = FILTERS[name].format(committee=places["committee"])
    return asking("/beslutninger" + query, places["personas"][persona])


def walk_down(served: Served) -> list[str]:
    """Addresses of the pages that follow the first."""
    line, path, found = Line(served.port), "/beslutninger", []
    for _ in range(OLDER):
        answer = line.ask(asking(path, served.ground.places["personas"]["employee"]))
        if answer.status != 200:
            raise RuntimeError(f"{path} was answered {answer.status}")
        page = gzip.decompress(answer.body).decode()
        following = re.search(r'<link rel="next" href="([^"]+)"', page)
        if following is None:
            break
        path = following[1].replace("&amp;", "&")
        found.append(path)
    return found


def of_the_feed(served: Served) -> dict[str, Kind]:
    return {
        f"{name}/{who}": Kind(Reads([filtered(served, name, who)]), Goal(cpu=8, share=0.15))
        for name in FILTERS
        for who in PERSONAS
    }


def of_all(served: Served, seed: int) -> dict[str, Kind]:
    places, chance = served.ground.places, random.Random(seed)
    cookies, older = places["cookies"], walk_down(served)

    def some(*paths: str, of: Sequence[str] = cookies, count: int = 4000) -> list[bytes]:
        return [asking(chance.choice(paths), chance.choice(of)) for _ in range(count)]

    def feed(of: Sequence[str]) -> list[bytes]:
        """Another person each time, four in five on the first page."""
        return [
            asking(chance.choice(older) if chance.random() < 0.2 else "/beslutninger", chance.choice(of))
            for _ in range(4000)
        ]

    line = Line(served.port)

    def known(paths: Sequence[str]) -> Mapping[str, str]:
        return {path: line.ask(asking(path)).header("etag") for path in paths}

    def person() -> Mapping[str, str]:
        """One after another from other addresses, each with an allowance of wrong passwords of its own."""
        return {"X-Forwarded-For": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}"}

    account = {"handle": "julie", "password": PASSWORD}
    meeting = f"/moeder/{places['meeting']}"
    return {
        "feed page, varied traffic": Kind(Reads(feed(cookies)), Goal(cpu=8, share=0.15), seconds=2),
        "the same, each the first visit in a minute": Kind(Reads(feed(places["first"])), seconds=2),
        "decision page": Kind(Reads(some(*(f"/beslutninger/{id}" for id in places["decisions"])))),
        "meeting page of 15 items": Kind(Reads([asking(meeting, places["anna"])]), Goal(ms=6.9)),
        "its minutes": Kind(Reads(some(f"{meeting}/referat"))),
        "room page": Kind(
            Reads([asking(f"/moeder/{places['room']}/lokale?punkt={id}", places["anna"]) for id in places["items"]])
        ),
        "room autosave": Kind(
            Autosaves(places["room"], places["items"], places["anna"]), Goal(cpu=10, with_commit=True)
        ),
        "overview": Kind(Reads(some("/"))),
        "Atom, first page, kept": Kind(Reads([asking(path) for path in places["feeds"]]), Goal(share=0.6)),
        "Atom, nothing new (304)": Kind(Unchanged(known(places["feeds"])), Goal(share=0.6)),
        "calendar, kept": Kind(Reads([asking(path) for path in places["calendars"]])),
        "calendar, nothing new (304)": Kind(Unchanged(known(places["calendars"])), Goal(share=0.6)),
        "search": Kind(Reads(some(*(f"/soeg?q={quote(words)}" for words in SOUGHT)))),
        "sign-in, a persona": Kind(Reads([form("/log-ind/demo", {"person": "carla"})], 303)),
        "sign-in, password": Kind(
            Reads([form("/log-ind/konto", account, headers=person()) for _ in range(2000)], 303), lines=2
        ),
    }  # fmt: skip


def reads_of(kinds: Mapping[str, Kind]) -> dict[str, Any]:
    """The pages among them whose questions are asked without the page, too; the feed's by one of its readers."""
    return {
        name: kind.traffic.requests
        for name, kind in kinds.items()
        if isinstance(kind.traffic, Reads | Unchanged)
        and kind.traffic.status != 303
        and ("/" not in name or name.endswith("/employee"))
    }
