"""What must hold for every statement, question-like text and spreadsheet, tried on generated ones."""

from __future__ import annotations

import io
import sqlite3
import string
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from t2s import guard, ir, sandbox, spreadsheets
from t2s.errors import DatabaseError, QueryError, UnsafeSqlError
from t2s.values import Column, ForeignKey, Limits, QueryResult, Schema, Table


def bounded(examples: int):
    """The same examples in every run, as many as named, however long one takes."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


DDL = """
CREATE TABLE boat (id INTEGER PRIMARY KEY, name TEXT, length REAL, built TEXT);
CREATE TABLE trip (id INTEGER PRIMARY KEY, boat_id INTEGER REFERENCES boat (id), day TEXT, guests INTEGER);
INSERT INTO boat VALUES (1, 'Tern', 7.5, '1999-05-01'), (2, 'Gull', 12, '2011-07-30'), (3, 'O''Tter', NULL, NULL);
INSERT INTO trip VALUES (1, 1, '2024-01-05', 4), (2, 1, '2024-02-10', NULL), (3, 2, '2024-02-11', 11), (4, 2, '2023-12-31', 4);
"""
COLUMNS = {"boat": ("id", "name", "length", "built"), "trip": ("id", "boat_id", "day", "guests")}
SCHEMA = Schema(
    (
        Table(
            "boat",
            tuple(
                Column(n, t)
                for n, t in zip(COLUMNS["boat"], ("number", "text", "number", "date"), strict=True)
            ),
        ),
        Table(
            "trip",
            tuple(
                Column(n, t)
                for n, t in zip(
                    COLUMNS["trip"], ("number", "number", "date", "number"), strict=True
                )
            ),
        ),
    ),
    (ForeignKey("trip", "boat_id", "boat", "id"),),
)


@cache
def harbour() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(DDL)
    return connection


@pytest.fixture(scope="module")
def harbour_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("harbour") / "harbour.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DDL)
    return path


READS = frozenset(
    [sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE]
)


def list_actions(sql: str) -> list[int] | None:
    """What SQLite's own parser finds in the one statement that it reads; None when it reads none.

    EXPLAIN keeps the statement from running; each one has a connection of its own, because some settings act
    while they are prepared.
    """
    actions: list[int] = []

    def note(action: int, *_: object) -> int:
        actions.append(action)
        return sqlite3.SQLITE_OK if action in READS else sqlite3.SQLITE_DENY

    connection = harbour()
    connection.set_authorizer(note)
    try:
        connection.execute(f"EXPLAIN {sql}").close()
    except (sqlite3.Error, sqlite3.Warning, UnicodeError, ValueError):
        return None if all(action in READS for action in actions) else actions
    finally:
        connection.set_authorizer(None)
    return actions


WORDS = (
    *("SELECT", "WITH", "RECURSIVE", "VALUES", "INSERT", "INTO", "UPDATE", "SET", "DELETE", "FROM"),
    *(
        "REPLACE",
        "DROP",
        "TABLE",
        "CREATE",
        "TEMP",
        "VIEW",
        "AS",
        "ATTACH",
        "PRAGMA",
        "VACUUM",
        "BEGIN",
    ),
    *(
        "COMMIT",
        "EXPLAIN",
        "QUERY",
        "PLAN",
        "ANALYZE",
        "REINDEX",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "NULL",
    ),
    *(
        "UNION",
        "ALL",
        "LIMIT",
        "RETURNING",
        "boat",
        "trip",
        "name",
        "id",
        "a",
        "x",
        "1",
        "2.5",
        "0x1F",
    ),
)
MARKS = (
    *("(", ")", ",", "*", "=", "'", '"', "`", "[", "]", "--", "/*", "*/", ";", ".", "\\"),
    *("''", "?", "$a", "#"),
)
GAPS = (
    *(" ", "\n", "\t", "\r", "\f", "\v", "\u00a0", "\u2028", "\ufeff", "\x00", "/**/"),
    *("-- x\n", "/* ; */"),
)
PIECES = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(str.lower),
    st.sampled_from(MARKS),
    st.sampled_from(GAPS),
    st.text(max_size=3),
    st.text(alphabet=string.ascii_letters + "'\";-/*", max_size=6).map(
        lambda t: "'" + t.replace("'", "''") + "'"
    ),
)
SOUP = st.lists(PIECES, max_size=14).map(" ".join) | st.lists(PIECES, max_size=14).map("".join)
WRITES = (
    *("DELETE FROM boat", "DROP TABLE trip", "UPDATE boat SET name = 'x'"),
    *("INSERT INTO boat(id) VALUES (9)", "REPLACE INTO boat(id) VALUES (1)"),
    *("CREATE TABLE t(a)", "ALTER TABLE boat RENAME TO ship", "VACUUM"),
    *("ATTACH 'x.db' AS x", "PRAGMA user_version = 9", "PRAGMA journal_mode = wal", "BEGIN"),
    *("REINDEX", "ANALYZE", "CREATE TEMP VIEW v AS SELECT 1", "VACUUM INTO 'x.db'"),
    *("SAVEPOINT s", "DETACH main"),
)
WITHS = (
    *("WITH a AS (SELECT 1) ", "WITH RECURSIVE a(n) AS (SELECT 1 UNION SELECT n FROM a) "),
    *("EXPLAIN ", "EXPLAIN QUERY PLAN "),
)
READING = (
    *("SELECT 1", "SELECT name FROM boat", "VALUES (1)"),
    *("WITH a AS (SELECT 2) SELECT * FROM a", "SELECT ';' AS \"a;b\""),
)


@st.composite
def write_statements(draw: st.DrawFn) -> str:
    """A statement that writes, disguised with comments, spaces, letter case, WITH, EXPLAIN and company."""
    sql = draw(st.sampled_from(WRITES))
    if draw(
        st.booleans()
    ):  # WITH stands before these four only; before others SQLite reads no statement
        fitting = WITHS if sql.startswith(("DELETE", "UPDATE", "INSERT", "REPLACE")) else WITHS[2:]
        sql = draw(st.sampled_from(fitting)) + sql
    sql = (
        "".join(c.swapcase() if draw(st.booleans()) else c for c in sql)
        if draw(st.booleans())
        else sql
    )
    gap = st.lists(st.sampled_from(GAPS), max_size=3).map("".join)
    if draw(st.booleans()):
        before = draw(st.sampled_from(READING))
        sql = f"{before}{draw(gap)};{draw(gap)}{sql}" if draw(st.booleans()) else f"{sql};{before}"
    return draw(gap) + sql + draw(gap)


@bounded(400)
@given(sql=write_statements())
def test_guard_never_accepts_what_writes(sql: str):
    with pytest.raises(QueryError) as caught:
        guard.check(sql)
    assert caught.value.sql == sql


@bounded(600)
@given(text=SOUP)
def test_what_guard_accepts_only_reads(text: str):
    """Judged by SQLite's own parser, which is asked about exactly the text that would run."""
    try:
        accepted = guard.check(text)
    except QueryError as error:
        accepted = None
        carried = error.sql
    if accepted is None:
        assert carried == text
        return
    assert all(action in READS for action in list_actions(accepted) or [])
    assert guard.check(accepted) == accepted


