"""Questions put together once and asked past SQLAlchemy's own steps: for what every page asks."""

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Collection
from functools import cached_property, lru_cache, partial
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.sql import visitors
from sqlalchemy.sql.operators import in_op, not_in_op

from med.drivers import as_sqlalchemy

LISTS = {list, tuple, frozenset, set}  # exactly: a named tuple is one value


class Prepared:
    """A question put together once and asked past SQLAlchemy's own steps: a third to a tenth of their cost.

    For what every page asks. `make` gives the statement; what changes from time to time are its `bindparam`s, lists
    `bindparam(…, expanding=True)`, where 0 must be no value that a row can have: lists are filled up with it or with
    their last, so that few lengths are ever put together. Rows come as named tuples of the columns' Python values; as
    `row`, a NamedTuple of the same columns, where it is given.

    With `remembered`, the answers to so many choices of values are given again as long as nobody has saved anything:
    the same question to the same rows has the same answer. Not for rights, which are asked every time.

    With `weighs`, PostgreSQL plans anew for each choice of values: for words, where how many there are decides whether
    the shortest way goes by them or by time. Else it plans once a line.
    """

    def __init__(self, make: Callable[[], Any], remembered: int = 0, row: Any = None, weighs: bool = False) -> None:
        self._shapes = _Shapes(make, row, weighs)
        self._remembered = remembered
        self._answers: OrderedDict[Any, list[Any]] = OrderedDict()
        self._state: Any = None
        self._lock = Lock()

    def __call__(self, db: Session, **given: Any) -> list[Any]:
        connection = line_of(db)
        state = db.info.get("state") if self._remembered else None  # who saves has none
        if state is None:
            return self._ask(connection, given)
        key = tuple(given.values())  # the names are always given in the same order
        with self._lock:
            if state != self._state:
                self._answers.clear()
                self._state = state
            elif (found := self._answers.get(key)) is not None:
                self._answers.move_to_end(key)
                return found
        found = self._ask(connection, given)
        with self._lock:
            if state == self._state:
                self._answers[key] = found
                if len(self._answers) > self._remembered:
                    self._answers.popitem(last=False)
        return found

    def _ask(self, connection: sa.Connection, given: dict[str, Any]) -> list[Any]:
        return self._shapes.of(connection, given).ask(connection, given)


class PreparedChange:
    """The same for INSERT and UPDATE: gives the number of rows. Every column without a default in the database must be
    named, as with `insert_rows`."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._shapes = _Shapes(make)

    def __call__(self, db: Session, **given: Any) -> int:
        connection = line_of(db)
        return self._shapes.of(connection, given).change(connection, given)


def line_of(db: Session) -> sa.Connection:
    """The connection of the session's transaction, which every question of a page would find out anew."""
    if db.autoflush:
        db.flush()
    connection: sa.Connection | None = db.info.get("connection")
    if connection is None or connection.closed or db.in_nested_transaction():  # its savepoint is made when it is asked
        connection = db.info["connection"] = db.connection()
    return connection


@lru_cache(1000)
def with_arrays(statement: Any, names: tuple[str, ...]) -> Any:
    """`IN` a list that is given as `= ANY` of one array: a page of fifty is one value instead of sixty-four."""

    def instead(element: Any, **_: Any) -> Any:
        if not isinstance(element, sa.BinaryExpression) or not isinstance(element.right, sa.BindParameter):
            return None
        if element.operator not in (in_op, not_in_op) or element.right.key not in names:
            return None
        array: Any = sa.bindparam(element.right.key, type_=sa.ARRAY(element.right.type))
        return element.left == sa.any_(array) if element.operator is in_op else element.left != sa.all_(array)

    return visitors.replacement_traverse(statement, {}, instead)


def filled_up(values: Collection[Any]) -> list[Any]:
    """A list of 1, 2, 4, 8 … values that is the same to IN."""
    found = sorted(values) or [0]
    return found + found[-1:] * ((1 << (len(found) - 1).bit_length()) - len(found))


