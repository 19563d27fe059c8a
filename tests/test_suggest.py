"""Suggested questions: what is made of which tables, and that each one shown has an answer."""

import sqlite3

import pytest

from t2s import database, sandbox, schema, suggest
from t2s.explain import is_fallback, sentence
from t2s.suggest_ideas import Suggestion, find_ideas
from t2s.suggest_roles import find_topic
from t2s.values import Column, ForeignKey, QueryResult, Schema, Table

SHOP = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, country TEXT, is_active INTEGER);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id),
    shipped_on TEXT, paid_on TEXT, status TEXT, amount REAL
);
INSERT INTO customers
WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)
SELECT i, 'Customer ' || i, CASE i % 3 WHEN 0 THEN 'France' ELSE 'Spain' END, i % 2 FROM n;
INSERT INTO orders
WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
SELECT i, 1 + i % 15, date('2023-01-01', (i * 5) || ' days'), date('2023-02-01', i || ' days'),
    CASE i % 4 WHEN 0 THEN 'open' ELSE 'sent' END, i * 2.5 FROM n;
"""
SHOP_QUESTIONS = {
    "How many orders have status sent?": 45,
    "How many orders were shipped per month?": None,
    "Which customer has the most orders?": None,
    "What is the average amount of orders per status?": None,
    "How many customers are there per country?": None,
    "How many customers are there?": 20,
    "Which 5 customers have the highest total amount of orders?": None,
    "How many customers are active?": 10,
    "How many customers are in Spain?": 14,
    "How many orders have an amount above average?": 30,
    "Which customers have no orders?": None,
    "What is the latest shipped on of orders?": "2023-10-28",
    "What is the average amount of orders?": 76.25,
}


def open_database(path, script):
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return database.open_readonly(path)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    db = open_database(tmp_path_factory.mktemp("shop") / "shop.sqlite", SHOP)
    return db, schema.read(db)


@pytest.fixture(scope="module")
def all_of_shop(shop):
    return {each.question: each for each in suggest.suggest(*shop, count=40, seconds=20.0)}


@pytest.mark.parametrize(("question", "answer"), SHOP_QUESTIONS.items())
def test_questions_of_a_shop(all_of_shop, shop, question, answer):
    idea = all_of_shop[question]
    rows = sandbox.run(shop[0].path, idea.sql).rows
    assert rows
    assert answer is None or rows[0][-1] == answer
    assert not is_fallback(sentence(idea.sql, shop[1]))


def test_six_are_shown_all_of_other_kinds(shop):
    found = suggest.suggest(*shop)
    assert len(found) == len({each.kind for each in found}) == suggest.COUNT
    assert found == suggest.suggest(*shop)


def test_a_caller_may_choose(shop):
    found = suggest.suggest(*shop)
    assert suggest.keep(found, lambda each: each.kind == "count") == tuple(
        each for each in found if each.kind == "count"
    )
    assert suggest.keep(found, lambda each: False) == ()


def _topic(table, rows, keys=()):
    return find_topic(table, rows, Schema((table,), keys))


ID = Column("id", "number", primary_key=True)
WORDS = [("a",), ("b",), ("a",), ("b",), ("a",), ("b",)]
# A table, rows of it, and the questions that come of it.
TABLES = [
    (
        Table(
            "tbl_people", (Column("FirstName"), Column("Surname"), Column("Age (years)", "number"))
        ),
        [(f"F{i}", f"S{i}", i) for i in range(9)],
        {
            "How many people are there?",
            "Which 5 people have the highest age?",
            "What is the average age of people?",
            "How many people have an age above average?",
        },
    ),
    (
        Table("boxes", (ID, Column("zip", "number"))),
        [(i, i) for i in range(9)],
        {"How many boxes are there?"},
    ),
    (
        Table("box", (Column("kind"),)),
        WORDS,
        {
            "How many boxes are there?",
            "How many boxes are there per kind?",
            "How many boxes have kind a?",
        },
    ),
    (
        Table("box", (Column("kind"),)),
        [("<b>x</b>",), ("two\nlines",)] * 3,
        {"How many boxes are there?"},
    ),
    (
        Table("visit", (Column("day", "date", date_format="%d/%m/%Y"),)),
        [("01/02/2023",), ("05/03/2023",)],
        {"How many visits are there?", "How many visits are there per month?"},
    ),
    (
        Table("visit", (Column("day", "date", date_format="%Y-%m-%d"),)),
        [("1990-02-01",), ("2020-03-05",)],
        {
            "How many visits are there?",
            "How many visits are there per year?",
            "What is the latest day of visits?",
        },
    ),
    (
        Table("visit", (Column("day", "date", date_format="%d %B %Y"),)),
        [("1 May 2023",)],
        {"How many visits are there?"},
    ),
    (
        Table("door", (Column("is_open", "boolean"), Column("photo", "blob"))),
        [("Y", b"1"), ("N", b"2")],
        {"How many doors are there?", "How many doors are open?"},
    ),
    (Table("door", (Column("is_open", "boolean"),)), [("Y",)], {"How many doors are there?"}),
    (Table("order", (Column("x" * 50),)), [("a",)], {"How many orders are there?"}),
    (Table("a" * 200, (Column("x"),)), [("a",)], set()),
    (Table("🙂", (Column("x"),)), [("a",)], set()),
    (Table("<b>", (Column("x"),)), [("a",)], set()),
    (Table("box", (Column("kind"),)), [], set()),
]


@pytest.mark.parametrize(("table", "rows", "questions"), TABLES)
def test_what_comes_of_a_table(table, rows, questions):
    topic = _topic(table, rows)
    ideas = find_ideas([topic] if topic else [], Schema((table,)))
    assert {idea.question for idea in ideas} == questions


def test_a_table_that_refers_twice_to_another_leads_no_one():
    people = Table("person", (ID, Column("name")))
    match = Table("match", (ID, Column("home_id", "number"), Column("guest_id", "number")))
    keys = (
        ForeignKey("match", "home_id", "person", "id"),
        ForeignKey("match", "guest_id", "person", "id"),
    )
    whole = Schema((people, match), keys)
    topics = [
        find_topic(people, [(i, f"P{i}") for i in range(9)], whole),
        find_topic(match, [(i, i, 8 - i) for i in range(9)], whole),
    ]
    kinds = {idea.kind for idea in find_ideas(topics, whole)}
    assert kinds == {"count"}


# Files that hold little or something odd, and how many questions they give.
FILES = [
    ("CREATE TABLE t (a)", 0),
    ("CREATE TABLE box (a TEXT); INSERT INTO box VALUES (NULL)", 1),
    ("CREATE TABLE box (kind TEXT); INSERT INTO box VALUES ('it''s'), ('it''s'), ('it''s')", 1),
    ('CREATE TABLE "select" ("from" REAL); INSERT INTO "select" VALUES (1), (2), (3), (4), (5)', 3),
    ("CREATE TABLE x (id INTEGER PRIMARY KEY); INSERT INTO x VALUES (1); CREATE VIEW v AS "
     "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", 1),
]  # fmt: skip


@pytest.mark.parametrize(("script", "count"), FILES)
def test_files_that_hold_little(tmp_path, script, count):
    db = open_database(tmp_path / "little.sqlite", script)
    found = suggest.suggest(db, schema.read(db))
    assert len(found) == count
    results = [sandbox.run(db.path, each.sql) for each in found]
    assert all(isinstance(result, QueryResult) and result.rows for result in results)


def test_a_file_that_is_gone_gives_none(tmp_path, shop):
    gone = tmp_path / "gone.sqlite"
    db = open_database(gone, "CREATE TABLE box (a TEXT); INSERT INTO box VALUES ('x')")
    tables = schema.read(db)
    gone.unlink()
    assert suggest.suggest(db, tables) == ()


def test_what_reads_much_is_tried_last():
    ideas = [Suggestion(kind, kind, kind, work=work) for kind, work in SPEEDS]
    assert [idea.kind for idea in suggest.put_quick_first(ideas)] == ["b", "d", "c", "a"]


SPEEDS = [("a", 90_000_000), ("b", 10), ("c", 50_000_000), ("d", 20)]
