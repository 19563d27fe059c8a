"""Read the Schema of a database, and pick the part of a large one that matters for a question."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from t2s import kinds
from t2s.errors import DatabaseError, QueryError
from t2s.keys import Ask, infer_keys
from t2s.sandbox_reading import Budget, Reading, open_reading
from t2s.sql_names import quote_identifier
from t2s.values import Cell, Column, Database, ForeignKey, QueryResult, Schema, Table

_BUDGET = Budget(seconds=10.0, max_rows=1_000_000, max_bytes=128 * 1024 * 1024)
# Bounds on each stage of a reading, and on one statement in it.
_STRUCTURE_SECONDS = 3.0
_SAMPLE_SECONDS = 2.0
_COUNT_SECONDS, _ONE_COUNT_SECONDS = 2.0, 1.0
_NULL_SECONDS, _ONE_NULL_SECONDS = 2.0, 1.0
_KEY_SECONDS, _ONE_KEY_SECONDS = 3.0, 2.0
_VIEW_SECONDS, _ONE_VIEW_SECONDS = 3.0, 1.0
_SAMPLE_BYTES = 2_000_000
# Tables sampled in one go: their cells wait in memory.
_TABLES_AT_ONCE = 10
_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 200
_SHOWN_SAMPLES = 3
_SHOWN_CHARACTERS = 40
# Distinct cells looked at where the first rows leave day and month open.
_DATE_CELLS = 1000


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the file says about one table before any row is read.

    Attributes:
        name: Of the table or view.
        is_view: True for a view.
        is_virtual: True for a virtual table.
        columns: Visible columns.
        stored: Names of those that are neither computed nor virtual.
        primary: The primary key, in its own order.
    """

    name: str
    is_view: bool
    is_virtual: bool
    columns: tuple[Column, ...] = ()
    stored: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()


def read(db: Database) -> Schema:
    """Read tables, columns with kinds and samples, row counts and keys, all in the sandbox.

    Rows of views, virtual tables and generated columns are never computed here: their kinds come
    from the declaration. What cannot be read before a deadline is left out (samples, counts).

    Raises:
        DatabaseError: The file cannot be read as SQLite any more, is locked, or too many others are
            waiting.
    """
    with open_reading(db.path, db.name, _BUDGET) as reading:
        shapes = _read_tables(reading, _list_shapes(reading, db.name))
        keys = _read_declared_keys(reading, shapes)
        shapes = _read_views(reading, shapes)
        tables = _read_samples(reading, shapes)
        tables = _count_rows(reading, shapes, tables)
        tables = _find_nulls(reading, shapes, tables)
        keys += infer_keys(_bound(reading, _KEY_SECONDS, _ONE_KEY_SECONDS), tables, keys)
    return Schema(tables=tables, foreign_keys=keys, name=db.name)


def _bound(reading: Reading, seconds: float, statement_seconds: float) -> Ask:
    """Return what runs statements until they have taken so many seconds together."""
    left = seconds

    def ask(sqls: Sequence[str]) -> tuple[QueryResult | QueryError, ...]:
        nonlocal left
        started = time.monotonic()
        results = reading.ask(sqls, left, statement_seconds)
        left -= time.monotonic() - started
        return results

    return ask


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


def _list_shapes(reading: Reading, name: str) -> list[_Shape]:
    """Return the tables and views of the file, without columns and without shadow tables."""
    (found,) = reading.ask((_ENTRIES,), _STRUCTURE_SECONDS)
    if not isinstance(found, QueryResult):
        raise DatabaseError(
            f"The tables of {name} cannot be read; make a fresh copy of the file.",
            detail=found.detail,
        ) from found
    entries = [(str(n), kind, str(sql)) for n, kind, sql in found.rows]
    virtual = {n for n, _, sql in entries if sql.lstrip().upper().startswith("CREATE VIRTUAL")}
    return [
        _Shape(entry, kind == "view", entry in virtual)
        for entry, kind, _ in entries
        if not _is_shadow(entry, virtual)
    ]


def _is_shadow(name: str, virtual: set[str]) -> bool:
    owner, _, part = name.rpartition("_")
    return owner in virtual and _SHADOW.fullmatch(part) is not None


def _read_tables(reading: Reading, shapes: Sequence[_Shape]) -> tuple[_Shape, ...]:
    """Add the columns of tables; those of views are worked out later."""
    names = [s.name for s in shapes if not s.is_view]
    sqls = [f"SELECT {_INFO} FROM pragma_table_xinfo({_quote_text(n)})" for n in names]  # noqa: S608
    results = dict(zip(names, reading.ask(sqls, _STRUCTURE_SECONDS), strict=True))
    return tuple(_add_columns(s, _rows(results.get(s.name))) for s in shapes)


