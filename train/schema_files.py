"""A schema as a SQLite file without rows, for sets that ship headers only and for databases put together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from t2s.sql_names import quote_identifier
from t2s.values import Schema, Table


def define_table(table: Table, schema: Schema) -> str:
    """Return the CREATE TABLE statement of a table, with its primary key and its declared foreign keys."""
    lines = [f"{quote_identifier(c.name)} {c.declared_type}".rstrip() for c in table.columns]
    primary = [quote_identifier(c.name) for c in table.columns if c.primary_key]
    if primary:
        lines.append(f"PRIMARY KEY ({', '.join(primary)})")
    lines += [
        f"FOREIGN KEY ({quote_identifier(key.column)}) REFERENCES "
        f"{quote_identifier(key.other_table)} ({quote_identifier(key.other_column)})"
        for key in schema.foreign_keys
        if key.table == table.name and not key.inferred
    ]
    return f"CREATE TABLE {quote_identifier(table.name)} ({', '.join(lines)})"


def write_empty(schema: Schema, path: Path) -> Path:
    """Write the tables of ``schema``, without rows, to a new file; return ``path``.

    Raises:
        sqlite3.Error: The file has such tables already, or two names differ in letter case only.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")  # the file can be built again
        for table in schema.tables:
            if not table.is_view:
                connection.execute(define_table(table, schema))
    return path
