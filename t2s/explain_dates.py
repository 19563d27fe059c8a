"""Comparisons with dates, in plain English: "in 2023", "since January 2023". Pure; for ``t2s.explain``.

Covered: ISO dates kept as text, parts of them made by strftime and SUBSTR, day-first and month-first texts put
together, and intervals of two comparisons. What is compared in any other way gets no phrase here.
"""

from __future__ import annotations

import calendar
import datetime
import re
from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_days import say_day, say_interval, say_month, span_of
from t2s.explain_nouns import join_words
from t2s.explain_scope import Scope, find_column, strip_brackets
from t2s.explain_subjects import Subject, find_subject

_ISO = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[ T](00:00(?::00)?|23:59(?::59)?))?)?)?")
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


@dataclass(frozen=True, slots=True)
class Period:
    """What a date is compared with.

    Attributes:
        node: The expression that holds the date.
        words: What follows "orders": "in 2023", "since January 2023".
        clause: What follows "the date": "is in 2023", "is January 2023 or later".
    """

    node: exp.Expr
    words: str
    clause: str


@dataclass(frozen=True, slots=True)
class _Bound:
    """One side of an interval: ``day`` itself is inside a lower one, outside an upper one."""

    subject: Subject
    is_lower: bool
    day: datetime.date
    period: Period


def find_period(node: exp.Expr, scope: Scope) -> Period | None:
    """Return the words for one comparison of a date, None when there are none."""
    node = strip_brackets(node)
    bound = _find_bound(node, scope)
    if bound is not None:
        return bound.period
    if isinstance(node, exp.Between):
        return _say_between(node, scope)
    if isinstance(node, exp.Like) and not node.args.get("negate"):
        return _say_prefix(node, scope)
    compared = _read_sides(node)
    if compared is not None and compared[1] in ("=", "!="):
        return _say_equal(compared[0], [compared[2]], scope, negated=compared[1] == "!=")
    if isinstance(node, exp.In) and node.args.get("query") is None and node.expressions:
        return _say_equal(node.this, node.expressions, scope, negated=False)
    return None


def merge_periods(nodes: list[exp.Expr], scope: Scope) -> tuple[list[Period], list[exp.Expr]]:
    """Return the periods that conditions name, two sides of an interval as one, and the other conditions."""
    periods: list[Period] = []
    others: list[exp.Expr] = []
    open_bounds: list[_Bound] = []
    for node in nodes:
        bound = _find_bound(strip_brackets(node), scope)
        if bound is None:
            period = find_period(node, scope)
            periods += [] if period is None else [period]
            others += [node] if period is None else []
            continue
        partner = next((b for b in open_bounds if _closes(b, bound)), None)
        if partner is None:
            open_bounds.append(bound)
            periods.append(bound.period)
            continue
        open_bounds.remove(partner)
        lower, upper = (bound, partner) if bound.is_lower else (partner, bound)
        words = say_interval(lower.day, upper.day)
        periods[periods.index(partner.period)] = Period(bound.subject.node, words, f"is {words}")
    return periods, others


def _closes(one: _Bound, other: _Bound) -> bool:
    lower, upper = (one, other) if one.is_lower else (other, one)
    same = one.subject.node.sql() == other.subject.node.sql()
    return same and one.is_lower != other.is_lower and lower.day < upper.day


def _read_sides(node: exp.Expr) -> tuple[exp.Expr, str, exp.Expr] | None:
    """Return a comparison as subject, operator and literal, turned round where the literal stands first."""
    operator = _OPERATORS.get(type(node))
    if operator is None:
        return None
    left, right = strip_brackets(node.this), strip_brackets(node.expression)
    if isinstance(left, exp.Literal):
        return right, _MIRRORED.get(operator, operator), left
    return left, operator, right


def _find_bound(node: exp.Expr, scope: Scope) -> _Bound | None:
    compared = _read_sides(node)
    if compared is None or compared[1] in ("=", "!="):
        return None
    left, operator, right = compared
    subject = find_subject(left, scope)
    span = _read_span(subject, left, right, operator)
    if subject is None or span is None:
        return None
    start, end, whole = span
    if operator in (">=", ">"):
        # Text that goes on after the literal is greater than it.
        after = operator == ">" and whole
        words = _name_span(start, end, whole) if after else _name_start(start, subject)
        clause = f"is after {words}" if after else f"is {words} or later"
        period = Period(subject.node, f"{'after' if after else 'since'} {words}", clause)
        return _Bound(subject, True, end if after else start, period)
    until = operator == "<=" and whole
    words = _name_span(start, end, whole) if until else _name_start(start, subject)
    said = f"the end of {words}" if subject.grain != "day" else words
    period = (
        Period(subject.node, f"until {said}", f"is {words} or earlier")
        if until
        else Period(subject.node, f"before {words}", f"is before {words}")
    )
    return _Bound(subject, False, end if until else start, period)


