"""What a gold query asks for, read from its syntax tree. A query may be of several kinds. Pure."""

from __future__ import annotations

import re

from sqlglot import exp

from train.trees import is_own, list_outer, parse

KINDS = (
    "list",
    "count",
    "aggregate",
    "group",
    "superlative",
    "nested",
    "set operation",
    "arithmetic",
    "date",
)
UNREADABLE = "unreadable"

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
_DATE_FUNCTIONS = ("date", "time", "datetime", "julianday", "strftime", "unixepoch")
_ISO_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}.*)?")


def list_kinds(sql: str) -> tuple[str, ...]:
    """Return the kinds of a query in the order of ``KINDS``; ``unreadable`` for SQL that does not parse.

    ``list`` returns rows as they are: no aggregate, no group, no superlative. ``superlative`` is an order with a
    limit, or a comparison with the largest or smallest value.
    """
    tree = parse(sql)
    if tree is None:
        return (UNREADABLE,)
    outer = list_outer(tree)
    aggregates = [
        node
        for select in outer
        for output in select.expressions
        for node in output.find_all(exp.AggFunc)
        if is_own(node, select)
    ]
    grouped = tree.find(exp.Group) is not None
    ranked = _is_superlative(tree)
    found = {
        "list": not aggregates and not grouped and not ranked,
        "count": any(isinstance(a, exp.Count) for a in aggregates) and not grouped,
        "aggregate": any(not isinstance(a, exp.Count) for a in aggregates) and not grouped,
        "group": grouped,
        "superlative": ranked,
        "nested": any(s.find_ancestor(exp.Select) is not None for s in tree.find_all(exp.Select)),
        "set operation": tree.find(exp.SetOperation) is not None,
        "arithmetic": tree.find(*_ARITHMETIC) is not None,
        "date": _handles_dates(tree),
    }
    return tuple(kind for kind in KINDS if found[kind])


def _is_superlative(tree: exp.Query) -> bool:
    if any(q.args.get("order") and q.args.get("limit") for q in tree.find_all(exp.Query)):
        return True
    inner = (s for s in tree.find_all(exp.Select) if s.find_ancestor(exp.Predicate) is not None)
    return any(isinstance(o, exp.Max | exp.Min) for s in inner for o in s.expressions)


def _handles_dates(tree: exp.Query) -> bool:
    texts = (n.name for n in tree.find_all(exp.Literal) if n.is_string)
    if any(_ISO_DATE.fullmatch(text) for text in texts):
        return True
    functions = tree.find_all(exp.Func)
    return any(
        isinstance(f, exp.TimeToStr | exp.Date | exp.TsOrDsToDate | exp.TsOrDsToTimestamp)
        or (isinstance(f, exp.Anonymous) and f.name.casefold() in _DATE_FUNCTIONS)
        for f in functions
    )


def count_joins(sql: str) -> str:
    """Return how many joins a query has, its subqueries included: ``0`` to ``3``, ``4 or more``, ``unreadable``."""
    tree = parse(sql)
    if tree is None:
        return UNREADABLE
    joins = sum(1 for _ in tree.find_all(exp.Join))
    return str(joins) if joins < 4 else "4 or more"
