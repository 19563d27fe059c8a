"""How hard a gold query is, by the rules of the Spider benchmark (Yu et al. 2018, https://arxiv.org/abs/1809.08887)."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from train.trees import parse

LEVELS = ("easy", "medium", "hard", "extra")


def _own(select: exp.Select, *kinds: Any) -> list[exp.Expr]:  # noqa: ANN401
    """Return nodes of ``kinds`` in a SELECT, without those of its subqueries."""
    return [n for n in select.find_all(*kinds) if n.find_ancestor(exp.Select) is select]


def rate(sql: str) -> str:
    """Return ``easy``, ``medium``, ``hard`` or ``extra``; ``extra`` for SQL that does not parse."""
    tree = parse(sql)
    select = tree.find(exp.Select) if tree is not None else None
    if tree is None or select is None:
        return "extra"
    where = select.args.get("where")
    tables = len(_own(select, exp.Table))
    clauses = sum(
        select.args.get(name) is not None for name in ("where", "group", "order", "limit")
    )
    likes = len(_own(select, exp.Like))
    ors = len(_own(select, exp.Or))
    first = clauses + (tables - 1 if tables else 0) + ors + likes
    second = len(list(tree.find_all(exp.SetOperation))) + len(
        [
            n
            for n in tree.find_all(exp.Select)
            if n is not select and n.find_ancestor(exp.SetOperation) is None
        ]
    )
    aggregates = len(_own(select, exp.AggFunc))
    group = select.args.get("group")
    conditions = len(_own(select, exp.Predicate)) if where is not None else 0
    others = (
        (aggregates > 1)
        + (len(select.expressions) > 1)
        + (conditions > 1)
        + (len(group.expressions) > 1 if group is not None else 0)
    )
    if first <= 1 and others == 0 and second == 0:
        return "easy"
    if second == 0 and ((others <= 2 and first <= 1) or (first <= 2 and others < 2)):
        return "medium"
    if (
        (others > 2 and first <= 2 and second == 0)
        or (2 < first <= 3 and others <= 2 and second == 0)
        or (first <= 1 and others == 0 and second <= 1)
    ):
        return "hard"
    return "extra"


def count_tables(sql: str) -> int:
    """Return how many different tables a query names; 0 when it does not parse."""
    tree = parse(sql)
    if tree is None:
        return 0
    return len({t.name.casefold() for t in tree.find_all(exp.Table)})
