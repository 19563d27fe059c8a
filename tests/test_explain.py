import pytest

from t2s import explain
from t2s.explain_scope import natural_name
from t2s.values import Column, ForeignKey, Schema, Table


def column(name, kind="text", **options):
    return Column(name, kind, **options)


KEY = {"primary_key": True, "nullable": False}
SCHEMA = Schema(
    (
        Table(
            "Customer",
            (
                column("CustomerID", "number", **KEY),
                column("FullName"),
                column("status"),
                column("ManagerID", "number"),
                column("joined", "date", date_format="%Y-%m-%d"),
                column("seen", "date", date_format="%Y-%m-%d %H:%M:%S"),
                column("vip", "boolean"),
            ),
        ),
        Table(
            "orders",
            (
                column("id", "number", **KEY),
                column("customer_id", "number", nullable=False),
                column("referrer_id", "number"),
                column("order_date", "date", date_format="%Y-%m-%d"),
                column("total", "number"),
                column("status"),
            ),
        ),
        Table(
            "prd",
            (column("prd_nm", nl_name="product name"), column("price", "number")),
            nl_name="product",
        ),
        Table('odd\n"name"', (column("a b"),)),
    ),
    (
        ForeignKey("orders", "customer_id", "Customer", "CustomerID"),
        ForeignKey("orders", "referrer_id", "Customer", "CustomerID"),
    ),
)

