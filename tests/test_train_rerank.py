"""Fitting the weights that order candidates."""

import json
import random
import sqlite3

import pytest

from t2s import rerank as reranking
from t2s.backends import checksums
from t2s.backends.scripted import ScriptedBackend
from t2s.pipeline import open_session
from t2s.values import Candidate, QueryResult
from train import rerank
from train.data import Pair


def made_up(count):
    """Questions whose right candidate gives rows, whatever its probability."""
    rng = random.Random(1)
    found = []
    for number in range(count):
        right = rng.randrange(3)
        features = tuple(
            {"log probability": -float(place), "no rows": float(place != right)}
            for place in range(3)
        )
        found.append(
            rerank.Example(f"db{number % 5}", features, tuple(p == right for p in range(3)))
        )
    return found


def test_what_tells_right_from_wrong_gets_the_weight():
    examples = made_up(60)
    names = rerank.name_features(examples)
    table = rerank.tabulate(examples, names)
    weights = dict(zip(names, rerank.fit(table).tolist(), strict=True))
    assert weights["no rows"] < -1
    assert abs(weights["log probability"]) < abs(weights["no rows"]) / 2
    assert rerank.count_right(table, rerank.fit(table)) == 60
    assert rerank.cross_validate(examples, table) == 100


def test_questions_of_different_width_share_a_table():
    examples = [
        rerank.Example("a", ({"x": 1.0},), (True,)),
        rerank.Example("b", ({"x": 2.0}, {"y": 3.0}), (False, True)),
    ]
    table = rerank.tabulate(examples, ["x"])
    assert table.features.shape == (2, 2, 1)
    assert table.absent.tolist() == [[0, rerank.ABSENT], [0, 0]]
    assert table.right.tolist() == [[True, False], [False, True]]


@pytest.fixture
def session(tmp_path):
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE item (name TEXT)")
        connection.execute("INSERT INTO item VALUES ('pen')")
    connection.close()
    return open_session(path, ScriptedBackend.from_script({}))


def test_candidates_are_judged_by_their_rows(session):
    candidates = (
        Candidate("SELECT name FROM item", 0.4),
        Candidate(None, 0.3),
        Candidate("SELECT nothing FROM item", 0.2),
        Candidate("SELECT 'pen'", 0.1),
    )
    outcomes = rerank.run_all(candidates, session)
    assert [isinstance(o, QueryResult) for o in outcomes] == [True, False, False, True]
    answerable = Pair("written", "shop", "q", "SELECT name FROM item")
    assert rerank.judge(answerable, candidates, outcomes, session) == (True, False, False, True)
    hopeless = Pair("written", "shop", "q", None)
    assert rerank.judge(hopeless, candidates, outcomes, session) == (False, True, False, False)
    broken = Pair("written", "shop", "q", "SELECT nothing FROM item")
    assert not any(rerank.judge(broken, candidates, outcomes, session))


def test_weights_are_written_with_where_they_come_from(tmp_path, capsys):
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    rerank.finish(made_up(30), ["b", "a"], tmp_path)
    assert json.loads(capsys.readouterr().out)["cross-validated"] == 100
    kept = json.loads((tmp_path / reranking.FILE_NAME).read_text())
    assert kept["files"] == ["a", "b"]
    assert reranking.read(tmp_path / reranking.FILE_NAME).weights["no rows"] < 0
    assert reranking.FILE_NAME in checksums.check(tmp_path)
