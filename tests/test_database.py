"""Opening files without changing them, and importing CSV and XLSX."""

import datetime
import errno
import io
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from t2s import database
from t2s.errors import DatabaseError
from t2s.values import Database


def make(path: Path, script: str = "CREATE TABLE t (a); INSERT INTO t VALUES (1);") -> Path:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


def rows(db: Database, sql: str) -> list[tuple]:
    with database.connect(db) as connection:
        return connection.execute(sql).fetchall()


def cut_off(path: Path) -> None:
    make(path, "CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(20000));")
    path.write_bytes(path.read_bytes()[:9000])


def damage_first_page(path: Path) -> None:
    data = bytearray(make(path).read_bytes())
    data[100:200] = b"\xff" * 100
    path.write_bytes(data)


BAD_FILES = [
    (lambda p: None, "There is no file"),
    (lambda p: p.mkdir(), "is a folder"),
    (lambda p: p.write_bytes(b""), "is empty"),
    (lambda p: p.write_bytes(b"name,age\nAnn,3\n"), "not a SQLite database"),
    (lambda p: p.write_bytes(b"SQLite format 3\x00"), "cut off"),
    (lambda p: p.write_bytes(os.urandom(8192)), "may be encrypted"),
    (cut_off, "cut off"),
    (damage_first_page, "damaged"),
    (lambda p: make(p, "PRAGMA user_version = 1;"), "has no tables"),
]


@pytest.mark.parametrize(("spoil", "said"), BAD_FILES)
def test_bad_files(tmp_path: Path, spoil, said: str):
    path = tmp_path / "bad.db"
    spoil(path)
    names = sorted(os.listdir(tmp_path))
    with pytest.raises(DatabaseError) as caught:
        database.open_readonly(path)
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert sorted(os.listdir(tmp_path)) == names


def test_locked(tmp_path: Path):
    path = make(tmp_path / "busy.db")
    # In a process of its own: closing a file drops the locks that the same process holds on it.
    code = (
        "import sqlite3, sys; writer = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "writer.execute('BEGIN EXCLUSIVE'); print(flush=True); sys.stdin.read()"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    writer.stdout.readline()
    with pytest.raises(DatabaseError, match="busy is locked"):
        database.open_readonly(path)
    writer.communicate()
    assert database.open_readonly(path).name == "busy"


def test_write_ahead_log_header_leaves_no_files(tmp_path: Path):
    path = make(tmp_path / "wal.db", "PRAGMA journal_mode=wal; CREATE TABLE t (a);")
    before = path.read_bytes()
    db = database.open_readonly(path)
    assert rows(db, "SELECT count(*) FROM t") == [(0,)]
    assert os.listdir(tmp_path) == ["wal.db"]
    assert path.read_bytes() == before


def test_unmerged_log_is_read_or_refused(tmp_path: Path):
    path = make(tmp_path / "wal.db", "PRAGMA journal_mode=wal; CREATE TABLE t (a);")
    writer = sqlite3.connect(path)
    writer.execute("INSERT INTO t VALUES (1)")
    writer.commit()
    assert rows(database.open_readonly(path), "SELECT count(*) FROM t") == [(1,)]
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    Path(f"{copy}-wal").write_bytes(Path(f"{path}-wal").read_bytes())
    with pytest.raises(DatabaseError, match="never merged"):
        database.open_readonly(copy)
    assert not Path(f"{copy}-shm").exists()
    writer.close()


@pytest.mark.parametrize("name", ["q?mode=rwc&x=.db", "h#frag.db", "p%41ct.db", "ü 🙂 'n\".db"])
def test_odd_file_names(tmp_path: Path, name: str):
    db = database.open_readonly(make(tmp_path / name))
    assert rows(db, "SELECT a FROM t") == [(1,)]
    assert os.listdir(tmp_path) == [name]


def test_connection_cannot_write(tmp_path: Path):
    db = database.open_readonly(make(tmp_path / "a.db"))
    for sql in ("INSERT INTO t VALUES (2)", f"ATTACH '{tmp_path}/new.db' AS n", "DROP TABLE t"):
        with pytest.raises(sqlite3.OperationalError):
            rows(db, sql)
    assert os.listdir(tmp_path) == ["a.db"]


def test_text_that_is_not_utf8(tmp_path: Path):
    db = database.open_readonly(
        make(tmp_path / "a.db", "CREATE TABLE t (a); INSERT INTO t VALUES (CAST(x'41ff' AS TEXT));")
    )
    assert rows(db, "SELECT a FROM t") == [("A\ufffd",)]


def test_files_are_not_opened_in_this_process(tmp_path: Path, monkeypatch):
    path = make(tmp_path / "a.db")

    def refuse(*_, **__):
        raise AssertionError("opened here")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert database.open_readonly(path).name == "a"


def test_deadline_interrupts(tmp_path: Path):
    db = database.open_readonly(make(tmp_path / "a.db"))
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    )
    with database.connect(db) as connection:
        with database.deadline(connection, 0.05), pytest.raises(sqlite3.OperationalError):
            connection.execute(endless).fetchone()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_fingerprint_follows_the_file(tmp_path: Path):
    path = make(tmp_path / "a.db")
    first = database.fingerprint(path)
    assert database.fingerprint(path) == first
    make(path, "INSERT INTO t VALUES (2);")
    assert database.fingerprint(path) != first


