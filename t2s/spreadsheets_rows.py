"""Rows of cells become the rows of a table: header, width, types, and what had to be repaired.

Rows are looked at twice, once to settle what they are and once when they are stored, so that a source that
can be read twice is never kept.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice, zip_longest

from t2s.values import Cell

Raw = Cell | bool | datetime.date | datetime.time | datetime.timedelta
Kind = type[str] | type[int] | type[float]
Source = Callable[[], Iterable[list[Raw]]]
Converter = Callable[[Raw], Cell]
_NAME_CHARACTERS = 100
# Rows that are looked at together.
_BATCH_ROWS = 1_000
_LARGEST_REAL = 10**308
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_REAL = re.compile(r"[+-]?(?:(?:0|[1-9]\d{0,17})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_TEXTS = frozenset([str, type(None)])


class Rows(Collection[tuple[Cell, ...]]):
    """The rows of a sheet, as wide as its header and typed; read and converted anew by each loop."""

    def __init__(
        self, source: Source, header: bool, converters: Sequence[Converter], count: int
    ) -> None:
        """Keep how to read them."""
        self._source = source
        self._header = header
        self._converters = tuple(converters)
        self._count = count

    def __len__(self) -> int:
        """Return how many there are."""
        return self._count

    def __contains__(self, row: object) -> bool:
        """Tell whether one of them equals ``row``."""
        return any(row == own for own in self)

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        """Yield each as a tuple of cells."""
        filled = (row for row in self._source() if not _is_blank(row))
        for batch in _batch(islice(filled, int(self._header), None)):
            columns = _transpose(batch, len(self._converters))
            yield from zip(
                *(
                    [None if cell is None else convert(cell) for cell in column]
                    for convert, column in zip(self._converters, columns, strict=True)
                ),
                strict=True,
            )


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table read from a file: ``types`` are SQLite types, one for each column."""

    name: str
    columns: tuple[str, ...]
    types: tuple[Kind, ...]
    rows: Rows
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Survey:
    """What a first look at all rows finds: see :func:`_survey`."""

    header: list[Raw] | None = None
    rows: int = 0
    blank: int = 0
    width: int = 0
    short: int = 0
    long: int = 0
    seen: list[set[str]] = field(default_factory=list)


def _survey(source: Source) -> _Survey | None:
    """Count the rows and note what cells each column has; None when there is no cell at all."""
    survey = _Survey()
    body = _skip_blank(source(), survey)
    first = next(body, None)
    if first is None:
        return None
    if all(_is_number(cell) for cell in first if cell is not None):
        body = chain([first], body)
    else:
        survey.header = first
        survey.width = len(first)
    for batch in _batch(body):
        survey.rows += len(batch)
        survey.width = max(survey.width, *map(len, batch))
        if survey.header is not None:
            survey.short += sum(len(row) < len(survey.header) for row in batch)
            survey.long += sum(len(row) > len(survey.header) for row in batch)
        survey.seen += [set() for _ in range(survey.width - len(survey.seen))]
        for seen, column in zip(survey.seen, _transpose(batch, survey.width), strict=True):
            if not ("text" in seen and _TEXTS.issuperset(map(type, column))):
                seen.update(map(_classify, column))
    survey.seen += [set() for _ in range(survey.width - len(survey.seen))]
    return survey


def _skip_blank(rows: Iterable[list[Raw]], survey: _Survey) -> Iterator[list[Raw]]:
    """Yield rows with cells; count the others, but for those at the end."""
    blank = 0
    for row in rows:
        if _is_blank(row):
            blank += 1
        else:
            survey.blank += blank
            blank = 0
            yield row


def _is_blank(row: list[Raw]) -> bool:
    return row.count(None) == len(row)


def _batch(rows: Iterable[list[Raw]]) -> Iterator[list[list[Raw]]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH_ROWS)):
        yield batch


def _transpose(rows: Sequence[list[Raw]], width: int) -> list[Sequence[Raw]]:
    """Return ``width`` columns; what short rows lack is None."""
    columns: list[Sequence[Raw]] = list(zip_longest(*rows))
    return columns + [[None] * len(rows)] * (width - len(columns))


