"""Syntax trees of SQL for measuring. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

# A string, or a comparison that tokenising cut in two, as in some gold queries of CoSQL and SParC.
_CUT_COMPARISON = re.compile(r"""('[^']*'|"[^"]*")|([!<>])\s+=""")
_GROUPED_DIGITS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@lru_cache(maxsize=4096)
def parse(sql: str) -> exp.Query | None:
    """Return the tree of a query as ``repair`` leaves it, None when it does not parse.

    The tree is shared: copy it before a change.
    """
    try:
        tree = sqlglot.parse_one(repair(sql), dialect="sqlite")
    except (SqlglotError, RecursionError):
        return None
    return tree if isinstance(tree, exp.Query) else None


def repair(sql: str) -> str:
    """Join the comparison signs that a data set cut in two (``! =``, ``> =``), outside strings."""
    return _CUT_COMPARISON.sub(lambda m: m.group(1) or f"{m.group(2)}=", sql)


def list_outer(tree: exp.Query) -> tuple[exp.Select, ...]:
    """Return the SELECTs whose rows a query returns: itself, or both sides of each set operation."""
    inner = tree.unnest()
    if isinstance(inner, exp.SetOperation):
        sides = (inner.left, inner.right)
        return tuple(s for side in sides if isinstance(side, exp.Query) for s in list_outer(side))
    return (inner,) if isinstance(inner, exp.Select) else ()


def is_own(node: exp.Expr, select: exp.Select) -> bool:
    """Tell whether a node stands in a SELECT itself, not in a subquery of it."""
    return node.find_ancestor(exp.Select) is select


def normalise_value(text: str) -> str:
    """Return what equal literals share: letter case, outer spaces and the way of writing a number do not count."""
    folded = " ".join(text.split()).casefold()
    digits = folded.replace(",", "") if _GROUPED_DIGITS.fullmatch(folded) else folded
    try:
        number = float(digits)
    except ValueError:
        return folded
    return f"{number:.12g}" if "_" not in digits else folded


def read_literal(node: exp.Expr | None) -> str | None:
    """Return the normalised text of a literal, also a negative or bracketed one or a word in double quotes."""
    if isinstance(node, exp.Paren):
        return read_literal(node.this)
    if isinstance(node, exp.Neg):
        inner = read_literal(node.this)
        return None if inner is None else normalise_value(f"-{inner}")
    if isinstance(node, exp.Literal):
        return normalise_value(str(node.this))
    return None
