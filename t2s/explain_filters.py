"""What narrows the rows of a query, as it follows their noun: "since 2023 with no email where ...". Pure; for ``t2s.explain``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from t2s.explain_conditions import say_condition
from t2s.explain_dates import Period, merge_periods
from t2s.explain_exists import find_existence
from t2s.explain_keys import find_key
from t2s.explain_nouns import singular, with_article
from t2s.explain_operands import operand
from t2s.explain_scope import (
    Scope,
    conjuncts,
    find_column,
    find_outer,
    label_column,
    strip_brackets,
)
from t2s.explain_words import say

_COUNTS: dict[type[exp.Expr], str] = {
    exp.GT: "more than ",
    exp.GTE: "at least ",
    exp.LT: "fewer than ",
    exp.LTE: "at most ",
    exp.EQ: "exactly ",
    exp.NEQ: "other than ",
}


def say_all(conditions: Sequence[exp.Expr], scope: Scope) -> str:
    """Return conditions that hold together, those with "or" in brackets."""
    parts = [part for condition in conditions for part in conjuncts(condition)]
    said = [say_condition(part, scope) for part in parts]
    if len(parts) > 1:
        said = [
            f"({words})" if isinstance(part, exp.Or) else words
            for part, words in zip(parts, said, strict=True)
        ]
    return " and ".join(said)


def say_filters(conditions: Sequence[exp.Expr], scope: Scope) -> str:
    """Return what follows the noun, with a blank in front; empty without conditions."""
    parts = [part for condition in conditions for part in conjuncts(condition)]
    periods, others = merge_periods(parts, scope)
    said = " and ".join(_say_period(period, scope) for period in periods)
    marks: list[str] = []
    nested: list[str] = []
    clauses: list[exp.Expr] = []
    for part in others:
        mark = _say_mark(part, scope)
        if mark is not None:
            marks.append(mark)
            continue
        existence = _say_existence(part, scope, alone=len(parts) == 1)
        if existence is None:
            clauses.append(part)
        else:
            nested.append(existence)
    words = " ".join(text for text in (said, " and ".join([*marks, *nested])) if text)
    words = f" {words}" if words else ""
    return f"{words} where {say_all(clauses, scope)}" if clauses else words


def _say_period(period: Period, scope: Scope) -> str:
    """Return "in 2023"; with the name of the date where there are several."""
    found = find_column(strip_brackets(period.node), scope)
    if found is not None and found[0] is scope.home and found[0].table is not None:
        dates = [column for column in found[0].table.columns if column.kind == "date"]
        if dates == [found[1]] and scope.parent is None:
            return period.words
    return f"with {operand(period.node, scope)} {period.words}"


def _say_mark(node: exp.Expr, scope: Scope) -> str | None:
    """Return "with no email", "with an email", "of that customer"; None for other conditions."""
    node, negated = strip_brackets(node), False
    if isinstance(node, exp.Not):
        node, negated = strip_brackets(node.this), True
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        inner = strip_brackets(node.this)
        if isinstance(inner, exp.Column):
            words = say(inner, scope)
            return f"with {with_article(words)}" if negated else f"with no {words}"
    return None if negated else _say_tie(node, scope)


def _say_tie(node: exp.Expr, scope: Scope) -> str | None:
    """Return how a row of a subquery belongs to the row around it, None for other conditions."""
    if not isinstance(node, exp.EQ):
        return None
    sides = [strip_brackets(node.this), strip_brackets(node.expression)]
    for mine, other in (sides, sides[::-1]):
        inner, outer = find_column(mine, scope), find_outer(other, scope)
        if inner is None or outer is None or inner[0].table is None or outer[0].table is None:
            continue
        (source, column), (around, there) = inner, outer
        one, two = inner[0].table.name, outer[0].table.name
        if (one, column.name) == (two, there.name) and not column.primary_key:
            return f"with the same {label_column(column)}"
        up = find_key(scope.schema, one, column.name, two, there.name)
        down = find_key(scope.schema, two, there.name, one, column.name)
        if (up is not None or down is not None) and one != two and source.label != around.label:
            return f"of that {around.label}"
    return None


def _say_existence(node: exp.Expr, scope: Scope, *, alone: bool) -> str | None:
    node, negated = strip_brackets(node), False
    if isinstance(node, exp.Not):
        node, negated = strip_brackets(node.this), True
    if not isinstance(node, exp.In | exp.Exists):
        return None
    found = find_existence(node, scope, negated=negated)
    if found is None or (scope.home is None and len(scope.sources) > 1):
        return None
    outer = scope.home or next(iter(scope.sources.values()))
    if not found.clause.startswith(f"the {outer.label} ") and len(scope.sources) > 1:
        return None
    simple = alone or " " not in found.rows
    return f"{found.lead} {found.rows}" if simple else f"{found.lead} ({found.rows})"


def say_having(node: exp.Expr, scope: Scope) -> str:
    """Return what groups must have: " with more than 5 orders", " where average price is more than 5"."""
    counts: list[str] = []
    clauses: list[exp.Expr] = []
    for part in conjuncts(node):
        count = _say_counted(part, scope)
        if count is None:
            clauses.append(part)
        else:
            counts.append(count)
    words = f" with {' and '.join(counts)}" if counts else ""
    return f"{words} where {say_all(clauses, scope)}" if clauses else words


def _say_counted(node: exp.Expr, scope: Scope) -> str | None:
    """Return "more than 5 orders" for a comparison of a count with a number, None for others."""
    left, right = (
        strip_brackets(node.this or node),
        strip_brackets(node.args.get("expression") or node),
    )
    verb = _COUNTS.get(type(node))
    if verb is None or not isinstance(left, exp.Count):
        return None
    if not isinstance(right, exp.Literal) or right.is_string:
        return None
    words = say(left, scope).removeprefix("number of ")
    words = singular(words) if right.name == "1" else words
    if re.search(r" (?:where|with) ", words):
        return None
    return f"{verb}{right.name} {words}"
