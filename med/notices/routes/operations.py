"""The administrator's page about the post: what waits, what could not be sent, and why."""

from litestar import Response

from med.access import require
from med.notices.operations import access, actions, queries
from med.notices.operations.words import KINDS
from med.numbers import LARGEST_ID
from med.web.routing import Visit, get, page_number, post


@get("/drift/post", name="notices.post", policy=access.run_post)
def show_post(visit: Visit) -> Response:
    require(visit.viewer, access.run_post, None)
    letters, more = queries.dead_letters(visit.db, page_number(visit, "efter", LARGEST_ID))
    return visit.page(
        "notices/post.html",
        numbers=queries.numbers(visit.db),
        letters=letters,
        older=f"?efter={more}" if more else None,
        first="" if visit.query.get("efter") else None,
        refused=queries.refused_addresses(visit.db),
        runs=queries.last_runs(visit.db),
        kinds=KINDS,
        has_server=bool(visit.desk.settings.smtp_url) or visit.desk.settings.demo,
    )


@post("/drift/post/alle", name="notices.try_all_again", policy=access.run_post)
def try_all_again(visit: Visit) -> Response:
    actions.try_all_again(visit.db, visit.viewer)
    return visit.to("notices.post", said="gemt")


@post("/drift/post/{message_id:int}/igen", name="notices.try_again", policy=access.run_post)
def try_again(visit: Visit, message_id: int) -> Response:
    require(visit.viewer, access.run_post, None)
    actions.try_again(visit.db, visit.viewer, queries.message(visit.db, message_id))
    return visit.to("notices.post", said="gemt")


@post("/drift/post/{message_id:int}/opgiv", name="notices.give_up", policy=access.run_post)
def give_up(visit: Visit, message_id: int) -> Response:
    require(visit.viewer, access.run_post, None)
    actions.give_up(visit.db, visit.viewer, queries.message(visit.db, message_id))
    return visit.to("notices.post", said="gemt")


@post("/drift/post/adresser/{setting_id:int}/rettet", name="notices.accept_address", policy=access.run_post)
def accept_address(visit: Visit, setting_id: int) -> Response:
    require(visit.viewer, access.run_post, None)
    actions.accept_address(visit.db, visit.viewer, queries.mail_setting(visit.db, setting_id))
    return visit.to("notices.post", said="gemt")


handlers = [show_post, try_all_again, try_again, give_up, accept_address]
