"""Read CSV and XLSX files into sheets of typed cells, repairing what people's files have wrong.

Covered: encodings, delimiters, missing or duplicate headers, ragged rows, blank rows; numbers become
numbers only where nothing is lost (leading zeros, thousand separators and dates stay text). Every
repair is a sentence in the sheet's notes.

Not covered: several tables on one sheet, merged header cells, formulas without a saved result.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from t2s.errors import DatabaseError
from t2s.sql_names import quote_identifier
from t2s.values import Cell

if TYPE_CHECKING:
    import openpyxl

_MAX_COLUMNS = 1000
_MAX_CELLS = 5_000_000
# What the parts of a workbook may unpack to; a zip bomb promises far more.
_MAX_UNPACKED_BYTES = 500 * 1024 * 1024
_NAME_CHARACTERS = 100
_SNIFFED_CHARACTERS = 64 * 1024
_DELIMITERS = ",;\t|"
_INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d{0,17})")
_REAL = re.compile(r"[+-]?(?:(?:0|[1-9]\d{0,17})(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")
_Raw = Cell | bool | datetime.date | datetime.time | datetime.timedelta
_WORKBOOK_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table read from a file: ``types`` are SQLite types, one for each column."""

    name: str
    columns: tuple[str, ...]
    types: tuple[type[str] | type[int] | type[float], ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


def read_csv(data: bytes, name: str) -> Sheet:
    """Read delimited text; ``name`` becomes the table.

    Raises:
        DatabaseError: It holds nothing, is not text, or is too large.
    """
    text, notes = _decode(data)
    delimiter = _find_delimiter(text[:_SNIFFED_CHARACTERS])
    rows: list[list[_Raw]] = []
    cells = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            cells += len(row)
            _check_size(len(row), cells, name)
            rows.append([cell.strip() or None for cell in row])
    except csv.Error as error:
        raise DatabaseError(
            f"{name} cannot be read as a table; save it again as CSV.", detail=str(error)
        ) from error
    sheet = _build(name, rows, notes)
    if sheet is None:
        raise DatabaseError(f"{name} holds no rows; choose a file with data in it.")
    return sheet


def read_xlsx(path: Path, name: str) -> tuple[Sheet, ...]:
    """Read each sheet with cells as a table named after the sheet.

    Raises:
        DatabaseError: It is not a workbook, holds nothing, or is too large.
    """
    import openpyxl  # noqa: PLC0415  (0.4 s, and few people upload workbooks)
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        # The library judges a path by its ending, and an upload has none: give it the open file.
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                _check_unpacked_size(archive, name)
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
            try:
                found = [_read_worksheet(s, name) for s in book.worksheets]
            finally:
                book.close()
    except (InvalidFileException, *_WORKBOOK_ERRORS) as error:
        raise DatabaseError(
            f"{name} cannot be read as an Excel workbook; save it again as .xlsx or as CSV.",
            detail=str(error),
        ) from error
    sheets = tuple(s for s in found if s is not None)
    if not sheets:
        raise DatabaseError(f"{name} holds no rows; choose a workbook with data in it.")
    return sheets


def write(sheets: Sequence[Sheet], target: Path) -> None:
    """Create the SQLite file ``target`` with one table for each sheet."""
    # Imported late: it brings pandas, which the first page does not need.
    from sqlite_utils import Database as UtilsDatabase  # noqa: PLC0415

    database = UtilsDatabase(str(target), execute_plugins=False)
    try:
        taken: list[str] = []
        for sheet in sheets:
            table = _make_unique(clean_table_name(sheet.name), taken)
            taken.append(table)
            types = dict(zip(sheet.columns, sheet.types, strict=True))
            database.table(table).create(types)
            marks = ", ".join("?" * len(sheet.columns))
            with database.conn:
                database.conn.executemany(
                    f"INSERT INTO {quote_identifier(table)} VALUES ({marks})",  # noqa: S608
                    sheet.rows,
                )
    finally:
        database.close()


def clean_table_name(text: str) -> str:
    """Return a table name of word characters: "Q1 sales (final)" becomes ``Q1_sales_final``."""
    name = re.sub(r"\W+", "_", text)[:_NAME_CHARACTERS].strip("_")
    if not name or name.lower().startswith("sqlite_"):
        name = f"table_{name}".rstrip("_")
    return name


def _read_worksheet(worksheet: openpyxl.worksheet.worksheet.Worksheet, name: str) -> Sheet | None:
    rows: list[list[_Raw]] = []
    cells = 0
    for row in worksheet.iter_rows(values_only=True):
        values = [_clean(cell) for cell in row]
        while values and values[-1] is None:
            values.pop()
        cells += len(values)
        _check_size(len(values), cells, name)
        rows.append(values)
    return _build(worksheet.title, rows, [])


def _clean(cell: object) -> _Raw:
    if isinstance(cell, str):
        return cell.strip() or None
    if cell is None or isinstance(
        cell, int | float | datetime.date | datetime.time | datetime.timedelta
    ):
        return cell
    return str(cell)


def _check_unpacked_size(archive: zipfile.ZipFile, name: str) -> None:
    if sum(part.file_size for part in archive.infolist()) > _MAX_UNPACKED_BYTES:
        raise DatabaseError(f"{name} is too large when unpacked; remove some of its rows.")


def _check_size(columns: int, cells: int, name: str) -> None:
    if columns > _MAX_COLUMNS:
        raise DatabaseError(f"{name} has more than {_MAX_COLUMNS:,} columns; remove some.")
    if cells > _MAX_CELLS:
        raise DatabaseError(f"{name} has more than {_MAX_CELLS:,} cells; split it or remove rows.")


def _decode(data: bytes) -> tuple[str, list[str]]:
    """Return the text, and a note when the bytes were not UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace"), []
    if data[:200].count(0) * 3 > len(data[:200]):
        little = data[1:200:2].count(0) > data[0:200:2].count(0)
        return data.decode("utf-16-le" if little else "utf-16-be", "replace"), []
    try:
        return data.decode("utf-8-sig").replace("\x00", ""), []
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace").replace("\x00", "")
        return text, ["The file is not UTF-8; it was read as Western European text (cp1252)."]


def _find_delimiter(text: str) -> str:
    """Return the delimiter that splits most of the first rows into the same number of cells."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for _, row in zip(range(100), lines, strict=False) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = count / len(widths) + min(width, 50) / 1000 if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _build(name: str, rows: Sequence[list[_Raw]], notes: list[str]) -> Sheet | None:
    """Settle header, width and types; None when there is no cell at all."""
    filled = [row for row in rows if any(cell is not None for cell in row)]
    if not filled:
        return None
    last = max(i for i, row in enumerate(rows) if any(cell is not None for cell in row))
    if blank := last + 1 - len(filled):
        notes = [*notes, f"{blank} blank rows of {name} were left out."]
    header, body = filled[0], filled[1:]
    if all(_is_number(cell) for cell in header if cell is not None):
        header, body = [], filled
        notes = [*notes, f"{name} has no header row; its columns are column_1, column_2 and so on."]
    width = max((len(row) for row in (header, *body)), default=0)
    columns, header_notes = _name_columns(header, width, name)
    short = sum(len(row) < len(header) for row in body)
    long = sum(len(row) > len(header) for row in body) if header else 0
    notes = [*notes, *header_notes]
    if short and header:
        notes.append(f"{short} rows of {name} are short; their missing cells are empty.")
    if long:
        notes.append(
            f"{long} rows of {name} are long; their extra cells have columns of their own."
        )
    if not body:
        notes.append(f"{name} has a header but no rows.")
    padded = [[*row, *[None] * (width - len(row))] for row in body]
    typed = [_type_column([row[i] for row in padded]) for i in range(width)]
    return Sheet(
        name=name,
        columns=columns,
        types=tuple(kind for kind, _ in typed),
        rows=tuple(zip(*(cells for _, cells in typed), strict=True)),
        notes=tuple(notes),
    )


def _is_number(cell: _Raw) -> bool:
    if isinstance(cell, str):
        return _REAL.fullmatch(cell) is not None
    return isinstance(cell, int | float)


def _name_columns(
    header: Sequence[_Raw], width: int, sheet: str
) -> tuple[tuple[str, ...], list[str]]:
    """Return one distinct name for each column, and a note for each name that was made up."""
    names: list[str] = []
    notes: list[str] = []
    for position in range(width):
        cell = header[position] if position < len(header) else None
        text = " ".join("".join(c if c.isprintable() else " " for c in str(cell or "")).split())
        given = text[:_NAME_CHARACTERS]
        name = _make_unique(given or f"column_{position + 1}", names)
        if header and name != given:
            said = f"A second {given}" if given else "The empty header"
            notes.append(f"{said} of {sheet} became {name}.")
        names.append(name)
    return tuple(names), notes


def _make_unique(name: str, taken: Iterable[str]) -> str:
    folded = {t.casefold() for t in taken}
    number, found = 2, name
    while found.casefold() in folded:
        found, number = f"{name}_{number}", number + 1
    return found


def _type_column(
    cells: Sequence[_Raw],
) -> tuple[type[str] | type[int] | type[float], list[Cell]]:
    """Choose a type that loses nothing and convert the cells to it."""
    present = [c for c in cells if c is not None]
    whole = [c for c in present if isinstance(c, int)]
    if present and len(whole) == len(present):
        if all(-(2**63) <= c < 2**63 for c in whole):
            return int, [int(c) if isinstance(c, int) else None for c in cells]
        return str, [None if c is None else str(c) for c in cells]
    if present and all(isinstance(c, int | float) for c in present):
        return float, [float(c) if isinstance(c, int | float) else None for c in cells]
    texts = [c if isinstance(c, str) else None for c in cells]
    if present and all(isinstance(c, str) for c in present):
        words = [c for c in texts if c is not None]
        if all(_INTEGER.fullmatch(c) for c in words):
            return int, [None if c is None else int(c) for c in texts]
        if all(_REAL.fullmatch(c) for c in words):
            return float, [None if c is None else float(c) for c in texts]
        return str, list(texts)
    with_clock = any(
        isinstance(c, datetime.datetime) and c.time() != datetime.time() for c in present
    )
    return str, [None if c is None else _write_text(c, with_clock=with_clock) for c in cells]


def _write_text(cell: _Raw, *, with_clock: bool) -> str:
    """Write a cell of a text column; dates the ISO way, with the time where the column has times."""
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S" if with_clock else "%Y-%m-%d")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, bool) else str(cell)
