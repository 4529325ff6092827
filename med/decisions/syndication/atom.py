"""Atom (RFC 4287), in pages (RFC 5005), with what is gone (RFC 6721)."""

import re
from typing import Any

from lxml import etree

from med import VERSION, language
from med.decisions.syndication.entries import Document, Entry, stamp

ATOM = "http://www.w3.org/2005/Atom"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
MEDIA_TYPE = "application/atom+xml"
# Characters XML 1.0 cannot hold at all; imports may bring them.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_atom(page: Document) -> bytes:
    outlet = page.outlet
    feed = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "at": TOMBSTONES})
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", language.current.get())
    add(feed, "id", outlet.tag(f"feed/{outlet.feed_id}"))
    add(feed, "title", page.title)
    add(feed, "updated", stamp(page.updated))
    add(feed, "generator", "Medspil", uri=outlet.about_url, version=VERSION)
    add(add(feed, "author"), "name", outlet.site_name)
    link(feed, "self", outlet.self_url, MEDIA_TYPE)
    link(feed, "alternate", outlet.alternate_url, "text/html", hreflang=language.current.get())
    link(feed, "current", outlet.first_url, MEDIA_TYPE)
    link(feed, "first", outlet.first_url, MEDIA_TYPE)
    link(feed, "last", outlet.last_url, MEDIA_TYPE)
    if outlet.next_url:
        link(feed, "next", outlet.next_url, MEDIA_TYPE)
    if outlet.previous_url:
        link(feed, "previous", outlet.previous_url, MEDIA_TYPE)
    for gone in page.tombstones:
        stone = etree.SubElement(feed, f"{{{TOMBSTONES}}}deleted-entry", ref=gone.ref, when=stamp(gone.when))
        if gone.by:
            add(add(stone, "by", namespace=TOMBSTONES), "name", gone.by)
        if gone.comment:
            add(stone, "comment", gone.comment, namespace=TOMBSTONES)
    for entry in page.entries:
        add_entry(feed, page, entry)
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def add_entry(feed: Any, page: Document, entry: Entry) -> None:
    made = add(feed, "entry")
    add(made, "id", entry.id)
    add(made, "title", entry.title)
    add(made, "published", stamp(entry.published))
    add(made, "updated", stamp(entry.updated))
    link(made, "alternate", entry.url, "text/html", hreflang=language.current.get())
    add(add(made, "author"), "name", entry.committee)
    for one in entry.perspectives:
        scheme = f"{page.outlet.base_url}/perspektiver"
        add(made, "category", term=one.value, scheme=scheme, label=page.titles[one].title)
    state = str(language.word(entry.state))
    add(made, "category", term=entry.state.value, scheme=page.outlet.tag("tilstand"), label=state)
    add(made, "content", entry.html, type="html")


def add(parent: Any, name: str, text: str = "", namespace: str = ATOM, **attributes: str) -> Any:
    cleaned = {key: NOT_XML.sub("", value) for key, value in attributes.items()}
    made = etree.SubElement(parent, f"{{{namespace}}}{name}", cleaned)
    if text:
        made.text = NOT_XML.sub("", text)
    return made


def link(parent: Any, rel: str, href: str, media_type: str, **more: str) -> None:
    add(parent, "link", rel=rel, href=href, type=media_type, **more)
