"""What the columns of a table hold: different values, empty cells, range, most frequent values.

Covered: everything is read in the sandbox, all of a table within one deadline. A table too large for that
is summarized from its first rows, and a column that cannot be read even so is left without a summary;
the profile says both. Not covered: the first rows are no random sample of all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from t2s import kinds, present
from t2s.erd import KIND_WORDS
from t2s.errors import QueryError
from t2s.present_text import show_text
from t2s.sandbox_reading import Budget, Reading, open_reading
from t2s.sql_names import quote_identifier
from t2s.values import Cell, Column, Database, ForeignKey, QueryResult, Table

SECONDS = 1.5
SAMPLE_ROWS = 10
FREQUENT_VALUES = 5
MAX_COLUMNS = 100
# Grouping takes about a second for a million cells (two cores of an AMD EPYC).
_CELLS_A_SECOND = 400_000
_MIN_ROWS, _MAX_ROWS = 2_000, 200_000
_FALLBACK_ROWS = 1_000
# Of the time that is left: the rest is for a second, shorter look at what did not fit.
_FIRST_SHARE = 0.75
_CELL_BYTES = 200
_MAX_BYTES = 16 * 1024 * 1024
_MAX_VALUE_CHARACTERS = 24
# From here on numbers get separators; years stay as people write them.
_GROUPED_FROM = 10_000
# Formats whose texts sort as their dates do.
_SORTED_DATES = ("%Y-%m", "%Y/%m", "%Y.%m", "%Y%m", "%Y")


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What was found in the rows that were read of one column.

    Attributes:
        column: Its name.
        rows: Number of rows read.
        empty: Number of NULLs among them.
        distinct: Number of different values, None where these are not compared (binary data).
        smallest: Least value, None when there is none.
        largest: Greatest value, None when there is none.
        frequent: Values that occur more than once with their counts, most frequent first.
    """

    column: str
    rows: int
    empty: int
    distinct: int | None = None
    smallest: Cell = None
    largest: Cell = None
    frequent: tuple[tuple[Cell, int], ...] = ()


@dataclass(frozen=True, slots=True)
class TableProfile:
    """What was found in a table.

    Attributes:
        table: Its name.
        row_count: All of its rows, None when unknown.
        columns: What could be read, in the table's order.
        missing: Names of the columns that could not.
        sample: The first rows, None when they cannot be read.
    """

    table: str
    row_count: int | None
    columns: tuple[ColumnProfile, ...]
    missing: tuple[str, ...] = ()
    sample: QueryResult | None = None

    def column(self, name: str) -> ColumnProfile | None:
        """Return what was found in the column of that name, None when nothing."""
        return next((c for c in self.columns if c.column == name), None)


@dataclass(frozen=True, slots=True)
class ColumnLine:
    """One column as people read it; None and "" stand for what is not known."""

    name: str
    holds: str
    role: str
    different: int | None
    empty: int | None
    first: str
    last: str
    frequent: str


def read_profile(db: Database, table: Table, seconds: float = SECONDS) -> TableProfile:
    """Summarize each column of a table or view in the sandbox; ``seconds`` bounds all of it together.

    Opening the file and waiting for others are not counted.

    Raises:
        DatabaseError: The file cannot be opened, or too many others are waiting.
    """
    columns = table.columns[:MAX_COLUMNS]
    rows = choose_rows(len(columns), table.row_count, seconds)
    budget = Budget(seconds=seconds, max_rows=100_000, max_bytes=_MAX_BYTES)
    with open_reading(db.path, db.name, budget) as reading:
        sql = f"SELECT * FROM {quote_identifier(table.name)} LIMIT {SAMPLE_ROWS}"  # noqa: S608
        (sample,) = reading.ask((sql,), seconds / 5)
        found = _read_columns(reading, table, columns, rows, _FIRST_SHARE * seconds)
        left = [c for c in columns if c.name not in found]
        if left and rows > _FALLBACK_ROWS:
            found |= _read_columns(reading, table, left, _FALLBACK_ROWS, seconds)
    profiles = tuple(found[c.name] for c in columns if c.name in found)
    return TableProfile(
        table=table.name,
        row_count=count_rows(table, profiles, rows),
        columns=profiles,
        missing=tuple(c.name for c in table.columns if c.name not in found),
        sample=sample if isinstance(sample, QueryResult) else None,
    )


def choose_rows(columns: int, row_count: int | None, seconds: float) -> int:
    """Return how many rows of a table with so many columns can be summarized in the time."""
    fit = int(seconds * _CELLS_A_SECOND / max(1, columns))
    fit = max(_MIN_ROWS, min(fit, _MAX_ROWS))
    # A little more than all: then the summary tells that it saw the end.
    return fit if row_count is None or row_count > fit else row_count + 1


def count_rows(table: Table, profiles: Iterable[ColumnProfile], limit: int) -> int | None:
    """Return the rows of a table; those of a view are known when a summary came to their end."""
    if table.row_count is not None:
        return table.row_count
    read = max((p.rows for p in profiles), default=limit)
    return read if read < limit else None


