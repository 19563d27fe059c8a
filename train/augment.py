"""Changes to training examples: smaller schemas, shortened names, hurried typing, questions without an answer."""

from __future__ import annotations

import random
from dataclasses import replace

from t2s import ir, linking
from t2s.values import Links, Request, Schema
from t2s.words import name_words
from train.data import TODAY, Example


def shrink(example: Example, rng: random.Random, max_columns: int) -> Example:
    """Drop random tables and columns that the gold SQL does not use, until at most ``max_columns`` are left.

    Keys and columns of the gold SQL stay, so that every symbol can be spelled.
    """
    found = example.request.schema
    if sum(len(t.columns) for t in found.tables) <= max_columns:
        return example
    tables = {s.table for s in example.symbols if isinstance(s, ir.TableSymbol)}
    tables |= {s.table for s in example.symbols if isinstance(s, ir.ColumnSymbol)}
    columns = {(s.table, s.column) for s in example.symbols if isinstance(s, ir.ColumnSymbol)}
    keys = {(k.table, k.column) for k in found.foreign_keys}
    keys |= {(k.other_table, k.other_column) for k in found.foreign_keys}
    if not tables:
        tables = {rng.choice(found.tables).name}  # a question without an answer still has a schema
    chosen = {t.name for t in found.tables if t.name in tables}
    rest = [t for t in found.tables if t.name not in tables]
    rng.shuffle(rest)
    room = max_columns - sum(len(t.columns) for t in found.tables if t.name in chosen)
    for table in rest:
        if len(table.columns) <= room:
            chosen.add(table.name)
            room -= len(table.columns)
    kept = []
    for table in found.tables:
        if table.name not in chosen:
            continue
        names = [c.name for c in table.columns]
        needed = {n for n in names if (table.name, n) in columns or (table.name, n) in keys}
        spare = [n for n in names if n not in needed]
        if room < 0:
            rng.shuffle(spare)
            spare = spare[: max(3, len(spare) + room)]
        stay = needed | set(spare)
        kept.append(replace(table, columns=tuple(c for c in table.columns if c.name in stay)))
    return _restrict(example, replace(found, tables=tuple(kept)))


def without_column(example: Example, rng: random.Random) -> Example | None:
    """Return the example with a column it needs removed from the schema: now unanswerable.

    None when every column of the SQL is a key or its table would be left without columns.
    """
    found = example.request.schema
    keys = {(k.table, k.column) for k in found.foreign_keys}
    used = [
        (s.table, s.column)
        for s in example.symbols
        if isinstance(s, ir.ColumnSymbol) and (s.table, s.column) not in keys
    ]
    primary = {(t.name, c.name) for t in found.tables for c in t.columns if c.primary_key}
    used = [where for where in used if where not in primary]
    if not used:
        return None
    gone = rng.choice(used)
    words = set(gone[1].lower().replace("_", " ").split())
    tables = tuple(
        replace(
            t,
            columns=tuple(
                c
                for c in t.columns
                if (t.name, c.name) != gone
                and not words & set(c.name.lower().replace("_", " ").split())
            ),
        )
        for t in found.tables
    )
    if any(not t.columns for t in tables):
        return None
    return replace(_restrict(example, replace(found, tables=tables)), symbols=("unanswerable",))


def _restrict(example: Example, found: Schema) -> Example:
    """Return the example over a smaller schema, with keys and links that still apply."""
    names = {(t.name, c.name) for t in found.tables for c in t.columns}
    tables = {t.name for t in found.tables}
    links = example.request.links
    keys = tuple(
        k
        for k in found.foreign_keys
        if (k.table, k.column) in names and (k.other_table, k.other_column) in names
    )
    kept = Links(
        tuple(
            m
            for m in links.names
            if m.table in tables and (m.column is None or (m.table, m.column) in names)
        ),
        tuple(v for v in links.values if v.table is None or (v.table, v.column) in names),
    )
    request = replace(example.request, schema=replace(found, foreign_keys=keys), links=kept)
    return replace(example, request=request)


SMALL_TALK = (
    "hi", "hello there", "hey :)", "good morning", "thanks!", "thank you so much", "ok great", "who are you?",
    "what can you do", "help", "help me please", "tell me a joke", "what's the weather like tomorrow?",
    "how are you today", "asdfgh", "????", "test", "what is the meaning of life", "bye", "can you write a poem",
    "what time is it", "who is the president of france", "translate this into spanish", "lol", "sing a song",
    "what's 2 plus 2", "are you a robot", "nice work", "i don't understand", "write me an email to my boss",
)  # fmt: skip
CHANGES = (
    "delete all {}", "drop the {} table", "please remove every {}", "add a new {}", "update {} set everything to 0",
    "insert a row into {}", "rename {} to something else", "can you change the first {}", "clear out {} please",
    "create a table called {} backup", "truncate {}", "set all {} to inactive", "delete the {} from last year",
)  # fmt: skip


def refusal(example: Example, rng: random.Random) -> Example:
    """Return a greeting or a request to change data, asked of the example's database."""
    found = example.request.schema
    if rng.random() < 0.5:
        question = rng.choice(SMALL_TALK)
    else:
        name = rng.choice(found.tables).name.replace("_", " ").lower()
        question = rng.choice(CHANGES).format(name)
    links = linking.link(question, found, linking.empty_index(), TODAY)
    pair = replace(example.pair, question=question, sql=None, history=())
    return Example(pair, Request(question, found, links), ("unanswerable",), example.has_cells)


def type_casually(example: Example, rng: random.Random) -> Example:
    """Return the question as a hurried person types it: lower case, no final mark. Offsets stay valid."""
    question = example.request.question.rstrip(" ?.!")
    lowered = question.lower()
    if rng.random() < 0.7 and len(lowered) == len(question):
        question = lowered
    if not question:
        return example
    return replace(example, request=replace(example.request, question=question))


def shorten_names(example: Example, rng: random.Random) -> Example:
    """Return the example over a schema whose names are shortened as in ``cust_nm``; symbols keep the real names.

    A name that linking found whole counts as partly found, as it would be had the file used the short one.
    """
    short: dict[str, str] = {}

    def shortened(name: str) -> str:
        words = name_words(name).split()
        return " ".join(short.setdefault(word, _shorten(word, rng)) for word in words)

    found = example.request.schema
    tables = tuple(
        replace(
            t,
            nl_name=shortened(t.nl_name or t.name),
            columns=tuple(replace(c, nl_name=shortened(c.nl_name or c.name)) for c in t.columns),
        )
        for t in found.tables
    )
    links = example.request.links
    names = tuple(replace(m, kind="partial") for m in links.names)
    request = replace(
        example.request,
        schema=replace(found, tables=tables),
        links=replace(links, names=names),
    )
    return replace(example, request=request)


def _shorten(word: str, rng: random.Random) -> str:
    """Return ``word`` cut to its beginning or to its consonants; short words stay."""
    if len(word) <= 3 or not word.isalpha() or rng.random() < 0.15:
        return word
    if rng.random() < 0.4:
        return word[: rng.randint(3, 4)]
    consonants = word[0] + "".join(c for c in word[1:] if c not in "aeiou")
    return consonants[: rng.randint(2, 4)]
