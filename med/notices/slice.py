from med.notices.chat.telling import tell_outlet, try_outlet
from med.notices.outbox import register
from med.notices.sending import send_mail, tell_outlets
from med.slices import Job, Slice

register(outlet=tell_outlet, outlet_trial=try_outlet)

notices = Slice(
    name="notices",
    jobs=[
        Job("notices.send", minutes=1, errand=send_mail),
        Job("notices.tell_outlets", minutes=1, errand=tell_outlets),
    ],
)
