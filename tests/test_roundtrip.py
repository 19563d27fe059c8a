"""Counting what the pointer language can say, and reading schemas of data sets."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from train.roundtrip import check_split
from train.schemas import schema_from_record

QUERIES = [
    ("SELECT count(*) FROM t", 1, 1, {}),
    ("SELECT a FROM t WHERE b = 'x' ORDER BY a", 1, 1, {}),
    ("SELECT nothing FROM t", 0, 0, {"unknown column": 1}),
]


@pytest.mark.parametrize(("sql", "converted", "same", "reasons"), QUERIES)
def test_a_query_is_turned_and_compared(sql, converted, same, reasons) -> None:
    columns = [
        {"name": n, "type": t, "primary_key": False} for n, t in (("a", "int"), ("b", "text"))
    ]
    schema = schema_from_record(
        {"db_id": "d", "tables": [{"name": "t", "columns": columns, "foreign_keys": []}]}
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "create table t (a int, b text); insert into t values (1, 'x'), (2, 'x');"
        )
        tally = check_split([("d", sql)], {"d": schema}, lambda _: connection, 1.0)
    assert (tally.converted, tally.same, dict(tally.reasons)) == (converted, same, reasons)


def test_schema_of_a_record() -> None:
    column = {"name": "id", "type": "INTEGER", "primary_key": True, "nl_name": "number"}
    owner = {"name": "owner_id", "type": "int", "primary_key": False}
    record = {
        "db_id": "pets",
        "tables": [
            {"name": "Owner", "nl_name": "owner", "columns": [column], "foreign_keys": []},
            {
                "name": "pet",
                "columns": [owner, {"name": "born", "type": "date", "primary_key": False}],
                # other spelling, no column named, and a table that is not there
                "foreign_keys": [["OWNER_ID", "owner", None], ["born", "year", "id"]],
            },
        ],
    }
    schema = schema_from_record(record)
    assert [(k.table, k.column, k.other_table, k.other_column) for k in schema.foreign_keys] == [
        ("pet", "owner_id", "Owner", "id")
    ]
    assert schema.tables[0].nl_name == "owner"
    assert [c.kind for t in schema.tables for c in t.columns] == ["number", "number", "date"]
