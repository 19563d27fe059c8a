"""What the columns of a table hold, and how that is said."""

import sqlite3

import pytest

from t2s import database, profile, schema
from t2s.errors import DatabaseError, QueryTimeoutError
from t2s.profile import ColumnProfile, TableProfile
from t2s.values import Column, ForeignKey, QueryResult, Table


def make(path, script, rows=()):
    connection = sqlite3.connect(path)
    connection.executescript(script)
    for sql, values in rows:
        connection.executemany(sql, values)
    connection.commit()
    connection.close()
    db = database.open_readonly(path)
    return db, schema.read(db)


def read(path, script, rows=(), table="t", **more):
    db, tables = make(path, script, rows)
    return profile.read_profile(db, tables.table(table), **more)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((3, 1, 1, None), ColumnProfile("c", 4, 1, 2, 1, 3, ((1, 2),))),
        (("b", "a", "b", "b", "a"), ColumnProfile("c", 5, 0, 2, "a", "b", (("b", 3), ("a", 2)))),
        ((None, None), ColumnProfile("c", 2, 2, 0)),
        ((), ColumnProfile("c", 0, 0, 0)),
        ((1.5, "x", None, 2), ColumnProfile("c", 4, 1, 3, 1.5, "x")),
        ((2**62, -(2**62)), ColumnProfile("c", 2, 0, 2, -(2**62), 2**62)),
        (("", "", " "), ColumnProfile("c", 3, 0, 2, "", " ", (("", 2),))),
        # Ties in the order of the values, and no more than five of them.
        (
            (*"gfedcba", *"gfedcba"),
            ColumnProfile("c", 14, 0, 7, "a", "g", tuple((c, 2) for c in "abcde")),
        ),
    ],
    ids=["numbers", "texts", "only NULL", "no rows", "mixed", "large", "blank", "ties"],
)
def test_summary_of_a_column(tmp_path, values, expected):
    found = read(
        tmp_path / "a.sqlite",
        "CREATE TABLE t (c)",
        [("INSERT INTO t VALUES (?)", [(v,) for v in values])],
    )
    assert found.columns == (expected,)
    assert (found.row_count, found.missing) == (len(values), ())
    assert len(found.sample.rows) == len(values[: profile.SAMPLE_ROWS])


def test_binary_data_is_counted_but_not_compared(tmp_path):
    found = read(
        tmp_path / "a.sqlite",
        "CREATE TABLE t (c BLOB)",
        [("INSERT INTO t VALUES (?)", [(b"x" * 1000,), (b"x" * 1000,), (None,)])],
    )
    assert found.columns == (ColumnProfile("c", 3, 1),)


@pytest.mark.parametrize("name", ['a"b', "a]b", "select", "x'y", "a\nb", "NOT INDEXED", "é"])
def test_odd_names(tmp_path, name):
    quoted = '"' + name.replace('"', '""') + '"'
    script = f"CREATE TABLE {quoted} ({quoted} TEXT); INSERT INTO {quoted} VALUES ('v'), ('v')"
    found = read(tmp_path / "a.sqlite", script, table=name)
    assert found.columns == (ColumnProfile(name, 2, 0, 1, "v", "v", (("v", 2),)),)


def test_views_are_summarized_and_counted(tmp_path):
    script = "CREATE TABLE t (c); INSERT INTO t VALUES (1), (2), (2); CREATE VIEW v AS SELECT c FROM t WHERE c > 1"
    found = read(tmp_path / "a.sqlite", script, table="v")
    assert (found.row_count, found.columns) == (2, (ColumnProfile("c", 2, 0, 1, 2, 2, ((2, 2),)),))


def test_a_view_without_end_is_said_to_be_unread(tmp_path):
    script = """CREATE TABLE t (c); CREATE VIEW v AS
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS c FROM n"""
    found = read(tmp_path / "a.sqlite", script, table="v", seconds=0.3)
    assert (found.columns, found.missing, found.row_count, found.sample) == ((), ("c",), None, None)
    assert "no time to summarize c" in profile.describe_scope(found)[0]


def test_large_tables_are_summarized_from_their_first_rows(tmp_path):
    rows = [(n, n % 3) for n in range(5000, 0, -1)]
    found = read(
        tmp_path / "a.sqlite",
        "CREATE TABLE t (c INTEGER, d INTEGER); CREATE INDEX i ON t (c)",
        [("INSERT INTO t VALUES (?, ?)", rows)],
        seconds=0.01,
    )
    assert found.row_count == 5000
    for column in found.columns:
        # The first rows of the table, not the smallest of the index.
        assert column.rows in (profile._FALLBACK_ROWS, profile._MIN_ROWS)
        assert column.column != "c" or column.largest == 5000
    assert profile.describe_scope(found)


def test_a_file_that_is_gone(tmp_path):
    path = tmp_path / "a.sqlite"
    db, tables = make(path, "CREATE TABLE t (c)")
    path.unlink()
    with pytest.raises(DatabaseError):
        profile.read_profile(db, tables.table("t"))


