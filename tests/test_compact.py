"""The embedded backend with a tiny random model: whatever it writes fits the database."""

from __future__ import annotations

import ast
import json
import sqlite3
import threading
from pathlib import Path

import pytest
import torch

from t2s import database, encoding, linking, schema
from t2s.backends import checksums
from t2s.backends.compact import CompactBackend, rank, write_sql
from t2s.backends.compact_model import CompactConfig, CompactModel
from t2s.errors import BackendError
from t2s.ir import KEYWORDS
from t2s.values import Column, Decoding, Links, Request, Schema, Table
from tests.tiny import tiny_tokenizer

IDS = encoding.KEYWORD_IDS
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(3)
    path = tmp_path_factory.mktemp("model")
    config = CompactConfig(
        keywords=KEYWORDS,
        word_count=400,
        hidden_size=32,
        encoder_layers=2,
        decoder_layers=2,
        attention_heads=4,
        feed_forward_size=64,
        decoder_start_token_id=IDS["<s>"],
        eos_token_id=IDS["</s>"],
        pad_token_id=IDS["<pad>"],
        bos_token_id=IDS["<s>"],
    )
    CompactModel(config).save_pretrained(path)
    tiny_tokenizer().save(str(path / "tokenizer.json"))
    checksums.write(path)
    return path


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        "create table customer (id integer primary key, city text, joined text);"
        "insert into customer values (1, 'Tacoma', '2023-01-05'), (2, 'Oslo', '2024-02-01');"
    )
    connection.execute(
        'create table "order lines" '
        '(customer_id integer references customer(id), "Total (EUR)" real, "say ""hi\'s" text)'
    )
    connection.executemany(
        'insert into "order lines" values (?, ?, ?)', [(1, 10.5, "x"), (2, 99, None)]
    )
    connection.commit()
    connection.close()
    return path


def _request(path, question: str) -> Request:
    opened = database.open_readonly(path)
    found = schema.read(opened)
    links = linking.link(question, found, linking.index(opened, found))
    return Request(question, found, links)


QUESTIONS = [
    "average total per city",
    "customers from tacoma since 2023",
    "how many?",
    "…",
    "top 3 'x' < 5",
]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_candidate_of_random_weights_prepares(folder, shop, question: str) -> None:
    backend = CompactBackend.load(folder, dtype="float32", threads=1)
    candidates = backend.generate(_request(shop, question), Decoding(beams=4, max_new_tokens=48))
    assert candidates
    probabilities = [c.probability for c in candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= p <= 1 for p in probabilities)
    assert len({c.sql for c in candidates}) == len(candidates)
    connection = sqlite3.connect(shop)
    for candidate in candidates:
        if candidate.sql is not None:
            connection.execute("explain " + candidate.sql)
    connection.close()


def test_one_beam_is_greedy(folder, shop) -> None:
    backend = CompactBackend.load(folder, dtype="float32", threads=1)
    request = _request(shop, QUESTIONS[0])
    greedy = backend.generate(request, Decoding(beams=1, max_new_tokens=24))
    assert len(greedy) == 1
    assert 0 < greedy[0].probability < 1


RANKED = [
    ({"a": 0.5, None: 0.4}, 0.3, ["a", None]),
    ({"a": 0.3, None: 0.4}, 0.3, [None, "a"]),
    ({"a": 0.1, "b": 0.2, None: 0.25}, 0.3, ["b", "a", None]),  # too unsure to decline
    ({None: 0.2}, 0.3, [None]),
]


@pytest.mark.parametrize(("found", "threshold", "order"), RANKED)
def test_declining_takes_confidence(found: dict, threshold: float, order: list) -> None:
    assert [c.sql for c in rank(found, threshold)] == order


def test_same_question_same_candidates_from_two_threads(folder, shop) -> None:
    backend = CompactBackend.load(folder, dtype="float32", threads=1)
    request = _request(shop, QUESTIONS[0])
    found = []

    def ask() -> None:
        found.append(backend.generate(request, Decoding(beams=2, max_new_tokens=24)))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1]


def test_beams_must_be_positive() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Decoding(beams=0)


NEEDED = ["model.safetensors", "config.json", "tokenizer.json"]


@pytest.fixture
def copied(folder, tmp_path):
    for source in folder.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    return tmp_path


def refused(folder) -> str:
    with pytest.raises(BackendError) as caught:
        CompactBackend.load(folder)
    message = str(caught.value)
    assert str(folder.parent) not in message
    assert message.count(".\n") == 0
    return message


