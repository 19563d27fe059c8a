"""What the names in a SQL statement mean, and what to call them. Pure; for ``t2s.explain``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from t2s.explain_nouns import natural_name, plural, table_noun
from t2s.values import Column, ColumnKind, Schema, Table

MAX_LITERAL_CHARACTERS = 60

_NUMERIC = (
    exp.Count
    | exp.Sum
    | exp.Avg
    | exp.Round
    | exp.Abs
    | exp.Length
    | exp.Add
    | exp.Sub
    | exp.Mul
    | exp.Div
    | exp.Mod
    | exp.Window
)


class NotCoveredError(Exception):
    """The statement uses something that has no wording."""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of a FROM clause.

    Attributes:
        label: What one of its rows is called, different from its neighbours'.
        phrase: What it is called where it is read; its plural, the wording of a derived one.
        table: The database table, None for a derived one.
        meanings: Derived tables only: folded column name -> what it stands for.
        kinds: Derived tables only: folded column name -> what kind of value it is.
    """

    label: str
    phrase: str
    table: Table | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, ColumnKind | None] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        """What several of its rows are called."""
        return plural(self.label)

    def has(self, column: str) -> bool:
        """Tell whether it has a column of that name."""
        if self.table is not None:
            return self.table.column(column) is not None
        return column.casefold() in self.meanings


class Teller(Protocol):
    """What the parts of a sentence ask of each other."""

    def describe(self, query: exp.Expr, parent: Scope | None) -> str:
        """Return the wording of a whole query inside the scope around it."""

    def say(self, node: exp.Expr, scope: Scope) -> str:
        """Return the wording of an expression."""

    def where(self, node: exp.Expr, scope: Scope) -> str:
        """Return the wording of a condition."""

    def rows(self, select: exp.Select, parent: Scope) -> str:
        """Return what a SELECT reads, without its list: "orders since 2023 where status is 'x'"."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of a statement.

    Attributes:
        schema: Of the database.
        sources: Folded alias -> source, of this FROM.
        items: The select list, for positions and aliases.
        parent: The scope around a subquery.
        teller: Says the parts.
        home: The source whose columns need no word for their table; None when each does.
        counted: What COUNT(*) counts, in the plural.
        optional: Labels of sources that an outer join may leave empty.
    """

    schema: Schema
    sources: Mapping[str, Source]
    items: tuple[exp.Expr, ...]
    parent: Scope | None
    teller: Teller
    home: Source | None = None
    counted: str = "rows"
    optional: frozenset[str] = frozenset()


def label_table(table: Table) -> str:
    """Return what to call one row of a table."""
    return table_noun(table.nl_name or table.name)


def label_column(column: Column) -> str:
    """Return what to call a column."""
    return column.nl_name or natural_name(column.name)