def _read_span(
    subject: Subject | None, left: exp.Expr, right: exp.Expr, operator: str
) -> tuple[datetime.date, datetime.date, bool] | None:
    """Return first day, day after the last, and whether equal values lie between them."""
    if subject is None or subject.grain in ("month_of_year", "weekday"):
        return None
    right = strip_brackets(right)
    numeric = isinstance(strip_brackets(left), exp.Cast)
    if not isinstance(right, exp.Literal) or not (right.is_string or numeric):
        return None
    match = _ISO.fullmatch(right.name)
    if match is None:
        return None
    parts = 1 + sum(match[group] is not None for group in (2, 3))
    span = span_of(int(match[1]), int(match[2] or 1), int(match[3] or 1), parts)
    if span is None or (subject.grain != "day" and parts != {"year": 1, "month": 2}[subject.grain]):
        return None
    if match[4] is not None:
        # 23:59:59 is as good as the end of the day, midnight its beginning.
        is_end = match[4].startswith("23")
        fits = operator == "<=" if is_end else operator in (">=", "<")
        return (*span, is_end) if fits and subject.has_time else None
    whole = subject.grain != "day" or (parts == 3 and not subject.has_time)
    return (*span, whole)


def _name_span(start: datetime.date, end: datetime.date, whole: bool) -> str:
    days = (end - start).days if whole else 1
    return say_day(start) if days == 1 else say_month(start) if days < 32 else str(start.year)


def _name_start(start: datetime.date, subject: Subject) -> str:
    if subject.grain == "year":
        return str(start.year)
    return say_month(start) if start.day == 1 else say_day(start)


def _say_between(node: exp.Between, scope: Scope) -> Period | None:
    subject = find_subject(node.this, scope)
    low, high = node.args["low"], node.args["high"]
    spans = _read_span(subject, node.this, low, ">="), _read_span(subject, node.this, high, "<=")
    if subject is None:
        return None
    if subject.grain == "month_of_year":
        ends = _name_part(subject, low), _name_part(subject, high)
        if ends[0] is None or ends[1] is None:
            return None
        words = f"in {ends[0]} to {ends[1]}"
        return Period(subject.node, words, f"is {words}")
    if spans[0] is None or spans[1] is None:
        return None
    first, (start, end, whole) = spans[0][0], spans[1]
    end = end if whole else start
    if first >= end:
        return None
    words = say_interval(first, end)
    if not whole:
        words = f"from {_name_start(first, subject)} until before {_name_start(start, subject)}"
    return Period(subject.node, words, f"is {words}")


def _say_prefix(node: exp.Like, scope: Scope) -> Period | None:
    subject, pattern = find_subject(node.this, scope), strip_brackets(node.expression)
    if subject is None or subject.grain != "day" or not isinstance(pattern, exp.Literal):
        return None
    match = re.fullmatch(r"(\d{4})-?(?:(?<=-)(\d\d)-?(?:(?<=-)(\d\d))?)?%", pattern.name)
    if match is None:
        return None
    parts = 1 + sum(part is not None for part in match.groups()[1:])
    span = span_of(int(match[1]), int(match[2] or 1), int(match[3] or 1), parts)
    if span is None:
        return None
    words = say_interval(*span)
    return Period(subject.node, words, f"is {words}")


def _say_equal(
    left: exp.Expr, choices: list[exp.Expr], scope: Scope, *, negated: bool
) -> Period | None:
    subject = find_subject(left, scope)
    if subject is None:
        return _say_written_day(left, choices, scope, negated=negated)
    said = []
    for choice in choices:
        if subject.grain in ("month_of_year", "weekday"):
            words = _name_part(subject, choice)
        else:
            span = _read_span(subject, left, choice, "=")
            words = _name_span(*span) if span is not None and span[2] else None
        if words is None:
            return None
        said.append(words)
    word = "on" if subject.grain in ("day", "weekday") else "in"
    phrase = f"{'not ' if negated else ''}{word} {join_words(said, 'or')}"
    return Period(subject.node, phrase, f"is {phrase}")


def _name_part(subject: Subject, node: exp.Expr) -> str | None:
    """Return "May" for '05', "a Sunday" for '0'."""
    node = strip_brackets(node)
    if not isinstance(node, exp.Literal) or not node.name.isdigit() or len(node.name) > 2:
        return None
    number = int(node.name)
    if subject.grain == "weekday":
        return f"a {_WEEKDAYS[number]}" if number < 7 else None
    return calendar.month_name[number] if 1 <= number <= 12 else None


def _say_written_day(
    left: exp.Expr, choices: list[exp.Expr], scope: Scope, *, negated: bool
) -> Period | None:
    """Return the days that texts such as '05/03/2023' stand for in a column of that format."""
    found = find_column(strip_brackets(left), scope)
    if found is None or found[1].kind != "date" or "%Y" not in found[1].date_format:
        return None
    said = []
    for choice in map(strip_brackets, choices):
        if not isinstance(choice, exp.Literal) or not choice.is_string:
            return None
        try:
            day = datetime.datetime.strptime(choice.name, found[1].date_format)
        except ValueError:
            return None
        if "%H" in found[1].date_format or "%I" in found[1].date_format:
            return None
        said.append(say_day(day.date()))
    phrase = f"{'not ' if negated else ''}on {join_words(said, 'or')}"
    return Period(strip_brackets(left), phrase, f"is {phrase}")
