"""What ``python -m t2s doctor`` looks at: whether this machine has what the app needs.

Covered: Python, SQLite, libraries, the model folder and its hashes, the processor, the sandbox, the samples and the
temporary folder. Not covered: whether answers are right; ``python -m train.evaluate`` measures that.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from t2s import database, sandbox
from t2s.backends import checksums
from t2s.errors import T2SError

State = Literal["ok", "note", "missing"]
MIN_PYTHON = (3, 11)
MIN_SQLITE = (3, 38, 0)  # the arrows of JSON and unixepoch
LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "streamlit", "pandas", "sqlglot")
CPU_FILE = Path("/proc/cpuinfo")
_BF16_FLAGS = frozenset(["avx512_bf16", "amx_bf16"])


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``note`` is worth knowing, ``missing`` keeps the app from working."""

    state: State
    text: str


def examine(
    model: Path,
    samples: Sequence[Path],
    cpu_file: Path = CPU_FILE,
    list_unprotected: Callable[[], Sequence[str]] = sandbox.missing_protections,
) -> Iterator[Finding]:
    """Yield what is found, cheapest first; nothing is raised and no file is left behind.

    Args:
        model: Folder of the embedded model.
        samples: The sample databases.
        cpu_file: Where the system tells what the processor can do.
        list_unprotected: Tells which protections of the sandbox this system does not give.
    """
    yield _check_version("Python", sys.version_info[:3], MIN_PYTHON, "install a newer one.")
    yield _check_version(
        "SQLite", sqlite3.sqlite_version_info, MIN_SQLITE, "use a Python that brings a newer one."
    )
    yield _check_libraries()
    yield _check_temporary_folder()
    yield _check_processor(cpu_file)
    yield _check_model(model)
    yield from _check_sandbox(list_unprotected)
    yield from (_check_sample(path) for path in samples)
    if not samples:
        yield Finding("missing", "Samples: there are none; fetch the repository again.")


def _check_version(
    name: str, found: tuple[int, ...], least: tuple[int, ...], advice: str
) -> Finding:
    shown = ".".join(map(str, found))
    if found >= least:
        return Finding("ok", f"{name} {shown}")
    wanted = ".".join(map(str, least))
    return Finding("missing", f"{name} {shown} is older than {wanted}; {advice}")


def _check_libraries() -> Finding:
    absent = [name for name in LIBRARIES if importlib.util.find_spec(name) is None]
    if absent:
        listed = ", ".join(absent)
        return Finding("missing", f"Libraries: {listed}; install what requirements.txt lists.")
    return Finding("ok", f"Libraries: {', '.join(LIBRARIES)}")


def _check_temporary_folder() -> Finding:
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"0")
    except OSError:
        return Finding(
            "missing", "Temporary folder: it cannot be written; set TMPDIR to one that can."
        )
    return Finding("ok", "Temporary folder: writable")


def _check_processor(cpu_file: Path) -> Finding:
    """Tell whether the model runs in bfloat16 here (about twice as fast as in float32)."""
    try:
        flags = set(re.findall(r"\w+", cpu_file.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return Finding("note", f"Processor: {platform.machine()}, features unknown")
    if flags & _BF16_FLAGS:
        return Finding("ok", f"Processor: {platform.machine()} with bfloat16 instructions")
    return Finding(
        "note",
        f"Processor: {platform.machine()} without bfloat16 instructions; the model runs in float32, "
        "about half as fast.",
    )


def _check_model(folder: Path) -> Finding:
    try:
        digest = checksums.check(folder)[checksums.WEIGHTS_NAME]
    except T2SError as error:
        return Finding("missing", f"Model: {error}")
    return Finding("ok", f"Model: {folder.name}, SHA-256 {digest[:12]} as listed")


def _check_sandbox(list_unprotected: Callable[[], Sequence[str]]) -> Iterator[Finding]:
    try:
        missing = list_unprotected()
    except T2SError as error:
        yield Finding("missing", f"Sandbox: {error}")
        return
    if not missing:
        yield Finding("ok", "Sandbox: all protections present")
    for protection in missing:
        yield Finding("note", f"Sandbox: this system lacks {protection}")


def _check_sample(path: Path) -> Finding:
    """Read a sample the way the app reads any database."""
    try:
        opened = database.open_readonly(path)
        counted = sandbox.run(opened.path, "SELECT count(*) FROM sqlite_master")
    except T2SError as error:
        return Finding("missing", f"Sample {path.stem}: {error}")
    return Finding("ok", f"Sample {path.stem}: readable, {int(counted.rows[0][0] or 0)} objects")
