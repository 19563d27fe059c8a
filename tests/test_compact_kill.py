"""A training run killed at any moment goes on from its last checkpoint as if nothing had happened."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from t2s.backends import checksums
from t2s.backends.compact import CompactBackend
from t2s.errors import BackendError
from tests.tiny_model import save_tiny_model

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
ROOT = Path(__file__).resolve().parents[1]
KILLED, STEPS = 128 + signal.SIGKILL, 8
PAIRS = [
    ("how many customers are there", "SELECT count(*) FROM customer"),
    ("show the city of customer 2", "SELECT city FROM customer WHERE id = 2"),
    ("customers per city", "SELECT city, count(*) FROM customer GROUP BY city"),
    ("average total", "SELECT avg(total) FROM customer"),
    ("customers from oslo", "SELECT id FROM customer WHERE city = 'oslo'"),
    ("highest total by city", "SELECT city, max(total) FROM customer GROUP BY city"),
    ("the average of the city", None),
]
# Where the first child dies, how it ends, the step that the next one begins at (0: there is no checkpoint).
MOMENTS = [
    ("step 1", KILLED, 0),
    ("half 1", KILLED, 0),
    ("written 1", KILLED, 0),
    ("replaced 1", KILLED, 1),
    ("step 4", KILLED, 3),
    ("half 4", KILLED, 3),
    ("written 4", KILLED, 3),
    ("replaced 4", KILLED, 4),
    ("saved 4", KILLED, 4),
    ("listing 8", KILLED, STEPS),
    ("step 4 SIGTERM", 128 + signal.SIGTERM, 4),
    ("step 4 SIGINT", 128 + signal.SIGINT, 4),
    ("half 4 SIGTERM", 128 + signal.SIGTERM, 4),
    ("listing 8 SIGTERM", 0, STEPS),
]
OTHERS = [["half 2", "step 5", "written 5", "end"], ["listing 8"]]


def make_data(folder: Path) -> None:
    """One tiny training set with its database."""
    (folder / "data" / "typed").mkdir(parents=True)
    (folder / "databases" / "typed").mkdir(parents=True)
    records = [{"db_id": "shop", "question": q, "sql": sql} for q, sql in PAIRS]
    lines = "\n".join(map(json.dumps, records)).encode()
    (folder / "data" / "typed" / "train.jsonl.gz").write_bytes(gzip.compress(lines))
    connection = sqlite3.connect(folder / "databases" / "typed" / "shop.sqlite")
    connection.executescript(
        "CREATE TABLE customer (id INTEGER PRIMARY KEY, city TEXT, total REAL);"
        "INSERT INTO customer VALUES (1, 'tacoma', 10.5), (2, 'oslo', 99);"
    )
    connection.close()
    # Another database, for questions that cannot be answered.
    connection = sqlite3.connect(folder / "databases" / "typed" / "other.sqlite")
    connection.executescript("CREATE TABLE glove (size TEXT); INSERT INTO glove VALUES ('one');")
    connection.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Everything in one process: what takes long is to import torch."""
    folder = tmp_path_factory.mktemp("training")
    make_data(folder)
    # Without dropout nothing is drawn, so that every loss can be compared to the last bit.
    model = save_tiny_model(folder / "model", dropout=0.0)
    plans = [["end"], *([moment, "end"] for moment, _, _ in MOMENTS), *OTHERS]
    args = f"""--data {folder / "data"} --databases {folder / "databases"} --work WORK --out WORK/out
        --start {model} --tokenizer {model} --sets typed --weights {{"typed":1}} --examples 60
        --batch-tokens 200 --pool 24 --warmup 8 --save-minutes 0 --threads 1 --fp32""".split()
    script = [sys.executable, "tests/kill_training.py", json.dumps(plans)]
    done = subprocess.run(
        [*script, str(folder / "log"), str(folder / "runs"), "--", *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def read_log(folder: Path, run: int, child: int, what: str) -> dict[int, object]:
    """What a child told, by step."""
    rows = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    return {step: value for *who, kind, step, value in rows if (who, kind) == ([run, child], what)}


def list_losses(folder: Path, run: int, child: int) -> dict[int, object]:
    return read_log(folder, run, child, "loss")


def test_the_whole_run_takes_a_few_different_steps(folder):
    losses = list_losses(folder, 0, 0)
    assert list(losses) == list(range(1, STEPS + 1))
    assert len(set(losses.values())) == STEPS
    assert read_log(folder, 0, 0, "ended") == {-1: 0}


@pytest.mark.parametrize("number", range(len(MOMENTS)), ids=[moment for moment, _, _ in MOMENTS])
def test_a_killed_run_goes_on(folder, number: int):
    _, status, begun_at = MOMENTS[number]
    run = number + 1
    assert read_log(folder, run, 0, "ended") == {-1: status}
    # It begins with the very state of the whole run at that step, and has its losses from there on.
    expected = read_log(folder, 0, 0, "saved") | read_log(folder, 0, 0, "begin")
    assert read_log(folder, run, 1, "begin") == {begun_at: expected[begun_at]}
    whole = list_losses(folder, 0, 0)
    rest = {step: loss for step, loss in whole.items() if step > begun_at}
    assert list_losses(folder, run, 1) == rest
    assert read_log(folder, run, 1, "ended") == {-1: 0}
    assert read_log(folder, run, 1, "exported") == read_log(folder, 0, 0, "exported")


def test_a_run_killed_again_and_again_goes_on(folder):
    run = len(MOMENTS) + 1
    begun = [[*read_log(folder, run, child, "begin")] for child in range(4)]
    assert begun == [[0], [1], [4], [4]]
    assert read_log(folder, run, 3, "exported") == read_log(folder, 0, 0, "exported")


def test_a_half_written_model_is_told_and_a_finished_one_loads(folder):
    # The list of sums comes last: without it the app does not load the folder.
    half, whole = (folder / "runs" / str(run) / "out" for run in (len(MOMENTS) + 2, 0))
    assert (half / checksums.WEIGHTS_NAME).exists()
    with pytest.raises(BackendError, match=r"^The model folder out has no SHA256SUMS; fetch"):
        CompactBackend.load(half)
    assert CompactBackend.load(whole, dtype="float32", threads=1).version
