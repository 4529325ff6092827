"""What happens by the clock."""

from med.slices import Job
from med.trust.anchors import drop_anchors

anchors = Job("trust.anchors", minutes=60, errand=drop_anchors)
