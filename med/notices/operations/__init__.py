"""Keeping it running: the outbox, addresses that take no mail, and the channels that hear of things."""
