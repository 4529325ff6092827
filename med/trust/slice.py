from med.notices.outbox import register_operations
from med.slices import Slice
from med.trust import emergencies, jobs

register_operations(emergency_used=emergencies.compose)

trust = Slice(name="trust", jobs=[jobs.anchors, jobs.emergencies_told])
