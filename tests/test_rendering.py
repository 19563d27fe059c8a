"""Names, cells, SQL and messages from strangers' files, drawn: never markup, never lost, never hidden."""

import re
import sqlite3
from dataclasses import dataclass

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_app import APP, upload

from t2s import backends
from t2s.backends.scripted import ScriptedBackend
from t2s.values import Answer, ChartSpec, Failure, Mark, QueryResult

LONG = "x" * 10_000
NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![p](http://example.org/p.png) [a](javascript:x)",
    "*a* _b_ `c` ~~d~~ # e $x^2$ :red[x] :material/home: :smile:",
    "=1+1",
    "exe\u202egpj",
    "O\u200bslo",
    "nul\x00 esc\x1b[31m",
    "\udcff",
    "two\nlines",
    LONG,
]
# What Markdown would make of them, looked for in every text that is drawn as Markdown.
MARKUP = re.compile(r"(?<!\\)<[a-z]|(?<!\\)\]\(|(?<!\\)[*_`$~]|:(?:red\[|material/|smile)")
HIDDEN = re.compile("[\u202e\u200b\x00\x1b\udcff]")
MARKDOWN_KINDS = ("markdown", "caption", "info", "warning", "error", "title", "header")


def draw(item):
    """Draw one answer alone on a page."""

    def script(given):
        from t2s.ui import answers  # noqa: PLC0415 - AppTest runs the text of this function

        actions = answers.Actions(str, str, str, print, ())
        answers.draw(given, "key", actions)

    page = AppTest.from_function(script, kwargs={"given": item}, default_timeout=60).run()
    assert not page.exception
    return page


def drawn_markdown(page):
    """Every text of a page that Streamlit reads as Markdown."""
    texts = [element.value for kind in MARKDOWN_KINDS for element in page.get(kind)]
    texts += [
        element.label for kind in ("button", "expander", "metric") for element in page.get(kind)
    ]
    texts += [str(metric.value) for metric in page.metric]
    # Our own icons and colours, around escaped text.
    return [re.sub(r":material/\w+:|:gray\[|:small\[|\*\*", "", text) for text in texts]


def make_answer(columns, rows, *, sql="SELECT 1", chart=None, **parts):
    result = QueryResult(sql, tuple(columns), tuple(tuple(row) for row in rows))
    return Answer("q", result, parts.pop("sentence", "Shows it."), 1.0, chart=chart, **parts)


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize("place", ["cell", "name", "only cell", "note", "sentence", "failure"])
def test_text_stays_text(text, place):
    item = {
        "cell": make_answer(["a", "b"], [[text, 1], ["y", 2]]),
        "name": make_answer([text, text], [[1, 2], [3, 4]]),
        "only cell": make_answer([text], [[text]]),
        "note": make_answer(["a"], [[1]], notes=(text,)),
        "sentence": make_answer(["a"], [[1]], sentence=text),
        "failure": Failure("q", text, f"SELECT '{text}'"),
    }[place]
    page = draw(item)
    drawn = drawn_markdown(page)
    assert [t for t in drawn if MARKUP.search(t)] == []
    plain = [element.value for kind in ("text", "code") for element in page.get(kind)]
    plain += [
        cell for frame in page.dataframe for cell in [*frame.value.columns, *frame.value.iloc[:, 0]]
    ]
    assert [t for t in [*drawn, *map(str, plain)] if HIDDEN.search(t)] == []
    assert not any(markdown.allow_html for markdown in page.markdown)


def test_cells_are_drawn_exactly():
    rows = [
        [1, 2**53 + 1, 2**63 - 1, 0.1, b"\x00\x01", float("inf"), "é", LONG],
        [None, None, 7, None, None, None, None, ""],
        [2**53 - 1, 5, None, 1, "text", -1.5, "2", None],
    ]
    page = draw(make_answer("abcdefgh", rows))
    table = page.dataframe[0].value.astype(object)
    drawn = table.where(table.notna(), None).to_numpy().tolist()
    assert drawn == [
        [1, "9007199254740993", "9223372036854775807", 0.1, "<2 bytes>", "inf", "é", LONG],
        [None, None, "7", None, None, None, None, ""],
        [2**53 - 1, "5", None, 1, "text", "-1.5", "2", None],
    ]


