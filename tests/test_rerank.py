"""What speaks for a candidate, the order that follows from it, and the file of weights."""

import json
import math

import pytest

from t2s import rerank
from t2s.rerank_features import describe
from t2s.values import (
    Candidate,
    Column,
    Links,
    NameMatch,
    QueryResult,
    Request,
    Schema,
    Table,
    ValueMatch,
)

SCHEMA = Schema(
    (
        Table("shop", (Column("shop_id", "number"), Column("town"), Column("opened", "date"))),
        Table("sale", (Column("shop_id", "number"), Column("price", "number"), Column("cost"))),
    )
)


def result(sql, *rows):
    return QueryResult(sql, tuple("abc"[: len(rows[0])] if rows else "a"), tuple(rows))


def link(question, **named):
    """Links of a question: ``word="table"``, ``word="table.column"`` or ``word="table.column=cell"``."""
    names, values = [], []
    for word, meaning in named.items():
        start = question.index(word)
        owner, _, cell = meaning.partition("=")
        table, _, column = owner.partition(".")
        if cell:
            end = start + len(word)
            values.append(ValueMatch(cell, False, "cell", table, column, start, end, 1.0))
        else:
            names.append(NameMatch(start, start + len(word), table, column or None, "exact"))
    return Links(tuple(names), tuple(values))


def features(question, sql, *rows, links=Links(), history=(), probability=0.5):  # noqa: B008 - frozen
    request = Request(question, SCHEMA, links, history)
    outcome = None if rows == (None,) else result(sql, *rows)
    (found,) = describe(request, [Candidate(sql, probability)], [outcome])
    return found


# question, statement, features that are there with their values
CONSTRUCTS = [
    ("how many shops", "SELECT COUNT(*) FROM shop", {"has count": 1}),
    ("how many shops", "SELECT town FROM shop", {"lacks count": 1}),
    ("list the shops", "SELECT COUNT(*) FROM shop", {"extra count": 1, "has count": 1}),
    ("average price", "SELECT AVG(price) FROM sale", {"has average": 1}),
    ("price by shop", "SELECT shop_id, price FROM sale", {"lacks group": 1}),
    ("shops never used", "SELECT town FROM shop", {"lacks negation": 1}),
    (
        "most expensive sale",
        "SELECT price FROM sale ORDER BY price DESC LIMIT 1",
        {"sorts right for high": 1, "limit 1": 1, "limit as asked": 1},
    ),
    ("most expensive sale", "SELECT price FROM sale ORDER BY price LIMIT 1", {"sorts wrong for high": 1}),
    ("cheapest sale", "SELECT price FROM sale ORDER BY price LIMIT 1", {"sorts right for low": 1}),
    ("cheapest sale", "SELECT price FROM sale ORDER BY price DESC LIMIT 1", {"sorts wrong for low": 1}),
    ("top 5 sales", "SELECT price FROM sale ORDER BY price DESC LIMIT 5", {"limit as asked": 1}),
    ("top five sales", "SELECT price FROM sale ORDER BY price DESC LIMIT 5", {"limit as asked": 1}),
    ("top 5 sales", "SELECT price FROM sale ORDER BY price DESC LIMIT 6", {"numbers left": 1, "numbers added": 1}),
    ("margin", "SELECT price - cost FROM sale", {"has difference": 1}),
    ("margin", "SELECT price - price FROM sale", {"difference of one with itself": 1}),
    ("town and opened", "SELECT town, opened FROM shop", {"two outputs": 1, "outputs beside and": 1}),
    ("oslo", "SELECT town FROM shop WHERE town = 'Oslo'", {"shows what is fixed": 1, "conditions": 1}),
    ("in rome", "SELECT opened FROM shop WHERE town = 'Paris'", {"texts added": 1}),
    ("in 1999", "SELECT town FROM shop WHERE opened LIKE '%1999%'", {"texts added": 0, "numbers left": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "sql", "expected"), CONSTRUCTS)
def test_statements_are_compared_with_questions(question, sql, expected):
    found = features(question, sql, ("x",))
    assert {name: found.get(name, 0) for name in expected} == expected


# rows -> features that are there
OUTCOMES = [
    ((), {"no rows": 1, "hollow": 1}),
    (((0,),), {"one cell": 1, "hollow": 1}),
    (((None,),), {"one cell": 1, "one cell, NULL": 1, "NULL among cells": 1, "hollow": 1}),
    (((5,),), {"one cell": 1, "hollow": 0}),
    (((-5,),), {"negative among cells": 1}),
    ((("a",), ("a",)), {"repeats rows": 1, "one output repeats": 1}),
    ((("a",), ("b",)), {"repeats rows": 0, "several where one is asked for": 1}),
    (tuple((n,) for n in range(60)), {"many rows": 1, "log of rows": pytest.approx(math.log(61))}),
    ((None,), {"fails": 1}),
]


@pytest.mark.parametrize(("rows", "expected"), OUTCOMES)
def test_what_a_statement_gave_is_looked_at(rows, expected):
    found = features("who sold most", "SELECT town FROM shop", *rows)
    assert {name: found.get(name, 0) for name in expected} == expected


def test_words_that_a_statement_leaves_out():
    question = "price of sales in Oslo"
    links = link(question, price="sale.price", sales="sale", Oslo="shop.town=Oslo")
    whole = features(
        question,
        "SELECT price FROM sale JOIN shop USING (shop_id) WHERE town = 'Oslo'",
        (1,),
        links=links,
    )
    part = features(question, "SELECT cost FROM sale", (1,), links=links)
    left = ("words left", "values left", "columns left", "tables left", "linked words left")
    assert [whole[name] for name in left] == [0, 0, 0, 0, 0]
    assert [part[name] for name in left] == [2, 1, 1, 0, 1]
    assert whole["share of words covered"] == 1
    assert part["columns not named"] == 1
    assert part["tables not named"] == 0


def test_declining_has_features_of_its_own():
    request = Request("delete the nurses", SCHEMA, Links(), ("earlier",))
    (found,) = describe(request, [Candidate(None, 0.9)], [None])
    assert found["declines"] == found["declines: change asked for"] == 1
    assert found["declines: earlier questions"] == found["declines: nothing found"] == 1
    assert found["declines: share of words unknown"] == pytest.approx(2 / 3)


def test_candidates_that_give_the_same_share_its_probability():
    request = Request("how many", SCHEMA, Links())
    candidates = [Candidate("SELECT 1", 0.5), Candidate("SELECT 2 - 1", 0.25), Candidate("SELECT 3", 0.1)]  # fmt: skip
    outcomes = [result(c.sql, (n,)) for c, n in zip(candidates, (1, 1, 3), strict=True)]
    found = describe(request, candidates, outcomes)
    shared = [math.exp(f["log probability of its result"]) for f in found]
    assert shared == pytest.approx([0.75, 0.75, 0.1])
    assert [f["likeliest"] for f in found] == [1, 0, 0]


def test_a_score_is_the_sum_of_what_weighs():
    judge = rerank.Reranker({"no rows": -2.0, "one cell": 1.5, "unheard of": 9.0})
    request = Request("how many", SCHEMA, Links())
    candidates = [Candidate("SELECT 1", 0.5), Candidate("SELECT 2", 0.4)]
    outcomes = [result("SELECT 1"), result("SELECT 2", (2,))]
    assert judge.score(request, candidates, outcomes) == (-2.0, 1.5)


A, B, NO = Candidate("SELECT 1", 0.5), Candidate("SELECT 2", 0.2), Candidate(None, 0.3)
# candidates, scores, threshold, margin -> positions in order
ARRANGED = [
    ((A, B), (0.0, 1.0), 0.5, 0.0, [1, 0]),
    ((A, B), (1.0, 0.0), 0.5, 0.0, [0, 1]),
    ((A, NO), (0.0, 5.0), 0.3, 3.0, [1, 0]),
    ((A, NO), (0.0, 2.0), 0.3, 3.0, [0, 1]),  # not far enough ahead
    ((A, NO), (0.0, 5.0), 0.4, 3.0, [0, 1]),  # not likely enough
    ((NO, A, B), (1.0, 0.0, 2.0), 0.9, 0.0, [2, 1, 0]),
    ((NO,), (0.0,), 0.3, 3.0, [0]),
]


@pytest.mark.parametrize(("candidates", "scores", "threshold", "margin", "order"), ARRANGED)
def test_the_order(candidates, scores, threshold, margin, order):
    arranged = rerank.arrange(candidates, scores, threshold, margin)
    assert [place for place, _ in arranged] == order
    assert sum(share for _, share in arranged) == pytest.approx(1)


def test_weights_are_read(tmp_path):
    path = tmp_path / rerank.FILE_NAME
    path.write_text(json.dumps({"weights": {"no rows": -1, "limit": 0.5}, "questions": 3}))
    assert dict(rerank.read(path).weights) == {"no rows": -1.0, "limit": 0.5}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"weights": []}', '{"weights": {"a": "b"}}', '{"weights": {"a": true}}',
     '{"weights": {"a": NaN}}', '{"weights": {"a": 1' + " " * 100_000 + "}}"],
)  # fmt: skip
def test_what_holds_no_weights_is_refused(tmp_path, text):
    path = tmp_path / rerank.FILE_NAME
    path.write_text(text)
    with pytest.raises(ValueError):  # noqa: PT011 - json's own errors are ValueErrors too
        rerank.read(path)
