"""How predictions are judged: rows, order, hardness, and the figures of a run with a scripted backend."""

from __future__ import annotations

import gzip
import json
import sqlite3

import pytest

from t2s.backends.scripted import ScriptedBackend
from t2s.values import Decoding, QueryResult
from train import evaluate
from train.compare import Rows, covers, is_ordered, is_right, same_rows
from train.data import Pair
from train.figures import summarise
from train.hardness import count_tables, rate

ROWS: list[tuple[Rows, Rows, bool, bool]] = [
    ([], [], False, True),
    ([(1, "a")], [(1.0, "a")], True, True),
    ([(1,)], [(2,)], False, False),
    ([(1,)], [("1",)], False, False),
    ([(1,), (2,)], [(2,), (1,)], False, True),
    ([(1,), (2,)], [(2,), (1,)], True, False),
    ([(1,), (1,)], [(1,)], False, False),
    ([(1,)], [(1, 1)], False, False),
    ([(1, 2)], [(2, 1)], False, False),  # columns in another order
    ([(None,)], [(0,)], False, False),
    ([(0.333333,)], [(1 / 3,)], True, True),
    ([(1000.0,)], [(1001.0,)], True, False),
    ([(0.0001,)], [(0.0002,)], True, False),  # relative, also near zero
    ([(0.1 + 0.2, "b"), (0.3, "a")], [(0.3, "b"), (0.3, "a")], False, True),
]


@pytest.mark.parametrize(("first", "second", "ordered", "agree"), ROWS)
def test_same_rows(first: Rows, second: Rows, ordered: bool, agree: bool) -> None:
    assert same_rows(first, second, ordered=ordered) is agree


def test_a_cut_result_is_not_right() -> None:
    whole = QueryResult("", ("a",), ((1,),))
    assert is_right(whole, whole, ordered=True)
    assert not is_right(whole, QueryResult("", ("a",), ((1,),), truncated=True), ordered=True)
    assert not is_right(whole, None, ordered=True)


ORDERED = [
    ("SELECT a FROM t ORDER BY a", True),
    ("SELECT a FROM t", False),
    ("SELECT a FROM (SELECT a FROM t ORDER BY a)", False),
    ("SELECT a FROM t ORDER BY abs(a) LIMIT 3", True),
    ("SELECT a FROM t UNION SELECT b FROM t ORDER BY 1", True),
    ("not sql at all (", False),
]


@pytest.mark.parametrize(("sql", "ordered"), ORDERED)
def test_is_ordered(sql: str, ordered: bool) -> None:
    assert is_ordered(sql) is ordered


HARDNESS = [
    ("SELECT count(*) FROM t", "easy", 1),
    ("SELECT a FROM t WHERE b = 1", "easy", 1),
    ("SELECT a, b FROM t WHERE b = 1 ORDER BY a", "medium", 1),
    ("SELECT t.a FROM t JOIN u ON t.i = u.i WHERE u.b = 1 GROUP BY t.a", "hard", 2),
    ("SELECT a FROM t WHERE b NOT IN (SELECT b FROM u)", "hard", 2),
    ("SELECT a FROM t WHERE b = 1 EXCEPT SELECT a FROM u WHERE c = 2", "hard", 2),
    (
        "SELECT a, count(*) FROM t WHERE b = 1 AND c = 2 OR d = 3 GROUP BY a ORDER BY count(*) LIMIT 1",
        "extra",
        1,
    ),
    ("SELECT (", "extra", 0),
]


@pytest.mark.parametrize(("sql", "level", "tables"), HARDNESS)
def test_hardness(sql: str, level: str, tables: int) -> None:
    assert (rate(sql), count_tables(sql)) == (level, tables)


def test_figures_of_a_run(tmp_path) -> None:
    (tmp_path / "tiny").mkdir()
    with sqlite3.connect(tmp_path / "tiny" / "shop.sqlite") as connection:
        connection.executescript(
            "create table t (a integer, b text); insert into t values (1, 'x'), (2, 'y');"
        )
    connection.close()
    script = {
        "right": ["SELECT a FROM t"],
        "wrong": ["SELECT b FROM t"],
        "broken first": ["SELECT nothing FROM t", "SELECT a FROM t"],
        "rightly declined": [None],
        "wrongly declined": [None],
    }
    pairs = [
        Pair(
            "tiny", "shop", question, None if question == "rightly declined" else "SELECT a FROM t"
        )
        for question in script
    ]
    backend = ScriptedBackend.from_script(script)
    outcomes = evaluate.evaluate(pairs, evaluate.locate_in(tmp_path), backend, Decoding())
    assert [o.right for o in outcomes] == [True, False, True, True, False]
    figures = summarise(outcomes)
    assert figures["questions"] == figures["questions_with_rows"] == 4
    assert figures["ex"] == 50.0
    assert figures["valid"] == 80.0
    assert figures["declined"] == 2
    assert figures["decline_precision"] == 50.0
    assert figures["decline_recall"] == 100.0
    assert figures["ex_extra_columns"] == 50.0
    assert figures["unanswerable"] == 1
    assert figures["by_kind"] == {"list": [4, 50.0]}
    assert figures["by_joins"] == {"0": [4, 50.0]}
    assert figures["mistakes"] == {"declined": 1, "selected columns": 1}
    assert figures["gold_fails"] == 0
    assert figures["reliability"] == [[1, 0.333, 1.0], [4, 1.0, 0.5]]
    assert figures["expected_calibration_error"] == 0.533
    target = tmp_path / "predictions.jsonl"
    evaluate.write_predictions(target, outcomes)
    lines = [json.loads(line) for line in target.read_text().splitlines()]
    assert [line["right"] for line in lines] == [o.right for o in outcomes]


