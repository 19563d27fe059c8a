"""Open SQLite files without ever changing them, and turn CSV and XLSX files into SQLite files.

Covered: files that are missing, empty, cut off, locked, encrypted, not SQLite, or without tables
are refused with one sentence; nothing is written to the file or beside it (``-wal``, ``-shm``). This
process looks at bytes only (header, size, companions, hash); SQLite opens the file in :mod:`t2s.sandbox`, and
CSV and XLSX files are parsed by :mod:`t2s.spreadsheets_import`.

Not covered: :func:`connect`, which opens a file in this process. It is for databases that training
has at hand, never for one that a user brings.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from t2s import sandbox
from t2s.database_header import MAGIC, check_header, has_log_mode
from t2s.errors import DatabaseError
from t2s.sandbox_access import beside, choose_access, has_bytes
from t2s.sandbox_reading import Budget, explain_problem, open_reading
from t2s.spreadsheets_import import ImportLimits, store
from t2s.values import Database, QueryResult

_ZIP_MAGIC = b"PK\x03\x04"
# OLE files: .xls, and .xlsx with a password.
_OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_SQLITE_ENDINGS = frozenset(["sqlite", "sqlite3", "db", "db3"])
_TEXT_ENDINGS = frozenset(["csv", "tsv", "txt", "tab"])
_SHOWN_CHARACTERS = 100
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
_LOG_NOTE = (
    "Newest changes may stand in a -wal file that was not uploaded; if rows are missing, close the "
    "program that writes the file and upload it again."
)
# Hashing 64 MB takes about 0.1 s; beyond that head, tail and size stand for the whole.
_WHOLE_HASH_BYTES = 64 * 1024 * 1024
_PART_HASH_BYTES = 1024 * 1024
_BUSY_SECONDS = 0.5
_OPEN_BUDGET = Budget(seconds=2.0, max_rows=10, max_bytes=10_000)
# Rows larger than this are refused by SQLite itself, so one cell cannot fill the memory.
_MAX_CELL_BYTES = 64 * 1024 * 1024
# SQLite calls back after so many virtual machine steps; 10,000 costs nothing that can be measured.
_PROGRESS_STEPS = 10_000

_COUNT_TABLES = (
    "SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view')"
    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
)


def open_readonly(path: Path, name: str | None = None) -> Database:
    """Check that the file is a readable SQLite database with tables, and describe it.

    Args:
        path: The file. It is not changed and no file is created beside it.
        name: What to call it on the page; the file name without its ending when None.

    Raises:
        DatabaseError: It is missing, empty, cut off, locked, damaged, not SQLite, or has no tables,
            or too many others are waiting for a worker.
    """
    path = Path(path).absolute()
    shown = name if name is not None else path.stem
    check_header(path, shown)
    with open_reading(path, shown, _OPEN_BUDGET) as reading:
        (found,) = reading.ask((_COUNT_TABLES,), _OPEN_BUDGET.seconds)
    if not isinstance(found, QueryResult):
        raise explain_problem("open", shown, found.detail) from found
    ((tables,),) = found.rows
    if not tables and has_log_mode(path):
        raise DatabaseError(
            f"{shown} has no tables yet: they may stand in its -wal file; close the program that "
            "writes it and try again."
        )
    if not tables:
        raise DatabaseError(f"{shown} has no tables; choose a database that holds some data.")
    return Database(path=path, name=shown, fingerprint=fingerprint(path))


def fingerprint(path: Path) -> str:
    """Return a hash that changes when the file does: of its size, modification time and contents.

    Of files above 64 MB only the first and last MB are read.
    """
    status = path.stat()
    digest = hashlib.blake2b(f"{status.st_size} {status.st_mtime_ns}".encode(), digest_size=16)
    with path.open("rb") as file:
        if status.st_size <= _WHOLE_HASH_BYTES:
            while block := file.read(_PART_HASH_BYTES):
                digest.update(block)
        else:
            digest.update(file.read(_PART_HASH_BYTES))
            file.seek(-_PART_HASH_BYTES, 2)
            digest.update(file.read(_PART_HASH_BYTES))
    wal = beside(path.resolve(), "-wal")
    if has_bytes(wal):
        digest.update(f"{wal.stat().st_size} {wal.stat().st_mtime_ns}".encode())
    return digest.hexdigest()


def import_csv(
    source_path: Path,
    target_path: Path,
    table_name: str,
    limits: ImportLimits = ImportLimits(),  # noqa: B008 - frozen
) -> Database:
    """Turn delimited text into a new SQLite file with one table.

    Raises:
        DatabaseError: The text is empty, not a table, or too large.
    """
    notes = store("csv", source_path, target_path, table_name, limits)
    return replace(open_readonly(target_path, table_name), notes=notes)


def import_xlsx(
    source_path: Path,
    target_path: Path,
    name: str | None = None,
    limits: ImportLimits = ImportLimits(),  # noqa: B008 - frozen
) -> Database:
    """Turn a workbook into a new SQLite file with one table for each sheet that has cells.

    Raises:
        DatabaseError: It is not a workbook, is empty, or is too large.
    """
    shown = name if name is not None else source_path.stem
    notes = store("xlsx", source_path, target_path, shown, limits)
    return replace(open_readonly(target_path, shown), notes=notes)


def open_upload(
    data: bytes,
    filename: str,
    folder: Path,
    *,
    max_bytes: int = MAX_UPLOAD_BYTES,
    limits: ImportLimits = ImportLimits(),  # noqa: B008 - frozen
) -> Database:
    """Store an uploaded file under a random name in ``folder`` and open or import it.

    What it is, is decided by its first bytes, then by the ending of ``filename``; the file name is
    shown but never part of a path. The folder is created and closed to other users.

    Args:
        data: The file.
        filename: What its owner calls it.
        folder: Where it goes.
        max_bytes: Size above which it is refused.
        limits: Bounds on reading CSV and XLSX.

    Raises:
        DatabaseError: It is not a file that can be opened; nothing of it stays in the folder.
    """
    shown = _clean_name(filename)
    stem, _, ending = shown.rpartition(".")
    stem = stem or shown
    if not data:
        raise DatabaseError(f"{shown} is empty (0 bytes); save it again or choose another file.")
    if len(data) > max_bytes:
        raise DatabaseError(describe_too_large(filename, max_bytes))
    if data.startswith(_OLE_MAGIC):
        raise DatabaseError(f"{shown} is an old or protected Excel file; save it as .xlsx.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    source = folder / f"{secrets.token_hex(16)}.upload"
    target = source.with_suffix(".sqlite")
    ending = ending.lower()
    try:
        if data.startswith(MAGIC) or ending in _SQLITE_ENDINGS:
            _write_private(target, data)
            return _open_stored(target, shown)
        if data.startswith(_ZIP_MAGIC) or ending == "xlsx":
            _write_private(source, data)
            return replace(import_xlsx(source, target, stem, limits), name=shown)
        if ending in _TEXT_ENDINGS:
            _write_private(source, data)
            return replace(import_csv(source, target, stem, limits), name=shown)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise DatabaseError(
            f"There is no room to store {shown} right now; try again later.", detail=str(error)
        ) from error
    except DatabaseError:
        target.unlink(missing_ok=True)
        raise
    finally:
        source.unlink(missing_ok=True)
    raise DatabaseError(f"{shown} cannot be opened; choose a .sqlite, .csv or .xlsx file.")


def describe_too_large(filename: str, max_bytes: int) -> str:
    """Return the sentence for an upload above the bound."""
    size = f"{max_bytes / 2**20:,.0f} MB" if max_bytes >= 2**20 else f"{max_bytes:,} bytes"
    return f"{_clean_name(filename)} is larger than {size}; choose or save a smaller file."


def _open_stored(path: Path, shown: str) -> Database:
    db = open_readonly(path, shown)
    if damage := sandbox.find_damage(path):
        raise explain_problem("open", shown, damage)
    return replace(db, notes=(_LOG_NOTE,)) if has_log_mode(path) else db


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _clean_name(filename: str) -> str:
    """Return the last part of a client's file name without control characters, to be shown."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:_SHOWN_CHARACTERS].strip() or "upload"


