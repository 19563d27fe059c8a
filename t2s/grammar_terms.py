"""The symbols that a request can point at, and which of them are in scope where. Pure; used by the grammar's items."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from t2s.encoding import KEYWORD_IDS, MAX_SPAN_PIECES, POINTER_OFFSET, Inputs
from t2s.ir_tree import INSTANCES, OUTPUTS, default_join
from t2s.values import Column, Schema, Table, ValueMatch

Ids = frozenset[int]
NOTHING: Ids = frozenset()
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIGNED = re.compile(r"[-+]?\d*\.?\d+\s*%?")
_ROW_COUNT = re.compile(r"[1-9]\d{0,3}")
_DAY_NUMBER = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-3]\d")


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
    """One member of FROM.

    Attributes:
        table: Its table; None for a query in parentheses.
        instance: Which occurrence of the table it is, from 1.
        outputs: Kinds of a derived table's columns.
        optional: True after LEFT, so that its columns may be missing.
    """

    table: str | None
    instance: int
    outputs: tuple[str, ...] = ()
    optional: bool = False


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
            need: What they must be fit for, see ``serves``; empty for all.
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

    @property
    def complete(self) -> bool:
        """Whether no row can lack the columns of a member."""
        return not any(member.optional for scope in self.chain() for member in scope.members)

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
        described = {(t.name, c.name): c for t in schema.tables for c in t.columns}
        self._by_table: dict[str, list[tuple[int, str, Column]]] = {}
        self.columns: dict[int, tuple[str, str]] = {}
        for position, symbol in inputs.columns.items():
            kind = self._kinds.get((symbol.table, symbol.column))
            if kind is not None:
                token = POINTER_OFFSET + position
                column = (symbol.table, symbol.column)
                self._by_table.setdefault(symbol.table, []).append((token, kind, described[column]))
                self.columns[token] = column
        self.required = frozenset(
            where for where, c in described.items() if c.primary_key or not c.nullable
        )
        self.tables = {
            POINTER_OFFSET + position: symbol.table
            for position, symbol in inputs.tables.items()
            if symbol.table in self._by_table
        }
        self.values = {POINTER_OFFSET + p: value for p, value in inputs.values.items()}
        listed = {(value.table, value.column) for value in self.values.values()}
        self._wordy = frozenset(w for w, c in described.items() if w in listed and is_wordy(c))
        sides = [(k.table, k.column, k.other_table, k.other_column) for k in schema.foreign_keys]
        self._keys = frozenset(sides) | {(c, d, a, b) for a, b, c, d in sides}
        self._neighbours = _find_neighbours(schema, frozenset(self.tables.values()))
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
                form = {"number": _NUMBER, "integer": _ROW_COUNT}.get(sort)
                if form is None or form.fullmatch(text):
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
            outputs = zip(OUTPUTS, member.outputs, strict=False)
            return (KEYWORD_IDS[name] for name, kind in outputs if serves(kind, need))
        owned = self._by_table.get(member.table, [])
        return (token for token, kind, column in owned if serves(kind, need, column))

    def marks(self, member: Member) -> tuple[int, ...]:
        """The ids that follow a column of ``member`` in its own scope."""
        return (KEYWORD_IDS[INSTANCES[member.instance - 2]],) if member.instance > 1 else ()

    def connects(self, members: Sequence[Member], table: str, instance: int) -> bool:
        """Whether ``table`` joins the members before it without saying by what."""
        before = [(m.table, m.instance) for m in members if m.table is not None]
        return default_join(self.schema, before, table, instance) is not None

    def skips(self, members: Sequence[Member], table: str) -> bool:
        """Whether keys tie ``table`` to the members before it through tables that are still missing between them.

        Tables that refer to the same column of a third one do without that one.
        """
        reached = {m.table for m in members if m.table is not None}
        if table in reached:
            return False
        direct, siblings = self._neighbours
        if any(table in direct[member] | siblings[member] for member in reached):
            return False
        waiting = list(reached)
        while waiting:
            fresh = direct[waiting.pop()] - reached
            reached |= fresh
            waiting += fresh
        return table in reached

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
        if against is not None and against.column in self._wordy:
            numbers = False
        texts = sort != "integer" and kind != "number"
        if numbers:
            yield from DIGITS - keywords("0") if sort == "integer" else DIGITS
            yield from self.integer_starts if sort == "integer" else self.number_starts
        if texts:
            yield KEYWORD_IDS["'"]
        for token, value in self.values.items():
            count = value.table is None and _ROW_COUNT.fullmatch(value.text)
            if sort == "integer" and not count:
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


def is_wordy(column: Column) -> bool:
    """Whether a column holds words, as far as its samples show, so that comparing it with a number is senseless."""
    return (
        column.kind == "text"
        and bool(column.samples)
        and not any(_SIGNED.fullmatch(sample.strip()) for sample in column.samples)
    )


def serves(kind: str, need: str, column: Column | None = None) -> bool:
    """Whether a column can be used where something is asked for.

    Args:
        kind: What the grammar takes it for.
        need: ``number`` for what can be added up, ``date`` for what date functions read, ``slice`` for dates by
            character, ``dmy`` and ``mdy`` for day-first and month-first dates, empty for anything.
        column: The column; None for the output of a derived table.
    """
    if need == "":
        return True
    if need == "number":
        return kind in NUMERIC_KINDS or kind == "any"
    if kind in NUMERIC_KINDS:
        return need in ("date", "slice") and column is not None and _numbers_days(column)
    if kind == "blob":
        return False
    known = column.date_format if column is not None else ""
    first = {"dmy": "%d", "mdy": "%m"}.get(need, "")
    return not known or known.startswith(first)


def _numbers_days(column: Column) -> bool:
    """Whether a column of numbers holds days, by its declared type or cells such as 20240131."""
    declared = column.declared_type.casefold()
    dated = "date" in declared or "time" in declared
    return dated or any(_DAY_NUMBER.fullmatch(sample) for sample in column.samples)


def _find_neighbours(
    schema: Schema, tables: frozenset[str]
) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """By table, those of ``tables`` that a key ties to it, and those that refer to the same column as it does."""
    direct: dict[str, set[str]] = defaultdict(set)
    referring: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key in schema.foreign_keys:
        if {key.table, key.other_table} <= tables:
            direct[key.table].add(key.other_table)
            direct[key.other_table].add(key.table)
        if key.table in tables:
            referring[key.other_table, key.other_column].add(key.table)
    siblings: dict[str, set[str]] = defaultdict(set)
    for together in referring.values():
        for table in together:
            siblings[table] |= together
    return direct, siblings
