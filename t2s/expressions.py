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
    r"(?<![\w.,])(?P<sign>[$€£])?\s?(?P<n>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
    r"(?:\s?(?P<percent>%|percent\b|per cent\b|pct\b)"
    r"|(?P<near>k|m|mm|b|bn)\b|\s(?P<scale>k|m|mio|mn|mil|million|billion|bn|thousand|grand|hundred|dozen)\b)?",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[a-z]+")
_PERCENT = re.compile(r"\s*(?:%|percent\b|per cent\b|pct\b)")
_HOURS = re.compile(
    r"\b(?:(?P<n>\d+(?:\.\d+)?)|(?P<half>half an?|half)|(?P<word>an|[a-z]+))(?P<more> and a half)?"
    r"[\s-]*h(?:ou)?rs?\b(?P<after> and a half)?"
)
_CLOCK = re.compile(r"\b(?P<h>\d{1,2}|[a-z]+)(?::(?P<m>\d\d))?\s?(?P<half>a|p)\.?m\b")
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
            continue
        scale = _SCALES.get(match["near"] or match["scale"] or "", 1)
        if match["near"] == "mm":
            scale = 1_000_000
        written = _spell_number(number * scale)
        if scale != 1 or (digits != match["n"] and written != match["n"]):
            yield NumberExpression(*match.span(), written)


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
                yield NumberExpression(words[position][1], end, _spell_number(value))
                position = after
                continue
        position += 1


def _read_number(
    text: str, words: list[tuple[str, int, int]], position: int
) -> tuple[float | None, int]:
    """Return the number that begins at a word and the position after it; None when there is none.

    "one", "a" and "half" alone are no numbers: they are hardly ever meant as such.
    """
    total = 0.0
    current: float | None = None
    at = after = position
    while at < len(words):
        word = words[at][0]
        if at > position and text[words[at - 1][2] : words[at][1]].strip() not in ("", "-"):
            break
        if word in UNITS or word in TENS:
            current = (current or 0) + UNITS.get(word, TENS.get(word, 0))
        elif word == "half" and current is None:
            current = 0.5
        elif word in ("a", "an") and (at == position or words[at - 1][0] == "half"):
            current = current if current is not None else 1.0
        elif len(word) > 1 and word in _SCALES and current is not None:
            scale = _SCALES[word]
            if scale <= 100:
                current *= scale
            else:
                total, current = total + current * scale, 0.0
        elif word != "and" or current is None or words[at - 1][0] not in _SCALES:
            break
        at += 1
        if word not in ("and", "a", "an"):
            after = at
    alone = after == position + 1 and words[position][0] in ("one", "half", "a", "an")
    if after == position or alone or current is None:
        return None, position
    return total + current, after


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
        if 1 <= hour <= 12:
            hour = hour % 12 + (12 if match["half"] == "p" else 0)
            found.append(NumberExpression(*match.span(), f"{hour:02}:{match['m'] or '00'}"))
    return tuple(found)
