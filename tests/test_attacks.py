"""Our own attacks on the executor: what must answer, what must be refused, what must be stopped, and on which files.

Every case goes through the function that any suite can use, so through the same check and sandbox as the app. After
each of them the bytes of the file, its folder and the working directory must be as before.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from t2s.values import Limits
from tests.attack_adapter import run

# A bomb needs no full deadline to show that it is stopped.
QUICK = Limits(deadline_seconds=0.4, kill_seconds=1.2)

VILLAGE = """
CREATE TABLE farm (id INTEGER PRIMARY KEY, name TEXT, "valley of" TEXT, hectares REAL, since TEXT);
INSERT INTO farm VALUES
  (1, 'Höhenhof', 'Upper', 12.5, '1998-04-01'), (2, 'Marsh End', 'Lower', 40, '2003-09-15'),
  (3, 'O''Neill; DROP TABLE farm --', 'Lower', NULL, '2020-01-31');
CREATE TABLE goat (tag TEXT PRIMARY KEY, farm_id INTEGER REFERENCES farm, "select" INTEGER, facts TEXT) WITHOUT ROWID;
INSERT INTO goat VALUES ('A1', 1, 3, '{"milk": [2, 3.5], "kind": "alpine"}'), ('A2', 1, 4, '{"milk": []}'),
  ('B7', 2, NULL, NULL);
