"""The figures of a run over questions: shares with intervals, by kind of question, calibration. Pure."""

from __future__ import annotations

import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from t2s.values import Schema
from train.card import EX
from train.data import Pair
from train.hardness import count_tables, rate
from train.kinds import count_joins, list_kinds
from train.mistakes import CATEGORIES, name_mistake


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question.

    Attributes:
        pair: The question with its gold query.
        predicted: The statement of the answer, None when there is none.
        right: Whether it is the gold answer.
        covered: Whether it is that with more or moved columns.
        declined: Whether the model declined.
        valid: Whether its first candidate runs.
        seconds: From question to rows.
        confidence: In [0, 1].
        has_rows: Whether the database has any.
        schema: Of the database that was asked.
        error: Sentence for the user when there was no answer.
        gold_runs: False when the gold query of the set fails; the question then counts as wrong.
    """

    pair: Pair
    predicted: str | None
    right: bool
    covered: bool
    declined: bool
    valid: bool
    seconds: float
    confidence: float
    has_rows: bool
    schema: Schema
    error: str = ""
    gold_runs: bool = True


def interval(flags: Sequence[bool], *, rounds: int = 1000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a share, in percent."""
    rng = random.Random(1)
    size = len(flags)
    if not size:
        return 0.0, 0.0
    shares = sorted(sum(rng.choices(flags, k=size)) / size for _ in range(rounds))
    return 100 * shares[int(0.025 * rounds)], 100 * shares[int(0.975 * rounds)]


def share(flags: Sequence[bool]) -> float:
    """Return a share in percent, 0 for none."""
    return 100 * sum(flags) / len(flags) if flags else 0.0


def reliability(outcomes: Iterable[Outcome]) -> list[list[float]]:
    """Return by tenths of confidence: questions, mean confidence, share answered rightly, both in [0, 1]."""
    bins: dict[int, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        bins[min(9, int(10 * outcome.confidence))].append(outcome)
    return [
        [
            len(found),
            round(statistics.fmean(o.confidence for o in found), 3),
            round(statistics.fmean(o.right for o in found), 3),
        ]
        for _, found in sorted(bins.items())
    ]


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Return the expected calibration error over ten equal bins (https://arxiv.org/abs/1706.04599)."""
    table = reliability(outcomes)
    return sum(size * abs(mean - right) for size, mean, right in table) / max(1, len(outcomes))


def group(
    outcomes: Iterable[Outcome], name: Callable[[Outcome], Sequence[str]]
) -> dict[str, list[float]]:
    """Return [questions, percent right] by each name that ``name`` gives a question, sorted."""
    found: dict[str, list[bool]] = defaultdict(list)
    for outcome in outcomes:
        for each in name(outcome):
            found[each].append(outcome.right)
    return {k: [len(v), round(share(v), 1)] for k, v in sorted(found.items())}


def name_level(outcome: Outcome) -> str:
    """Return how hard a question is: as its set says, else by Spider's rules where there is a gold query."""
    sql = outcome.pair.sql
    return outcome.pair.level or ("unanswerable" if sql is None else rate(sql))


def name_category(outcome: Outcome) -> str:
    """Return in what a wrong answer is wrong; see ``train.mistakes``."""
    return name_mistake(outcome.pair.sql, outcome.predicted, declined=outcome.declined)


def count_mistakes(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """Return the number of wrong answers by category, in the order of ``CATEGORIES``."""
    found = Counter(name_category(o) for o in outcomes if not o.right)
    return {category: found[category] for category in CATEGORIES if found[category]}


def summarise(outcomes: Sequence[Outcome], measure: str = EX) -> dict[str, object]:
    """Return every figure of a run; ``measure`` (``ex``, ``logical_form``) names what "right" means in it."""
    answerable = [o for o in outcomes if o.pair.sql is not None]
    right = [o.right for o in answerable]
    figures: dict[str, object] = {
        "questions": len(answerable),
        measure: round(share(right), 2),
        f"{measure}_interval": [round(x, 1) for x in interval(right)],
    }
    if measure == EX:
        filled = [o for o in answerable if o.has_rows]
        figures |= {
            "ex_extra_columns": round(share([o.covered for o in answerable]), 2),
            "questions_with_rows": len(filled),
            "ex_with_rows": round(share([o.right for o in filled]), 2),
            "gold_fails": sum(not o.gold_runs for o in answerable),
        }
    figures["valid"] = round(share([o.valid for o in outcomes]), 2)
    figures |= {
        "by_hardness": group(answerable, lambda o: (name_level(o),)),
        "by_tables": group(answerable, lambda o: (str(count_tables(o.pair.sql or "")),)),
        "by_joins": group(answerable, lambda o: (count_joins(o.pair.sql or ""),)),
        "by_kind": group(answerable, lambda o: list_kinds(o.pair.sql or "")),
        "mistakes": count_mistakes(outcomes),
    }
    return figures | _declining(outcomes) | _running(outcomes)


def _declining(outcomes: Sequence[Outcome]) -> dict[str, object]:
    declined = [o for o in outcomes if o.declined]
    unanswerable = sum(o.pair.sql is None for o in outcomes)
    well = sum(o.pair.sql is None for o in declined)
    return {
        "unanswerable": unanswerable,
        "declined": len(declined),
        "decline_precision": round(100 * well / len(declined), 1) if declined else None,
        "decline_recall": round(100 * well / unanswerable, 1) if unanswerable else None,
    }


def _running(outcomes: Sequence[Outcome]) -> dict[str, object]:
    seconds = sorted(o.seconds for o in outcomes) or [0.0]
    return {
        "reliability": reliability(outcomes),
        "expected_calibration_error": round(calibration_error(outcomes), 3),
        "latency_p50_ms": round(1000 * statistics.median(seconds), 1),
        "latency_p95_ms": round(1000 * seconds[int(0.95 * (len(seconds) - 1))], 1),
    }
