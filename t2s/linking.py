"""What the words of a question refer to: names of the schema, cells of the database, dates, numbers.

Covered: plurals, split and shortened names, misspellings, parts and abbreviations of cell texts,
values of columns that have few, and date and number expressions. Not covered: synonyms other
than those of ``aliases``; they are the model's business.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from t2s import categories, cells, expressions, periods
from t2s.value_index import ValueIndex, empty_index, index
from t2s.values import Links, NameMatch, Schema, ValueMatch
from t2s.words import STOP_WORDS, Word, abbreviates, join_key, root, split_name, split_words

__all__ = ["ValueIndex", "empty_index", "index", "link"]

MAX_NAME_WORDS = 4
# Each offered literal costs about four of the model's 512 positions.
MAX_DATES = 14
MAX_NUMBERS = 6
HISTORY_FACTOR = 0.5
_MINUTE_NAMES = frozenset(["min", "minute", "dur", "duration", "length"])


class _Item(NamedTuple):
    """A table (``column`` None) or column with the stems of its name."""

    table: str
    column: str | None
    stems: tuple[str, ...]


class _Names(NamedTuple):
    """Look-up tables over the names of one schema; treat as read-only."""

    items: tuple[_Item, ...]
    whole: dict[str, list[int]]
    parts: dict[str, list[int]]
    roots: dict[str, list[str]]
    formats: tuple[str, ...]
    has_dates: bool
    known: frozenset[str]
    has_minutes: bool


def link(
    question: str,
    schema: Schema,
    index: ValueIndex,
    today: datetime.date | None = None,
    history: tuple[str, ...] = (),
) -> Links:
    """Return what the words of a question may refer to, best first.

    Args:
        question: As typed.
        schema: The names that may be meant.
        index: The cells that may be meant.
        today: What "last month" is counted from; the current day when None.
        history: Earlier questions, oldest first; their values score lower and have no position.
    """
    today = today or datetime.date.today()
    names = _read_names(schema)
    words = split_words(question)
    matches = _match_names(words, names)
    found = _find_values(question, words, names, index, today)
    for earlier in reversed(history):
        old = _find_values(earlier, split_words(earlier), names, index, today)
        found += [replace(m, start=-1, end=-1, score=m.score * HISTORY_FACTOR) for m in old]
    offered = _merge(found)
    earlier_words = [
        word._replace(start=-1, end=-1) for earlier in history for word in split_words(earlier)
    ]
    offered += categories.offer([*words, *earlier_words], index, matches, offered)
    return Links(matches, tuple(offered))


def _merge(matches: Iterable[ValueMatch]) -> list[ValueMatch]:
    """Return the matches best first, each literal once per owner."""
    best: dict[tuple[str, bool, str | None, str | None], ValueMatch] = {}
    for match in matches:
        key = (match.text, match.is_number, match.table, match.column)
        if key not in best or match.score > best[key].score:
            best[key] = match
    return sorted(best.values(), key=lambda m: -m.score)


def _find_values(
    question: str, words: Sequence[Word], names: _Names, index: ValueIndex, today: datetime.date
) -> list[ValueMatch]:
    """Return the cells, dates and numbers that one question names."""
    dated = periods.find_periods(question, today)
    spans = [(p.start, p.end) for p in dated]
    found = cells.find(words, index, names.known, spans)
    dates: list[ValueMatch] = []
    for period in dated:
        said = question[period.start : period.end]
        texts = _spell(period, names)
        dates += [_literal(text, period) for text in texts if text != said]
        year = str(period.first.year)
        if (
            period.last.year == period.first.year
            and period.kind in ("span", "month")
            and year not in said
        ):
            dates.append(_literal(year, period))
    found_numbers = expressions.find_numbers(question)
    if names.has_minutes:
        found_numbers += expressions.find_minutes(question)
    numbers = [
        ValueMatch(n.text, True, "number", None, None, n.start, n.end, 0.9)
        for n in found_numbers
        if not any(start <= n.start < end for start, end in spans)
    ]
    dates += [
        ValueMatch(t.text, False, "date", None, None, t.start, t.end, 0.9)
        for t in expressions.find_clock_times(question)
    ]
    return found + dates[:MAX_DATES] + numbers[:MAX_NUMBERS]


def _spell(period: periods.Period, names: _Names) -> tuple[str, ...]:
    """Return the texts of a period; where no column holds dates, years are all that can be meant."""
    if names.has_dates or period.kind in ("day", "month", "decade"):
        return periods.spell_period(period, names.formats)
    if period.kind in ("year", "span"):
        return tuple(dict.fromkeys([str(period.first.year), str(period.last.year)]))
    return ()


def _literal(text: str, period: periods.Period) -> ValueMatch:
    return ValueMatch(text, False, "date", None, None, period.start, period.end, 0.9)


@lru_cache(maxsize=32)
def _read_names(schema: Schema) -> _Names:
    items: list[_Item] = []
    formats: list[str] = []
    for table in schema.tables:
        items.append(_Item(table.name, None, split_name(table.nl_name or table.name)))
        for column in table.columns:
            stems = split_name(column.nl_name or column.name)
            items.append(_Item(table.name, column.name, stems))
            if column.kind == "date":
                formats.append(column.date_format)
    whole: dict[str, list[int]] = defaultdict(list)
    parts: dict[str, list[int]] = defaultdict(list)
    roots: dict[str, list[str]] = defaultdict(list)
    for position, item in enumerate(items):
        whole[join_key(item.stems)].append(position)
        for part in dict.fromkeys(item.stems):
            if part not in STOP_WORDS or len(item.stems) == 1:
                parts[part].append(position)
    for part in parts:
        roots[root(part)].append(part)
    distinct = tuple(dict.fromkeys(f for f in formats if f))
    return _Names(
        tuple(items),
        dict(whole),
        dict(parts),
        dict(roots),
        distinct,
        bool(formats),
        frozenset(parts),
        any(not _MINUTE_NAMES.isdisjoint(item.stems) for item in items),
    )


def _match_names(words: Sequence[Word], names: _Names) -> tuple[NameMatch, ...]:
    """Return the best match of each table and column that the words name, exact ones first."""
    best: dict[int, tuple[int, int, int, int]] = {}
    for size in range(MAX_NAME_WORDS, 0, -1):
        for at in range(len(words) - size + 1):
            run = words[at : at + size]
            for item in names.whole.get(join_key([w.stem for w in run]), ()):
                _keep(best, item, (2, size, run[0].start, run[-1].end))
    for at, word in enumerate(words):
        if word.folded in STOP_WORDS or len(word.folded) < 2 or word.folded.isdigit():
            continue
        for part in _similar_parts(word.stem, names):
            for item in names.parts[part]:
                _keep(best, item, _extend(words, at, names.items[item]))
    ranked = sorted(best.items(), key=lambda entry: (-entry[1][0], -entry[1][1], entry[0]))
    return tuple(
        NameMatch(
            start,
            end,
            names.items[item].table,
            names.items[item].column,
            "exact" if level == 2 else "partial",
        )
        for item, (level, _, start, end) in ranked
    )


def _keep(
    best: dict[int, tuple[int, int, int, int]], item: int, match: tuple[int, int, int, int]
) -> None:
    if item not in best or match[:2] > best[item][:2]:
        best[item] = match


def _extend(words: Sequence[Word], at: int, item: _Item) -> tuple[int, int, int, int]:
    """Return (1, words, start, end) of the longest run of the item's own words around one."""
    last = at
    while last + 1 < len(words) and words[last + 1].stem in item.stems and last - at < 3:
        last += 1
    return 1, last - at + 1, words[at].start, words[last].end


def _similar_parts(stem: str, names: _Names) -> list[str]:
    """Return the name words that a question word equals, shortens or misspells."""
    found = [stem] if stem in names.parts else []
    found += [part for part in names.roots.get(root(stem), ()) if part != stem]
    found += [
        part
        for part in names.parts
        if part[0] == stem[0]
        and part not in found
        and (abbreviates(part, stem) or abbreviates(stem, part))
    ]
    if not found and len(stem) >= 5:
        near = [part for part in names.parts if len(part) >= 5 and part[0] == stem[0]]
        limit = 1 if len(stem) < 9 else 2
        found = [
            part
            for part, _, _ in process.extract(
                stem, near, scorer=OSA.distance, score_cutoff=limit, limit=2
            )
        ]
    return found
