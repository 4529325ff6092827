from med.language import T
from med.notices.outbox import register_operations
from med.slices import NavEntry, Slice
from med.trust import emergencies
from med.trust.jobs import jobs
from med.trust.routes import handlers

register_operations(emergency_used=emergencies.compose)

trust = Slice(
    name="trust",
    handlers=handlers,
    nav=[
        NavEntry(
            "retention", T("Opbevaring"), "/drift/opbevaring", 94, more=True, shows=lambda viewer: viewer.is_admin
        ),
    ],
    jobs=jobs,
)
