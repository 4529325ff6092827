"""`/mig/besked`: what I hear of and how; and the link in every mail that ends it."""

from typing import Any

from litestar import Response

from med import workdays
from med.access import anyone, require, signed_in
from med.errors import NotFound
from med.language import T
from med.notices import access, actions, queries, words
from med.notices.actions import Stop
from med.notices.composing import UNSUBSCRIBE
from med.notices.forms import FollowForm, HearForm
from med.notices.models import How, Topic
from med.web.forms import parse
from med.web.routing import Visit, get, post
from med.web.signing import unseal


@get("/mig/besked", name="notices.settings", policy=signed_in)
def settings(visit: Visit) -> Response:
    return show_settings(visit)


def show_settings(visit: Visit, errors: dict[str, Any] | None = None, status_code: int = 200) -> Response:
    hearing = queries.hearing(visit.db, visit.viewer)
    kept = {
        **{topic.value: how.value for topic, how in hearing.own.items()},
        "hour": hearing.setting.hour,
        "weekday": hearing.setting.weekday,
    }
    return visit.page(
        "notices/settings.html",
        hearing=hearing,
        values={**kept, **visit.form.values()},
        errors=errors or {},
        brings=words.BRINGS,
        hows=list(How),
        hours=[(hour, str(T("kl. %(hour)s", hour=hour))) for hour in range(24)],
        weekdays=[(number, str(name)) for number, name in enumerate(workdays.WEEKDAYS)],
        has_mail=bool(queries.address(visit.db, visit.viewer)),
        status_code=status_code,
    )


@post("/mig/besked", name="notices.keep", policy=signed_in)
def keep(visit: Visit) -> Response:
    form, errors = parse(HearForm, visit.form)
    if form is None:
        return show_settings(visit, errors, 422)
    actions.keep_wishes(visit.db, visit.viewer, form)
    return visit.to("notices.settings", said="gemt")


@post("/mig/besked/foelg", name="notices.follow", policy=access.follow)
def follow(visit: Visit) -> Response:
    """From the button on a page, or the list on `/mig/besked`; back to where it was pressed."""
    require(visit.viewer, access.follow, None)
    form, errors = parse(FollowForm, visit.form)
    if form is None:
        return show_settings(visit, {"": next(iter(errors.values()))}, 422)
    actions.follow(visit.db, visit.viewer, form)
    if visit.form.get("fra") == "besked":
        return visit.to("notices.settings", said="gemt", anchor="foelger")
    place = {Topic.COMMITTEE: "/udvalg/", Topic.PERSPECTIVE: "/perspektiver/", Topic.DECISION: "/beslutninger/"}
    return visit.go(f"{place[form.topic]}{form.about}?sagt=gemt#foelg")


@post("/mig/besked/glem", name="notices.forget", policy=signed_in)
def forget(visit: Visit) -> Response:
    actions.forget_lost(visit.db, visit.viewer)
    return visit.to("notices.settings", said="gemt", anchor="foelger")


@post("/mig/besked/mail", name="notices.silence", policy=signed_in)
def silence(visit: Visit) -> Response:
    """No mail at all, or mail again."""
    asked = visit.form.get("mail")
    if asked == "ingen":
        actions.stop_mail(visit.db, visit.viewer, visit.viewer.person_id, Stop.ALL)
    elif asked == "igen":
        actions.resume_mail(visit.db, visit.viewer)
    else:
        return show_settings(visit, {"": T("Vælg en af mulighederne.")}, 422)
    return visit.to("notices.settings", said="gemt", anchor="mail")


# --- the link in a mail ---------------------------------------------------------------------------------------------


@get("/afmeld/{ticket:str}", name="notices.unsubscribe", policy=anyone)
def unsubscribe(visit: Visit, ticket: str) -> Response:
    """What would stop. Opening the page stops nothing: mail programs look at links before people do."""
    _, kind = _read(visit, ticket)
    return visit.page("notices/unsubscribe.html", ticket=ticket, kind=kind, stopped=None)


@post("/afmeld/{ticket:str}", name="notices.stop", policy=anyone, by_link=True)
def stop(visit: Visit, ticket: str) -> Response:
    """Stop it: the page's two buttons, or the mail program itself (RFC 8058), which sends no cookie and no token.

    The link is the right. Whoever holds it can end these mails for its person and do nothing else, whoever they are
    signed in as; sent again it changes nothing.
    """
    person_id, kind = _read(visit, ticket)
    asked = visit.form.get("stop")
    if asked == "alt":
        what = Stop.ALL
    elif asked == "disse" or visit.form.get("List-Unsubscribe").strip().lower() == "one-click":
        what = Stop(kind)
    else:
        errors = {"": T("Vælg, hvad der skal stoppe.")}
        return visit.page(
            "notices/unsubscribe.html", ticket=ticket, kind=kind, stopped=None, errors=errors, status_code=422
        )
    actions.stop_mail(visit.db, None, person_id, what)
    return visit.page("notices/unsubscribe.html", ticket=ticket, kind=kind, stopped=what.value)


def _read(visit: Visit, ticket: str) -> tuple[int, str]:
    parts = unseal(visit.desk.settings.secret, UNSUBSCRIBE, ticket)
    if parts is None or len(parts) != 2 or parts[1] not in (Stop.DIGEST, Stop.NOTICE):
        raise NotFound
    return int(parts[0]), parts[1]


handlers = [settings, keep, follow, forget, silence, unsubscribe, stop]
