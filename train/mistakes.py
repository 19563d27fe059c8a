"""In what a wrong prediction differs from the gold query: the first part that is not the same. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

from train.trees import list_outer, parse, read_literal

DECLINED = "declined"
FAILS = "fails to run"
OTHER = "other"
ANSWERED = "should have declined"

Part = Callable[[exp.Query], object]


def name_mistake(gold_sql: str | None, predicted_sql: str | None, *, declined: bool) -> str:
    """Return the category of a wrong prediction, one of ``CATEGORIES``.

    Args:
        gold_sql: None when the question cannot be answered.
        predicted_sql: None when there is no result.
        declined: Whether the model declined.
    """
    if declined:
        return DECLINED
    if gold_sql is None:
        return ANSWERED
    gold, other = parse(gold_sql), parse(predicted_sql) if predicted_sql is not None else None
    if predicted_sql is None:
        return FAILS
    if gold is None or other is None:
        return OTHER
    return next((name for name, part in _PARTS.items() if part(gold) != part(other)), OTHER)


def _tables(tree: exp.Query) -> object:
    return {table.name.casefold() for table in tree.find_all(exp.Table)}


def _outputs(tree: exp.Query) -> Iterator[exp.Expr]:
    return (output for select in list_outer(tree) for output in select.expressions)


def _selected_columns(tree: exp.Query) -> object:
    return [
        "*" if isinstance(node, exp.Star) else node.name.casefold()
        for output in _outputs(tree)
        for node in output.find_all(exp.Column, exp.Star)
        if not isinstance(node.parent, exp.Count) or not isinstance(node, exp.Star)
    ]


def _aggregates(tree: exp.Query) -> object:
    return Counter(
        (node.key, isinstance(node.this, exp.Distinct))
        for output in _outputs(tree)
        for node in output.find_all(exp.AggFunc)
    ) + Counter(
        ("distinct", True) for select in list_outer(tree) if select.args.get("distinct") is not None
    )


def _columns(nodes: Iterable[exp.Expr]) -> Counter[str]:
    return Counter(c.name.casefold() for node in nodes for c in node.find_all(exp.Column))


def _grouping(tree: exp.Query) -> object:
    return _columns(tree.find_all(exp.Group)), tree.find(exp.Having) is not None


def _conditions(tree: exp.Query) -> list[exp.Expr]:
    """Return WHERE and HAVING clauses, each once though one may stand inside another."""
    return [
        node
        for node in tree.find_all(exp.Where, exp.Having)
        if node.find_ancestor(exp.Where, exp.Having) is None
    ]


def _condition_operators(tree: exp.Query) -> object:
    kinds = (exp.Predicate, exp.Not, exp.Or)
    return Counter(n.key for c in _conditions(tree) for n in c.find_all(*kinds))


def _condition_values(tree: exp.Query) -> object:
    return Counter(read_literal(n) for c in _conditions(tree) for n in c.find_all(exp.Literal))


def _order(tree: exp.Query) -> object:
    return (
        [(_columns([o]), bool(o.args.get("desc"))) for o in tree.find_all(exp.Ordered)],
        [node.expression.sql() for node in tree.find_all(exp.Limit)],
    )


_PARTS: dict[str, Part] = {
    "tables": _tables,
    "selected columns": _selected_columns,
    "aggregate": _aggregates,
    "grouping": _grouping,
    "condition column": lambda tree: _columns(_conditions(tree)),
    "condition operator": _condition_operators,
    "condition value": _condition_values,
    "order or limit": _order,
}
CATEGORIES = (DECLINED, *_PARTS, FAILS, ANSWERED, OTHER)
