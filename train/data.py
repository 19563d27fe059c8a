"""Question/SQL pairs as training examples of the embedded model.

A data folder holds one folder a set: ``train.jsonl.gz`` / ``dev.jsonl.gz`` with one record a line
(``db_id``, ``question``, ``sql`` or null, optional ``history``), ``schemas.jsonl.gz``, and optionally
``databases.tar.xz`` with ``<db_id>.sqlite``. Databases are read from ``<databases>/<set>/<db_id>.sqlite``.
"""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import pickle
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from t2s import database, ir, linking, schema
from t2s.errors import T2SError
from t2s.values import Links, Request, Schema
from train.schemas import schema_from_record

TODAY = datetime.date(
    2025, 7, 1
)  # what "last month" counts from, so that a rerun gives the same examples
SHARED_DATABASES = {"spider_syn": "spider", "sparc": "spider", "cosql": "spider"}
SETS = (
    "typed",
    "spider",
    "spider_syn",
    "sparc",
    "cosql",
    "squall",
    "ambrosia",
    "wikisql",
    "bird",
    "text2sql_data",
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its gold SQL; ``sql`` None when the database cannot answer it."""

    set_name: str
    db_id: str
    question: str
    sql: str | None
    history: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A pair ready for training. ``has_cells`` is False when the set ships headers only."""

    pair: Pair
    request: Request
    symbols: tuple[ir.Symbol, ...]
    has_cells: bool


def read_pairs(data: Path, set_name: str, split: str) -> tuple[Pair, ...]:
    """Read one split of one set; empty when the set does not have it."""
    path = data / set_name / f"{split}.jsonl.gz"
    if not path.exists():
        return ()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return tuple(
        Pair(
            set_name,
            record["db_id"],
            record["question"],
            record["sql"],
            tuple(record.get("history") or ()),
            record.get("level") or "",
        )
        for record in records
    )


def extract_databases(data: Path, target: Path) -> Path:
    """Unpack every ``databases.tar.xz`` of ``data`` once into ``target/<set>``; return ``target``."""
    for archive in sorted(data.glob("*/databases.tar.xz")):
        folder = target / archive.parent.name
        if not folder.exists():
            folder.mkdir(parents=True)
            with tarfile.open(archive) as packed:
                packed.extractall(folder, filter="data")
    return target


class Catalogue:
    """Schemas and value indexes of one set, read once each."""

    def __init__(self, data: Path, databases: Path, set_name: str) -> None:
        """Remember where the set's schemas and databases lie."""
        owner = SHARED_DATABASES.get(set_name, set_name)
        self._folder = databases / owner
        self._records: dict[str, Schema] = {}
        with gzip.open(data / owner / "schemas.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                self._records[record["db_id"]] = schema_from_record(record)
        self._read: dict[str, tuple[Schema, linking.ValueIndex, bool]] = {}

    @property
    def db_ids(self) -> tuple[str, ...]:
        """Every database of the set."""
        return tuple(self._records)

    def path(self, db_id: str) -> Path | None:
        """Return the database file, None when the set ships headers only."""
        path = self._folder / f"{db_id}.sqlite"
        return path if path.exists() else None

    def get(self, db_id: str) -> tuple[Schema, linking.ValueIndex, bool]:
        """Return schema, value index, and whether there are cells."""
        if db_id not in self._read:
            path = self.path(db_id)
            if path is None:
                self._read[db_id] = (self._records[db_id], linking.empty_index(), False)
            else:
                opened = database.open_readonly(path)
                found = schema.read(opened)
                self._read[db_id] = (found, linking.index(opened, found), True)
        return self._read[db_id]


def prepare(
    data: Path, databases: Path, set_name: str, split: str, *, negatives: float, seed: int
) -> tuple[list[Example], dict[str, int]]:
    """Link every pair and convert its SQL; count why pairs are left out.

    ``negatives`` is the share of extra examples that pair a question with another database of the set.
    """
    catalogue = Catalogue(data, databases, set_name)
    rng = random.Random(f"{seed} {set_name}")
    examples: list[Example] = []
    reasons: dict[str, int] = {}
    for pair in read_pairs(data, set_name, split):
        try:
            found, index, has_cells = catalogue.get(pair.db_id)
            symbols: tuple[ir.Symbol, ...] = ("unanswerable",)
            if pair.sql is not None:
                symbols = ir.to_symbols(pair.sql, found)
        except T2SError as error:
            reason = str(error)[:60]
            reasons[reason] = reasons.get(reason, 0) + 1
            continue
        links = linking.link(pair.question, found, index, TODAY, pair.history)
        request = Request(pair.question, found, links, pair.history)
        examples.append(Example(pair, request, symbols, has_cells))
        if rng.random() < negatives and not pair.history:
            examples.append(_mismatched(pair, catalogue, rng))
    return examples, reasons


def _mismatched(pair: Pair, catalogue: Catalogue, rng: random.Random) -> Example:
    """Return the question asked of another database, which cannot answer it."""
    other = rng.choice([d for d in catalogue.db_ids if d != pair.db_id])
    found, index, has_cells = catalogue.get(other)
    links = linking.link(pair.question, found, index, TODAY)
    wrong = replace(pair, db_id=other, sql=None)
    return Example(wrong, Request(pair.question, found, links), ("unanswerable",), has_cells)


def load_prepared(
    data: Path, databases: Path, cache: Path, set_name: str, split: str, *, negatives: float = 0.06
) -> list[Example]:
    """Return ``prepare``'s examples, kept in a file of ``cache`` named after what they depend on.

    The cache is this program's own output; it is never read from a place that others can write.
    """
    source = data / set_name / f"{split}.jsonl.gz"
    if not source.exists():
        return []
    key = hashlib.sha256(source.read_bytes() + repr(("1", negatives)).encode()).hexdigest()[:12]
    path = cache / f"{set_name}-{split}-{key}.pickle"
    if path.exists():
        return list(pickle.loads(path.read_bytes()))  # noqa: S301
    examples, reasons = prepare(data, databases, set_name, split, negatives=negatives, seed=1)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(examples))
    part.rename(path)
    worst = sorted(reasons.items(), key=lambda item: -item[1])[:5]
    print(f"{set_name}/{split}: {len(examples)} examples, left out {worst}", flush=True)
    return examples


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


def stream(
    sets: dict[str, list[Example]], weights: dict[str, float], rng: random.Random
) -> Iterator[Example]:
    """Yield examples for ever: a set by weight, then that set's examples in a new random order each time round."""
    names = [n for n in sets if sets[n] and weights.get(n, 0) > 0]
    orders: dict[str, list[Example]] = {n: [] for n in names}
    shares = [weights[n] for n in names]
    while True:
        name = rng.choices(names, shares)[0]
        if not orders[name]:
            orders[name] = list(sets[name])
            rng.shuffle(orders[name])
        yield orders[name].pop()
