"""Numbers, dates and divisions that SQLite treats otherwise than they look. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial

from sqlglot import exp

from t2s import kinds, present
from t2s.doubts_tree import (
    ORDERINGS,
    Doubt,
    Named,
    Row,
    be_sure,
    cut_text,
    find_column,
    is_number_text,
    is_text,
    list_opposite,
    resolve_item,
    unwrap,
    write,
)
from t2s.values import Cell, QueryResult, Schema

MIN_NUMBERS = 2  # of at most three samples

# Digits that name something: sorted as text on purpose.
_LABEL_NAME = re.compile(
    r"zip|postal|postcode|phone|fax|mobile|isbn|ssn|code|sku|(?:^|_|(?<=[a-z]))id$|\b(?:no|nr|number)\b",
    re.IGNORECASE,
)
_LEADING_ZERO = re.compile(r"\s*[+-]?0\d")
_REAL = exp.Avg | exp.Round
_DATE_READERS = exp.Date | exp.TimeToStr | exp.TsOrDsToDate | exp.TsOrDsToTimestamp
_DATE_FUNCTIONS = frozenset(("date", "datetime", "julianday", "strftime", "unixepoch"))
_SORTING_DATE = re.compile(r"%Y([-/.]?%m([-/.]?%d( %H:%M(:%S(\.%f)?Z?)?)?)?)?")
_READABLE_DATE = re.compile(r"%Y-%m-%d( %H:%M(:%S(\.%f)?Z?)?)?")
_LEADING_YEAR = re.compile(r"\d{4}(?!\d)|\d{6}(\d{2})?$")


def find_mixed_types(tree: exp.Expr, result: QueryResult, schema: Schema) -> Iterator[Doubt]:
    """Doubt numbers kept as text that are ordered as text, and numbers compared with words."""
    for node in tree.find_all(*ORDERINGS, exp.Between):
        named, others = _split_comparison(node, schema)
        words = [o.name for o in others if is_text(o) and not is_number_text(o.name)]
        if named is not None and words and named.column.kind == "number" and not _is_textual(named):
            sentence = (
                f"{named.column.name} holds numbers, and '{cut_text(words[0])}' is none, so this comparison "
                "says nothing; compare with a number."
            )
            yield be_sure("types", sentence)
    variant = tree.copy()
    textual = [
        (column, owner)
        for column in [*_list_ordered(variant), *_list_sought(variant)]
        if (owner := find_column(column, schema)) is not None and _is_textual(owner)
    ]
    changed = [column for column, named in textual if _counts(column, named, schema)]
    if any(not isinstance(column.parent, exp.EQ | exp.In) for column in changed):
        name = changed[0].name
        for column in changed:
            _make_numbers(column)
        sentence = (
            f"{name} is stored as text, so it was compared letter by letter (10 before 9); "
            "as numbers the answer would differ."
        )
        yield Doubt("types", partial(_tell_if_other, sentence, result), write(variant))


def find_divisions(tree: exp.Expr, result: QueryResult, schema: Schema) -> Iterator[Doubt]:
    """Doubt divisions of whole numbers, of which SQLite drops the remainder."""
    variant = tree.copy()
    divisions = [d for d in variant.find_all(exp.Div) if _may_cut(d, schema)]
    if divisions and isinstance(variant, exp.Query):
        for node in divisions:
            whole = exp.Mul(this=exp.Literal.number("1.0"), expression=exp.paren(node.this.copy()))
            node.set("this", whole)
        yield Doubt("division", partial(_tell_division, result), write(variant))


def find_dates(tree: exp.Expr, result: QueryResult, schema: Schema) -> Iterator[Doubt]:
    """Doubt dates ordered as text in a format that does not sort, or read in one SQLite does not know."""
    told: set[str] = set()
    for node, sentence in _list_date_remarks(tree, result, schema):
        named = find_column(node, schema)
        if named is not None and named.column.name not in told:
            told.add(named.column.name)
            yield be_sure("dates", sentence)


def _list_date_remarks(
    tree: exp.Expr, result: QueryResult, schema: Schema
) -> Iterator[tuple[exp.Expr, str]]:
    for node in _list_ordered(tree):
        named = find_column(node, schema)
        if named is None or named.column.kind != "date" or _is_pointless(node, result):
            continue
        column = named.column
        if not _sorts(column.date_format, column.samples):
            yield (
                node,
                f"The dates in {column.name} are texts{_show_sample(column.samples)}, so they were "
                "compared letter by letter, not by time.",
            )
            continue
        for other in list_opposite(node):
            if is_text(other) and other.name and not _LEADING_YEAR.match(other.name):
                yield (
                    node,
                    f"The dates in {column.name} are texts{_show_sample(column.samples)}; "
                    f"'{cut_text(other.name)}' is written in another way, so the comparison says little.",
                )
    for call in tree.find_all(exp.Func):
        column_of = find_column(_date_argument(call), schema)
        if column_of is not None and column_of.column.kind == "date":
            column = column_of.column
            if column.date_format and not _READABLE_DATE.match(column.date_format):
                argument = _date_argument(call)
                assert argument is not None  # noqa: S101 - a column was found in it
                yield (
                    argument,
                    f"The dates in {column.name} are texts{_show_sample(column.samples)}, which the date "
                    "functions of SQLite cannot read, so they count as no value.",
                )


def _date_argument(call: exp.Expr) -> exp.Expr | None:
    """Return what a date function reads."""
    if isinstance(call, exp.Anonymous) and call.name.casefold() in _DATE_FUNCTIONS:
        arguments = call.expressions
        position = 1 if call.name.casefold() == "strftime" else 0
        return arguments[position] if len(arguments) > position else None
    argument = call.this if isinstance(call, _DATE_READERS) else None
    while isinstance(argument, exp.TsOrDsToTimestamp | exp.TsOrDsToDate):
        argument = argument.this
    return argument


def _list_ordered(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Return columns that are compared by size, sorted by, or of which the least or greatest is taken."""
    for node in tree.find_all(*ORDERINGS, exp.Between, exp.Ordered, exp.Min, exp.Max):
        parts = [node.this, node.args.get("expression")]
        yield from (part for part in map(unwrap, parts) if isinstance(part, exp.Column))


