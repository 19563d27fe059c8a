"""Look at the cells of a database and tell what its tables and columns are about."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from dataclasses import replace

from t2s.values import Schema, Table
from train.synth_roles import inspect_column
from train.synth_tables import PERSONS, Col, Ent, Link, Profile, quoted
from train.synth_words import singular, table_synonyms, written_out

_MAX_ROWS = 200_000
_SAMPLED = 4000
_MASS = frozenset(
    [
        "weather", "inventory", "maintenance", "attendance", "history", "data", "information",
        "revenue", "traffic", "music", "stock", "feedback",
    ]
)  # fmt: skip


def inspect(connection: sqlite3.Connection, schema: Schema) -> Profile:
    """Look at the cells of every table of moderate size; views and empty tables are left out."""
    links = _links(schema)
    ents: dict[str, Ent] = {}
    for table in schema.tables:
        if table.is_view or not table.row_count or table.row_count > _MAX_ROWS:
            continue
        ent = _inspect_table(connection, table, schema, links.get(table.name, ()))
        if ent is not None:
            ents[table.name] = ent
    said = Counter(c.words[0] for e in ents.values() for c in e.cols)
    for name, ent in ents.items():
        cols = tuple(replace(c, alone=said[c.words[0]] == 1) for c in ent.cols)
        by_name = {c.name: c for c in cols}
        ents[name] = replace(
            ent,
            cols=cols,
            labels=tuple(by_name[c.name] for c in ent.labels),
            key=by_name[ent.key.name] if ent.key else None,
            nouns=_unshared(ent, ents),
            parents=tuple(p for p in ent.parents if p.target in ents),
        )
    children = {
        n: tuple((e, p) for e in ents.values() for p in e.parents if p.target == n) for n in ents
    }
    words = {
        w
        for t in schema.tables
        for n in (t.name, *(c.name for c in t.columns))
        for w in written_out(n).split()
    }
    words |= {w for e in ents.values() for c in e.cols for w in " ".join(c.words).split()}
    return Profile(ents, children, frozenset(words | {singular(w) for w in words}))


def _unshared(ent: Ent, ents: dict[str, Ent]) -> tuple[str, ...]:
    others = {n for e in ents.values() if e.name != ent.name for n in e.nouns[:1]}
    others |= {e.nouns[0].split()[-1] for e in ents.values() if e.name != ent.name}
    return tuple(n for i, n in enumerate(ent.nouns) if i == 0 or n not in others)


def _links(schema: Schema) -> dict[str, tuple[Link, ...]]:
    """Single-column keys by table; composite ones are left out."""
    out: dict[str, list[Link]] = {}
    for table in schema.tables:
        keys = [k for k in schema.foreign_keys if k.table == table.name]
        for key in keys:
            same = [k for k in keys if k.other_table == key.other_table]
            if len({k.other_column.lower() for k in same}) > 1:
                continue
            target = schema.table(key.other_table)
            column = table.column(key.column)
            other = target.column(key.other_column) if target else None
            if not target or not column or not other:
                continue
            primaries = [c for c in target.columns if c.primary_key]
            if len(primaries) > 1 and other.primary_key:
                continue
            words = [
                w
                for w in written_out(column.name).split()
                if w not in ("id", "code", "number", "key", "name", "title")
            ]
            noun = singular(written_out(target.name))
            words = [w for w in words if len(w) > 1 and not (w.endswith("id") and len(w) <= 6)]
            phrase = singular(" ".join(words))
            fits = phrase and (
                phrase in noun
                or (noun in phrase and len(same) == 1)
                or (phrase.split()[-1] == noun.split()[-1] and len(same) == 1)
            )
            role = phrase if table.name == target.name or not fits else ""
            if len(same) > 1 and not role:
                role = phrase
            out.setdefault(table.name, []).append(
                Link(column.name, target.name, other.name, role, column.nullable)
            )
    return {name: tuple(dict.fromkeys(found)) for name, found in out.items()}


def _inspect_table(
    connection: sqlite3.Connection, table: Table, schema: Schema, links: tuple[Link, ...]
) -> Ent | None:
    noun = singular(re.sub(r"^(tbl|tb|dim|fact|ref) ", "", written_out(table.name)))
    if noun.split()[-1] in _MASS:
        noun = f"{noun} record"
    names = ", ".join(quoted(c.name) for c in table.columns)
    try:
        rows = connection.execute(
            f"SELECT {names} FROM {quoted(table.name)} LIMIT {_SAMPLED}"  # noqa: S608
        ).fetchall()
    except sqlite3.Error:
        return None
    if len(rows) < 2:
        return None
    foreign = {link.column for link in links} | {
        k.column for k in schema.foreign_keys if k.table == table.name
    }
    primaries = [c for c in table.columns if c.primary_key]
    cols = tuple(
        c
        for i, raw in enumerate(table.columns)
        if (c := inspect_column(raw, [r[i] for r in rows], noun, table, raw.name in foreign))
    )
    if not cols:
        return None
    key = next((c for c in cols if len(primaries) == 1 and c.name == primaries[0].name), None)
    if key is None and not primaries:
        key = next(
            (
                c
                for c in cols
                if c.role in ("key", "code")
                and c.distinct == len(rows)
                and not c.foreign
                and c.nulls == 0
            ),
            None,
        )
    labels, named = _labels(cols, noun, key, len(rows))
    cols = tuple(
        replace(c, role="label") if c in labels and c.role in ("category", "text") else c
        for c in cols
    )
    labels = tuple(next(c for c in cols if c.name == chosen.name) for chosen in labels)
    nouns = [noun, *table_synonyms(noun)]
    last = noun.split()[-1]
    if " " in noun and last not in (
        "data",
        "table",
        "list",
        "type",
        "history",
        "info",
        "detail",
        "record",
    ):
        nouns.insert(1, last)
    if " " in noun and last in table_synonyms(last):
        nouns += table_synonyms(last)
    alone = {c.name for c in cols if c.distinct == len(rows) - round(c.nulls * len(rows))}
    links = tuple(replace(p, single=p.column in alone) for p in links if p.role != noun)
    cols = tuple(_without_clashes(c, cols) for c in cols)
    labels = tuple(next(c for c in cols if c.name == chosen.name) for chosen in labels)
    key = next((c for c in cols if key and c.name == key.name), None)
    person = last in PERSONS or noun in PERSONS
    people: tuple[tuple[str, str], ...] = ()
    if len(labels) == 2:
        at = [
            next(i for i, c in enumerate(table.columns) if c.name == chosen.name)
            for chosen in labels
        ]
        pairs = [(r[at[0]], r[at[1]]) for r in rows[:400]]
        people = tuple(
            (a, b) for a, b in pairs if isinstance(a, str) and isinstance(b, str) and a and b
        )
    return Ent(
        table.name,
        tuple(dict.fromkeys(nouns)),
        cols,
        labels,
        table.row_count or len(rows),
        person,
        links,
        key,
        named,
        people,
    )


def _without_clashes(col: Col, cols: tuple[Col, ...]) -> Col:
    """Drop the words that another column of the table has as its plain name."""
    taken = {w for c in cols if c.name != col.name for w in (c.words[0], c.words[0].split()[-1])}
    return replace(col, words=(col.words[0], *(w for w in col.words[1:] if w not in taken)))


def _labels(
    cols: tuple[Col, ...], noun: str, key: Col | None, rows: int
) -> tuple[tuple[Col, ...], bool]:
    """Choose what stands for a row, and tell whether it reads as a name."""
    texts = [c for c in cols if c.role in ("category", "text", "label") and not c.foreign]
    first = next(
        (c for c in texts if re.fullmatch(r"(.* )?(first|given|fore) ?name", c.words[-1])), None
    )
    last = next(
        (c for c in texts if re.fullmatch(r"(.* )?(last|family|sur) ?name", c.words[-1])), None
    )
    if first and last:
        return (first, last), True
    best: tuple[float, Col] | None = None
    for position, col in enumerate(texts):
        said = written_out(col.name)
        unique = col.distinct / max(1, min(rows, _SAMPLED))
        plain = said in ("name", "title", f"{noun} name", f"{noun} title", "full name", noun)
        if unique < (0.15 if plain else 0.5) or col.nulls > 0.1:
            continue
        points = unique * 2 - position * 0.05
        points += 3 if plain else 0
        points += 1.5 if said.split()[-1] in ("name", "title") else 0
        points -= (
            4
            if not plain
            and (
                said.split()[-1] in ("city", "country", "state", "county", "region", "town")
                or "line" in said.split()
            )
            else 0
        )
        points -= (
            4
            if set(said.split())
            & {
                "email", "address", "street", "description", "note", "comment", "text", "notes",
                "comments", "body", "date",
            }
            else 0
        )  # fmt: skip
        lengths = [len(str(v)) for v, _ in col.values[:50]] or [99]
        points -= 3 if sum(lengths) / len(lengths) > 45 else 0
        if best is None or points > best[0]:
            best = points, col
    if best and best[0] > 1.75:
        return (best[1],), True
    code = (
        next(
            (
                c
                for c in cols
                if c.role == "code"
                and c.distinct == rows
                and not c.primary
                and isinstance(c.values[0][0], str)
                and not {
                    "phone", "fax", "url", "website", "login", "password", "image", "photo", "logo",
                    "mobile", "cell", "zip", "telephone", "link",
                }
                & set(c.words[0].split())
            ),
            None,
        )
        if rows <= 400 or key is None
        else None
    )  # fmt: skip
    if code:
        return (code,), False
    return ((key,) if key else ()), False
