"""`/nyt`: what there is to tell me, newest first."""

from litestar import Response

from med.access import signed_in
from med.errors import NotFound
from med.notices import actions, queries
from med.notices.composing import lines_of
from med.numbers import number_in
from med.perspectives.queries import titles
from med.web.routing import Visit, get, post


@get("/nyt", name="notices.news", policy=signed_in)
def news(visit: Visit) -> Response:
    found = queries.news(visit.db, visit.viewer, number(visit.query.get("efter")))
    lines = lines_of(visit.db, visit.viewer, found.notices)
    return visit.page(
        "notices/news.html",
        lines=lines,
        found=found,
        read_to=queries.mail_setting(visit.db, visit.viewer.person_id).read_to,
        unread=queries.unread(visit.db, visit.viewer),
        titles=titles(visit.db),
    )


@post("/nyt/laest", name="notices.read", policy=signed_in)
def read(visit: Visit) -> Response:
    """All of it is read: up to the newest that stood on the page, so that nothing unseen is called seen."""
    actions.read_news(visit.db, visit.viewer, number(visit.form.get("til")))
    return visit.to("notices.news", said="gemt")


def number(raw: str) -> int:
    """A notice's number as it stands in an address or a form; 0 for none. Raises NotFound for what is no such thing."""
    if raw and number_in(raw) is None:
        raise NotFound
    return number_in(raw) or 0


handlers = [news, read]
