"""SQLite SQL -> the syntax tree of the pointer language, through sqlglot. Pure.

Equivalent spellings become one form: aliases and positions are replaced by what they stand for, join conditions
move to the join they link, ``NOT x IN`` is ``not_in``, COUNT(1) is COUNT(*), IIF is CASE, and so on.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from t2s.ir_expressions import ExpressionReader
from t2s.ir_scope import Bound, Ref, Scope, conjoin, conjuncts, is_default, link
from t2s.ir_tree import (
    ColumnRef,
    Expr,
    IRError,
    Op,
    Ordering,
    OutputRef,
    Query,
    Select,
    Source,
    Star,
)
from t2s.values import Schema

_OPERATIONS: dict[type[exp.Expression], str] = {
    exp.Union: "union",
    exp.Intersect: "intersect",
    exp.Except: "except",
}
_NUMERIC_TYPES = ("REAL", "FLOA", "DOUB", "NUM", "DEC", "BOOL")
Named = list[tuple[str, Expr]]


def read_sql(sql: str, schema: Schema) -> Query:
    """Read one SELECT statement.

    Raises:
        IRError: It does not parse, names what the schema does not have, or uses what the language lacks.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect="sqlite")
        if not isinstance(tree, exp.Expression):
            raise IRError("does not parse", type(tree).__name__)
    except (SqlglotError, RecursionError) as error:
        raise IRError("does not parse", str(error)) from error
    query, _ = _QueryReader(schema, {}).read_query(tree, None)
    return query


def _unwrap(node: exp.Expression) -> exp.Expression:
    while isinstance(node, exp.Paren) or (
        isinstance(node, exp.Subquery)
        and not (node.alias or node.args.get("order") or node.args.get("limit"))
        and isinstance(node.this, exp.Query)
    ):
        node = node.this
    return node


