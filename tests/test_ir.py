"""SQL <-> symbols: the form of each construct, what it is written as, and that both mean the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from t2s.ir import (
    KEYWORDS,
    ColumnSymbol,
    IRError,
    NumberSymbol,
    Symbol,
    TableSymbol,
    TextSymbol,
    to_sql,
    to_symbols,
)
from t2s.values import Column, ForeignKey, Schema, Table

DDL = '''
CREATE TABLE shop (id INTEGER PRIMARY KEY, name TEXT, city TEXT, opened TEXT);
CREATE TABLE staff (id INTEGER PRIMARY KEY, shop_id INTEGER, boss_id INTEGER, name TEXT, pay REAL);
CREATE TABLE sale (id INTEGER PRIMARY KEY, staff_id INTEGER, amount REAL, day TEXT, paid INTEGER);
CREATE TABLE "Odd names" ("order" TEXT, "Pay (USD)" REAL, "say ""hi""" TEXT, "for" INTEGER);
INSERT INTO shop VALUES (1,'Nord','Oslo','03/02/2020'),(2,'Süd','Rome','17/11/2021'),(3,NULL,'Oslo',NULL);
INSERT INTO staff VALUES (1,1,NULL,'Ann',30.5),(2,1,1,'Bob',20),(3,2,1,'Cleo',25),(4,2,3,'O''Hara',NULL);
INSERT INTO sale VALUES (1,1,10,'2023-01-05',1),(2,1,5.5,'2023-02-07',0),(3,2,7,'2022-12-31',1),
  (4,3,99.9,'2023-02-08',NULL),(5,3,7,'2023-03-01',1);
