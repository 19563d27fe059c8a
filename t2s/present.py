"""A query result as people see it: table, headline, chart choice, formatted SQL and confidence. Pure.

pandas is imported by ``to_frame`` alone, when it is called.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import sqlparse

from t2s.present_charts import choose_chart as choose_chart
from t2s.present_charts import is_label
from t2s.present_charts import list_charts as list_charts
from t2s.present_text import clean_text as clean_text
from t2s.present_text import name_headers as name_headers
from t2s.present_text import show_text
from t2s.values import Cell, QueryResult

if TYPE_CHECKING:
    import pandas as pd

# Browsers keep integers exact up to here (ECMAScript Number.MAX_SAFE_INTEGER).
MAX_SAFE_INTEGER = 2**53 - 1
MAX_HEADLINE_CHARACTERS = 80  # longer text reads better in a table
MAX_FORMATTED_CHARACTERS = 20_000  # sqlparse takes about a second for 100,000


def to_frame(result: QueryResult) -> pd.DataFrame:
    """Return the rows as a DataFrame of objects, so that integers beside NULL stay exact.

    Headers are made distinct; bytes, integers beyond 2**53, infinities and characters that cannot be seen
    become readable text.
    """
    import pandas as pd  # noqa: PLC0415 - 0.3 s that only a table needs

    rows = [[show_cell(cell) for cell in row] for row in result.rows]
    return pd.DataFrame(rows, columns=list(name_headers(result.columns)), dtype=object)


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
    return format_number(cell, grouped=not is_label(result.columns[0], plain_years=True))


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


# From this confidence up, what is said of it. It is calibrated: of answers with 0.8, eight in ten are right.
_CONFIDENCE = (
    (0.85, "Quite sure"),
    (0.6, "Likely"),
    (0.35, "Unsure: check this reading"),
    (0.0, "A guess: check this reading, or ask in other words"),
)


def say_confidence(confidence: float) -> str:
    """Return a confidence in [0, 1] in words."""
    return next((words for least, words in _CONFIDENCE if confidence >= least), _CONFIDENCE[-1][1])
