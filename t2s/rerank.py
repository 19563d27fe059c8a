"""Which of several candidates a question means: the model's own probability beside plain evidence. Pure.

Beams often hold the right statement below a likelier wrong one that drops a filter, sorts the wrong way or gives nothing.
A linear model over what speaks for and against each candidate (``rerank_features``) orders them by its score; its weights
were fitted on questions over databases that the model had not seen (``python -m train.rerank``).

Source: discriminative reranking, Collins and Koo 2005, https://aclanthology.org/J05-1003/.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from t2s.rerank_features import Features, describe
from t2s.values import Candidate, QueryResult, Request

FILE_NAME = "rerank.json"
_MAX_FILE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Reranker:
    """Weights by name of a feature; one that is not listed weighs nothing."""

    weights: Mapping[str, float]

    def score(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        outcomes: Sequence[QueryResult | None],
    ) -> tuple[float, ...]:
        """Return the score of each candidate; its differences are log odds.

        Args:
            request: What the candidates answer.
            candidates: As the backend gave them.
            outcomes: What each gave; None when it declines, failed or was not run.
        """
        found = describe(request, candidates, outcomes)
        return tuple(self._weigh(features) for features in found)

    def _weigh(self, features: Features) -> float:
        return sum(self.weights.get(name, 0.0) * value for name, value in features.items())


def read(path: Path) -> Reranker:
    """Read weights from JSON, ``{"weights": {name: number}}``.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds something else.
    """
    with path.open("rb") as file:
        found = json.loads(file.read(_MAX_FILE_BYTES + 1)[:_MAX_FILE_BYTES])
    weights = found.get("weights") if isinstance(found, dict) else None
    if not isinstance(weights, dict) or not all(_is_number(w) for w in weights.values()):
        raise ValueError(f"{path.name} holds no weights")
    return Reranker(MappingProxyType({str(name): float(w) for name, w in weights.items()}))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def arrange(
    candidates: Sequence[Candidate],
    scores: Sequence[float],
    decline_threshold: float,
    decline_margin: float,
) -> tuple[tuple[int, float], ...]:
    """Return positions of candidates, best first, each with its share of probability (softmax of the scores).

    Declining comes first when the model's own probability of it reaches the threshold and its score is that much above
    all others, and else last.
    """
    top = max(scores)
    shares = [math.exp(score - top) for score in scores]
    total = sum(shares)
    answers = [s for s, c in zip(scores, candidates, strict=True) if c.sql is not None]

    def place(position: int) -> tuple[int, float]:
        candidate, score = candidates[position], scores[position]
        if candidate.sql is not None:
            return 1, -score
        sure = candidate.probability >= decline_threshold
        ahead = not answers or score - max(answers) >= decline_margin
        return (0 if sure and ahead else 2), -score

    return tuple((p, shares[p] / total) for p in sorted(range(len(candidates)), key=place))
