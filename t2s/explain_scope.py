"""What the names in a SQL statement mean, and what to call them. Pure; for ``t2s.explain``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

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
)
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class NotCoveredError(Exception):
    """The statement uses something that has no wording."""


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of a FROM clause.

    Attributes:
        label: What it is called in a sentence, different from its neighbours'.
        table: The database table, None for a derived one.
        meanings: Derived tables only: folded column name -> what it stands for.
        phrase: What FROM says of it; the label of a table, the wording of a derived one.
    """

    label: str
    phrase: str
    table: Table | None = None
    meanings: Mapping[str, str] = field(default_factory=dict)

    def has(self, column: str) -> bool:
        """Tell whether it has a column of that name."""
        if self.table is not None:
            return self.table.column(column) is not None
        return column.casefold() in self.meanings


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of a statement.

    Attributes:
        schema: Of the database.
        sources: Folded alias -> source, of this FROM.
        items: The select list, for positions and aliases.
        parent: The scope around a subquery.
        describe: Wording of a whole query inside the scope around it.
        say: Wording of an expression in a scope.
        where: Wording of a condition in a scope.
    """

    schema: Schema
    sources: Mapping[str, Source]
    items: tuple[exp.Expr, ...]
    parent: Scope | None
    describe: Callable[[exp.Expr, Scope | None], str]
    say: Callable[[exp.Expr, Scope], str]
    where: Callable[[exp.Expr, Scope], str]


def natural_name(name: str) -> str:
    """Return a schema name as words: "CustOrder_ID" -> "cust order ID"."""
    keeps_case = name != name.upper()
    words = _CAMEL.sub(" ", name).replace("_", " ").split()
    short = [keeps_case and word.isupper() and 1 < len(word) < 4 for word in words]
    return " ".join(w if kept else w.lower() for w, kept in zip(words, short, strict=True)) or name


def label_table(table: Table) -> str:
    """Return what to call a table."""
    return table.nl_name or natural_name(table.name)


def label_column(column: Column) -> str:
    """Return what to call a column."""
    return column.nl_name or natural_name(column.name)


def strip_brackets(node: exp.Expr) -> exp.Expr:
    """Return what stands inside brackets; unlike ``unnest`` it leaves a subquery one."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def find_column(node: exp.Expr, scope: Scope) -> tuple[Source, Column] | None:
    """Return the database column that a node names in this scope itself, None otherwise."""
    if not isinstance(node, exp.Column):
        return None
    source = _own_source(node, scope)
    column = source.table.column(node.name) if source is not None and source.table else None
    return None if source is None or column is None else (source, column)


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
    if isinstance(node, exp.Min | exp.Max) and not node.expressions:
        return kind_of(node.this, scope)
    if isinstance(node, exp.Date | exp.CurrentDate):
        return "date"
    return "number" if isinstance(node, _NUMERIC) else None


def _own_source(node: exp.Column, scope: Scope) -> Source | None:
    if node.table:
        return scope.sources.get(node.table.casefold())
    owners = [source for source in scope.sources.values() if source.has(node.name)]
    return owners[0] if owners else None


def say_column(node: exp.Expr, scope: Scope, *, qualified: bool = False) -> str | None:
    """Return a column in words, with its table where needed or ``qualified``; None if it has no wording."""
    if isinstance(node.this, exp.Star):
        source = scope.sources.get(node.text("table").casefold())
        return None if source is None else f"every column of {source.label}"
    if not isinstance(node, exp.Column):
        return None
    level: Scope | None = scope
    while level is not None:
        source = _own_source(node, level)
        if source is not None and (source.has(node.name) or node.table):
            return _say_owned(node.name, source, level, scope, qualified=qualified)
        level = level.parent
    for item in scope.items if not node.table else ():
        if isinstance(item, exp.Alias) and item.alias.casefold() == node.name.casefold():
            return scope.say(item.this, scope)
    if isinstance(node.this, exp.Identifier) and node.this.quoted and not node.table:
        return quote(node.name)  # SQLite reads an unknown "name" as the text 'name'
    return natural_name(node.name)


def _say_owned(name: str, source: Source, level: Scope, scope: Scope, *, qualified: bool) -> str:
    column = source.table.column(name) if source.table is not None else None
    words = source.meanings.get(name.casefold()) or natural_name(name)
    if column is not None:
        words = label_column(column)
    shared = sum(other.has(name) for other in level.sources.values()) > 1
    inner = level is scope and not shared
    if inner and not qualified:
        return words
    outer = level is not scope and any(s.label == source.label for s in scope.sources.values())
    named = words.startswith(f"{source.label} ")
    return f"{'outer ' if outer else ''}{words if named else f'{source.label} {words}'}"


def quote(text: str) -> str:
    """Return a text in single quotes, on one line and shortened."""
    flat = " ".join(text.split()) if "\n" in text else text
    cut = flat if len(flat) <= MAX_LITERAL_CHARACTERS else f"{flat[:MAX_LITERAL_CHARACTERS]}..."
    return f"'{cut}'"
