"""How many gold statements the app would refuse: ``python -m train.refusals --data DIR --databases DIR``.

Every distinct gold statement of the sets passes the guard and runs in the sandbox with the limits of the app. A
statement that runs on an open connection and does not run there is *refused wrongly* when policy turned it away, and
*stopped* when it ran into a limit of time, memory or size. The exit status is 1 when any was refused wrongly.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tqdm import tqdm

from t2s import guard, sandbox
from t2s.errors import QueryError, QueryLimitError, QueryTimeoutError
from t2s.values import QueryResult
from train.data import SHARED_DATABASES, read_pairs

SETS = ("spider", "squall", "ambrosia")
BATCH = 25  # statements for one worker


@dataclass(slots=True)
class Verdicts:
    """What came of the statements of one split; ``wrong`` and ``stopped`` name database, statement and sentence."""

    statements: int = 0
    ran: int = 0
    failing: int = 0
    """Statements that do not run on an open connection either."""
    stopped: list[tuple[str, str, str]] = field(default_factory=list)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)


def check_gold(pairs: Iterable[tuple[str, str]], databases: Path) -> Verdicts:
    """Put distinct (database id, statement) pairs through guard and sandbox; databases that are absent are left out."""
    verdicts = Verdicts()
    by_database: dict[str, list[str]] = defaultdict(list)
    for db_id, sql in dict.fromkeys(pairs):
        by_database[db_id].append(sql)
    for db_id, statements in tqdm(by_database.items(), mininterval=5):
        path = databases / f"{db_id}.sqlite"
        if path.is_file():
            for start in range(0, len(statements), BATCH):
                _check_batch(db_id, path, statements[start : start + BATCH], verdicts)
    return verdicts


def _check_batch(db_id: str, path: Path, statements: Sequence[str], verdicts: Verdicts) -> None:
    checked = []
    for sql in statements:
        verdicts.statements += 1
        try:
            checked.append(guard.check(sql))
        except QueryError as error:
            _note(verdicts, db_id, path, sql, error)
    if not checked:
        return
    results = sandbox.run_each(path, checked, stop_after=len(checked))
    for sql, result in zip(checked, results, strict=True):
        if isinstance(result, QueryResult):
            verdicts.ran += 1
        else:
            _note(verdicts, db_id, path, sql, result)


def _note(verdicts: Verdicts, db_id: str, path: Path, sql: str, error: QueryError) -> None:
    case = (db_id, sql, str(error))
    if isinstance(error, QueryTimeoutError | QueryLimitError):
        verdicts.stopped.append(case)
    elif runs_directly(path, sql):
        verdicts.wrong.append(case)
    else:
        verdicts.failing += 1


def runs_directly(path: Path, sql: str) -> bool:
    """Tell whether a statement gives its first row, or none, on an open read-only connection."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        try:
            connection.execute(sql).fetchone()
        except (sqlite3.Error, sqlite3.Warning):
            return False
    return True


def main(argv: Sequence[str] | None = None) -> int:
    """Check the sets and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m train.refusals", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument(
        "--databases", type=Path, required=True, help="folder of <set>/<db_id>.sqlite"
    )
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="sets to check")
    args = parser.parse_args(argv)
    figures: dict[str, object] = {}
    wrong = 0
    for name in args.sets:
        home = args.databases / SHARED_DATABASES.get(name, name)
        for split in ("train", "dev"):
            pairs = [(p.db_id, p.sql) for p in read_pairs(args.data, name, split) if p.sql]
            if pairs:
                verdicts = check_gold(pairs, home)
                wrong += len(verdicts.wrong)
                figures[f"{name} {split}"] = asdict(verdicts)
    print(json.dumps(figures, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
