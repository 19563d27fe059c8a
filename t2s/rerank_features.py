"""What speaks for a candidate and what against it, as numbers by name. Pure.

A feature that is absent is 0. Names: ``has X`` the statement has construct X; ``lacks X`` the question asks for X and the
statement does not have it; ``extra X`` the other way round.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from t2s.calibration import log_odds
from t2s.explain_decline import asks_for_change, list_unknown
from t2s.probe import is_hollow
from t2s.rerank_cues import ASKS_FOR_ONE, NUMBER_WORDS, SAID, WRITTEN
from t2s.values import Candidate, QueryResult, Request
from t2s.words import STOP_WORDS, split_words

LEAST = 1e-6  # probabilities below it are all the same
SURE_SCORE = 0.9  # of a link between words and a cell
LOOKED_AT = 50  # rows
_TOKEN = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|[^\W\d]\w*|\d+(?:\.\d+)?|<>|>=|<=|!=|\|\||\S"
)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_CONDITION = re.compile(r" (?:=|>|<|>=|<=|<>|LIKE|BETWEEN|IN) ")
_FIXED = re.compile(r"(\S+) = '")
_SAME_TWICE = re.compile(r"\b(\w+) - \1\b")
_USUAL_NUMBERS = frozenset(("0", "1", "2", "4", "7", "100", "100.0", "1.0"))
Features = dict[str, float]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement in parts: tokens (keywords in capitals), text literals and names folded."""

    tokens: tuple[str, ...]
    text: str
    literals: tuple[str, ...]
    names: frozenset[str]
    constructs: frozenset[str]
    order: str

    @property
    def descends(self) -> bool:
        return " DESC" in self.order


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, with what all its candidates are compared with."""

    request: Request
    said: frozenset[str]
    said_ever: frozenset[str]
    numbers: frozenset[str]
    numbers_ever: frozenset[str]
    content: tuple[Span, ...]
    linked: frozenset[int]
    values: tuple[tuple[Span, frozenset[str]], ...]
    unknown: int
    words: int
    changes: bool
    columns: Mapping[str, tuple[str, ...]]
    tables: frozenset[str]


def describe(
    request: Request, candidates: Sequence[Candidate], outcomes: Sequence[QueryResult | None]
) -> tuple[Features, ...]:
    """Return the features of each candidate.

    Args:
        request: What the candidates answer.
        candidates: As the backend gave them.
        outcomes: What each gave when it was run; None when it declines, failed or was not run.
    """
    asked = _read_request(request)
    kept = [_name_result(c, outcome) for c, outcome in zip(candidates, outcomes, strict=True)]
    mass: Counter[Hashable] = Counter()
    for candidate, key in zip(candidates, kept, strict=True):
        mass[key] += candidate.probability  # type: ignore[assignment]
    best = max((c.probability for c in candidates if c.sql is not None), default=LEAST)
    total = sum(candidate.probability for candidate in candidates) or LEAST
    likeliest = max((candidate.probability for candidate in candidates), default=0.0)
    found = []
    for place, (candidate, outcome) in enumerate(zip(candidates, outcomes, strict=True)):
        shared: Features = {
            "log probability": _log(candidate.probability),
            "log probability of its result": _log(mass[kept[place]]),
            "likeliest": float(candidate.probability == likeliest),
        }
        if candidate.sql is None:
            sure = log_odds(candidate.probability / total)
            found.append(shared | _describe_declining(asked) | {"declines: log odds": sure})
            continue
        statement = _read_statement(candidate.sql)
        shared["behind the best"] = _log(candidate.probability / max(best, LEAST))
        shared["log probability a token"] = shared["log probability"] / max(
            4, len(statement.tokens)
        )
        found.append(
            shared
            | _compare_constructs(asked, statement)
            | _compare_words(asked, statement)
            | _measure(asked, statement)
            | _look_at(asked, statement, outcome)
        )
    return tuple(found)


def _log(probability: float) -> float:
    return math.log(max(probability, LEAST))


def _name_result(candidate: Candidate, outcome: QueryResult | None) -> Hashable:
    """Return what is the same for candidates that give the same rows."""
    if candidate.sql is None:
        return None
    return candidate.sql if outcome is None else frozenset(outcome.rows)


def _find_said(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in SAID.items() if pattern.search(text))


def _find_numbers(text: str) -> frozenset[str]:
    spelled = (NUMBER_WORDS.get(word.folded) for word in split_words(text))
    return frozenset(_NUMBER.findall(text.replace(",", ""))) | {n for n in spelled if n}


def _read_request(request: Request) -> _Asked:
    question, links = request.question, request.links
    everything = " ".join((*request.history, question))
    words = split_words(question)
    columns: dict[str, list[str]] = defaultdict(list)
    for table in request.schema.tables:
        for column in table.columns:
            columns[column.name.casefold()].append(table.name.casefold())
    values: dict[Span, set[str]] = defaultdict(set)
    for value in links.values:
        if value.end > 0 and value.source in ("cell", "category") and value.score >= SURE_SCORE:
            values[value.start, value.end].add(value.text.casefold())
    unknown = list_unknown(question, words, request.schema, links)
    return _Asked(
        request,
        _find_said(question),
        _find_said(everything),
        _find_numbers(question),
        _find_numbers(everything),
        tuple((w.start, w.end) for w in words if w.folded not in STOP_WORDS and len(w.folded) > 2),
        frozenset(place for n in links.names for place in range(n.start, n.end)),
        tuple((span, frozenset(texts)) for span, texts in values.items()),
        sum(len(phrase.split()) for phrase in unknown),
        max(1, len(words)),
        asks_for_change(words),
        {name: tuple(tables) for name, tables in columns.items()},
        frozenset(table.name.casefold() for table in request.schema.tables),
    )


def _read_statement(sql: str) -> _Statement:
    tokens = tuple(token if token[0] in "'\"" else token.upper() for token in _TOKEN.findall(sql))
    text = " ".join(tokens)
    constructs = {name for name, pattern in WRITTEN.items() if pattern.search(text)}
    if "CASE" in tokens and "percent" not in constructs:
        constructs.add("bands")
    order = text.rsplit("ORDER BY", 1)[1] if "ORDER BY" in text else ""
    if "MAX (" in text or " DESC" in order:
        constructs.add("high")
    if "MIN (" in text or ("LIMIT" in order and " DESC" not in order):
        constructs.add("low")
    return _Statement(
        tokens,
        text,
        tuple(t[1:-1].replace("''", "'").casefold() for t in tokens if t[0] == "'"),
        frozenset(t.strip('"').casefold() for t in tokens if t[0] in '"_' or t[0].isalpha()),
        frozenset(constructs),
        order,
    )


def _describe_declining(asked: _Asked) -> Features:
    links = asked.request.links
    meant = [value for value in links.values if value.end > 0]
    return {
        "declines": 1.0,
        "declines: words unknown": float(asked.unknown > 0),
        "declines: share of words unknown": asked.unknown / asked.words,
        "declines: change asked for": float(asked.changes),
        "declines: earlier questions": float(bool(asked.request.history)),
        "declines: few words": float(asked.words <= 3),
        "declines: nothing found": float(not links.names and not meant),
        "declines: table named": float(
            any(n.column is None and n.kind == "exact" for n in links.names)
        ),
        "declines: cell named": float(bool(asked.values)),
    }


def _compare_constructs(asked: _Asked, statement: _Statement) -> Features:
    found: Features = {}
    for name in SAID:
        if name in statement.constructs:
            found[f"has {name}"] = 1.0
            if name not in asked.said_ever:
                found[f"extra {name}"] = 1.0
        elif name in asked.said:
            found[f"lacks {name}"] = 1.0
    if statement.order:
        high, low = "high" in asked.said, "low" in asked.said
        if high != low:
            right = statement.descends if high else not statement.descends
            found[f"sorts {'right' if right else 'wrong'} for {'high' if high else 'low'}"] = 1.0
    return found


def _compare_words(asked: _Asked, statement: _Statement) -> Features:
    """Return what of the question the statement leaves out, and what it adds."""
    request, links = asked.request, asked.request.links
    columns = {name for name in statement.names if name in asked.columns}
    tables = statement.names & asked.tables
    sql = statement.text.casefold()
    covered: set[int] = set()
    for name in links.names:
        if (name.column or name.table).casefold() in (columns if name.column else tables):
            covered.update(range(name.start, name.end))
    for value in links.values:
        if value.end > 0 and value.text.casefold() in sql:
            covered.update(range(value.start, value.end))
    left = [start for start, _ in asked.content if start not in covered]
    said = " ".join((*request.history, request.question)).casefold()
    offered = {value.text.casefold() for value in links.values}
    listed = {value.text.casefold() for value in links.values if value.end <= 0}
    named = {text for _, texts in asked.values for text in texts}
    literals = statement.literals
    numbers = {t for t in statement.tokens if t[0].isdigit()} | set(
        _NUMBER.findall(" ".join(literals))
    )
    linked = {(n.table.casefold(), n.column.casefold()) for n in links.names if n.column}
    linked |= {
        (v.table.casefold(), v.column.casefold())
        for v in links.values
        if v.end > 0 and v.table and v.column
    }
    linked_tables = {n.table.casefold() for n in links.names}
    exact_tables = {
        n.table.casefold() for n in links.names if n.column is None and n.kind == "exact"
    }
    return {
        "share of words covered": 1 - len(left) / max(1, len(asked.content)),
        "words left": float(min(5, len(left))),
        "linked words left": float(min(4, sum(start in asked.linked for start in left))),
        "values left": float(min(3, _count_values_left(asked, literals, sql))),
        "numbers left": float(
            min(3, sum(not _stands_in(n, numbers, literals) for n in asked.numbers))
        ),
        "numbers added": float(
            min(
                3,
                sum(
                    t[0].isdigit() and t not in asked.numbers_ever and t not in _USUAL_NUMBERS
                    for t in statement.tokens
                ),
            )
        ),
        "texts added": float(
            min(
                2,
                sum(_is_new(t) and t.strip("%") not in said and t not in offered for t in literals),
            )
        ),
        "texts only listed": float(min(2, sum(t in listed and t not in named for t in literals))),
        "tables left": float(min(2, len(exact_tables - tables))),
        "columns left": float(min(3, _count_columns_left(asked, columns))),
        "columns not named": float(
            min(
                4,
                sum(
                    not c.endswith("id") and not any((t, c) in linked for t in asked.columns[c])
                    for c in columns
                ),
            )
        ),
        "tables not named": float(min(3, len(tables - linked_tables))),
        "tables": float(len(tables)),
    }


def _stands_in(number: str, numbers: set[str], literals: Sequence[str]) -> bool:
    return number in numbers or number.lstrip("0") in numbers or any(number in t for t in literals)


def _is_new(text: str) -> bool:
    """Whether a text is neither a pattern nor made of digits, as a date is."""
    return not text.startswith("%") and any(c.isalpha() for c in text)


def _count_values_left(asked: _Asked, literals: Sequence[str], sql: str) -> int:
    """Return how many cells that the question names stand nowhere; one inside a longer one does not count."""
    left = 0
    for (start, end), texts in asked.values:
        inside = any(
            s <= start and e >= end and (s, e) != (start, end) for (s, e), _ in asked.values
        )
        if not inside and not any(
            text in literals or text.replace("%", "") in sql for text in texts
        ):
            left += 1
    return left


def _count_columns_left(asked: _Asked, columns: set[str]) -> int:
    """Return how many places of the question name columns exactly, of which none is used."""
    named: dict[int, set[str]] = defaultdict(set)
    for name in asked.request.links.names:
        if name.column and name.kind == "exact":
            named[name.start].add(name.column.casefold())
    return sum(names.isdisjoint(columns) for names in named.values())


def _measure(asked: _Asked, statement: _Statement) -> Features:
    """Return sizes of a statement and of its parts."""
    text, tokens = statement.text, statement.tokens
    outputs = _count_outputs(tokens)
    question = asked.request.question.casefold()
    conditions = float(min(4, len(_CONDITION.findall(text))))
    length = len(tokens) / 20
    fixed = set(_FIXED.findall(text)) & set(text.split(" FROM ")[0].split())
    found = {
        "length": length,
        "joins": float(tokens.count("JOIN")),
        "two outputs": float(outputs == 2),
        "three outputs": float(outputs > 2),
        "conditions": conditions,
        "shows what is fixed": float(bool(fixed)),
        "limit": float("LIMIT" in tokens),
        "limit 1": float("LIMIT 1" in text),
        "difference of one with itself": float(bool(_SAME_TWICE.search(text))),
    }
    if "LIMIT" in tokens:
        limit = tokens[len(tokens) - 1 - tokens[::-1].index("LIMIT") + 1]
        found["limit as asked"] = float(limit in asked.numbers or limit == "1")
    if " and " in question or "," in question or " with " in question:
        found["outputs beside and"] = float(min(3, outputs) - 1)
    if asked.request.history:
        found["follow-up: conditions"], found["follow-up: length"] = conditions, length
    return found


def _count_outputs(tokens: Sequence[str]) -> int:
    depth, outputs = 0, 1
    for part in tokens[1:]:
        if part == "FROM" and depth == 0:
            break
        depth += (part == "(") - (part == ")")
        outputs += part == "," and depth == 0
    return outputs


def _look_at(asked: _Asked, statement: _Statement, outcome: QueryResult | None) -> Features:
    """Return what a statement gave."""
    if outcome is None:
        return {"fails": 1.0}
    rows, count = outcome.rows, len(outcome.rows)
    hollow = float(is_hollow(outcome))
    repeats = float(count > 1 and len(set(map(repr, rows))) < count)
    looked_at = [cell for row in rows[:LOOKED_AT] for cell in row]
    one_cell = count == 1 and len(rows[0]) == 1
    found = {
        "hollow": hollow,
        "no rows": float(count == 0),
        "one cell": float(one_cell),
        "one cell, NULL": float(one_cell and rows[0][0] is None),
        "many rows": float(count > LOOKED_AT),
        "log of rows": math.log1p(count),
        "cut": float(outcome.truncated),
        "repeats rows": repeats,
        "NULL among cells": float(any(cell is None for cell in looked_at)),
        "negative among cells": float(
            any(isinstance(cell, int | float) and cell < 0 for cell in looked_at)
        ),
        "several where one is asked for": float(
            count > 1 and bool(ASKS_FOR_ONE.search(asked.request.question))
        ),
        "hollow count": hollow * ("count" in statement.constructs),
        "hollow beside negation": hollow * ("negation" in asked.said),
    }
    if not asked.request.history and repeats and len(rows[0]) == 1:
        found["one output repeats"] = float(statement.constructs.isdisjoint(("group", "distinct")))
    return found
