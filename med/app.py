"""Puts the slices together: create_app(settings)."""

import asyncio
import contextlib
import gc
import logging
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import litestar
from litestar import Litestar, MediaType, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.plugins import PluginProtocol
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from med import clock, language
from med.access import anyone
from med.calendar.slice import calendar
from med.competence_compass.slice import competence_compass
from med.db import Database, is_away
from med.decisions.slice import decisions
from med.errors import Conflict, Invalid, MedError, NotAllowed, OldLink, TooMany, Unreadable
from med.identity.doorkeeper import Doorkeeper
from med.identity.slice import identity
from med.keeping.slice import keeping
from med.language import T
from med.loop.slice import loop
from med.meetings.slice import meetings
from med.migrations import head, works_with
from med.notices.slice import notices
from med.organisation.slice import organisation
from med.overview.slice import overview
from med.perspectives.slice import perspectives
from med.settings import LEAST_FREE, Settings
from med.slices import Job, Slice
from med.trust.slice import trust
from med.web import assets, refusals
from med.web.conditional import UNCHANGED
from med.web.edge import Edge, takes_gzip
from med.web.incoming import Submitted
from med.web.pages import Pages
from med.web.routing import Desk, Visit, get
from med.web.urls import put_up

SLICES: tuple[Slice, ...] = (
    organisation,
    identity,
    perspectives,
    meetings,
    decisions,
    competence_compass,
    loop,
    notices,
    calendar,
    keeping,
    overview,
    trust,
)

log = logging.getLogger("med")


def create_app(settings: Settings) -> Litestar:
    """The whole application, ready to serve."""
    database = Database(settings.database_url)
    built = assets.build(settings.brand)
    policies = {policy.__name__: policy for piece in SLICES for policy in piece.policies}
    pages = Pages(
        settings,
        built,
        nav=[entry for piece in SLICES for entry in piece.nav],
        policies=policies,
        panels={name: show for piece in SLICES for name, show in piece.panels.items()},
    )
    desk = Desk(database, pages, Doorkeeper(settings), settings)

    @contextlib.asynccontextmanager
    async def life(app: Litestar) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked at again: p99 75 → 9 ms on heavy pages
        desk.ear.start()
        yield
        desk.close()

    app = Application(
        exception_handlers={
            MedError: show_med_error,
            HTTPException: show_http_error,
            Exception: show_crash,
        },
        state=State({"desk": desk}),
        lifespan=[life],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=None,  # read_form counts bytes itself, per route
    )
    answering = [handler for piece in SLICES for handler in piece.handlers]
    put_up(app, [*answering, static_files(built), livez, readyz, accessibility])
    pages.reverse = app.route_reverse
    app.asgi_handler = Edge(  # type: ignore[assignment]
        app.asgi_handler, settings, lambda *asked: UNCHANGED.again(desk, *asked)
    )
    return app


class Application(Litestar):
    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        """None. Litestar would fetch attrs, and pydantic where there is one, to read arguments of handlers: ours have
        none to read (`med.web.urls`)."""
        return plugins


def static_files(built: dict[str, assets.Asset]) -> HTTPRouteHandler:
    files = {asset.href.rpartition("/")[2]: asset for asset in built.values()}

    async def static(request: Request) -> Response:
        """The stylesheet, the script and the icon, for good: another content has another name."""
        asset = files.get(request.path_params["name"])
        if asset is None:
            return Response("", status_code=404, media_type=MediaType.TEXT)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Vary": "Accept-Encoding",
        }
        if takes_gzip(request.headers.get("accept-encoding", "")):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.squeezed, media_type=asset.media_type, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    return litestar.route("/static/{name:str}", http_method=["GET", "HEAD"], name="static", opt={"policy": anyone})(
        static
    )


@litestar.route("/livez", http_method=["GET", "HEAD"], name="livez", opt={"policy": anyone}, sync_to_thread=False)
def livez() -> Response[str]:
    """The process answers. Touches nothing else, so it is also the yardstick of the benchmarks."""
    return Response("ok", media_type=MediaType.TEXT)


