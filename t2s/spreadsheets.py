"""Read CSV and XLSX files into sheets of typed cells, repairing what people's files have wrong.

Covered: encodings, delimiters, missing or duplicate headers, ragged rows, blank rows; numbers become
numbers only where nothing is lost (leading zeros, thousand separators and dates stay text). Every
repair is a sentence in the sheet's notes. Delimited text is read twice rather than kept; of a workbook
the saved results of formulas are taken, and nothing it links to is looked at.

Not covered: several tables on one sheet, merged header cells, formulas without a saved result. Time and
memory are bounded where :mod:`t2s.spreadsheets_worker` runs this, in a process of its own.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import re
import sqlite3
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from xml.etree.ElementTree import ParseError

from t2s.errors import DatabaseError
from t2s.spreadsheets_rows import Raw, Sheet, build, make_unique
from t2s.sql_names import quote_identifier

if TYPE_CHECKING:
    import openpyxl

_MAX_ROWS = 2_000_000
_MAX_COLUMNS = 1000
_MAX_CELLS = 5_000_000
# What the parts of a workbook may unpack to; a zip bomb promises far more.
_MAX_UNPACKED_BYTES = 500 * 1024 * 1024
# One row of delimited text, before it is split.
_MAX_ROW_CHARACTERS = 1_000_000
_NAME_CHARACTERS = 100
_SNIFFED_CHARACTERS = 64 * 1024
_SNIFFED_ROWS = 100
_DELIMITERS = ",;\t|"
# Bytes of other kinds of file have far more control characters than text has.
_MAX_CONTROL_SHARE = 0.05
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x19\x1b-\x1f\x7f]")
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
    RecursionError,
)


def read_csv(data: bytes, name: str) -> Sheet:
    """Read delimited text; ``name`` becomes the table.

    Raises:
        DatabaseError: It holds nothing, is not text, or is too large.
    """
    encoding, notes = _find_encoding(data)
    with _open_text(data, encoding) as file:
        sample = file.read(_SNIFFED_CHARACTERS)
    if len(_CONTROLS.findall(sample)) > _MAX_CONTROL_SHARE * len(sample):
        raise DatabaseError(
            f"{name} does not look like text; choose a .sqlite, .csv or .xlsx file."
        )
    delimiter = _find_delimiter(sample.replace("\x00", ""))
    sheet = build(name, lambda: _split(data, encoding, delimiter, name), notes)
    if sheet is None:
        raise DatabaseError(f"{name} holds no rows; choose a file with data in it.")
    return sheet


def read_xlsx(path: Path, name: str) -> tuple[Sheet, ...]:
    """Read each sheet with cells as a table named after the sheet.

    Raises:
        DatabaseError: It is not a workbook, holds nothing, or is too large.
    """
    # The library judges a path by its ending, and an upload has none: it gets the open file.
    with path.open("rb") as file:
        return read_workbook(file, name)


def read_workbook(file: BinaryIO, name: str) -> tuple[Sheet, ...]:
    """Read an open workbook; see :func:`read_xlsx`."""
    import openpyxl  # noqa: PLC0415  (0.1 s, and few people upload workbooks)
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        with zipfile.ZipFile(file) as archive:
            _check_unpacked_size(archive, name)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        count = _Count(name)
        with closing(book):
            found = [_read_worksheet(sheet, count) for sheet in book.worksheets]
    except (InvalidFileException, *_WORKBOOK_ERRORS) as error:
        raise DatabaseError(
            f"{name} cannot be read as an Excel workbook; save it again as .xlsx or as CSV.",
            detail=str(error),
        ) from error
    sheets = tuple(sheet for sheet in found if sheet is not None)
    if not sheets:
        raise DatabaseError(f"{name} holds no rows; choose a workbook with data in it.")
    return sheets


def write(sheets: Iterable[Sheet], target: Path) -> None:
    """Create the SQLite file ``target`` with one table for each sheet.

    Raises:
        sqlite3.Error: It cannot be stored.
    """
    with closing(create(target)) as connection:
        fill(connection, sheets)


def create(target: Path) -> sqlite3.Connection:
    """Open a new SQLite file that is written without any other file beside it."""
    connection = sqlite3.connect(target, isolation_level=None)
    # A file that is not finished is thrown away: it needs no journal.
    for pragma in ("journal_mode=off", "synchronous=off", "temp_store=2", "locking_mode=exclusive"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def fill(connection: sqlite3.Connection, sheets: Iterable[Sheet]) -> None:
    """Write one table for each sheet into what :func:`create` opened.

    Raises:
        sqlite3.Error: It cannot be stored.
    """
    from sqlite_utils import Database as UtilsDatabase  # noqa: PLC0415 - it brings pandas

    utils = UtilsDatabase(connection, recursive_triggers=False, execute_plugins=False)
    taken: list[str] = []
    for sheet in sheets:
        table = make_unique(clean_table_name(sheet.name), taken)
        taken.append(table)
        types = dict(zip(sheet.columns, sheet.types, strict=True))
        marks = ", ".join("?" * len(sheet.columns))
        connection.execute(utils.create_table_sql(table, types))
        connection.executemany(
            f"INSERT INTO {quote_identifier(table)} VALUES ({marks})",  # noqa: S608
            sheet.rows,
        )
    connection.execute("COMMIT")


def clean_table_name(text: str) -> str:
    """Return a table name of word characters: "Q1 sales (final)" becomes ``Q1_sales_final``."""
    name = re.sub(r"\W+", "_", text)[:_NAME_CHARACTERS].strip("_")
    if not name or name.lower().startswith("sqlite_"):
        name = f"table_{name}".rstrip("_")
    return name


class _Count:
    """Counts what a file holds and refuses more than is allowed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = 0
        self._cells = 0

    def add(self, columns: int) -> None:
        """Count one row."""
        self._rows += 1
        self._cells += columns
        if columns > _MAX_COLUMNS:
            raise DatabaseError(
                f"{self._name} has more than {_MAX_COLUMNS:,} columns; remove some."
            )
        if self._rows > _MAX_ROWS:
            raise DatabaseError(f"{self._name} has more than {_MAX_ROWS:,} rows; split it.")
        if self._cells > _MAX_CELLS:
            raise DatabaseError(
                f"{self._name} has more than {_MAX_CELLS:,} cells; split it or remove rows."
            )


