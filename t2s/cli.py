"""The command line: ``python -m t2s ask|schema|batch|doctor``.

Exit codes: 0 done; 1 could not be done, with one sentence on stderr; 2 wrong usage; 3 the question cannot be
answered from this database (``ask`` alone); 130 interrupted. ``batch`` ends with 0 once every line is
written, whatever became of single questions; ``doctor`` ends with 1 when something that is needed is missing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import IO

from tqdm import tqdm

from t2s import backends, cli_doctor, database, pipeline, present
from t2s import schema as schemas
from t2s.backends import Backend, ModelSpec
from t2s.errors import T2SError
from t2s.values import Answer, QueryResult, Schema

DONE, FAILED, UNANSWERABLE, INTERRUPTED = 0, 1, 3, 130
SAMPLES_FOLDER = Path(__file__).resolve().parents[1] / "sample_dbs"
MAX_OPEN_SESSIONS = 8  # a session holds an index of a few megabytes
MAX_SHOWN_ROWS = 40
MAX_SHOWN_CHARACTERS = 60

LoadBackend = Callable[[ModelSpec], Backend]


def main(argv: Sequence[str] | None = None, load_backend: LoadBackend = backends.load) -> int:
    """Run one command and return its exit code.

    Args:
        argv: Words after the program name; those of the process when None.
        load_backend: Loads the model; tests pass one that answers from a list.
    """
    arguments = _build_parser().parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # terminals that cannot show every letter
    try:
        return _run(arguments, load_backend)
    except T2SError as error:
        print(_plain(str(error)), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(arguments: argparse.Namespace, load_backend: LoadBackend) -> int:
    if arguments.command == "schema":
        return _show_schema(arguments.database, as_json=arguments.json)
    if arguments.command == "doctor":
        return _examine(arguments.model)
    if arguments.command == "ask":
        backend = load_backend(_model(arguments.model))
        session = pipeline.open_session(arguments.database, backend)
        return _ask(arguments.question, session, as_json=arguments.json)
    return _batch(arguments, load_backend)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m t2s", description="Ask a SQLite database a question in plain English."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    model = argparse.ArgumentParser(add_help=False)
    model.add_argument(
        "--model",
        type=Path,
        default=backends.DEFAULT_FOLDER,
        metavar="FOLDER",
        help="folder of the embedded model, or a .json file of scripted answers "
        "(default: the model that comes with t2s)",
    )
    ask = commands.add_parser("ask", parents=[model], help="answer one question")
    ask.add_argument("database", type=Path, metavar="DB", help="SQLite file; it is only read")
    ask.add_argument("question", metavar="QUESTION", help="question in plain English, in quotes")
    ask.add_argument("--json", action="store_true", help="print the answer as one JSON object")
    show = commands.add_parser("schema", help="list the tables and columns of a database")
    show.add_argument("database", type=Path, metavar="DB", help="SQLite file; it is only read")
    show.add_argument("--json", action="store_true", help="print the schema as one JSON object")
    batch = commands.add_parser("batch", parents=[model], help="answer a file of questions")
    batch.add_argument(
        "--questions",
        type=Path,
        required=True,
        metavar="FILE",
        help='JSON lines {"id", "db", "question", "history"?: [earlier questions]}',
    )
    batch.add_argument(
        "--databases", type=Path, required=True, metavar="DIR", help="folder that holds <db>.sqlite"
    )
    batch.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help='JSON lines to write: {"id", "sql", "confidence", "seconds", "error"?}, in the same order',
    )
    commands.add_parser(
        "doctor", parents=[model], help="tell whether this machine has what the app needs"
    )
    return parser


def _examine(model: Path) -> int:
    """Print one line for each finding."""
    missing = 0
    for finding in cli_doctor.examine(model, sorted(SAMPLES_FOLDER.glob("*.sqlite"))):
        print(f"{finding.state:<8} {_plain(finding.text)}", flush=True)
        missing += finding.state == "missing"
    return FAILED if missing else DONE


def _model(path: Path) -> ModelSpec:
    """Return what to load: a folder holds the embedded model, a .json file scripted answers."""
    return ModelSpec("scripted" if path.suffix == ".json" else "compact", path)


def _ask(asked: str, session: pipeline.Session, *, as_json: bool) -> int:
    answer = pipeline.answer(asked, session)
    print(json.dumps(_describe(answer)) if as_json else "\n".join(_draw(answer)))
    return UNANSWERABLE if answer.result is None else DONE


def _describe(answer: Answer) -> dict[str, object]:
    """Return an answer as JSON can carry it; bytes are shown by their length."""
    return {
        "question": answer.question,
        "sentence": answer.sentence,
        "confidence": round(answer.confidence, 4),
        "result": None if answer.result is None else _describe_result(answer.result),
        "alternatives": [_describe_result(other) for other in answer.alternatives],
        "notes": list(answer.notes),
        "seconds": round(answer.timings.total, 4),
    }


def _describe_result(result: QueryResult) -> dict[str, object]:
    return {
        "sql": result.sql,
        "columns": [present.clean_text(column) for column in result.columns],
        "rows": [[present.to_json_cell(cell) for cell in row] for row in result.rows],
        "truncated": result.truncated,
    }


def _draw(answer: Answer) -> Iterable[str]:
    """Yield an answer as lines for a terminal."""
    yield _plain(answer.sentence)
    yield from (f"Note: {_plain(note)}" for note in answer.notes)
    result = answer.result
    if result is None:
        return
    yield ""
    large = present.headline(result)
    yield from [_plain(large)] if large is not None else _draw_table(result)
    yield f"\n{present.summary(result)}, confidence {answer.confidence:.0%}, {answer.timings.total:.2f} s"
    yield f"\n{_plain(present.format_sql(result.sql), keep_lines=True)}"


def _draw_table(result: QueryResult) -> Iterable[str]:
    shown = result.rows[:MAX_SHOWN_ROWS]
    cells = [["" if c is None else str(present.to_json_cell(c)) for c in row] for row in shown]
    lines = [
        [_cut(_plain(text)) for text in line]
        for line in ([list(present.name_headers(result.columns)), *cells])
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()
    if len(result.rows) > len(shown):
        yield f"... and {len(result.rows) - len(shown):,} more rows; --json prints them."


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 3]}..."


def _plain(text: str, *, keep_lines: bool = False) -> str:
    """Return text without characters that would steer the terminal."""
    kept = "\n" if keep_lines else ""
    return "".join(c if c.isprintable() or c in kept else " " for c in text)


def _show_schema(path: Path, *, as_json: bool) -> int:
    schema = schemas.read(database.open_readonly(path))
    text = json.dumps(asdict(schema)) if as_json else "\n".join(_draw_schema(schema))
    print(text)
    return DONE


def _draw_schema(schema: Schema) -> Iterable[str]:
    for table in schema.tables:
        count = "" if table.row_count is None else f" ({table.row_count:,} rows)"
        yield f"{_plain(table.name)}{count}"
        for column in table.columns:
            key = ", primary key" if column.primary_key else ""
            samples = ", ".join(_cut(_plain(sample)) for sample in column.samples)
            yield f"  {_plain(column.name)}: {column.kind}{key}{f', e.g. {samples}' if samples else ''}"
    for link in schema.foreign_keys:
        inferred = " (inferred)" if link.inferred else ""
        ends = f"{link.table}.{link.column} -> {link.other_table}.{link.other_column}"
        yield f"{_plain(ends)}{inferred}"


def _batch(arguments: argparse.Namespace, load_backend: LoadBackend) -> int:
    lines = _read_lines(arguments.questions)
    if not arguments.databases.is_dir():
        raise T2SError(f"There is no folder {arguments.databases}; check --databases.")
    if arguments.out.exists() and arguments.out.samefile(arguments.questions):
        raise T2SError("--out is the file of questions; name another one.")
    backend = load_backend(_model(arguments.model))

    @lru_cache(maxsize=MAX_OPEN_SESSIONS)
    def open_session(name: str) -> pipeline.Session:
        return pipeline.open_session(arguments.databases / f"{name}.sqlite", backend)

    try:
        target = arguments.out.open("w", encoding="utf-8")
    except OSError as error:
        raise T2SError(f"{arguments.out} cannot be written; check --out.") from error
    with target:
        _write_lines(lines, open_session, target)
    return DONE


def _read_lines(path: Path) -> list[tuple[int, bytes]]:
    """Return the lines that hold something, with their numbers from 1."""
    try:
        raw = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError as error:
        raise T2SError(f"{path} cannot be read; check --questions.") from error
    return [(number, line) for number, line in enumerate(raw, start=1) if line.strip()]


def _write_lines(
    lines: Sequence[tuple[int, bytes]],
    open_session: Callable[[str], pipeline.Session],
    target: IO[str],
) -> None:
    """Write one line for each question as soon as it is known, so that an interruption loses none."""
    for number, line in tqdm(lines, unit="question", file=sys.stderr):
        started = perf_counter()
        record: dict[str, object] = {"id": None, "sql": None, "confidence": 0.0, "seconds": 0.0}
        try:
            asked = _read_object(number, line)
            record["id"] = asked.get("id")
            answer = _answer_line(number, asked, open_session)
            record["sql"] = None if answer.result is None else answer.result.sql
            record["confidence"] = round(answer.confidence, 4)
        except T2SError as error:
            record["error"] = str(error)
        record["seconds"] = round(perf_counter() - started, 4)
        target.write(f"{json.dumps(record)}\n")
        target.flush()


def _read_object(number: int, line: bytes) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise T2SError(f"Line {number} is not JSON; correct it.", detail=str(error)) from error
    if not isinstance(record, dict):
        raise T2SError(f"Line {number} is not a JSON object; correct it.")
    return record


def _answer_line(
    number: int, asked: dict[str, object], open_session: Callable[[str], pipeline.Session]
) -> Answer:
    """Answer the question of one line.

    Raises:
        T2SError: A field is missing or of the wrong kind, or the question cannot be answered.
    """
    db, question, history = asked.get("db"), asked.get("question"), asked.get("history") or []
    if not isinstance(db, str) or not isinstance(question, str):
        raise T2SError(f'Line {number} needs the texts "db" and "question"; correct it.')
    if not db or not db.isprintable() or Path(db).name != db:
        raise T2SError(f'In line {number} "db" must be the plain name of a database.')
    if not isinstance(history, list) or not all(isinstance(each, str) for each in history):
        raise T2SError(f'In line {number} "history" must be a list of texts; correct it.')
    return pipeline.answer(question, open_session(db), tuple(history))
