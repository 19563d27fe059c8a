"""The generator of questions: same seed same stream, SQL that runs and converts, words that fit."""

import gzip
import itertools
import json
import random
import sqlite3
from collections import Counter

import pytest

from t2s import database, ir
from t2s import schema as schemas
from train import synth_words, synthesize
from train.synth_profile import inspect

_SCRIPT = """
CREATE TABLE employees (emp_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, job_title TEXT, salary REAL,
  hired_on TEXT, manager_id INTEGER REFERENCES employees(emp_id));
CREATE TABLE cust (cust_id INTEGER PRIMARY KEY, cust_nm TEXT, city TEXT, email TEXT, is_active INTEGER, joined_on TEXT);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES cust(cust_id),
  emp_id INTEGER REFERENCES employees(emp_id), order_date TEXT, shipped_on TEXT, status TEXT, total REAL);
CREATE TABLE products (product_id INTEGER PRIMARY KEY, product_name TEXT, category TEXT, price REAL, opened_year INTEGER);
CREATE TABLE order_items (item_id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders(order_id),
  product_id INTEGER REFERENCES products(product_id), quantity INTEGER, unit_price REAL);
CREATE TABLE readings ("Reading #" INTEGER, "Taken" TEXT, "Weight (kg)" REAL, "Latitude" REAL);
"""