def test_equal_names_are_drawn_apart():
    page = draw(make_answer(["id", "id", "", "id"], [[1, 2, 3, 4], [5, 6, 7, 8]]))
    assert list(page.dataframe[0].value.columns) == ["id", "id (2)", "column 3", "id (3)"]


@pytest.mark.parametrize("kind", ["bar", "barh", "line", "stacked"])
def test_charts_of_hostile_labels_are_drawn(kind):
    rows = [[text, number] for number, text in enumerate(NASTY)]
    page = draw(make_answer(["<b>x</b>", LONG], rows, chart=ChartSpec(kind, 0, 1)))
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 1
    assert not page.exception


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_other_readings_show_their_sql_as_text(text):
    other = QueryResult(f"SELECT '{text}'", (text,), ((text,),))
    page = draw(make_answer(["a"], [[1]], alternatives=(other,), alternative_sentences=(text,)))
    drawn = drawn_markdown(page)
    assert [t for t in drawn if MARKUP.search(t) or HIDDEN.search(t)] == []
    assert any(t.startswith("Show ") for t in drawn)
    assert not any(HIDDEN.search(code.value) for code in page.code)


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_readings_of_hostile_questions_stay_text(text):
    question = f"a {text} b"
    marks = (
        Mark(2, 2 + len(text), "value", f"T.C = '{text}'", text),
        Mark(3 + len(text), 4 + len(text), "unknown"),
        Mark(-1, -1, "value", text),
    )
    result = QueryResult("SELECT 1", ("a",), ((1,),))
    page = draw(Answer(question, result, "Shows it.", 1.0, reading=marks))
    drawn = [t for t in drawn_markdown(page) if "How I read" in t]
    assert len(drawn) == 1
    assert [t for t in drawn if MARKUP.search(t) or HIDDEN.search(t)] == []


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_a_result_put_in_front_is_compared_as_text(text):
    first = QueryResult("SELECT 1", ("a",), (("x",),))
    page = draw(make_answer(["a"], [[text]], first=first, origin="edited"))
    drawn = drawn_markdown(page)
    assert any("Your SQL" in t for t in drawn)
    assert [t for t in drawn if MARKUP.search(t) or HIDDEN.search(t)] == []


@dataclass(frozen=True)
class Named:
    table: str
    column: str


NAMES = [
    Named("<b>people</b>", "*name*"),
    Named("a\u202eb", "c\u200bd"),
    Named("[x](http://example.org)", ":smile:"),
    Named("t" * 2000, "c" * 2000),
]


def test_hostile_names_in_the_sidebar_and_the_suggestions(monkeypatch, tmp_path):
    path = tmp_path / "names.sqlite"
    with sqlite3.connect(path) as connection:
        for named in NAMES:
            connection.execute(
                f'CREATE TABLE "{named.table}" ("{named.column}" TEXT, "a <i>b</i>" INTEGER)'
            )
            connection.execute(f'INSERT INTO "{named.table}" VALUES (?, 1)', (NASTY[0],))
    connection.close()
    monkeypatch.setattr(backends, "load", lambda spec: ScriptedBackend({}))
    st.cache_resource.clear()
    page = AppTest.from_file(APP, default_timeout=60).run()
    upload(page, "<b>names</b>\u202e.sqlite", path.read_bytes())
    fingerprint = list(page.session_state["conversations"])[-1]
    for position in range(len(NAMES)):
        page.session_state[f"table {fingerprint} {position}"] = True
    page.run()
    st.cache_resource.clear()
    assert not page.exception
    assert len(page.sidebar.dataframe) == len(NAMES)
    drawn = drawn_markdown(page)
    assert [t for t in drawn if MARKUP.search(t)] == []
    assert [t for t in drawn if HIDDEN.search(t)] == []
    assert max(map(len, drawn)) < 3000
