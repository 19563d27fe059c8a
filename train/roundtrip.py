"""How much of the gold SQL the pointer language can say, and whether it says the same.

``python -m train.roundtrip --data DIR --databases DIR`` turns every gold query of every set into symbols and back and,
where the set has databases with rows, runs both and compares what they return.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from t2s.ir import IRError, to_sql, to_symbols
from t2s.values import Schema
from train.compare import is_ordered, same_rows
from train.data import SHARED_DATABASES, extract_databases, read_pairs
from train.schemas import read_schemas

SETS = ("spider", "spider_syn", "sparc", "cosql", "squall", "ambrosia", "typed", "wikisql", "bird")
# Between two calls of the progress handler SQLite runs this many steps, well under a millisecond.
_STEPS = 10_000


@dataclass(slots=True)
class Tally:
    """Counts for one split of one set. ``compared`` are pairs whose gold query ran in time on a filled database."""

    pairs: int = 0
    converted: int = 0
    compared: int = 0
    same: int = 0
    symbols: int = 0
    longest: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, reason: str, example: str) -> None:
        """Count a pair that was left out or changed, and keep the first of its kind."""
        self.reasons[reason] += 1
        self.examples.setdefault(reason, example)


def run_query(
    connection: sqlite3.Connection, sql: str, deadline_seconds: float
) -> list[tuple[object, ...]]:
    """All rows of ``sql``.

    Raises:
        sqlite3.Error: It does not run, or not in time.
    """
    end = time.monotonic() + deadline_seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.set_progress_handler(None, 0)


def has_rows(connection: sqlite3.Connection) -> bool:
    """Whether any table has a row."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    quoted = ('"' + name.replace('"', '""') + '"' for (name,) in names)
    return any(connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() for name in quoted)  # noqa: S608


class Databases:
    """Read-only connections to the databases of one folder, kept open; None for those absent or without rows."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder."""
        self._folder = folder
        self._open: dict[str, sqlite3.Connection | None] = {}

    def connect(self, db_id: str) -> sqlite3.Connection | None:
        """The connection of ``db_id``."""
        if db_id not in self._open:
            path = self._folder / f"{db_id}.sqlite"
            connection = None
            if path.is_file():
                connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
                connection.text_factory = lambda data: data.decode("utf-8", "replace")
                if not has_rows(connection):
                    connection.close()
                    connection = None
            self._open[db_id] = connection
        return self._open[db_id]

    def close(self) -> None:
        """Close all connections."""
        for connection in self._open.values():
            if connection is not None:
                connection.close()
        self._open.clear()


def check_split(
    pairs: Iterable[tuple[str, str]],
    schemas: dict[str, Schema],
    connect: Callable[[str], sqlite3.Connection | None],
    deadline_seconds: float,
) -> Tally:
    """Turn every gold query into symbols and back, and compare results where there are rows."""
    tally = Tally()
    verdicts: dict[tuple[str, str], str] = {}
    for db_id, sql in pairs:
        tally.pairs += 1
        try:
            symbols = to_symbols(sql, schemas[db_id])
            again = to_sql(symbols, schemas[db_id])
        except IRError as error:
            tally.note(error.reason, f"{db_id}: {sql} ({error.detail})")
            continue
        tally.converted += 1
        tally.symbols += len(symbols)
        tally.longest = max(tally.longest, len(symbols))
        key = (db_id, sql)
        if key not in verdicts:
            connection = connect(db_id)
            verdicts[key] = (
                "" if connection is None else _compare(connection, sql, again, deadline_seconds)
            )
        verdict = verdicts[key]
        tally.compared += verdict not in ("", "gold fails")
        tally.same += verdict == "same"
        if verdict not in ("", "same"):
            tally.note(verdict, f"{db_id}: {sql} -> {again}")
    return tally


def _compare(connection: sqlite3.Connection, sql: str, again: str, deadline_seconds: float) -> str:
    try:
        gold = run_query(connection, sql, deadline_seconds)
    except sqlite3.Error:
        return "gold fails"
    try:
        ours = run_query(connection, again, 2 * deadline_seconds)
    except sqlite3.Error as error:
        return f"result: {type(error).__name__}"
    return "same" if same_rows(gold, ours, ordered=is_ordered(sql)) else "result differs"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f}" if whole else "-"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, one line a split."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder a set")
    parser.add_argument(
        "--databases",
        type=Path,
        help="folder with extracted <set>/<db_id>.sqlite; archives of --data are unpacked when left out",
    )
    parser.add_argument(
        "--sets", nargs="+", default=list(SETS), help="sets to check, all by default"
    )
    parser.add_argument(
        "--deadline-seconds", type=float, default=2.0, help="time for one gold query"
    )
    parser.add_argument("--examples", action="store_true", help="show one query for each reason")
    args = parser.parse_args(argv)
    print(
        f"{'set':<12}{'split':<7}{'pairs':>7}{'conv. %':>9}{'compared':>10}{'same %':>8}{'symbols':>9}{'max':>5}  left out"
    )
    with tempfile.TemporaryDirectory() as scratch:
        databases = args.databases or extract_databases(args.data, Path(scratch))
        for name in args.sets:
            home = SHARED_DATABASES.get(name, name)
            schemas = read_schemas(args.data / home / "schemas.jsonl.gz")
            for split in ("train", "dev"):
                pairs = [(p.db_id, p.sql) for p in read_pairs(args.data, name, split) if p.sql]
                if not pairs:
                    continue
                with closing(Databases(databases / home)) as opened:
                    tally = check_split(pairs, schemas, opened.connect, args.deadline_seconds)
                _print_tally(name, split, tally, show=args.examples)
    return 0


def _print_tally(name: str, split: str, tally: Tally, *, show: bool) -> None:
    reasons = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common(5))
    mean = tally.symbols / max(1, tally.converted)
    print(
        f"{name:<12}{split:<7}{tally.pairs:>7}{_percent(tally.converted, tally.pairs):>9}{tally.compared:>10}"
        f"{_percent(tally.same, tally.compared):>8}{mean:>9.1f}{tally.longest:>5}  {reasons}",
        flush=True,
    )
    if show:
        for reason, example in tally.examples.items():
            print(f"    {reason}: {example}")


if __name__ == "__main__":
    raise SystemExit(main())
