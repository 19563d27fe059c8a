"""Values of columns that have few: offered although the question may not name them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from t2s.value_index import IndexedColumn, ValueIndex
from t2s.values import NameMatch, ValueMatch
from t2s.words import STOP_WORDS, Word, abbreviates, root, split_name, split_words

MAX_PER_COLUMN = 10
MAX_VALUES = 30
MIN_RANK = 0.65
PEEK = 2  # values shown of a column that the question does not seem to be about
MAX_PEEKS = 16
# Names of columns whose values people paraphrase ("made it" for 'Successful').
_KINDS = frozenset(
    ["status", "sts", "stat", "state", "stage", "result", "outcome", "type", "level", "priority"]
)
_FLAGS = frozenset(["y", "n", "yes", "no", "t", "f", "true", "false"])


def offer(
    words: Sequence[Word],
    index: ValueIndex,
    names: Sequence[NameMatch],
    found: Sequence[ValueMatch],
) -> list[ValueMatch]:
    """Return category values, the most relevant first, without those already found."""
    have = {(match.table, match.column, match.text) for match in found}
    level = {(m.table, m.column): 2.0 if m.kind == "exact" else 1.0 for m in names}
    content = [w for w in words if w.folded not in STOP_WORDS and not w.folded.isdigit()]
    ranked: list[tuple[float, int, list[ValueMatch]]] = []
    for position, column in enumerate(index.columns):
        if not column.categories:
            continue
        values = [_weigh(value, column, content) for value in column.categories]
        rank = _rank_column(column, level) + 3 * max(value.score for value in values)
        new = [v for v in values if (v.table, v.column, v.text) not in have]
        new.sort(key=lambda v: -v.score)
        ranked.append((rank, position, new[:MAX_PER_COLUMN]))
    ranked.sort(key=lambda entry: (-entry[0], entry[1]))
    offered: list[ValueMatch] = []
    for rank, _, values in ranked:
        if rank <= MIN_RANK:
            break
        pair = rank >= 2.5 and len(values) <= 2 and len(offered) < MAX_VALUES + 4
        if pair or len(offered) + len(values) <= MAX_VALUES:
            offered += values
        else:
            offered += [v for v in values if v.score > 0]
    offered = sorted(offered[: 2 * MAX_VALUES], key=lambda v: -v.score)
    return offered + _peek(ranked, {(v.table, v.column) for v in (*found, *offered)})


def _peek(
    ranked: Sequence[tuple[float, int, list[ValueMatch]]], shown: set[tuple[str | None, str | None]]
) -> list[ValueMatch]:
    """Return a few values of each column that shows none yet: they tell what an odd name is about."""
    peeks: list[ValueMatch] = []
    for _, _, values in ranked:
        if values and (values[0].table, values[0].column) not in shown:
            peeks += values[:PEEK]
    return peeks[:MAX_PEEKS]


def _rank_column(column: IndexedColumn, level: dict[tuple[str, str | None], float]) -> float:
    rank = 1.5 * level.get((column.table, column.column), 0.0)
    rank += 0.5 * level.get((column.table, None), 0.0)
    folded = {value.casefold() for value in column.categories}
    if folded <= _FLAGS or max(map(len, folded)) <= 1:
        rank += 1.0
    elif max(map(len, folded)) <= 4:
        rank += 0.7
    if not _KINDS.isdisjoint(split_name(column.column)):
        rank += 0.6
    if column.unique:
        rank -= 1.0
    if len(folded) == 1:
        rank -= 1.0
    return rank


def _weigh(value: str, column: IndexedColumn, content: Sequence[Word]) -> ValueMatch:
    """Return the value with the word that best supports it, score 0 when none does."""
    best, start, end = 0.0, -1, -1
    for word in content:
        support = _support(value, word.folded, word.stem)
        if support > best:
            best, start, end = support, word.start, word.end
    return ValueMatch(value, False, "category", column.table, column.column, start, end, best)


@lru_cache(maxsize=200_000)
def _support(value: str, folded: str, stem: str) -> float:
    """Return in [0, 1] how well a question word stands for a category value."""
    parts = [word.stem for word in split_words(value)]
    if not parts:
        return 0.0
    if len(parts) == 1:
        part = parts[0]
        if part == stem:
            return 0.9
        if root(part) == root(stem) and len(root(part)) >= 4:
            return 0.7
        if len(part) >= 2 and (abbreviates(part, folded) or abbreviates(folded, part)):
            return 0.6
        if _share_beginning(part, stem):
            return 0.5
        if len(part) == 1 and value.isupper() and folded[0] == part and part not in ("y", "n"):
            return 0.2
        return 0.0
    if "".join(part[0] for part in parts) == folded and len(folded) >= 2:
        return 0.6
    if any(part == stem and part not in STOP_WORDS for part in parts):
        return 0.5
    if any(root(part) == root(stem) and len(root(part)) >= 4 for part in parts):
        return 0.4
    return 0.0


def _share_beginning(one: str, other: str) -> bool:
    """Tell whether two words begin alike for most of their letters: "denial" and "denied"."""
    if min(len(one), len(other)) < 5 or one[:4] != other[:4]:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 99)
    return same >= 0.6 * max(len(one), len(other))
