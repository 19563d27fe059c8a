import pytest
import sqlglot

from t2s import present, present_compare
from t2s.present_charts import order_labels
from t2s.values import ChartSpec, QueryResult


def result(columns, rows, *, truncated=False):
    return QueryResult("SELECT 1", tuple(columns), tuple(tuple(r) for r in rows), truncated)


HEADLINES = [
    (["count(*)"], [[1234567]], "1,234,567"),
    (["count(*)"], [[0]], "0"),
    (["x"], [[-1234]], "-1,234"),
    (["sum(price)"], [[1234.5]], "1,234.50"),
    (["avg(age)"], [[37.0]], "37"),
    (["share"], [[0.123456]], "0.123"),
    (["share"], [[-0.5]], "-0.5"),
    (["x"], [[0.0]], "0"),
    (["x"], [[1e300]], "1e+300"),
    (["x"], [[float("inf")]], "inf"),
    (["x"], [[2**63 - 1]], "9,223,372,036,854,775,807"),
    (["max(year)"], [[2014]], "2014"),
    (["ReleaseYear"], [[2014]], "2014"),
    (["count(year)"], [[2014]], "2,014"),
    (["customer_id"], [[10234]], "10234"),
    (["count(customer_id)"], [[10234]], "10,234"),
    (["yearly"], [[2014]], "2,014"),  # a part of a word is not the word
    (["name"], [["Ada Lovelace"]], "Ada Lovelace"),
    (["name"], [[None]], "No value"),
    (["photo"], [[b"\x00\x01"]], "<2 bytes>"),
    (["photo"], [[b"\x00"]], "<1 byte>"),
    (["name"], [["a\udcffb"]], "a\ufffdb"),
    (["name"], [["a\u202eb\x00"]], "a[U+202E]b␀"),
    (["x"], [[float("-inf")]], "-inf"),
    (["x"], [[-(2**63)]], "-9,223,372,036,854,775,808"),
    (["name"], [["x" * 81]], None),
    (["name"], [["two\nlines"]], None),
    (["name"], [[" "]], None),
    (["name"], [], None),
    (["name"], [["a"], ["b"]], None),
    (["a", "b"], [[1, 2]], None),
]


@pytest.mark.parametrize(("columns", "rows", "expected"), HEADLINES)
def test_headline(columns, rows, expected):
    assert present.headline(result(columns, rows)) == expected


SUMMARIES = [
    (0, False, "no rows"),
    (1, False, "1 row"),
    (12, False, "12 rows"),
    (1000, True, "first 1,000 rows"),
]


@pytest.mark.parametrize(("count", "truncated", "expected"), SUMMARIES)
def test_summary(count, truncated, expected):
    assert present.summary(result(["a"], [[1]] * count, truncated=truncated)) == expected


HEADERS = [
    (("a", "b"), ("a", "b")),
    (("name", "name", "name"), ("name", "name (2)", "name (3)")),
    (("name", "name (2)", "name"), ("name", "name (2)", "name (3)")),
    (("", " "), ("column 1", "column 2")),
    (("<b>x</b>",), ("<b>x</b>",)),
    (("a\udcff",), ("a\ufffd",)),
    (("Name", "name"), ("Name", "name")),
    (("a\u200b", "a", "\u200b"), ("a[U+200B]", "a", "[U+200B]")),
    (("\u202ename",), ("[U+202E]name",)),
    (("two\nlines",), ("two\nlines",)),
    (("=a",), ("=a",)),
]


@pytest.mark.parametrize(("columns", "expected"), HEADERS)
def test_headers_are_distinct(columns, expected):
    assert present.name_headers(columns) == expected


SHOWN = [
    ("plain", "plain"),
    ("", ""),
    ("two\nlines\tand a tab\r\n", "two\nlines\tand a tab\r\n"),
    ("<b>*x*</b> =1+1", "<b>*x*</b> =1+1"),
    ("a\x00b\x1b[31mc\x7f", "a␀b␛[31mc␡"),
    ("a\rb", "a␍b"),
    ("\x85\x9b", "[U+0085][U+009B]"),
    ("exe\u202egpj", "exe[U+202E]gpj"),
    ("\u2066a\u2069\u200e\u061c", "[U+2066]a[U+2069][U+200E][U+061C]"),
    ("O\u200bslo\ufeff\u00ad\u2060", "O[U+200B]slo[U+FEFF][U+00AD][U+2060]"),
    ("a\u200db\u200c", "a[U+200D]b[U+200C]"),
    ("\u3164\uffa0", "[U+3164][U+FFA0]"),
    ("a\u2028b", "a[U+2028]b"),
    ("a\U000e0041\U000e007f", "a[U+E0041][U+E007F]"),
    ("\ud800x\udcff", "\ufffdx\ufffd"),
    ("naïve 日本 עברית العربية", "naïve 日本 עברית العربية"),
    ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),  # Persian needs the joiner
    (
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f",
    ),
    ("\U0001f3f4\U000e0067\U000e007f", "\U0001f3f4\U000e0067\U000e007f"),  # a flag
    ("x" * 10_000, "x" * 10_000),
]


