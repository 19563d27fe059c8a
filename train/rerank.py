"""Fit the weights of ``t2s.rerank``: ``python -m train.rerank --model FOLDER --files a,b,c --out FOLDER``.

The model of ``--model`` writes candidates for the questions of some files of ``train/questions``, all candidates are run,
and a linear model learns to put the right ones first (softmax over the candidates of a question). The files must be ones
that this model was not trained on (``train.compact --hold-out``): over databases it has seen, its own probability is
nearly always right and evidence weighs nothing. Printed: how often the first candidate, the best of a model fitted on
four fifths of the databases, and any candidate is right.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from t2s import linking, pipeline, sandbox
from t2s.backends import checksums
from t2s.backends.compact import CompactBackend
from t2s.errors import QueryError
from t2s.rerank import FILE_NAME
from t2s.rerank_features import Features, describe
from t2s.values import Candidate, Decoding, QueryResult, Request
from train import written
from train.compare import is_ordered, is_right
from train.data import TODAY, Pair
from train.evaluate import LIMITS

RIDGE = 3e-3
STEPS = 100
FOLDS = 5
ABSENT = -1e9  # score of a place that holds no candidate


@dataclass(frozen=True, slots=True)
class Example:
    """One question: its database, and features and rightness of each candidate."""

    db_id: str
    features: tuple[Features, ...]
    right: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as tensors.

    Attributes:
        features: (questions, candidates, features).
        absent: (questions, candidates), ``ABSENT`` where there is no candidate, else 0.
        right: (questions, candidates).
    """

    features: Tensor
    absent: Tensor
    right: Tensor

    def take(self, rows: Sequence[int]) -> Table:
        """Return some questions."""
        places = torch.tensor(rows, dtype=torch.long)
        return Table(self.features[places], self.absent[places], self.right[places])


def collect(
    pairs: Sequence[Pair], databases: Mapping[str, Path], backend: CompactBackend
) -> list[Example]:
    """Ask every question and judge each of its candidates."""
    backend.model.config.decline_threshold = 0.0
    sessions: dict[str, pipeline.Session] = {}
    found = []
    for pair in tqdm(pairs, mininterval=5):
        if pair.db_id not in sessions:
            sessions[pair.db_id] = pipeline.open_session(databases[pair.db_id], backend)
        session = sessions[pair.db_id]
        links = linking.link(
            pair.question, session.schema, session.index, TODAY, tuple(pair.history)
        )
        request = Request(pair.question, session.schema, links, tuple(pair.history))
        candidates = backend.generate(request, Decoding())
        if candidates:
            outcomes = run_all(candidates, session)
            right = judge(pair, candidates, outcomes, session)
            found.append(Example(pair.db_id, describe(request, candidates, outcomes), right))
    return found


def run_all(
    candidates: Sequence[Candidate], session: pipeline.Session
) -> tuple[QueryResult | None, ...]:
    """Return what each candidate gives; None for one that declines or fails."""
    statements = [c.sql for c in candidates if c.sql is not None]
    ran = sandbox.run_each(session.database.path, statements, LIMITS, stop_after=len(statements))
    by_sql = dict(zip(statements, ran, strict=True))
    outcomes = [None if c.sql is None else by_sql[c.sql] for c in candidates]
    return tuple(o if isinstance(o, QueryResult) else None for o in outcomes)


def judge(
    pair: Pair,
    candidates: Sequence[Candidate],
    outcomes: Sequence[QueryResult | None],
    session: pipeline.Session,
) -> tuple[bool, ...]:
    """Tell which candidates are right."""
    if pair.sql is None:
        return tuple(c.sql is None for c in candidates)
    try:
        gold = sandbox.run(session.database.path, pair.sql, LIMITS)
    except QueryError:
        return (False,) * len(candidates)
    ordered = is_ordered(pair.sql)
    return tuple(is_right(gold, outcome, ordered=ordered) for outcome in outcomes)


def tabulate(examples: Sequence[Example], names: Sequence[str]) -> Table:
    """Return the tensors of examples; features that are not named are left out."""
    places = {name: place for place, name in enumerate(names)}
    widest = max(len(e.features) for e in examples)
    features = torch.zeros(len(examples), widest, len(names))
    absent = torch.full((len(examples), widest), ABSENT)
    right = torch.zeros(len(examples), widest, dtype=torch.bool)
    for row, example in enumerate(examples):
        for column, found in enumerate(example.features):
            absent[row, column] = 0
            right[row, column] = example.right[column]
            for name, value in found.items():
                if name in places:
                    features[row, column, places[name]] = value
    return Table(features, absent, right)


