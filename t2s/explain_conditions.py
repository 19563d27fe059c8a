"""SQL conditions in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

from sqlglot import exp

from t2s.explain_dates import find_period
from t2s.explain_exists import find_existence
from t2s.explain_nouns import join_words
from t2s.explain_operands import operand, sql_text
from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    find_column,
    kind_of,
    quote,
    say_column,
    strip_brackets,
)
from t2s.explain_subjects import find_subject
from t2s.explain_words import say

_COMPARISONS: dict[type[exp.Expr], tuple[str, str]] = {
    # node -> wording for anything, wording for whole days
    exp.EQ: ("is", "is"),
    exp.NullSafeEQ: ("is", "is"),
    exp.NEQ: ("is not", "is not"),
    exp.NullSafeNEQ: ("is not", "is not"),
    exp.GT: ("is more than", "is after"),
    exp.GTE: ("is at least", "is"),
    exp.LT: ("is less than", "is before"),
    exp.LTE: ("is at most", "is"),
}
_LATER: dict[type[exp.Expr], str] = {exp.GTE: " or later", exp.LTE: " or earlier"}
_INSIDE: dict[type[exp.Expr], str] = {exp.GT: "contains", exp.EQ: "does not contain"}
_OPPOSITES: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
}
_FLAGS = {
    **dict.fromkeys(("1", "y", "yes", "t", "true"), "yes"),
    **dict.fromkeys(("0", "n", "no", "f", "false"), "no"),
}


def say_condition(node: exp.Expr, scope: Scope, *, negated: bool = False) -> str:
    """Return a condition in words; ``negated`` says the opposite of it.

    Raises:
        NotCoveredError: A subquery in it has no wording.
    """
    node = strip_brackets(node)
    if isinstance(node, exp.Not):
        return say_condition(node.this, scope, negated=not negated)
    opposite = _OPPOSITES.get(type(node))
    if negated and opposite is not None:
        return say_condition(opposite(this=node.this, expression=node.expression), scope)
    words = _say_plain(node, scope, negated=negated)
    if words is not None:
        return words
    positive = _say_compound(node, scope)
    return f"it is not true that ({positive})" if negated else positive


def _say_plain(node: exp.Expr, scope: Scope, *, negated: bool) -> str | None:
    """Return the wording of conditions that have one for their opposite too, None for others."""
    if not negated:
        period = find_period(node, scope)
        if period is not None:
            return f"{operand(period.node, scope)} {period.clause}"
    if isinstance(node, exp.Like):
        return _say_like(node, scope, negated=negated != bool(node.args.get("negate")))
    if isinstance(node, exp.Between):
        return _say_between(node, scope, negated=negated)
    if isinstance(node, exp.In | exp.Exists):
        found = find_existence(node, scope, negated=negated)
        if found is not None:
            return found.clause
    if isinstance(node, exp.In):
        return _say_in(node, scope, negated=negated)
    if isinstance(node, exp.Exists):
        select = _find_plain(node.this)
        if select is None:
            verb = "there is none" if negated else "there is any"
            return f"{verb} of ({scope.teller.describe(node.this.unnest(), scope)})"
        verb = "there are no" if negated else "there are any"
        rows = scope.teller.rows(select, scope)
        return f"{verb} {'rows in ' if rows.startswith('the list') else ''}{rows}"
    if isinstance(node.args.get("expression"), exp.Null) and isinstance(
        node, exp.Is | exp.NullSafeEQ | exp.NullSafeNEQ
    ):
        present = negated != isinstance(node, exp.NullSafeNEQ)
        return f"{operand(node.this, scope)} {'has a value' if present else 'is missing'}"
    return _say_flag(node, scope, negated=negated)


def _find_plain(query: exp.Expr) -> exp.Select | None:
    """Return the SELECT of an EXISTS whose list and order do not matter, None for any other query."""
    select = query.unnest()
    unusual = ("group", "having", "limit", "offset", "with_")
    if not isinstance(select, exp.Select) or any(select.args.get(clause) for clause in unusual):
        return None
    return select


def _say_flag(node: exp.Expr, scope: Scope, *, negated: bool) -> str | None:
    """Return "vip is yes" for a column of flags that is compared with one, None for anything else."""
    if isinstance(node, exp.Column) and kind_of(node, scope) == "boolean":
        return f"{operand(node, scope)} is {'no' if negated else 'yes'}"
    if not isinstance(node, exp.EQ | exp.NEQ) or kind_of(node.this, scope) != "boolean":
        return None
    value = strip_brackets(node.expression)
    if isinstance(value, exp.Boolean):
        word = "yes" if value.this else "no"
    elif isinstance(value, exp.Literal) and value.name.casefold() in _FLAGS:
        word = _FLAGS[value.name.casefold()]
    else:
        return None
    verb = "is not" if isinstance(node, exp.NEQ) else "is"
    return f"{operand(node.this, scope)} {verb} {word}"


def _say_compound(node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.And | exp.Or):
        word = "and" if isinstance(node, exp.And) else "or"
        parts = [
            f"({words})" if isinstance(strip_brackets(part), exp.And | exp.Or) else words
            for part in node.flatten()
            for words in [say_condition(part, scope)]
        ]
        return f" {word} ".join(parts)
    if type(node) in _COMPARISONS:
        return _say_comparison(type(node), node, scope)
    if isinstance(node, exp.Column):
        return f"{operand(node, scope)} is not zero"
    if isinstance(node, exp.Case | exp.If):
        return f"({say(node, scope)}) is not zero"
    return f"the condition {sql_text(node)} holds"


def _say_comparison(kind: type[exp.Expr], node: exp.Expr, scope: Scope) -> str:
    left, right = strip_brackets(node.this), strip_brackets(node.expression)
    if isinstance(left, exp.StrPosition) and kind in _INSIDE and right.sql() == "0":
        return f"{operand(left.this, scope)} {_INSIDE[kind]} {operand(left.args['substr'], scope)}"
    if isinstance(left, exp.Lower | exp.Upper) and isinstance(
        right, exp.Literal | exp.Lower | exp.Upper
    ):
        ends = [
            side.this if isinstance(side, exp.Lower | exp.Upper) else side for side in (left, right)
        ]
        if kind in (exp.EQ, exp.NEQ) and _keeps_case(left, right):
            said = f"{operand(ends[0], scope)} {_COMPARISONS[kind][0]} {operand(ends[1], scope)}"
            return f"{said} in any mix of capitals"
    days = _is_whole_day(left, scope) and _is_whole_day(right, scope)
    verb = _COMPARISONS[kind][days]
    several = len(scope.sources) > 1 or scope.parent is not None
    if several and isinstance(left, exp.Column) and isinstance(right, exp.Column):
        said_sides = [say_column(side, scope, qualified=True) for side in (left, right)]
        ending = _LATER.get(kind, "") if days else ""
        return f"{said_sides[0]} {verb} {said_sides[1]}{ending}"
    if days:
        subject = find_subject(left, scope)
        left = left if subject is None else subject.node
        ending = _LATER.get(kind, "")
        return f"{operand(left, scope)} {verb} {_say_other(right, scope)}{ending}"
    return f"{operand(left, scope)} {verb} {_say_other(right, scope)}"


def _say_other(node: exp.Expr, scope: Scope) -> str:
    """Return the right side of a comparison; what is to be found out keeps its article."""
    return say(node, scope) if isinstance(node, exp.Subquery) else operand(node, scope)


def _keeps_case(left: exp.Expr, right: exp.Expr) -> bool:
    """Tell whether a literal is in the letters that the other side is turned into."""
    if not isinstance(right, exp.Literal):
        return type(left) is type(right)
    folded = right.name.lower() if isinstance(left, exp.Lower) else right.name.upper()
    return folded == right.name


def _is_whole_day(node: exp.Expr, scope: Scope) -> bool:
    """Tell whether a value is a date without a time of day, so that "on or before" says "at most"."""
    if isinstance(node, exp.CurrentDate):
        return True
    if isinstance(node, exp.Anonymous):
        return str(node.this).casefold() == "date"
    if isinstance(node, exp.Date):
        return True
    found = find_column(node, scope)
    subject = find_subject(node, scope)
    return found is not None and subject is not None and not subject.has_time


def _say_like(node: exp.Expr, scope: Scope, *, negated: bool) -> str:
    pattern = strip_brackets(node.expression)
    words = operand(node.this, scope)
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        verb = "does not match" if negated else "matches"
        return f"{words} {verb} the pattern {operand(pattern, scope)}"
    text = pattern.name
    core = text.strip("%")
    verb, opposite = "matches the pattern", "does not match the pattern"
    if core and not set("%_") & set(core):
        before, after = text.startswith("%"), text.endswith("%")
        text = core
        verb, opposite = {
            (True, True): ("contains", "does not contain"),
            (False, True): ("starts with", "does not start with"),
            (True, False): ("ends with", "does not end with"),
            (False, False): ("is", "is not"),
        }[before, after]
    loosely = "" if "%" in pattern.name or "_" in pattern.name else " in any mix of capitals"
    return f"{words} {opposite if negated else verb} {quote(text)}{loosely}"


def _say_between(node: exp.Expr, scope: Scope, *, negated: bool) -> str:
    low, high = operand(node.args["low"], scope), operand(node.args["high"], scope)
    verb = "is not between" if negated else "is between"
    return f"{operand(node.this, scope)} {verb} {low} and {high}"


def _say_in(node: exp.Expr, scope: Scope, *, negated: bool) -> str:
    query = node.args.get("query")
    if query is not None:
        verb = "is not among" if negated else "is among"
        return (
            f"{operand(node.this, scope)} {verb} ({scope.teller.describe(query.unnest(), scope)})"
        )
    if not node.expressions:
        raise NotCoveredError
    choices = [operand(choice, scope) for choice in node.expressions]
    words = operand(node.this, scope)
    if len(choices) == 1:
        return f"{words} {'is not' if negated else 'is'} {choices[0]}"
    if not negated:
        return (
            f"{words} is {'either' if len(choices) == 2 else 'one of'} {join_words(choices, 'or')}"
        )
    return f"{words} is neither {join_words(choices, 'nor')}"
