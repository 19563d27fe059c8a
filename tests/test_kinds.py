"""What a gold query asks for, and in what a wrong prediction differs from it."""

from __future__ import annotations

import pytest

from train.kinds import count_joins, list_kinds
from train.mistakes import CATEGORIES, name_mistake
from train.trees import repair

KINDS = [
    ("SELECT a FROM t", ("list",), "0"),
    ("SELECT count(*) FROM t", ("count",), "0"),
    ("SELECT max(a), count(*) FROM t", ("count", "aggregate"), "0"),
    ("SELECT a, count(*) FROM t GROUP BY a", ("group",), "0"),
    ("SELECT a FROM t ORDER BY b", ("list",), "0"),
    ("SELECT a FROM t ORDER BY b DESC LIMIT 1", ("superlative",), "0"),
    ("SELECT a FROM t WHERE b = (SELECT max(b) FROM t)", ("superlative", "nested"), "0"),
    ("SELECT a FROM t WHERE b IN (SELECT b FROM u JOIN v ON u.i = v.i)", ("list", "nested"), "1"),
    ("SELECT a FROM t UNION SELECT b FROM u", ("list", "set operation"), "0"),
    ("SELECT count(*) FROM t EXCEPT SELECT b FROM u", ("count", "set operation"), "0"),
    ("SELECT 100.0 * sum(a) / count(*) FROM t", ("count", "aggregate", "arithmetic"), "0"),
    ("SELECT a FROM t WHERE d >= '2023-01-01'", ("list", "date"), "0"),
    ("SELECT a FROM t WHERE d = 'x2023-01-01'", ("list",), "0"),
    ("SELECT strftime('%Y', d), count(*) FROM t GROUP BY 1", ("group", "date"), "0"),
    ("SELECT julianday(a) - julianday(b) FROM t", ("list", "arithmetic", "date"), "0"),
    ("SELECT t.a FROM t JOIN u ON t.i = u.i JOIN v ON u.i = v.i", ("list",), "2"),
    ("SELECT a FROM t, u, v, w, x", ("list",), "4 or more"),
    ("SELECT a FROM t GROUP BY a HAVING count ( * )  > =  3", ("group",), "0"),  # CoSQL's spacing
    ("SELECT (", ("unreadable",), "unreadable"),
]


@pytest.mark.parametrize(("sql", "kinds", "joins"), KINDS)
def test_kinds(sql: str, kinds: tuple[str, ...], joins: str) -> None:
    assert (list_kinds(sql), count_joins(sql)) == (kinds, joins)


BASE = "SELECT a, max(b) FROM t WHERE c = 'x' GROUP BY a ORDER BY a LIMIT 3"
MISTAKES = [
    (BASE, None, "fails to run"),
    (None, BASE, "should have declined"),
    (BASE, BASE.replace("FROM t", "FROM t JOIN u ON t.i = u.i"), "tables"),
    (BASE, BASE.replace("a, max", "d, max"), "selected columns"),
    (BASE, "SELECT max(b), a FROM t WHERE c = 'x' GROUP BY a ORDER BY a LIMIT 3", "selected columns"),
    (BASE, BASE.replace("max(b)", "min(b)"), "aggregate"),
    ("SELECT a FROM t", "SELECT DISTINCT a FROM t", "aggregate"),
    ("SELECT count(a) FROM t", "SELECT count(DISTINCT a) FROM t", "aggregate"),
    ("SELECT count(*) FROM t", "SELECT count(*) FROM t WHERE a = 1", "condition column"),
    (BASE, BASE.replace("GROUP BY a", "GROUP BY d"), "grouping"),
    (BASE, BASE.replace("GROUP BY a", "GROUP BY a HAVING count(*) > 1"), "grouping"),
    (BASE, BASE.replace("c = 'x'", "d = 'x'"), "condition column"),
    (BASE, BASE.replace("c = 'x'", "c <> 'x'"), "condition operator"),
    (BASE, BASE.replace("c = 'x'", "c = 'y'"), "condition value"),
    (BASE, BASE.replace("LIMIT 3", "LIMIT 4"), "order or limit"),
    (BASE, BASE.replace("ORDER BY a", "ORDER BY a DESC"), "order or limit"),
    ("SELECT a - b FROM t WHERE c = 'X'", "SELECT a + b FROM t WHERE c = 'x'", "other"),
    ("SELECT (", BASE, "other"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "predicted", "category"), MISTAKES)
def test_mistakes(gold: str | None, predicted: str | None, category: str) -> None:
    assert name_mistake(gold, predicted, declined=False) == category
    assert category in CATEGORIES


def test_declining_is_the_first_category() -> None:
    assert name_mistake(BASE, None, declined=True) == CATEGORIES[0] == "declined"


REPAIRS = [
    ("SELECT a FROM t WHERE a ! =  2", "SELECT a FROM t WHERE a !=  2"),
    ("HAVING count ( * )    > =    3", "HAVING count ( * )    >=    3"),
    ("WHERE a = '! =' AND b < = 3", "WHERE a = '! =' AND b <= 3"),
    ('WHERE a = "x > = \'y" AND b > 3', 'WHERE a = "x > = \'y" AND b > 3'),
]


@pytest.mark.parametrize(("sql", "repaired"), REPAIRS)
def test_cut_comparisons_are_joined_outside_strings(sql: str, repaired: str) -> None:
    assert repair(sql) == repaired
