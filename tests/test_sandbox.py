"""What the sandbox answers, refuses and stops, with the guard left out."""

import contextlib
import hashlib
import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from t2s import sandbox, sandbox_worker, sandbox_workers
from t2s.errors import (
    DatabaseError,
    InvalidSqlError,
    QueryLimitError,
    QueryTimeoutError,
    UnsafeSqlError,
)
from t2s.sandbox_access import choose_access
from t2s.sandbox_reading import Budget, open_reading
from t2s.values import Limits, QueryResult

QUICK = Limits(deadline_seconds=0.3, kill_seconds=1.5)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "q?mode=rwc&x#é %41.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL);
        INSERT INTO item VALUES (1, 'pen', 1.5), (2, 'ink', 4.0), (3, NULL, 9.25);
        CREATE TABLE "odd ""name"" 🙂 <b>" ("a b" TEXT);
        INSERT INTO "odd ""name"" 🙂 <b>" VALUES (CAST(x'ff41' AS TEXT));
        CREATE VIEW endless AS
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n;
        CREATE VIRTUAL TABLE words USING fts5(body);
        INSERT INTO words VALUES ('red ink');
        """
    )
    connection.close()
    return path


ROWS = [
    ("SELECT id, name FROM item ORDER BY id", ((1, "pen"), (2, "ink"), (3, None))),
    ("SELECT id, id FROM item WHERE id = 1", ((1, 1),)),
    ("VALUES (1), (2)", ((1,), (2,))),
    ("WITH a AS (SELECT max(price) m FROM item) SELECT m FROM a", ((9.25,),)),
    ("SELECT 9223372036854775807, -9223372036854775808", ((2**63 - 1, -(2**63)),)),
    ("SELECT 1e999, -1e999", ((float("inf"), float("-inf")),)),
    ("SELECT x'00ff', x''", ((b"\x00\xff", b""),)),
    ("SELECT 'naïve 🙂'", (("naïve 🙂",),)),
    ('SELECT * FROM "odd ""name"" 🙂 <b>"', (("\ufffdA",),)),
    ("SELECT sum(value) FROM json_each('[1, 2]')", ((3,),)),
    ("SELECT count(*) FROM pragma_table_info('item')", ((3,),)),
    ("SELECT body FROM words WHERE words MATCH 'ink'", (("red ink",),)),
    ("SELECT round(avg(price), 2), strftime('%Y', '2024-03-01') FROM item", ((4.92, "2024"),)),
    ("SELECT row_number() OVER (ORDER BY id DESC) FROM item LIMIT 1", ((1,),)),
    ("SELECT 1;", ((1,),)),
]


@pytest.mark.parametrize(("sql", "rows"), ROWS)
def test_rows(shop: Path, sql: str, rows: tuple):
    result = sandbox.run(shop, sql)
    assert (result.rows, result.truncated, result.sql) == (rows, False, sql)


REFUSED = [
    ("DELETE FROM item", UnsafeSqlError, "deleting rows"),
    ("UPDATE item SET name = 'x'", UnsafeSqlError, "changing rows"),
    ("INSERT INTO item VALUES (9, 'x', 1)", UnsafeSqlError, "adding rows"),
    ("WITH a AS (SELECT 1) DELETE FROM item", UnsafeSqlError, "deleting rows"),
    ("DROP TABLE item", UnsafeSqlError, "not allowed"),
    ("CREATE TEMP TABLE t (a)", UnsafeSqlError, "not allowed"),
    ("CREATE TEMP VIEW v AS SELECT 1", UnsafeSqlError, "not allowed"),
    ("ATTACH '/tmp/t2s_must_not_exist.db' AS x", UnsafeSqlError, "attaching files"),
    ("VACUUM INTO '/tmp/t2s_must_not_exist.db'", UnsafeSqlError, "not allowed"),
    ("VACUUM", UnsafeSqlError, "not allowed"),
    ("PRAGMA journal_mode = wal", UnsafeSqlError, "PRAGMA journal_mode"),
    ("PRAGMA query_only = 0", UnsafeSqlError, "PRAGMA query_only"),
    ("PRAGMA user_version = 7", UnsafeSqlError, "PRAGMA user_version"),
    ("EXPLAIN PRAGMA hard_heap_limit = 200000", UnsafeSqlError, "PRAGMA hard_heap_limit"),
    ("BEGIN", UnsafeSqlError, "transactions"),
    ("SELECT load_extension('x')", UnsafeSqlError, "load_extension"),
    ("SELECT fts3_tokenizer('simple')", UnsafeSqlError, "fts3_tokenizer"),
    ("SELECT printf('%.*c', 2147483640, 'x')", UnsafeSqlError, "printf"),
    ("SELECT zeroblob(1000000000)", UnsafeSqlError, "zeroblob"),
    ("SELECT 1; SELECT 2", UnsafeSqlError, "one statement"),
    ("SELECT 1; DROP TABLE item", UnsafeSqlError, "one statement"),
    ("", InvalidSqlError, "no statement"),
    (" -- nothing", InvalidSqlError, "no statement"),
    ("SELEC 1", InvalidSqlError, "syntax error"),
    ("SELECT nope FROM item", InvalidSqlError, "no such column: nope"),
    ("SELECT * FROM nope", InvalidSqlError, "no such table: nope"),
    ("SELECT '\ud800'", InvalidSqlError, "unreadable"),
    ("SELECT 1\x00", InvalidSqlError, "null character"),
    ("SELECT ?", InvalidSqlError, "binding"),
    ("SELECT group_concat(i) FROM endless", (QueryTimeoutError, QueryLimitError), ""),
    ("SELECT count(*) FROM endless", QueryTimeoutError, "too long"),
]


@pytest.mark.parametrize(("sql", "error", "said"), REFUSED)
def test_refused_by_the_engine(shop: Path, sql: str, error: type, said: str):
    before = hashlib.sha256(shop.read_bytes()).hexdigest()
    names = sorted(p.name for p in shop.parent.iterdir())
    with pytest.raises(error) as caught:
        sandbox.run(shop, sql, QUICK)
    assert said in str(caught.value)
    assert caught.value.sql == sql
    assert str(shop) not in str(caught.value)
    assert hashlib.sha256(shop.read_bytes()).hexdigest() == before
    assert sorted(p.name for p in shop.parent.iterdir()) == names
    assert not Path("/tmp/t2s_must_not_exist.db").exists()


@pytest.mark.parametrize(
    ("cap", "count", "truncated"), [(1, 1, True), (2, 2, True), (3, 3, False), (4, 3, False)]
)
def test_row_cap(shop: Path, cap: int, count: int, truncated: bool):
    result = sandbox.run(shop, "SELECT * FROM item", Limits(max_rows=cap))
    assert (len(result.rows), result.truncated) == (count, truncated)


def test_endless_rows_are_cut(shop: Path):
    result = sandbox.run(shop, "SELECT * FROM endless")
    assert (len(result.rows), result.truncated) == (1000, True)


@pytest.mark.parametrize(
    ("limits", "count", "first"),
    [
        (Limits(max_bytes=100), 1, "a" * 40),
        (Limits(max_cell_bytes=7), 2, "a" * 7),
        (Limits(max_bytes=10), 0, None),
    ],
)
def test_byte_caps(shop: Path, limits: Limits, count: int, first: str | None):
    sql = f"SELECT '{'a' * 40}' UNION ALL SELECT '{'b' * 70}'"
    result = sandbox.run(shop, sql, limits)
    assert result.truncated
    assert len(result.rows) == count
    assert first is None or result.rows[0][0] == first


def test_memory_is_bounded(shop: Path):
    sql = "WITH RECURSIVE a(x) AS (SELECT 'abcdefgh' UNION ALL SELECT x || x FROM a) SELECT max(length(x)) FROM a"
    with pytest.raises(QueryLimitError):
        sandbox.run(shop, sql)


def test_statement_that_grows_while_it_is_prepared(shop: Path):
    parts = ["a0 AS (SELECT 1 AS x)"]
    parts += [f"a{i} AS (SELECT l.x FROM a{i - 1} l, a{i - 1} r)" for i in range(1, 26)]
    with pytest.raises((QueryLimitError, QueryTimeoutError)):
        sandbox.run(shop, f"WITH {', '.join(parts)} SELECT count(*) FROM a25")


def test_run_each_stops_after_enough_rows(shop: Path):
    sqls = ("SELECT nope", "SELECT 1", "DELETE FROM item", "SELECT 2", "SELECT 3")
    results = sandbox.run_each(shop, sqls, stop_after=2)
    assert [type(r) for r in results] == [InvalidSqlError, QueryResult, UnsafeSqlError, QueryResult]


def test_run_each_goes_on_after_a_kill(shop: Path):
    slow = "SELECT count(*) FROM endless"
    limits = Limits(deadline_seconds=30.0, kill_seconds=0.5)
    results = sandbox.run_each(shop, (slow, "SELECT 1"), limits, stop_after=1)
    assert isinstance(results[0], QueryTimeoutError)
    assert isinstance(results[1], QueryResult)


def test_no_statements_give_no_results(shop: Path):
    assert sandbox.run_each(shop, (), stop_after=1) == ()


def test_denials_do_not_leak_into_the_next_statement(shop: Path):
    results = sandbox.run_each(shop, ("DELETE FROM item", "SELECT nope"), stop_after=1)
    assert [type(r) for r in results] == [UnsafeSqlError, InvalidSqlError]


@pytest.mark.parametrize(
    "content", [None, b"", b"name,age\n", b"SQLite format 3\x00" + b"\x01" * 200]
)
def test_files_that_cannot_be_opened(tmp_path: Path, content: bytes | None):
    path = tmp_path / "bad.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DatabaseError) as caught:
        sandbox.run(path, "SELECT 1")
    assert str(tmp_path) not in str(caught.value)
    assert path.exists() == (content is not None)


def test_find_damage(shop: Path, tmp_path: Path):
    assert sandbox.find_damage(shop) == ""
    damaged = tmp_path / "damaged.db"
    data = bytearray(shop.read_bytes())
    data[4096:4200] = b"\xff" * 104
    damaged.write_bytes(data)
    assert sandbox.find_damage(damaged) != ""


def test_a_dead_spare_is_replaced(shop: Path):
    sandbox.run(shop, "SELECT 1")
    for spare in sandbox_workers._open_pool()._spares:
        spare.kill()
        spare.wait()
    assert sandbox.run(shop, "SELECT 2").rows == ((2,),)


def test_places_are_given_in_order_of_arrival():
    queue = sandbox_workers.FairQueue(places=1, length=3)
    assert queue.enter(0.0)
    came = []

    def wait(name: int) -> None:
        if queue.enter(10.0):
            came.append(name)
            queue.leave()

    threads = []
    for name in range(3):
        threads.append(threading.Thread(target=wait, args=(name,)))
        threads[-1].start()
        while len(queue._waiting) <= name:
            time.sleep(0.001)
    assert not queue.enter(10.0)  # full: refused at once
    queue.leave()
    for thread in threads:
        thread.join()
    assert came == [0, 1, 2]
    assert queue.enter(0.0)


def test_who_waits_in_vain_gives_up_the_turn():
    queue = sandbox_workers.FairQueue(places=1, length=3)
    assert queue.enter(0.0)
    assert not queue.enter(0.01)
    queue.leave()
    assert queue.enter(0.0)


def test_a_full_sandbox_says_busy(shop: Path, monkeypatch: pytest.MonkeyPatch):
    pool = sandbox_workers._Pool()
    pool.quick = sandbox_workers.FairQueue(places=0, length=0)
    monkeypatch.setattr(sandbox_workers, "_open_pool", lambda: pool)
    with pytest.raises(QueryTimeoutError, match="Too many questions"):
        sandbox.run(shop, "SELECT 1")
    with (
        open_reading(shop, "shop", Budget(1.0, 10, 1000)) as reading,
        pytest.raises(DatabaseError, match="Too many questions"),
    ):
        reading.ask(("SELECT 1",), 1.0)


BOMB = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c"


def test_slow_statements_leave_the_quick_places(shop: Path, monkeypatch: pytest.MonkeyPatch):
    pool = sandbox_workers._Pool()
    pool.quick = sandbox_workers.FairQueue(places=1, length=8)
    pool.slow = sandbox_workers.FairQueue(places=1, length=8)
    monkeypatch.setattr(sandbox_workers, "_open_pool", lambda: pool)
    ended: list[object] = []

    def bomb() -> None:
        try:
            sandbox.run(shop, BOMB)
        except QueryTimeoutError as error:
            ended.append(error)

    threads = [threading.Thread(target=bomb) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(pool.slow._waiting) < 2:  # one runs in the slow lane, two stand still
        time.sleep(0.001)
    assert sandbox.run(shop, "SELECT 7").rows == ((7,),)
    assert not ended
    for thread in threads:
        thread.join()
    assert len(ended) == 3
    assert (pool.quick._free, pool.slow._free) == (1, 1)
    pool.close()


def test_a_full_slow_lane_ends_what_needs_it(shop: Path, monkeypatch: pytest.MonkeyPatch):
    pool = sandbox_workers._Pool()
    pool.slow = sandbox_workers.FairQueue(places=0, length=0)
    monkeypatch.setattr(sandbox_workers, "_open_pool", lambda: pool)
    with pytest.raises(QueryTimeoutError):
        sandbox.run(shop, BOMB)
    assert sandbox.run(shop, "SELECT 7").rows == ((7,),)
    assert pool.slow._free == 0
    pool.close()


class Watched(sandbox_workers._Pool):
    """A pool that remembers its workers."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[subprocess.Popen[bytes]] = []

    def take(self) -> subprocess.Popen[bytes]:
        self.taken.append(super().take())
        return self.taken[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_worker_that_the_system_kills_costs_one_statement(
    shop: Path, monkeypatch: pytest.MonkeyPatch
):
    pool = Watched()
    monkeypatch.setattr(sandbox_workers, "_open_pool", lambda: pool)
    before = {p.name: p.read_bytes() for p in shop.parent.iterdir()}
    limits = Limits(deadline_seconds=30.0, kill_seconds=30.0)
    results: list[object] = []
    asking = threading.Thread(
        target=lambda: results.extend(sandbox.run_each(shop, (BOMB, "SELECT 7"), limits))
    )
    asking.start()
    while asking.is_alive() and pool.slow._free == 2:  # until the statement has run for a while
        time.sleep(0.001)
    pool.taken[0].send_signal(signal.SIGKILL)
    asking.join()
    killed, answered = results
    assert isinstance(killed, QueryLimitError)
    assert str(killed) == (
        "This needs more memory than one question may use; ask for fewer rows or columns."
    )
    assert answered.rows == ((7,),)
    assert sandbox.run(shop, "SELECT 8").rows == ((8,),)
    # All were waited for: none is left, not even as a zombie.
    assert pool.taken[0].returncode == -signal.SIGKILL
    assert [worker.returncode is None for worker in pool.taken] == [False] * 3
    assert (pool.quick._free, pool.slow._free) == (pool.workers.quick_places, 2)
    assert {p.name: p.read_bytes() for p in shop.parent.iterdir()} == before
    pool.close()


def test_missing_protections_are_what_a_worker_reports():
    found = sandbox.missing_protections()
    known = {text for _, _, text in sandbox_worker._PROCESS_LIMITS}
    assert set(found) <= known
    assert found == sandbox.missing_protections()


NO_LIMITS = """
import json, resource, sys
def refuse(*_):
    raise ValueError("not here")
{change}
sys.path.append({folder!r})
import sandbox_worker
print(json.dumps(sandbox_worker._limit_process()))
"""


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ("resource.setrlimit = refuse", 5),
        ("sys.modules['resource'] = None", 5),
        ("del resource.RLIMIT_AS", 1),
    ],
)
def test_limits_that_a_platform_refuses_are_named(change: str, count: int):
    code = NO_LIMITS.format(change=change, folder=str(Path(sandbox.__file__).parent))
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    missing = json.loads(done.stdout)
    assert len(missing) == count
    assert "a limit on the memory of the worker process" in missing