@pytest.mark.parametrize(("text", "expected"), SHOWN)
def test_what_cannot_be_seen_is_marked(text, expected):
    shown = present.to_frame(result(["a"], [[text]])).iloc[0, 0]
    assert shown.encode().decode() == expected


FRAMED = [
    (2**53 - 1, 2**53 - 1),
    (2**53, str(2**53)),
    (-(2**53), str(-(2**53))),
    (2**63 - 1, "9223372036854775807"),
    (2**70, str(2**70)),
    (float("inf"), "inf"),
    (float("-inf"), "-inf"),
    (float("nan"), "nan"),
    (-0.0, 0.0),
    (1e-300, 1e-300),
    (None, None),
    (b"", "<0 bytes>"),
    (b"\xff" * 1000, "<1,000 bytes>"),
    (True, True),
]


@pytest.mark.parametrize(("cell", "expected"), FRAMED)
def test_framed_cells(cell, expected):
    shown = present.to_frame(result(["a"], [[cell]])).iloc[0, 0]
    assert (shown, type(shown)) == (expected, type(expected))


def test_frame_keeps_cells_exact():
    frame = present.to_frame(
        result(["n", "n", "t"], [[1, b"ab", "x\udcff"], [None, 2**60, "é"], [2**53 - 1, 0.5, None]])
    )
    assert list(frame.columns) == ["n", "n (2)", "t"]
    assert frame.to_numpy().tolist() == [
        [1, "<2 bytes>", "x\ufffd"],
        [None, str(2**60), "é"],
        [2**53 - 1, 0.5, None],
    ]
    assert {type(cell) for cell in frame["n"]} == {int, type(None)}


def test_frame_of_no_rows_keeps_its_headers():
    frame = present.to_frame(result(["a", "b"], []))
    assert (list(frame.columns), len(frame)) == (["a", "b"], 0)


