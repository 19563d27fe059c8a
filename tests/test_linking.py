import datetime
import sqlite3

import pytest

from t2s import database, schema
from t2s.linking import empty_index, index, link
from t2s.values import Column, Schema, Table

TODAY = datetime.date(2025, 3, 10)

SCRIPT = """
CREATE TABLE mbr (mbr_id INTEGER PRIMARY KEY, f_nm TEXT, city TEXT, sts TEXT, gndr TEXT, joinDate TEXT);
CREATE TABLE invoices (invoice_id INTEGER PRIMARY KEY, mbr_id INTEGER, state TEXT, code TEXT,
                       paid TEXT, duration_min INTEGER);
"""
MEMBERS = [
    (1, "Anna Weber", "Tacoma Heights", "ACT", "F", "15/03/2023"),
    (2, "Vera Blunt", "Saint Paul", "CXL", "F", "01/04/2023"),
    (3, "Dev Anand", "Boise", "ACT", "M", "22/11/2024"),
    (4, "Piotr Kowalski", "Boise", "FRZ", "M", "02/12/2024"),
]
INVOICES = [
    (1, 1, "WA", "M-204", "Y", 30),
    (2, 2, "MN", "M-205", "N", 45),
    (3, 3, "ID", "K-1", "Y", 60),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    path = tmp_path_factory.mktemp("linking") / "club.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCRIPT)
        connection.executemany("INSERT INTO mbr VALUES (?,?,?,?,?,?)", MEMBERS)
        connection.executemany("INSERT INTO invoices VALUES (?,?,?,?,?,?)", INVOICES)
    connection.close()
    db = database.open_readonly(path)
    read = schema.read(db)
    return read, index(db, read)


@pytest.mark.parametrize(
    ("question", "table", "column", "kind", "said"),
    [
        ("all invoices", "invoices", None, "exact", "invoices"),
        ("every invoice", "invoices", None, "exact", "invoice"),
        ("the join date of Anna", "mbr", "joinDate", "exact", "join date"),
        ("members by city", "mbr", None, "partial", "members"),
        ("members by city", "mbr", "city", "exact", "city"),
        ("status of each", "mbr", "sts", "partial", "status"),
        ("by gender", "mbr", "gndr", "partial", "gender"),
        ("invioces", "invoices", None, "partial", "invioces"),
        ("when joined", "mbr", "joinDate", "partial", "joined"),
        ("average duration", "invoices", "duration_min", "partial", "duration"),
    ],
)
def test_names(known, question, table, column, kind, said):
    found = {(m.table, m.column): m for m in link(question, *known, TODAY).names}
    match = found[table, column]
    assert (match.kind, question[match.start : match.end]) == (kind, said)


def test_each_item_is_matched_once_and_exact_ones_come_first(known):
    names = link("invoice state and invoice code of invoices", *known, TODAY).names
    owners = [(m.table, m.column) for m in names]
    assert len(owners) == len(set(owners))
    kinds = [m.kind for m in names]
    assert kinds == sorted(kinds)


def test_index_survives_what_is_stored_in_the_file(tmp_path):
    path = tmp_path / "hostile.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE a (name TEXT, big TEXT GENERATED ALWAYS AS (printf('%.*c', 1, 'x')));
        INSERT INTO a (name) VALUES ('Oslo'), ('Rome'), (CAST(x'41ff' AS TEXT));
        CREATE TABLE b (name TEXT);
        INSERT INTO b VALUES ('Lima'), ('Lima'), ('Bonn');
        CREATE VIEW endless AS
            WITH RECURSIVE n(i) AS (SELECT 'x' UNION ALL SELECT 'y' FROM n) SELECT i FROM n;
        -- Only now: storing a row works the column out.
        PRAGMA writable_schema = ON;
        UPDATE sqlite_master SET sql = replace(sql, 'c'', 1,', 'c'', 2000000000,');
        """
    )
    connection.close()
    db = database.open_readonly(path)
    found = index(db, schema.read(db))
    texts = {(found.columns[position].table, text) for position, text in found.texts}
    expected = {("a", "Oslo"), ("a", "Rome"), ("a", "A\ufffd"), ("b", "Lima"), ("b", "Bonn")}
    assert expected <= texts
    assert {c.table: c.unique for c in found.columns}["b"] is False


@pytest.mark.parametrize(
    ("question", "text", "column", "said"),
    [
        ("how old is Vera Blunt", "Vera Blunt", "f_nm", "Vera Blunt"),
        ("how old is VERA BLUNT?", "Vera Blunt", "f_nm", "VERA BLUNT"),
        ("invoice m-204", "M-204", "code", "m-204"),
        ("invoice M 204", "M-204", "code", "M 204"),
        ("piotr kovalski", "Piotr Kowalski", "f_nm", "piotr kovalski"),
        ("Ms. Weber's city", "Anna Weber", "f_nm", None),
        ("who is in tacoma", "Tacoma Heights", "city", "tacoma"),
        ("boise and tacoma", "Boise", "city", "boise"),
        ("sales in washington", "WA", "state", "washington"),
        ("sales in Idaho", "ID", "state", "Idaho"),
        ("gender F", "F", "gndr", "F"),
        ("just ID please", "ID", "state", "ID"),
    ],
)
def test_cells(known, question, text, column, said):
    values = [v for v in link(question, *known, TODAY).values if v.source == "cell"]
    match = next(v for v in values if v.text == text)
    assert match.column == column
    assert said is None or question[match.start : match.end] == said
    assert 0 < match.score <= 1


def test_a_whole_cell_scores_more_than_a_misspelt_one_and_that_more_than_a_part(known):
    def score(question, text):
        return next(v.score for v in link(question, *known, TODAY).values if v.text == text)

    whole = score("Anna Weber", "Anna Weber")
    assert whole == 1.0 > score("Piotr Kovalski", "Piotr Kowalski") > score("weber", "Anna Weber")


@pytest.mark.parametrize(
    ("question", "text", "said"),
    [
        ("active members", "ACT", "active"),
        ("frozen memberships", "FRZ", "frozen"),
        ("unpaid invoices", "N", None),
        ("which are paid", "Y", None),
    ],
)
def test_categories(known, question, text, said):
    values = [v for v in link(question, *known, TODAY).values if v.source == "category"]
    match = next(v for v in values if v.text == text)
    assert (question[match.start : match.end] if match.start >= 0 else None) == said
    assert (match.score > 0) == (said is not None)


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("joined on 15 march 2023", {"2023-03-15", "15/03/2023"}),
        ("joined in march 2023", {"2023-03", "2023-03-01", "2023-03-31", "2023-04-01", "03/2023"}),
        ("joined last month", {"2025-02-01", "2025-02-28", "2025-03-01"}),
        ("joined since 2023", {"2023-01-01", "2023-12-31", "2024-01-01"}),
    ],
)
def test_dates_take_the_format_of_the_columns(known, question, texts):
    values = link(question, *known, TODAY).values
    assert texts <= {v.text for v in values if v.source == "date"}


def test_literals_that_stand_in_the_question_are_not_repeated(known):
    texts = [v.text for v in link("since 2023 above 1500", *known, TODAY).values]
    assert "2023" not in texts
    assert "1500" not in texts


def test_numbers(known):
    values = link("more than twenty grand", *known, TODAY).values
    match = next(v for v in values if v.source == "number")
    assert (match.text, match.is_number, match.start, match.end) == ("20000", True, 10, 22)


def test_hours_become_minutes_only_where_minutes_are_kept(known):
    question = "longer than two hours"
    assert "120" in [v.text for v in link(question, *known, TODAY).values]
    plain = Schema((Table("t", (Column("x", "number"),)),))
    assert "120" not in [v.text for v in link(question, plain, empty_index(), TODAY).values]


def test_history_is_scanned_without_positions(known):
    links = link("and their status?", *known, TODAY, history=("members from Boise in may 2023",))
    boise = next(v for v in links.values if v.text == "Boise")
    assert (boise.start, boise.end) == (-1, -1)
    assert boise.score < 1
    assert "2023-05-01" in [v.text for v in links.values]


def test_values_come_best_first_and_few(known):
    values = link("active members in Boise named anna weber", *known, TODAY).values
    scores = [v.score for v in values]
    assert scores == sorted(scores, reverse=True)
    assert len(values) < 30
    for column in {(v.table, v.column) for v in values if v.source == "cell"}:
        assert len([v for v in values if (v.table, v.column) == column]) <= 10


@pytest.mark.parametrize(
    "question",
    ["", "?", "日本語の質問", "İstanbul in 2023", "a " * 900, "hundred " * 300, "9" * 60],
)
def test_any_text_is_linked_without_error(known, question):
    links = link(question, *known, TODAY)
    assert all(-1 <= v.start <= v.end <= len(question) for v in links.values)


def test_without_contents_names_and_expressions_are_still_found():
    one = Schema((Table("sales", (Column("amount", "number"), Column("day", "date"))),))
    links = link("amount of sales in 2023", one, empty_index(), TODAY)
    assert [(m.table, m.column) for m in links.names] == [("sales", None), ("sales", "amount")]
    assert "2023-01-01" in [v.text for v in links.values]


def test_columns_that_the_question_is_not_about_show_a_few_values(known):
    offered = link("anything at all", *known, TODAY).values
    shown = {}
    for value in offered:
        shown.setdefault((value.table, value.column), []).append(value)
    assert {("mbr", "sts"), ("mbr", "gndr"), ("mbr", "city")} <= set(shown)
    assert all(value.score == 0.0 for values in shown.values() for value in values)
    assert len(shown["mbr", "city"]) == 2


def test_codes_meant_by_an_earlier_question_are_offered(known):
    history = ("how many active members are there",)
    values = link("and by city?", *known, TODAY, history).values
    active = next(v for v in values if v.text == "ACT")
    assert active.score > 0.0
    assert (active.start, active.end) == (-1, -1)
