"""The SHA-256 list of a model folder: written when a model is saved, compared before one is loaded.

The list is a file ``SHA256SUMS`` in the folder, in the form that ``sha256sum --check`` reads, and the last file
to be written, so that a half-written folder has none.

Covered: files that are missing, cut off, altered, or weights that are not on the list. Not covered: somebody who
may write to the folder and changes the list as well; the list of the shipped model is pinned by the repository.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from t2s.errors import BackendError

LIST_NAME = "SHA256SUMS"
WEIGHTS_NAME = "model.safetensors"
_NEEDED = ("config.json", WEIGHTS_NAME, "tokenizer.json")
_OPTIONAL = ("generation_config.json", "rerank.json")
_MAX_LIST_BYTES = 10_000
_NEXT_STEP = "fetch the repository again or train a model with python -m train.compact."


def write(folder: Path) -> None:
    """Write the list of a folder whose other files are complete; an earlier list is replaced."""
    lines = [f"{_hash(folder / name)}  {name}\n" for name in _list_files(folder)]
    (folder / LIST_NAME).write_text("".join(lines), encoding="ascii")


def check(folder: Path) -> Mapping[str, str]:
    """Return name -> SHA-256 (hex) of the files that make the model, all as listed.

    Raises:
        BackendError: A file is missing, unreadable, not on the list or not what the list says.
    """
    try:
        for name in (*_NEEDED, LIST_NAME):
            if not (folder / name).is_file():
                raise BackendError(f"The model folder {folder.name} has no {name}; {_NEXT_STEP}")
        listed = _read_list(folder / LIST_NAME)
        for name in _list_files(folder):
            if listed.get(name) != _hash(folder / name):
                raise BackendError(
                    f"In the model folder {folder.name}, {name} is incomplete or was altered; "
                    f"{_NEXT_STEP}"
                )
    except OSError as error:
        raise BackendError(
            f"The model folder {folder.name} cannot be read; {_NEXT_STEP}", detail=str(error)
        ) from error
    return listed


def _list_files(folder: Path) -> list[str]:
    """Return the names of the files that a model is loaded from."""
    weights = {path.name for path in folder.glob("*.safetensors")}
    found = {name for name in _OPTIONAL if (folder / name).exists()}
    return sorted(weights | found | set(_NEEDED))


def _read_list(path: Path) -> dict[str, str]:
    """Return name -> SHA-256 as listed; lines that are no such pair name nothing."""
    with path.open("rb") as file:
        text = file.read(_MAX_LIST_BYTES).decode("ascii", "replace")
    pairs = (line.split(maxsplit=1) for line in text.splitlines())
    return {pair[1].lstrip("*"): pair[0].lower() for pair in pairs if len(pair) == 2}


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
