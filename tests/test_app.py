"""The page, driven headless with a scripted model."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import sample_dbs
from t2s import backends
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import BackendError
from t2s.ui.markup import escape

APP = str(Path(__file__).resolve().parents[1] / "streamlit_app.py")
SAMPLE = sample_dbs.list_samples()[0]
EXAMPLE = next(q for q in sample_dbs.read_questions(SAMPLE.name) if q.example)
FRUIT = b"name,price,city\napple,1.5,Oslo\npear,2.5,Rome\nplum,4,Oslo\n"
HOSTILE = b"<b>bold</b>,*star*,:red[x]\n<script>alert(1)</script>,2,:smile:\n[a](http://b.c),3,y\n"

SCRIPT = {
    EXAMPLE.question: [EXAMPLE.sql],
    "how many fruit": ["SELECT count(*) AS fruit FROM fruit", "SELECT sum(price) FROM fruit"],
    "price by name": ["SELECT name, price FROM fruit"],
    "none at all": ["SELECT name FROM fruit WHERE price > 1000"],
    "fruit in Olso": ["SELECT name FROM fruit WHERE city = 'Olso'"],
    "does not run": ["SELECT missing FROM fruit"],
    "who is king": [None],
    "many": [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000) SELECT i FROM n"
    ],
    "hostile": ['SELECT "<b>bold</b>" AS "<i>x</i>" FROM hostile LIMIT 1'],
}


@pytest.fixture
def backend(monkeypatch):
    model = ScriptedBackend.from_script(SCRIPT)
    monkeypatch.setattr(backends, "load", lambda spec: model)
    st.cache_resource.clear()
    yield model
    st.cache_resource.clear()


@pytest.fixture
def page(backend):
    return AppTest.from_file(APP, default_timeout=60).run()


def upload(page, name, data):
    page.file_uploader(key="file").set_value((name, data, "application/octet-stream"))
    return page.run()


def ask(page, text):
    page.chat_input(key="question").set_value(text)
    return page.run()


def open_tables(page):
    fingerprint = list(page.session_state["conversations"])[-1]
    for position in range(len(page.sidebar.expander)):
        page.session_state[f"table {fingerprint} {position}"] = True
    return page.run()


def texts(page):
    return [element.value for element in page.text]


def test_page_renders_with_a_sample_its_tables_and_examples(page):
    assert not page.exception
    assert page.title[0].value == "Ask your data"
    assert any(escape(SAMPLE.title) in m.value for m in page.markdown)
    assert escape(EXAMPLE.question) in [button.label for button in page.button]


@pytest.mark.parametrize("sample", sample_dbs.list_samples(), ids=lambda s: s.name)
def test_picking_a_sample_shows_its_tables_with_rows(page, sample):
    page.selectbox(key="choice").set_value(sample.name).run()
    assert not page.exception
    tables = len(page.sidebar.expander)
    assert "rows]" in " ".join(e.label for e in page.sidebar.expander)
    open_tables(page)
    assert not page.exception
    assert len(page.sidebar.dataframe) == tables > 0


def test_a_click_on_an_example_answers_it(page):
    button = next(b for b in page.button if b.label == escape(EXAMPLE.question))
    button.click().run()
    assert not page.exception
    assert EXAMPLE.question in texts(page)
    assert any(code.language == "sql" for code in page.code)


def test_upload_is_chosen_and_asked(page):
    upload(page, "fruit.csv", FRUIT)
    assert page.selectbox(key="choice").value == "upload"
    assert not page.warning
    ask(page, "how many fruit")
    assert not page.exception
    assert page.metric[0].value == "3"
    assert page.code[0].value.startswith("SELECT count(*)")
    assert "Show 8" in [b.label for b in page.button]


def test_conversation_stays_on_the_page(page):
    upload(page, "fruit.csv", FRUIT)
    for question in ("how many fruit", "price by name", "none at all"):
        ask(page, question)
    assert [t for t in texts(page) if t in SCRIPT] == [
        "how many fruit",
        "price by name",
        "none at all",
    ]


@pytest.mark.parametrize(
    ("question", "kind", "part"),
    [
        ("who is king", "info", "Nothing in this database seems to be about king"),
        ("does not run", "warning", "runs on this database"),
        ("   ", "warning", "Type a question"),
        ("why " * 1250, "warning", "characters"),
    ],
    ids=["declined", "no SQL runs", "empty", "5,000 characters"],
)
def test_what_cannot_be_answered_gets_one_sentence(page, question, kind, part):
    upload(page, "fruit.csv", FRUIT)
    ask(page, question)
    assert not page.exception
    assert part in page.main.get(kind)[0].value


def test_no_rows_are_said_in_words(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "none at all")
    assert "No rows match." in [c.value for c in page.caption]


def test_cut_results_say_so(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "many")
    assert any(c.value.startswith("First 1,000 rows; there are more") for c in page.caption)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.sqlite", b""),
        ("noise.sqlite", b"this is not a database" * 100),
        ("cut.sqlite", b"SQLite format 3\x00" + b"\x10\x00" + b"\x01" * 40),
        ("empty.csv", b""),
        ("broken.xlsx", b"PK\x03\x04 nothing else"),
    ],
)
def test_a_file_that_cannot_be_opened_gets_one_sentence_and_the_sample_stays(page, name, data):
    upload(page, name, data)
    assert not page.exception
    assert len(page.sidebar.warning) == 1
    assert page.selectbox(key="choice").value == SAMPLE.name


def test_names_and_cells_of_strangers_stay_text(page):
    upload(page, "hostile.csv", HOSTILE)
    open_tables(page)
    ask(page, "hostile")
    assert not page.exception
    drawn = [e.value for kind in ("markdown", "caption", "info", "warning") for e in page.get(kind)]
    drawn += [e.label for e in page.button] + [e.label for e in page.expander]
    drawn += [e.label + str(e.value) for e in page.metric]
    assert not [text for text in drawn if re.search(r"(?<!\\)<[bi/]|:red\[|\(http", text)]
    assert not any(m.allow_html for m in page.markdown)


def test_follow_ups_carry_earlier_questions_until_a_new_topic(page, backend):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    ask(page, "price by name")
    assert backend.requests[-1].history == ("how many fruit",)
    ask(page, "how many fruit do we sell in Oslo")  # stands alone
    assert backend.requests[-1].history == ()
    next(b for b in page.button if b.label == "New topic").click().run()
    assert not page.chat_message
    ask(page, "price by name")
    assert backend.requests[-1].history == ()


def test_each_database_keeps_its_own_conversation(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    page.selectbox(key="choice").set_value(SAMPLE.name).run()
    assert not page.chat_message
    page.selectbox(key="choice").set_value("upload").run()
    assert page.metric[0].value == "3"


def test_taking_the_file_away_returns_to_the_samples(page):
    upload(page, "fruit.csv", FRUIT)
    page.file_uploader(key="file").set_value(None)
    page.run()
    assert page.selectbox(key="choice").value == SAMPLE.name
    assert not page.exception


def test_upload_of_a_database_shows_its_keys(page, shop):
    upload(page, "shop.sqlite", shop.read_bytes())
    open_tables(page)
    columns = " ".join(m.value for m in page.sidebar.markdown)
    assert "→ customers" in columns


def test_model_that_cannot_be_loaded_is_tried_again(page, monkeypatch):
    model = backends.load(backends.ModelSpec())
    loads = []

    def load(spec):
        loads.append(spec)
        if len(loads) == 1:
            raise BackendError("There is no model here.")
        return model

    st.cache_resource.clear()
    monkeypatch.setattr(backends, "load", load)
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    assert "There is no model here" in page.warning[0].value.replace("\\", "")
    ask(page, "how many fruit")
    assert page.metric[0].value == "3"


def test_uploads_are_private_and_go_with_their_session(page):
    upload(page, "fruit.csv", FRUIT)
    folder = page.session_state["upload"].folder
    assert folder.path.is_dir()
    assert folder.path.stat().st_mode & 0o077 == 0
    path = folder.path
    page.session_state["upload"] = None
    del folder
    assert not path.exists()


def test_folders_of_servers_that_were_killed_are_swept(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = tmp_path / "t2s-upload-999999999-x"
    running = tmp_path / "t2s-upload-1-x"
    for folder in (gone, running):
        folder.mkdir()
    AppTest.from_file(APP, default_timeout=60).run()
    assert (gone.exists(), running.exists()) == (False, True)
    shutil.rmtree(running)


def press(page, label):
    next(b for b in page.button if b.label == label).click()
    return page.run()


def captions(page):
    return " | ".join(c.value for c in page.caption)


def answer(page):
    talks = page.session_state["conversations"]
    return talks[list(talks)[-1]].items[-1]


def edit(page, sql):
    """Open the editor of the last answer, replace its statement and run it."""
    if not page.main.toggle[-1].value:
        page.main.toggle[-1].set_value(True).run()
    page.main.text_area[-1].set_value(sql)
    return press(page, "Run")


def test_an_answer_says_how_sure_it_is_and_how_the_question_was_read(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    said = captions(page)
    assert "**Likely** · How I read your question: how many :blue-background[" in said
    assert "**fruit** → table fruit" in said


def test_one_click_shows_another_reading_and_one_leads_back(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    press(page, "Show 8")
    assert not page.exception
    assert page.metric[0].value == "8"
    assert page.code[0].value.startswith("SELECT sum(price)")
    assert "8 instead of 3" in " ".join(m.value for m in page.markdown).replace("\\", "")
    assert "How I read" in captions(page)
    assert "Likely" not in captions(page)
    press(page, "Back to the first answer")
    assert page.metric[0].value == "3"
    assert "Show 8" in [b.label for b in page.button]


def test_edited_sql_is_run_and_compared(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "price by name")
    edit(page, "SELECT name, price FROM fruit WHERE city = 'Oslo'")
    assert not page.exception
    assert answer(page).result.rows == (("apple", 1.5), ("plum", 4))
    assert "1 row fewer than first" in " ".join(m.value for m in page.markdown)
    page.main.toggle[-1].set_value(False).run()
    assert "city = 'Oslo'" in page.code[0].value


REFUSED_EDITS = [
    "DROP TABLE fruit",
    "SELECT missing FROM fruit",
    "SELEC",
    "",
]


@pytest.mark.parametrize("sql", REFUSED_EDITS)
def test_an_edit_that_cannot_be_run_gets_one_sentence_and_keeps_the_text(page, sql):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "price by name")
    edit(page, sql)
    assert not page.exception
    assert len(page.main.warning) == 1
    assert page.main.text_area[-1].value == sql
    assert len(answer(page).result.rows) == 3
    edit(page, "SELECT 1")
    assert not page.main.warning


def test_an_edit_belongs_to_its_own_answer(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "how many fruit")
    ask(page, "price by name")
    edit(page, "SELECT 1")
    talk = page.session_state["conversations"][list(page.session_state["conversations"])[-1]]
    assert [item.origin for item in talk.items] == ["model", "edited"]


def test_a_chart_can_be_switched(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "price by name")
    switch = page.main.get("button_group")[0]
    assert switch.options == ["Bars", "Bars sideways", "Table"]
    assert len(page.main.dataframe) == 0
    switch.set_value("Table").run()
    assert len(page.main.dataframe) == 1


def test_an_empty_result_names_the_closest_value(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "fruit in Olso")
    assert "No row of fruit has 'Olso' as city; closest: 'Oslo', 2 rows." in captions(page).replace(
        "\\", ""
    )


def test_a_declined_question_offers_some_that_work(page):
    ask(page, "who is king")
    assert page.main.info
    offers = [b for b in page.main.button if b.key.startswith("offer")]
    assert offers[0].label == escape(EXAMPLE.question)
    offers[0].click().run()
    assert isinstance(answer(page).result.rows, tuple)


def test_what_is_offered_of_an_answer_can_be_downloaded(page):
    upload(page, "fruit.csv", FRUIT)
    ask(page, "price by name")
    assert [b.label for b in page.main.get("download_button")] == ["CSV", "XLSX", "SQL"]
