"""Databases and questions written by hand, as small text files under ``train/questions``.

A file describes the tables of one database, how their cells are filled (seeded, so the same on every
machine), and groups of questions under the SQL that answers them. ``train/questions/README.md`` has the
notation. ``python -m train.written --check FILE...`` says what is wrong with a file; ``--out DIR`` writes
the databases and ``train.jsonl.gz`` there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from t2s.sql_names import quote_identifier
from train.written_cells import Filler, FillError

FOLDER = Path(__file__).parent / "questions"
COLUMN = re.compile(
    r'^\s+(?P<name>"[^"]+"|\w+)\s+(?P<kind>.+?)\s+=\s+(?P<fill>.+?)(?:\s+~\s+(?P<nulls>[\d.]+))?\s*$'
)
SQL_SECONDS_STEPS = 20_000_000  # steps of SQLite's virtual machine a gold query may take


class WrittenError(ValueError):
    """A file of written questions breaks the notation; the message names file and line."""


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A column: its name, its SQL type with constraints, how its cells are filled, its share of NULL."""

    name: str
    kind: str
    fill: str
    nulls: float


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table with its number of rows."""

    name: str
    rows: int
    columns: tuple[WrittenColumn, ...]


@dataclass(frozen=True, slots=True)
class WrittenQuestion:
    """A question, earlier ones of its conversation, and the SQL (None: not answerable here)."""

    sql: str | None
    question: str
    history: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One database with its questions."""

    db_id: str
    tables: tuple[WrittenTable, ...]
    questions: tuple[WrittenQuestion, ...]


def files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """Return the question files, sorted by name."""
    return tuple(sorted(folder.glob("*.txt")))


def read(path: Path) -> WrittenFile:
    """Read a file.

    Raises:
        WrittenError: a line breaks the notation.
    """
    text = path.read_text(encoding="utf-8")
    head, found, tail = text.partition("\nquestions\n")
    if not found:
        raise WrittenError(f"{path.name}: add a line 'questions' before the questions.")
    above = head.count("\n") + 2
    return WrittenFile(path.stem, _tables(path.name, head), _questions(path.name, tail, above))


