"""Symbols of the pointer language and the syntax tree that stands between symbols and SQL. Pure.

A statement is a sequence of symbols: keywords (plain ``str``), pointers at tables and columns, and whole
literals. FROM comes first, so that the scope is known before any column::

    from ->airlines , ->flights select ->airlines.airline where ->flights.sourceairport = 'AHD'

``t2s.ir`` turns the tree into symbols and back, ``t2s.ir_read`` SQL into the tree, ``t2s.ir_write`` the tree into SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from t2s.errors import PromptError
from t2s.values import ForeignKey, Schema


class IRError(PromptError):
    """SQL or symbols that the pointer language cannot express.

    Args:
        reason: A short phrase out of a small set, for counting ("unknown column").
        detail: What exactly, for the log only.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason beside the sentence."""
        super().__init__(
            f"This statement cannot be put into the model's language ({reason}); try a simpler one.",
            detail=detail,
        )
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TableSymbol:
    """Pointer at the marker of a table."""

    table: str


@dataclass(frozen=True, slots=True)
class ColumnSymbol:
    """Pointer at the marker of a column."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class TextSymbol:
    """One whole text literal, without quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class NumberSymbol:
    """One whole non-negative decimal literal as SQL spells it ("1500", "3.5")."""

    text: str


Symbol = str | TableSymbol | ColumnSymbol | TextSymbol | NumberSymbol

# Up to four instances of a table in one FROM, eight output columns of a derived table: more did not occur in 40,000
# gold queries but for a handful.
INSTANCES = ("@2", "@3", "@4")
OUTPUTS = ("#1", "#2", "#3", "#4", "#5", "#6", "#7", "#8")
CLAUSES = (
    *("from", "select", "distinct", "where", "group", "having", "order", "desc", "limit", "offset"),
    *(",", "(", ")", "*", "left", "cross", "on", "outer", *INSTANCES, *OUTPUTS),
)
SET_OPERATIONS = ("union", "union_all", "intersect", "except")
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=", "like", "not_like")
TESTS = ("in", "not_in", "between", "not_between", "is_null", "not_null", "exists", "not_exists")
SUMS = ("plus", "minus")
PRODUCTS = ("times", "divide", "mod")
OPERATORS = ("and", "or", "not", *COMPARISONS, *TESTS, *SUMS, *PRODUCTS, "||", "neg")
CASES = ("case", "when", "then", "else", "end", "null")
AGGREGATES = ("count", "sum", "avg", "min", "max", "total", "group_concat")
RANKINGS = ("row_number", "rank", "dense_rank")
WINDOWS = (*RANKINGS, "over", "partition")
CASTS = {
    "to_integer": "INTEGER",
    "to_real": "REAL",
    "to_text": "TEXT",
    "to_numeric": "NUMERIC",
}
# (fewest, most) arguments. "flag" is CASE WHEN x THEN 1 ELSE 0 END; "least" and "greatest" are MIN and MAX of a row.
FUNCTIONS = {
    "flag": (1, 1),
    "abs": (1, 1),
    "round": (1, 2),
    "length": (1, 1),
    "lower": (1, 1),
    "upper": (1, 1),
    "trim": (1, 2),
    "replace": (3, 3),
    "substr": (2, 3),
    "instr": (2, 2),
    "coalesce": (2, 4),
    "nullif": (2, 2),
    "least": (2, 4),
    "greatest": (2, 4),
    "date": (1, 3),
    "datetime": (1, 3),
    "time": (1, 3),
    "julianday": (1, 3),
}
FORMATS = tuple(
    f"strftime:{mark}"
    for mark in (
        *("%Y", "%m", "%d", "%H", "%M", "%S", "%w", "%W", "%j", "%J", "%s"),
        *("%Y-%m", "%Y-%m-%d", "%m-%d", "%H:%M"),
    )
)
# substr:START:LENGTH; the parts of dd/mm/yyyy and yyyy-mm-dd texts.
SLICES = (
    *("substr:1:4", "substr:6:2", "substr:9:2", "substr:1:7", "substr:1:10", "substr:12:2"),
    *("substr:7:4", "substr:4:2", "substr:1:2"),
)
# Day-first and month-first texts written so that they sort: pieces are (start, length) or text between them.
REORDERED: dict[str, tuple[tuple[int, int] | str, ...]] = {
    "dmy:%Y-%m-%d": ((7, 4), "-", (4, 2), "-", (1, 2)),
    "dmy:%Y-%m": ((7, 4), "-", (4, 2)),
    "dmy:%Y%m%d": ((7, 4), (4, 2), (1, 2)),
    "mdy:%Y-%m-%d": ((7, 4), "-", (1, 2), "-", (4, 2)),
    "mdy:%Y-%m": ((7, 4), "-", (1, 2)),
}
CONSTANTS = ("100.0", "1.0")
# Texts that are arguments of date functions rather than values.
DATE_WORDS = (
    "now",
    "start of month",
    "start of year",
    "-1 day",
    "-7 days",
    "-30 days",
    "-1 month",
    "-1 year",
)
LITERAL_KEYWORDS = (
    *("'", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "."),
    *("%", "_", "-", "/", ":", " "),
    *("unanswerable", "<pad>", "<s>", "</s>"),
)
KEYWORDS: tuple[str, ...] = (
    *CLAUSES,
    *SET_OPERATIONS,
    *OPERATORS,
    *CASES,
    *AGGREGATES,
    *WINDOWS,
    *CASTS,
    *FUNCTIONS,
    *FORMATS,
    *SLICES,
    *REORDERED,
    *CONSTANTS,
    *DATE_WORDS,
    *LITERAL_KEYWORDS,
)
WORDS = frozenset(("null", *CONSTANTS, *DATE_WORDS))
# Keywords that are written before one operand.
PREFIXES = frozenset((*AGGREGATES, *CASTS, *FUNCTIONS, *FORMATS, *SLICES, *REORDERED))


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column of the ``instance``-th occurrence of its table in a FROM, skipping ``up`` nearer scopes that have it."""

    table: str
    column: str
    instance: int = 1
    up: int = 0


