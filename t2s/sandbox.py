"""Run statements that anyone may have written, each call in a process that is thrown away.

Covered: writes, files, settings and functions outside an allow-list (SQLite's own parser decides, in
the worker); time, memory, disk, rows and bytes; crashes and hangs of SQLite itself (the worker is
killed from here). A worker serves one call, so nothing one caller does can reach another.

Not covered: the worker has the same user id as this process. It is a blast wall, not a jail, against
someone who finds a way to run machine code through a flaw in SQLite.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from t2s.errors import (
    DatabaseError,
    InvalidSqlError,
    QueryError,
    QueryLimitError,
    QueryTimeoutError,
    UnsafeSqlError,
)
from t2s.sandbox_workers import (
    BUSY_TEXT,
    Busy,
    OpenFailed,
    Session,
    WorkerGone,
    describe_opening,
)
from t2s.values import Limits, QueryResult

# A frame is JSON of at most max_bytes of cells; quotes and escapes can make it several times longer.
_FRAME_FACTOR = 8
_FRAME_EXTRA_BYTES = 1024 * 1024
_PROBE_SECONDS = 5.0
# Plain words for a sandbox that is missing altogether.
_NO_WORKER = "worker processes: no database can be read"


def run(path: Path, sql: str, limits: Limits = Limits()) -> QueryResult:  # noqa: B008 - frozen
    """Run one statement and return its rows, cut at the limits.

    Raises:
        UnsafeSqlError: It does more than read, or uses a function that is not allowed.
        InvalidSqlError: It does not parse or does not fit the database.
        QueryTimeoutError: It ran into the deadline, or too many others are waiting.
        QueryLimitError: It ran into the limit on memory or size.
        QueryError: The file is damaged where the statement reads.
        DatabaseError: The file cannot be opened.
    """
    result = run_each(path, (sql,), limits, stop_after=1)[0]
    if isinstance(result, QueryError):
        raise result
    return result


def run_each(
    path: Path,
    sqls: Sequence[str],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    *,
    stop_after: int = 1,
    seconds: float | None = None,
) -> tuple[QueryResult | QueryError, ...]:
    """Run statements in order in one worker until ``stop_after`` of them gave rows.

    Args:
        path: The database file.
        sqls: Statements, best first.
        limits: Bounds on each statement.
        stop_after: How many successes are enough.
        seconds: Processor time for all statements of one worker together; those for which none is left end as
            timeouts. By default each may take as long as if it were alone.

    Returns:
        One result or error for each statement that was tried, in order; the others are absent. The
        statement that had to be killed from outside is the last in its worker; those after it get
        another one.

    Raises:
        DatabaseError: The file cannot be opened.
    """
    results: list[QueryResult | QueryError] = []
    while len(results) < len(sqls):
        missing = stop_after - sum(isinstance(r, QueryResult) for r in results)
        if missing <= 0:
            break
        results += _run_worker(path, sqls[len(results) :], limits, missing, seconds)
    return tuple(results)


def find_damage(path: Path, limits: Limits = Limits()) -> str:  # noqa: B008 - frozen
    """Return what SQLite's quick check finds wrong in the pages of the file, "" for nothing.

    A check that does not end in time finds nothing.
    """
    opening = describe_opening(
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.kill_seconds + 2,
        check_seconds=limits.deadline_seconds,
    )
    try:
        with contextlib.closing(Session(opening, path, limits.kill_seconds)) as session:
            return str(session.opened.get("damage", ""))
    except OpenFailed:
        return ""
    except Busy as busy:
        raise QueryTimeoutError(BUSY_TEXT, sql="") from busy


@functools.cache
def missing_protections() -> tuple[str, ...]:
    """Return in plain words the limits that this platform does not give a worker; () for none.

    A worker tries them out, once in a process; statements run without those that are missing.
    """
    opening = describe_opening(memory_bytes=0, cpu_seconds=_PROBE_SECONDS, probe=True)
    try:
        with contextlib.closing(Session(opening, None, _PROBE_SECONDS)) as session:
            return tuple(str(text) for text in session.opened["missing"])
    except OpenFailed:
        return (_NO_WORKER,)
    except Busy as busy:
        raise QueryTimeoutError(BUSY_TEXT, sql="") from busy


def _run_worker(
    path: Path,
    sqls: Sequence[str],
    limits: Limits,
    stop_after: int,
    seconds: float | None,
) -> list[QueryResult | QueryError]:
    """Return results of the first statements, at least one, from one worker."""
    longest = limits.kill_seconds * len(sqls)
    seconds = longest if seconds is None else min(seconds, longest)
    opening = describe_opening(memory_bytes=limits.memory_bytes, cpu_seconds=seconds + 2)
    try:
        session = Session(opening, path, limits.kill_seconds)
    except Busy as busy:
        raise QueryTimeoutError(BUSY_TEXT, sql=sqls[0]) from busy
    except OpenFailed as failed:
        raise DatabaseError(_OPEN_SENTENCES[failed.problem], detail=failed.detail) from failed
    with contextlib.closing(session):
        # What opening the file took counts for the first statement.
        frames = ask(session, sqls, limits, session.opening_ends, seconds, stop_after=stop_after)
        return [build_result(sql, frame) for sql, frame in zip(sqls, frames, strict=False)]


def ask(
    session: Session,
    sqls: Sequence[str],
    limits: Limits,
    first_ends: float,
    seconds: float,
    *,
    stop_after: int,
    keep: bool = False,
) -> Iterator[dict[str, Any]]:
    """Yield the answer to each statement of a session, until ``stop_after`` of them gave rows.

    The last one is the one that had to be killed, if any: the session is of no use after it.

    Args:
        session: An open file.
        sqls: Statements, in order.
        limits: Bounds on each statement.
        first_ends: What the clock shows when the worker is killed for its first answer.
        seconds: Bound on all of them together.
        stop_after: How many successes are enough.
        keep: Whether rows that came before an error count as an answer.
    """
    batch = {
        "sqls": list(sqls),
        "limits": asdict(limits),
        "seconds": seconds,
        "stop_after": stop_after,
        "keep": keep,
    }
    max_bytes = limits.max_bytes * _FRAME_FACTOR + _FRAME_EXTRA_BYTES
    successes = 0
    ends = first_ends
    all_end = session.now() + seconds + limits.kill_seconds - limits.deadline_seconds
    try:
        session.send(batch, ends)
        for _ in sqls:
            frame = session.receive(ends, max_bytes)
            yield frame
            successes += "cells" in frame
            if successes >= stop_after:
                return
            ends = min(session.now() + limits.kill_seconds, all_end)
    except WorkerGone as gone:
        yield {"error": "timeout" if gone.timed_out else "limit", "killed": True}


def build_result(sql: str, frame: Mapping[str, Any]) -> QueryResult | QueryError:
    """Return the rows or the error that the answer to a statement stands for."""
    kind, message = frame.get("error"), str(frame.get("message", ""))
    if kind is None:
        cells = frame["cells"]
        if frame["has_bytes"]:
            cells = [map(_restore, column) for column in cells]
        return QueryResult(
            sql=sql,
            columns=tuple(frame["columns"]),
            rows=tuple(zip(*cells, strict=True)),
            truncated=bool(frame["truncated"]),
            seconds=float(frame["seconds"]),
        )
    error, text = _SENTENCES.get(kind, _SENTENCES["damaged"])
    return error(text.format(message=message), sql=sql, detail=message)


def _restore(cell: Any) -> Any:  # noqa: ANN401 - any cell
    return bytes.fromhex(cell["hex"]) if isinstance(cell, dict) else cell


_OPEN_SENTENCES = {
    "open": "This file cannot be opened as a database any more; load it again.",
    "busy": "The file is locked by another program; close it and try again.",
    "unfinished": "The file has an unfinished change beside it; open and close it once in the "
    "program that wrote it, then try again.",
    "limit": "This database takes more memory to open than is allowed here; choose a smaller one.",
    "timeout": "This database takes too long to open; choose a smaller one.",
}
# Kind in the worker's frame -> exception and sentence.
_SENTENCES: dict[str, tuple[type[QueryError], str]] = {
    "denied": (UnsafeSqlError, "This statement was refused: {message} is not allowed here."),
    "many": (UnsafeSqlError, "Only one statement can run at a time; remove the others."),
    "empty": (InvalidSqlError, "There is no statement to run; type a SELECT statement."),
    "characters": (
        InvalidSqlError,
        "This statement has unreadable characters; type it again.",
    ),
    "invalid": (InvalidSqlError, "The statement does not fit this database: {message}."),
    "timeout": (
        QueryTimeoutError,
        "This took too long and was stopped; ask for less, for example one year or one place.",
    ),
    "limit": (
        QueryLimitError,
        "This needs more memory than one question may use; ask for fewer rows or columns.",
    ),
    "busy": (QueryError, "The file is locked by another program; close it and try again."),
    "damaged": (
        QueryError,
        "The file is damaged where this statement reads; load a fresh copy of it.",
    ),
}
