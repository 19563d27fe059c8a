"""The first rows of a table, for showing what a database holds."""

from __future__ import annotations

from dataclasses import replace

from t2s import sandbox
from t2s.sql_names import quote_identifier
from t2s.values import Database, Limits, QueryResult

ROWS = 5  # enough to see what a column holds without scrolling


def read_rows(database: Database, table: str, limits: Limits | None = None) -> QueryResult:
    """Return the first rows of a table or view, read in the sandbox because a view is a stranger's SQL.

    Raises:
        QueryError: They cannot be read within the limits.
    """
    sql = f"SELECT * FROM {quote_identifier(table)} LIMIT {ROWS}"  # noqa: S608
    return sandbox.run(database.path, sql, replace(limits or Limits(), max_rows=ROWS))
