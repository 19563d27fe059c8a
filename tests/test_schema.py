"""What is read from a database file, which keys are guessed, and what is kept of a large schema."""

import sqlite3
from pathlib import Path

import pytest

from t2s import database, kinds, schema
from t2s.keys import split_name
from t2s.values import Column, ForeignKey, Schema, Table


def read(tmp_path: Path, script: str) -> Schema:
    path = tmp_path / "test.db"
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    before = path.read_bytes()
    found = schema.read(database.open_readonly(path))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["test.db"]
    return found


KINDS = [
    # declared, name, cells, kind, date format
    ("INTEGER", "age", (1, 2), "number", ""),
    ("TEXT", "day", ("2024-03-01", "2024-03-02"), "date", "%Y-%m-%d"),
    ("TEXT", "at", ("2024-03-01 12:30:00",), "date", "%Y-%m-%d %H:%M:%S"),
    ("TEXT", "at", ("2024-03-01T12:30:00Z",), "date", "%Y-%m-%d %H:%M:%SZ"),
    ("TEXT", "day", ("15/03/2023", "01/02/2023"), "date", "%d/%m/%Y"),
    ("TEXT", "day", ("03/15/2023", "01/02/2023"), "date", "%m/%d/%Y"),
    ("TEXT", "day", ("1/2/23", "1/25/23"), "date", "%m/%d/%y"),
    ("TEXT", "day", ("01/02/2023",), "date", "%m/%d/%Y"),
    ("TEXT", "day", ("15.03.2023",), "date", "%d.%m.%Y"),
    ("TEXT", "day", ("15-Mar-2023",), "date", "%d-%b-%Y"),
    ("TEXT", "day", ("Mar 5, 2021", "Dec 15, 2020"), "date", "%b %d, %Y"),
    ("TEXT", "day", ("March 5, 2021",), "date", "%B %d, %Y"),
    ("TEXT", "month", ("2023-03", "2023-12"), "date", "%Y-%m"),
    ("TEXT", "order_date", ("20240301",), "date", "%Y%m%d"),
    ("TEXT", "day", ("2024-03-01", "n/a", "x", "y"), "text", ""),
    ("DATE", "day", ("2024-03-01", "0000-00-00"), "date", "%Y-%m-%d"),  # MySQL's "none"
    ("DATE", "day", (), "date", "%Y-%m-%d"),
    ("DATETIME", "at", (), "date", "%Y-%m-%d %H:%M:%S"),
    ("DATE", "year", (1999, 2001), "number", ""),
    ("INTEGER", "year", (1999, 2001), "number", ""),
    ("TEXT", "version", ("10-12-99999",), "text", ""),
    ("TEXT", "score", ("1", "2.5"), "number", ""),
    ("TEXT", "zip", ("94103", "10001"), "text", ""),
    ("TEXT", "label", ("01234", "10001"), "text", ""),
    ("TEXT", "score", ("1", "two"), "text", ""),
    ("", "score", ("1", "2"), "number", ""),
    ("REAL", "score", (1.0, 2.5, 3.0, 4.0, "n/a"), "number", ""),
    ("BOOLEAN", "ok", (0, 1), "boolean", ""),
    ("BOOL", "ok", ("T", "F"), "boolean", ""),
    ("INTEGER", "is_open", (0, 1), "boolean", ""),
    ("INTEGER", "IsOpen", (1,), "boolean", ""),
    ("INTEGER", "issues", (0, 1), "number", ""),
    ("TEXT", "open_flag", ("Y", "N"), "text", ""),
    ("BLOB", "photo", (b"\x00", b"\x01"), "blob", ""),
    ("BLOB", "note", ("a", "b"), "text", ""),
    ("BLOB", "photo", (), "blob", ""),
    ("", "anything", (), "text", ""),
    ("VARCHAR(20)", "name", (), "text", ""),
    ("DECIMAL(5,2)", "price", (), "number", ""),
]


@pytest.mark.parametrize(("declared", "name", "cells", "kind", "date_format"), KINDS)
def test_kinds(declared: str, name: str, cells: tuple, kind: str, date_format: str):
    assert kinds.infer(declared, name, cells) == (kind, date_format)


