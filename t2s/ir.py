"""SQL <-> the pointer language. Pure.

``to_symbols`` reads SQLite SQL against a schema and writes the one canonical sequence of symbols for it;
``to_sql`` is its inverse up to spelling. The language, loosely (``[]`` optional, ``...`` repeated)::

    query  = select [union|union_all|intersect|except select]... [order term [desc] , ...] [limit N [offset N]]
    select = [from source [, source | left source | cross source]...] select [distinct] expr , ...
             [where expr] [group expr , ...] [having expr]
    source = (->table [@2..@4] | ( query )) [on expr]

A joined table without ``on`` joins by ``default_join``. After a set operation, ``order`` and ``limit`` belong to the
whole and ``#k`` is its k-th output column; elsewhere ``#k`` is a column of the derived table in FROM (``@2`` for the
second one). A column belongs to the nearest scope that has its table; each ``outer`` after it skips one such scope.
A function stands before its operand (``sum ->sale.amount``), several arguments stand in parentheses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from t2s.ir_read import read_sql
from t2s.ir_tree import (
    AGGREGATES,
    COMPARISONS,
    FUNCTIONS,
    INSTANCES,
    KEYWORDS,
    OPERAND_LEVEL,
    OUTPUTS,
    PREFIXES,
    PRIMARY_LEVEL,
    PRODUCTS,
    RANKINGS,
    SET_OPERATIONS,
    SUMS,
    WORDS,
    ColumnRef,
    ColumnSymbol,
    Expr,
    IRError,
    NumberSymbol,
    Op,
    Ordering,
    OutputRef,
    Query,
    Select,
    Source,
    Star,
    Symbol,
    TableSymbol,
    TextSymbol,
    Window,
    Word,
    argument_levels,
    binding_level,
)
from t2s.ir_write import write_sql
from t2s.values import Schema

__all__ = [
    "KEYWORDS",
    "ColumnSymbol",
    "IRError",
    "NumberSymbol",
    "Symbol",
    "TableSymbol",
    "TextSymbol",
    "to_sql",
    "to_symbols",
]


def to_symbols(sql: str, schema: Schema) -> tuple[Symbol, ...]:
    """Read one SELECT statement of SQLite.

    Raises:
        IRError: It does not parse, names what the schema does not have, or uses what the language lacks.
    """
    return tuple(_spell_query(read_sql(sql, schema)))


def to_sql(symbols: Sequence[Symbol], schema: Schema) -> str:
    """Write the statement that ``symbols`` stand for.

    Raises:
        IRError: The symbols are not well-formed, or name what is not in scope.
    """
    reader = _Reader(symbols)
    query = reader.read_query()
    reader.expect(None)
    return write_sql(query, schema)


def _spell_query(query: Query) -> Iterator[Symbol]:
    for operation, select in zip(("", *query.operations), query.selects, strict=True):
        if operation:
            yield operation
        yield from _spell_select(select)
    if query.order:
        yield "order"
        yield from _spell_order(query.order)
    if query.limit is not None:
        yield from ("limit", NumberSymbol(query.limit))
    if query.offset is not None:
        yield from ("offset", NumberSymbol(query.offset))


def _spell_select(select: Select) -> Iterator[Symbol]:
    for source in select.sources:
        yield from _spell_source(source)
    yield "select"
    if select.distinct:
        yield "distinct"
    yield from _spell_list(select.items)
    if select.where is not None:
        yield "where"
        yield from _spell(select.where)
    if select.group:
        yield "group"
        yield from _spell_list(select.group)
    if select.having is not None:
        yield "having"
        yield from _spell(select.having)


def _spell_source(source: Source) -> Iterator[Symbol]:
    yield {"first": "from", "inner": ","}.get(source.kind, source.kind)
    if source.table is not None:
        yield TableSymbol(source.table)
        yield from _spell_instance(source.instance)
    elif source.query is not None:
        yield "("
        yield from _spell_query(source.query)
        yield ")"
    if source.on is not None:
        yield "on"
        yield from _spell(source.on)


def _spell_instance(instance: int, up: int = 0) -> Iterator[Symbol]:
    if instance - 2 >= len(INSTANCES):
        raise IRError("too many instances of a table")
    if instance > 1:
        yield INSTANCES[instance - 2]
    for _ in range(up):
        yield "outer"


def _spell_list(items: Sequence[Expr]) -> Iterator[Symbol]:
    for position, item in enumerate(items):
        if position:
            yield ","
        yield from _spell(item)


def _spell_order(order: Sequence[Ordering]) -> Iterator[Symbol]:
    for position, term in enumerate(order):
        if position:
            yield ","
        yield from _spell(term.expr)
        if term.descending:
            yield "desc"


def _spell(expr: Expr, level: int = 0) -> Iterator[Symbol]:
    """Spell ``expr``, in parentheses when it binds less tightly than ``level``."""
    if isinstance(expr, Query):
        yield "("
        yield from _spell_query(expr)
        yield ")"
    elif binding_level(expr) < level:
        yield "("
        yield from _spell(expr)
        yield ")"
    elif isinstance(expr, Op):
        yield from _spell_op(expr)
    elif isinstance(expr, Window):
        yield from _spell_window(expr)
    else:
        yield from _spell_leaf(expr)


def _spell_leaf(expr: Expr) -> Iterator[Symbol]:
    if isinstance(expr, ColumnRef):
        yield ColumnSymbol(expr.table, expr.column)
        yield from _spell_instance(expr.instance, expr.up)
    elif isinstance(expr, OutputRef):
        if expr.index > len(OUTPUTS):
            raise IRError("too many columns of a derived table")
        yield OUTPUTS[expr.index - 1]
        yield from _spell_instance(expr.instance, expr.up)
    elif isinstance(expr, Star):
        if expr.table is not None:
            yield TableSymbol(expr.table)
            yield from _spell_instance(expr.instance)
        yield "*"
    elif isinstance(expr, Word):
        yield expr.keyword
    elif isinstance(expr, TextSymbol | NumberSymbol):
        yield expr


def _spell_op(op: Op) -> Iterator[Symbol]:
    name, args = op.name, op.args
    if name in RANKINGS:
        yield name
    elif name in PREFIXES:
        yield from _spell_call(op)
    elif name == "case":
        yield from _spell_case(args)
    elif name in ("exists", "not_exists", "not", "neg"):
        yield name
        yield from _spell(args[0], argument_levels(op)[0])
    else:
        levels = argument_levels(op)
        yield from _spell(args[0], levels[0])
        yield name
        if name in ("between", "not_between"):
            yield from _spell(args[1], levels[1])
            yield "and"
            yield from _spell(args[2], levels[2])
        elif name in ("in", "not_in"):
            yield from _spell_members(args[1:])
        elif len(args) > 1:
            yield from _spell(args[1], levels[1])


def _spell_members(members: Sequence[Expr]) -> Iterator[Symbol]:
    if len(members) == 1 and isinstance(members[0], Query):
        yield from _spell(members[0])
        return
    yield "("
    yield from _spell_list(members)
    yield ")"


def _spell_call(op: Op) -> Iterator[Symbol]:
    yield op.name
    if op.distinct:
        yield "distinct"
    if len(op.args) == 1:
        yield from _spell(op.args[0], PRIMARY_LEVEL)
    else:
        yield "("
        yield from _spell_list(op.args)
        yield ")"


def _spell_case(args: Sequence[Expr]) -> Iterator[Symbol]:
    yield "case"
    for position in range(0, len(args) - 1, 2):
        yield "when"
        yield from _spell(args[position])
        yield "then"
        yield from _spell(args[position + 1])
    if len(args) % 2:
        yield "else"
        yield from _spell(args[-1])
    yield "end"


def _spell_window(window: Window) -> Iterator[Symbol]:
    call = window.call
    if call.args and isinstance(call.args[0], Op | Window):
        # Without parentheses "over" would belong to an aggregate in the argument.
        yield call.name
        yield from (("distinct", "(") if call.distinct else ("(",))
        yield from _spell(call.args[0])
        yield ")"
    else:
        yield from _spell_op(call)
    yield from ("over", "(")
    if window.partition:
        yield "partition"
        yield from _spell_list(window.partition)
    if window.order:
        yield "order"
        yield from _spell_order(window.order)
    yield ")"


class _Reader:
    """Recursive descent over symbols; scopes are checked later, when SQL is written."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self._symbols = symbols
        self._position = 0

    def _peek(self) -> Symbol | None:
        return self._symbols[self._position] if self._position < len(self._symbols) else None

    def _take(self) -> Symbol:
        symbol = self._peek()
        if symbol is None:
            raise IRError("symbols end early")
        self._position += 1
        return symbol

    def _accept(self, *keywords: str) -> str | None:
        symbol = self._peek()
        if isinstance(symbol, str) and symbol in keywords:
            self._position += 1
            return symbol
        return None

    def expect(self, keyword: str | None) -> None:
        """Step over ``keyword``; None is the end."""
        if self._peek() != keyword:
            raise IRError("unexpected symbol", f"{self._peek()} instead of {keyword}")
        self._position += 1

    def read_query(self) -> Query:
        """Read SELECTs, then the ORDER BY and LIMIT of the whole."""
        selects, operations = [self._read_select()], []
        while operation := self._accept(*SET_OPERATIONS):
            operations.append(operation)
            selects.append(self._read_select())
        order = self._read_order() if self._accept("order") else ()
        limit = self._read_number() if self._accept("limit") else None
        offset = self._read_number() if limit is not None and self._accept("offset") else None
        return Query(tuple(selects), tuple(operations), order, limit, offset)

    def _read_number(self) -> str:
        symbol = self._take()
        if not isinstance(symbol, NumberSymbol):
            raise IRError("unexpected symbol", f"{symbol} instead of a number")
        return symbol.text

    def _read_select(self) -> Select:
        sources: list[Source] = []
        if self._accept("from"):
            sources.append(self._read_source("first"))
            while kind := self._accept(",", "left", "cross"):
                sources.append(self._read_source(kind))
        self.expect("select")
        distinct = self._accept("distinct") is not None
        items = self._read_list()
        where = self._read_expr() if self._accept("where") else None
        group = self._read_list() if self._accept("group") else ()
        having = self._read_expr() if self._accept("having") else None
        return Select(tuple(sources), items, distinct, where, group, having)

    def _read_source(self, kind: str) -> Source:
        table, query, instance = None, None, 1
        symbol = self._take()
        if isinstance(symbol, TableSymbol):
            table, instance = symbol.table, self._read_instance()
        elif symbol == "(":
            query = self.read_query()
            self.expect(")")
        else:
            raise IRError("unexpected symbol", f"{symbol} instead of a table")
        on = None
        if kind in (",", "left") and self._accept("on"):
            on = self._read_expr()
        if kind == "left":
            return Source(table, query, instance, "left", on)
        if kind == "cross":
            return Source(table, query, instance, "cross")
        return Source(table, query, instance, "inner" if kind == "," else "first", on)

    def _read_instance(self) -> int:
        mark = self._accept(*INSTANCES)
        return INSTANCES.index(mark) + 2 if mark else 1

    def _read_up(self) -> int:
        up = 0
        while self._accept("outer"):
            up += 1
        return up

    def _read_list(self) -> tuple[Expr, ...]:
        items = [self._read_expr()]
        while self._accept(","):
            items.append(self._read_expr())
        return tuple(items)

    def _read_order(self) -> tuple[Ordering, ...]:
        terms: list[Ordering] = []
        while not terms or self._accept(","):
            expr = self._read_expr()
            terms.append(Ordering(expr, self._accept("desc") is not None))
        return tuple(terms)

    def _read_expr(self, level: int = 1) -> Expr:
        """Read an expression that binds at least as tightly as ``level``."""
        if level == 3:
            return Op("not", (self._read_expr(4),)) if self._accept("not") else self._read_test()
        if level == 4:
            return self._read_test()
        if level == 8:
            return (
                Op("neg", (self._read_primary(),)) if self._accept("neg") else self._read_primary()
            )
        names = {1: ("or",), 2: ("and",), 5: SUMS, 6: PRODUCTS, 7: ("||",)}[level]
        left = self._read_expr(level + 1)
        while name := self._accept(*names):
            left = Op(name, (left, self._read_expr(level + 1)))
        return left

    def _read_test(self) -> Expr:
        left = self._read_expr(OPERAND_LEVEL)
        if name := self._accept(*COMPARISONS):
            return Op(name, (left, self._read_expr(OPERAND_LEVEL)))
        if name := self._accept("is_null", "not_null"):
            return Op(name, (left,))
        if name := self._accept("between", "not_between"):
            low = self._read_expr(OPERAND_LEVEL)
            self.expect("and")
            return Op(name, (left, low, self._read_expr(OPERAND_LEVEL)))
        if name := self._accept("in", "not_in"):
            self.expect("(")
            if self._peek() in ("from", "select"):
                members: tuple[Expr, ...] = (self.read_query(),)
            else:
                members = self._read_list()
            self.expect(")")
            return Op(name, (left, *members))
        return left

    def _read_primary(self) -> Expr:
        symbol = self._take()
        if isinstance(symbol, ColumnSymbol):
            return ColumnRef(symbol.table, symbol.column, self._read_instance(), self._read_up())
        if isinstance(symbol, TextSymbol | NumberSymbol):
            return symbol
        if isinstance(symbol, TableSymbol):
            instance = self._read_instance()
            self.expect("*")
            return Star(symbol.table, instance)
        if symbol in OUTPUTS:
            return OutputRef(OUTPUTS.index(symbol) + 1, self._read_instance(), self._read_up())
        if symbol == "*":
            return Star()
        if symbol in WORDS:
            return Word(symbol)
        if symbol == "case":
            return self._read_case()
        if symbol in ("exists", "not_exists"):
            self.expect("(")
            return Op(symbol, (self._read_closed(),))
        if symbol == "(":
            return self._read_closed()
        return self._read_call(symbol)

    def _read_closed(self) -> Expr:
        """Read what stands before a closing parenthesis: a query or an expression."""
        inner = self.read_query() if self._peek() in ("from", "select") else self._read_expr()
        self.expect(")")
        return inner

    def _read_call(self, name: str) -> Expr:
        if name in RANKINGS:
            call = Op(name, ())
            if self._peek() != "over":
                raise IRError("unexpected symbol", f"{name} without over")
        elif name in PREFIXES:
            distinct = name in AGGREGATES and self._accept("distinct") is not None
            call = Op(name, self._read_arguments(), distinct)
            fewest, most = FUNCTIONS.get(name, (1, 1))
            if not fewest <= len(call.args) <= most:
                raise IRError("number of arguments", name)
        else:
            raise IRError("unexpected symbol", f"{name} as a value")
        if name in (*RANKINGS, *AGGREGATES) and self._accept("over"):
            return self._read_window(call)
        return call

    def _read_arguments(self) -> tuple[Expr, ...]:
        if not self._accept("("):
            return (self._read_primary(),)
        if self._peek() in ("from", "select"):
            return (self._read_closed(),)
        args = self._read_list()
        self.expect(")")
        return args

    def _read_case(self) -> Op:
        args: list[Expr] = []
        while self._accept("when"):
            args.append(self._read_expr())
            self.expect("then")
            args.append(self._read_expr())
        if not args:
            raise IRError("unexpected symbol", "case without when")
        if self._accept("else"):
            args.append(self._read_expr())
        self.expect("end")
        return Op("case", tuple(args))

    def _read_window(self, call: Op) -> Window:
        self.expect("(")
        partition = self._read_list() if self._accept("partition") else ()
        order = self._read_order() if self._accept("order") else ()
        self.expect(")")
        return Window(call, partition, order)