CREATE TABLE "1; DELETE FROM goat" (x);
INSERT INTO "1; DELETE FROM goat" VALUES (7);
CREATE VIRTUAL TABLE diary USING fts5(day, entry);
INSERT INTO diary VALUES ('monday', 'the billy goat ate the gate'), ('tuesday', 'rain');
CREATE VIEW herd AS SELECT f.name AS farm, count(g.tag) AS goats FROM farm f LEFT JOIN goat g ON g.farm_id = f.id GROUP BY f.id;
CREATE VIEW ticking AS WITH RECURSIVE tick(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM tick) SELECT n FROM tick;
CREATE VIEW swollen AS WITH RECURSIVE s(t) AS (SELECT 'goat' UNION ALL SELECT t || t FROM s) SELECT t FROM s;
CREATE TRIGGER wipe AFTER INSERT ON farm BEGIN DELETE FROM goat; END;
"""


@pytest.fixture
def village(tmp_path: Path) -> Path:
    path = tmp_path / "vil%20lage?mode=rwc#x.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VILLAGE)
    return path


@pytest.fixture(autouse=True)
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Give a folder and a file; whatever a case does, both are compared afterwards."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    yield
    assert os.listdir(elsewhere) == []
    assert [
        p.name for p in tmp_path.iterdir() if p.name.endswith(("-wal", "-shm", "-journal"))
    ] == []


def ask(path: Path, sql: str, limits: Limits | None = None) -> dict:
    """Run a statement and check what must hold for each: an unchanged file and a plain sentence."""
    digest, names = hashlib.sha256(path.read_bytes()).digest(), sorted(os.listdir(path.parent))
    answer = run(str(path), sql, limits)
    assert hashlib.sha256(path.read_bytes()).digest() == digest
    assert sorted(os.listdir(path.parent)) == names
    if "error" in answer:
        text = answer["error"]
        assert text.strip().endswith((".", "*/."))
        assert str(path.parent) not in text
        assert "Traceback" not in text
        assert "\n" not in text
    return answer


ANSWERED = [
    ("SELECT sum(hectares) FROM farm", [[52.5]]),
    ("select NAME from FARM where ID=2", [["Marsh End"]]),
    ("SELECT name FROM farm WHERE name LIKE 'O''Neill; DROP%'", [["O'Neill; DROP TABLE farm --"]]),
    ('SELECT "valley of", count(*) FROM farm GROUP BY 1 ORDER BY 1', [["Lower", 2], ["Upper", 1]]),
    ('SELECT max("select") FROM goat', [[4]]),
    ('SELECT x FROM "1; DELETE FROM goat"', [[7]]),
    ("SELECT * FROM herd ORDER BY goats DESC LIMIT 1", [["Höhenhof", 2]]),
    ("SELECT day FROM diary WHERE diary MATCH 'NEAR(goat gate)'", [["monday"]]),
    ("SELECT json_extract(facts, '$.kind') FROM goat WHERE tag = 'A1'", [["alpine"]]),
    ("SELECT sum(j.value) FROM goat, json_each(goat.facts, '$.milk') j", [[5.5]]),
    ("SELECT count(*) FROM pragma_table_info('farm')", [[5]]),
    ("SELECT name FROM sqlite_master WHERE type = 'trigger'", [["wipe"]]),
    (
        "WITH RECURSIVE d(n) AS (VALUES (1) UNION ALL SELECT n * 2 FROM d WHERE n < 99) SELECT max(n) FROM d",
        [[128]],
    ),
    (
        "SELECT tag, lag(tag) OVER (ORDER BY tag) FROM goat ORDER BY 1 LIMIT 2",
        [["A1", None], ["A2", "A1"]],
    ),
    ("SELECT strftime('%m', since) FROM farm WHERE since > '2010' ", [["01"]]),
    ("SELECT id FROM farm EXCEPT SELECT farm_id FROM goat", [[3]]),
    ("SELECT NULL, -0.0, 9223372036854775807, x'0a00', ''", [[None, 0.0, 2**63 - 1, b"\n\0", ""]]),
    (
        "SELECT 'pragma', 'attach', 'vacuum' /* drop table farm; */",
        [["pragma", "attach", "vacuum"]],
    ),
    ("SELECT replace('delete', 'let', '-') -- insert into", [["de-e"]]),
    ("SELECT 1;", [[1]]),
    ("VALUES (1), (2)", [[1], [2]]),
    ("SELECT count(*) FROM farm a, farm b, farm c, farm d", [[81]]),
    ("SELECT " + " + ".join(["1"] * 150), [[150]]),
    (" UNION ALL ".join(f"SELECT {n}" for n in range(60)), [[n] for n in range(60)]),
    (
        "SELECT name FROM farm WHERE id IN (" + ",".join(map(str, range(5000))) + ") AND id = 1",
        [["Höhenhof"]],
    ),
]


@pytest.mark.parametrize(("sql", "rows"), ANSWERED)
def test_answered(village: Path, sql: str, rows: list):
    answer = ask(village, sql)
    assert answer == {"columns": answer.get("columns"), "rows": rows, "truncated": False}


REFUSED = [
    # Writing, whatever it is wrapped in.
    *("DELETE FROM goat", "UPDATE farm SET name = ''", "INSERT INTO farm(id) VALUES (9)"),
    *("REPLACE INTO farm(id) VALUES (1)", "INSERT INTO diary(diary) VALUES ('rebuild')"),
    "WITH doomed AS (SELECT tag FROM goat) DELETE FROM goat WHERE tag IN doomed",
    "WITH a(x) AS (VALUES (1)) INSERT INTO farm(id) SELECT x FROM a RETURNING *",
    "UPDATE farm SET name = 'x' FROM goat WHERE farm.id = goat.farm_id RETURNING name",
    "DELETE FROM sqlite_schema",
    "/* SELECT 1 */ DROP VIEW herd",
    "-- SELECT\rDROP TABLE goat",
    "-- SELECT\nDROP TABLE goat",
    "\x0c\tDROP\tTABLE\tgoat",
    "\u00a0DROP TABLE goat",
    "\u2028SELECT 1",
    *(
        "ALTER TABLE farm RENAME TO f",
        "ALTER TABLE farm ADD COLUMN x",
        "CREATE INDEX i ON farm(name)",
    ),
    *("CREATE TEMP TABLE loot AS SELECT * FROM farm", "CREATE TEMP VIEW w AS SELECT 1"),
    *(
        "CREATE VIRTUAL TABLE temp.v USING fts5(a)",
        "DROP TRIGGER wipe",
        "CREATE TABLE t AS SELECT 1",
    ),
    "CREATE TEMP TRIGGER t BEFORE DELETE ON farm BEGIN SELECT RAISE(IGNORE); END",
    # More than one statement.
    *("SELECT 1; SELECT 2", "SELECT 1; DELETE FROM goat", "DELETE FROM goat; SELECT 1"),
    *(
        "SELECT ';'; DROP TABLE goat",
        "SELECT 1 /* ; */ ; DROP TABLE goat",
        "SELECT [;]; DROP TABLE goat",
    ),
    "SELECT '\\'; DROP TABLE goat; --'",
    "SELECT 1 -- \u2028; DROP\n; DROP TABLE goat",
    # Files and the machine.
    *("ATTACH 'loot.db' AS loot", "ATTACH DATABASE ':memory:' AS m", "DETACH DATABASE main"),
    *("VACUUM", "VACUUM INTO 'loot.db'", "VACUUM main INTO 'file:loot.db?mode=rwc'"),
    *(
        "SELECT load_extension('libc.so.6')",
        "SELECT readfile('/etc/passwd')",
        "SELECT writefile('loot', 'x')",
    ),
    *("SELECT edit('x')", "SELECT * FROM fsdir('/')", "SELECT fts3_tokenizer('porter')"),
    "SELECT fts3_tokenizer('porter', x'4242424242424242')",
    "SELECT sqlite_compileoption_get(1)",
    # Settings: some act while they are prepared, so explaining them is using them.
    *("PRAGMA query_only = 0", "PRAGMA trusted_schema = 1", "PRAGMA journal_mode = memory"),
    *("PRAGMA hard_heap_limit = 1", "PRAGMA writable_schema = on", "PRAGMA main.cache_size = 1"),
    *(
        "EXPLAIN PRAGMA soft_heap_limit = 1",
        "EXPLAIN QUERY PLAN DELETE FROM goat",
        "EXPLAIN DROP TABLE goat",
    ),
    *(
        "PRAGMA temp_store_directory = '/tmp'",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA user_version(3)",
    ),
    "PRAGMA optimize",
    # Transactions and upkeep.
    *(
        "BEGIN",
        "BEGIN EXCLUSIVE",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT s",
        "RELEASE s",
        "ANALYZE",
        "REINDEX",
    ),
    # Functions that only make bombs.
    *("SELECT printf('%1000000000d', 1)", "SELECT format('%*c', 2000000000, 'x')"),
    *("SELECT zeroblob(2000000000)", "SELECT length(randomblob(1000000000))"),
    # Nothing that could run.
    *(
        "",
        " ",
        ";",
        "-- just talk",
        "/* SELECT 1",
        "SELECT 'open",
        'SELECT "open',
        "SELECT (1",
        "SELECT 1)",
    ),
    *(
        "Certainly! SELECT 1",
        "```\nSELECT 1\n```",
        "SELEKT 1",
        "SELECT FROM WHERE",
        "SELECT ?",
        "SELECT :a, @b, $c",
    ),
    *(
        "SELECT nobody FROM farm",
        "SELECT 1 FROM nowhere",
        "SELECT nosuch(1)",
        "SELECT 1\0",
        "SELECT '\ud83d'",
    ),
    *(
        "(SELECT 1)",
        "WITH a AS (SELECT 1)",
        "SELECT count(*",
        "SELECT * FROM pragma_database_list",
        "SELECT name FROM farm ORDER BY name COLLATE klingon",
    ),
    "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "SELECT " + "-" * 5001 + "1",
    "SELECT 1 WHERE " + " AND ".join(["1"] * 5000),
    "SELECT '" + "x" * 200_000 + "'",
    " UNION ".join(["SELECT 1"] * 600),
]


@pytest.mark.parametrize("sql", REFUSED, ids=range(len(REFUSED)))
def test_refused(village: Path, sql: str):
    answer = ask(village, sql)
    assert "error" in answer, answer


def chain(depth: int) -> str:
    """Each table reads the one before twice: the statement grows while SQLite prepares it."""
    parts = ["c0(v) AS (SELECT 1)"]
    parts += [f"c{n}(v) AS (SELECT a.v FROM c{n - 1} a JOIN c{n - 1} b)" for n in range(1, depth)]
    return f"WITH {', '.join(parts)} SELECT sum(v) FROM c{depth - 1}"


NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"

STOPPED = [
    *(
        "SELECT max(n) FROM ticking",
        "SELECT count(*) FROM swollen",
        "SELECT max(length(t)) FROM swollen",
    ),
    *(
        "SELECT n FROM ticking ORDER BY n DESC",
        "SELECT DISTINCT n % 1000000 FROM ticking ORDER BY 1",
    ),
    *("SELECT group_concat(n) FROM ticking", "SELECT json_group_array(n) FROM ticking"),
    *(
        "SELECT 1 FROM ticking a JOIN ticking b ON a.n = -b.n - 1",
        "SELECT n FROM ticking WHERE n < 0",
    ),
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ticking WHERE n IS NULL)",
    "SELECT n FROM ticking WHERE n = -1 UNION SELECT 1",
    f"{NUMBERS} SELECT i, sum(i) OVER (ORDER BY -i) FROM n",
    f"{NUMBERS} SELECT avg(i) FROM n WHERE i % 7 IN (SELECT i FROM n)",
    f"{NUMBERS} SELECT a.i FROM n a, n b, n c WHERE a.i + b.i + c.i < 0",
    f"{NUMBERS} SELECT quote(hex(group_concat(hex(i), hex(i)))) FROM n",
    "WITH RECURSIVE j(t) AS (SELECT '[]' UNION ALL SELECT json_array(t, t) FROM j) SELECT length(t) FROM j WHERE t = ''",
    "WITH RECURSIVE p(t) AS (SELECT 'a' UNION ALL SELECT t || 'a' FROM p) SELECT t LIKE '%a%a%a%a%b' FROM p WHERE t = 'c'",
    "SELECT max(a.n * b.n) FROM ticking a, ticking b",
    chain(26),
    chain(40),
]


@pytest.mark.parametrize("sql", STOPPED, ids=range(len(STOPPED)))
def test_stopped(village: Path, sql: str):
    answer = ask(village, sql, QUICK)
    assert "error" in answer or answer["truncated"], answer
    assert ask(village, "SELECT count(*) FROM goat")["rows"] == [[3]]


CUT = [
    (f"{NUMBERS} SELECT i FROM n", 1000),
    ("SELECT n, n, n FROM ticking", 1000),
    (f"{NUMBERS} SELECT hex(hex(hex(hex(hex(hex(hex(hex(hex(hex(i)))))))))) FROM n LIMIT 900", 900),
    ("SELECT * FROM swollen LIMIT 15", 15),
]


@pytest.mark.parametrize(("sql", "most"), CUT)
def test_long_results_are_cut_and_say_so(village: Path, sql: str, most: int):
    answer = ask(village, sql, Limits(max_cell_bytes=1000))
    assert len(answer["rows"]) <= most
    assert answer["truncated"] is True
    assert all(len(cell) <= 1000 for row in answer["rows"] for cell in row if isinstance(cell, str))


def edit_schema(path: Path, statement: str, *arguments: object) -> None:
    """Rewrite the table of contents of a file as no honest program would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(statement, arguments)


