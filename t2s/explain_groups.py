"""What GROUP BY makes one row of, in plain English: "per customer". Pure; for ``t2s.explain``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_from import Reading
from t2s.explain_nouns import plural
from t2s.explain_scope import (
    Scope,
    Source,
    find_column,
    label_column,
    own_source,
    resolve_item,
    strip_brackets,
)
from t2s.explain_totals import find_role
from t2s.explain_words import say


@dataclass(frozen=True, slots=True)
class Group:
    """One thing that rows are grouped by.

    Attributes:
        words: What one group is ("customer", "month of order date").
        source: The source whose rows are the groups, None for other values.
        owner: The source that the value is a column of.
    """

    words: str
    source: Source | None = None
    owner: Source | None = None

    @property
    def plural(self) -> str:
        """What several groups are: "customers", "months of order date"."""
        head, of, rest = self.words.partition(" of ")
        return f"{plural(head)}{of}{rest}"


@dataclass(frozen=True, slots=True)
class Grouping:
    """GROUP BY: the groups, and the entries of the select list that are not said by them."""

    groups: tuple[Group, ...]
    shown: tuple[exp.Expr, ...]


def read_groups(select: exp.Select, reading: Reading, scope: Scope) -> Grouping:
    """Return what a SELECT groups by; a key of a table stands for its row, and other columns of it go without saying.

    Raises:
        NotCoveredError: A position of GROUP BY that has no wording.
    """
    group = select.args.get("group")
    nodes = [] if group is None else group.expressions
    keys = [strip_brackets(resolve_item(node, scope, columns_first=True)) for node in nodes]
    owners = [_find_row(key, reading, scope) for key in keys]
    rows = {id(owner): owner for owner in owners if owner is not None}
    groups: list[Group] = []
    for key, owner in zip(keys, owners, strict=True):
        if owner is not None:
            found = Group(owner.label, owner, owner)
        elif _owner(key, scope) is not None and id(_owner(key, scope)) in rows:
            continue
        else:
            found = Group(_say_key(key, scope), None, _owner(key, scope))
        if found not in groups:
            groups.append(found)
    texts = {key.sql().casefold() for key in keys}
    shown = [item.unalias() for item in select.expressions]
    kept = [
        item
        for item in shown
        if not _is_row(item, reading, scope, rows)
        and (item.sql().casefold() not in texts or id(_owner(item, scope)) in rows)
    ]
    return Grouping(tuple(groups), tuple(kept))


def _say_key(key: exp.Expr, scope: Scope) -> str:
    role = find_role(key, scope)
    if role:
        return role
    words = say(key, scope)
    return f"group ({words})" if isinstance(key, exp.Case | exp.If) else words


def _owner(node: exp.Expr, scope: Scope) -> Source | None:
    return own_source(node, scope) if isinstance(node, exp.Column) else None


def _find_row(key: exp.Expr, reading: Reading, scope: Scope) -> Source | None:
    """Return the source whose rows a key tells apart: by its primary key, or by a column that refers to it."""
    found = find_column(key, scope)
    if found is None or found[0].table is None:
        return None
    source, column = found
    primary = [each for each in found[0].table.columns if each.primary_key]
    if column.primary_key and len(primary) == 1:
        return source
    for join in reading.joins:
        for edge in join.edges:
            child = reading.sources[edge.child]
            if child is source and edge.column.casefold() == column.name.casefold():
                parent = reading.sources[edge.parent]
                return None if parent.label in reading.optional else parent
    return None


def _is_row(item: exp.Expr, reading: Reading, scope: Scope, rows: dict[int, Source]) -> bool:
    """Tell whether an entry of the list is only the key of a group."""
    owner = _find_row(item, reading, scope) if isinstance(item, exp.Column) else None
    return owner is not None and id(owner) in rows


def say_entry(item: exp.Expr, source: Source | None, scope: Scope) -> str:
    """Return one entry of the list; columns of the grouped source need no word for their table."""
    found = find_column(item, scope)
    if found is not None and found[0] is source:
        return label_column(found[1])
    return say(item, scope)


def are_columns(items: Sequence[exp.Expr], source: Source | None, scope: Scope) -> bool:
    """Tell whether all entries are columns of a source."""
    owners = [find_column(item, scope) for item in items]
    return all(owner is not None and owner[0] is source for owner in owners)
