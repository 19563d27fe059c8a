"""What the first bytes of a SQLite file and its neighbours give away before SQLite opens it. Reads bytes."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

from t2s.errors import DatabaseError
from t2s.sandbox_access import beside, has_bytes

MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
# Encrypted or compressed bytes have more than 7 bits of entropy per byte; documents have less.
_RANDOM_ENTROPY_BITS = 7.0
# Versions for writing and reading in the header of a file in write-ahead mode.
_LOG_MODE = b"\x02\x02"


def check_header(path: Path, shown: str) -> None:
    """Raise a DatabaseError for what the first page and the neighbours of the file give away."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError as error:
        raise DatabaseError(f"There is no file {shown}; check its name and folder.") from error
    except IsADirectoryError as error:
        raise DatabaseError(f"{shown} is a folder; choose a SQLite file in it.") from error
    except OSError as error:
        raise DatabaseError(
            f"{shown} cannot be read; check that you may open it.", detail=str(error)
        ) from error
    if not size:
        raise DatabaseError(f"{shown} is empty (0 bytes); save it again or choose another file.")
    if not head.startswith(MAGIC):
        if _looks_random(head):
            raise DatabaseError(
                f"{shown} may be encrypted, or is not a SQLite file; export it without a password "
                "and try again."
            )
        raise DatabaseError(
            f"{shown} is not a SQLite database; choose a .sqlite, .csv or .xlsx file."
        )
    wal = has_bytes(beside(path.resolve(), "-wal"))
    if size < _HEADER_BYTES or (not wal and size < _expected_bytes(head)):
        raise DatabaseError(f"{shown} is cut off: its end is missing; copy or download it again.")
    if wal and not beside(path.resolve(), "-shm").exists():
        raise DatabaseError(
            f"{shown} has changes in a -wal file that were never merged; open and close it once in "
            "the program that wrote it, then try again."
        )


def has_log_mode(path: Path) -> bool:
    """Tell whether the header says that changes may stand in a file beside this one."""
    with path.open("rb") as file:
        return file.read(20)[18:] == _LOG_MODE


def _expected_bytes(head: bytes) -> int:
    """Size that the header promises; 0 when its page count is not valid (before SQLite 3.7)."""
    page_bytes = int.from_bytes(head[16:18], "big")
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    count_is_valid = head[24:28] == head[92:96]
    return page_bytes * int.from_bytes(head[28:32], "big") if count_is_valid else 0


def _looks_random(head: bytes) -> bool:
    counts = Counter(head)
    entropy = -sum(n / len(head) * math.log2(n / len(head)) for n in counts.values())
    return len(head) >= 512 and entropy > min(_RANDOM_ENTROPY_BITS, math.log2(len(head)) - 1.5)
