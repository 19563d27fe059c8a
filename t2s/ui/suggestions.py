"""Questions that any schema can answer, for databases that bring no examples of their own. Pure."""

from __future__ import annotations

from t2s.values import Column, ForeignKey, Schema, Table
from t2s.words import name_words

MAX_SUGGESTIONS = 4
# Numbers that only name a row say nothing when averaged.
_KEY_ENDINGS = ("id", "key", "code", "number", "no", "nr", "zip", "phone", "year", "index")


def suggest(schema: Schema) -> tuple[str, ...]:
    """Return up to four questions about the largest tables, simplest first."""
    tables = sorted(
        (t for t in schema.tables if t.columns and any(map(str.isalpha, t.name))),
        key=lambda t: -(t.row_count or 0),
    )
    questions: list[str] = []
    for table in tables[:2]:
        questions += _about(table, schema.foreign_keys)
    simple_first = sorted(questions, key=lambda q: not q.startswith("How many"))
    return tuple(dict.fromkeys(simple_first))[:MAX_SUGGESTIONS]


def _about(table: Table, keys: tuple[ForeignKey, ...]) -> list[str]:
    noun = table.nl_name or name_words(table.name)
    questions = [f"How many rows are in {noun}?"]
    number = next((c for c in table.columns if _is_measure(c, table, keys)), None)
    if number is not None:
        questions.append(f"What is the average {_words(number)} in {noun}?")
    text = next((c for c in table.columns if _is_label(c)), None)
    if text is not None:
        questions.append(f"What are the different values of {_words(text)} in {noun}?")
    return questions


def _words(column: Column) -> str:
    return column.nl_name or name_words(column.name)


def _is_measure(column: Column, table: Table, keys: tuple[ForeignKey, ...]) -> bool:
    refers = any(k.table == table.name and k.column == column.name for k in keys)
    words = name_words(column.name).split()
    return (
        column.kind == "number"
        and not column.primary_key
        and not refers
        and bool(words)
        and words[-1] not in _KEY_ENDINGS
    )


def _is_label(column: Column) -> bool:
    return column.kind == "text" and not column.primary_key and any(map(str.isalpha, column.name))
