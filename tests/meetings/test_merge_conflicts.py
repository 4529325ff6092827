"""Two who minute the same item at once lose nothing: merged where they wrote apart, shown both where they clashed."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from med.db import Database
from med.journal import chain
from med.meetings.actions import minuting
from med.meetings.models import Item, ItemRevision, State
from med.organisation.models import Person
from tests.meetings.rooms import make_meeting

FRAGMENT = {"x-fragment": "1"}


@pytest.fixture
def item(write):
    def make(db):
        return make_meeting(db, "Vagtplan", state=State.IN_PROGRESS).items[0]

    return write(make)


class Writer:
    """Someone with the room open: the script's way of saving."""

    def __init__(self, visitor, item):
        self.visitor = visitor
        self.path = f"/moeder/{item.meeting_id}/punkter/{item.id}/referat"
        page = visitor.open(f"/moeder/{item.meeting_id}/lokale?punkt={item.id}")
        self.form = page.form(action="/referat")
        self.version = dict(self.form.pairs)["version"]

    def save(self, text, version=None):
        pairs = {**dict(self.form.pairs), "version": version or self.version, "text": text}
        answer = self.visitor.post(self.path, pairs, **FRAGMENT)
        if answer.status_code == 200:
            self.version = answer.headers["x-version"]
        return answer


@pytest.fixture
def two(visitor, item):
    first = Writer(visitor("anna"), item)
    first.save("Første afsnit.\n\nAndet afsnit.")
    return Writer(visitor("anna"), item), Writer(visitor("emil"), item)


def text_of(db, item):
    db.rollback()
    return db.scalar(select(Item.minutes_text).where(Item.id == item.id))


def test_a_save_answers_with_its_version(two):
    anna, _ = two
    answer = anna.save("Første afsnit.\n\nAndet afsnit, rettet.")
    assert answer.status_code == 200
    assert answer.headers["x-version"] == "2"
    assert "x-merged" not in answer.headers


def test_edits_apart_are_merged(two, db, item):
    anna, emil = two
    anna.save("Første afsnit, skrevet om.\n\nAndet afsnit.")
    answer = emil.save("Første afsnit.\n\nAndet afsnit.\n\nEmils tredje.")
    assert answer.status_code == 200
    assert answer.headers["x-merged"] == "1"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.response.text == "Første afsnit, skrevet om.\n\nAndet afsnit.\n\nEmils tredje."
    assert text_of(db, item) == answer.response.text


def test_edits_of_the_same_paragraph_are_shown_beside_each_other(two, db, item):
    anna, emil = two
    anna.save("Første afsnit, som Anna så det.\n\nAndet afsnit.")
    answer = emil.save("Første afsnit, som Emil hørte det.\n\nAndet afsnit.")
    assert answer.status_code == 409
    assert answer.headers["x-version"] == "2"
    assert "som Anna så det" in answer.words
    assert "som Emil hørte det" in answer.words
    assert text_of(db, item) == "Første afsnit, som Anna så det.\n\nAndet afsnit."


@pytest.mark.parametrize(
    ("choice", "kept"),
    [("deres", ["Anna"]), ("min", ["Emil"]), ("begge", ["Anna", "Emil"])],
)
def test_a_person_chooses(two, db, item, visitor, choice, kept):
    anna, emil = two
    anna.save("Annas ord.\n\nAndet afsnit.")
    page = emil.save("Emils ord.\n\nAndet afsnit.")
    form = page.form({"deres": "Brug det gemte", "min": "Brug mit", "begge": "Gem teksten"}[choice])
    answer = emil.visitor.post(form.action, form.pairs)
    assert answer.status_code == 303
    text = text_of(db, item)
    assert all(f"{name}s ord." in text for name in kept)
    assert ("Annas" in text) is ("Anna" in kept)
    assert "Andet afsnit." in text


def test_choosing_does_not_overwrite_what_came_meanwhile(two, db, item):
    anna, emil = two
    anna.save("Annas ord.\n\nAndet afsnit.")
    page = emil.save("Emils ord.\n\nAndet afsnit.")
    anna.save("Annas nye ord.\n\nAndet afsnit.")
    form = page.form("Brug mit")
    again = emil.visitor.post(form.action, form.pairs)
    assert again.status_code == 409
    assert "Annas nye ord." in again.words
    assert text_of(db, item).startswith("Annas nye ord.")


