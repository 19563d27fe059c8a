import datetime
import random
import re

import pytest
import sqlglot
from sqlglot import exp

from t2s import explain
from t2s.encoding import KEYWORD_IDS, UNANSWERABLE, read
from t2s.explain_nouns import natural_name
from t2s.explain_scope import MAX_LITERAL_CHARACTERS
from t2s.ir import to_sql
from t2s.values import Column, ForeignKey, Schema, Table
from tests.test_grammar import SCHEMAS, lay_out, walk


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
        Table("visits", (column("day", "date", date_format="%d/%m/%Y"),)),
        Table(
            "emp",
            (
                column("id", "number", **KEY),
                column("name"),
                column("boss_id", "number"),
                column("dept"),
                column("pay", "number"),
                column("cost", "number"),
                column("hired", "date", date_format="%Y-%m-%d"),
                column("left_on", "date", date_format="%Y-%m-%d"),
                column("active", "boolean"),
                column("remote", "boolean"),
                column("email"),
                column("badge", "number"),
            ),
            nl_name="employee",
        ),
        Table("lost", (column("badge", "number", holds_nulls=True),)),
    ),
    (
        ForeignKey("orders", "customer_id", "Customer", "CustomerID"),
        ForeignKey("orders", "referrer_id", "Customer", "CustomerID"),
        ForeignKey("emp", "boss_id", "emp", "id"),
        ForeignKey("lost", "badge", "emp", "badge"),
    ),
)

