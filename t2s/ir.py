"""SQL <-> the pointer language. Pure.

``to_symbols`` reads SQLite SQL against a schema and writes the one canonical sequence of symbols for it;
``to_sql`` is its inverse up to spelling. The language, loosely (``[]`` optional, ``...`` repeated)::

    query  = select [union|union_all|intersect|except select]... [order term [desc] , ...] [limit N [offset N]]
    select = [from source [, source | left source | cross source]...] select [distinct] expr , ...
             [where expr] [group expr , ...] [having expr]
    source = (->table [@2..@4] | ( query )) [on expr]

A joined table without ``on`` joins by ``default_join``. After a set operation, ``order`` and ``limit`` belong to the
whole and ``#k`` is its k-th output column; elsewhere ``#k`` is a column of the derived table in FROM (``@2`` for the
second one). A column belongs to the nearest scope that has its table; each ``outer`` after it skips one such scope.
A function stands before its operand (``sum ->sale.amount``), several arguments stand in parentheses.
"""

from __future__ import annotations

from collections.abc import Sequence

from t2s.ir_parse import parse_symbols
from t2s.ir_read import read_sql
from t2s.ir_spell import spell_query
from t2s.ir_tree import (
    KEYWORDS,
    ColumnSymbol,
    IRError,
    NumberSymbol,
    Symbol,
    TableSymbol,
    TextSymbol,
)
from t2s.ir_write import write_sql
from t2s.values import Schema

__all__ = [
    "KEYWORDS",
    "ColumnSymbol",
    "IRError",
    "NumberSymbol",
    "Symbol",
    "TableSymbol",
    "TextSymbol",
    "to_sql",
    "to_symbols",
]


def to_symbols(sql: str, schema: Schema) -> tuple[Symbol, ...]:
    """Read one SELECT statement of SQLite.

    Raises:
        IRError: It does not parse, names what the schema does not have, or uses what the language lacks.
    """
    return tuple(spell_query(read_sql(sql, schema)))


def to_sql(symbols: Sequence[Symbol], schema: Schema) -> str:
    """Write the statement that ``symbols`` stand for.

    Raises:
        IRError: The symbols are not well-formed, or name what is not in scope.
    """
    return write_sql(parse_symbols(symbols), schema)