class _QueryReader:
    """Reads queries; ``ctes`` are the common table expressions in sight, by case-folded name."""

    def __init__(self, schema: Schema, ctes: dict[str, tuple[exp.CTE, _QueryReader]]) -> None:
        self._schema = schema
        self._ctes = ctes
        self._expressions = ExpressionReader(
            lambda node, scope: self.read_query(node, scope)[0], self._is_numeric
        )

    def _is_numeric(self, expr: Expr) -> bool:
        """Whether ``expr`` is a column whose declared type makes SQLite compare numbers."""
        if not isinstance(expr, ColumnRef):
            return False
        table = self._schema.table(expr.table)
        column = table.column(expr.column) if table is not None else None
        declared = column.declared_type.upper() if column is not None else ""
        if "INT" in declared:
            return True
        texts = ("CHAR", "CLOB", "TEXT", "BLOB")
        return any(part in declared for part in _NUMERIC_TYPES) and not any(
            t in declared for t in texts
        )

    def read_query(self, node: exp.Expression, outer: Scope | None) -> tuple[Query, list[Named]]:
        """Read a SELECT or a set operation, and the names of what it returns (of each SELECT).

        Raises:
            IRError: See ``read_sql``.
        """
        node = _unwrap(node)
        common = node.args.get("with_")
        if common is not None:
            if common.args.get("recursive"):
                raise IRError("recursive query")
            reader = _QueryReader(self._schema, dict(self._ctes))
            for cte in common.expressions:
                visible = _QueryReader(self._schema, dict(reader._ctes))
                reader._ctes[cte.alias.casefold()] = (cte, visible)
            node = node.copy()
            node.set("with_", None)
            return reader.read_query(node, outer)
        if isinstance(node, exp.Select):
            return self._read_single(node, outer)
        if isinstance(node, exp.SetOperation):
            return self._read_compound(node, outer)
        raise IRError("not a SELECT", type(node).__name__)

    def _read_single(self, node: exp.Select, outer: Scope | None) -> tuple[Query, list[Named]]:
        select, scope, named = self._read_select(node, outer)
        terms = node.args["order"].expressions if node.args.get("order") else []
        order = tuple(self._read_ordering(term, scope, named) for term in terms)
        query = Query((select,), (), order, _read_count(node, "limit"), _read_count(node, "offset"))
        return query, [named]

    def _read_ordering(self, term: exp.Expression, scope: Scope, named: Named) -> Ordering:
        inner, descending = _split_ordered(term)
        expr = _pick_item(inner, named)
        if expr is None and isinstance(inner, exp.Column) and not inner.table:
            name = inner.name.casefold()
            if name in scope.aliases:
                expr = self._expressions.read(scope.aliases[name], scope)
        return Ordering(expr or self._expressions.read(inner, scope), descending)

    def _read_compound(
        self, node: exp.SetOperation, outer: Scope | None
    ) -> tuple[Query, list[Named]]:
        arms: list[exp.Expression] = []
        operations: list[str] = []
        current: exp.Expression = node
        while isinstance(current, exp.SetOperation):
            name = _OPERATIONS.get(type(current), "")
            if current is not node and (current.args.get("order") or current.args.get("limit")):
                raise IRError("nested set operation")
            if not current.args.get("distinct", True):
                name += "_all"
            operations.insert(0, name)
            arms.insert(0, _unwrap(current.expression))
            current = _unwrap(current.this)
        arms.insert(0, current)
        selects: list[Select] = []
        names: list[Named] = []
        scopes: list[Scope] = []
        for arm in arms:
            if not isinstance(arm, exp.Select) or arm.args.get("order") or arm.args.get("limit"):
                raise IRError("nested set operation")
            select, scope, named = self._read_select(arm, outer)
            selects.append(select)
            names.append(named)
            scopes.append(scope)
        if not set(operations) <= {"union", "union_all", "intersect", "except"}:
            raise IRError("set operation", " ".join(operations))
        terms = node.args["order"].expressions if node.args.get("order") else []
        order = tuple(self._read_place(term, scopes, names) for term in terms)
        limit, offset = _read_count(node, "limit"), _read_count(node, "offset")
        return Query(tuple(selects), tuple(operations), order, limit, offset), names

    def _read_place(
        self, term: exp.Expression, scopes: list[Scope], names: list[Named]
    ) -> Ordering:
        """An ORDER BY term of a set operation is an output column, by number, name or expression."""
        inner, descending = _split_ordered(term)
        if isinstance(inner, exp.Literal) and not inner.is_string:
            return Ordering(OutputRef(int(inner.this)), descending)
        for scope, named in zip(scopes, names, strict=True):
            if isinstance(inner, exp.Column) and not inner.table:
                for index, (name, _) in enumerate(named, 1):
                    if name == inner.name.casefold():
                        return Ordering(OutputRef(index), descending)
            try:
                expr = self._expressions.read(inner, scope)
            except IRError:
                continue
            for index, (_, item) in enumerate(named, 1):
                if item == expr:
                    return Ordering(OutputRef(index), descending)
        raise IRError("order of a set operation")

    def _read_select(self, node: exp.Select, outer: Scope | None) -> tuple[Select, Scope, Named]:
        for extra in ("qualify", "windows", "laterals", "kind"):
            if node.args.get(extra):
                raise IRError("unsupported clause", extra)
        distinct = node.args.get("distinct")
        if distinct is not None and distinct.args.get("on"):
            raise IRError("unsupported clause", "distinct on")
        scope = Scope(outer)
        joins = self._bind_sources(node, scope)
        for item in node.expressions:
            if isinstance(item, exp.Alias):
                scope.aliases.setdefault(item.alias.casefold(), item.this)
        where = self._expressions.read_optional(node.args.get("where"), scope)
        sources, where = self._place_conditions(joins, where, scope)
        items = tuple(self._read_item(item, scope) for item in node.expressions)
        named = _name_items(node.expressions, items, scope)
        group = node.args.get("group")
        if group is not None and any(
            group.args.get(k) for k in ("cube", "rollup", "grouping_sets")
        ):
            raise IRError("unsupported clause", "grouping sets")
        keys = tuple(
            _pick_item(key, named) or self._expressions.read(key, scope)
            for key in (group.expressions if group is not None else [])
        )
        having = self._expressions.read_optional(node.args.get("having"), scope)
        select = Select(tuple(sources), items, distinct is not None, where, keys, having)
        return select, scope, named

    def _read_item(self, item: exp.Expression, scope: Scope) -> Expr:
        inner = item.this if isinstance(item, exp.Alias) else item
        if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Star):
            member = scope.member(inner.table.casefold())
            if member is None:
                raise IRError("unknown table", inner.table)
            if len(scope.members) == 1:
                return Star()
            if member.table is None:
                raise IRError("star of a derived table")
            return Star(member.table, member.instance)
        return self._expressions.read(inner, scope)

    def _bind_sources(self, node: exp.Select, scope: Scope) -> list[_Join]:
        start = node.args.get("from_")
        if start is None:
            return []
        joins = [_Join("first", *self._bind(start.this, scope))]
        nested = start.this.args.get("joins") or []
        for join in [*nested, *(node.args.get("joins") or [])]:
            joins.append(self._bind_join(join, scope, joins))
        return joins

    def _bind_join(self, join: exp.Join, scope: Scope, before: list[_Join]) -> _Join:
        side, natural = (join.side or "").upper(), (join.method or "").upper() == "NATURAL"
        shared = [column.name.casefold() for column in join.args.get("using") or []]
        bound, query = self._bind(join.this, scope)
        if natural:
            shared = [n for n, _ in bound.columns if any(n in b.bound.refs for b in before)]
        conditions: list[exp.Expression | Expr] = []
        for name in shared:
            other = next((b.bound.refs[name] for b in before if name in b.bound.refs), None)
            if other is None or name not in bound.refs:
                raise IRError("unknown column", name)
            conditions.append(Op("=", (other, bound.refs[name])))
            scope.merged.add(name)
        on = join.args.get("on")
        if on is not None and not (isinstance(on, exp.Boolean) and on.this):
            conditions.append(on)
        if side in ("RIGHT", "FULL") or (join.kind or "").upper() in ("SEMI", "ANTI"):
            if side != "RIGHT" or len(before) != 1:
                raise IRError("right or full join")
            before[0], swapped = _Join("first", bound, query), before[0]
            scope.members.reverse()
            _renumber(scope)
            return _Join("left", swapped.bound, swapped.query, conditions)
        return _Join("left" if side == "LEFT" else "inner", bound, query, conditions)

    def _bind(self, node: exp.Expression, scope: Scope) -> tuple[Bound, Query | None]:
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            node = node.this
        alias = node.alias.casefold()
        if isinstance(node, exp.Table) and not node.db:
            cte = self._ctes.get(node.name.casefold())
            if cte is None:
                bound = self._bind_table(node, alias, scope)
                scope.members.append(bound)
                return bound, None
            query, names = cte[1].read_query(cte[0].this, None)
            named = _rename(names[0], cte[0])
            alias = alias or node.name.casefold()
        elif isinstance(node, exp.Subquery):
            query, names = self.read_query(node.this, scope.parent)
            named = _rename(names[0], node)
        else:
            raise IRError("unsupported source", type(node).__name__)
        instance = scope.next_instance(None)
        columns: list[tuple[str, Ref]] = [
            (name, OutputRef(index, instance)) for index, (name, _) in enumerate(named, 1)
        ]
        bound = Bound(alias, None, instance, columns)
        scope.members.append(bound)
        return bound, query

    def _bind_table(self, node: exp.Table, alias: str, scope: Scope) -> Bound:
        table = self._schema.table(node.name)
        if table is None:
            raise IRError("unknown table", node.name)
        instance = scope.next_instance(table.name)
        columns: list[tuple[str, Ref]] = [
            (column.name.casefold(), ColumnRef(table.name, column.name, instance))
            for column in table.columns
        ]
        return Bound(alias or table.name.casefold(), table.name, instance, columns)

    def _place_conditions(
        self, joins: list[_Join], where: Expr | None, scope: Scope
    ) -> tuple[list[Source], Expr | None]:
        """Give every inner join the equations that link it; what remains goes to WHERE."""
        if not joins:
            return [], where
        links: dict[int, list[Expr]] = {}
        rest: list[Expr] = []
        written: list[list[Expr]] = []
        for join in joins:
            parts = [
                part
                for condition in join.conditions or []
                for part in conjuncts(
                    self._expressions.read(condition, scope)
                    if isinstance(condition, exp.Expression)
                    else condition
                )
            ]
            written.append(parts)
            if join.kind == "left":
                continue
            for part in parts:
                ends = link(part, scope)
                if ends is not None and joins[ends[1]].kind == "inner":
                    links.setdefault(ends[1], []).append(part)
                else:
                    rest.append(part)
        remaining: list[Expr] = []
        for part in conjuncts(where):
            ends = link(part, scope)
            if ends and joins[ends[1]].kind == "inner" and not joins[ends[1]].conditions:
                links.setdefault(ends[1], []).append(part)
            else:
                remaining.append(part)
        sources: list[Source] = []
        for index, join in enumerate(joins):
            parts = written[index] if join.kind == "left" else links.get(index, [])
            sources.append(self._make_source(join, index, parts, scope, rest))
        return sources, conjoin(remaining + rest)

    def _make_source(
        self, join: _Join, index: int, parts: list[Expr], scope: Scope, rest: list[Expr]
    ) -> Source:
        table, query, instance = join.bound.table, join.query, join.bound.instance
        if index == 0:
            return Source(table, query, instance)
        parts = list(dict.fromkeys(_orient(part, scope) for part in parts))
        default = [part for part in parts if is_default(part, scope, index, self._schema)]
        if join.kind == "left":
            if not parts:
                raise IRError("left join without condition")
            on = None if default and len(parts) == 1 else conjoin(parts)
            return Source(table, query, instance, "left", on)
        if default:
            rest.extend(part for part in parts if part not in default)
            return Source(table, query, instance, "inner")
        if not parts:
            return Source(table, query, instance, "cross")
        return Source(table, query, instance, "inner", conjoin(parts))


