"""Texts in a statement that are not what they look like: quoted names, other spellings. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from functools import partial

from sqlglot import exp

from t2s.doubts_tree import (
    COMPARISONS,
    Doubt,
    Named,
    Row,
    be_sure,
    cut_text,
    find_column,
    find_text,
    is_number_text,
    is_text,
    list_columns,
    list_opposite,
    unwrap,
)
from t2s.sql_names import quote_identifier, quote_text
from t2s.value_index import ValueIndex
from t2s.values import Schema
from t2s.words import join_key, split_words

MAX_SPELLINGS = 3  # named in one sentence
MAX_LOOKUPS = 4  # texts whose spellings are looked up for one statement
MIN_LIKENESS = 0.75  # of a quoted text and the column that may be meant


def find_quoted_texts(tree: exp.Expr, schema: Schema) -> Iterator[Doubt]:
    """Doubt double-quoted names that are no column and that SQLite takes for text.

    One that is compared with a column of texts is meant as a text, unless it looks like a column and no
    row of that column holds it.
    """
    for node in tree.find_all(exp.Column):
        text = find_text(node, schema)
        if text is None:
            continue
        named = _find_compared(node, schema)
        if named is not None and named.column.kind == "number" and is_number_text(text):
            continue  # "5" beside a number is one
        meant = _find_alike(text, [c.name for c in list_columns(node, schema)])
        if named is None or named.column.kind == "number":
            hint = f"; did you mean {meant}?" if meant else "."
            sentence = f'"{cut_text(text)}" is no column here, so it was read as a plain text{hint}'
            yield be_sure("quoted", sentence)
        elif meant:
            sql = _select_one(named, f"= {quote_text(text)}")
            sentence = (
                f'"{cut_text(text)}" is no column here, so it was read as a plain text that no '
                f"{named.column.name} has; did you mean the column {meant}?"
            )
            yield Doubt("quoted", partial(_tell_if_none, sentence), sql)


def find_spellings(tree: exp.Expr, schema: Schema, index: ValueIndex) -> Iterator[Doubt]:
    """Doubt texts that a column spells with other letter case or surrounding blanks."""
    seen: set[str] = set()
    for node in tree.find_all(exp.EQ, exp.In):
        if node.find_ancestor(exp.Not):
            continue
        for named, text in _list_equalities(node, schema):
            column, literal = quote_identifier(named.column.name), quote_text(text)
            sql = (
                f"SELECT DISTINCT {column}, {column} = {literal} FROM {quote_identifier(named.table.name)} "  # noqa: S608 - read only, quoted
                f"WHERE lower(trim({column})) = lower(trim({literal})) "
                f"LIMIT {MAX_SPELLINGS + 2}"
            )
            if _list_known(index, named, text) == {text}:
                continue
            if sql not in seen and len(seen) < MAX_LOOKUPS:
                seen.add(sql)
                yield Doubt("spelling", partial(_tell_spellings, named, text), sql)


def _list_equalities(node: exp.Expr, schema: Schema) -> Iterator[tuple[Named, str]]:
    left, right = unwrap(node.this), unwrap(node.args.get("expression"))
    choices = node.expressions if isinstance(node, exp.In) else [right]
    if isinstance(node, exp.EQ) and find_column(left, schema) is None:
        left, choices = right, [left]
    named = find_column(left, schema)
    if named is None or named.table.is_view or named.column.kind in ("number", "blob"):
        return
    for choice in choices:
        if choice is None:
            continue
        text = choice.name if is_text(choice) else find_text(choice, schema)
        if text is not None and text.strip() and not text.strip().isdigit():
            yield named, text


def _list_known(index: ValueIndex, named: Named, text: str) -> set[str]:
    """Return the cells of a column that the index knows to differ from a text at most in case and blanks."""
    key = join_key([word.stem for word in split_words(text)])
    place = (named.table.name, named.column.name)
    known = set()
    for position in index.keys.get(key, ()):
        column, cell = index.texts[position]
        owner = index.columns[column]
        if (owner.table, owner.column) == place and cell.strip().lower() == text.strip().lower():
            known.add(cell)
    return known


def _find_compared(node: exp.Expr, schema: Schema) -> Named | None:
    """Return the column that a node is compared with."""
    if node.find_ancestor(*COMPARISONS) is not node.parent:
        return None
    for other in list_opposite(node):
        named = find_column(other, schema)
        if named is not None:
            return named
    return None


def _find_alike(text: str, names: Sequence[str]) -> str:
    folded = {re.sub(r"[\W_]+", "", name).casefold(): name for name in names}
    close = difflib.get_close_matches(
        re.sub(r"[\W_]+", "", text).casefold(), folded, 1, MIN_LIKENESS
    )
    return folded[close[0]] if close else ""


def _tell_if_none(sentence: str, rows: Sequence[Row]) -> str:
    return "" if rows else sentence


def _tell_spellings(named: Named, text: str, rows: Sequence[Row]) -> str:
    others = [str(row[0]) for row in rows if len(row) == 2 and not row[1]]
    if not others:
        return ""
    shown = " and ".join(f"'{cut_text(other)}'" for other in others[:MAX_SPELLINGS])
    column = f"{named.table.name}.{named.column.name}"
    if len(others) == len(rows):
        return f"No {column} is '{cut_text(text)}', but it is spelt {shown} there; ask with that spelling."
    return f"{column} also holds {shown}, which '{cut_text(text)}' leaves out."


def _select_one(named: Named, condition: str) -> str:
    table, column = quote_identifier(named.table.name), quote_identifier(named.column.name)
    return f"SELECT 1 FROM {table} WHERE {column} {condition} LIMIT 1"  # noqa: S608 - read only, quoted
