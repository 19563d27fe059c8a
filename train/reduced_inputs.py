"""Model inputs with a part of what linking found left out, to measure what that part is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from t2s import encoding
from t2s.encoding import InputEncoder, Inputs

if TYPE_CHECKING:
    import random

    from t2s.values import Links, Request, Schema

# Token types that say what linking matched, each with the type of the same thing when nothing matched.
_PLAIN = {
    **{encoding.TYPE_WORD + level: encoding.TYPE_WORD for level in range(1, 7)},
    encoding.TYPE_HISTORY + 1: encoding.TYPE_HISTORY,
    **{encoding.TYPE_TABLE + level: encoding.TYPE_TABLE for level in (1, 2)},
    **{
        first + 4 * kind + level: first + 4 * kind
        for first, kinds in ((encoding.TYPE_COLUMN, 3), (encoding.TYPE_COLUMN_MORE, 4))
        for kind in range(kinds)
        for level in (1, 2, 3)
    },
    encoding.TYPE_MATCHED: encoding.TYPE_LISTED,
}
_OF_VALUES = frozenset(
    {
        encoding.TYPE_LISTED,
        encoding.TYPE_MATCHED,
        encoding.TYPE_VALUE_TEXT,
        encoding.TYPE_DATE,
        encoding.TYPE_NUMBER,
        encoding.TYPE_FREE_TEXT,
    }
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the model is given.

    Attributes:
        linking_types: Token types that say which words, tables, columns and cells matched each other.
        values: Cells, dates and numbers as positions to point at. Without them the types still tell that a word is
            one, and a literal can only be spelled from the question or by digits.
    """

    linking_types: bool = True
    values: bool = True


ALL = Parts()


class ReducedEncoder(InputEncoder):
    """Lays out requests as its base does, then leaves parts out; whether a schema fits is decided after that.

    Which tables and columns of one that does not fit are kept still follows from all that linking found.
    """

    parts = ALL

    @classmethod
    def from_folder(cls, folder: Path, parts: Parts = ALL) -> ReducedEncoder:
        """Read ``tokenizer.json`` of ``folder``."""
        made = cast("ReducedEncoder", super().from_folder(folder))
        made.parts = parts
        return made

    def _lay_out(
        self, request: Request, schema: Schema, links: Links, shuffle: random.Random | None
    ) -> Inputs:
        inputs = super()._lay_out(request, schema, links, shuffle)
        if not self.parts.values:
            inputs = without_values(inputs)
        return inputs if self.parts.linking_types else without_linking_types(inputs)


def without_linking_types(inputs: Inputs) -> Inputs:
    """Return the same input with the token types it would have if linking had matched nothing."""
    return replace(inputs, type_ids=tuple(_PLAIN.get(t, t) for t in inputs.type_ids))


def without_values(inputs: Inputs) -> Inputs:
    """Return the input without markers and texts of values; what follows moves up."""
    kept = [p for p, type_id in enumerate(inputs.type_ids) if type_id not in _OF_VALUES]
    moved = {old: new for new, old in enumerate(kept)}
    return replace(
        inputs,
        input_ids=tuple(inputs.input_ids[p] for p in kept),
        type_ids=tuple(inputs.type_ids[p] for p in kept),
        tables={moved[p]: table for p, table in inputs.tables.items()},
        columns={moved[p]: column for p, column in inputs.columns.items()},
        values={},
        pieces={moved[p]: piece for p, piece in inputs.pieces.items()},
    )
