import pytest

from t2s import probe
from t2s.values import Column, QueryResult, Schema, Table

SCHEMA = Schema(
    (
        Table('odd "name"', (Column("id"), Column("Name"))),
        Table("orders", (Column("id"), Column("status"), Column("note"))),
    )
)

PROBES = [
    (
        "SELECT * FROM orders WHERE status = 'x'",
        ['SELECT 1 FROM "orders" WHERE "status" = \'x\' LIMIT 1'],
    ),
    (
        "SELECT * FROM orders WHERE 'x' = status",
        ['SELECT 1 FROM "orders" WHERE \'x\' = "status" LIMIT 1'],
    ),
    (
        "SELECT * FROM \"odd \"\"name\"\"\" AS c JOIN orders o ON o.id = c.id WHERE c.name = 'it''s' AND status IN ('a', 'b')",
        [
            'SELECT 1 FROM "odd ""name""" WHERE "name" = \'it\'\'s\' LIMIT 1',
            "SELECT 1 FROM \"orders\" WHERE \"status\" IN ('a', 'b') LIMIT 1",
        ],
    ),
    (
        "SELECT count(*) FROM orders WHERE note LIKE '%q%'",
        ['SELECT 1 FROM "orders" WHERE "note" LIKE \'%q%\' LIMIT 1'],
    ),
    (
        'SELECT id FROM orders WHERE id IN (SELECT id FROM "odd ""name""" WHERE name = \'j\')',
        ['SELECT 1 FROM "odd ""name""" WHERE "name" = \'j\' LIMIT 1'],
    ),
    (
        'SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM "odd ""name""" n WHERE o.status = \'z\')',
        ['SELECT 1 FROM "orders" WHERE "status" = \'z\' LIMIT 1'],
    ),
    (
        "SELECT * FROM orders WHERE status = 'x' OR status = 'x'",
        ['SELECT 1 FROM "orders" WHERE "status" = \'x\' LIMIT 1'],
    ),
    ("SELECT * FROM orders WHERE status <> 'x'", []),
    ("SELECT * FROM orders WHERE NOT status = 'x'", []),
    ("SELECT * FROM orders WHERE status NOT IN ('x')", []),
    ("SELECT * FROM orders WHERE status NOT LIKE 'x'", []),
    ("SELECT sum(CASE WHEN status = 'x' THEN 1 END) FROM orders", []),
    ("SELECT * FROM orders WHERE id = 3", []),
    ("SELECT * FROM orders WHERE id = status", []),
    (
        "SELECT * FROM orders AS a JOIN orders AS b WHERE status = 'x'",
        [],
    ),  # whose status is not certain
    ("SELECT * FROM elsewhere WHERE status = 'x'", []),
    ("SELEC (", []),
]


@pytest.mark.parametrize(("sql", "expected"), PROBES)
def test_list_probes(sql, expected):
    assert [each.sql for each in probe.list_probes(sql, SCHEMA)] == expected


HOLLOW = [
    ([], True),
    ([[0]], True),
    ([[None, 0]], True),
    ([[0.0]], True),
    ([[""]], False),
    ([[1]], False),
    ([[0], [0]], False),
]


@pytest.mark.parametrize(("rows", "expected"), HOLLOW)
def test_is_hollow(rows, expected):
    assert probe.is_hollow(QueryResult("", ("a",), tuple(map(tuple, rows)))) is expected
