from med.access import anyone, signed_in
from med.identity.jobs import tidy
from med.identity.routes import handlers
from med.language import T
from med.slices import Job, NavEntry, Slice

identity = Slice(
    name="identity",
    handlers=handlers,
    policies=[signed_in, anyone],
    nav=[
        NavEntry("ways_in", T("Adgang"), "/drift/adgang", 92, more=True, shows=lambda viewer: viewer.is_admin),
    ],
    jobs=[Job("identity.tidy", minutes=60, work=tidy)],
)