CSV = [
    # content, columns with types, rows, words of the notes
    (b"a,b\n1,x\n2,y\n", {"a": "INTEGER", "b": "TEXT"}, [(1, "x"), (2, "y")], []),
    (b"\xef\xbb\xbfa;b\n1;2,5\n", {"a": "INTEGER", "b": "TEXT"}, [(1, "2,5")], []),
    (b"a\tb\n1.5\t2\n", {"a": "REAL", "b": "INTEGER"}, [(1.5, 2)], []),
    (b"a|b\nx|y\n", {"a": "TEXT", "b": "TEXT"}, [("x", "y")], []),
    ("a,b\né,1\n".encode("utf-16"), {"a": "TEXT", "b": "INTEGER"}, [("é", 1)], []),
    ("a,b\ncafé,1\n".encode("cp1252"), {"a": "TEXT", "b": "INTEGER"}, [("café", 1)], ["cp1252"]),
    (
        b'zip,price,day\n01234,"1,200",2024-03-01\n',
        {"zip": "TEXT", "price": "TEXT", "day": "TEXT"},
        [("01234", "1,200", "2024-03-01")],
        [],
    ),
    (
        b"name,Name,,x\nann,bob,1,2\n",
        {"name": "TEXT", "Name_2": "TEXT", "column_3": "INTEGER", "x": "INTEGER"},
        [("ann", "bob", 1, 2)],
        ["Name_2", "column_3"],
    ),
    (
        b"a,b\nx\ny,2,3\n",
        {"a": "TEXT", "b": "INTEGER", "column_3": "INTEGER"},
        [("x", None, None), ("y", 2, 3)],
        ["short", "long"],
    ),
    (
        b"1,2\n3,4\n",
        {"column_1": "INTEGER", "column_2": "INTEGER"},
        [(1, 2), (3, 4)],
        ["no header"],
    ),
    (b"a,b\n", {"a": "TEXT", "b": "TEXT"}, [], ["no rows"]),
    (b"a,b\n\n1,\n\n,2\n", {"a": "INTEGER", "b": "INTEGER"}, [(1, None), (None, 2)], ["blank"]),
    (b'a,b\n"x\ny","say ""hi"""\n', {"a": "TEXT", "b": "TEXT"}, [("x\ny", 'say "hi"')], []),
    (b'a"b,<b>\n1,2\n', {'a"b': "INTEGER", "<b>": "INTEGER"}, [(1, 2)], []),
    (b"n\n99999999999999999999\n1\n", {"n": "TEXT"}, [("99999999999999999999",), ("1",)], []),
]


