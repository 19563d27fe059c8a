"""Points in time and parts of dates in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

import re

from sqlglot import exp

from t2s.explain_operands import operand
from t2s.explain_scope import Scope, find_column, strip_brackets
from t2s.explain_slices import read_slice
from t2s.explain_totals import say_total

_CODES = {
    "%Y": "year",
    "%m": "calendar month",
    "%Y-%m": "month",
    "%d": "day of the month",
    "%w": "weekday (0 is Sunday)",
    "%j": "day of the year",
    "%J": "day number",
    "%W": "week of the year",
    "%H": "hour",
    "%M": "minute",
    "%S": "second",
    "%s": "seconds since 1970",
    "%Y-%m-%d": "day",
    "%m-%d": "calendar day",
    "%H:%M": "time",
}
_SLICED = {
    ("%Y-%m-%d", (1, 4)): "year",
    ("%Y-%m-%d", (6, 2)): "calendar month",
    ("%Y-%m-%d", (9, 2)): "day of the month",
    ("%Y-%m-%d", (1, 7)): "month",
    ("%Y-%m-%d", (1, 10)): "day",
    ("%Y-%m-%d", (12, 2)): "hour",
    ("%d/%m/%Y", (7, 4)): "year",
    ("%d/%m/%Y", (4, 2)): "calendar month",
    ("%d/%m/%Y", (1, 2)): "day of the month",
    ("%m/%d/%Y", (7, 4)): "year",
    ("%m/%d/%Y", (1, 2)): "calendar month",
    ("%m/%d/%Y", (4, 2)): "day of the month",
}
_SHIFT = re.compile(r"([+-])(\d+(?:\.\d+)?) (second|minute|hour|day|month|year)s?")
_NAMES = {
    "datetime": "date and time",
    "date": "day",
    "time": "time of day",
    "julianday": "day number",
}


def say_moment(node: exp.Expr, scope: Scope) -> str:
    """Return a point in time in words; 'now' is today."""
    if isinstance(node, exp.TsOrDsToTimestamp):
        node = node.this
    node = strip_brackets(node)
    if isinstance(node, exp.Literal) and node.name.casefold() == "now":
        return "today"
    return operand(node, scope)


def say_date_part(node: exp.Expr, scope: Scope) -> str | None:
    """Return a STRFTIME in words: "month of the day"."""
    part = _CODES.get(node.text("format"))
    if part is None:
        return None
    moment = say_moment(node.this, scope)
    if moment == "today" and part in ("year", "month"):
        return f"this {part}"
    return "today" if moment == "today" and part == "day" else f"{part} of {moment}"


def say_date(node: exp.Expr, scope: Scope) -> str | None:
    """Return a DATE of one argument in words."""
    if node.expressions or node.this is None:
        return None
    moment = say_moment(node.this, scope)
    return moment if moment == "today" else f"day of {moment}"


def say_substring(node: exp.Expr, scope: Scope) -> str | None:
    """Return a SUBSTR in words; of a date it is a part of it."""
    start, length = read_slice(node)
    if start < 1 or length < 1:
        return None
    found = find_column(strip_brackets(node.this), scope)
    if found is not None and found[1].kind == "date":
        form = found[1].date_format.replace(".", "/")
        form = form[:8] if form.startswith("%Y-%m-%d") else form.replace("-", "/")[:8]
        part = _SLICED.get((form, (start, length)))
        if part is not None:
            return f"{part} of {operand(node.this, scope)}"
    where = f"first {length} characters"
    if start > 1 or length == 1:
        where = (
            f"characters {start} to {start + length - 1}" if length > 1 else f"character {start}"
        )
    return f"{where} of {operand(node.this, scope)}"


def say_call(node: exp.Expr, scope: Scope) -> str | None:
    """Return date functions with shifts, and TOTAL, in words; None for others."""
    name, arguments = str(node.this).casefold(), node.expressions
    if name == "total" and len(arguments) == 1:
        return say_total(exp.Sum(this=arguments[0]), scope)
    if name not in _NAMES or not arguments:
        return None
    words, here = say_moment(arguments[0], scope), name
    for shift in arguments[1:]:
        said = _say_shift(words, shift.name) if isinstance(shift, exp.Literal) else None
        if said is None:
            return None
        words = said
    if words.startswith("today") and name in ("datetime", "time") and len(arguments) == 1:
        return "now" if name == "datetime" else "the time now"
    now = isinstance(arguments[0], exp.Literal) or len(arguments) > 1
    return words if now and here in ("date", "datetime") else f"{_NAMES[name]} of {words}"


def _say_shift(words: str, shift: str) -> str | None:
    """Return "30 days before today" for '-30 days', None for what has no wording."""
    match = _SHIFT.fullmatch(shift.casefold())
    if match is not None:
        count = f"{match[2]} {match[3]}{'' if match[2] == '1' else 's'}"
        if words == "today" and match[1] == "-":
            return f"{count} ago"
        return f"{count} {'before' if match[1] == '-' else 'after'} {words}"
    begins = re.fullmatch(r"start of (day|month|year)", shift.casefold())
    if begins is None:
        return None
    return (
        f"the start of this {begins[1]}"
        if words == "today"
        else f"the start of the {begins[1]} of {words}"
    )
