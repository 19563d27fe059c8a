"""The count of gold statements that the app would refuse."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from train import refusals


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as connection:
        connection.executescript(
            "CREATE TABLE item (name TEXT, price REAL); INSERT INTO item VALUES ('pen', 2), ('ink', 5)"
        )
    return tmp_path


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT name FROM item", "ran"),
        ("SELECT count(*) FROM item WHERE price > 3;", "ran"),
        ("SELECT nothing FROM item", "failing"),
        ("SELECT load_extension('x')", "failing"),
        ("SELECT sqlite_compileoption_get(0)", "wrong"),  # runs by itself, and policy turns it away
        ("PRAGMA table_info(item)", "wrong"),
    ],
)
def test_each_statement_gets_its_verdict(databases: Path, sql: str, expected: str) -> None:
    verdicts = refusals.check_gold([("shop", sql)], databases)
    found = {
        "ran": verdicts.ran,
        "failing": verdicts.failing,
        "wrong": len(verdicts.wrong),
        "stopped": len(verdicts.stopped),
    }
    assert found == {**dict.fromkeys(found, 0), expected: 1}
    assert verdicts.statements == 1


def test_a_statement_is_counted_once_and_an_absent_database_not_at_all(databases: Path) -> None:
    asked = [("shop", "SELECT 1"), ("shop", "SELECT 1"), ("absent", "SELECT 1")]
    assert refusals.check_gold(asked, databases).statements == 1


def test_a_statement_without_end_is_stopped_not_refused(databases: Path) -> None:
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    )
    verdicts = refusals.check_gold([("shop", endless), ("shop", "SELECT 1")], databases)
    assert [case[1] for case in verdicts.stopped] == [endless]
    assert verdicts.ran == 1


def test_the_command_fails_when_a_statement_was_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "databases" / "spider"
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / "shop.sqlite")) as connection:
        connection.execute("CREATE TABLE item (name TEXT)")
    data = tmp_path / "data" / "spider"
    data.mkdir(parents=True)
    with gzip.open(data / "dev.jsonl.gz", "wt") as lines:
        record = {"db_id": "shop", "question": "?", "sql": "PRAGMA table_info(item)"}
        lines.write(json.dumps(record) + "\n")
    with gzip.open(data / "train.jsonl.gz", "wt") as lines:
        lines.write("")
    options = ["--data", str(data.parent), "--databases", str(folder.parent), "--sets", "spider"]
    assert refusals.main(options) == 1
    assert len(json.loads(capsys.readouterr().out)["spider dev"]["wrong"]) == 1
