"""ORDER BY and LIMIT in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

from sqlglot import exp

from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    join_words,
    kind_of,
    resolve_item,
    strip_brackets,
)
from t2s.explain_words import operand

_DIRECTIONS = {
    "number": ("lowest first", "highest first"),
    "date": ("earliest first", "latest first"),
    "text": ("A to Z", "Z to A"),
}
_SUPERLATIVES = {"number": ("lowest", "highest"), "date": ("earliest", "latest")}


def say_order(query: exp.Expr, scope: Scope) -> str:
    """Return ", sorted by ..." and ", only the first ..." of a query, or an empty text."""
    order, limit, offset = (query.args.get(name) for name in ("order", "limit", "offset"))
    count = _read_count(limit)
    terms = [] if order is None else [_read_term(term, scope) for term in order.expressions]
    if len(terms) == 1 and count is not None and offset is None:
        by, kind, descending = terms[0]
        if kind in _SUPERLATIVES:
            number = "one" if count == "1" else count
            return f", only the {number} with the {_SUPERLATIVES[kind][descending]} {by}"
    words = ""
    if terms:
        words = f", sorted by {join_words([_say_term(*term) for term in terms], 'then by')}"
    if offset is not None:
        words += f", skipping the first {_read_count(offset)}"
    if count is not None:
        which = "the next" if offset is not None else "the first" if terms else "any"
        words += f", only {which} {'one' if count == '1' else count}"
    return words


def _read_count(node: exp.Expr | None) -> str | None:
    if node is None:
        return None
    number = node.args.get("expression")
    if not isinstance(number, exp.Literal) or number.is_string:
        raise NotCoveredError
    return number.name


def _read_term(term: exp.Expr, scope: Scope) -> tuple[str, str, bool]:
    ordered = strip_brackets(resolve_item(strip_brackets(term.this), scope))
    if isinstance(ordered, exp.Collate):
        ordered = ordered.this
    return operand(ordered, scope), kind_of(ordered, scope) or "", bool(term.args.get("desc"))


def _say_term(by: str, kind: str, descending: bool) -> str:
    upward, downward = _DIRECTIONS.get(kind, ("ascending", "descending"))
    return f"{by} ({downward if descending else upward})"
