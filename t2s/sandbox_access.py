"""How a SQLite file may be opened so that nothing in it or beside it changes. Reads bytes, no SQL."""

from __future__ import annotations

from pathlib import Path

_JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
# Locks of other programs are respected. An existing -shm file is only read: SQLite would create a
# missing one, and note its readers in one that exists (sqlite.org/wal.html#read_only_databases).
_RESPECT_LOCKS = "mode=ro&readonly_shm=1"
_IMMUTABLE = "mode=ro&immutable=1"


def choose_access(path: Path) -> str | None:
    """Return the parameters of the URI with which SQLite may open the file, None when it must not.

    A file in rollback mode is read under locks, so that a program that is writing it is waited for.
    So is one in write-ahead mode with its companions. Without them even reading it would create
    files: then it counts as immutable, unless a journal says that it is unfinished.

    Raises:
        OSError: The file cannot be read.
    """
    path = path.resolve()
    with path.open("rb") as file:
        in_rollback_mode = file.read(20)[18:20] == b"\x01\x01"
    wal = beside(path, "-wal")
    if has_bytes(wal) or (wal.exists() and beside(path, "-shm").exists()):
        return _RESPECT_LOCKS
    if in_rollback_mode and not wal.exists():
        return _RESPECT_LOCKS
    return None if _has_hot_journal(path) else _IMMUTABLE


def beside(path: Path, ending: str) -> Path:
    """Return the path of a companion of a database, such as its ``-wal``."""
    return path.with_name(path.name + ending)


def has_bytes(path: Path) -> bool:
    """Tell whether there is a file that is not empty."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _has_hot_journal(path: Path) -> bool:
    try:
        with beside(path, "-journal").open("rb") as file:
            return file.read(8) == _JOURNAL_MAGIC
    except OSError:
        return False