def test_without_the_script_the_same_comes_as_a_page(two, db, item):
    anna, emil = two
    anna.save("Annas ord.\n\nAndet afsnit.")
    form = emil.form.fill(text="Emils ord.\n\nAndet afsnit.")
    page = form.send()
    assert page.status_code == 409
    assert page.h1 == "Referatet er ikke gemt endnu"
    assert page.form("Brug mit").send().status_code == 303
    assert text_of(db, item).startswith("Emils ord.")


def test_a_save_sent_again_has_no_effect_and_no_conflict(two, db, item):
    """The answer was lost on the way; meanwhile someone else went on in the same paragraph."""
    anna, emil = two
    mine = "Første afsnit, Emils.\n\nAndet afsnit."
    before = emil.version
    emil.save(mine)
    Writer(anna.visitor, item).save("Første afsnit, Emils og Annas.\n\nAndet afsnit.")
    again = emil.save(mine, version=before)
    assert again.status_code == 200
    assert again.response.text == "Første afsnit, Emils og Annas.\n\nAndet afsnit."
    assert db.scalars(select(ItemRevision.version).where(ItemRevision.item_id == item.id)).all() == [1, 2, 3]


def test_words_that_came_without_a_revision_are_a_base_too(visitor, write, db):
    def imported(db):
        item = make_meeting(db, "Vagtplan", state=State.IN_PROGRESS).items[0]
        item.minutes_text = "Fra det gamle system.\n\nTo."
        return item

    item = write(imported)
    anna, emil = Writer(visitor("anna"), item), Writer(visitor("emil"), item)
    anna.save("Fra det gamle system.\n\nTo, rettet.")
    assert emil.save("Fra det gamle system, rettet.\n\nTo.").status_code == 200
    assert text_of(db, item) == "Fra det gamle system, rettet.\n\nTo, rettet."


WORDS = st.text("abcdefghij ", min_size=1, max_size=12).map(str.strip).filter(bool)
PARAGRAPHS = st.lists(WORDS, max_size=5)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["anna", "emil"]),
        st.sampled_from(["add", "change", "remove"]),
        st.integers(0, 6),
        st.booleans(),  # whether the one who writes has loaded the page anew
    ),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(start=PARAGRAPHS, edits=EDITS)
def test_every_paragraph_typed_is_saved_or_shown(database, people, start, edits):
    """Generated edits by two writers, interleaved, each on the page they happen to have."""
    viewers = {name: people.viewer(name) for name in ("anna", "emil")}
    with database.writing() as db:
        item = make_meeting(db, "Vagtplan", state=State.IN_PROGRESS).items[0]
        minuting.write_minutes(db, viewers["anna"], item.meeting_id, item.id, "\n\n".join(start), 0)
    pages = {}
    for count, (who, what, place, fresh) in enumerate(edits):
        with database.reading() as db:
            text, version = db.execute(select(Item.minutes_text, Item.minutes_version).where(Item.id == item.id)).one()
        if fresh or who not in pages:
            pages[who] = (text, version)
        base, seen = pages[who]
        paragraphs = [block for block in base.split("\n\n") if block]
        typed = f"{who} nummer {count}"
        place = min(place, len(paragraphs))
        if what == "add" or place == len(paragraphs):
            paragraphs.insert(place, typed)
        elif what == "change":
            paragraphs[place] = typed
        else:
            typed = ""
            del paragraphs[place]
        mine = "\n\n".join(paragraphs)
        try:
            with database.writing() as db:
                written = minuting.write_minutes(db, viewers[who], item.meeting_id, item.id, mine, seen)
        except minuting.Overlap as overlap:
            shown = "\n".join(
                part if isinstance(part, str) else f"{part.theirs}\n{part.mine}" for part in overlap.outcome.parts
            )
            assert typed in shown
            assert all(block in shown for block in text.split("\n\n"))
            assert overlap.theirs == text
            assert overlap.mine == mine
            pages[who] = (text, version)
        else:
            assert typed in written.text
            # What the other saved since this page was loaded is still there, unless this writer's own page had it
            # and they took it out.
            ours = base.split("\n\n")
            for block in text.split("\n\n"):
                assert block in written.text or block in ours
            pages[who] = (written.text, written.version)


