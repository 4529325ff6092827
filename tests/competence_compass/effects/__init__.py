"""Small matrices are slower, not faster, on several threads; numpy asks when it is first imported."""

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