SENTENCES = [
    ("SELECT count(*) FROM orders", "Counts the records of orders."),
    ("SELECT FullName FROM Customer", "Shows the full name from customer."),
    (
        "SELECT FullName, joined FROM Customer WHERE status = 'ACT'",
        "Shows the full name and the joined from customer where status is 'ACT'.",
    ),
    (
        "SELECT * FROM orders WHERE total >= 10.5 AND total < 20",
        "Shows every column from orders where total is at least 10.5 and total is less than 20.",
    ),
    ("SELECT DISTINCT status FROM orders", "Shows the status from orders, without repeats."),
    (
        "SELECT count(DISTINCT status) FROM orders",
        "Shows the number of different status values from orders.",
    ),
    (
        "SELECT count(total), sum(total), avg(total), min(total), max(total) FROM orders",
        "Shows the number of total values, the total total, the average total, the lowest total and the highest total from orders.",
    ),
    (
        "SELECT min(order_date), max(status) FROM orders",
        "Shows the earliest order date and the alphabetically last status from orders.",
    ),
    ("SELECT count(id) FROM orders", "Counts the records of orders."),
    (
        "SELECT status, count(*) FROM orders GROUP BY status",
        "Counts the records of orders, for each status.",
    ),
    (
        "SELECT status, sum(total) FROM orders GROUP BY status HAVING sum(total) > 100 ORDER BY sum(total) DESC",
        "Shows the total total from orders, for each status, keeping only those where total total is more than 100, sorted by total total (highest first).",
    ),
    (
        "SELECT status FROM orders GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        "Shows the status from orders, for each status, only the one with the highest number of records.",
    ),
    (
        "SELECT id FROM orders ORDER BY total LIMIT 3",
        "Shows the id from orders, only the 3 with the lowest total.",
    ),
    (
        "SELECT id FROM orders ORDER BY order_date DESC LIMIT 1",
        "Shows the id from orders, only the one with the latest order date.",
    ),
    (
        "SELECT FullName FROM Customer ORDER BY FullName LIMIT 1",
        "Shows the full name from customer, sorted by full name (A to Z), only the first one.",
    ),
    (
        "SELECT id FROM orders ORDER BY total DESC, id LIMIT 5 OFFSET 10",
        "Shows the id from orders, sorted by total (highest first) then by id (lowest first), skipping the first 10, only the next 5.",
    ),
    ("SELECT id FROM orders LIMIT 2", "Shows the id from orders, only any 2."),
    (
        "SELECT id FROM orders WHERE order_date <= '2024-01-31'",
        "Shows the id from orders where order date is on or before '2024-01-31'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE seen <= '2024-01-31'",
        "Shows the full name from customer where seen is at most '2024-01-31'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName LIKE '%ann%' OR FullName LIKE 'J%'",
        "Shows the full name from customer where full name contains 'ann' or full name starts with 'J'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName NOT LIKE '%son' AND status LIKE 'act'",
        "Shows the full name from customer where full name does not end with 'son' and status is 'act' in upper or lower case.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName LIKE 'a_b%' OR FullName LIKE '%'",
        "Shows the full name from customer where full name matches the pattern 'a_b%' or full name matches the pattern '%'.",
    ),
    (
        "SELECT id FROM orders WHERE total BETWEEN 1 AND 5 OR id NOT BETWEEN 2 AND 3",
        "Shows the id from orders where total is between 1 and 5 or id is not between 2 and 3.",
    ),
    (
        "SELECT id FROM orders WHERE status IN ('a', 'b') AND id NOT IN (1, 2) AND id IN (7)",
        "Shows the id from orders where status is one of 'a' or 'b' and id is none of 1 and 2 and id is 7.",
    ),
    (
        "SELECT id FROM orders WHERE total IS NULL",
        "Shows the id from orders where total has no value.",
    ),
    (
        "SELECT id FROM orders WHERE total IS NOT NULL AND NOT (status = 'x' OR status = 'y')",
        "Shows the id from orders where total has a value and it is not true that (status is 'x' or status is 'y').",
    ),
    (
        "SELECT id FROM orders WHERE NOT status = 'x'",
        "Shows the id from orders where status is not 'x'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE vip",
        "Shows the full name from customer where vip is not zero.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT customer_id FROM orders)",
        "Shows the full name from customer where no orders row refers to the customer row.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT customer_id FROM orders WHERE status = 'x')",
        "Shows the full name from customer where no orders row where status is 'x' refers to the customer row.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT referrer_id FROM orders)",
        "Shows the full name from customer where customer ID is not among (the referrer id from orders).",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID IN (SELECT customer_id FROM orders WHERE total > 5)",
        "Shows the full name from customer where customer ID is among (the customer id from orders where total is more than 5).",
    ),
    (
        "SELECT FullName FROM Customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.CustomerID)",
        "Shows the full name from customer where there is at least one row from orders where orders customer id is customer ID.",
    ),
    (
        "SELECT FullName FROM Customer c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.CustomerID AND o.total > 5)",
        "Shows the full name from customer where there is no row from orders where orders customer id is customer ID and total is more than 5.",
    ),
    (
        "SELECT id FROM orders WHERE total > (SELECT avg(total) FROM orders)",
        "Shows the id from orders where total is more than (the average total from orders).",
    ),
    (
        "SELECT c.FullName, count(*) FROM Customer AS c JOIN orders AS o ON o.customer_id = c.CustomerID GROUP BY c.CustomerID",
        "Shows the full name and the number of records from customer matched with orders, for each customer ID.",
    ),
    (
        "SELECT c.FullName FROM Customer AS c JOIN orders AS o ON o.id = c.CustomerID WHERE o.status = 'x' OR c.status = 'y'",
        "Shows the full name from customer matched with orders where orders id is customer ID and (orders status is 'x' or customer status is 'y').",
    ),
    (
        "SELECT c.FullName, count(o.id) FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID GROUP BY c.FullName",
        "Shows the number of id values from customer matched with orders if there is any, for each full name.",
    ),
    (
        "SELECT c.FullName FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID AND o.total > 5 WHERE o.id IS NULL",
        "Shows the full name from customer matched with orders (where total is more than 5) if there is any where id has no value.",
    ),
    (
        "SELECT a.FullName, b.FullName FROM Customer a JOIN Customer b ON a.ManagerID = b.CustomerID",
        "Shows the first customer full name and the second customer full name from first customer matched with second customer where first customer manager ID is second customer customer ID.",
    ),
    (
        "SELECT prd_nm, price FROM prd, orders",
        "Shows the product name and the price from product combined with every row of orders.",
    ),
    (
        "SELECT id FROM orders NATURAL JOIN prd",
        "Shows the id from orders matched with product on the columns of the same name.",
    ),
    (
        "SELECT o.* FROM orders o JOIN Customer c USING (status)",
        "Shows every column of orders from orders matched with customer on status.",
    ),
    (
        "SELECT id FROM orders o RIGHT JOIN Customer c ON c.CustomerID = o.customer_id",
        "Shows what the SQL computes from customer and orders.",
    ),
    (
        "SELECT status FROM orders UNION SELECT status FROM Customer ORDER BY status",
        "Shows (the status from orders) together with (the status from customer), without repeats, sorted by status (A to Z).",
    ),
    (
        "SELECT status FROM orders UNION ALL SELECT status FROM Customer",
        "Shows (the status from orders) followed by (the status from customer).",
    ),
    (
        "SELECT status FROM orders INTERSECT SELECT status FROM Customer",
        "Shows (the status from orders) but only what is also in (the status from customer), without repeats.",
    ),
    (
        "SELECT status FROM orders EXCEPT SELECT status FROM Customer LIMIT 3",
        "Shows (the status from orders) except (the status from customer), without repeats, only any 3.",
    ),
    (
        "SELECT strftime('%Y-%m', order_date) AS m, sum(total) AS t FROM orders GROUP BY m ORDER BY t DESC LIMIT 3",
        "Shows the total total from orders, for each year and month of order date, only the 3 with the highest total total.",
    ),
    (
        "SELECT count(*) FROM orders WHERE strftime('%Y', order_date) = '2024'",
        "Counts the records of orders where year of order date is '2024'.",
    ),
    (
        "SELECT count(*) FROM orders WHERE date(order_date) = date('now')",
        "Counts the records of orders where date of order date is today.",
    ),
    (
        "SELECT count(*) FROM orders WHERE order_date >= date('now', '-30 days')",
        "Counts the records of orders where order date is at least DATE('now', '-30 days').",
    ),
    (
        "SELECT avg(julianday('now') - julianday(order_date)) FROM orders",
        "Shows the average (days from order date to today) from orders.",
    ),
    (
        "SELECT CASE WHEN total > 10 THEN 'big' ELSE 'small' END AS size, count(*) FROM orders GROUP BY size",
        "Counts the records of orders, for each ('big' where total is more than 10, otherwise 'small').",
    ),
    (
        "SELECT sum(CASE WHEN status = 'x' THEN 1 ELSE 0 END) FROM orders",
        "Shows the number of records where status is 'x' from orders.",
    ),
    (
        "SELECT count(CASE WHEN status = 'x' THEN 1 END) FROM orders",
        "Shows the number of records where status is 'x' from orders.",
    ),
    (
        "SELECT 100.0 * sum(status = 'x') / count(*) FROM orders",
        "Shows (number of records where status is 'x') as a percentage of number of records from orders.",
    ),
    (
        "SELECT round(avg(total), 1), round(total * 2), CAST(total AS INTEGER) FROM orders",
        "Shows the average total rounded to 1 decimal, (total times 2) rounded to a whole number and the total as a whole number from orders.",
    ),
    (
        "SELECT (total + 1) * 2 - id FROM orders",
        "Shows ((total plus 1) times 2) minus id from orders.",
    ),
    (
        "SELECT substr(order_date, 1, 4), length(status), coalesce(status, 'none'), status || '!' FROM orders",
        "Shows the first 4 characters of order date, the length of status, (status, or else 'none') and status followed by '!' from orders.",
    ),
    (
        "SELECT max(n) FROM (SELECT status, count(*) AS n FROM orders GROUP BY status) AS t",
        "Shows the largest number of records from (the number of records from orders, for each status).",
    ),
    (
        "WITH big AS (SELECT * FROM orders WHERE total > 5) SELECT count(*) FROM big WHERE status = 'x'",
        "Counts the records of (every column from orders where total is more than 5) where status is 'x'.",
    ),
    (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n",
        "Shows what the SQL computes.",
    ),
    (
        "SELECT rank() OVER (ORDER BY total) FROM orders",
        "Shows RANK() OVER (ORDER BY total) from orders.",
    ),
    (
        "SELECT id FROM orders WHERE status GLOB 'a*'",
        "Shows the id from orders where the condition status GLOB 'a*' holds.",
    ),
    (
        'SELECT FullName FROM Customer WHERE status = "ACT"',
        "Shows the full name from customer where status is 'ACT'.",
    ),
    ("SELECT 1 + 1", "Shows 1 plus 1."),
    ("SELECT x.nothing FROM nowhere AS x", "Shows the nothing from nowhere."),
    ("SELECT group_concat(status) FROM orders", "Shows the GROUP_CONCAT(status) from orders."),
    ("VALUES (1)", "Shows what the SQL computes."),
    ("SELECT 1; SELECT 2", "Shows what the SQL computes."),
    ("DROP TABLE orders", "Shows what the SQL computes."),
    ("SELEC (", "Shows what the SQL computes."),
    (
        "SELECT strftime('%Y', order_date) AS status, count(*) FROM orders GROUP BY status",
        "Shows the year of order date and the number of records from orders, for each status.",
    ),
    (
        "SELECT strftime('%Y', order_date) AS status FROM orders ORDER BY status",
        "Shows the year of order date from orders, sorted by year of order date (ascending).",
    ),
    ("SELECT ((1))", "Shows 1."),
    (
        "SELECT status FROM orders WHERE total > 5 AND (status = 'a' OR status = 'b') AND total < 9",
        "Shows the status from orders where total is more than 5 and (status is 'a' or status is 'b') and total is less than 9.",
    ),
    (
        "SELECT count(*) FROM orders WHERE customer_id = (SELECT CustomerID FROM Customer WHERE FullName = 'Ada')",
        "Counts the records of orders where customer id is (the customer ID from customer where full name is 'Ada').",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName = 'it''s'",
        "Shows the full name from customer where full name is 'it's'.",
    ),
    (
        "SELECT iif(total > 1, 'a', 'b'), abs(total), -total FROM orders",
        "Shows ('a' where total is more than 1, otherwise 'b'), size of total and minus total from orders.",
    ),
    ('SELECT "a b" FROM "odd\n""name"""', 'Shows the a b from odd "name".'),
    (
        "SELECT a FROM t WHERE b = 'two\nlines xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        "Shows the a from t where b is 'two lines xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'.",
    ),
    ("", "Shows what the SQL computes."),
    ("-- nothing", "Shows what the SQL computes."),
    (
        "SELECT id FROM orders o WHERE total > (SELECT avg(total) FROM orders WHERE status = o.status)",
        "Shows the id from orders where total is more than (the average total from orders where orders status is outer orders status).",
    ),
    (
        "SELECT id FROM orders WHERE julianday(order_date) > 5",
        "Shows the id from orders where JULIANDAY(order_date) is more than 5.",
    ),
    (
        "SELECT strftime('%Y', 'now'), strftime('%s', order_date) FROM orders",
        "Shows the year of today and the STRFTIME('%s', order_date) from orders.",
    ),
    (
        "SELECT n FROM (SELECT count(*) FROM orders) AS t(n)",
        "Shows the n from (the number of records from orders).",
    ),
    (
        "SELECT count(DISTINCT status) FILTER (WHERE total > 1) FROM orders",
        "Shows COUNT(DISTINCT status) FILTER(WHERE total > 1) from orders.",
    ),
    (
        "SELECT id FROM orders WHERE (id, total) = (1, 2)",
        "Shows the id from orders where (id, total) is (1, 2).",
    ),
    (
        "SELECT id FROM orders WHERE total IS 3 AND status IS NOT 'x'",
        "Shows the id from orders where total is 3 and status is not 'x'.",
    ),
    (
        "SELECT id FROM orders ORDER BY random() LIMIT 1",
        "Shows the id from orders, sorted by RANDOM() (ascending), only the first one.",
    ),
    (
        "SELECT substr(status, 7, 4) || '-' || substr(status, 4, 2) || '-' || substr(status, 1, 2) FROM orders",
        "Shows status as a date from orders.",
    ),
    (
        "SELECT substr(status, 7, 4) || '-' || substr(status, 4, 2), substr(status, -3) FROM orders",
        "Shows characters 7 to 10 of status followed by '-' followed by characters 4 to 5 of status and the SUBSTRING(status, -3) from orders.",
    ),
    ("SELECT id FROM orders ORDER BY 9", "Shows what the SQL computes from orders."),
]


