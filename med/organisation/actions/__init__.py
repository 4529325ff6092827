"""What people do to committees: set them up, change them, give and end seats, name secretaries."""

from med.organisation.actions.committees import change_committee, drop_rules, found_committee, set_rules
from med.organisation.actions.grants import end_grant, give_grant
from med.organisation.actions.seats import end_seat, give_seat, move_seat, withdraw_seat

__all__ = [
    "change_committee",
    "drop_rules",
    "end_grant",
    "end_seat",
    "found_committee",
    "give_grant",
    "give_seat",
    "move_seat",
    "set_rules",
    "withdraw_seat",
]
