"""Mails: rendered where no page is asked for, by the clock, in the receiver's language (`language.current`)."""

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from med import language
from med.web.pages import FILTERS, FOLDERS, danish, label


def render(template: str, **context: Any) -> str:
    """A mail's text (`….txt`, nothing escaped) or HTML (`….html`, all escaped), with the same filters as pages have."""
    return _environment().get_template(template).render(lang=language.current.get(), **context)


@cache
def _environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader([folder for folder in FOLDERS if folder.is_dir()]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    env.install_gettext_callables(language.gettext, language.ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals.update(label=label, danish=danish)
    env.filters.update(FILTERS)
    return env
