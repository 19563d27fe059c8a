"""Guess the foreign keys that a file does not declare, from names and from values."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from t2s.kinds import affinity
from t2s.sql_names import quote_identifier
from t2s.values import Cell, Column, ForeignKey, QueryResult, Table

# Share of the sampled values that the target must hold: real files have some orphans.
_CONTAINED = 0.95
_SOURCE_VALUES = 500
_SOURCE_ROWS = 20_000
_UNIQUE_ROWS = 5_000
# Comparing each column with each takes 0.1 s for the widest of our own databases (350 columns).
_COMPARE_SECONDS = 3.0
# From this score on the names alone are believed when a table has no rows.
_SURE = 0.9
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEY_WORDS = _words("id ids key code cd no nr num number uid fk")
# Names that say nothing about which table they belong to.
_GENERIC = _words(
    "id name code key title type status date year month day no number value description "
    "rank position age count level rating city state category gender sex email phone "
    "address amount price"
)
# Words of columns that refer to a row of the same table, and of tables whose rows have such roles.
_ROLES = _words(
    "manager mgr supervisor mentor boss lead leader report referred managed supervised "
    "referrer reports"
)
_PEOPLE = _words(
    "employee emp staff person people user member mbr customer client teacher agent driver "
    "vet operator adjuster worker learner student"
)
# Words that end in "id" without being a key written in one piece (custid).
_NOT_KEYS = _words(
    "valid invalid unpaid prepaid covid solid avoid rapid liquid fluid hybrid android humid "
    "void asteroid steroid thyroid madrid david"
)
# Values that stand for "none" in columns of keys.
_NONE_VALUES = "(0, -1, '', '0')"
_Words = tuple[str, ...]
_Row = tuple[Cell, ...]
# A check writes a statement, gets its row (None when it could not be run), and so on, until it knows.
_Check = Generator[str, _Row | None, bool]
_Search = Generator[str, _Row | None, ForeignKey | None]
Ask = Callable[[Sequence[str]], Sequence[QueryResult | Exception]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    score: float
    source: Table
    column: Column
    target: Table
    other: Column


def infer_keys(
    ask: Ask, tables: Sequence[Table], declared: Sequence[ForeignKey]
) -> tuple[ForeignKey, ...]:
    """Return keys between tables without a declared one, at most one for each column.

    A key needs a matching name and, where both tables have rows, a target that is unique and holds
    at least 95 % of the sampled values. Reads at most 20,000 rows of a source and one column of a
    target; what ``ask`` gives up is left out, and so are the columns whose names are not compared
    within three seconds (hundreds of tables).

    Args:
        ask: Runs statements and returns one result or error for each, in order.
        tables: The tables with their kinds.
        declared: Keys that are known.
    """
    taken = {(k.table, k.column) for k in declared}
    joined = {frozenset((k.table, k.other_table)) for k in declared}
    searches = []
    ends = time.monotonic() + _COMPARE_SECONDS
    for source in tables:
        for column in source.columns:
            if time.monotonic() > ends:
                break
            if source.is_view or (source.name, column.name) in taken or not _may_refer(column):
                continue
            ranked = sorted(
                (
                    candidate
                    for target in tables
                    if not target.is_view and frozenset((source.name, target.name)) not in joined
                    for candidate in _match(source, column, target)
                ),
                key=lambda c: -c.score,
            )
            searches.append(_search(ranked))
    return _drop_mutual([key for key in _run(ask, searches) if key is not None])


def _search(ranked: Sequence[_Candidate]) -> _Search:
    """Find the first candidate that holds."""
    for candidate in ranked:
        if (yield from _holds(candidate)):
            return ForeignKey(
                candidate.source.name,
                candidate.column.name,
                candidate.target.name,
                candidate.other.name,
                inferred=True,
            )
    return None


def _run(ask: Ask, searches: Sequence[_Search]) -> list[ForeignKey | None]:
    """Run searches side by side: one batch asks for the next statement of each."""
    found: list[ForeignKey | None] = [None] * len(searches)
    rows: dict[int, _Row | None] = dict.fromkeys(range(len(searches)))
    while rows:
        wanted: dict[int, str] = {}
        for position, row in rows.items():
            try:
                wanted[position] = searches[position].send(row)
            except StopIteration as end:
                found[position] = end.value
        results = ask(tuple(wanted.values())) if wanted else ()
        rows = {
            position: result.rows[0] if isinstance(result, QueryResult) else None
            for position, result in zip(wanted, results, strict=True)
        }
    return found


def _drop_mutual(keys: Sequence[ForeignKey]) -> tuple[ForeignKey, ...]:
    """Where two columns refer to each other keep one: towards the table that the column names."""
    kept: list[ForeignKey] = []
    for key in keys:
        back = ForeignKey(key.other_table, key.other_column, key.table, key.column, inferred=True)
        if back in kept:
            if not _names_table(split_name(key.column)[:-1], split_name(key.other_table)):
                continue
            kept.remove(back)
        kept.append(key)
    return tuple(kept)


def _may_refer(column: Column) -> bool:
    if column.kind not in ("number", "text") or affinity(column.declared_type) == "real":
        return False
    return not (column.kind == "number" and any("." in s for s in column.samples))


def _match(source: Table, column: Column, target: Table) -> list[_Candidate]:
    found = []
    own = split_name(column.name)
    for other in target.columns:
        theirs = split_name(other.name)
        if not other.primary_key and theirs != own and not _KEY_WORDS.intersection(theirs[-1:]):
            continue
        if other.kind != column.kind and "text" not in (other.kind, column.kind):
            continue
        score = _score(source, column, target, other)
        if score > 0.0:
            found.append(_Candidate(score, source, column, target, other))
    return found


def _score(source: Table, column: Column, target: Table, other: Column) -> float:
    """Rate how surely the names say that ``source.column`` refers to ``target.other``; 0.0: no."""
    own, theirs, owner = split_name(column.name), split_name(other.name), split_name(target.name)
    if len(own) > 2 and own[-1].isdigit():
        own = own[:-1]
    if not own or not theirs or not owner or _is_key_part(target, other):
        return 0.0
    stem = own[:-1] if own[-1] in _KEY_WORDS else own
    sole = _is_sole_key(target, other)
    if source.name == target.name:
        return _score_self(own, stem, theirs, owner) if sole and column != other else 0.0
    if not stem or (own == theirs and len(own) == 1 and own[0] in _GENERIC):
        return 0.0
    named = _names_table(stem, owner)
    if _is_sole_key(source, column) and not (
        named and not _names_table(stem, split_name(source.name))
    ):
        return 0.0
    has_key_word = len(stem) < len(own)
    if own == theirs and (has_key_word or sole or named):
        return (0.95 if sole else 0.75) + (0.04 if named else 0.0)
    if has_key_word and stem == owner and theirs in (own[-1:], ("id",)):
        return 0.97
    if own == (*owner, *theirs) and theirs[-1] in _KEY_WORDS:
        return 0.95
    if not sole:
        return 0.0
    if has_key_word:
        return _score_key_word(own, stem, theirs, owner)
    if stem == owner:
        return 0.7
    is_text = column.kind == other.kind == "text"
    return 0.5 if is_text and (_extends(own, owner) or _extends(owner, own)) else 0.0


def _score_self(own: _Words, stem: _Words, theirs: _Words, owner: _Words) -> float:
    if len(theirs) > 1 and _extends(own, theirs):
        return 0.85
    people = bool(_PEOPLE.intersection(owner))
    is_role = own[0] == "parent" or (people and bool(_ROLES.intersection(own)))
    return 0.65 if is_role and (len(stem) < len(own) or own[-1] in ("to", "by")) else 0.0


def _score_key_word(own: _Words, stem: _Words, theirs: _Words, owner: _Words) -> float:
    """Rate a column that ends in a key word against the only key column of another table."""
    if stem == owner:
        return 0.88
    if len(theirs) > 1 and _extends(own, theirs) and theirs[-1] in _KEY_WORDS:
        return 0.8
    if _extends(stem, owner):
        return 0.78
    if _abbreviates(stem, owner) or _abbreviates(owner, stem):
        return 0.6
    return 0.55 if _extends(owner, stem) else 0.0


@lru_cache(maxsize=4096)
def split_name(name: str) -> tuple[str, ...]:
    """Split a name into lower-case singular words: ``CustomerIDs`` into ``customer``, ``id``."""
    words = []
    for word in (w.casefold() for w in _WORD.findall(name)):
        if len(word) > 4 and word.endswith("id") and word not in _NOT_KEYS:
            words += [_singular(word[:-2]), "id"]
        else:
            words.append(_singular(word))
    return tuple(words)


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes", "uses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word


def _is_sole_key(table: Table, column: Column) -> bool:
    return column.primary_key and sum(c.primary_key for c in table.columns) == 1


def _is_key_part(table: Table, column: Column) -> bool:
    return column.primary_key and not _is_sole_key(table, column)


def _names_table(stem: tuple[str, ...], owner: tuple[str, ...]) -> bool:
    return stem == owner or "".join(stem) == "".join(owner) or _abbreviates(stem, owner)


def _extends(long: tuple[str, ...], short: tuple[str, ...]) -> bool:
    """Tell whether ``long`` ends with ``short`` and says more (home_team_id, team_id)."""
    return len(long) > len(short) > 0 and long[-len(short) :] == short


def _abbreviates(short: tuple[str, ...], long: tuple[str, ...]) -> bool:
    """Tell whether each word shortens its counterpart: cust and customer, dept and department."""
    return len(short) == len(long) and all(
        a == b or (len(a) >= 3 and a[0] == b[0] and len(a) < len(b) and _is_subsequence(a, b))
        for a, b in zip(short, long, strict=True)
    )


def _is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)


def _holds(candidate: _Candidate) -> _Check:
    """Check the candidate against the rows; names alone decide where there are none."""
    source, target = (quote_identifier(t.name) for t in (candidate.source, candidate.target))
    own, other = (quote_identifier(c.name) for c in (candidate.column, candidate.other))
    if not _is_sole_key(candidate.target, candidate.other):
        row = yield (
            f"SELECT count(v), count(DISTINCT v) FROM "  # noqa: S608
            f"(SELECT {other} AS v FROM {target} LIMIT {_UNIQUE_ROWS})"
        )
        if row is None or row[0] != row[1]:
            return False
    row = yield (
        f"SELECT count(*), sum(v IN (SELECT {other} FROM {target})) FROM "  # noqa: S608
        f"(SELECT DISTINCT {own} AS v FROM (SELECT {own} FROM {source} "
        f"WHERE {own} NOT IN {_NONE_VALUES} LIMIT {_SOURCE_ROWS}) LIMIT {_SOURCE_VALUES})"
    )
    if row is None:
        return False
    values, hits = (int(cell or 0) for cell in row)
    if values and hits:
        return hits >= _CONTAINED * values
    row = yield f"SELECT EXISTS (SELECT 1 FROM {target})"  # noqa: S608
    return row is not None and candidate.score >= _SURE and not (values and row[0])
