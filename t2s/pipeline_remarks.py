"""What is said beside a result: why it is empty, and in which ways it is not what it looks like.

Everything is looked up in the sandbox, within a time that nobody notices. A remark is never worth an answer: what
cannot be looked up is left out, and nothing is raised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from t2s import doubts, explain, nearest, probe, sandbox
from t2s.errors import DatabaseError, QueryError
from t2s.pipeline_session import Session
from t2s.values import QueryResult, Schema

# What is looked up beside an answer may take this long; a slower one stays without remarks.
DOUBT_SECONDS = 0.25


def list_missing(result: QueryResult, session: Session) -> tuple[str, ...]:
    """Return a sentence for each text that the statement looks for and no row holds, with the nearest value."""
    probes = probe.list_probes(result.sql, session.schema)
    found = _look_up([each.sql for each in probes], session)
    missing = [
        (each, nearest.find_near(each, session.index))
        for each in probes
        if (given := found.get(each.sql)) is not None and not given.rows
    ]
    counts = _look_up([near.sql for _, near in missing if near is not None], session)
    sentences = []
    for each, near in missing:
        counted = None if near is None else counts.get(near.sql)
        rows = None if counted is None else int(counted.rows[0][0] or 0)
        sentences.append(nearest.tell_missing(each, near, rows))
    return tuple(sentences)


def list_out_of_range(result: QueryResult, session: Session) -> tuple[str, ...]:
    """Return a sentence for each comparison with a number or date that no row meets."""
    ranges = nearest.list_ranges(result.sql, session.schema)
    given = _look_up([each.sql for each in ranges], session)
    told = [nearest.tell_range(r, given[r.sql].rows[0]) for r in ranges if r.sql in given]
    return tuple(sentence for sentence in told if sentence)


def list_remarks(result: QueryResult, session: Session) -> tuple[str, ...]:
    """Return a sentence for each way in which a result is not what it looks like; see ``t2s.doubts``.

    That no row meets a comparison with a number or date is such a way too.
    """
    found = doubts.find(result, session.schema, session.index)
    statements = [doubt.sql for doubt in found if doubt.sql]
    slow = result.seconds > DOUBT_SECONDS  # what settles the doubts takes as long again
    given = {} if slow or not statements else _look_up(statements, session)
    rows = [given[doubt.sql].rows if doubt.sql in given else None for doubt in found]
    empty = probe.is_hollow(result) and not slow
    return doubts.tell(found, rows) + (list_out_of_range(result, session) if empty else ())


def name_headers(result: QueryResult, tables: Schema) -> QueryResult:
    """Return the result with computed columns named in words."""
    return replace(result, columns=explain.name_columns(result.sql, result.columns, tables))


def _look_up(statements: Sequence[str], session: Session) -> dict[str, QueryResult]:
    """Return what our own small statements gave; those that did not run in time are absent."""
    if not statements:
        return {}
    limits = replace(session.limits, deadline_seconds=DOUBT_SECONDS, kill_seconds=4 * DOUBT_SECONDS)
    try:
        ran = sandbox.run_each(
            session.database.path, statements, limits, stop_after=len(statements)
        )
    except (QueryError, DatabaseError):
        return {}
    return {outcome.sql: outcome for outcome in ran if isinstance(outcome, QueryResult)}