def _tables(file: str, text: str) -> tuple[WrittenTable, ...]:
    tables: list[tuple[str, int, list[WrittenColumn]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith(("about:", "#")):
            continue
        if line.startswith("table "):
            name, _, rows = line[6:].strip().rpartition(" ")
            if not rows.isdigit() or not name:
                raise WrittenError(f"{file}:{number}: write 'table NAME ROWS', not {line!r}.")
            tables.append((name.strip('"'), int(rows), []))
            continue
        found = COLUMN.match(line)
        if not found or not tables:
            raise WrittenError(f"{file}:{number}: write 'NAME TYPE = FILL', not {line!r}.")
        nulls = float(found["nulls"] or 0)
        column = WrittenColumn(found["name"].strip('"'), found["kind"], found["fill"], nulls)
        tables[-1][2].append(column)
    return tuple(WrittenTable(name, rows, tuple(columns)) for name, rows, columns in tables)


def _questions(file: str, text: str, above: int) -> tuple[WrittenQuestion, ...]:
    sql: str | None = None
    seen_sql = False
    questions = []
    for number, line in enumerate(text.split("\n"), above + 1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("- "):
            sql, seen_sql = (None if line.strip() == "NONE" else line.strip().rstrip(";")), True
            continue
        if not seen_sql:
            raise WrittenError(f"{file}:{number}: put the SQL or NONE above its questions.")
        *history, question = (part.strip() for part in line[2:].split("||"))
        if not question:
            raise WrittenError(f"{file}:{number}: this question is empty.")
        questions.append(WrittenQuestion(sql, question, tuple(history), number))
    return tuple(questions)


def build(written: WrittenFile, target: Path) -> None:
    """Write the database of ``written`` to ``target``, over what is there.

    Raises:
        WrittenError: a fill cannot be understood, or SQLite refuses a table or row.
    """
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as connection:
        filler = Filler(written.db_id)
        for table in written.tables:
            try:
                _fill(connection, table, filler)
            except (FillError, sqlite3.Error) as error:
                raise WrittenError(f"{written.db_id}: table {table.name}: {error}") from error
        for table in written.tables:
            for column in table.columns:
                if column.fill.startswith("calc "):
                    _calculate(connection, written.db_id, table, column, filler)
        connection.commit()
        connection.execute("VACUUM")
    part.replace(target)


def _fill(connection: sqlite3.Connection, table: WrittenTable, filler: Filler) -> None:
    declared = ", ".join(f"{quote_identifier(c.name)} {c.kind}" for c in table.columns)
    connection.execute(f"CREATE TABLE {quote_identifier(table.name)} ({declared})")
    places = ", ".join("?" * len(table.columns))
    filler.fills = {column.name: column.fill for column in table.columns}
    for row in range(table.rows):
        cells: dict[str, object] = {}
        for column in table.columns:
            cells[column.name] = filler.cell(column.fill, column.kind, row, cells, column.nulls)
        for column in table.columns:
            filler.keep(table.name, column.name, cells[column.name])
        connection.execute(
            f"INSERT INTO {quote_identifier(table.name)} VALUES ({places})",  # noqa: S608
            tuple(cells.values()),
        )


def _calculate(
    connection: sqlite3.Connection,
    db_id: str,
    table: WrittenTable,
    column: WrittenColumn,
    filler: Filler,
) -> None:
    expression = column.fill.removeprefix("calc ")
    name = quote_identifier(table.name)
    try:
        connection.execute(f"UPDATE {name} SET {quote_identifier(column.name)} = ({expression})")  # noqa: S608
        for (row,) in connection.execute(f"SELECT rowid FROM {name}").fetchall():  # noqa: S608
            if filler.chance(column.nulls):
                connection.execute(
                    f"UPDATE {name} SET {quote_identifier(column.name)} = NULL WHERE rowid = ?",  # noqa: S608
                    (row,),
                )
    except sqlite3.Error as error:
        raise WrittenError(f"{db_id}: {table.name}.{column.name}: {error}") from error


def records(written: WrittenFile) -> Iterator[dict[str, object]]:
    """Yield training records, one a question."""
    for item in written.questions:
        record: dict[str, object] = {
            "db_id": written.db_id,
            "question": item.question,
            "sql": item.sql,
            "split": "train",
            "source": "written",
        }
        if item.history:
            record["history"] = list(item.history)
        yield record


def build_all(
    target: Path, folder: Path = FOLDER, *, held_out: frozenset[str] = frozenset()
) -> Path:
    """Write every database but those held out to ``target``; return the path of ``train.jsonl.gz`` beside them."""
    target.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for path in files(folder):
        if path.stem in held_out:
            continue
        written = read(path)
        build(written, target / f"{written.db_id}.sqlite")
        lines.extend(json.dumps(record, ensure_ascii=False) for record in records(written))
    out = target / "train.jsonl.gz"
    out.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    return out


def faults(written: WrittenFile, database: Path) -> Iterator[str]:
    """Yield what is wrong: gold SQL that fails, finds nothing, or cannot be spelled from the input."""
    from t2s import encoding, ir, linking, schema  # noqa: PLC0415 - building needs none of them
    from t2s.database import open_readonly  # noqa: PLC0415
    from t2s.errors import T2SError  # noqa: PLC0415
    from t2s.values import Request  # noqa: PLC0415
    from train.data import TODAY  # noqa: PLC0415

    opened = open_readonly(database)
    found = schema.read(opened)
    index = linking.index(opened, found)
    assets = Path(encoding.__file__).parent / "assets" / "compact"
    encoder = encoding.InputEncoder.from_folder(assets)
    state: dict[str, str] = {}
    for item in written.questions:
        if item.sql is None:
            continue
        if item.sql not in state:
            state[item.sql] = _failure(database, item.sql)
            if state[item.sql]:
                yield f"line {item.line}: {state[item.sql]}: {item.sql}"
        if state[item.sql]:
            continue
        try:
            symbols = ir.to_symbols(item.sql, found)
        except T2SError as error:
            state[item.sql] = str(error)
            yield f"line {item.line}: {error} {item.sql}"
            continue
        links = linking.link(item.question, found, index, TODAY, item.history)
        inputs = encoder.encode(Request(item.question, found, links, item.history))
        if encoding.spell(symbols, inputs) is None:
            yield f"line {item.line}: a literal is not within reach: {item.question!r} {item.sql}"


def _failure(database: Path, sql: str) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: 1, SQL_SECONDS_STEPS)
        try:
            rows = connection.execute(sql).fetchmany(2)
        except sqlite3.Error as error:
            return f"fails ({error})"
    empty = not rows or all(cell is None for row in rows for cell in row)
    return "finds nothing" if empty else ""


def main(argv: list[str] | None = None) -> int:
    """Check files or build the databases; 1 when a file has faults."""
    parser = argparse.ArgumentParser(prog="python -m train.written", description=__doc__)
    parser.add_argument("--check", nargs="+", type=Path, help="files to check")
    parser.add_argument("--out", type=Path, help="folder to write databases and questions to")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp"), help="folder for --check")  # noqa: S108
    args = parser.parse_args(argv)
    count = 0
    for path in args.check or ():
        try:
            written = read(path)
            target = args.scratch / f"{written.db_id}.sqlite"
            build(written, target)
        except WrittenError as error:
            print(error)
            count += 1
            continue
        for fault in faults(written, target):
            print(f"{path.name}: {fault}")
            count += 1
        groups = {item.sql for item in written.questions}
        print(f"{path.name}: {len(written.questions)} questions, {len(groups)} statements")
    if args.out:
        print(build_all(args.out))
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
