"""The syntax tree of the pointer language -> symbols. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from t2s.ir_tree import (
    INSTANCES,
    OUTPUTS,
    PREFIXES,
    PRIMARY_LEVEL,
    RANKINGS,
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


def spell_query(query: Query) -> Iterator[Symbol]:
    """Write a query as symbols, with the fewest parentheses.

    Raises:
        IRError: It has more instances of a table or columns of a derived table than there are keywords.
    """
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
        yield from spell_query(source.query)
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
        yield from spell_query(expr)
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
