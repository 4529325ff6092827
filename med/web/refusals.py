"""What was refused, told to the log: who tried what, and never an address that is itself a right.

A line has the route's name and the numbers in its path, the person, and for strangers where they came from. Nothing a
person wrote and nothing of the page is in it.
"""

import logging

from litestar import Request

from med.errors import MedError, NotFound
from med.settings import Settings
from med.web.edge import client_address

log = logging.getLogger("med.refused")
# 422 is a form to be corrected and 409 somebody who was quicker: neither is an attempt at anything.
TOLD = {400, 403, 404, 413, 429}
# Pages a sealed or private address alone opens: whoever comes with a wrong one may be guessing, or was shut out.
BY_ADDRESS = {
    "decisions.atom",
    "decisions.json",
    "calendar.subscription",
    "calendar.answer",
    "calendar.give_answer",
    "notices.unsubscribe",
    "notices.stop",
}


def tell_of(request: Request, settings: Settings, error: MedError) -> None:
    arrival = getattr(request.state, "arrival", None)
    is_stranger = arrival is None or arrival.viewer is None
    is_old_link = isinstance(error, NotFound) and is_stranger and request.route_handler.name not in BY_ADDRESS
    if error.status_code in TOLD and not is_old_link:
        tell(request, settings, error.status_code, type(error).__name__)


def tell(request: Request, settings: Settings, status: int, why: str) -> None:
    arrival = getattr(request.state, "arrival", None)
    viewer = arrival.viewer if arrival is not None else None
    numbers = numbers_of(request)
    who = {"person": viewer.person_id} if viewer else {"from": client_address(request, settings)}
    route = request.route_handler.name
    told = {"status": status, "why": why, "method": request.method, "route": route, "path": numbers, **who}
    log.info("refused", extra={"told": told})


def numbers_of(request: Request) -> dict[str, int]:
    return {name: value for name, value in request.path_params.items() if isinstance(value, int)}


def name_of(request: Request) -> str:
    """What was asked for, as a log may say it: "GET meetings.show {'meeting_id': 7}"."""
    handler = request.scope.get("route_handler")
    return f"{request.method} {getattr(handler, 'name', None)} {numbers_of(request)}"
