"""What all checks of ``t2s.doubts`` share: a doubt, and what the names in a statement stand for. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from t2s.values import Cell, Column, Schema, Table

Row = tuple[Cell, ...]

MAX_TEXT_CHARACTERS = 60
ORDERINGS = (exp.GT, exp.GTE, exp.LT, exp.LTE)
COMPARISONS = (*ORDERINGS, exp.EQ, exp.NEQ, exp.Like, exp.In, exp.Between)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A way in which an answer may not be what it looks like.

    Attributes:
        kind: Short name of the check, for counting.
        tell: Gives the sentence for the user from the rows of ``sql``, "" when they settle the doubt.
        sql: The statement that settles it; "" when it is certain, and ``tell`` gets no rows.
    """

    kind: str
    tell: Callable[[Sequence[Row]], str]
    sql: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A column that a name stands for, and the alias of its table in FROM."""

    table: Table
    column: Column
    alias: str


def be_sure(kind: str, sentence: str) -> Doubt:
    """Return a doubt that is certain: nothing needs to be looked up."""
    return Doubt(kind, lambda _: sentence)


def list_sources(select: exp.Select) -> list[exp.Expr]:
    """Return what FROM and the joins of a SELECT name, in order."""
    from_ = select.args.get("from_")
    joins = [join.this for join in select.args.get("joins") or ()]
    return [from_.this, *joins] if from_ is not None else joins


def find_table(source: exp.Expr, schema: Schema) -> Table | None:
    """Return the database table that an entry of FROM names, None for a derived one."""
    if not isinstance(source, exp.Table) or source.args.get("joins"):
        return None
    scope: exp.Expr | None = source
    while scope is not None:
        for derived in scope.ctes if isinstance(scope, exp.Query) else ():
            if derived.alias.casefold() == source.name.casefold():
                return None
        scope = scope.parent
    return schema.table(source.name)


def find_column(node: exp.Expr | None, schema: Schema) -> Named | None:
    """Return the database column that a node is, None when it is another thing or not certain."""
    if not isinstance(node, exp.Column):
        return None
    for select in _list_scopes(node):
        owners = []
        for source in list_sources(select):
            if node.table and source.alias_or_name.casefold() != node.table.casefold():
                continue
            table = find_table(source, schema)
            column = None if table is None else table.column(node.name)
            if table is not None and column is not None:
                owners.append(Named(table, column, source.alias_or_name))
            elif table is None:
                return None
        if owners:
            return owners[0] if len(owners) == 1 else None
    return None


def find_text(node: exp.Expr | None, schema: Schema) -> str | None:
    """Return the text that a double-quoted name silently becomes, None for any other node."""
    if not isinstance(node, exp.Column) or node.table or not isinstance(node.this, exp.Identifier):
        return None
    if not node.this.quoted or not node.name:
        return None
    folded = node.name.casefold()
    for select in _list_scopes(node):
        if any(item.alias.casefold() == folded for item in select.expressions):
            return None
        for source in list_sources(select):
            table = find_table(source, schema)
            if table is None or table.column(node.name) is not None:
                return None
    compound = node.find_ancestor(exp.SetOperation, exp.Select)
    return None if isinstance(compound, exp.SetOperation) else node.name


def list_columns(node: exp.Expr, schema: Schema) -> tuple[Column, ...]:
    """Return the columns of all tables that a name could have meant at this place."""
    tables = [
        find_table(source, schema)
        for select in _list_scopes(node)
        for source in list_sources(select)
    ]
    return tuple(column for table in tables if table is not None for column in table.columns)


def resolve_item(node: exp.Expr, select: exp.Select) -> exp.Expr:
    """Return what a position or alias of GROUP BY or ORDER BY stands for; the node itself otherwise."""
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        position = int(node.name)
        if 1 <= position <= len(select.expressions):
            item: exp.Expr = select.expressions[position - 1]
            return item.unalias()
    if isinstance(node, exp.Column) and not node.table:
        for item in select.expressions:
            if isinstance(item, exp.Alias) and item.alias.casefold() == node.name.casefold():
                return item.unalias()
    return node


def is_aggregate(node: exp.Expr) -> bool:
    """Tell whether a node is a call that makes one value of many rows."""
    if isinstance(node, exp.Min | exp.Max):
        return not node.expressions
    total = isinstance(node, exp.Anonymous) and node.name.casefold() == "total"
    return total or isinstance(node, exp.AggFunc)


def list_links(select: exp.Select, schema: Schema) -> list[tuple[Named, Named]]:
    """Return the pairs of columns that a SELECT itself sets equal."""
    joins = select.args.get("joins") or ()
    parts = [join.args.get("on") for join in joins] + [select.args.get("where")]
    links = []
    for part in parts:
        for node in part.find_all(exp.EQ) if part is not None else ():
            left, right = find_column(node.this, schema), find_column(node.expression, schema)
            certain = node.find_ancestor(exp.Or, exp.Not, exp.Case, exp.Select) is select
            if left is not None and right is not None and certain:
                links.append((left, right))
    return links


def is_unique(named: Named, schema: Schema) -> bool:
    """Tell whether no two rows have the same cell: a primary key alone, or what keys refer to."""
    primary = [column for column in named.table.columns if column.primary_key]
    place = (named.table.name.casefold(), named.column.name.casefold())
    return primary == [named.column] or any(
        (key.other_table.casefold(), key.other_column.casefold()) == place
        for key in schema.foreign_keys
        if not key.inferred
    )


def list_aggregates(select: exp.Select) -> list[exp.Expr]:
    """Return the aggregates of a SELECT itself, not those of its subqueries."""
    parts = [*select.expressions, select.args.get("having"), select.args.get("order")]
    return [
        node
        for part in parts
        if part is not None
        for node in part.walk()
        if is_aggregate(node) and node.find_ancestor(exp.Select) is select
    ]


def unwrap(node: exp.Expr | None) -> exp.Expr | None:
    """Return what stands inside brackets."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def write(node: exp.Expr) -> str:
    """Return the statement as SQLite reads it."""
    return node.sql(dialect="sqlite")


def list_opposite(node: exp.Expr) -> list[exp.Expr]:
    """Return what a node is compared with."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if not isinstance(parent, COMPARISONS):
        return []
    keys = ("this", "expression", "low", "high")
    return [part for key in keys if (part := unwrap(parent.args.get(key))) not in (None, node)]


def is_text(node: exp.Expr | None) -> bool:
    """Tell whether a node is a text between single quotes."""
    return isinstance(node, exp.Literal) and bool(node.is_string)


def is_number_text(text: str) -> bool:
    """Tell whether SQLite reads a whole text as a number."""
    return _NUMBER.fullmatch(text) is not None


def cut_text(text: str) -> str:
    """Return a text as a sentence may quote it: short."""
    return text if len(text) <= MAX_TEXT_CHARACTERS else f"{text[:MAX_TEXT_CHARACTERS]}…"


def _list_scopes(node: exp.Expr) -> Iterator[exp.Select]:
    select = node.find_ancestor(exp.Select)
    while select is not None:
        yield select
        select = select.find_ancestor(exp.Select)