ROOMY = Budget(seconds=10.0, max_rows=1000, max_bytes=100_000)


def test_a_reading_keeps_one_worker(shop: Path):
    with open_reading(shop, "shop", ROOMY) as reading:
        assert reading.ask(("SELECT 1",), 1.0)[0].rows == ((1,),)
        session = reading._session
        first, second = reading.ask(("SELECT nope", "SELECT 2"), 1.0)
        assert (type(first), second.rows) == (InvalidSqlError, ((2,),))
        assert reading._session is session
        assert reading.ask((), 1.0) == ()


def test_a_worker_waits_for_the_program(shop: Path):
    with open_reading(shop, "shop", ROOMY) as reading:
        reading.ask(("SELECT 1",), 0.01)
        session = reading._session
        time.sleep(0.7)
        assert reading.ask(("SELECT 2",), 1.0)[0].rows == ((2,),)
        assert reading._session is session


def test_a_killed_statement_costs_its_own_answer(shop: Path):
    # Inside one function the deadline of SQLite is not looked at: only a kill helps.
    stuck = f"SELECT instr('{'a' * 600_000}', '{'a' * 300_000}b') AS x"
    with open_reading(shop, "shop", ROOMY) as reading:
        results = reading.ask(("SELECT 1", stuck, "SELECT 2"), 5.0, statement_seconds=0.05)
    assert [isinstance(r, QueryResult) for r in results] == [True, False, True]