def test_read_describes_tables(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE b (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note,
                        double INTEGER GENERATED ALWAYS AS (id * 2));
        INSERT INTO b (id, name, note) VALUES (1, 'x', NULL), (2, 'x', 'n'), (3, 'y', 'm');
        CREATE TABLE a (b_id INTEGER REFERENCES B, other REFERENCES missing (id));
        CREATE VIEW v AS SELECT name, id FROM b;
        CREATE VIEW broken AS SELECT * FROM nowhere;
        CREATE VIRTUAL TABLE f USING fts5(body);
        CREATE TABLE f_notes (body TEXT);
        CREATE INDEX i ON b (name);
        """,
    )
    assert found.name == "test"
    assert [t.name for t in found.tables] == ["b", "a", "v", "f", "f_notes"]
    assert [t.row_count for t in found.tables] == [3, 0, None, None, 0]
    assert [t.is_view for t in found.tables] == [False, False, True, False, False]
    assert found.tables[0].columns == (
        Column("id", "number", "INTEGER", primary_key=True, samples=("1", "2", "3")),
        Column("name", "text", "TEXT", nullable=False, samples=("x", "y")),
        Column("note", "text", "", holds_nulls=True, samples=("n", "m")),
        Column("double", "number", "INTEGER"),
    )
    assert [c.name for c in found.tables[2].columns] == ["name", "id"]
    assert found.foreign_keys == (ForeignKey("a", "b_id", "b", "id"),)


def test_odd_names_and_cells(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE "say ""hi"" 🙂" ("<b>" TEXT, "a;b --" TEXT, "[x]" TEXT, `q``r` TEXT, "'" TEXT);
        INSERT INTO "say ""hi"" 🙂" VALUES (CAST(x'41ff' AS TEXT), x'00ff', '', 'é', 'it''s');
        """,
    )
    (table,) = found.tables
    assert table.name == 'say "hi" 🙂'
    assert [c.name for c in table.columns] == ["<b>", "a;b --", "[x]", "q`r", "'"]
    assert [c.samples for c in table.columns] == [("A\ufffd",), (), (), ("é",), ("it's",)]


def test_samples_are_short(tmp_path: Path):
    found = read(tmp_path, f"CREATE TABLE t (a); INSERT INTO t VALUES ('{'x' * 99}');")
    assert found.tables[0].columns[0].samples == ("x" * 40,)


def test_day_and_month_are_settled_beyond_the_first_rows(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE t (day TEXT);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            INSERT INTO t SELECT printf('%02d/%02d/2023', i % 12 + 1, i % 11 + 1) FROM n;
        INSERT INTO t VALUES ('28/02/2023');
        """,
    )
    assert found.tables[0].columns[0].date_format == "%d/%m/%Y"


def test_endless_view_is_not_run(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE t (a);
        CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT i FROM n ORDER BY i;
        """,
    )
    assert [(t.name, [c.name for c in t.columns]) for t in found.tables] == [
        ("t", ["a"]),
        ("v", ["i"]),
    ]


def test_hostile_items_cost_only_themselves(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE t (a, big TEXT GENERATED ALWAYS AS (printf('%.*c', 1, 'x')));
        INSERT INTO t (a) VALUES ('x');
        CREATE TABLE wide (a TEXT, picture BLOB);
        INSERT INTO wide VALUES ('x', zeroblob(9000000)), ('y', NULL);
        CREATE VIEW v0 AS SELECT 1 AS a;
        """
        + "".join(
            f"CREATE VIEW v{i} AS SELECT l.a FROM v{i - 1} l, v{i - 1} r;" for i in range(1, 17)
        )
        + "CREATE TABLE z (a INTEGER); INSERT INTO z VALUES (NULL), (7);"
        # Only now: storing a row works the column out.
        + "PRAGMA writable_schema = ON;"
        + "UPDATE sqlite_master SET sql = replace(sql, 'c'', 1,', 'c'', 2000000000,');",
    )
    tables = {t.name: t for t in found.tables}
    assert tables["t"].columns[0].samples == ("x",)
    assert tables["wide"].columns[0].samples == ("x", "y")
    assert tables["wide"].columns[1].holds_nulls
    assert (tables["z"].row_count, tables["z"].columns[0].samples) == (2, ("7",))
    assert "v3" in tables


def test_keys_of_several_columns(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE p (b INTEGER, a INTEGER, c INTEGER UNIQUE, PRIMARY KEY (a, b));
        CREATE TABLE q (x INTEGER, y INTEGER, z INTEGER REFERENCES p (c),
                        FOREIGN KEY (x, y) REFERENCES P);
        """,
    )
    said = [(k.table, k.column, k.other_table, k.other_column) for k in found.foreign_keys]
    assert said == [("q", "z", "p", "c"), ("q", "x", "p", "a"), ("q", "y", "p", "b")]


FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) INSERT INTO"
INFERRED = [
    # tables, rows, keys
    (
        "customers (id INTEGER PRIMARY KEY); orders (customer_id INTEGER)",
        ["orders.customer_id>customers.id"],
    ),
    (
        "Customer (CustomerID INTEGER PRIMARY KEY); Sale (CustomerID INTEGER)",
        ["Sale.CustomerID>Customer.CustomerID"],
    ),
    ("cust (cust_id INTEGER PRIMARY KEY); ord (cust_id INTEGER)", ["ord.cust_id>cust.cust_id"]),
    (
        "country (code INTEGER PRIMARY KEY); city (country_code INTEGER)",
        ["city.country_code>country.code"],
    ),
    ("department (dno INTEGER PRIMARY KEY); emp (dept_id INTEGER)", ["emp.dept_id>department.dno"]),
    (
        "team (team_id INTEGER PRIMARY KEY); game (home_team_id INTEGER)",
        ["game.home_team_id>team.team_id"],
    ),
    (
        "staff (staff_id INTEGER PRIMARY KEY, manager_id INTEGER)",
        ["staff.manager_id>staff.staff_id"],
    ),
    ("a (id INTEGER PRIMARY KEY); b (id INTEGER PRIMARY KEY)", []),
    ("customers (id INTEGER PRIMARY KEY); orders (customer_id REAL)", []),
    ("rating (id INTEGER PRIMARY KEY); film (rating_date DATE)", []),
    ("x (name TEXT); y (name TEXT)", []),
    ("orders (order_id INTEGER PRIMARY KEY); things (total INTEGER)", []),
]


@pytest.mark.parametrize(("tables", "keys"), INFERRED)
def test_inferred_keys(tmp_path: Path, tables: str, keys: list[str]):
    script = ""
    for table in tables.split("; "):
        name = table.split(" ")[0]
        count = table.count(",") + 1
        script += f"CREATE TABLE {table}; {FILL} {name} SELECT {', '.join(['i'] * count)} FROM n;"
    found = read(tmp_path, script)
    said = [f"{k.table}.{k.column}>{k.other_table}.{k.other_column}" for k in found.foreign_keys]
    assert said == keys
    assert all(k.inferred for k in found.foreign_keys)


@pytest.mark.parametrize(
    ("values", "count"),
    [
        ("(1), (2), (3)", 1),
        ("(1), (2), (0), (NULL)", 1),  # 0 stands for none
        ("(1), (2), (77)", 0),
        ("(NULL)", 1),  # the name alone is believed where there are no values
    ],
)
def test_values_must_be_found_in_the_target(tmp_path: Path, values: str, count: int):
    found = read(
        tmp_path,
        f"""
        CREATE TABLE customer (id INTEGER PRIMARY KEY); INSERT INTO customer VALUES (1), (2), (3);
        CREATE TABLE sale (customer_id INTEGER); INSERT INTO sale VALUES {values};
        """,
    )
    assert len(found.foreign_keys) == count


def test_declared_pairs_are_left_alone(tmp_path: Path):
    found = read(
        tmp_path,
        """
        CREATE TABLE team (team_id INTEGER PRIMARY KEY);
        CREATE TABLE game (home INTEGER REFERENCES TEAM (TEAM_ID), away_team_id INTEGER);
        """,
    )
    assert found.foreign_keys == (ForeignKey("game", "home", "team", "team_id"),)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CustomerIDs", ("customer", "ids")),
        ("custid", ("cust", "id")),
        ("home_team_id", ("home", "team", "id")),
        ("categories", ("category",)),
        ("bus", ("bus",)),
        ("Address", ("address",)),
        ("paid", ("paid",)),
        ("🙂", ()),
    ],
)
def test_split_name(name: str, words: tuple):
    assert split_name(name) == words


def table(name: str, width: int) -> Table:
    columns = [Column("id", primary_key=True), *(Column(f"{name}{i}") for i in range(1, width))]
    return Table(name, tuple(columns))


CHAIN = Schema(
    tables=tuple(table(n, 5) for n in "abcdef"),
    foreign_keys=(
        ForeignKey("b", "b1", "a", "id"),
        ForeignKey("c", "c1", "b", "id"),
        ForeignKey("d", "d4", "c", "id"),
    ),
)
PICKED = [
    # scores, budget, tables
    ({}, 30, "abcdef"),
    ({"e": 1.0}, 5, "e"),
    ({"a": 1.0, "c": 0.5}, 15, "abc"),
    ({"c": 1.0, "a": 0.5}, 10, "ac"),
    ({"d": 1.0}, 10, "cd"),
    ({"f": 1.0, "b": 0.5}, 15, "abf"),
    ({"F": 1.0, "e": 0.1}, 5, "e"),
]


@pytest.mark.parametrize(("scores", "budget", "names"), PICKED)
def test_pick(scores: dict, budget: int, names: str):
    picked = schema.pick(CHAIN, scores, budget)
    assert "".join(t.name for t in picked.tables) == names
    assert sum(len(t.columns) for t in picked.tables) <= budget
    kept = {t.name for t in picked.tables}
    assert all({k.table, k.other_table} <= kept for k in picked.foreign_keys)


def test_pick_narrows_a_wide_table():
    picked = schema.pick(CHAIN, {"d": 1.0}, 3)
    assert [c.name for c in picked.tables[0].columns] == ["id", "d1", "d4"]
    picked = schema.pick(CHAIN, {"d": 1.0}, 3, {("d", "d3"): 1.0})
    assert [c.name for c in picked.tables[0].columns] == ["id", "d3", "d4"]
    assert picked.foreign_keys == ()