def test_a_gold_query_that_fails_counts_as_wrong_and_is_told(tmp_path) -> None:
    (tmp_path / "tiny").mkdir()
    with sqlite3.connect(tmp_path / "tiny" / "shop.sqlite") as connection:
        connection.executescript("create table t (a integer); insert into t values (1), (2);")
    connection.close()
    pairs = [
        Pair("tiny", "shop", "cut", "SELECT a FROM t WHERE a ! = 2"),
        Pair("tiny", "shop", "broken", "SELECT x.a FROM t"),
    ]
    backend = ScriptedBackend.from_script(
        {"cut": ["SELECT a FROM t WHERE a = 1"], "broken": ["SELECT a FROM t"]}
    )
    outcomes = evaluate.evaluate(pairs, evaluate.locate_in(tmp_path), backend, Decoding())
    assert [(o.right, o.gold_runs) for o in outcomes] == [(True, True), (False, False)]
    assert summarise(outcomes)["gold_fails"] == 1


WIKISQL = {
    "players": ("SELECT MAX(Age) FROM t WHERE Name = 'Ann' AND Goals > 5", 'select max("Age") from t where "Goals">5.0 and Name = \'ann\''),
    "wrong column": ("SELECT Name FROM t WHERE Goals = 3", "SELECT Age FROM t WHERE Goals = 3"),
    # Without rows every answer is empty; the best candidate must stay the best.
    "second is right": ("SELECT Name FROM t", "SELECT Age FROM t WHERE Name = 'x'"),
}  # fmt: skip


def test_headers_without_rows_are_measured_by_logical_form(tmp_path, capsys) -> None:
    folder = tmp_path / "wikisql"
    folder.mkdir()
    columns = [
        {"name": name, "type": kind, "primary_key": False}
        for name, kind in (("Name", "TEXT"), ("Age", "INTEGER"), ("Goals", "INTEGER"))
    ]
    table = {"name": "t", "columns": columns, "foreign_keys": []}
    with gzip.open(folder / "schemas.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"db_id": "w", "tables": [table]}) + "\n")
    with gzip.open(folder / "dev.jsonl.gz", "wt") as lines:
        for question, (gold, _) in WIKISQL.items():
            lines.write(json.dumps({"db_id": "w", "question": question, "sql": gold}) + "\n")
    script = {question: [sql] for question, (_, sql) in WIKISQL.items()}
    script["second is right"].append(WIKISQL["second is right"][0])
    (tmp_path / "script.json").write_text(json.dumps(script))
    figures, page = tmp_path / "figures.json", tmp_path / "page.html"
    argv = ["--data", tmp_path, "--set", "wikisql", "--kind", "scripted"]
    argv += ["--model", tmp_path / "script.json", "--json", figures, "--report", page]
    assert evaluate.main([str(each) for each in argv]) == 0
    found = json.loads(figures.read_text())
    assert json.loads(capsys.readouterr().out) == found
    assert (found["questions"], found["logical_form"], found["valid"]) == (3, 33.33, 100.0)
    assert "ex" not in found
    assert found["mistakes"] == {"selected columns": 2}
    # 0.5 and 0.25 for the two candidates: the statement itself is believed, not its empty result.
    assert found["reliability"] == [[1, 0.667, 0.0], [2, 1.0, 0.5]]
    assert "wrong column" in page.read_text()


COVERED = [
    # gold, other, ordered, covers
    ([(1, "a"), (2, "b")], [("a", 9, 1), ("b", 9, 2)], True, True),
    ([(1, "a"), (2, "b")], [("b", 9, 2), ("a", 9, 1)], False, True),
    ([(1, "a"), (2, "b")], [("b", 9, 2), ("a", 9, 1)], True, False),
    ([(1, "a"), (2, "b")], [("b", 1), ("a", 2)], False, False),
    ([(1, 1), (2, 2)], [(1,), (2,)], False, False),
    ([(1,), (2,)], [(1,), (2,), (2,)], False, False),
    ([], [], False, True),
]


@pytest.mark.parametrize(("gold", "other", "ordered", "expected"), COVERED)
def test_results_that_hold_the_gold_columns(
    gold: Rows, other: Rows, ordered: bool, expected: bool
) -> None:
    def result(rows: Rows) -> QueryResult:
        return QueryResult("", ("a",) * (len(rows[0]) if rows else 1), tuple(map(tuple, rows)))

    assert covers(result(gold), result(other), ordered=ordered) is expected
    assert not covers(result(gold), None, ordered=ordered)


def test_the_sample_questions_can_be_asked() -> None:
    pairs = evaluate.read_samples()
    assert len({p.db_id for p in pairs}) == 4
    assert all((evaluate.SAMPLES_FOLDER / f"{p.db_id}.sqlite").is_file() for p in pairs)
