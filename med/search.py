"""What can be searched: the stems of published words, in order of time, on SQLite and on PostgreSQL.

`search_text` has a row for each thing. Words are split and stemmed here, for Danish, and the databases only keep and
find the stems: FTS5 on SQLite, a GIN index on PostgreSQL. So both find the same, and whatever people type is words.
Who may see what is found is asked of the thing itself each time: a row here opens nothing.

A row's `place` is its moment, so that the newest come first by walking the index, however common a word is. What is
often asked for beside words (kind, committee, perspective) stands among the stems as marks, which no word can be.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from threading import local
from typing import Any, NamedTuple

import sqlalchemy as sa
from markupsafe import Markup, escape
from sqlalchemy import Connection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from med.db import Base

DECISION, ITEM = "decision", "item"
MOST_SOUGHT = 6
LONGEST_WORD = 40
LONGEST_BEGINNING = 12  # letters of it that count: SQLite has an index for each length, up to here
MOST_STEMS = 20_000  # of one thing; PostgreSQL keeps up to a megabyte
WORD = re.compile(r"[^\W_]+")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOTS = 1024  # things of one kind in one microsecond; more of them run over into the next


class Stems(sa.TypeDecorator[str]):
    """Words between spaces, which PostgreSQL keeps as a TSVECTOR."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect):
        if dialect.name != "postgresql":
            return dialect.type_descriptor(sa.Text())
        from sqlalchemy.dialects.postgresql import TSVECTOR

        return dialect.type_descriptor(TSVECTOR())


class SearchText(Base):
    """The stems of a published thing, as a text of words between spaces."""

    __tablename__ = "search_text"
    __table_args__ = (sa.UniqueConstraint("kind", "thing_id"),)

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    thing_id: Mapped[int]
    stems: Mapped[str] = mapped_column(Stems)


# The same rows as the index sees them: an FTS5 table on SQLite, a view on PostgreSQL.
INDEX = sa.table(
    "search_index", sa.column("rowid", sa.BigInteger), sa.column("kind", sa.Text), sa.column("thing_id", sa.BigInteger)
)
PUT_UP = {
    "sqlite": (
        # Any letter beyond ASCII is part of a token, so a stem stays one, whatever alphabet it is of.
        "CREATE VIRTUAL TABLE search_index USING fts5(kind UNINDEXED, thing_id UNINDEXED, stems, content='search_text',"
        " content_rowid='place', tokenize='ascii', detail='none', columnsize=0,"
        " prefix='2 3 4 5 6 7 8 9 10 11 12')",
        "INSERT INTO search_index(search_index) VALUES ('rebuild')",
        "CREATE TRIGGER search_text__added AFTER INSERT ON search_text BEGIN INSERT INTO search_index"
        " (rowid, kind, thing_id, stems) VALUES (NEW.place, NEW.kind, NEW.thing_id, NEW.stems); END",
        "CREATE TRIGGER search_text__gone AFTER DELETE ON search_text BEGIN INSERT INTO search_index"
        " (search_index, rowid, kind, thing_id, stems) VALUES ('delete', OLD.place, OLD.kind, OLD.thing_id, OLD.stems);"
        " END",
    ),
    "postgresql": (
        "CREATE INDEX search_index_stems ON search_text USING gin (stems)",
        "CREATE VIEW search_index AS SELECT place AS rowid, kind, thing_id, stems FROM search_text",
    ),
}
TAKE_DOWN = {
    "sqlite": (
        "DROP TRIGGER search_text__added",
        "DROP TRIGGER search_text__gone",
        "DROP TABLE search_index",
    ),
    "postgresql": ("DROP VIEW search_index", "DROP INDEX search_index_stems"),
}


def run_all(connection: Connection, statements: dict[str, tuple[str, ...]]) -> None:
    for statement in statements[connection.dialect.name]:
        connection.exec_driver_sql(statement)


# --- words and stems --------------------------------------------------------------------------------------------------


class _Stemmers(local):
    """One for each thread: they are not made to be shared."""

    stemmer: Any = None


_stemmers = _Stemmers()


