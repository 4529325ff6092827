from med.access import allows
from med.language import T
from med.notices import (
    access,
    parts,
    words,  # noqa: F401  the words people use for how they hear
)
from med.notices.chat.telling import tell_outlet, try_outlet
from med.notices.composing import compose_digest, compose_notice
from med.notices.digests import JOB, MINUTES, run
from med.notices.operations import access as operations_access
from med.notices.operations import words as operations_words  # noqa: F401  why something was not sent
from med.notices.outbox import register
from med.notices.routes import mailbox, news, operations, outlets, settings
from med.notices.sending import send_mail, tell_outlets
from med.organisation.parts import panel
from med.slices import Job, NavEntry, Slice

register(outlet=tell_outlet, outlet_trial=try_outlet, digest=compose_digest, notice=compose_notice)
panel(T("Følg udvalget"), parts.follow_committee, order=90)

notices = Slice(
    name="notices",
    handlers=[*settings.handlers, *news.handlers, *operations.handlers, *outlets.handlers, *mailbox.handlers],
    policies=[
        access.follow,
        operations_access.run_post,
        operations_access.keep_outlets,
        operations_access.keep_outlet,
    ],
    nav=[
        NavEntry("news", T("Nyt til dig"), "/nyt", 45, more=True, shows=lambda viewer: viewer.is_employee),
        NavEntry("post", T("Drift"), "/drift/post", 90, more=True, shows=lambda viewer: viewer.is_admin),
        NavEntry(
            "outlets",
            T("Kanaler"),
            "/drift/kanaler",
            92,
            more=True,
            shows=lambda viewer: allows(viewer, operations_access.keep_outlets, None),
        ),
    ],
    panels={"decision": parts.follow_decision, "perspective": parts.follow_perspective},
    jobs=[
        Job(JOB, minutes=MINUTES, errand=run),
        Job("notices.send", minutes=1, errand=send_mail),
        Job("notices.tell_outlets", minutes=1, errand=tell_outlets),
    ],
)
