"""How SQL spells names and texts. Pure."""

from __future__ import annotations

import re

# Words that SQLite 3.40 rejects as a bare name somewhere, found by trying each of its keywords, those that would be
# read as a join, a constant or an operator, and those at which sqlglot stumbles.
_RESERVED = """
    add all alter and as autoincrement between case cast check collate commit constraint create
    current_date current_time current_timestamp default deferrable delete distinct drop else escape
    except exists foreign from group having in index insert intersect into is isnull join limit not
    nothing notnull null on or order primary raise references returning select set table then to
    transaction union unique update using values when where with cross false filter full glob indexed
    inner left like match natural offset outer over regexp replace right true window end desc asc if any
    describe fetch for grant ilike lateral qualify rlike rollback uncache xor
"""
_RESERVED_WORDS = frozenset(_RESERVED.split())
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote_name(name: str) -> str:
    """``name`` as SQL spells an identifier, in double quotes only when needed."""
    if _BARE.fullmatch(name) and name.lower() not in _RESERVED_WORDS:
        return name
    return quote_identifier(name)


def quote_identifier(name: str) -> str:
    """``name`` as an SQL identifier, always in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """``text`` as a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
