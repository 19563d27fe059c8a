"""The diagram of a database's tables and of the keys between them, as Graphviz DOT text. Pure.

Names come from strangers' files: nodes are numbered, and names stand only inside HTML-like labels,
escaped (graphviz.org/doc/info/shapes.html#html). Nothing is told by colour alone: tables of the last
answer carry a star and a thick border, guessed keys are dashed and say so.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import sqlglot
from sqlglot import exp

from t2s.present_text import show_text
from t2s.values import Column, ColumnKind, ForeignKey, Schema, Table

Detail = Literal["auto", "all", "keys"]
Theme = Literal["light", "dark"]

# Up to here the columns of all tables fit on a laptop's screen at a readable size.
MAX_FULL_TABLES = 12
# Laying out this many takes a browser about a second.
MAX_TABLES = 80
MAX_COLUMNS = 16
MAX_NAME_CHARACTERS = 28
_ROW_OF_LOOSE_TABLES = 5
# The page draws all letters at this size, whatever the diagram says; layout must agree with it.
_FONT_POINTS = 9.6
_SPACES = re.compile(r"\s+")
# What XML 1.0 forbids even as a reference, beyond what show_text replaces.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

KIND_WORDS: Mapping[ColumnKind, str] = {
    "number": "number",
    "text": "text",
    "date": "date",
    "boolean": "yes / no",
    "blob": "binary data",
}


@dataclass(frozen=True, slots=True)
class _Palette:
    text: str
    quiet: str
    line: str
    body: str
    head: str
    marked_head: str
    marked_text: str


_PALETTES: Mapping[Theme, _Palette] = {
    "light": _Palette("#1f2933", "#52606d", "#7b8794", "#ffffff", "#e4ecee", "#1f6f78", "#ffffff"),
    "dark": _Palette("#e8ecef", "#aab4bd", "#8b98a5", "#161b22", "#2b3640", "#4fb3bf", "#0b1a1c"),
}


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram to draw.

    Attributes:
        dot: Graphviz text.
        drawn: Number of tables in it.
        left_out: Number of tables that are not, for there are too many.
        keys_only: Whether columns that are no keys were folded.
        guessed: Whether it has a key that the file does not state.
    """

    dot: str
    drawn: int
    left_out: int
    keys_only: bool
    guessed: bool


def find_tables(sql: str, schema: Schema) -> frozenset[str]:
    """Return the tables that a statement reads, as the schema spells them; none when it does not parse."""
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return frozenset()
    named = {cte.alias.casefold() for cte in tree.find_all(exp.CTE)}
    read = {t.name for t in tree.find_all(exp.Table) if t.name.casefold() not in named}
    return frozenset(found.name for name in read if (found := schema.table(name)) is not None)


def pick_around(schema: Schema, table: str) -> Schema:
    """Return the part of a schema that is one table, its neighbours and the keys between them."""
    keys = [k for k in schema.foreign_keys if table in (k.table, k.other_table)]
    names = {table, *(k.table for k in keys), *(k.other_table for k in keys)}
    return Schema(
        tuple(t for t in schema.tables if t.name in names),
        tuple(k for k in schema.foreign_keys if k.table in names and k.other_table in names),
        schema.name,
    )


def build_diagram(
    schema: Schema,
    *,
    marked: Collection[str] = (),
    detail: Detail = "auto",
    theme: Theme = "light",
) -> Diagram:
    """Return the diagram of a schema; ``marked`` are the tables of the last answer.

    With ``detail`` "auto", columns that are no keys are folded from 13 tables on. Of more than 80 tables
    those with most keys and those marked are drawn.
    """
    tables = _choose_tables(schema, marked)
    keys_only = detail == "keys" or (detail == "auto" and len(tables) > MAX_FULL_TABLES)
    numbers = {table.name: number for number, table in enumerate(tables)}
    keys = [k for k in schema.foreign_keys if k.table in numbers and k.other_table in numbers]
    boxes = [_fold(table, keys, keys_only=keys_only) for table in tables]
    palette = _PALETTES[theme]
    lines = [
        "digraph {",
        'graph [rankdir=LR bgcolor=transparent pad=0.1 nodesep=0.25 ranksep=0.7 tooltip=" "]',
        f'node [shape=plain fontname="Helvetica" fontsize={_FONT_POINTS} fontcolor="{palette.text}" '
        'tooltip=" "]',
        f'edge [fontname="Helvetica" fontsize={_FONT_POINTS} color="{palette.line}" '
        f'fontcolor="{palette.quiet}" arrowsize=0.7 tooltip=" "]',
    ]
    lines += [
        f"t{n} [label=<{_write_box(box, palette, marked=box.name in marked)}>]"
        for n, box in enumerate(boxes)
    ]
    lines += [_write_edge(key, boxes, numbers) for key in keys]
    loose = _arrange_loose(len(boxes), keys, numbers)
    lines += [f"t{left} -> t{right} [style=invis]" for left, right in loose]
    lines.append("}")
    return Diagram(
        dot="\n".join(lines),
        drawn=len(tables),
        left_out=len(schema.tables) - len(tables),
        keys_only=keys_only,
        guessed=any(k.inferred for k in keys),
    )


