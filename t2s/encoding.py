"""A request as model input, and the literal half of the pointer language.

The encoder reads one sequence of at most ``MAX_POSITIONS`` word pieces::

    [CLS] earlier question [H] question [SEP] [V] date [V] number [SEP]
    [T] table [C] column [V] cell [C] column [F] other table [T] ... [SEP]

Markers in brackets are unused entries of the BERT vocabulary. What a marker or word piece stands for, and what
linking knows about it, rides on the token type. The decoder writes *output ids*: ``0 .. len(KEYWORDS) - 1`` are
the keywords of ``t2s.ir`` in order, ``len(KEYWORDS) + p`` points at input position ``p``. Tables, columns and whole
literals are written by pointing at their marker; a literal that linking did not offer is spelled by the first and
last word piece of a run in the question, or by digit keywords. So no value can be written that stands neither in the
question nor in the database, except numbers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from t2s import schema as schemas
from t2s.ir import KEYWORDS, ColumnSymbol, NumberSymbol, Symbol, TableSymbol, TextSymbol
from t2s.values import Column, ForeignKey, Links, Request, Schema, Table, ValueMatch
from t2s.words import name_words

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_POSITIONS = 512  # learned position embeddings of the encoder
MAX_SPAN_PIECES = 12  # longest literal spelled from the question; also the grammar's bound
MAX_VALUE_PIECES = 12
MAX_NAME_PIECES = 16
MAX_QUESTION_PIECES = 160
MAX_HISTORY_PIECES = 48

KEYWORD_IDS = {keyword: index for index, keyword in enumerate(KEYWORDS)}
POINTER_OFFSET = len(KEYWORDS)
QUOTE = "'"
UNANSWERABLE = "unanswerable"
DIGITS = frozenset("0123456789.")
LITERAL_CHARACTERS = DIGITS | frozenset("%_-/: ")

# [unused0] .. of the BERT vocabulary, ids 1 and up; [CLS] and [SEP] as in BERT.
CLS_ID, SEP_ID = 101, 102
TABLE_ID, COLUMN_ID, VALUE_ID, KEY_ID, HISTORY_ID = 1, 2, 3, 4, 5

TYPE_SPECIAL = 0
TYPE_WORD = (
    1  # + 0 plain, 1 column partly, 2 column, 3 table partly, 4 table, 5 cell, 6 date or number
)
TYPE_HISTORY = 8  # + 1 when matched
TYPE_TABLE = 10  # + 0 plain, 1 partly, 2 named
TYPE_TABLE_NAME = 13
TYPE_COLUMN = (
    14  # + 4 * kind (text, number, ISO date) + 0 plain, 1 partly, 2 named, 3 holds a matched cell
)
TYPE_COLUMN_NAME = 26
TYPE_KEY_TARGET = 27
TYPE_PRIMARY_NAME = 28
TYPE_LISTED = 29
TYPE_MATCHED = 30
TYPE_VALUE_TEXT = 31
TYPE_DATE = 32
TYPE_NUMBER = 33
TYPE_FREE_TEXT = 34
TYPE_NULLABLE_NAME = 35  # of a column with NULLs
TYPE_COLUMN_MORE = (
    40  # as TYPE_COLUMN, + 4 * kind (flag, day first, month first, another way of writing dates)
)
TYPE_COUNT = 56

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """A word piece of the question (``source`` 0) or of an earlier one; ``start``/``end`` are characters."""

    source: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the encoder reads, and what each position means.

    Attributes:
        input_ids: Word-piece ids, at most ``MAX_POSITIONS``.
        type_ids: Token types, same length.
        schema: The tables and columns that fitted.
        texts: The question, then earlier questions, latest first.
        tables: Position of each table marker.
        columns: Position of each column marker.
        values: Position of each value marker.
        pieces: Positions of question and history pieces, in order.
        omitted_tables: Names of tables that did not fit.
    """

    input_ids: tuple[int, ...]
    type_ids: tuple[int, ...]
    schema: Schema
    texts: tuple[str, ...]
    tables: dict[int, TableSymbol]
    columns: dict[int, ColumnSymbol]
    values: dict[int, ValueMatch]
    pieces: dict[int, Piece]
    omitted_tables: tuple[str, ...] = ()

    @property
    def numeric_pieces(self) -> frozenset[int]:
        """Positions of pieces that begin with a digit."""
        return frozenset(
            p for p, piece in self.pieces.items() if self.texts[piece.source][piece.start].isdigit()
        )

    def span_text(self, first: int, last: int) -> str | None:
        """Return the characters from piece ``first`` to piece ``last``, None when they are no run."""
        head, tail = self.pieces.get(first), self.pieces.get(last)
        if head is None or tail is None or head.source != tail.source:
            return None
        if last < first or last - first >= MAX_SPAN_PIECES:
            return None
        return self.texts[head.source][head.start : tail.end]


