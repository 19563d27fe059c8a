"""Have a CSV or XLSX file turned into a SQLite file, in a worker process with limits.

Nothing of such a file is parsed in this process: not its text, its zip or its XML.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t2s.errors import DatabaseError
from t2s.sandbox_workers import Busy, OpenFailed, OpenProblem, Session, Workers

Kind = Literal["csv", "xlsx"]
# What the worker imports beside this package.
_LIBRARIES = ("openpyxl", "et_xmlfile")
_SENTENCE_CHARACTERS = 500

_SENTENCES: dict[OpenProblem, str] = {
    "limit": "{name} takes more memory to read than is allowed here; split it or remove rows.",
    "timeout": "{name} takes too long to read; split it or remove rows.",
}
_OTHER_SENTENCE = "{name} cannot be read; save it again as .xlsx or as CSV."
_BUSY_SENTENCE = "Too many files are being read right now; try again in a moment."


@dataclass(frozen=True, slots=True)
class ImportLimits:
    """Bounds on reading one file.

    Attributes:
        memory_bytes: Address space of the worker, about 50 MB of which it takes to start.
        cpu_seconds: Its processor time.
        kill_seconds: Wall clock until it is killed.
        file_bytes: Size of the SQLite file.
    """

    memory_bytes: int = 320 * 1024 * 1024
    cpu_seconds: int = 30
    kill_seconds: float = 60.0
    file_bytes: int = 200_000_000


def store(
    kind: Kind,
    source: Path,
    target: Path,
    name: str,
    limits: ImportLimits = ImportLimits(),
) -> tuple[str, ...]:
    """Write the tables of ``source`` to the new SQLite file ``target``; return what was repaired.

    Raises:
        DatabaseError: It cannot be read within the limits, or too many others are being read;
            there is no ``target`` then.
    """
    job = {
        "kind": kind,
        "source": str(source.absolute()),
        "target": str(target.absolute()),
        "name": name,
        "memory_bytes": limits.memory_bytes,
        "cpu_seconds": limits.cpu_seconds,
        "file_bytes": limits.file_bytes,
    }
    try:
        with contextlib.closing(Session(job, None, limits.kill_seconds, _describe())) as session:
            reply = session.opened
        if "notes" not in reply:
            refusal = reply.get("refused", _OTHER_SENTENCE.format(name=name))
            raise DatabaseError(str(refusal)[:_SENTENCE_CHARACTERS])
    except OpenFailed as failed:
        target.unlink(missing_ok=True)
        sentence = _SENTENCES.get(failed.problem, _OTHER_SENTENCE)
        raise DatabaseError(sentence.format(name=name), detail=failed.detail) from failed
    except Busy as busy:
        raise DatabaseError(_BUSY_SENTENCE) from busy
    except DatabaseError:
        target.unlink(missing_ok=True)
        raise
    return tuple(str(note) for note in reply["notes"])


@functools.cache
def _describe() -> Workers:
    """Return how the workers are started; they see this package and two libraries' folders."""
    found = [importlib.util.find_spec(name) for name in _LIBRARIES]
    folders = {str(Path(spec.origin).parents[1]) for spec in found if spec and spec.origin}
    paths = [str(Path(__file__).parents[1]), *sorted(folders)]
    return Workers(
        run=f"import sys; sys.path += {paths!r}; "
        "from t2s import spreadsheets_worker; spreadsheets_worker.main()",
        quick_places=2,
        queue_length=8,
        queue_seconds=60.0,
    )
