"""A SELECT statement as one plain English sentence, from its syntax tree. Pure.

Covered: what models write for questions: columns and aggregates, joins, conditions, groups, order, limits,
subqueries, set operations, WITH, CASE, dates and windows. Joins along keys are not said. Not covered: RIGHT and
FULL joins, recursion, frames of windows; such parts appear as SQL text or the sentence only says which tables are
read. A sentence never says what the statement does not do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import sqlglot
from sqlglot import exp

from t2s.explain_conditions import say_condition
from t2s.explain_from import Reading, read_from
from t2s.explain_nouns import capitalise, join_words, natural_name, plural
from t2s.explain_order import read_order, say_order
from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    Source,
    kind_of,
    label_column,
    label_table,
)
from t2s.explain_select import read_rows, say_headers, say_select
from t2s.explain_words import say
from t2s.values import Schema

MAX_SENTENCE_CHARACTERS = 700  # longer ones explain less than the SQL does

MAX_HEADER_CHARACTERS = 60

_UNNAMED = re.compile(r"(?:t|a|sub|subquery|derived)\d*|", re.IGNORECASE)
_GIVEN_UP = "Shows what the SQL computes"


def sentence(sql: str, schema: Schema) -> str:
    """Return what a statement computes, in one sentence; never raises for any text.

    The names of tables and columns are shown as words, literals as they stand in the statement, dates in words.
    """
    try:
        statements = [each for each in sqlglot.parse(sql, read="sqlite") if each is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            return f"{_GIVEN_UP}."
        words = _Teller(schema).describe(statements[0].unnest(), None)
    except (NotCoveredError, sqlglot.errors.SqlglotError, RecursionError):
        return _say_tables(sql, schema)
    if len(words) > MAX_SENTENCE_CHARACTERS:
        return _say_tables(sql, schema)
    return f"{capitalise(words)}."


def is_fallback(text: str) -> bool:
    """Tell whether a sentence only says which tables are read."""
    return text.startswith(_GIVEN_UP)


def name_columns(sql: str, columns: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """Return a result's headers, in words where a column is computed and has no name of its own; never raises.

    "COUNT(*)" becomes "number of orders", "STRFTIME('%Y-%m', orders.day)" "month of day".
    """
    try:
        query = sqlglot.parse_one(sql, read="sqlite")
        if not isinstance(query, exp.Select) or query.args.get("with_") is not None:
            return columns
        if query.is_star or len(query.expressions) != len(columns):
            return columns
        return tuple(
            column if isinstance(item, exp.Alias | exp.Column) else _shorten(words)
            for column, item, words in zip(
                columns, query.expressions, _Teller(schema).headers(query), strict=True
            )
        )
    except (NotCoveredError, sqlglot.errors.SqlglotError, RecursionError):
        return columns


def _shorten(words: str) -> str:
    if len(words) <= MAX_HEADER_CHARACTERS:
        return words
    return words[: MAX_HEADER_CHARACTERS - 1] + "…"


def _say_tables(sql: str, schema: Schema) -> str:
    """Return the sentence that is true of any statement: which tables it names."""
    try:
        names = {token.text.casefold() for token in sqlglot.tokenize(sql, read="sqlite")}
    except sqlglot.errors.SqlglotError:
        names = set()
    used = [plural(label_table(t)) for t in schema.tables if t.name.casefold() in names]
    return f"{_GIVEN_UP} from {join_words(used)}." if used else f"{_GIVEN_UP}."


class _Teller:
    """Describes queries of one statement; holds what WITH has named so far."""

    def __init__(self, schema: Schema, named: Mapping[str, Source] | None = None) -> None:
        self.schema = schema
        self.named = dict(named or {})

    def say(self, node: exp.Expr, scope: Scope) -> str:
        """Return the wording of an expression."""
        return say(node, scope)

    def where(self, node: exp.Expr, scope: Scope) -> str:
        """Return the wording of a condition."""
        return say_condition(node, scope)

    def rows(self, select: exp.Select, parent: Scope) -> str:
        """Return what a SELECT reads, without its list."""
        reading, scope = self._read(select, parent)
        return str(read_rows(select, reading, scope))

    def headers(self, select: exp.Select) -> tuple[str, ...]:
        """Return each entry of a SELECT in words."""
        return say_headers(select, self._read(select, None)[1])

    def describe(self, query: exp.Expr, parent: Scope | None) -> str:
        """Return a query as a noun phrase."""
        query = query.unnest()
        with_ = query.args.get("with_")
        if with_ is not None:
            if with_.args.get("recursive"):
                raise NotCoveredError
            inner = _Teller(self.schema, self.named)
            for each in with_.expressions:
                names = [column.name for column in each.args["alias"].args.get("columns") or ()]
                inner.named[each.alias.casefold()] = inner._derive(each.this, each.alias, names)
            bare = query.copy()
            bare.set("with_", None)
            return inner.describe(bare, parent)
        if isinstance(query, exp.SetOperation):
            return self._describe_set(query, parent)
        if not isinstance(query, exp.Select):
            raise NotCoveredError
        if any(query.args.get(part) for part in ("windows", "qualify", "laterals", "pivots")):
            raise NotCoveredError
        reading, scope = self._read(query, parent)
        return say_select(query, reading, scope)

    def _describe_set(self, query: exp.SetOperation, parent: Scope | None) -> str:
        left, right = (self.describe(side, parent) for side in (query.this, query.expression))
        distinct = bool(query.args.get("distinct"))
        if isinstance(query, exp.Union):
            joiner = " together with" if distinct else " followed by"
        else:
            joiner = ", only those also among" if isinstance(query, exp.Intersect) else ", but not"
        ordering = read_order(query, self._read(_first_select(query), parent)[1])
        nested = any(
            isinstance(s.unnest(), exp.SetOperation) for s in (query.this, query.expression)
        )
        if nested or ordering.terms or ordering.limit or ", " in f"{left}{right}":
            left, right = f"({left})", f"({right})"
        ending = ", each once" if distinct else ""
        return f"{left}{joiner} {right}{ending}{say_order(ordering)}"

    def _read(self, select: exp.Select, parent: Scope | None) -> tuple[Reading, Scope]:
        """Return what a SELECT reads, and what names mean in it."""
        reading = read_from(select, self._sources(select), self.schema)
        scope = Scope(
            self.schema,
            reading.sources,
            tuple(select.expressions),
            parent,
            self,
            reading.home,
            reading.counted,
            reading.optional,
        )
        return reading, scope

    def _sources(self, select: exp.Select) -> dict[str, Source]:
        """Return the entries of FROM and its joins by folded alias."""
        from_ = select.args.get("from_")
        nodes = [] if from_ is None else [from_.this]
        nodes += [join.this for join in select.args.get("joins") or ()]
        sources = {node.alias_or_name.casefold(): self._read_source(node) for node in nodes}
        if len(sources) != len(nodes):
            raise NotCoveredError
        return sources

    def _read_source(self, node: exp.Expr) -> Source:
        if isinstance(node, exp.Subquery) and not node.args.get("joins"):
            return self._derive(node.this, node.alias, [])
        if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
            raise NotCoveredError
        if node.name.casefold() in self.named:
            return self.named[node.name.casefold()]
        table = self.schema.table(node.name)
        if table is None:
            label = natural_name(node.name)
            return Source(label, plural(label))
        return Source(label_table(table), plural(label_table(table)), table)

    def _derive(self, query: exp.Expr, alias: str, names: list[str]) -> Source:
        """Return the source that a subquery in FROM or WITH makes."""
        first = _first_select(query)
        _, scope = self._read(first, None)
        meanings, kinds = {}, {}
        for position, item in enumerate(first.expressions):
            name = names[position] if position < len(names) else item.alias_or_name
            meanings[name.casefold()] = say(item.unalias(), scope)
            kinds[name.casefold()] = kind_of(item.unalias(), scope)
        if first.is_star:
            for source in scope.sources.values():
                columns = source.table.columns if source.table is not None else ()
                meanings.update({c.name.casefold(): label_column(c) for c in columns})
                kinds.update({c.name.casefold(): c.kind for c in columns})
                meanings.update(source.meanings)
                kinds.update(source.kinds)
        label = "" if _UNNAMED.fullmatch(alias) else natural_name(alias)
        return Source(label, f"the list ({self.describe(query, None)})", None, meanings, kinds)


def _first_select(query: exp.Expr) -> exp.Select:
    """Return the SELECT that names the columns of a query."""
    first = query.unnest()
    while isinstance(first, exp.SetOperation):
        first = first.this.unnest()
    if not isinstance(first, exp.Select):
        raise NotCoveredError
    return first