def write_summary(table: str, column: Column, rows: int) -> str:
    """Return the statement that summarizes the first rows of a column: one row, then frequent values.

    Without NOT INDEXED SQLite may read the column from an index, and the first rows would be its
    smallest values.
    """
    source = (
        f"SELECT {quote_identifier(column.name)} AS c FROM {quote_identifier(table)} "  # noqa: S608
        f"NOT INDEXED LIMIT {rows}"
    )
    if column.kind == "blob":
        return f"SELECT NULL, count(*), NULL, NULL, count(*) - count(c) FROM ({source})"  # noqa: S608
    return (
        f"WITH g AS (SELECT c, count(*) AS n FROM ({source}) GROUP BY c) "  # noqa: S608
        "SELECT count(c), total(n), min(c), max(c), total(CASE WHEN c IS NULL THEN n END) FROM g "
        "UNION ALL SELECT * FROM (SELECT n, NULL, c, NULL, NULL FROM g "
        f"WHERE c IS NOT NULL AND n > 1 ORDER BY n DESC, c LIMIT {FREQUENT_VALUES})"
    )


def read_summary(column: str, result: QueryResult | QueryError) -> ColumnProfile | None:
    """Return what the rows of :func:`write_summary` say, None when there are none."""
    if not isinstance(result, QueryResult) or not result.rows:
        return None
    (distinct, rows, smallest, largest, empty), *frequent = result.rows
    return ColumnProfile(
        column=column,
        rows=_to_int(rows),
        empty=_to_int(empty),
        distinct=None if distinct is None else _to_int(distinct),
        smallest=smallest,
        largest=largest,
        frequent=tuple((value, _to_int(count)) for count, _, value, _, _ in frequent),
    )


def describe_columns(
    table: Table, profile: TableProfile, keys: Sequence[ForeignKey]
) -> tuple[ColumnLine, ...]:
    """Return each column of a table as people read it."""
    return tuple(_describe_column(table, c, profile.column(c.name), keys) for c in table.columns)


def describe_scope(profile: TableProfile) -> tuple[str, ...]:
    """Return sentences that say of what the summary is no summary; none when it covers all."""
    sentences = []
    rows = {c.rows for c in profile.columns}
    if rows and (profile.row_count is None or min(rows) < profile.row_count):
        fewest = min(rows)
        partly = "" if len(rows) == 1 else ", of some columns more"
        whole = "all rows" if profile.row_count is None else f"all {profile.row_count:,}"
        sentences.append(
            f"Different values, empty cells, range and frequent values are of the first {fewest:,} rows"
            f"{partly}; {whole} would take too long to read here."
        )
    if profile.missing:
        names = ", ".join(profile.missing[:5])
        more = len(profile.missing) - 5
        rest = f" and {more:,} more columns" if more > 0 else ""
        sentences.append(f"There was no time to summarize {names}{rest}; look again for longer.")
    return tuple(sentences)


def show_value(cell: Cell, max_characters: int = _MAX_VALUE_CHARACTERS) -> str:
    """Return one value for reading, on one line and cut; "" for NULL."""
    if cell is None:
        return ""
    if isinstance(cell, bytes):
        return present.describe_bytes(cell)
    if isinstance(cell, int | float):
        return present.format_number(cell, grouped=abs(cell) >= _GROUPED_FROM)
    line = " ".join(show_text(cell).split())
    if not line:
        return "(blank)"
    return (
        line
        if len(line) <= max_characters
        else f"{line[: max_characters - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"
    )


def _read_columns(
    reading: Reading, table: Table, columns: Sequence[Column], rows: int, seconds: float
) -> dict[str, ColumnProfile]:
    sqls = [write_summary(table.name, column, rows) for column in columns]
    results = reading.ask(sqls, seconds, max(0.2, seconds / 3), max_cell_bytes=_CELL_BYTES)
    found = {}
    for column, result in zip(columns, results, strict=True):
        summary = read_summary(column.name, result)
        if summary is not None:
            found[column.name] = replace(summary, rows=min(summary.rows, rows))
    return found


def _to_int(cell: Cell) -> int:
    return int(cell) if isinstance(cell, int | float) else 0


def _describe_column(
    table: Table, column: Column, found: ColumnProfile | None, keys: Sequence[ForeignKey]
) -> ColumnLine:
    key = next((k for k in keys if k.table == table.name and k.column == column.name), None)
    names_rows = "key" if column.primary_key else ""
    points = "" if key is None else f"→ {key.other_table}"
    if key is not None and key.inferred:
        points += " (guessed)"
    is_key = column.primary_key or key is not None
    first, last = _show_range(column, found, is_key=is_key)
    return ColumnLine(
        name=column.name,
        holds=KIND_WORDS[column.kind],
        role=" ".join(part for part in (names_rows, points) if part),
        different=None if found is None else found.distinct,
        empty=None if found is None else found.empty,
        first=first,
        last=last,
        frequent=_list_frequent(found, is_key=is_key),
    )


def _show_range(column: Column, found: ColumnProfile | None, *, is_key: bool) -> tuple[str, str]:
    if found is None or found.smallest is None:
        return "", ""
    if column.kind == "date" and isinstance(found.smallest, str) and not _sorts(column.date_format):
        return "", ""
    return _show(found.smallest, is_key=is_key), _show(found.largest, is_key=is_key)


def _sorts(date_format: str) -> bool:
    """Tell whether texts of that format sort by date; ambiguous ones and names of months do not."""
    return date_format.startswith(_SORTED_DATES) and not kinds.is_ambiguous(date_format)


def _list_frequent(found: ColumnProfile | None, *, is_key: bool) -> str:
    if found is None or found.distinct is None:
        return ""
    if not found.frequent:
        return "all different" if found.distinct > 1 else ""
    shown = [f"{_show(value, is_key=is_key)} ({count:,})" for value, count in found.frequent]
    return ", ".join(shown)


def _show(cell: Cell, *, is_key: bool) -> str:
    # Separators would make another number of one that only names something.
    return str(cell) if is_key and isinstance(cell, int) else show_value(cell)
