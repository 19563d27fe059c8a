"""What became of a result after its statement was changed, in plain words. Pure."""

from __future__ import annotations

from collections import Counter

from t2s.present import format_number
from t2s.values import Cell, QueryResult


def compare(first: QueryResult, now: QueryResult) -> str:
    """Return in one sentence how ``now`` differs from ``first``."""
    before, after = len(first.columns), len(now.columns)
    if before != after:
        return f"Other columns than first: {after} instead of {before}; {_count_rows(first, now)}."
    if first.truncated or now.truncated:
        same = first.rows == now.rows
        return (
            "The same rows as first, as far as both were read."
            if same
            else "Not the same rows as first; not all of them were read."
        )
    if first.rows == now.rows:
        return "The same rows as first."
    old, new = Counter(first.rows), Counter(now.rows)
    if old == new:
        return "The same rows as first, in another order."
    if len(first.rows) == len(now.rows) == before == 1:
        return f"{_say(now.rows[0][0])} instead of {_say(first.rows[0][0])}."
    gone, come = (old - new).total(), (new - old).total()
    if not gone:
        return f"{_count(come)} more than first."
    if not come:
        return f"{_count(gone)} fewer than first."
    if not (old & new):
        return f"None of the first rows; {_count_rows(first, now)}."
    if gone == come:
        return f"As many rows as first, {gone:,} of them different."
    return f"{_count(come)} new and {_count(gone)} gone; {_count_rows(first, now)}."


def _count(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _count_rows(first: QueryResult, now: QueryResult) -> str:
    old, new = len(first.rows), len(now.rows)
    return f"{_count(new)}, as before" if old == new else f"{_count(new)} instead of {old:,}"


def _say(cell: Cell) -> str:
    if cell is None:
        return "No value"
    if isinstance(cell, bytes):
        return "binary data"
    return cell if isinstance(cell, str) else format_number(cell)