def describe_keys(schema: Schema) -> tuple[str, ...]:
    """Return each key as a plain sentence, in file order."""
    return tuple(
        f"{k.table} points to {k.other_table}: its {k.column} holds the {k.other_column} of a row of "
        f"{k.other_table}{' (guessed from names and values)' if k.inferred else ''}."
        for k in schema.foreign_keys
    )


def escape_label(text: str, max_characters: int = MAX_NAME_CHARACTERS) -> str:
    """Return text for an HTML-like label: on one line, cut, nothing hidden, no markup."""
    line = _SPACES.sub(" ", _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", show_text(text))).strip()
    if len(line) > max_characters:
        line = f"{line[: max_characters - 1].rstrip()}…"
    # Even in these labels Graphviz reads \N as the name of the node. Without any text a label is an error.
    return html.escape(line).replace("\\", "\\\\") or "(no name)"


@dataclass(frozen=True, slots=True)
class _Row:
    column: Column
    note: str


@dataclass(frozen=True, slots=True)
class _Box:
    """One table as it is drawn: some of its columns, and how many are left out."""

    name: str
    is_view: bool
    rows: tuple[_Row, ...]
    folded: int

    def find(self, column: str) -> int | None:
        """Return the number of a column's row, None when it is folded."""
        at = [n for n, row in enumerate(self.rows) if row.column.name == column]
        return at[0] if at else None


def _choose_tables(schema: Schema, marked: Collection[str]) -> tuple[Table, ...]:
    if len(schema.tables) <= MAX_TABLES:
        return schema.tables
    degree = dict.fromkeys((t.name for t in schema.tables), 0)
    for key in schema.foreign_keys:
        for name in (key.table, key.other_table):
            if name in degree:
                degree[name] += 1
    ranked = sorted(degree, key=lambda name: (name not in marked, -degree[name]))
    kept = set(ranked[:MAX_TABLES])
    return tuple(t for t in schema.tables if t.name in kept)


def _fold(table: Table, keys: Sequence[ForeignKey], *, keys_only: bool) -> _Box:
    out = {k.column: k for k in keys if k.table == table.name}
    linked = {*out, *(k.other_column for k in keys if k.other_table == table.name)}
    important = [c for c in table.columns if c.primary_key or c.name in linked]
    others = [] if keys_only else [c for c in table.columns if c not in important]
    kept = [*important, *others][:MAX_COLUMNS]
    rows = tuple(_Row(c, _note(c, out.get(c.name))) for c in table.columns if c in kept)
    return _Box(table.name, table.is_view, rows, len(table.columns) - len(rows))


def _note(column: Column, key: ForeignKey | None) -> str:
    if key is not None:
        return f"→ {key.other_table}"
    return "key" if column.primary_key else KIND_WORDS[column.kind]


def _write_box(box: _Box, palette: _Palette, *, marked: bool) -> str:
    head, text = (
        (palette.marked_head, palette.marked_text) if marked else (palette.head, palette.text)
    )
    line, border = (palette.marked_head, 3) if marked else (palette.line, 1)
    rows = [
        f'<TR><TD COLSPAN="2" BGCOLOR="{head}"><FONT COLOR="{text}"><B>{_title(box, marked=marked)}</B>'
        "</FONT></TD></TR>"
    ]
    for number, row in enumerate(box.rows):
        rows.append(
            f'<TR><TD PORT="c{number}" ALIGN="LEFT">{escape_label(row.column.name)}</TD>'
            f'<TD PORT="o{number}" ALIGN="LEFT"><FONT COLOR="{palette.quiet}">'
            f"{escape_label(row.note)}</FONT></TD></TR>"
        )
    if box.folded:
        rows.append(
            f'<TR><TD COLSPAN="2" ALIGN="LEFT"><FONT COLOR="{palette.quiet}">{_folded(box)}</FONT>'
            "</TD></TR>"
        )
    return (
        f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
        f'COLOR="{line}" BGCOLOR="{palette.body}">{"".join(rows)}</TABLE>'
    )


def _title(box: _Box, *, marked: bool) -> str:
    return f"{'★ ' if marked else ''}{escape_label(box.name)}{' (view)' if box.is_view else ''}"


def _folded(box: _Box) -> str:
    more = "more " if box.rows else ""
    return f"+ {box.folded} {more}column{'' if box.folded == 1 else 's'}"


def _write_edge(key: ForeignKey, boxes: Sequence[_Box], numbers: Mapping[str, int]) -> str:
    tail, head = numbers[key.table], numbers[key.other_table]
    left, right = boxes[tail].find(key.column), boxes[head].find(key.other_column)
    # From the right side of one row to the left side of the other.
    start = f"t{tail}:e" if left is None else f"t{tail}:o{left}:e"
    end = f"t{head}:w" if right is None else f"t{head}:c{right}:w"
    ends = f"{start} -> {end}"
    return f'{ends} [style=dashed label="guessed"]' if key.inferred else ends


def _arrange_loose(
    tables: int, keys: Sequence[ForeignKey], numbers: Mapping[str, int]
) -> list[tuple[int, int]]:
    """Return pairs that put tables without keys side by side instead of in one long column."""
    tied = {numbers[name] for k in keys for name in (k.table, k.other_table)}
    loose = [n for n in range(tables) if n not in tied]
    if len(loose) < 3:
        return []
    return [
        (left, right)
        for place, (left, right) in enumerate(pairwise(loose), start=1)
        if place % _ROW_OF_LOOSE_TABLES
    ]
