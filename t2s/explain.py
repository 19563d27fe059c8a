"""A SELECT statement as one plain English sentence, from its syntax tree. Pure.

Covered: what models write for questions: columns and aggregates, joins, conditions, groups, order, limits,
subqueries, set operations, WITH, CASE and dates. Not covered: window functions, RIGHT and FULL joins,
recursion; such parts appear as SQL text or the sentence only says which tables are read. A sentence never
says what the statement does not do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from t2s.explain_conditions import say_condition
from t2s.explain_order import say_order
from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    Source,
    find_column,
    join_words,
    label_table,
    natural_name,
    resolve_item,
    strip_brackets,
)
from t2s.explain_words import operand, say, say_item
from t2s.values import Schema

MAX_SENTENCE_CHARACTERS = 700  # longer ones explain less than the SQL does

MAX_HEADER_CHARACTERS = 60

_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def sentence(sql: str, schema: Schema) -> str:
    """Return what a statement computes, in one sentence; never raises for any text.

    The names of tables and columns are shown as words, literals as they stand in the statement.
    """
    try:
        statements = [each for each in sqlglot.parse(sql, read="sqlite") if each is not None]
        if len(statements) != 1 or not isinstance(statements[0], exp.Query):
            return "Shows what the SQL computes."
        words = _Teller(schema).describe(statements[0].unnest(), None)
    except (NotCoveredError, sqlglot.errors.SqlglotError, RecursionError):
        return _say_tables(sql, schema)
    if len(words) > MAX_SENTENCE_CHARACTERS:
        return _say_tables(sql, schema)
    counted = words.removeprefix("the number of records from ")
    return f"Counts the records of {counted}." if counted != words else f"Shows {words}."


def name_columns(sql: str, columns: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """Return a result's headers, in words where a column is computed and has no name of its own; never raises.

    "COUNT(*)" becomes "number of records", "STRFTIME('%Y-%m', orders.day)" "year and month of day".
    """
    try:
        query = sqlglot.parse_one(sql, read="sqlite")
        if not isinstance(query, exp.Select) or query.args.get("with_") is not None:
            return columns
        if query.is_star or len(query.expressions) != len(columns):
            return columns
        return tuple(
            column if isinstance(item, exp.Alias | exp.Column) else words
            for column, item, words in zip(
                columns, query.expressions, _Teller(schema).say_outputs(query), strict=True
            )
        )
    except (NotCoveredError, sqlglot.errors.SqlglotError, RecursionError):
        return columns


def _say_tables(sql: str, schema: Schema) -> str:
    """Return the sentence that is true of any statement: which tables it names."""
    try:
        names = {token.text.casefold() for token in sqlglot.tokenize(sql, read="sqlite")}
    except sqlglot.errors.SqlglotError:
        names = set()
    used = [label_table(table) for table in schema.tables if table.name.casefold() in names]
    return (
        f"Shows what the SQL computes from {join_words(used)}."
        if used
        else "Shows what the SQL computes."
    )


class _Teller:
    """Describes queries of one statement; holds what WITH has named so far."""

    def __init__(self, schema: Schema, named: Mapping[str, Source] | None = None) -> None:
        self.schema = schema
        self.named = dict(named or {})

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
        return self._describe_select(query, parent)

    def say_outputs(self, select: exp.Select) -> tuple[str, ...]:
        """Return each entry of a SELECT in words, cut to the length of a header."""
        scope = self._scope(self._sources(select), tuple(select.expressions), None)
        words = (say(strip_brackets(item.unalias()), scope) for item in select.expressions)
        return tuple(
            w if len(w) <= MAX_HEADER_CHARACTERS else w[: MAX_HEADER_CHARACTERS - 1] + "…"
            for w in words
        )

    def _describe_set(self, query: exp.SetOperation, parent: Scope | None) -> str:
        left, right = (self.describe(side, parent) for side in (query.this, query.expression))
        distinct = bool(query.args.get("distinct"))
        if isinstance(query, exp.Union):
            joiner = "together with" if distinct else "followed by"
        else:
            joiner = "but only what is also in" if isinstance(query, exp.Intersect) else "except"
        first = _first_select(query)
        scope = self._scope(self._sources(first), tuple(first.expressions), parent)
        ending = ", without repeats" if distinct else ""
        return f"({left}) {joiner} ({right}){ending}{say_order(query, scope)}"

    def _describe_select(self, select: exp.Select, parent: Scope | None) -> str:
        if any(select.args.get(part) for part in ("windows", "qualify", "laterals", "pivots")):
            raise NotCoveredError
        sources = self._sources(select)
        scope = self._scope(sources, tuple(select.expressions), parent)
        reading = self._say_from(sources, select, scope)
        where, having, group = (select.args.get(name) for name in ("where", "having", "group"))
        filters = reading.filters + ([] if where is None else [where.this])
        keys = (
            []
            if group is None
            else [resolve_item(key, scope, columns_first=True) for key in group.expressions]
        )
        words = _say_items(select, keys, scope)
        words += f" from {reading.words}" if reading.words else ""
        words += f" where {_say_all(filters, scope)}" if filters else ""
        if keys:
            words += f", for each {join_words([operand(key, scope) for key in keys])}"
        if having is not None:
            words += f", keeping only those where {say_condition(having.this, scope)}"
        if select.args.get("distinct"):
            words += ", without repeats"
        return words + say_order(select, scope)

    def _scope(
        self, sources: Mapping[str, Source], items: tuple[exp.Expr, ...], parent: Scope | None
    ) -> Scope:
        return Scope(self.schema, sources, items, parent, self.describe, say, say_condition)

    def _sources(self, select: exp.Select) -> dict[str, Source]:
        """Return the entries of FROM and its joins, labelled apart."""
        from_ = select.args.get("from_")
        nodes = [] if from_ is None else [from_.this]
        nodes += [join.this for join in select.args.get("joins") or ()]
        names = [node.name.casefold() for node in nodes]
        sources: dict[str, Source] = {}
        for position, node in enumerate(nodes):
            source = self._read_source(node)
            if source.table is not None and names.count(names[position]) > 1:
                number = names[:position].count(names[position])
                if number >= len(_ORDINALS):
                    raise NotCoveredError
                label = f"{_ORDINALS[number]} {source.label}"
                source = Source(label, label, source.table)
            sources[node.alias_or_name.casefold()] = source
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
            return Source(label, label)
        return Source(label_table(table), label_table(table), table)

    def _derive(self, query: exp.Expr, alias: str, names: list[str]) -> Source:
        """Return the source that a subquery in FROM or WITH makes."""
        first = _first_select(query)
        scope = self._scope(self._sources(first), tuple(first.expressions), None)
        meanings = {}
        for position, item in enumerate(first.expressions):
            name = names[position] if position < len(names) else item.alias_or_name
            meanings[name.casefold()] = say(item.unalias(), scope)
        if first.is_star:
            for source in scope.sources.values():
                columns = source.table.columns if source.table is not None else ()
                meanings.update(
                    {c.name.casefold(): c.nl_name or natural_name(c.name) for c in columns}
                )
                meanings.update(source.meanings)
        return Source(natural_name(alias), f"({self.describe(query, None)})", None, meanings)

    def _say_from(
        self, sources: Mapping[str, Source], select: exp.Select, scope: Scope
    ) -> _Reading:
        """Return what is read in words, and the join conditions that filter like WHERE."""
        if not sources:
            return _Reading("", [])
        first, *others = sources.values()
        words, filters = first.phrase, []
        for join, source in zip(select.args.get("joins") or (), others, strict=True):
            on, using = join.args.get("on"), join.args.get("using")
            if join.side not in ("", "LEFT"):
                raise NotCoveredError
            rest = [part for part in _conjuncts(on) if not _follows_key(part, scope)]
            matched = f" matched with {source.phrase}"
            if using:
                words += f"{matched} on {join_words([natural_name(each.name) for each in using])}"
            elif join.method == "NATURAL":
                words += f"{matched} on the columns of the same name"
            elif on is None:
                words += f" combined with every row of {source.phrase}"
            elif join.side and rest:
                words += f"{matched} (where {_say_all(rest, scope)})"
            else:
                words += matched
                filters += rest
            words += " if there is any" if join.side else ""
        return _Reading(words, filters)


def _first_select(query: exp.Expr) -> exp.Select:
    """Return the SELECT that names the columns of a query."""
    first = query.unnest()
    while isinstance(first, exp.SetOperation):
        first = first.this.unnest()
    if not isinstance(first, exp.Select):
        raise NotCoveredError
    return first


class _Reading(NamedTuple):
    words: str
    filters: list[exp.Expr]


def _conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    if node is None:
        return []
    node = strip_brackets(node)
    return (
        [strip_brackets(part) for part in node.flatten()] if isinstance(node, exp.And) else [node]
    )


def _say_all(conditions: Sequence[exp.Expr], scope: Scope) -> str:
    """Return conditions that hold together, those with "or" in brackets."""
    parts = [part for condition in conditions for part in _conjuncts(condition)]
    said = [say_condition(part, scope) for part in parts]
    if len(parts) > 1:
        said = [
            f"({words})" if isinstance(part, exp.Or) else words
            for part, words in zip(parts, said, strict=True)
        ]
    return " and ".join(said)


def _follows_key(node: exp.Expr, scope: Scope) -> bool:
    """Tell whether a join condition equates a foreign key with what it refers to."""
    if not isinstance(node, exp.EQ):
        return False
    left, right = find_column(node.this, scope), find_column(node.expression, scope)
    if left is None or right is None or left[0] is right[0]:
        return False
    ends = [
        (source.table.name.casefold(), column.name.casefold())
        for source, column in (left, right)
        if source.table is not None
    ]
    return any(
        [
            (key.table.casefold(), key.column.casefold()),
            (key.other_table.casefold(), key.other_column.casefold()),
        ]
        in (ends, ends[::-1])
        for key in scope.schema.foreign_keys
    )


def _say_items(select: exp.Select, keys: Sequence[exp.Expr], scope: Scope) -> str:
    """Return the select list in words, without what "for each" says anyway."""
    key_texts = {key.sql().casefold() for key in keys}
    items = [i for i in select.expressions if i.unalias().sql().casefold() not in key_texts]
    return join_words([say_item(item, scope) for item in items or select.expressions])
