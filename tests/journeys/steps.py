"""What every step of a story is made of: people at their browsers, pages that open, forms that are sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.visitors import FilledForm, Page, Visitor


class Surprise(AssertionError):
    """A page answered with something else than the story expects; the sentence says which and what."""


def silent(sentence: str, path: str) -> None:
    """Tells nobody."""


@dataclass(kw_only=True)
class Steps:
    """`arrive(handle)` gives that person's browser, signed in; "" is a feed reader, who is nobody. `travel(moment)`
    moves the workplace's clock. `tell` hears each thing that was done, and the address to see it at."""

    arrive: Callable[[str], Visitor]
    travel: Callable[[datetime], None]
    tell: Callable[[str, str], None] = silent
    people: dict[str, Visitor] = field(default_factory=dict)

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
        to = urlsplit(answer.headers["location"])
        page = answer.visitor.open(to.path + (f"?{to.query}" if to.query else ""))
        if page.status_code != 200:
            raise Surprise(f"after {form.action}, {to.path} answers {page.status_code}: {page.words[:300]}")
        return page

    def expect(self, it_is_so: object, sentence: str) -> None:
        if not it_is_so:
            raise Surprise(f"this is not so: {sentence}")


def number_in(page: Page) -> int:
    """The number in a page's address: of the committee, the meeting, the proposal."""
    return int(next(part for part in urlsplit(page.path).path.split("/") if part.isdecimal()))


def option(page: Page, name: str, words: str) -> str:
    """The value of the choice that reads like this."""
    for found in page.tree.xpath("//select[@name=$name]/option", name=name):
        if words.lower() in " ".join(found.text_content().split()).lower():
            return str(found.get("value"))
    raise Surprise(f"{page.path} offers no {name} that reads {words!r}")


def item_called(page: Page, title: str) -> int:
    """The number of the agenda item with this heading, from the place on the page it can be linked to."""
    for place in page.tree.xpath("//*[starts-with(@id, 'punkt-')]"):
        if title in " ".join(place.text_content().split()):
            return int(place.get("id").removeprefix("punkt-"))
    raise Surprise(f"{page.path} has no item called {title!r}")


def beginning(words: str) -> str:
    """The first words, as they can be found again where a page shortens the rest."""
    return " ".join(words.split())[:50].lower()
