from med.access import anyone, signed_in
from med.identity.jobs import tidy
from med.identity.routes import router
from med.slices import Job, Slice

identity = Slice(
    name="identity",
    routers=[router],
    policies=[signed_in, anyone],
    jobs=[Job("identity.tidy", minutes=60, work=tidy)],
)
