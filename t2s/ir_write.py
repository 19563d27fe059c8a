"""The syntax tree of the pointer language -> SQLite SQL. Pure.

Tables get an alias only where their name would not be enough, columns a table only where several are in scope.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from t2s.ir_members import Member, OpenScope, find_needs, locate
from t2s.ir_tree import (
    CASTS,
    COMPARISONS,
    REORDERED,
    WORDS,
    ColumnRef,
    Expr,
    IRError,
    NumberSymbol,
    Op,
    Ordering,
    OutputRef,
    Query,
    Select,
    Star,
    TextSymbol,
    Window,
    Word,
    argument_levels,
    binding_level,
    default_join,
)
from t2s.sql_names import quote_name, quote_text
from t2s.values import Schema

_INFIX = {
    **{name: name for name in COMPARISONS},
    "like": "LIKE",
    "not_like": "NOT LIKE",
    "and": "AND",
    "or": "OR",
    "||": "||",
    "plus": "+",
    "minus": "-",
    "times": "*",
    "divide": "/",
    "mod": "%",
}
_CALLS = {"least": "MIN", "greatest": "MAX"}


def write_sql(query: Query, schema: Schema) -> str:
    """Write ``query`` as one statement.

    Raises:
        IRError: It names what is not in scope, or joins without a key.
    """
    hidden, named = find_needs(query)
    return _Writer(schema, hidden, named).write_query(query, None)


class _Writer:
    """Writes queries from the outside in; see ``find_needs`` for ``hidden`` and ``named``."""

    def __init__(self, schema: Schema, hidden: frozenset[int], named: bool) -> None:
        self._schema = schema
        self._named = named
        self._hidden = hidden
        self._taken = {table.name.casefold() for table in schema.tables}
        self._columns = {c.name.casefold() for table in schema.tables for c in table.columns}
        self._aliases = 0

    def write_query(
        self, query: Query, parent: OpenScope | None, outputs: Sequence[str | None] = ()
    ) -> str:
        """Write one query; ``outputs`` are the aliases that its columns must carry, None for none."""
        parts: list[str] = []
        scope: OpenScope | None = None
        for operation, select in zip(("", *query.operations), query.selects, strict=True):
            if operation:
                parts.append(operation.replace("_", " ").upper())
            scope = self._open_scope(select, parent)
            parts.append(self._write_select(select, scope, outputs if not operation else ()))
        if query.order:
            compound = len(query.selects) > 1
            terms = [
                self._write_term(t, None if compound else scope, compound) for t in query.order
            ]
            parts.append("ORDER BY " + ", ".join(terms))
        if query.limit is not None:
            parts.append(f"LIMIT {query.limit}")
        if query.offset is not None:
            parts.append(f"OFFSET {query.offset}")
        return " ".join(parts)

    def _write_term(self, term: Ordering, scope: OpenScope | None, compound: bool) -> str:
        if compound:
            if not isinstance(term.expr, OutputRef):
                raise IRError("order of a set operation")
            text = str(term.expr.index)
        else:
            text = self.write(term.expr, scope)
        return f"{text} DESC" if term.descending else text

    def _open_scope(self, select: Select, parent: OpenScope | None) -> OpenScope:
        scope = OpenScope(parent)
        repeated = [source.table for source in select.sources]
        for source in select.sources:
            if source.query is not None:
                scope.members.append(Member(source, self._next_alias()))
                continue
            table = self._schema.table(source.table or "")
            if table is None:
                raise IRError("unknown table", str(source.table))
            alias = repeated.count(source.table) > 1 or id(source) in self._hidden
            name = self._next_alias() if alias else quote_name(table.name)
            scope.members.append(Member(source, name))
        return scope

    def _next_alias(self) -> str:
        while True:
            self._aliases += 1
            alias = f"T{self._aliases}"
            if alias.casefold() not in self._taken:
                return alias

    def _write_select(self, select: Select, scope: OpenScope, outputs: Sequence[str | None]) -> str:
        sources = self._write_sources(select, scope)
        items = self._expand(select.items, scope) if any(outputs) else list(select.items)
        texts = [self.write(item, scope, item=True) for item in items]
        for index, alias in enumerate(outputs):
            if alias is not None:
                texts[index] += f" AS {quote_name(alias)}"
        parts = ["SELECT DISTINCT" if select.distinct else "SELECT", ", ".join(texts)]
        if sources:
            parts += ["FROM", sources]
        if select.where is not None:
            parts += ["WHERE", self.write(select.where, scope)]
        if select.group:
            parts += ["GROUP BY", ", ".join(self.write(key, scope) for key in select.group)]
        if select.having is not None:
            parts += ["HAVING", self.write(select.having, scope)]
        return " ".join(parts)

    def _write_sources(self, select: Select, scope: OpenScope) -> str:
        parts: list[str] = []
        for index, member in enumerate(scope.members):
            source = member.source
            if index:
                parts.append({"inner": "JOIN", "left": "LEFT JOIN"}.get(source.kind, "CROSS JOIN"))
            parts.append(self._write_member(member, scope))
            if index and source.kind in ("inner", "left"):
                on = source.on if source.on is not None else self._default_on(scope, index)
                parts += ["ON", self.write(on, scope)]
        return " ".join(parts)

    def _write_member(self, member: Member, scope: OpenScope) -> str:
        if member.source.query is None:
            table = quote_name(member.source.table or "")
            return table if table == member.name else f"{table} AS {member.name}"
        names, aliases = self._name_outputs(member.source.query, scope.parent)
        member.outputs = names
        text = self.write_query(member.source.query, scope.parent, aliases if self._named else ())
        return f"({text}) AS {member.name}"

    def _default_on(self, scope: OpenScope, index: int) -> Expr:
        source = scope.members[index].source
        before = [
            (m.source.table, m.source.instance)
            for m in scope.members[:index]
            if m.source.table is not None
        ]
        default = (
            default_join(self._schema, before, source.table, source.instance)
            if source.table
            else None
        )
        if default is None:
            raise IRError("no key to join by", str(source.table))
        return Op("=", default)

    def _expand(self, items: Sequence[Expr], scope: OpenScope) -> list[Expr]:
        """``items`` with stars replaced by what they stand for."""
        expanded: list[Expr] = []
        for item in items:
            if not isinstance(item, Star):
                expanded.append(item)
                continue
            derived = 0
            for member in scope.members:
                source = member.source
                table = self._schema.table(source.table) if source.table is not None else None
                if table is None:
                    derived += 1
                    if item.table is None:
                        expanded += [OutputRef(i + 1, derived) for i in range(len(member.outputs))]
                elif item.table is None or (item.table, item.instance) == (
                    table.name,
                    source.instance,
                ):
                    expanded += [
                        ColumnRef(table.name, c.name, source.instance) for c in table.columns
                    ]
        return expanded

    def _name_outputs(
        self, query: Query, parent: OpenScope | None
    ) -> tuple[tuple[str, ...], list[str | None]]:
        """Names of the columns of a derived table, and the aliases to write so that they hold."""
        select = query.selects[0]
        scope = OpenScope(parent)
        for source in select.sources:
            names = self._name_outputs(source.query, parent)[0] if source.query is not None else ()
            scope.members.append(Member(source, "", names))
        items = self._expand(select.items, scope)
        own = [self._own_name(item, scope) for item in items]
        used: set[str] = set()
        names_out: list[str] = []
        aliases: list[str | None] = []
        for item, name in zip(items, own, strict=True):
            if name and name.casefold() not in used:
                names_out.append(name)
                aliases.append(None)
            else:
                names_out.append(self._make_name(item, used))
                aliases.append(names_out[-1])
            used.add(names_out[-1].casefold())
        return tuple(names_out), aliases

    def _own_name(self, item: Expr, scope: OpenScope) -> str:
        """The name that SQLite gives to a plain column."""
        if isinstance(item, ColumnRef):
            return item.column
        if isinstance(item, OutputRef):
            member, _ = locate(scope, item)
            return member.outputs[item.index - 1] if item.index <= len(member.outputs) else ""
        return ""

    def _make_name(self, item: Expr, used: set[str]) -> str:
        """A readable name that no column of the database has."""
        words: list[str] = []
        if isinstance(item, Op):
            words.append(item.name)
            words += [arg.column for arg in item.args if isinstance(arg, ColumnRef)][:1]
        elif isinstance(item, ColumnRef):
            words += [item.table, item.column]
        stem = re.sub(r"\W+", "_", "_".join(words), flags=re.ASCII).strip("_").lower() or "value"
        name, number = stem, 1
        while name in used or name in self._columns or not re.match(r"[a-z]", name):
            number += 1
            name = f"{stem if stem[0].isalpha() else 'value'}_{number}"
        return name

    def write(
        self, expr: Expr, scope: OpenScope | None, level: int = 0, *, item: bool = False
    ) -> str:
        """Write an expression, in parentheses when it binds less tightly than ``level``."""
        if isinstance(expr, Query):
            return f"({self.write_query(expr, scope)})"
        if isinstance(expr, Op):
            text = self._write_op(expr, scope)
            return f"({text})" if binding_level(expr) < level else text
        if isinstance(expr, Window):
            return self._write_window(expr, scope)
        if isinstance(expr, Star):
            return self._write_star(expr, scope, item)
        if isinstance(expr, ColumnRef | OutputRef):
            return self._write_ref(expr, scope)
        if isinstance(expr, TextSymbol):
            return quote_text(expr.text)
        if isinstance(expr, NumberSymbol):
            return expr.text
        return _write_word(expr)

    def _write_star(self, star: Star, scope: OpenScope | None, item: bool) -> str:
        if not item or scope is None or not scope.members:
            raise IRError("star inside an expression")
        if star.table is None:
            return "*"
        member = scope.find(star.table, star.instance)
        if member is None:
            raise IRError("not in scope", star.table)
        return f"{member.name}.*"

    def _write_ref(self, ref: ColumnRef | OutputRef, scope: OpenScope | None) -> str:
        member, owner = locate(scope, ref)
        if isinstance(ref, ColumnRef):
            table = self._schema.table(ref.table)
            if table is None or table.column(ref.column) is None:
                raise IRError("unknown column", f"{ref.table}.{ref.column}")
            name = ref.column
        else:
            if ref.index > len(member.outputs):
                raise IRError("not in scope", f"#{ref.index}")
            name = member.outputs[ref.index - 1]
        if owner is scope and len(owner.members) == 1:
            return quote_name(name)
        return f"{member.name}.{quote_name(name)}"

    def _write_op(self, op: Op, scope: OpenScope | None) -> str:
        name, args = op.name, op.args
        if name in ("exists", "not_exists"):
            return name.replace("_", " ").upper() + " " + self.write(args[0], scope)
        if binding_level(op) < 9:
            return self._write_operator(op, scope)
        if name == "case":
            return self._write_case(args, scope)
        if name == "flag":
            return f"CASE WHEN {self.write(args[0], scope)} THEN 1 ELSE 0 END"
        if name == "count" and args == (Star(),):
            return "COUNT(*)"
        if name in CASTS:
            return f"CAST({self.write(args[0], scope)} AS {CASTS[name]})"
        head, _, rest = name.partition(":")
        if name in REORDERED:
            return self._write_reordered(name, self.write(args[0], scope))
        texts = [self.write(arg, scope) for arg in args]
        if head == "strftime":
            texts.insert(0, quote_text(rest))
        elif rest:
            texts += rest.split(":")
        inner = ", ".join(texts)
        return f"{_CALLS.get(head, head.upper())}({'DISTINCT ' if op.distinct else ''}{inner})"

    def _write_reordered(self, name: str, subject: str) -> str:
        pieces = (
            quote_text(part)
            if isinstance(part, str)
            else f"SUBSTR({subject}, {part[0]}, {part[1]})"
            for part in REORDERED[name]
        )
        return f"({' || '.join(pieces)})"

    def _write_operator(self, op: Op, scope: OpenScope | None) -> str:
        texts = [
            self.write(arg, scope, level)
            for arg, level in zip(op.args, argument_levels(op), strict=True)
        ]
        if op.name in ("in", "not_in"):
            members = op.args[1:]
            single = len(members) == 1 and isinstance(members[0], Query)
            inner = texts[1] if single else f"({', '.join(self.write(m, scope) for m in members)})"
            return f"{texts[0]} {op.name.replace('_', ' ').upper()} {inner}"
        if op.name in ("between", "not_between"):
            return f"{texts[0]} {op.name.replace('_', ' ').upper()} {texts[1]} AND {texts[2]}"
        if op.name in ("is_null", "not_null"):
            return f"{texts[0]} {'IS NULL' if op.name == 'is_null' else 'IS NOT NULL'}"
        if op.name == "neg":
            return f"-{texts[0]}"
        if op.name == "not":
            return f"NOT {texts[0]}"
        return f"{texts[0]} {_INFIX[op.name]} {texts[1]}"

    def _write_case(self, args: Sequence[Expr], scope: OpenScope | None) -> str:
        parts = ["CASE"]
        for index in range(0, len(args) - 1, 2):
            parts += [
                "WHEN",
                self.write(args[index], scope),
                "THEN",
                self.write(args[index + 1], scope),
            ]
        if len(args) % 2:
            parts += ["ELSE", self.write(args[-1], scope)]
        return " ".join([*parts, "END"])

    def _write_window(self, window: Window, scope: OpenScope | None) -> str:
        parts: list[str] = []
        if window.partition:
            parts.append(
                "PARTITION BY " + ", ".join(self.write(e, scope) for e in window.partition)
            )
        if window.order:
            terms = [self._write_term(term, scope, False) for term in window.order]
            parts.append("ORDER BY " + ", ".join(terms))
        call = (
            f"{window.call.name.upper()}()"
            if not window.call.args
            else self.write(window.call, scope)
        )
        return f"{call} OVER ({' '.join(parts)})"


def _write_word(word: Expr) -> str:
    if not isinstance(word, Word) or word.keyword not in WORDS:
        raise IRError("unexpected symbol", str(word))
    if word.keyword == "null":
        return "NULL"
    return word.keyword if word.keyword[0].isdigit() else quote_text(word.keyword)
