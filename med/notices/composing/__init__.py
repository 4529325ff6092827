"""From notices to words: one line each for the page, and the letters that go by mail."""

from med.notices.composing.letters import UNSUBSCRIBE, compose_digest, compose_notice
from med.notices.composing.lines import Line, lines_of

__all__ = ["UNSUBSCRIBE", "Line", "compose_digest", "compose_notice", "lines_of"]