def _list_sought(tree: exp.Expr) -> Iterator[exp.Expr]:
    """Return columns that are compared with what a subquery gives, for example the greatest of them."""
    for node in tree.find_all(exp.EQ, exp.In):
        other = node.args.get("query") or unwrap(node.args.get("expression"))
        if isinstance(node.this, exp.Column) and isinstance(other, exp.Subquery):
            yield node.this


def _make_numbers(node: exp.Expr) -> None:
    """Make a column of texts, and what it is compared with, numbers where they look like numbers."""
    for other in list_opposite(node):
        if is_text(other) and is_number_text(other.name):
            other.replace(exp.Literal.number(other.name.strip()))
    column = write(node)
    # Words such as 'n/a' count as none, but a list that puts them last is no wrong list.
    stays = isinstance(node.parent, exp.EQ | exp.In) or (
        isinstance(node.parent, exp.Ordered) and not node.parent.args.get("desc")
    )
    words = column if stays else "NULL"
    digits = f"{column} GLOB '*[0-9]*' AND NOT {column} GLOB '*[^-+.0-9 ]*'"
    node.replace(
        exp.maybe_parse(
            f"CASE WHEN {digits} THEN CAST({column} AS REAL) ELSE {words} END", dialect="sqlite"
        )
    )


def _is_pointless(node: exp.Expr, result: QueryResult) -> bool:
    """Tell whether a sort has nothing to sort."""
    ordered, select = node.find_ancestor(exp.Ordered), node.find_ancestor(exp.Select)
    limited = select is not None and select.args.get("limit") is not None
    return ordered is not None and not limited and len(result.rows) < 2


def _split_comparison(node: exp.Expr, schema: Schema) -> tuple[Named | None, list[exp.Expr]]:
    """Return the one column of a comparison and what it is compared with."""
    parts = [unwrap(node.args.get(key)) for key in ("this", "expression", "low", "high")]
    columns = [part for part in parts if find_column(part, schema) is not None]
    others = [part for part in parts if part is not None and part not in columns]
    return (find_column(columns[0], schema), others) if len(columns) == 1 else (None, [])


