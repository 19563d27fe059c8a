"""How a question was read: which of its words became which table, column or value of the statement. Pure.

Covered: names and values that linking found, literals that stand in the question as they stand in the statement,
misspellings, values that the statement uses and the question does not spell, and words that matched nothing. Not
covered: words that the model understood by their meaning alone ("clients" for a table Customer); they appear as
matching nothing by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from t2s.explain_decline import list_unknown
from t2s.reading_statement import LiteralUse, Uses, list_uses
from t2s.values import Links, Mark, MarkKind, NameMatch, Schema, ValueMatch
from t2s.words import STOP_WORDS, fold, split_name, split_words, stem

MAX_COLUMNS_NAMED = 2
# A value that the database has and the statement leaves out is told from here up (whole cells).
MIN_UNUSED_SCORE = 0.8
MIN_CORRECTED_LETTERS = 4
# Names of columns that are also plain words of questions.
_PLAIN_NAMES = frozenset(
    ["name", "date", "number", "total", "year", "month", "day", "time", "order", "type", "id"]
)


@dataclass(slots=True)
class _Page:
    """The question with the marks made so far."""

    question: str
    schema: Schema
    uses: Uses
    marks: list[Mark] = field(default_factory=list)
    told: set[LiteralUse] = field(default_factory=set)

    def is_free(self, start: int, end: int) -> bool:
        return not any(m.start < end and start < m.end for m in self.marks)

    def add(self, start: int, end: int, kind: MarkKind, meaning: str, corrected: str = "") -> None:
        self.marks.append(Mark(start, end, kind, meaning, corrected))


def read(question: str, links: Links, sql: str, schema: Schema) -> tuple[Mark, ...]:
    """Return what the words of a question became in a statement, in the order of the question.

    Marks never overlap. Those with ``start`` -1 come last: what the statement compares with and the question
    does not spell. Never raises for any text.
    """
    page = _Page(question, schema, list_uses(sql, schema))
    _mark_linked_values(page, links.values)
    _mark_spelled_literals(page)
    _mark_used_names(page, links.names)
    _mark_unused(page, links)
    for phrase in list_unknown(question, split_words(question), schema, links):
        start = _find(phrase, question)
        if start >= 0 and page.is_free(start, start + len(phrase)):
            page.add(start, start + len(phrase), "unknown", "")
    added = [use for use in page.uses.literals if use not in page.told and _is_telling(use)]
    for kind, meaning in _tell(added, apart=True):
        page.add(-1, -1, kind, meaning)
    return tuple(sorted(page.marks, key=lambda m: m.start if m.start >= 0 else len(question)))


def _mark_linked_values(page: _Page, values: Sequence[ValueMatch]) -> None:
    """Mark the words for which a literal of the statement was found; the best matches first."""
    spans: dict[tuple[int, int], list[ValueMatch]] = {}
    for value in values:
        if 0 <= value.start < value.end:
            spans.setdefault((value.start, value.end), []).append(value)
    ranked = sorted(spans.items(), key=lambda s: (-max(v.score for v in s[1]), s[0][0] - s[0][1]))
    for (start, end), matches in ranked:
        if not page.is_free(start, end):
            continue
        uses = [
            use
            for use in page.uses.literals
            if use not in page.told and any(_is_same(use, match) for match in matches)
        ]
        if not uses:
            continue
        corrected = _correct(page.question[start:end], uses[0].text)
        if all(m.source in ("date", "number") for m in matches):
            corrected = ""
        _add_literals(page, start, end, uses, corrected)


def _mark_spelled_literals(page: _Page) -> None:
    """Mark literals that stand in the question although linking did not offer them."""
    for use in page.uses.literals:
        start = -1 if use in page.told or not use.text.strip() else _find(use.text, page.question)
        if start >= 0 and page.is_free(start, start + len(use.text)):
            _add_literals(page, start, start + len(use.text), [use])


def _add_literals(
    page: _Page, start: int, end: int, uses: Sequence[LiteralUse], corrected: str = ""
) -> None:
    page.told.update(uses)
    told = _tell(uses)
    meaning = "; ".join(each for _, each in told)
    page.add(start, end, told[0][0], meaning, corrected)


def _tell(uses: Sequence[LiteralUse], *, apart: bool = False) -> list[tuple[MarkKind, str]]:
    """Return kind and meaning of each thing that is compared: "Invoice.Date from '2023', before '2024'"."""
    grouped: dict[str, list[LiteralUse]] = {}
    for place, use in enumerate(uses):
        alone = apart and not use.is_date
        grouped.setdefault(f"{use.target} {place}" if alone else use.target, []).append(use)
    told: list[tuple[MarkKind, str]] = []
    for group in grouped.values():
        first = group[0]
        kind: MarkKind = "date" if first.is_date else "number" if first.is_number else "value"
        told.append((kind, f"{first.target} {', '.join(u.words for u in group)}".strip()))
    return told


def _is_same(use: LiteralUse, match: ValueMatch) -> bool:
    if use.text.casefold() == match.text.casefold():
        return True
    if not (use.is_number and match.is_number):
        return False
    try:
        return float(use.text) == float(match.text)
    except ValueError:
        return False


def _is_telling(use: LiteralUse) -> bool:
    """Tell whether the user should hear of a literal that the question does not spell."""
    if not use.target:
        return use.text != "1"  # the most, the latest: one row
    return use.owner is not None or not use.is_number


def _mark_used_names(page: _Page, names: Sequence[NameMatch]) -> None:
    def rank(match: NameMatch) -> tuple[bool, bool, int]:
        return match.kind != "exact", match.column is not None, match.start - match.end

    used = sorted((name for name in names if _is_used(name, page.uses)), key=rank)
    for name in used:
        if not page.is_free(name.start, name.end):
            continue
        same = [n for n in used if (n.start, n.end) == (name.start, name.end)]
        start, end = _trim(name, page.question)
        alike = [n for n in same if rank(n) == rank(name)]
        corrected = "" if name.kind == "exact" else _correct_name(name, page)
        kind: MarkKind = "table" if name.column is None else "column"
        page.add(start, end, kind, _name(alike), corrected)


def _trim(match: NameMatch, question: str) -> tuple[int, int]:
    """Return where a name stands without "and", "of" and the like around it."""
    words = [
        word
        for word in split_words(question)
        if match.start <= word.start and word.end <= match.end and word.folded not in STOP_WORDS
    ]
    return (words[0].start, words[-1].end) if words else (match.start, match.end)


def _is_used(match: NameMatch, uses: Uses) -> bool:
    table = match.table.casefold()
    if match.column is None:
        return table in uses.tables
    return (table, match.column.casefold()) in uses.columns


def _name(matches: Sequence[NameMatch]) -> str:
    first = matches[0]
    if first.column is None:
        return f"table {first.table}"
    shown = [f"{match.table}.{match.column}" for match in matches[:MAX_COLUMNS_NAMED]]
    return f"column{'' if len(shown) == 1 else 's'} {' and '.join(shown)}"


def _mark_unused(page: _Page, links: Links) -> None:
    """Mark words that exactly name something which the statement leaves out."""
    for name in links.names:
        said = fold(page.question[name.start : name.end])
        plain = said in STOP_WORDS or stem(said) in _PLAIN_NAMES
        if name.kind == "exact" and not plain and page.is_free(name.start, name.end):
            page.add(name.start, name.end, "unused", _name([name]))
    # A value may stand in several columns: the one that the statement could have used is meant.
    for value in sorted(
        links.values, key=lambda v: (v.table or "").casefold() not in page.uses.tables
    ):
        told = value.source == "cell" and value.score >= MIN_UNUSED_SCORE and value.start >= 0
        if told and page.is_free(value.start, value.end):
            meaning = f"{value.table}.{value.column} = '{value.text}'"
            corrected = _correct(page.question[value.start : value.end], value.text)
            page.add(value.start, value.end, "unused", meaning, corrected)


def _correct_name(match: NameMatch, page: _Page) -> str:
    return _correct(page.question[match.start : match.end], match.column or match.table)


def _correct(said: str, text: str) -> str:
    """Return ``text`` where the words of the question are misspelt words of it, else ""."""
    wanted = list(dict.fromkeys([*split_name(text), *(word.stem for word in split_words(text))]))
    given = [word.stem for word in split_words(said)]
    if not wanted or not given:
        return ""
    distances = [_measure(word, wanted) for word in given]
    known = all(distance <= _allow(word) for word, distance in zip(given, distances, strict=True))
    return text if known and any(distances) else ""


def _measure(word: str, wanted: Iterable[str]) -> int:
    """Return the edits to the nearest word; words that only continue one another are the same."""
    return min(
        0 if other.startswith(word) or word.startswith(other) else OSA.distance(word, other)
        for other in wanted
    )


def _allow(word: str) -> int:
    if len(word) < MIN_CORRECTED_LETTERS:
        return 0
    return 1 if len(word) < 9 else 2


def _find(text: str, question: str) -> int:
    """Return where a text stands in the question as whole words, -1 when it does not."""
    found = re.search(rf"(?<!\w){re.escape(text)}(?!\w)", question, re.IGNORECASE)
    return found.start() if found else -1
