"""Read the Schema of a database, and pick the part of a large one that matters for a question."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlite_utils import Database as UtilsDatabase
from sqlite_utils.db import quote_identifier

from t2s import kinds, sandbox
from t2s.database import connect, deadline
from t2s.errors import DatabaseError
from t2s.keys import infer_keys
from t2s.values import Cell, Column, Database, ForeignKey, Limits, QueryResult, Schema, Table

_STRUCTURE_SECONDS = 3.0
_SAMPLE_SECONDS = 2.0
_COUNT_SECONDS = 1.0
_NULL_SECONDS = 1.0
_KEY_SECONDS = 2.0
_VIEW_SECONDS = 3.0
_VIEWS_AT_ONCE = 10
_VIEW_LIMITS = Limits(deadline_seconds=1.0, kill_seconds=1.5)
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200
_SHOWN_SAMPLES = 3
_SHOWN_CHARACTERS = 40
# Distinct cells looked at where the first rows leave day and month open.
_DATE_CELLS = 1000
# What reading a damaged or hostile file may raise beside sqlite3.Error (names that are not UTF-8).
_READ_ERRORS = (sqlite3.Error, UnicodeError, MemoryError)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the file says about one table before any row is read."""

    name: str
    is_view: bool
    is_virtual: bool
    columns: tuple[Column, ...]
    stored: tuple[str, ...]


def read(db: Database) -> Schema:
    """Read tables, columns with kinds and samples, row counts and keys.

    Rows of views, virtual tables and generated columns are never computed here: their kinds come
    from the declaration. What cannot be read before a deadline is left out (samples, counts).

    Raises:
        DatabaseError: The file cannot be read as SQLite any more.
    """
    with connect(db) as connection:
        utils = UtilsDatabase(connection, recursive_triggers=False, execute_plugins=False)
        try:
            with deadline(connection, _STRUCTURE_SECONDS):
                shapes = _read_shapes(utils)
                keys = _read_declared_keys(utils, shapes)
        except _READ_ERRORS as error:
            raise DatabaseError(
                f"The tables of {db.name} cannot be read; make a fresh copy of the file.",
                detail=str(error),
            ) from error
        shapes = _read_views(db, shapes)
        with deadline(connection, _SAMPLE_SECONDS):
            tables = tuple(_add_samples(utils, shape) for shape in shapes)
        with deadline(connection, _COUNT_SECONDS):
            tables = tuple(
                t if s.is_view or s.is_virtual else replace(t, row_count=_count(utils, t.name))
                for s, t in zip(shapes, tables, strict=True)
            )
        with deadline(connection, _NULL_SECONDS):
            tables = tuple(_find_nulls(utils, s, t) for s, t in zip(shapes, tables, strict=True))
        with deadline(connection, _KEY_SECONDS):
            keys += infer_keys(connection, tables, keys)
        return Schema(tables=tables, foreign_keys=keys, name=db.name)


def pick(
    schema: Schema,
    scores: Mapping[str, float],
    max_columns: int,
    column_scores: Mapping[tuple[str, str], float] | None = None,
) -> Schema:
    """Keep the tables that matter when a schema has more than ``max_columns`` columns.

    The best table comes first, then others by score, each with the tables that connect it to those
    kept, then neighbours along foreign keys, then the rest, while columns fit. A table wider than
    the budget keeps its keys and best columns. Order is preserved.

    Args:
        schema: What to choose from.
        scores: Relevance by table name as spelled in the schema; missing means 0.
        max_columns: Budget over all tables, at least 1.
        column_scores: Relevance by table and column name, for tables too wide for the budget.
    """
    if sum(len(t.columns) for t in schema.tables) <= max_columns:
        return schema
    width = {t.name: len(t.columns) for t in schema.tables}
    neighbours: dict[str, set[str]] = {name: set() for name in width}
    for key in schema.foreign_keys:
        neighbours[key.table].add(key.other_table)
        neighbours[key.other_table].add(key.table)
    ranked = sorted(width, key=lambda name: -scores.get(name, 0.0))
    relevant = [name for name in ranked if scores.get(name, 0.0) > 0.0]
    kept: dict[str, int] = {}
    queue = [*(relevant or ranked[:1])]
    while queue:
        name = queue.pop(0)
        wanted = [n for n in _connect(name, kept, neighbours) if n not in kept]
        if kept and sum(width[n] for n in wanted) > max_columns - sum(kept.values()):
            wanted = [name]
        for new in wanted:
            room = max_columns - sum(kept.values())
            if width[new] <= room or (room and room * 4 >= max_columns):
                kept[new] = min(width[new], room)
        if not queue:
            left = [
                n for n in ranked if n not in kept and width[n] <= max_columns - sum(kept.values())
            ]
            near = [n for n in left if neighbours[n] & kept.keys()]
            queue = (near or left)[:1]
    return _restrict(schema, kept, column_scores or {})


