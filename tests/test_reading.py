import datetime

import pytest

from t2s import linking, pipeline, reading
from t2s.backends.scripted import ScriptedBackend
from t2s.reading_statement import list_uses
from t2s.ui.readings import mark_question, say_meanings
from t2s.values import Column, Links, Mark, Schema, Table

SCHEMA = Schema(
    (
        Table(
            "Customer",
            (Column("CustomerId", "number"), Column("Name"), Column("Country"), Column("Status")),
        ),
        Table(
            "Invoice",
            (
                Column("InvoiceId", "number"),
                Column("CustomerId", "number"),
                Column("InvoiceDate", "date", date_format="%Y-%m-%d"),
                Column("Total", "number"),
            ),
        ),
        Table("Genre", (Column("GenreId", "number"), Column("Name"))),
    )
)
JOIN = "FROM Customer AS T1 JOIN Invoice AS T2 ON T1.CustomerId = T2.CustomerId"
# statement, target and words of each literal
LITERALS = [
    ("SELECT * FROM Genre WHERE Name = 'Rock'", [("Genre.Name", "= 'Rock'")]),
    ("SELECT * FROM Genre WHERE 'Rock' = Name", [("Genre.Name", "= 'Rock'")]),
    ("SELECT * FROM Genre WHERE Name <> 'Rock'", [("Genre.Name", "is not 'Rock'")]),
    ("SELECT * FROM Genre WHERE NOT Name = 'Rock'", [("Genre.Name", "not = 'Rock'")]),
    ("SELECT * FROM Genre WHERE Name LIKE '%ock%'", [("Genre.Name", "contains 'ock'")]),
    ("SELECT * FROM Genre WHERE Name LIKE 'R%'", [("Genre.Name", "begins with 'R'")]),
    ("SELECT * FROM Genre WHERE Name LIKE '%k'", [("Genre.Name", "ends with 'k'")]),
    ("SELECT * FROM Genre WHERE Name NOT LIKE '%k'", [("Genre.Name", "not ends with 'k'")]),
    (
        "SELECT * FROM Genre WHERE Name IN ('a', 'b')",
        [("Genre.Name", "= 'a'"), ("Genre.Name", "= 'b'")],
    ),
    ("SELECT * FROM Genre WHERE Name NOT IN ('a')", [("Genre.Name", "is not 'a'")]),
    ("SELECT * FROM Genre WHERE lower(Name) = 'rock'", [("Genre.Name", "= 'rock'")]),
    ("SELECT * FROM Invoice WHERE Total > 5", [("Invoice.Total", "more than 5")]),
    ("SELECT * FROM Invoice WHERE 5 > Total", [("Invoice.Total", "less than 5")]),
    ("SELECT * FROM Invoice WHERE Total >= -5", [("Invoice.Total", "at least -5")]),
    ("SELECT * FROM Invoice WHERE Total <= 5", [("Invoice.Total", "at most 5")]),
    (
        "SELECT * FROM Invoice WHERE Total BETWEEN 1 AND 2",
        [("Invoice.Total", "from 1"), ("Invoice.Total", "up to 2")],
    ),
    (
        "SELECT * FROM Invoice WHERE InvoiceDate >= '2024-01-01' AND InvoiceDate < '2025-01-01'",
        [
            ("Invoice.InvoiceDate", "from '2024-01-01'"),
            ("Invoice.InvoiceDate", "before '2025-01-01'"),
        ],
    ),
    (
        "SELECT * FROM Invoice WHERE strftime('%Y', InvoiceDate) = '2024'",
        [("year of Invoice.InvoiceDate", "= '2024'")],
    ),
    (
        f"SELECT T1.Name {JOIN} GROUP BY 1 HAVING count(*) > 3",
        [("number of rows", "more than 3")],
    ),
    (
        f"SELECT T1.Name {JOIN} GROUP BY 1 HAVING sum(T2.Total) > 3",
        [("total Invoice.Total", "more than 3")],
    ),
    ("SELECT * FROM Genre LIMIT 5", [("", "the first 5 rows")]),
    ("SELECT * FROM Genre LIMIT 1", [("", "the first row")]),
    ("SELECT 100.0 * sum(Total) / 7, round(Total, 2) FROM Invoice", []),
    ("SELECT strftime('%Y', InvoiceDate) FROM Invoice", []),
    ("SELEC (", []),
]


