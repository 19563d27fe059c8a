"""Date expressions as people write them, and the texts that SQL compares dates with.

Covered: years, decades, halves, quarters, months, days, ranges of them, and what is relative to a
given day. Not covered: holidays, week numbers, days without a year. Pure.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from t2s.expressions import TENS, UNITS

PeriodKind = Literal["day", "month", "span", "year", "decade", "month_of_year", "weekday"]

_MONTH_TEXT = """
january february march april may june july august september october november december
"""
_MONTHS = _MONTH_TEXT.split()
_WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR_WORDS = (
    r"(?:(?:nineteen|twenty)[\s-]+(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?"
    r"|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)\b)"
)
_YEAR = rf"(?:1[5-9]\d\d|20\d\d|{_YEAR_WORDS})"
_TO_ONLY = r"\s*(?:-|\u2013|to|through|thru|until|till)\s*"
_TO = r"\s*(?:-|\u2013|to|and|through|thru|until|till)\s*"
_ORDINAL_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_DECADES = {
    "twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960,
    "seventies": 1970, "eighties": 1980, "nineties": 1990, "noughties": 2000,
}  # fmt: skip
_QUARTERS = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4,
             "4th": 4, "last": 4, "final": 4, "q1": 1, "q2": 2, "q3": 3, "q4": 4}  # fmt: skip
# What a year does not follow, and what early ones do.
_AMOUNT_BEFORE = re.compile(
    r"(?:[$\u20ac\u00a3#/]|(?:more|less|fewer|greater) than|over|above|below|under)\s*$"
)
_YEAR_BEFORE = re.compile(r"\b(?:in|since|before|after|year|from|until|till|by|of|around)\s+$")
_ISO = "%Y-%m-%d"


@dataclass(frozen=True, slots=True)
class Period:
    """Question characters ``[start, end)`` stand for the days from ``first`` to ``last``.

    For ``month_of_year`` and ``weekday`` only the month or the day of the week of ``first`` counts.
    """

    start: int
    end: int
    kind: PeriodKind
    first: datetime.date
    last: datetime.date


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(_MONTHS, 1) if month.startswith(name.rstrip(".")[:3]))


def _month_end(year: int, month: int) -> datetime.date:
    following = datetime.date(year + month // 12, month % 12 + 1, 1)
    return following - datetime.timedelta(days=1)


def _add_months(day: datetime.date, months: int) -> datetime.date:
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(count, 12)
    return datetime.date(year, month + 1, min(day.day, _month_end(year, month + 1).day))


def _year(text: str) -> int:
    """Return the year written "2024", "24" or "twenty twenty-four"."""
    if text.isdigit():
        return int(text) if len(text) > 2 else 2000 + int(text)
    words = re.split(r"[\s-]+", text)
    rest = sum(UNITS.get(word, TENS.get(word, 0)) for word in words[1:])
    return (1900 if words[0] == "nineteen" else 2000) + rest


_Bounds = tuple[PeriodKind, datetime.date, datetime.date]
_Reader = Callable[["re.Match[str]", datetime.date], "_Bounds | None"]


def _day(year: int, month: int, day: int) -> _Bounds | None:
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1 <= year <= 9998):
        return None
    if day > _month_end(year, month).day:
        return None
    found = datetime.date(year, month, day)
    return "day", found, found


def _months(year: int, first: int, last: int) -> _Bounds:
    kind: PeriodKind = "month" if first == last else "span"
    return kind, datetime.date(year, first, 1), _month_end(year, last)


def _years(first: int, last: int) -> _Bounds | None:
    if not 1 <= first <= last <= 9998:
        return None
    kind: PeriodKind = "year" if first == last else "decade" if last == first + 9 else "span"
    return kind, datetime.date(first, 1, 1), datetime.date(last, 12, 31)


def _read_iso_day(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    return _day(_year(m["y"]), int(m["m"]), int(m["d"]))


def _read_slashed_day(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    """Day first, unless that is no date; see ``day_readings`` for the other reading."""
    year = _year(m["y"])
    return _day(year, int(m["b"]), int(m["a"])) or _day(year, int(m["a"]), int(m["b"]))


def _read_named_day(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    return _day(_year(m["y"]), _month_number(m["m"]), int(re.sub(r"\D", "", m["d"])))


def _read_day_range(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    year, month = _year(m["y"]), _month_number(m["m"])
    first_month = _month_number(m.groupdict().get("n") or m["m"])
    first = _day(year, first_month, int(re.sub(r"\D", "", m["a"])))
    last = _day(year, month, int(re.sub(r"\D", "", m["d"])))
    return ("span", first[1], last[1]) if first and last and first[1] < last[1] else None


def _read_month_range(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    first, last = _month_number(m["m"]), _month_number(m["n"])
    year = _year(m["y"])
    return _months(year, first, last) if first < last else None


def _read_month_year(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    month = _month_number(m["m"])
    return _months(_year(m["y"]), month, month)


def _read_iso_month(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    month = int(m["m"])
    return _months(_year(m["y"]), month, month) if 1 <= month <= 12 else None


def _read_last_month_named(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    month = _month_number(m["m"])
    before = month < today.month
    year = {"this": today.year, "next": today.year + before}.get(m["w"], today.year - (not before))
    return _months(year, month, month)


def _read_quarter(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    quarter = _QUARTERS[m["q"].replace(" ", "")]
    year = _year(m["y"]) if m["y"] else today.year
    return _months(year, 3 * quarter - 2, 3 * quarter)


def _read_half(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    second = m["h"] in ("second", "2nd", "h2")
    year = _year(m["y"]) if m["y"] else today.year
    return _months(year, 7 if second else 1, 12 if second else 6)


def _read_decade(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    text = m["d"]
    if text in _DECADES:
        first = _DECADES[text]
    elif len(text) == 4:
        first = int(text)
    else:
        first = (2000 if int(text) < 30 else 1900) + int(text)
    century = first % 100 == 0 and first < 2000
    return _years(first, first + (99 if century else 9))


def _read_century(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    word = m["c"]
    if word.endswith("hundreds"):
        first = 100 * UNITS[word.split()[0]]
    else:
        first = 100 * (int(re.sub(r"\D", "", word)) - 1)
    return _years(first, first + 99) if 1000 <= first <= 2000 else None


def _read_years(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    return _years(_year(m["y"]), _year(m["z"]))


def _read_year(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    year = _year(m["y"])
    if _AMOUNT_BEFORE.search(m.string[: m.start()]):
        return None
    if year < 1800 and not _YEAR_BEFORE.search(m.string[: m.start()]):
        return None
    return _years(year, year)


def _read_short_year(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    short = int(m["y"])
    year = (2000 if 2000 + short <= today.year + 5 else 1900) + short
    return _years(year, year)


def _read_near_day(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    offset = {"yesterday": -1, "today": 0, "tomorrow": 1}[m.group()]
    day = today + datetime.timedelta(days=offset)
    return "day", day, day


def _read_near_period(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    offset = {"this": 0, "current": 0, "next": 1}.get(m["w"], -1)
    if m["u"] == "week":
        monday = today + datetime.timedelta(days=7 * offset - today.weekday())
        return "span", monday, monday + datetime.timedelta(days=6)
    if m["u"] == "year":
        return _years(today.year + offset, today.year + offset)
    if m["u"] == "month":
        day = _add_months(today, offset)
        return _months(day.year, day.month, day.month)
    day = _add_months(today, 3 * offset)
    first = day.month - (day.month - 1) % 3
    return _months(day.year, first, first + 2)


def _read_past(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    count = int(m["n"]) if m["n"].isdigit() else UNITS.get(m["n"], TENS.get(m["n"], 1))
    if count > 1_200:
        return None
    if m["u"] in ("day", "week"):
        first = today - datetime.timedelta(days=count * (7 if m["u"] == "week" else 1))
    else:
        first = _add_months(today, -count * (12 if m["u"] == "year" else 1))
    return "span", first, today


def _read_bare_month(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    first = datetime.date(today.year, _month_number(m["m"]), 1)
    return "month_of_year", first, first


def _read_bare_months(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    first, last = _month_number(m["m"]), _month_number(m["n"])
    if first >= last:
        return None
    return "month_of_year", datetime.date(today.year, first, 1), datetime.date(today.year, last, 1)


def _read_weekday(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    # 2023-01-01 was a Sunday, day 0 of strftime's %w.
    number = next(i for i, day in enumerate(_WEEKDAYS) if day.startswith(m["d"][:3]))
    day = datetime.date(2023, 1, 1 + number)
    return "weekday", day, day


_NUMBER_WORD = "|".join([*UNITS, *TENS])


def _read_weekend(m: re.Match[str], today: datetime.date) -> _Bounds | None:
    return "weekday", datetime.date(2023, 1, 7), datetime.date(2023, 1, 8)


_PATTERNS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)", _read_iso_day),
        (r"\b(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<y>\d{4}|\d\d)\b", _read_slashed_day),
        (rf"\b(?P<a>{_ORDINAL_DAY}){_TO}(?P<d>{_ORDINAL_DAY})\s*(?:of\s+)?(?P<m>{_MONTH})\s*,?\s*"
         rf"(?P<y>{_YEAR})\b", _read_day_range),
        (rf"\b(?P<m>{_MONTH})\s*(?P<a>{_ORDINAL_DAY}){_TO}(?P<d>{_ORDINAL_DAY})\s*,?\s*(?P<y>{_YEAR})\b",
         _read_day_range),
        (rf"\b(?P<a>{_ORDINAL_DAY})\s*(?:of\s+)?(?P<n>{_MONTH}){_TO}"
         rf"(?P<d>{_ORDINAL_DAY})\s*(?:of\s+)?(?P<m>{_MONTH})\s*,?\s*(?P<y>{_YEAR})\b",
         _read_day_range),
        (rf"\b(?P<d>{_ORDINAL_DAY})\s*(?:of\s+)?[- ]?(?P<m>{_MONTH})\s*,?[- ]?(?P<y>{_YEAR})\b",
         _read_named_day),
        (rf"\b(?P<m>{_MONTH})\s*(?:the\s+)?(?P<d>{_ORDINAL_DAY})\s*,?\s+(?:of\s+)?(?P<y>{_YEAR})\b",
         _read_named_day),
        (rf"\b(?P<m>{_MONTH}){_TO}(?P<n>{_MONTH})\s*(?:of\s+|in\s+)?(?P<y>{_YEAR})\b",
         _read_month_range),
        (rf"\b(?P<m>{_MONTH})[\s,/-]*(?:of\s+|in\s+)?['\u2019]?(?P<y>{_YEAR}|(?<=['\u2019])\d\d)\b",
         _read_month_year),
        (rf"\b(?P<y>{_YEAR})[\s,-]+(?P<m>{_MONTH})\b", _read_month_year),
        (rf"\b(?P<y>{_YEAR})[-/](?P<m>0[1-9]|1[0-2])\b(?![-/]\d)", _read_iso_month),
        (rf"(?<![\d/])(?P<m>0?[1-9]|1[0-2])/(?P<y>{_YEAR})\b", _read_iso_month),
        (rf"\b(?P<w>last|past|previous|this|next)\s+(?P<m>{_MONTH})\b(?!\s*\d)",
         _read_last_month_named),
        (rf"\b(?P<y>{_YEAR})[\s,/-]*(?P<q>q ?[1-4])\b", _read_quarter),
        (rf"\b(?P<q>q ?[1-4])(?:\s*(?:of|in|/|-|,)?\s*(?:fy\s*)?(?P<y>{_YEAR}))?\b", _read_quarter),
        (rf"\b(?P<q>first|second|third|fourth|last|final|1st|2nd|3rd|4th)\s+quarter"
         rf"\s+(?:of\s+|in\s+)?(?P<y>{_YEAR})\b", _read_quarter),
        (rf"\b(?P<h>first|second|1st|2nd)\s+half\s+(?:of\s+|in\s+)?(?P<y>{_YEAR})\b", _read_half),
        (rf"\b(?P<h>h[12])\s*(?:of\s+|in\s+)?(?P<y>{_YEAR})\b", _read_half),
        (r"(?<![\w.])(?P<d>(?:1[5-9]|20)\d0)(?:'|\u2019)?s\b", _read_decade),
        (r"\b(?P<c>(?:1\d|20|21)(?:th|st)(?=[\s-]century)|(?:fif|six|seven|eigh|nine)teen hundreds)\b"
         r"(?:[\s-]century)?", _read_century),
        (r"(?<![\w.$])(?:'|\u2019)?(?P<d>[0-9]0)(?:'|\u2019)?s\b", _read_decade),
        (rf"\bthe\s+(?:early\s+|late\s+)?(?P<d>{'|'.join(_DECADES)})\b", _read_decade),
        (rf"\bbetween\s+(?P<y>{_YEAR})\s+and\s+(?P<z>{_YEAR})\b", _read_years),
        (rf"\b(?P<y>{_YEAR}){_TO_ONLY}(?P<z>{_YEAR})\b", _read_years),
        (rf"\b(?P<y>{_YEAR})\b(?!\s*%)", _read_year),
        (r"(?<!\w)['\u2019](?P<y>\d\d)\b(?!['\u2019]?s)", _read_short_year),
        (r"\b(?:yesterday|today|tomorrow)\b", _read_near_day),
        (r"\b(?P<w>last|past|previous|this|current|next)\s+(?P<u>week|month|quarter|year)\b",
         _read_near_period),
        (rf"\b(?:last|past|previous|recent)\s+(?P<n>\d+|{_NUMBER_WORD})\s+"
         rf"(?P<u>day|week|month|year)s?\b", _read_past),
        (rf"\b(?P<n>\d+|an?|{_NUMBER_WORD})\s+(?P<u>day|week|month|year)s?\s+ago\b", _read_past),
        (rf"\b(?P<m>{_MONTH}){_TO}(?P<n>{_MONTH})\b", _read_bare_months),
        (r"\b(?P<m>january|february|april|june|july|august|september|october|november|december)\b",
         _read_bare_month),
        (r"\b(?:in|of|during|since|for|from|every|each|until|before|after)\s+"
         rf"(?P<m>{_MONTH})(?!\w)(?!\s+\d)", _read_bare_month),
        (r"\bweekends?\b", _read_weekend),
        (r"\b(?P<d>(?:sun|mon|tues|wednes|thurs|fri|satur)day)s?\b", _read_weekday),
    )
)  # fmt: skip


def find_periods(question: str, today: datetime.date) -> tuple[Period, ...]:
    """Return the date expressions of a question in reading order, none inside another."""
    text = question.lower()
    if len(text) != len(question):
        # A letter whose lower case is longer would shift every position after it.
        text = question
    found: list[Period] = []
    taken = bytearray(len(text) + 1)
    for pattern, reader in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(taken[start:end]):
                continue
            bounds = reader(match, today)
            if bounds is not None:
                found.append(Period(start, end, *bounds))
                taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(found, key=lambda period: period.start))


def spell_period(period: Period, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return the texts a period is compared with: its bounds, in ISO and in the given formats.

    Args:
        period: What to spell.
        formats: strftime formats of the date columns at hand; ISO is always added.
    """
    if period.kind == "weekday":
        return tuple(dict.fromkeys(f"{day:%w}" for day in (period.first, period.last)))
    if period.kind == "month_of_year":
        months = range(period.first.month, period.last.month + 1)
        return tuple(f"{month:02}" for month in months)
    texts: list[str] = []
    day_formats = dict.fromkeys([_ISO, *(_date_part(f) for f in formats)])
    following = period.last + datetime.timedelta(days=1)
    with_times = any("%H" in f for f in formats)
    for day_format in day_formats:
        if period.kind == "day":
            bounds = (
                [period.first, following] if with_times and day_format == _ISO else [period.first]
            )
            texts += [_spell(day, day_format) for day in bounds]
            continue
        if period.kind == "month":
            texts.append(_spell(period.first, _month_part(day_format)))
        if day_format.startswith("%Y"):
            # Only these sort as texts, so only these have bounds worth comparing with.
            texts += [_spell(day, day_format) for day in (period.first, period.last, following)]
    if period.kind == "span" and period.last.year == period.first.year + 1:
        texts += [f"{period.first.year}-12-31", f"{period.last.year}-01-01"]
    if period.kind == "day" and not all(f.startswith("%Y") for f in day_formats):
        texts.append(f"{period.first:%Y%m%d}")
    if period.kind in ("year", "decade"):
        texts.append(f"{period.first.year}")
    if period.kind == "decade":
        texts += [f"{period.last.year}", f"{following.year}"]
    if len(day_formats) > 1 and period.kind in ("month", "span"):
        texts += _spell_months(period)
    return tuple(dict.fromkeys(text for text in texts if text))


def _spell(day: datetime.date, day_format: str) -> str:
    # strftime does not pad years before 1000 on every platform.
    return day.strftime(day_format.replace("%Y", f"{day.year:04}"))


def _spell_months(period: Period) -> list[str]:
    whole = period.first.day == 1 and (period.last + datetime.timedelta(days=1)).day == 1
    if (
        not whole
        or period.first.year != period.last.year
        or period.last.month - period.first.month > 5
    ):
        return []
    return [f"{month:02}" for month in range(period.first.month, period.last.month + 1)]


def _date_part(date_format: str) -> str:
    return re.split(r"[ T]*%[HI]", date_format)[0]


def _month_part(day_format: str) -> str:
    """Return the format without its day: "%d/%m/%Y" -> "%m/%Y"."""
    return re.sub(r"^%d[-/., ]*|[-/., ]*%d", "", day_format)
