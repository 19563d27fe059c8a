"""Read a database with statements of this program, in the sandbox.

What is stored in a file decides what even a plain SELECT makes SQLite do.

Covered: time, rows and bytes of a whole reading, beside what :mod:`t2s.sandbox` covers. A statement
that has to be killed costs its own answer, and a new worker for those after it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2s import sandbox
from t2s.errors import DatabaseError, QueryError, QueryLimitError, QueryTimeoutError
from t2s.sandbox_workers import BUSY_TEXT, Busy, OpenFailed, OpenProblem, Session, describe_opening
from t2s.values import Limits, QueryResult

# From the end of a statement's time until its worker is killed.
_GRACE_SECONDS = 0.5
_OPEN_SECONDS = 3.0
# A reading passes over cells that no question may ask for, such as pictures.
_LENGTH_BYTES = 64 * 1024 * 1024
_SQL_BYTES = 1_000_000
_MEMORY_BYTES = Limits().memory_bytes

# What was wrong when opening -> sentence.
_SENTENCES: dict[OpenProblem, str] = {
    "open": "{name} is damaged or not a SQLite database; make a fresh copy and try again.",
    "busy": "{name} is locked by another program; close that program and try again.",
    "unfinished": "{name} has an unfinished change beside it or cannot be opened; open and close it "
    "once in the program that wrote it, then try again.",
    "limit": "{name} takes more memory to open than is allowed here; choose a smaller database.",
    "timeout": "{name} takes too long to open; choose a smaller database.",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds on a whole reading. Waiting for a worker and opening the file do not count."""

    seconds: float
    max_rows: int
    max_bytes: int


class Reading:
    """One look at a file; see :func:`open_reading`."""

    def __init__(self, path: Path, name: str, budget: Budget) -> None:
        """Start without a worker; the first statements get one."""
        self._path = path
        self._name = name
        self._seconds = budget.seconds
        self._rows = budget.max_rows
        self._bytes = budget.max_bytes
        self._opening = describe_opening(
            memory_bytes=_MEMORY_BYTES,
            cpu_seconds=budget.seconds + _OPEN_SECONDS,
            length_bytes=_LENGTH_BYTES,
            sql_bytes=_SQL_BYTES,
        )
        self._session: Session | None = None

    def ask(
        self,
        sqls: Sequence[str],
        seconds: float,
        statement_seconds: float | None = None,
        max_cell_bytes: int = Limits().max_cell_bytes,
        max_bytes: int = Limits().max_bytes,
    ) -> tuple[QueryResult | QueryError, ...]:
        """Run statements in order and return one result or error for each.

        Rows that came before an error are a result, cut short. What the budget leaves no room for
        is an error.

        Args:
            sqls: Statements of this program.
            seconds: Bound on all of them together.
            statement_seconds: Bound on each; ``seconds`` when None.
            max_cell_bytes: Where texts (in characters) and bytes are cut.
            max_bytes: Bound on the rows of each.

        Raises:
            DatabaseError: The file cannot be opened or is locked, or too many others are waiting.
        """
        results: list[QueryResult | QueryError] = []
        each = min(seconds, statement_seconds or seconds)
        ends = time.monotonic() + min(seconds, self._seconds)
        while len(results) < len(sqls) and self._rows > 0 and self._bytes > 0:
            if self._session is None:
                started = time.monotonic()
                self._session = self._open()
                ends += time.monotonic() - started
            left = ends - time.monotonic()
            if left <= 0:
                break
            started, clock = time.monotonic(), self._session.now()
            limits = Limits(
                deadline_seconds=min(each, left),
                kill_seconds=min(each, left) + _GRACE_SECONDS,
                max_rows=self._rows,
                max_bytes=min(max_bytes, self._bytes),
                max_cell_bytes=max_cell_bytes,
            )
            session = self._session
            results += self._ask_worker(session, sqls[len(results) :], limits, left)
            spent = session.now() - clock
            self._seconds -= spent
            # While the worker had to stand still for others, time did not run.
            ends += time.monotonic() - started - spent
        is_late = self._rows > 0 and self._bytes > 0
        error = QueryTimeoutError if is_late else QueryLimitError
        results += [error("This was not read.", sql=sql) for sql in sqls[len(results) :]]
        return tuple(results)

    def close(self) -> None:
        """End the worker, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> Session:
        try:
            return Session(self._opening, self._path, _OPEN_SECONDS)
        except Busy as busy:
            raise DatabaseError(BUSY_TEXT) from busy
        except OpenFailed as failed:
            raise explain_problem(failed.problem, self._name, failed.detail) from failed

    def _ask_worker(
        self, session: Session, sqls: Sequence[str], limits: Limits, seconds: float
    ) -> list[QueryResult | QueryError]:
        """Return results of the first statements, at least one; end a worker that came to harm."""
        results: list[QueryResult | QueryError] = []
        ends = session.now() + limits.kill_seconds
        frames = sandbox.ask(session, sqls, limits, ends, seconds, stop_after=len(sqls), keep=True)
        for sql, frame in zip(sqls, frames, strict=False):
            if frame.get("error") == "busy":
                raise explain_problem("busy", self._name, str(frame.get("message")))
            result = sandbox.build_result(sql, frame)
            results.append(result)
            if isinstance(result, QueryResult):
                self._rows -= len(result.rows)
                self._bytes -= session.received_bytes
            # What ran out of memory may have left little of it to the next statement.
            is_harmed = "killed" in frame or "limit" in (frame.get("error"), frame.get("stopped"))
            if is_harmed or self._rows <= 0 or self._bytes <= 0:
                self.close()
                break
        if self._session is not None:
            self._session.rest()
        return results


def explain_problem(problem: OpenProblem, name: str, detail: str) -> DatabaseError:
    """Return the sentence for a file called ``name`` that cannot be opened; ``detail`` is for the log."""
    return DatabaseError(_SENTENCES[problem].format(name=name), detail=detail)


@contextlib.contextmanager
def open_reading(path: Path, name: str, budget: Budget) -> Iterator[Reading]:
    """Look at a file with statements of this program; ``name`` is what sentences call it."""
    reading = Reading(path, name, budget)
    try:
        yield reading
    finally:
        reading.close()
