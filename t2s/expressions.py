"""Numbers, spans of hours and clock times as people write them, normalised to literals of SQL.

Covered: thousands separators, "k", "m", currency and percent signs, number words. Not covered:
fractions other than a half, ordinals, Roman numerals. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNIT_TEXT = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_TEN_TEXT = "twenty thirty forty fifty sixty seventy eighty ninety"
UNITS = {word: number for number, word in enumerate(_UNIT_TEXT.split())}
TENS = {word: 10 * n for n, word in enumerate(_TEN_TEXT.split(), 2)} | {"fourty": 40}
_SCALES = {
    "dozen": 12, "dozens": 12, "hundred": 100, "hundreds": 100, "thousand": 1_000, "grand": 1_000,
    "k": 1_000, "million": 1_000_000, "millions": 1_000_000, "mio": 1_000_000, "mn": 1_000_000,
    "mil": 1_000_000, "m": 1_000_000, "billion": 1_000_000_000, "bn": 1_000_000_000, "b": 1_000_000_000,
}  # fmt: skip

_AMOUNT = re.compile(
    r"(?<![\w.,])(?P<sign>[$\u20ac\u00a3])?\s?(?P<n>\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,9})?|\d{1,15}(?:\.\d{1,9})?|\.\d{1,9})(?!\d)"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b|pct\b)"
    r"|(?P<near>k|m|mm|b|bn)\b|\s(?P<scale>k|m|mio|mn|mil|million|billion|bn|thousand|grand|hundred|dozen)\b)?",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z]+")
_PERCENT = re.compile(r"\s*(?:%|percent\b|per cent\b|pct\b)")
_HOURS = re.compile(
    r"\b(?:(?P<n>\d{1,6}(?:\.\d{1,3})?)|(?P<half>half an?|half)|(?P<word>an|[a-z]+))(?P<more> and a half)?"
    r"[\s-]*h(?:ou)?rs?\b(?P<after> and a half)?"
)
_CLOCK = re.compile(
    r"\b(?P<past>half past )?(?P<h>\d{1,2}|[a-z]+)(?::(?P<m>\d\d))?"
    r"(?:\s?(?P<half>[ap])\.?m\b|\s(?P<day>in the (?:morning|afternoon|evening)|o.?clock|at night)\b)?"
)
_CHANGE = re.compile(
    r"\s+(?:(?P<up>more|higher|above|over|greater|larger|up)|less|lower|below|under|cheaper|off)\b"
)
_SHARED_SCALE = re.compile(
    r"\s*(?:to|and|or|-)\s*[$\u20ac\u00a3]?\d[\d.,]*\s?(?P<scale>k|m|mio|mn|million|billion|bn|thousand|grand)\b"
)
_MAX_NUMBER = 1e15
_COINS = {"tenner": 10, "fiver": 5}
_NUMBER_STARTS = frozenset([*UNITS, *TENS, "a", "an", "half"])


@dataclass(frozen=True, slots=True)
class NumberExpression:
    """Question characters ``[start, end)`` stand for the number, or clock time, ``text``."""

    start: int
    end: int
    text: str


def find_numbers(question: str) -> tuple[NumberExpression, ...]:
    """Return the numbers of a question that do not stand in it as SQL would write them."""
    text = question.lower()
    if len(text) != len(question):
        text = question
    return tuple(_amounts(text)) + tuple(_worded_numbers(text))


def _amounts(text: str) -> Iterator[NumberExpression]:
    for match in _AMOUNT.finditer(text):
        digits = match["n"].replace(",", "")
        number = float(digits)
        if match["percent"]:
            if digits != match["n"]:
                yield NumberExpression(*match.span(), _spell_number(number))
            yield NumberExpression(*match.span(), _spell_number(number / 100))
            yield from _changes(text, *match.span(), number / 100)
            continue
        scale = _SCALES.get(match["near"] or match["scale"] or "", 1)
        if match["near"] == "mm":
            scale = 1_000_000
        if scale != 1 and digits != match["n"]:
            yield NumberExpression(*match.span("n"), digits)
        shared = _SHARED_SCALE.match(text, match.end()) if scale == 1 else None
        if shared:
            scale = _SCALES[shared["scale"]]
        written = _spell_number(number * scale)
        if scale != 1 or (digits != match["n"] and written != match["n"]):
            yield NumberExpression(*match.span(), written)


def _changes(text: str, start: int, end: int, share: float) -> Iterator[NumberExpression]:
    """Yield the factor of "15% more" (1.15) and "10% below" (0.9)."""
    change = _CHANGE.match(text, end)
    if change:
        factor = 1 + share if change["up"] else 1 - share
        yield NumberExpression(start, end, _spell_number(factor))


def _spell_number(number: float) -> str:
    number = round(number, 6)
    return str(int(number)) if number == int(number) else f"{number:f}".rstrip("0")


def _worded_numbers(text: str) -> Iterator[NumberExpression]:
    words = [(m.group(), m.start(), m.end()) for m in _WORDS.finditer(text)]
    position = 0
    while position < len(words):
        if words[position][0] in _NUMBER_STARTS:
            value, after = _read_number(text, words, position)
            if value is not None:
                end = words[after - 1][2]
                percent = _PERCENT.match(text, end)
                if percent:
                    yield NumberExpression(words[position][1], end, _spell_number(value / 100))
                    yield from _changes(text, words[position][1], percent.end(), value / 100)
                value *= _shared_scale(text, words, after)
                yield NumberExpression(words[position][1], end, _spell_number(value))
                position = after
                continue
        elif words[position][0] in _COINS:
            yield NumberExpression(*words[position][1:], str(_COINS[words[position][0]]))
        position += 1


def _shared_scale(text: str, words: list[tuple[str, int, int]], after: int) -> int:
    """Return the scale that "ten" shares with the number behind it in "ten to twenty grand"."""
    if after + 1 >= len(words) or words[after - 1][0] in _SCALES:
        return 1
    if words[after][0] not in ("to", "and", "or") or words[after + 1][0] not in {**UNITS, **TENS}:
        return 1
    value, end = _read_number(text, words, after + 1)
    scale = _SCALES.get(words[end - 1][0], 1) if value is not None else 1
    return scale if scale >= 1000 else 1


def _read_number(
    text: str, words: list[tuple[str, int, int]], position: int
) -> tuple[float | None, int]:
    """Return the number that begins at a word and the position after it; None when there is none.

    "one", "a" and "half" alone are no numbers: they are hardly ever meant as such.
    """
    total = 0.0
    current: float | None = None
    decimal = 1.0
    at = after = position
    while at < len(words):
        word = words[at][0]
        if at > position and text[words[at - 1][2] : words[at][1]].strip() not in ("", "-"):
            break
        if word in UNITS or word in TENS:
            current = (current or 0) + UNITS.get(word, TENS.get(word, 0)) * decimal
        elif word == "half" and current is None:
            current = 0.5
        elif word in ("a", "an") and (at == position or words[at - 1][0] == "half"):
            current = current if current is not None else 1.0
        elif word == "point" and current is not None and decimal == 1.0:
            decimal = 0.1
        elif word == "half" and current is not None and at - 2 > position:
            current += 0.5
        elif (
            word == "a"
            and current is not None
            and [w[0] for w in words[at - 1 : at + 2]]
            == [
                "and",
                "a",
                "half",
            ]
        ):
            pass
        elif len(word) > 1 and word in _SCALES and current is not None:
            scale = _SCALES[word]
            if scale <= 100:
                current *= scale
            else:
                total, current = total + current * scale, 0.0
        elif word != "and" or current is None or not _goes_on(words, at):
            break
        at += 1
        if word not in ("and", "a", "an", "point"):
            after = at
    alone = after == position + 1 and words[position][0] in ("one", "half", "a", "an")
    if after == position or alone or current is None or total + current > _MAX_NUMBER:
        return None, position
    return total + current, after


def _goes_on(words: list[tuple[str, int, int]], at: int) -> bool:
    """Tell whether "and" at a position joins parts of one number: "hundred and", "two and a half"."""
    following = [word[0] for word in words[at + 1 : at + 3]]
    return words[at - 1][0] in _SCALES or following == ["a", "half"]


def find_minutes(question: str) -> tuple[NumberExpression, ...]:
    """Return the minutes of spans given in hours: "an hour and a half" is 90."""
    found = []
    for match in _HOURS.finditer(question.lower()):
        word = match["word"]
        if match["half"]:
            hours: float | None = 0.5
        elif match["n"]:
            hours = float(match["n"])
        else:
            hours = 1.0 if word == "an" else UNITS.get(word, TENS.get(word))
        if hours:
            hours += 0.5 * bool(match["more"] or match["after"])
            found.append(NumberExpression(*match.span(), _spell_number(hours * 60)))
    return tuple(found)


def find_clock_times(question: str) -> tuple[NumberExpression, ...]:
    """Return clock times as "HH:MM" texts: "six pm" is 18:00."""
    found = []
    for match in _CLOCK.finditer(question.lower()):
        hour = int(match["h"]) if match["h"].isdigit() else UNITS.get(match["h"], 99)
        named = match["half"] or match["day"] or match["past"]
        if not named and not (match["m"] and len(match["h"]) == 1):
            continue
        if (1 <= hour <= 12 or not named) and hour < 24:
            late = match["half"] == "p" or (match["day"] or "").endswith(("noon", "evening"))
            hour = hour % 12 + (12 if late else 0) if named else hour
            minutes = match["m"] or ("30" if match["past"] else "00")
            found.append(NumberExpression(*match.span(), f"{hour:02}:{minutes}"))
    return tuple(found)
