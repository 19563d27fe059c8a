"""SQL expressions in plain English, for ``t2s.explain``. Pure.

Every phrase is derived from the syntax tree. What has no phrase here is shown as SQL text, which is always
true.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from t2s.explain_moments import (
    say_call,
    say_date,
    say_date_part,
    say_moment,
    say_substring,
)
from t2s.explain_nouns import join_words
from t2s.explain_operands import operand, sql_text
from t2s.explain_scope import Scope, quote, say_column, strip_brackets
from t2s.explain_shares import say_share
from t2s.explain_slices import read_swapped
from t2s.explain_totals import (
    say_average,
    say_count,
    say_extreme,
    say_filtered,
    say_total,
    say_window,
)

_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.Add: "plus",
    exp.Sub: "minus",
    exp.Mul: "times",
    exp.Div: "divided by",
}


# Where a part of a date stands in texts of the usual formats.
def say(node: exp.Expr, scope: Scope) -> str:
    """Return an expression in words, without an article in front."""
    speaker = _SPEAKERS.get(type(node))
    words = speaker(node, scope) if speaker is not None else None
    return sql_text(node) if words is None else words


def _say_literal(node: exp.Expr, scope: Scope) -> str:
    return quote(node.name) if node.is_string else node.name


def _say_arithmetic(node: exp.Expr, scope: Scope) -> str:
    left, right = strip_brackets(node.this), strip_brackets(node.expression)
    if isinstance(node, exp.Sub) and _is_julian(left) and _is_julian(right):
        start, end = right.expressions[0], left.expressions[0]
        return f"days from {say_moment(start, scope)} to {say_moment(end, scope)}"
    share = say_share(node, scope)
    if share is not None:
        return share
    if isinstance(node, exp.Mul):
        for factor, part in ((left, right), (right, left)):
            if isinstance(factor, exp.Literal) and factor.name == "1.0":
                return say(part, scope)  # only turns whole numbers into decimal ones
    # Sums and products of three are read from the left anyway.
    same = isinstance(node, exp.Add | exp.Sub) and isinstance(left, exp.Add | exp.Sub)
    same = same or (isinstance(node, exp.Mul) and isinstance(left, exp.Mul))
    first = say(left, scope) if same and not _needs_brackets(left, scope) else operand(left, scope)
    return f"{first} {_SYMBOLS[type(node)]} {operand(right, scope)}"


def _needs_brackets(node: exp.Expr, scope: Scope) -> bool:
    """Tell whether the words of a sum or product need brackets where more follows."""
    words = say(node, scope)
    return " where " in words or ", " in words or words.startswith("days from ")


def _is_julian(node: exp.Expr) -> bool:
    named = isinstance(node, exp.Anonymous) and node.name.casefold() == "julianday"
    return named and len(node.expressions) == 1


def _say_round(node: exp.Expr, scope: Scope) -> str | None:
    decimals = node.args.get("decimals")
    if decimals is not None and not isinstance(decimals, exp.Literal):
        return None
    number = decimals.name if decimals is not None else "0"
    places = "a whole number" if number == "0" else f"{number} decimals"
    words = say(strip_brackets(node.this), scope)
    return f"{words} (rounded to {places})".replace(" 1 decimals", " 1 decimal")


def _say_cast(node: exp.Expr, scope: Scope) -> str:
    kind = str(node.args["to"].sql(dialect="sqlite")).upper()
    inner = strip_brackets(node.this)
    if kind.startswith("INT") or kind == "BIGINT":
        part = isinstance(inner, exp.TimeToStr | exp.Substring)
        return say(inner, scope) if part else f"{operand(inner, scope)} as a whole number"
    return f"{operand(inner, scope)} as text" if kind == "TEXT" else say(inner, scope)


def _say_case(node: exp.Expr, scope: Scope) -> str | None:
    subject = node.this
    branches = []
    for branch in node.args.get("ifs") or []:
        test = branch.this if subject is None else exp.EQ(this=subject, expression=branch.this)
        value = operand(branch.args["true"], scope)
        branches.append(f"{value} if {scope.teller.where(test, scope)}")
    default = node.args.get("default")
    return ", ".join([*branches, f"otherwise {operand(default, scope) if default else 'nothing'}"])


def _say_if(node: exp.Expr, scope: Scope) -> str:
    default = node.args.get("false")
    otherwise = operand(default, scope) if default is not None else "nothing"
    chosen = operand(node.args["true"], scope)
    return f"{chosen} if {scope.teller.where(node.this, scope)}, otherwise {otherwise}"


def _say_subquery(node: exp.Expr, scope: Scope) -> str:
    words = scope.teller.describe(node.unnest(), scope)
    plain = " where " not in words and ", " not in words
    return f"the {words}" if plain and not words.startswith("the ") else f"(the {words})"


def _say_coalesce(node: exp.Expr, scope: Scope) -> str:
    choices = [operand(part, scope) for part in (node.this, *node.expressions)]
    return ", or else ".join(choices)


def _say_absolute(node: exp.Expr, scope: Scope) -> str:
    return f"size of {operand(node.this, scope)}"


def _say_negative(node: exp.Expr, scope: Scope) -> str:
    inner = strip_brackets(node.this)
    return f"-{inner.name}" if isinstance(inner, exp.Literal) else f"minus {operand(inner, scope)}"


def _say_inner(node: exp.Expr, scope: Scope) -> str:
    return say(node.this, scope)


def _say_constant(node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.Boolean):
        return "true" if node.this else "false"
    if isinstance(node, exp.Null):
        return "nothing"
    if isinstance(node, exp.CurrentTime):
        return "the time now"
    return "now" if isinstance(node, exp.CurrentTimestamp) else "today"


def _say_length(node: exp.Expr, scope: Scope) -> str:
    return f"length of {operand(node.this, scope)}"


def _say_joined(node: exp.Expr, scope: Scope) -> str:
    swapped = read_swapped(node)
    if swapped is not None:
        words = operand(swapped[0], scope)
        return f"month of {words}" if swapped[1] == "%Y-%m" else words
    parts = [strip_brackets(part) for part in node.flatten()]
    # A blank or a sign between two names goes without saying, but not without being there.
    return " followed by ".join(operand(part, scope) for part in parts)


def _say_predicate(node: exp.Expr, scope: Scope) -> str:
    return f"whether {scope.teller.where(node, scope)}"


def _say_star(node: exp.Expr, scope: Scope) -> str:
    return "all details"


def _say_modulo(node: exp.Expr, scope: Scope) -> str:
    parts = [operand(part, scope) for part in (node.this, node.expression)]
    return f"remainder of {parts[0]} divided by {parts[1]}"


def _say_letters(node: exp.Expr, scope: Scope) -> str:
    case = "small" if isinstance(node, exp.Lower) else "capital"
    return f"{operand(node.this, scope)} in {case} letters"


def _say_trim(node: exp.Expr, scope: Scope) -> str:
    extra = node.args.get("expression")
    what = "blanks" if extra is None else operand(extra, scope)
    return f"{operand(node.this, scope)} without {what} around it"


def _say_replace(node: exp.Expr, scope: Scope) -> str | None:
    if node.args.get("replacement") is None:
        return None
    old, new = (operand(node.args[name], scope) for name in ("expression", "replacement"))
    return f"{operand(node.this, scope)} with {old} replaced by {new}"


def _say_position(node: exp.Expr, scope: Scope) -> str | None:
    return f"position of {operand(node.args['substr'], scope)} in {operand(node.this, scope)}"


def _say_nullif(node: exp.Expr, scope: Scope) -> str:
    words = operand(node.this, scope)
    return f"{words} (nothing where it is {operand(node.expression, scope)})"


def _say_choice(node: exp.Expr, scope: Scope) -> str:
    word = "smaller" if isinstance(node, exp.Least) else "larger"
    parts = [operand(part, scope) for part in (node.this, *node.expressions)]
    if len(parts) > 2:
        word = "smallest" if word == "smaller" else "largest"
    return f"{word} of {join_words(parts)}"


def _say_list(node: exp.Expr, scope: Scope) -> str:
    inner = node.this
    if isinstance(inner, exp.Distinct) and len(inner.expressions) == 1:
        return f"list of the different {operand(inner.expressions[0], scope)} values"
    between = node.args.get("separator")
    ending = f" with {operand(between, scope)} between them" if between is not None else ""
    return f"list of {operand(inner, scope)} values{ending}"


_SPEAKERS: dict[type[exp.Expr], Callable[[exp.Expr, Scope], str | None]] = {
    exp.Abs: _say_absolute,
    exp.Anonymous: say_call,
    exp.Avg: say_average,
    exp.Boolean: _say_constant,
    exp.Case: _say_case,
    exp.Cast: _say_cast,
    exp.Coalesce: _say_coalesce,
    exp.Column: say_column,
    exp.Count: say_count,
    exp.CurrentDate: _say_constant,
    exp.CurrentTime: _say_constant,
    exp.CurrentTimestamp: _say_constant,
    exp.DPipe: _say_joined,
    exp.Date: say_date,
    exp.Greatest: _say_choice,
    exp.Filter: say_filtered,
    exp.GroupConcat: _say_list,
    exp.If: _say_if,
    exp.Least: _say_choice,
    exp.Length: _say_length,
    exp.Literal: _say_literal,
    exp.Lower: _say_letters,
    exp.Max: say_extreme,
    exp.Min: say_extreme,
    exp.Mod: _say_modulo,
    exp.Neg: _say_negative,
    exp.Null: _say_constant,
    exp.Nullif: _say_nullif,
    exp.Paren: _say_inner,
    exp.Replace: _say_replace,
    exp.Round: _say_round,
    exp.Star: _say_star,
    exp.StrPosition: _say_position,
    exp.Subquery: _say_subquery,
    exp.Substring: say_substring,
    exp.Sum: say_total,
    exp.TimeToStr: say_date_part,
    exp.Trim: _say_trim,
    exp.Upper: _say_letters,
    exp.Window: say_window,
    **dict.fromkeys(_SYMBOLS, _say_arithmetic),
    **dict.fromkeys(
        (
            exp.EQ,
            exp.NEQ,
            exp.GT,
            exp.GTE,
            exp.LT,
            exp.LTE,
            exp.Like,
            exp.In,
            exp.Between,
            exp.Exists,
            exp.Is,
            exp.And,
            exp.Or,
            exp.Not,
        ),
        _say_predicate,
    ),
}
