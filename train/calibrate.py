"""Choose when the model declines: ``python -m train.calibrate --data DIR --databases DIR --set typed``.

Every question of a dev set is asked once with declining always ranked by its probability. The threshold written to
``config.json`` is the one with the best F1 of declining; where several share it, the one that loses fewest answers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from t2s import linking, pipeline
from t2s.backends import DEFAULT_FOLDER, checksums
from t2s.backends.compact import CompactBackend
from t2s.values import Decoding, Request
from train.data import SHARED_DATABASES, Pair, read_pairs

THRESHOLDS = tuple(step / 40 for step in range(4, 40))


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the model thought of one question: probability of declining, and of its best statement."""

    answerable: bool
    declining: float
    best: float

    def declines(self, threshold: float) -> bool:
        """Tell whether it declines, as ``t2s.backends.compact.rank`` decides."""
        return self.declining >= threshold and self.declining > self.best


def look(pairs: Sequence[Pair], databases: Path, backend: CompactBackend) -> list[Sighting]:
    """Ask every question without running anything."""
    sessions: dict[str, pipeline.Session] = {}
    sightings = []
    for pair in tqdm(pairs, mininterval=5):
        owner = SHARED_DATABASES.get(pair.set_name, pair.set_name)
        if pair.db_id not in sessions:
            path = databases / owner / f"{pair.db_id}.sqlite"
            sessions[pair.db_id] = pipeline.open_session(path, backend)
        session = sessions[pair.db_id]
        links = linking.link(pair.question, session.schema, session.index, history=pair.history)
        request = Request(pair.question, session.schema, links, pair.history)
        found = backend.generate(request, Decoding())
        declining = max((c.probability for c in found if c.sql is None), default=0.0)
        best = max((c.probability for c in found if c.sql is not None), default=0.0)
        sightings.append(Sighting(pair.sql is not None, declining, best))
    return sightings


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


def main(argv: list[str] | None = None) -> int:
    """Ask, choose, and write the threshold into the model folder."""
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
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["decline_threshold"] = threshold
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    checksums.write(folder)
    print(f"threshold {threshold}: precision {precision:.3f}, recall {recall:.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
