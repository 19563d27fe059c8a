"""Run statements on one database file inside limits, in a process of its own.

Started by :mod:`t2s.sandbox_workers` with ``python -I -S``; imports the standard library only. It lowers its own limits as far as the platform lets it and reads frames from standard input:
first how to open the file, then batches of statements until the input ends. It answers one frame to
the first and one to each statement. A frame is four bytes of length (big-endian) and JSON.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import sqlite3
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes a tenth of the time that a worker needs to start
    from typing import Any, BinaryIO

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

_ADDRESS_BYTES = 512 * 1024 * 1024
_PROBE_HEAP_BYTES = 4 * 1024 * 1024
# Name in the module resource, value, and what is missing where the platform refuses it.
_PROCESS_LIMITS = (
    ("RLIMIT_AS", _ADDRESS_BYTES, "a limit on the memory of the worker process"),
    ("RLIMIT_FSIZE", 0, "a ban on writing files"),
    ("RLIMIT_CORE", 0, "a ban on memory dumps"),
    ("RLIMIT_NOFILE", 16, "a limit on open files"),
    ("RLIMIT_NPROC", 0, "a ban on starting other programs"),
)
_CPU_MISSING = "a limit on processor time"
_HEAP_MISSING = "a limit on the memory of SQLite"
# SQLite calls back after so many steps; 10,000 costs nothing that can be measured.
_PROGRESS_STEPS = 10_000
_WARM_TABLES = 50
_MESSAGE_CHARACTERS = 300


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Values above what real questions need (most seen: 14 compound operators). The lengths of a cell and
# of a statement come with the job.
_SQLITE_LIMITS = (
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 200),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 100),
    (sqlite3.SQLITE_LIMIT_VDBE_OP, 250_000),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 1),
)
_FUNCTIONS = _words(
    "abs char coalesce concat concat_ws glob hex ifnull iif instr length like likelihood likely "
    "lower ltrim max min nullif octet_length quote random replace round rtrim sign soundex "
    "substr substring trim typeof unhex unicode unlikely upper "
    "date time datetime julianday strftime unixepoch timediff "
    "current_date current_time current_timestamp "
    "avg count group_concat string_agg sum total median percentile percentile_cont "
    "percentile_disc row_number rank dense_rank percent_rank cume_dist ntile lag lead "
    "first_value last_value nth_value "
    "acos acosh asin asinh atan atan2 atanh ceil ceiling cos cosh degrees exp floor ln log "
    "log10 log2 mod pi pow power radians sin sinh sqrt tan tanh trunc "
    "json json_array json_array_length json_error_position json_extract json_insert "
    "json_object json_patch json_quote json_remove json_replace json_set json_type json_valid "
    "json_group_array json_group_object json_each json_tree -> ->> "
    "match bm25 highlight snippet offsets"
)
_PRAGMAS = _words(
    "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list"
)
_PRAGMAS_WITHOUT_ARGUMENT = _words("page_size page_count data_version user_version")
_READS = frozenset([sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE])
_DENIED_WORDS = {
    sqlite3.SQLITE_INSERT: "adding rows",
    sqlite3.SQLITE_UPDATE: "changing rows",
    sqlite3.SQLITE_DELETE: "deleting rows",
    sqlite3.SQLITE_ATTACH: "attaching files",
    sqlite3.SQLITE_DETACH: "detaching files",
    sqlite3.SQLITE_TRANSACTION: "transactions",
    sqlite3.SQLITE_SAVEPOINT: "transactions",
    sqlite3.SQLITE_ANALYZE: "ANALYZE",
    sqlite3.SQLITE_REINDEX: "REINDEX",
}


class _Gate:
    """The authorizer: allows what reads, remembers the first thing it refused."""

    def __init__(self) -> None:
        self.denied = ""

    def __call__(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in _READS:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_FUNCTION:
            if (second or "").lower() in _FUNCTIONS:
                return sqlite3.SQLITE_OK
            what = f"the function {second}"
        elif action == sqlite3.SQLITE_PRAGMA:
            name = (first or "").lower()
            if name in _PRAGMAS or (name in _PRAGMAS_WITHOUT_ARGUMENT and second is None):
                return sqlite3.SQLITE_OK
            what = f"PRAGMA {name}"
        else:
            what = _DENIED_WORDS.get(action, "changing the structure of the database")
        self.denied = self.denied or what
        return sqlite3.SQLITE_DENY


def main() -> None:
    """Open one file, answer batches of statements and end with the input."""
    missing = _limit_process()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    opening = read_frame(source)
    if opening is None:
        return
    missing += lower("RLIMIT_CPU", opening["cpu_seconds"], _CPU_MISSING)
    if opening["probe"]:
        write_frame(sink, {"missing": [*missing, *_probe(missing)]})
        return
    try:
        connection = _open(opening)
        if opening["check_seconds"]:
            write_frame(sink, _find_damage(connection, opening["check_seconds"]))
            return
        gate = _close_gate(connection, opening)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent gets a frame
        write_frame(sink, _describe(error, "", open_failed=True))
        return
    write_frame(sink, {"opened": True})
    while (batch := read_frame(source)) is not None:
        _answer_batch(connection, gate, batch, sink)


def _answer_batch(
    connection: sqlite3.Connection, gate: _Gate, batch: dict[str, Any], sink: BinaryIO
) -> None:
    limits, successes = batch["limits"], 0
    ends = time.process_time() + batch["seconds"]
    for sql in batch["sqls"]:
        gate.denied = ""
        seconds = min(limits["deadline_seconds"], ends - time.process_time())
        if seconds <= 0:
            frame: dict[str, Any] = {"error": "timeout", "message": ""}
        else:
            frame = _answer(connection, gate, sql, limits, seconds, keep=batch["keep"])
        successes += "cells" in frame
        write_frame(sink, frame)
        if successes >= batch["stop_after"]:
            break


def _limit_process() -> list[str]:
    """Lower the limits of this process; return what the platform refuses."""
    return [gap for limit in _PROCESS_LIMITS for gap in lower(*limit)]


def lower(name: str, value: int, missing: str) -> list[str]:
    """Lower a limit of this process; return ``missing`` in a list where the platform refuses it."""
    what = getattr(resource, name, None)
    if resource is None or what is None:
        return [missing]
    try:
        # The signal of the soft limit on processor time tells what it was, the kill of the hard one does
        # not: a second lies between them.
        hard = value + 1 if name == "RLIMIT_CPU" else value
        given = resource.getrlimit(what)[1]
        if given != resource.RLIM_INFINITY:
            value, hard = min(value, given), min(hard, given)
        resource.setrlimit(what, (value, hard))
    except (OSError, ValueError):
        return [missing]
    return []


def _probe(missing: list[str]) -> list[str]:
    """Try what the limits forbid: some platforms accept a limit and do not keep it.

    macOS ignores the one on memory, and nobody stops the superuser from starting programs.
    """
    found = []
    if _PROCESS_LIMITS[0][2] not in missing:
        with contextlib.suppress(OSError, ValueError, MemoryError):
            mmap.mmap(-1, _ADDRESS_BYTES).close()
            found.append(_PROCESS_LIMITS[0][2])
    if _PROCESS_LIMITS[4][2] not in missing and hasattr(os, "fork"):
        with contextlib.suppress(OSError):
            child = os.fork()
            if not child:
                os._exit(0)
            os.waitpid(child, 0)
            found.append(_PROCESS_LIMITS[4][2])
    connection = sqlite3.connect(":memory:")
    with contextlib.suppress(MemoryError):
        connection.execute(f"PRAGMA hard_heap_limit={_PROBE_HEAP_BYTES}").close()
        connection.execute(f"SELECT hex(randomblob({_PROBE_HEAP_BYTES}))").fetchone()
        found.append(_HEAP_MISSING)
    return found


def _open(opening: dict[str, Any]) -> sqlite3.Connection:
    raw = os.fsencode(opening["path"])
    if not os.path.getsize(raw):
        raise sqlite3.DatabaseError("file is empty")
    quoted = "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in raw)
    connection = sqlite3.connect(
        f"file:{quoted}?{opening['access']}",
        uri=True,
        isolation_level=None,
        cached_statements=0,
        timeout=0.5,
    )
    connection.text_factory = lambda cell: cell.decode("utf-8", "replace")
    for pragma in (
        "trusted_schema=0",
        "cell_size_check=1",
        "mmap_size=0",
        "temp_store=2",
        "query_only=1",
        f"hard_heap_limit={opening['memory_bytes']}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("SELECT count(*) FROM sqlite_master").close()
    return connection


def _close_gate(connection: sqlite3.Connection, opening: dict[str, Any]) -> _Gate:
    """Warm up what needs rights to start, then set limits and, last, the authorizer.

    Virtual tables and table-valued functions declare themselves at first use, which the authorizer
    would refuse.
    """
    names = ["json_each('[]')", "json_tree('[]')", *(f"pragma_{p}('x')" for p in sorted(_PRAGMAS))]
    virtual = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'create virtual%' LIMIT ?",
        (_WARM_TABLES,),
    ).fetchall()
    names += ['"' + row[0].replace('"', '""') + '"' for row in virtual]
    for name in names:
        with contextlib.suppress(sqlite3.Error, UnicodeError):
            connection.execute(f"SELECT 1 FROM {name} WHERE 0").close()  # noqa: S608
    lengths = (
        (sqlite3.SQLITE_LIMIT_LENGTH, opening["length_bytes"]),
        (sqlite3.SQLITE_LIMIT_SQL_LENGTH, opening["sql_bytes"]),
    )
    for limit, value in (*lengths, *_SQLITE_LIMITS):
        connection.setlimit(limit, value)
    gate = _Gate()
    connection.set_authorizer(gate)
    return gate


def _find_damage(connection: sqlite3.Connection, seconds: float) -> dict[str, Any]:
    """Report the first problem that SQLite finds in the pages of the file."""
    _set_deadline(connection, seconds)
    try:
        problem = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (sqlite3.Error, UnicodeError, MemoryError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        return {"damage": str(error) if damaged else ""}
    return {"damage": "" if not problem or problem[0] == "ok" else str(problem[0])[:200]}


def _set_deadline(connection: sqlite3.Connection, seconds: float) -> None:
    # Processor time: it stands still while the worker must wait for others. The parent has the clock.
    ends = time.process_time() + seconds
    connection.set_progress_handler(lambda: time.process_time() > ends, _PROGRESS_STEPS)


def _answer(
    connection: sqlite3.Connection,
    gate: _Gate,
    sql: str,
    limits: dict[str, Any],
    seconds: float,
    *,
    keep: bool,
) -> dict[str, Any]:
    """Run one statement; with ``keep``, rows that came before an error are an answer, cut short."""
    started = time.monotonic()
    _set_deadline(connection, seconds)
    columns: list[str] = []
    rows: list[list[Any]] = []
    stopped = ""
    try:
        with contextlib.closing(connection.execute(sql)) as cursor:
            if cursor.description is None:
                return {"error": "empty", "message": ""}
            columns = [entry[0] for entry in cursor.description]
            truncated = _collect(cursor, limits, rows)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent gets a frame
        frame = _describe(error, gate.denied, open_failed=False)
        if not keep or not rows:
            return frame
        truncated, stopped = True, frame["error"]
    return {
        "columns": columns,
        # By column: that is quicker to write and to read.
        "cells": list(zip(*rows, strict=True)),
        "has_bytes": any(isinstance(cell, dict) for row in rows for cell in row),
        "truncated": truncated,
        "stopped": stopped,
        "seconds": time.monotonic() - started,
    }


def _collect(cursor: sqlite3.Cursor, limits: dict[str, Any], rows: list[list[Any]]) -> bool:
    """Add rows until a cap is reached; return whether something was left out or cut."""
    room, cut = limits["max_bytes"], False
    max_rows, max_cell_bytes = limits["max_rows"], limits["max_cell_bytes"]
    for row in cursor:
        if len(rows) >= max_rows:
            return True
        cells = []
        for cell in row:
            shown, used, was_cut = _shorten(cell, max_cell_bytes)
            cells.append(shown)
            room -= used
            cut = cut or was_cut
        if room < 0:
            return True
        rows.append(cells)
    return cut


def _shorten(cell: Any, max_bytes: int) -> tuple[Any, int, bool]:  # noqa: ANN401 - any cell
    """Return the cell as JSON can carry it, about how many bytes it takes, and whether it was cut."""
    if not isinstance(cell, bytes | str):
        return cell, 8, False
    kept = cell[:max_bytes]
    was_cut = len(kept) < len(cell)
    if isinstance(kept, bytes):
        return {"hex": kept.hex()}, 2 * len(kept) + 10, was_cut
    return kept, len(kept) + 4, was_cut


def _describe(error: BaseException, denied: str, *, open_failed: bool) -> dict[str, Any]:
    """Classify an exception by its type, code and what the authorizer recorded."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    text = "".join(c if c.isprintable() else " " for c in str(error))[:_MESSAGE_CHARACTERS]
    if isinstance(error, MemoryError) or code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG):
        kind = "limit"
    elif denied:
        kind, text = "denied", denied
    elif code == sqlite3.SQLITE_INTERRUPT:
        kind = "timeout"
    elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        kind = "busy"
    elif open_failed and code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        kind = "unfinished"
    elif open_failed or code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FORMAT,
    ):
        kind = "open" if open_failed else "damaged"
    elif isinstance(error, sqlite3.ProgrammingError | sqlite3.Warning) and "one statement" in text:
        kind = "many"
    elif isinstance(error, UnicodeDecodeError):
        kind = "damaged"
    elif isinstance(error, sqlite3.Error):
        kind = "invalid"
    elif isinstance(error, UnicodeError | ValueError):
        kind = "characters"
    else:
        kind = "limit"
    return {"error": kind, "message": text}


def read_frame(source: BinaryIO) -> dict[str, Any] | None:
    """Return the next frame, None at the end of the input."""
    head = source.read(4)
    if len(head) < 4:
        return None
    frame: dict[str, Any] = json.loads(source.read(struct.unpack(">I", head)[0]))
    return frame


def write_frame(sink: BinaryIO, frame: dict[str, Any]) -> None:
    """Write one frame: four bytes of length and JSON."""
    data = json.dumps(frame, ensure_ascii=False).encode("utf-8", "backslashreplace")
    sink.write(struct.pack(">I", len(data)) + data)
    sink.flush()
