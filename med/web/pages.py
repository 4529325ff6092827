"""Making pages: the templates, and what every template may ask for."""

import secrets
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from med import clock, language, text, workdays
from med.access import Policy, allows
from med.kept import Kept
from med.settings import Settings
from med.slices import NavEntry
from med.text import Choices
from med.web.assets import Asset
from med.web.forms import as_machines_write
from med.web.frames import Frame, Holes, Nobody, cut, fill, in_html, mark
from med.web.incoming import safe_path
from med.web.packing import Body
from med.web.security import make_token

if TYPE_CHECKING:
    from med.web.routing import Visit

# In a checkout the templates stand beside the package; in a wheel they travel inside it.
HERE = Path(__file__).parents[1]
FOLDERS = [HERE.parent / "templates", HERE / "templates"]


FRAMES = 300  # of about 12 kB

# The hidden fields of the page that is being made. Templates ask a global (`csrf()`), so that pieces imported without
# the page's own words are put together once for all pages.
HIDDEN: ContextVar[Callable[[], Markup]] = ContextVar("hidden")


@contextmanager
def hiding(fields: Callable[[], Markup]) -> Iterator[None]:
    token = HIDDEN.set(fields)
    try:
        yield
    finally:
        HIDDEN.reset(token)


class Site:
    """What every page knows about the installation."""

    product = "Medspil"

    def __init__(self, settings: Settings, brand_css: str) -> None:
        self.name = settings.name
        self.demo = settings.demo
        self.brand_css = brand_css


