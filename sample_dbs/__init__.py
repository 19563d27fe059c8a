"""Sample databases that come with the repository, and questions with known answers about each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

Level = Literal["easy", "medium", "hard"]

_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample database.

    Attributes:
        name: Stem of the file, the key of ``read_questions``.
        title: What to call it on the page.
        description: One sentence.
        path: The SQLite file.
    """

    name: str
    title: str
    description: str
    path: Path


@dataclass(frozen=True, slots=True)
class SampleQuestion:
    """A question as people type it, with its answer.

    Attributes:
        question: As typed.
        sql: A right query; None when the database cannot answer.
        level: How hard it is to put into SQL.
        history: Earlier questions that it follows up, oldest first.
        example: True when the page offers it as a one-click example.
    """

    question: str
    sql: str | None
    level: Level
    history: tuple[str, ...] = ()
    example: bool = False

    def __post_init__(self) -> None:
        """Refuse an unknown level, and examples that do not stand alone."""
        if self.level not in get_args(Level):
            raise ValueError(f"level must be one of {get_args(Level)}, not {self.level!r}")
        if self.example and (self.sql is None or self.history):
            raise ValueError("an example must be answerable without history")


def list_samples() -> tuple[Sample, ...]:
    """Return the sample databases, the most inviting first."""
    texts = (
        (
            "bookshop",
            "Online bookshop",
            "Three years of orders, customers, books, authors and reviews of an online bookshop.",
        ),
        (
            "cinema",
            "Cinema chain",
            "Films, screenings, ticket and snack sales, members and staff of nine cinemas.",
        ),
        (
            "ski_resort",
            "Ski resort",
            "Three winters of ski passes, lifts and lessons in a resort in the Alps.",
        ),
        (
            "solar_installs",
            "Solar installer",
            "One wide spreadsheet with every quote and installation of a solar company.",
        ),
    )
    return tuple(
        Sample(name, title, description, _FOLDER / f"{name}.sqlite")
        for name, title, description in texts
    )


def read_questions(name: str) -> tuple[SampleQuestion, ...]:
    """Return the questions about the sample ``name``, in file order.

    Raises:
        KeyError: When there is no sample of that name.
    """
    if name not in {sample.name for sample in list_samples()}:
        raise KeyError(name)
    lines = (_FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return tuple(
        SampleQuestion(
            question=row["question"],
            sql=row["sql"],
            level=row["level"],
            history=tuple(row.get("history", ())),
            example=row.get("example", False),
        )
        for row in rows
    )
