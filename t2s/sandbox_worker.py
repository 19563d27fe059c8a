"""Run statements on one database file inside limits, in a process of its own.

Started by :mod:`t2s.sandbox` as ``python -I -S sandbox_worker.py``; imports the standard library
only. It lowers its own limits, reads one job from standard input, answers one frame for each
statement and ends. A frame is four bytes of length (big-endian) and JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sqlite3
import struct
import sys
import time
from typing import Any, BinaryIO

_ADDRESS_BYTES = 512 * 1024 * 1024
_OPEN_FILES = 16
# SQLite calls back after so many steps; 10,000 costs nothing that can be measured.
_PROGRESS_STEPS = 10_000
_WARM_TABLES = 50
_MESSAGE_CHARACTERS = 300


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Values above what real questions need (longest seen: 4 kB of SQL, 14 compound operators).
_SQLITE_LIMITS = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 5_000_000),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
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
    """Answer one job and end."""
    _limit_process()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    job = _read_frame(source)
    if job is None:
        return
    limits = job["limits"]
    seconds = int(limits["kill_seconds"] * len(job["sqls"])) + 2
    _lower(resource.RLIMIT_CPU, seconds)
    try:
        connection = _open(job["path"], limits["memory_bytes"])
        if job["check"]:
            _write_frame(sink, _find_damage(connection, limits["deadline_seconds"]))
            return
        gate = _close_gate(connection)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent gets a frame
        _write_frame(sink, _describe(error, "", open_failed=True))
        return
    successes = 0
    for sql in job["sqls"]:
        gate.denied = ""
        frame = _answer(connection, gate, sql, limits)
        successes += "rows" in frame
        _write_frame(sink, frame)
        if successes >= job["stop_after"]:
            break


def _limit_process() -> None:
    _lower(resource.RLIMIT_AS, _ADDRESS_BYTES)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _lower(resource.RLIMIT_NPROC, 0)


def _lower(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(what, (value, value))


def _open(path: str, memory_bytes: int) -> sqlite3.Connection:
    raw = os.fsencode(path)
    quoted = "".join(chr(b) if chr(b).isalnum() and b < 128 else f"%{b:02X}" for b in raw)
    beside = (raw + b"-wal", raw + b"-journal")
    quiet = not any(os.path.exists(p) and os.path.getsize(p) for p in beside)
    connection = sqlite3.connect(
        f"file:{quoted}?mode=ro" + ("&immutable=1" if quiet else ""),
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
        f"hard_heap_limit={memory_bytes}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("SELECT count(*) FROM sqlite_master").close()
    if not os.path.getsize(raw):
        raise sqlite3.DatabaseError("file is empty")
    return connection


def _close_gate(connection: sqlite3.Connection) -> _Gate:
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
    for limit, value in _SQLITE_LIMITS:
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
    ends = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > ends, _PROGRESS_STEPS)


def _answer(
    connection: sqlite3.Connection, gate: _Gate, sql: str, limits: dict[str, Any]
) -> dict[str, Any]:
    started = time.monotonic()
    _set_deadline(connection, limits["deadline_seconds"])
    try:
        with contextlib.closing(connection.execute(sql)) as cursor:
            if cursor.description is None:
                return {"error": "empty", "message": ""}
            columns = [entry[0] for entry in cursor.description]
            rows, truncated = _collect(cursor, limits)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent gets a frame
        return _describe(error, gate.denied, open_failed=False)
    seconds = time.monotonic() - started
    return {"columns": columns, "rows": rows, "truncated": truncated, "seconds": seconds}


def _collect(cursor: sqlite3.Cursor, limits: dict[str, Any]) -> tuple[list[list[Any]], bool]:
    """Take rows until a cap is reached; True when something was left out or cut."""
    rows: list[list[Any]] = []
    room, cut = limits["max_bytes"], False
    for row in cursor:
        if len(rows) >= limits["max_rows"]:
            return rows, True
        cells = []
        for cell in row:
            shown, used, was_cut = _shorten(cell, limits["max_cell_bytes"])
            cells.append(shown)
            room -= used
            cut = cut or was_cut
        if room < 0:
            return rows, True
        rows.append(cells)
    return rows, cut


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


def _read_frame(source: BinaryIO) -> dict[str, Any] | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    frame: dict[str, Any] = json.loads(source.read(struct.unpack(">I", head)[0]))
    return frame


def _write_frame(sink: BinaryIO, frame: dict[str, Any]) -> None:
    data = json.dumps(frame, ensure_ascii=False).encode("utf-8", "backslashreplace")
    sink.write(struct.pack(">I", len(data)) + data)
    sink.flush()


if __name__ == "__main__":
    main()
