"""What the columns of a table are good for in a question: naming rows, measuring, grouping, dating. Pure; for ``t2s.suggest``."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from t2s.explain_nouns import natural_name, plural, table_noun
from t2s.values import Cell, Column, ForeignKey, Schema, Table

MAX_NAME_CHARACTERS = 40
MAX_VALUE_CHARACTERS = 30
MAX_CATEGORIES = 20
# A category that nearly every row has of its own is a name.
_MIN_ROWS_EACH = 2.5
_MIN_MEASURES = 5
# Numbers that only name a row or its time say nothing when averaged.
_KEY_TEXT = """id ids key code number no nr num zip postcode phone fax mobile year month day week hour index rank
    position sort order version lat lon latitude longitude x y seq ref isbn sku barcode"""
_KEY_WORDS = frozenset(_KEY_TEXT.split())
_LABEL_TEXT = "name title label caption fullname nm description subject"
_LABEL_WORDS = tuple(_LABEL_TEXT.split())
_MEASURE_TEXT = """price amount total revenue cost salary income value sales score rating quantity budget balance
    duration length weight height size population points fee area age votes distance"""
_MEASURE_WORDS = tuple(_MEASURE_TEXT.split())


@dataclass(frozen=True, slots=True)
class Topic:
    """A table that questions can be asked about.

    Attributes:
        table: The table.
        noun: What one row is called.
        names: Columns that name a row: one, or first and last name; empty when none does.
        measures: Columns of amounts, the likeliest first.
        categories: Columns of few values with their most frequent ones, the likeliest first.
        flags: Columns of yes and no with the value that says yes.
        dates: Columns of dates with the year of their first and last sampled day.
        score: How likely people ask about it.
    """

    table: Table
    noun: str
    names: tuple[Column, ...]
    measures: tuple[Column, ...]
    categories: tuple[tuple[Column, tuple[str, ...]], ...]
    flags: tuple[tuple[Column, Cell], ...]
    dates: tuple[tuple[Column, int, int], ...]
    score: float

    @property
    def nouns(self) -> str:
        """What several rows are called."""
        return plural(self.noun)


def is_sayable(text: str, max_characters: int) -> bool:
    """Tell whether a name or value can stand in a question: short, on one line, with a letter or digit."""
    return (
        0 < len(text) <= max_characters
        and text.isprintable()
        and text == text.strip()
        and any(map(str.isalnum, text))
        and not set(text) & set("<>[]{}|\\`*\"'")
    )


def column_words(column: Column) -> str:
    """Return what to call a column."""
    return column.nl_name or natural_name(column.name)


def find_topic(table: Table, rows: Sequence[Sequence[Cell]], schema: Schema) -> Topic | None:
    """Return what can be asked about a table of which some rows were read; None for nothing."""
    noun = table_noun(table.nl_name or table.name)
    if not is_sayable(noun, MAX_NAME_CHARACTERS) or not any(map(str.isalpha, noun)) or not rows:
        return None
    keyed = _list_keyed(table, schema.foreign_keys)
    cells = {
        column.name: [row[position] for row in rows if row[position] is not None]
        for position, column in enumerate(table.columns)
        if is_sayable(column_words(column), MAX_NAME_CHARACTERS)
        and any(map(str.isalpha, column.name))
        and column.name.casefold() not in keyed
    }
    usable = [column for column in table.columns if cells.get(column.name)]
    measures = sorted(
        (c for c in usable if _is_measure(c, cells[c.name])), key=lambda c: _rank(c, _MEASURE_WORDS)
    )
    categories = [
        (column, found)
        for column in usable
        if (found := _find_categories(column, cells[column.name], len(rows)))
    ]
    names = _find_names(usable, cells, noun)
    dates = [
        (column, *years) for column in usable if (years := _find_years(column, cells[column.name]))
    ]
    flags = [
        (column, yes)
        for column in usable
        if column.kind == "boolean" and (yes := _find_yes(cells[column.name])) is not None
    ]
    parts = sum(map(bool, (measures, categories, names, dates)))
    links = sum(table.name in (key.table, key.other_table) for key in schema.foreign_keys)
    size = math.log10(1 + (table.row_count or len(rows)))
    score = min(size, 5.0) + 1.5 * parts + 0.5 * min(links, 4)
    return Topic(
        table,
        noun,
        names,
        tuple(measures),
        tuple(categories),
        tuple(flags),
        tuple(dates),
        score,
    )


def _list_keyed(table: Table, keys: Sequence[ForeignKey]) -> set[str]:
    refers = {k.column.casefold() for k in keys if k.table.casefold() == table.name.casefold()}
    return refers | {column.name.casefold() for column in table.columns if column.primary_key}


def _rank(column: Column, words: Sequence[str]) -> int:
    """Return the place of a column among likely words; those without one come last."""
    own = column_words(column).lower().split()
    return next((place for place, word in enumerate(words) if word in own), len(words))


def _is_measure(column: Column, cells: Sequence[Cell]) -> bool:
    words = column_words(column).lower().split()
    numbers = [cell for cell in cells if isinstance(cell, int | float)]
    return (
        column.kind == "number"
        and not _KEY_WORDS & {words[0], words[-1]}
        and not words[-1].endswith("id")
        and len(numbers) == len(cells)
        and len(set(numbers)) >= min(_MIN_MEASURES, len(cells))
        and len(set(numbers)) > 1
    )


def _find_categories(column: Column, cells: Sequence[Cell], row_count: int) -> tuple[str, ...]:
    """Return the values of a column of few values, most frequent first; none for any other column."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    if column.kind != "text" or len(texts) < len(cells) or len(texts) < row_count / 2:
        return ()
    counts = Counter(texts)
    few = 2 <= len(counts) <= MAX_CATEGORIES and len(texts) >= _MIN_ROWS_EACH * len(counts)
    if not few:
        return ()
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    return tuple(text for text in ranked if is_sayable(text, MAX_VALUE_CHARACTERS))