class InputEncoder:
    """Builds ``Inputs`` with one tokenizer; keeps the pieces of names it has seen."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Keep a BERT word-piece tokenizer (``tokenizers.Tokenizer``); its truncation must be off."""
        self._tokenizer = tokenizer
        self._cached_ids = lru_cache(maxsize=65536)(self._encode_words)

    @classmethod
    def from_folder(cls, folder: Path) -> InputEncoder:
        """Read ``tokenizer.json`` of ``folder``."""
        from tokenizers import Tokenizer  # noqa: PLC0415

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(tokenizer)

    def _encode_words(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def encode(self, request: Request, *, shuffle: random.Random | None = None) -> Inputs:
        """Lay out a request; with ``shuffle`` tables and columns come in random order (training).

        A schema too large for ``MAX_POSITIONS`` first loses listed values that the question does not name, then the
        tables and columns that matter least.
        """
        schema, links = request.schema, request.links
        inputs = self._lay_out(request, schema, links, shuffle)
        if len(inputs.input_ids) <= MAX_POSITIONS:
            return inputs
        links = replace(links, values=tuple(v for v in links.values if v.score > 0 or not v.table))
        inputs = self._lay_out(request, schema, links, shuffle)
        budget = sum(len(t.columns) for t in schema.tables)
        table_scores, column_scores = relevance(links)
        while len(inputs.input_ids) > MAX_POSITIONS and budget > 1:
            budget = min(budget - 1, int(budget * MAX_POSITIONS / len(inputs.input_ids)))
            kept = schemas.pick(schema, table_scores, max(1, budget), column_scores=column_scores)
            inputs = self._lay_out(request, kept, links, shuffle)
        shown = {t.name for t in inputs.schema.tables}
        return replace(
            inputs, omitted_tables=tuple(t.name for t in schema.tables if t.name not in shown)
        )

    def _lay_out(
        self, request: Request, schema: Schema, links: Links, shuffle: random.Random | None
    ) -> Inputs:
        """Write every part in order, whatever the length."""
        layout = _Layout(self, schema, links)
        layout.mark(CLS_ID, TYPE_SPECIAL)
        earlier = tuple(reversed(request.history[-2:]))
        for source in range(len(earlier), 0, -1):
            layout.question(earlier[source - 1], source, MAX_HISTORY_PIECES)
            layout.mark(HISTORY_ID, TYPE_SPECIAL)
        layout.question(request.question, 0, MAX_QUESTION_PIECES)
        layout.mark(SEP_ID, TYPE_SPECIAL)
        for value in links.values:
            if value.table is None:
                layout.value(value)
        layout.mark(SEP_ID, TYPE_SPECIAL)
        tables = list(schema.tables)
        if shuffle is not None:
            shuffle.shuffle(tables)
        for table in tables:
            layout.table(table, shuffle)
        layout.mark(SEP_ID, TYPE_SPECIAL)
        return Inputs(
            tuple(layout.ids),
            tuple(layout.types),
            schema,
            (request.question, *earlier),
            layout.tables,
            layout.columns,
            layout.values,
            layout.pieces,
        )

    def words(self, text: str, limit: int) -> tuple[int, ...]:
        """Return at most ``limit`` word-piece ids of a name or value, cached."""
        return self._cached_ids(text)[:limit]

    def offsets(self, text: str, limit: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """Return ids and character ranges of a question's first ``limit`` word pieces."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return tuple(encoding.ids[:limit]), tuple(encoding.offsets[:limit])


class _Layout:
    """One sequence while it is being written."""

    def __init__(self, encoder: InputEncoder, schema: Schema, links: Links) -> None:
        """Start empty, with look-up tables over links and keys."""
        self.encoder = encoder
        self.ids: list[int] = []
        self.types: list[int] = []
        self.tables: dict[int, TableSymbol] = {}
        self.columns: dict[int, ColumnSymbol] = {}
        self.values: dict[int, ValueMatch] = {}
        self.pieces: dict[int, Piece] = {}
        self._links = links
        self._key_of: dict[tuple[str, str], ForeignKey] = {}
        for key in schema.foreign_keys:
            self._key_of.setdefault((key.table, key.column), key)
        self._owned: dict[tuple[str, str], list[ValueMatch]] = {}
        for value in links.values:
            if value.table is not None and value.column is not None:
                self._owned.setdefault((value.table, value.column), []).append(value)
        self._named: dict[tuple[str, str | None], int] = {}
        for match in links.names:
            level = 2 if match.kind == "exact" else 1
            where = (match.table, match.column)
            self._named[where] = max(level, self._named.get(where, 0))

    def mark(self, token_id: int, type_id: int) -> int:
        """Write one token; return its position."""
        self.ids.append(token_id)
        self.types.append(type_id)
        return len(self.ids) - 1

    def write(self, ids: Iterable[int], type_id: int) -> None:
        """Write several tokens of one type."""
        before = len(self.ids)
        self.ids.extend(ids)
        self.types.extend([type_id] * (len(self.ids) - before))

    def question(self, text: str, source: int, limit: int) -> None:
        """Write a question; ``source`` 0 is the present one, whose words carry linking types."""
        ids, offsets = self.encoder.offsets(text, limit)
        for token_id, (start, end) in zip(ids, offsets, strict=True):
            type_id = TYPE_HISTORY if source else TYPE_WORD + self._word_level(start, end)
            self.pieces[self.mark(token_id, type_id)] = Piece(source, start, end)

    def _word_level(self, start: int, end: int) -> int:
        level = 0
        for value in self._links.values:
            if value.start < end and start < value.end and value.score > 0:
                if value.table is not None:
                    return 5
                level = 6
        for match in self._links.names:
            if match.start < end and start < match.end:
                found = (1 if match.kind == "partial" else 2) + (0 if match.column else 2)
                # an exact name of either sort says more than part of one
                rank = {0: 0, 1: 1, 3: 2, 6: 3, 4: 4, 2: 5}
                level = found if rank[found] > rank[level] else level
        return level

    def value(self, value: ValueMatch) -> None:
        """Write a value marker and its text."""
        if value.table is not None:
            marker = TYPE_MATCHED if value.score > 0 else TYPE_LISTED
            text = TYPE_VALUE_TEXT
        else:
            marker = TYPE_DATE if value.source == "date" else TYPE_NUMBER
            text = TYPE_FREE_TEXT
        self.values[self.mark(VALUE_ID, marker)] = value
        self.write(self.encoder.words(value.text, MAX_VALUE_PIECES), text)

    def table(self, table: Table, shuffle: random.Random | None) -> None:
        """Write a table with its columns."""
        level = self._named.get((table.name, None), 0)
        self.tables[self.mark(TABLE_ID, TYPE_TABLE + level)] = TableSymbol(table.name)
        name = name_words(table.nl_name or table.name)
        self.write(self.encoder.words(name, MAX_NAME_PIECES), TYPE_TABLE_NAME)
        columns = list(table.columns)
        if shuffle is not None:
            shuffle.shuffle(columns)
        for column in columns:
            self._column(table, column)

    def _column(self, table: Table, column: Column) -> None:
        where = (table.name, column.name)
        owned = self._owned.get(where, [])
        level = 3 if any(v.score > 0 for v in owned) else self._named.get(where, 0)
        position = self.mark(COLUMN_ID, _kind_type(column) + level)
        self.columns[position] = ColumnSymbol(table.name, column.name)
        name = name_words(column.nl_name or column.name)
        type_id = TYPE_NULLABLE_NAME if column.holds_nulls else TYPE_COLUMN_NAME
        type_id = TYPE_PRIMARY_NAME if column.primary_key else type_id
        self.write(self.encoder.words(name, MAX_NAME_PIECES), type_id)
        key = self._key_of.get(where)
        if key is not None:
            self.mark(KEY_ID, TYPE_KEY_TARGET)
            target = name_words(key.other_table)
            self.write(self.encoder.words(target, MAX_NAME_PIECES), TYPE_KEY_TARGET)
        for value in owned:
            self.value(value)


def _kind_type(column: Column) -> int:
    """Return the type of a column's marker, without what linking adds."""
    match column.kind:
        case "number":
            return TYPE_COLUMN + 4
        case "boolean":
            return TYPE_COLUMN_MORE
        case "date" if column.date_format and not column.date_format.startswith("%Y-"):
            order = {"%d": 1, "%m": 2}.get(column.date_format[:2], 3)
            return TYPE_COLUMN_MORE + 4 * order
        case "date":
            return TYPE_COLUMN + 8
        case _:
            return TYPE_COLUMN


def relevance(links: Links) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
    """Score tables and columns by how much of the question they match."""
    tables: dict[str, float] = {}
    columns: dict[tuple[str, str], float] = {}
    for match in links.names:
        weight = 3.0 if match.kind == "exact" else 1.0
        if match.column is None:
            tables[match.table] = tables.get(match.table, 0.0) + 2 * weight
        else:
            columns[match.table, match.column] = weight
            tables[match.table] = tables.get(match.table, 0.0) + weight
    for value in links.values:
        if value.table is not None and value.column is not None and value.score > 0:
            where = (value.table, value.column)
            columns[where] = columns.get(where, 0.0) + 4 * value.score
            tables[value.table] = tables.get(value.table, 0.0) + 4 * value.score
    return tables, columns


def spell(
    symbols: Sequence[Symbol], inputs: Inputs, *, fold_case: bool = False
) -> tuple[int, ...] | None:
    """Write symbols as output ids, without start and end; None when something is not in the input.

    Args:
        symbols: From ``ir.to_symbols``.
        inputs: The laid-out request.
        fold_case: Accept a literal whose letter case differs from the question's (data without cells).
    """
    markers: dict[Symbol, int] = {s: p for p, s in inputs.tables.items()}
    markers.update({s: p for p, s in inputs.columns.items()})
    ids: list[int] = []
    column: ColumnSymbol | None = None
    for index, symbol in enumerate(symbols):
        if isinstance(symbol, str):
            ids.append(KEYWORD_IDS[symbol])
            continue
        if isinstance(symbol, NumberSymbol):
            ids.extend(_spell_number(symbol.text, inputs))
            continue
        if isinstance(symbol, TextSymbol):
            pattern = index > 0 and symbols[index - 1] in ("like", "not_like")
            spelled = _spell_text(symbol.text, column, inputs, fold_case=fold_case or pattern)
            if spelled is None:
                return None
            ids.extend(spelled)
            continue
        position = markers.get(symbol)
        if position is None:
            return None
        if isinstance(symbol, ColumnSymbol):
            column = symbol
        ids.append(POINTER_OFFSET + position)
    return tuple(ids)


def _spell_number(text: str, inputs: Inputs) -> list[int]:
    for position, value in inputs.values.items():
        if value.is_number and value.text == text:
            return [POINTER_OFFSET + position]
    run = _find_run(text, inputs, fold_case=False)
    if run is not None:
        return [POINTER_OFFSET + run[0], POINTER_OFFSET + run[1]]
    return [KEYWORD_IDS[character] for character in text]


def _find_run(text: str, inputs: Inputs, *, fold_case: bool) -> tuple[int, int] | None:
    """Return first and last position of a run of pieces that reads ``text``, present question first."""
    wanted = text.casefold() if fold_case else text
    for source, source_text in enumerate(inputs.texts):
        haystack = source_text.casefold() if fold_case else source_text
        if len(haystack) != len(source_text):
            continue
        starts = {p.start: at for at, p in inputs.pieces.items() if p.source == source}
        ends = {p.end: at for at, p in inputs.pieces.items() if p.source == source}
        found = haystack.find(wanted)
        while found >= 0:
            first, last = starts.get(found), ends.get(found + len(wanted))
            whole = not _splits_number(source_text, found, found + len(wanted))
            if (
                first is not None
                and last is not None
                and whole
                and 0 <= last - first < MAX_SPAN_PIECES
            ):
                return first, last
            found = haystack.find(wanted, found + 1)
    return None


def _splits_number(text: str, start: int, end: int) -> bool:
    """Say whether ``[start, end)`` cuts a run of digits in two."""
    left = start > 0 and text[start - 1].isdigit() and text[start].isdigit()
    right = end < len(text) and text[end].isdigit() and text[end - 1].isdigit()
    return left or right


def _spell_text(
    text: str, column: ColumnSymbol | None, inputs: Inputs, *, fold_case: bool
) -> list[int] | None:
    position = _find_value(text, column, inputs)
    if position is not None:
        return [POINTER_OFFSET + position]
    parts = _spell_parts(text, inputs, fold_case=fold_case)
    if parts is None:
        return None
    return [KEYWORD_IDS[QUOTE], *parts, KEYWORD_IDS[QUOTE]]


def _find_value(text: str, column: ColumnSymbol | None, inputs: Inputs) -> int | None:
    """Return the marker of ``text``: of the column's own cell first, then of one that no column owns."""
    free = None
    for position, value in inputs.values.items():
        if value.is_number or value.text != text:
            continue
        if column is not None and (value.table, value.column) == (column.table, column.column):
            return position
        if value.table is None and free is None:
            free = position
    if free is not None:
        return free
    keys = {(k.table, k.column, k.other_table, k.other_column) for k in inputs.schema.foreign_keys}
    for position, value in inputs.values.items():
        if column is None or value.is_number or value.text != text or value.table is None:
            continue
        here, there = (column.table, column.column), (value.table, value.column)
        if (*here, *there) in keys or (*there, *here) in keys:
            return position
    return None


def _spell_parts(text: str, inputs: Inputs, *, fold_case: bool) -> list[int] | None:
    """Cut a literal into runs of the question, offered values and literal characters, fewest ids first.

    Dynamic programming over the character offset; texts are short, so all substrings are tried.
    """
    if not text or len(text) > 80:
        return [] if not text else None
    best: list[list[int] | None] = [None] * (len(text) + 1)
    best[len(text)] = []
    for start in range(len(text) - 1, -1, -1):
        options: list[list[int]] = []
        rest = best[start + 1]
        if text[start] in LITERAL_CHARACTERS and rest is not None:
            options.append([KEYWORD_IDS[text[start]], *rest])
        for end in range(len(text), start, -1):
            rest = best[end]
            if rest is None:
                continue
            chunk = text[start:end]
            if end - start > 1 or not chunk.isalnum():
                options.extend(
                    [POINTER_OFFSET + position, *rest]
                    for position, value in inputs.values.items()
                    if value.text == chunk
                )
            run = _find_run(chunk, inputs, fold_case=fold_case)
            if run is not None:
                options.append([POINTER_OFFSET + run[0], POINTER_OFFSET + run[1], *rest])
        best[start] = min(options, key=len, default=None)
    return best[0]


class SpellingError(ValueError):
    """Output ids that spell no literal; only a decoder without the grammar can write them."""


def read(ids: Sequence[int], inputs: Inputs) -> tuple[Symbol, ...]:
    """Turn output ids (without start and end) back into symbols.

    Raises:
        SpellingError: An id points at nothing, or a literal is not closed.
    """
    symbols: list[Symbol] = []
    index = 0
    while index < len(ids):
        token = ids[index]
        if token == KEYWORD_IDS[QUOTE]:
            text, index = _read_text(ids, index + 1, inputs)
            symbols.append(TextSymbol(text))
        elif token < POINTER_OFFSET and KEYWORDS[token] in DIGITS:
            digits, index = _read_digits(ids, index)
            symbols.append(NumberSymbol(digits))
        elif token < POINTER_OFFSET:
            symbols.append(KEYWORDS[token])
            index += 1
        else:
            symbol, index = _read_pointer(ids, index, inputs)
            symbols.append(symbol)
    return tuple(symbols)


def _read_pointer(ids: Sequence[int], index: int, inputs: Inputs) -> tuple[Symbol, int]:
    position = ids[index] - POINTER_OFFSET
    if position in inputs.tables:
        return inputs.tables[position], index + 1
    if position in inputs.columns:
        return inputs.columns[position], index + 1
    if position in inputs.values:
        value = inputs.values[position]
        return (NumberSymbol if value.is_number else TextSymbol)(value.text), index + 1
    text, index = _read_span(ids, index, inputs)
    if _NUMBER.fullmatch(text) is None:
        raise SpellingError(f"{text!r} is no number")
    return NumberSymbol(text), index


def _read_span(ids: Sequence[int], index: int, inputs: Inputs) -> tuple[str, int]:
    last = ids[index + 1] - POINTER_OFFSET if index + 1 < len(ids) else -1
    text = inputs.span_text(ids[index] - POINTER_OFFSET, last)
    if text is None:
        raise SpellingError("two positions that are no run of the question")
    return text, index + 2


def _read_digits(ids: Sequence[int], index: int) -> tuple[str, int]:
    start = index
    while index < len(ids) and ids[index] < POINTER_OFFSET and KEYWORDS[ids[index]] in DIGITS:
        index += 1
    text = "".join(KEYWORDS[token] for token in ids[start:index])
    if _NUMBER.fullmatch(text) is None:
        raise SpellingError(f"{text!r} is no number")
    return text, index


def _read_text(ids: Sequence[int], index: int, inputs: Inputs) -> tuple[str, int]:
    parts: list[str] = []
    while index < len(ids):
        token = ids[index]
        if token == KEYWORD_IDS[QUOTE]:
            return "".join(parts), index + 1
        if token < POINTER_OFFSET:
            if KEYWORDS[token] not in LITERAL_CHARACTERS:
                raise SpellingError(f"{KEYWORDS[token]!r} inside a literal")
            parts.append(KEYWORDS[token])
            index += 1
        elif token - POINTER_OFFSET in inputs.values:
            parts.append(inputs.values[token - POINTER_OFFSET].text)
            index += 1
        else:
            text, index = _read_span(ids, index, inputs)
            parts.append(text)
    raise SpellingError("a literal that is not closed")
