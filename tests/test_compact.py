"""The embedded backend with a tiny random model: whatever it writes fits the database."""

from __future__ import annotations

import json
import sqlite3
import threading

import pytest
import torch

from t2s import database, encoding, linking, schema
from t2s.backends.compact import CompactBackend, rank, write_sql
from t2s.backends.compact_model import CompactConfig, CompactModel
from t2s.errors import BackendError
from t2s.ir import KEYWORDS
from t2s.values import Column, Decoding, Links, Request, Schema, Table
from tests.tiny import tiny_tokenizer

IDS = encoding.KEYWORD_IDS


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


@pytest.mark.parametrize("missing", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder, tmp_path, missing: str) -> None:
    for source in folder.iterdir():
        if source.name != missing:
            (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(BackendError, match=missing):
        CompactBackend.load(tmp_path)


def test_another_version_of_the_language_is_refused(folder, tmp_path) -> None:
    for source in folder.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text())
    config["keywords"] = config["keywords"][:-1]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(BackendError, match="another version"):
        CompactBackend.load(tmp_path)


def test_half_written_weights_are_refused(folder, tmp_path) -> None:
    for source in folder.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    whole = (folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackendError, match="cannot be read"):
        CompactBackend.load(tmp_path)


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
