"""SQL expressions in plain English, for ``t2s.explain``. Pure.

Every phrase is derived from the syntax tree. What has no phrase here is shown as SQL text, which is always
true.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from t2s.explain_scope import Scope, find_column, kind_of, quote, say_column, strip_brackets

_CODES = {
    "%Y": "year",
    "%m": "month number",
    "%Y-%m": "year and month",
    "%d": "day of the month",
    "%w": "weekday number (0 is Sunday)",
    "%j": "day of the year",
    "%W": "week number",
    "%H": "hour",
    "%M": "minute",
    "%Y-%m-%d": "date",
}
_SYMBOLS: dict[type[exp.Expr], str] = {
    exp.Add: "plus",
    exp.Sub: "minus",
    exp.Mul: "times",
    exp.Div: "divided by",
}


# Where year, month and day stand in dd/mm/yyyy and mm/dd/yyyy.
_DAY_ORDERS = ([(7, 4), (4, 2), (1, 2)], [(7, 4), (1, 2), (4, 2)])
_NAMED = (
    exp.Column
    | exp.AggFunc
    | exp.TimeToStr
    | exp.Date
    | exp.Length
    | exp.Substring
    | exp.Round
    | exp.Cast
)


def say(node: exp.Expr, scope: Scope) -> str:
    """Return an expression in words, without an article in front."""
    speaker = _SPEAKERS.get(type(node))
    words = speaker(node, scope) if speaker is not None else None
    return sql_text(node) if words is None else words


def say_item(node: exp.Expr, scope: Scope) -> str:
    """Return one entry of a select list in words, with an article where one belongs."""
    node = strip_brackets(node.unalias())
    branching = isinstance(node, exp.Case | exp.If | exp.Coalesce)
    words = operand(node, scope) if branching else say(node, scope)
    named = isinstance(node, _NAMED) and not isinstance(node.this, exp.Subquery | exp.Literal)
    return f"the {words}" if named and words[:1] not in "'\"(" and not node.is_star else words


def sql_text(node: exp.Expr) -> str:
    """Return the SQL of a node on one line."""
    return " ".join(node.sql(dialect="sqlite").split())


def _say_literal(node: exp.Expr, scope: Scope) -> str:
    return quote(node.name) if node.is_string else node.name


def _say_count(node: exp.Expr, scope: Scope) -> str | None:
    counted = node.this
    if isinstance(counted, exp.Star):
        return "number of records"
    if isinstance(counted, exp.Distinct):
        if len(counted.expressions) != 1:
            return None
        return f"number of different {say(counted.expressions[0], scope)} values"
    if isinstance(counted, exp.Case):
        flagged = _flag_condition(counted, needs_zero=False)
        return None if flagged is None else f"number of records where {scope.where(flagged, scope)}"
    found = find_column(counted, scope)
    if isinstance(counted, exp.Literal):
        return "number of records"
    if found is not None and len(scope.sources) == 1 and not found[1].nullable:
        return "number of records"
    return f"number of {say(counted, scope)} values"


def _flag_condition(case: exp.Expr, *, needs_zero: bool) -> exp.Expr | None:
    """Return c of CASE WHEN c THEN 1 ELSE 0 END, also without its ELSE; None for anything else."""
    branches = case.args.get("ifs") or []
    default = case.args.get("default")
    if case.this is not None or len(branches) != 1 or not _is_number(branches[0].args["true"], "1"):
        return None
    allowed = default is None or isinstance(default, exp.Null)
    if needs_zero:
        allowed = allowed or _is_number(default, "0")
    return branches[0].this if allowed else None


def _is_number(node: object, text: str) -> bool:
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    return float(node.name) == float(text)


def _say_sum(node: exp.Expr, scope: Scope) -> str:
    summed = strip_brackets(node.this)
    if isinstance(summed, exp.Case):
        flagged = _flag_condition(summed, needs_zero=True)
        if flagged is not None:
            return f"number of records where {scope.where(flagged, scope)}"
    if isinstance(summed, exp.If) and (
        _is_number(summed.args.get("true"), "1") and _is_number(summed.args.get("false"), "0")
    ):
        return f"number of records where {scope.where(summed.this, scope)}"
    if isinstance(summed, exp.Predicate):
        return f"number of records where {scope.where(summed, scope)}"
    return f"total {operand(summed, scope)}"


def _say_avg(node: exp.Expr, scope: Scope) -> str:
    if isinstance(node.this, exp.Distinct):
        return f"average of the different {say(node.this.expressions[0], scope)} values"
    return f"average {operand(node.this, scope)}"


def _say_extreme(node: exp.Expr, scope: Scope) -> str | None:
    if node.expressions:
        return None
    highest = isinstance(node, exp.Max)
    kind = kind_of(node.this, scope)
    words = {
        "number": ("lowest", "highest"),
        "date": ("earliest", "latest"),
        "text": ("alphabetically first", "alphabetically last"),
    }.get(kind or "", ("smallest", "largest"))
    return f"{words[highest]} {operand(node.this, scope)}"


def operand(node: exp.Expr, scope: Scope) -> str:
    """Return an expression in words that may stand inside another: in brackets when it is compound."""
    inner = strip_brackets(node)
    words = say(inner, scope)
    compound = isinstance(inner, exp.Binary | exp.Case | exp.If | exp.Coalesce)
    if not isinstance(inner, exp.Subquery | exp.Literal):
        compound = compound or " where " in words
    return f"({words})" if compound else words


def _say_arithmetic(node: exp.Expr, scope: Scope) -> str:
    left, right = strip_brackets(node.this), strip_brackets(node.expression)
    if isinstance(node, exp.Sub) and _is_julian(left) and _is_julian(right):
        start, end = right.expressions[0], left.expressions[0]
        return f"days from {_say_moment(start, scope)} to {_say_moment(end, scope)}"
    if isinstance(node, exp.Div) and isinstance(left, exp.Mul):
        for factor, part in ((left.this, left.expression), (left.expression, left.this)):
            if _is_number(strip_brackets(factor), "100"):
                return f"{operand(part, scope)} as a percentage of {operand(right, scope)}"
    return f"{operand(left, scope)} {_SYMBOLS[type(node)]} {operand(right, scope)}"


def _is_julian(node: exp.Expr) -> bool:
    named = isinstance(node, exp.Anonymous) and node.name.casefold() == "julianday"
    return named and len(node.expressions) == 1


def _say_moment(node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.TsOrDsToTimestamp):
        node = node.this
    if isinstance(node, exp.Literal) and node.name.casefold() == "now":
        return "today"
    return say(node, scope)


def _say_date_part(node: exp.Expr, scope: Scope) -> str | None:
    part = _CODES.get(node.text("format"))
    return None if part is None else f"{part} of {_say_moment(node.this, scope)}"


def _say_date(node: exp.Expr, scope: Scope) -> str | None:
    if node.expressions or node.this is None:
        return None
    moment = _say_moment(node.this, scope)
    return moment if moment == "today" else f"date of {moment}"


def _say_substring(node: exp.Expr, scope: Scope) -> str | None:
    start, length = _read_slice(node)
    if start < 1 or length < 1:
        return None
    where = f"first {length} characters"
    if start > 1:
        where = f"characters {start} to {start + length - 1}"
    return f"{where} of {operand(node.this, scope)}"


def _read_slice(node: exp.Expr) -> tuple[int, int]:
    """Return start and length of a SUBSTR with plain numbers, zeros for any other."""
    numbers = [node.args.get("start"), node.args.get("length")]
    texts = [each.name for each in numbers if isinstance(each, exp.Literal) and each.name.isdigit()]
    return (int(texts[0]), int(texts[1])) if len(texts) == 2 else (0, 0)


def _say_round(node: exp.Expr, scope: Scope) -> str | None:
    decimals = node.args.get("decimals")
    if decimals is not None and not isinstance(decimals, exp.Literal):
        return None
    number = decimals.name if decimals is not None else "0"
    places = "a whole number" if number == "0" else f"{number} decimals"
    return f"{operand(node.this, scope)} rounded to {places}".replace(" 1 decimals", " 1 decimal")


def _say_cast(node: exp.Expr, scope: Scope) -> str:
    kind = str(node.args["to"].sql(dialect="sqlite")).upper()
    words = operand(node.this, scope)
    if kind.startswith("INT") or kind == "BIGINT":
        return f"{words} as a whole number"
    return f"{words} as text" if kind == "TEXT" else words


def _say_case(node: exp.Expr, scope: Scope) -> str | None:
    if node.this is not None:
        return None
    branches = [
        f"{operand(branch.args['true'], scope)} where {scope.where(branch.this, scope)}"
        for branch in node.args.get("ifs") or []
    ]
    default = node.args.get("default")
    return ", ".join([*branches, f"otherwise {operand(default, scope) if default else 'nothing'}"])


def _say_if(node: exp.Expr, scope: Scope) -> str:
    default = node.args.get("false")
    otherwise = operand(default, scope) if default is not None else "nothing"
    chosen = operand(node.args["true"], scope)
    return f"{chosen} where {scope.where(node.this, scope)}, otherwise {otherwise}"


def _say_subquery(node: exp.Expr, scope: Scope) -> str:
    return f"({scope.describe(node.unnest(), scope)})"


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
    return "no value" if isinstance(node, exp.Null) else "today"


def _say_length(node: exp.Expr, scope: Scope) -> str:
    return f"length of {operand(node.this, scope)}"


def _say_joined(node: exp.Expr, scope: Scope) -> str:
    parts = [strip_brackets(part) for part in node.flatten()]
    pieces = [part for part in parts if isinstance(part, exp.Substring)]
    if len(parts) == 5 and len(pieces) == 3 and len({piece.this.sql() for piece in pieces}) == 1:
        dashes = all(isinstance(part, exp.Literal) and part.name == "-" for part in parts[1::2])
        if dashes and [_read_slice(piece) for piece in pieces] in _DAY_ORDERS:
            return f"{operand(pieces[0].this, scope)} as a date"
    return " followed by ".join(operand(part, scope) for part in parts)


def _say_predicate(node: exp.Expr, scope: Scope) -> str:
    return f"whether {scope.where(node, scope)}"


def _say_star(node: exp.Expr, scope: Scope) -> str:
    return "every column"


_SPEAKERS: dict[type[exp.Expr], Callable[[exp.Expr, Scope], str | None]] = {
    exp.Abs: _say_absolute,
    exp.Avg: _say_avg,
    exp.Boolean: _say_constant,
    exp.Case: _say_case,
    exp.Cast: _say_cast,
    exp.Coalesce: _say_coalesce,
    exp.Column: say_column,
    exp.Count: _say_count,
    exp.CurrentDate: _say_constant,
    exp.DPipe: _say_joined,
    exp.Date: _say_date,
    exp.If: _say_if,
    exp.Length: _say_length,
    exp.Literal: _say_literal,
    exp.Max: _say_extreme,
    exp.Min: _say_extreme,
    exp.Neg: _say_negative,
    exp.Null: _say_constant,
    exp.Paren: _say_inner,
    exp.Round: _say_round,
    exp.Star: _say_star,
    exp.Subquery: _say_subquery,
    exp.Substring: _say_substring,
    exp.Sum: _say_sum,
    exp.TimeToStr: _say_date_part,
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
