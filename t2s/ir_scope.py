"""Which names a part of a SQL statement can see, and what they stand for. Pure; used while reading SQL."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from t2s.ir_tree import ColumnRef, Expr, IRError, Op, OutputRef, default_join
from t2s.values import Schema

Ref = ColumnRef | OutputRef


@dataclass(slots=True)
class Bound:
    """One member of FROM: what it is called and what its columns stand for (by case-folded name)."""

    alias: str
    table: str | None
    instance: int
    columns: list[tuple[str, Ref]]
    refs: dict[str, Ref] = field(init=False)

    def __post_init__(self) -> None:
        """Index the columns; the first of two with one name wins."""
        self.refs = {}
        for name, ref in self.columns:
            self.refs.setdefault(name, ref)


@dataclass(slots=True)
class Scope:
    """The members of one FROM, the aliases of its SELECT, and the scope around it."""

    parent: Scope | None
    members: list[Bound] = field(default_factory=list)
    aliases: dict[str, exp.Expression] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)

    def next_instance(self, table: str | None) -> int:
        """The number that one more occurrence of ``table`` gets (None: derived tables)."""
        return 1 + sum(member.table == table for member in self.members)

    def holds(self, ref: Ref) -> bool:
        """Whether a member has the table and instance of ``ref``."""
        table = ref.table if isinstance(ref, ColumnRef) else None
        return any(m.table == table and m.instance == ref.instance for m in self.members)

    def member(self, alias: str) -> Bound | None:
        """The member that SQL calls ``alias``."""
        return next((m for m in self.members if m.alias == alias), None)

    def lookup(self, name: str) -> Ref | None:
        """The column that the bare ``name`` means in this scope alone.

        Raises:
            IRError: Several members have it.
        """
        found = [m.refs[name] for m in self.members if name in m.refs]
        if len(found) > 1 and name not in self.merged:
            raise IRError("ambiguous column", name)
        return found[0] if found else None

    def position(self, ref: Expr) -> int | None:
        """Index of the member that a reference of this very scope belongs to."""
        if not isinstance(ref, Ref) or ref.up:
            return None
        table = ref.table if isinstance(ref, ColumnRef) else None
        for index, member in enumerate(self.members):
            if member.table == table and member.instance == ref.instance:
                return index
        return None


def raise_ref(ref: Ref, scope: Scope, owner: Scope) -> Ref:
    """``ref`` of scope ``owner`` as it is written inside ``scope``: counts nearer scopes that would catch it."""
    up, current = 0, scope
    while current is not owner:
        up += current.holds(ref)
        if current.parent is None:
            raise IRError("unknown column")
        current = current.parent
    if isinstance(ref, ColumnRef):
        return ColumnRef(ref.table, ref.column, ref.instance, up)
    return OutputRef(ref.index, ref.instance, up)


def resolve(scope: Scope, table: str, name: str) -> tuple[Ref, Scope] | exp.Expression | None:
    """What ``table.name`` (``table`` may be empty; both case-folded) means inside ``scope``.

    Returns:
        The reference and the scope that owns it, or the expression behind a SELECT alias, or None.

    Raises:
        IRError: Ambiguous or not a column of ``table``.
    """
    current: Scope | None = scope
    while current is not None:
        if table:
            member = current.member(table)
            if member is not None:
                if name not in member.refs:
                    raise IRError("unknown column", f"{table}.{name}")
                return member.refs[name], current
        else:
            ref = current.lookup(name)
            if ref is not None:
                return ref, current
            if current is scope and name in current.aliases:
                return current.aliases[name]
        current = current.parent
    if table:
        raise IRError("unknown table", table)
    return None


def conjuncts(expr: Expr | None) -> list[Expr]:
    """The parts that AND holds together."""
    if expr is None:
        return []
    if isinstance(expr, Op) and expr.name == "and":
        return [part for arg in expr.args for part in conjuncts(arg)]
    return [expr]


def conjoin(parts: list[Expr]) -> Expr | None:
    """AND of ``parts``, None when there are none."""
    whole: Expr | None = None
    for part in parts:
        whole = part if whole is None else Op("and", (whole, part))
    return whole


def link(expr: Expr, scope: Scope) -> tuple[int, int] | None:
    """The two members that ``expr`` equates by one column each, the earlier first; None for anything else."""
    if not (isinstance(expr, Op) and expr.name == "="):
        return None
    first, second = (scope.position(arg) for arg in expr.args)
    if first is None or second is None or first == second:
        return None
    return min(first, second), max(first, second)


def is_default(expr: Expr, scope: Scope, index: int, schema: Schema) -> bool:
    """Whether ``expr`` is what member ``index`` joins by when nothing is said."""
    member = scope.members[index]
    if member.table is None or not (isinstance(expr, Op) and expr.name == "="):
        return False
    before = [(m.table, m.instance) for m in scope.members[:index] if m.table is not None]
    default = default_join(schema, before, member.table, member.instance)
    return default is not None and set(expr.args) == set(default)
