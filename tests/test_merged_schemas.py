"""Databases merged into one, and what a picker leaves of the gold tables and columns."""

from __future__ import annotations

import gzip
import json
import sqlite3

import pytest

from t2s import database, linking, schema
from t2s.backends.scripted import ScriptedBackend
from t2s.encoding import InputEncoder
from t2s.values import Column, ForeignKey, Request, Schema, Table
from tests.tiny import tiny_tokenizer
from train import merged_schemas
from train.data import Pair
from train.evaluate import Recorder
from train.merged_schemas import list_gold_parts, measure_picks, summarise_picks
from train.merging import make_groups, merge, move_pairs, rename_tables, write_merged

CLUB = """
create table Team (id integer primary key, "na""me" text);
create table player (id integer primary key, team_id integer references Team(id), goals integer);
create view best as select * from player where goals > 5;
insert into Team values (1, 'Reds'), (2, 'Blues');
insert into player values (1, 1, 3), (2, 1, 9), (3, 2, 1);
"""
OFFICE = """
create table team (id integer primary key, floor text);
insert into team values (7, 'second');
"""
SHOP = "create table customer (id integer primary key, city text); insert into customer values (1, 'Oslo');"
SCRIPTS = {"club": CLUB, "office": OFFICE, "shop": SHOP}


@pytest.fixture
def databases(tmp_path):
    (tmp_path / "spider").mkdir()
    for name, script in SCRIPTS.items():
        with sqlite3.connect(tmp_path / "spider" / f"{name}.sqlite") as connection:
            connection.executescript(script)
        connection.close()
    return tmp_path


@pytest.fixture
def schemas(databases):
    return {
        name: schema.read(database.open_readonly(databases / "spider" / f"{name}.sqlite"))
        for name in SCRIPTS
    }


def test_groups_keep_equal_names_apart(schemas) -> None:
    together = make_groups(schemas, 3)
    assert [g.db_ids for g in together] == [("club", "office", "shop")]
    assert together[0].names["club", "Team"] == "club_Team"
    assert together[0].names["office", "team"] == "office_team"
    assert together[0].names["club", "player"] == "player"
    apart = make_groups(schemas, 2)
    assert [g.db_ids for g in apart] == [("club", "shop"), ("office",)]
    assert all(old == new for g in apart for (_, old), new in g.names.items())


def test_rows_and_keys_are_copied(databases, schemas) -> None:
    (group,) = make_groups(schemas, 3)
    target = databases / "merged.sqlite"
    write_merged(group, schemas, databases / "spider", target)
    found = schema.read(database.open_readonly(target))
    assert {t.name: t.row_count for t in found.tables} == {
        "club_Team": 2,
        "player": 3,
        "office_team": 1,
        "customer": 1,
    }
    declared = [k for k in found.foreign_keys if not k.inferred]
    assert declared == [ForeignKey("player", "team_id", "club_Team", "id")]
    assert merge(group, schemas).foreign_keys == tuple(declared)
    with sqlite3.connect(target) as connection:
        rows = connection.execute('select "na""me" from club_Team order by id').fetchall()
    connection.close()
    assert rows == [("Reds",), ("Blues",)]


RENAMED = [
    ("SELECT id FROM other", "SELECT id FROM other"),
    ("SELECT Team.id FROM Team", 'SELECT Team.id FROM "club_Team" AS "Team"'),
    ("SELECT T1.id FROM team AS T1", 'SELECT T1.id FROM "club_Team" AS T1'),
    (
        "SELECT id FROM other WHERE id IN (SELECT id FROM team)",
        'SELECT id FROM other WHERE id IN (SELECT id FROM "club_Team" AS "team")',
    ),
    ("SELECT (", "SELECT ("),
]


@pytest.mark.parametrize(("sql", "renamed"), RENAMED)
def test_rename_tables(sql: str, renamed: str) -> None:
    assert rename_tables(sql, {"team": "club_Team", "player": "player"}) == renamed


def test_questions_move_with_their_database(schemas) -> None:
    pairs = [
        Pair("spider", "club", "teams", "SELECT id FROM team"),
        Pair("spider", "office", "floors", "SELECT floor FROM team", ("teams",)),
        Pair("spider", "shop", "nurses", None),
    ]
    moved = move_pairs(pairs, make_groups(schemas, 3))
    assert {(p.set_name, p.db_id) for p in moved} == {("spider_merged", "merged_0")}
    assert [p.sql for p in moved] == [
        'SELECT id FROM "club_Team" AS "team"',
        'SELECT floor FROM "office_team" AS "team"',
        None,
    ]
    assert moved[1].history == ("teams",)


PARTS = [
    ("SELECT count(*) FROM player", {"player"}, set()),
    # What a join compares is needed too, though the pointer language leaves it out.
    (
        "SELECT t.\"na\"\"me\" FROM team AS t JOIN player AS p ON p.team_id = t.id WHERE p.goals > 2",
        {"Team", "player"},
        {("Team", 'na"me'), ("Team", "id"), ("player", "team_id"), ("player", "goals")},
    ),
    (
        "SELECT id FROM team WHERE id NOT IN (SELECT team_id FROM player)",
        {"Team", "player"},
        {("Team", "id"), ("player", "team_id")},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "tables", "columns"), PARTS)
