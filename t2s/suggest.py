"""Suggested questions for any database: made from its schema and some rows, each tried before it is shown.

Covered: everything is read in the sandbox, all of it within one deadline; what does not answer in time, or answers
with nothing, is left out. The same file gives the same questions, but for statements that a busy machine is too
slow for. Not covered: rows behind the first thousand of a table, when values for filters are looked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from t2s.errors import QueryError, T2SError
from t2s.sandbox_reading import Budget, Reading, open_reading
from t2s.sql_names import quote_identifier
from t2s.suggest_ideas import Suggestion, find_ideas
from t2s.suggest_roles import Topic, find_topic
from t2s.values import Database, QueryResult, Schema, Table

COUNT = 6
SECONDS = 1.6
# Four times what is expected of a quick one; a busy machine is slower.
_STATEMENT_SECONDS = 0.5
_SAMPLE_SECONDS = 0.5
# About a quarter of a second, see ``Suggestion.work``.
_QUICK_WORK = 2_500_000
_SAMPLE_ROWS = 1_000
_MAX_TABLES = 8
_MAX_COLUMNS = 40
_MAX_TRIES = 24
_CELL_BYTES = 100
_MAX_ROWS = 60_000
_MAX_BYTES = 16 * 1024 * 1024


def suggest(
    db: Database, schema: Schema, count: int = COUNT, seconds: float = SECONDS
) -> tuple[Suggestion, ...]:
    """Return up to ``count`` questions that have an answer, varied in kind; none where nothing can be read.

    Args:
        db: The file.
        schema: What is in it.
        count: How many questions are wanted.
        seconds: Bound on everything together; waiting for others and opening the file are not counted.
    """
    budget = Budget(seconds=seconds, max_rows=_MAX_ROWS, max_bytes=_MAX_BYTES)
    ends = time.monotonic() + seconds
    try:
        with open_reading(db.path, db.name, budget) as reading:
            topics = _read_topics(reading, schema)
            return _try(reading, put_quick_first(find_ideas(topics, schema)), count, ends)
    except T2SError:
        return ()


def keep(
    suggestions: Iterable[Suggestion], accepts: Callable[[Suggestion], bool]
) -> tuple[Suggestion, ...]:
    """Return those that a caller accepts, for example those whose question a model answers alike."""
    return tuple(each for each in suggestions if accepts(each))


def put_quick_first(ideas: Sequence[Suggestion]) -> list[Suggestion]:
    """Return the ideas that are worth a try; those that read a lot come last, the quickest of them first."""
    quick = [idea for idea in ideas if idea.work <= _QUICK_WORK]
    slow = sorted((i for i in ideas if i.work > _QUICK_WORK), key=lambda idea: idea.work)
    return [*quick, *slow][:_MAX_TRIES]


def _read_topics(reading: Reading, schema: Schema) -> list[Topic]:
    """Return the tables that questions can be asked about, the likeliest first."""
    tables = _choose_tables(schema)
    # Identifiers come from the schema and are quoted; there is no way to bind them.
    sqls = [
        f"SELECT {', '.join(quote_identifier(c.name) for c in table.columns)} "  # noqa: S608
        f"FROM {quote_identifier(table.name)} LIMIT {_SAMPLE_ROWS}"
        for table in tables
    ]
    results = reading.ask(sqls, _SAMPLE_SECONDS, _SAMPLE_SECONDS / 2, _CELL_BYTES)
    topics = [
        topic
        for table, result in zip(tables, results, strict=True)
        if isinstance(result, QueryResult)
        and (topic := find_topic(table, result.rows, schema)) is not None
    ]
    return sorted(topics, key=lambda topic: (-topic.score, topic.table.name))


def _choose_tables(schema: Schema) -> list[Table]:
    """Return the tables worth a look: those with rows, linked and large ones first; views come last."""
    links = [name for key in schema.foreign_keys for name in (key.table, key.other_table)]
    filled = [t for t in schema.tables if t.columns and t.row_count != 0]
    ranked = sorted(
        filled, key=lambda t: (t.is_view, -links.count(t.name), -(t.row_count or 0), t.name)
    )
    return [_narrow(table) for table in ranked[:_MAX_TABLES]]


def _narrow(table: Table) -> Table:
    """Return a table without binary columns and what lies behind its first ones."""
    columns = tuple(c for c in table.columns if c.kind != "blob")[:_MAX_COLUMNS]
    return Table(
        table.name, columns or table.columns[:1], table.row_count, table.nl_name, table.is_view
    )


def _try(
    reading: Reading, ideas: Sequence[Suggestion], count: int, ends: float
) -> tuple[Suggestion, ...]:
    """Return the first ideas that have an answer, and no more of one kind than variety allows."""
    found: list[Suggestion] = []
    waiting = list(ideas)
    while len(found) < count and waiting and time.monotonic() < ends:
        batch, waiting = waiting[: count - len(found)], waiting[count - len(found) :]
        results = reading.ask(
            [idea.sql for idea in batch],
            max(ends - time.monotonic(), 0.0),
            _STATEMENT_SECONDS,
            _CELL_BYTES,
        )
        found += [i for i, r in zip(batch, results, strict=True) if _has_answer(i, r)]
    return tuple(found[:count])


def _has_answer(idea: Suggestion, result: QueryResult | QueryError) -> bool:
    """Tell whether a statement gave all of its rows, enough of them, and something in them."""
    if not isinstance(result, QueryResult) or result.truncated:
        return False
    if len(result.rows) < idea.least_rows:
        return False
    values = [row[-1] for row in result.rows]
    return any(value not in (None, 0, "") for value in values)