SENTENCES = [
    ("SELECT count(*) FROM orders", "Number of orders."),
    ("SELECT FullName FROM Customer", "Full name of customers."),
    (
        "SELECT FullName, joined FROM Customer WHERE status = 'ACT'",
        "Full name and joined of customers where status is 'ACT'.",
    ),
    (
        "SELECT * FROM orders WHERE total >= 10.5 AND total < 20",
        "All details of orders where total is at least 10.5 and total is less than 20.",
    ),
    ("SELECT DISTINCT status FROM orders", "Different statuses of orders."),
    ("SELECT count(DISTINCT status) FROM orders", "Number of different statuses of orders."),
    (
        "SELECT count(total), sum(total), avg(total), min(total), max(total) FROM orders",
        "Number of orders with a total, sum of total, average total, lowest total and highest total.",
    ),
    (
        "SELECT min(order_date), max(status) FROM orders",
        "Earliest order date and alphabetically last status of orders.",
    ),
    ("SELECT count(id) FROM orders", "Number of orders."),
    ("SELECT status, count(*) FROM orders GROUP BY status", "Number of orders, per status."),
    (
        "SELECT status, sum(total) FROM orders GROUP BY status HAVING sum(total) > 100 ORDER BY sum(total) DESC",
        "Sum of total of orders, per status, only those where sum of total is more than 100, highest first.",
    ),
    (
        "SELECT status FROM orders GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        "The status with the most orders.",
    ),
    ("SELECT id FROM orders ORDER BY total LIMIT 3", "Id of the 3 orders with the lowest total."),
    (
        "SELECT id FROM orders ORDER BY order_date DESC LIMIT 1",
        "Id of the order with the latest order date.",
    ),
    (
        "SELECT FullName FROM Customer ORDER BY FullName LIMIT 1",
        "Full name of customers, A to Z, only the first one.",
    ),
    (
        "SELECT id FROM orders ORDER BY total DESC, id LIMIT 5 OFFSET 10",
        "Id of orders, sorted by total (highest first) then by id (lowest first), skipping the first 10, only the next 5.",
    ),
    ("SELECT id FROM orders LIMIT 2", "Id of orders, only any 2."),
    (
        "SELECT id FROM orders WHERE order_date <= '2024-01-31'",
        "Id of orders until 31 January 2024.",
    ),
    (
        "SELECT FullName FROM Customer WHERE seen <= '2024-01-31'",
        "Full name of customers with seen before 31 January 2024.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName LIKE '%ann%' OR FullName LIKE 'J%'",
        "Full name of customers where full name contains 'ann' or full name starts with 'J'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName NOT LIKE '%son' AND status LIKE 'act'",
        "Full name of customers where full name does not end with 'son' and status is 'act' in any mix of capitals.",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName LIKE 'a_b%' OR FullName LIKE '%'",
        "Full name of customers where full name matches the pattern 'a_b%' or full name matches the pattern '%'.",
    ),
    (
        "SELECT id FROM orders WHERE total BETWEEN 1 AND 5 OR id NOT BETWEEN 2 AND 3",
        "Id of orders where total is between 1 and 5 or id is not between 2 and 3.",
    ),
    (
        "SELECT id FROM orders WHERE status IN ('a', 'b') AND id NOT IN (1, 2) AND id IN (7)",
        "Id of orders where status is either 'a' or 'b' and id is neither 1 nor 2 and id is 7.",
    ),
    ("SELECT id FROM orders WHERE total IS NULL", "Id of orders with no total."),
    (
        "SELECT id FROM orders WHERE total IS NOT NULL AND NOT (status = 'x' OR status = 'y')",
        "Id of orders with a total where it is not true that (status is 'x' or status is 'y').",
    ),
    ("SELECT id FROM orders WHERE NOT status = 'x'", "Id of orders where status is not 'x'."),
    ("SELECT FullName FROM Customer WHERE vip", "Full name of customers where vip is yes."),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT customer_id FROM orders)",
        "Full name of customers without any orders.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT customer_id FROM orders WHERE status = 'x')",
        "Full name of customers without any orders where status is 'x'.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID NOT IN (SELECT referrer_id FROM orders)",
        "Full name of customers that are not the referrer of any orders.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID IN (SELECT customer_id FROM orders WHERE total > 5)",
        "Full name of customers that have orders where total is more than 5.",
    ),
    (
        "SELECT FullName FROM Customer c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.CustomerID)",
        "Full name of customers that have orders.",
    ),
    (
        "SELECT FullName FROM Customer c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.CustomerID AND o.total > 5)",
        "Full name of customers without any orders where total is more than 5.",
    ),
    (
        "SELECT id FROM orders WHERE total > (SELECT avg(total) FROM orders)",
        "Id of orders where total is more than the average total of orders.",
    ),
    (
        "SELECT c.FullName, count(*) FROM Customer AS c JOIN orders AS o ON o.customer_id = c.CustomerID GROUP BY c.CustomerID",
        "Full name and number of orders, per customer.",
    ),
    (
        "SELECT c.FullName FROM Customer AS c JOIN orders AS o ON o.id = c.CustomerID WHERE o.status = 'x' OR c.status = 'y'",
        "Customer full name of customers matched with orders where order id is customer ID and (order status is 'x' or customer status is 'y').",
    ),
    (
        "SELECT c.FullName, count(o.id) FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID GROUP BY c.FullName",
        "Number of orders, per full name, also those without any orders.",
    ),
    (
        "SELECT c.FullName FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID AND o.total > 5 WHERE o.id IS NULL",
        "Full name of customers without any orders where order total is more than 5.",
    ),
    (
        "SELECT a.FullName, b.FullName FROM Customer a JOIN Customer b ON a.ManagerID = b.CustomerID",
        "First customer full name and second customer full name of first customers matched with second customers where first customer manager ID is second customer customer ID.",
    ),
    (
        "SELECT prd_nm, price FROM prd, orders",
        "Product name and product price of products combined with all orders.",
    ),
    (
        "SELECT id FROM orders NATURAL JOIN prd",
        "Order id of orders matched with products on the columns of the same name.",
    ),
    (
        "SELECT o.* FROM orders o JOIN Customer c USING (status)",
        "All order details of orders matched with customers of the same status.",
    ),
    (
        "SELECT id FROM orders o RIGHT JOIN Customer c ON c.CustomerID = o.customer_id",
        "Shows what the SQL computes from customers and orders.",
    ),
    (
        "SELECT status FROM orders UNION SELECT status FROM Customer ORDER BY status",
        "(status of orders) together with (status of customers), each once, sorted by status (A to Z).",
    ),
    (
        "SELECT status FROM orders UNION ALL SELECT status FROM Customer",
        "Status of orders followed by status of customers.",
    ),
    (
        "SELECT status FROM orders INTERSECT SELECT status FROM Customer",
        "Status of orders, only those also among status of customers, each once.",
    ),
    (
        "SELECT status FROM orders EXCEPT SELECT status FROM Customer LIMIT 3",
        "(status of orders), but not (status of customers), each once, only any 3.",
    ),
    (
        "SELECT strftime('%Y-%m', order_date) AS m, sum(total) AS t FROM orders GROUP BY m ORDER BY t DESC LIMIT 3",
        "Sum of total of orders, per month of order date, only the 3 with the highest sum of total.",
    ),
    (
        "SELECT count(*) FROM orders WHERE strftime('%Y', order_date) = '2024'",
        "Number of orders in 2024.",
    ),
    (
        "SELECT count(*) FROM orders WHERE date(order_date) = date('now')",
        "Number of orders where order date is today.",
    ),
    (
        "SELECT count(*) FROM orders WHERE order_date >= date('now', '-30 days')",
        "Number of orders where order date is 30 days ago or later.",
    ),
    (
        "SELECT avg(julianday('now') - julianday(order_date)) FROM orders",
        "Average (days from order date to today) of orders.",
    ),
    (
        "SELECT CASE WHEN total > 10 THEN 'big' ELSE 'small' END AS size, count(*) FROM orders GROUP BY size",
        "Number of orders, per group ('big' if total is more than 10, otherwise 'small').",
    ),
    (
        "SELECT sum(CASE WHEN status = 'x' THEN 1 ELSE 0 END) FROM orders",
        "Number of orders where status is 'x'.",
    ),
    (
        "SELECT count(CASE WHEN status = 'x' THEN 1 END) FROM orders",
        "Number of orders where status is 'x'.",
    ),
    (
        "SELECT 100.0 * sum(status = 'x') / count(*) FROM orders",
        "Share of orders in percent where status is 'x'.",
    ),
    (
        "SELECT round(avg(total), 1), round(total * 2), CAST(total AS INTEGER) FROM orders",
        "Average total (rounded to 1 decimal), total times 2 (rounded to a whole number) and total as a whole number of orders.",
    ),
    ("SELECT (total + 1) * 2 - id FROM orders", "((total plus 1) times 2) minus id of orders."),
    (
        "SELECT substr(order_date, 1, 4), length(status), coalesce(status, 'none'), status || '!' FROM orders",
        "Year of order date, length of status, (status, or else 'none') and status followed by '!' of orders.",
    ),
    (
        "SELECT max(n) FROM (SELECT status, count(*) AS n FROM orders GROUP BY status) AS t",
        "Highest number of orders from the list (number of orders, per status).",
    ),
    (
        "WITH big AS (SELECT * FROM orders WHERE total > 5) SELECT count(*) FROM big WHERE status = 'x'",
        "Number of rows from the list (all details of orders where total is more than 5) where status is 'x'.",
    ),
    (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION SELECT i + 1 FROM n) SELECT i FROM n",
        "Shows what the SQL computes.",
    ),
    ("SELECT rank() OVER (ORDER BY total) FROM orders", "Rank by total (lowest first) of orders."),
    (
        "SELECT id FROM orders WHERE status GLOB 'a*'",
        "Id of orders where the condition status GLOB 'a*' holds.",
    ),
    (
        'SELECT FullName FROM Customer WHERE status = "ACT"',
        "Full name of customers where status is 'ACT'.",
    ),
    ("SELECT 1 + 1", "1 plus 1."),
    ("SELECT x.nothing FROM nowhere AS x", "Nothing of nowheres."),
    ("SELECT group_concat(status) FROM orders", "List of status values of orders."),
    ("VALUES (1)", "Shows what the SQL computes."),
    ("SELECT 1; SELECT 2", "Shows what the SQL computes."),
    ("DROP TABLE orders", "Shows what the SQL computes."),
    ("SELEC (", "Shows what the SQL computes."),
    (
        "SELECT strftime('%Y', order_date) AS status, count(*) FROM orders GROUP BY status",
        "Year of order date and number of orders, per status.",
    ),
    (
        "SELECT strftime('%Y', order_date) AS status FROM orders ORDER BY status",
        "Year of order date of orders, earliest first.",
    ),
    ("SELECT ((1))", "1."),
    (
        "SELECT status FROM orders WHERE total > 5 AND (status = 'a' OR status = 'b') AND total < 9",
        "Status of orders where total is more than 5 and (status is 'a' or status is 'b') and total is less than 9.",
    ),
    (
        "SELECT count(*) FROM orders WHERE customer_id = (SELECT CustomerID FROM Customer WHERE FullName = 'Ada')",
        "Number of orders where customer id is (the customer ID of customers where full name is 'Ada').",
    ),
    (
        "SELECT FullName FROM Customer WHERE FullName = 'it''s'",
        "Full name of customers where full name is 'it's'.",
    ),
    (
        "SELECT iif(total > 1, 'a', 'b'), abs(total), -total FROM orders",
        "('a' if total is more than 1, otherwise 'b'), size of total and minus total of orders.",
    ),
    ('SELECT "a b" FROM "odd\n""name"""', 'A b of odd "name".'),
    (
        "SELECT a FROM t WHERE b = 'two\nlines xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'",
        "A of ts where b is 'two lines xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'.",
    ),
    ("", "Shows what the SQL computes."),
    ("-- nothing", "Shows what the SQL computes."),
    (
        "SELECT id FROM orders o WHERE total > (SELECT avg(total) FROM orders WHERE status = o.status)",
        "Id of orders where total is more than the average total of orders with the same status.",
    ),
    (
        "SELECT id FROM orders WHERE julianday(order_date) > 5",
        "Id of orders where day number of order date is more than 5.",
    ),
    (
        "SELECT strftime('%Y', 'now'), strftime('%s', order_date) FROM orders",
        "This year and seconds since 1970 of order date of orders.",
    ),
    ("SELECT n FROM (SELECT count(*) FROM orders) AS t(n)", "N from the list (number of orders)."),
    (
        "SELECT count(DISTINCT status) FILTER (WHERE total > 1) FROM orders",
        "Number of different statuses where total is more than 1 of orders.",
    ),
    (
        "SELECT id FROM orders WHERE (id, total) = (1, 2)",
        "Id of orders where (id, total) is (1, 2).",
    ),
    (
        "SELECT id FROM orders WHERE total IS 3 AND status IS NOT 'x'",
        "Id of orders where total is 3 and status is not 'x'.",
    ),
    (
        "SELECT id FROM orders ORDER BY random() LIMIT 1",
        "Id of orders, sorted by RANDOM() (ascending), only the first one.",
    ),
    (
        "SELECT substr(status, 7, 4) || '-' || substr(status, 4, 2) || '-' || substr(status, 1, 2) FROM orders",
        "Status of orders.",
    ),
    (
        "SELECT substr(status, 7, 4) || '-' || substr(status, 4, 2), substr(status, -3) FROM orders",
        "Month of status and SUBSTRING(status, -3) of orders.",
    ),
    ("SELECT id FROM orders ORDER BY 9", "Shows what the SQL computes from orders."),
    ("SELECT AVG(price) FROM prd", "Average price of products."),
    (
        "SELECT status, AVG(total) FROM orders WHERE order_date >= '2023-01-01' GROUP BY status ORDER BY AVG(total) DESC",
        "Average total of orders since January 2023, per status, highest first.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date >= '2023-01-01' AND order_date < '2024-01-01'",
        "Number of orders in 2023.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date BETWEEN '2023-05-01' AND '2023-05-31'",
        "Number of orders in May 2023.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date BETWEEN '2023-01-01' AND '2023-03-31' AND status = 'x'",
        "Number of orders from January to March 2023 where status is 'x'.",
    ),
    (
        "SELECT COUNT(*) FROM Customer WHERE seen BETWEEN '2023-01-01' AND '2023-12-31'",
        "Number of customers with seen from January 2023 until before 31 December 2023.",
    ),
    (
        "SELECT COUNT(*) FROM Customer WHERE seen >= '2023-01-01' AND seen <= '2023-12-31 23:59:59'",
        "Number of customers with seen in 2023.",
    ),
    (
        "SELECT COUNT(*) FROM Customer WHERE seen > '2023-01-01'",
        "Number of customers with seen since January 2023.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date > '2023-03-05'",
        "Number of orders after 5 March 2023.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date = '2023-03-05' OR order_date < '2020-01-01'",
        "Number of orders where order date is on 5 March 2023 or order date is before January 2020.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date LIKE '2023-05%'",
        "Number of orders in May 2023.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE strftime('%m', order_date) = '05'",
        "Number of orders in May.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE strftime('%w', order_date) IN ('0', '6')",
        "Number of orders on a Sunday or a Saturday.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE CAST(strftime('%Y', order_date) AS INTEGER) > 2020",
        "Number of orders after 2020.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE strftime('%Y', order_date) BETWEEN '2019' AND '2021'",
        "Number of orders from 2019 to 2021.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE strftime('%Y-%m', order_date) <= '2021-06'",
        "Number of orders until the end of June 2021.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE substr(order_date, 1, 4) != '2021'",
        "Number of orders not in 2021.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date > '2021-13-45'",
        "Number of orders where order date is more than '2021-13-45'.",
    ),
    (
        "SELECT strftime('%Y-%m', order_date), COUNT(*) FROM orders GROUP BY strftime('%Y-%m', order_date) ORDER BY strftime('%Y-%m', order_date)",
        "Number of orders, per month of order date, earliest first.",
    ),
    (
        "SELECT COUNT(*) FROM visits WHERE substr(day, 7, 4) || '-' || substr(day, 4, 2) || '-' || substr(day, 1, 2) >= '2024-02-10'",
        "Number of visits since 10 February 2024.",
    ),
    ("SELECT COUNT(*) FROM visits WHERE substr(day, 7, 4) = '2024'", "Number of visits in 2024."),
    ("SELECT COUNT(*) FROM visits WHERE day = '05/03/2024'", "Number of visits on 5 March 2024."),
    (
        "SELECT COUNT(*) FROM visits WHERE day >= '05/03/2024'",
        "Number of visits where day is at least '05/03/2024'.",
    ),
    (
        "SELECT 100.0 * SUM(CASE WHEN status = 'x' THEN 1 ELSE 0 END) / COUNT(*) FROM orders WHERE total > 5",
        "Share of orders in percent where status is 'x', only orders where total is more than 5.",
    ),
    (
        "SELECT 100 * SUM(CASE WHEN status = 'x' THEN 1 ELSE 0 END) / COUNT(*) FROM orders",
        "Share of orders in whole percent where status is 'x'.",
    ),
    (
        "SELECT AVG(CASE WHEN vip = 1 THEN 1.0 ELSE 0 END) FROM Customer",
        "Share of customers where vip is yes.",
    ),
    (
        "SELECT 100.0 * AVG(status = 'x') FROM orders",
        "Share of orders in percent where status is 'x'.",
    ),
    (
        "SELECT 1.0 * SUM(total) / COUNT(DISTINCT customer_id) FROM orders",
        "(sum of total) divided by number of different customers of orders.",
    ),
    (
        "SELECT ROUND(100.0 * SUM(total) / (SELECT SUM(total) FROM orders), 1) FROM orders WHERE status = 'x'",
        "Sum of total in percent of the sum of total of orders (rounded to 1 decimal), only orders where status is 'x'.",
    ),
    (
        "SELECT status, ROUND(100.0 * COUNT(*) / (SELECT COUNT(*) FROM orders), 1) FROM orders GROUP BY status",
        "Number of orders in percent of the number of orders (rounded to 1 decimal), per status.",
    ),
    (
        "SELECT SUM(CASE WHEN status = 'x' THEN total ELSE 0 END) - SUM(CASE WHEN status = 'y' THEN total ELSE 0 END) FROM orders",
        "(total total where status is 'x') minus (total total where status is 'y') of orders.",
    ),
    ("SELECT COUNT(DISTINCT customer_id) FROM orders", "Number of different customers of orders."),
    (
        "SELECT COUNT(DISTINCT c.CustomerID) FROM Customer c JOIN orders o ON o.customer_id = c.CustomerID",
        "Number of different customers of orders.",
    ),
    ("SELECT COUNT(referrer_id) FROM orders", "Number of orders with a referrer id."),
    (
        "SELECT COUNT(*) FROM orders o JOIN Customer c ON o.customer_id = c.CustomerID",
        "Number of orders that have a customer.",
    ),
    (
        "SELECT COUNT(*) FROM orders o JOIN Customer c ON o.customer_id = c.CustomerID WHERE c.status = 'x'",
        "Number of orders where customer status is 'x'.",
    ),
    (
        "SELECT c.FullName FROM Customer c JOIN orders o ON o.customer_id = c.CustomerID GROUP BY c.CustomerID ORDER BY COUNT(*) DESC LIMIT 1",
        "Full name of the customer with the most orders.",
    ),
    (
        "SELECT c.FullName FROM Customer c JOIN orders o ON o.customer_id = c.CustomerID GROUP BY c.CustomerID, c.FullName HAVING COUNT(*) > 5",
        "Full name of customers with more than 5 orders.",
    ),
    (
        "SELECT c.FullName, SUM(o.total) FROM Customer c JOIN orders o ON o.customer_id = c.CustomerID WHERE o.status = 'x' GROUP BY c.CustomerID ORDER BY SUM(o.total) DESC LIMIT 3",
        "Full name and sum of total of orders where status is 'x', per customer, only the 3 with the highest sum of total.",
    ),
    (
        "SELECT c.FullName, COUNT(o.id) FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID GROUP BY c.CustomerID",
        "Full name and number of orders, per customer, also those without any orders.",
    ),
    (
        "SELECT c.FullName, COUNT(o.id) FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID WHERE c.status = 'x' GROUP BY c.CustomerID ORDER BY COUNT(o.id)",
        "Full name and number of orders, only customers where status is 'x', per customer, also those without any orders, fewest first.",
    ),
    (
        "SELECT c.FullName FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID WHERE o.id IS NULL",
        "Full name of customers without any orders.",
    ),
    (
        "SELECT c.FullName FROM Customer c LEFT JOIN orders o ON o.customer_id = c.CustomerID WHERE o.status IS NULL",
        "Full name of customers with their orders (if any) with no order status.",
    ),
    (
        "SELECT o.id, c.FullName FROM orders o LEFT JOIN Customer c ON c.CustomerID = o.referrer_id",
        "Id and referrer full name of orders.",
    ),
    (
        "SELECT COUNT(c.CustomerID) FROM orders o LEFT JOIN Customer c ON c.CustomerID = o.referrer_id",
        "Number of orders with a referrer.",
    ),
    (
        "SELECT DISTINCT c.FullName FROM Customer c JOIN orders o ON o.customer_id = c.CustomerID WHERE o.total > 5",
        "Different customer full names of orders where total is more than 5.",
    ),
    (
        "SELECT DISTINCT status, customer_id FROM orders",
        "Different combinations of status and customer id of orders.",
    ),
    (
        "SELECT c.FullName, r.FullName FROM orders o JOIN Customer c ON o.customer_id = c.CustomerID JOIN Customer r ON o.referrer_id = r.CustomerID",
        "Customer full name and referrer full name of orders.",
    ),
    (
        "SELECT e.name, b.name FROM emp e JOIN emp b ON e.boss_id = b.id",
        "Name and boss name of employees.",
    ),
    (
        "SELECT b.name, COUNT(*) FROM emp e JOIN emp b ON e.boss_id = b.id GROUP BY b.id ORDER BY COUNT(*) DESC",
        "Name and number of employees, per boss, most first.",
    ),
    (
        "SELECT name FROM emp WHERE id NOT IN (SELECT boss_id FROM emp WHERE boss_id IS NOT NULL)",
        "Name of employees that are not the boss of any employees.",
    ),
    (
        "SELECT name FROM emp WHERE boss_id IN (SELECT id FROM emp WHERE name = 'Ada')",
        "Name of employees whose boss is one of the employees where name is 'Ada'.",
    ),
    (
        "SELECT a.name FROM emp a, emp b WHERE a.boss_id = b.id AND b.name = 'Ada'",
        "Name of employees where boss name is 'Ada'.",
    ),
    (
        "SELECT COUNT(*) FROM orders, Customer WHERE orders.customer_id = Customer.CustomerID AND Customer.status = 'x'",
        "Number of orders where customer status is 'x'.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE customer_id IN (SELECT CustomerID FROM Customer WHERE status = 'x')",
        "Number of orders of customers where status is 'x'.",
    ),
    (
        "SELECT COUNT(*) FROM prd WHERE prd_nm IN (SELECT status FROM orders)",
        "Number of products where product name is among (status of orders).",
    ),
    (
        "SELECT name FROM emp WHERE pay = (SELECT MAX(pay) FROM emp)",
        "Name of employees where pay is the highest pay of employees.",
    ),
    (
        "SELECT name FROM emp e WHERE pay > (SELECT AVG(pay) FROM emp WHERE dept = e.dept)",
        "Name of employees where pay is more than the average pay of employees with the same dept.",
    ),
    (
        "SELECT FullName FROM Customer c WHERE (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.CustomerID) > 5",
        "Full name of customers where the number of orders of that customer is more than 5.",
    ),
    (
        "SELECT name FROM emp WHERE badge NOT IN (SELECT badge FROM lost)",
        "Name of employees where badge is not among (badge of losts).",
    ),
    (
        "SELECT name, RANK() OVER (PARTITION BY dept ORDER BY pay DESC) FROM emp",
        "Name and rank by pay (highest first) within the same dept of employees.",
    ),
    (
        "SELECT name, ROW_NUMBER() OVER (ORDER BY hired), DENSE_RANK() OVER (ORDER BY name) FROM emp",
        "Name, position by hired (earliest first) and rank without gaps by name (A to Z) of employees.",
    ),
    (
        "SELECT hired, SUM(pay) OVER (ORDER BY hired) FROM emp",
        "Hired and running total pay by hired (earliest first) of employees.",
    ),
    (
        "SELECT name, AVG(pay) OVER (PARTITION BY dept), SUM(pay) OVER () FROM emp",
        "Name, average pay within the same dept and total pay over all of them of employees.",
    ),
    ("SELECT name, pay - cost FROM emp", "Name and pay minus cost of employees."),
    (
        "SELECT AVG(pay - cost) FROM emp WHERE dept IS NOT NULL AND email IS NULL",
        "Average (pay minus cost) of employees with a dept and with no email.",
    ),
    (
        "SELECT name FROM emp WHERE active = 1 AND remote = 'N'",
        "Name of employees where active is yes and remote is no.",
    ),
    ("SELECT name FROM emp WHERE NOT active", "Name of employees where active is no."),
    (
        "SELECT dept FROM emp GROUP BY dept HAVING COUNT(*) >= 2 AND AVG(pay) > 10",
        "Depts with at least 2 employees where average pay is more than 10.",
    ),
    (
        "SELECT dept, COUNT(*) FROM emp GROUP BY dept ORDER BY COUNT(*) DESC LIMIT 1",
        "Number of employees, per dept, only the one with the most employees.",
    ),
    (
        "SELECT dept FROM emp GROUP BY dept ORDER BY AVG(pay) LIMIT 3",
        "The 3 depts with the lowest average pay.",
    ),
    (
        "SELECT dept, active, COUNT(*), AVG(pay) FROM emp WHERE hired < '2020-01-01' GROUP BY dept, active",
        "Number of employees and average pay, only employees with hired before January 2020, per dept and active.",
    ),
    (
        "SELECT name FROM emp WHERE dept = 'a' INTERSECT SELECT name FROM emp WHERE dept = 'b'",
        "Name of employees where dept is 'a', only those also among name of employees where dept is 'b', each once.",
    ),
    (
        "SELECT dept FROM emp EXCEPT SELECT dept FROM emp WHERE active = 1",
        "Dept of employees, but not dept of employees where active is yes, each once.",
    ),
    (
        "SELECT (SELECT COUNT(*) FROM orders) - (SELECT COUNT(*) FROM Customer)",
        "The number of orders minus the number of customers.",
    ),
    (
        "SELECT name FROM emp WHERE LOWER(dept) = 'it' AND instr(name, 'a') > 0 AND upper(name) <> 'bob'",
        "Name of employees where dept is 'it' in any mix of capitals and name contains 'a' and name in capital letters is not 'bob'.",
    ),
    (
        "SELECT CASE dept WHEN 'a' THEN 'A' WHEN 'b' THEN 'B' END FROM emp",
        "('A' if dept is 'a', 'B' if dept is 'b', otherwise nothing) of employees.",
    ),
    (
        "SELECT MAX(pay, cost), MIN(pay, cost, 5), pay % 2, TRIM(name), REPLACE(name, 'a', 'b'), NULLIF(dept, ''), UPPER(name) FROM emp",
        "Larger of pay and cost, smallest of pay, cost and 5, remainder of pay divided by 2, name without blanks around it, name with 'a' replaced by 'b', dept (nothing where it is '') and name in capital letters of employees.",
    ),
    (
        "SELECT GROUP_CONCAT(DISTINCT dept), TOTAL(pay) FROM emp",
        "List of the different dept values and total pay of employees.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE order_date >= date('now', 'start of month', '-1 month') AND order_date < date('now', 'start of month')",
        "Number of orders where order date is 1 month before the start of this month or later and order date is before the start of this month.",
    ),
    (
        "SELECT COUNT(*) FROM orders WHERE strftime('%Y', order_date) = strftime('%Y', 'now')",
        "Number of orders where year of order date is this year.",
    ),
    (
        "SELECT COUNT(*) FROM emp WHERE hired <= left_on AND left_on > date(hired, '+1 year')",
        "Number of employees where hired is left on or earlier and left on is after 1 year after hired.",
    ),
    (
        "SELECT strftime('%w', hired), strftime('%m', hired), strftime('%d', hired), strftime('%H', hired), strftime('%j', hired), strftime('%W', hired) FROM emp",
        "Weekday (0 is Sunday) of hired, calendar month of hired, day of the month of hired, hour of hired, day of the year of hired and week of the year of hired of employees.",
    ),
    (
        "SELECT COUNT(*) FILTER (WHERE active = 1) FROM emp",
        "Number of employees where active is yes.",
    ),
    (
        "SELECT AVG(n) FROM (SELECT customer_id, COUNT(*) AS n FROM orders GROUP BY customer_id)",
        "Average number of orders from the list (number of orders, per customer).",
    ),
    (
        "SELECT status, n FROM (SELECT status, COUNT(*) AS n FROM orders GROUP BY status) WHERE n > 5 ORDER BY n DESC LIMIT 3",
        "Status and number of orders from the list (number of orders, per status) where number of orders is more than 5, sorted by number of orders (most first), only the first 3.",
    ),
    (
        "SELECT COUNT(*) FROM orders HAVING COUNT(*) > 5",
        "Number of orders, only if number of orders is more than 5.",
    ),
    (
        "SELECT name FROM emp WHERE pay * 12 > 50000 AND NOT pay > cost",
        "Name of employees where (pay times 12) is more than 50000 and pay is at most cost.",
    ),
    (
        "SELECT name FROM emp ORDER BY pay DESC LIMIT 1 OFFSET 1",
        "Name of employees, sorted by pay (highest first), only the second.",
    ),
    (
        "SELECT dept, MAX(hired) FROM emp GROUP BY dept ORDER BY dept",
        "Latest hired of employees, per dept, A to Z.",
    ),
    (
        "SELECT CustomerID FROM Customer ORDER BY (SELECT COUNT(*) FROM orders WHERE customer_id = CustomerID) DESC LIMIT 5",
        "Customer ID of customers, sorted by the number of orders of that customer (descending), only the first 5.",
    ),
    (
        "SELECT COUNT(*) FROM (SELECT customer_id FROM orders GROUP BY customer_id HAVING COUNT(*) > 1)",
        "Number of rows from the list (customers with more than 1 order).",
    ),
    (
        "SELECT EXISTS (SELECT 1 FROM orders WHERE total > 100)",
        "Whether there are any orders where total is more than 100.",
    ),
    (
        "SELECT FullName FROM Customer WHERE EXISTS (SELECT 1 FROM prd WHERE price > 5)",
        "Full name of customers where there are any products where price is more than 5.",
    ),
    (
        "SELECT FullName FROM Customer WHERE CustomerID IN (SELECT customer_id FROM orders GROUP BY customer_id HAVING COUNT(*) > 3)",
        "Full name of customers where customer ID is among (customers with more than 3 orders).",
    ),
    (
        "SELECT FullName FROM Customer WHERE status = 'x' AND CustomerID NOT IN (SELECT customer_id FROM orders WHERE total > 5)",
        "Full name of customers without any (orders where total is more than 5) where status is 'x'.",
    ),
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
        ("FullName", "number of customers"),
    ),
    ("SELECT COUNT(*) AS n FROM Customer", ("n",)),
    ("SELECT * FROM Customer", ("a",)),  # a result of another width than the list
    ("SELECT COUNT(*) FROM Customer UNION SELECT 1", ("COUNT(*)",)),
    ("SELECT (", ("x",)),
]


