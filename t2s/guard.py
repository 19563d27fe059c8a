"""Policy on SQL text: exactly one statement that reads. Pure.

Covered: more than one statement; statements that write, change settings, attach files, or explain;
empty text; unbalanced quotes, comments and parentheses; characters that SQLite reads differently
from people (NUL, lone surrogates, a byte order mark). Words inside strings, quoted names and
comments are never mistaken for statements.

Not covered: functions, resource use, and whether tables exist. This check gives early, plain
sentences; the boundary is :mod:`t2s.sandbox`, where SQLite's own parser decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from t2s.errors import InvalidSqlError, UnsafeSqlError

_TokenKind = Literal["word", "string", "name", "comment", "space", "symbol"]
_MAX_CHARACTERS = 100_000
_STARTS = frozenset(["SELECT", "WITH", "VALUES"])
_WRITES = frozenset(["INSERT", "UPDATE", "DELETE", "REPLACE"])
_QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}
_WORD = re.compile(r"[^\W\d][\w$]*|\d[\w.$]*")
_SPACE = re.compile(r"[ \t\n\f\r]+")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: _TokenKind
    text: str
    start: int
    end: int


def check(sql: str) -> str:
    """Return the one reading statement in ``sql``, without trailing semicolons and comments.

    Raises:
        UnsafeSqlError: More than one statement, or not SELECT, WITH ... SELECT or VALUES.
        InvalidSqlError: Nothing to run, or quotes, comments or parentheses that do not close.
    """
    if len(sql) > _MAX_CHARACTERS:
        raise InvalidSqlError("This statement is too long; shorten it.", sql=sql)
    if "\x00" in sql or any("\ud800" <= c <= "\udfff" for c in sql):
        raise InvalidSqlError("This statement has unreadable characters; type it again.", sql=sql)
    text = sql.removeprefix("\ufeff")
    tokens = [t for t in _tokenize(text, sql) if t.kind not in ("comment", "space")]
    while tokens and tokens[-1].text == ";" and tokens[-1].kind == "symbol":
        tokens.pop()
    if not tokens:
        raise InvalidSqlError("There is no statement to run; type a SELECT statement.", sql=sql)
    if any(t.kind == "symbol" and t.text == ";" for t in tokens):
        raise UnsafeSqlError("Only one statement can run at a time; remove the others.", sql=sql)
    _check_start(tokens, sql)
    _check_parentheses(tokens, sql)
    return text[: tokens[-1].end].strip()


def _tokenize(text: str, sql: str) -> list[_Token]:
    """Split as SQLite's tokenize.c does: quotes double to escape, comments do not nest.

    Raises:
        InvalidSqlError: A quote or comment does not close.
    """
    tokens = []
    position = 0
    while position < len(text):
        kind, end = _scan(text, position, sql)
        tokens.append(_Token(kind, text[position:end], position, end))
        position = end
    return tokens


def _scan(text: str, start: int, sql: str) -> tuple[_TokenKind, int]:
    """Return kind and end of the token that begins at ``start``."""
    first = text[start]
    if match := _SPACE.match(text, start):
        return "space", match.end()
    if text.startswith("--", start):
        newline = text.find("\n", start)
        return "comment", len(text) if newline < 0 else newline + 1
    if text.startswith("/*", start):
        close = text.find("*/", start + 2)
        if close < 0:
            raise InvalidSqlError("A comment does not end; close it with */.", sql=sql)
        return "comment", close + 2
    if first in _QUOTES:
        return ("string" if first == "'" else "name"), _find_quote_end(text, start, sql)
    if match := _WORD.match(text, start):
        return "word", match.end()
    return "symbol", start + 1


def _find_quote_end(text: str, start: int, sql: str) -> int:
    close = _QUOTES[text[start]]
    position = start + 1
    while (position := text.find(close, position)) >= 0:
        doubled = close != "]" and text.startswith(close, position + 1)
        if not doubled:
            return position + 1
        position += 2
    raise InvalidSqlError(f"A quote ({text[start]}) does not close; add the missing one.", sql=sql)


def _check_start(tokens: Sequence[_Token], sql: str) -> None:
    """Raise unless the statement begins, and after WITH continues, with SELECT or VALUES."""
    main = next((t for t in tokens if t.text != "("), tokens[0])
    word = main.text.upper() if main.kind == "word" else ""
    if word not in _STARTS:
        shown = f"{word} is not one" if word.isalpha() else "this is not one"
        raise UnsafeSqlError(
            f"Only statements that read can run, and {shown}; start with SELECT.", sql=sql
        )
    if word != "WITH":
        return
    depth = 0
    for token in tokens[1:]:
        if token.kind == "symbol":
            depth += (token.text == "(") - (token.text == ")")
        elif token.kind == "word" and depth == 0:
            found = token.text.upper()
            if found in ("SELECT", "VALUES"):
                return
            if found in _WRITES:
                raise UnsafeSqlError(
                    f"Only statements that read can run, and {found} changes the data; "
                    "use SELECT after WITH.",
                    sql=sql,
                )
    raise InvalidSqlError("There is no SELECT after WITH; add one.", sql=sql)


def _check_parentheses(tokens: Sequence[_Token], sql: str) -> None:
    depth = 0
    for token in tokens:
        if token.kind == "symbol":
            depth += (token.text == "(") - (token.text == ")")
            if depth < 0:
                break
    if depth:
        raise InvalidSqlError("Parentheses do not match; check the brackets.", sql=sql)