@pytest.mark.parametrize(
    ("columns", "row_count", "seconds", "expected"),
    [
        (1, 10, 1.5, 11),
        (10, 1_000_000, 1.5, 60_000),
        (10, None, 1.5, 60_000),
        (1, 1_000_000, 1.5, 200_000),
        (300, 1_000_000, 1.5, 2_000),
        (0, 5, 1.5, 6),
    ],
)
def test_rows_that_fit_the_time(columns, row_count, seconds, expected):
    assert profile.choose_rows(columns, row_count, seconds) == expected


@pytest.mark.parametrize(
    ("counted", "read_rows", "limit", "expected"),
    [(7, (7,), 8, 7), (None, (5, 5), 10, 5), (None, (10,), 10, None), (None, (), 10, None)],
)
def test_row_counts(counted, read_rows, limit, expected):
    profiles = [ColumnProfile("c", rows, 0) for rows in read_rows]
    assert profile.count_rows(Table("t", (), counted), profiles, limit) == expected


@pytest.mark.parametrize(
    "result",
    [QueryTimeoutError("late", sql=""), QueryResult("", ("a",), ())],
    ids=["error", "no rows"],
)
def test_a_summary_that_was_not_read_is_none(result):
    assert profile.read_summary("c", result) is None


def describe(column, found, keys=()):
    table = Table("t", (column,), 10)
    columns = () if found is None else (found,)
    (line,) = profile.describe_columns(table, TableProfile("t", 10, columns), keys)
    return line


def seen(smallest=None, largest=None, frequent=(), distinct=3):
    return ColumnProfile("c", 10, 2, distinct, smallest, largest, frequent)


@pytest.mark.parametrize(
    ("column", "found", "expected"),
    [
        (Column("c", "number"), seen(1, 12345), ("1", "12,345", "all different")),
        (Column("c", "number"), seen(1999, 2024), ("1999", "2024", "all different")),
        (Column("c", "number", primary_key=True), seen(1, 12345), ("1", "12345", "all different")),
        (Column("c"), seen("a\nb", "z" * 99), ("a b", "z" * 23 + "…", "all different")),
        (Column("c"), seen("", "\x00"), ("(blank)", "␀", "all different")),
        (Column("c"), seen("a", "b", (("a", 1200), ("b", 2))), ("a", "b", "a (1,200), b (2)")),
        (Column("c"), seen("a", "a", distinct=1), ("a", "a", "")),
        (
            Column("c", "date", date_format="%Y-%m-%d"),
            seen("2020-01-02", "2021-01-01"),
            ("2020-01-02", "2021-01-01", "all different"),
        ),
        # As texts, 31/01/2020 comes after 01/02/2024.
        (
            Column("c", "date", date_format="%d/%m/%Y"),
            seen("01/02/2024", "31/01/2020"),
            ("", "", "all different"),
        ),
        (
            Column("c", "date", date_format="%d %B %Y"),
            seen("1 May 2024", "9 May 1999"),
            ("", "", "all different"),
        ),
        (Column("c", "blob"), seen(distinct=None), ("", "", "")),
        (Column("c"), None, ("", "", "")),
    ],
)
def test_range_and_frequent_values(column, found, expected):
    line = describe(column, found)
    assert (line.first, line.last, line.frequent) == expected
    assert line.empty == (None if found is None else 2)


KEY = ForeignKey("t", "c", "other", "id")


@pytest.mark.parametrize(
    ("column", "keys", "role"),
    [
        (Column("c"), (), ""),
        (Column("c", primary_key=True), (), "key"),
        (Column("c"), (KEY,), "→ other"),
        (
            Column("c"),
            (ForeignKey("t", "c", "other", "id", inferred=True),),
            "→ other (guessed)",
        ),
        (Column("c", primary_key=True), (KEY,), "key → other"),
        (Column("c"), (ForeignKey("u", "c", "other", "id"),), ""),
    ],
)
def test_roles(column, keys, role):
    assert describe(column, seen(), keys).role == role


@pytest.mark.parametrize(
    ("row_count", "rows", "missing", "parts"),
    [
        (10, (10, 10), (), ()),
        (10, (5, 5), (), ("of the first 5 rows; all 10 would",)),
        (10, (5, 2), (), ("of the first 2 rows, of some columns more; all 10 would",)),
        (None, (5,), (), ("first 5 rows; all rows would",)),
        (10, (10,), ("a", "b"), ("summarize a, b; look",)),
        (10, (), tuple("abcdefg"), ("summarize a, b, c, d, e and 2 more columns;",)),
    ],
)
def test_what_a_summary_leaves_out_is_said(row_count, rows, missing, parts):
    columns = tuple(ColumnProfile(f"c{n}", r, 0) for n, r in enumerate(rows))
    sentences = profile.describe_scope(TableProfile("t", row_count, columns, missing))
    assert len(sentences) == len(parts)
    assert all(part in sentence for part, sentence in zip(parts, sentences, strict=True))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, ""),
        (b"ab", "<2 bytes>"),
        (0.1, "0.1"),
        (-20000, "-20,000"),
        (2**62, "4,611,686,018,427,387,904"),
        (float("inf"), "inf"),
        ("\u202e", "[U+202E]"),
        ("\ud800", "\ufffd"),
        (" ", "(blank)"),
    ],
)
def test_values_for_reading(cell, expected):
    assert profile.show_value(cell) == expected
