import datetime
import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from train import written
from train.written_cells import Filler, FillError, split_items

TEXT = """about: dental practice

table dentist 3
  dentist_id INTEGER PRIMARY KEY = serial
  full_name TEXT = unique Ada Roy|Ben Fox|Cy Lee
table visit 40
  "Visit #" INTEGER PRIMARY KEY = serial 1001
  dentist_id INTEGER REFERENCES dentist(dentist_id) = ref dentist.dentist_id
  booked_on TEXT = date 2024-01-01 2024-03-31 %d/%m/%Y
  paid_on TEXT = after booked_on 1 9 days ~ 0.4
  fee REAL = decimal 18 420 2
  vat REAL = calc ROUND(fee * 0.2, 2)

questions
SELECT COUNT(*) FROM visit
- How many visits were there?
SELECT COUNT(*) FROM visit WHERE fee > 100
- How many visits were there? || only those over 100
NONE
- what's the weather
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dental.txt").write_text(TEXT, encoding="utf-8")
    return tmp_path


def _rows(database: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def test_files_can_be_held_out(folder: Path) -> None:
    names = [path.stem for path in written.files(folder)]
    kept = written.build_all(folder / "out", folder, held_out=frozenset(names[:1]))
    lines = gzip.decompress(kept.read_bytes()).splitlines()
    assert {json.loads(line)["db_id"] for line in lines} == set(names[1:])


def test_build_all_writes_databases_and_records(folder: Path) -> None:
    lines = gzip.decompress(written.build_all(folder / "out", folder).read_bytes()).splitlines()
    records = [json.loads(line) for line in lines]
    assert [(r["question"], r["sql"], r.get("history")) for r in records] == [
        ("How many visits were there?", "SELECT COUNT(*) FROM visit", None),
        (
            "only those over 100",
            "SELECT COUNT(*) FROM visit WHERE fee > 100",
            ["How many visits were there?"],
        ),
        ("what's the weather", None, None),
    ]
    database = folder / "out" / "dental.sqlite"
    assert _rows(database, "SELECT COUNT(*), MIN([Visit #]) FROM visit") == [(40, 1001)]
    wrong = "SELECT COUNT(*) FROM visit WHERE vat IS NOT ROUND(fee * 0.2, 2)"
    assert _rows(database, wrong) == [(0,)]
    orphans = "SELECT COUNT(*) FROM visit WHERE dentist_id NOT IN (SELECT dentist_id FROM dentist)"
    assert _rows(database, orphans) == [(0,)]
    for booked, paid in _rows(database, "SELECT booked_on, paid_on FROM visit"):
        if paid is not None:
            days = [datetime.datetime.strptime(str(d), "%d/%m/%Y") for d in (booked, paid)]
            assert 1 <= (days[1] - days[0]).days <= 9
    assert 0 < len(_rows(database, "SELECT 1 FROM visit WHERE paid_on IS NULL")) < 40


def test_build_is_the_same_each_time(folder: Path) -> None:
    read = written.read(folder / "dental.txt")
    written.build(read, folder / "a.sqlite")
    written.build(read, folder / "b.sqlite")
    sql = "SELECT * FROM visit"
    assert _rows(folder / "a.sqlite", sql) == _rows(folder / "b.sqlite", sql)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nquestions\n", "\n", "add a line 'questions'"),
        ("table dentist 3", "table dentist", "write 'table NAME ROWS'"),
        ("full_name TEXT = unique", "full_name TEXT unique", "write 'NAME TYPE = FILL'"),
        ("SELECT COUNT(*) FROM visit\n", "", "put the SQL or NONE above"),
        ("- what's the weather", "- ", "this question is empty"),
        ("decimal 18 420 2", "amount 18 420", "no fill is called amount"),
        ("Ada Roy|Ben Fox|Cy Lee", "Ada Roy", "the fill 'unique Ada Roy' cannot be used"),
        ("calc ROUND(fee * 0.2, 2)", "calc nothing(fee)", "visit.vat"),
        ("visit 40", "visit 40\n  dentist_id INTEGER = serial", "duplicate column name"),
    ],
)
def test_a_broken_file_is_named_with_its_fault(
    folder: Path, old: str, new: str, message: str
) -> None:
    path = folder / "dental.txt"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(written.WrittenError) as caught:
        written.build(written.read(path), folder / "x.sqlite")
    assert message in str(caught.value)
    assert "dental" in str(caught.value)


def test_check_tells_what_a_file_gets_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = (
        "SELECT colour FROM visit\n- what colour\n"
        "SELECT fee FROM visit WHERE fee < 0\n- fees below 0\n"
        "SELECT fee FROM visit WHERE booked_on = '1' OR fee > 0 OR paid_on = 'tomorrow'\n- fees\n"
    )
    (folder / "dental.txt").write_text(TEXT + more, encoding="utf-8")
    arguments = ["--scratch", str(folder), "--check", str(folder / "dental.txt")]
    assert written.main(arguments) == 1
    said = capsys.readouterr().out
    assert "fails (no such column: colour)" in said
    assert "finds nothing" in said
    assert "a literal is not within reach: 'fees'" in said
    (folder / "dental.txt").write_text(TEXT, encoding="utf-8")
    assert written.main(arguments) == 0


@pytest.mark.parametrize("path", written.files(), ids=lambda path: path.stem)
def test_every_file_keeps_the_notation(path: Path, tmp_path: Path) -> None:
    read = written.read(path)
    questions = [(q.history, q.question.casefold()) for q in read.questions]
    assert len(questions) >= 200
    assert any(q.sql is None for q in read.questions)
    assert any(q.history for q in read.questions)
    database = tmp_path / "built.sqlite"
    written.build(read, database)
    with closing(sqlite3.connect(database)) as connection:
        for sql in {q.sql for q in read.questions if q.sql}:
            assert connection.execute(sql).fetchone() is not None, sql


def test_pick_takes_weights_and_quoted_items() -> None:
    filler = Filler("seed")
    cells = [filler.cell('pick a|b:0|"10:30":3', "TEXT", 0, {}, 0.0) for _ in range(60)]
    assert set(cells) == {"a", "10:30"}
    assert split_items('a | "b|c" |d') == ["a", '"b|c"', "d"]


def test_an_unknown_fill_is_refused() -> None:
    with pytest.raises(FillError, match="no fill is called fish"):
        Filler("seed").cell("fish", "TEXT", 0, {}, 0.0)
