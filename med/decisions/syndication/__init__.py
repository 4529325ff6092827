"""The feed for feed readers: Atom and JSON Feed, from the same entries."""

from med.decisions.syndication.atom import as_atom
from med.decisions.syndication.entries import Document, Entry, Outlet, Told, Tombstone, document
from med.decisions.syndication.jsonfeed import as_json

__all__ = ["Document", "Entry", "Outlet", "Told", "Tombstone", "as_atom", "as_json", "document"]
