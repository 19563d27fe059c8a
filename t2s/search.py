"""Find the tables, columns and cell values of a database that a few typed letters may mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from t2s.value_index import ValueIndex
from t2s.values import Schema
from t2s.words import fold, name_words

HitKind = Literal["table", "column", "value"]
MAX_HITS = 20
# Scanning 200,000 texts for it takes 0.1 s; nobody types longer ones.
MAX_TEXT_CHARACTERS = 200
_KINDS: tuple[HitKind, ...] = ("table", "column", "value")


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that matches; ``column`` is "" for a table, ``value`` "" for all but values.

    ``closeness`` is 3 when it is the text itself, 2 when it begins with it, 1 when a word in it does, and
    0 when the text stands somewhere in it.
    """

    kind: HitKind
    table: str
    column: str = ""
    value: str = ""
    closeness: int = 0


def find(schema: Schema, index: ValueIndex, text: str, limit: int = MAX_HITS) -> tuple[Hit, ...]:
    """Return what matches ``text``, closest first, tables before columns before values.

    Case, accents and the spelling of names (``CustomerID`` or ``customer_id``) do not matter. A text
    of several words matches what holds each of them.
    """
    wanted = _normalize(text[:MAX_TEXT_CHARACTERS])
    if not wanted:
        return ()
    hits = [*_find_names(schema, wanted), *_find_values(index, wanted)]
    hits.sort(key=lambda h: (-h.closeness, _KINDS.index(h.kind), len(h.value)))
    return tuple(hits[:limit])


def _find_names(schema: Schema, wanted: str) -> Iterable[Hit]:
    for table in schema.tables:
        closeness = _compare_name(table.name, wanted)
        if closeness is not None:
            yield Hit("table", table.name, closeness=closeness)
        for column in table.columns:
            closeness = _compare_name(column.name, wanted)
            if closeness is not None:
                yield Hit("column", table.name, column.name, closeness=closeness)


def _find_values(index: ValueIndex, wanted: str) -> Iterable[Hit]:
    first, *others = wanted.split()
    for position, value in index.texts:
        folded = fold(value)
        # Most texts fail here: the rest of the work is for the few that do not.
        if first not in folded or any(word not in folded for word in others):
            continue
        closeness = _compare(_normalize(value), wanted)
        if closeness is not None:
            column = index.columns[position]
            yield Hit("value", column.table, column.column, value, closeness)


def _compare_name(name: str, wanted: str) -> int | None:
    spellings = (fold(name_words(name)), _normalize(name))
    found = [c for spelling in spellings if (c := _compare(spelling, wanted)) is not None]
    return max(found, default=None)


def _compare(text: str, wanted: str) -> int | None:
    """Return the closeness of two normalized texts, None when the second does not match."""
    if text == wanted:
        return 3
    if text.startswith(wanted):
        return 2
    words = wanted.split()
    if all(f" {word}" in f" {text}" for word in words):
        return 1
    return 0 if all(word in text for word in words) else None


def _normalize(text: str) -> str:
    return " ".join(fold(text).split())
