"""House rules as code: what a colleague would say at review, said by the tests."""

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "med").rglob("*.py"))
LONGEST = 420  # a file that needs scrolling to understand becomes a folder, one file a topic
SLICES = sorted(path.parent for path in (ROOT / "med").glob("*/slice.py"))

# The files every slice may have, always under the same names. A few have one more, for what is theirs alone.
AGREED = {
    "models", "access", "forms", "actions", "queries", "routes", "jobs", "slice", "words", "parts",
    "importing", "__init__",
}  # fmt: skip
OWN = {
    "competence_compass": {
        "activity_parts",
        "activity_words",
        "agreement",
        "analysing",
        "citizen_parts",
        "citizen_words",
        "effects",
        "disclosure",
        "erasing",
        "example",
        "exchange",
        "generator",
        "instrument_words",
        "look_words",
        "looks",
        "measuring",
        "single_case",
        "pseudonyms",
        "publishing",
        "rollups",
        "reporting",
        "sums",
        "vault",
        "vectors",
        "waiting_line",
    },
    "calendar": {"addresses", "ical", "invitations", "links", "replies", "subscriptions"},
    "notices": {"chat", "composing", "digests", "operations", "outbox", "planning", "sending", "sink", "smtp"},
    "decisions": {"addresses", "circles", "filters", "fragments", "syndication", "waiting"},
    "identity": {"accounts", "counter", "doorkeeper", "limits", "oidc", "passwords", "sealing", "second_step"},
    "keeping": {"copies", "nightly", "proof"},
    "loop": {"circles", "moments", "pointing", "raising", "sentences", "showing", "since"},
    "meetings": {"canonical", "deadlines", "files", "live", "panels", "sealing", "waiting", "waiting_minutes"},
    "organisation": {"seating", "suggesting"},
    "trust": {"anchors", "column_words", "emergencies", "held", "own_data", "retention", "trail_words"},
}
FLOORS = {
    "litestar": (2, 22), "multipart": (1, 3, 1), "apscheduler": (3, 11, 2), "sqlalchemy": (2, 0, 44),
    "joserfc": (1, 8),
}  # fmt: skip


def test_no_file_needs_much_scrolling():
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines > LONGEST and "/versions/" not in name} == {}


def test_nothing_is_left_for_later():
    later = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder, ending in (("med", "py"), ("med", "js"), ("med", "css"), ("templates", "html"), ("scripts", "*"))
        for path in (ROOT / folder).rglob(f"*.{ending}")
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if later.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("folder", SLICES, ids=lambda folder: folder.name)
def test_a_slice_has_only_the_agreed_files(folder):
    names = {path.stem for path in folder.iterdir() if path.name != "__pycache__"}
    assert names - AGREED - OWN.get(folder.name, set()) == set()


def test_the_layers_know_every_slice():
    layers = (ROOT / "pyproject.toml").read_text()
    assert all(
        f'"{folder.name}"' in layers or f"{folder.name} :" in layers or f": {folder.name}" in layers
        for folder in SLICES
    )


def test_actions_and_questions_never_commit():
    """A transaction has one owner: the request, the job or the command."""
    found = [
        str(path.relative_to(ROOT))
        for folder in SLICES
        for path in folder.rglob("*.py")
        if re.search(r"\b(db|session)\.(commit|begin|close)\(", path.read_text())
    ]
    assert found == []


def test_only_the_clock_knows_the_time():
    asks = re.compile(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time)\(")
    found = {str(path.relative_to(ROOT)) for path in SOURCES if asks.search(path.read_text())}
    assert found <= {"med/clock.py", "med/worker.py"}  # the scheduler wakes by the machine's own clock


def test_no_page_carries_inline_script_or_style():
    """The browser is told to refuse them, so they would not even work. A mail has no style sheet but its own."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "templates").rglob("*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if inline.search(line) and not ("mail" in path.parts and "script" not in line)
    ]
    assert found == []


@pytest.mark.parametrize("name", FLOORS)
def test_versions_with_known_faults_are_not_used(name):
    have = tuple(int(part) for part in metadata.version(name).split(".")[:3] if part.isdecimal())
    assert have >= FLOORS[name]
    if name == "apscheduler":
        assert have < (4,)


def test_sockets_are_the_servers_alone():
    """Nothing is fetched from elsewhere: no page, no font, no version check. News goes to channels people opened."""
    calls = re.compile(r"\b(urlopen|requests\.|httpx\.|http\.client)")
    found = [str(path.relative_to(ROOT)) for path in SOURCES if calls.search(path.read_text())]
    assert found == ["med/identity/oidc/provider.py", "med/notices/chat/courier.py"]