def test_rows_before_an_error_are_kept(shop: Path):
    # The driver is one row ahead: the row before the error is lost with it.
    sql = "SELECT CASE WHEN id < 3 THEN id ELSE json('x') END FROM item ORDER BY id"
    with open_reading(shop, "shop", ROOMY) as reading:
        (result,) = reading.ask((sql,), 1.0)
    assert (result.rows, result.truncated) == (((1,),), True)
    (alone,) = sandbox.run_each(shop, (sql,))
    assert isinstance(alone, InvalidSqlError)


def test_a_reading_ends_at_its_deadline(shop: Path):
    endless = "SELECT count(*) FROM endless"
    started = time.monotonic()
    with open_reading(shop, "shop", Budget(0.4, 1000, 100_000)) as reading:
        results = reading.ask(("SELECT 1", endless, endless, "SELECT 2"), 9.0, 9.0)
        late = reading.ask(("SELECT 3",), 1.0)
    assert isinstance(results[0], QueryResult)
    assert [type(r) for r in (*results[1:], *late)] == [QueryTimeoutError] * 4
    assert time.monotonic() - started < 5.0


@pytest.mark.parametrize("budget", [Budget(5.0, 3, 100_000), Budget(5.0, 1000, 250)])
def test_a_reading_is_bounded_in_rows_and_bytes(shop: Path, budget: Budget):
    with open_reading(shop, "shop", budget) as reading:
        results = reading.ask(("SELECT * FROM item", "SELECT 1", "SELECT 2"), 5.0)
        assert isinstance(results[0], QueryResult)
        assert isinstance(results[-1], QueryLimitError)
        assert isinstance(reading.ask(("SELECT 3",), 5.0)[0], QueryLimitError)


