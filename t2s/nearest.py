"""Why a statement gives nothing: the nearest value that a column does hold, or the range of its values. Pure.

The sandbox runs the small statements that are built here. Not covered: conditions that each have rows and have none
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from rapidfuzz import fuzz, process
from sqlglot import exp

from t2s.aliases import ALIASES
from t2s.present import show_cell
from t2s.probe import Probe, find_table
from t2s.sql_names import quote_identifier, quote_text
from t2s.value_index import ValueIndex
from t2s.values import Cell, Schema
from t2s.words import fold

MIN_LIKENESS = 60  # of 100; "Frnace" and "France" have 83, "Norway" and "Germany" 46
MAX_RANGES = 3  # each costs one small query
_ORDERINGS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between)


@dataclass(frozen=True, slots=True)
class Near:
    """The value of a column nearest to a text; ``sql`` counts the rows that have it."""

    value: str
    sql: str


@dataclass(frozen=True, slots=True)
class Range:
    """``sql`` gives the least and greatest value of a column, and how many rows meet one condition."""

    sql: str
    table: str
    column: str
    condition: str


def find_near(probe: Probe, index: ValueIndex) -> Near | None:
    """Return the value most like the one text that no row holds, None when none is like it."""
    if len(probe.literals) != 1:
        return None
    text = probe.literals[0].strip("%*")
    known = _list_values(probe, index)
    value = _find_alias(text, known) or _find_alike(text, known)
    if value is None:
        return None
    table, column = quote_identifier(probe.table), quote_identifier(probe.column)
    # Names come from the schema and all are quoted; there is no way to bind them.
    sql = f"SELECT count(*) FROM {table} WHERE {column} = {quote_text(value)}"  # noqa: S608
    return Near(value, sql)


def _list_values(probe: Probe, index: ValueIndex) -> list[str]:
    wanted = probe.table.casefold(), probe.column.casefold()
    places = {
        place
        for place, column in enumerate(index.columns)
        if (column.table.casefold(), column.column.casefold()) == wanted
    }
    return [text for place, text in index.texts if place in places]


def _find_alias(text: str, known: Sequence[str]) -> str | None:
    """Return the value that is another name of the same thing: 'FR' for "France"."""
    others = ALIASES.get(fold(text).replace(" ", ""), ())
    return next((value for value in known if fold(value).replace(" ", "") in others), None)


def _find_alike(text: str, known: Sequence[str]) -> str | None:
    best = process.extractOne(text, known, scorer=fuzz.WRatio, processor=fold)
    return None if best is None or best[1] < MIN_LIKENESS else best[0]


def tell_missing(probe: Probe, near: Near | None, rows: int | None) -> str:
    """Return the sentence for a text that no row holds; ``rows`` is how many have the nearest value."""
    sentence = f"No row of {probe.table} has {probe.text} as {probe.column}"
    if near is None:
        return f"{sentence}."
    count = "" if not rows else f", {rows:,} row{'' if rows == 1 else 's'}"
    return f"{sentence}; closest: '{near.value}'{count}."


def list_ranges(sql: str, schema: Schema) -> tuple[Range, ...]:
    """Return a look-up for each comparison of one column with a number or date, by order or equality.

    Comparisons inside NOT, CASE and HAVING are left out. Returns nothing for SQL that does not parse.
    """
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ()
    ranges: dict[str, Range] = {}
    for node in tree.find_all(*_ORDERINGS):
        if not node.find_ancestor(exp.Not, exp.Case, exp.If, exp.Having):
            found = _build_range(node, schema)
            if found is not None:
                ranges.setdefault(found.sql, found)
    return tuple(ranges.values())[:MAX_RANGES]


def _build_range(node: exp.Expr, schema: Schema) -> Range | None:
    columns = list(node.find_all(exp.Column))
    column = columns[0] if len(columns) == 1 else None
    table = None if column is None else find_table(column, schema)
    known = schema.table(table) if table is not None else None
    kept = known.column(column.name) if known is not None and column is not None else None
    if known is None or column is None or kept is None or node.find(exp.Query, exp.AggFunc):
        return None
    if kept.kind not in ("number", "date"):
        return None
    operand = node.this if node.this.find(exp.Column) else node.args.get("expression")
    if not isinstance(operand, exp.Column | exp.TimeToStr):
        return None
    shown = " ".join(_name_bare(node, kept.name, quoted=False).sql(dialect="sqlite").split())
    bare = _name_bare(operand, kept.name, quoted=True).sql(dialect="sqlite")
    condition = _name_bare(node, kept.name, quoted=True).sql(dialect="sqlite")
    source = quote_identifier(known.name)
    sql = f"SELECT min({bare}), max({bare}), sum({condition}) FROM {source}"  # noqa: S608
    return Range(sql, known.name, kept.name, shown)


def _name_bare(node: exp.Expr, name: str, *, quoted: bool) -> exp.Expr:
    """Return a copy of a node whose one column names no table."""
    plain = exp.column(name, quoted=quoted)
    return node.transform(lambda each: plain if isinstance(each, exp.Column) else each)


def tell_range(looked: Range, row: Sequence[Cell]) -> str:
    """Return the sentence for a condition that no row meets, "" where some do or there are no values."""
    least, greatest, met = row
    if met or least is None:
        return ""
    return (
        f"No row of {looked.table} meets {looked.condition}: "
        f"{looked.column} goes from {show_cell(least)} to {show_cell(greatest)}."
    )
