"""Dates, and parts of them, that a condition compares. Pure; for ``t2s.explain``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from t2s.explain_scope import Scope, find_column, strip_brackets
from t2s.explain_slices import read_slice, read_swapped

Grain = Literal["day", "month", "year", "month_of_year", "weekday"]

_FORMATS: dict[str, Grain] = {
    "%Y": "year",
    "%Y-%m": "month",
    "%Y-%m-%d": "day",
    "%m": "month_of_year",
    "%w": "weekday",
}
_ISO_SLICES: dict[tuple[int, int], Grain] = {
    (1, 4): "year",
    (1, 7): "month",
    (1, 10): "day",
    (6, 2): "month_of_year",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A date, or a part of one, that is compared.

    Attributes:
        node: The expression that holds the date.
        grain: What part of it.
        has_time: True when a time of day follows the day.
    """

    node: exp.Expr
    grain: Grain
    has_time: bool


def find_subject(node: exp.Expr, scope: Scope) -> Subject | None:
    """Return what date an expression stands for, None when it is none or not known to be one."""
    node = strip_brackets(node)
    if isinstance(node, exp.Cast) and _is_integer(node):
        inner = find_subject(node.this, scope)
        return inner if inner is not None and inner.grain != "day" else None
    if isinstance(node, exp.TimeToStr):
        grain = _FORMATS.get(node.text("format"))
        moment = node.this
        if isinstance(moment, exp.TsOrDsToTimestamp):
            moment = moment.this
        return _subject(moment, grain) if _is_dated(moment) else None
    if isinstance(node, exp.Date) and not node.expressions and node.this is not None:
        return _subject(node.this, "day") if _is_dated(node.this) else None
    swapped = read_swapped(node)
    if swapped is not None:
        return _subject(swapped[0], "day" if swapped[1] == "%Y-%m-%d" else "month")
    if isinstance(node, exp.Substring):
        return _find_slice(node, scope)
    return _find_day(node, scope)


def _subject(node: exp.Expr, grain: Grain | None) -> Subject | None:
    return None if grain is None else Subject(node, grain, has_time=False)


def _is_integer(node: exp.Cast) -> bool:
    return node.args["to"].sql(dialect="sqlite").upper() in ("INTEGER", "INT", "BIGINT")


def _is_dated(node: exp.Expr) -> bool:
    return isinstance(strip_brackets(node), exp.Column)


def _find_slice(node: exp.Substring, scope: Scope) -> Subject | None:
    found = find_column(strip_brackets(node.this), scope)
    if found is None or found[1].kind != "date":
        return None
    form, where = found[1].date_format, read_slice(node)
    if form.startswith("%Y-%m-%d"):
        return _subject(node.this, _ISO_SLICES.get(where))
    if re.match(r"%[dm][/.-]%[dm][/.-]%Y", form):
        month = (4, 2) if form.startswith("%d") else (1, 2)
        grains: dict[tuple[int, int], Grain] = {(7, 4): "year", month: "month_of_year"}
        return _subject(node.this, grains.get(where))
    return None


def _find_day(node: exp.Expr, scope: Scope) -> Subject | None:
    found = find_column(node, scope)
    if found is None or found[1].kind != "date":
        return None
    form = found[1].date_format
    if form and not form.startswith("%Y-%m-%d"):
        return None
    return Subject(node, "day", has_time="%H" in form or "%I" in form)
