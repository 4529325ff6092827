from med.calendar import words  # noqa: F401  (the names of verdicts)
from med.calendar.invitations import compose
from med.calendar.jobs import JOBS
from med.calendar.routes import answers
from med.notices.outbox import register_summons
from med.slices import Slice

register_summons(invitation=compose, invitation_update=compose, invitation_cancel=compose)

calendar = Slice(name="calendar", routers=[answers.router], jobs=JOBS)
