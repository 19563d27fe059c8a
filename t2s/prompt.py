"""The text that large models read, and the SQL in what they write back. Pure; shared with training.

A change of the text needs a new ``PROMPT_VERSION``: adapters are trained on one version and only fit that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import sqlglot

from t2s.values import Column, Schema, Table

PROMPT_VERSION = 1

INSTRUCTION = (
    "Write one SQLite SELECT statement that answers the question from these tables. "
    "If they cannot answer it, write CANNOT ANSWER."
)
DECLINE = "CANNOT ANSWER"  # what training targets say for questions that the tables cannot answer
MAX_SAMPLE_CHARACTERS = 40

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Names that SQLite would read as syntax; a quoted name is always right, so the list may be short.
_RESERVED = """add all alter and as asc between by case check column create cross default delete desc
    distinct drop else end exists foreign from full group having if in index inner insert into is
    join key left like limit natural not null offset on or order outer primary references right
    select set table then to transaction union unique update using values view when where with"""

_THINKING = re.compile(r"<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"```[ \t]*\w*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_START = re.compile(
    r"\b(?:SELECT\b|WITH\s+(?:RECURSIVE\s+)?[\w\"`\[]+[^()]{0,80}(?:\([^()]*\)\s*)?AS\s*\()", re.I
)
_LINE_START = re.compile(r"(?:^|\n|`|:|>|\")[ \t]*\(?$")
_STOP = re.compile(r"```|</?s>|<\||\[/?INST\]|</\w+>")
_PROSE = re.compile(r"\s*(?:[A-Z][a-z']+\b(?!\s*[.(,])|[#*>]|\d+\.\s|\w+:)")
_QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}


def build(question: str, schema: Schema, history: tuple[str, ...] = ()) -> str:
    """Return the prompt for a question: CREATE TABLE text with sample values, the question, ``SQL:``.

    Args:
        question: As typed; it is not altered.
        schema: The tables to show; the caller picks those that fit.
        history: Earlier questions, oldest first.
    """
    tables = "\n\n".join(_create_table(table, schema) for table in schema.tables)
    earlier = "".join(f"Earlier question: {each}\n" for each in history)
    return f"{INSTRUCTION}\n\n{tables}\n\n{earlier}Question: {question}\nSQL:"


def _create_table(table: Table, schema: Schema) -> str:
    keys = [column.name for column in table.columns if column.primary_key]
    lines = [(_define(c, single_key=len(keys) == 1), _comment(c)) for c in table.columns]
    if len(keys) > 1:
        lines.append((f"PRIMARY KEY ({', '.join(map(_quote, keys))})", ""))
    lines += [
        (
            f"FOREIGN KEY ({_quote(key.column)}) REFERENCES {_quote(key.other_table)} "
            f"({_quote(key.other_column)})",
            "",
        )
        for key in schema.foreign_keys
        if key.table.casefold() == table.name.casefold()
    ]
    commas = [","] * (len(lines) - 1) + [""]
    body = "\n".join(
        f"  {line}{comma}{comment}" for (line, comment), comma in zip(lines, commas, strict=True)
    )
    return f"CREATE TABLE {_quote(table.name)} (\n{body}\n);"


def _define(column: Column, *, single_key: bool) -> str:
    types = {"number": "REAL", "text": "TEXT", "date": "TEXT", "boolean": "INTEGER", "blob": "BLOB"}
    declared = column.declared_type or types[column.kind]
    key = " PRIMARY KEY" if single_key and column.primary_key else ""
    return f"{_quote(column.name)} {_one_line(declared)}{key}"


def _comment(column: Column) -> str:
    meaning = _one_line(column.nl_name) if column.nl_name else ""
    samples = ", ".join(_show_sample(sample, column) for sample in column.samples)
    example = f"e.g. {samples}" if samples else ""
    told = "; ".join(part for part in (meaning, example) if part)
    return f" -- {told}" if told else ""


def _show_sample(sample: str, column: Column) -> str:
    text = _one_line(sample)[:MAX_SAMPLE_CHARACTERS]
    return text if column.kind in ("number", "boolean") else "'" + text.replace("'", "''") + "'"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _quote(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and name.casefold() not in _RESERVED.split():
        return name
    return '"' + name.replace('"', '""') + '"'


def extract_sql(text: str) -> str | None:
    """Return the first SELECT in what a model wrote, None when there is none or it declines.

    Takes off reasoning, fences, prefixes, prose around it, further statements and end-of-text marks. Whether
    the statement is safe or right is not looked at.
    """
    text = _THINKING.sub("", text).replace("\r\n", "\n")
    for part in _list_parts(text):
        sql = _find_statement(part)
        if sql is not None:
            return sql
    return None


def _list_parts(text: str) -> Iterator[str]:
    """Yield the places where SQL may stand, most certain first."""
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            record = json.loads(stripped)
        except ValueError:
            record = {}
        for key in ("sql", "SQL", "query"):
            if isinstance(record, dict) and isinstance(record.get(key), str):
                yield record[key]
    yield from (match.group(1) for match in _FENCE.finditer(text))
    yield text


def _find_statement(text: str) -> str | None:
    starts = list(_START.finditer(text))
    if not starts:
        return None
    at_line = [match for match in starts if _LINE_START.search(text[: match.start()])]
    shouted = [match for match in starts if match.group().startswith(("SELECT", "WITH"))]
    start = (at_line or shouted or starts)[0].start()
    opened = text[:start].rstrip(" \t")[-1:]
    rest = text[start:]
    end = _find_end(rest, "`" if opened == "`" else "")
    sql = _cut_prose(rest[:end]).strip().rstrip(";").strip()
    if opened == "(" and sql.endswith(")") and sql.count(")") > sql.count("("):
        sql = sql[:-1].rstrip()
    return sql or None


def _find_end(sql: str, closing: str) -> int:
    """Return where the statement ends: a semicolon, the ``closing`` mark or a stop mark, outside quotes."""
    position = 0
    while position < len(sql):
        character = sql[position]
        if character == ";" or (closing and character == closing):
            return position
        if _STOP.match(sql, position):
            return position
        if sql.startswith("--", position):
            position = sql.find("\n", position) % (len(sql) + 1)
        elif character in _QUOTES:
            end = sql.find(_QUOTES[character], position + 1)
            position = end if end >= 0 else position
        position += 1
    return len(sql)


def _cut_prose(sql: str) -> str:
    """Return the lines up to the first that reads like prose, then as many of those as parse."""
    lines = sql.split("\n")
    kept = lines[:1]
    for line in lines[1:]:
        whole = "\n".join(kept)
        if _is_complete(whole) and _PROSE.match(line):
            break
        kept.append(line)
    for count in range(len(kept), 0, -1):
        candidate = "\n".join(kept[:count])
        if _is_complete(candidate):
            return candidate
    return "\n".join(kept)


def _is_complete(sql: str) -> bool:
    try:
        return sqlglot.parse_one(sql, read="sqlite") is not None
    except (sqlglot.errors.SqlglotError, RecursionError):
        return False