@pytest.mark.parametrize(("sql", "headers"), HEADERS)
def test_computed_columns_are_named_in_words(sql, headers):
    given = tuple("COUNT(*)" if h == "number of customers" else h for h in headers)
    assert explain.name_columns(sql, given, SCHEMA) == headers


RANDOM_WALKS = 150
# Literals that only make a division exact, a percentage, a flag or one row, and texts that date functions read.
SILENT = {"100.0", "100", "1.0", "0", "1", "now"}


def list_literals(sql):
    """The literals of a statement that its sentence must name."""
    tree = sqlglot.parse_one(sql, read="sqlite")
    skipped = set()
    for node in tree.find_all(exp.Limit, exp.Offset, exp.TimeToStr, exp.Substring):
        inner = [v for k, v in node.args.items() if k != "this" and isinstance(v, exp.Expr)]
        skipped |= {id(each) for part in inner for each in part.walk()}
    for exists in tree.find_all(exp.Exists):  # its list and order do not matter
        query = exists.this.unnest()
        order = query.args.get("order")
        for part in [*query.selects, *([order] if order is not None else [])]:
            skipped |= {id(each) for each in part.walk()}
    literals = [n for n in tree.find_all(exp.Literal) if id(n) not in skipped]
    return [n for n in literals if n.name not in SILENT or (n.is_string and n.name != "now")]


def is_said(literal, text):
    """Whether a literal stands in a sentence, in words where it is a date or a pattern."""
    name = literal.name[:MAX_LITERAL_CHARACTERS]
    if name in text or name.strip("%") in text:
        return True
    if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
        day = datetime.date.fromisoformat(name)
        before = day - datetime.timedelta(days=1)
        return str(day.year) in text or str(before.year) in text
    # "-1 day", "start of month"
    return all(word in text for word in re.findall(r"\w+", name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_the_grammar_gives_is_said_with_every_literal(name):
    inputs, rng = lay_out(name), random.Random(f"said {name}")
    rare = []
    for _ in range(RANDOM_WALKS):
        ids, _ = walk(inputs, rng, rng.choice([12, 24, 48]))
        if ids == [KEYWORD_IDS[UNANSWERABLE]]:
            continue
        sql = to_sql(read(ids, inputs), SCHEMAS[name])
        text = explain.sentence(sql, SCHEMAS[name])
        assert text.endswith(".")
        if explain.is_fallback(text):
            rare.append(sql)
            continue
        assert [n.sql() for n in list_literals(sql) if not is_said(n, text)] == [], (sql, text)
    assert len(rare) <= RANDOM_WALKS // 20, rare
