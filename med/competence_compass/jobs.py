"""At night: how far assessors agree, and what erasing left to do."""

from datetime import timedelta

from sqlalchemy import func, select

from med import clock
from med.competence_compass import analysing, sums
from med.competence_compass.actions.reliability import refresh_reliability
from med.competence_compass.erasing import let_go
from med.competence_compass.models import Erasure
from med.slices import Job, Office

DAY = 24 * 60


def let_go_again(office: Office) -> None:
    """The erasures of the last two days: whoever was in the way when they were made is gone by now."""
    with office.database.reading() as db:
        newest = db.scalar(select(func.max(Erasure.at)))
    if newest is not None and newest > clock.now() - timedelta(days=2):
        let_go(office.database, office.settings.data_dir)


jobs = [
    Job("competence_compass.reliability", DAY, work=refresh_reliability),
    Job("competence_compass.ask_for_effects", DAY, work=analysing.ask_at_night),
    Job("competence_compass.effects", 1, errand=analysing.work),
    Job("competence_compass.freeze_sums", DAY, work=sums.freeze_what_ended),
    Job("competence_compass.erasures", DAY, errand=let_go_again),
]
