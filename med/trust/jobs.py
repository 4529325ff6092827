"""What happens by the clock."""

import logging

from med.slices import Job, Office
from med.trust import emergencies
from med.trust.anchors import drop_anchors
from med.trust.retention import carry_out

log = logging.getLogger("med")


def let_go(office: Office) -> None:
    """What the rules take goes every night, where the administrator has said so (MED_RETENTION=yes)."""
    if not office.settings.retention_on:
        return
    with office.database.writing() as db:
        done = carry_out(db, office.settings)
    if total := sum(count for _, count in done):
        log.info("%s rows about people who have left are gone", total)


jobs = [
    Job("trust.anchors", minutes=60, errand=drop_anchors),
    Job("trust.emergencies", minutes=1, work=emergencies.tell),
    Job("trust.retention", minutes=24 * 60, errand=let_go),
]
