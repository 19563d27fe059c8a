"""Exports that spreadsheets open and never run."""

import csv
import io
import zipfile

import openpyxl
import pytest

from t2s import present_export
from t2s.values import QueryResult


def result(columns, rows):
    return QueryResult("SELECT 1", tuple(columns), tuple(tuple(r) for r in rows), False)


CSV_CELLS = [
    ("plain", "plain"),
    ("=1+1", "'=1+1"),
    ("+cmd|x", "'+cmd|x"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\tx", "'\tx"),
    ("\rx", "'\rx"),
    ("-5", "-5"),
    ("+3.25", "+3.25"),
    ("-1,234.50", "-1,234.50"),
    ("-", "'-"),
    ("-1e5", "-1e5"),
    (-5, "-5"),
    (1.5, "1.5"),
    (None, ""),
    (b"ab", "<2 bytes>"),
    ('say "hi", twice\nover', 'say "hi", twice\nover'),
    ("é", "é"),
    ("\udcff", "\ufffd"),
    ("\n=1", "'\n=1"),
    ("  =1+1", "'  =1+1"),
    ("\uff1d1+1", "'\uff1d1+1"),
    ("a=1", "a=1"),
    ("-.5", "-.5"),
    ("-5%", "-5%"),
    ("+1-800-555", "'+1-800-555"),
    ("=" + "9" * 10_000, "'=" + "9" * 10_000),
    ("a\u202eb\x1b\u200b", "a\u202eb\x1b\u200b"),  # an export is faithful
    (2**63 - 1, "9223372036854775807"),
    (-(2**63), "-9223372036854775808"),
    (2**70, str(2**70)),
    (float("inf"), "inf"),
    (float("nan"), "nan"),
]


@pytest.mark.parametrize(("cell", "expected"), CSV_CELLS)
def test_csv_cell(cell, expected):
    data = present_export.to_csv(result(["a", "=b"], [[cell, "end"]]))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows == [["a", "'=b"], [expected, "end"]]


def test_a_text_is_one_cell_also_where_semicolons_separate_cells():
    data = present_export.to_csv(result(["a;b"], [["x;=1+1;y"]])).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(data, newline=""), delimiter=";"))
    assert rows == [["a;b"], ["x;=1+1;y"]]


def test_csv_starts_with_a_byte_order_mark():
    assert present_export.to_csv(result(["a"], [])) == b'\xef\xbb\xbf"a"\r\n'


def read_back(data):
    return openpyxl.load_workbook(io.BytesIO(data)).active


XLSX_CELLS = [
    ("=1+1", "=1+1"),
    ("=HYPERLINK('http://x')", "=HYPERLINK('http://x')"),
    ("{=1+1}", "{=1+1}"),
    ("+1", "+1"),
    ("@sum", "@sum"),
    ("\t=1", "\t=1"),
    ("#REF!", "#REF!"),
    ("007", "007"),
    ("é", "é"),
    ("", ""),
    (5, 5),
    (-1.5, -1.5),
    (None, None),
    (b"ab", "<2 bytes>"),
    (123456789012345, 123456789012345),
    (1234567890123456, "1234567890123456"),
    (2**63 - 1, "9223372036854775807"),
    (float("inf"), "inf"),
    (float("nan"), "nan"),
    ("a\x00\x1bb", "a␀␛b"),
    ("a\u202eb", "a[U+202E]b"),
    ("\udcff", "\ufffd"),
    ("x" * 40_000, "x" * 32_758 + "... (cut)"),
]


@pytest.mark.parametrize(("cell", "expected"), XLSX_CELLS)
def test_workbook_cell(cell, expected):
    sheet = read_back(present_export.to_xlsx(result(["a", "=b"], [[cell, "end"]])))
    written = sheet["A2"]
    # A reader gives an empty text as no text at all.
    assert written.value == (expected or None if isinstance(expected, str) else expected)
    assert (written.data_type == "s") == (isinstance(expected, str) and expected != "")
    assert written.data_type != "f"
    assert [sheet["A1"].value, sheet["B1"].value, sheet["B2"].value] == ["a", "=b", "end"]


def test_a_workbook_holds_no_formula_and_marks_text_as_typed_with_an_apostrophe():
    data = present_export.to_xlsx(result(["=a"], [["=1+1"], ["-2+3"]]))
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<f " not in sheet
    cells = read_back(data)
    assert [cells[name].quotePrefix for name in ("A1", "A2", "A3")] == [True, True, True]


def test_a_workbook_without_rows_has_its_headers():
    sheet = read_back(present_export.to_xlsx(result(["a", "a"], [])))
    assert [cell.value for cell in sheet[1]] == ["a", "a (2)"]
    assert sheet.max_row == 1


SCRIPTS = [
    ("SELECT a FROM t WHERE b = 'é'", "SELECT a\nFROM t\nWHERE b = 'é';\n"),
    ("SELECT '\udcff'", "SELECT '\ufffd';\n"),
]


@pytest.mark.parametrize(("sql", "expected"), SCRIPTS)
def test_the_statement_as_a_script(sql, expected):
    assert present_export.to_sql(QueryResult(sql, ("a",), ())).decode() == expected
