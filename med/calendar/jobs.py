"""What happens by the clock: invitations are planned, and the mailbox is looked into for replies.

Both are errands for their settings' sake: without a mail server nobody counts as invited, so that the day one is set
everybody is. A row of the job's due time lets one worker through; what a second one did would change nothing.
"""

from med import clock
from med.calendar.invitations import plan_invitations, to_tell
from med.journal.runs import claim, due_time
from med.slices import Job, Office

MINUTES = 5
AT_ONCE = 10  # meetings


def invite(office: Office) -> None:
    if office.settings.smtp_url and is_mine(office, "calendar.invite"):
        tell_calendars(office)


def tell_calendars(office: Office) -> None:
    """Look first, then write a few meetings at a time: the first look of a large house posts thousands of mails, and
    on SQLite everybody's changes wait for this one."""
    with office.database.reading() as db:
        meetings = to_tell(db)
    for start in range(0, len(meetings), AT_ONCE):
        if office.stopping.is_set():
            return
        with office.database.writing() as db:
            plan_invitations(db, meetings[start : start + AT_ONCE])


def read_mailbox(office: Office) -> None:
    if office.settings.imap_url and is_mine(office, "calendar.mailbox"):
        from med.calendar.replies.mailbox import empty_mailbox  # IMAP, for the few that have a mailbox

        empty_mailbox(office)


def is_mine(office: Office, job: str) -> bool:
    """Whether this worker is the one to do the job at this step of the clock."""
    now = clock.now()
    return claim(office.database, job, due_time(MINUTES, now), done_at=now) is not None


JOBS = [
    Job("calendar.invite", minutes=MINUTES, errand=invite),
    Job("calendar.mailbox", minutes=MINUTES, errand=read_mailbox),
]
