"""Search over names and cell values."""

import pytest

from t2s.search import MAX_HITS, Hit, find
from t2s.value_index import IndexedColumn, ValueIndex, empty_index
from t2s.values import Column, Schema, Table

SCHEMA = Schema(
    (
        Table("Customer", (Column("CustomerID"), Column("home_city"), Column("name"))),
        Table("order_items", (Column("customer"), Column("unit price"))),
    )
)
INDEX = ValueIndex(
    columns=(
        IndexedColumn("Customer", "home_city", (), unique=False, size=5),
        IndexedColumn("Customer", "name", (), unique=True, size=3),
    ),
    texts=(
        (0, "Oslo"),
        (0, "São Paulo"),
        (0, "New York"),
        (0, "<b>x</b>"),
        (1, "O'Brien, Ann"),
        (1, "Oslo Trading"),
        (1, "Ann York"),
        (1, "Customer service"),
    ),
)


def short(hit):
    return ".".join(part for part in (hit.table, hit.column, hit.value) if part)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("oslo", ["Customer.home_city.Oslo", "Customer.name.Oslo Trading"]),
        ("OSLO tr", ["Customer.name.Oslo Trading"]),
        ("sao", ["Customer.home_city.São Paulo"]),
        ("york", ["Customer.home_city.New York", "Customer.name.Ann York"]),
        ("york ann", ["Customer.name.Ann York"]),
        ("obrien", ["Customer.name.O'Brien, Ann"]),
        ("o'brien", ["Customer.name.O'Brien, Ann"]),
        ("<b>", ["Customer.home_city.<b>x</b>"]),
        ("price", ["order_items.unit price"]),
        ("order items", ["order_items"]),
        ("order_items", ["order_items"]),
        ("customer id", ["Customer.CustomerID"]),
        ("ity", ["Customer.home_city"]),
        (
            "customer",
            [
                "Customer",
                "order_items.customer",
                "Customer.CustomerID",
                "Customer.name.Customer service",
            ],
        ),
        ("zzz", []),
        ("%", []),
        ("", []),
        ("  \t", []),
    ],
)
def test_what_is_found_closest_first(text, expected):
    assert [short(hit) for hit in find(SCHEMA, INDEX, text)] == expected


@pytest.mark.parametrize(("text", "closeness"), [("oslo", 3), ("new", 2), ("paulo", 1), ("aul", 0)])
def test_closeness(text, closeness):
    assert find(SCHEMA, INDEX, text)[0].closeness == closeness


def test_names_are_found_without_an_index():
    assert find(SCHEMA, empty_index(), "home") == (
        Hit("column", "Customer", "home_city", closeness=2),
    )


def test_there_is_an_end():
    index = ValueIndex(INDEX.columns, tuple((0, f"place {n}") for n in range(500)))
    assert len(find(SCHEMA, index, "place")) == MAX_HITS
    assert len(find(SCHEMA, index, "place", limit=3)) == 3
    # Only its first letters are looked for.
    assert len(find(SCHEMA, index, "place " * 10_000)) == MAX_HITS