WRITE_AHEAD, ROLLBACK = b"\x02\x02", b"\x01\x01"
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
ACCESS = [
    # bytes 18 and 19, companions, access
    (ROLLBACK, {}, "readonly_shm"),
    (ROLLBACK, {"-journal": JOURNAL}, "readonly_shm"),
    (ROLLBACK, {"-journal": b"\x00" * 28}, "readonly_shm"),
    (ROLLBACK, {"-wal": b""}, "immutable"),
    (WRITE_AHEAD, {}, "immutable"),
    (WRITE_AHEAD, {"-wal": b""}, "immutable"),
    (WRITE_AHEAD, {"-wal": b"", "-shm": b"x"}, "readonly_shm"),
    (WRITE_AHEAD, {"-wal": b"x", "-shm": b"x"}, "readonly_shm"),
    (WRITE_AHEAD, {"-wal": b"x"}, "readonly_shm"),  # SQLite refuses it without creating -shm
    (WRITE_AHEAD, {"-journal": b"\x00" * 28}, "immutable"),
    (WRITE_AHEAD, {"-journal": JOURNAL}, None),
]


@pytest.mark.parametrize(("versions", "companions", "access"), ACCESS)
def test_access(tmp_path: Path, versions: bytes, companions: dict, access: str | None):
    path = tmp_path / "a.db"
    path.write_bytes(b"SQLite format 3\x00\x10\x00" + versions + b"\x00" * 80)
    for ending, content in companions.items():
        Path(f"{path}{ending}").write_bytes(content)
    found = choose_access(path)
    assert (access or "") in (found or "")
    assert (found is None) == (access is None)


