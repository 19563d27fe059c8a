"""What a FROM clause reads, in plain English; joins along keys are not said. Pure; for ``t2s.explain``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_keys import Edge, Sources, find_edge, find_end, find_same, tell_apart
from t2s.explain_nouns import join_words, natural_name
from t2s.explain_scope import NotCoveredError, Source, conjuncts, strip_brackets
from t2s.values import Schema


@dataclass(frozen=True, slots=True)
class Join:
    """One more member of FROM.

    Attributes:
        alias: Folded.
        side: LEFT, or empty.
        edges: The keys that it follows.
        rest: Other conditions of its ON.
        using: Columns of its USING.
        is_natural: True for NATURAL.
        is_bare: True when nothing ties it to what came before.
    """

    alias: str
    side: str
    edges: tuple[Edge, ...]
    rest: tuple[exp.Expr, ...]
    using: tuple[str, ...]
    is_natural: bool
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What a FROM clause reads.

    Attributes:
        sources: With labels told apart.
        joins: All but the first, in order.
        counted: What one row stands for, in the plural.
        home: The source whose columns need no word for their table, None when there is none.
        filters: Conditions of joins that narrow like WHERE.
        dropped: Conditions of WHERE that are said otherwise.
        required: Labels of sources that rows must have and nothing else mentions.
        optional: Labels of sources that an outer join may leave empty.
        absent: Alias of the source that rows must not have ("customers without orders").
        is_rooted: True when each row is one of ``home``.
    """

    sources: Sources
    joins: tuple[Join, ...] = ()
    counted: str = "rows"
    home: Source | None = None
    filters: tuple[exp.Expr, ...] = ()
    dropped: tuple[exp.Expr, ...] = ()
    required: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    absent: str | None = None
    is_rooted: bool = False


def read_from(select: exp.Select, sources: Sources, schema: Schema) -> Reading:
    """Return what a SELECT reads from its sources.

    Raises:
        NotCoveredError: A join of a kind that has no wording.
    """
    aliases = list(sources)
    if not aliases:
        return Reading(sources)
    where = select.args.get("where")
    joins, dropped = _read_joins(select, sources, schema, conjuncts(where and where.this))
    edges = tuple(edge for join in joins for edge in join.edges)
    sources = tell_apart(sources, edges, schema)
    first = sources[aliases[0]]
    if len(sources) == 1:
        derived = first.table is None and bool(first.meanings)
        return Reading(sources, (), "rows" if derived else first.plural, first)
    absent = _find_absent(select, sources, joins) if len(sources) == 2 else None
    if absent is not None:
        alias, tests = absent
        return Reading(
            sources, tuple(joins), first.plural, first, (), tests, absent=alias, is_rooted=True
        )
    connected = all(len(join.edges) == 1 for join in joins)
    many = any(j.side and not any(e.parent == j.alias for e in j.edges) for j in joins)
    root = _find_root(aliases, edges) if connected and not many else None
    home = sources[root] if root is not None else first if connected and many else None
    return Reading(
        sources,
        tuple(joins),
        "rows" if root is None else sources[root].plural,
        home,
        tuple(part for join in joins if not join.side for part in join.rest),
        dropped,
        () if root is None else _find_required(select, sources, joins, edges, root),
        frozenset(sources[join.alias].label for join in joins if join.side),
        is_rooted=root is not None,
    )


def _read_joins(
    select: exp.Select, sources: Sources, schema: Schema, where: Sequence[exp.Expr]
) -> tuple[list[Join], tuple[exp.Expr, ...]]:
    """Return the joins, and the conditions of WHERE that stand for a missing ON."""
    joins: list[Join] = []
    dropped: list[exp.Expr] = []
    known = list(sources)[:1]
    for node, alias in zip(select.args.get("joins") or (), list(sources)[1:], strict=True):
        if node.side not in ("", "LEFT"):
            raise NotCoveredError
        on, using = node.args.get("on"), node.args.get("using")
        edges, rest = [], []
        parts = conjuncts(on) if on is not None else [] if using or node.method else list(where)
        for part in parts:
            edge = find_edge(part, sources, schema)
            ends = {edge.child, edge.parent} if edge is not None else set()
            if edge is not None and alias in ends and ends <= {alias, *known}:
                edges.append(edge)
                dropped += [part] if on is None else []
            elif on is not None:
                rest.append(part)
        names = tuple(each.name for each in using or ())
        if len(names) == 1:
            shared = [find_same(names[0], other, alias, sources, schema) for other in known]
            edges += [edge for edge in shared if edge is not None][:1]
        is_bare = on is None and not names and node.method != "NATURAL" and not edges
        joins.append(
            Join(
                alias,
                node.side,
                tuple(edges),
                tuple(rest),
                names,
                node.method == "NATURAL",
                is_bare,
            )
        )
        known.append(alias)
    return joins, tuple(dropped)


