"""How results are compared when the round trip is measured."""

from __future__ import annotations

import pytest

from train.roundtrip import Rows, rows_agree
from train.schemas import schema_from_record

ROWS: list[tuple[Rows, Rows, bool, bool]] = [
    ([], [], False, True),
    ([(1, "a")], [(1.0, "a")], True, True),
    ([(1,)], [(2,)], False, False),
    ([(1,)], [("1",)], False, False),
    ([(1,), (2,)], [(2,), (1,)], False, True),
    ([(1,), (2,)], [(2,), (1,)], True, False),
    ([(1,), (1,)], [(1,)], False, False),
    ([(1,)], [(1, 1)], False, False),
    ([(None,)], [(0,)], False, False),
    ([(0.333333,)], [(1 / 3,)], True, True),
    ([(1000.0,)], [(1001.0,)], True, False),
]


@pytest.mark.parametrize(("first", "second", "ordered", "agree"), ROWS)
def test_rows_agree(first: Rows, second: Rows, ordered: bool, agree: bool) -> None:
    assert rows_agree(first, second, ordered=ordered) is agree


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
