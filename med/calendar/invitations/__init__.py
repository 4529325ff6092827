"""Invitations by mail (iTIP over iMIP, RFC 5546 and 6047): who is to be told what, and the mail that tells it."""

from med.calendar.invitations.composing import compose, organizer
from med.calendar.invitations.planning import core, plan_invitations, to_tell

__all__ = ["compose", "core", "organizer", "plan_invitations", "to_tell"]
