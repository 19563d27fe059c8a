"""Changes to training examples keep what they promise."""

from __future__ import annotations

import random

import pytest

from t2s.ir import ColumnSymbol, TableSymbol
from t2s.values import Column, ForeignKey, Links, NameMatch, Request, Schema, Table, ValueMatch
from train import augment
from train.data import Example, Pair, stream

SCHEMA = Schema(
    (
        Table("customer", tuple(Column(n) for n in ("id", "city", "phone", "note"))),
        Table("orders", tuple(Column(n) for n in ("customer_id", "total", "day"))),
        Table("log", tuple(Column(f"field{n}") for n in range(30))),
    ),
    (ForeignKey("orders", "customer_id", "customer", "id"),),
)
LINKS = Links(
    (NameMatch(0, 4, "customer", "city", "exact"),),
    (ValueMatch("Oslo", False, "cell", "customer", "city", 5, 9, 1.0),),
)
EXAMPLE = Example(
    Pair("tiny", "shop", "City Oslo?", "SELECT id FROM customer WHERE city = 'Oslo'"),
    Request("City Oslo?", SCHEMA, LINKS),
    (
        "from",
        TableSymbol("customer"),
        "select",
        ColumnSymbol("customer", "id"),
        "where",
        ColumnSymbol("customer", "city"),
    ),
    True,
)


@pytest.mark.parametrize("limit", [4, 8, 12, 36])
def test_shrink_keeps_what_the_sql_needs(limit: int) -> None:
    for seed in range(10):
        made = augment.shrink(EXAMPLE, random.Random(seed), limit).request.schema
        customer = made.table("customer")
        assert customer is not None
        assert {"id", "city"} <= {c.name for c in customer.columns}
        assert sum(len(t.columns) for t in made.tables) <= max(limit, 8)


def test_shrink_leaves_a_table_for_questions_without_sql() -> None:
    refused = Example(EXAMPLE.pair, EXAMPLE.request, ("unanswerable",), True)
    made = [augment.shrink(refused, random.Random(seed), 5) for seed in range(20)]
    assert all(m.request.schema.tables for m in made)


def test_without_column_takes_a_needed_column_and_its_links() -> None:
    made = augment.without_column(EXAMPLE, random.Random(0))
    assert made is not None
    assert made.symbols == ("unanswerable",)
    customer = made.request.schema.table("customer")
    assert customer is not None
    assert customer.column("city") is None
    assert made.request.links == Links()


def test_short_names_change_words_but_not_symbols() -> None:
    made = augment.shorten_names(EXAMPLE, random.Random(1))
    assert made.symbols == EXAMPLE.symbols
    assert [t.name for t in made.request.schema.tables] == [t.name for t in SCHEMA.tables]
    words = {c.nl_name for t in made.request.schema.tables for c in t.columns}
    assert len(words & {c.name for t in SCHEMA.tables for c in t.columns}) < 4
    assert {m.kind for m in made.request.links.names} == {"partial"}


def test_hurried_typing_keeps_offsets() -> None:
    made = {
        augment.type_casually(EXAMPLE, random.Random(seed)).request.question for seed in range(9)
    }
    assert made <= {"city oslo", "City Oslo"}
    assert "city oslo" in made


def test_refusals_have_no_sql() -> None:
    made = [augment.refusal(EXAMPLE, random.Random(seed)) for seed in range(20)]
    assert {m.symbols for m in made} == {("unanswerable",)}
    assert len({m.request.question for m in made}) > 5


def test_stream_follows_the_weights() -> None:
    sets = {"a": [EXAMPLE], "b": [augment.refusal(EXAMPLE, random.Random(0))], "c": []}
    examples = stream(sets, {"a": 3.0, "b": 1.0, "c": 5.0}, random.Random(0))
    taken = [next(examples) for _ in range(400)]
    assert 250 < sum(t is EXAMPLE for t in taken) < 350
