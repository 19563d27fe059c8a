"""What a statement uses: its tables, columns and literals, with what each literal is compared with. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from t2s.doubts_tree import find_column, find_table
from t2s.values import Schema

MAX_TARGET_CHARACTERS = 60
MAX_LITERALS = 12
# What is compared with a number, and with a text or date.
_OPERATORS: dict[type[exp.Expr], tuple[str, str]] = {
    exp.EQ: ("=", "="),
    exp.NEQ: ("is not", "is not"),
    exp.GT: ("more than", "after"),
    exp.GTE: ("at least", "from"),
    exp.LT: ("less than", "before"),
    exp.LTE: ("at most", "up to"),
}
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}
_AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Sum: "total",
    exp.Avg: "average",
    exp.Min: "smallest",
    exp.Max: "largest",
    exp.Count: "number of",
}
_WRAPPERS = (exp.Paren, exp.Neg, exp.Cast, exp.Lower, exp.Upper, exp.Tuple, exp.Date)


@dataclass(frozen=True, slots=True)
class LiteralUse:
    """One literal and what the statement does with it.

    Attributes:
        text: As compared, without quotes and wildcards.
        is_number: True when written without quotes.
        target: What it is compared with: "Genre.Name"; empty for a limit.
        words: How: "= 'Rock'", "from '2023-01-01'", "the first 5 rows".
        owner: Folded (table, column) where the target is a column or made of one.
        is_date: True when that column holds dates.
    """

    text: str
    is_number: bool
    target: str
    words: str
    owner: tuple[str, str] | None = None
    is_date: bool = False


@dataclass(frozen=True, slots=True)
class Uses:
    """What a statement uses. Names are folded; ``columns`` leaves out what only joins two tables."""

    tables: frozenset[str] = frozenset()
    columns: frozenset[tuple[str, str]] = frozenset()
    literals: tuple[LiteralUse, ...] = ()


def list_uses(sql: str, schema: Schema) -> Uses:
    """Return what a statement uses; nothing for one that does not parse."""
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return Uses()
    found = (find_table(node, schema) for node in tree.find_all(exp.Table))
    tables = frozenset(table.name.casefold() for table in found if table is not None)
    columns = frozenset(
        owner
        for node in tree.find_all(exp.Column)
        if not _only_joins(node) and (owner := _find_owner(node, schema, tables)) is not None
    )
    literals = []
    for node in tree.find_all(exp.Literal):
        use = _describe(node, schema, tables)
        if use is not None and use not in literals:
            literals.append(use)
    return Uses(tables, columns, tuple(literals[:MAX_LITERALS]))


def _only_joins(node: exp.Column) -> bool:
    """Tell whether a column stands in ``ON a.x = b.y``."""
    parent = node.parent
    if not isinstance(parent, exp.EQ):
        return False
    joins = isinstance(parent.this, exp.Column) and isinstance(parent.expression, exp.Column)
    join = parent.find_ancestor(exp.Join, exp.Select)
    return joins and isinstance(join, exp.Join)


def _find_owner(node: exp.Column, schema: Schema, tables: frozenset[str]) -> tuple[str, str] | None:
    """Return the folded (table, column) of a name; of a derived one, when only one table has it."""
    named = find_column(node, schema)
    if named is not None:
        return named.table.name.casefold(), named.column.name.casefold()
    folded = node.name.casefold()
    owners = [
        table.name.casefold()
        for table in schema.tables
        if table.name.casefold() in tables and table.column(folded) is not None
    ]
    return (owners[0], folded) if len(owners) == 1 else None


def _describe(node: exp.Literal, schema: Schema, tables: frozenset[str]) -> LiteralUse | None:
    """Return the use of a literal, None where it is part of a computation or a format."""
    child: exp.Expr = node
    while isinstance(child.parent, _WRAPPERS):
        child = child.parent
    parent = child.parent
    if isinstance(parent, exp.Limit) and parent.expression is child:
        plural = "" if node.name == "1" else "s"
        count = "" if node.name == "1" else f" {node.name}"
        return LiteralUse(node.name, True, "", f"the first{count} row{plural}")
    operand = None if parent is None else _find_operand(child, parent)
    if parent is None or operand is None:
        return None
    target, owner = _name_target(operand, schema, tables)
    table = schema.table(owner[0]) if owner else None
    column = table.column(owner[1]) if table is not None and owner else None
    words, text = _say_operator(node, child, parent)
    is_date = column is not None and column.kind == "date"
    number = not node.is_string
    return LiteralUse(_signed(node, text), number, target, words, owner, is_date)


def _find_operand(child: exp.Expr, parent: exp.Expr) -> exp.Expr | None:
    """Return what a comparison compares its literal with, None when the parent is no comparison."""
    if isinstance(parent, exp.In | exp.Between):
        return None if parent.this is child else parent.this
    if isinstance(parent, (*_OPERATORS, exp.Like, exp.Glob)):
        other = parent.expression if parent.this is child else parent.this
        return None if isinstance(other, exp.Literal) else other
    return None


def _say_operator(node: exp.Literal, child: exp.Expr, parent: exp.Expr) -> tuple[str, str]:
    """Return how a literal is compared, and its text without wildcards."""
    negated = isinstance(parent.parent, exp.Not) or bool(parent.args.get("negate"))
    text = node.name
    shown = f"'{text}'" if node.is_string else _signed(node, text)
    if isinstance(parent, exp.Like | exp.Glob):
        bare = text.strip("%*")
        verb = _say_pattern(text)
        return (f"not {verb} '{bare}'" if negated else f"{verb} '{bare}'"), bare
    if isinstance(parent, exp.Between):
        word = ("from", "up to")[parent.args.get("high") is child]
        return (f"not {word} {shown}" if negated else f"{word} {shown}"), text
    if isinstance(parent, exp.In):
        return (f"is not {shown}" if negated else f"= {shown}"), text
    kind = type(parent)
    if parent.this is child:
        kind = _MIRRORED.get(kind, kind)
    word = _OPERATORS[kind][node.is_string]
    return (f"not {word} {shown}" if negated else f"{word} {shown}"), text


def _say_pattern(pattern: str) -> str:
    begins, ends = pattern[:1] in "%*", pattern[-1:] in "%*"
    if begins and ends:
        return "contains"
    return "ends with" if begins else "begins with" if ends else "="


def _signed(node: exp.Literal, text: str) -> str:
    return f"-{text}" if isinstance(node.parent, exp.Neg) else text


def _name_target(
    operand: exp.Expr, schema: Schema, tables: frozenset[str]
) -> tuple[str, tuple[str, str] | None]:
    """Return what to call an operand, and the one column that it is made of."""
    names = list(operand.find_all(exp.Column))
    owners = {_find_owner(name, schema, tables) for name in names}
    owner = owners.pop() if len(owners) == 1 else None
    while isinstance(operand, _WRAPPERS):
        operand = operand.this
    if owner is None or len(names) != 1:
        if isinstance(operand, exp.Count) and isinstance(operand.this, exp.Star):
            return "number of rows", None
        text = " ".join(operand.sql(dialect="sqlite").split())
        cut = text[: MAX_TARGET_CHARACTERS - 1] + "…"
        return (text if len(text) <= MAX_TARGET_CHARACTERS else cut), owner
    table = schema.table(owner[0])
    column = None if table is None else table.column(owner[1])
    if table is None or column is None:
        return names[0].name, owner
    full = f"{table.name}.{column.name}"
    if isinstance(operand, exp.Column):
        return full, owner
    word = _AGGREGATES.get(type(operand))
    if word is not None:
        return f"{word} {full}", owner
    part = _PARTS.get(_find_format(operand))
    return (f"{part} of {full}" if part else full), owner


_PARTS = {
    "%Y": "year",
    "%m": "month",
    "%Y-%m": "month",
    "%d": "day",
    "%w": "weekday",
    "%H": "hour",
}


def _find_format(operand: exp.Expr) -> str:
    """Return the format string of a strftime inside an operand, "" when there is none."""
    for node in operand.find_all(exp.TimeToStr):
        given = node.args.get("format")
        return given.name if isinstance(given, exp.Literal) else ""
    return ""
