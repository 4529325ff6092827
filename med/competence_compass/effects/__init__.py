"""What activities do for the citizens' competences, and how sure that is. numpy and scipy; never in the server process.

`study` holds the observations as arrays, `covariance` how a citizen's assessments hang together, `model` the joint
estimate for all activities at once, `waiting_list` the second opinion, `verdicts` what may be said. `analysis` puts
them together. The methods, and how they behaved in trials with known truths, are written in docs/effekter.md.
"""

VERSION = "4"  # of the method; goes up when the same observations could give other numbers or another word
# For the environment, before numpy is loaded: the arrays are many and small, and threads wait for each other.
SMALL_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