@litestar.route("/readyz", http_method=["GET", "HEAD"], name="readyz", opt={"policy": anyone})
async def readyz(request: Request) -> Response[str]:
    """Whether people can work: the database takes a change, the tables are this program's, files can be kept."""
    desk = desk_of(request)
    if desk.is_leaving:
        return Response("This process is about to stop.", status_code=503, media_type=MediaType.TEXT)
    try:
        found = await asyncio.wait_for(desk.in_thread(why_not_ready, desk), READY_WITHIN)
    except TimeoutError:
        found = f"The database has not taken a change for {READY_WITHIN} seconds."
    except SQLAlchemyError:
        found = "The database does not answer."
    return Response(found or "ok", status_code=503 if found else 200, media_type=MediaType.TEXT)


READY_WITHIN = 8


def why_not_ready(desk: Desk) -> str:
    """One sentence, or "". Asked where changes are made, so that it waits in the same queue as they do."""
    with desk.database.writing() as db:
        db.execute(text("UPDATE alembic_version SET version_num = version_num"))
        at = db.scalar(text("SELECT version_num FROM alembic_version"))
        is_ours = works_with(db, at)
        db.rollback()
    if not is_ours:
        return f"The tables are at {at}, this program at {head()}: run `med migrate`."
    folder = desk.settings.data_dir
    if not os.access(folder, os.W_OK):
        return "The data folder cannot be written."
    if shutil.disk_usage(folder).free < LEAST_FREE:
        return "The disk is full."
    return ""


@get("/tilgaengelighed", name="accessibility", policy=anyone)
def accessibility(visit: Visit) -> Response:
    return visit.page("layout/accessibility.html", contact=visit.desk.settings.contact)


# --- errors: one page for all of them --------------------------------------------------------------------------


def show_med_error(request: Request, error: MedError) -> Response:
    refusals.tell_of(request, desk_of(request).settings, error)
    said: list[Any] = []
    if isinstance(error, NotAllowed):
        said = list(error.objections)
    elif isinstance(error, OldLink | Conflict | Unreadable | TooMany) and error.message:
        said = [error.message]
    elif isinstance(error, Invalid):
        said = [f"{name}: {message}" for name, message in error.errors.items()]
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else None
    return error_page(request, error.status_code, said, headers)


def show_http_error(request: Request, error: HTTPException) -> Response:
    status = error.status_code
    if status >= 500:  # the framework's own, such as a link in a template to a route that is not there
        return show_crash(request, error)
    return error_page(request, status, [], headers=dict(error.headers or {}))


def show_crash(request: Request, error: Exception) -> Response:
    if isinstance(error, UnicodeError):
        return error_page(request, 400, [])
    if is_away(error):
        log.warning("the database is away on %s: %s", refusals.name_of(request), error)
        # Without asking it once more who this is.
        request.state.arrival = getattr(request.state, "arrival", desk_of(request).doorkeeper.stranger("", clock.now()))
        return error_page(request, 503, [T("Databasen er optaget. Vent et øjeblik, og prøv igen.")])
    log.exception("unexpected error on %s", refusals.name_of(request), exc_info=error)
    return error_page(request, 500, [T("Intet er gemt. Prøv igen om lidt.")])


def error_page(request: Request, status: int, said: list[Any], headers: dict[str, str] | None = None) -> Response:
    desk = desk_of(request)
    arrival = getattr(request.state, "arrival", None)
    if arrival is None:
        try:
            with desk.database.reading() as db:
                arrival = desk.doorkeeper.arrive(db, request)
        except Exception:  # the database itself may be what is wrong
            arrival = desk.doorkeeper.stranger("", clock.now())
    language.current.set(arrival.language)
    empty = Submitted([])
    visit = Visit(request, desk, None, arrival, empty, empty)  # type: ignore[arg-type]
    response = visit.page("errors/error.html", status=status, objections=said, status_code=status)
    response.headers.update(headers or {})
    return response


def desk_of(request: Request) -> Desk:
    return request.app.state.desk


def all_jobs() -> list[Job]:
    return [job for piece in SLICES for job in piece.jobs]


def handlers(app: Any) -> list[tuple[str, HTTPRouteHandler]]:
    """Every route of the application: (path, handler). The guards in the tests walk this list."""
    return [
        (route.path, handler)
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        if isinstance(handler, HTTPRouteHandler) and handler.name
    ]