def _add_columns(shape: _Shape, rows: Sequence[tuple[Cell, ...]]) -> _Shape:
    visible = [
        (str(name), str(declared or ""), required, key, hidden)
        for name, declared, required, key, hidden in rows
        if hidden != 1
    ]
    columns = tuple(
        replace(_make_column(name, declared), primary_key=bool(key), nullable=not required)
        for name, declared, required, key, _ in visible
    )
    ranks = sorted((int(key or 0), name) for name, _, _, key, _ in visible if key)
    stored = () if shape.is_virtual else tuple(row[0] for row in visible if not row[4])
    primary = tuple(name for _, name in ranks)
    return replace(shape, columns=columns, stored=stored, primary=primary)


def _read_views(reading: Reading, shapes: Sequence[_Shape]) -> tuple[_Shape, ...]:
    """Add the columns of views; a stored view may never end.

    Views that cannot be resolved, and tables without columns, are left out.
    """
    names = [s.name for s in shapes if s.is_view]
    sqls = [f"SELECT name, type FROM pragma_table_info({_quote_text(n)})" for n in names]  # noqa: S608
    results = dict(zip(names, reading.ask(sqls, _VIEW_SECONDS, _ONE_VIEW_SECONDS), strict=True))
    filled = [
        replace(
            s, columns=tuple(_make_column(str(n), str(d or "")) for n, d in _rows(results[s.name]))
        )
        if s.is_view
        else s
        for s in shapes
    ]
    return tuple(s for s in filled if s.columns)


def _rows(result: QueryResult | QueryError | None) -> tuple[tuple[Cell, ...], ...]:
    return result.rows if isinstance(result, QueryResult) else ()


def _quote_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _make_column(name: str, declared: str) -> Column:
    kind, date_format = kinds.infer(declared, name, ())
    return Column(name=name, kind=kind, declared_type=declared, date_format=date_format)


# Shadow tables of fts3, fts4, fts5 and rtree (sqlite.org/vtab.html#xshadowname).
_SHADOW = re.compile(
    "content|segments|segdir|docsize|stat|data|idx|config|node|parent|rowid",
)


_ENTRIES = (
    "SELECT name, type, substr(coalesce(sql, ''), 1, 100) FROM sqlite_master"
    " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
)
_INFO = 'name, type, "notnull", pk, hidden'


def _read_declared_keys(reading: Reading, shapes: Sequence[_Shape]) -> tuple[ForeignKey, ...]:
    """Declared keys whose table and column exist, in the spelling of the tables themselves."""
    by_name = {s.name.casefold(): s for s in shapes}
    owners = [s for s in shapes if not s.is_view and not s.is_virtual]
    sqls = [
        f'SELECT id, seq, "table", "from", "to" FROM pragma_foreign_key_list({_quote_text(s.name)})'  # noqa: S608
        " ORDER BY id DESC, seq"
        for s in owners
    ]
    found: dict[ForeignKey, None] = {}
    for shape, result in zip(owners, reading.ask(sqls, _STRUCTURE_SECONDS), strict=True):
        for _, group in groupby(_rows(result), key=lambda row: row[0]):
            for position, (_, _, table, column, target) in enumerate(group):
                other = by_name.get(str(table).casefold())
                if other is None:
                    continue
                own = _spelling(shape.columns, column)
                theirs = _spelling(other.columns, target)
                # Without a column the primary key is meant, and so it is by rowid.
                if not theirs and target in (None, "rowid") and position < len(other.primary):
                    theirs = other.primary[position]
                if own and theirs:
                    found[ForeignKey(shape.name, own, other.name, theirs)] = None
    return tuple(found)


def _spelling(columns: Iterable[Column], name: Cell) -> str:
    folded = str(name or "").casefold()
    return next((c.name for c in columns if c.name.casefold() == folded), "")


def _read_samples(reading: Reading, shapes: Sequence[_Shape]) -> tuple[Table, ...]:
    """Give each stored column its kind and samples from the first rows of its table."""
    tables: list[Table] = []
    ends = time.monotonic() + _SAMPLE_SECONDS
    for start in range(0, len(shapes), _TABLES_AT_ONCE):
        chunk = shapes[start : start + _TABLES_AT_ONCE]
        stored = [s for s in chunk if s.stored]
        results = reading.ask(
            [_write_sample(s) for s in stored],
            ends - time.monotonic(),
            max_cell_bytes=_SAMPLE_CHARACTERS,
            max_bytes=_SAMPLE_BYTES,
        )
        rows = {s.name: _rows(r) for s, r in zip(stored, results, strict=True)}
        tables += [_add_samples(s, rows.get(s.name, ())) for s in chunk]
    return _settle_dates(reading, tables)


