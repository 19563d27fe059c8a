"""Choose when the model declines and how sure it says it is: ``python -m train.calibrate --data DIR --databases DIR``.

Every question of a dev set is asked once, with declining left out unless nothing else was found. The threshold written
to ``config.json`` is the one with the best F1 of declining; where several share it, the one that loses fewest answers.
Then the log odds of each answer among the candidates are fitted to whether it was right (Platt scaling,
https://arxiv.org/abs/1706.04599), and scale and shift are written beside the threshold.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from t2s.backends import DEFAULT_FOLDER, checksums
from t2s.backends.calibration import log_odds
from t2s.backends.compact import CompactBackend
from t2s.values import Candidate, Decoding, Request, Schema
from train.data import Pair, read_pairs
from train.evaluate import evaluate, locate_in
from train.figures import Outcome

THRESHOLDS = tuple(step / 40 for step in range(4, 40))
NEVER = 2.0  # no probability reaches it
STEPS = 25
RIDGE = 1.0  # as much as a few questions; keeps scale and shift finite where all answers are right, or none


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the model thought of one question.

    Attributes:
        answerable: Whether the question has an answer.
        declining: Probability of declining.
        best: Probability of the best statement.
        total: Probability of all candidates.
        share: Of the answer among the candidates.
        right: Whether the answer is.
    """

    answerable: bool
    declining: float
    best: float
    total: float = 1.0
    share: float = 0.0
    right: bool = False

    def declines(self, threshold: float) -> bool:
        """Tell whether it declines, as ``t2s.backends.compact.rank`` decides."""
        return self.declining >= threshold and self.declining > self.best

    def settle(self, threshold: float) -> tuple[float, bool]:
        """Return the share of what it ends in, and whether that is right."""
        if self.declines(threshold):
            return self.declining / self.total, not self.answerable
        return self.share, self.right


@dataclass(slots=True)
class Listener:
    """Passes requests on to a backend and keeps the candidates of each."""

    backend: CompactBackend
    heard: dict[tuple[str, tuple[str, ...], str], tuple[Candidate, ...]] = field(
        default_factory=dict
    )

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Generate as the backend does."""
        found = self.backend.generate(request, decoding)
        first = request.schema.tables[0].name if request.schema.tables else ""
        self.heard[request.question, request.history, first] = found
        return found

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Pick as the backend does."""
        return self.backend.pick(request)


def look(pairs: Sequence[Pair], databases: Path, backend: CompactBackend) -> list[Sighting]:
    """Ask every question; those that end in an error before the model is asked are left out."""
    config = backend.model.config
    config.decline_threshold, config.confidence_scale, config.confidence_shift = NEVER, 1.0, 0.0
    listener = Listener(backend)
    sightings = []
    for outcome in evaluate(pairs, locate_in(databases), listener, Decoding()):
        first = outcome.schema.tables[0].name if outcome.schema.tables else ""
        candidates = listener.heard.get((outcome.pair.question, outcome.pair.history, first))
        if candidates:
            sightings.append(see(outcome, candidates))
    return sightings


def see(outcome: Outcome, candidates: Sequence[Candidate]) -> Sighting:
    """Return what the candidates of one question say."""
    answers = [c.probability for c in candidates if c.sql is not None]
    declining = max((c.probability for c in candidates if c.sql is None), default=0.0)
    return Sighting(
        outcome.pair.sql is not None,
        declining,
        max(answers, default=0.0),
        sum(answers) + declining,
        outcome.confidence,
        outcome.right,
    )


def choose(sightings: Sequence[Sighting]) -> tuple[float, float, float]:
    """Return the best threshold with its precision and recall in [0, 1]."""
    tried = []
    unanswerable = sum(not s.answerable for s in sightings)
    for threshold in THRESHOLDS:
        declined = [s for s in sightings if s.declines(threshold)]
        hits = sum(not s.answerable for s in declined)
        precision = hits / len(declined) if declined else 0.0
        recall = hits / unanswerable if unanswerable else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        tried.append((f1, threshold, precision, recall))
    _, threshold, precision, recall = max(tried)
    return threshold, precision, recall


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
    threshold, precision, recall = choose(sightings)
    scale, shift = fit([s.settle(threshold) for s in sightings])
    settings = {
        "decline_threshold": threshold,
        "confidence_scale": round(scale, 3),
        "confidence_shift": round(shift, 3),
    }
    keep(folder, settings)
    print(json.dumps({**settings, "precision": precision, "recall": recall}, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
