"""Execution accuracy: do two results hold the same rows?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, product

from t2s.values import QueryResult
from train.trees import parse

RELATIVE_TOLERANCE = 1e-4
MAX_WAYS = 1000  # of matching columns; only results full of equal columns have more
Rows = Sequence[Sequence[object]]


def _normalise(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(float(cell) if isinstance(cell, int | float) else cell for cell in row)


def _sort_key(row: Sequence[object]) -> tuple[tuple[str, str], ...]:
    """Return a key that does not see the last digits of a number."""
    return tuple(
        ("float", f"{cell:.3e}") if isinstance(cell, float) else (type(cell).__name__, str(cell))
        for cell in row
    )


def _agree(one: object, two: object) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return one == two or abs(one - two) <= RELATIVE_TOLERANCE * max(abs(one), abs(two))
    return one == two


def same_rows(first: Rows, second: Rows, *, ordered: bool) -> bool:
    """Tell whether two results hold the same multiset of rows, or the same sequence when ``ordered``.

    Columns are compared in their order; numbers to 1e-4 relative; a number is never equal to a text.
    """
    if len(first) != len(second):
        return False
    one, two = [_normalise(row) for row in first], [_normalise(row) for row in second]
    if not ordered:
        one, two = sorted(one, key=_sort_key), sorted(two, key=_sort_key)
    return all(len(a) == len(b) and all(map(_agree, a, b)) for a, b in zip(one, two, strict=True))


def is_right(gold: QueryResult, other: QueryResult | None, *, ordered: bool) -> bool:
    """Tell whether a result equals the gold one; a missing or cut one does not."""
    if other is None or other.truncated != gold.truncated:
        return False
    return same_rows(gold.rows, other.rows, ordered=ordered)


def covers(gold: QueryResult, other: QueryResult | None, *, ordered: bool) -> bool:
    """Tell whether a result holds the gold columns, in any order and beside others, row for row."""
    if other is None or other.truncated != gold.truncated or len(gold.rows) != len(other.rows):
        return False
    if not gold.rows:
        return len(other.columns) >= len(gold.columns)
    choices = [
        [
            theirs
            for theirs in range(len(other.rows[0]))
            if same_rows(
                [(row[ours],) for row in gold.rows],
                [(row[theirs],) for row in other.rows],
                ordered=ordered,
            )
        ]
        for ours in range(len(gold.rows[0]))
    ]
    ways = (way for way in islice(product(*choices), MAX_WAYS) if len(set(way)) == len(way))
    return any(
        same_rows(
            gold.rows, [tuple(row[column] for column in way) for row in other.rows], ordered=ordered
        )
        for way in ways
    )


def is_ordered(sql: str) -> bool:
    """Tell whether a query asks for an order; False for one that does not parse."""
    tree = parse(sql)
    return tree is not None and tree.args.get("order") is not None
