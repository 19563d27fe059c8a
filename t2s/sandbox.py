"""Run statements that anyone may have written, each call in a process that is thrown away.

Covered: writes, files, settings and functions outside an allow-list (SQLite's own parser decides, in
the worker); time, memory, disk, rows and bytes; crashes and hangs of SQLite itself (the worker is
killed from here). A worker serves one call, so nothing one caller does can reach another.

Not covered: the worker has the same user id as this process. It is a blast wall, not a jail, against
someone who finds a way to run machine code through a flaw in SQLite.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import selectors
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
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
from t2s.values import Limits, QueryResult

_WORKER = Path(__file__).with_name("sandbox_worker.py")
# Two at a time: with more, light queries of other sessions wait for the heavy ones on two cores.
_AT_ONCE = 2
_QUEUE_SECONDS = 10.0
# A frame is JSON of at most max_bytes of cells; quotes and escapes can make it several times longer.
_FRAME_FACTOR = 8
_FRAME_EXTRA_BYTES = 1024 * 1024
_READ_BYTES = 1 << 16
_SPARES = 1


class _WorkerGone(Exception):  # noqa: N818 - a signal inside this module, never shown
    """The worker ended, was killed, or wrote what no worker writes."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__()
        self.timed_out = timed_out


def run(path: Path, sql: str, limits: Limits = Limits()) -> QueryResult:  # noqa: B008 - frozen
    """Run one statement and return its rows, cut at the limits.

    Raises:
        UnsafeSqlError: It does more than read, or uses a function that is not allowed.
        InvalidSqlError: It does not parse or does not fit the database.
        QueryTimeoutError: It ran into the deadline, or too many others are running.
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
) -> tuple[QueryResult | QueryError, ...]:
    """Run statements in order in one worker until ``stop_after`` of them gave rows.

    Args:
        path: The database file.
        sqls: Statements, best first.
        limits: Bounds on each statement.
        stop_after: How many successes are enough.

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
        results += _run_worker(path, sqls[len(results) :], limits, missing)
    return tuple(results)


def find_damage(path: Path, limits: Limits = Limits()) -> str:  # noqa: B008 - frozen
    """Return what SQLite's quick check finds wrong in the pages of the file, "" for nothing.

    A check that does not end in time finds nothing.
    """
    frames = _exchange(path, (), limits, stop_after=0, check=True)
    try:
        return str(next(frames).get("damage", ""))
    except (_WorkerGone, StopIteration):
        return ""
    finally:
        frames.close()


def _run_worker(
    path: Path, sqls: Sequence[str], limits: Limits, stop_after: int
) -> list[QueryResult | QueryError]:
    """Return results of the first statements, at least one, from one worker."""
    results: list[QueryResult | QueryError] = []
    successes = 0
    with contextlib.closing(_exchange(path, sqls, limits, stop_after, check=False)) as frames:
        for sql in sqls:
            try:
                frame = next(frames)
            except _WorkerGone as gone:
                results.append(_explain_end(sql, gone))
                break
            if frame.get("error") == "open":
                raise DatabaseError(
                    "This file cannot be opened as a database any more; load it again.",
                    detail=str(frame.get("message")),
                )
            result = _build_result(sql, frame)
            results.append(result)
            successes += isinstance(result, QueryResult)
            if successes >= stop_after:
                break
    return results


def _build_result(sql: str, frame: dict[str, Any]) -> QueryResult | QueryError:
    kind, message = frame.get("error"), str(frame.get("message", ""))
    if kind is None:
        rows = tuple(
            tuple(bytes.fromhex(c["hex"]) if isinstance(c, dict) else c for c in row)
            for row in frame["rows"]
        )
        return QueryResult(
            sql=sql,
            columns=tuple(frame["columns"]),
            rows=rows,
            truncated=bool(frame["truncated"]),
            seconds=float(frame["seconds"]),
        )
    error, text = _SENTENCES[kind]
    return error(text.format(message=message), sql=sql, detail=message)


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


