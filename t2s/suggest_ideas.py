"""Questions that a database can answer, with the SQL that answers them, not yet tried. Pure; for ``t2s.suggest``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from t2s.explain_nouns import with_article
from t2s.sql_names import quote_name, quote_text
from t2s.suggest_roles import Topic, column_words
from t2s.values import Cell, Column, ForeignKey, Schema

TOP = 5
# From this many rows on, what needs a look-up for each row is left out.
MAX_LOOKUP_ROWS = 100_000
_MONTHS_WITHIN_YEARS = 3
# Steps for each row: grouping is slower than counting, joining than grouping, reading dates slowest.
_STEPS = {"group": 4, "average": 4, "above": 3, "lacking": 5, "leader": 12, "total": 12, "time": 20}
# What a table of unknown size, such as a view, is taken for.
_UNKNOWN_ROWS = 1_000_000
# Kinds, by place below, that begin with the second topic: not all are about the same table.
_SECOND_FIRST = (3, 4, 6)
_OF_THEMSELVES = frozenset(
    ("joined", "arrived", "started", "ended", "expired", "died", "departed", "registered")
)
_PLACES = frozenset(("country", "city", "town", "state", "region", "county", "district"))


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question with the SQL that answers it.

    Attributes:
        question: As a person would ask it.
        sql: One statement.
        kind: What sort of question it is ("count", "top", "month" ...).
        least_rows: Fewer rows are no answer worth asking for.
        work: How much it reads and sorts, about 0.1 microseconds each on a 2023 server core.
    """

    question: str
    sql: str
    kind: str
    least_rows: int = 1
    work: int = 0


def find_ideas(topics: Sequence[Topic], schema: Schema) -> tuple[Suggestion, ...]:
    """Return questions about topics, varied: one of each kind before a second of any, without repeats.

    Args:
        topics: Tables, the likeliest first.
        schema: Of the database.
    """
    makers: tuple[Callable[[Topic], Iterator[Suggestion]], ...] = (
        _filters,
        _top,
        lambda topic: _leaders(topic, topics, schema),
        _over_time,
        _averages,
        _groups,
        _count,
        lambda topic: _totals(topic, topics, schema),
        _flags,
        _above,
        lambda topic: _lacking(topic, topics, schema),
        _latest,
    )
    by_kind = [
        _take_turns([[_weigh(idea, topic) for idea in make(topic)] for topic in topics])
        for make in makers
    ]
    turned = [_shift(ideas, position) for position, ideas in enumerate(by_kind)]
    unique: dict[str, Suggestion] = {}
    for idea in _take_turns(turned):
        unique.setdefault(idea.question.casefold(), idea)
    return tuple(unique.values())


def _weigh(idea: Suggestion, topic: Topic) -> Suggestion:
    rows = topic.table.row_count if topic.table.row_count is not None else _UNKNOWN_ROWS
    return replace(idea, work=rows * _STEPS.get(idea.kind, 1))


