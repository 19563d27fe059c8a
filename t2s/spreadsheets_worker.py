"""Turn one CSV or XLSX file into a SQLite file, in a process of its own.

Started by :mod:`t2s.spreadsheets_import` with ``python -I -S``. It reads one frame that names the job,
loads what reading needs, opens the two files, and then gives up the right to open any other; it answers
one frame: the notes, the sentence with which the file is refused, or what went wrong. Frames are those
of :mod:`t2s.sandbox_worker`.

Covered: memory, processor time and the size of what is written, by limits of the system; other files,
other programs. Not covered: platforms without such limits (Windows); there only the kill from outside
bounds it.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from t2s import spreadsheets
from t2s.errors import DatabaseError
from t2s.sandbox_worker import lower, read_frame, write_frame

_NICENESS = 10
# Libraries that openpyxl and sqlite-utils would load when they are installed, and that are not needed.
_UNWANTED = ("numpy", "pandas", "lxml", "PIL")
# Nothing can be loaded once no file can be opened; cp437 is for names in zip files.
_ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp437", "latin-1")
_MAX_NOTES = 40
_NOTE_CHARACTERS = 300
_MESSAGE_CHARACTERS = 300


def main() -> None:
    """Do one job and answer it."""
    job = read_frame(sys.stdin.buffer)
    if job is None:
        return
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    os.umask(0o077)
    try:
        reply = _run(job)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent gets a frame
        reply = _explain(error, job)
    write_frame(sys.stdout.buffer, reply)


def _run(job: dict[str, Any]) -> dict[str, Any]:
    is_workbook = job["kind"] == "xlsx"
    _load(is_workbook=is_workbook)
    with (
        Path(job["source"]).open("rb") as file,
        contextlib.closing(spreadsheets.create(Path(job["target"]))) as connection,
    ):
        shut(job)
        if is_workbook:
            sheets = spreadsheets.read_workbook(file, job["name"])
        else:
            sheets = (spreadsheets.read_csv(file.read(), job["name"]),)
        spreadsheets.fill(connection, sheets)
    return {"notes": _shorten([note for sheet in sheets for note in sheet.notes])}


def _load(*, is_workbook: bool) -> None:
    """Load all that reading needs."""
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    # What stands here as None counts as not installed.
    sys.modules.update(dict.fromkeys(_UNWANTED))  # type: ignore[arg-type]
    importlib.import_module("sqlite_utils")
    if is_workbook:
        importlib.import_module("openpyxl")
    # Some modules are loaded at first use.
    sheet = spreadsheets.read_csv(b"a,b\n1,2.5\nx,y\n", "first")
    with contextlib.closing(spreadsheets.create(Path(":memory:"))) as connection:
        spreadsheets.fill(connection, (sheet,))


def shut(job: dict[str, Any]) -> None:
    """Set the limits of this process; what is open stays open, nothing else can be opened."""
    lower("RLIMIT_AS", job["memory_bytes"], "")
    lower("RLIMIT_CPU", job["cpu_seconds"], "")
    lower("RLIMIT_FSIZE", job["file_bytes"], "")
    lower("RLIMIT_CORE", 0, "")
    lower("RLIMIT_NPROC", 0, "")
    lower("RLIMIT_NOFILE", 0, "")


def _shorten(notes: list[str]) -> list[str]:
    shown = [note[:_NOTE_CHARACTERS] for note in notes[:_MAX_NOTES]]
    left = len(notes) - len(shown)
    return [*shown, f"And {left:,} more repairs of this kind."] if left else shown


def _explain(error: BaseException, job: dict[str, Any]) -> dict[str, Any]:
    """Return the frame for an exception: a sentence, or the kind of problem."""
    name = job["name"]
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, DatabaseError):
        return {"refused": str(error)}
    if code == sqlite3.SQLITE_IOERR:
        kilobytes = job["file_bytes"] // 1000
        size = f"{kilobytes // 1000:,} MB" if kilobytes >= 1000 else f"{kilobytes} KB"
        return {"refused": f"{name} takes more than {size} as a database; remove some rows."}
    if code == sqlite3.SQLITE_FULL:
        return {"refused": f"There is no room to store {name} right now; try again later."}
    if isinstance(error, MemoryError) or code == sqlite3.SQLITE_NOMEM:
        return {"error": "limit"}
    if isinstance(error, sqlite3.Error | UnicodeError | OverflowError):
        return {"refused": f"{name} cannot be stored as a database; check its column names."}
    return {"error": "open", "message": f"{type(error).__name__}: {error}"[:_MESSAGE_CHARACTERS]}
