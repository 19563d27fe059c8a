"""Rebuild the sample databases: ``python -m sample_dbs.build [name ...]``.

The same seed gives the same contents on every run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sample_dbs import build_bookshop, build_cinema, build_ski_resort, build_solar_installs
from sample_dbs.chance import start
from sample_dbs.writing import Rows, write_database

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Builder:
    """What one database is made from: its tables, a seed, and a function that makes the rows."""

    ddl: str
    seed: int
    make_rows: Callable[[Random], Rows]


def list_builders() -> dict[str, Builder]:
    """Return the builders by database name."""
    modules = {
        "bookshop": build_bookshop,
        "cinema": build_cinema,
        "ski_resort": build_ski_resort,
        "solar_installs": build_solar_installs,
    }
    return {name: Builder(m.DDL, m.SEED, m.make_rows) for name, m in modules.items()}


def build(name: str, target: Path) -> None:
    """Write the database ``name`` to ``target``, replacing what was there.

    Raises:
        KeyError: When there is no builder of that name.
    """
    builder = list_builders()[name]
    write_database(target, builder.ddl, builder.make_rows(start(builder.seed)))


def main(argv: Sequence[str] | None = None) -> int:
    """Build the databases named on the command line, all when none is."""
    names = tuple(list_builders())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"which to build: {', '.join(names)} (default: all)"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write the files")
    options = parser.parse_args(argv)
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error(f"no such sample database: {', '.join(unknown)}")
    for name in options.names or names:
        target = options.folder / f"{name}.sqlite"
        build(name, target)
        sys.stdout.write(f"{target.name}: {target.stat().st_size / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
