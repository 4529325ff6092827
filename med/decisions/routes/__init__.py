"""The table of URLs."""

from med.decisions.routes.balance import show_balance
from med.decisions.routes.feed import index
from med.decisions.routes.feeds_out import atom, feed_format, json_feed
from med.decisions.routes.follow_ups import (
    agree_on_decision,
    agree_on_item,
    follow_ups,
    move_follow_up,
    show_follow_up,
)
from med.decisions.routes.recording import correct, discard, edit, new, record, release
from med.decisions.routes.searching import show_search
from med.decisions.routes.single import hand_over, move, review, show, withdraw

handlers = [
    index,
    show_balance,
    show_search,
    follow_ups,
    show_follow_up,
    move_follow_up,
    agree_on_item,
    agree_on_decision,
    new,
    record,
    show,
    edit,
    correct,
    discard,
    release,
    move,
    review,
    hand_over,
    withdraw,
    atom,
    json_feed,
    feed_format,
]
