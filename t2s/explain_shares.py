"""Shares and percentages in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

from sqlglot import exp

from t2s.explain_operands import operand
from t2s.explain_scope import Scope, find_column, strip_brackets
from t2s.explain_totals import find_averaged, find_counted, flagged_words, is_number


def say_share(node: exp.Expr, scope: Scope) -> str | None:
    """Return "share of orders where ..., in percent" for the ways in which SQL writes it, None for anything else."""
    factor, core = _take_factor(node)
    percent = factor is not None and is_number(factor, "100")
    if factor is not None and not percent and not is_number(factor, "1"):
        return None
    core = strip_brackets(core)
    if isinstance(core, exp.Avg) and percent:
        flagged = find_averaged(core)
        if flagged is None:
            return None
        rows = scope.counted
        return f"share of {rows} in percent where {flagged_words(flagged, scope)}"
    if not isinstance(core, exp.Div):
        return None
    left, right = (_bare(side) for side in (core.this, core.expression))
    # Whole numbers divided by whole numbers lose their decimals.
    exact = (
        "." in core.sql()
        or (factor is not None and "." in factor.name)
        or bool(core.find(exp.Cast))
    )
    unit = ("in percent" if exact else "in whole percent") if percent else ""
    counted = find_counted(left)
    if counted is not None and _counts_all(right, scope) and (percent or exact):
        said = f" {unit}" if unit else ""
        return f"share of {scope.counted}{said} where {flagged_words(counted, scope)}"
    if not percent:
        return None
    unit = "in percent" if not _is_count(left) else unit
    return f"{operand(left, scope)} {unit} of the {_strip_the(operand(right, scope))}"


def _strip_the(words: str) -> str:
    return words.removeprefix("the ")


def _bare(node: exp.Expr) -> exp.Expr:
    """Return what is divided, without the casts and NULLIF(..., 0) that only make the division work."""
    node = strip_brackets(node)
    while True:
        if (isinstance(node, exp.Cast) and "INT" not in node.args["to"].sql().upper()) or (
            isinstance(node, exp.Nullif) and is_number(node.expression, "0")
        ):
            node = strip_brackets(node.this)
        else:
            return node


def _is_count(node: exp.Expr) -> bool:
    return isinstance(node, exp.Count) or find_counted(node) is not None


def _counts_all(node: exp.Expr, scope: Scope) -> bool:
    if not isinstance(node, exp.Count):
        return False
    counted = strip_brackets(node.this)
    if isinstance(counted, exp.Star | exp.Literal):
        return True
    found = find_column(counted, scope)
    sure = found is not None and (found[1].primary_key or not found[1].nullable)
    return sure and found is not None and found[0].label not in scope.optional


def _take_factor(node: exp.Expr) -> tuple[exp.Expr | None, exp.Expr]:
    """Return the number that a product of literals and one quotient or average is multiplied by, and the rest."""
    node = strip_brackets(node)
    if isinstance(node, exp.Mul):
        left, right = strip_brackets(node.this), strip_brackets(node.expression)
        for factor, rest in ((left, right), (right, left)):
            if isinstance(factor, exp.Literal) and not factor.is_string:
                if isinstance(rest, exp.Mul | exp.Div) and _take_factor(rest)[0] is not None:
                    return None, node
                return factor, rest
    if isinstance(node, exp.Div):
        product = strip_brackets(node.this)
        taken, rest = _take_factor(product) if isinstance(product, exp.Mul) else (None, node)
        if taken is not None:
            return taken, exp.Div(this=rest, expression=node.expression)
    return None, node