LIVE = """
import sqlite3, sys
writer = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]:
    writer.execute(statement).fetchall()
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def another_program(path: Path, *statements: str):
    """A process that has the file open and has run the statements."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(path), *statements],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"ready\n"
    try:
        yield
    finally:
        process.communicate()


WRITING = [
    # what the other program did, rows that are seen (None: locked)
    (("INSERT INTO t VALUES (2)",), 1 + 1),
    (("BEGIN IMMEDIATE", "INSERT INTO t VALUES (2)"), 1),
    (("BEGIN EXCLUSIVE", "INSERT INTO t VALUES (2)"), None),
    (("PRAGMA journal_mode=wal", "INSERT INTO t VALUES (2)"), 2),
    (("PRAGMA journal_mode=wal", "BEGIN IMMEDIATE", "INSERT INTO t VALUES (2)"), 1),
    (
        (
            "PRAGMA journal_mode=wal",
            "INSERT INTO t VALUES (2)",
            "PRAGMA wal_checkpoint(TRUNCATE)",
        ),
        2,
    ),
    (("PRAGMA journal_mode=persist", "INSERT INTO t VALUES (2)"), 2),
]


@pytest.mark.parametrize(("statements", "count"), WRITING)
def test_a_file_in_use_is_read_and_left_alone(tmp_path: Path, statements: tuple, count: int | None):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    with another_program(path, *statements):
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        if count is None:
            with pytest.raises(DatabaseError, match="locked"):
                sandbox.run(path, "SELECT count(*) FROM t")
        else:
            assert sandbox.run(path, "SELECT count(*) FROM t").rows == ((count,),)
        assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