@lru_cache(100_000)
def stem(word: str) -> str:
    if _stemmers.stemmer is None:
        import Stemmer

        _stemmers.stemmer = Stemmer.Stemmer("danish")
    return str(_stemmers.stemmer.stemWord(word))


@lru_cache(100_000)
def stem_of(word: str) -> str:
    """Of a word as it is written."""
    return stem(plain(word)[:LONGEST_WORD])


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).lower()


def words_of(text: str) -> list[str]:
    return [word[:LONGEST_WORD] for word in WORD.findall(plain(text))]


def mark(name: str) -> str:
    """A stem that no word has: what a thing is, beside what it says."""
    return f"¶{name}"


def stems_of(texts: Iterable[str], *marks: str) -> str:
    stems = dict.fromkeys([mark(one) for one in marks])
    for word in words_of("\n".join(texts)):
        stems[stem(word)] = None
    return " ".join(list(stems)[:MOST_STEMS])


def decision_stems(committee_id: int, perspectives: Iterable[str], *texts: str) -> str:
    return stems_of(texts, DECISION, f"u{committee_id}", *sorted(perspectives))


def item_stems(committee_id: int, *texts: str) -> str:
    return stems_of(texts, ITEM, f"u{committee_id}")


class Sought(NamedTuple):
    """What is looked for: all of the stems, and of the last word also words that only begin like it."""

    stems: tuple[str, ...]
    last: str = ""
    marks: tuple[str, ...] = ()

    @property
    def begins(self) -> str:
        """How the last word may begin; "" for a single letter, which begins far too much."""
        return self.last[:LONGEST_BEGINNING] if len(self.last) > 1 else ""

    @property
    def is_empty(self) -> bool:
        return not (self.stems or self.last)


def sought(text: str, *marks: str) -> Sought:
    words = words_of(text)[:MOST_SOUGHT]
    if not words:
        return Sought((), "", tuple(map(mark, marks)))
    return Sought(tuple(dict.fromkeys(map(stem, words[:-1]))), words[-1], tuple(map(mark, marks)))