@dataclass(frozen=True, slots=True)
class OutputRef:
    """Output ``index`` (from 1) of the ``instance``-th derived table of a FROM, or of a set operation in its ORDER BY."""

    index: int
    instance: int = 1
    up: int = 0


@dataclass(frozen=True, slots=True)
class Star:
    """``*``, or ``table.*`` of one instance."""

    table: str | None = None
    instance: int = 1


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword that is a value by itself."""

    keyword: str


@dataclass(frozen=True, slots=True)
class Op:
    """An operator or function by its keyword. ``case`` holds condition, value, ..., and a last value for ELSE."""

    name: str
    args: tuple[Expr, ...]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """A call over a partition."""

    call: Op
    partition: tuple[Expr, ...]
    order: tuple[Ordering, ...]


@dataclass(frozen=True, slots=True)
class Ordering:
    """One ORDER BY term."""

    expr: Expr
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One member of FROM; ``on`` None means the default condition (for ``kind`` inner and left)."""

    table: str | None
    query: Query | None = None
    instance: int = 1
    kind: Literal["first", "inner", "left", "cross"] = "first"
    on: Expr | None = None


@dataclass(frozen=True, slots=True)
class Select:
    """One SELECT without ORDER BY and LIMIT."""

    sources: tuple[Source, ...]
    items: tuple[Expr, ...]
    distinct: bool = False
    where: Expr | None = None
    group: tuple[Expr, ...] = ()
    having: Expr | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """SELECTs combined from left to right; ``operations`` has one entry fewer than ``selects``."""

    selects: tuple[Select, ...]
    operations: tuple[str, ...] = ()
    order: tuple[Ordering, ...] = ()
    limit: str | None = None
    offset: str | None = None


Leaf = ColumnRef | OutputRef | Star | Word | TextSymbol | NumberSymbol
Expr = Leaf | Op | Window | Query

_LEVELS: dict[str, int] = {
    "or": 1,
    "and": 2,
    "not": 3,
    **dict.fromkeys((*COMPARISONS, *TESTS), 4),
    **dict.fromkeys(SUMS, 5),
    **dict.fromkeys(PRODUCTS, 6),
    "||": 7,
    "neg": 8,
    "exists": 9,
    "not_exists": 9,
}
OPERAND_LEVEL = 5
PRIMARY_LEVEL = 9


def binding_level(expr: Expr) -> int:
    """How tightly ``expr`` holds together: 1 for ``or`` up to 9 for what never needs parentheses."""
    return _LEVELS.get(expr.name, PRIMARY_LEVEL) if isinstance(expr, Op) else PRIMARY_LEVEL


def argument_levels(op: Op) -> tuple[int, ...]:
    """The level that each argument of an infix or prefix operator needs to stand without parentheses."""
    level = binding_level(op)
    if level == 3:
        return (4,)
    if level == 4:
        return (OPERAND_LEVEL,) * len(op.args)
    if op.name == "neg":
        return (PRIMARY_LEVEL,)
    return (level, level + 1)


def order_keys(schema: Schema) -> tuple[ForeignKey, ...]:
    """Foreign keys in the order in which joins try them: declared ones first."""
    return tuple(sorted(schema.foreign_keys, key=lambda key: key.inferred))


def default_join(
    schema: Schema, joined: Sequence[tuple[str, int]], table: str, instance: int
) -> tuple[ColumnRef, ColumnRef] | None:
    """The two columns by which ``table`` joins the tables before it unless ``on`` says otherwise.

    Declared keys before inferred ones, then the most recently joined table, then the schema's order of keys. Where
    a table refers to itself, the earlier instance holds the referring column.

    Args:
        schema: Where the keys are.
        joined: Tables (spelled as in the schema) and instances already in FROM, in order.
        table: The new table.
        instance: Its instance number.

    Returns:
        (column of an earlier table, column of the new table), or None when no key links them.
    """
    keys = order_keys(schema)
    for inferred in (False, True):
        for other, other_instance in reversed(joined):
            for key in keys:
                if key.inferred != inferred:
                    continue
                if (key.table, key.other_table) == (other, table):
                    return (
                        ColumnRef(other, key.column, other_instance),
                        ColumnRef(table, key.other_column, instance),
                    )
                if (key.table, key.other_table) == (table, other):
                    return (
                        ColumnRef(other, key.other_column, other_instance),
                        ColumnRef(table, key.column, instance),
                    )
    return None
