"""Reading CSV and XLSX in a worker process: bombs end in a sentence, and nothing else is touched."""

import io
import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from t2s import database, sandbox_workers, spreadsheets_import
from t2s.errors import DatabaseError
from t2s.spreadsheets_import import ImportLimits

ROOT = Path(__file__).resolve().parents[1]
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
# Bombs are small here because the limits are.
SMALL = ImportLimits(
    memory_bytes=100 * 1024 * 1024, cpu_seconds=1, kill_seconds=8.0, file_bytes=200_000
)
TEN = '<row><c t="str"><v>a</v></c></row>' + "<row><c><v>1</v></c></row>" * 9


def book(
    sheet: str = TEN,
    start: str = "",
    before: str = "",
    strings: str = f"<sst {MAIN}/>",
    sheets: int = 1,
) -> bytes:
    """A workbook; ``sheet`` is the XML of its rows, ``before`` and ``start`` stand before them."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    names = range(1, sheets + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/strings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="s{i}" sheetId="{i}" r:id="r{i}"/>' for i in names)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="r{i}" Type="{office}/worksheet" Target="worksheets/s{i}.xml"/>'
            for i in names
        )
        + "</Relationships>",
        "xl/strings.xml": strings,
    }
    whole = f"{start}<worksheet {MAIN}>{before}<sheetData>{sheet}</sheetData></worksheet>"
    parts |= {f"xl/worksheets/s{i}.xml": whole for i in names}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return data.getvalue()


def promise(data: bytes, size: int) -> bytes:
    """The workbook with sizes in its directory that say it unpacks to ``size`` bytes for each part."""
    changed = bytearray(data)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 24 : at + 28] = size.to_bytes(4, "little")
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


def declare_entities() -> str:
    lines = "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return f'<!DOCTYPE w [<!ENTITY a "{"a" * 100}">{lines}]>'


def cell(content: str, kind: str = "str") -> str:
    return f'<row><c t="{kind}">{content}</c></row>'


# Built when they are needed: what they unpack to would stay in memory.
XLSX_BOMBS = {
    "promises too much": (lambda: promise(book(), 2_000_000_000), "when unpacked"),
    "unpacks to spaces": (lambda: book(" " * 50_000_000), "more memory"),
    "far row": (lambda: book(TEN + '<row r="99999999999"><c><v>1</v></c></row>'), "read"),
    "far column": (lambda: book('<row><c r="XFD1"><v>1</v></c></row>'), "1,000 columns"),
    "many columns": (lambda: book(f"<row>{'<c><v>1</v></c>' * 5000}</row>"), "1,000 columns"),
    "many rows": (lambda: book(TEN + "<row/>" * 500_000), "takes too long"),
    "open tags": (lambda: book("<a>" * 400_000), "read"),
    "nested tags": (lambda: book("<a>" * 50_000 + "</a>" * 50_000), "no rows"),
    "entities": (lambda: book(cell("<v>&i;</v>"), declare_entities()), "cannot be read"),
    "outside entity": (
        lambda: book(cell("<v>&a;</v>"), '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "cannot be read",
    ),
    "large database": (
        lambda: book(
            '<row><c t="s"><v>0</v></c></row>' * 50,
            strings=f"<sst {MAIN}><si><t>{'x' * 10_000}</t></si></sst>",
        ),
        "takes more than 200 KB",
    ),
    "cut off": (lambda: book()[:-40], "cannot be read"),
    "no directory": (lambda: b"PK\x03\x04" + bytes(100_000), "cannot be read"),
}
CSV_BOMBS = {
    "commas": (lambda: b"," * 1_100_000, "1,000,000 characters"),
    "many columns": (lambda: b",".join(b"c%d" % i for i in range(3000)), "1,000 columns"),
    "commas on lines": (lambda: (b"," * 900 + b"\n") * 6000, "5,000,000 cells"),
    "open quote": (lambda: b'a\n"' + b"x\n" * 100_000, "cannot be read"),
    "quoted lines": (lambda: b"a\n" + b'"\n",' * 400_000, "1,000,000 characters"),
    "line ends": (lambda: b"\n" * 2_000_100, "2,000,000 rows"),
    "zeros": (lambda: bytes(1_500_000), "holds no rows"),
    "large database": (
        lambda: b"a,b\n" + b"some text,other text\n" * 20_000,
        "takes more than 200 KB",
    ),
    "image": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50, "does not look like text"),
}
BOMBS = [
    *(pytest.param("xlsx", *row, id=f"xlsx {name}") for name, row in XLSX_BOMBS.items()),
    *(pytest.param("csv", *row, id=f"csv {name}") for name, row in CSV_BOMBS.items()),
]


@pytest.mark.parametrize(("kind", "build", "said"), BOMBS)
def test_bombs_end_in_one_sentence(tmp_path: Path, kind: str, build, said: str):
    with pytest.raises(DatabaseError) as caught:
        database.open_upload(build(), f"bomb.{kind}", tmp_path, limits=SMALL)
    assert said in str(caught.value)
    assert str(caught.value).startswith("bomb")
    assert str(tmp_path) not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def read(db: database.Database, sql: str) -> list[tuple]:
    with database.connect(db) as connection:
        return connection.execute(sql).fetchall()


HARMLESS = {
    # The size that a sheet says it has is not believed: every row would be filled up to it.
    "wrong size": book(before='<dimension ref="A1:XFD1048576"/>'),
    "many sheets": book(sheets=60),
    # The library warns of it, and warnings look for the line of code in a file.
    "extension": book(TEN + '</sheetData><extLst><ext uri="x"/></extLst><sheetData>'),
    "nested strings": book(strings=f"<sst {MAIN}><si>{'<r>' * 2000}{'</r>' * 2000}</si></sst>"),
}


@pytest.mark.parametrize("data", HARMLESS.values(), ids=HARMLESS)
def test_odd_workbooks_are_read(tmp_path: Path, data: bytes):
    db = database.open_upload(data, "odd.xlsx", tmp_path)
    assert (db.notes, read(db, "SELECT a, count(*) FROM s1")) == ((), [(1, 9)])


def test_formulas_give_their_saved_results_and_links_are_not_followed(tmp_path: Path):
    rows = (
        '<row><c t="str"><v>sum</v></c><c t="str"><v>web</v></c><c t="str"><v>other</v></c></row>'
        "<row><c><f>1+1</f><v>7</v></c>"
        '<c><f>WEBSERVICE("http://127.0.0.1:9/x")</f></c>'
        '<c t="str"><f>[1]Sheet1!A1</f><v>saved</v></c></row>'
    )
    db = database.open_upload(book(rows), "formulas.xlsx", tmp_path)
    assert read(db, "SELECT * FROM s1") == [(7, None, "saved")]


def test_limits_that_ordinary_files_keep(tmp_path: Path):
    """The defaults leave room for 50,000 cells of a workbook and say nothing about them."""
    data = io.BytesIO()
    made = openpyxl.Workbook(write_only=True)
    sheet = made.create_sheet("data")
    sheet.append([f"c{i}" for i in range(10)])
    for i in range(1000):
        sheet.append([i + j / 4 for j in range(10)])
    made.save(data)
    db = database.open_upload(data.getvalue(), "data.xlsx", tmp_path)
    assert (db.notes, read(db, "SELECT count(*), max(c9) FROM data")) == ((), [(1000, 1001.25)])


def test_notes_are_bounded(tmp_path: Path):
    header = b",".join([b"same"] * 500)
    db = database.open_upload(header + b"\n", "notes.csv", tmp_path)
    assert len(db.notes) == 41
    assert db.notes[-1] == "And 460 more repairs of this kind."


SHUT = """
import os, socket, sys
from t2s import spreadsheets_worker
inside = open(sys.argv[1], "rb")
spreadsheets_worker.shut({"memory_bytes": 200_000_000, "cpu_seconds": 5, "file_bytes": 1000})
def attempt(what):
    try:
        what()
    except (OSError, MemoryError):
        return "refused"
    return "allowed"
