"""Corrections as JSON lines: the form that training reads, and that people keep or share."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from t2s import guard
from t2s.errors import DatabaseError, QueryError
from t2s.feedback import Correction, Store, digest, list_corrections, save_all

MAX_BYTES = 20_000_000
SOURCE = "corrections"
# Keys beside those that training reads; what a file lacks takes its default.
_EXTRA = ("wrong_sql", "note", "model_version", "fingerprint", "created_at", "id")


def export_jsonl(store: Store, database_name: str | None = None) -> str:
    """Return the corrections, of one database when named, as one JSON object a line.

    Training reads ``db_id``, ``question``, ``sql`` (null to decline) and ``history``; the other keys bring
    everything back when the lines are imported.

    Raises:
        DatabaseError: They cannot be read.
    """
    found = list_corrections(store, database_name)
    return "".join(json.dumps(_to_record(one), ensure_ascii=False) + "\n" for one in found)


def import_jsonl(store: Store, data: bytes) -> int:
    """Add the corrections of such lines, all or none; return how many were new.

    Importing a file again adds nothing; a line that was altered since becomes a correction of its own.

    Raises:
        DatabaseError: A line is no correction, or they could not be saved; nothing changed.
    """
    return save_all(store, parse(data))


def parse(data: bytes) -> tuple[Correction, ...]:
    """Return the corrections that stand in the lines of a file.

    Raises:
        DatabaseError: The file is too large or not text, or a line is no correction; the sentence names
            the first such line, counted from 1.
    """
    if len(data) > MAX_BYTES:
        raise DatabaseError(
            f"The file is larger than {MAX_BYTES // 1_000_000} MB, so nothing was imported; split it."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatabaseError(
            "The file is not text in UTF-8, so nothing was imported; save it as UTF-8 and import it again.",
            detail=str(error),
        ) from error
    found: list[Correction] = []
    # Not splitlines: JSON texts may hold other line ends as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(_from_record(json.loads(line)))
            except (ValueError, RecursionError) as error:
                what = str(error) if isinstance(error, _BadLineError) else "is not a JSON object"
                raise DatabaseError(
                    f"Line {number} {what}, so nothing was imported; "
                    "correct or remove that line and import the file again.",
                    detail=str(error),
                ) from error
    return tuple(found)


class _BadLineError(ValueError):
    """What is wrong with a line, as the predicate of a sentence; never shown as it is."""


def _to_record(correction: Correction) -> dict[str, Any]:
    record: dict[str, Any] = {
        "db_id": correction.database_name,
        "question": correction.question,
        "sql": correction.right_sql,
        "split": "train",
        "source": SOURCE,
    }
    if correction.history:
        record["history"] = list(correction.history)
    return record | {key: getattr(correction, key) for key in _EXTRA}


def _from_record(record: object) -> Correction:
    if not isinstance(record, dict):
        raise _BadLineError("is not a JSON object")
    for key in ("db_id", "question", "sql"):
        if key not in record:
            raise _BadLineError(f"has no {key}")
    history = record.get("history") or []
    if not isinstance(history, list):
        raise _BadLineError("has a history that is not a list")
    given = {key: record[key] for key in _EXTRA if record.get(key) is not None}
    try:
        if record["sql"] is not None:
            guard.check(str(record["sql"]))
        found = Correction(
            record["question"], record["sql"], record["db_id"], history=tuple(history), **given
        )
    except ValueError as error:
        raise _BadLineError(f"has a {error}") from error
    except QueryError as error:
        raise _BadLineError("has an sql that is not one SELECT statement") from error
    # Without an id of its own a line always gets the same one.
    return found if "id" in given else replace(found, id=digest(found))
