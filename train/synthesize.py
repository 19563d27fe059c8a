"""Questions that people ask of business data, made up over any SQLite database, with SQL that answers them.

``python -m train.synthesize --databases DIR --count N --per-database K --seed S --out FILE.jsonl.gz`` writes one
record a line: ``{"db_id", "question", "sql", "history"?, "kind"}``. Every SQL was executed and returned something,
and can be written in the pointer language of ``t2s.ir``; unanswerable questions have ``sql`` null.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from t2s import database, ir
from t2s import schema as schemas
from t2s.errors import T2SError
from t2s.values import Database, Schema
from train import (
    synth_dialogue,
    synth_extras,
    synth_groups,
    synth_kinds,
    synth_lookups,
    synth_measures,
    synth_rankings,
    synth_refusals,
    synth_relations,
)
from train.synth_profile import inspect
from train.synth_sql import Statement
from train.synth_tables import Ent, Profile
from train.synth_words import typed

Example = tuple[str, str | None, tuple[str, ...], str]

_QUERY_SECONDS = 0.05
_PATIENCE = 400  # tries without a new question before a database is given up
_FOLLOW_UP, _UNANSWERABLE = "follow_up", "unanswerable"
_KINDS: dict[
    str, tuple[float, Callable[[random.Random, Profile, Ent], synth_kinds.Asked | None]]
] = {
    "list_all": (4.5, synth_kinds.list_all),
    "list": (17, synth_kinds.list_some),
    "sorted": (2.5, synth_kinds.list_sorted),
    "count": (14, synth_kinds.count),
    "aggregate": (14, synth_measures.aggregate),
    "top": (9, synth_measures.top),
    "look_up": (6.5, synth_lookups.look_up),
    "look_up_parent": (1.2, synth_lookups.look_up_parent),
    "with_parent": (2.2, synth_lookups.list_with_parent),
    "distinct": (3.5, synth_lookups.distinct),
    "above_average": (2.2, synth_measures.above_average),
    "share": (2.2, synth_measures.share),
    "difference": (2.6, synth_measures.difference),
    "product": (1, synth_measures.product),
    "count_groups": (8.5, synth_groups.count_groups),
    "sum_groups": (9, synth_groups.sum_groups),
    "over_time": (6.5, synth_groups.over_time),
    "most": (6.5, synth_rankings.most),
    "having": (4.4, synth_rankings.having),
    "never": (3.5, synth_relations.never),
    "with_child": (2, synth_relations.with_child),
    "both": (1.2, synth_relations.both),
    "bosses": (2, synth_relations.bosses),
    "share_groups": (1.3, synth_rankings.share_groups),
    "bands": (1, synth_extras.bands),
    "gap": (0.7, synth_extras.gap),
    "versus": (1.4, synth_extras.versus),
    "either_or": (1, synth_extras.either_or),
    "average_count": (0.8, synth_extras.average_count),
    "of_extreme": (2.4, synth_extras.of_extreme),
    "by_number": (1.8, synth_extras.by_number),
    "by_calendar": (1.6, synth_extras.by_calendar),
}
KINDS = (*_KINDS, _FOLLOW_UP, _UNANSWERABLE)


def generate(db: Database, schema: Schema, seed: int) -> Iterator[Example]:
    """Yield question, SQL (None when it cannot be answered), earlier questions and kind, without end.

    The same database, schema and seed give the same stream. No question comes twice with the same history; the
    stream ends when none that is new turns up any more, and is empty for a database without rows.

    Raises:
        DatabaseError: The file cannot be opened.
    """
    with database.connect(db) as connection:
        profile = inspect(connection, schema)
        if not profile.ents:
            return
        rng = random.Random(seed)
        seen: set[tuple[str, ...]] = set()
        checked: dict[str, bool] = {}
        failures = 0
        while failures < _PATIENCE:
            failures += 1
            made = _make(rng, profile)
            if made is None:
                continue
            question, sql, history, _ = made
            if (*history, question.casefold()) in seen:
                continue
            if sql is not None:
                if sql not in checked:
                    checked[sql] = _answers(connection, sql) and _converts(sql, schema)
                if not checked[sql]:
                    continue
            seen.add((*history, question.casefold()))
            failures = 0
            yield made


def _make(rng: random.Random, profile: Profile) -> Example | None:
    """Try one question: the kind first, so that its share does not depend on how often it fails."""
    draw = rng.random()
    ent = _some_table(rng, profile)
    if draw < 0.095:
        turn = synth_dialogue.follow_up(rng, profile, ent)
        if turn is None:
            return None
        history, question, statement = turn
        shown = tuple(typed(rng, h) for h in history)
        return typed(rng, question), statement.sql(profile), shown, _FOLLOW_UP
    if draw < 0.095 + 0.05:
        text = synth_refusals.unanswerable(rng, profile, ent)
        return None if text is None else (typed(rng, text), None, (), _UNANSWERABLE)
    kind = rng.choices(tuple(_KINDS), [w for w, _ in _KINDS.values()])[0]
    for _ in range(8):
        asked = _KINDS[kind][1](rng, profile, ent)
        if asked is not None:
            question, body = asked
            sql = body.sql(profile) if isinstance(body, Statement) else body
            return typed(rng, question), sql, (), kind
        ent = _some_table(rng, profile)
    return None


def _some_table(rng: random.Random, profile: Profile) -> Ent:
    ents = list(profile.ents.values())
    weights = [(0.35 if e.is_link else 1.0) * (1 + min(8, len(e.cols))) for e in ents]
    return rng.choices(ents, weights)[0]


def _answers(connection: sqlite3.Connection, sql: str) -> bool:
    """Tell whether the statement runs in time and returns something other than NULL."""
    try:
        with database.deadline(connection, _QUERY_SECONDS):
            rows = connection.execute(sql).fetchmany(200)
    except sqlite3.Error:
        return False
    return any(cell is not None for row in rows for cell in row) and rows[0] != (0,)


def _converts(sql: str, schema: Schema) -> bool:
    try:
        ir.to_symbols(sql, schema)
    except ir.IRError:
        return False
    return True


def write_examples(
    paths: Sequence[Path], seed: int, count: int, per_database: int, out: Path
) -> int:
    """Write up to ``per_database`` examples of each file, ``count`` in all; return how many there are."""
    records: list[dict[str, object]] = []
    for path in paths:
        if len(records) >= count:
            break
        try:
            db = database.open_readonly(path)
            schema = schemas.read(db)
            own_seed = seed ^ zlib.crc32(path.stem.encode())
            for number, (question, sql, history, kind) in enumerate(generate(db, schema, own_seed)):
                if number >= per_database:
                    break
                record: dict[str, object] = {"db_id": path.stem, "question": question, "sql": sql}
                if history:
                    record["history"] = list(history)
                records.append({**record, "kind": kind})
        except T2SError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
    out.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(out, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(r, ensure_ascii=False) + "\n" for r in records[:count])
    return min(count, len(records))


def main(argv: Sequence[str] | None = None) -> int:
    """Write a file of examples over folders of databases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--databases", required=True, help="folders of .sqlite files, separated by commas"
    )
    parser.add_argument(
        "--skip", type=Path, help="file with names of databases to leave out, one a line"
    )
    parser.add_argument(
        "--only", type=Path, help="file with names of databases to take, one a line"
    )
    parser.add_argument(
        "--count", type=int, default=40_000, help="examples in all (default %(default)s)"
    )
    parser.add_argument(
        "--per-database", type=int, default=250, help="examples a database (default %(default)s)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the stream (default %(default)s)"
    )
    parser.add_argument("--out", type=Path, required=True, help="gzip file of JSON lines to write")
    options = parser.parse_args(argv)
    skipped = set(options.skip.read_text(encoding="utf-8").split()) if options.skip else set()
    only = set(options.only.read_text(encoding="utf-8").split()) if options.only else None
    paths = [
        path
        for folder in options.databases.split(",")
        for path in sorted(Path(folder).glob("*.sqlite"))
        if path.stem not in skipped and (only is None or path.stem in only)
    ]
    written = write_examples(paths, options.seed, options.count, options.per_database, options.out)
    print(f"{written} examples over {len(paths)} databases in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
