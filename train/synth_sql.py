"""SQL from parts: expressions over columns reached along foreign keys, and whole SELECT statements. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from train.synth_tables import Col, Ent, Link, Profile, quoted

Path = tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """A column of the table that ``path`` leads to from the base of a statement."""

    col: Col
    path: Path = ()


@dataclass(frozen=True, slots=True)
class Expr:
    """SQL text with ``{0}``, ``{1}`` for the columns; other braces are doubled."""

    text: str
    refs: tuple[Ref, ...] = ()

    def shifted(self, path: Path) -> Expr:
        """Return the same expression for a base from which ``path`` leads to this one's base."""
        return Expr(self.text, tuple(Ref(r.col, path + r.path) for r in self.refs))


COUNT = Expr("COUNT(*)")


def column(col: Col, path: Path = ()) -> Expr:
    """Return a column as an expression."""
    return Expr("{0}", (Ref(col, path),))


def call(function: str, inner: Expr) -> Expr:
    """Return ``FUNCTION(inner)``."""
    return Expr(f"{function}({inner.text})", inner.refs)


def literal(value: str | int | float) -> str:
    """Return a value as SQL, with braces doubled for :class:`Expr`."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def joined(glue: str, parts: Iterable[Expr]) -> Expr:
    """Return the expressions with ``glue`` between them, columns renumbered."""
    texts: list[str] = []
    refs: list[Ref] = []
    for part in parts:
        count = len(part.refs)
        texts.append(
            part.text.format(*(f"{{{len(refs) + i}}}" for i in range(count)))
            if count
            else part.text
        )
        refs += part.refs
    return Expr(glue.join(texts), tuple(refs))


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT. ``order`` holds expressions with a descending mark."""

    ent: Ent
    select: tuple[Expr, ...]
    where: tuple[Expr, ...] = ()
    group: tuple[Expr, ...] = ()
    having: tuple[Expr, ...] = ()
    order: tuple[tuple[Expr, bool], ...] = ()
    limit: int | None = None
    distinct: bool = False

    def sql(self, profile: Profile) -> str:
        """Write the statement: bare names over one table, short aliases over several."""
        parts = (*self.select, *self.where, *self.group, *self.having, *(e for e, _ in self.order))
        paths: list[Path] = [()]
        for part in parts:
            for ref in part.refs:
                for length in range(1, len(ref.path) + 1):
                    if ref.path[:length] not in paths:
                        paths.append(ref.path[:length])
        alone = len(paths) == 1
        names = _aliases(self.ent, paths)

        def show(expr: Expr) -> str:
            return expr.text.format(
                *(
                    quoted(r.col.name) if alone else f"{names[r.path]}.{quoted(r.col.name)}"
                    for r in expr.refs
                )
            )

        source = quoted(self.ent.name) + ("" if alone else f" {names[()]}")
        for path in paths[1:]:
            link = path[-1]
            source += (
                f" JOIN {quoted(link.target)} {names[path]} ON {names[path[:-1]]}."
                f"{quoted(link.column)} = {names[path]}.{quoted(link.target_column)}"
            )
        text = f"SELECT {'DISTINCT ' if self.distinct else ''}{', '.join(map(show, self.select))}"
        text += f" FROM {source}"
        if self.where:
            text += " WHERE " + " AND ".join(map(show, self.where))
        if self.group:
            text += " GROUP BY " + ", ".join(map(show, self.group))
        if self.having:
            text += " HAVING " + " AND ".join(map(show, self.having))
        if self.order:
            text += " ORDER BY " + ", ".join(
                show(e) + (" DESC" if down else "") for e, down in self.order
            )
        return text + (f" LIMIT {self.limit}" if self.limit else "")


def _aliases(ent: Ent, paths: list[Path]) -> dict[Path, str]:
    names: dict[Path, str] = {}
    for path in paths:
        table = path[-1].target if path else ent.name
        letter = next((c for c in table.lower() if c.isascii() and c.isalpha()), "t")
        name, number = letter, 1
        while name in names.values() or name in ("as", "in", "on", "or", "by", "is", "no", "if"):
            number += 1
            name = f"{letter}{number}"
        names[path] = name
    return names