def _take_turns(lists: Sequence[Sequence[Suggestion]]) -> list[Suggestion]:
    """Return the first of each list, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [each[place] for place in range(longest) for each in lists if place < len(each)]


def _shift(ideas: list[Suggestion], position: int) -> list[Suggestion]:
    """Begin some kinds with their second topic."""
    return [*ideas[1:2], *ideas[:1], *ideas[2:]] if position in _SECOND_FIRST else ideas


def _table(topic: Topic) -> str:
    return quote_name(topic.table.name)


def _names(topic: Topic, alias: str = "") -> str:
    return ", ".join(f"{alias}{quote_name(column.name)}" for column in topic.names)


def _select(items: str, source: str, *clauses: str) -> str:
    """Return a statement; names in its parts are quoted."""
    return " ".join(("SELECT", items, "FROM", source, *clauses))


def _say(column: Column) -> str:
    """Return what to call a column, without the unit in brackets behind it."""
    return re.sub(r"\s*\([^()]*\)$", "", column_words(column)) or column_words(column)


def _count(topic: Topic) -> Iterator[Suggestion]:
    sql = _select("COUNT(*)", _table(topic))
    yield Suggestion(f"How many {topic.nouns} are there?", sql, "count")


def _top(topic: Topic) -> Iterator[Suggestion]:
    if not topic.names:
        return
    for measure in topic.measures[:2]:
        column = quote_name(measure.name)
        filled, order = f"WHERE {column} IS NOT NULL", f"ORDER BY {column} DESC LIMIT {TOP}"
        sql = _select(f"{_names(topic)}, {column}", _table(topic), filled, order)
        question = f"Which {TOP} {topic.nouns} have the highest {_say(measure)}?"
        yield Suggestion(question, sql, "top", 2)


def _groups(topic: Topic) -> Iterator[Suggestion]:
    for category, _ in topic.categories[:2]:
        column = quote_name(category.name)
        order = f"GROUP BY {column} ORDER BY COUNT(*) DESC"
        sql = _select(f"{column}, COUNT(*)", _table(topic), order)
        question = f"How many {topic.nouns} are there per {_say(category)}?"
        yield Suggestion(question, sql, "group", 2)


def _averages(topic: Topic) -> Iterator[Suggestion]:
    for measure in topic.measures[:1]:
        question = f"What is the average {_say(measure)} of {topic.nouns}"
        average = f"AVG({quote_name(measure.name)})"
        for category, _ in topic.categories[:1]:
            by = quote_name(category.name)
            order = f"GROUP BY {by} ORDER BY {average} DESC"
            sql = _select(f"{by}, {average}", _table(topic), order)
            yield Suggestion(f"{question} per {_say(category)}?", sql, "average", 2)
        yield Suggestion(f"{question}?", _select(average, _table(topic)), "average")


def _over_time(topic: Topic) -> Iterator[Suggestion]:
    for date, first, last in topic.dates[:1]:
        months = last - first < _MONTHS_WITHIN_YEARS
        part = _say_part(date, months=months)
        sql = _select(f"{part}, COUNT(*)", _table(topic), f"GROUP BY {part} ORDER BY {part}")
        alone = len(topic.dates) == 1
        question = _ask_over_time(topic, _say(date), "month" if months else "year", alone=alone)
        yield Suggestion(question, sql, "time", 2)


def _ask_over_time(topic: Topic, date: str, unit: str, *, alone: bool) -> str:
    """Return the question for rows by month or year; the date is named where there are several."""
    words = date.lower().split()
    if len(words) == 2 and words[1] in ("at", "on") and words[0].endswith("ed"):
        if words[0] in _OF_THEMSELVES:
            return f"How many {topic.nouns} {words[0]} per {unit}?"
        # "Orders were ordered" says nothing new.
        if not words[0].startswith(topic.noun.split()[-1][:4].lower()):
            return f"How many {topic.nouns} were {words[0]} per {unit}?"
        return f"How many {topic.nouns} are there per {unit}?"
    which = unit
    if not alone and len(words) > 1 and words[-1] == "date":
        which = f"{date.rpartition(' ')[0]} {unit}"
    elif not alone:
        which = f"{unit} of {date}"
    return f"How many {topic.nouns} are there per {which}?"


def _say_part(date: Column, *, months: bool) -> str:
    """Return the SQL for the year, or year and month, of a date in the format of its column."""
    column = quote_name(date.name)
    if date.date_format.startswith("%Y"):
        return f"strftime('{'%Y-%m' if months else '%Y'}', {column})"
    if not months:
        return f"substr({column}, 7, 4)"
    month = 4 if date.date_format.startswith("%d") else 1
    return f"substr({column}, 7, 4) || '-' || substr({column}, {month}, 2)"


def _filters(topic: Topic) -> Iterator[Suggestion]:
    for category, values in topic.categories:
        for value in values[:1]:
            is_place = _say(category).lower().split()[-1] in _PLACES
            has = f"are in {value}" if is_place else f"have {_say(category)} {value}"
            test = f"WHERE {quote_name(category.name)} = {quote_text(value)}"
            sql = _select("COUNT(*)", _table(topic), test)
            yield Suggestion(f"How many {topic.nouns} {has}?", sql, "filter")


def _flags(topic: Topic) -> Iterator[Suggestion]:
    for flag, yes in topic.flags:
        words = _say(flag).lower().split()
        if len(words) < 2 or words[0] not in ("is", "has", "was"):
            continue
        verb = {"is": "are", "has": "have", "was": "were"}[words[0]]
        test = f"WHERE {quote_name(flag.name)} = {_spell(yes)}"
        sql = _select("COUNT(*)", _table(topic), test)
        yield Suggestion(f"How many {topic.nouns} {verb} {' '.join(words[1:])}?", sql, "flag")


def _spell(value: Cell) -> str:
    return quote_text(value) if isinstance(value, str) else str(value)


def _above(topic: Topic) -> Iterator[Suggestion]:
    for measure in topic.measures[:1]:
        column, table = quote_name(measure.name), _table(topic)
        test = f"WHERE {column} > ({_select(f'AVG({column})', table)})"
        question = f"How many {topic.nouns} have {with_article(_say(measure))} above average?"
        yield Suggestion(question, _select("COUNT(*)", table, test), "above")


def _latest(topic: Topic) -> Iterator[Suggestion]:
    for date, _, _ in topic.dates[:1]:
        if date.date_format.startswith("%Y"):
            sql = _select(f"MAX({quote_name(date.name)})", _table(topic))
            yield Suggestion(f"What is the latest {_say(date)} of {topic.nouns}?", sql, "latest")


def _parents(
    topic: Topic, topics: Sequence[Topic], schema: Schema
) -> Iterator[tuple[Topic, ForeignKey]]:
    """Yield what a topic refers to by a key of one column, each once; not itself."""
    by_name = {each.table.name.casefold(): each for each in topics}
    seen: set[str] = set()
    for key in schema.foreign_keys:
        other = by_name.get(key.other_table.casefold())
        if key.table.casefold() != topic.table.name.casefold() or other is None or other is topic:
            continue
        referring = [
            k.column
            for k in schema.foreign_keys
            if (k.table, k.other_table) == (key.table, key.other_table)
        ]
        primary = [column.name for column in other.table.columns if column.primary_key]
        if len(referring) == 1 and len(primary) < 2 and other.names and other.noun not in seen:
            seen.add(other.noun)
            yield other, key


def _join(topic: Topic, other: Topic, key: ForeignKey) -> str:
    return (
        f"{_table(topic)} AS a JOIN {_table(other)} AS b "
        f"ON a.{quote_name(key.column)} = b.{quote_name(key.other_column)}"
    )


def _leaders(topic: Topic, topics: Sequence[Topic], schema: Schema) -> Iterator[Suggestion]:
    for other, key in _parents(topic, topics, schema):
        order = f"GROUP BY b.{quote_name(key.other_column)} ORDER BY COUNT(*) DESC LIMIT 1"
        items = f"{_names(other, 'b.')}, COUNT(*)"
        sql = _select(items, _join(topic, other, key), order)
        yield Suggestion(f"Which {other.noun} has the most {topic.nouns}?", sql, "leader")


def _totals(topic: Topic, topics: Sequence[Topic], schema: Schema) -> Iterator[Suggestion]:
    for other, key in _parents(topic, topics, schema):
        for measure in topic.measures[:1]:
            total = f"SUM(a.{quote_name(measure.name)})"
            order = f"GROUP BY b.{quote_name(key.other_column)} ORDER BY {total} DESC LIMIT {TOP}"
            items = f"{_names(other, 'b.')}, {total}"
            words = _say(measure)
            whole = words if words.startswith("total") else f"total {words}"
            question = f"Which {TOP} {other.nouns} have the highest {whole} of {topic.nouns}?"
            yield Suggestion(question, _select(items, _join(topic, other, key), order), "total", 2)


def _lacking(topic: Topic, topics: Sequence[Topic], schema: Schema) -> Iterator[Suggestion]:
    for other, key in _parents(topic, topics, schema):
        if max(topic.table.row_count or 0, other.table.row_count or 0) > MAX_LOOKUP_ROWS:
            continue
        column = quote_name(key.column)
        inner = _select(column, _table(topic), f"WHERE {column} IS NOT NULL")
        test = f"WHERE {quote_name(key.other_column)} NOT IN ({inner})"
        sql = _select(_names(other), _table(other), test)
        yield Suggestion(f"Which {other.nouns} have no {topic.nouns}?", sql, "lacking")