def _fill(connection):
    rng = random.Random(4)
    names = ["Ada", "Bo", "Cid", "Dana", "Eli", "Fay", "Gus", "Hana", "Ike", "Jo", "Kim", "Lou"]
    cities = ["Oslo", "Bergen", "Lima", "Quito"]

    def day(first, last):
        return f"{rng.randint(first, last)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"

    def insert(table, rows):
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    titles = ["Clerk", "Driver", "Cook"]
    staff = [
        (
            i,
            names[i],
            f"Moe{names[-i].lower()}",
            titles[i % 3],
            900 + 50 * i * i,
            day(2015, 2020),
            i // 4 or None,
        )
        for i in range(1, 12)
    ]
    insert("employees", staff)
    customers = [
        (
            i,
            f"Firm {names[i % 12]} {i}",
            cities[i % 4],
            None if i % 5 == 0 else f"a{i}@x.org",
            i % 2,
            day(2018, 2022),
        )
        for i in range(1, 41)
    ]
    insert("cust", customers)
    statuses = ["pending", "shipped", "cancelled"]
    orders = [
        (
            i,
            rng.randint(1, 34),
            rng.randint(1, 11),
            day(2021, 2024),
            day(2021, 2024) if i % 3 else None,
            statuses[i % 3],
            rng.randint(5, 900),
        )
        for i in range(1, 201)
    ]
    insert("orders", orders)
    insert(
        "products",
        [
            (i, f"Thing {i}", ["Toys", "Food", "Books"][i % 3], 3.5 * i, 1980 + i)
            for i in range(1, 31)
        ],
    )
    insert(
        "order_items",
        [
            (i, rng.randint(1, 200), rng.randint(1, 30), rng.randint(1, 9), rng.randint(2, 60))
            for i in range(1, 301)
        ],
    )
    taken = [
        f"{rng.randint(13, 28)}/{rng.randint(1, 12):02}/{rng.randint(2021, 2023)}"
        for _ in range(60)
    ]
    insert(
        "readings",
        [(1000 + 7 * i, t, rng.uniform(2, 90), rng.uniform(50, 60)) for i, t in enumerate(taken)],
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    path = tmp_path_factory.mktemp("synth") / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(_SCRIPT)
    _fill(connection)
    connection.commit()
    connection.close()
    db = database.open_readonly(path)
    return db, schemas.read(db)


@pytest.fixture(scope="module")
def examples(shop):
    return list(itertools.islice(synthesize.generate(*shop, 1), 1500))


def test_same_seed_gives_the_same_stream_and_another_seed_another(shop, examples):
    again = list(itertools.islice(synthesize.generate(*shop, 1), 200))
    other = list(itertools.islice(synthesize.generate(*shop, 2), 200))
    assert again == examples[:200]
    assert other != again


def test_every_sql_runs_returns_something_and_converts(shop, examples):
    db, schema = shop
    with database.connect(db) as connection:
        for question, sql, _, kind in examples:
            if sql is None:
                assert kind == "unanswerable"
                continue
            rows = connection.execute(sql).fetchall()
            assert any(cell is not None for row in rows for cell in row), (question, sql)
            assert ir.to_symbols(sql, schema)


def test_every_kind_turns_up(examples):
    counts = Counter(kind for _, _, _, kind in examples)
    assert set(synthesize.KINDS) == set(counts)
    assert 0.03 < counts["follow_up"] / len(examples) < 0.15
    assert 0.03 < counts["unanswerable"] / len(examples) < 0.12


def test_questions_are_new_and_not_empty_and_only_follow_ups_have_a_history(examples):
    assert len({(h, q.casefold()) for q, _, h, _ in examples}) == len(examples)
    for question, _, history, kind in examples:
        assert question.strip()
        assert not {"{", "}"} & set(question)
        assert bool(history) == (kind == "follow_up")
        assert all(h.strip() for h in history)


def test_sums_and_averages_are_of_measures_only(examples):
    for _, sql, _, _ in examples:
        for name in ("Latitude", "opened_year", "Reading", "order_id", "manager_id"):
            assert sql is None or not any(
                f"{f}({q}{name}" in sql for f in ("SUM", "AVG") for q in ("", '"')
            )


ROLES = [
    ("employees", "first_name", "label"), ("employees", "salary", "measure"), ("employees", "manager_id", "key"),
    ("cust", "is_active", "flag"), ("cust", "city", "category"), ("cust", "joined_on", "date"),
    ("products", "opened_year", "year"), ("readings", "Taken", "date"), ("readings", "Latitude", "code"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "role"), ROLES)
def test_roles(shop, table, column, role):
    db, schema = shop
    with database.connect(db) as connection:
        profile = inspect(connection, schema)
    assert next(c for c in profile.ents[table].cols if c.name == column).role == role


def test_names_are_written_out_and_self_references_have_a_role(shop):
    db, schema = shop
    with database.connect(db) as connection:
        ents = inspect(connection, schema).ents
    assert ents["cust"].nouns[0] == "customer"
    assert [c.name for c in ents["employees"].labels] == ["first_name", "last_name"]
    assert [p.role for p in ents["employees"].parents] == ["manager"]


WORDS = [
    (synth_words.plural, "category", "categories"), (synth_words.plural, "person", "people"),
    (synth_words.plural, "date of birth", "dates of birth"), (synth_words.plural, "branch", "branches"),
    (synth_words.singular, "companies", "company"), (synth_words.singular, "order items", "order item"),
    (synth_words.singular, "status", "status"), (synth_words.singular, "people", "person"),
    (synth_words.written_out, "inv_amt", "invoice amount"), (synth_words.written_out, "# of Owners", "number of owners"),
    (synth_words.split_unit, "weight_kg", ("weight", "kg")), (synth_words.split_unit, "Price ($)", ("Price", "dollars")),
]  # fmt: skip


@pytest.mark.parametrize(("function", "given", "wanted"), WORDS)
def test_words(function, given, wanted):
    assert function(given) == wanted


def test_a_database_without_rows_gives_nothing(tmp_path):
    path = tmp_path / "bare.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
    connection.commit()
    connection.close()
    db = database.open_readonly(path)
    assert list(synthesize.generate(db, schemas.read(db), 1)) == []


def test_command_leaves_out_skipped_databases_and_keeps_to_its_counts(shop, tmp_path, capsys):
    db, _ = shop
    folder = tmp_path / "databases"
    folder.mkdir()
    for name in ("one", "two", "held_out"):
        (folder / f"{name}.sqlite").write_bytes(db.path.read_bytes())
    (tmp_path / "skip.txt").write_text("held_out\n", encoding="utf-8")
    out = tmp_path / "made" / "train.jsonl.gz"
    arguments = [
        "--databases",
        str(folder),
        "--skip",
        str(tmp_path / "skip.txt"),
        "--per-database",
        "20",
    ]
    assert synthesize.main([*arguments, "--count", "35", "--seed", "3", "--out", str(out)]) == 0
    with gzip.open(out, "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    assert Counter(r["db_id"] for r in records) == {"one": 20, "two": 15}
    assert all(r.keys() - {"history"} == {"db_id", "question", "sql", "kind"} for r in records)
    assert "35 examples" in capsys.readouterr().out
