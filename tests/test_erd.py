"""The diagram of a schema, read back from its DOT text."""

import re
import xml.etree.ElementTree as ET

import pytest

from t2s import erd
from t2s.values import Column, ForeignKey, Schema, Table


def table(name, *columns, **more):
    keys = [
        Column(
            c.strip("*"), "number" if c.startswith("*") else "text", primary_key=c.startswith("*")
        )
        for c in columns
    ]
    return Table(name, tuple(keys), **more)


SHOP = Schema(
    (
        table("customers", "*id", "name", "city"),
        table("orders", "*id", "customer_id", "day"),
        table("notes", "text", "order_no"),
    ),
    (
        ForeignKey("orders", "customer_id", "customers", "id"),
        ForeignKey("notes", "order_no", "orders", "id", inferred=True),
    ),
)
HOSTILE = (
    'a"b',
    "a\\",
    "\\N\\G",
    "<b>x</b>",
    "a>b<c",
    "&amp;",
    "]; t0 -> t0",
    "x\ny\t z",
    "\x00\x1b",
    "\ud800",
    "\u202eabc",
    "\ufffe",
    "{a|b}",
    "Ünïcødé 漢字",
)


def many(count, columns=4, keys=True):
    tables = tuple(table(f"t{n}", "*id", *(f"c{i}" for i in range(columns))) for n in range(count))
    links = tuple(ForeignKey(f"t{n}", "c0", f"t{n // 3}", "id") for n in range(1, count))
    return Schema(tables, links if keys else ())


def read_boxes(dot):
    """Return the rows of text of each table; every label must be well-formed."""
    labels = re.findall(r"^t\d+ \[label=<(.*)>\]$", dot, re.MULTILINE)
    return [
        [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(label).iter("TR")]
        for label in labels
    ]


def read_edges(dot):
    return [line for line in dot.splitlines() if " -> " in line and "invis" not in line]


def test_tables_have_their_columns_and_keys():
    diagram = erd.build_diagram(SHOP)
    assert read_boxes(diagram.dot) == [
        [["customers"], ["id", "key"], ["name", "text"], ["city", "text"]],
        [["orders"], ["id", "key"], ["customer_id", "→ customers"], ["day", "text"]],
        [["notes"], ["text", "text"], ["order_no", "→ orders"]],
    ]
    assert (diagram.drawn, diagram.left_out, diagram.keys_only) == (3, 0, False)


def test_guessed_keys_are_dashed_and_named_so():
    diagram = erd.build_diagram(SHOP)
    assert read_edges(diagram.dot) == [
        "t1:o1:e -> t0:c0:w",
        't2:o1:e -> t1:c0:w [style=dashed label="guessed"]',
    ]
    assert diagram.guessed
    assert not erd.build_diagram(Schema(SHOP.tables, SHOP.foreign_keys[:1])).guessed


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tables_of_the_last_answer_are_starred_and_framed(theme):
    diagram = erd.build_diagram(SHOP, marked={"orders"}, theme=theme)
    assert [box[0] for box in read_boxes(diagram.dot)] == [["customers"], ["★ orders"], ["notes"]]
    assert re.findall(r'BORDER="(\d)" CELLBORDER', diagram.dot) == ["1", "3", "1"]


@pytest.mark.parametrize(
    ("count", "detail", "keys_only"),
    [
        (12, "auto", False),
        (13, "auto", True),
        (30, "auto", True),
        (13, "all", False),
        (3, "keys", True),
    ],
)
def test_columns_are_folded_to_keys(count, detail, keys_only):
    diagram = erd.build_diagram(many(count), detail=detail)
    boxes = read_boxes(diagram.dot)
    assert diagram.keys_only == keys_only
    assert (len(boxes), len(read_edges(diagram.dot))) == (count, count - 1)
    assert boxes[-1][-1] == (["+ 3 more columns"] if keys_only else ["c3", "text"])


@pytest.mark.parametrize(
    ("columns", "detail", "last"),
    [
        (("a",), "keys", "+ 1 column"),
        (("a", "b"), "keys", "+ 2 columns"),
        (("*a", "b"), "keys", "+ 1 more column"),
        (tuple(f"c{n}" for n in range(40)), "all", f"+ {40 - erd.MAX_COLUMNS} more columns"),
    ],
)
def test_what_is_folded_is_counted(columns, detail, last):
    (box,) = read_boxes(erd.build_diagram(Schema((table("t", *columns),)), detail=detail).dot)
    assert box[-1] == [last]


