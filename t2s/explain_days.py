"""Days, months and intervals as people write them. Pure; for ``t2s.explain``."""

from __future__ import annotations

import calendar
import datetime

_ONE_DAY = datetime.timedelta(days=1)


def span_of(
    year: int, month: int, day: int, parts: int
) -> tuple[datetime.date, datetime.date] | None:
    """Return the first day of a year, month or day (one to three parts) and the day after its last; None for no date."""
    try:
        start = datetime.date(year, month, day)
        if parts == 1:
            return start, datetime.date(year + 1, 1, 1)
        if parts == 2:
            return start, datetime.date(year + month // 12, month % 12 + 1, 1)
        return start, start + _ONE_DAY
    except (ValueError, OverflowError):
        return None


def say_day(day: datetime.date) -> str:
    """Return "5 March 2023"."""
    return f"{day.day} {say_month(day)}"


def say_month(day: datetime.date) -> str:
    """Return "March 2023"."""
    return f"{calendar.month_name[day.month]} {day.year}"


def say_interval(first: datetime.date, end: datetime.date) -> str:
    """Return "in 2023", "in May 2023", "on 5 March 2023" or "from ... to ..." for days before ``end``."""
    last = end - _ONE_DAY
    if first == last:
        return f"on {say_day(first)}"
    if first.day == 1 and end.day == 1:
        if (first.month, end.month) == (1, 1):
            return (
                f"in {first.year}"
                if last.year == first.year
                else f"from {first.year} to {last.year}"
            )
        if (first.year, first.month) == (last.year, last.month):
            return f"in {say_month(first)}"
        start = say_month(first) if first.year != last.year else calendar.month_name[first.month]
        return f"from {start} to {say_month(last)}"
    return f"from {say_day(first)} to {say_day(last)}"