def _connect(name: str, kept: Mapping[str, int], neighbours: Mapping[str, set[str]]) -> list[str]:
    """Return ``name`` and the tables on the shortest way from it to a kept one, kept end first."""
    came: dict[str, str] = {name: ""}
    front = [name]
    while front and kept:
        here = front.pop(0)
        if here in kept:
            path = []
            while here:
                path.append(here)
                here = came[here]
            return path
        for other in sorted(neighbours[here]):
            if other not in came:
                came[other] = here
                front.append(other)
    return [name]


def _restrict(
    schema: Schema, kept: Mapping[str, int], column_scores: Mapping[tuple[str, str], float]
) -> Schema:
    """Cut each kept table to its number of columns, and drop the keys that lose an end."""
    keyed = {(k.table, k.column) for k in schema.foreign_keys}
    keyed |= {(k.other_table, k.other_column) for k in schema.foreign_keys}
    tables = []
    for table in schema.tables:
        if table.name not in kept:
            continue
        ranked = sorted(
            ((column_scores.get((table.name, c.name), 0.0), c) for c in table.columns),
            key=lambda pair: -pair[0],
        )
        linked = [c for c in table.columns if c.primary_key or (table.name, c.name) in keyed]
        ordered = dict.fromkeys([*(c for score, c in ranked if score > 0.0), *linked])
        chosen = [*ordered, *(c for c in table.columns if c not in ordered)][: kept[table.name]]
        tables.append(replace(table, columns=tuple(c for c in table.columns if c in chosen)))
    names = {(t.name, c.name) for t in tables for c in t.columns}
    return replace(
        schema,
        tables=tuple(tables),
        foreign_keys=tuple(
            k
            for k in schema.foreign_keys
            if (k.table, k.column) in names and (k.other_table, k.other_column) in names
        ),
    )


def _read_shapes(utils: UtilsDatabase) -> tuple[_Shape, ...]:
    entries = utils.execute(
        "SELECT name, type, coalesce(sql, '') FROM sqlite_master WHERE type IN ('table', 'view')"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
    ).fetchall()
    virtual = [n for n, _, sql in entries if sql.lstrip().upper().startswith("CREATE VIRTUAL")]
    shapes = []
    for name, kind, _ in entries:
        if any(name.startswith(f"{v}_") and _SHADOW.fullmatch(name[len(v) + 1 :]) for v in virtual):
            continue
        shapes.append(_read_shape(utils, name, kind == "view", name in virtual))
    return tuple(shapes)


def _read_views(db: Database, shapes: tuple[_Shape, ...]) -> tuple[_Shape, ...]:
    """Add the columns of views, worked out in the sandbox: a stored view may never end.

    Views that cannot be resolved, and tables without columns, are left out.
    """
    views = [s.name for s in shapes if s.is_view]
    found: dict[str, tuple[Column, ...]] = {}
    ends = time.monotonic() + _VIEW_SECONDS
    for start in range(0, len(views), _VIEWS_AT_ONCE):
        if time.monotonic() > ends:
            break
        names = views[start : start + _VIEWS_AT_ONCE]
        quoted = [n.replace("'", "''") for n in names]
        sqls = [f"SELECT name, type FROM pragma_table_info('{n}')" for n in quoted]  # noqa: S608
        results = sandbox.run_each(db.path, sqls, _VIEW_LIMITS, stop_after=len(sqls))
        for name, result in zip(names, results, strict=False):
            if isinstance(result, QueryResult):
                found[name] = tuple(_make_column(str(n), str(d or "")) for n, d in result.rows)
    filled = [replace(s, columns=found.get(s.name, s.columns)) for s in shapes]
    return tuple(s for s in filled if s.columns)


def _make_column(name: str, declared: str) -> Column:
    kind, date_format = kinds.infer(declared, name, ())
    return Column(name=name, kind=kind, declared_type=declared, date_format=date_format)


# Shadow tables of fts3, fts4, fts5 and rtree (sqlite.org/vtab.html#xshadowname).
_SHADOW = re.compile(
    "content|segments|segdir|docsize|stat|data|idx|config|node|parent|rowid",
)


def _read_shape(utils: UtilsDatabase, name: str, is_view: bool, is_virtual: bool) -> _Shape:
    rows: list[tuple[Any, ...]] = []
    if not is_view:
        with contextlib.suppress(*_READ_ERRORS):
            rows = utils.execute(f"PRAGMA table_xinfo({quote_identifier(name)})").fetchall()
    visible = [row for row in rows if row[6] != 1]
    columns = tuple(
        replace(_make_column(row[1], row[2] or ""), primary_key=bool(row[5]), nullable=not row[3])
        for row in visible
    )
    stored = () if is_view or is_virtual else tuple(row[1] for row in visible if not row[6])
    return _Shape(name, is_view, is_virtual, columns, stored)


