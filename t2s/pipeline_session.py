"""What answering needs: a database with its schema and values, and a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from t2s import database, linking, schema
from t2s.backends import Backend
from t2s.linking import ValueIndex
from t2s.values import Database, Decoding, Limits, Schema


@dataclass(frozen=True, slots=True)
class Session:
    """What is needed to answer questions over one database. Holds no connection; safe to share."""

    database: Database
    schema: Schema
    index: ValueIndex
    backend: Backend
    limits: Limits = field(default_factory=Limits)
    decoding: Decoding = field(default_factory=Decoding)


def open_session(
    source: str | Path | Database,
    backend: Backend,
    *,
    limits: Limits | None = None,
    decoding: Decoding | None = None,
) -> Session:
    """Open a SQLite file read-only, read its schema and index its values.

    Raises:
        DatabaseError: It cannot be opened or read.
    """
    opened = source if isinstance(source, Database) else database.open_readonly(Path(source))
    tables = schema.read(opened)
    return Session(
        opened,
        tables,
        linking.index(opened, tables),
        backend,
        limits or Limits(),
        decoding or Decoding(),
    )
