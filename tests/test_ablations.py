"""Ablations: inputs with parts left out, the rows, their differences, and whole rows with tiny random models."""

from __future__ import annotations

import gzip
import json
import signal
import sqlite3
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

from t2s import database, encoding, linking, schema
from t2s.backends.compact import CompactBackend
from t2s.rerank import Reranker
from t2s.values import Decoding, Links, Request
from tests.tiny import tiny_tokenizer
from tests.tiny_model import save_tiny_model
from train import ablations, compact
from train.ablation_table import (
    ASKED,
    FULL,
    SHIPPED,
    TRAINED,
    build_tables,
    differ,
    list_rows,
)
from train.reduced_inputs import Parts, ReducedEncoder

ROWS = {row.name: row for row in (*TRAINED, *ASKED)}
PAIRS = [
    ("how many customers are there", "SELECT count(*) FROM customer"),
    ("show the city of customer 2", "SELECT city FROM customer WHERE id = 2"),
    ("customers per city", "SELECT city, count(*) FROM customer GROUP BY city"),
    ("average total since 2023", "SELECT avg(total) FROM customer WHERE joined >= '2023-01-01'"),
    ("customers from oslo", "SELECT id FROM customer WHERE city = 'oslo'"),
    ("the average of the glove", None),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two sets with one database each, a tiny model and a tiny encoder to start from."""
    folder = tmp_path_factory.mktemp("ablations")
    for name in ("typed", "spider"):
        (folder / "data" / name).mkdir(parents=True)
        (folder / "databases" / name).mkdir(parents=True)
        records = [{"db_id": "shop", "question": q, "sql": sql} for q, sql in PAIRS]
        lines = gzip.compress("\n".join(map(json.dumps, records)).encode())
        for split in ("train", "dev"):
            (folder / "data" / name / f"{split}.jsonl.gz").write_bytes(lines)
        for db_id in ("shop", "other"):
            connection = sqlite3.connect(folder / "databases" / name / f"{db_id}.sqlite")
            connection.executescript(
                "CREATE TABLE customer (id INTEGER PRIMARY KEY, city TEXT, joined TEXT, total REAL);"
                "CREATE TABLE orders (id INTEGER, customer_id INTEGER REFERENCES customer (id));"
                "INSERT INTO customer VALUES (1, 'tacoma', '2023-01-05', 10.5), (2, 'oslo', '2024-02-01', 9);"
            )
            connection.close()
    save_tiny_model(folder / "model")
    shape = BertConfig(
        vocab_size=400,
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=512,
    )
    torch.manual_seed(1)
    BertModel(shape, add_pooling_layer=False).save_pretrained(folder / "init")
    tiny_tokenizer().save(str(folder / "init" / "tokenizer.json"))
    return folder


@pytest.fixture
def request_of_shop(folder):
    opened = database.open_readonly(folder / "databases" / "typed" / "shop.sqlite")
    found = schema.read(opened)
    asked = "customer total from tacoma since 2023, over twenty"
    return Request(asked, found, linking.link(asked, found, linking.index(opened, found)))


def encode(folder, request: Request, **parts: bool) -> encoding.Inputs:
    return ReducedEncoder.from_folder(folder / "model", Parts(**parts)).encode(request)


def test_all_parts_are_what_the_app_lays_out(folder, request_of_shop):
    usual = encoding.InputEncoder.from_folder(folder / "model").encode(request_of_shop)
    assert encode(folder, request_of_shop) == usual
    assert len(usual.values) > 2


def test_without_linking_types_the_input_is_that_of_a_question_that_matches_nothing(
    folder, request_of_shop
):
    links = request_of_shop.links
    blind = Links((), tuple(replace(v, score=0.0) for v in links.values))
    expected = encode(folder, replace(request_of_shop, links=blind))
    found = encode(folder, request_of_shop, linking_types=False)
    assert found.input_ids == expected.input_ids
    assert found.type_ids == expected.type_ids
    assert found.type_ids != encode(folder, request_of_shop).type_ids
    assert len(found.values) > 2


def test_without_values_nothing_is_offered_and_types_still_tell_what_matched(
    folder, request_of_shop
):
    bare = replace(request_of_shop, links=replace(request_of_shop.links, values=()))
    expected = encode(folder, bare)
    found = encode(folder, request_of_shop, values=False)
    assert found.input_ids == expected.input_ids
    assert (found.tables, found.columns, found.pieces) == (
        expected.tables,
        expected.columns,
        expected.pieces,
    )
    assert found.values == {}
    cells = encoding.TYPE_WORD + 5
    assert cells in found.type_ids
    assert cells not in expected.type_ids


def test_without_values_a_schema_is_cut_later(folder, request_of_shop):
    values = tuple(
        replace(v, text=f"filler {n} " * 6)
        for n in range(60)
        for v in request_of_shop.links.values
        if v.table is not None
    )
    crowded = replace(request_of_shop, links=replace(request_of_shop.links, values=values))
    assert encode(folder, crowded).schema != request_of_shop.schema
    assert encode(folder, crowded, values=False).schema == request_of_shop.schema


CHOSEN = [
    ("", list(ROWS)),
    ("trained", [row.name for row in TRAINED]),
    ("int8,asked", [row.name for row in ASKED]),
    ("no-guidance,full", ["full", "no-guidance"]),
]


@pytest.mark.parametrize(("only", "names"), CHOSEN)
def test_rows_by_name(only: str, names: list):
    assert [row.name for row in list_rows(only)] == names


def test_a_row_that_is_not_there_is_told(capsys):
    argv = ["--data", "d", "--databases", "d", "--work", "w", "--only", "full,beans"]
    with pytest.raises(SystemExit):
        ablations.main(argv)
    assert "there is no row beans; there are trained, asked, full" in capsys.readouterr().err


DIFFERENCES = [
    ("1111", "1111", (0.0, 0.0, 0.0)),
    ("1111", "0000", (100.0, 100.0, 100.0)),
    ("0000", "1111", (-100.0, -100.0, -100.0)),
    ("10" * 50, "01" * 50, (0.0, -20.0, 20.0)),
    ("", "", (0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("right", "reference", "expected"), DIFFERENCES)
def test_differ(right: str, reference: str, expected: tuple):
    assert differ(right, reference) == pytest.approx(expected, abs=3)


def test_only_the_same_questions_are_compared():
    with pytest.raises(ValueError, match="shorter"):
        differ("111", "11")


def figures(right: str, name: str = "") -> dict:
    ex = 100 * right.count("1") / len(right)
    one = {"questions": len(right), "ex": ex, "ex_interval": [1.0, 99.0], "right": right}
    speed = {"valid": 100.0, "latency_p50_ms": 12.3, "latency_p95_ms": 45.6}
    memory = {"loaded_mb": 300, "resident_mb": 400}
    return {"name": name, "sets": {"typed": one, "spider": one}, **speed, **memory}


def test_the_table_compares_with_its_own_reference():
    found = {FULL: figures("1110"), "no-values": figures("1000"), "int8": figures("1111")}
    lines = build_tables(found).splitlines()
    head = (
        "| variant | typed dev EX, % (95 %) | difference (95 %) | Spider dev EX, % (95 %) | difference (95 %) | "
        "first candidate runs, % | p50 / p95, ms | resident, MB: loaded / after |"
    )
    rest = "100.0 | 12 / 46 | 300 / 400 |"
    full, bare = "75.0 (1.0 to 99.0) of 4", "25.0 (1.0 to 99.0) of 4"
    gain = "-50.0 (-100.0 to +0.0)"
    assert lines[:6] == [
        "Trained with the same small budget",
        "",
        head,
        "|---|---|---|---|---|---|---|---|",
        f"| full recipe | {full} | - | {full} | - | {rest}",
        f"| without value candidates | {bare} | {gain} | {bare} | {gain} | {rest}",
    ]
    whole = "100.0 (1.0 to 99.0) of 4"  # without the row that it is compared with
    assert lines[-1] == f"| dynamic int8, one scale a layer | {whole} | - | {whole} | - | {rest}"


def make_args(folder, work, *more: str) -> list[str]:
    places = ["--data", folder / "data", "--databases", folder / "databases", "--work", work]
    places += ["--model", folder / "model", "--init", folder / "init"]
    return [*map(str, places), "--threads", "1", *more]


def call_here(function, *given):
    return function(*given)


def refuse(function, *given):
    raise AssertionError(f"{function} was called")


VARIANTS = [
    # row, what its run is called, flags, sets, whether with synthetic data
    (FULL, FULL, [], "typed,written", True),
    ("no-linking-types", "no-linking-types", ["no_linking_types"], "typed,written", True),
    ("no-values", "no-values", ["no_values"], "typed,written", True),
    ("no-synthetic", "no-synthetic", [], "typed", False),
    ("no-averaging", FULL, ["no_averaging"], "typed,written", True),
]


@pytest.mark.parametrize(("name", "run", "flags", "sets", "synthetic"), VARIANTS)
def test_one_thing_differs_in_each_training_run(tmp_path, name, run, flags, sets, synthetic):
    made = tmp_path / "made.jsonl.gz"
    made.write_bytes(b"x")
    more = ["--sets", "typed,written", "--synthetic", str(made), "--examples", "600"]
    args = ablations.build_parser().parse_args(make_args(tmp_path, tmp_path / "work", *more))
    options = ablations.list_training_options(ROWS[name], args)
    found = vars(compact.parse(options))
    whole = vars(compact.parse(ablations.list_training_options(ROWS[FULL], args)))
    assert [k for k in ("no_linking_types", "no_values", "no_averaging") if found[k]] == flags
    assert (found["sets"], bool(found["synthetic"])) == (sets, synthetic)
    assert found["work"].rpartition("/")[2].rpartition("-")[0] == run
    assert (found["warmup"], found["examples"]) == (60, 600)
    changed = {k for k in whole if whole[k] != found[k]} - {"out", "work"}
    assert changed == {*flags, *({"sets", "synthetic"} if not synthetic else ())}


def test_another_budget_trains_elsewhere(tmp_path):
    argv = make_args(tmp_path, tmp_path)
    parse = ablations.build_parser().parse_args
    found = {ablations.find_run(FULL, parse([*argv, "--seed", seed])) for seed in "112"}
    assert len(found) == 2


def test_rows_that_ask_one_model(folder, tmp_path, capsys):
    only = "beams-1,beams-2,no-guidance,int8"
    argv = make_args(folder, tmp_path, "--only", only, "--limit", "2")
    assert ablations.main(argv, call_here) == 0
    printed = capsys.readouterr().out
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert {row["name"] for row in kept} == set(only.split(","))
    for row in kept:
        assert set(row["sets"]) == {"typed", "spider"}
        assert all(len(s["right"]) == s["questions"] in (1, 2) for s in row["sets"].values())
        assert row["loaded_mb"] <= row["resident_mb"]
    # Nothing is computed again, and the table is the same.
    assert ablations.main(argv, refuse) == 0
    assert printed.endswith(capsys.readouterr().out)
    # Other settings are other figures.
    with pytest.raises(AssertionError, match="was called"):
        ablations.main([*argv[:-1], "4"], refuse)


def list_kinds(model: torch.nn.Module) -> set[str]:
    kinds = (torch.nn.Linear, torch.nn.quantized.dynamic.Linear)
    return {type(m).__module__.split(".")[1] for m in model.modules() if isinstance(m, kinds)}


WEIGHTS = [
    ("float32", torch.float32, {"nn"}),
    ("bfloat16", torch.bfloat16, {"nn"}),
    ("int8", torch.float32, {"ao"}),
    ("int8-per-channel", torch.float32, {"ao"}),
]


@pytest.mark.parametrize(("weights", "dtype", "kinds"), WEIGHTS)
def test_weights_are_turned_into_what_is_named(folder, weights: str, dtype, kinds: set):
    backend = ablations.load_weights(folder / "model", weights, 1)
    assert list_kinds(backend.model) == kinds
    embeddings = backend.model.encoder.embeddings.word_embeddings.weight
    assert embeddings.dtype == dtype
    ids = torch.tensor([[101, 4, 50, 102]])
    started = torch.tensor([[compact.START_ID]])
    with torch.inference_mode():
        found = backend.model(input_ids=ids, decoder_input_ids=started).logits[0, 0, :20]
        whole = ablations.load_weights(folder / "model", "float32", 1).model
        expected = whole(input_ids=ids, decoder_input_ids=started).logits[0, 0, :20]
    assert torch.allclose(found, expected, atol=0.05)
    assert torch.equal(found, expected) is (weights == "float32")


def test_without_guidance_there_is_one_candidate_and_nothing_to_rerank(folder, request_of_shop):
    backend = ablations.load_row(ROWS["no-guidance"], folder / "model", 1)
    guided = ablations.load_row(ROWS[SHIPPED], folder / "model", 1)
    beams = Decoding(beams=4, max_new_tokens=24)
    every = guided.generate(request_of_shop, beams)
    assert len(every) > 1
    assert backend.generate(request_of_shop, beams) == every[:1]
    assert not hasattr(backend, "rerank")


def test_without_reranking_the_weights_are_put_aside(folder, monkeypatch):
    load = CompactBackend.load
    weights = Reranker({"model": 1.0})
    monkeypatch.setattr(
        CompactBackend, "load", lambda *a, **k: replace(load(*a, **k), reranker=weights)
    )
    assert ablations.load_row(ROWS[SHIPPED], folder / "model", 1).reranks
    assert not ablations.load_row(ROWS["no-reranking"], folder / "model", 1).reranks


def test_a_model_without_weights_to_rerank_by_has_no_row_without_them(folder, tmp_path, capsys):
    argv = make_args(folder, tmp_path, "--only", "no-reranking")
    assert ablations.main(argv, refuse) == 0
    assert capsys.readouterr().out.startswith("no-reranking: left out")
    assert not (tmp_path / "figures.json").exists()


@pytest.fixture
def handlers():
    """Training takes over two signals."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_rows_that_train(folder, tmp_path, handlers, capsys):
    only = "full,no-averaging,no-values"
    more = ["--only", only, "--limit", "1", "--examples", "300", "--sets", "typed"]
    called = []

    def call(function, *given):
        called.append(function.__name__)
        # What is measured is tested above.
        return function(*given) if function is compact.main else figures("10", given[0].name)

    argv = make_args(folder, tmp_path, *more)
    assert ablations.main(argv, call) == 0
    assert called == ["main", "measure"] * 3
    args = ablations.build_parser().parse_args(argv)
    models = {name: ablations.find_model(ROWS[name], args) for name in only.split(",")}
    records = {name: json.loads((m / "run.json").read_text()) for name, m in models.items()}
    assert {r["examples_seen"] >= 300 for r in records.values()} == {True}
    assert records["full"]["steps"] >= 4  # the average is made anew every four
    # The last weights and the averaged ones come from the same steps.
    assert records["no-averaging"]["steps"] == records["full"]["steps"]
    assert [p["from_example"] for p in records["no-averaging"]["phases"]] == [
        0,
        records["full"]["examples_seen"],
    ]
    assert [n for n, r in records.items() if r["settings"]["no_values"]] == ["no-values"]
    loaded = [load_file(m / "model.safetensors")["keyword_head.weight"] for m in models.values()]
    assert all(not torch.equal(loaded[0], other) for other in loaded[1:])
    assert "| without weight averaging |" in capsys.readouterr().out
    # Figures that are lost are measured again, without training again.
    (tmp_path / "figures.json").unlink()
    called.clear()
    assert ablations.main(argv, call) == 0
    assert called == ["measure"] * 3


def test_a_trained_row_is_asked_as_it_was_trained(folder, request_of_shop):
    for name, parts in (("no-values", Parts(values=False)), (FULL, Parts())):
        backend = ablations.load_row(ROWS[name], folder / "model", 1)
        expected = ReducedEncoder.from_folder(folder / "model", parts).encode(request_of_shop)
        assert backend.lay_out(request_of_shop) == expected
