"""What every handler starts from, and the one place that decides where it runs.

A handler is a plain function `show(visit, meeting_id)`. Around it stand: who is asking, the transaction, the form,
the language, and the thread. GET reads; POST writes in one transaction that is saved when the handler returns a
redirect or a page, and thrown away when it raises or answers 4xx.

- SQLite: reading handlers run on the event loop (twice as cheap as threads), writing ones on the one writer thread,
  but for those of a few rows that come very often (`Desk.write`).
- PostgreSQL: everything in a bounded pool of threads.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from litestar import MediaType, Request, Response
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from med import language
from med.access import Policy, Viewer, anyone
from med.db import is_away, is_crossed
from med.errors import NotAllowed, NotFound
from med.numbers import LARGEST_ID, asked_number
from med.web import refusals
from med.web.desk import Arrival, Desk
from med.web.detours import to_second_step, to_sign_in
from med.web.incoming import Submitted, read_form, read_query
from med.web.packing import TAKES_GZIP, Body
from med.web.security import check_origin, check_token
from med.web.urls import Page

log = logging.getLogger("med")


class Visit(Struct):
    """One request, as a handler sees it."""

    request: Request
    desk: Desk
    db: Session
    arrival: Arrival
    form: Submitted
    query: Submitted
    after: list[Callable[[], None]] = []  # called once the transaction is saved
    # Saved in a transaction of its own when a form comes back with 4xx: a look at what the page shows once more.
    traces: list[Callable[[Session], None]] = []
    brought: Any = None  # what the route's `first` came back with
    may_note: bool = True

    def note_or_nothing(self) -> None:
        """Before a page that only sometimes must be noted: after this the handler may write, and runs anew if it has
        to. Without a trace there is no page."""
        if not self.may_note:
            raise _MustNote

    @property
    def viewer(self) -> Viewer:
        if self.arrival.viewer is None:
            raise NotFound
        return self.arrival.viewer

    @property
    def wants_fragment(self) -> bool:
        """The page's script asks, and can take a piece of HTML."""
        return self.request.headers.get("x-fragment") == "1"

    def page(
        self, template: str, *, status_code: int = 200, headers: dict[str, str] | None = None, **context: Any
    ) -> Response:
        """Render inside the handler's own transaction, so that a template error rolls the change back."""
        body = self.desk.pages.render(template, self, **context)
        return Response(body, status_code=status_code, media_type=MediaType.HTML, headers=headers)

    def whole(self, body: Body, status_code: int = 200) -> Response:
        """A page that was put together from pieces (`Pages.filled`), packed here where they are known."""
        if not self.request.scope.get(TAKES_GZIP):
            return Response(body.plain(), status_code=status_code, media_type=MediaType.HTML)
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return Response(body.squeezed(), status_code=status_code, media_type=MediaType.HTML, headers=headers)

    def fragment(
        self, template: str, *, status_code: int = 200, say: str = "", version: int | None = None, **context: Any
    ) -> Response:
        """A piece of a page for the script, with words for the announcer and the new version of what was saved."""
        headers = {"X-Fragment": "1", "X-Say": quote(say)}
        if version is not None:
            headers["X-Version"] = str(version)
        return self.page(template, status_code=status_code, headers=headers, **context)

    def url(self, route: str, **path: Any) -> str:
        return self.desk.pages.url(route, **path)

    def to(self, route: str, anchor: str = "", said: str = "", **path: Any) -> Response:
        """Send the browser on after a change, with a short word for the top of the next page."""
        where = self.url(route, **path)
        if said:
            where += f"?sagt={said}"
        return self.go(where + (f"#{anchor}" if anchor else ""))

    def go(self, where: str) -> Response:
        where = quote(where, safe="/:?#[]@!$&'()*+,;=%~")  # a header has no room for æ
        return Response(b"", status_code=303, headers={"Location": where}, media_type=MediaType.HTML)


Handler = Callable[..., Response]
First = Callable[[Desk, Request, Submitted], Awaitable[Any]]


def get(
    path: str, *, name: str, policy: Policy, fresh: bool = False, first: First | None = None
) -> Callable[[Handler], HTTPRouteHandler]:
    """A page to read. `policy` says who the route is for; what they see is decided by the queries.

    With `fresh` people are asked to show once more who they are, unless they just did. `first(desk, request, query)`
    is awaited before the transaction, for what takes its time elsewhere; what it gives is `visit.brought`.
    """
    return _route(path, name, policy, reads=True, fresh=fresh, first=first)


