"""The rules of Atom and JSON Feed, written from the specifications and not from our own code.

Atom: RFC 4287, with paging (RFC 5005) and tombstones (RFC 6721). JSON Feed: https://www.jsonfeed.org/version/1.1/.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html

A = "{http://www.w3.org/2005/Atom}"
AT = "{http://purl.org/atompub/tombstones/1.0}"
XML = "{http://www.w3.org/XML/1998/namespace}"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=[\w-]+)?")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")

# Element: (how often in a feed, how often in an entry), as (least, most). RFC 4287, 4.1.1 and 4.1.2.
MANY = 10**6
ALLOWED = {
    "id": ((1, 1), (1, 1)),
    "title": ((1, 1), (1, 1)),
    "updated": ((1, 1), (1, 1)),
    "author": ((0, MANY), (0, MANY)),
    "category": ((0, MANY), (0, MANY)),
    "contributor": ((0, MANY), (0, MANY)),
    "generator": ((0, 1), (0, 0)),
    "icon": ((0, 1), (0, 0)),
    "link": ((0, MANY), (0, MANY)),
    "logo": ((0, 1), (0, 0)),
    "rights": ((0, 1), (0, 1)),
    "subtitle": ((0, 1), (0, 0)),
    "entry": ((0, MANY), (0, 0)),
    "content": ((0, 0), (0, 1)),
    "published": ((0, 0), (0, 1)),
    "summary": ((0, 0), (0, 1)),
    "source": ((0, 0), (0, 1)),
}
ATTRIBUTES = {
    "generator": {"uri", "version"},
    "link": {"href", "rel", "type", "hreflang", "title", "length"},
    "category": {"term", "scheme", "label"},
    "content": {"type", "src"},
    "title": {"type"},
    "subtitle": {"type"},
    "summary": {"type"},
}
ACTIVE = {"script", "style", "iframe", "object", "form"}
PAGING = {"first", "last", "previous", "next", "current"}


def is_absolute(address: str) -> bool:
    parts = urlsplit(address)
    return bool(parts.scheme) and not re.search(r"[\s<>\"{}|\\^`]", address) and (
        bool(parts.netloc) if parts.scheme in {"http", "https"} else bool(parts.path)
    )  # fmt: skip


def is_moment(text: str) -> bool:
    if not RFC3339.fullmatch(text or ""):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def html_faults(text: str, where: str) -> list[str]:
    """HTML must stand alone: whole, with every element we use closed, nothing that runs, no relative address."""
    found = []
    parsed = html.fragment_fromstring(text, create_parent="div")
    for one in parsed.iter():
        if one.tag in {"script", "style", "iframe", "object", "form"} or any(
            key.startswith("on") for key in one.attrib
        ):
            found.append(f"{where}: <{one.tag}> may not run")
        addresses = [one.attrib[key] for key in ("href", "src") if key in one.attrib]
        found += [f"{where}: relative address {address}" for address in addresses if not is_absolute(address)]
    if len(re.findall(r"<(p|ul|li|strong)>", text)) != len(re.findall(r"</(p|ul|li|strong)>", text)):
        found.append(f"{where}: an element is not closed")
    return found


def atom_faults(raw: bytes) -> list[str]:
    """What is wrong with it; empty for a valid feed."""
    try:
        feed = etree.fromstring(raw)
    except etree.XMLSyntaxError as error:
        return [f"is not XML: {error}"]
    if feed.tag != f"{A}feed":
        return [f"is a {feed.tag}"]
    if not raw.startswith(b"<?xml"):
        return ["has no XML declaration"]
    found = children(feed, 0, "feed")
    ids = []
    feed_author = feed.find(f"{A}author") is not None
    for entry in feed.findall(f"{A}entry"):
        name = entry.findtext(f"{A}id") or "?"
        ids.append(name)
        found += children(entry, 1, name)
        if entry.find(f"{A}author") is None and not feed_author:
            found.append(f"{name}: no author (4.1.1)")
        if entry.find(f"{A}content") is None and not entry.xpath("*[local-name()='link'][@rel='alternate']"):
            found.append(f"{name}: neither content nor alternate (4.1.2)")
        published, updated = entry.findtext(f"{A}published"), entry.findtext(f"{A}updated")
        if published and updated and published > updated:
            found.append(f"{name}: updated before it was published")
    found += [f"two entries are {one}" for one in set(ids) if ids.count(one) > 1]
    found += paging(feed)
    found += tombstones(feed, set(ids))
    latest = max([e.findtext(f"{A}updated") or "" for e in feed.findall(f"{A}entry")], default="")
    if latest > (feed.findtext(f"{A}updated") or ""):
        found.append("the feed is older than an entry in it")
    return found


def children(parent: Any, place: int, where: str) -> list[str]:
    names = [etree.QName(one).localname for one in parent if etree.QName(one).namespace == A[1:-1]]
    found = [f"{where}: <{name}> does not belong here" for name in set(names) - set(ALLOWED)]
    for name, often in ALLOWED.items():
        least, most = often[place]
        if not least <= names.count(name) <= most:
            found.append(f"{where}: {names.count(name)} × <{name}>")
    alternates = set()
    for one in parent.iterchildren(f"{A}*"):
        name = etree.QName(one).localname
        unknown = {key for key in one.attrib if not key.startswith("{")} - ATTRIBUTES.get(name, set())
        if unknown:
            found.append(f"{where}: <{name}> has {unknown}")
        if name == "id" and not is_absolute(one.text or ""):
            found.append(f"{where}: the id is no absolute IRI: {one.text}")
        if name in {"updated", "published"} and not is_moment(one.text):
            found.append(f"{where}: {name} is no RFC 3339 moment: {one.text}")
        if name in {"title", "summary", "subtitle", "rights"} and one.get("type", "text") == "text" and len(one):
            found.append(f"{where}: {name} is text and has elements")
        if name == "title" and not (one.text or "").strip():
            found.append(f"{where}: the title is empty")
        if name in {"author", "contributor"}:
            found += person(one, where)
        if name == "category" and not one.get("term"):
            found.append(f"{where}: a category without term (4.2.2.1)")
        if name == "category" and one.get("scheme") and not is_absolute(one.get("scheme")):
            found.append(f"{where}: a scheme that is no IRI")
        if name == "generator" and (not one.text or (one.get("uri") and not is_absolute(one.get("uri")))):
            found.append(f"{where}: the generator is not said")
        if name == "content" and one.get("type") == "html":
            if len(one):
                found.append(f"{where}: html content has elements (4.1.3.3)")
            found += html_faults(one.text or "", where)
        if name == "link":
            found += link(one, where)
            key = (one.get("rel", "alternate"), one.get("type"), one.get("hreflang"))
            if key[0] == "alternate" and key in alternates:
                found.append(f"{where}: two alternates of the same type and language (4.1.1)")
            alternates.add(key)
    return found


def person(one: Any, where: str) -> list[str]:
    found = []
    names = [etree.QName(child).localname for child in one]
    if names.count("name") != 1 or not (one.findtext(f"{A}name") or "").strip():
        found.append(f"{where}: a person without a name (3.2.1)")
    if set(names) - {"name", "uri", "email"}:
        found.append(f"{where}: a person with {names}")
    return found


def link(one: Any, where: str) -> list[str]:
    found = []
    if not is_absolute(one.get("href") or ""):
        found.append(f"{where}: a link that is not absolute: {one.get('href')}")
    if one.get("type") and not MEDIA_TYPE.fullmatch(one.get("type")):
        found.append(f"{where}: a link of type {one.get('type')}")
    if one.get("hreflang") and not LANGUAGE.fullmatch(one.get("hreflang")):
        found.append(f"{where}: a link in {one.get('hreflang')}")
    return found


def paging(feed: Any) -> list[str]:
    rels = [one.get("rel", "alternate") for one in feed.findall(f"{A}link")]
    found = [f"{rels.count(rel)} links {rel}" for rel in ("self", *PAGING) if rels.count(rel) > 1]
    if "self" not in rels:
        found.append("no link self (4.1.1)")
    if not set(rels) & {"first", "last", "previous", "next"}:
        found.append("a paged feed has at least one of first, last, previous, next (RFC 5005, 3)")
    return found


def tombstones(feed: Any, ids: set[str]) -> list[str]:
    found = []
    seen = []
    for one in feed.findall(f"{AT}deleted-entry"):
        ref = one.get("ref", "")
        seen.append((ref, one.get("when")))
        if not is_absolute(ref) or not is_moment(one.get("when")):
            found.append(f"a tombstone without ref or when: {dict(one.attrib)}")
        if ref in ids:
            found.append(f"{ref} is here and gone")
        if len(one.findall(f"{AT}by")) > 1 or len(one.findall(f"{AT}comment")) > 1:
            found.append(f"{ref}: by and comment at most once (RFC 6721, 3)")
        for by in one.findall(f"{AT}by"):
            found += person(by, ref)
        for child in one:
            if child.tag not in {f"{AT}by", f"{AT}comment", f"{A}link", f"{A}source"}:
                found.append(f"{ref}: {child.tag}")
    found += [f"two tombstones are {one}" for one in set(seen) if seen.count(one) > 1]
    return found


FEED_FIELDS = {
    "version": str, "title": str, "home_page_url": str, "feed_url": str, "description": str, "user_comment": str,
    "next_url": str, "icon": str, "favicon": str, "authors": list, "language": str, "expired": bool, "hubs": list,
    "items": list,
}  # fmt: skip
ITEM_FIELDS = {
    "id": str, "url": str, "external_url": str, "title": str, "content_html": str, "content_text": str,
    "summary": str, "image": str, "banner_image": str, "date_published": str, "date_modified": str, "authors": list,
    "tags": list, "language": str, "attachments": list,
}  # fmt: skip


def json_faults(feed: Any) -> list[str]:
    """What is wrong with a parsed JSON Feed; empty for a valid one."""
    found = fields(feed, FEED_FIELDS, "feed")
    if feed.get("version") != "https://jsonfeed.org/version/1.1":
        found.append("no version")
    for name in ("title", "items"):
        if name not in feed:
            found.append(f"no {name}")
    ids = []
    for item in feed.get("items", []):
        where = str(item.get("id", "?"))
        ids.append(where)
        found += fields(item, ITEM_FIELDS, where)
        if not item.get("id"):
            found.append("an item without id")
        if "content_html" not in item and "content_text" not in item:
            found.append(f"{where}: neither content_html nor content_text")
        found += html_faults(item.get("content_html", ""), where)
        for name in ("date_published", "date_modified"):
            if name in item and not is_moment(item[name]):
                found.append(f"{where}: {name} is no RFC 3339 moment")
        if not all(isinstance(tag, str) for tag in item.get("tags", [])):
            found.append(f"{where}: a tag that is no text")
    found += [f"two items are {one}" for one in set(ids) if ids.count(one) > 1]
    if feed.get("next_url") == feed.get("feed_url"):
        found.append("next_url is feed_url")
    return found


def fields(thing: Any, known: dict[str, type], where: str) -> list[str]:
    found = []
    for name, value in thing.items():
        if name.startswith("_"):
            if not re.fullmatch(r"_[A-Za-z][A-Za-z0-9]*", name) or not isinstance(value, dict):
                found.append(f"{where}: {name} is no extension")
            elif not is_absolute(value.get("about", "")):
                found.append(f"{where}: {name} does not say what it is about")
        elif name not in known:
            found.append(f"{where}: {name} is not in the format")
        elif not isinstance(value, known[name]):
            found.append(f"{where}: {name} is a {type(value).__name__}")
        elif name.endswith("_url") or name in {"url", "icon", "favicon", "image"}:
            if not is_absolute(value):
                found.append(f"{where}: {name} is not absolute")
        elif name == "language" and not LANGUAGE.fullmatch(value):
            found.append(f"{where}: language {value}")
        elif name == "authors" and not all(says_who(author) for author in value):
            found.append(f"{where}: an author that says nothing")
    return found


def says_who(author: Any) -> bool:
    return isinstance(author, dict) and set(author) <= {"name", "url", "avatar"} and any(author.values())