@pytest.mark.parametrize(("sql", "expected"), LITERALS)
def test_literals_of_a_statement(sql, expected):
    assert [(use.target, use.words) for use in list_uses(sql, SCHEMA).literals] == expected


# statement, tables, columns
NAMES = [
    ("SELECT Name FROM Genre", {"genre"}, {("genre", "name")}),
    ("SELECT * FROM Genre", {"genre"}, set()),
    (f"SELECT T1.Name {JOIN}", {"customer", "invoice"}, {("customer", "name")}),
    (
        f"SELECT count(DISTINCT T2.CustomerId) {JOIN}",
        {"customer", "invoice"},
        {("invoice", "customerid")},
    ),
    ("WITH g AS (SELECT Name AS n FROM Genre) SELECT n FROM g", {"genre"}, {("genre", "name")}),
    (
        "SELECT Country FROM (SELECT Country FROM Customer)",
        {"customer"},
        {("customer", "country")},
    ),
    ("SELECT nothing FROM nowhere", set(), set()),
]


@pytest.mark.parametrize(("sql", "tables", "columns"), NAMES)
def test_names_of_a_statement(sql, tables, columns):
    uses = list_uses(sql, SCHEMA)
    assert (uses.tables, uses.columns) == (tables, columns)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    import sqlite3  # noqa: PLC0415

    path = tmp_path_factory.mktemp("reading") / "music.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE Customer (CustomerId INTEGER PRIMARY KEY, Name TEXT, Country TEXT, Status TEXT);
        CREATE TABLE Invoice (InvoiceId INTEGER PRIMARY KEY,
            CustomerId INTEGER REFERENCES Customer (CustomerId), InvoiceDate TEXT, Total REAL);
        CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, Name TEXT);
        INSERT INTO Customer VALUES (1, 'Ada', 'France', 'ACT'), (2, 'Bo', 'Germany', 'OFF'),
            (3, 'Oslo', NULL, NULL);
        INSERT INTO Invoice VALUES (1, 1, '2023-04-05', 3.5), (2, 2, '2024-01-02', 9);
        INSERT INTO Genre VALUES (1, 'Rock'), (2, 'Bossa Nova'), (3, 'Oslo');
        """
    )
    connection.close()
    return pipeline.open_session(path, ScriptedBackend({}))


YEAR = "InvoiceDate >= '2023-01-01' AND InvoiceDate < '2024-01-01'"
# question, statement, (words, kind, meaning, corrected) of each mark
READINGS = [
    (
        "How many customers are there?",
        "SELECT count(*) FROM Customer",
        [("customers", "table", "table Customer", "")],
    ),
    (
        "customers in frnace",
        "SELECT * FROM Customer WHERE Country = 'France'",
        [
            ("customers", "table", "table Customer", ""),
            ("frnace", "value", "Customer.Country = 'France'", "France"),
        ],
    ),
    (
        "custmers from Germany",
        "SELECT * FROM Customer WHERE Country = 'Germany'",
        [
            ("custmers", "table", "table Customer", "Customer"),
            ("Germany", "value", "Customer.Country = 'Germany'", ""),
        ],
    ),
    # another name of a thing is no misspelling
    (
        "French customers",
        "SELECT * FROM Customer WHERE Country = 'France'",
        [
            ("French", "value", "Customer.Country = 'France'", ""),
            ("customers", "table", "table Customer", ""),
        ],
    ),
    (
        "names of rock genres",
        "SELECT Name FROM Genre WHERE Name = 'Rock'",
        [
            ("names", "column", "column Genre.Name", ""),
            ("rock", "value", "Genre.Name = 'Rock'", ""),
            ("genres", "table", "table Genre", ""),
        ],
    ),
    (
        "invoices in 2023",
        f"SELECT * FROM Invoice WHERE {YEAR}",
        [
            ("invoices", "table", "table Invoice", ""),
            ("2023", "date", "Invoice.InvoiceDate from '2023-01-01', before '2024-01-01'", ""),
        ],
    ),
    (
        "invoices over five",
        "SELECT * FROM Invoice WHERE Total > 5",
        [
            ("invoices", "table", "table Invoice", ""),
            ("five", "number", "Invoice.Total more than 5", ""),
        ],
    ),
    (
        "top 5 customers by total",
        f"SELECT T1.Name {JOIN} GROUP BY T1.CustomerId ORDER BY sum(T2.Total) DESC LIMIT 5",
        [
            ("5", "number", "the first 5 rows", ""),
            ("customers", "table", "table Customer", ""),
            ("total", "column", "column Invoice.Total", ""),
        ],
    ),
    # what is here and left out
    (
        "customers per genre",
        "SELECT count(*) FROM Customer",
        [("customers", "table", "table Customer", ""), ("genre", "unused", "table Genre", "")],
    ),
    (
        "customers in France",
        "SELECT count(*) FROM Customer",
        [
            ("customers", "table", "table Customer", ""),
            ("France", "unused", "Customer.Country = 'France'", ""),
        ],
    ),
    (  # two tables have such a value: the one that the statement reads is told
        "customers from Oslo",
        "SELECT count(*) FROM Customer",
        [
            ("customers", "table", "table Customer", ""),
            ("Oslo", "unused", "Customer.Name = 'Oslo'", ""),
        ],
    ),
    # what is not here
    (
        "customers with zebras",
        "SELECT count(*) FROM Customer",
        [("customers", "table", "table Customer", ""), ("zebras", "unknown", "", "")],
    ),
    # what the question does not spell
    (
        "customers we still have",
        "SELECT count(*) FROM Customer WHERE Status = 'ACT'",
        [
            ("customers", "table", "table Customer", ""),
            ("", "value", "Customer.Status = 'ACT'", ""),
        ],
    ),
    # a literal that linking did not offer
    (
        "customers named Zoltan",
        "SELECT * FROM Customer WHERE Name = 'Zoltan'",
        [
            ("customers", "table", "table Customer", ""),
            ("Zoltan", "value", "Customer.Name = 'Zoltan'", ""),
        ],
    ),
    ("which genre is it", "SELEC (", [("genre", "unused", "table Genre", "")]),
    ("?!", "SELECT 1", []),
]


@pytest.mark.parametrize(("asked", "sql", "expected"), READINGS)
def test_reading(session, asked, sql, expected):
    links = linking.link(asked, session.schema, session.index, today=datetime.date(2024, 6, 1))
    marks = reading.read(asked, links, sql, session.schema)
    said = [asked[m.start : m.end] if m.start >= 0 else "" for m in marks]
    assert [
        (w, m.kind, m.meaning, m.corrected) for w, m in zip(said, marks, strict=True)
    ] == expected


@pytest.mark.parametrize(("asked", "sql", "_"), READINGS)
def test_marks_never_overlap(session, asked, sql, _):
    links = linking.link(asked, session.schema, session.index)
    marks = [m for m in reading.read(asked, links, sql, session.schema) if m.start >= 0]
    ends = [0, *(m.end for m in marks)]
    assert all(end <= m.start < m.end for end, m in zip(ends, marks, strict=False))


def test_nothing_linked_is_no_error():
    assert reading.read("\udcff ' % zebra", Links(), "SELECT '%'", SCHEMA)[0].kind == "unknown"


DRAWN = [
    ("all customers?", [Mark(4, 13, "table", "table C")], r"all :blue-background[\[customers\]]\?"),
    ("a b", [Mark(0, 1, "unknown"), Mark(2, 3, "unused", "x")],
     r":orange-background[\[a ?\]] :gray-background[\[b ✗\]]"),
    ("*a* [b](c)", [Mark(4, 7, "value", "x")], r"\*a\* :blue-background[\[\[b\]\]]\(c\)"),
    ("a", [Mark(-1, -1, "value", "x")], "a"),
    ("", [], ""),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "marks", "expected"), DRAWN)
def test_marked_question(asked, marks, expected):
    assert mark_question(asked, marks).replace("\\?", "?") == expected.replace("\\?", "?")


SAID = [
    ("frnace", [Mark(0, 6, "value", "c.x", "France")], r"**frnace** read as France → c\.x"),
    ("genre", [Mark(0, 5, "unused", "table Genre")],
     "**genre** → table Genre, which this answer does not use"),
    ("a b", [Mark(0, 1, "unknown"), Mark(2, 3, "unknown")],
     "**a**, **b** match no name or value here"),
    ("a", [Mark(0, 1, "unknown")], "**a** matches no name or value here"),
    ("a", [Mark(-1, -1, "value", "s is <b>")], r"not in your words: s is \<b\>"),
    ("a", [], ""),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "marks", "expected"), SAID)
def test_meanings(asked, marks, expected):
    assert say_meanings(asked, marks) == expected
