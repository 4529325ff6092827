"""`/soeg`: search in what was decided and what was on the agenda."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response
from markupsafe import Markup

from med import search
from med.access import signed_in
from med.decisions.filters import LONGEST_SEARCH
from med.decisions.fragments import heading
from med.decisions.queries import searching
from med.language import T, Text
from med.perspectives.queries import titles
from med.text import to_plain
from med.web.routing import Visit, get

KINDS = {"beslutninger": search.DECISION, "punkter": search.ITEM}


@get("/soeg", name="decisions.search", policy=signed_in)
def show_search(visit: Visit) -> Response:
    words, where = visit.query.get("q").strip(), visit.query.get("hvor")
    before = searching.read_place(visit.query.get("foer"))
    errors: dict[str, Text] = {}
    if len(words) > LONGEST_SEARCH:
        errors["q"] = T("Højst %(n)s tegn; her er %(m)s.", n=LONGEST_SEARCH, m=len(words))
    if where and where not in KINDS:
        errors["hvor"] = T("Vælg en af mulighederne.")
    hits = searching.Hits([], None)
    if not errors:
        hits = searching.found(visit.db, visit.viewer, words, KINDS.get(where, ""), before)
    wanted = search.sought(words)
    chosen = {name: value for name, value in (("q", words), ("hvor", where)) if value}
    return visit.page(
        "decisions/search.html",
        status_code=400 if errors else 200,
        words=words,
        errors=errors,
        values={"q": words, "hvor": where},
        results=[result(kind, row, wanted) for kind, row in searching.words_of_hits(visit.db, visit.viewer, hits)],
        first=f"/soeg?{urlencode(chosen)}" if before else None,
        older=f"/soeg?{urlencode({**chosen, 'foer': hits.older})}" if hits.older else None,
        perspectives=titles(visit.db),
    )


def result(kind: str, row: Any, wanted: search.Sought) -> dict[str, Any]:
    """What a hit shows: its heading and the place where the words stand, with them marked."""
    if kind == search.DECISION:
        title, texts = heading(row.text), [row.why, row.meaning]
    else:
        said = [row.minutes_text, row.statement_management, row.statement_employees] if row.has_words else []
        title, texts = row.title, [to_plain(text) for text in (row.case_text, in_a_row(row.recommendation), *said)]
    shown = next((text for text in texts if any(search.hits(text, wanted))), next(filter(None, texts), ""))
    return {
        "kind": kind,
        "row": row,
        "title": search.marked(title, wanted),
        "text": search.marked(search.excerpt(shown, wanted), wanted) if shown else Markup(""),
    }


def in_a_row(recommendation: str) -> str:
    """A recommendation has one proposal a line; an excerpt has them after each other."""
    lines = (line.strip().removeprefix("- ") for line in recommendation.splitlines() if line.strip())
    return "; ".join(line.rstrip(" .,;") for line in lines)
