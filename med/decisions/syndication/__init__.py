"""The feed for feed readers: Atom and JSON Feed, from the same entries."""

from med.decisions.syndication.entries import Document, Entry, Outlet, Told, Tombstone, document
from med.decisions.syndication.jsonfeed import as_json


def as_atom(document: Document) -> bytes:
    """Fetched with the first feed that is asked for: with it comes lxml."""
    from med.decisions.syndication import atom

    return atom.as_atom(document)


__all__ = ["Document", "Entry", "Outlet", "Told", "Tombstone", "as_atom", "as_json", "document"]
