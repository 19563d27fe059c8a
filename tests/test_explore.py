"""The Explore page and the address, driven headless with a scripted model."""

import re
import sqlite3
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import sample_dbs
from t2s import backends
from t2s.backends.scripted import ScriptedBackend
from t2s.ui import address, explore
from t2s.ui.markup import escape
from t2s.values import QueryResult

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sample_dbs.list_samples()
QUESTION = "how many orders per customer"
SQL = "SELECT name, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1"


def show_both():
    """Draw the page that the test asks for inside the frame of the app; AppTest opens no pages of functions."""
    import streamlit as st  # noqa: PLC0415

    from t2s.backends import ModelSpec  # noqa: PLC0415
    from t2s.ui import ask, explore, sidebar  # noqa: PLC0415

    sidebar.draw()
    (ask if st.session_state.get("asks") else explore).show(ModelSpec())


@pytest.fixture
def page(monkeypatch):
    model = ScriptedBackend.from_script({QUESTION: [SQL]})
    monkeypatch.setattr(backends, "load", lambda spec: model)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield AppTest.from_function(show_both, default_timeout=60).run()
    st.cache_resource.clear()
    st.cache_data.clear()


def upload(page, name, data):
    page.file_uploader(key="file").set_value((name, data, "application/octet-stream"))
    return page.run()


def key(page, name):
    return f"{name} {page.session_state['source'].database.fingerprint}"


def open_table(page, name):
    page.session_state[key(page, "view")] = explore._TABLE
    page.session_state[key(page, "table")] = name
    return page.run()


def search(page, text):
    page.text_input(key=key(page, "search")).set_value(text)
    return page.run()


def diagram(page):
    return page.main.get("graphviz_chart")[0].proto.spec


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: s.name)
def test_each_sample_is_drawn_and_each_of_its_tables(page, sample):
    page.selectbox(key="choice").set_value(sample.name).run()
    assert not page.exception
    tables = [t.name for t in page.session_state["source"].tables.tables]
    assert all(f">{name}<" in diagram(page) for name in tables)
    for name in tables:
        open_table(page, name)
        assert not page.exception
        columns, rows = page.main.dataframe
        assert list(columns.value["Column"]) == list(rows.value.columns)
        assert columns.value["Different"].notna().all()


def test_keys_are_said_in_words(page, shop):
    upload(page, "shop.sqlite", shop.read_bytes())
    sentence = "orders points to customers: its customer_id holds the id of a row of customers."
    assert sentence in [t.value for t in page.text]


def test_a_table_shows_what_its_columns_hold(page, shop):
    upload(page, "shop.sqlite", shop.read_bytes())
    open_table(page, "customers")
    assert "3 rows, 3 columns" in [m.value for m in page.main.markdown]
    assert page.main.dataframe[0].value.astype(object).values.tolist() == [
        ["id", "number", "key", 3, 0, "1", "3", "all different"],
        ["name", "text", "", 3, 0, "Ada", "Cy", "all different"],
        ["city", "text", "", 2, 1, "Oslo", "Rome", "all different"],
    ]


def test_tables_of_the_last_answer_are_marked(page, shop):
    upload(page, "shop.sqlite", shop.read_bytes())
    assert "★" not in diagram(page)
    page.session_state["asks"] = True
    page.run()
    page.chat_input(key="question").set_value(QUESTION).run()
    page.session_state["asks"] = False
    page.run()
    assert not page.exception
    assert diagram(page).count("★") == 2
    assert any(c.value.endswith("read from customers, orders") for c in page.caption)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("oslo", "**Oslo** :small[in customers, city]"),
        ("total", "**total** :small[column of orders]"),
        ("customers", "**customers** :small[table]"),
    ],
)
def test_search_opens_the_table_of_what_it_finds(page, shop, text, label):
    upload(page, "shop.sqlite", shop.read_bytes())
    search(page, text)
    button = next(b for b in page.main.button if b.label == label)
    button.click().run()
    assert not page.exception
    table = "orders" if text == "total" else "customers"
    assert page.selectbox(key=key(page, "table")).value == table
    assert len(page.main.dataframe) == 2


