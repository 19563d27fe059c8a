"""Which statements the text policy lets through."""

import pytest

from t2s import guard
from t2s.errors import InvalidSqlError, UnsafeSqlError

GOOD = [
    ("SELECT 1", "SELECT 1"),
    ("select 1;", "select 1"),
    ("SELECT 1 ;; ; ", "SELECT 1"),
    ("SELECT 1; -- done", "SELECT 1"),
    ("SELECT 1 -- done", "SELECT 1"),
    ("SELECT 1; /* done */ ;", "SELECT 1"),
    ("\ufeffSELECT 1", "SELECT 1"),
    ("  -- why\n SELECT 1", "-- why\n SELECT 1"),
    ("/* a; b */ SELECT 1", "/* a; b */ SELECT 1"),
    ("SELECT 'drop table x'", "SELECT 'drop table x'"),
    ("SELECT 'a;b'", "SELECT 'a;b'"),
    ("SELECT 'it''s; -- fine'", "SELECT 'it''s; -- fine'"),
    ("SELECT pragmatic, updated FROM deleted", "SELECT pragmatic, updated FROM deleted"),
    ('SELECT "a;b" FROM [c;d]', 'SELECT "a;b" FROM [c;d]'),
    ("SELECT `x``;y` FROM t", "SELECT `x``;y` FROM t"),
    ("SELECT replace(a, 'b', 'c') FROM t", "SELECT replace(a, 'b', 'c') FROM t"),
    ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH a AS (SELECT 1) SELECT * FROM a"),
    (
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n+1 FROM a WHERE n < 9) SELECT n FROM a",
        "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n+1 FROM a WHERE n < 9) SELECT n FROM a",
    ),
    ('WITH "delete" AS (SELECT 1) SELECT 1', 'WITH "delete" AS (SELECT 1) SELECT 1'),
    ("WITH a AS (SELECT 1) VALUES (2)", "WITH a AS (SELECT 1) VALUES (2)"),
    ("VALUES (1), (2)", "VALUES (1), (2)"),
    ("SELECT ((1 + (2)) * 3)", "SELECT ((1 + (2)) * 3)"),
    ("SELECT ')' || '('", "SELECT ')' || '('"),
    ("SELECT naïve FROM été", "SELECT naïve FROM été"),
    ("SELECT 'a\r\nb'\r\n", "SELECT 'a\r\nb'"),
]


@pytest.mark.parametrize(("sql", "expected"), GOOD)
def test_good(sql: str, expected: str):
    assert guard.check(sql) == expected


UNSAFE = [
    "DELETE FROM t",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DROP TABLE t",
    "CREATE TABLE x (a)",
    "REPLACE INTO t VALUES (1)",
    "WITH a AS (SELECT 1) DELETE FROM t",
    "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "WITH a AS (SELECT 1) UPDATE t SET a = 1",
    "WITH a AS (SELECT 1) REPLACE INTO t SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE t",
    "SELECT 1;\x0bDROP TABLE t",
    "SELECT 1 /* ; */; DELETE FROM t",
    "SELECT 1 -- x\n; DELETE FROM t",
    "SELECT 1 -- x\r; DELETE FROM t\n; DELETE FROM t",
    "SELECT 1 /* /* */ ; DELETE FROM t -- */",
    "SELECT 'a\\'; DELETE FROM t; --'",
    "/* SELECT */ DELETE FROM t",
    "-- SELECT\nDELETE FROM t",
    "ATTACH 'x.db' AS x",
    "DETACH x",
    "PRAGMA journal_mode = wal",
    "PRAGMA table_info(t)",
    "VACUUM",
    "VACUUM INTO '/tmp/x.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "EXPLAIN SELECT 1",
    "EXPLAIN QUERY PLAN SELECT 1",
    "EXPLAIN PRAGMA hard_heap_limit = 1",
    "show tables",
    "'SELECT' 1",
    '"SELECT" 1',
    "1",
    "()",
    "(((",
    "Here is the query: SELECT 1",
    "\ufeff\ufeffSELECT 1",
    "\u200bSELECT 1",
]


@pytest.mark.parametrize("sql", UNSAFE)
def test_unsafe(sql: str):
    with pytest.raises(UnsafeSqlError) as caught:
        guard.check(sql)
    assert caught.value.sql == sql
    assert "\n" not in str(caught.value)


INVALID = [
    "",
    "   ",
    ";",
    ";;",
    "-- nothing",
    "/* nothing */ ;",
    "\ufeff",
    "SELECT 'open",
    'SELECT "open',
    "SELECT `open",
    "SELECT [open",
    "SELECT 'it''s",
    "SELECT 1 /* open",
    "SELECT (1",
    "SELECT 1)",
    "SELECT )1(",
    "WITH a AS (SELECT 1)",
    "SELECT 1\x00; DROP TABLE t",
    "SELECT '\ud800'",
    "SELECT " + "1," * 60_000 + "1",
]


@pytest.mark.parametrize("sql", INVALID)
def test_invalid(sql: str):
    with pytest.raises(InvalidSqlError) as caught:
        guard.check(sql)
    assert caught.value.sql == sql
