"""Frozen values passed between layers. Nothing here does work; validation is in ``__post_init__``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Cell = str | int | float | bytes | None
ColumnKind = Literal["number", "text", "date", "boolean", "blob"]
MatchKind = Literal["exact", "partial"]
ValueSource = Literal["cell", "category", "date", "number"]
ChartKind = Literal["number", "bar", "barh", "stacked", "line", "scatter", "histogram", "map"]
MarkKind = Literal["table", "column", "value", "date", "number", "unused", "unknown"]
Origin = Literal["model", "alternative", "edited"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: Spelling in the database.
        kind: What its values are, from declared type and sampled cells; dates kept as text are ``date``.
        declared_type: Text of the declaration, empty when absent.
        primary_key: True when part of the primary key.
        nullable: False when declared NOT NULL.
        holds_nulls: True when a cell is known to be NULL.
        samples: Up to three distinct cell texts, shortened.
        date_format: strftime format of the cells when ``kind`` is ``date`` ("%Y-%m-%d"), else empty.
        nl_name: Natural-language name when a dataset gives one, else empty.
    """

    name: str
    kind: ColumnKind = "text"
    declared_type: str = ""
    primary_key: bool = False
    nullable: bool = True
    holds_nulls: bool = False
    samples: tuple[str, ...] = ()
    date_format: str = ""
    nl_name: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table or view. ``row_count`` is None when unknown."""

    name: str
    columns: tuple[Column, ...]
    row_count: int | None = None
    nl_name: str = ""
    is_view: bool = False

    def column(self, name: str) -> Column | None:
        """Return the column of that name (case-insensitive), or None."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """``table.column`` refers to ``other_table.other_column``; ``inferred`` when not declared."""

    table: str
    column: str
    other_table: str
    other_column: str
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """Tables in file order, and the keys between them."""

    tables: tuple[Table, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    name: str = ""

    def table(self, name: str) -> Table | None:
        """Return the table of that name (case-insensitive), or None."""
        folded = name.casefold()
        return next((t for t in self.tables if t.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class Database:
    """A file that was checked and can be opened read-only.

    Attributes:
        path: The SQLite file.
        name: What to call it on the page.
        fingerprint: Hash of size, modification time and contents; the key of every cache.
        notes: Sentences about what was done while importing ("empty header became column_3").
    """

    path: Path
    name: str
    fingerprint: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameMatch:
    """Question characters ``[start, end)`` name a table (``column`` None) or a column."""

    start: int
    end: int
    table: str
    column: str | None
    kind: MatchKind


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """A literal that the question may mean.

    Attributes:
        text: The literal as SQL must spell it, without quotes.
        is_number: True when it is written without quotes.
        source: ``cell`` (found in the column), ``category`` (a value of a column with few values, listed
            whether or not the question names it), ``date`` (normalised date expression), ``number``
            (normalised number expression).
        table: Owner of the cell; None for a literal that no column owns.
        column: Owner of the cell; None together with ``table``.
        start: First question character it stands for, -1 when it stands for none.
        end: One past the last question character, -1 when it stands for none.
        score: 1.0 for an exact match, less for stemmed and misspelt ones, 0.0 when only listed.
    """

    text: str
    is_number: bool
    source: ValueSource
    table: str | None = None
    column: str | None = None
    start: int = -1
    end: int = -1
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Links:
    """What the words of a question may refer to, best first within each tuple."""

    names: tuple[NameMatch, ...] = ()
    values: tuple[ValueMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """All that a backend may know. ``history`` holds earlier questions, oldest first."""

    question: str
    schema: Schema
    links: Links
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decoding:
    """How candidates are searched for."""

    beams: int = 8
    max_new_tokens: int = 96

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        if self.beams < 1 or self.max_new_tokens < 1:
            raise ValueError("beams and max_new_tokens must be at least 1")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One statement a model proposes; ``sql`` None means "cannot answer from this database".

    ``probability`` is the model's own, in [0, 1].
    """

    sql: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one query. Times are wall clock."""

    deadline_seconds: float = 2.0
    kill_seconds: float = 3.0
    max_rows: int = 1000
    max_bytes: int = 5_000_000
    max_cell_bytes: int = 10_000
    memory_bytes: int = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Rows as they came. ``truncated`` when more rows existed; ``columns`` may repeat a name."""

    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """A chart chosen by rule: ``x``, ``y`` and ``series`` are column positions of the result.

    Attributes:
        kind: What is drawn. A ``map`` is longitude (``x``) against latitude (``y``).
        x: What the marks stand at: labels, times or a measure.
        y: The measure; the same as ``x`` where there is one column only.
        title: Both in words.
        series: The column that tells several lines or colours of bars apart, on a map what names a place;
            None for one series.
    """

    kind: ChartKind
    x: int
    y: int
    title: str = ""
    series: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """Question characters ``[start, end)`` and what they were taken for.

    Attributes:
        start: First character.
        end: One past the last.
        kind: ``unused`` when the database has it and the statement does not use it, ``unknown`` when it
            matched no name and no value.
        meaning: What it stands for: "table Customer", "Genre.Name = 'Rock'"; empty when unknown.
        corrected: The spelling in the database when the question misspells it, else empty.
    """

    start: int
    end: int
    kind: MarkKind
    meaning: str = ""
    corrected: str = ""


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds spent in each stage of one answer."""

    linking: float = 0.0
    generation: float = 0.0
    execution: float = 0.0

    @property
    def total(self) -> float:
        """Sum of all stages, in seconds."""
        return self.linking + self.generation + self.execution


@dataclass(frozen=True, slots=True)
class Answer:
    """A question and what came of it.

    Attributes:
        question: As typed.
        result: Rows of the best candidate that ran; None when declined.
        sentence: Plain English of what was computed, or why it was declined.
        confidence: In [0, 1].
        alternatives: Further results, distinct from the first and each other.
        links: What the words were taken to mean.
        chart: Chosen chart, None when a table says it better.
        notes: Sentences the user should see beside the answer ("only 12 of 40 tables were considered").
        timings: Seconds by stage.
        alternative_sentences: What each alternative computes, in the order of ``alternatives``.
        reading: What the words of the question became in the statement, in their order.
        origin: Whose choice the statement is: the model's, or the user's among the alternatives or by
            editing; ``confidence`` speaks of the model's choice alone.
        first: What the model chose, when the user has chosen otherwise.
    """

    question: str
    result: QueryResult | None
    sentence: str
    confidence: float
    alternatives: tuple[QueryResult, ...] = ()
    links: Links = Links()
    chart: ChartSpec | None = None
    notes: tuple[str, ...] = ()
    timings: Timings = Timings()
    alternative_sentences: tuple[str, ...] = ()
    reading: tuple[Mark, ...] = ()
    origin: Origin = "model"
    first: QueryResult | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that ended in a sentence instead of an answer; ``sql`` when there was a statement."""

    question: str
    message: str
    sql: str = ""
