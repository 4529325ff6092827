"""The rules of iCalendar that a calendar must keep, written from RFC 5545 and 7986 and not from our own code."""

import re

ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "SUMMARY", "STATUS", "SEQUENCE", "LAST-MODIFIED", "CREATED", "URL"}
NEEDED = {
    "VCALENDAR": {"PRODID", "VERSION"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART"},
    "VTODO": {"UID", "DTSTAMP"},
    "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"},
}
LINE = re.compile(r'([A-Z0-9-]+)((?:;[A-Z0-9-]+=(?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*)*):(.*)', re.DOTALL)
STATES = {"VEVENT": {"TENTATIVE", "CONFIRMED", "CANCELLED"}, "VTODO": {"NEEDS-ACTION", "COMPLETED"}}


def faults(raw: bytes) -> list[str]:
    """What is wrong with it; empty for a valid calendar."""
    found: list[str] = []
    if not raw.endswith(b"\r\n"):
        found.append("does not end with CRLF")
    lines = raw.split(b"\r\n")[:-1]
    for line in lines:
        if len(line) > 75:
            found.append(f"longer than 75 octets: {line[:40]!r}")
        if b"\n" in line or b"\r" in line:
            found.append(f"a bare line break: {line[:40]!r}")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return [*found, "is not UTF-8"]
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text):
        found.append("holds a control character")
    zones, asked, uids = set(), set(), []
    stack: list[tuple[str, list[str]]] = []
    for line in text.replace("\r\n ", "").split("\r\n")[:-1]:
        parts = LINE.fullmatch(line)
        if parts is None:
            found.append(f"is no content line: {line[:60]}")
            continue
        name, params, value = parts.groups()
        if name == "BEGIN":
            stack.append((value, []))
            continue
        if name == "END":
            kind, names = stack.pop()
            if kind != value:
                found.append(f"{kind} ends as {value}")
            found += [f"{kind} has no {one}" for one in NEEDED.get(kind, set()) - set(names)]
            found += [f"{kind} has {one} twice" for one in ONCE if names.count(one) > 1]
            if kind == "VEVENT" and {"DTEND", "DURATION"} <= set(names):
                found.append("both DTEND and DURATION")
            continue
        kind, names = stack[-1]
        names.append(name)
        if name == "TZID" and kind == "VTIMEZONE":
            zones.add(value)
        asked |= set(re.findall(r";TZID=([^;:]+)", params))
        if name == "UID":
            uids.append(value)
        if name in {"DTSTAMP", "CREATED", "LAST-MODIFIED"} and not re.fullmatch(r"\d{8}T\d{6}Z", value):
            found.append(f"{name} is not in UTC")
        if name in {"DTSTART", "DTEND", "DUE"}:
            pattern = r"\d{8}" if ";VALUE=DATE" in params else r"\d{8}T\d{6}" + ("" if ";TZID=" in params else "Z?")
            if not re.fullmatch(pattern, value):
                found.append(f"{name} is no time: {value}")
            if kind in {"VEVENT", "VTODO"} and re.fullmatch(r"\d{8}T\d{6}", value) and ";TZID=" not in params:
                found.append(f"{name} floats")
        if name == "STATUS" and value not in STATES.get(kind, set()):
            found.append(f"{kind} cannot be {value}")
        if name in {"CONFERENCE", "REFRESH-INTERVAL"} and ";VALUE=" not in params:
            found.append(f"{name} does not say its VALUE")  # RFC 7986, 5.7 and 5.11
        if name in {"SUMMARY", "DESCRIPTION", "LOCATION"} and re.search(r"(?<!\\)(?:\\\\)*[;,]", value):
            found.append(f"{name} has a comma or semicolon that is not escaped")
        if name in {"URL", "CONFERENCE"} and not re.match(r"https?://[^\s]+$", value):
            found.append(f"{name} is no address: {value}")
    if stack:
        found.append("is cut short")
    found += [f"time zone {one} is not explained" for one in asked - zones]
    found += [f"UID twice: {one}" for one in set(uids) if uids.count(one) > 1]
    return found
