"""Seats from a file. For each committee the file names, it is the whole list of those who sit there from now on.

Who is not in it has given up the seat yesterday. Another role or side ends the seat and begins a new one. A row whose
last day is over is history: it is added where nobody had it, and never changes a seat that is over.
"""

from med.organisation.importing.seats.places import COLUMNS
from med.organisation.importing.seats.reading import plan
from med.organisation.importing.seats.writing import carry_out

__all__ = ["COLUMNS", "carry_out", "plan"]
