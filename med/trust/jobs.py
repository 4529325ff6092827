"""What happens by the clock."""

from med.slices import Job
from med.trust import emergencies
from med.trust.anchors import drop_anchors

anchors = Job("trust.anchors", minutes=60, errand=drop_anchors)
emergencies_told = Job("trust.emergencies", minutes=1, work=emergencies.tell)
