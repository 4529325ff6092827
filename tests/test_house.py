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
        "effect_words",
        "effects",
        "disclosure",
        "erasing",
        "example",
        "exchange",
        "generator",
        "instrument_words",
        "kinds",
        "look_words",
        "looks",
        "measuring",
        "packed",
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
    "loop": {"circles", "moments", "pointing", "raising", "sentences", "showing", "since", "standings"},
    "meetings": {
        "canonical",
        "deadlines",
        "files",
        "fragments",
        "live",
        "panels",
        "sealing",
        "waiting",
        "waiting_minutes",
    },
    "organisation": {"seating", "choosing", "suggesting"},
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


NAMED = re.compile(r"error_summary\(\w+, (\{.*?\})[,)]")
NAME = re.compile(r'"(\w+)": (_\("[^"]+"\)(?: if \w+ else _\("[^"]+"\))?)')
# A box is ticked for a sentence, which is too long to name it by; a label with a name in it is said without.
SHORTER = {"cpr_anyway", "pseudonym"}


def with_what_it_takes_in(template: Path) -> str:
    text = template.read_text()
    parts = re.findall(r'{%-?\s*(?:include|import|from) "((?!layout/)[^"]+)"', text)
    return "".join([text, *(with_what_it_takes_in(ROOT / "templates" / part) for part in parts)])


def test_what_is_to_be_mended_is_named_as_its_field_is():
    """A list of errors that calls a field something else sends a reader looking for what is not there."""
    wrong, held = [], 0
    for template in sorted((ROOT / "templates").rglob("*.html")):
        for names in NAMED.findall(template.read_text()):
            text = with_what_it_takes_in(template)
            for name, called in NAME.findall(names):
                labels = re.findall(rf'forms\.\w+\(\s*"{name}",\s*({NAME.pattern.partition(": ")[2][1:-1]})', text)
                held += bool(labels)
                if labels and called not in labels and name not in SHORTER:
                    wrong.append(f"{template.relative_to(ROOT)}: {name} is {called}, but its field {labels}")
    assert held > 80
    assert not wrong, "\n".join(wrong)
