from med.notices import words  # noqa: F401  the words people use for how they hear
from med.notices.chat.telling import tell_outlet, try_outlet
from med.notices.composing import compose_digest, compose_notice
from med.notices.digests import tell
from med.notices.outbox import register
from med.notices.sending import send_mail, tell_outlets
from med.slices import Job, Slice

register(outlet=tell_outlet, outlet_trial=try_outlet, digest=compose_digest, notice=compose_notice)

notices = Slice(
    name="notices",
    jobs=[
        Job("notices.plan", minutes=5, errand=tell),
        Job("notices.send", minutes=1, errand=send_mail),
        Job("notices.tell_outlets", minutes=1, errand=tell_outlets),
    ],
)
