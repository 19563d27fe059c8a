"""The symbols that a request can point at, and which of them are in scope where. Pure; used by the grammar's items."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from t2s.encoding import KEYWORD_IDS, MAX_SPAN_PIECES, POINTER_OFFSET, Inputs
from t2s.ir_tree import OUTPUTS, default_join
from t2s.values import Column, Table, ValueMatch

Ids = frozenset[int]
NOTHING: Ids = frozenset()
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def keywords(*names: str) -> Ids:
    """Ids of keywords."""
    return frozenset(KEYWORD_IDS[name] for name in names)


@dataclass(frozen=True, slots=True)
class Value:
    """What the last operand is.

    Attributes:
        kind: A column kind; ``string`` for text made by a function (never equal to a number), ``condition``,
            ``star``, ``any``, or ``unknown`` while distances are added up.
        column: Table and column when it is a bare column.
        literal: True for a bare literal.
        compound: True when an operator made it, so that parentheses around it mean something.
    """

    kind: str
    column: tuple[str, str] | None = None
    literal: bool = False
    compound: bool = False


UNKNOWN = Value("unknown")
ANY = Value("any")
CONDITION = Value("condition", compound=True)
NUMBER = Value("number")
NUMERIC_KINDS = frozenset({"number", "boolean"})


@dataclass(frozen=True, slots=True)
class Member:
    """One member of FROM; ``outputs`` are the kinds of a derived table's columns."""

    table: str | None
    instance: int
    outputs: tuple[str, ...] = ()


