from med.calendar import addresses, words  # noqa: F401  (private calendars; the names of verdicts)
from med.calendar.invitations import compose
from med.calendar.jobs import JOBS
from med.calendar.routes import answers, feeds
from med.meetings import parts
from med.notices.outbox import register_summons
from med.slices import Slice

register_summons(invitation=compose, invitation_update=compose, invitation_cancel=compose)
parts.register(beside=feeds.for_my_calendar)

calendar = Slice(
    name="calendar",
    handlers=[*answers.handlers, *feeds.handlers],
    jobs=JOBS,
    panels={"replies_by_mail": answers.beside_the_post},
)