class Terms(sa.TypeDecorator[Sought]):
    """What is looked for, in the database's own way of writing it. Every stem is letters and digits alone, quoted."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None or value.is_empty:
            value = Sought((mark("nothing"),))
        signs = ('"', " AND ", " OR ", '"*') if dialect.name == "sqlite" else ("'", "&", "|", "':*")
        quote, both, either, begins = signs
        terms = [f"{quote}{one}{quote}" for one in (*value.marks, *value.stems)]
        if value.last:
            whole = stem(value.last)
            written = [] if value.begins and whole.startswith(value.begins) else [f"{quote}{whole}{quote}"]
            written += [f"{quote}{value.begins}{begins}"] if value.begins else []
            terms.append(f"({either.join(written)})")
        return both.join(terms)


class matches(FunctionElement[bool]):
    """Whether a row of INDEX has what is looked for: `matches(bindparam("sought", type_=Terms()))`."""

    type: Any = sa.types.NULLTYPE  # a Boolean would be compared with 1 on SQLite, which MATCH cannot be
    inherit_cache = True


@compiles(matches, "sqlite")
def _on_sqlite(element, compiler, **kw):
    return f"search_index MATCH {compiler.process(next(iter(element.clauses)), **kw)}"


@compiles(matches, "postgresql")
def _on_postgresql(element, compiler, **kw):
    return f"search_index.stems @@ CAST({compiler.process(next(iter(element.clauses)), **kw)} AS tsquery)"


class told_by(FunctionElement[Any]):
    """The same said in two ways: the first for SQLite, the second for PostgreSQL."""

    type: Any = sa.types.NULLTYPE  # as above
    inherit_cache = True


@compiles(told_by)
def _in_its_way(element, compiler, **kw):
    way = list(element.clauses)[compiler.dialect.name == "postgresql"]
    return compiler.process(way, **kw)


def is_of(kind: str) -> Any:
    """Whether a row of INDEX is one of this kind. Cheaper than a mark among the stems, where most are of it: SQLite
    sees it by the place alone, PostgreSQL knows how many there are."""
    return told_by(INDEX.c.rowid.bitwise_and(SLOTS) == first_place(EPOCH, kind), INDEX.c.kind == kind)


def its_thing() -> Any:
    """Whose words a row of INDEX holds. FTS5 would read the whole row, stems and all, to tell."""
    row = sa.select(TEXTS.c.thing_id).where(TEXTS.c.place == INDEX.c.rowid).correlate(INDEX)
    return told_by(row.scalar_subquery(), INDEX.c.thing_id)


# --- keeping ----------------------------------------------------------------------------------------------------------


def first_place(at: datetime, kind: str) -> int:
    """Where things of a moment begin. Two kinds never meet."""
    return (at - EPOCH) // timedelta(microseconds=1) * 2 * SLOTS + (SLOTS if kind == ITEM else 0)


def after(place: int) -> int:
    """The next place of the same kind."""
    return place + 1 if (place + 1) % SLOTS else place + 1 + SLOTS


def places(moments: Iterable[datetime], kind: str) -> Iterator[int]:
    """Places for things in order of time, into an index that has none of the kind."""
    last = None
    for at in moments:
        first = first_place(at, kind)
        last = first if last is None or first > last else after(last)
        yield last


def put(db: Session, kind: str, thing_id: int, at: datetime, stems: str) -> None:
    """Let a thing be found from now on, in this transaction, by these stems instead of any it had."""
    drop(db, kind, [thing_id])
    if db.get_bind().dialect.name == "postgresql":  # two of one moment, in two transactions, take turns
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(first_place(at, kind))))
    db.execute(sa.insert(TEXTS).values(place=free_place(db, at, kind), kind=kind, thing_id=thing_id, stems=stems))


def free_place(db: Session, at: datetime, kind: str) -> int:
    first = first_place(at, kind)
    while True:
        its = TEXTS.c.place.between(first, first + SLOTS - 1)
        last: int | None = db.scalar(sa.select(sa.func.max(TEXTS.c.place)).where(its))
        if last is None:
            return first
        if last < first + SLOTS - 1:
            return last + 1
        first += 2 * SLOTS


def drop(db: Session, kind: str, thing_ids: Iterable[int]) -> None:
    """Let things not be found any more."""
    db.flush()
    db.execute(sa.delete(TEXTS).where(TEXTS.c.kind == kind, TEXTS.c.thing_id.in_(list(thing_ids))))


TEXTS: Any = SearchText.__table__
AT_ONCE = 500  # pages of four kilobytes that a turn of the night's work writes


def merge(db: Session, pages: int = AT_ONCE) -> bool:
    """Put parts of SQLite's index together; True while there is more. What is published begins a part of its own, and
    a word is looked up in each of them: among a million decisions in seventeen instead of two or three."""
    if db.get_bind().dialect.name != "sqlite":
        return False
    told = sa.text("INSERT INTO search_index (search_index, rank) VALUES (:what, :number)")
    db.execute(told, {"what": "usermerge", "number": 2})
    line: Any = db.connection().connection.driver_connection
    before = line.total_changes
    db.execute(told, {"what": "merge", "number": pages})
    return bool(line.total_changes - before > 1)  # FTS5: a merge that finds nothing to do changes one row


# --- showing ----------------------------------------------------------------------------------------------------------


def hits(text: str, wanted: Sought) -> Iterator[tuple[int, int]]:
    """Where in a text the words stand that were looked for."""
    stems = {*wanted.stems, *([stem(wanted.last)] if wanted.last else [])}
    for found in WORD.finditer(text):
        its = stem_of(found[0])
        if its in stems or (wanted.begins and its.startswith(wanted.begins)):
            yield found.span()


def marked(text: str, wanted: Sought) -> Markup:
    """The text with what was looked for in <mark>, and all of it escaped."""
    made, at = [], 0
    for start, end in hits(text, wanted):
        made += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    return Markup("").join([*made, escape(text[at:])])


def excerpt(text: str, wanted: Sought, length: int = 240) -> str:
    """The part of a text around the first word that was looked for, cut between words."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    first = next(hits(text, wanted), (0, 0))[0]
    start = max(0, min(first - length // 3, len(text) - length))
    if start:
        start = text.find(" ", start, first + 1) + 1 or start
    end = start + length
    if end < len(text):
        end = max(text.rfind(" ", start, end), first) if text.rfind(" ", start, end) > first else end
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")