def look(path: str, *, name: str, policy: Policy, first: First | None = None) -> Callable[[Handler], HTTPRouteHandler]:
    """A page whose opening is itself noted, in the transaction that reads it: no trace, no page."""
    return _route(path, name, policy, reads=True, notes=True, first=first)


def post(
    path: str,
    *,
    name: str,
    policy: Policy,
    uploads: bool = False,
    before: Callable[..., Any] | None = None,
    take: Callable[[Any, Submitted, Any], None] | None = None,
    by_link: bool = False,
    fresh: bool = False,
    first: First | None = None,
    now: bool = False,
) -> Callable[[Handler], HTTPRouteHandler]:
    """A form that changes something. `policy` is the one its action requires.

    With `uploads` a large body is let in, from people who are signed in. `before(db, viewer, **path)` may refuse it
    before it is read; `take(settings, form, known)` looks at the files outside the transaction, so that no writer
    waits, and knows what `before` gave back.

    `by_link` is for an address that is itself the right (a sealed token in a mail) and that a mail program posts to
    from anywhere, without cookie or form token. Neither is asked for, so the handler meets nobody: whoever is signed
    in in that browser is left out, and another site can do with it only what the holder of the link could do anyhow.

    `fresh` and `first(desk, request, form)` are as for `get`; `now` is as for `Desk.write`.
    """
    return _route(
        path, name, policy, reads=False, uploads=uploads, before=before, take=take, by_link=by_link, fresh=fresh,
        first=first, now=now,
    )  # fmt: skip


def _route(
    path: str,
    name: str,
    policy: Policy,
    *,
    reads: bool,
    notes: bool = False,
    uploads: bool = False,
    before: Callable[..., Any] | None = None,
    take: Callable[[Any, Submitted, Any], None] | None = None,
    by_link: bool = False,
    fresh: bool = False,
    first: First | None = None,
    now: bool = False,
):
    def wrap(handler: Handler) -> HTTPRouteHandler:
        async def handle(request: Request) -> Response:
            desk: Desk = request.app.state.desk
            if any(isinstance(value, int) and not 0 <= value <= LARGEST_ID for value in request.path_params.values()):
                raise NotFound
            try:
                if reads:
                    return await _read(desk, request, handler, policy, notes)
                return await _write(desk, request, handler, policy)
            except (NotAllowed, NotFound):
                arrival = getattr(request.state, "arrival", None)
                if arrival is None or not arrival.lacks_step or (led := to_second_step(request)) is None:
                    raise
                return led

        handle.__name__ = handler.__name__
        handle.__doc__ = handler.__doc__
        opt = {
            "policy": policy,
            "uploads": uploads,
            "handler": handler,
            "before": before,
            "take": take,
            "by_link": by_link,
            "fresh": fresh,
            "first": first,
            "now": now,
        }
        if reads:
            return Page(path, http_method=["GET", "HEAD"], name=name, opt=opt)(handle)
        return Page(path, http_method="POST", name=name, opt=opt, status_code=200)(handle)  # not Created

    return wrap


async def _read(desk: Desk, request: Request, handler: Handler, policy: Policy, notes: bool) -> Response:
    query = read_query(request)
    opt = request.route_handler.opt
    brought = await opt["first"](desk, request, query) if opt.get("first") else None
    stale: list[Arrival] = []  # whose being here is to be noted
    later: list[Callable[[], None]] = []  # other small writes, such as when a private address was last used

    def work() -> Response:
        with desk.database.writing() if notes else desk.database.reading() as db:
            arrival = desk.doorkeeper.arrive(db, request)
            request.scope["state"]["arrival"] = arrival  # `request.state` is put together anew at each look
            language.current.set(arrival.language)
            if desk.doorkeeper.is_stale(arrival):
                stale.append(arrival)
            if arrival.viewer is None and policy is not anyone:
                return to_sign_in(request)
            if opt.get("fresh") and not arrival.is_fresh:
                return to_sign_in(request, again=True)
            visit = Visit(request, desk, db, arrival, Submitted([]), query, later, brought=brought, may_note=notes)
            return handler(visit, **request.path_params)

    try:
        response = await (desk.in_thread(work) if notes else desk.read(work))
    except _MustNote:
        notes = True
        stale.clear()
        later.clear()
        response = await desk.in_thread(work)
    traces: list[Callable[[], Awaitable[Any]]] = [partial(desk.touch, one) for one in stale]
    traces += [partial(desk.in_thread, call) for call in later]
    for leave in traces:
        try:
            await leave()
        except DBAPIError as error:  # the page is made: it is shown although nobody could note that it was
            if not is_away(error):
                raise
            log.warning("not noted on %s: %s", refusals.name_of(request), error.orig)
    return response