def fit(table: Table) -> Tensor:
    """Return the weights (features,) that make right candidates likeliest, with a ridge on standardised features."""
    real = table.absent == 0
    spread = table.features[real].std(0) + 1e-3
    tells = table.right.any(1) & (real & ~table.right).any(1)
    features, absent = table.features[tells] / spread, table.absent[tells]
    right = table.right[tells]
    weights = torch.zeros(features.shape[2], requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        scores = features @ weights + absent
        hit = torch.logsumexp(scores.masked_fill(~right, ABSENT), 1)
        total = (torch.logsumexp(scores, 1) - hit).mean() + RIDGE * weights.square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    return weights.detach() / spread


def count_right(table: Table, weights: Tensor) -> int:
    """Return for how many questions the candidate with the best score is right."""
    best = (table.features @ weights + table.absent).argmax(1, keepdim=True)
    return int(table.right.gather(1, best).sum())


def cross_validate(examples: Sequence[Example], table: Table) -> float:
    """Return the percentage right when each fifth of the databases is judged by a model fitted on the others."""
    db_ids = sorted({e.db_id for e in examples})
    folds = [db_ids.index(e.db_id) % FOLDS for e in examples]
    right = 0
    for fold in sorted(set(folds)):
        held = [row for row, f in enumerate(folds) if f == fold]
        kept = [row for row, f in enumerate(folds) if f != fold]
        if kept:
            right += count_right(table.take(held), fit(table.take(kept)))
    return 100 * right / len(examples)


def name_features(examples: Sequence[Example]) -> list[str]:
    """Return all names in order."""
    return sorted({name for e in examples for found in e.features for name in found})


def write(folder: Path, weights: Mapping[str, float], record: Mapping[str, object]) -> None:
    """Write the weights into a model folder, with what they come from, and its list of hashes anew."""
    kept = {"weights": {n: round(w, 4) for n, w in weights.items()}, **record}
    (folder / FILE_NAME).write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    checksums.write(folder)


def read_pairs(names: Sequence[str], target: Path) -> tuple[list[Pair], dict[str, Path]]:
    """Build the databases of some files of ``train/questions`` and return their questions."""
    pairs, databases = [], {}
    for name in names:
        read = written.read(written.FOLDER / f"{name}.txt")
        databases[read.db_id] = target / f"{read.db_id}.sqlite"
        written.build(read, databases[read.db_id])
        for record in written.records(read):
            sql, history = record["sql"], record.get("history") or ()
            pairs.append(
                Pair(
                    "written",
                    read.db_id,
                    str(record["question"]),
                    None if sql is None else str(sql),
                    tuple(history),  # type: ignore[arg-type]
                )
            )
    return pairs, databases


def main(argv: list[str] | None = None) -> int:
    """Ask, fit, print and write."""
    parser = argparse.ArgumentParser(prog="python -m train.rerank", description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="folder of a model that has not seen the files")
    add("--files", required=True, help="names of files in train/questions, comma separated")
    add("--out", required=True, help="model folder that gets rerank.json")
    add("--limit", type=int, default=0, help="ask only so many questions, drawn with a fixed seed")
    args = parser.parse_args(argv)
    names = args.files.split(",")
    with tempfile.TemporaryDirectory() as scratch:
        pairs, databases = read_pairs(names, Path(scratch))
        if args.limit:
            pairs = random.Random(1).sample(pairs, min(args.limit, len(pairs)))
        examples = collect(pairs, databases, CompactBackend.load(Path(args.model)))
    finish(examples, names, Path(args.out))
    return 0


def finish(examples: Sequence[Example], files: Sequence[str], out: Path) -> None:
    """Fit on all examples, print how well that does, and write the weights."""
    features = name_features(examples)
    table = tabulate(examples, features)
    figures = {
        "questions": len(examples),
        "first right": round(100 * float(table.right[:, 0].float().mean()), 2),
        "cross-validated": round(cross_validate(examples, table), 2),
        "any right": round(100 * float(table.right.any(1).float().mean()), 2),
    }
    print(json.dumps(figures, indent=1))
    weights = dict(zip(features, fit(table).tolist(), strict=True))
    write(out, weights, {"files": sorted(files), **figures})


if __name__ == "__main__":
    raise SystemExit(main())