def strip_brackets(node: exp.Expr) -> exp.Expr:
    """Return what stands inside brackets; unlike ``unnest`` it leaves a subquery one."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """Return the conditions that a condition joins by AND."""
    if node is None:
        return []
    node = strip_brackets(node)
    if not isinstance(node, exp.And):
        return [node]
    return [part for each in node.flatten() for part in conjuncts(each)]


def find_column(node: exp.Expr, scope: Scope) -> tuple[Source, Column] | None:
    """Return the database column that a node names in this scope itself, None otherwise."""
    if not isinstance(node, exp.Column):
        return None
    source = own_source(node, scope)
    column = source.table.column(node.name) if source is not None and source.table else None
    return None if source is None or column is None else (source, column)


def find_outer(node: exp.Expr, scope: Scope) -> tuple[Source, Column] | None:
    """Return the database column that a node names in a scope around this one, None otherwise."""
    if not isinstance(node, exp.Column) or own_source(node, scope) is not None:
        return None
    level = scope.parent
    while level is not None:
        if own_source(node, level) is not None:
            return find_column(node, level)
        level = level.parent
    return None


def resolve_item(node: exp.Expr, scope: Scope, *, columns_first: bool = False) -> exp.Expr:
    """Return what a position or alias of GROUP BY and ORDER BY stands for.

    SQLite takes a name that is both for the alias in ORDER BY, for the column in GROUP BY
    (``columns_first``).
    """
    if columns_first and find_column(node, scope) is not None:
        return node
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
        position = int(node.name)
        if not 1 <= position <= len(scope.items) or any(i.is_star for i in scope.items[:position]):
            raise NotCoveredError
        return scope.items[position - 1].unalias()
    if isinstance(node, exp.Column) and not node.table:
        for item in scope.items:
            if isinstance(item, exp.Alias) and item.alias.casefold() == node.name.casefold():
                return item.unalias()
    return node


def kind_of(node: exp.Expr, scope: Scope) -> ColumnKind | None:
    """Return what kind of value an expression gives, None when not known."""
    node = strip_brackets(node)
    found = find_column(node, scope)
    if found is not None:
        return found[1].kind
    if isinstance(node, exp.Column):
        source = own_source(node, scope)
        return source.kinds.get(node.name.casefold()) if source is not None else None
    if isinstance(node, exp.Min | exp.Max) and not node.expressions:
        return kind_of(node.this, scope)
    if isinstance(node, exp.Cast):
        name = node.args["to"].sql(dialect="sqlite").upper()
        return kind_of(node.this, scope) if name == "TEXT" else "number"
    if isinstance(node, exp.Date | exp.CurrentDate):
        return "date"
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args.get("ifs") or []]
        literal = all(isinstance(b, exp.Literal) and not b.is_string for b in branches)
        return "number" if literal else None
    return "number" if isinstance(node, _NUMERIC) else None


def own_source(node: exp.Column, scope: Scope) -> Source | None:
    """Return the source of this scope itself that a column belongs to, None when there is none."""
    if node.table:
        return scope.sources.get(node.table.casefold())
    owners = [source for source in scope.sources.values() if source.has(node.name)]
    return owners[0] if owners else None


def say_column(node: exp.Expr, scope: Scope, *, qualified: bool = False) -> str | None:
    """Return a column in words, with its table where needed or ``qualified``; None if it has no wording."""
    if isinstance(node.this, exp.Star):
        source = scope.sources.get(node.text("table").casefold())
        return None if source is None else f"all {source.label} details"
    if not isinstance(node, exp.Column):
        return None
    level: Scope | None = scope
    while level is not None:
        source = own_source(node, level)
        if source is not None and (source.has(node.name) or node.table):
            return _say_owned(node.name, source, level, scope, qualified=qualified)
        level = level.parent
    for item in scope.items if not node.table else ():
        if isinstance(item, exp.Alias) and item.alias.casefold() == node.name.casefold():
            return scope.teller.say(item.this, scope)
    if isinstance(node.this, exp.Identifier) and node.this.quoted and not node.table:
        return quote(node.name)  # SQLite reads an unknown "name" as the text 'name'
    return natural_name(node.name)


def _say_owned(name: str, source: Source, level: Scope, scope: Scope, *, qualified: bool) -> str:
    column = source.table.column(name) if source.table is not None else None
    words = source.meanings.get(name.casefold()) or natural_name(name)
    if column is not None:
        words = label_column(column)
    alone = len(level.sources) == 1 or level.home is source
    if (level is scope and alone and not qualified) or not source.label:
        return words
    outer = level is not scope and any(s.label == source.label for s in scope.sources.values())
    low = words.lower()
    named = low.startswith(f"{source.label.lower()} ") or low == source.label.lower()
    return f"{'outer ' if outer else ''}{words if named else f'{source.label} {words}'}"


def quote(text: str) -> str:
    """Return a text in single quotes, on one line and shortened."""
    flat = " ".join(text.split()) if "\n" in text else text
    cut = flat if len(flat) <= MAX_LITERAL_CHARACTERS else f"{flat[:MAX_LITERAL_CHARACTERS]}..."
    return f"'{cut}'"