@bounded(12)
@given(
    statements=st.lists(
        SOUP | write_statements() | st.sampled_from(READING), min_size=25, max_size=25
    )
)
def test_guard_and_sandbox_agree(harbour_file: Path, statements: list[str]):
    """What the sandbox answers the guard accepts, but for EXPLAIN, PRAGMA and bare brackets; writes both refuse."""
    before = harbour_file.read_bytes()
    limits = Limits(deadline_seconds=0.5, kill_seconds=1.5)
    outcomes = sandbox.run_each(harbour_file, statements, limits, stop_after=len(statements))
    assert len(outcomes) == len(statements)
    for sql, outcome in zip(statements, outcomes, strict=True):
        try:
            guard.check(sql)
            accepted = True
        except QueryError:
            accepted = False
        if isinstance(outcome, UnsafeSqlError):
            assert not accepted or "function" in str(outcome) or "one statement" in str(outcome)
        if isinstance(outcome, QueryResult) and not accepted:
            bare = sql.lstrip("".join(GAPS[:5]) + "\ufeff").upper()
            assert bare.startswith(("EXPLAIN", "PRAGMA", "--", "/*")), sql
    assert harbour_file.read_bytes() == before


TEXT = st.text(alphabet="abcTern O'%_ü\"", max_size=8)
NUMBER = st.integers(0, 99999) | st.decimals("0", "999", places=2)


@st.composite
def conditions(draw: st.DrawFn, table: str, depth: int = 2) -> str:
    """A condition on one table, nested at most ``depth`` times."""
    column = f"{table}.{draw(st.sampled_from(COLUMNS[table]))}"
    kind = draw(st.integers(0, 8 if depth else 6))
    if kind == 7:
        joint = draw(st.sampled_from(["AND", "OR"]))
        return (
            f"({draw(conditions(table, depth - 1))} {joint} {draw(conditions(table, depth - 1))})"
        )
    if kind == 8:
        return f"NOT ({draw(conditions(table, depth - 1))})"
    quoted = "'" + draw(TEXT).replace("'", "''") + "'"
    number = str(draw(NUMBER))
    return {
        0: f"{column} {draw(st.sampled_from(['=', '!=', '<', '>=', '<=', '>']))} {number}",
        1: f"{column} = {quoted}",
        2: f"{column} LIKE {quoted}",
        3: f"{column} IS {draw(st.sampled_from(['NULL', 'NOT NULL']))}",
        4: f"{column} BETWEEN {number} AND {draw(NUMBER)}",
        5: f"{column} IN ({number}, {quoted})",
        6: f"{column} NOT IN (SELECT boat_id FROM trip WHERE trip.guests > {number})",
    }[kind]


