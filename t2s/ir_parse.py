"""Symbols -> the syntax tree of the pointer language. Pure; scopes are checked later, when SQL is written."""

from __future__ import annotations

from collections.abc import Sequence

from t2s.ir_tree import (
    AGGREGATES,
    COMPARISONS,
    FUNCTIONS,
    INSTANCES,
    OPERAND_LEVEL,
    OUTPUTS,
    PREFIXES,
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
)


def parse_symbols(symbols: Sequence[Symbol]) -> Query:
    """Read one whole statement.

    Raises:
        IRError: The symbols are not well-formed.
    """
    reader = _Reader(symbols)
    query = reader.read_query()
    reader.expect(None)
    return query


class _Reader:
    """Recursive descent over symbols."""

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
