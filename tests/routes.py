"""Every route of the application, the cases it is asked in, and a filled-in address for each."""

import re
from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from med.app import handlers

PARAMETER = re.compile(r"\{(\w+):\w+\}")
BY_DECISION = {"decision_id", "follow_up_id"}  # there are none before the meeting
BY_ITEM = {"item_id", "attachment_id"}
QUERIES = {"meetings.plan": "?udvalg={committee_id:int}"}  # what an address says after the question mark
BY_MEETING = {"meeting_id", "attendance_id"}


@dataclass(frozen=True)
class Route:
    name: str
    path: str
    method: str  # "GET" or "POST"
    handler: HTTPRouteHandler

    @property
    def policy(self) -> Any:
        return self.handler.opt.get("policy")

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    @property
    def cases(self) -> list[str]:
        """The cases of tests/scenes.py to ask in: each kind of answer once. The oracle asks about every state."""
        asked = set(self.parameters)
        if asked & BY_DECISION:
            return ["live open", "live closed", "done open"]
        if asked & BY_ITEM:
            return ["live open", "live closed", "draft open", "done closed"]
        if asked & BY_MEETING:
            return ["live open", "draft open", "done open"]
        return ["live open"]

    def fill(self, values: dict[str, Any]) -> str:
        return PARAMETER.sub(lambda found: str(values[found[1]]), self.path + QUERIES.get(self.name, ""))


def every_route(app: Litestar) -> list[Route]:
    found = {
        Route(handler.name or "", path, "GET" if "GET" in handler.http_methods else "POST", handler)
        for path, handler in handlers(app)
    }
    return sorted(found, key=lambda route: route.name)
