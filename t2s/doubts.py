"""Ways in which an answer that looks right may be wrong, told in one plain sentence each. Pure.

Each check reads the syntax tree; where that leaves it open, a doubt brings a statement whose rows settle
it, for example the same query with its numbers divided exactly. So a remark is made only of what happened.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot

from t2s.doubts_rows import (
    find_fan_out,
    find_loose_columns,
    find_lost_rows,
    find_not_in_nulls,
    find_ties,
)
from t2s.doubts_texts import find_quoted_texts, find_spellings
from t2s.doubts_tree import Doubt, Row
from t2s.doubts_types import find_dates, find_divisions, find_mixed_types
from t2s.value_index import ValueIndex, empty_index
from t2s.values import QueryResult, Schema

__all__ = ["MAX_DOUBTS", "MAX_REMARKS", "Doubt", "find", "tell"]

MAX_DOUBTS = 8  # statements that are run for one answer
MAX_REMARKS = 3  # more are not read
MAX_SQL_CHARACTERS = 10_000

_NO_INDEX = empty_index()


def find(result: QueryResult, schema: Schema, index: ValueIndex = _NO_INDEX) -> tuple[Doubt, ...]:
    """Return what to doubt about an answer, the gravest first; nothing for SQL that does not parse.

    Args:
        result: The answer.
        schema: Of its database.
        index: Cells that are known, which saves looking them up.
    """
    if len(result.sql) > MAX_SQL_CHARACTERS:
        return ()
    try:
        tree = sqlglot.parse_one(result.sql, read="sqlite")
        found = (
            *find_quoted_texts(tree, schema),
            *find_not_in_nulls(tree, schema),
            *find_fan_out(tree, schema),
            *find_divisions(tree, result, schema),
            *find_mixed_types(tree, result, schema),
            *find_dates(tree, result, schema),
            *find_spellings(tree, schema, index),
            *find_loose_columns(tree, schema),
            *find_lost_rows(tree, schema),
            *find_ties(tree, result),
        )
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ()
    return found[:MAX_DOUBTS]


def tell(found: Sequence[Doubt], rows: Sequence[Sequence[Row] | None]) -> tuple[str, ...]:
    """Return the sentences to show.

    Args:
        found: From ``find``.
        rows: For each doubt what its statement gave, in order; None when it did not run.
    """
    said = [
        doubt.tell(given or ())
        for doubt, given in zip(found, rows, strict=True)
        if given is not None or not doubt.sql
    ]
    return tuple(dict.fromkeys(filter(None, said)))[:MAX_REMARKS]
