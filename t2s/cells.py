"""Cell texts that a question names: whole, in part, inflected or misspelt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from t2s.aliases import ALIASES, COMMON_CODES, MAX_ALIAS_WORDS
from t2s.value_index import ValueIndex
from t2s.values import ValueMatch
from t2s.words import STOP_WORDS, Word, join_key, stem

MAX_WORDS = 8
MAX_PER_COLUMN = 3
MAX_MATCHES = 16
# A word that stands in more cells of a column than this does not tell which one is meant.
MAX_PART_CELLS = 3
# Looked at before giving up on a word: more cells than this cannot be distinctive.
_MAX_POSTINGS = 60
# Share of a cell's letters that the question must have said.
MIN_PART_SHARE = 0.3


# Below every whole cell, above every part of one.
ALIAS_SCORE = 0.79


class _Hit(NamedTuple):
    """Cell ``entry`` of the index matched by the words ``[first, last]``."""

    entry: int
    first: int
    last: int
    score: float


def find(
    words: Sequence[Word],
    index: ValueIndex,
    names: frozenset[str],
    periods: Sequence[tuple[int, int]] = (),
) -> list[ValueMatch]:
    """Return the cells that the words name, best first.

    Args:
        words: The question.
        index: The cells.
        names: Stems of the schema's names; as parts of a cell they say little.
        periods: Characters that are date expressions; they are parts of no cell.
    """
    if not index.texts:
        return []
    stems = [word.stem for word in words]
    plain = [not any(a < w.end and w.start < b for a, b in periods) for w in words]
    corrected = [
        _correct(word, index, names) if ok else "" for word, ok in zip(words, plain, strict=True)
    ]
    hits = _find_whole(words, stems, index, names, 1.0)
    if any(corrected):
        merged = [new or old for new, old in zip(corrected, stems, strict=True)]
        fixed = _find_whole(words, merged, index, names, 0.8)
        hits += [h for h in fixed if any(corrected[h.first : h.last + 1])]
    else:
        merged = stems
    hits += _find_aliases(words, index)
    hits += _find_parts(words, merged, corrected, plain, index, names)
    return _select(hits, words, index)


def _correct(word: Word, index: ValueIndex, names: frozenset[str]) -> str:
    """Return the word of the database that a question word misspells, or an empty text."""
    text = word.folded
    if len(text) < 4 or not text.isalpha() or text in STOP_WORDS:
        return ""
    if any(form in index.keys or form in index.parts or form in names for form in word[:2]):
        return ""
    near = index.vocabulary.get(text[0])
    if not near:
        return ""
    limit = 1 if len(text) < 9 else 2
    best = process.extractOne(word.stem, near, scorer=OSA.distance, score_cutoff=limit)
    return best[0] if best else ""


def _find_whole(
    words: Sequence[Word],
    stems: Sequence[str],
    index: ValueIndex,
    names: frozenset[str],
    factor: float,
) -> list[_Hit]:
    """Return the cells whose whole text a run of words spells, longest runs first."""
    hits: list[_Hit] = []
    covered: dict[int, set[int]] = defaultdict(set)
    for size in range(min(MAX_WORDS, len(words)), 0, -1):
        for first in range(len(words) - size + 1):
            last = first + size - 1
            if stems[first] == "and" or stems[last] == "and":
                continue
            entries = index.keys.get(join_key(stems[first : last + 1]))
            if not entries or (size == 1 and _says_nothing(words, first)):
                continue
            for entry in entries:
                column = index.texts[entry][0]
                if covered[column].issuperset(range(first, last + 1)):
                    continue
                score = factor * (0.85 if size == 1 and stems[first] in names else 1.0)
                hits.append(_Hit(entry, first, last, score))
            for entry in entries:
                covered[index.texts[entry][0]].update(range(first, last + 1))
    return hits


def _find_aliases(words: Sequence[Word], index: ValueIndex) -> list[_Hit]:
    """Return the cells that say otherwise what a run of words says: 'US' for "American"."""
    hits: list[_Hit] = []
    for size in range(min(MAX_ALIAS_WORDS, len(words)), 0, -1):
        for first in range(len(words) - size + 1):
            last = first + size - 1
            said = "".join(word.folded for word in words[first : last + 1])
            others = ALIASES.get(said, ())
            if not others or (said in COMMON_CODES and not _is_code(words, first)):
                continue
            entries = [entry for other in others for entry in index.keys.get(stem(other), ())]
            hits += [_Hit(entry, first, last, ALIAS_SCORE) for entry in entries]
    return hits


def _is_code(words: Sequence[Word], at: int) -> bool:
    """Tell whether a word that may be a code is meant as one: "US" among small letters, "the us"."""
    if words[at].capital:
        return not all(word.capital for word in words)
    return words[at].folded == "us" and at > 0 and words[at - 1].folded == "the"


def _says_nothing(words: Sequence[Word], at: int) -> bool:
    text = words[at].folded
    if text in STOP_WORDS and len(text) > 1 and _is_code(words, at):
        return False
    return (
        text in STOP_WORDS
        or (len(text) < 2 and not words[at].capital)
        or (text.isdigit() and len(text) < 3)
    )


def _find_parts(
    words: Sequence[Word],
    stems: Sequence[str],
    corrected: Sequence[str],
    plain: Sequence[bool],
    index: ValueIndex,
    names: frozenset[str],
) -> list[_Hit]:
    """Return the cells of several words of which the question has said distinctive ones."""
    said: dict[int, list[int]] = defaultdict(list)
    for at, part in enumerate(stems):
        postings = index.parts.get(part)
        if not postings or not plain[at] or part in names or words[at].folded in STOP_WORDS:
            continue
        if len(postings) > _MAX_POSTINGS:
            continue
        per_column = Counter(index.texts[entry][0] for entry in postings)
        for entry in postings:
            if per_column[index.texts[entry][0]] <= MAX_PART_CELLS:
                said[entry].append(at)
    hits = []
    for entry, positions in said.items():
        letters = sum(len(stems[at]) for at in positions)
        share = letters / max(1, sum(c.isalnum() for c in index.texts[entry][1]))
        if share < MIN_PART_SHARE:
            continue
        score = 0.35 + 0.4 * min(share, 1.0)
        if any(corrected[at] for at in positions):
            score *= 0.85
        hits.append(_Hit(entry, min(positions), max(positions), score))
    return hits


def _select(hits: Iterable[_Hit], words: Sequence[Word], index: ValueIndex) -> list[ValueMatch]:
    """Return the best hits: one a cell, few a column, parts only where no whole cell was named."""
    kept: list[ValueMatch] = []
    seen: set[int] = set()
    per_column: Counter[int] = Counter()
    whole: dict[int, set[int]] = defaultdict(set)
    for hit in sorted(hits, key=lambda h: (-h.score, h.first - h.last)):
        column, text = index.texts[hit.entry]
        run = range(hit.first, hit.last + 1)
        if hit.entry in seen or per_column[column] >= MAX_PER_COLUMN:
            continue
        if hit.score < 0.8 and not whole[column].isdisjoint(run):
            continue
        if hit.score >= 0.8:
            whole[column].update(run)
        seen.add(hit.entry)
        per_column[column] += 1
        owner = index.columns[column]
        start, end = words[hit.first].start, words[hit.last].end
        kept.append(
            ValueMatch(text, False, "cell", owner.table, owner.column, start, end, hit.score)
        )
        if len(kept) >= MAX_MATCHES:
            break
    return kept
