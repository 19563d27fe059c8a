"""Answers that look right and are wrong are told; answers that are right are left in peace."""

import contextlib
import sqlite3

import pytest

from t2s import database, doubts, linking, pipeline, sandbox, schema
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import DatabaseError, QueryTimeoutError
from t2s.values import QueryResult

TABLES = '''
CREATE TABLE town (id INTEGER PRIMARY KEY, name TEXT, country TEXT, people INTEGER, area REAL);
INSERT INTO town VALUES (1, 'Oslo', 'Norway', 7, 2.0), (2, 'Bergen', 'norway', 7, 4.0),
  (3, 'Rome', ' Italy', 4, 8.0), (4, 'Milan', 'Spain', 1, 8.0), (5, 'Paris', NULL, 1, 3.0);
CREATE TABLE school (id INTEGER PRIMARY KEY, town_id INTEGER, pupils INTEGER,
  FOREIGN KEY (town_id) REFERENCES town (id));
INSERT INTO school VALUES (1, 1, 100), (2, 1, 200), (3, 3, 50), (4, NULL, 10);
CREATE TABLE shop (id INTEGER PRIMARY KEY, town_id INTEGER, sales INTEGER,
  FOREIGN KEY (town_id) REFERENCES town (id));
INSERT INTO shop VALUES (1, 1, 5), (2, 1, 6), (3, 3, 7);
CREATE TABLE car (model TEXT, power TEXT, gears TEXT, plate_code TEXT, weight, sold TEXT, built TEXT, seen TEXT);
INSERT INTO car VALUES
  ('a', '9', '4', '9', '9', '03/02/2024', '2024-02-03', '2024-02-03 10:00:00'),
  ('b', '10', '5', '10', '10', '25/01/2024', '2024-01-25', '2024-01-25 10:00:00'),
  ('c', '100', '6', '100', '100', '14/12/2023', '2023-12-14', '2023-12-14 10:00:00'),
  ('d', 'n/a', '6', '11', '7', '31/12/2023', '2023-12-31', '2023-12-31 10:00:00');
CREATE TABLE "odd ""name""" ("x'y" TEXT, z INTEGER);
INSERT INTO "odd ""name""" VALUES ('It\'\'s', 3), ('IT\'\'S', 4);
CREATE VIEW big AS SELECT * FROM town WHERE people > 3;
'''


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    path = tmp_path_factory.mktemp("doubts") / "towns.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(TABLES)
    return path, schema.read(database.open_readonly(path))


def remark(towns, sql):
    """The sentences beside the answer to a statement."""
    path, tables = towns
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(sql)
        columns = tuple(entry[0] for entry in cursor.description)
        found = doubts.find(QueryResult(sql, columns, tuple(cursor)), tables)
        rows = [connection.execute(d.sql).fetchall() if d.sql else None for d in found]
    return doubts.tell(found, rows)


SPELT = "No town.country is 'italy', but it is spelt ' Italy' there; ask with that spelling."
OTHERS = "town.country also holds 'norway', which 'Norway' leaves out."
AS_TEXT = "{} is stored as text, so it was compared letter by letter (10 before 9); as numbers the answer would differ."
DAYS = "The dates in sold are texts such as '03/02/2024', so they were compared letter by letter, not by time."
UNREADABLE = "The dates in sold are texts such as '03/02/2024', which the date functions of SQLite cannot read, so they count as no value."
TIED = "1 more row is level with the {}one shown and was cut off; ask for more rows to see all."
CUT = "Whole numbers were divided, which drops the decimals; put 1.0 * in front to keep them."
EXACT = "Whole numbers were divided, which drops the decimals; with them the answer is {}."
LOOSE = "name has several values within {}, and only one of them is shown, picked by chance."
FAN = "{} are joined so that rows of each come up several times, and are counted as often."
LOST = "Rows without any school are left out too, because the condition on school does not hold for them."
NEVER = (
    "NOT IN never holds here, because town_id has no value in some rows; leave those out inside."
)

