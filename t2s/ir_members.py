"""Which member of FROM a reference points into, and which members need an alias for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from t2s.ir_tree import ColumnRef, Expr, IRError, Op, OutputRef, Query, Select, Source, Window


@dataclass(slots=True)
class Member:
    """One member of FROM while its SELECT is written; ``outputs`` are the columns of a derived table."""

    source: Source
    name: str
    outputs: tuple[str, ...] = ()


@dataclass(slots=True)
class OpenScope:
    """The members of one FROM inside the scopes around it."""

    parent: OpenScope | None
    members: list[Member] = field(default_factory=list)

    def find(self, table: str | None, instance: int) -> Member | None:
        """The ``instance``-th occurrence of ``table``; of the derived tables when it is None."""
        for member in self.members:
            source = member.source
            if source.table == table and (source.query is None) == (table is not None):
                if source.instance == instance and table is not None:
                    return member
                if table is None:
                    instance -= 1
                    if instance == 0:
                        return member
        return None


def locate(scope: OpenScope | None, ref: ColumnRef | OutputRef) -> tuple[Member, OpenScope]:
    """The member that ``ref`` points into, and its scope.

    Raises:
        IRError: There is none.
    """
    table = ref.table if isinstance(ref, ColumnRef) else None
    up = ref.up
    while scope is not None:
        member = scope.find(table, ref.instance)
        if member is not None:
            if up == 0:
                return member, scope
            up -= 1
        scope = scope.parent
    raise IRError("not in scope", str(ref))


def find_needs(query: Query) -> tuple[frozenset[int], bool]:
    """What a statement needs names for.

    Returns:
        Identities of the FROM members that inner scopes hide although something inside refers to them, and
        whether anything refers to a column of a derived table.
    """
    hidden: set[int] = set()
    outputs: list[OutputRef] = []

    def visit_query(node: Query, parent: OpenScope | None) -> None:
        for select in node.selects:
            scope = OpenScope(parent)
            for source in select.sources:
                if source.query is not None:
                    visit_query(source.query, parent)
                scope.members.append(Member(source, ""))
            for expr in _expressions(select):
                visit(expr, scope)
            if len(node.selects) == 1:
                for term in node.order:
                    visit(term.expr, scope)

    def visit(expr: Expr, scope: OpenScope) -> None:
        if isinstance(expr, Query):
            visit_query(expr, scope)
        elif isinstance(expr, OutputRef):
            outputs.append(expr)
        if isinstance(expr, ColumnRef) and expr.up:
            member, owner = locate(scope, expr)
            if owner is not scope:
                hidden.add(id(member.source))
        for child in _children(expr):
            visit(child, scope)

    visit_query(query, None)
    return frozenset(hidden), bool(outputs)


def _expressions(select: Select) -> Iterator[Expr]:
    yield from select.items
    yield from (source.on for source in select.sources if source.on is not None)
    yield from (expr for expr in (select.where, select.having) if expr is not None)
    yield from select.group


def _children(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Op):
        yield from expr.args
    elif isinstance(expr, Window):
        yield expr.call
        yield from expr.partition
        yield from (term.expr for term in expr.order)
