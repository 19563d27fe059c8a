"""An expression inside another one, in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

from sqlglot import exp

from t2s.explain_scope import Scope, strip_brackets
from t2s.explain_slices import read_swapped


def sql_text(node: exp.Expr) -> str:
    """Return the SQL of a node on one line."""
    return " ".join(node.sql(dialect="sqlite").split())


def operand(node: exp.Expr, scope: Scope) -> str:
    """Return an expression in words that may stand inside another: in brackets when it is compound."""
    inner = strip_brackets(node)
    words = scope.teller.say(inner, scope)
    compound = isinstance(inner, exp.Binary | exp.Case | exp.If | exp.Coalesce | exp.Not)
    if isinstance(inner, exp.Dot) or read_swapped(inner) is not None:
        compound = False
    if not isinstance(inner, exp.Literal) and not words.startswith("("):
        compound = compound or " where " in words or ", " in words
    return f"({words})" if compound else words
