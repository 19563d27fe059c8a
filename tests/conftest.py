"""What several test modules share: a small database, and the option that spares the browser tests a model."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--app-script",
        type=Path,
        help="JSON of question -> statements that the browser tests use instead of the shipped model",
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A database of two tables, with a declared key and a NULL."""
    path = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT);
        CREATE TABLE orders (
            id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total REAL, day TEXT
        );
        INSERT INTO customers VALUES (1, 'Ada', 'Oslo'), (2, 'Bo', 'Rome'), (3, 'Cy', NULL);
        INSERT INTO orders VALUES (1, 1, 10.5, '2024-01-02'), (2, 1, 4.5, '2024-02-03'),
            (3, 2, 20.0, '2024-02-04');
        """
    )
    connection.close()
    return path
