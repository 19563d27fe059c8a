"""Damage files and statements at random and watch the app's own path through them.

``python tests/fuzz.py [--files 10000] [--statements 10000] [--seed 1] [--only-file N]``

Each *file* case flips bytes of a small database of ours and goes the way of an upload: ``database.open_upload``,
``schema.read``, and statements over every table through ``sandbox.run_each``. Each *statement* case mutates a
statement and goes through ``guard.check`` and the sandbox, with the guard left out for every second one. A case must
end in a result or in one of our errors, in time, with the bytes of the file unchanged, no file beside it and none in
the working directory. What breaks that is printed with its number; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from t2s import database, guard, sandbox, schema
from t2s.errors import QueryError, T2SError
from t2s.values import Limits, QueryResult

LIMITS = Limits(deadline_seconds=1.0, kill_seconds=2.0)
# Opening, checking, reading the schema and the statements have a deadline each; one case may meet several.
MAX_FILE_SECONDS = 15.0
BATCH = 40
_SIDES = ("-wal", "-shm", "-journal")

_BASES = {
    "plain": """
        CREATE TABLE bird (id INTEGER PRIMARY KEY, name TEXT NOT NULL, weight REAL, seen TEXT);
        CREATE TABLE nest (bird_id INTEGER REFERENCES bird (id), place TEXT, eggs INTEGER, PRIMARY KEY (bird_id, place)) WITHOUT ROWID;
        CREATE INDEX by_name ON bird (name, weight DESC);
        CREATE VIEW heavy AS SELECT name FROM bird WHERE weight > 1 ORDER BY weight;
        CREATE TRIGGER t AFTER INSERT ON bird BEGIN DELETE FROM nest; END;""",
    "utf16": """
        PRAGMA encoding = 'UTF-16le'; PRAGMA page_size = 1024;
        CREATE TABLE bird (id INTEGER PRIMARY KEY, name TEXT, weight AS (length(name)) STORED, seen TEXT);
        CREATE TABLE nest (bird_id, place TEXT COLLATE NOCASE, eggs);""",
    "small pages": """
        PRAGMA page_size = 512; PRAGMA auto_vacuum = 1;
        CREATE TABLE bird (id INTEGER PRIMARY KEY, name TEXT, weight REAL, seen TEXT) STRICT;
        CREATE TABLE nest (bird_id INTEGER, place TEXT, eggs INTEGER);
        CREATE VIEW v1 AS SELECT * FROM nest; CREATE VIEW v2 AS SELECT * FROM v1 UNION SELECT * FROM v1;""",
    "search": """
        CREATE TABLE bird (id INTEGER PRIMARY KEY, name TEXT, weight REAL, seen TEXT);
        CREATE VIRTUAL TABLE nest USING fts5(bird_id, place, eggs);
        CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);""",
}

STATEMENTS = (
    "SELECT name, weight FROM bird WHERE weight > 2.5 ORDER BY name LIMIT 5",
    "SELECT b.name, count(*) AS n FROM bird b JOIN nest n ON n.bird_id = b.id GROUP BY b.name HAVING count(*) > 1",
    "WITH a AS (SELECT max(weight) AS w FROM bird) SELECT name FROM bird, a WHERE weight = a.w",
    "SELECT strftime('%Y', seen), avg(weight), group_concat(name, ', ') FROM bird GROUP BY 1",
    "SELECT name FROM bird WHERE id IN (SELECT bird_id FROM nest WHERE place LIKE '%oak%') UNION SELECT place FROM nest",
    "SELECT rank() OVER (PARTITION BY seen ORDER BY weight DESC), name FROM bird",
    "SELECT CASE WHEN eggs IS NULL THEN 'none' ELSE eggs END FROM nest WHERE place != '' AND NOT eggs BETWEEN 1 AND 3",
    "SELECT count(*) FROM json_each('[1, {\"a\": 2}]'), pragma_table_info('bird')",
    "DELETE FROM bird WHERE id = 1",
    "UPDATE bird SET name = 'x' RETURNING id",
    "INSERT INTO nest VALUES (1, 'oak', 2)",
    "CREATE TEMP TABLE t AS SELECT * FROM bird",
    "ATTACH 'fuzz_stray.db' AS x",
    "VACUUM INTO 'fuzz_stray.db'",
    "PRAGMA journal_mode = wal",
    "EXPLAIN QUERY PLAN SELECT * FROM bird",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 500) SELECT sum(i) FROM n",
)
_TOKENS = (
    *(
        "SELECT",
        "FROM",
        "WHERE",
        "WITH",
        "RECURSIVE",
        "UNION ALL",
        "ORDER BY",
        "LIMIT",
        "DELETE",
        "DROP TABLE",
    ),
    *(
        "PRAGMA",
        "ATTACH",
        "EXPLAIN",
        "NULL",
        "*",
        "(",
        ")",
        ",",
        ";",
        "'",
        '"',
        "[",
        "]",
        "`",
        "--",
        "/*",
        "*/",
    ),
    *(
        "0",
        "-1",
        "9223372036854775808",
        "1e999",
        "x'00'",
        "''",
        "?",
        ":a",
        "||",
        "->>",
        "\x00",
        "\ud800",
        "\ufeff",
    ),
    *(
        "bird",
        "nest",
        "sqlite_master",
        "pragma_table_list",
        "zeroblob(9)",
        "randomblob(9)",
        "hex(name)",
        "n",
    ),
)


@dataclass(slots=True)
class Tally:
    """How cases ended, and what must not have happened."""

    endings: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    worst_seconds: float = 0.0


def build_bases(folder: Path) -> list[bytes]:
    """Return small databases of different kinds, the same in every run with one SQLite."""
    chance = random.Random(7)
    found = []
    for name, script in _BASES.items():
        path = folder / f"{name}.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
            columns = "id, name, seen" if name == "utf16" else "id, name, seen, weight"
            marks = ", ".join("?" * len(columns.split(", ")))
            for n in range(60):
                row = [n, f"bird {n} " + "ü" * chance.randrange(60), f"2024-0{1 + n % 9}-11", n / 3]
                cells = row[: len(columns.split(", "))]
                connection.execute(f"INSERT INTO bird ({columns}) VALUES ({marks})", cells)
                nest = (n, f"oak {n}", chance.randrange(5))
                connection.execute("INSERT INTO nest (bird_id, place, eggs) VALUES (?, ?, ?)", nest)
            connection.execute("DELETE FROM bird WHERE id % 7 = 3")
            connection.commit()
        found.append(path.read_bytes())
    return found


def damage(data: bytes, chance: random.Random) -> bytes:
    """Return the file with a few bytes changed, more of them where SQLite keeps its structure."""
    changed = bytearray(data)
    page_bytes = int.from_bytes(data[16:18], "big")
    for _ in range(chance.choice((1, 1, 1, 2, 4, 16, 64))):
        where = chance.choice(("header", "contents", "page", "anywhere"))
        page = chance.randrange(len(data) // page_bytes) * page_bytes
        spot = {
            "header": chance.randrange(100),
            "contents": chance.randrange(100, min(len(data), page_bytes)),
            "page": page + chance.randrange(40),
            "anywhere": chance.randrange(len(data)),
        }[where]
        if where != "header" or spot > 15:  # without the magic bytes it is no database at all
            changed[spot] = chance.choice(
                (0, 1, 255, changed[spot] ^ 1 << chance.randrange(8), chance.randrange(256))
            )
    if chance.random() < 0.03:
        del changed[chance.randrange(100, len(changed)) :]
    return bytes(changed)


def mutate(sql: str, chance: random.Random) -> str:
    """Return the statement with a few pieces removed, doubled, swapped or replaced."""
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 6))):
        words = sql.split(" ")
        spot = chance.randrange(len(words))
        kind = chance.randrange(7)
        if kind == 0:
            del words[spot]
        elif kind == 1:
            words.insert(spot, words[spot])
        elif kind == 2:
            words[spot] = chance.choice(_TOKENS)
        elif kind == 3:
            words.insert(spot, chance.choice(_TOKENS))
        elif kind == 4:
            other = chance.choice(STATEMENTS).split(" ")
            words[spot:] = other[chance.randrange(len(other)) :]
        elif kind == 5:
            cut = chance.randrange(len(words[spot]) + 1)
            words[spot] = words[spot][:cut] + chr(chance.randrange(1, 0x250)) + words[spot][cut:]
        else:
            words[spot] = "(" * chance.randrange(300) + words[spot]
        sql = " ".join(words) or "SELECT 1"
    return sql


def fuzz_files(count: int, seed: int, tally: Tally, only: int | None = None) -> None:
    """Send damaged databases through the app; each number is a case of its own, so one can be run again."""
    with _in_empty_folder() as folder:
        bases = build_bases(folder)
        for path in folder.iterdir():
            path.unlink()
        for number in range(count) if only is None else (only,):
            chance = random.Random(f"{seed} file {number}")
            data = damage(chance.choice(bases), chance)
            with _watch(f"file {number}", MAX_FILE_SECONDS, tally), _in_empty_folder() as private:
                _take_upload(data, private, tally)
                _note_strays(private, f"file {number}", data, tally)


def _take_upload(data: bytes, folder: Path, tally: Tally) -> None:
    try:
        opened = database.open_upload(data, "birds.sqlite", folder)
        tables = schema.read(opened).tables
    except T2SError as error:
        tally.endings[f"file: {type(error).__name__}"] += 1
        return
    names = [t.name.replace('"', '""') for t in tables]
    sqls = [f'SELECT * FROM "{n}"' for n in names] + [f'SELECT count(*) FROM "{n}"' for n in names]
    for outcome in sandbox.run_each(opened.path, sqls, LIMITS, stop_after=len(sqls)):
        tally.endings[f"file, statement: {type(outcome).__name__}"] += 1
    tally.endings["file: read"] += 1


def _note_strays(folder: Path, name: str, data: bytes, tally: Tally) -> None:
    """An upload leaves its own file with the bytes it had, or nothing."""
    kept = [*folder.iterdir()]
    if len(kept) > 1 or any(p.suffix != ".sqlite" or p.read_bytes() != data for p in kept):
        tally.broken.append(f"{name}: files changed or added: {[p.name for p in kept]}")


def fuzz_statements(count: int, seed: int, tally: Tally) -> None:
    """Send mutated statements through the sandbox, every second one through the guard first."""
    with _in_empty_folder() as folder:
        build_bases(folder)
        paths = sorted(folder.iterdir())
        before = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in paths}
        for start in range(0, count, BATCH):
            chance = random.Random(f"{seed} statements {start}")
            sqls = [
                mutate(chance.choice(STATEMENTS), chance) for _ in range(min(BATCH, count - start))
            ]
            name, path = f"statements {start}", chance.choice(paths)
            with _watch(name, (LIMITS.kill_seconds + 0.5) * len(sqls), tally):
                _run_statements(path, sqls, tally)
            after = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}
            if after != before:
                tally.broken.append(f"{name}: files changed or added: {sorted(after)}")


def _run_statements(path: Path, sqls: Sequence[str], tally: Tally) -> None:
    passed = []
    for number, sql in enumerate(sqls):
        try:
            passed.append(guard.check(sql) if number % 2 else sql)
        except QueryError as error:
            tally.endings[f"statement: guard {type(error).__name__}"] += 1
    outcomes = sandbox.run_each(path, passed, LIMITS, stop_after=len(passed))
    tally.endings.update(f"statement: {type(o).__name__}" for o in outcomes)
    if len(outcomes) != len(passed):
        tally.broken.append(f"{len(outcomes)} outcomes of {len(passed)} statements")
    slow = [
        o.sql for o in outcomes if isinstance(o, QueryResult) and o.seconds > LIMITS.kill_seconds
    ]
    tally.broken += [f"answered after the deadline: {sql!r}" for sql in slow]


@contextlib.contextmanager
def _watch(name: str, max_seconds: float, tally: Tally) -> Iterator[None]:
    """Note what is raised, and what takes too long."""
    started = time.monotonic()
    try:
        yield
    except BaseException as error:  # whatever it is, it is a finding
        if isinstance(error, KeyboardInterrupt):
            raise
        tally.broken.append(f"{name}: {type(error).__name__}: {error}")
    seconds = time.monotonic() - started
    tally.worst_seconds = max(tally.worst_seconds, seconds)
    if seconds > max_seconds:
        tally.broken.append(f"{name}: took {seconds:.1f} s")


@contextlib.contextmanager
def _in_empty_folder() -> Iterator[Path]:
    """Give a folder and make it the working directory, so that a stray file is seen."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="t2s-fuzz-") as name:
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000, help="damaged files (default 10000)")
    parser.add_argument(
        "--statements", type=int, default=10_000, help="mutated statements (default 10000)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed gives other cases (default 1)"
    )
    parser.add_argument("--only-file", type=int, metavar="N", help="run one file case again")
    arguments = parser.parse_args(argv)
    tally = Tally()
    started = time.monotonic()
    fuzz_files(arguments.files, arguments.seed, tally, arguments.only_file)
    fuzz_statements(
        0 if arguments.only_file is not None else arguments.statements, arguments.seed, tally
    )
    for line in tally.broken:
        print(line, file=sys.stderr)
    figures = {
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - started, 1),
        "worst_seconds": round(tally.worst_seconds, 2),
        "endings": dict(sorted(tally.endings.items())),
        "broken": len(tally.broken),
    }
    print(json.dumps(figures, indent=1))
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
