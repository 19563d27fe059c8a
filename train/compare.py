"""Execution accuracy: do two results hold the same rows?"""

from __future__ import annotations

from collections.abc import Sequence

from t2s.values import Cell, QueryResult

RELATIVE_TOLERANCE = 1e-4
Key = tuple[int, str | float | bytes]


def _key(cell: Cell) -> Key:
    """Return a sortable form of a cell: missing, number, text, bytes; numbers stored as text stay text."""
    if cell is None:
        return (0, "")
    if isinstance(cell, int | float):
        return (1, float(cell))
    if isinstance(cell, bytes):
        return (3, cell)
    return (2, cell)


def _alike(left: Key, right: Key) -> bool:
    if left[0] != right[0]:
        return False
    a, b = left[1], right[1]
    if isinstance(a, float) and isinstance(b, float):
        return a == b or abs(a - b) <= RELATIVE_TOLERANCE * max(abs(a), abs(b))
    return a == b


def same_rows(
    gold: Sequence[Sequence[Cell]], other: Sequence[Sequence[Cell]], *, ordered: bool
) -> bool:
    """Tell whether two results hold the same multiset of rows, or the same sequence when ``ordered``.

    Columns are compared in their order; numbers to 1e-4 relative.
    """
    if len(gold) != len(other):
        return False
    left = [[_key(c) for c in row] for row in gold]
    right = [[_key(c) for c in row] for row in other]
    if not ordered:
        left.sort()
        right.sort()
    return all(
        len(a) == len(b) and all(_alike(x, y) for x, y in zip(a, b, strict=True))
        for a, b in zip(left, right, strict=True)
    )


def is_right(gold: QueryResult, other: QueryResult | None, *, ordered: bool) -> bool:
    """Tell whether a result equals the gold one; a missing or cut one does not."""
    if other is None or other.truncated != gold.truncated:
        return False
    return same_rows(gold.rows, other.rows, ordered=ordered)
