"""Joins that follow a key, and what their rows are called. Pure; for ``t2s.explain``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from t2s.explain_nouns import ordinal, role_noun
from t2s.explain_scope import Source, strip_brackets
from t2s.values import ForeignKey, Schema

Sources = Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Edge:
    """A join along a key: rows of ``child`` refer to one row of ``parent`` (folded aliases) by ``column``."""

    child: str
    parent: str
    column: str


def find_edge(node: exp.Expr, sources: Sources, schema: Schema) -> Edge | None:
    """Return the key that an equation of two columns of different sources follows, None for none."""
    if not isinstance(node, exp.EQ):
        return None
    ends = [find_end(strip_brackets(side), sources) for side in (node.this, node.expression)]
    if ends[0] is None or ends[1] is None or ends[0][0] == ends[1][0]:
        return None
    return _match_key((ends[0], ends[1]), sources, schema)


def find_same(column: str, left: str, right: str, sources: Sources, schema: Schema) -> Edge | None:
    """Return the key between two sources whose columns have the same name, None for none."""
    return _match_key(((left, column), (right, column)), sources, schema)


def find_end(node: exp.Expr, sources: Sources) -> tuple[str, str] | None:
    """Return the alias and the name of a column, None for what is none or could be of several sources."""
    if not isinstance(node, exp.Column):
        return None
    if node.table:
        alias = node.table.casefold()
        return (alias, node.name) if alias in sources else None
    owners = [alias for alias, source in sources.items() if source.has(node.name)]
    return (owners[0], node.name) if len(owners) == 1 else None


def _match_key(
    ends: tuple[tuple[str, str], tuple[str, str]], sources: Sources, schema: Schema
) -> Edge | None:
    for (child, column), (parent, other) in (ends, ends[::-1]):
        one, two = sources[child].table, sources[parent].table
        if one is None or two is None:
            continue
        key = find_key(schema, one.name, column, two.name, other)
        primary = [each.name for each in two.columns if each.primary_key]
        # Part of a key of several columns names no single row.
        if key is not None and len(primary) < 2:
            return Edge(child, parent, key.column)
    for (child, column), (parent, other) in (ends, ends[::-1]):
        if _is_evident(sources[child], column, sources[parent], other):
            return Edge(child, parent, column)
    return None


def _is_evident(child: Source, column: str, parent: Source, other: str) -> bool:
    """Tell whether a column refers to the primary key of another table though no key says so."""
    if child.table is None or parent.table is None or child.table is parent.table:
        return False
    primary = [each.name.casefold() for each in parent.table.columns if each.primary_key]
    referring = child.table.column(column)
    if primary != [other.casefold()] or referring is None or referring.primary_key:
        return False
    name = column.casefold().replace("_", "")
    label = parent.label.casefold().replace(" ", "")
    return name == other.casefold().replace("_", "") or name.startswith(label)


def find_key(schema: Schema, table: str, column: str, other: str, to: str) -> ForeignKey | None:
    """Return the key by which a column refers to another, None when there is none."""
    wanted = [name.casefold() for name in (table, column, other, to)]
    return next(
        (
            key
            for key in schema.foreign_keys
            if [n.casefold() for n in (key.table, key.column, key.other_table, key.other_column)]
            == wanted
        ),
        None,
    )


def tell_apart(sources: Sources, edges: Iterable[Edge], schema: Schema) -> dict[str, Source]:
    """Call several rows of one table by what refers to them, else first, second and so on."""
    sources = {**sources, **_name_roles(sources, edges, schema)}
    labels = [source.label for source in sources.values()]
    roles = {edge.parent: role_noun(edge.column) for edge in edges}
    named: dict[str, Source] = {}
    for alias, source in sources.items():
        if labels.count(source.label) > 1 and source.table is not None:
            twins = [a for a, s in sources.items() if s.label == source.label]
            said = [roles.get(twin, "") or source.label for twin in twins]
            label = said[twins.index(alias)]
            if len(set(said)) < len(said) or (set(said) - {source.label}) & set(labels):
                label = f"{ordinal(twins.index(alias) + 1)} {source.label}"
            named[alias] = replace(source, label=label, phrase=replace(source, label=label).plural)
        else:
            named[alias] = source
    return named


def _name_roles(sources: Sources, edges: Iterable[Edge], schema: Schema) -> dict[str, Source]:
    """Call a row by its role where the table that refers to it does so by several columns."""
    named: dict[str, Source] = {}
    labels = [source.label for source in sources.values()]
    for edge in edges:
        child, parent = sources[edge.child].table, sources[edge.parent].table
        ends = [
            (key.table, key.other_table)
            for key in schema.foreign_keys
            if child is not None
            and parent is not None
            and (key.table.casefold(), key.other_table.casefold())
            == (child.name.casefold(), parent.name.casefold())
        ]
        role = role_noun(edge.column)
        source = sources[edge.parent]
        if len(ends) > 1 and role and role not in labels and labels.count(source.label) == 1:
            named[edge.parent] = replace(
                source, label=role, phrase=replace(source, label=role).plural
            )
    return named