def set_bytes(path: Path, offset: int, new: bytes) -> None:
    data = bytearray(path.read_bytes())
    data[offset : offset + len(new)] = new
    path.write_bytes(bytes(data))


def make_ring(path: Path) -> None:
    """Let the two leaves of a large table and its root point at each other."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE long (t TEXT)")
        connection.executemany("INSERT INTO long VALUES (?)", [("x" * 900,)] * 400)
        connection.commit()
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'long'"
        ).fetchone()[0]
    data = path.read_bytes()
    start = (root - 1) * 4096
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    pointer = start + int.from_bytes(data[start + 12 : start + 14], "big")
    assert cells > 2
    set_bytes(path, pointer, root.to_bytes(4, "big"))
    set_bytes(path, start + 8, root.to_bytes(4, "big"))


SPITEFUL = {
    "a shared root page": lambda p: edit_schema(p, "UPDATE sqlite_master SET rootpage = 2"),
    "a root page far outside": lambda p: edit_schema(
        p, "UPDATE sqlite_master SET rootpage = 99999"
    ),
    "a table of contents without sense": lambda p: edit_schema(
        p, "UPDATE sqlite_master SET sql = 'CREATE goat'"
    ),
    "a table of contents that is not text": lambda p: edit_schema(
        p, "UPDATE sqlite_master SET sql = x'ff00fe'"
    ),
    "names that are not UTF-8": lambda p: edit_schema(
        p, "UPDATE sqlite_master SET name = CAST(x'ff6b' AS TEXT) WHERE name = 'herd'"
    ),
    "an unknown collation": lambda p: edit_schema(
        p,
        "UPDATE sqlite_master SET sql = 'CREATE TABLE farm(id INTEGER PRIMARY KEY, name COLLATE klingon)' WHERE name = 'farm'",
    ),
    "a column that computes a bomb": lambda p: edit_schema(
        p,
        "UPDATE sqlite_master SET sql = 'CREATE TABLE farm(id INTEGER PRIMARY KEY, name TEXT,"
        " b AS (length(printf(''%.*c'', 2000000000, ''x''))))' WHERE name = 'farm'",
    ),
    "a view of itself": lambda p: edit_schema(
        p,
        "UPDATE sqlite_master SET sql = 'CREATE VIEW herd AS SELECT * FROM herd' WHERE name = 'herd'",
    ),
    "a view that calls out": lambda p: edit_schema(
        p,
        "UPDATE sqlite_master SET sql = 'CREATE VIEW herd AS SELECT load_extension(''x'')' WHERE name = 'herd'",
    ),
    "a ring of pages": make_ring,
    "a page size of nothing": lambda p: set_bytes(p, 16, b"\x00\x03"),
    "a header that asks for a log": lambda p: set_bytes(p, 18, b"\x02\x02"),
    "a format of the future": lambda p: set_bytes(p, 18, b"\x09\x09"),
    "an encoding that does not exist": lambda p: set_bytes(p, 56, b"\x00\x00\x00\x09"),
    "a free list that ends nowhere": lambda p: set_bytes(
        p, 32, b"\x7f\xff\xff\xff\x00\x00\xff\xff"
    ),
    "a first page of noise": lambda p: set_bytes(p, 100, bytes(range(256)) * 12),
    "only half of it": lambda p: p.write_bytes(p.read_bytes()[: p.stat().st_size // 2]),
    "only its header": lambda p: p.write_bytes(p.read_bytes()[:100]),
    "nothing": lambda p: p.write_bytes(b""),
    "another format": lambda p: p.write_bytes(b"PK\x03\x04" + bytes(5000)),
}

ASKED_OF_FILES = (
    "SELECT count(*) FROM farm",
    "SELECT * FROM herd",
    "SELECT name, sql FROM sqlite_master",
    "SELECT * FROM goat ORDER BY tag",
    "SELECT count(*), max(t) FROM long",
)


@pytest.mark.parametrize("spite", SPITEFUL)
def test_files_made_to_hurt(village: Path, tmp_path: Path, spite: str):
    """Whatever they hold, each statement ends in rows or a sentence and leaves the file alone."""
    SPITEFUL[spite](village)
    answers = [ask(village, sql, QUICK) for sql in ASKED_OF_FILES]
    assert all(("rows" in a) != ("error" in a) for a in answers)
    fresh = tmp_path / "fresh.db"
    with closing(sqlite3.connect(fresh)) as connection:
        connection.executescript(VILLAGE)
    assert ask(fresh, "SELECT count(*) FROM goat")["rows"] == [[3]]


@pytest.mark.parametrize(
    "spite", ["a ring of pages", "a view of itself", "a column that computes a bomb"]
)
def test_what_spite_hides_is_never_answered(village: Path, spite: str):
    SPITEFUL[spite](village)
    sql = {
        "a ring of pages": "SELECT count(*), max(t) FROM long",
        "a view of itself": "SELECT * FROM herd",
    }
    answer = ask(village, sql.get(spite, "SELECT sum(b) FROM farm"), QUICK)
    assert "error" in answer


@pytest.mark.parametrize("name", ["nobody.db", "", "elsewhere"])
def test_places_without_a_database(tmp_path: Path, name: str):
    answer = run(str(tmp_path / name), "SELECT 1")
    assert "error" in answer
    assert str(tmp_path) not in answer["error"]
    assert not (tmp_path / "nobody.db").exists()


def test_a_log_beside_the_file_is_read_and_kept(tmp_path: Path):
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);")
        log = (tmp_path / "log.db-wal").read_bytes()
        assert run(str(path), "SELECT count(*) FROM t").get("rows") == [[2]]
        assert (tmp_path / "log.db-wal").read_bytes() == log
