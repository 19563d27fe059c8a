"""The pointer network and its training loop, on tiny random models."""

from __future__ import annotations

import gzip
import json
import sqlite3

import pytest
import torch
from transformers import BertConfig, BertModel

from t2s.backends.compact_model import CompactConfig, CompactModel
from t2s.ir import KEYWORDS
from tests.tiny import tiny_tokenizer
from train import compact
from train.compact import START_ID


@pytest.fixture(scope="module")
def model() -> CompactModel:
    torch.manual_seed(0)
    config = CompactConfig(
        keywords=KEYWORDS,
        word_count=400,
        hidden_size=32,
        encoder_layers=3,
        decoder_layers=2,
        attention_heads=4,
        feed_forward_size=64,
        decoder_start_token_id=START_ID,
        eos_token_id=compact.END_ID,
        pad_token_id=compact.PAD_ID,
        bos_token_id=START_ID,
    )
    return CompactModel(config).eval()


def _inputs() -> dict[str, torch.Tensor]:
    ids = torch.randint(5, 400, (2, 20))
    mask = torch.ones_like(ids)
    mask[1, 15:] = 0
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids % 40}


def test_scores_cover_keywords_and_the_input_only(model: CompactModel) -> None:
    labels = torch.tensor([[3, len(KEYWORDS) + 4, 7], [2, 5, -100]])
    output = model(**_inputs(), labels=labels)
    assert output.logits.shape == (2, 3, len(KEYWORDS) + 512)
    assert torch.isfinite(output.logits[0, :, : len(KEYWORDS) + 20]).all()
    assert torch.isinf(output.logits[1, :, len(KEYWORDS) + 15 :]).all()
    assert torch.isfinite(output.loss)


def test_a_pointed_position_changes_what_follows(model: CompactModel) -> None:
    inputs = _inputs()
    first = torch.tensor([[START_ID, len(KEYWORDS) + 3]] * 2)
    second = torch.tensor([[START_ID, len(KEYWORDS) + 9]] * 2)
    a = model(**inputs, decoder_input_ids=first).logits[:, -1, :10]
    b = model(**inputs, decoder_input_ids=second).logits[:, -1, :10]
    assert not torch.allclose(a, b)


def test_cached_steps_score_as_the_whole_sequence(model: CompactModel) -> None:
    inputs = _inputs()
    ids = torch.tensor([[START_ID, 3, len(KEYWORDS) + 4, 9], [START_ID, 1, 2, len(KEYWORDS) + 1]])
    whole = model(**inputs, decoder_input_ids=ids).logits
    encoded = model.encoder(**inputs)
    cache, steps = None, []
    for at in range(ids.shape[1]):
        step = model(
            encoder_outputs=encoded,
            attention_mask=inputs["attention_mask"],
            decoder_input_ids=ids[:, at : at + 1],
            past_key_values=cache,
            use_cache=True,
        )
        cache = step.past_key_values
        steps.append(step.logits)
    joined = torch.cat(steps, dim=1)
    seen = torch.isfinite(whole)
    assert torch.allclose(joined[seen], whole[seen], atol=1e-5)


def test_saves_and_loads(model: CompactModel, tmp_path) -> None:
    model.save_pretrained(tmp_path)
    again = CompactModel.from_pretrained(tmp_path).eval()
    inputs, ids = _inputs(), torch.tensor([[START_ID, 3], [START_ID, 4]])
    before, after = (m(**inputs, decoder_input_ids=ids).logits for m in (model, again))
    assert torch.equal(before, after)
    assert again.config.keywords == list(KEYWORDS)


def _write_set(folder, databases) -> None:
    (databases / "tiny").mkdir(parents=True)
    connection = sqlite3.connect(databases / "tiny" / "shop.sqlite")
    connection.executescript(
        "create table customer (id integer primary key, city text);"
        "create table orders (customer_id integer references customer(id), total real);"
        "insert into customer values (1, 'Tacoma'), (2, 'Oslo');"
        "insert into orders values (1, 10.5), (2, 99), (2, 3);"
    )
    connection.close()
    (folder / "tiny").mkdir(parents=True)
    pairs = [
        ("how many customers are there", "SELECT COUNT(*) FROM customer"),
        ("customers from tacoma", "SELECT id FROM customer WHERE city = 'Tacoma'"),
        ("highest total", "SELECT MAX(total) FROM orders"),
        (
            "average total by city",
            "SELECT city, AVG(total) FROM orders JOIN customer ON customer_id = id GROUP BY city",
        ),
        ("hello there", None),
    ]
    with gzip.open(folder / "tiny" / "train.jsonl.gz", "wt") as out:
        for question, sql in pairs:
            out.write(json.dumps({"db_id": "shop", "question": question, "sql": sql}) + "\n")
    schema = {
        "db_id": "shop",
        "tables": [
            {
                "name": "customer",
                "columns": [{"name": "id", "type": "number", "primary_key": True}],
                "foreign_keys": [],
            }
        ],
    }
    with gzip.open(folder / "tiny" / "schemas.jsonl.gz", "wt") as out:
        out.write(json.dumps(schema) + "\n" + json.dumps({**schema, "db_id": "other"}) + "\n")


@pytest.fixture
def run(tmp_path):
    """Return a function that trains on a tiny set up to so many examples."""
    _write_set(tmp_path / "data", tmp_path / "databases")
    base = tmp_path / "base"
    config = BertConfig(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(base)
    tiny_tokenizer().save(str(base / "tokenizer.json"))

    def train(examples: int) -> dict:
        arguments = {
            "data": tmp_path / "data",
            "databases": tmp_path / "databases",
            "work": tmp_path / "work",
            "out": tmp_path / "out",
            "init": base,
            "sets": "tiny",
            "weights": '{"tiny": 1}',
            "examples": examples,
            "batch-tokens": 300,
            "pool": 16,
            "warmup": 10,
        }
        code = compact.main([f"--{name}={value}" for name, value in arguments.items()])
        assert code == 0
        return json.loads((tmp_path / "out" / "run.json").read_text())

    return train


def test_training_resumes_and_saves_a_folder(run, tmp_path, capsys) -> None:
    first = run(40)
    second = run(80)
    assert "resumed after" in capsys.readouterr().out
    assert first["examples_seen"] >= 40
    assert second["examples_seen"] >= 80
    assert second["steps"] > first["steps"]
    saved = CompactModel.from_pretrained(tmp_path / "out")
    assert saved.dtype == torch.float16
    assert (tmp_path / "out" / "tokenizer.json").exists()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "all-MiniLM-L6-v2" in card
    assert str(tmp_path) not in card + (tmp_path / "out" / "run.json").read_text()


def test_learning_rate_rises_then_falls() -> None:
    factors = [compact.learning_rate_factor(n, 1000, 100) for n in (0, 50, 100, 500, 1000)]
    assert factors[:3] == [0, 0.5, 1.0]
    assert factors[2] > factors[3] > factors[4]
    assert factors[4] == pytest.approx(0.02)


def test_pooled_dropout_keeps_the_mean_and_stops_in_eval() -> None:
    drop = compact.PooledDropout(0.1, torch.device("cpu"))
    x = torch.ones(400, 400)
    assert drop(x).mean().item() == pytest.approx(1.0, abs=0.02)
    assert (drop(x) == 0).float().mean().item() == pytest.approx(0.1, abs=0.02)
    drop.eval()
    assert torch.equal(drop(x), x)
