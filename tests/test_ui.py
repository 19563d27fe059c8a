"""The pure parts of the pages: escaping, suggestions, chart descriptions."""

import re

import pytest

from t2s.ui import charts, suggestions
from t2s.ui.markup import count, escape, shorten
from t2s.values import ChartSpec, Column, ForeignKey, Schema, Table


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "*a* _b_ `c` ~~d~~ # e",
        "[a](http://b.c) www.example.org me@example.org",
        ":red[x] :material/home: :smile: $x^2$",
        "1. first - second + third",
        "line\nbreak\ttab",
        "back\\slash \\* &amp; \"quoted\" 'single'",
    ],
)
def test_escape_leaves_no_markup_and_keeps_every_character(text):
    escaped = escape(text)
    assert not re.search(r"(?<!\\)(\\\\)*[<>*_`\[\]()#$~&]", escaped.replace("\u2060", ""))
    assert not re.search(r":(?=[a-z/])|@\w|www\.", escaped.replace("\\", ""))
    read = re.sub(r"\\(.)", r"\1", escaped).replace("\u2060", "")
    assert read == " ".join(text.split())


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab cd", 4, "ab…"), ("", 3, "")],
)
def test_shorten(text, limit, expected):
    assert shorten(text, limit) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 rows"), (1, "1 row"), (2000, "2,000 rows")]
)
def test_count(number, expected):
    assert count(number, "row") == expected


def test_suggestions_name_tables_and_measures_but_not_keys():
    schema = Schema(
        (
            Table(
                "OrderLine",
                (
                    Column("OrderId", "number"),
                    Column("Region", "number"),
                    Column("UnitPrice", "number"),
                    Column("Status"),
                ),
                row_count=9,
            ),
        ),
        (ForeignKey("OrderLine", "Region", "Area", "Id"),),
    )
    assert suggestions.suggest(schema) == (
        "How many rows are in order line?",
        "What is the average unit price in order line?",
        "What are the different values of status in order line?",
    )


@pytest.mark.parametrize(
    "tables",
    [(), (Table("t", ()),), (Table("🙂", (Column("🙂"),)),)],
    ids=["none", "bare", "emoji"],
)
def test_suggestions_of_a_schema_without_words_are_none(tables):
    assert suggestions.suggest(Schema(tables)) == ()


@pytest.mark.parametrize(
    ("kind", "mark", "horizontal"),
    [
        ("bar", "bar", "nominal"),
        ("barh", "bar", "quantitative"),
        ("line", "line", "ordinal"),
        ("scatter", "point", "quantitative"),
        ("histogram", "bar", "quantitative"),
    ],
)
def test_chart_descriptions(kind, mark, horizontal):
    spec = charts.build_spec(ChartSpec(kind, 0, 1), {"x": "a.b", "y": "c[0]"}, 5)
    assert (spec["mark"]["type"], spec["encoding"]["x"]["type"]) == (mark, horizontal)