TOLD = [
    # a double-quoted name that is no column
    (
        'SELECT "nmae" FROM town',
        '"nmae" is no column here, so it was read as a plain text; did you mean name?',
    ),
    (
        'SELECT name FROM town ORDER BY "size"',
        '"size" is no column here, so it was read as a plain text.',
    ),
    (
        'SELECT name FROM town WHERE people > "peple"',
        '"peple" is no column here, so it was read as a plain text; did you mean people?',
    ),
    (
        'SELECT model FROM car WHERE power = "modle"',
        '"modle" is no column here, so it was read as a plain text that no power has; did you mean the column model?',
    ),
    # other spellings
    ("SELECT name FROM town WHERE country = 'italy'", SPELT),
    ("SELECT name FROM town WHERE 'italy' = country", SPELT),
    ('SELECT name FROM town WHERE country = "italy"', SPELT),
    ("SELECT t.name FROM town AS t WHERE t.country IN ('italy', 'Spain')", SPELT),
    ("SELECT name FROM town WHERE id IN (SELECT id FROM town WHERE country = 'italy')", SPELT),
    ("SELECT name FROM town WHERE country = 'Norway'", OTHERS),
    (
        'SELECT z FROM "odd ""name""" WHERE "x\'y" = \'it\'\'s\'',
        "No odd \"name\".x'y is 'it's', but it is spelt 'It's' and 'IT'S' there; ask with that spelling.",
    ),
    # numbers and texts
    ("SELECT model FROM car WHERE power > 50", AS_TEXT.format("power")),
    ("SELECT model FROM car WHERE power BETWEEN 9 AND 90", AS_TEXT.format("power")),
    ("SELECT model FROM car WHERE weight > '50'", AS_TEXT.format("weight")),
    ("SELECT max(weight) FROM car", AS_TEXT.format("weight")),
    ("SELECT model FROM car WHERE power = (SELECT max(power) FROM car)", AS_TEXT.format("power")),
    ("SELECT model FROM car ORDER BY power", AS_TEXT.format("power")),
    ("SELECT model FROM car ORDER BY power DESC LIMIT 1", AS_TEXT.format("power")),
    (
        "SELECT name FROM town WHERE people > 'many'",
        "people holds numbers, and 'many' is none, so this comparison says nothing; compare with a number.",
    ),
    # division
    ("SELECT 7 / 2", EXACT.format("3.50")),
    ("SELECT count(*) / 2 FROM town", EXACT.format("2.50")),
    (
        "SELECT round(sum(people) / count(*), 2) FROM town WHERE id < 4 AND id <> 2",
        EXACT.format("5.50"),
    ),
    ("SELECT name, people / 2 FROM town", CUT),
    # dates
    ("SELECT model FROM car ORDER BY sold", DAYS),
    ("SELECT max(sold) FROM car", DAYS),
    ("SELECT model FROM car WHERE sold > '01/01/2024'", DAYS),
    ("SELECT count(*) FROM car WHERE strftime('%Y', sold) = '2024'", UNREADABLE),
    ("SELECT date(sold) FROM car", UNREADABLE),
    ("SELECT julianday(sold) FROM car", UNREADABLE),
    (
        "SELECT model FROM car WHERE built < '14/12/2023'",
        "The dates in built are texts such as '2024-02-03'; '14/12/2023' is written in another way, so the comparison says little.",
    ),
    # ties
    ("SELECT name FROM town ORDER BY people DESC LIMIT 1", TIED.format("")),
    ("SELECT name, people AS n FROM town ORDER BY n LIMIT 1", TIED.format("")),
    ("SELECT name, people FROM town ORDER BY 2 LIMIT 3 OFFSET 1", TIED.format("last ")),
    ("SELECT DISTINCT name, people FROM town ORDER BY people LIMIT 1", TIED.format("")),
    (
        "SELECT town_id FROM school WHERE town_id > 0 GROUP BY town_id ORDER BY count(*) > 0 LIMIT 1",
        TIED.format(""),
    ),
    (
        "SELECT name FROM town ORDER BY country LIMIT 1",
        "The one shown has nothing in it to sort by; ask for those with a value.",
    ),
    # columns beside an aggregate
    ("SELECT name, count(*) FROM town", LOOSE.format("the whole")),
    ("SELECT people, name, count(*) FROM town GROUP BY people", LOOSE.format("each group")),
    # joins to two many sides
    (
        "SELECT sum(s.pupils) FROM town AS t JOIN school AS s ON s.town_id = t.id JOIN shop AS h ON h.town_id = t.id",
        FAN.format("town, school and shop"),
    ),
    (
        "SELECT t.name, count(*) FROM town t JOIN school s ON s.town_id = t.id JOIN shop h ON h.town_id = t.id GROUP BY t.name",
        FAN.format("town, school and shop"),
    ),
    (
        "SELECT count(s.id) FROM school s JOIN shop h ON s.town_id = h.town_id",
        FAN.format("school and shop"),
    ),
    (
        "SELECT count(*) FROM school s JOIN shop h ON s.town_id = h.town_id JOIN school z ON z.town_id = h.town_id",
        FAN.format("school and shop"),
    ),
    # outer joins
    (
        "SELECT t.name, s.pupils FROM town t LEFT JOIN school s ON s.town_id = t.id WHERE s.pupils > 60",
        LOST,
    ),
    (
        "SELECT t.name FROM town t LEFT JOIN school s ON s.town_id = t.id WHERE t.people > 0 AND s.pupils <> 60",
        LOST,
    ),
    # NOT IN
    ("SELECT name FROM town WHERE id NOT IN (SELECT town_id FROM school)", NEVER),
    ("SELECT count(*) FROM town WHERE NOT id IN (SELECT town_id FROM school WHERE id > 2)", NEVER),
]


