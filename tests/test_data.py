"""Pairs become training examples."""

import sqlite3
from pathlib import Path

import pytest

from train import compact, data
from train.data import Pair

QUESTION = "how many of the visits cost more than 100"


@pytest.fixture
def databases(tmp_path: Path) -> Path:
    for name in ("dental", "garage"):
        path = tmp_path / "own" / f"{name}.sqlite"
        path.parent.mkdir(exist_ok=True)
        with sqlite3.connect(path) as connection:
            connection.executescript(
                "CREATE TABLE visit (id INTEGER PRIMARY KEY, fee REAL, paid TEXT);"
                "INSERT INTO visit VALUES (1, 80, 'x'), (2, 120, NULL);"
            )
        connection.close()
    return tmp_path


def _prepare(
    pairs: list[Pair], databases: Path, negatives: float = 0.0
) -> tuple[list[data.Example], dict[str, int]]:
    return data.prepare(pairs, databases / "nothing", databases, negatives=negatives, seed=1)


def test_databases_alone_make_a_set(databases: Path) -> None:
    catalogue = data.Catalogue(databases / "nothing", databases, "own")
    assert catalogue.db_ids == ("dental", "garage")
    found, _, has_cells = catalogue.get("dental")
    assert has_cells
    assert [c.holds_nulls for c in found.tables[0].columns] == [False, False, True]


def test_a_question_that_stands_alone_also_comes_after_another(
    databases: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "UNRELATED_SHARE", 1.0)
    sql = "SELECT COUNT(*) FROM visit WHERE fee > 100"
    pairs = [
        Pair("own", "dental", QUESTION, sql),
        Pair("own", "dental", "visit count", "SELECT COUNT(*) FROM visit"),
        Pair("own", "dental", "only those above 100 please my friend", sql, ("visit count",)),
    ]
    examples, reasons = _prepare(pairs, databases)
    assert reasons == {}
    histories = [(e.pair.question, e.request.history) for e in examples]
    assert histories.count((QUESTION, ())) == 1
    # Short questions may be meant as a follow-up, and one with a history has its own.
    assert len(examples) == 4
    (added,) = [h for q, h in histories if q == QUESTION and h]
    assert added[0] in (QUESTION, "visit count")
    same = [e.symbols for e in examples if e.pair.question == QUESTION]
    assert same[0] == same[1]


def test_negatives_ask_another_database_and_have_no_answer(databases: Path) -> None:
    pairs = [Pair("own", "dental", QUESTION, "SELECT COUNT(*) FROM visit WHERE fee > 100")]
    examples, _ = _prepare(pairs, databases, negatives=1.0)
    negative = next(e for e in examples if e.pair.sql is None)
    assert (negative.pair.db_id, negative.symbols) == ("garage", ("unanswerable",))


def test_what_the_language_lacks_is_counted(databases: Path) -> None:
    pairs = [Pair("own", "dental", "what colour", "SELECT colour FROM visit")]
    examples, reasons = _prepare(pairs, databases)
    assert examples == []
    assert sum(reasons.values()) == 1


def test_a_run_without_options_draws_on_the_written_questions() -> None:
    assert compact.DEFAULT_WEIGHTS[compact.WRITTEN] > 0
    assert set(compact.DEFAULT_WEIGHTS) <= {*data.SETS, compact.WRITTEN, "synthetic"}
    assert abs(sum(compact.DEFAULT_WEIGHTS.values()) - 1) < 0.01
