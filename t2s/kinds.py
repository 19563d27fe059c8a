"""What the cells of a column are: numbers, text, dates, flags or bytes. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from t2s.values import Cell, ColumnKind

# Share of the sampled cells that must agree; the rest may be 'N/A' and the like.
_MAJORITY = 0.9
_NUMERIC_MAJORITY = 0.8
# Names whose digits are labels: no arithmetic, and leading zeros may follow in cells not sampled.
_LABEL_NAME = re.compile(
    r"zip|postal|postcode|phone|fax|mobile|isbn|ssn|code|sku|\bean\b|[_ ](?:number|no|nr)\.?$",
    re.I,
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?")
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_FLAG_TEXTS = frozenset(["0", "1", "t", "f", "true", "false", "y", "n", "yes", "no"])
_FLAG_NAME = re.compile(r"^(?i:is|has|was|can|did|does)(?:[_ ]|(?=[A-Z]))|(?i:flag|[_ ]yn)$")

_YEAR, _YY = r"(?:1[0-9]|20|21)\d\d", r"\d\d"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_ABBREVIATED = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
_FULL = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_HM = r"(?:[01]?\d|2[0-3]):[0-5]\d"
_TIMES = (
    ("", ""),
    (rf"{_HM}", "%H:%M"),
    (rf"{_HM}:[0-5]\d", "%H:%M:%S"),
    (rf"{_HM}:[0-5]\d\.\d+", "%H:%M:%S.%f"),
    (r"(?:0?\d|1[0-2]):[0-5]\d ?[ap]m", "%I:%M %p"),
    (r"(?:0?\d|1[0-2]):[0-5]\d:[0-5]\d ?[ap]m", "%I:%M:%S %p"),
    (rf"{_HM}:[0-5]\dZ", "%H:%M:%SZ"),
    (rf"{_HM}:[0-5]\d\.\d+Z", "%H:%M:%S.%fZ"),
    (rf"{_HM}:[0-5]\d(?:\.\d+)?[+-]\d\d:?\d\d", "%H:%M:%S%z"),
)


def _day_formats() -> tuple[tuple[str, str], ...]:
    """Pairs of expression and strftime format, the likelier first where both fit."""
    found = [
        (rf"{_YEAR}-(?:0[1-9]|1[0-2])-{_DAY}", "%Y-%m-%d"),
        (rf"{_YEAR}/{_MONTH}/{_DAY}", "%Y/%m/%d"),
        (rf"{_YEAR}\.{_MONTH}\.{_DAY}", "%Y.%m.%d"),
        (rf"{_YEAR}-{_MONTH}-{_DAY}", "%Y-%m-%d"),
    ]
    for year, code in ((_YEAR, "%Y"), (_YY, "%y")):
        # A slash is read the American way unless a cell disagrees; dots and dashes are European.
        found += [
            (rf"{_MONTH}/{_DAY}/{year}", f"%m/%d/{code}"),
            (rf"{_DAY}/{_MONTH}/{year}", f"%d/%m/{code}"),
            (rf"{_DAY}\.{_MONTH}\.{year}", f"%d.%m.{code}"),
            (rf"{_DAY}-{_MONTH}-{year}", f"%d-%m-{code}"),
            (rf"{_MONTH}-{_DAY}-{year}", f"%m-%d-{code}"),
        ]
        for name, month in ((_ABBREVIATED, "%b"), (_FULL, "%B")):
            found += [
                (rf"{name} {_DAY}, ?{year}", f"{month} %d, {code}"),
                (rf"{name} {_DAY} {year}", f"{month} %d {code}"),
                (rf"{_DAY} {name},? {year}", f"%d {month} {code}"),
                (rf"{_DAY}-{name}-{year}", f"%d-{month}-{code}"),
            ]
    return tuple(found)


_MONTH_FORMATS = (
    (rf"{_YEAR}-(?:0[1-9]|1[0-2])", "%Y-%m"),
    (rf"{_YEAR}/(?:0[1-9]|1[0-2])", "%Y/%m"),
    (rf"(?:0[1-9]|1[0-2])/{_YEAR}", "%m/%Y"),
    (rf"{_ABBREVIATED} {_YEAR}", "%b %Y"),
    (rf"{_FULL} {_YEAR}", "%B %Y"),
)


def _combine() -> tuple[tuple[str, str], ...]:
    found = []
    for day, day_format in _day_formats():
        for clock, clock_format in _TIMES:
            gap, mark = ("[ T]", " ") if clock else ("", "")
            found.append((day + gap + clock, day_format + mark + clock_format))
    return (*found, *_MONTH_FORMATS)


@cache
def _compile(expression: str) -> re.Pattern[str]:
    """Compile when first tried: all of them together take a tenth of a second."""
    return re.compile(expression, re.I)


_FORMATS = _combine()
_DIGIT = re.compile(r"\d")
_COMPACT = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")


def infer(declared_type: str, name: str, cells: Sequence[Cell]) -> tuple[ColumnKind, str]:
    """Return the kind of a column and the strftime format of its dates ("" for other kinds).

    Args:
        declared_type: As declared, may be empty.
        name: Column name; settles flags and labels made of digits (zip codes).
        cells: Sampled cells without NULL, may be empty.
    """
    declared = declared_type.casefold()
    if not cells:
        return _infer_from_declaration(declared)
    texts = [c for c in cells if isinstance(c, str)]
    numbers = sum(isinstance(c, int | float) for c in cells)
    blobs = len(cells) - len(texts) - numbers
    if blobs * 2 > len(cells):
        return "blob", ""
    if _is_flag(declared, name, cells):
        return "boolean", ""
    if numbers >= _NUMERIC_MAJORITY * len(cells):
        return "number", ""
    date_format = find_date_format(
        texts, allow_compact="date" in declared or "date" in name.lower()
    )
    if date_format and len(texts) >= _MAJORITY * len(cells):
        return "date", date_format
    share = 1.0 if affinity(declared_type) == "text" else _NUMERIC_MAJORITY
    if not _LABEL_NAME.search(name) and _are_numeric(texts, share):
        return "number", ""
    return "text", ""


def affinity(declared_type: str) -> str:
    """Return the affinity, one of five words (sqlite.org/datatype3.html, section 3.1)."""
    upper = declared_type.upper()
    if "INT" in upper:
        return "integer"
    if any(word in upper for word in ("CHAR", "CLOB", "TEXT")):
        return "text"
    if not upper or "BLOB" in upper:
        return "blob"
    if any(word in upper for word in ("REAL", "FLOA", "DOUB")):
        return "real"
    return "numeric"


def find_date_format(texts: Sequence[str], *, allow_compact: bool = False) -> str:
    """Return the one strftime format that at least nine in ten texts have, or "".

    Where day and month cannot be told apart in any text, slashes mean month first, dots and dashes
    day first. ``allow_compact`` also accepts ``20240301``.
    """
    distinct = {t.strip() for t in texts if t.strip() and not t.startswith("0000-00-00")}
    if not distinct:
        return ""
    if allow_compact and all(_COMPACT.fullmatch(t) for t in distinct):
        return "%Y%m%d"
    probe = sorted(t for t in distinct if 6 <= len(t) <= 40 and _DIGIT.search(t))[:3]
    best, best_hits = "", 0
    for expression, code in _FORMATS if probe else ():
        pattern = _compile(expression)
        if not any(pattern.fullmatch(t) for t in probe):
            continue
        hits = sum(pattern.fullmatch(t) is not None for t in distinct)
        if hits > best_hits:
            best, best_hits = code, hits
        if hits == len(distinct):
            break
    return best if best_hits >= _MAJORITY * len(distinct) else ""


def is_ambiguous(date_format: str) -> bool:
    """Tell whether cells of this format may read day and month either way."""
    return date_format[:5] in ("%m/%d", "%d/%m", "%d-%m", "%m-%d")


def _infer_from_declaration(declared: str) -> tuple[ColumnKind, str]:
    if "bool" in declared:
        return "boolean", ""
    if "datetime" in declared or "timestamp" in declared:
        return "date", "%Y-%m-%d %H:%M:%S"
    if "date" in declared:
        return "date", "%Y-%m-%d"
    if "blob" in declared:
        return "blob", ""
    kinds: dict[str, ColumnKind] = {"integer": "number", "real": "number", "numeric": "number"}
    return kinds.get(affinity(declared), "text"), ""


def _is_flag(declared: str, name: str, cells: Sequence[Cell]) -> bool:
    values = {str(c).strip().casefold() for c in cells}
    if "bool" in declared or declared == "bit":
        return values <= _FLAG_TEXTS
    whole = all(isinstance(c, int) for c in cells)
    return whole and values <= {"0", "1"} and _FLAG_NAME.search(name) is not None


def _are_numeric(texts: Sequence[str], share: float) -> bool:
    distinct = {t.strip() for t in texts}
    hits = sum(_NUMBER.fullmatch(t) is not None and len(t) <= 15 for t in distinct)
    zeros = any(_LEADING_ZERO.match(t) for t in distinct if _NUMBER.fullmatch(t))
    return hits > 0 and hits >= share * len(distinct) and not zeros