def _read_worksheet(
    worksheet: openpyxl.worksheet._read_only.ReadOnlyWorksheet, count: _Count
) -> Sheet | None:
    # The size that a sheet says it has may be anything, and every row would be filled up to it.
    worksheet.reset_dimensions()
    rows: list[list[Raw]] = []
    for row in worksheet.iter_rows(values_only=True):
        width = len(row)
        while width and row[width - 1] is None:
            width -= 1
        count.add(width)
        rows.append([_clean(cell) for cell in row[:width]])
    return build(worksheet.title, lambda: rows, [])


def _clean(cell: object) -> Raw:
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


def _find_encoding(data: bytes) -> tuple[str, list[str]]:
    """Return the encoding, and a note when the bytes are not UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16", []
    head = data[:200]
    if head.count(0) * 3 > len(head):
        little = head[1::2].count(0) > head[0::2].count(0)
        return "utf-16-le" if little else "utf-16-be", []
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _SNIFFED_CHARACTERS):
            decoder.decode(data[start : start + _SNIFFED_CHARACTERS])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        note = "The file is not UTF-8; it was read as Western European text (cp1252)."
        return "cp1252", [note]
    return "utf-8-sig", []


def _open_text(data: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline="")


def _split(data: bytes, encoding: str, delimiter: str, name: str) -> Iterator[list[Raw]]:
    """Yield the rows of delimited text; empty cells are None."""
    row_characters = 0

    def read_lines() -> Iterator[str]:
        nonlocal row_characters
        with _open_text(data, encoding) as file:
            while line := file.readline(_MAX_ROW_CHARACTERS + 1):
                row_characters += len(line)
                if row_characters > _MAX_ROW_CHARACTERS:
                    raise DatabaseError(
                        f"{name} has a row of more than {_MAX_ROW_CHARACTERS:,} characters; check "
                        "its quotes and line ends."
                    )
                yield line.replace("\x00", "")

    count = _Count(name)
    try:
        for row in csv.reader(read_lines(), delimiter=delimiter):
            row_characters = 0
            count.add(len(row))
            yield [cell.strip() or None for cell in row]
    except csv.Error as error:
        raise DatabaseError(
            f"{name} cannot be read as a table; save it again as CSV.", detail=str(error)
        ) from error


def _find_delimiter(text: str) -> str:
    """Return the delimiter that splits most of the first rows into the same number of cells."""
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            widths = [len(row) for row in islice(lines, _SNIFFED_ROWS) if row]
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = Counter(widths).most_common(1)[0]
        score = count / len(widths) + min(width, 50) / 1000 if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best