def _find_names(
    columns: Sequence[Column], cells: Mapping[str, Sequence[Cell]], noun: str
) -> tuple[Column, ...]:
    """Return the column that people call a row by, or the two of first and last name; none where there is none."""
    texts = [
        column
        for column in columns
        if column.kind == "text" and 2 * len(set(cells[column.name])) > len(cells[column.name])
    ]
    by_words = {column_words(column).lower(): column for column in columns if column.kind == "text"}
    for first, last in (
        ("first name", "last name"),
        ("first name", "surname"),
        ("forename", "surname"),
        ("given name", "family name"),
    ):
        if first in by_words and last in by_words:
            return by_words[first], by_words[last]
    wanted = [noun.lower(), *(f"{noun} {word}".lower() for word in _LABEL_WORDS)]
    exact = [c for c in texts if column_words(c).lower() in wanted]
    likely = [c for c in texts if _rank(c, _LABEL_WORDS) < len(_LABEL_WORDS)]
    return tuple([*exact, *sorted(likely, key=lambda c: _rank(c, _LABEL_WORDS))][:1])


def _find_years(column: Column, cells: Sequence[Cell]) -> tuple[int, int] | tuple[()]:
    """Return the years between which the dates of a column lie; nothing for formats that do not tell."""
    form = column.date_format
    start = form.find("%Y")
    if column.kind != "date" or start < 0:
        return ()
    # Every field before the year has two digits and one sign between.
    at = {0: 0, 6: 6}.get(start)
    if at is None or form[:6] not in ("%Y-%m-", "%d/%m/", "%m/%d/", "%d.%m.", "%d-%m-", "%m-%d-"):
        return ()
    years = [
        int(cell[at : at + 4])
        for cell in cells
        if isinstance(cell, str) and cell[at : at + 4].isdigit()
    ]
    return (min(years), max(years)) if len(years) == len(cells) else ()


def _find_yes(cells: Sequence[Cell]) -> Cell:
    """Return what says yes among two values, None when only one occurs."""
    values = set(cells)
    said = [v for v in values if str(v).casefold() in ("1", "y", "yes", "t", "true")]
    return said[0] if len(values) == 2 and len(said) == 1 else None