def build(name: str, source: Source, notes: list[str]) -> Sheet | None:
    """Settle header, width and types; None when there is no cell at all."""
    survey = _survey(source)
    if survey is None:
        return None
    header = survey.header or []
    columns, header_notes = _name_columns(header, survey.width, name)
    kinds = [_choose_type(seen) for seen in survey.seen]
    return Sheet(
        name=name,
        columns=columns,
        types=tuple(kind for kind, _ in kinds),
        rows=Rows(source, survey.header is not None, [c for _, c in kinds], survey.rows),
        notes=(*notes, *_describe(survey, name, header_notes)),
    )


def _describe(survey: _Survey, name: str, header_notes: Sequence[str]) -> Iterator[str]:
    if survey.blank:
        yield f"{survey.blank} blank rows of {name} were left out."
    if survey.header is None:
        yield f"{name} has no header row; its columns are column_1, column_2 and so on."
    yield from header_notes
    if survey.short:
        yield f"{survey.short} rows of {name} are short; their missing cells are empty."
    if survey.long:
        yield f"{survey.long} rows of {name} are long; their extra cells have columns of their own."
    if not survey.rows:
        yield f"{name} has a header but no rows."


def _is_number(cell: Raw) -> bool:
    if isinstance(cell, str):
        return _REAL.fullmatch(cell) is not None
    return isinstance(cell, int | float)


def _name_columns(
    header: Sequence[Raw], width: int, sheet: str
) -> tuple[tuple[str, ...], list[str]]:
    """Return one distinct name for each column, and a note for each name that was made up."""
    names: list[str] = []
    notes: list[str] = []
    for position in range(width):
        cell = header[position] if position < len(header) else None
        text = " ".join("".join(c if c.isprintable() else " " for c in str(cell or "")).split())
        given = text[:_NAME_CHARACTERS]
        name = make_unique(given or f"column_{position + 1}", names)
        if header and name != given:
            said = f"A second {given}" if given else "The empty header"
            notes.append(f"{said} of {sheet} became {name}.")
        names.append(name)
    return tuple(names), notes


def make_unique(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number when it is taken; the case of letters does not count."""
    folded = {t.casefold() for t in taken}
    number, found = 2, name
    while found.casefold() in folded:
        found, number = f"{name}_{number}", number + 1
    return found


def _classify(cell: Raw) -> str:
    """Return what kind of cell it is; see :func:`_choose_type`."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        if _INTEGER.fullmatch(cell):
            return "integer text"
        return "number text" if _REAL.fullmatch(cell) else "text"
    if isinstance(cell, int):
        if -(2**63) <= cell < 2**63:
            return "integer"
        return "large" if abs(cell) < _LARGEST_REAL else "huge"
    if isinstance(cell, float):
        return "number"
    has_clock = isinstance(cell, datetime.datetime) and cell.time() != datetime.time()
    return "date with clock" if has_clock else "date"


def _choose_type(seen: set[str]) -> tuple[Kind, Converter]:
    """Choose a type that loses nothing, and what converts the cells to it."""
    seen = seen - {""}
    if not seen:
        return str, _keep
    if seen <= {"integer"} or seen <= {"integer text"}:
        return int, _to_integer
    if seen <= {"integer", "number", "large"} and "number" in seen:
        return float, _to_real
    if seen <= {"integer text", "number text"}:
        return float, _to_real
    if seen <= {"integer text", "number text", "text"}:
        return str, _keep
    return str, partial(_write_text, with_clock="date with clock" in seen)


def _keep(cell: Raw) -> Cell:
    return cell if isinstance(cell, str) else None


def _to_integer(cell: Raw) -> Cell:
    return int(cell) if isinstance(cell, str | int) else None


def _to_real(cell: Raw) -> Cell:
    return float(cell) if isinstance(cell, str | int | float) else None


def _write_text(cell: Raw, *, with_clock: bool) -> str:
    """Write a cell of a text column; dates the ISO way, with the time where the column has times."""
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S" if with_clock else "%Y-%m-%d")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, bool) else str(cell)
