"""ORDER BY and LIMIT in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_nouns import join_words, ordinal
from t2s.explain_operands import operand
from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    kind_of,
    resolve_item,
    strip_brackets,
)
from t2s.explain_words import say

_DIRECTIONS = {
    "number": ("lowest first", "highest first"),
    "count": ("fewest first", "most first"),
    "date": ("earliest first", "latest first"),
    "text": ("A to Z", "Z to A"),
}
_SUPERLATIVES = {
    "number": ("lowest", "highest"),
    "count": ("fewest", "most"),
    "date": ("earliest", "latest"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """One term of ORDER BY.

    Attributes:
        node: What is ordered by, positions and aliases resolved.
        words: That in words.
        kind: Of value: a column kind, ``count`` for numbers of rows, empty when not known.
        is_descending: Largest first.
    """

    node: exp.Expr
    words: str
    kind: str
    is_descending: bool


@dataclass(frozen=True, slots=True)
class Ordering:
    """ORDER BY, LIMIT and OFFSET; the counts are as they are written, None for none."""

    terms: tuple[Term, ...]
    limit: str | None
    offset: str | None


def read_order(query: exp.Expr, scope: Scope) -> Ordering:
    """Return the order and the limit of a query.

    Raises:
        NotCoveredError: A limit that is not a plain number, or an order by something that has no wording.
    """
    order, limit, offset = (query.args.get(name) for name in ("order", "limit", "offset"))
    terms = [] if order is None else [_read_term(term, scope) for term in order.expressions]
    return Ordering(tuple(terms), _read_count(limit), _read_count(offset))


def say_superlative(ordering: Ordering) -> str | None:
    """Return "the most orders" or "the highest price" where a limit keeps what comes first by one measure."""
    if len(ordering.terms) != 1 or ordering.limit is None or ordering.offset is not None:
        return None
    term = ordering.terms[0]
    if term.kind not in _SUPERLATIVES:
        return None
    words = _SUPERLATIVES[term.kind][term.is_descending]
    by = term.words.removeprefix("number of ") if term.kind == "count" else term.words
    return f"the {words} {by}"


def say_order(ordering: Ordering, shown: Collection[str] = ()) -> str:
    """Return ", highest first" and ", only the first 3" of a query, or an empty text.

    Args:
        ordering: What to say.
        shown: The measure and the group that the query shows, which the order need not name again.
    """
    words = ""
    if len(ordering.terms) == 1 and ordering.terms[0].words in shown:
        words = f", {_say_direction(ordering.terms[0])}"
    elif ordering.terms:
        said = [f"{term.words} ({_say_direction(term)})" for term in ordering.terms]
        words = f", sorted by {join_words(said, 'then by')}"
    if (
        ordering.offset is not None
        and ordering.limit == "1"
        and words
        and ordering.offset.isdigit()
    ):
        return f"{words}, only the {ordinal(int(ordering.offset) + 1)}"
    if ordering.offset is not None:
        words += f", skipping the first {ordering.offset}"
    if ordering.limit is not None:
        which = "the next" if ordering.offset is not None else "the first" if words else "any"
        words += f", only {which} {'one' if ordering.limit == '1' else ordering.limit}"
    return words


def _read_count(node: exp.Expr | None) -> str | None:
    if node is None:
        return None
    number = node.args.get("expression")
    if not isinstance(number, exp.Literal) or number.is_string:
        raise NotCoveredError
    return number.name


def _read_term(term: exp.Expr, scope: Scope) -> Term:
    ordered = strip_brackets(resolve_item(strip_brackets(term.this), scope))
    if isinstance(ordered, exp.Collate):
        ordered = strip_brackets(ordered.this)
    words = say(ordered, scope)
    if not words.startswith(("number of ", "share of ")):
        words = operand(ordered, scope)
    kind: str = kind_of(ordered, scope) or ""
    if isinstance(ordered, exp.TimeToStr):
        kind = "date"
    if words.startswith(("number of ", "days from ")):
        kind = "count"
    return Term(ordered, words, kind, bool(term.args.get("desc")))


def _say_direction(term: Term) -> str:
    return _DIRECTIONS.get(term.kind, ("ascending", "descending"))[term.is_descending]