@st.composite
def select_statements(draw: st.DrawFn) -> str:
    """A SELECT over one table or the join of both."""
    table = draw(st.sampled_from(sorted(COLUMNS)))
    other = "trip" if table == "boat" else "boat"
    joined = draw(st.booleans())
    source = f"{table} JOIN {other} ON trip.boat_id = boat.id" if joined else table
    usable = [f"{t}.{c}" for t in ((table, other) if joined else (table,)) for c in COLUMNS[t]]
    column = st.sampled_from(usable)
    shown = draw(st.lists(column, min_size=1, max_size=3, unique=True))
    where = f" WHERE {draw(conditions(table))}" if draw(st.booleans()) else ""
    if draw(st.booleans()):
        function = draw(st.sampled_from(["count", "min", "max", "sum", "avg"]))
        measure = f"{function}({draw(column)})"
        having = f" HAVING count(*) > {draw(st.integers(0, 3))}" if draw(st.booleans()) else ""
        order = f" ORDER BY {measure} DESC, {shown[0]}" if draw(st.booleans()) else ""
        return (
            f"SELECT {shown[0]}, {measure} FROM {source}{where} GROUP BY {shown[0]}{having}{order}"
        )
    distinct = draw(st.sampled_from(["", "DISTINCT "]))
    order = f" ORDER BY {', '.join(shown)}" if draw(st.booleans()) else ""
    limit = f" LIMIT {draw(st.integers(1, 9))}" if order and draw(st.booleans()) else ""
    first = f"SELECT {distinct}{', '.join(shown)} FROM {source}{where}"
    if not order and draw(st.booleans()):
        names = draw(st.lists(column, min_size=len(shown), max_size=len(shown)))
        joint = draw(st.sampled_from(["UNION", "UNION ALL", "INTERSECT", "EXCEPT"]))
        return f"{first} {joint} SELECT {', '.join(names)} FROM {source}"
    return first + order + limit


@bounded(300)
@given(sql=select_statements())
def test_statements_survive_the_pointer_language(sql: str):
    """SQL -> symbols -> SQL gives the same rows, and the symbols say the same again."""
    symbols = ir.to_symbols(sql, SCHEMA)
    written = ir.to_sql(symbols, SCHEMA)
    expected = harbour().execute(sql).fetchall()
    found = harbour().execute(written).fetchall()
    same = (
        expected == found
        if "ORDER BY" in sql
        else sorted(map(repr, expected)) == sorted(map(repr, found))
    )
    assert same, written
    assert ir.to_symbols(written, SCHEMA) == symbols
    assert guard.check(written) == written


@bounded(200)
@given(
    data=st.binary(max_size=300)
    | st.text(alphabet='a1,;\t|"\n\r .-é=\x00', max_size=200).map(str.encode)
)
def test_any_bytes_are_a_sheet_or_a_sentence(data: bytes):
    check_import(lambda: (spreadsheets.read_csv(data, "sheet"),))


def check_import(read: Callable[[], Sequence[spreadsheets.Sheet]]) -> None:
    """Reading ends in sheets that can be stored, or in one sentence; any other exception fails the test."""
    said, sheets = "", ()
    try:
        sheets = read()
    except DatabaseError as error:
        said = str(error)
    assert bool(said) != bool(sheets)
    assert not said or said.endswith(".")
    for sheet in sheets:
        check_sheet(sheet)


def check_sheet(sheet: spreadsheets.Sheet) -> None:
    """A sheet that was read can be stored, whole."""
    assert len({c.casefold() for c in sheet.columns}) == len(sheet.columns) == len(sheet.types)
    assert all(len(row) == len(sheet.columns) for row in sheet.rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sheet.sqlite")
        spreadsheets.write((sheet,), path)
        with closing(sqlite3.connect(path)) as connection:
            name = connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table'"
            ).fetchone()[0]
            quoted = name.replace('"', '""')
            assert connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0] == len(
                sheet.rows
            )


CELLS = st.one_of(
    st.none(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(
        ["=1+1", "@x", "007", "1,000", "2024-01-01", "TRUE", "-", "1e400", "\U0001f41f"]
    ),
    st.booleans(),
)


@bounded(60)
@given(
    rows=st.lists(st.lists(CELLS, max_size=5), max_size=6),
    flip=st.integers(0, 20_000),
    bit=st.integers(0, 255),
)
def test_any_workbook_is_sheets_or_a_sentence(rows: list[list[object]], flip: int, bit: int):
    """Workbooks of any cells, as written and with one byte changed (0 changes none)."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([None if isinstance(c, str) and has_control(c) else c for c in row])
    stored = io.BytesIO()
    book.save(stored)
    data = bytearray(stored.getvalue())
    data[flip % len(data)] ^= bit
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.upload")
        path.write_bytes(data)
        check_import(lambda: spreadsheets.read_xlsx(path, "book"))


def has_control(text: str) -> bool:
    """Tell whether openpyxl would refuse to write the text."""
    return any(ord(c) < 32 or 127 <= ord(c) < 160 or ord(c) in (0xFFFE, 0xFFFF) for c in text)
