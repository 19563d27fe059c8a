"""The input layout and the spelling of literals, with a tokenizer trained in the test."""

from __future__ import annotations

import random

import pytest

from t2s import encoding
from t2s.encoding import KEYWORD_IDS, POINTER_OFFSET, SpellingError, read, spell
from t2s.ir import ColumnSymbol, NumberSymbol, TableSymbol, TextSymbol
from t2s.values import (
    Column,
    ForeignKey,
    Links,
    NameMatch,
    Request,
    Schema,
    Table,
    ValueMatch,
)
from t2s.words import name_words
from tests.tiny import tiny_tokenizer

SCHEMA = Schema(
    (
        Table(
            "customer",
            (Column("id", "number", primary_key=True), Column("city"), Column("joined", "date")),
        ),
        Table("orders", (Column("customer_id", "number"), Column("total", "number"))),
    ),
    (ForeignKey("orders", "customer_id", "customer", "id"),),
)
CITY = ColumnSymbol("customer", "city")
QUESTION = "orders over 1,500 from tacoma since 2023 or like 'glove'"
VALUES = (
    ValueMatch("Tacoma", False, "cell", "customer", "city", 23, 29, 1.0),
    ValueMatch("Oslo", False, "category", "customer", "city"),
    ValueMatch("1500", True, "number", None, None, 12, 17, 1.0),
    ValueMatch("2023-01-01", False, "date", None, None, 36, 40, 1.0),
)
LINKS = Links((NameMatch(0, 6, "orders", None, "exact"),), VALUES)


@pytest.fixture(scope="module")
def encoder() -> encoding.InputEncoder:
    return encoding.InputEncoder(tiny_tokenizer())


@pytest.fixture(scope="module")
def inputs(encoder: encoding.InputEncoder) -> encoding.Inputs:
    return encoder.encode(Request(QUESTION, SCHEMA, LINKS, ("earlier one about 77",)))


NAMES = [
    ("CustomerID", "customer id"),
    ("customer_id", "customer id"),
    ("orderHTTPCode", "order http code"),
    ("Session #", "session #"),
    ("Sex (M/F/X)", "sex m f x"),
    ("q3_2024", "q 3 2024"),
    ("Größe", "größe"),
    ("顧客", "顧客"),
    ("...", "..."),
]


@pytest.mark.parametrize(("name", "words"), NAMES)
def test_name_words(name: str, words: str) -> None:
    assert name_words(name) == words


def test_every_marker_says_what_it_stands_for(inputs: encoding.Inputs) -> None:
    assert len(inputs.input_ids) == len(inputs.type_ids)
    assert set(inputs.tables.values()) == {TableSymbol("customer"), TableSymbol("orders")}
    assert len(inputs.columns) == 5
    assert {inputs.input_ids[p] for p in inputs.tables} == {encoding.TABLE_ID}
    assert {inputs.input_ids[p] for p in inputs.columns} == {encoding.COLUMN_ID}
    assert {v.text for v in inputs.values.values()} == {v.text for v in VALUES}


def test_token_types_carry_links(inputs: encoding.Inputs) -> None:
    by_table = {s.table: inputs.type_ids[p] for p, s in inputs.tables.items()}
    assert by_table == {"orders": encoding.TYPE_TABLE + 2, "customer": encoding.TYPE_TABLE}
    city = next(p for p, s in inputs.columns.items() if s == CITY)
    assert inputs.type_ids[city] == encoding.TYPE_COLUMN + 3
    first_word = next(p for p, piece in inputs.pieces.items() if piece.source == 0)
    assert inputs.type_ids[first_word] == encoding.TYPE_WORD + 4


SPELLED = [
    (TextSymbol("Tacoma"), 1),  # a cell of the column: one pointer
    (TextSymbol("2023-01-01"), 1),  # a literal that no column owns
    (TextSymbol("tacoma"), 4),  # quote, first and last piece, quote
    (TextSymbol("%glove%"), 6),
    (TextSymbol("2023-"), 5),
    (TextSymbol(""), 2),
    (NumberSymbol("1500"), 1),
    (NumberSymbol("2023"), 2),
    (NumberSymbol("42"), 2),  # not in the question: digits
    (NumberSymbol("0.5"), 3),
    (NumberSymbol("77"), 2),  # from the earlier question
]


@pytest.mark.parametrize(("literal", "length"), SPELLED)
def test_literals_are_spelled_and_read_back(
    inputs: encoding.Inputs, literal: TextSymbol | NumberSymbol, length: int
) -> None:
    symbols = ("where", CITY, "=", literal)
    ids = spell(symbols, inputs)
    assert ids is not None
    assert len(ids) == 3 + length
    assert read(ids, inputs) == symbols


UNREACHABLE = [TextSymbol("Berlin"), TextSymbol("TACOMA"), TextSymbol("x" * 90)]