@pytest.mark.parametrize("missing", [*NEEDED, "SHA256SUMS"])
def test_a_missing_file_is_named(copied, missing: str) -> None:
    (copied / missing).unlink()
    assert f"has no {missing}; fetch the repository again" in refused(copied)


def test_another_version_of_the_language_is_refused(copied) -> None:
    config = json.loads((copied / "config.json").read_text())
    config["keywords"] = config["keywords"][:-1]
    (copied / "config.json").write_text(json.dumps(config))
    checksums.write(copied)
    assert "another version" in refused(copied)


def halve(data: bytes) -> bytes:
    return data[: len(data) // 2]


ALTERED = {
    "cut off": halve,
    "empty": lambda data: b"",
    "one bit": lambda data: data[:-5] + bytes([data[-5] ^ 1]) + data[-4:],
    "longer": lambda data: data + b"\n",
}


@pytest.mark.parametrize("name", [*NEEDED, "generation_config.json"])
@pytest.mark.parametrize("change", ALTERED)
def test_altered_files_are_refused(copied, name: str, change: str) -> None:
    path = copied / name
    path.write_bytes(ALTERED[change](path.read_bytes()))
    assert f"{name} is incomplete or was altered" in refused(copied)


@pytest.mark.parametrize("name", NEEDED)
def test_listed_files_that_make_no_sense_are_refused(copied, name: str) -> None:
    (copied / name).write_bytes(halve((copied / name).read_bytes()))
    checksums.write(copied)
    assert "cannot be read" in refused(copied)


def test_weights_that_are_not_listed_are_refused(copied) -> None:
    (copied / "model-00001-of-00002.safetensors").write_bytes(b"more")
    assert "model-00001-of-00002.safetensors is incomplete or was altered" in refused(copied)


@pytest.mark.parametrize("text", [b"", b"\xff\x00\n\n", b"0 model.safetensors\n" * 9])
def test_lists_that_name_nothing_right_are_refused(copied, text: bytes) -> None:
    (copied / "SHA256SUMS").write_bytes(text)
    assert "config.json is incomplete or was altered" in refused(copied)


def test_version_is_the_start_of_the_hash(folder) -> None:
    listed = checksums.check(folder)
    assert listed == checksums.check(folder)
    assert set(listed) == {*NEEDED, "generation_config.json"}
    assert CompactBackend.load(folder).version == listed["model.safetensors"][:12]


def test_a_large_schema_is_cut_and_the_page_is_told(folder) -> None:
    backend = CompactBackend.load(folder, dtype="float32", threads=1)
    wide = tuple(Column(f"filler column {n}") for n in range(80))
    found = Schema(tuple(Table(f"table {n}", wide) for n in range(20)))
    seen, notes = backend.pick(Request("how many in table 3", found, Links()))
    assert sum(len(t.columns) for t in seen.tables) < 1600
    assert "larger than the model can read at once" in notes[0]
    small = Schema(found.tables[:1])
    assert backend.pick(Request("how many", small, Links())) == (small, ())


def test_declining_is_no_sql(folder) -> None:
    encoder = encoding.InputEncoder.from_folder(folder)
    inputs = encoder.encode(Request("hello", Schema((Table("t", (Column("a"),)),)), Links()))
    assert write_sql([IDS["unanswerable"], IDS["</s>"], IDS["<pad>"]], inputs) is None


SOURCES = sorted(path for top in ("t2s", "train") for path in (ROOT / top).rglob("*.py"))


def list_calls(path) -> list[tuple[str, dict[str, object]]]:
    """(last part of the name, constant keyword arguments) of each call in a source file."""
    return [
        (
            ast.unparse(node.func).rpartition(".")[2],
            {k.arg: getattr(k.value, "value", ...) for k in node.keywords},
        )
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


def test_no_source_runs_code_that_comes_with_weights() -> None:
    assert len(SOURCES) > 50
    calls = [(path.name, *call) for path in SOURCES for call in list_calls(path)]
    trusting = [c for c in calls if c[2].get("trust_remote_code", False) is not False]
    assert trusting == []
    assert [c for c in calls if c[1] in ("exec", "eval")] == []
    loads = [c for c in calls if c[1] == "load" and "map_location" in c[2]]
    assert [c for c in loads if c[2].get("weights_only") is not True] == []


def test_the_app_reads_no_pickles() -> None:
    banned = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
    found = [
        (path.name, alias.name)
        for path in SOURCES
        if path.is_relative_to(ROOT / "t2s")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (node.names if isinstance(node, ast.Import) else [ast.alias(node.module)])
        if (alias.name or "").split(".")[0] in banned
    ]
    assert found == []
