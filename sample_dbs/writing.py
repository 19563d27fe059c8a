"""Write the rows that a builder made into a new SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

Cell = str | int | float | None
Row = tuple[Cell, ...]
Rows = tuple[tuple[str, Sequence[Row]], ...]


def write_database(target: Path, ddl: str, rows: Rows) -> None:
    """Replace ``target`` by a database with these tables and rows, packed.

    Raises:
        sqlite3.IntegrityError: When a row breaks a key or a check.
    """
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target)) as connection:
        connection.executescript("PRAGMA page_size = 4096; PRAGMA foreign_keys = ON;" + ddl)
        with connection:
            for table, table_rows in rows:
                marks = ", ".join("?" * len(table_rows[0]))
                connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', table_rows)  # noqa: S608 - own names
        connection.execute("VACUUM")