class _Join:
    """A member of FROM with the conditions that SQL wrote for it."""

    __slots__ = ("bound", "conditions", "kind", "query")

    def __init__(
        self,
        kind: str,
        bound: Bound,
        query: Query | None,
        conditions: list[exp.Expression | Expr] | None = None,
    ) -> None:
        self.kind, self.bound, self.query, self.conditions = kind, bound, query, conditions


def _orient(expr: Expr, scope: Scope) -> Expr:
    """An equation of two members with the earlier member first."""
    if link(expr, scope) is None or not isinstance(expr, Op):
        return expr
    first, second = (scope.position(arg) for arg in expr.args)
    return expr if (first or 0) < (second or 0) else Op("=", (expr.args[1], expr.args[0]))


def _renumber(scope: Scope) -> None:
    """Refuse to swap two instances of one table: their numbers follow the order of FROM."""
    if len({member.table for member in scope.members}) < len(scope.members):
        raise IRError("right or full join")


def _split_ordered(term: exp.Expression) -> tuple[exp.Expression, bool]:
    if not isinstance(term, exp.Ordered):
        return term, False
    descending = bool(term.args.get("desc"))
    nulls_first = term.args.get("nulls_first")
    if nulls_first is not None and bool(nulls_first) == descending:
        raise IRError("nulls first or last")
    inner = term.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return inner, descending


