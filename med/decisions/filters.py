"""What a reader wants to see of the decisions: the same few choices on the page, in the private feeds and in links."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

from msgspec import Struct
from msgspec.structs import replace

from med.decisions.models import DecisionState
from med.language import T, Text
from med.numbers import number_in
from med.perspectives.models import Perspective
from med.web.forms import as_machines_write

IN_FORCE = "i_kraft"
LONGEST_SEARCH = 100


class Filters(Struct, frozen=True):
    """Nothing chosen shows everything the viewer may see."""

    perspective: Perspective | None = None
    committee_id: int | None = None
    state: DecisionState | None = None
    in_force: bool = False
    responsible: str = ""  # a name, a sign-in name, or "mig"
    since: date | None = None
    until: date | None = None
    words: str = ""
    only_new: bool = False
    responsible_id: int | None = None  # whom `responsible` means; 0 is nobody
    ids: tuple[int, ...] | None = None  # which decisions the words are the number of

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    @property
    def more(self) -> bool:
        """Whether something is chosen besides the perspective; it must not hide under a closed heading."""
        return replace(self, perspective=None) != Filters()

    def query(self, **instead: Any) -> str:
        """As a query string, always in the same order; `instead` replaces single fields."""
        values = {**self.fields(), **instead}
        return urlencode([(name, value) for name, value in values.items() if value])

    def fields(self) -> dict[str, str]:
        """What stands in the form."""
        return {
            "perspektiv": self.perspective.value if self.perspective else "",
            "udvalg": str(self.committee_id or ""),
            "tilstand": IN_FORCE if self.in_force else self.state.value if self.state else "",
            "ansvarlig": self.responsible,
            "fra": self.since.isoformat() if self.since else "",
            "til": self.until.isoformat() if self.until else "",
            "q": self.words,
            "nye": "1" if self.only_new else "",
        }


def read_filters(pairs: Iterable[tuple[str, str]]) -> tuple[Filters, dict[str, Text]]:
    """The filters of an address, and what could not be understood, by field. Unknown names are left alone.

    What does not fit is left out of the filters, so that a page can show the message beside the field.
    """
    given: dict[str, str] = {}
    for name, value in pairs:
        given.setdefault(name, value.strip())
    errors: dict[str, Text] = {}

    def day(name: str) -> date | None:
        raw = given.get(name, "")
        if not raw:
            return None
        try:
            found = date.fromisoformat(as_machines_write(date, raw))
        except ValueError:
            found = None
        if found is None or not 1900 <= found.year <= 2199:
            errors[name] = T("Skriv en dato, der findes, fx 31.12.2027.")
            return None
        return found

    perspective = None
    if raw := given.get("perspektiv", ""):
        perspective = next((one for one in Perspective if one.value == raw), None)
        if perspective is None:
            errors["perspektiv"] = T("Vælg en af mulighederne.")
    committee_id = None
    if raw := given.get("udvalg", ""):
        committee_id = number_in(raw)
        if not committee_id:
            errors["udvalg"] = T("Vælg en af mulighederne.")
    state, in_force = None, False
    if raw := given.get("tilstand", ""):
        in_force = raw == IN_FORCE
        state = next((one for one in DecisionState if one.value == raw), None)
        if state is None and not in_force:
            errors["tilstand"] = T("Vælg en af mulighederne.")
    since, until = day("fra"), day("til")
    if since and until and until < since:
        errors["til"] = T("Slutdatoen ligger før startdatoen.")
        until = None
    words, responsible = given.get("q", ""), given.get("ansvarlig", "")
    for name, value in (("q", words), ("ansvarlig", responsible)):
        if len(value) > LONGEST_SEARCH:
            errors[name] = T("Højst %(n)s tegn; her er %(m)s.", n=LONGEST_SEARCH, m=len(value))
    found = Filters(
        perspective=perspective,
        committee_id=committee_id,
        state=state,
        in_force=in_force,
        responsible="" if "ansvarlig" in errors else responsible,
        since=since,
        until=until,
        words="" if "q" in errors else " ".join(words.split()),
        only_new=given.get("nye") == "1",
    )
    return found, errors


def filters_of(query: str) -> Filters:
    """The filters a private address was made with."""
    return read_filters(parse_qsl(query, max_num_fields=50))[0]