def _counts(node: exp.Expr, named: Named, schema: Schema) -> bool:
    """Tell whether an ordered text column is treated as one of numbers."""
    opposite = list_opposite(node)
    others = [other for each in opposite if (other := find_column(each, schema)) is not None]
    if any(not _is_textual(other) for other in others):
        return False  # beside a column of numbers SQLite makes numbers of texts itself
    if named.column.kind == "number":
        return True
    if named.column.kind != "text":
        return False
    numbers = [o for o in opposite if isinstance(o, exp.Literal) and not o.is_string]
    return bool(numbers) or _holds_amounts(named)


def _holds_amounts(named: Named) -> bool:
    """Tell whether most sampled cells are numbers that measure something."""
    samples = named.column.samples
    numbers = sum(is_number_text(sample) and not _LEADING_ZERO.match(sample) for sample in samples)
    return numbers >= MIN_NUMBERS and not _LABEL_NAME.search(named.column.name)


def _is_textual(named: Named) -> bool:
    """Tell whether cells that look like numbers may be texts in this column."""
    affinity = kinds.affinity(named.column.declared_type)
    return affinity in ("text", "blob") or named.column.kind == "text"


def _sorts(date_format: str, samples: Sequence[str]) -> bool:
    if not date_format:
        return True
    dashed = date_format.startswith("%Y-")
    return _SORTING_DATE.fullmatch(date_format) is not None and (
        dashed or len({len(sample) for sample in samples}) <= 1
    )


def _may_cut(node: exp.Expr, schema: Schema) -> bool:
    """Tell whether a division may be of whole numbers, and not one that is meant to be cut."""
    if node.find_ancestor(exp.Cast, exp.Group) or _is_grouped(node):
        return False
    divisor = unwrap(node.args["expression"])
    scaled = node.find_ancestor(exp.Mul)
    if scaled is not None and divisor in (unwrap(scaled.this), unwrap(scaled.expression)):
        return False  # 10 * (year / 10): the decade
    return not any(_is_real(part, schema) for part in (node.this, node.args["expression"]))


def _is_grouped(node: exp.Expr) -> bool:
    """Tell whether a division makes the buckets that rows are grouped into: (month + 2) / 3."""
    select = node.find_ancestor(exp.Select)
    group = None if select is None else select.args.get("group")
    if select is None or group is None:
        return False
    keys = [resolve_item(key, select) for key in group.expressions]
    return any(part in keys for part in _list_upward(node, select))


def _list_upward(node: exp.Expr, top: exp.Expr) -> Iterator[exp.Expr]:
    part: exp.Expr | None = node
    while part is not None and part is not top:
        yield part
        part = part.parent


def _is_real(node: exp.Expr, schema: Schema) -> bool:
    """Tell whether an operand is certainly no whole number."""
    for part in node.walk():
        named = find_column(part, schema)
        if isinstance(part, _REAL) or (
            isinstance(part, exp.Literal) and not part.is_string and "." in part.name
        ):
            return True
        if isinstance(part, exp.Cast) and part.to.is_type(*exp.DataType.REAL_TYPES):
            return True
        if named is not None and kinds.affinity(named.column.declared_type) == "real":
            return not isinstance(part.parent, exp.Count)
    return False


def _tell_if_other(sentence: str, result: QueryResult, rows: Sequence[Row]) -> str:
    return sentence if _differ(result, rows) else ""


def _tell_division(result: QueryResult, rows: Sequence[Row]) -> str:
    if not _differ(result, rows):
        return ""
    cell = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
    exact = (
        f"; with them the answer is {present.format_number(cell)}"
        if isinstance(cell, float)
        else ""
    )
    advice = "" if exact else "; put 1.0 * in front to keep them"
    return f"Whole numbers were divided, which drops the decimals{exact}{advice}."


def _differ(result: QueryResult, rows: Sequence[Row]) -> bool:
    """Tell whether another form of the statement gives other rows; numbers and their texts are equal."""
    ours = [tuple(map(_comparable, row)) for row in result.rows]
    return ours != [tuple(map(_comparable, row)) for row in rows[: len(ours) + 1]]


def _comparable(cell: Cell) -> Cell:
    if isinstance(cell, int | float):
        return round(float(cell), 9)
    if isinstance(cell, str) and is_number_text(cell):
        return round(float(cell), 9)
    return cell


def _show_sample(samples: Sequence[str]) -> str:
    return f" such as '{cut_text(samples[0])}'" if samples else ""
