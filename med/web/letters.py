"""Mails: rendered where no page is asked for, by the clock, in the receiver's language (`language.current`)."""

from functools import cache
from typing import Any

from jinja2 import Environment

from med import language
from med.web.pages import environment


def render(template: str, **context: Any) -> str:
    """A mail's text (`….txt`, nothing escaped) or HTML (`….html`, all escaped), with the same filters as pages have.

    There are no routes: a mail's addresses are written out in full.
    """
    return _environment().get_template(template).render(lang=language.current.get(), **context)


@cache
def _environment() -> Environment:
    return environment()