@pytest.mark.parametrize(("content", "columns", "expected", "said"), CSV)
def test_import_csv(tmp_path: Path, content: bytes, columns: dict, expected: list, said: list):
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    db = database.import_csv(source, tmp_path / "out.sqlite", "My data")
    assert dict(rows(db, "SELECT name, type FROM pragma_table_info('My_data')")) == columns
    assert rows(db, "SELECT * FROM My_data") == expected
    assert len(db.notes) >= len(said)
    assert all(any(word in note for note in db.notes) for word in said)
    assert said or not db.notes


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows"),
        (b"\n\n", "no rows"),
        (b",".join(b"c%d" % i for i in range(1001)) + b"\n", "1,000 columns"),
        (b"a,b\n" + b'"' + b"x" * 200_000 + b'"\n', "cannot be read"),
    ],
)
def test_import_csv_refuses(tmp_path: Path, content: bytes, said: str):
    source = tmp_path / "in.csv"
    source.write_bytes(content)
    with pytest.raises(DatabaseError, match=said):
        database.import_csv(source, tmp_path / "out.sqlite", "data")
    assert not (tmp_path / "out.sqlite").exists()


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Q1 sales"
    for row in (
        (),
        ("day", "at", "paid", "amount", "code", None),
        (
            datetime.datetime(2024, 3, 1),
            datetime.datetime(2024, 3, 1, 12, 30),
            True,
            2.5,
            "007",
            "x",
        ),
        (datetime.datetime(2024, 3, 2), datetime.datetime(2024, 3, 2), False, 3, "8", None),
    ):
        sheet.append(row)
    book.create_sheet("empty")
    book.create_sheet("People").append(("name",))
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_import_xlsx(tmp_path: Path):
    source = tmp_path / "in.xlsx"
    source.write_bytes(workbook())
    db = database.import_xlsx(source, tmp_path / "out.sqlite")
    assert rows(db, "SELECT name FROM sqlite_master") == [("Q1_sales",), ("People",)]
    assert rows(db, "SELECT * FROM Q1_sales") == [
        ("2024-03-01", "2024-03-01 12:30:00", 1, 2.5, "007", "x"),
        ("2024-03-02", "2024-03-02 00:00:00", 0, 3.0, "8", None),
    ]
    assert any("column_6" in note for note in db.notes)


UPLOADS = [
    ("people.csv", b"name,age\nann,3\n", "people"),
    ("../../etc/people.tsv", b"name\tage\nann\t3\n", "people"),
    ("C:\\data\\Q1.xlsx", workbook(), "Q1_sales"),
    ("renamed.bin", workbook(), "Q1_sales"),
]


@pytest.mark.parametrize(("filename", "content", "table"), UPLOADS)
def test_open_upload(tmp_path: Path, filename: str, content: bytes, table: str):
    folder = tmp_path / "private"
    db = database.open_upload(content, filename, folder)
    assert rows(db, "SELECT name FROM sqlite_master LIMIT 1") == [(table,)]
    assert [p.name for p in folder.iterdir()] == [db.path.name]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "people" not in db.path.name
    assert "/" not in db.name
    assert "\\" not in db.name


def test_open_upload_of_sqlite(tmp_path: Path):
    content = make(tmp_path / "a.db").read_bytes()
    db = database.open_upload(content, "shop.backup", tmp_path / "private")
    assert (db.name, rows(db, "SELECT a FROM t")) == ("shop.backup", [(1,)])