@pytest.mark.parametrize(("sql", "expected"), SENTENCES)
def test_sentence(sql, expected):
    assert explain.sentence(sql, SCHEMA) == expected


ODD_TEXTS = [
    "(" * 5000,
    "SELECT " + "(" * 2000 + "1" + ")" * 2000,
    "SELECT " + " + ".join(["1"] * 3000),
    "SELECT 'a\x00b'",
    "SELECT '\udcff'",
    "\udcff",
    "SELECT " + ", ".join(f"c{i}" for i in range(500)) + " FROM orders",
    "SELECT 'unclosed",
    "PRAGMA table_info(orders)",
    "EXPLAIN SELECT 1",
]


@pytest.mark.parametrize("sql", ODD_TEXTS)
def test_any_text_gets_a_sentence(sql):
    assert explain.sentence(sql, SCHEMA).endswith(".")


NAMES = [
    ("CustOrderID", "cust order ID"),
    ("cust_order_id", "cust order id"),
    ("CUSTOMER_ID", "customer id"),
    ("HTTPStatus", "http status"),
    ("% of total", "% of total"),
    ("größe_m2", "größe m2"),
    ("名前", "名前"),
    ("Est. delivery", "est. delivery"),
    ("", ""),
    ("__", "__"),
]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_natural_name(name, expected):
    assert natural_name(name) == expected


HEADERS = [
    (
        "SELECT FullName, COUNT(*) FROM Customer GROUP BY FullName",
        ("FullName", "number of records"),
    ),
    ("SELECT COUNT(*) AS n FROM Customer", ("n",)),
    ("SELECT * FROM Customer", ("a",)),  # a result of another width than the list
    ("SELECT COUNT(*) FROM Customer UNION SELECT 1", ("COUNT(*)",)),
    ("SELECT (", ("x",)),
]


@pytest.mark.parametrize(("sql", "headers"), HEADERS)
def test_computed_columns_are_named_in_words(sql, headers):
    given = tuple("COUNT(*)" if h == "number of records" else h for h in headers)
    assert explain.name_columns(sql, given, SCHEMA) == headers
