"""The texts that stand in a database's cells, ready for look-up by the words of a question.

Covered: text cells of up to 60 characters, up to 5,000 distinct ones a column, 200,000 in all, read
in at most 3 seconds from the first 200,000 rows of each table. Not covered: numbers, long texts, and
whatever lies behind those bounds; what was read until then is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from t2s.sandbox_reading import Budget, Reading, open_reading
from t2s.sql_names import quote_identifier
from t2s.values import Column, Database, QueryResult, Schema
from t2s.words import STOP_WORDS, join_key, split_words

MAX_VALUE_CHARS = 60
MAX_COLUMN_VALUES = 5_000
MAX_VALUES = 200_000
MAX_ROWS = 200_000
MAX_SECONDS = 3.0
_COLUMN_SECONDS = 1.5
# Columns asked for in one go: their values wait in memory.
_COLUMNS_AT_ONCE = 20
# A view may give up to its share before it is stopped; four bytes a character, and quotes.
_BUDGET = Budget(
    seconds=MAX_SECONDS, max_rows=2 * MAX_VALUES, max_bytes=2 * MAX_VALUES * 4 * MAX_VALUE_CHARS
)
MAX_CATEGORIES = 12
MAX_CATEGORY_CHARS = 25
# Cells with more words than this are titles or remarks; one of their words says little.
MAX_PART_WORDS = 6


@dataclass(frozen=True, slots=True)
class IndexedColumn:
    """A column with text cells.

    Attributes:
        table: Name of its table.
        column: Its own name.
        categories: All of its values when they are few and short, else empty.
        unique: True when no value occurs twice.
        size: Number of distinct values read.
    """

    table: str
    column: str
    categories: tuple[str, ...]
    unique: bool
    size: int


@dataclass(frozen=True, slots=True)
class ValueIndex:
    """Look-up tables over the cell texts of one database; treat as read-only.

    Attributes:
        columns: The columns that were read.
        texts: Every (column position, cell text).
        keys: Joined stems of a whole cell -> positions in ``texts``.
        parts: One stem -> positions in ``texts`` of the cells of several words that contain it.
        vocabulary: First letter -> words of five letters and more, for misspellings.
    """

    columns: tuple[IndexedColumn, ...] = ()
    texts: tuple[tuple[int, str], ...] = ()
    keys: dict[str, list[int]] = field(default_factory=dict, repr=False)
    parts: dict[str, list[int]] = field(default_factory=dict, repr=False)
    vocabulary: dict[str, list[str]] = field(default_factory=dict, repr=False)


def empty_index() -> ValueIndex:
    """Return the index of a database whose contents are unknown."""
    return ValueIndex()


def index(db: Database, schema: Schema) -> ValueIndex:
    """Read the distinct cell texts of a database in the sandbox, bounded in rows, values and time.

    Raises:
        DatabaseError: The file cannot be opened any more, or too many others are waiting.
    """
    columns: list[IndexedColumn] = []
    texts: list[tuple[int, str]] = []
    keys: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    for table, column, row_count, values in _read_columns(db, schema):
        values = values[: MAX_VALUES - len(texts)]
        position = len(columns)
        columns.append(_describe(table, column, values, row_count))
        for value in values:
            _add(value, len(texts), keys, parts, whole_only=column.kind == "date")
            texts.append((position, value))
    return ValueIndex(tuple(columns), tuple(texts), keys, parts, _collect_vocabulary(keys, parts))


def _read_columns(db: Database, schema: Schema) -> list[tuple[str, Column, int | None, list[str]]]:
    """Return the columns that hold texts, with these, until there are enough for the index."""
    found = []
    count = 0
    candidates = _candidate_columns(schema)
    with open_reading(db.path, db.name, _BUDGET) as reading:
        while count < MAX_VALUES and (chunk := tuple(islice(candidates, _COLUMNS_AT_ONCE))):
            all_values = _read_values(reading, chunk)
            for (table, column, row_count), values in zip(chunk, all_values, strict=True):
                if values and count < MAX_VALUES:
                    found.append((table, column, row_count, values))
                    count += len(values)
    return found


def _candidate_columns(schema: Schema) -> Iterator[tuple[str, Column, int | None]]:
    """Yield columns that may hold texts, smaller tables first: theirs are names and categories."""
    tables = sorted(schema.tables, key=lambda t: (t.is_view, t.row_count or 0))
    for table in tables:
        for column in table.columns:
            if column.kind in ("text", "boolean", "date"):
                yield table.name, column, table.row_count


def _read_values(
    reading: Reading, chunk: tuple[tuple[str, Column, int | None], ...]
) -> Iterator[list[str]]:
    """Yield the distinct short texts of each column; those read so far when time runs out."""
    # Identifiers come from the schema and are quoted; there is no way to bind them.
    sqls = [
        f"SELECT DISTINCT c FROM (SELECT {quote_identifier(column.name)} AS c "  # noqa: S608
        f"FROM {quote_identifier(table)} LIMIT {MAX_ROWS}) WHERE typeof(c) = 'text' "
        f"AND length(c) BETWEEN 1 AND {MAX_VALUE_CHARS} LIMIT {MAX_COLUMN_VALUES}"
        for table, column, _ in chunk
    ]
    for result in reading.ask(sqls, MAX_SECONDS, _COLUMN_SECONDS):
        rows = result.rows if isinstance(result, QueryResult) else ()
        yield [str(value) for (value,) in rows]


def _describe(
    table: str, column: Column, values: list[str], row_count: int | None
) -> IndexedColumn:
    few = len(values) <= MAX_CATEGORIES and column.kind != "date"
    short = few and all(len(value) <= MAX_CATEGORY_CHARS for value in values)
    unique = column.primary_key or (row_count is not None and row_count <= len(values))
    categories = tuple(values) if short else ()
    return IndexedColumn(table, column.name, categories, unique, len(values))


def _add(
    value: str,
    position: int,
    keys: dict[str, list[int]],
    parts: dict[str, list[int]],
    *,
    whole_only: bool,
) -> None:
    stems = [word.stem for word in split_words(value)]
    if not stems:
        return
    keys.setdefault(join_key(stems), []).append(position)
    if whole_only or not 2 <= len(stems) <= MAX_PART_WORDS:
        return
    for part in set(stems):
        if len(part) >= 3 and part not in STOP_WORDS:
            parts.setdefault(part, []).append(position)


def _collect_vocabulary(
    keys: dict[str, list[int]], parts: dict[str, list[int]]
) -> dict[str, list[str]]:
    vocabulary: dict[str, list[str]] = {}
    for word in dict.fromkeys([*keys, *parts]):
        if 5 <= len(word) <= 30 and word.isalpha():
            vocabulary.setdefault(word[0], []).append(word)
    return vocabulary
