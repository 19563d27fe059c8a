"""Schemas of the training sets, from the records of their ``schemas.jsonl.gz``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from t2s.values import Column, ColumnKind, ForeignKey, Schema, Table

_NUMBERS = ("int", "real", "floa", "doub", "num", "dec", "money", "bigint", "year")


def guess_kind(declared_type: str) -> ColumnKind:
    """The kind of value that a declared type promises; the cells themselves are not at hand."""
    text = declared_type.casefold()
    if text in ("boolean", "bool", "bit"):
        return "boolean"
    if text.startswith(("date", "time")):
        return "date"
    if "blob" in text:
        return "blob"
    return "number" if any(part in text for part in _NUMBERS) else "text"


def schema_from_record(record: Mapping[str, Any]) -> Schema:
    """Build a schema, with natural-language names and foreign keys, from one record.

    Keys to tables or columns that the record lacks are left out; names take the spelling of their table.
    """
    tables = tuple(
        Table(
            name=table["name"],
            columns=tuple(
                Column(
                    name=column["name"],
                    kind=guess_kind(column["type"]),
                    declared_type=column["type"],
                    primary_key=bool(column["primary_key"]),
                    nl_name=column.get("nl_name") or "",
                )
                for column in table["columns"]
            ),
            nl_name=table.get("nl_name") or "",
        )
        for table in record["tables"]
    )
    bare = Schema(tables, name=record["db_id"])
    keys: list[ForeignKey] = []
    for table in record["tables"]:
        for column_name, other_name, other_column_name in table["foreign_keys"]:
            key = _find_key(bare, table["name"], column_name, other_name, other_column_name)
            if key is not None and key not in keys:
                keys.append(key)
    return Schema(tables, tuple(keys), record["db_id"])


def _find_key(
    schema: Schema,
    table_name: str,
    column_name: str,
    other_name: str,
    other_column_name: str | None,
) -> ForeignKey | None:
    table, other = schema.table(table_name), schema.table(other_name or "")
    if table is None or other is None:
        return None
    column = table.column(column_name or "")
    if other_column_name:
        other_column = other.column(other_column_name)
    else:
        other_column = next((c for c in other.columns if c.primary_key), None)
    if column is None or other_column is None:
        return None
    return ForeignKey(table.name, column.name, other.name, other_column.name)


def read_schemas(path: Path) -> dict[str, Schema]:
    """Read a ``schemas.jsonl.gz``: schema by database id."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {s.name: s for s in (schema_from_record(json.loads(line)) for line in file)}
