"""Choose when the model declines and how sure it says it is: ``python -m train.calibrate --data DIR --databases DIR``.

Every question of a dev set is asked once, with declining left out unless nothing else was found. The threshold written
to ``config.json`` is the one with the best F1 of declining; where several share it, the one that loses fewest answers.
Where candidates are reranked, declining must also score above the best statement, and that margin is chosen with it.
Then the log odds of each answer among the candidates are fitted to whether it was right (Platt scaling,
https://arxiv.org/abs/1706.04599), and scale and shift are written beside the threshold.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from t2s.backends import DEFAULT_FOLDER, checksums
from t2s.backends.compact import CompactBackend
from t2s.calibration import log_odds
from t2s.values import Candidate, Decoding, QueryResult, Request, Schema
from train.data import Pair, read_pairs
from train.evaluate import evaluate, locate_in
from train.figures import Outcome

THRESHOLDS = tuple(step / 40 for step in range(4, 40))
MARGINS = tuple(step / 2 for step in range(-4, 13))
Key = tuple[str, tuple[str, ...], int]
NEVER = 2.0  # no probability reaches it
STEPS = 25
RIDGE = 1.0  # as much as a few questions; keeps scale and shift finite where all answers are right, or none


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the model thought of one question.

    Attributes:
        answerable: Whether the question has an answer.
        declining: Probability of declining.
        margin: Score of declining above that of the best statement; 0 where candidates are not reranked.
        declining_share: Share of declining among the candidates.
        share: Of the answer among the candidates.
        right: Whether the answer is.
    """

    answerable: bool
    declining: float
    margin: float = 0.0
    declining_share: float = 0.0
    share: float = 0.0
    right: bool = False

    def declines(self, threshold: float, margin: float) -> bool:
        """Tell whether it declines, as ``t2s.rerank.arrange`` and ``t2s.backends.compact.rank`` decide."""
        return self.declining >= threshold and self.margin >= margin

    def settle(self, threshold: float, margin: float) -> tuple[float, bool]:
        """Return the share of what it ends in, and whether that is right."""
        if self.declines(threshold, margin):
            return self.declining_share, not self.answerable
        return self.share, self.right


@dataclass(frozen=True, slots=True)
class Heard:
    """The candidates of one question, and the scores that they got when they had been run."""

    candidates: tuple[Candidate, ...]
    scores: tuple[float, ...] = ()


@dataclass(slots=True)
class Listener:
    """Passes requests on to a backend and keeps what it says of each."""

    backend: CompactBackend
    heard: dict[Key, Heard] = field(default_factory=dict)

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Generate as the backend does."""
        found = self.backend.generate(request, decoding)
        self.heard[name(request.question, request.history, request.schema)] = Heard(found)
        return found

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Pick as the backend does."""
        return self.backend.pick(request)

    @property
    def reranks(self) -> bool:
        """Rerank if the backend does."""
        return self.backend.reranks

    def rerank(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        outcomes: Sequence[QueryResult | None],
    ) -> tuple[tuple[int, float], ...]:
        """Rerank as the backend does."""
        if self.backend.reranker is not None:
            scores = self.backend.reranker.score(request, candidates, outcomes)
            key = name(request.question, request.history, request.schema)
            self.heard[key] = Heard(tuple(candidates), scores)
        return self.backend.rerank(request, candidates, outcomes)


def look(pairs: Sequence[Pair], databases: Path, backend: CompactBackend) -> list[Sighting]:
    """Ask every question; those that end in an error before the model is asked are left out."""
    config = backend.model.config
    config.decline_threshold, config.confidence_scale, config.confidence_shift = NEVER, 1.0, 0.0
    listener = Listener(backend)
    sightings = []
    for outcome in evaluate(pairs, locate_in(databases), listener, Decoding()):
        key = name(outcome.pair.question, tuple(outcome.pair.history), outcome.schema)
        heard = listener.heard.get(key)
        if heard is not None and heard.candidates:
            sightings.append(see(outcome, heard))
    return sightings


def name(question: str, history: Sequence[str], schema: Schema) -> Key:
    """Return what tells a question from others of the same run."""
    return question, tuple(history), id(schema)