BAD_UPLOADS = [
    ("a.db", b"", "is empty"),
    ("a.db", b"hello", "not a SQLite database"),
    ("a.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "old or protected"),
    ("a.xlsx", b"PK\x03\x04 nonsense", "Excel workbook"),
    ("a.docx.pdf", b"%PDF-1.7", "cannot be opened"),
    ("a.csv", b"\n", "no rows"),
]


@pytest.mark.parametrize(("filename", "content", "said"), BAD_UPLOADS)
def test_open_upload_refuses(tmp_path: Path, filename: str, content: bytes, said: str):
    folder = tmp_path / "private"
    with pytest.raises(DatabaseError) as caught:
        database.open_upload(content, filename, folder)
    assert said in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert not folder.exists() or not list(folder.iterdir())


def test_open_upload_of_write_ahead_log_mode(tmp_path: Path):
    """Its header says that a log may lie beside it; none came with it and none is made."""
    path = make(tmp_path / "a.db", "PRAGMA journal_mode=wal; CREATE TABLE t (a);")
    folder = tmp_path / "private"
    db = database.open_upload(path.read_bytes(), "a.db", folder)
    assert rows(db, "SELECT count(*) FROM t") == [(0,)]
    assert "-wal file that was not uploaded" in db.notes[0]
    assert db.path.read_bytes() == path.read_bytes()
    assert [p.name for p in folder.iterdir()] == [db.path.name]


def test_open_upload_while_it_is_written(tmp_path: Path):
    """A copy of what stood in the file when a change was under way."""
    path = make(tmp_path / "a.db", "PRAGMA journal_mode=wal; CREATE TABLE t (a);")
    writer = sqlite3.connect(path)
    writer.execute("INSERT INTO t VALUES (1)")
    db = database.open_upload(path.read_bytes(), "a.db", tmp_path / "private")
    writer.close()
    assert rows(db, "SELECT count(*) FROM t") == [(0,)]


def test_open_upload_of_a_file_whose_tables_are_in_its_log(tmp_path: Path):
    writer = sqlite3.connect(tmp_path / "a.db")
    writer.executescript("PRAGMA journal_mode=wal; CREATE TABLE t (a);")
    data = (tmp_path / "a.db").read_bytes()
    writer.close()
    with pytest.raises(DatabaseError, match="may stand in its -wal file"):
        database.open_upload(data, "a.db", tmp_path / "private")
    assert not list((tmp_path / "private").iterdir())


UPLOAD_SIZES = [
    # bytes of the file, bound, sentence
    (9, 9, ""),
    (9, 8, "x is larger than 8 bytes; choose or save a smaller file."),
    (2**20 + 1, 2**20, "x is larger than 1 MB; choose or save a smaller file."),
]


@pytest.mark.parametrize(("size", "bound", "said"), UPLOAD_SIZES)
def test_open_upload_is_bounded(tmp_path: Path, size: int, bound: int, said: str):
    with pytest.raises(DatabaseError) as caught:
        database.open_upload(b"a" * size, "x", tmp_path / "private", max_bytes=bound)
    assert str(caught.value) == said or (not said and "cannot be opened" in str(caught.value))
    assert not said or not (tmp_path / "private").exists()


def test_open_upload_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(database, "_write_private", fail)
    with pytest.raises(DatabaseError, match="no room to store"):
        database.open_upload(b"a\n1\n", "a.csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


KINDS = [
    # first bytes decide, then the ending
    (b"SQLite format 3\x00", "a.csv", "cut off"),
    (b"PK\x03\x04 nonsense", "a.csv", "Excel workbook"),
    (b"\xd0\xcf\x11\xe0" + bytes(600), "a.csv", "old or protected"),
    (b"a,b\n1,2\n", "a.xlsx", "Excel workbook"),
    (b"a,b\n1,2\n", "a.sqlite", "not a SQLite database"),
    (b"a,b\n1,2\n", "a", "cannot be opened"),
    (b"\x1f\x8b" + bytes(range(256)), "a.csv", "does not look like text"),
    (b"\x37\x7f\x06\x82" + bytes(600), "a.db-wal", "cannot be opened"),
]


@pytest.mark.parametrize(("data", "filename", "said"), KINDS)
def test_open_upload_looks_at_the_first_bytes(tmp_path: Path, data, filename: str, said: str):
    with pytest.raises(DatabaseError, match=said):
        database.open_upload(data, filename, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_open_upload_refuses_damaged_pages(tmp_path: Path):
    script = "CREATE TABLE t (a); INSERT INTO t VALUES ('x');"
    data = bytearray(make(tmp_path / "a.db", script).read_bytes())
    data[4096:4200] = b"\xff" * 104
    with pytest.raises(DatabaseError, match="damaged"):
        database.open_upload(bytes(data), "a.db", tmp_path / "private")
    assert not list((tmp_path / "private").iterdir())
