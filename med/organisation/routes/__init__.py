"""The pages about committees and people."""

from med.organisation.routes import committees, grants, imports, people, rules, seats

handlers = [
    *committees.handlers,
    *people.handlers,
    *rules.handlers,
    *seats.handlers,
    *grants.handlers,
    *imports.handlers,
]