@pytest.mark.parametrize(("sql", "expected"), TOLD)
def test_told(towns, sql, expected):
    assert remark(towns, sql) == (expected,)


SILENT = [
    "SELECT name FROM town WHERE country = 'Spain'",
    'SELECT name FROM town WHERE country = "Spain"',
    'SELECT name FROM town WHERE "people" > 3',
    'SELECT name AS "n m" FROM town ORDER BY "n m"',
    'SELECT name FROM town WHERE people = "7"',
    'SELECT q."n m" FROM (SELECT name AS "n m" FROM town) AS q ORDER BY "n m"',
    "SELECT name FROM town WHERE country <> 'italy'",
    "SELECT name FROM town WHERE lower(trim(country)) = 'italy'",
    "SELECT name FROM town WHERE country = 'nowhere'",
    "SELECT name FROM town WHERE name = 'Oslo' ORDER BY name",
    "SELECT model FROM car WHERE gears > 4",
    "SELECT model FROM car ORDER BY gears, model",
    "SELECT model FROM car ORDER BY plate_code",
    "SELECT model FROM car WHERE CAST(power AS INTEGER) > 50",
    "SELECT name FROM town WHERE people > '3'",
    "SELECT model FROM car WHERE power = '9'",
    "SELECT 8 / 2",
    "SELECT count(*) * 100 / (SELECT count(*) FROM school) FROM town WHERE people = 7",
    "SELECT 7 / 2.0",
    "SELECT 1.0 * sum(people) / count(*) FROM town",
    "SELECT CAST(sum(people) AS REAL) / count(*) FROM town",
    "SELECT sum(area) / count(*) FROM town",
    "SELECT avg(people) / 3 FROM town",
    "SELECT CAST(people / 2 AS INTEGER) FROM town",
    "SELECT people / 5 * 5 FROM town",
    "SELECT people / 2 AS half, count(*) FROM town GROUP BY half",
    "SELECT (people + 1) / 2, count(*) FROM town GROUP BY 1",
    "SELECT model FROM car WHERE built > '2023-12-31' ORDER BY built",
    "SELECT model FROM car WHERE seen BETWEEN '2024' AND '2024-12-31 23:59:59' ORDER BY seen DESC",
    "SELECT count(*) FROM car WHERE strftime('%Y', built) = '2024'",
    "SELECT model FROM car WHERE sold = '03/02/2024'",
    "SELECT substr(sold, 7), count(*) FROM car GROUP BY substr(sold, 7) ORDER BY substr(sold, 7)",
    "SELECT sold FROM car WHERE model = 'a' ORDER BY sold",
    "SELECT people FROM town ORDER BY people DESC LIMIT 1",
    "SELECT name FROM town ORDER BY people DESC LIMIT 2",
    "SELECT name FROM town ORDER BY people LIMIT 5",
    "SELECT name FROM town LIMIT 2",
    "SELECT name FROM town ORDER BY area, name LIMIT 1",
    "SELECT name, max(people) FROM town",
    "SELECT people, count(*) FROM town GROUP BY people",
    "SELECT t.name, count(*) FROM town t JOIN school s ON s.town_id = t.id GROUP BY t.id",
    "SELECT name, count(*) FROM town WHERE id = 1",
    "SELECT t.name, sum(s.pupils) FROM town t JOIN school s ON s.town_id = t.id GROUP BY t.name",
    "SELECT count(*) FROM town a JOIN town b ON a.people = b.people",
    "SELECT count(DISTINCT s.id) FROM school s JOIN shop h ON s.town_id = h.town_id",
    "SELECT count(*) FROM town a JOIN school s ON s.town_id = a.id JOIN shop h ON h.town_id = a.id WHERE s.id = 3",
    "SELECT t.name, s.pupils FROM town t LEFT JOIN school s ON s.town_id = t.id WHERE s.id IS NULL",
    "SELECT t.name FROM town t LEFT JOIN school s ON s.town_id = t.id WHERE t.people > 5",
    "SELECT t.name FROM town t LEFT JOIN school s ON s.town_id = t.id WHERE t.id = 1 AND s.pupils > 1",
    "SELECT name FROM town WHERE id NOT IN (SELECT town_id FROM shop)",
    "SELECT name FROM town WHERE id NOT IN (SELECT town_id FROM school WHERE town_id IS NOT NULL)",
    "SELECT name FROM town WHERE id IN (SELECT town_id FROM school)",
    "SELECT name FROM big ORDER BY name",
    "SELECT row_number() OVER (ORDER BY name), name FROM town",
    "SELECT name FROM town UNION SELECT model FROM car ORDER BY 1 LIMIT 2",
    "WITH town AS (SELECT 1 AS a) SELECT a FROM town ORDER BY a LIMIT 1",
    "VALUES (1)",
]


