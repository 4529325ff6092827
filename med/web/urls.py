"""The table of URLs, given to the framework at once.

For each handler Litestar works out what its arguments are and where they come from, and after each one it looks through
the whole table again. Ours all take the request and give a response: that is worked out once.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any, ClassVar

from litestar import Litestar, Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute


class Page(HTTPRouteHandler):
    """A handler that takes the request and nothing else."""

    example: ClassVar[HTTPRouteHandler]
    example_kwargs: ClassVar[Any]

    @property
    def parsed_fn_signature(self) -> Any:
        return self.example.parsed_fn_signature

    @property
    def signature_model(self) -> Any:
        return self.example.signature_model

    def create_kwargs_model(self, path_parameters: Any) -> Any:
        return self.example_kwargs

    def on_registration(self, app: Litestar) -> None:
        """What else it has, it has from the application, which is asked at its first request."""
        self.has_sync_callable = False


def options(allowed: frozenset[str]) -> Page:
    """What answers wherever these methods do."""

    async def tell(request: Request) -> Response:
        return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(allowed))})

    return Page("/", http_method="OPTIONS")(tell)  # type: ignore[return-value]


def put_up(app: Litestar, handlers: Iterable[HTTPRouteHandler]) -> None:
    """Let the application answer at the addresses of these handlers, which may serve other applications, too."""

    async def example(request: Request) -> Response:
        return Response(b"")

    Page.example = HTTPRouteHandler("/", http_method="GET")(example)
    Page.example.owner = app
    Page.example_kwargs = Page.example.create_kwargs_model({})
    there: dict[str, list[HTTPRouteHandler]] = {}
    for handler in map(copy, handlers):
        handler.owner = app
        for path in handler.paths:
            there.setdefault(path, []).append(handler)
    asked: dict[frozenset[str], Page] = {}
    for path, found in there.items():
        allowed = frozenset({"OPTIONS"}.union(*(handler.http_methods for handler in found)))
        if allowed not in asked:
            asked[allowed] = options(allowed)
            asked[allowed].owner = app
        place = HTTPRoute(path=path, route_handlers=[*found, asked[allowed]])
        for handler in place.route_handlers:
            handler.on_registration(app)
        place.create_handler_map()
        app.routes.append(place)
    app.asgi_router.construct_routing_trie()