def test_search_without_a_hit_says_what_to_do(page):
    search(page, "qqqqq")
    assert any("try fewer" in c.value for c in page.caption)


def test_names_and_cells_of_strangers_stay_text(page, tmp_path):
    name = "<b>x</b> :red[y] [a](http://b.c)"
    connection = sqlite3.connect(tmp_path / "h.sqlite")
    connection.execute(f'CREATE TABLE "{name}" ("{name}" TEXT)')
    connection.execute(f'INSERT INTO "{name}" VALUES (?)', (name,))
    connection.commit()
    connection.close()
    upload(page, "h.sqlite", (tmp_path / "h.sqlite").read_bytes())
    assert "<b>x" not in diagram(page).lower()
    search(page, "x")
    open_table(page, name)
    assert not page.exception
    drawn = [e.value for kind in ("markdown", "caption") for e in page.get(kind)]
    drawn += [b.label for b in page.main.button] + [b.help for b in page.main.button]
    assert any(escape(name)[:20] in text for text in drawn)
    assert not [t for t in drawn if re.search(r"(?<!\\)(<[b/]|\(http)|:red\[", t)]


def test_a_file_without_rows_is_drawn(page):
    upload(page, "bare.csv", b"a,b\n")
    assert not page.exception
    page.session_state[key(page, "view")] = explore._TABLE
    page.run()
    assert not page.exception


def test_a_summary_of_some_rows_offers_to_look_longer(page, shop, monkeypatch):
    seconds = []
    read = explore.profile.read_profile

    def read_part(db, table, limit):
        seconds.append(limit)
        found = read(db, table)
        missing = ("city",) if limit < explore._LONGER_SECONDS else ()
        return explore.profile.TableProfile(table.name, 3, found.columns, missing, found.sample)

    monkeypatch.setattr(explore.profile, "read_profile", read_part)
    upload(page, "shop.sqlite", shop.read_bytes())
    open_table(page, "customers")
    assert any("no time to summarize city" in c.value for c in page.caption)
    next(b for b in page.main.button if b.label == "Look again for longer").click().run()
    assert not any("no time" in c.value for c in page.caption)
    assert seconds == [explore.profile.SECONDS, explore._LONGER_SECONDS]


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        (("a",), (), {"a": 27}),
        (("a", "a"), ((1, None),), {"a": 27, "a (2)": 55}),
        (("a",), (("x" * 10,), (b"ab",)), {"a": 90}),
        (("a",), (("x" * 1000,),), {"a": explore._MAX_COLUMN_PIXELS}),
    ],
)
def test_columns_are_as_wide_as_their_cells(columns, rows, expected):
    assert explore.measure_columns(QueryResult("", columns, rows)) == expected


@pytest.mark.parametrize(
    ("named", "written", "expected"),
    [
        ("cinema", None, "cinema"),
        ("cinema", "cinema", None),
        ("cinema", "bookshop", "cinema"),
        (None, "bookshop", None),
        ("nothing", None, None),
        ("", "", None),
    ],
)
def test_what_the_address_asks_for(named, written, expected):
    assert address.pick(named, written, {"cinema", "bookshop"}) == expected


def test_the_address_names_the_sample(page, shop):
    first, second = SAMPLES[0].name, SAMPLES[1].name
    assert page.query_params["db"] == first
    page.selectbox(key="choice").set_value(second).run()
    assert page.query_params["db"] == second
    # Going to another page empties the address.
    page.query_params.clear()
    page.run()
    assert page.query_params["db"] == second
    # Going back in the browser restores an earlier one.
    page.query_params["db"] = first
    page.run()
    assert page.selectbox(key="choice").value == first
    upload(page, "shop.sqlite", shop.read_bytes())
    assert "db" not in page.query_params


def test_an_address_opens_its_sample(page):
    other = AppTest.from_function(show_both, default_timeout=60)
    other.query_params["db"] = SAMPLES[2].name
    other.run()
    assert other.selectbox(key="choice").value == SAMPLES[2].name
    stale = AppTest.from_function(show_both, default_timeout=60)
    stale.query_params["db"] = "gone"
    stale.run()
    assert stale.selectbox(key="choice").value == SAMPLES[0].name
