"""A query result as people see it: table, headline, chart choice and formatted SQL. Pure.

pandas is imported by ``to_frame`` alone, when it is called.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import sqlparse

from t2s.present_text import clean_text as clean_text
from t2s.present_text import show_text
from t2s.values import Cell, ChartKind, ChartSpec, QueryResult

if TYPE_CHECKING:
    import pandas as pd

# Browsers keep integers exact up to here (ECMAScript Number.MAX_SAFE_INTEGER).
MAX_SAFE_INTEGER = 2**53 - 1
MAX_HEADLINE_CHARACTERS = 80  # longer text reads better in a table
MAX_FORMATTED_CHARACTERS = 20_000  # sqlparse takes about a second for 100,000

MAX_BARS = 30
MAX_UPRIGHT_BARS = 12
MAX_UPRIGHT_LABEL = 12  # characters that fit under an upright bar
MIN_SCATTER_POINTS = 5
MIN_HISTOGRAM_VALUES = 20

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}.*)?)?|\d{4}|\d{4}-?[QW]\d{1,2}")
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Numbers that name something rather than measure it: neither thousands separators nor a chart.
_LABEL_WORDS = frozenset(
    ("id", "ids", "code", "zip", "zipcode", "postcode", "phone", "isbn", "ssn", "key", "uuid")
)
_AGGREGATES = frozenset(("count", "sum", "avg", "total", "average", "number", "num"))


def to_frame(result: QueryResult) -> pd.DataFrame:
    """Return the rows as a DataFrame of objects, so that integers beside NULL stay exact.

    Headers are made distinct; bytes, integers beyond 2**53, infinities and characters that cannot be seen
    become readable text.
    """
    import pandas as pd  # noqa: PLC0415 - 0.3 s that only a table needs

    rows = [[show_cell(cell) for cell in row] for row in result.rows]
    return pd.DataFrame(rows, columns=list(name_headers(result.columns)), dtype=object)


def name_headers(columns: tuple[str, ...], *, as_shown: bool = True) -> tuple[str, ...]:
    """Return distinct, non-empty headers: a repeated "name" becomes "name (2)".

    ``as_shown`` makes characters visible that cannot be seen.
    """
    clean = show_text if as_shown else clean_text
    taken: set[str] = set()
    headers = []
    for position, column in enumerate(columns, start=1):
        base = clean(column).strip() or f"column {position}"
        header, number = base, 2
        while header in taken:
            header, number = f"{base} ({number})", number + 1
        taken.add(header)
        headers.append(header)
    return tuple(headers)


def describe_bytes(value: bytes) -> str:
    """Return what stands for binary data in a table."""
    return f"<{len(value):,} byte{'' if len(value) == 1 else 's'}>"


def to_json_cell(cell: Cell) -> str | int | float | None:
    """Return a cell that JSON can carry: bytes and infinities as text."""
    if isinstance(cell, bytes):
        return describe_bytes(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return str(cell)
    return clean_text(cell) if isinstance(cell, str) else cell


def show_cell(cell: Cell) -> str | int | float | None:
    """Return a cell as a browser can show it: exact integers, text without hidden characters."""
    if isinstance(cell, int) and abs(cell) > MAX_SAFE_INTEGER:
        return str(cell)
    return show_text(cell) if isinstance(cell, str) else to_json_cell(cell)


def headline(result: QueryResult) -> str | None:
    """Return the single cell of a 1 x 1 result as large text, None for any other result."""
    if len(result.rows) != 1 or len(result.columns) != 1:
        return None
    cell = result.rows[0][0]
    if cell is None:
        return "No value"
    if isinstance(cell, bytes):
        return describe_bytes(cell)
    if isinstance(cell, str):
        text = show_text(cell)
        fits = len(text) <= MAX_HEADLINE_CHARACTERS and text.strip() and "\n" not in text
        return text if fits else None
    return format_number(cell, grouped=not _is_label(result.columns[0], plain_years=True))


def format_number(value: float, *, grouped: bool = True) -> str:
    """Return a number for reading: thousands separators, at most 2 decimals from 1 up, else 3 digits."""
    if isinstance(value, int) or not math.isfinite(value):
        return f"{value:,}" if grouped else str(value)
    if value == int(value) and abs(value) < MAX_SAFE_INTEGER:
        return f"{int(value):,}" if grouped else str(int(value))
    if abs(value) < 1:
        return f"{value:.3g}"
    text = f"{value:,.2f}" if grouped else f"{value:.2f}"
    return text if abs(value) < 1e15 else f"{value:.6g}"


def format_sql(sql: str) -> str:
    """Return the statement over several indented lines; as it is when it is too long to lay out."""
    if len(sql) > MAX_FORMATTED_CHARACTERS:
        return sql
    try:
        return str(sqlparse.format(sql, reindent=True)).strip()
    except (sqlparse.exceptions.SQLParseError, RecursionError):
        return sql


def summary(result: QueryResult) -> str:
    """Return how many rows there are: "12 rows", "first 1,000 rows", "no rows"."""
    count = len(result.rows)
    if count == 0:
        return "no rows"
    rows = f"{count:,} row{'' if count == 1 else 's'}"
    return f"first {rows}" if result.truncated else rows


def choose_chart(result: QueryResult) -> ChartSpec | None:
    """Return the chart that says more than the table, None when none does.

    One number: ``number``. One column of many numbers: ``histogram``. Dates or years with a number:
    ``line``. Distinct labels with a number: ``bar``, or ``barh`` for long or many labels. Two measures:
    ``scatter``. Cut results get no chart, for it would show a part as the whole.
    """
    if result.truncated or not result.rows:
        return None
    columns = tuple(tuple(row[i] for row in result.rows) for i in range(len(result.columns)))
    if len(columns) == 1:
        return _chart_of_one(result.columns[0], columns[0])
    if len(columns) != 2 or len(result.rows) < 2:
        return None
    first, second = (_role(*column) for column in zip(result.columns, columns, strict=True))
    if "other" in (first, second):
        return None
    if first == second == "measure":
        enough = len(result.rows) >= MIN_SCATTER_POINTS and len(set(columns[0])) > 2
        return _spec("scatter", result, 0, 1) if enough else None
    x, y = (1, 0) if first == "measure" else (0, 1)
    if (second if x == 0 else first) != "measure" or len(set(columns[x])) != len(columns[x]):
        return None
    kind = _kind_for_labels(columns[x], is_time=(first if x == 0 else second) == "time")
    return None if kind is None else _spec(kind, result, x, y)


def _chart_of_one(name: str, values: tuple[Cell, ...]) -> ChartSpec | None:
    if not all(_is_finite(value) for value in values) or _is_label(name):
        return None
    if len(values) == 1:
        return ChartSpec("number", 0, 0, name)
    many = len(values) >= MIN_HISTOGRAM_VALUES and len(set(values)) > 2
    return ChartSpec("histogram", 0, 0, name) if many else None


def _role(name: str, values: tuple[Cell, ...]) -> str:
    """Return what a column is good for: "measure", "time", "label" or "other"."""
    if all(_is_finite(value) for value in values):
        if _is_year(name, values):
            return "time"
        return "other" if _is_label(name) else "measure"
    if not all(isinstance(value, str) and value.strip() for value in values):
        return "other"
    if all(isinstance(value, str) and _DATE.fullmatch(value) for value in values):
        return "time"
    return "label"


def _kind_for_labels(values: tuple[Cell, ...], *, is_time: bool) -> ChartKind | None:
    if is_time:
        return "line" if len(values) > 2 else "bar"
    if len(values) > MAX_BARS:
        return None
    longest = max(len(str(value)) for value in values)
    upright = len(values) <= MAX_UPRIGHT_BARS and longest <= MAX_UPRIGHT_LABEL
    return "bar" if upright else "barh"


def _spec(kind: ChartKind, result: QueryResult, x: int, y: int) -> ChartSpec:
    joiner = "against" if kind == "scatter" else "by"
    headers = name_headers(result.columns)
    return ChartSpec(kind, x, y, f"{headers[y]} {joiner} {headers[x]}")


def _is_finite(value: Cell) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_year(name: str, values: tuple[Cell, ...]) -> bool:
    """Tell whether a number column holds calendar years, by name and range."""
    whole = all(isinstance(v, int) and 1000 <= v <= 2999 for v in values)
    words = _words(name)
    return whole and "year" in words and not words & _AGGREGATES


def _is_label(name: str, *, plain_years: bool = False) -> bool:
    """Tell whether the numbers of a column only name things (ids, codes; years if asked for)."""
    words = _words(name)
    labels = _LABEL_WORDS | {"year", "years"} if plain_years else _LABEL_WORDS
    return bool(words & labels) and not words & _AGGREGATES


def _words(name: str) -> set[str]:
    return {part.casefold() for part in _NAME_PART.findall(name)}
