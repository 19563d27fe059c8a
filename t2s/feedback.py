"""Corrections that people make, kept in one local SQLite file through sqlite-utils.

Covered: what is saved stays saved, and what cannot be saved raises one sentence and changes nothing (see
:mod:`t2s.feedback_file`); two who write lose nothing of each other. Not covered: copies for the case that the
disk itself is lost; export for that (:mod:`t2s.feedback_lines`).
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from t2s.errors import DatabaseError
from t2s.feedback_file import COLUMNS, TABLE, Store, open_store, reading, tell_time, writing
from t2s.question import MAX_QUESTION_CHARACTERS, is_text

if TYPE_CHECKING:
    from sqlite_utils import Database as UtilsDatabase

MAX_SQL_CHARACTERS = 100_000
MAX_NOTE_CHARACTERS = 5_000
MAX_NAME_CHARACTERS = 200
_MAX_CHARACTERS = {
    "question": MAX_QUESTION_CHARACTERS,
    "history": MAX_QUESTION_CHARACTERS,
    "right_sql": MAX_SQL_CHARACTERS,
    "wrong_sql": MAX_SQL_CHARACTERS,
    "note": MAX_NOTE_CHARACTERS,
}
_TIME_FORM = "%Y-%m-%dT%H:%M:%SZ"
__all__ = [
    "Correction",
    "Store",
    "delete",
    "digest",
    "edit",
    "list_corrections",
    "open_store",
    "save",
    "save_all",
]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a question should have been answered with.

    Attributes:
        question: As typed.
        right_sql: The statement that answers it; None when the right answer is to decline.
        database_name: What the page calls the database.
        fingerprint: Of the database when the correction was made; empty when unknown.
        history: Earlier questions that this one leans on, oldest first.
        wrong_sql: What the model wrote; None when it declined or is unknown.
        note: What was meant, in words.
        model_version: Of the model that was wrong; empty when unknown.
        created_at: UTC, "2025-07-01T12:00:00Z"; by default the time of making this value.
        id: Names it for ever; by default random.
    """

    question: str
    right_sql: str | None
    database_name: str
    fingerprint: str = ""
    history: tuple[str, ...] = ()
    wrong_sql: str | None = None
    note: str = ""
    model_version: str = ""
    created_at: str = dataclasses.field(default_factory=lambda: tell_time(_TIME_FORM))
    id: str = dataclasses.field(default_factory=lambda: secrets.token_hex(16))

    def __post_init__(self) -> None:
        """Refuse what cannot be stored or trained on; the message tells which part, for a sentence."""
        for name in COLUMNS:
            value = getattr(self, name)
            shown = name.replace("_", " ")
            for text in value if name == "history" else (value,):
                if text is None and name in ("right_sql", "wrong_sql"):
                    continue
                if not (isinstance(text, str) and is_text(text)):
                    raise ValueError(f"{shown} that is not text")
                if len(text) > _MAX_CHARACTERS.get(name, MAX_NAME_CHARACTERS):
                    raise ValueError(f"{shown} that is too long")
        if not self.question.strip():
            raise ValueError("question that is empty")
        # It becomes the name of a file when a model is trained.
        name = self.database_name
        if not name.isprintable() or name[:1] in ("", ".") or {*name} & {"/", "\\"}:
            raise ValueError("database name that cannot name a file")
        try:
            datetime.datetime.strptime(self.created_at, _TIME_FORM)
        except ValueError as error:
            raise ValueError("time of creation that is not a time in UTC") from error


def save(store: Store, correction: Correction) -> None:
    """Save a correction; saving it once more after an error does not double it.

    Raises:
        DatabaseError: It could not be saved; nothing changed, and the caller still has it.
    """
    save_all(store, (correction,))


def save_all(store: Store, corrections: Sequence[Correction]) -> int:
    """Save all or none; return how many were new.

    One that is saved already is passed over. Another one of the same id gets an id made of its text.

    Raises:
        DatabaseError: They could not be saved; nothing changed.
    """
    added = 0
    with writing(store) as db:
        for correction in corrections:
            kept = _find(db, correction.id)
            if kept not in (None, correction):
                correction = replace(correction, id=digest(correction))
                kept = _find(db, correction.id)
            if kept is None:
                db.table(TABLE).insert(_to_row(correction))
                added += 1
    return added


def list_corrections(store: Store, database_name: str | None = None) -> tuple[Correction, ...]:
    """Return the corrections, oldest first; those of one database when named.

    Raises:
        DatabaseError: They cannot be read.
    """
    if not store.path.exists():
        return ()
    wanted = () if database_name is None else (database_name,)
    with reading(store) as db:
        where = "database_name = ?" if wanted else None
        rows = db.table(TABLE).rows_where(where, wanted, order_by="created_at, rowid")
        return tuple(map(_from_row, rows))


def edit(store: Store, old: Correction, new: Correction) -> None:
    """Replace a correction, unless it is no longer what its editor saw.

    Raises:
        DatabaseError: It was changed or deleted meanwhile, or could not be saved; nothing changed.
    """
    if old.id != new.id:
        raise ValueError("an edited correction keeps its id")
    with writing(store) as db:
        kept = _find(db, old.id)
        if kept is None:
            raise DatabaseError("This correction was deleted meanwhile; save it as a new one.")
        if kept not in (old, new):
            raise DatabaseError(
                "This correction was changed meanwhile; reload the page before you change it again."
            )
        db.table(TABLE).update(new.id, _to_row(new))


def delete(store: Store, correction_id: str) -> None:
    """Delete a correction; one that is gone already stays gone.

    Raises:
        DatabaseError: The file could not be changed.
    """
    with writing(store) as db:
        db.table(TABLE).delete_where("id = ?", [correction_id])


def digest(correction: Correction) -> str:
    """Return an id made of the contents, without id and time."""
    texts = {**_to_row(correction), "id": "", "created_at": ""}
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:32]


def _find(db: UtilsDatabase, correction_id: str) -> Correction | None:
    rows = db.table(TABLE).rows_where("id = ?", [correction_id])
    return next(map(_from_row, rows), None)


def _to_row(correction: Correction) -> dict[str, Any]:
    row = {name: getattr(correction, name) for name in COLUMNS}
    return {**row, "history": json.dumps(correction.history, ensure_ascii=False)}


def _from_row(row: Mapping[str, Any]) -> Correction:
    try:
        history = tuple(json.loads(row["history"]))
        return Correction(**{name: row[name] for name in COLUMNS} | {"history": history})
    except (KeyError, TypeError, ValueError) as error:
        raise DatabaseError(
            "A saved correction was altered by another program; restore the file or name another one.",
            detail=str(error),
        ) from error
