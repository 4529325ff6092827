"""Signing in and out, one's own page, and keeping the ways in."""

from med.identity.routes import account, door, keeping, mine, my_access, provider
from med.identity.routes.door import PERSONAS as PERSONAS

handlers = [handler for part in (door, account, provider, mine, my_access, keeping) for handler in part.handlers]
