"""The pages about committees and people."""

from litestar import Router

from med.organisation.routes import committees, grants, imports, people, rules, seats

router = Router(
    "/",
    route_handlers=[
        *committees.handlers,
        *people.handlers,
        *rules.handlers,
        *seats.handlers,
        *grants.handlers,
        *imports.handlers,
    ],
)
