"""When two WikiSQL queries are the same, and databases without rows."""

from __future__ import annotations

import sqlite3

import pytest

from t2s import database, schema
from t2s.values import Column, ForeignKey, Schema, Table
from train.logical_form import HeaderDatabases, read_form, same_form

GOLD = 'SELECT COUNT("Games") FROM t WHERE "Height" = \'1.92m\' AND "Year" > 1990'
SAME = [
    (GOLD, "SELECT count(games) FROM t WHERE Year > 1990 AND Height = '1.92M'", True),
    (GOLD, "SELECT COUNT(T1.Games) FROM t AS T1 WHERE (T1.Height = '1.92m') AND (1990 < T1.Year)", True),
    (GOLD, "SELECT COUNT(Games) AS n FROM t WHERE Height = '1.92m' AND Year > '1990.0'", True),
    (GOLD, "SELECT COUNT(*) FROM t WHERE Height = '1.92m' AND Year > 1990", False),
    (GOLD, "SELECT COUNT(DISTINCT Games) FROM t WHERE Height = '1.92m' AND Year > 1990", False),
    (GOLD, "SELECT Games FROM t WHERE Height = '1.92m' AND Year > 1990", False),
    (GOLD, "SELECT COUNT(Games) FROM t WHERE Height = '1.92m'", False),
    (GOLD, "SELECT COUNT(Games) FROM t WHERE Height = '1.92m' AND Year >= 1990", False),
    (GOLD, "SELECT COUNT(Games) FROM t WHERE Height = '1.92m' OR Year > 1990", False),
    (GOLD, "SELECT COUNT(Games) FROM t WHERE Height = '1.92m' AND Year > 1990 LIMIT 1", False),
    (GOLD, "SELECT COUNT(Games), Year FROM t WHERE Height = '1.92m' AND Year > 1990", False),
    ("SELECT a FROM t", "SELECT DISTINCT a FROM t", False),
    ("SELECT a FROM t", "SELECT a FROM t ORDER BY a", False),
    ("SELECT a FROM t", "SELECT a FROM t UNION SELECT a FROM t", False),
    ("SELECT a FROM t", "SELECT a FROM t WHERE b IN (SELECT b FROM t)", False),
    ("SELECT a FROM t WHERE b = '17,568'", "SELECT a FROM t WHERE b = 17568", True),
    ("SELECT a FROM t WHERE b = -3", "SELECT a FROM t WHERE b = (-3.0)", True),
    ("SELECT a FROM t WHERE b = '1,2'", "SELECT a FROM t WHERE b = 12", False),
    ("SELECT a FROM t WHERE b = 'nan'", "SELECT a FROM t WHERE b = 'nan'", True),
    ("SELECT a FROM t WHERE b = 1 AND b = 1", "SELECT a FROM t WHERE b = 1", True),
    ("SELECT a FROM t WHERE b = c", "SELECT a FROM t WHERE b = c", False),  # no literal, no form
    ("SELECT (", "SELECT (", False),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "other", "same"), SAME)
def test_same_form(gold: str, other: str, same: bool) -> None:
    assert same_form(gold, other) is same


def test_the_form_of_a_query() -> None:
    form = read_form(GOLD)
    assert form is not None
    assert (form.aggregate, form.column) == ("count", "games")
    assert form.conditions == {("height", "=", "1.92m"), ("year", ">", "1990")}


def test_headers_become_a_database_once(tmp_path) -> None:
    tables = (
        Table("team", (Column("id", declared_type="INTEGER", primary_key=True), Column('na"me'))),
        Table("player", (Column("No.", declared_type="REAL"), Column("team_id"))),
        Table("seen", (Column("id"),), is_view=True),
    )
    keys = (
        ForeignKey("player", "team_id", "team", "id"),
        ForeignKey("player", "No.", "team", "id", inferred=True),
    )
    headers = HeaderDatabases({"club": Schema(tables, keys, "club")}, tmp_path)
    path = headers.path("club")
    before = path.stat().st_mtime_ns
    assert headers.path("club").stat().st_mtime_ns == before
    found = schema.read(database.open_readonly(path))
    assert [[c.name for c in t.columns] for t in found.tables] == [
        ["id", 'na"me'],
        ["No.", "team_id"],
    ]
    assert [(k.table, k.column) for k in found.foreign_keys if not k.inferred] == [
        ("player", "team_id")
    ]
    with pytest.raises(KeyError):
        headers.path("unknown")
    with pytest.raises(sqlite3.Error):
        HeaderDatabases({"twice": Schema((tables[1], tables[1]))}, tmp_path).path("twice")