def test_two_at_the_very_same_moment_both_count(database, people, item, db):
    """Real threads, each with a transaction of its own, each adding its paragraphs to the page it had."""
    viewers = [people.viewer(name) for name in ("anna", "emil")]
    with database.writing() as session:
        minuting.write_minutes(session, viewers[0], item.meeting_id, item.id, "Top.\n\nBund.", 0)
    gate = threading.Barrier(2)
    failures = []

    def write_on(viewer, where):
        seen, text = 1, "Top.\n\nBund."
        gate.wait()
        for count in range(6):
            line = f"{viewer.handle} {count}"
            text = text.replace("Top.", f"Top.\n\n{line}", 1) if where == "top" else f"{text}\n\n{line}"
            try:
                with database.writing() as session:
                    done = minuting.write_minutes(session, viewer, item.meeting_id, item.id, text, seen)
            except Exception as error:
                failures.append(error)
                return
            text, seen = done.text, done.version

    threads = [
        threading.Thread(target=write_on, args=(viewer, where))
        for viewer, where in zip(viewers, ("top", "bottom"), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    text = text_of(db, item)
    assert all(f"{viewer.handle} {count}" in text for viewer in viewers for count in range(6))
    versions = db.scalars(select(ItemRevision.version).where(ItemRevision.item_id == item.id)).all()
    assert sorted(versions) == list(range(1, 14))


@pytest.mark.parametrize("where", ["in this process", "in another"])
def test_who_saves_while_others_write_is_saved_after_them(visitor, item, database, db, where):
    anna = Writer(visitor("anna"), item)
    other = database if where == "in this process" else Database(database.url)
    is_writing = threading.Event()

    def write():
        with other.writing() as session:
            session.execute(update(Person).where(Person.handle == "carla").values(theme="dark"))
            is_writing.set()
            time.sleep(0.3)

    thread = threading.Thread(target=write)
    thread.start()
    assert is_writing.wait(10)
    assert anna.save("Mens andre skriver.").status_code == 200
    thread.join()
    if other is not database:
        other.close()
    assert text_of(db, item) == "Mens andre skriver."
    assert db.scalar(select(Person.theme).where(Person.handle == "carla")) == "dark"


def test_words_and_forms_at_once_are_all_saved(visitor, write, db):
    """Words are saved where pages are made, forms in the writer's thread: neither waits for ever, none is lost."""
    items = write(lambda db: [make_meeting(db, "Vagtplan", state=State.IN_PROGRESS).items[0] for _ in range(3)])
    writers = [Writer(visitor("anna"), item) for item in items]
    people = [visitor(handle) for handle in ("emil", "carla")]
    tokens = [one.open("/mig").tree.xpath("string(//input[@name='_token']/@value)") for one in people]

    def write_on(writer):
        return {writer.save(f"Afsnit {count}.").status_code for count in range(12)}

    def choose(one, token):
        return {
            one.post("/mig", {"_token": token, "theme": ("dark", "light")[count % 2]}).status_code
            for count in range(12)
        }

    with ThreadPoolExecutor(5) as pool:
        saved = [pool.submit(write_on, writer) for writer in writers]
        chosen = [pool.submit(choose, *one) for one in zip(people, tokens, strict=True)]
        assert [one.result(60) for one in saved] == [{200}] * 3
        assert [one.result(60) for one in chosen] == [{303}] * 2
    assert [text_of(db, item) for item in items] == ["Afsnit 11."] * 3
    assert [writer.version for writer in writers] == ["12"] * 3
    assert list(chain.breaks(db)) == []  # also of those that were saved together


def test_a_save_that_fails_leaves_nothing_and_the_next_one_is_saved(visitor, item, db, monkeypatch):
    anna = Writer(visitor("anna"), item)
    with monkeypatch.context() as broken:
        broken.setattr(minuting, "note_many", lambda *_: 1 / 0)
        assert anna.save("Når noget går galt.").status_code == 500
    assert text_of(db, item) == ""
    assert anna.save("Og bagefter.").status_code == 200
    assert text_of(db, item) == "Og bagefter."
