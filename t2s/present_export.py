"""A query result as a file that spreadsheets open and never run: CSV and XLSX; and its SQL. Pure.

openpyxl is imported by ``to_xlsx`` alone, when it is called.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from t2s.present import clean_text, format_sql, name_headers, to_json_cell
from t2s.present_text import disarm, show_text
from t2s.values import Cell, QueryResult

if TYPE_CHECKING:
    from openpyxl.cell.cell import WriteOnlyCell
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

MAX_EXACT_DIGITS = 15  # of a number in a spreadsheet program
MAX_CELL_CHARACTERS = 32_767  # in a cell of XLSX (Excel specifications and limits)
_CUT = "... (cut)"
_SHEET = "Answer"


def to_csv(result: QueryResult) -> bytes:
    """Return the rows as CSV that spreadsheets open as UTF-8 and never run as formulas.

    Text that begins like a formula gets a leading apostrophe unless it is a number, and every text stands in
    quotes, so that none is split where a semicolon or tab separates cells (OWASP, CSV injection).
    """
    target = io.StringIO(newline="")
    writer = csv.writer(target, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([disarm(header) for header in name_headers(result.columns, as_shown=False)])
    writer.writerows([[_csv_cell(cell) for cell in row] for row in result.rows])
    return target.getvalue().encode("utf-8-sig")


def _csv_cell(cell: Cell) -> str | int | float | None:
    shown = to_json_cell(cell)
    return disarm(shown) if isinstance(cell, str) and isinstance(shown, str) else shown


def to_xlsx(result: QueryResult) -> bytes:
    """Return the rows as a workbook of one sheet with a frozen, bold header row.

    Every text is stored as text with the mark that a typed apostrophe sets, so that none runs as a formula, also
    not when it is edited. Integers of more than 15 digits, which a spreadsheet would round, and infinities become
    text; characters that a workbook cannot hold become visible; text beyond 32,767 characters is cut, and says so.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - 0.2 s that only an export needs

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET)
    sheet.freeze_panes = "A2"
    _append(sheet, name_headers(result.columns), bold=True)
    for row in result.rows:
        _append(sheet, row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def to_sql(result: QueryResult) -> bytes:
    """Return the statement over several lines, as a script of one statement."""
    return f"{clean_text(format_sql(result.sql))};\n".encode()


def _append(sheet: WriteOnlyWorksheet, row: Sequence[Cell], *, bold: bool = False) -> None:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see to_xlsx
    from openpyxl.styles import Font  # noqa: PLC0415

    cells: list[WriteOnlyCell | int | float | None] = []
    for cell in row:
        shown = to_json_cell(cell)
        if isinstance(shown, int) and len(str(abs(shown))) > MAX_EXACT_DIGITS:
            shown = str(shown)
        if not isinstance(shown, str):
            cells.append(shown)
            continue
        text = show_text(shown)
        if len(text) > MAX_CELL_CHARACTERS:
            text = text[: MAX_CELL_CHARACTERS - len(_CUT)] + _CUT
        held = WriteOnlyCell(sheet)
        held.value, held.data_type, held.quotePrefix = text, "s", True
        if bold:
            held.font = Font(bold=True)
        cells.append(held)
    sheet.append(cells)
