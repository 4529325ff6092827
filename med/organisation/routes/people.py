"""Who works here, and where each sits."""

from litestar import Response

from med import clock
from med.access import require
from med.numbers import LARGEST_ID
from med.organisation import access, queries
from med.organisation.models import Seat
from med.web.routing import Visit, get


@get("/udvalg/personer", name="organisation.people", policy=access.see_committees)
def people(visit: Visit) -> Response:
    require(visit.viewer, access.see_committees, None)
    words = visit.query.get("navn").strip()[:100]
    after = visit.query.get("efter")
    former = visit.query.get("tidligere") == "1"
    after_id = int(after) if after.isdecimal() and len(after) < 20 else 0
    page = queries.people(visit.db, visit.viewer, words, min(after_id, LARGEST_ID), former)
    return visit.page("organisation/people.html", page=page, words=words, former=former, is_first=not after_id)


@get("/personer/{person_id:int}", name="organisation.person", policy=access.see_committees)
def person(visit: Visit, person_id: int) -> Response:
    who = queries.person(visit.db, visit.viewer, person_id)
    today = clock.today()
    seats = queries.seats_of_person(visit.db, visit.viewer, who.id)
    jobs = queries.employments(visit.db, who.id)
    inside = visit.viewer.inside

    def over(seat: Seat) -> bool:
        return seat.ends is not None and seat.ends < today

    now = [seat for seat in seats if seat.starts <= today and not over(seat)]
    return visit.page(
        "organisation/person.html",
        person=who,
        present=now,
        coming=[seat for seat in seats if seat.starts > today],
        before=[seat for seat in seats if over(seat)],
        jobs=[job for job in jobs if job.ends is None or job.ends >= today],
        inside=inside,
        # Mail is shown to those who sit with the person, and to the person.
        shows_mail=who.id == visit.viewer.person_id or any(seat.committee_id in inside for seat in now),
    )


handlers = [people, person]
