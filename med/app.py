"""Puts the slices together: create_app(settings)."""

import contextlib
import gc
import logging
from collections.abc import AsyncIterator
from typing import Any

import litestar
from litestar import Litestar, MediaType, Request, Response, Router
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from med import clock, language
from med.access import anyone
from med.db import Database
from med.decisions.slice import decisions
from med.errors import Conflict, Invalid, MedError, NotAllowed, Unreadable
from med.identity.doorkeeper import Doorkeeper
from med.identity.slice import identity
from med.language import T
from med.meetings.slice import meetings
from med.organisation.slice import organisation
from med.overview.slice import overview
from med.perspectives.slice import perspectives
from med.settings import Settings
from med.slices import Job, Slice
from med.web import assets
from med.web.edge import Edge
from med.web.incoming import Submitted
from med.web.pages import Pages
from med.web.routing import Desk, Visit, get

SLICES: tuple[Slice, ...] = (organisation, identity, perspectives, meetings, decisions, overview)

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
        awaits=[piece.awaits for piece in SLICES if piece.awaits],
    )
    desk = Desk(database, pages, Doorkeeper(settings), settings)

    @contextlib.asynccontextmanager
    async def life(app: Litestar) -> AsyncIterator[None]:
        gc.collect()
        gc.freeze()  # what lives as long as the process need not be looked at again: p99 75 → 9 ms on heavy pages
        yield
        desk.close()

    app = Litestar(
        route_handlers=[
            *(router for piece in SLICES for router in piece.routers),
            static_router(built),
            Router("/", route_handlers=[livez, readyz, accessibility]),
        ],
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
    pages.reverse = app.route_reverse
    app.asgi_handler = Edge(app.asgi_handler, settings)  # type: ignore[assignment]
    return app


def static_router(built: dict[str, assets.Asset]) -> Router:
    files = {asset.href.rpartition("/")[2]: asset for asset in built.values()}

    async def static(request: Request) -> Response:
        """The stylesheet, the script and the icon, for good: another content has another name."""
        asset = files.get(request.path_params["name"])
        if asset is None:
            return Response("", status_code=404, media_type=MediaType.TEXT)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{asset.href}"',
            "Vary": "Accept-Encoding",
        }
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.squeezed, media_type=asset.media_type, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    handler = litestar.route("/static/{name:str}", http_method=["GET", "HEAD"], name="static", opt={"policy": anyone})(
        static
    )
    return Router("/", route_handlers=[handler])


@litestar.route("/livez", http_method=["GET", "HEAD"], name="livez", opt={"policy": anyone}, sync_to_thread=False)
def livez() -> Response[str]:
    """The process answers. Touches nothing else, so it is also the yardstick of the benchmarks."""
    return Response("ok", media_type=MediaType.TEXT)


@get("/readyz", name="readyz", policy=anyone)
def readyz(visit: Visit) -> Response:
    visit.db.execute(text("SELECT 1"))
    return Response("ok", media_type=MediaType.TEXT)


@get("/tilgaengelighed", name="accessibility", policy=anyone)
def accessibility(visit: Visit) -> Response:
    return visit.page("layout/accessibility.html")


# --- errors: one page for all of them --------------------------------------------------------------------------


def show_med_error(request: Request, error: MedError) -> Response:
    said: list[Any] = []
    if isinstance(error, NotAllowed):
        said = list(error.objections)
    elif isinstance(error, Conflict | Unreadable) and error.message:
        said = [error.message]
    elif isinstance(error, Invalid):
        said = [f"{name}: {message}" for name, message in error.errors.items()]
    return error_page(request, error.status_code, said)


def show_http_error(request: Request, error: HTTPException) -> Response:
    status = error.status_code
    if status == 400 or status == 404 or status >= 500:
        return error_page(request, status if status != 500 else 404, [])
    return error_page(request, status, [], headers=dict(error.headers or {}))


def show_crash(request: Request, error: Exception) -> Response:
    if isinstance(error, UnicodeError):
        return error_page(request, 400, [])
    if isinstance(error, OperationalError) and "locked" in str(error.orig):
        return error_page(request, 503, [T("Databasen er optaget. Vent et øjeblik, og prøv igen.")])
    log.exception("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
    return error_page(request, 500, [T("Intet er gemt. Prøv igen om lidt.")])


def error_page(request: Request, status: int, said: list[Any], headers: dict[str, str] | None = None) -> Response:
    desk: Desk = request.app.state.desk
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