print(
    attempt(inside.read),
    attempt(lambda: open(sys.argv[1])),
    attempt(lambda: open("new", "w")),
    attempt(socket.socket),
    attempt(lambda: bytearray(300_000_000)),
)
"""


def test_a_worker_opens_nothing_but_its_two_files(tmp_path: Path):
    (tmp_path / "own").write_bytes(b"x")
    done = subprocess.run(
        [sys.executable, "-c", SHUT, str(tmp_path / "own")],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "allowed refused refused refused refused\n"
    assert os.listdir(tmp_path) == ["own"]


def test_files_are_not_parsed_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_, **__):
        raise AssertionError("parsed here")

    data = book()
    for module, name in (("csv", "reader"), ("zipfile", "ZipFile"), ("sqlite3", "connect")):
        monkeypatch.setattr(f"{module}.{name}", refuse)
    assert database.open_upload(b"a,b\n1,2\n", "a.csv", tmp_path).name == "a.csv"
    assert database.open_upload(data, "a.xlsx", tmp_path).name == "a.xlsx"


def test_a_worker_sees_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A token in the environment of the server, and a path that would put other code first."""
    (tmp_path / "openpyxl.py").write_text("raise SystemExit\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    workers = spreadsheets_import._describe()
    process = sandbox_workers._start(workers.run)
    try:
        environment = Path(f"/proc/{process.pid}/environ")
        if not environment.exists():
            pytest.skip("only Linux shows the environment of a process")
        assert environment.read_bytes() == b""
        assert os.getsid(process.pid) == process.pid
    finally:
        sandbox_workers._end(process)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("", "more memory"),  # it died
        ("x" * 100, "more memory"),  # no frame
        ('\\0\\0\\0\\x0f{"error": "no"}', "cannot be read"),
        ("\\0\\0\\0\\x02{}", "cannot be read"),
    ],
)
def test_what_a_broken_worker_answers_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: str, said: str
):
    run = f"import sys; sys.stdin.buffer.read(4); sys.stdout.write('{reply}')"
    monkeypatch.setattr(spreadsheets_import, "_describe", lambda: sandbox_workers.Workers(run=run))
    with pytest.raises(DatabaseError, match=said):
        database.open_upload(b"a\n1\n", "a.csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_hangs_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workers = sandbox_workers.Workers(run="import time; time.sleep(60)")
    monkeypatch.setattr(spreadsheets_import, "_describe", lambda: workers)
    limits = ImportLimits(kill_seconds=0.1)
    with pytest.raises(DatabaseError, match="too long"):
        database.open_upload(b"a\n1\n", "a.csv", tmp_path, limits=limits)
    pool = sandbox_workers._open_pool_of(workers)
    assert pool.quick._free == workers.quick_places


def test_a_full_queue_says_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workers = sandbox_workers.Workers(run="", quick_places=0, queue_length=0)
    monkeypatch.setattr(spreadsheets_import, "_describe", lambda: workers)
    with pytest.raises(DatabaseError, match="Too many files"):
        database.open_upload(b"a\n1\n", "a.csv", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_stored_file_is_private(tmp_path: Path):
    db = database.open_upload(b"a\n1\n", "a.csv", tmp_path / "own")
    assert db.path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(db.path) as connection:
        names: Sequence[tuple] = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("a",)]