def _read_declared_keys(utils: UtilsDatabase, shapes: Sequence[_Shape]) -> tuple[ForeignKey, ...]:
    """Declared keys whose table and column exist, in the spelling of the tables themselves."""
    by_name = {s.name.casefold(): s for s in shapes}
    found: dict[ForeignKey, None] = {}
    for shape in shapes:
        if shape.is_view or shape.is_virtual:
            continue
        for key in reversed(utils.table(shape.name).foreign_keys):
            other = by_name.get(key.other_table.casefold())
            if other is None:
                continue
            primary = [c.name for c in other.columns if c.primary_key]
            for position, (column, target) in enumerate(
                zip(key.columns, key.other_columns, strict=True)
            ):
                own = _spelling(shape.columns, column)
                theirs = _spelling(other.columns, target)
                # Without a column the primary key is meant; sqlite-utils says rowid for a table
                # whose name is spelled in another case.
                if not theirs and target in (None, "rowid") and position < len(primary):
                    theirs = primary[position]
                if own and theirs:
                    found[ForeignKey(shape.name, own, other.name, theirs)] = None
    return tuple(found)


def _spelling(columns: Iterable[Column], name: str | None) -> str:
    folded = (name or "").casefold()
    return next((c.name for c in columns if c.name.casefold() == folded), "")


def _add_samples(utils: UtilsDatabase, shape: _Shape) -> Table:
    """Give each stored column its kind and samples from the first rows of the table."""
    cells = _sample(utils, shape)
    columns = []
    for column in shape.columns:
        values = [_cut(v) for v in cells.get(column.name, ()) if v is not None]
        if not values:
            columns.append(column)
            continue
        kind, date_format = kinds.infer(column.declared_type, column.name, values)
        if kinds.is_ambiguous(date_format):
            more = _sample_texts(utils, shape.name, column.name)
            date_format = kinds.find_date_format(more) or date_format
        samples = _show(values) if kind != "blob" else ()
        columns.append(replace(column, kind=kind, date_format=date_format, samples=samples))
    return Table(name=shape.name, columns=tuple(columns), is_view=shape.is_view)


def _sample(utils: UtilsDatabase, shape: _Shape) -> dict[str, list[Cell]]:
    if not shape.stored:
        return {}
    # Numbered aliases: the driver cannot describe a result whose column name is not UTF-8.
    wanted = ", ".join(f"{quote_identifier(n)} AS c{i}" for i, n in enumerate(shape.stored))
    cells: dict[str, list[Cell]] = {name: [] for name in shape.stored}
    try:
        for row in utils.execute(
            f"SELECT {wanted} FROM {quote_identifier(shape.name)} LIMIT {_SAMPLE_ROWS}"  # noqa: S608
        ):
            for name, value in zip(shape.stored, row, strict=True):
                cells[name].append(_cut(value))
    except _READ_ERRORS:
        return cells
    return cells


def _sample_texts(utils: UtilsDatabase, table: str, column: str) -> list[str]:
    name = quote_identifier(column)
    sql = (
        f"SELECT DISTINCT {name} AS c FROM {quote_identifier(table)} "  # noqa: S608
        f"WHERE typeof({name}) = 'text' LIMIT {_DATE_CELLS}"
    )
    try:
        return [row[0][:_SAMPLE_CHARACTERS] for row in utils.execute(sql)]
    except _READ_ERRORS:
        return []


def _cut(value: Cell) -> Cell:
    return value[:_SAMPLE_CHARACTERS] if isinstance(value, str | bytes) else value


def _show(values: Iterable[Cell]) -> tuple[str, ...]:
    shown: dict[str, None] = {}
    for value in values:
        if not isinstance(value, bytes) and str(value).strip():
            shown[str(value)[:_SHOWN_CHARACTERS]] = None
            if len(shown) == _SHOWN_SAMPLES:
                break
    return tuple(shown)


def _find_nulls(utils: UtilsDatabase, shape: _Shape, table: Table) -> Table:
    """Mark the columns with a NULL; unmarked when that is not known before the deadline."""
    open_columns = [c.name for c in table.columns if c.name in shape.stored and c.nullable]
    if not open_columns:
        return table
    counts = ", ".join(f"count({quote_identifier(name)})" for name in open_columns)
    try:
        found = utils.execute(
            f"SELECT count(*), {counts} FROM {quote_identifier(table.name)}"  # noqa: S608
        ).fetchone()
    except _READ_ERRORS:
        return table
    holding = {n for n, filled in zip(open_columns, found[1:], strict=True) if filled < found[0]}
    columns = tuple(replace(c, holds_nulls=c.name in holding) for c in table.columns)
    return replace(table, columns=columns)


def _count(utils: UtilsDatabase, table: str) -> int | None:
    try:
        rows = utils.execute(f"SELECT count(*) FROM {quote_identifier(table)}")  # noqa: S608
        return int(rows.fetchone()[0])
    except _READ_ERRORS:
        return None
