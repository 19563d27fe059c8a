"""The pure parts of the pages: escaping, chart descriptions."""

import re

import pytest

from t2s.ui import charts
from t2s.ui.markup import MAX_LABEL_CHARACTERS, count, escape, shorten
from t2s.values import ChartSpec


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
    ("text", "expected"),
    [
        ("a\u202eb\u200b", "a[U+202E]b[U+200B]"),
        ("a\x00\x1b[0m", "a␀␛[0m"),
        ("\udcff", "\ufffd"),
        ("x" * 10_000, "x" * (MAX_LABEL_CHARACTERS - 1) + "…"),
        ("two\n\nlines\u2028", "two lines[U+2028]"),
    ],
)
def test_escape_shows_what_is_hidden_and_ends(text, expected):
    assert re.sub(r"\\(.)", r"\1", escape(text)) == expected


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


SERIES = [
    ("line", {"color", "strokeDash"}),
    ("bar", {"color", "xOffset"}),
    ("stacked", {"color"}),
    ("map", {"tooltip"}),
]


@pytest.mark.parametrize(("kind", "expected"), SERIES)
def test_series_are_told_apart(kind, expected):
    names = {"x": "a", "y": "b", "series": "c"}
    spec = charts.build_spec(ChartSpec(kind, 0, 1, "", 2), names, 5)
    assert set(spec["encoding"]) - {"x", "y"} == expected


def test_labels_keep_the_given_order():
    spec = charts.build_spec(ChartSpec("bar", 0, 1), {"x": "a", "y": "b"}, 2, ["z", "a"])
    assert spec["encoding"]["x"]["sort"] == ["z", "a"]


def test_chart_titles_are_short():
    spec = charts.build_spec(ChartSpec("bar", 0, 1), {"x": "n" * 10_000, "y": "m"}, 5)
    titles = [spec["encoding"][axis]["title"] for axis in ("x", "y")]
    assert [len(title) for title in titles] == [60, 1]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, "(none)"),
        ("<b>x</b>", "<b>x</b>"),
        ("a\u202eb", "a[U+202E]b"),
        ("\udcff", "\ufffd"),
        (2**60, str(2**60)),
        (1.5, "1.5"),
        (b"ab", "<2 bytes>"),
    ],
)
def test_chart_labels(cell, expected):
    assert charts.label_cell(cell) == expected