def _pick_item(node: exp.Expression, named: Named) -> Expr | None:
    """The item that a bare integer in GROUP BY or ORDER BY stands for."""
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    if not re.fullmatch(r"\d+", node.this) or not 1 <= int(node.this) <= len(named):
        raise IRError("position out of range", node.this)
    return named[int(node.this) - 1][1]


def _name_items(nodes: list[exp.Expression], items: tuple[Expr, ...], scope: Scope) -> Named:
    """Name and expression of each output column, stars written out."""
    named: Named = []
    for node, item in zip(nodes, items, strict=True):
        if isinstance(item, Star):
            for member in scope.members:
                if item.table is None or (member.table, member.instance) == (
                    item.table,
                    item.instance,
                ):
                    named.extend(member.columns)
        else:
            named.append((node.alias_or_name.casefold(), item))
    return named


def _rename(named: Named, node: exp.Expression) -> Named:
    """Apply the column names of ``AS alias(a, b)``."""
    alias = node.args.get("alias")
    columns = alias.columns if isinstance(alias, exp.TableAlias) else []
    if not columns:
        return named
    if len(columns) != len(named):
        raise IRError("unknown column")
    return [(c.name.casefold(), expr) for c, (_, expr) in zip(columns, named, strict=True)]


def _read_count(node: exp.Expression, key: str) -> str | None:
    clause = node.args.get(key)
    if clause is None:
        return None
    literal = clause.expression
    if isinstance(literal, exp.Literal) and re.fullmatch(r"\d+", literal.this):
        return str(literal.this)
    raise IRError(f"{key} is no number")