def test_of_very_many_tables_the_marked_and_the_linked_are_drawn():
    schema = many(erd.MAX_TABLES + 20)
    last = schema.tables[-1].name
    diagram = erd.build_diagram(schema, marked={last})
    names = [box[0][0] for box in read_boxes(diagram.dot)]
    assert (diagram.drawn, diagram.left_out, len(names)) == (erd.MAX_TABLES, 20, erd.MAX_TABLES)
    assert {"t0", f"★ {last}"} <= {*names}


def test_tables_without_keys_stand_side_by_side():
    dot = erd.build_diagram(many(12, keys=False)).dot
    assert dot.count("style=invis") == 9  # three rows: 5, 5 and 2
    assert erd.build_diagram(many(2, keys=False)).dot.count("style=invis") == 0


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_names_stay_text(name):
    schema = Schema(
        (Table(name, (Column(name, primary_key=True),)), Table("other", (Column(name),))),
        (ForeignKey("other", name, name, name, inferred=True),),
    )
    diagram = erd.build_diagram(schema, marked={name})
    first, second = read_boxes(diagram.dot)
    shown = first[1][0]
    assert first == [[f"★ {shown}"], [shown, "key"]]
    assert second == [["other"], [shown, f"→ {shown}"]]
    assert read_edges(diagram.dot) == ['t1:o0:e -> t0:c0:w [style=dashed label="guessed"]']
    assert not re.search("[\x00-\x09\x0b-\x1f\ud800-\udfff\u202e\ufffe]", diagram.dot)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("a  b\n c", "a b c"),
        ("<&>\"'", "&lt;&amp;&gt;&quot;&#x27;"),
        ("a\\N\\", "a\\\\N\\\\"),
        ("", "(no name)"),
        (" \n", "(no name)"),
        ("\x00", "␀"),
        ("x" * 29, "x" * 27 + "…"),
        ("<" * 29, "&lt;" * 27 + "…"),
        ("\u202e", "[U+202E]"),
        ("\ufffe", "\ufffd"),
    ],
)
def test_escape_label(text, expected):
    assert erd.escape_label(text) == expected


def test_views_are_named_so():
    (box,) = read_boxes(erd.build_diagram(Schema((table("v", "a", is_view=True),))).dot)
    assert box[0] == ["v (view)"]


def test_a_schema_without_tables_is_drawn_empty():
    diagram = erd.build_diagram(Schema(()))
    assert (diagram.drawn, read_boxes(diagram.dot)) == (0, [])


@pytest.mark.parametrize(
    ("center", "names", "keys"),
    [
        ("customers", ["customers", "orders"], 1),
        ("orders", ["customers", "orders", "notes"], 2),
        ("notes", ["orders", "notes"], 1),
    ],
)
def test_the_part_around_a_table(center, names, keys):
    part = erd.pick_around(SHOP, center)
    assert ([t.name for t in part.tables], len(part.foreign_keys)) == (names, keys)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT * FROM orders", {"orders"}),
        (
            "SELECT * FROM ORDERS o JOIN customers c ON o.customer_id = c.id",
            {"orders", "customers"},
        ),
        ("SELECT * FROM orders WHERE id IN (SELECT order_no FROM notes)", {"orders", "notes"}),
        ("WITH notes AS (SELECT * FROM orders) SELECT * FROM notes", {"orders"}),
        ("SELECT id FROM orders UNION SELECT id FROM customers", {"orders", "customers"}),
        ("SELECT * FROM elsewhere", set()),
        ("SELECT 1", set()),
        ("SELECT FROM WHERE (", set()),
        ("", set()),
    ],
)
def test_tables_that_a_statement_reads(sql, expected):
    assert erd.find_tables(sql, SHOP) == expected


def test_keys_in_words():
    assert erd.describe_keys(SHOP) == (
        "orders points to customers: its customer_id holds the id of a row of customers.",
        "notes points to orders: its order_no holds the id of a row of orders "
        "(guessed from names and values).",
    )
