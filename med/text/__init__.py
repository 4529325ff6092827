"""What people write: shown (restricted Markdown), written together (merge), looked back on (diff), sorted, checked."""

from med.text.cpr import looks_like_cpr, warn_cpr
from med.text.differences import Paragraph, Segment, diff
from med.text.markdown import Node, excerpt, parse, to_html, to_plain
from med.text.merging import Conflict, Merged, merge
from med.text.words import Choices, collation_key

__all__ = [
    "Choices",
    "Conflict",
    "Merged",
    "Node",
    "Paragraph",
    "Segment",
    "collation_key",
    "diff",
    "excerpt",
    "looks_like_cpr",
    "merge",
    "parse",
    "to_html",
    "to_plain",
    "warn_cpr",
]