MONTHS = [[f"2024-{month:02}", month * 10] for month in range(1, 7)]
CHARTS = [
    (["n"], [[5]], ChartSpec("number", 0, 0, "n")),
    (["customer_id"], [[5]], None),
    (["n"], [["x"]], None),
    (["n"], [[None]], None),
    (["n"], [], None),
    (["age"], [[i % 7] for i in range(20)], ChartSpec("histogram", 0, 0, "age")),
    (["age"], [[i] for i in range(19)], None),
    (["age"], [[1] for _ in range(30)], None),
    (["order_id"], [[i] for i in range(30)], None),
    (["city", "n"], [["Rome", 2], ["Oslo", 3]], ChartSpec("bar", 0, 1, "n by city")),
    (["n", "city"], [[2, "Rome"], [3, "Oslo"]], ChartSpec("bar", 1, 0, "n by city")),
    (["city", "n"], [["Rome", 2]], None),
    (["city", "n"], [["Rome", 2], ["Rome", 3]], None),  # a repeated label would stack
    (["city", "n"], [["Rome", 2], [None, 3]], None),
    (["city", "n"], [["Rome", 2], ["Oslo", None]], None),
    (["city", "n"], [["Rome", 2], ["Oslo", float("inf")]], None),
    (["city", "n"], [["Rome", 2], ["Oslo", "3"]], None),
    (
        ["city", "n"],
        [["Llanfairpwllgwyngyll", 2], ["Oslo", 3]],
        ChartSpec("barh", 0, 1, "n by city"),
    ),
    (["city", "n"], [[f"c{i}", i] for i in range(13)], ChartSpec("barh", 0, 1, "n by city")),
    (["city", "n"], [[f"c{i}", i] for i in range(31)], None),
    (["city", "zip"], [["Rome", 2], ["Oslo", 3]], None),
    (["id", "n"], [[1, 2], [2, 3]], None),
    (["month", "n"], MONTHS, ChartSpec("line", 0, 1, "n by month")),
    (["n", "month"], [[b, a] for a, b in MONTHS], ChartSpec("line", 1, 0, "n by month")),
    (["month", "n"], MONTHS[:2], ChartSpec("bar", 0, 1, "n by month")),
    (
        ["day", "n"],
        [["2024-01-01", 1], ["2024-01-02", 2], ["2024-01-03 10:00", 3]],
        ChartSpec("line", 0, 1, "n by day"),
    ),
    (["year", "n"], [[2000 + i, i] for i in range(5)], ChartSpec("line", 0, 1, "n by year")),
    (["y", "n"], [["2001", 1], ["2002", 2], ["2003", 2]], ChartSpec("line", 0, 1, "n by y")),
    (
        ["total_year", "n"],
        [[2000 + i, i] for i in range(5)],
        ChartSpec("scatter", 0, 1, "n against total_year"),
    ),
    (
        ["height", "weight"],
        [[i, i * 2] for i in range(5)],
        ChartSpec("scatter", 0, 1, "weight against height"),
    ),
    (["height", "weight"], [[i, i * 2] for i in range(4)], None),
    (["height", "weight"], [[1, i] for i in range(9)], None),
    (["a", "b", "c"], [["x", 1, 2], ["y", 3, 4]], None),
    (["a", "b"], [["x", "y"], ["z", "w"]], None),
    (["a", "b"], [["x", b"y"], ["z", b"w"]], None),
    (["a", "a"], [["x", 1], ["y", 2]], ChartSpec("bar", 0, 1, "a (2) by a")),
    (  # one line a label
        ["month", "city", "n"],
        [[f"2024-{m:02}", city, m] for m in (1, 2, 3) for city in ("Rome", "Oslo")],
        ChartSpec("line", 0, 2, "n by month and city", 1),
    ),
    (  # the label with more values stands below the bars
        ["city", "kind", "n"],
        [[city, kind, 1] for city in ("Rome", "Oslo", "Bonn") for kind in ("a", "b")],
        ChartSpec("bar", 0, 2, "n by city and kind", 1),
    ),
    (
        ["kind", "city", "n"],
        [[kind, city, 1] for city in ("Rome", "Oslo", "Bonn") for kind in ("a", "b")],
        ChartSpec("bar", 1, 2, "n by city and kind", 0),
    ),
    (  # a pair that comes twice would stack
        ["month", "city", "n"],
        [["2024-01", "Rome", 1], ["2024-01", "Rome", 2], ["2024-02", "Oslo", 2]],
        None,
    ),
    (  # more series than colours
        ["month", "city", "n"],
        [[f"2024-{m:02}", f"c{c}", m] for m in (1, 2, 3) for c in range(9)],
        None,
    ),
    (
        ["name", "lat", "lon"],
        [["Oslo", 59.9, 10.7], ["Rome", 41.9, 12.5]],
        ChartSpec("map", 2, 1, "lat against lon", 0),
    ),
    (
        ["Latitude", "Longitude"],
        [[59.9, 10.7], [41.9, 12.5]],
        ChartSpec("map", 1, 0, "Latitude against Longitude"),
    ),
    (["lat", "lon"], [[590.9, 10.7], [41.9, 12.5]], None),  # no latitude goes beyond 90
    (["year", "month"], [[2000, "2000-01"], [2001, "2001-01"], [2002, "2002-01"]], None),
]


@pytest.mark.parametrize(("columns", "rows", "expected"), CHARTS)
def test_choose_chart(columns, rows, expected):
    assert present.choose_chart(result(columns, rows)) == expected


def test_a_cut_result_has_no_chart():
    assert present.choose_chart(result(["city", "n"], [["a", 1], ["b", 2]], truncated=True)) is None


FITTING = [
    (["city", "n"], [["Rome", 2], ["Oslo", 3]], ["bar", "barh"]),
    (["city", "n"], [[f"c{i}", i] for i in range(13)], ["barh"]),
    (["month", "n"], MONTHS, ["line", "bar", "barh"]),
    (["month", "n"], MONTHS[:2], ["bar", "barh", "line"]),
    (["day", "n"], [[f"2024-01-{d:02}", d] for d in range(1, 29)], ["line", "bar"]),
    (
        ["month", "city", "n"],
        [[f"2024-{m:02}", city, m] for m in (1, 2, 3) for city in ("Rome", "Oslo")],
        ["line", "bar", "stacked"],
    ),
    (
        ["city", "kind", "n"],
        [[city, kind, -1] for city in ("Rome", "Oslo") for kind in ("a", "b")],
        ["bar"],  # what is below zero does not stack
    ),
    (["a", "b"], [["x", "y"], ["z", "w"]], []),
]


@pytest.mark.parametrize(("columns", "rows", "expected"), FITTING)
def test_charts_that_fit(columns, rows, expected):
    assert [spec.kind for spec in present.list_charts(result(columns, rows))] == expected


ORDERS = [
    ("SELECT 1", ["b", "a", "c"], [1, 3, 2], ["a", "c", "b"]),  # the greatest first
    ("SELECT 1 ORDER BY 2", ["b", "a", "c"], [1, 3, 2], ["b", "a", "c"]),
    ("SELECT 1", ["2024-02", "2024-01"], [1, 2], ["2024-01", "2024-02"]),
    ("SELECT 1", [2021, 2020], [1, 2], [2020, 2021]),
    ("SELECT 1", ["Wed", "Mon", "Sun"], [1, 2, 3], ["Mon", "Wed", "Sun"]),
    ("SELECT 1 ORDER BY 2", ["March", "January"], [1, 2], ["January", "March"]),
    ("SELECT 1", ["High", "Low", "Medium"], [1, 2, 3], ["Low", "Medium", "High"]),
    ("SELECT 1", ["30-39", "18-29", "40+"], [1, 2, 3], ["18-29", "30-39", "40+"]),
    ("SELECT 1", ["b", None, "b", "a"], [1, 2, 3, 9], ["a", "b", None]),
]


