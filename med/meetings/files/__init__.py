"""Files people attach: looked into, not believed; kept under a hash, sealed when they are closed.

A file is what its content says it is. Office documents are opened and read through, so that a zip bomb, a macro or a
renamed program is refused with a sentence that says what to do.
"""

from med.meetings.files.keeping import Kept, is_whole, keep, let_go, path_of, put, read, tidy_name, tidy_up
from med.meetings.files.looking import ACCEPT, LARGEST, sniff
from med.meetings.files.refusing import Refused

__all__ = [
    "ACCEPT",
    "LARGEST",
    "Kept",
    "Refused",
    "is_whole",
    "keep",
    "let_go",
    "path_of",
    "put",
    "read",
    "sniff",
    "tidy_name",
    "tidy_up",
]