class _Shapes:
    """What a statement has become, by dialect and the lengths of its lists."""

    def __init__(self, make: Callable[[], Any], row: Any = None, weighs: bool = False) -> None:
        self._make = make
        self._row = row
        self._weighs = weighs
        self._found: dict[Any, _Shape] = {}

    @cached_property
    def _statement(self) -> Any:
        return self._make()

    def of(self, connection: sa.Connection, given: dict[str, Any]) -> "_Shape":
        """The shape for what is given; lists in `given` become what the dialect takes."""
        lists = [name for name, value in given.items() if type(value) in LISTS]
        if connection.dialect.name == "postgresql":  # takes a list of any length as one value
            key: Any = "postgresql"
            for name in lists:
                given[name] = list(given[name])
        else:
            for name in lists:
                given[name] = filled_up(given[name])
            key = tuple((name, len(given[name])) for name in lists)
        shape = self._found.get(key)
        if shape is None:
            statement = self._statement if key != "postgresql" else with_arrays(self._statement, tuple(lists))
            shape = self._found[key] = _Shape(statement, connection.dialect, given, self._row, self._weighs)
        return shape


class _Shape:
    """A prepared question for one dialect and one length of each list."""

    def __init__(self, statement: Any, dialect: sa.Dialect, example: dict[str, Any], row: Any, weighs: bool) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state(example)
        self.sql: str = state.statement
        self.dialect = dialect
        spread = state.parameter_expansion
        binders = {
            one: kind.type.dialect_impl(dialect).bind_processor(dialect)
            for kind, name in compiled.bind_names.items()
            for one in spread.get(name, [name])
        }
        # What the question has no place for is left out.
        names = {name: (name, None) for name in example if name in binders}
        names |= {one: (name, at) for name in example for at, one in enumerate(spread.get(name, ()))}
        self.given = [(one, name, at, binders[one]) for one, (name, at) in names.items()]
        self.fixed = {
            name: value if binders[name] is None else binders[name](value)
            for name, value in state.parameters.items()
            if name not in names
        }
        # PostgreSQL: known by name to each line that has heard it; what is asked here is asked often.
        self.more = {"prepare": not weighs} if dialect.name == "postgresql" else {}
        self.order: list[str] | None = list(state.positiontup) if state.positiontup is not None else None
        columns = list(statement.selected_columns) if statement.is_select else []
        self.make = partial(tuple.__new__, row or namedtuple("Row", [one.key for one in columns], rename=True))
        self.kinds = [column.type.dialect_impl(dialect) for column in columns]
        self.readers: list[tuple[int, Callable[[Any], Any]]] | None = None

    def readers_for(self, cursor: Any) -> list[tuple[int, Callable[[Any], Any]]]:
        """How columns are read, for those that need it: known once the database has said what it sends."""
        found = [
            kind.result_processor(self.dialect, sent[1])
            for kind, sent in zip(self.kinds, cursor.description, strict=True)
        ]
        # The same moments and words come again and again; reading a moment costs ten times a look in a table.
        return [(at, lru_cache(8192)(read)) for at, read in enumerate(found) if read is not None]

    def tell(self, connection: sa.Connection, given: dict[str, Any]) -> Any:
        """The driver's own cursor, with the statement carried out."""
        values = dict(self.fixed)
        for one, name, at, bind in self.given:
            value = given[name] if at is None else given[name][at]
            values[one] = value if bind is None else bind(value)
        line: Any = connection.connection.dbapi_connection
        return line.execute(
            self.sql, values if self.order is None else [values[one] for one in self.order], **self.more
        )

    def change(self, connection: sa.Connection, given: dict[str, Any]) -> int:
        try:
            return int(self.tell(connection, given).rowcount)
        except self.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(self.sql, error, self.dialect) from error

    def ask(self, connection: sa.Connection, given: dict[str, Any]) -> list[Any]:
        try:
            cursor = self.tell(connection, given)
            rows = cursor.fetchall()
        except self.dialect.loaded_dbapi.Error as error:
            raise as_sqlalchemy(self.sql, error, self.dialect) from error
        if self.readers is None:
            self.readers = self.readers_for(cursor)
        if not self.readers or not rows:
            return list(map(self.make, rows))
        columns: list[Any] = list(zip(*rows, strict=True))
        for at, read in self.readers:
            columns[at] = map(read, columns[at])
        return list(map(self.make, zip(*columns, strict=True)))