def test_gold_parts(schemas, sql: str, tables: set[str], columns: set[tuple[str, str]]) -> None:
    assert list_gold_parts(sql, schemas["club"]) == (tables, columns)


def _wide() -> Schema:
    filler = tuple(
        Table(f"filler{n}", tuple(Column(f"column {n} {c}") for c in range(20))) for n in range(20)
    )
    return Schema((*filler, Table("customer", (Column("id"), Column("city")))))


class _Picker:
    """Picks as the embedded backend does, with a tokenizer trained on the spot."""

    def __init__(self) -> None:
        self.encoder = InputEncoder(tiny_tokenizer())

    def generate(self, request, decoding):
        return ()

    def pick(self, request: Request):
        return self.encoder.encode(request).schema, ()


def test_recall_of_what_is_picked() -> None:
    found = _wide()
    pairs = [
        Pair("bird", "wide", "city of each customer", "SELECT city FROM customer"),
        Pair("bird", "wide", "city of each customer", 'SELECT "column 19 3" FROM filler19'),
        Pair("bird", "wide", "no such column", "SELECT nothing FROM customer"),
        Pair("bird", "wide", "nurses", None),
    ]

    def look(db_id: str):
        return (
            found if db_id == "wide" else Schema((found.table("customer"),))
        ), linking.empty_index()

    picks = measure_picks(pairs, look, Recorder(_Picker()))
    assert [(p.tables, p.columns, p.cut) for p in picks] == [
        ((True,), (True,), True),
        ((False,), (False,), True),
    ]
    figures = summarise_picks(picks)
    assert (figures["cut_questions"], figures["table_recall"], figures["column_recall"]) == (
        2,
        50,
        50,
    )
    pair = Pair("bird", "small", pairs[0].question, pairs[0].sql)
    small = measure_picks([pair], look, Recorder(_Picker()))
    assert not small[0].cut
    assert summarise_picks(small)["column_recall"] is None
    assert summarise_picks(small)["column_recall_all"] == 100.0


def test_the_command_measures_both_sets(databases, capsys) -> None:
    with sqlite3.connect(databases / "spider" / "shop.sqlite") as connection:
        connection.execute("delete from customer")
    connection.close()
    script = {
        "teams": ["SELECT id FROM club_Team"],
        "floors": ["SELECT id FROM office_team"],
        "customers": ["SELECT id FROM customer"],
    }
    (databases / "script.json").write_text(json.dumps(script))
    asked = [
        ("club", "teams", "SELECT id FROM team"),
        ("office", "floors", "SELECT floor FROM team"),
        ("shop", "customers", "SELECT id FROM customer"),
    ]
    _write_set(databases, "spider", "dev", asked)
    _write_set(databases, "bird", "train", [("tall", "cities", "SELECT city FROM customer")])
    columns = [{"name": n, "type": "TEXT", "primary_key": False} for n in ("id", "city")]
    table = {"name": "customer", "columns": columns, "foreign_keys": []}
    with gzip.open(databases / "bird" / "schemas.jsonl.gz", "wt") as lines:
        lines.write(json.dumps({"db_id": "tall", "tables": [table]}) + "\n")
    figures, page = databases / "figures.json", databases / "page.html"
    argv = ["--data", databases, "--databases", databases, "--kind", "scripted"]
    argv += ["--model", databases / "script.json", "--json", figures, "--report", page]
    assert merged_schemas.main([str(each) for each in argv]) == 0
    large, merged = json.loads(figures.read_text())
    assert json.loads(capsys.readouterr().out) == [large, merged]
    assert (large["set"], large["picks"], large["column_recall_all"]) == ("bird", 1, 100.0)
    assert (merged["set"], merged["questions"], merged["ex"]) == ("spider_merged", 3, 66.67)
    assert (merged["questions_with_rows"], merged["ex_with_rows"]) == (2, 50.0)
    assert merged["databases"] == 1
    assert merged["table_recall_all"] == 100.0
    assert "floors" in page.read_text()


def _write_set(folder, name: str, split: str, asked: list[tuple[str, str, str]]) -> None:
    (folder / name).mkdir(exist_ok=True)
    with gzip.open(folder / name / f"{split}.jsonl.gz", "wt") as lines:
        for db_id, question, sql in asked:
            record = {"db_id": db_id, "question": question, "sql": sql}
            lines.write(json.dumps(record) + "\n")


def test_a_backend_without_a_picker_reads_everything() -> None:
    found = _wide()
    pair = Pair("bird", "wide", "city", "SELECT city FROM customer")
    backend = Recorder(ScriptedBackend.from_script({}))
    (kept,) = measure_picks([pair], lambda _: (found, linking.empty_index()), backend)
    assert kept.columns == (True,)
    assert not kept.cut
