"""Sentences for questions that a database cannot answer."""

import pytest

from t2s.explain_decline import decline
from t2s.values import Column, Links, NameMatch, Schema, Table, ValueMatch

DECLINES = [
    ((), "That cannot be answered from this database; it has no tables."),
    (("a",), "That cannot be answered from this database; it has the table a."),
    (("a", "b"), "That cannot be answered from this database; it has the tables a and b."),
    (
        tuple("abcdefghij"),
        "That cannot be answered from this database; it has the tables a, b, c, d, e, f, g, h and 2 more.",
    ),
]


@pytest.mark.parametrize(("names", "expected"), DECLINES)
def test_decline(names, expected):
    assert decline(Schema(tuple(Table(name, ()) for name in names))) == expected


SHOP = Schema(
    (
        Table("customers", tuple(Column(name) for name in ("customer_id", "full_name", "city"))),
        Table("orders", tuple(Column(name) for name in ("order_id", "ordered_on", "total_amount"))),
    )
)
THERE = "it has the tables customers and orders."
MISSING = "Nothing in this database seems to be about {}; " + THERE
CHANGE = "Here the data is only read, never changed; ask what is in it: " + THERE
PLAIN = "That cannot be answered from this database; " + THERE
QUESTIONS = [
    ("which nurses work here", MISSING.format("nurses")),
    ("who is the prime minister", MISSING.format("prime minister")),
    ("What is the phone number of each customer?", MISSING.format("phone")),
    (
        "show the customers with their shoe size and blood group",
        MISSING.format("shoe size or blood"),
    ),
    ("apples, pears, plums and figs", MISSING.format("apples, pears or plums")),
    ("which guests ordered a massage", MISSING.format("guests or massage")),
    ("which ones were restored", MISSING.format("restored")),
    ("delete all orders", CHANGE),
    ("please cancel order 12", CHANGE),
    ("Can you update the total amount of order 5 to 10?", CHANGE),
    ("orders", PLAIN),
    ("hello there", PLAIN),
    ("show me the good stuff", PLAIN),
    ("what is ordering like", PLAIN),  # another form of a name is that name
    ("", PLAIN),
    ("?!", PLAIN),
]


@pytest.mark.parametrize(("question", "expected"), QUESTIONS)
def test_what_is_missing_is_named(question, expected):
    assert decline(SHOP, question) == expected


def test_words_that_were_found_are_not_missing():
    question = "credit score of clients in Oslo"
    links = Links(
        (NameMatch(16, 23, "customers", None, "partial"),),
        (ValueMatch("Oslo", False, "cell", "customers", "city", 27, 31, 1.0),),
    )
    assert decline(SHOP, question, links) == MISSING.format("credit score")
    assert decline(SHOP, question) == MISSING.format("credit score, clients or Oslo")


def test_a_value_that_is_only_listed_has_no_words():
    links = Links((), (ValueMatch("Oslo", False, "category", "customers", "city"),))
    assert decline(SHOP, "nurses", links) == MISSING.format("nurses")
