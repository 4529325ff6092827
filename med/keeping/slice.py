from med.keeping import nightly
from med.keeping.routes import handlers
from med.language import T
from med.notices.outbox import register_operations
from med.slices import Job, NavEntry, Slice

register_operations(copy_alarm=nightly.compose_alarm)

keeping = Slice(
    name="keeping",
    handlers=handlers,
    nav=[
        NavEntry("copies", T("Sikkerhedskopier"), "/drift/kopier", 94, more=True, shows=lambda viewer: viewer.is_admin)
    ],
    jobs=[Job(nightly.JOB, minutes=nightly.MINUTES, errand=nightly.run)],
)