def _find_root(aliases: Sequence[str], edges: Sequence[Edge]) -> str | None:
    """Return the source that refers, directly or not, to all others, each by one key."""
    parents = [edge.parent for edge in edges]
    roots = [alias for alias in aliases if alias not in parents]
    return roots[0] if len(roots) == 1 and len(set(parents)) == len(parents) else None


def _find_required(
    select: exp.Select,
    sources: Sources,
    joins: Sequence[Join],
    edges: Sequence[Edge],
    root: str,
) -> tuple[str, ...]:
    """Return the labels of sources that only the join itself needs."""
    inside = {id(n) for j in select.args.get("joins") or () for n in j.walk()}
    used = set()
    for column in select.find_all(exp.Column):
        if id(column) in inside:
            continue
        end = find_end(column, sources)
        used |= {end[0]} if end is not None else set()
    for column in (c for join in joins for part in join.rest for c in part.find_all(exp.Column)):
        end = find_end(column, sources)
        used |= {end[0]} if end is not None else set()
    sides = {join.alias: join.side for join in joins}
    through = {edge.child for edge in edges}
    unsaid = [
        alias
        for alias in sources
        if alias != root and alias not in used | through and not sides.get(alias, "")
    ]
    starred = any(isinstance(item, exp.Star) for item in select.expressions)
    return () if starred else tuple(sources[alias].label for alias in unsaid)


def _find_absent(
    select: exp.Select, sources: Sources, joins: Sequence[Join]
) -> tuple[str, tuple[exp.Expr, ...]] | None:
    """Return x and the test of "LEFT JOIN x ... WHERE x.id IS NULL" when nothing else reads x."""
    where, join = select.args.get("where"), joins[0]
    table = sources[join.alias].table
    if join.side != "LEFT" or table is None or [e.child for e in join.edges] != [join.alias]:
        return None
    for part in conjuncts(where and where.this):
        end = _find_null(part, sources)
        column = table.column(end[1]) if end is not None and end[0] == join.alias else None
        if column is None:
            continue
        is_key = column.name.casefold() == join.edges[0].column.casefold()
        certain = is_key or column.primary_key or not column.nullable
        if certain and not _is_read(select, join, sources, part):
            return join.alias, (part,)
    return None


def _find_null(part: exp.Expr, sources: Sources) -> tuple[str, str] | None:
    part = strip_brackets(part)
    if isinstance(part, exp.Is) and isinstance(part.expression, exp.Null):
        return find_end(strip_brackets(part.this), sources)
    return None


def _is_read(select: exp.Select, join: Join, sources: Sources, test: exp.Expr) -> bool:
    inside = {id(node) for node in test.walk()}
    for node in select.args.get("joins") or ():
        if node.this.alias_or_name.casefold() == join.alias:
            inside |= {id(each) for each in node.walk()}
    starred = any(isinstance(item, exp.Star) for item in select.expressions)
    return starred or any(
        (end := find_end(column, sources)) is not None and end[0] == join.alias
        for column in select.find_all(exp.Column)
        if id(column) not in inside
    )


def say_phrase(reading: Reading, say_all: Callable[[Sequence[exp.Expr]], str]) -> str:
    """Return what is read in words, a plural: "customers with their orders, if any".

    Args:
        reading: What is read.
        say_all: Says conditions that hold together.
    """
    sources = reading.sources
    if reading.home is not None and not any(join.side for join in reading.joins):
        return reading.home.phrase
    if reading.absent is not None and reading.home is not None:
        return reading.home.phrase
    aliases = list(sources)
    if reading.is_rooted and reading.home is not None:
        narrowed = [join for join in reading.joins if join.side and join.rest]
        return reading.home.phrase + "".join(_say_joined(sources, j, say_all) for j in narrowed)
    said = "".join(_say_joined(sources, join, say_all) for join in reading.joins)
    return (sources[aliases[0]].phrase if aliases else "") + said


def _say_joined(sources: Sources, join: Join, say_all: Callable[[Sequence[exp.Expr]], str]) -> str:
    """Return one more source in words, with a blank in front."""
    source = sources[join.alias]
    if join.is_natural:
        return f" matched with {source.phrase} on the columns of the same name"
    if join.using and not join.edges:
        shared = join_words([natural_name(name) for name in join.using])
        return f" matched with {source.phrase} of the same {shared}"
    if join.is_bare:
        return f" combined with all {source.phrase}"
    is_parent = any(edge.parent == join.alias for edge in join.edges)
    end = source.label if is_parent else source.phrase
    words = f" with their {end}" if join.edges else f" matched with {source.phrase}"
    if join.side and join.rest:
        words += f" (only where {say_all(join.rest)})"
    return f"{words} (if any)" if join.side else words
