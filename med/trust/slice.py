from med.slices import Slice
from med.trust import jobs

trust = Slice(name="trust", jobs=[jobs.anchors])
