"""Logical form of WikiSQL queries (Zhong et al. 2017, https://arxiv.org/abs/1709.00103): are two the same?

A query of that set has one table, one column with at most one aggregate, and conditions joined by AND. Its tables
come without rows, so results cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from t2s.values import Schema
from train.schema_files import write_empty
from train.trees import parse, read_literal

SETS = frozenset({"wikisql"})

_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}
_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_MIRRORED = {"=": "=", "<>": "<>", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
# What a WikiSQL query never has; one that has it means something else.
_FOREIGN_PARTS = ("with_", "joins", "group", "having", "order", "limit", "offset", "distinct")


@dataclass(frozen=True, slots=True)
class LogicalForm:
    """Aggregate ("" for none), column ("*" for all), and conditions (column, operator, value), all normalised."""

    aggregate: str
    column: str
    conditions: frozenset[tuple[str, str, str]]


def read_form(sql: str) -> LogicalForm | None:
    """Return the logical form of a query, None when it has parts that WikiSQL's queries never have."""
    tree = parse(sql)
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1:
        return None
    if any(tree.args.get(part) for part in _FOREIGN_PARTS):
        return None
    if sum(1 for _ in tree.find_all(exp.Select)) != 1:
        return None
    output = tree.expressions[0].unalias().unnest()
    aggregate = _AGGREGATES.get(type(output), "")
    column = _name_column(output.this.unnest() if aggregate else output)
    where = tree.args.get("where")
    conditions = () if where is None else _list_conditions(where.this)
    if column is None or conditions is None:
        return None
    return LogicalForm(aggregate, column, frozenset(conditions))


def _name_column(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Star):
        return "*"
    return node.name.casefold() if isinstance(node, exp.Column) else None


def _list_conditions(node: exp.Expr) -> tuple[tuple[str, str, str], ...] | None:
    """Return comparisons of a column with a literal, None when there is anything else."""
    inner = node.unnest()
    if isinstance(inner, exp.And):
        left, right = _list_conditions(inner.left), _list_conditions(inner.right)
        return None if left is None or right is None else left + right
    operator = _OPERATORS.get(type(inner))
    if operator is None:
        return None
    left, right = inner.this.unnest(), inner.expression.unnest()
    if not isinstance(left, exp.Column):
        left, right, operator = right, left, _MIRRORED[operator]
    value = read_literal(right)
    if not isinstance(left, exp.Column) or value is None:
        return None
    return ((left.name.casefold(), operator, value),)


def same_form(gold_sql: str, other_sql: str) -> bool:
    """Tell whether two queries have the same logical form; False when either has none."""
    gold = read_form(gold_sql)
    return gold is not None and gold == read_form(other_sql)


class HeaderDatabases:
    """Files without rows for the databases of a set that ships headers only, written when first asked for."""

    def __init__(self, schemas: Mapping[str, Schema], folder: Path) -> None:
        """Keep the schemas and the folder, which must exist."""
        self._schemas = schemas
        self._folder = folder

    def path(self, db_id: str) -> Path:
        """Return the file of a database.

        Raises:
            KeyError: The set has no such database.
        """
        path = self._folder / f"{db_id}.sqlite"
        return path if path.exists() else write_empty(self._schemas[db_id], path)