def _write_sample(shape: _Shape) -> str:
    # Numbered aliases: the driver cannot describe a result whose column name is not UTF-8.
    wanted = ", ".join(f"{quote_identifier(n)} AS c{i}" for i, n in enumerate(shape.stored))
    return f"SELECT {wanted} FROM {quote_identifier(shape.name)} LIMIT {_SAMPLE_ROWS}"  # noqa: S608


def _add_samples(shape: _Shape, rows: Sequence[tuple[Cell, ...]]) -> Table:
    cells = dict(zip(shape.stored, zip(*rows, strict=True), strict=True)) if rows else {}
    columns = []
    for column in shape.columns:
        values = [v for v in cells.get(column.name, ()) if v is not None]
        if not values:
            columns.append(column)
            continue
        kind, date_format = kinds.infer(column.declared_type, column.name, values)
        samples = _show(values) if kind != "blob" else ()
        columns.append(replace(column, kind=kind, date_format=date_format, samples=samples))
    return Table(name=shape.name, columns=tuple(columns), is_view=shape.is_view)


def _settle_dates(reading: Reading, tables: Sequence[Table]) -> tuple[Table, ...]:
    """Look at more cells where the first rows leave day and month open."""
    wanted = [
        (t.name, c.name) for t in tables for c in t.columns if kinds.is_ambiguous(c.date_format)
    ]
    sqls = [
        f"SELECT DISTINCT {quote_identifier(column)} AS c FROM {quote_identifier(table)} "  # noqa: S608
        f"WHERE typeof({quote_identifier(column)}) = 'text' LIMIT {_DATE_CELLS}"
        for table, column in wanted
    ]
    results = reading.ask(sqls, _SAMPLE_SECONDS, max_cell_bytes=_SAMPLE_CHARACTERS)
    formats = {
        owner: kinds.find_date_format([str(cell) for (cell,) in _rows(result)])
        for owner, result in zip(wanted, results, strict=True)
    }
    return tuple(
        replace(
            t,
            columns=tuple(
                replace(c, date_format=formats.get((t.name, c.name)) or c.date_format)
                for c in t.columns
            ),
        )
        for t in tables
    )


def _show(values: Iterable[Cell]) -> tuple[str, ...]:
    shown: dict[str, None] = {}
    for value in values:
        if not isinstance(value, bytes) and str(value).strip():
            shown[str(value)[:_SHOWN_CHARACTERS]] = None
            if len(shown) == _SHOWN_SAMPLES:
                break
    return tuple(shown)


def _count_rows(
    reading: Reading, shapes: Sequence[_Shape], tables: Sequence[Table]
) -> tuple[Table, ...]:
    """Add row counts; a table whose count is not known before the deadline has none."""
    names = [s.name for s in shapes if not s.is_view and not s.is_virtual]
    sqls = [f"SELECT count(*) FROM {quote_identifier(name)}" for name in names]  # noqa: S608
    results = reading.ask(sqls, _COUNT_SECONDS, _ONE_COUNT_SECONDS)
    counts = {
        name: int(result.rows[0][0] or 0)
        for name, result in zip(names, results, strict=True)
        if isinstance(result, QueryResult)
    }
    return tuple(replace(t, row_count=counts.get(t.name)) for t in tables)


def _find_nulls(
    reading: Reading, shapes: Sequence[_Shape], tables: Sequence[Table]
) -> tuple[Table, ...]:
    """Mark the columns with a NULL; unmarked when that is not known before the deadline."""
    wanted = {
        t.name: names
        for s, t in zip(shapes, tables, strict=True)
        if (names := [c.name for c in t.columns if c.name in s.stored and c.nullable])
    }
    sqls = [
        f"SELECT count(*), {', '.join(f'count({quote_identifier(n)})' for n in names)} "  # noqa: S608
        f"FROM {quote_identifier(table)}"
        for table, names in wanted.items()
    ]
    holding: set[tuple[str, str]] = set()
    results = reading.ask(sqls, _NULL_SECONDS, _ONE_NULL_SECONDS)
    for (table, names), result in zip(wanted.items(), results, strict=True):
        for total, *filled in _rows(result):
            holding |= {(table, n) for n, f in zip(names, filled, strict=True) if f != total}
    return tuple(
        replace(
            t,
            columns=tuple(replace(c, holds_nulls=(t.name, c.name) in holding) for c in t.columns),
        )
        for t in tables
    )