@pytest.mark.parametrize("sql", SILENT)
def test_silent(towns, sql):
    assert remark(towns, sql) == ()


@pytest.mark.parametrize(
    "sql", ["SELEC (", "", "SELECT " + "(" * 5000 + "1" + ")" * 5000, "SELECT 7 / 2" + " " * 20_000]
)
def test_what_does_not_parse_or_is_huge_is_left(towns, sql):
    assert doubts.find(QueryResult(sql, ("a",), ((3,),)), towns[1]) == ()


def test_a_statement_that_did_not_run_tells_nothing(towns):
    found = doubts.find(QueryResult("SELECT 7 / 2", ("a",), ((3,),)), towns[1])
    assert [doubt.kind for doubt in found] == ["division"]
    assert doubts.tell(found, [None]) == ()


def test_more_than_three_remarks_are_not_shown(towns):
    names = " OR ".join(
        f"{column} = 'OSLO'" if column == "name" else f"{column} = '{text}'"
        for column, text in (("name", ""), ("country", "italy"), ("country", "SPAIN"))
    )
    told = remark(towns, f"SELECT 7 / 2, count(*) / 2 FROM town WHERE {names}")
    assert len(told) == doubts.MAX_REMARKS


def answer(towns, sql):
    backend = ScriptedBackend.from_script({"q": [sql]})
    return pipeline.answer("q", pipeline.open_session(towns[0], backend))


def test_remarks_stand_beside_the_answer(towns):
    given = answer(towns, "SELECT count(*) / 2 FROM town WHERE country = 'Norway' OR id > 2")
    assert given.result.rows == ((2,),)
    assert given.notes == (OTHERS,)
    given = answer(towns, "SELECT count(*) / 2 FROM town")
    assert given.notes == (EXACT.format("2.50"),)


@pytest.mark.parametrize(
    "error", [QueryTimeoutError("busy", sql=""), DatabaseError("gone")], ids=["busy", "file gone"]
)
def test_an_answer_is_not_lost_when_its_remarks_cannot_be_looked_up(towns, monkeypatch, error):
    run_each, calls = sandbox.run_each, []

    def fail_later(*args, **options):
        calls.append(args)
        if len(calls) > 1:
            raise error
        return run_each(*args, **options)

    backend = ScriptedBackend.from_script({"q": ["SELECT count(*) / 2 FROM town"]})
    session = pipeline.open_session(towns[0], backend)
    monkeypatch.setattr(sandbox, "run_each", fail_later)
    given = pipeline.answer("q", session)
    assert (given.result.rows, given.notes, len(calls)) == (((2,),), (), 2)


def test_a_slow_statement_is_not_run_again(towns, monkeypatch):
    backend = ScriptedBackend.from_script({})
    session = pipeline.open_session(towns[0], backend)
    monkeypatch.setattr(sandbox, "run_each", None)
    slow = QueryResult("SELECT 7 / 2", ("a",), ((3,),), seconds=pipeline.DOUBT_SECONDS * 2)
    assert pipeline.list_remarks(slow, session) == ()


def test_what_the_index_knows_is_not_looked_up(towns):
    path, tables = towns
    index = linking.index(database.open_readonly(path), tables)
    kinds = {
        country: [
            doubt.kind
            for doubt in doubts.find(
                QueryResult(f"SELECT name FROM town WHERE country = '{country}'", ("name",), ()),
                tables,
                index,
            )
        ]
        for country in ("Spain", "Norway", "Italy", "Chile")
    }
    assert kinds == {
        "Spain": [],
        "Norway": ["spelling"],
        "Italy": ["spelling"],
        "Chile": ["spelling"],
    }