def environment() -> Environment:
    """What templates can do wherever they are drawn: words, dates, people's text. Pages add what belongs to a visit."""
    made = Environment(  # nosec B701 - plain text mails alone are not HTML
        loader=FileSystemLoader([folder for folder in FOLDERS if folder.is_dir()]),
        autoescape=lambda name: not (name or "").endswith(".txt"),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    install_gettext = made.install_gettext_callables  # type: ignore[attr-defined]
    install_gettext(language.gettext, language.ngettext, newstyle=True)
    made.globals.update(
        _=worded, gettext=worded, label=label, listed=listed, danish=danish, csrf=lambda: HIDDEN.get()()
    )
    made.filters.update(FILTERS)
    return made


class Pages:
    """The site's pages: the template environment, and what stands around each. One per process."""

    def __init__(
        self,
        settings: Settings,
        assets: Mapping[str, Asset],
        nav: Sequence[NavEntry],
        policies: Mapping[str, Policy],
        panels: Mapping[str, Callable[..., Markup]] | None = None,
    ) -> None:
        self.assets = assets
        self.nav = sorted(nav, key=lambda entry: entry.order)
        self.policies = policies
        self.panels = dict(panels or {})
        self.reverse: Callable[..., str] = lambda *a, **k: ""
        self.url = lru_cache(5_000)(self._url)  # a page asks for the same ones again and again
        self.frames: Kept[Frame] = Kept(FRAMES)
        self.env = environment()
        self.env.globals.update(
            site=Site(settings, assets["brand.css"].href if "brand.css" in assets else ""),
            asset=lambda name: assets[name].href,
            url=self.url,
        )

    def _url(self, route: str, **path: Any) -> str:
        return self.reverse(route, **path)

    def render(self, template: str, visit: "Visit", **context: Any) -> str:
        """A page, or a piece of one: a template whose name begins with "_" has no frame around it."""
        if not template.rpartition("/")[2].startswith("_"):
            context = {**self.frame(visit), **context}
        with hiding(fields_of(visit)):
            return self.env.get_template(template).render(**self.surroundings(visit), **context)

    def filled(
        self,
        template: str,
        visit: "Visit",
        key: Hashable,
        holes: Holes,
        context: Callable[[], dict[str, Any]],
    ) -> Body:
        """A page whose frame is kept (`med.web.frames`). `key` names everything `context` shows; what differs from one
        reader to the next stands in the template as {{ hole_name }} and is given in `holes` as finished HTML."""
        viewer = visit.viewer
        nav = tuple(number for number, entry in enumerate(self.nav) if entry.shows(viewer))
        whole = (template, visit.arrival.language, visit.arrival.theme, nav, here(visit), said(visit), key)
        frame = self.frames.get(whole)
        if frame is None:
            nobody = {
                **self.frame(visit),
                "viewer": Nobody(mark("viewer_name"), mark("viewer_handle")),
                "lang": visit.arrival.language,
                "here": here(visit),
                **{f"hole_{name}": mark(name) for name in holes},
            }
            shown = context()
            with hiding(lambda: mark("csrf")):
                frame = cut(self.env.get_template(template).render(**nobody, **shown))
            self.frames.put(whole, frame)
        fields = fields_of(visit)
        return fill(
            frame,
            {
                **holes,
                "viewer_name": in_html(viewer.name),
                "viewer_handle": in_html(viewer.handle),
                "csrf": lambda: fields().encode(),
            },
        )

    def piece(self, template: str, visit: "Visit", **context: Any) -> Markup:
        """A piece to be put into another template as it is: it was escaped when it was rendered."""
        return Markup(self.render(template, visit, **context))  # nosec B704

    def macros(self, template: str, visit: "Visit", **context: Any) -> Any:
        """A template's macros, to be called many times in one page: `macros(…).under_item(…)` gives Markup."""
        return self.env.get_template(template).make_module({**self.surroundings(visit), **context})

    def surroundings(self, visit: "Visit") -> dict[str, Any]:
        """What every template may ask for."""
        viewer = visit.arrival.viewer

        def can(policy: str, thing: Any = None) -> bool:
            return viewer is not None and allows(viewer, self.policies[policy], thing)

        def panel(name: str, thing: Any) -> Markup:
            """What a higher slice adds to this page, such as "Følg"; nothing where none does."""
            show = self.panels.get(name)
            return Markup("") if show is None else show(visit, thing)

        return {
            "viewer": viewer,
            "panel": panel,
            "lang": visit.arrival.language,
            "can": can,
            "here": here(visit),
            "today": clock.today(),
            "now": clock.now(),
        }

    def frame(self, visit: "Visit") -> dict[str, Any]:
        """What stands around every page: menu, colours, the link to the other language, a word after a change."""
        return {
            "theme": visit.arrival.theme,
            "nav": self.navigation(visit.arrival.viewer, visit.request.scope["path"]),
            "said": said(visit),
        }

    def navigation(self, viewer: Any, path: str) -> list[dict[str, Any]]:
        if viewer is None:
            return []
        return [
            {
                "key": entry.key,
                "title": str(entry.title),
                "href": entry.href,
                "more": entry.more,
                "current": path == entry.href or (entry.href != "/" and path.startswith(entry.href + "/")),
            }
            for entry in self.nav
            if entry.shows(viewer)
        ]


def here(visit: "Visit") -> str:
    """This page's own address without the language, for the link that changes it.

    An answer to a form has no address of its own to come back to; the overview stands in for it.
    """
    if visit.request.method == "POST":
        return "/"
    kept = [(k, v) for k, v in visit.query if k not in {"sprog", "sagt"}]
    return safe_path(visit.request.scope["path"]) + (f"?{urlencode(kept)}" if kept else "")


class Sayings(dict[str, language.Text]):
    """What is said when something is done, by its key in the address. Two that share one would say the wrong thing."""

    def __setitem__(self, key: str, words: language.Text) -> None:
        if key in self:
            raise ValueError(f"{key!r} is said already")
        super().__setitem__(key, words)

    def update(self, more: Mapping[str, language.Text]) -> None:  # type: ignore[override]
        for key, words in more.items():
            self[key] = words


SAID = Sayings(gemt=language.T("Gemt."))


def said(visit: "Visit") -> str:
    """The short word after a change. Only words we know: an address cannot put text on a page."""
    key = visit.query.get("sagt")
    return str(SAID[key]) if key in SAID else ""


def fields_of(visit: "Visit") -> Callable[[], Markup]:
    """Makes the hidden fields of a form: the page's token, and a key of the form's own against a double submit."""
    secret = visit.arrival.token_secret
    page: list[str] = []  # made for the first form
    number = count()

    def fields() -> Markup:
        if not page:
            page.extend((make_token(secret) if secret else "", secrets.token_hex(16)))
        return Markup(FIELDS % (*page, next(number)))  # nosec B704 - base64 and hex digits: nothing to escape

    return fields


FIELDS = '<input type="hidden" name="_token" value="%s"><input type="hidden" name="idem" value="%s-%d">'


@pass_eval_context
def worded(how: EvalContext, text: str, /, **given: Any) -> str:
    """`_("…")` in a template: what Jinja's own does, but words without anything to fill in are looked up once. A page
    has two hundred of them."""
    if not how.autoescape:
        return language.gettext(text) % given
    lang = language.current.get()
    return _in_html(text, lang) % given if given else _finished(text, lang)


@lru_cache(10_000)
def _in_html(text: str, lang: str) -> Markup:
    return Markup(language.gettext(text))  # nosec B704 - our own words


@lru_cache(10_000)
def _finished(text: str, lang: str) -> Markup:
    return _in_html(text, lang) % {}  # "100 %%" is written so whether or not something is filled in


def listed(options: Iterable[Any] | Markup, chosen: str | None = None) -> Markup:
    """What a field suggests or a list offers: texts, (value, text) or (value, text, hint); finished HTML as it is.

    Drawn once for each choice of them: three hundred names in four fields of a page would be most of its cost."""
    if isinstance(options, Markup):
        return options
    if isinstance(options, Choices):
        return _marked(_drawn(options), chosen)
    # Plain words alone, each escaped: among keys a text and the same text as finished HTML would be one.
    plain = [(option, option) if isinstance(option, str) else option for option in options]
    return _listed(tuple(tuple(f"{part}" if part is not None else "" for part in option) for option in plain), chosen)


@lru_cache(400)  # of up to 300 names each
def _listed(options: tuple[tuple[str, ...], ...], chosen: str | None) -> Markup:
    made = []
    for value, shown, *hint in options:
        words = f"{shown} – {hint[0]}" if any(hint) else shown
        made.append(OPTION % (value, CHOSEN if value == chosen else "", words))
    return Markup("").join(made)


@lru_cache(100)  # up to a thousand committees each
def _drawn(options: Choices) -> Markup:
    return Markup("").join(OPTION % (value, "", words) for value, words in options)


def _marked(drawn: Markup, chosen: str | None) -> Markup:
    """With the chosen one marked; its value stands between quotes, as none of the words can."""
    value = VALUE % chosen
    return Markup(drawn.replace(value, value + CHOSEN, 1)) if chosen else drawn  # nosec B704 - drawn above


VALUE = Markup('<option value="%s"')
OPTION = VALUE + Markup("%s>%s</option>")
CHOSEN = Markup(" selected")


def danish() -> Markup:
    """The attribute for words people wrote: Danish also on a page in English, so that they are read aloud as Danish."""
    return Markup("") if language.current.get() == "da" else Markup(' lang="da"')


def label(value: Any) -> str:
    """The word people use for an enum value, in their language; "" for None."""
    return "" if value is None else str(language.word(value))


def number(value: float, digits: int = 1) -> str:
    """A number as Danes and Britons write it, with a real minus."""
    shown = f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"
    if language.current.get() == "da":
        shown = shown.replace(",", " ").replace(".", ",").replace(" ", ".")
    return shown.replace("-", "\N{MINUS SIGN}")


def file_size(size: int) -> str:
    """ "34 kB", "1,2 MB" """
    return f"{max(1, round(size / 1024))} kB" if size < 1024 * 1024 else f"{number(size / 1024 / 1024)} MB"


def to_day(value: Any) -> Any:
    return workdays.copenhagen(value).date() if hasattr(value, "hour") else value


def typed_day(value: Any) -> date | None:
    """The day in a date field: a date as it is, or the words of a form that comes back; None for no day at all."""
    if isinstance(value, date):
        return to_day(value)
    try:
        return msgspec.convert(as_machines_write(date, str(value or "").strip()), date)
    except msgspec.ValidationError:
        return None


FILTERS: dict[str, Callable[..., Any]] = {
    "typed_day": typed_day,
    "dato": lambda value: workdays.long_date(to_day(value), language.current.get()),
    "plain": text.to_plain,
    "kort_dato": lambda value: workdays.short_date(to_day(value), language.current.get()),
    "kl": lambda value: workdays.clock(value, language.current.get()),
    "uge": lambda value: to_day(value).isocalendar().week,
    "om": lambda value: str(workdays.in_words(to_day(value), clock.today())),
    "dag": to_day,
    "md": text.to_html,
    "excerpt": text.excerpt,
    "num": number,
    "stort": lambda value: str(value)[:1].upper() + str(value)[1:],  # begins a line; the rest keeps its own letters
    "size": file_size,
}
