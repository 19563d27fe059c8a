"""The texts that stand in a database's cells, ready for look-up by the words of a question.

Covered: text cells of up to 60 characters, up to 5,000 distinct ones a column, 200,000 in all, read
in at most 3 seconds from the first 200,000 rows of each table. Not covered: numbers, long texts, and
whatever lies behind those bounds; what was read until then is used.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from t2s import database
from t2s.values import Column, Database, Schema
from t2s.words import STOP_WORDS, join_key, split_words

MAX_VALUE_CHARS = 60
MAX_COLUMN_VALUES = 5_000
MAX_VALUES = 200_000
MAX_ROWS = 200_000
MAX_SECONDS = 3.0
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
    """Read the distinct cell texts of a database, bounded in rows, values and time."""
    ends = time.monotonic() + MAX_SECONDS
    columns: list[IndexedColumn] = []
    texts: list[tuple[int, str]] = []
    keys: dict[str, list[int]] = {}
    parts: dict[str, list[int]] = {}
    with database.connect(db) as connection, database.deadline(connection, MAX_SECONDS):
        for table, column, row_count in _candidate_columns(schema):
            room = min(MAX_COLUMN_VALUES, MAX_VALUES - len(texts))
            if room <= 0 or time.monotonic() > ends:
                break
            values = _distinct_values(connection, table, column.name, room)
            if not values:
                continue
            position = len(columns)
            columns.append(_describe(table, column, values, row_count))
            for value in values:
                _add(value, len(texts), keys, parts, whole_only=column.kind == "date")
                texts.append((position, value))
    return ValueIndex(tuple(columns), tuple(texts), keys, parts, _collect_vocabulary(keys, parts))


def _candidate_columns(schema: Schema) -> Iterator[tuple[str, Column, int | None]]:
    """Yield columns that may hold texts, smaller tables first: theirs are names and categories."""
    tables = sorted(schema.tables, key=lambda t: (t.is_view, t.row_count or 0))
    for table in tables:
        for column in table.columns:
            if column.kind in ("text", "boolean", "date"):
                yield table.name, column, table.row_count


def _distinct_values(
    connection: sqlite3.Connection, table: str, column: str, room: int
) -> list[str]:
    """Return distinct short texts of a column; those read so far when time runs out."""
    name = _quote(column)
    # Identifiers come from the schema and are quoted; there is no way to bind them.
    statement = (
        f"SELECT DISTINCT c FROM (SELECT {name} AS c FROM {_quote(table)} LIMIT {MAX_ROWS}) "  # noqa: S608
        f"WHERE typeof(c) = 'text' AND length(c) BETWEEN 1 AND {MAX_VALUE_CHARS} LIMIT {room}"
    )
    values: list[str] = []
    try:
        for (value,) in connection.execute(statement):
            values.append(value)
    except sqlite3.OperationalError:
        # Interrupted at the deadline, or a view that cannot be read: use what came.
        return values
    return values


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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