@contextlib.contextmanager
def connect(db: Database) -> Iterator[sqlite3.Connection]:
    """Open the database read-only in this process, and close it afterwards; for training only.

    Text that is not UTF-8 comes with replacement characters. Wrap work in :func:`deadline`.

    Raises:
        DatabaseError: The file cannot be opened any more.
    """
    try:
        connection = _open_connection(db.path)
    except (sqlite3.Error, OSError) as error:
        raise explain_problem("open", db.name, str(error)) from error
    with contextlib.closing(connection):
        yield connection


@contextlib.contextmanager
def deadline(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt statements of ``connection`` that still run after ``seconds`` (not nestable).

    A progress handler stops ordinary statements; a timer thread stops those that spend long inside
    one step, such as ``count(*)`` on a file whose pages refer to each other in circles. Interrupted
    statements raise ``sqlite3.OperationalError``.
    """
    ends = time.monotonic() + seconds
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    connection.set_progress_handler(lambda: time.monotonic() > ends, _PROGRESS_STEPS)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        connection.set_progress_handler(None, 0)


def _open_connection(path: Path) -> sqlite3.Connection:
    access = choose_access(path)
    if access is None:
        raise sqlite3.OperationalError("unfinished change beside the file")
    uri = f"file:{quote(os.fsencode(path))}?{access}"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, cached_statements=32)
    try:
        connection.text_factory = _decode
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_CELL_BYTES)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:  # whatever it is, the file must not stay open
        connection.close()
        raise
    return connection


def _decode(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