class Scope:
    """The members of a FROM inside the scopes around it; ``depth`` counts nested queries from 1."""

    __slots__ = ("_columns", "depth", "members", "parent", "terms")

    def __init__(
        self, terms: Terms, members: tuple[Member, ...], parent: Scope | None, depth: int
    ) -> None:
        """Keep what is in scope."""
        self.terms, self.members, self.parent, self.depth = terms, members, parent, depth
        self._columns: dict[tuple[str, bool], Ids] = {}

    def chain(self) -> Iterable[Scope]:
        """This scope and those around it, nearest first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def add(self, member: Member) -> Scope:
        """The scope with one more member."""
        return Scope(self.terms, (*self.members, member), self.parent, self.depth)

    def next_instance(self, table: str | None) -> int:
        """The number that one more occurrence of ``table`` (None: a derived table) gets."""
        return 1 + sum(member.table == table for member in self.members)

    def columns(self, need: str = "", *, local: bool = False) -> Ids:
        """Ids of the columns and outputs that can be pointed at.

        Args:
            need: ``number`` or ``date`` for columns that can be added up or taken as dates, empty for all.
            local: Leave out the scopes around this one.
        """
        key = (need, local)
        if key not in self._columns:
            found: set[int] = set()
            for scope in [self] if local else self.chain():
                for member in scope.members:
                    found.update(self.terms.member_columns(member, need))
            self._columns[key] = frozenset(found)
        return self._columns[key]

    def hits(self, table: str | None, instance: int) -> list[Member]:
        """Members that a symbol of ``table`` and ``instance`` may mean, nearest first (one each scope)."""
        return [
            member
            for scope in self.chain()
            for member in scope.members
            if member.table == table and member.instance == instance
        ]


class Terms:
    """A request's symbols by id; shared by all states of one decoding."""

    def __init__(self, inputs: Inputs) -> None:
        """Index columns by table, keys by column, and values by what they may be compared with."""
        schema = inputs.schema
        self.schema = schema
        self._inputs = inputs
        self._kinds = {
            (t.name, c.name): usable_kind(t, c) for t in schema.tables for c in t.columns
        }
        self._by_table: dict[str, list[tuple[int, str]]] = {}
        self.columns: dict[int, tuple[str, str]] = {}
        for position, symbol in inputs.columns.items():
            kind = self._kinds.get((symbol.table, symbol.column))
            if kind is not None:
                token = POINTER_OFFSET + position
                self._by_table.setdefault(symbol.table, []).append((token, kind))
                self.columns[token] = (symbol.table, symbol.column)
        self.tables = {
            POINTER_OFFSET + position: symbol.table
            for position, symbol in inputs.tables.items()
            if symbol.table in self._by_table
        }
        self.values = {POINTER_OFFSET + p: value for p, value in inputs.values.items()}
        sides = [(k.table, k.column, k.other_table, k.other_column) for k in schema.foreign_keys]
        self._keys = frozenset(sides) | {(c, d, a, b) for a, b, c, d in sides}
        self._pieces = sorted(inputs.pieces)
        self.pieces = frozenset(POINTER_OFFSET + position for position in self._pieces)
        self._ends: dict[tuple[int, str], Ids] = {}
        self._literals: dict[tuple[Value | None, str], Ids] = {}
        self.remembered: dict[tuple[object, ...], Ids] = {}
        self.number_starts = self._starts("number")
        self.integer_starts = self._starts("integer")

    def _starts(self, sort: str) -> Ids:
        numeric = self._inputs.numeric_pieces
        return frozenset(
            POINTER_OFFSET + p
            for p in self._pieces
            if p in numeric and self.span_ends(POINTER_OFFSET + p, sort)
        )

    def span_ends(self, start: int, sort: str) -> Ids:
        """Ids that may close the run of question pieces that ``start`` opens.

        Args:
            start: Id of the first piece.
            sort: ``text``, ``number`` or ``integer``.
        """
        key = (start, sort)
        if key not in self._ends:
            first = start - POINTER_OFFSET
            found: set[int] = set()
            for last in range(first, first + MAX_SPAN_PIECES):
                text = self._inputs.span_text(first, last)
                if text is None:
                    continue
                number = sort == "text" or _NUMBER.fullmatch(text) is not None
                if number and (sort != "integer" or text.isdigit()):
                    found.add(POINTER_OFFSET + last)
            self._ends[key] = frozenset(found)
        return self._ends[key]

    def kind(self, column: tuple[str, str]) -> str:
        """Kind of a column."""
        return self._kinds[column]

    def sort(self, token: int) -> object:
        """What ``token`` is as far as distances go: the same for ids after which as much is missing."""
        column = self.columns.get(token)
        if column is not None:
            return column[0], self._kinds[column]
        value = self.values.get(token)
        if value is not None:
            return "value", value.is_number
        return "piece" if token in self.pieces else token

    def table_kinds(self, table: str) -> tuple[str, ...]:
        """Kinds of all columns of a table, in order (whether or not they have a marker)."""
        found = self.schema.table(table)
        columns = found.columns if found is not None else ()
        return tuple(self._kinds[table, column.name] for column in columns)

    def member_columns(self, member: Member, need: str) -> Iterable[int]:
        """Ids of the columns of one member of FROM that serve ``need``."""
        if member.table is None:
            pairs = [(KEYWORD_IDS[o], k) for o, k in zip(OUTPUTS, member.outputs, strict=False)]
        else:
            pairs = self._by_table.get(member.table, [])
        return (token for token, kind in pairs if serves(kind, need))

    def connects(self, members: Sequence[Member], table: str, instance: int) -> bool:
        """Whether ``table`` joins the members before it without saying by what."""
        before = [(m.table, m.instance) for m in members if m.table is not None]
        return default_join(self.schema, before, table, instance) is not None

    def literals(self, against: Value | None, sort: str) -> Ids:
        """Ids that may open a literal compared with ``against`` (None: with nothing).

        Args:
            against: The other side of a comparison.
            sort: ``any``, ``text`` (a pattern), ``integer`` (a count of rows).
        """
        key = (against, sort)
        if key not in self._literals:
            self._literals[key] = frozenset(self._open_literals(against, sort))
        return self._literals[key]

    def _open_literals(self, against: Value | None, sort: str) -> Iterable[int]:
        kind = against.kind if against is not None else "any"
        numbers = sort != "text" and kind != "string"
        texts = sort != "integer" and kind != "number"
        if numbers:
            yield from DIGITS
            yield from self.integer_starts if sort == "integer" else self.number_starts
        if texts:
            yield KEYWORD_IDS["'"]
        for token, value in self.values.items():
            if sort == "integer" and not (value.text.isdigit() and value.table is None):
                continue
            if (numbers if value.is_number else texts) and self._suits(value, against):
                yield token

    def _suits(self, value: ValueMatch, against: Value | None) -> bool:
        """Whether a cell may be compared with ``against``: its own column, or one that a key ties to it."""
        if value.table is None or value.column is None or against is None or against.column is None:
            return True
        mine, other = (value.table, value.column), against.column
        return mine == other or (*mine, *other) in self._keys


DIGITS = keywords(*"0123456789")


def usable_kind(table: Table, column: Column) -> str:
    """Kind of a column as far as the grammar minds it.

    ``any`` where no row was seen, so that a declared type is only a promise, and for text whose samples are all
    numbers, which people add up although some cells hold 'null'.
    """
    numbers = (
        column.kind == "text" and column.samples and all(map(_NUMBER.fullmatch, column.samples))
    )
    return "any" if table.row_count == 0 or numbers else column.kind


def serves(kind: str, need: str) -> bool:
    """Whether a column of ``kind`` can be used where ``need`` (see ``Scope.columns``) is asked for."""
    if need == "number":
        return kind in NUMERIC_KINDS or kind == "any"
    if need == "date":
        return kind not in ("blob", "boolean")
    return True
