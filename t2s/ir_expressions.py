"""sqlglot expressions -> expressions of the pointer language. Pure; used while reading SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from sqlglot import exp

from t2s.ir_scope import Scope, raise_ref, resolve
from t2s.ir_tree import (
    AGGREGATES,
    CASTS,
    COMPARISONS,
    CONSTANTS,
    DATE_WORDS,
    FORMATS,
    FUNCTIONS,
    REORDERED,
    SLICES,
    Expr,
    IRError,
    NumberSymbol,
    Op,
    Ordering,
    Star,
    TextSymbol,
    Window,
    Word,
)

_BINARY: dict[type[exp.Expression], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.GT: ">",
    exp.LTE: "<=",
    exp.GTE: ">=",
    exp.And: "and",
    exp.Or: "or",
    exp.Add: "plus",
    exp.Sub: "minus",
    exp.Mul: "times",
    exp.Div: "divide",
    exp.Mod: "mod",
    exp.DPipe: "||",
    exp.NullSafeEQ: "=",
}
_NEGATIONS = {
    "=": "!=",
    "!=": "=",
    "<": ">=",
    ">": "<=",
    "<=": ">",
    ">=": "<",
    "like": "not_like",
    "not_like": "like",
    "in": "not_in",
    "not_in": "in",
    "between": "not_between",
    "not_between": "between",
    "is_null": "not_null",
    "not_null": "is_null",
    "exists": "not_exists",
    "not_exists": "exists",
}
# Functions by the order of sqlglot's argument names.
_CALLS: dict[type[exp.Expression], tuple[str, tuple[str, ...]]] = {
    exp.Sum: ("sum", ("this",)),
    exp.Avg: ("avg", ("this",)),
    exp.Min: ("min", ("this",)),
    exp.Max: ("max", ("this",)),
    exp.Count: ("count", ("this",)),
    exp.GroupConcat: ("group_concat", ("this",)),
    exp.Abs: ("abs", ("this",)),
    exp.Round: ("round", ("this", "decimals")),
    exp.Length: ("length", ("this",)),
    exp.Lower: ("lower", ("this",)),
    exp.Upper: ("upper", ("this",)),
    exp.Trim: ("trim", ("this", "expression")),
    exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StrPosition: ("instr", ("this", "substr")),
    exp.Coalesce: ("coalesce", ("this", "expressions")),
    exp.Nullif: ("nullif", ("this", "expression")),
    exp.Least: ("least", ("this", "expressions")),
    exp.Greatest: ("greatest", ("this", "expressions")),
    exp.Date: ("date", ("this", "zone", "expressions")),
    exp.Time: ("time", ("this", "zone", "expressions")),
}
_TYPES = {
    **dict.fromkeys(
        ("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "UBIGINT", "UINT"), "to_integer"
    ),
    **dict.fromkeys(("REAL", "FLOAT", "DOUBLE"), "to_real"),
    **dict.fromkeys(("TEXT", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR"), "to_text"),
    **dict.fromkeys(("DECIMAL", "NUMERIC"), "to_numeric"),
}
_ZERO, _ONE = NumberSymbol("0"), NumberSymbol("1")


class ExpressionReader:
    """Reads expressions.

    Args:
        read_query: How subqueries are read.
        is_numeric: Whether an expression is a column that SQLite compares as a number, so that digits in quotes
            mean the number (https://sqlite.org/datatype3.html, section 4.2).
    """

    def __init__(
        self,
        read_query: Callable[[exp.Expression, Scope], Expr],
        is_numeric: Callable[[Expr], bool],
    ) -> None:
        """Keep both."""
        self._read_query, self._is_numeric = read_query, is_numeric

    def _compare(self, name: str, args: Sequence[Expr]) -> Op:
        """A comparison of the first of ``args`` with the others, numbers out of their quotes."""
        if self._is_numeric(args[0]):
            args = (args[0], *(_unquote_number(arg) for arg in args[1:]))
        elif len(args) == 2 and self._is_numeric(args[1]):
            args = (_unquote_number(args[0]), args[1])
        return Op(name, tuple(args))

    def read_optional(self, clause: exp.Expression | None, scope: Scope) -> Expr | None:
        """Read what WHERE or HAVING holds.

        Raises:
            IRError: See ``read``.
        """
        return None if clause is None else self.read(clause.this, scope)

    def read(self, node: exp.Expression, scope: Scope) -> Expr:
        """Read one expression.

        Raises:
            IRError: It names what is not in scope, or uses what the language lacks.
        """
        if isinstance(node, exp.Column):
            return self._read_column(node, scope)
        if isinstance(node, exp.Literal):
            return _read_literal(node)
        if isinstance(node, exp.Count) and _counts_rows(node):
            return Op("count", (Star(),))
        name = _BINARY.get(type(node))
        if name is not None:
            return self._read_binary(name, node, scope)
        call = _CALLS.get(type(node))
        if call is not None:
            return self._read_call(call[0], [node.args.get(key) for key in call[1]], scope)
        reader = _READERS.get(type(node))
        if reader is not None:
            return reader(self, node, scope)
        if isinstance(node, exp.Query):
            return self._read_query(node, scope)
        raise IRError("unsupported expression", type(node).__name__)

    def _read_column(self, node: exp.Column, scope: Scope) -> Expr:
        if isinstance(node.this, exp.Star):
            raise IRError("star inside an expression")
        found = resolve(scope, node.table.casefold(), node.name.casefold())
        if isinstance(found, tuple):
            return raise_ref(found[0], scope, found[1])
        if found is not None:
            aliases = scope.aliases
            scope.aliases = {k: v for k, v in aliases.items() if v is not found}
            try:
                return self.read(found, scope)
            finally:
                scope.aliases = aliases
        if node.this.args.get("quoted"):
            return TextSymbol(node.name)
        raise IRError("unknown column", node.name)

    def _read_binary(self, name: str, node: exp.Expression, scope: Scope) -> Expr:
        left, right = self.read(node.this, scope), self.read(node.expression, scope)
        if name == "||":
            return _fold_reordered(Op(name, (left, right)))
        if name in ("and", "or"):
            return _flatten(name, left, right)
        return (
            self._compare(name, (left, right)) if name in COMPARISONS else Op(name, (left, right))
        )

    def _read_call(
        self, name: str, nodes: Sequence[exp.Expression | list[exp.Expression] | None], scope: Scope
    ) -> Expr:
        distinct = False
        flat: list[exp.Expression] = []
        for node in nodes:
            if isinstance(node, exp.Distinct):
                distinct, node = True, node.expressions
            flat.extend(node if isinstance(node, list) else [node] if node is not None else [])
        args = tuple(
            self._read_argument(name, position, n, scope) for position, n in enumerate(flat)
        )
        fewest, most = FUNCTIONS.get(name, (1, 1))
        if not fewest <= len(args) <= most:
            raise IRError("number of arguments", name)
        if (
            name == "substr"
            and len(args) == 3
            and all(isinstance(a, NumberSymbol) for a in args[1:])
        ):
            short = ":".join(("substr", *(a.text for a in args[1:] if isinstance(a, NumberSymbol))))
            if short in SLICES:
                return Op(short, args[:1])
        return Op(name, args, distinct)

    def _read_argument(self, name: str, position: int, node: exp.Expression, scope: Scope) -> Expr:
        del position
        while isinstance(node, exp.Paren):
            node = node.this
        if isinstance(node, exp.TsOrDsToTimestamp | exp.TsOrDsToDate):
            node = node.this
        if isinstance(node, exp.Star):
            raise IRError("star inside an expression")
        value = self.read(node, scope)
        if name in ("date", "datetime", "time", "julianday") and isinstance(value, TextSymbol):
            return Word(value.text) if value.text in DATE_WORDS else value
        return value

    def _read_paren(self, node: exp.Expression, scope: Scope) -> Expr:
        return self.read(node.this, scope)

    def _read_subquery(self, node: exp.Expression, scope: Scope) -> Expr:
        return self._read_query(node, scope)

    def _read_negation(self, node: exp.Expression, scope: Scope) -> Expr:
        value = self.read(node.this, scope)
        return _negate(value)

    def _read_neg(self, node: exp.Expression, scope: Scope) -> Expr:
        return Op("neg", (self.read(node.this, scope),))

    def _read_like(self, node: exp.Expression, scope: Scope) -> Expr:
        value = Op("like", (self.read(node.this, scope), self.read(node.expression, scope)))
        return _negate(value) if node.args.get("negate") else value

    def _read_in(self, node: exp.Expression, scope: Scope) -> Expr:
        left = self.read(node.this, scope)
        query = node.args.get("query")
        if query is not None:
            return Op("in", (left, self._read_query(query, scope)))
        if not node.expressions:
            raise IRError("unsupported expression", "IN without members")
        members = [self.read(member, scope) for member in node.expressions]
        return self._compare("in", (left, *members))

    def _read_between(self, node: exp.Expression, scope: Scope) -> Expr:
        args = [self.read(node.args[key], scope) for key in ("this", "low", "high")]
        return self._compare("between", args)

    def _read_is(self, node: exp.Expression, scope: Scope) -> Expr:
        value, other = self.read(node.this, scope), node.expression
        if isinstance(other, exp.Null):
            return Op("is_null", (value,))
        if isinstance(other, exp.Not) and isinstance(other.this, exp.Null):
            return Op("not_null", (value,))
        raise IRError("unsupported expression", "IS")

    def _read_not_same(self, node: exp.Expression, scope: Scope) -> Expr:
        left, right = self.read(node.this, scope), self.read(node.expression, scope)
        return Op("or", (Op("!=", (left, right)), Op("is_null", (left,))))

    def _read_exists(self, node: exp.Expression, scope: Scope) -> Expr:
        inner = node.this.copy()
        if isinstance(inner, exp.Select) and not inner.args.get("group"):
            inner.set("expressions", [exp.Star()])
        return Op("exists", (self._read_query(inner, scope),))

    def _read_case(self, node: exp.Expression, scope: Scope) -> Expr:
        operand = node.args.get("this")
        subject = None if operand is None else self.read(operand, scope)
        args: list[Expr] = []
        for branch in node.args["ifs"]:
            test = self.read(branch.this, scope)
            args.append(test if subject is None else self._compare("=", (subject, test)))
            args.append(self.read(branch.args["true"], scope))
        if node.args.get("default") is not None:
            args.append(self.read(node.args["default"], scope))
        return _make_case(args)

    def _read_if(self, node: exp.Expression, scope: Scope) -> Expr:
        keys = [node.this, node.args["true"], node.args.get("false")]
        return _make_case([self.read(key, scope) for key in keys if key is not None])

    def _read_filter(self, node: exp.Expression, scope: Scope) -> Expr:
        call, test = self.read(node.this, scope), self.read(node.expression.this, scope)
        if not isinstance(call, Op) or call.name not in AGGREGATES:
            raise IRError("unsupported expression", "FILTER")
        value = _ONE if isinstance(call.args[0], Star) else call.args[0]
        return Op(call.name, (Op("case", (test, value)),), call.distinct)

    def _read_cast(self, node: exp.Expression, scope: Scope) -> Expr:
        kind = node.args["to"].this
        name = _TYPES.get(getattr(kind, "name", str(kind)).upper())
        if name not in CASTS:
            raise IRError("unsupported cast", node.args["to"].sql())
        return Op(name, (self.read(node.this, scope),))

    def _read_format(self, node: exp.Expression, scope: Scope) -> Expr:
        name = f"strftime:{node.args['format'].name}"
        if name not in FORMATS:
            raise IRError("strftime format", name)
        return Op(name, (self._read_argument("date", 0, node.this, scope),))

    def _read_now(self, node: exp.Expression, scope: Scope) -> Expr:
        del scope
        names = {exp.CurrentDate: "date", exp.CurrentTime: "time", exp.CurrentTimestamp: "datetime"}
        return Op(names[type(node)], (Word("now"),))  # type: ignore[index]

    def _read_null(self, node: exp.Expression, scope: Scope) -> Expr:
        del node, scope
        return Word("null")

    def _read_boolean(self, node: exp.Expression, scope: Scope) -> Expr:
        del scope
        return _ONE if node.this else _ZERO

    def _read_star(self, node: exp.Expression, scope: Scope) -> Expr:
        del node, scope
        return Star()

    def _read_anonymous(self, node: exp.Expression, scope: Scope) -> Expr:
        name = node.name.lower()
        if name == "strftime" and len(node.expressions) == 2:
            return self._read_format(
                exp.TimeToStr(this=node.expressions[1], format=node.expressions[0]), scope
            )
        name = {"substring": "substr", "ifnull": "coalesce"}.get(name, name)
        if name not in (*FUNCTIONS, "total") or name == "flag":
            raise IRError("unsupported function", name)
        return self._read_call(name, node.expressions, scope)

    def _read_window(self, node: exp.Expression, scope: Scope) -> Expr:
        ranking = {exp.RowNumber: "row_number", exp.Rank: "rank", exp.DenseRank: "dense_rank"}
        name = next((v for k, v in ranking.items() if isinstance(node.this, k)), "")
        call = Op(name, ()) if name else self.read(node.this, scope)
        if (
            not isinstance(call, Op)
            or not (name or call.name in AGGREGATES)
            or node.args.get("spec")
        ):
            raise IRError("unsupported window")
        order = node.args.get("order")
        terms = tuple(
            Ordering(self.read(term.this, scope), bool(term.args.get("desc")))
            for term in (order.expressions if order is not None else [])
        )
        parts = tuple(self.read(part, scope) for part in node.args.get("partition_by") or [])
        return Window(call, parts, terms)


_READERS: dict[type[exp.Expression], Callable[[ExpressionReader, exp.Expression, Scope], Expr]] = {
    exp.Paren: ExpressionReader._read_paren,
    exp.Subquery: ExpressionReader._read_subquery,
    exp.Not: ExpressionReader._read_negation,
    exp.Neg: ExpressionReader._read_neg,
    exp.Like: ExpressionReader._read_like,
    exp.In: ExpressionReader._read_in,
    exp.Between: ExpressionReader._read_between,
    exp.Is: ExpressionReader._read_is,
    exp.NullSafeNEQ: ExpressionReader._read_not_same,
    exp.Exists: ExpressionReader._read_exists,
    exp.Case: ExpressionReader._read_case,
    exp.If: ExpressionReader._read_if,
    exp.Filter: ExpressionReader._read_filter,
    exp.Cast: ExpressionReader._read_cast,
    exp.TimeToStr: ExpressionReader._read_format,
    exp.CurrentDate: ExpressionReader._read_now,
    exp.CurrentTime: ExpressionReader._read_now,
    exp.CurrentTimestamp: ExpressionReader._read_now,
    exp.Null: ExpressionReader._read_null,
    exp.Boolean: ExpressionReader._read_boolean,
    exp.Star: ExpressionReader._read_star,
    exp.Anonymous: ExpressionReader._read_anonymous,
    exp.Window: ExpressionReader._read_window,
}


def _read_literal(node: exp.Literal) -> Expr:
    text = str(node.this)
    if node.is_string:
        return TextSymbol(text)
    if text in CONSTANTS:
        return Word(text)
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        try:
            text = format(Decimal(text), "f")
        except ArithmeticError as error:
            raise IRError("number literal", text) from error
    return NumberSymbol(text)


def _unquote_number(expr: Expr) -> Expr:
    number = isinstance(expr, TextSymbol) and re.fullmatch(r"\d+(\.\d+)?", expr.text)
    return NumberSymbol(expr.text) if isinstance(expr, TextSymbol) and number else expr


def _counts_rows(node: exp.Count) -> bool:
    inner = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return isinstance(inner, exp.Star) or (isinstance(inner, exp.Literal) and not inner.is_string)


def _negate(value: Expr) -> Expr:
    if isinstance(value, Op) and value.name in _NEGATIONS:
        return Op(_NEGATIONS[value.name], value.args)
    return Op("not", (value,))


def _flatten(name: str, left: Expr, right: Expr) -> Expr:
    """``a and (b and c)`` as ``(a and b) and c``."""
    if isinstance(right, Op) and right.name == name:
        return Op(name, (_flatten(name, left, right.args[0]), right.args[1]))
    return Op(name, (left, right))


def _make_case(args: list[Expr]) -> Expr:
    if len(args) == 3 and args[1:] == [_ONE, _ZERO]:
        return Op("flag", (args[0],))
    return Op("case", tuple(args))


def _fold_reordered(chain: Op) -> Expr:
    """A chain of ``||`` that reorders a day-first or month-first date, as its keyword."""
    pieces: list[Expr] = []
    current: Expr = chain
    while isinstance(current, Op) and current.name == "||":
        pieces.insert(0, current.args[1])
        current = current.args[0]
    pieces.insert(0, current)
    subjects: list[Expr] = []
    shape: list[tuple[int, int] | str] = []
    for piece in pieces:
        if isinstance(piece, TextSymbol):
            shape.append(piece.text)
        elif isinstance(piece, Op) and piece.name in SLICES:
            _, start, length = piece.name.split(":")
            shape.append((int(start), int(length)))
            subjects.append(piece.args[0])
        elif isinstance(piece, Op) and piece.name in REORDERED:
            shape.extend(REORDERED[piece.name])
            subjects.append(piece.args[0])
        else:
            return chain
    if len(set(subjects)) != 1:
        return chain
    name = next((n for n, s in REORDERED.items() if list(s) == shape), None)
    return chain if name is None else Op(name, (subjects[0],))
