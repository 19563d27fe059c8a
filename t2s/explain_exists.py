"""IN and EXISTS along keys, in plain English: "without any orders", "of customers where ...". Pure; for ``t2s.explain``."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_keys import find_key
from t2s.explain_nouns import plural, role_noun, with_article
from t2s.explain_scope import (
    Scope,
    Source,
    conjuncts,
    find_column,
    label_table,
    strip_brackets,
)
from t2s.values import Column, Schema, Table


@dataclass(frozen=True, slots=True)
class Existence:
    """Rows of another table that must, or must not, belong to a row.

    Attributes:
        lead: What follows the noun: "that have", "without any", "of".
        rows: The others: "orders in 2023".
        clause: The whole condition with its subject: "the customer has orders in 2023".
    """

    lead: str
    rows: str
    clause: str


@dataclass(frozen=True, slots=True)
class _Tie:
    """The columns by which the rows of a subquery belong to a row outside it."""

    outer: tuple[Source, Column]
    inner: Table
    inner_column: Column
    select: exp.Select


def find_existence(node: exp.Expr, scope: Scope, *, negated: bool) -> Existence | None:
    """Return the words for IN or EXISTS that follows a key; None where they would not be certainly true.

    NOT IN rejects every row when one value is NULL, so a column that is known to hold NULL has no such words.
    """
    tie = _read_in(node, scope) if isinstance(node, exp.In) else _read_exists(node, scope)
    if tie is None or tie.outer[0].table is None:
        return None
    (source, column), inner = tie.outer, tie.inner
    outer_table = tie.outer[0].table
    names = (outer_table.name, column.name, inner.name, tie.inner_column.name)
    select = _leave_out_nulls(tie)
    unsure = column.holds_nulls or (select is tie.select and tie.inner_column.holds_nulls)
    if negated and isinstance(node, exp.In) and unsure:
        return None
    rows = scope.teller.rows(select, scope)
    if find_key(scope.schema, names[2], names[3], names[0], names[1]) is not None:
        role = _find_role(scope.schema, inner, tie.inner_column, outer_table)
        if role:
            verb = "are not" if negated else "are"
            clause = f"the {source.label} is {'not ' if negated else ''}the {role} of any {rows}"
            return Existence(f"that {verb} the {role} of any", rows, clause)
        lead = "without any" if negated else "that have"
        verb = "has no" if negated else "has"
        return Existence(lead, rows, f"the {source.label} {verb} {rows}")
    if find_key(scope.schema, *names) is not None:
        return _say_parent(tie, rows, scope, negated=negated)
    return None


def _find_role(schema: Schema, table: Table, column: Column, other: Table) -> str:
    """Return what a column calls the row it refers to where several could be meant, else an empty text."""
    keys = [
        key
        for key in schema.foreign_keys
        if (key.table.casefold(), key.other_table.casefold())
        == (table.name.casefold(), other.name.casefold())
    ]
    several = len(keys) > 1 or table.name.casefold() == other.name.casefold()
    role = role_noun(column.nl_name or column.name)
    return role if several and role != label_table(other) else ""


def _say_parent(tie: _Tie, rows: str, scope: Scope, *, negated: bool) -> Existence:
    (source, column), inner = tie.outer, tie.inner
    label = label_table(inner)
    owner = source.table
    role = (_find_role(scope.schema, owner, column, inner) if owner is not None else "") or label
    if rows == plural(label):
        one = with_article(role)
        lead, verb = ("without", "has no") if negated else ("that have", "has")
        said = role if negated else one
        return Existence(lead, one, f"the {source.label} {verb} {said}")
    verb = "is not" if negated else "is"
    clause = f"the {role} {verb} one of the {rows}"
    if role == label:
        return Existence("not of" if negated else "of", rows, clause)
    return Existence(f"whose {role} {verb} one of the", rows, clause)


def _leave_out_nulls(tie: _Tie) -> exp.Select:
    """Return the subquery without a test that the column it belongs by is filled in, which goes without saying."""
    where = tie.select.args.get("where")
    parts = conjuncts(where and where.this)
    for position, part in enumerate(parts):
        test = strip_brackets(part.this) if isinstance(part, exp.Not) else None
        if not isinstance(test, exp.Is) or not isinstance(test.expression, exp.Null):
            continue
        if strip_brackets(test.this).name.casefold() == tie.inner_column.name.casefold():
            return _without(tie.select, parts, position)
    return tie.select


def _read_in(node: exp.Expr, scope: Scope) -> _Tie | None:
    query = node.args.get("query")
    outer = find_column(strip_brackets(node.this), scope)
    select = query.unnest() if query is not None else None
    if outer is None or not _is_plain(select) or not isinstance(select, exp.Select):
        return None
    item = select.expressions[0].unalias() if len(select.expressions) == 1 else None
    found = _find_inner(item, select, scope) if isinstance(item, exp.Column) else None
    return None if found is None else _Tie(outer, *found, select)


def _is_plain(select: object) -> bool:
    unusual = ("joins", "group", "having", "limit", "offset", "with_")
    if not isinstance(select, exp.Select) or any(select.args.get(clause) for clause in unusual):
        return False
    from_ = select.args.get("from_")
    return from_ is not None and isinstance(from_.this, exp.Table)


def _find_inner(
    column: exp.Column, select: exp.Select, scope: Scope
) -> tuple[Table, Column] | None:
    """Return the column of the one table of a subquery that a node names, None for any other."""
    node = select.args["from_"].this
    table = scope.schema.table(node.name)
    found = table.column(column.name) if table is not None else None
    own = column.table.casefold() in ("", node.alias_or_name.casefold())
    return (table, found) if table is not None and found is not None and own else None


def _read_exists(node: exp.Expr, scope: Scope) -> _Tie | None:
    select = node.this.unnest()
    if not _is_plain(select) or not isinstance(select, exp.Select):
        return None
    where = select.args.get("where")
    parts = conjuncts(where and where.this)
    for position, part in enumerate(parts):
        if not isinstance(part, exp.EQ):
            continue
        sides = [strip_brackets(part.this), strip_brackets(part.expression)]
        for mine, other in (sides, sides[::-1]):
            if not isinstance(mine, exp.Column) or not isinstance(other, exp.Column):
                continue
            inner = _find_inner(mine, select, scope)
            outer = find_column(other, scope) if _find_inner(other, select, scope) is None else None
            if inner is not None and outer is not None:
                return _Tie(outer, *inner, _without(select, parts, position))
    return None


def _without(select: exp.Select, parts: list[exp.Expr], position: int) -> exp.Select:
    """Return the SELECT without one of the conditions of its WHERE."""
    rest = [part.copy() for at, part in enumerate(parts) if at != position]
    bare = select.copy()
    bare.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
    return bare