@pytest.mark.parametrize("literal", UNREACHABLE)
def test_values_are_not_invented(inputs: encoding.Inputs, literal: TextSymbol) -> None:
    assert spell(("where", CITY, "=", literal), inputs) is None


def test_patterns_ignore_letter_case(inputs: encoding.Inputs) -> None:
    ids = spell((CITY, "like", TextSymbol("%Glove%")), inputs)
    assert ids is not None
    assert read(ids, inputs)[-1] == TextSymbol("%glove%")


def test_a_span_does_not_cut_numbers(inputs: encoding.Inputs) -> None:
    ids = spell((NumberSymbol("202"),), inputs)
    assert ids == tuple(KEYWORD_IDS[d] for d in "202")


def _piece(inputs: encoding.Inputs, word: str) -> int:
    found = next(
        p for p, piece in inputs.pieces.items() if QUESTION[piece.start : piece.end] == word
    )
    return POINTER_OFFSET + found


def test_broken_spellings_are_refused(inputs: encoding.Inputs) -> None:
    word, later = _piece(inputs, "orders"), _piece(inputs, "over")
    quote = KEYWORD_IDS["'"]
    for ids in (
        [quote, word, word],  # not closed
        [word, word],  # a word is no number
        [quote, later, word, quote],  # backwards
        [quote, KEYWORD_IDS["from"], quote],
        [KEYWORD_IDS["1"], KEYWORD_IDS["."]],
        [POINTER_OFFSET],  # [CLS]
    ):
        with pytest.raises(SpellingError):
            read(ids, inputs)


def test_a_large_schema_keeps_the_parts_that_matter(encoder: encoding.InputEncoder) -> None:
    wide = tuple(Column(f"filler column {n}") for n in range(60))
    tables = tuple(Table(f"table {n}", wide) for n in range(30))
    schema = Schema((*tables, *SCHEMA.tables), SCHEMA.foreign_keys)
    made = encoder.encode(Request(QUESTION, schema, LINKS))
    assert len(made.input_ids) <= encoding.MAX_POSITIONS
    assert TableSymbol("orders") in made.tables.values()
    assert CITY in made.columns.values()
    assert "table 29" in made.omitted_tables


def test_shuffling_changes_order_only(encoder: encoding.InputEncoder) -> None:
    request = Request(QUESTION, SCHEMA, LINKS)
    plain = encoder.encode(request)
    orders = {
        tuple(encoder.encode(request, shuffle=random.Random(seed)).columns.values())
        for seed in range(6)
    }
    assert len(orders) > 1
    assert all(set(order) == set(plain.columns.values()) for order in orders)


COLUMN_TYPES = [
    (Column("c"), encoding.TYPE_COLUMN, encoding.TYPE_COLUMN_NAME),
    (Column("c", holds_nulls=True), encoding.TYPE_COLUMN, encoding.TYPE_NULLABLE_NAME),
    (Column("c", "number"), encoding.TYPE_COLUMN + 4, encoding.TYPE_COLUMN_NAME),
    (
        Column("c", "number", primary_key=True, holds_nulls=True),
        encoding.TYPE_COLUMN + 4,
        encoding.TYPE_PRIMARY_NAME,
    ),
    (Column("c", "boolean"), encoding.TYPE_COLUMN_MORE, encoding.TYPE_COLUMN_NAME),
    (Column("c", "date"), encoding.TYPE_COLUMN + 8, encoding.TYPE_COLUMN_NAME),
    (
        Column("c", "date", date_format="%Y-%m-%d %H:%M:%S"),
        encoding.TYPE_COLUMN + 8,
        encoding.TYPE_COLUMN_NAME,
    ),
    (
        Column("c", "date", date_format="%d/%m/%Y"),
        encoding.TYPE_COLUMN_MORE + 4,
        encoding.TYPE_COLUMN_NAME,
    ),
    (
        Column("c", "date", date_format="%m/%d/%Y"),
        encoding.TYPE_COLUMN_MORE + 8,
        encoding.TYPE_COLUMN_NAME,
    ),
    (
        Column("c", "date", date_format="%b %d, %Y"),
        encoding.TYPE_COLUMN_MORE + 12,
        encoding.TYPE_COLUMN_NAME,
    ),
]


@pytest.mark.parametrize(("column", "marker", "name"), COLUMN_TYPES)
def test_types_tell_what_a_column_holds(
    encoder: encoding.InputEncoder, column: Column, marker: int, name: int
) -> None:
    laid = encoder.encode(Request("all", Schema((Table("t", (column,)),)), Links((), ())))
    (at,) = laid.columns
    assert laid.type_ids[at : at + 2] == (marker, name)
    assert max(laid.type_ids) < encoding.TYPE_COUNT