INSERT INTO "Odd names" VALUES ('a',1.5,'x',1),('b',2.5,'y',2);
'''


def _schema() -> Schema:
    shapes = {
        "shop": [("id", "INTEGER"), ("name", "TEXT"), ("city", "TEXT"), ("opened", "TEXT")],
        "staff": [
            *(("id", "INTEGER"), ("shop_id", "INTEGER"), ("boss_id", "INTEGER")),
            *(("name", "TEXT"), ("pay", "REAL")),
        ],
        "sale": [
            *(("id", "INTEGER"), ("staff_id", "INTEGER"), ("amount", "REAL")),
            *(("day", "TEXT"), ("paid", "INTEGER")),
        ],
        "Odd names": [
            ("order", "TEXT"),
            ("Pay (USD)", "REAL"),
            ('say "hi"', "TEXT"),
            ("for", "INTEGER"),
        ],
    }
    tables = tuple(
        Table(name, tuple(Column(c, declared_type=kind) for c, kind in columns))
        for name, columns in shapes.items()
    )
    keys = (
        ForeignKey("staff", "id", "sale", "id", inferred=True),
        ForeignKey("staff", "shop_id", "shop", "id"),
        ForeignKey("staff", "boss_id", "staff", "id"),
        ForeignKey("sale", "staff_id", "staff", "id"),
    )
    return Schema(tables, keys)


SCHEMA = _schema()


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:")
    opened.executescript(DDL)
    yield opened
    opened.close()


def show(symbols: tuple[Symbol, ...]) -> str:
    """Symbols in the notation of the module's documentation."""

    def word(symbol: Symbol) -> str:
        match symbol:
            case TableSymbol(table):
                return f"->{table}"
            case ColumnSymbol(table, column):
                return f"->{table}.{column}"
            case TextSymbol(text):
                return repr(text)
            case NumberSymbol(text):
                return f"#{text}#"
        return str(symbol)

    return " ".join(word(symbol) for symbol in symbols)


# SQL, its symbols, and the SQL that they are written as (None: the same).
FORMS = [
    ("SELECT name FROM shop", "from ->shop select ->shop.name", None),
    ("SELECT COUNT(*) FROM shop", "from ->shop select count *", None),
    ("select count(1) from SHOP AS t", "from ->shop select count *", "SELECT COUNT(*) FROM shop"),
    (
        "SELECT COUNT(DISTINCT city) FROM shop",
        "from ->shop select count distinct ->shop.city",
        None,
    ),
    (
        "SELECT DISTINCT T1.name, (T2.amount) FROM staff AS T1 JOIN sale AS T2 ON T1.id = T2.staff_id",
        "from ->staff , ->sale select distinct ->staff.name , ->sale.amount",
        "SELECT DISTINCT staff.name, sale.amount FROM staff JOIN sale ON staff.id = sale.staff_id",
    ),
    (  # the condition of a comma join stands in WHERE
        "SELECT s.name FROM staff s, sale v WHERE v.staff_id = s.id AND v.amount > 5",
        "from ->staff , ->sale select ->staff.name where ->sale.amount > #5#",
        "SELECT staff.name FROM staff JOIN sale ON staff.id = sale.staff_id WHERE sale.amount > 5",
    ),
    (  # all conditions at the last join
        "SELECT 1 FROM shop a JOIN staff b JOIN sale c ON a.id = b.shop_id AND b.id = c.staff_id",
        "from ->shop , ->staff , ->sale select #1#",
        "SELECT 1 FROM shop JOIN staff ON shop.id = staff.shop_id JOIN sale ON staff.id = sale.staff_id",
    ),
    (
        "SELECT staff.name FROM staff JOIN sale ON sale.id = staff.id",
        "from ->staff , ->sale on ->staff.id = ->sale.id select ->staff.name",
        "SELECT staff.name FROM staff JOIN sale ON staff.id = sale.id",
    ),
    (
        "SELECT * FROM shop LEFT JOIN staff ON shop.id = staff.shop_id AND staff.pay > 20",
        "from ->shop left ->staff on ->shop.id = ->staff.shop_id and ->staff.pay > #20# select *",
        None,
    ),
    (
        "SELECT shop.* FROM staff RIGHT JOIN shop ON staff.shop_id = shop.id",
        "from ->shop left ->staff select ->shop *",
        "SELECT shop.* FROM shop LEFT JOIN staff ON shop.id = staff.shop_id",
    ),
    (
        "SELECT a.name, b.name FROM staff a JOIN staff b ON a.boss_id = b.id",
        "from ->staff , ->staff @2 select ->staff.name , ->staff.name @2",
        "SELECT T1.name, T2.name FROM staff AS T1 JOIN staff AS T2 ON T1.boss_id = T2.id",
    ),
    (
        "SELECT a.name FROM staff a JOIN staff b ON b.boss_id = a.id",
        "from ->staff , ->staff @2 on ->staff.id = ->staff.boss_id @2 select ->staff.name",
        "SELECT T1.name FROM staff AS T1 JOIN staff AS T2 ON T1.id = T2.boss_id",
    ),
    (
        "SELECT shop.name FROM shop CROSS JOIN sale",
        "from ->shop cross ->sale select ->shop.name",
        None,
    ),
    (
        "SELECT staff.name FROM staff JOIN sale USING (id)",
        "from ->staff , ->sale on ->staff.id = ->sale.id select ->staff.name",
        "SELECT staff.name FROM staff JOIN sale ON staff.id = sale.id",
    ),
    (
        "SELECT name FROM staff WHERE pay > (SELECT AVG(pay) FROM staff)",
        "from ->staff select ->staff.name where ->staff.pay > ( from ->staff select avg ->staff.pay )",
        None,
    ),
    (  # a correlated subquery over the same table
        "SELECT name FROM staff AS a WHERE pay >= (SELECT MAX(pay) FROM staff AS b WHERE b.shop_id = a.shop_id)",
        "from ->staff select ->staff.name where ->staff.pay >= "
        "( from ->staff select max ->staff.pay where ->staff.shop_id = ->staff.shop_id outer )",
        "SELECT name FROM staff AS T1 WHERE pay >= (SELECT MAX(pay) FROM staff WHERE shop_id = T1.shop_id)",
    ),
    (
        "SELECT name FROM shop WHERE NOT EXISTS (SELECT 1 FROM staff WHERE staff.shop_id = shop.id)",
        "from ->shop select ->shop.name where not_exists ( from ->staff select * where ->staff.shop_id = ->shop.id )",
        "SELECT name FROM shop WHERE NOT EXISTS (SELECT * FROM staff WHERE shop_id = shop.id)",
    ),
    (
        "SELECT name FROM shop WHERE NOT id IN (SELECT shop_id FROM staff)",
        "from ->shop select ->shop.name where ->shop.id not_in ( from ->staff select ->staff.shop_id )",
        "SELECT name FROM shop WHERE id NOT IN (SELECT shop_id FROM staff)",
    ),
    (
        "SELECT name FROM shop WHERE city IN ('Oslo', \"Rome\") AND name NOT LIKE '%d' AND opened IS NOT NULL",
        "from ->shop select ->shop.name where ->shop.city in ( 'Oslo' , 'Rome' ) "
        "and ->shop.name not_like '%d' and ->shop.opened not_null",
        "SELECT name FROM shop WHERE city IN ('Oslo', 'Rome') AND name NOT LIKE '%d' AND opened IS NOT NULL",
    ),
    (
        "SELECT name FROM staff WHERE name = 'O''Hara' OR (pay BETWEEN 20 AND 30 AND shop_id <> 2)",
        'from ->staff select ->staff.name where ->staff.name = "O\'Hara" or ->staff.pay between #20# and #30# '
        "and ->staff.shop_id != #2#",
        "SELECT name FROM staff WHERE name = 'O''Hara' OR pay BETWEEN 20 AND 30 AND shop_id != 2",
    ),
    (
        "SELECT name FROM staff WHERE (name = 'Ann' OR pay < 25) AND NOT (shop_id = 1 AND pay > 1)",
        "from ->staff select ->staff.name where ( ->staff.name = 'Ann' or ->staff.pay < #25# ) "
        "and not ( ->staff.shop_id = #1# and ->staff.pay > #1# )",
        None,
    ),
    (  # digits in quotes beside a number column, a number beside a text column
        "SELECT id FROM staff WHERE shop_id = '2' AND name != 7",
        "from ->staff select ->staff.id where ->staff.shop_id = #2# and ->staff.name != #7#",
        "SELECT id FROM staff WHERE shop_id = 2 AND name != 7",
    ),
    (
        "SELECT city, COUNT(*) AS n FROM shop GROUP BY 1 HAVING n > 1 ORDER BY n DESC, city LIMIT 3 OFFSET 1",
        "from ->shop select ->shop.city , count * group ->shop.city having count * > #1# "
        "order count * desc , ->shop.city limit #3# offset #1#",
        "SELECT city, COUNT(*) FROM shop GROUP BY city HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, city LIMIT 3 OFFSET 1",
    ),
    (
        "SELECT 100.0 * SUM(CASE WHEN paid = 1 THEN 1 ELSE 0 END) / COUNT(*) FROM sale",
        "from ->sale select 100.0 times sum flag ( ->sale.paid = #1# ) divide count *",
        None,
    ),
    (
        "SELECT CASE WHEN pay > 25 THEN 'high' WHEN pay IS NULL THEN NULL ELSE 'low' END FROM staff",
        "from ->staff select case when ->staff.pay > #25# then 'high' when ->staff.pay is_null then null "
        "else 'low' end",
        None,
    ),
    (
        "SELECT CASE city WHEN 'Oslo' THEN 'N' END, IIF(id = 1, 2, 3) FROM shop",
        "from ->shop select case when ->shop.city = 'Oslo' then 'N' end , case when ->shop.id = #1# then #2# else #3# end",
        "SELECT CASE WHEN city = 'Oslo' THEN 'N' END, CASE WHEN id = 1 THEN 2 ELSE 3 END FROM shop",
    ),
    (
        "SELECT ROUND(AVG(pay), 1), ABS(MIN(pay) - MAX(pay)), SUM(pay * 2) FROM staff",
        "from ->staff select round ( avg ->staff.pay , #1# ) , abs ( min ->staff.pay minus max ->staff.pay ) , "
        "sum ( ->staff.pay times #2# )",
        None,
    ),
    (
        "SELECT (pay + 1) * -2 % 3, pay - (pay - 1), name || ' (' || id || ')' FROM staff",
        "from ->staff select ( ->staff.pay plus #1# ) times neg #2# mod #3# , ->staff.pay minus ( ->staff.pay minus #1# ) , "
        "->staff.name || ' (' || ->staff.id || ')'",
        None,
    ),
    (
        "SELECT strftime('%Y-%m', day), CAST(strftime('%w', day) AS INT), substr(day, 1, 7), julianday('now') FROM sale",
        "from ->sale select strftime:%Y-%m ->sale.day , to_integer strftime:%w ->sale.day , substr:1:7 ->sale.day , "
        "julianday now",
        "SELECT STRFTIME('%Y-%m', day), CAST(STRFTIME('%w', day) AS INTEGER), SUBSTR(day, 1, 7), JULIANDAY('now') "
        "FROM sale",
    ),
    (
        "SELECT COUNT(*) FROM sale WHERE day >= date('now', 'start of month', '-3 days')",
        "from ->sale select count * where ->sale.day >= date ( now , start of month , '-3 days' )",
        "SELECT COUNT(*) FROM sale WHERE day >= DATE('now', 'start of month', '-3 days')",
    ),
    (
        "SELECT name FROM shop WHERE substr(opened,7,4)||'-'||substr(opened,4,2)||'-'||substr(opened,1,2) > '2020-12-31'",
        "from ->shop select ->shop.name where dmy:%Y-%m-%d ->shop.opened > '2020-12-31'",
        "SELECT name FROM shop WHERE (SUBSTR(opened, 7, 4) || '-' || SUBSTR(opened, 4, 2) || '-' || SUBSTR(opened, 1, 2)) "
        "> '2020-12-31'",
    ),
    (
        "SELECT COALESCE(name, 'none'), LOWER(city), LENGTH(city), INSTR(city, 's'), REPLACE(city, 's', '') FROM shop",
        "from ->shop select coalesce ( ->shop.name , 'none' ) , lower ->shop.city , length ->shop.city , "
        "instr ( ->shop.city , 's' ) , replace ( ->shop.city , 's' , '' )",
        None,
    ),
    (
        "SELECT MAX(id, shop_id) FROM staff",
        "from ->staff select greatest ( ->staff.id , ->staff.shop_id )",
        None,
    ),
    (
        "SELECT city FROM shop UNION SELECT name FROM staff ORDER BY city DESC LIMIT 2",
        "from ->shop select ->shop.city union from ->staff select ->staff.name order #1 desc limit #2#",
        "SELECT city FROM shop UNION SELECT name FROM staff ORDER BY 1 DESC LIMIT 2",
    ),
    (
        "SELECT id FROM shop EXCEPT SELECT shop_id FROM staff UNION ALL SELECT id FROM staff",
        "from ->shop select ->shop.id except from ->staff select ->staff.shop_id union_all from ->staff select ->staff.id",
        None,
    ),
    (
        "SELECT AVG(n) FROM (SELECT shop_id, COUNT(*) AS n FROM staff GROUP BY shop_id)",
        "from ( from ->staff select ->staff.shop_id , count * group ->staff.shop_id ) select avg #2",
        "SELECT AVG(count) FROM (SELECT shop_id, COUNT(*) AS count FROM staff GROUP BY shop_id) AS T1",
    ),
    (
        "WITH t AS (SELECT shop_id AS s, MAX(pay) AS m FROM staff GROUP BY shop_id) "
        "SELECT shop.name, t.m FROM shop JOIN t ON t.s = shop.id",
        "from ->shop , ( from ->staff select ->staff.shop_id , max ->staff.pay group ->staff.shop_id ) "
        "on ->shop.id = #1 select ->shop.name , #2",
        "SELECT shop.name, T1.max_pay FROM shop JOIN (SELECT shop_id, MAX(pay) AS max_pay FROM staff GROUP BY shop_id) "
        "AS T1 ON shop.id = T1.shop_id",
    ),
    (
        "SELECT (SELECT COUNT(*) FROM shop) - (SELECT COUNT(*) FROM staff)",
        "select ( from ->shop select count * ) minus ( from ->staff select count * )",
        None,
    ),
    (
        "SELECT name, RANK() OVER (PARTITION BY shop_id ORDER BY pay DESC) FROM staff",
        "from ->staff select ->staff.name , rank over ( partition ->staff.shop_id order ->staff.pay desc )",
        None,
    ),
    (
        "SELECT city, SUM(COUNT(*)) OVER () FROM shop GROUP BY city",
        "from ->shop select ->shop.city , sum ( count * ) over ( ) group ->shop.city",
        None,
    ),
    (
        'SELECT "order", "Pay (USD)", "say ""hi""", "for" FROM "Odd names" WHERE "Pay (USD)" > 2',
        'from ->Odd names select ->Odd names.order , ->Odd names.Pay (USD) , ->Odd names.say "hi" , ->Odd names.for '
        "where ->Odd names.Pay (USD) > #2#",
        None,
    ),
    (
        "SELECT SUM(amount) FILTER (WHERE paid = 1) FROM sale",
        "from ->sale select sum case when ->sale.paid = #1# then ->sale.amount end",
        "SELECT SUM(CASE WHEN paid = 1 THEN amount END) FROM sale",
    ),
]


@pytest.mark.parametrize(("sql", "symbols", "written"), FORMS)
def test_form(sql: str, symbols: str, written: str | None) -> None:
    assert show(to_symbols(sql, SCHEMA)) == symbols
    assert to_sql(to_symbols(sql, SCHEMA), SCHEMA) == (written or sql)


@pytest.mark.parametrize("sql", [form[0] for form in FORMS])
def test_same_rows(sql: str, connection: sqlite3.Connection) -> None:
    written = to_sql(to_symbols(sql, SCHEMA), SCHEMA)
    assert connection.execute(written).fetchall() == connection.execute(sql).fetchall()


@pytest.mark.parametrize("sql", [form[0] for form in FORMS])
def test_symbols_are_canonical(sql: str) -> None:
    symbols = to_symbols(sql, SCHEMA)
    assert to_symbols(to_sql(symbols, SCHEMA), SCHEMA) == symbols
    assert all(symbol in KEYWORDS for symbol in symbols if isinstance(symbol, str))


REFUSED = [
    ("SELEC name FROM shop", "does not parse"),
    ("DROP TABLE shop", "not a SELECT"),
    ("SELECT x FROM shop", "unknown column"),
    ("SELECT shop.x FROM shop", "unknown column"),
    ("SELECT s.name FROM shop", "unknown table"),
    ("SELECT name FROM shops", "unknown table"),
    ("SELECT name FROM shop JOIN staff ON shop.id = staff.shop_id", "ambiguous column"),
    ("SELECT printf('%d', id) FROM shop", "unsupported function"),
    ("SELECT strftime('%Y week %W', day) FROM sale", "strftime format"),
    ("SELECT name FROM shop LIMIT (SELECT 1)", "limit is no number"),
    ("SELECT name FROM shop ORDER BY 3", "position out of range"),
    (
        "SELECT name FROM shop UNION SELECT name FROM staff ORDER BY LENGTH(name)",
        "order of a set operation",
    ),
    (
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION SELECT n + 1 FROM t) SELECT n FROM t",
        "recursive query",
    ),
    ("SELECT shop.name FROM shop FULL JOIN staff ON shop.id = staff.shop_id", "right or full join"),
    ("SELECT CAST(opened AS DATE) FROM shop", "unsupported cast"),
]


@pytest.mark.parametrize(("sql", "reason"), REFUSED)
def test_sql_outside_the_language(sql: str, reason: str) -> None:
    with pytest.raises(IRError) as caught:
        to_symbols(sql, SCHEMA)
    assert caught.value.reason == reason


SHOP, NAME = TableSymbol("shop"), ColumnSymbol("shop", "name")
BROKEN: list[tuple[Symbol, ...]] = [
    (),
    ("from",),
    ("from", SHOP),
    ("from", SHOP, "select"),
    ("from", SHOP, "select", NAME, NAME),
    ("from", SHOP, "select", NAME, "where"),
    ("from", SHOP, "select", NAME, "limit", TextSymbol("3")),
    ("from", SHOP, "select", "sum", "*"),
    ("from", SHOP, "select", ColumnSymbol("staff", "name")),
    ("from", SHOP, "select", ColumnSymbol("shop", "size")),
    ("from", SHOP, "select", NAME, "@2"),
    ("from", SHOP, "select", NAME, "outer"),
    ("from", SHOP, "select", "#1"),
    ("from", SHOP, ",", TableSymbol("sale"), "select", NAME),
    ("from", TableSymbol("shops"), "select", "*"),
    ("from", SHOP, "select", "rank"),
    ("from", SHOP, "select", "replace", "(", NAME, ",", TextSymbol("a"), ")"),
    ("from", SHOP, "select", "case", "end"),
    ("select", "*"),
    ("unanswerable",),
    ("'", "'"),
]


@pytest.mark.parametrize("symbols", BROKEN)
def test_broken_symbols(symbols: tuple[Symbol, ...]) -> None:
    with pytest.raises(IRError):
        to_sql(symbols, SCHEMA)


def test_a_declared_key_goes_before_an_inferred_one() -> None:
    # the inferred key staff.id = sale.id comes first in the schema
    sql = to_sql(
        ("from", TableSymbol("staff"), ",", TableSymbol("sale"), "select", "count", "*"), SCHEMA
    )
    assert sql == "SELECT COUNT(*) FROM staff JOIN sale ON staff.id = sale.staff_id"


def test_keywords_are_distinct_and_cover_what_literals_need() -> None:
    assert len(set(KEYWORDS)) == len(KEYWORDS)
    assert set("0123456789.%_-/: '") | {"unanswerable", "<s>", "</s>", "<pad>"} <= set(KEYWORDS)
