"""The file of the corrections: opened, locked, checked and, when damaged, kept under another name.

Every change is one durable transaction, made by one writer at a time, also among processes. What SQLite and
the system raise becomes one sentence.

A rollback journal rather than a write-ahead log: people correct now and then, and the file is then whole
when it is copied, and can be read where nothing may be written.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from t2s.errors import DatabaseError

if TYPE_CHECKING:
    from sqlite_utils import Database as UtilsDatabase

TABLE = "corrections"
# All are texts.
COLUMNS = (
    "question", "right_sql", "database_name", "fingerprint", "history", "wrong_sql", "note",
    "model_version", "created_at", "id",
)  # fmt: skip
# "t2s1" as a number: tells our file from other SQLite files.
APPLICATION_ID = 0x74327331
FORMAT = 1
BUSY_SECONDS = 5.0
_FULL = (
    "There is no room to save this, or the disk fails; free some space and save again: "
    "what was saved before is intact."
)
_BUSY = "The saved corrections are in use by another program; close it or wait, then try again."
_CLOSED = (
    "The folder of the corrections cannot be written; ask who runs this program to allow it, "
    "then save again."
)
_DAMAGED = (
    "The saved corrections are damaged; reload the page to begin a new file, then save again."
)
_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
}
_DAMAGE_CODES = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class Store:
    """The file of corrections; ``notes`` are sentences about what happened when it was opened."""

    path: Path
    busy_seconds: float = BUSY_SECONDS
    notes: tuple[str, ...] = ()


def open_store(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> Store:
    """Check the file of corrections, or begin it; a damaged one is kept under another name.

    Args:
        path: The file; beside it stands an empty one, ending in ``.lock``.
        busy_seconds: How long to wait for others who write.

    Raises:
        DatabaseError: It is locked, of a newer version or of another program, or cannot be written.
    """
    store = Store(path.absolute(), busy_seconds)
    with _locked(store):
        aside = _set_aside(store.path) if _is_damaged(store) else None
        with contextlib.closing(_connect(store)) as connection:
            _prepare(_wrap(connection))
    if aside is None:
        return store
    note = (
        f"The saved corrections were damaged: they are kept as {aside} and a new file was begun; "
        "import your last export to have them back."
    )
    return replace(store, notes=(note,))


@contextlib.contextmanager
def reading(store: Store) -> Iterator[UtilsDatabase]:
    """Open the file for looking at what is saved; it must be there."""
    with _translated(), contextlib.closing(_connect(store)) as connection:
        db = _wrap(connection)
        _check_format(db)
        yield db


@contextlib.contextmanager
def writing(store: Store) -> Iterator[UtilsDatabase]:
    """Open the file for changes that are all kept at the end of the block, or none of them."""
    with _locked(store), contextlib.closing(_connect(store)) as connection:
        db = _wrap(connection)
        _prepare(db)
        with db.atomic():
            yield db


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what SQLite and the system raise into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise DatabaseError(_SENTENCES.get(code, _DAMAGED), detail=str(error)) from error
    except OSError as error:
        is_full = error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None))
        raise DatabaseError(_FULL if is_full else _CLOSED, detail=str(error)) from error


@contextlib.contextmanager
def _locked(store: Store) -> Iterator[None]:
    """Keep other writers out until the end of the block, in other processes too.

    A lock beside the file, because a damaged file cannot be locked and is renamed. SQLite locks it, empty as
    it is, so that this works on every platform and ends with the process.
    """
    with _translated():
        store.path.parent.mkdir(parents=True, exist_ok=True)
        beside = replace(store, path=store.path.with_name(f"{store.path.name}.lock"))
        for path in (beside.path, store.path):
            # Opening and closing a file that is there would release locks of this process.
            with contextlib.suppress(FileExistsError):
                path.touch(mode=0o600, exist_ok=False)
        with contextlib.closing(_connect(beside)) as lock:
            lock.execute("BEGIN IMMEDIATE")
            yield


def _connect(store: Store) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{store.path.as_uri()}?mode=rw",
        uri=True,
        timeout=store.busy_seconds,
        isolation_level=None,
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = EXTRA")
    return connection


def _wrap(connection: sqlite3.Connection) -> UtilsDatabase:
    from sqlite_utils import Database as UtilsDatabase  # noqa: PLC0415 - it brings pandas

    return UtilsDatabase(connection, execute_plugins=False)


def _is_damaged(store: Store) -> bool:
    """Tell whether SQLite finds fault with the pages of the file, or our table is not as we made it."""
    try:
        with contextlib.closing(_connect(store)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchall()
            db = _wrap(connection)
            columns = [] if TABLE not in db.table_names() else db.table(TABLE).columns
            kinds = (_read_pragma(db, "application_id"), _read_pragma(db, "user_version"))
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE_CODES:
            return True
        raise
    is_changed = tuple(column.name for column in columns) != COLUMNS
    return found != [("ok",)] or (kinds == (APPLICATION_ID, FORMAT) and is_changed)


def _set_aside(path: Path) -> str:
    """Rename the file and its journal, if any; return the new name."""
    base = f"{path.stem}-damaged-{tell_time('%Y%m%dT%H%M%SZ')}"
    target, number = path.with_name(base + path.suffix), 1
    while target.exists():
        number += 1
        target = path.with_name(f"{base}-{number}{path.suffix}")
    path.rename(target)
    for ending in ("-journal", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(f"{target}{ending}")
    path.touch(mode=0o600, exist_ok=False)
    return target.name


def _prepare(db: UtilsDatabase) -> None:
    """Make the table in an empty file; see ``_check_format`` for what is refused."""
    if not db.table_names() and _read_pragma(db, "application_id") == 0:
        with db.atomic():
            db.table(TABLE).create(dict.fromkeys(COLUMNS, str), pk="id", if_not_exists=True)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {FORMAT}")
    _check_format(db)


def _check_format(db: UtilsDatabase) -> None:
    if _read_pragma(db, "application_id") != APPLICATION_ID:
        raise DatabaseError(
            "The file of the corrections belongs to another program; name another file for them."
        )
    if _read_pragma(db, "user_version") > FORMAT:
        raise DatabaseError(
            "The corrections were saved by a newer version of this program; update it to use them."
        )


def _read_pragma(db: UtilsDatabase, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def tell_time(form: str) -> str:
    """Return the time in UTC, written as ``form`` says."""
    return datetime.datetime.now(datetime.UTC).strftime(form)
