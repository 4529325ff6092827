"""Everything that changes a decision or a follow-up."""

from med.decisions.actions.follow_ups import agree_follow_up, follow_up_decision, move_follow_up
from med.decisions.actions.life import hand_over_decision, move_decision, review_decision, withdraw_decision
from med.decisions.actions.recording import (
    correct_decision,
    discard_decision,
    follow_openness,
    publish_with_minutes,
    record_decision,
    release_decision,
)

__all__ = [
    "agree_follow_up",
    "correct_decision",
    "discard_decision",
    "follow_openness",
    "follow_up_decision",
    "hand_over_decision",
    "move_decision",
    "move_follow_up",
    "publish_with_minutes",
    "record_decision",
    "release_decision",
    "review_decision",
    "withdraw_decision",
]
