"""Seeded draws that every builder uses: weighted choices, skewed weights, days with seasons."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")


def start(seed: int) -> random.Random:
    """Return a generator that gives the same draws on every machine and run."""
    return random.Random(seed)  # noqa: S311 - sample data, nothing secret


class Weighted(Generic[T]):
    """A fixed choice of items with weights; ``draw`` is as fast for 1,000 items as for ten."""

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        """Keep the items beside their summed weights."""
        self.items = tuple(items)
        self._bounds = tuple(accumulate(weights))

    def draw(self, rng: random.Random) -> T:
        """Return one item, each as likely as its weight says."""
        position = bisect(self._bounds, rng.random() * self._bounds[-1])
        return self.items[min(position, len(self.items) - 1)]


def skew(count: int, exponent: float = 0.8, head_start: int = 8) -> list[float]:
    """Return ``count`` falling weights: a few big ones, a long tail."""
    return [1.0 / (rank + head_start) ** exponent for rank in range(count)]


def list_days(first: date, last: date) -> list[date]:
    """Return every day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def season(first: date, last: date, weigh_day: Callable[[date], float]) -> Weighted[date]:
    """Return a choice of days, each as likely as ``weigh_day`` says."""
    days = list_days(first, last)
    return Weighted(days, [weigh_day(day) for day in days])


def pick_date(rng: random.Random, first: date, last: date) -> date:
    """Return any day from ``first`` to ``last``, both included."""
    return first + timedelta(days=rng.randint(0, (last - first).days))


def maybe(rng: random.Random, probability: float) -> bool:
    """Return True with that probability."""
    return rng.random() < probability


def flag(rng: random.Random, probability: float) -> str:
    """Return 'Y' with that probability, else 'N'."""
    return "Y" if maybe(rng, probability) else "N"