async def _write(desk: Desk, request: Request, handler: Handler, policy: Policy) -> Response:
    opt = request.route_handler.opt
    by_link = bool(opt.get("by_link"))
    known = None
    if not by_link:
        check_origin(request, desk.settings, must_tell=policy is anyone)
    if opt.get("uploads") and policy is not anyone:
        known = await desk.read(_let_in, desk, request, opt.get("before"))
        if request.state.arrival.viewer is None:
            return to_sign_in(request)
    form = await read_form(request)
    query = read_query(request)
    if take := opt.get("take"):
        await asyncio.to_thread(take, desk.settings, form, known)
    brought = None
    if first := opt.get("first"):
        await desk.read(_let_in, desk, request, None, form)
        brought = await first(desk, request, form)
    visits: list[Visit] = []

    def change(db: Session) -> Response:
        arrival = desk.doorkeeper.arrive(db, request)
        if by_link:
            arrival = replace(arrival, viewer=None, sign_in_id=None, token_secret="")
        request.scope["state"]["arrival"] = arrival
        language.current.set(arrival.language)
        if arrival.viewer is None and policy is not anyone:
            return to_sign_in(request)
        if arrival.viewer is not None:
            check_token(form, arrival.token_secret)
        if desk.doorkeeper.is_stale(arrival):  # someone who only writes is here, too
            desk.doorkeeper.touch(db, arrival)
        if opt.get("fresh") and not arrival.is_fresh:
            return to_sign_in(request, again=True)
        visit = Visit(request, desk, db, arrival, form, query, brought=brought)
        visits.append(visit)
        key = form.get("idem")[:64]
        if key and arrival.viewer is not None and not visit.wants_fragment:
            if (answer := desk.doorkeeper.first_answer(db, arrival.viewer, key)) is not None:
                return visit.go(answer or "/")
            desk.doorkeeper.claim(db, arrival.viewer, key)
        response = handler(visit, **request.path_params)
        if (response.status_code or 200) >= 400:
            raise _Unsaved(response, visit.traces)
        if key and arrival.viewer is not None and not visit.wants_fragment:
            desk.doorkeeper.settle(db, arrival.viewer, key, response.headers.get("Location", ""))
        return response

    try:
        try:
            response = await desk.write(change, now=opt["now"])
        except DBAPIError as error:
            # Twice the same form at once (now the first one's answer is there), or two that waited for each other.
            if not (is_crossed(error) or (isinstance(error, IntegrityError) and "submission" in str(error.orig))):
                raise
            response = await desk.write(change)
    except _Unsaved as unsaved:
        if unsaved.traces:
            await desk.write(unsaved.leave_traces)
        return unsaved.response
    for visit in visits[-1:]:
        for call in visit.after:
            call()
    return response


def _let_in(desk: Desk, request: Request, before: Callable[..., Any] | None, form: Submitted | None = None) -> Any:
    """Who is at the door with a large parcel, or with a form that is dear to answer, and may they? Asked before it is
    carried in, or answered; gives what `before` found out."""
    with desk.database.reading() as db:
        arrival = desk.doorkeeper.arrive(db, request)
        request.state.arrival = arrival
        language.current.set(arrival.language)
        if arrival.viewer is not None and form is not None:
            check_token(form, arrival.token_secret)
        if arrival.viewer is not None and before is not None:
            return before(db, arrival.viewer, **request.path_params)
    return None


class _MustNote(Exception):
    """The page is made again, in a transaction that writes."""


class _Unsaved(Exception):
    """Carries a 4xx answer out of the transaction, so that nothing half-done is kept."""

    def __init__(self, response: Response, traces: list[Callable[[Session], None]]) -> None:
        self.response = response
        self.traces = traces

    def leave_traces(self, db: Session) -> None:
        for trace in self.traces:
            trace(db)


def page_number(visit: Visit, name: str, largest: int = 10_000) -> int:
    """A small whole number from the query string; anything else is a clear 400."""
    return asked_number(visit.query.get(name), largest) or 0
