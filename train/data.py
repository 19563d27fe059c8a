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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from t2s import database, ir, linking, schema
from t2s.errors import T2SError
from t2s.values import Request, Schema
from train.schemas import schema_from_record

TODAY = datetime.date(
    2025, 7, 1
)  # what "last month" counts from, so that a rerun gives the same examples
UNRELATED_SHARE = 0.05
STANDS_ALONE_WORDS = 6  # shorter questions may be meant as a follow-up
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
    return read_file(path, set_name) if path.exists() else ()


def read_file(path: Path, set_name: str) -> tuple[Pair, ...]:
    """Read a gzipped JSONL file; a record's ``source_set`` tells whose database it asks, else ``set_name``."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return tuple(
        Pair(
            record.get("source_set") or set_name,
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
        """Remember where the set's schemas and databases lie; databases suffice when they have rows."""
        owner = SHARED_DATABASES.get(set_name, set_name)
        self._folder = databases / owner
        self._records: dict[str, Schema] = {}
        described = data / owner / "schemas.jsonl.gz"
        if described.exists():
            with gzip.open(described, "rt", encoding="utf-8") as lines:
                for line in lines:
                    record = json.loads(line)
                    self._records[record["db_id"]] = schema_from_record(record)
        self._db_ids = tuple(self._records) or tuple(
            sorted(path.stem for path in self._folder.glob("*.sqlite"))
        )
        self._read: dict[str, tuple[Schema, linking.ValueIndex, bool]] = {}

    @property
    def db_ids(self) -> tuple[str, ...]:
        """Every database of the set."""
        return self._db_ids

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
    pairs: Sequence[Pair], data: Path, databases: Path, *, negatives: float, seed: int
) -> tuple[list[Example], dict[str, int]]:
    """Link every pair and convert its SQL; count why pairs are left out.

    ``negatives`` is the share of extra examples that pair a question with another database of its set;
    some more (``UNRELATED_SHARE``) put another question before one that stands alone.
    """
    catalogues: dict[str, Catalogue] = {}
    rng = random.Random(f"{seed} {len(pairs)}")
    examples: list[Example] = []
    reasons: dict[str, int] = {}
    alone: dict[str, list[str]] = {}
    for pair in pairs:
        if not pair.history:
            alone.setdefault(pair.db_id, []).append(pair.question)
    for pair in pairs:
        if pair.set_name not in catalogues:
            catalogues[pair.set_name] = Catalogue(data, databases, pair.set_name)
        catalogue = catalogues[pair.set_name]
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
        long = pair.question.count(" ") + 1 >= STANDS_ALONE_WORDS
        if rng.random() < UNRELATED_SHARE and not pair.history and long and has_cells:
            earlier = (rng.choice(alone[pair.db_id]),)
            links = linking.link(pair.question, found, index, TODAY, earlier)
            request = Request(pair.question, found, links, earlier)
            examples.append(Example(replace(pair, history=earlier), request, symbols, has_cells))
    return examples, reasons


def _mismatched(pair: Pair, catalogue: Catalogue, rng: random.Random) -> Example:
    """Return the question asked of another database, which cannot answer it."""
    other = rng.choice([d for d in catalogue.db_ids if d != pair.db_id])
    found, index, has_cells = catalogue.get(other)
    links = linking.link(pair.question, found, index, TODAY)
    wrong = replace(pair, db_id=other, sql=None)
    return Example(wrong, Request(pair.question, found, links), ("unanswerable",), has_cells)


def load_prepared(
    source: Path,
    set_name: str,
    data: Path,
    databases: Path,
    cache: Path,
    *,
    negatives: float = 0.06,
) -> list[Example]:
    """Return ``prepare``'s examples of a file, kept in ``cache`` under a name made of what they depend on.

    The cache is this program's own output; it is never read from a place that others can write.
    """
    if not source.exists():
        return []
    key = hashlib.sha256(source.read_bytes() + repr(("2", negatives)).encode()).hexdigest()[:12]
    path = cache / f"{set_name}-{key}.pickle"
    if path.exists():
        return list(pickle.loads(path.read_bytes()))  # noqa: S301
    pairs = read_file(source, set_name)
    examples, reasons = prepare(pairs, data, databases, negatives=negatives, seed=1)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(pickle.dumps(examples))
    part.rename(path)
    worst = sorted(reasons.items(), key=lambda item: -item[1])[:5]
    print(f"{set_name}: {len(examples)} examples, left out {worst}", flush=True)
    return examples


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