@pytest.mark.parametrize(("sql", "labels", "values", "expected"), ORDERS)
def test_order_of_labels(sql, labels, values, expected):
    rows = tuple(zip(labels, values, strict=True))
    spec = ChartSpec("bar", 0, 1)
    assert list(order_labels(QueryResult(sql, ("x", "n"), rows), spec)) == expected


CONFIDENCES = [
    (1.0, "Quite sure"),
    (0.85, "Quite sure"),
    (0.84, "Likely"),
    (0.6, "Likely"),
    (0.5, "Unsure: check this reading"),
    (0.35, "Unsure: check this reading"),
    (0.1, "A guess: check this reading, or ask in other words"),
    (0.0, "A guess: check this reading, or ask in other words"),
]


@pytest.mark.parametrize(("confidence", "expected"), CONFIDENCES)
def test_confidence_in_words(confidence, expected):
    assert present.say_confidence(confidence) == expected


A, B, C = (1, "a"), (2, "b"), (3, "c")
COMPARED = [
    ([A, B], [A, B], "The same rows as first."),
    ([], [], "The same rows as first."),
    ([A, B], [B, A], "The same rows as first, in another order."),
    ([A], [A, B, C], "2 rows more than first."),
    ([A, B], [A], "1 row fewer than first."),
    ([A, B], [A, C], "As many rows as first, 1 of them different."),
    ([A, B], [A, C, C], "2 rows new and 1 row gone; 3 rows instead of 2."),
    ([A], [B, C], "None of the first rows; 2 rows instead of 1."),
    ([A], [B], "None of the first rows; 1 row, as before."),
    ([(59,)], [(1057.5,)], "1,057.50 instead of 59."),
    ([("x",)], [(None,)], "No value instead of x."),
    ([(1,)], [(1.0,)], "The same rows as first."),
    ([(1,)], [A], "Other columns than first: 2 instead of 1; 1 row, as before."),
    ([(1,), (2,)], [A], "Other columns than first: 2 instead of 1; 1 row instead of 2."),
]


@pytest.mark.parametrize(("first", "now", "expected"), COMPARED)
def test_compare(first, now, expected):
    columns = [["a", "b"][: len(rows[0])] if rows else ["a", "b"] for rows in (first, now)]
    results = [result(names, rows) for names, rows in zip(columns, (first, now), strict=True)]
    assert present_compare.compare(*results) == expected


def test_compare_says_what_was_not_read():
    cut = result(["a", "b"], [A, B], truncated=True)
    assert "as far as both were read" in present_compare.compare(cut, cut)
    assert "not all" in present_compare.compare(cut, result(["a", "b"], [A]))


FORMATTED = [
    ("select 1", "select 1"),
    ("SELECT a, b FROM t WHERE x = 'from y'", "SELECT a,\n       b\nFROM t\nWHERE x = 'from y'"),
    ("", ""),
    ("SELEC (", "SELEC ("),
]


@pytest.mark.parametrize(("sql", "expected"), FORMATTED)
def test_format_sql(sql, expected):
    assert present.format_sql(sql) == expected


MEANINGS = [
    "SELECT name FROM t WHERE note = 'two\n  lines   and  spaces' ORDER BY 1",
    "SELECT T1.a FROM t AS T1 JOIN u AS T2 ON T1.id = T2.id WHERE T1.b NOT IN (SELECT c FROM v)",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END, count(*) FROM \"odd name\" GROUP BY 1 HAVING count(*) > 2",
    "WITH r AS (SELECT 1 AS n) SELECT n FROM r UNION SELECT 2 ORDER BY n LIMIT 3",
]


@pytest.mark.parametrize("sql", MEANINGS)
def test_formatting_changes_no_token(sql):
    before = [token.text for token in sqlglot.tokenize(sql, read="sqlite")]
    assert [
        token.text for token in sqlglot.tokenize(present.format_sql(sql), read="sqlite")
    ] == before


def test_a_huge_statement_is_left_as_it_is():
    sql = "SELECT " + "1 + " * 10_000 + "1"
    assert present.format_sql(sql) == sql


def test_a_deep_statement_is_formatted_or_left():
    sql = "SELECT " + "(" * 3000 + "1" + ")" * 3000
    assert "".join(present.format_sql(sql).split()) == "".join(sql.split())