def _explain_end(sql: str, gone: _WorkerGone) -> QueryError:
    error, text = _SENTENCES["timeout" if gone.timed_out else "limit"]
    return error(text, sql=sql)


def _exchange(
    path: Path, sqls: Sequence[str], limits: Limits, stop_after: int, *, check: bool
) -> Generator[dict[str, Any], None, None]:
    """Send one job to a worker and yield its frames; the worker is gone when this is closed.

    Raises:
        QueryTimeoutError: No worker was free for ten seconds.
        _WorkerGone: The worker did not answer in time or died.
    """
    workers = _workers()
    if not workers.places.acquire(timeout=_QUEUE_SECONDS):
        raise QueryTimeoutError(
            "Too many questions are running right now; try again in a moment.",
            sql=sqls[0] if sqls else "",
        )
    try:
        job = json.dumps(
            {
                "path": str(Path(path).absolute()),
                "sqls": list(sqls),
                "limits": asdict(limits),
                "stop_after": stop_after,
                "check": check,
            }
        ).encode()
        process = workers.take(struct.pack(">I", len(job)) + job)
        try:
            while True:
                yield _read_frame(process, limits)
        finally:
            _end(process)
    finally:
        workers.refill()
        workers.places.release()


def _read_frame(process: subprocess.Popen[bytes], limits: Limits) -> dict[str, Any]:
    ends = time.monotonic() + limits.kill_seconds
    head = _read_bytes(process, 4, ends)
    length = struct.unpack(">I", head)[0]
    if length > limits.max_bytes * _FRAME_FACTOR + _FRAME_EXTRA_BYTES:
        raise _WorkerGone(timed_out=False)
    try:
        frame = json.loads(_read_bytes(process, length, ends))
    except ValueError as error:
        raise _WorkerGone(timed_out=False) from error
    if not isinstance(frame, dict):
        raise _WorkerGone(timed_out=False)
    return frame


def _read_bytes(process: subprocess.Popen[bytes], count: int, ends: float) -> bytes:
    """Read exactly ``count`` bytes of the worker's output before the clock shows ``ends``."""
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    descriptor = process.stdout.fileno()
    parts: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while count:
            left = ends - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise _WorkerGone(timed_out=True)
            part = os.read(descriptor, min(count, _READ_BYTES))
            if not part:
                process.wait()
                # 24 is SIGXCPU: the limit on processor time.
                raise _WorkerGone(timed_out=process.returncode == -24)
            parts.append(part)
            count -= len(part)
    return b"".join(parts)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


class _Workers:
    """A spare worker that waits for its one job, and how many may run at once."""

    def __init__(self) -> None:
        self.places = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._spares: list[subprocess.Popen[bytes]] = []

    def take(self, job: bytes) -> subprocess.Popen[bytes]:
        """Give the job to a spare worker, or to a new one when none is alive."""
        while True:
            with self._lock:
                spare = self._spares.pop() if self._spares else None
            process = spare or _start()
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            try:
                process.stdin.write(job)
                process.stdin.flush()
            except OSError:
                _end(process)
                if spare is None:
                    raise _WorkerGone(timed_out=False) from None
                continue
            return process

    def refill(self) -> None:
        """Start a worker for the next call."""
        with self._lock:
            if len(self._spares) < _SPARES:
                self._spares.append(_start())

    def close(self) -> None:
        """End the spare workers."""
        with self._lock:
            while self._spares:
                _end(self._spares.pop())


@functools.cache
def _workers() -> _Workers:
    workers = _Workers()
    atexit.register(workers.close)
    return workers


def _start() -> subprocess.Popen[bytes]:
    """Start a worker with an empty environment, no open files and its own session."""
    return subprocess.Popen(  # noqa: S603 - our own file, no shell
        [sys.executable, "-I", "-S", "-X", "utf8", str(_WORKER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )
