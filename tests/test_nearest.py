import pytest

from t2s import nearest, probe
from t2s.value_index import IndexedColumn, ValueIndex
from t2s.values import Column, Schema, Table

SCHEMA = Schema(
    (
        Table("people", (Column("name"), Column("country"), Column("spent", "number"))),
        Table("orders", (Column("day", "date", date_format="%Y-%m-%d"), Column("spent", "number"))),
    )
)
INDEX = ValueIndex(
    (
        IndexedColumn("people", "country", (), False, 4),
        IndexedColumn("people", "name", (), False, 1),
    ),
    ((0, "France"), (0, "Germany"), (0, "US"), (0, "O'Land"), (1, "Frnace")),
)
# what the statement looks for, nearest value
NEAR = [
    ("= 'Frnace'", "France"),
    ("= 'france'", "France"),
    ("LIKE '%Germny%'", "Germany"),
    ("= 'United States'", "US"),
    ("= 'O Land'", "O'Land"),
    ("= 'Qqq'", None),
    ("IN ('Frnace', 'Germny')", None),  # which of them is not known
]


@pytest.mark.parametrize(("condition", "expected"), NEAR)
def test_nearest_value_of_the_same_column(condition, expected):
    (given,) = probe.list_probes(f"SELECT * FROM people WHERE country {condition}", SCHEMA)
    near = nearest.find_near(given, INDEX)
    assert (near and near.value) == expected


def test_the_rows_of_the_nearest_value_are_counted():
    (given,) = probe.list_probes("SELECT * FROM people WHERE country = 'OLand'", SCHEMA)
    near = nearest.find_near(given, INDEX)
    assert near.sql == "SELECT count(*) FROM \"people\" WHERE \"country\" = 'O''Land'"


TOLD = [
    (None, None, "No row of people has 'Frnace' as country."),
    ("France", 12, "No row of people has 'Frnace' as country; closest: 'France', 12 rows."),
    ("France", 1, "No row of people has 'Frnace' as country; closest: 'France', 1 row."),
    ("France", None, "No row of people has 'Frnace' as country; closest: 'France'."),
]


@pytest.mark.parametrize(("value", "rows", "expected"), TOLD)
def test_what_is_missing_is_told(value, rows, expected):
    given = probe.Probe("", "people", "country", "'Frnace'", ("Frnace",))
    near = None if value is None else nearest.Near(value, "")
    assert nearest.tell_missing(given, near, rows) == expected


RANGES = [
    (
        "SELECT * FROM people WHERE spent > 1000",
        ['SELECT min("spent"), max("spent"), sum("spent" > 1000) FROM "people"'],
    ),
    (
        "SELECT * FROM orders AS o WHERE o.day BETWEEN '2030-01-01' AND '2031-01-01'",
        [
            'SELECT min("day"), max("day"), sum("day" BETWEEN \'2030-01-01\' AND \'2031-01-01\')'
            ' FROM "orders"'
        ],
    ),
    (
        "SELECT * FROM orders WHERE strftime('%Y', day) = '2031'",
        [
            "SELECT min(STRFTIME('%Y', \"day\")), max(STRFTIME('%Y', \"day\")), "
            "sum(STRFTIME('%Y', \"day\") = '2031') FROM \"orders\""
        ],
    ),
    ("SELECT * FROM people WHERE name = 'x'", []),
    ("SELECT * FROM people WHERE NOT spent > 1000", []),
    ("SELECT * FROM people WHERE spent > (SELECT avg(spent) FROM people)", []),
    ("SELECT name FROM people GROUP BY name HAVING spent > 3", []),
    ("SELECT * FROM people JOIN orders ON people.spent = orders.spent", []),
    ("SELECT * FROM elsewhere WHERE spent > 3", []),
    ("SELEC (", []),
]


@pytest.mark.parametrize(("sql", "expected"), RANGES)
def test_ranges(sql, expected):
    assert [each.sql for each in nearest.list_ranges(sql, SCHEMA)] == expected


TOLD_RANGES = [
    ((1, 9, 0), "No row of people meets spent > 10: spent goes from 1 to 9."),
    ((1, 19, 2), ""),
    ((None, None, None), ""),
]


@pytest.mark.parametrize(("row", "expected"), TOLD_RANGES)
def test_a_range_is_told_when_nothing_meets_the_condition(row, expected):
    assert nearest.tell_range(nearest.Range("", "people", "spent", "spent > 10"), row) == expected