def see(outcome: Outcome, heard: Heard) -> Sighting:
    """Return what the candidates of one question say."""
    declines = [c.sql is None for c in heard.candidates]
    probabilities = [c.probability for c in heard.candidates]
    declining = max((p for p, no in zip(probabilities, declines, strict=True) if no), default=0.0)
    best = max((p for p, no in zip(probabilities, declines, strict=True) if not no), default=0.0)
    # Without scores the likelier of the two goes first.
    margin, weights = (0.0 if declining > best else -math.inf), probabilities
    if heard.scores:
        no = max((s for s, d in zip(heard.scores, declines, strict=True) if d), default=-math.inf)
        yes = max((s for s, d in zip(heard.scores, declines, strict=True) if not d), default=no)
        margin = no - yes if math.isfinite(no) else no
        weights = [math.exp(score - max(heard.scores)) for score in heard.scores]
    declined = sum(w for w, no in zip(weights, declines, strict=True) if no)
    return Sighting(
        outcome.pair.sql is not None,
        declining,
        margin,
        declined / (sum(weights) or 1.0),
        outcome.confidence,
        outcome.right,
    )


def choose(
    sightings: Sequence[Sighting], margins: Sequence[float] = MARGINS
) -> tuple[float, float, float, float]:
    """Return the best threshold and margin, with their precision and recall in [0, 1]."""
    tried = []
    unanswerable = sum(not s.answerable for s in sightings)
    for threshold in THRESHOLDS:
        for margin in margins:
            declined = [s for s in sightings if s.declines(threshold, margin)]
            hits = sum(not s.answerable for s in declined)
            precision = hits / len(declined) if declined else 0.0
            recall = hits / unanswerable if unanswerable else 0.0
            f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
            tried.append((f1, threshold, margin, precision, recall))
    return max(tried)[1:]


def fit(settled: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Return the scale and shift of log odds under which shares say best how many answers are right.

    Newton's steps on the log loss, with a small ridge that pulls towards scale 1 and shift 0.
    """
    start = np.array([1.0, 0.0])
    odds = np.array([[log_odds(share), 1.0] for share, _ in settled])
    right = np.array([float(each) for _, each in settled])
    weights = start.copy()
    for _ in range(STEPS):
        expected = 1 / (1 + np.exp(-odds @ weights))
        slope = odds.T @ (expected - right) + RIDGE * (weights - start)
        spread = expected * (1 - expected)
        curve = (odds * spread[:, None]).T @ odds + RIDGE * np.eye(2)
        weights = weights - np.linalg.solve(curve, slope)
    return float(weights[0]), float(weights[1])


def keep(folder: Path, settings: Mapping[str, float]) -> None:
    """Write settings into the model folder, and its list of hashes anew."""
    path = folder / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, **settings}, indent=2) + "\n", encoding="utf-8")
    checksums.write(folder)


def main(argv: list[str] | None = None) -> int:
    """Ask, choose, fit, and write all into the model folder."""
    parser = argparse.ArgumentParser(prog="python -m train.calibrate", description=__doc__)
    add = parser.add_argument
    add("--data", required=True, help="folder of the data sets")
    add("--databases", required=True, help="folder of the extracted databases")
    add("--set", default="typed", help="name of a set with unanswerable questions")
    add("--split", default="dev", help="train or dev")
    add("--model", default=str(DEFAULT_FOLDER), help="model folder")
    args = parser.parse_args(argv)
    folder = Path(args.model)
    pairs = read_pairs(Path(args.data), args.set, args.split)
    sightings = look(pairs, Path(args.databases), CompactBackend.load(folder))
    threshold, margin, precision, recall = choose(sightings)
    scale, shift = fit([s.settle(threshold, margin) for s in sightings])
    settings = {
        "decline_threshold": threshold,
        "decline_margin": margin,
        "confidence_scale": round(scale, 3),
        "confidence_shift": round(shift, 3),
    }
    keep(folder, settings)
    print(json.dumps({**settings, "precision": precision, "recall": recall}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
