"""Measure a model: ``python -m train.evaluate --data DIR --databases DIR --set spider --split dev``.

``--set samples`` asks the questions of ``sample_dbs`` instead and needs neither folder. Every question goes
through ``t2s.pipeline.answer``, as in the app. Printed, and written with ``--json``: execution accuracy (EX) with a
95 % bootstrap interval, on all questions and on those whose database has rows, and with extra or moved columns
allowed; the share of first candidates that execute; EX by hardness and by number of tables; precision and recall of
declining; a reliability table of the confidence with its expected calibration error; latency; memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

import sample_dbs
from t2s import pipeline, sandbox
from t2s.backends import DEFAULT_FOLDER, Backend, ModelSpec, load
from t2s.errors import QueryError, T2SError
from t2s.values import Answer, Candidate, Decoding, Limits, QueryResult, Request, Schema
from train.card import write_card
from train.compare import covers, is_ordered, is_right
from train.data import SHARED_DATABASES, Pair, read_pairs
from train.hardness import count_tables, rate

# Gold results may be long; the app itself shows 1,000 rows.
LIMITS = Limits(deadline_seconds=20, kill_seconds=30, max_rows=50_000, max_bytes=60_000_000)
SAMPLES = "samples"
SAMPLES_FOLDER = Path(sample_dbs.__file__).parent


@dataclass(slots=True)
class Recorder:
    """Passes requests on to a backend and remembers the first candidate and the time of the last one."""

    backend: Backend
    first: Candidate | None = None
    candidates: tuple[Candidate, ...] = field(default=())

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Generate as the backend does."""
        self.candidates = self.backend.generate(request, decoding)
        self.first = self.candidates[0] if self.candidates else None
        return self.candidates

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Pick as the backend does."""
        picker = getattr(self.backend, "pick", None)
        return picker(request) if picker is not None else (request.schema, ())


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    pair: Pair
    predicted: str | None
    right: bool
    covered: bool
    declined: bool
    valid: bool
    seconds: float
    confidence: float
    has_rows: bool
    error: str = ""


def read_samples() -> tuple[Pair, ...]:
    """Return the questions of every sample database."""
    return tuple(
        Pair(SAMPLES, sample.name, q.question, q.sql, tuple(q.history), q.level)
        for sample in sample_dbs.list_samples()
        for q in sample_dbs.read_questions(sample.name)
    )


def evaluate(
    pairs: Sequence[Pair], databases: Path, backend: Backend, decoding: Decoding
) -> list[Outcome]:
    """Ask every question; one that fails counts as wrong."""
    recorder = Recorder(backend)
    sessions: dict[str, pipeline.Session] = {}
    filled: dict[str, bool] = {}
    outcomes = []
    for pair in tqdm(pairs, mininterval=5):
        owner = SHARED_DATABASES.get(pair.set_name, pair.set_name)
        folder = SAMPLES_FOLDER if owner == SAMPLES else databases / owner
        path = folder / f"{pair.db_id}.sqlite"
        if pair.db_id not in sessions:
            session = pipeline.open_session(path, recorder, limits=LIMITS, decoding=decoding)
            sessions[pair.db_id] = session
            filled[pair.db_id] = any(t.row_count for t in session.schema.tables)
        outcomes.append(_ask(pair, sessions[pair.db_id], recorder, filled[pair.db_id]))
    return outcomes


def _ask(pair: Pair, session: pipeline.Session, recorder: Recorder, has_rows: bool) -> Outcome:
    recorder.first = None
    started = time.perf_counter()
    answer: Answer | None = None
    error = ""
    try:
        answer = pipeline.answer(pair.question, session, pair.history)
    except T2SError as failure:
        error = str(failure)
    seconds = time.perf_counter() - started
    declined = answer is not None and answer.result is None
    result = answer.result if answer is not None else None
    right, covered = (
        (declined, declined) if pair.sql is None else _compare(pair.sql, result, session)
    )
    return Outcome(
        pair,
        result.sql if result is not None else None,
        right,
        covered,
        declined,
        _executes(recorder.first, session),
        seconds,
        answer.confidence if answer is not None else 0.0,
        has_rows,
        error,
    )


def _compare(
    gold_sql: str, result: QueryResult | None, session: pipeline.Session
) -> tuple[bool, bool]:
    """Return whether a result is the gold one, and whether it is that with more or moved columns."""
    if result is None:
        return False, False
    gold = sandbox.run(session.database.path, gold_sql, LIMITS)
    ordered = is_ordered(gold_sql)
    right = is_right(gold, result, ordered=ordered)
    return right, right or covers(gold, result, ordered=ordered)


def _executes(candidate: Candidate | None, session: pipeline.Session) -> bool:
    """Tell whether the first candidate runs; declining counts as running."""
    if candidate is None:
        return False
    if candidate.sql is None:
        return True
    try:
        sandbox.run(session.database.path, candidate.sql, LIMITS)
    except QueryError:
        return False
    return True


def interval(flags: Sequence[bool], *, rounds: int = 1000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a share, in percent."""
    rng = random.Random(1)
    size = len(flags)
    shares = sorted(sum(rng.choices(flags, k=size)) / size for _ in range(rounds))
    return 100 * shares[int(0.025 * rounds)], 100 * shares[int(0.975 * rounds)]


def share(flags: Sequence[bool]) -> float:
    """Return a share in percent, 0 for none."""
    return 100 * sum(flags) / len(flags) if flags else 0.0


def reliability(outcomes: Sequence[Outcome]) -> list[list[float]]:
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


def summarise(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """Return every figure of a run."""
    answerable = [o for o in outcomes if o.pair.sql is not None]
    filled = [o for o in answerable if o.has_rows]
    groups: dict[str, dict[str, list[bool]]] = {
        "hardness": defaultdict(list),
        "tables": defaultdict(list),
    }
    for outcome in answerable:
        sql = outcome.pair.sql or ""
        groups["hardness"][outcome.pair.level or rate(sql)].append(outcome.right)
        groups["tables"][str(count_tables(sql))].append(outcome.right)
    declined = [o for o in outcomes if o.declined]
    unanswerable = [o for o in outcomes if o.pair.sql is None]
    refused_well = sum(o.pair.sql is None for o in declined)
    seconds = sorted(o.seconds for o in outcomes)
    return {
        "questions": len(answerable),
        "ex": round(share([o.right for o in answerable]), 2),
        "ex_interval": [round(x, 1) for x in interval([o.right for o in answerable])],
        "ex_extra_columns": round(share([o.covered for o in answerable]), 2),
        "questions_with_rows": len(filled),
        "ex_with_rows": round(share([o.right for o in filled]), 2),
        "valid": round(share([o.valid for o in outcomes]), 2),
        "by_hardness": {
            k: [len(v), round(share(v), 1)] for k, v in sorted(groups["hardness"].items())
        },
        "by_tables": {k: [len(v), round(share(v), 1)] for k, v in sorted(groups["tables"].items())},
        "declined": len(declined),
        "decline_precision": round(100 * refused_well / len(declined), 1) if declined else None,
        "decline_recall": round(100 * refused_well / len(unanswerable), 1)
        if unanswerable
        else None,
        "reliability": reliability(outcomes),
        "expected_calibration_error": round(calibration_error(outcomes), 3),
        "latency_p50_ms": round(1000 * statistics.median(seconds), 1),
        "latency_p95_ms": round(1000 * seconds[int(0.95 * (len(seconds) - 1))], 1),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main(argv: list[str] | None = None) -> int:
    """Evaluate, print, and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate", description=__doc__)
    add = parser.add_argument
    add("--data", default="", help="folder of the data sets")
    add("--databases", default="", help="folder of the extracted databases, <set>/<db_id>.sqlite")
    add("--set", default="spider", help="name of the set")
    add("--split", default="dev", help="train or dev")
    add("--model", default=str(DEFAULT_FOLDER), help="model folder")
    add("--beams", type=int, default=Decoding().beams, help="beam width")
    add("--limit", type=int, default=0, help="ask only so many questions, drawn with a fixed seed")
    add("--json", default="", help="file for the figures")
    add("--card", action="store_true", help="keep the figures in the model folder and its card")
    add("--predictions", default="", help="JSONL file for every question, gold and predicted SQL")
    args = parser.parse_args(argv)
    samples = args.set == SAMPLES
    pairs = list(read_samples() if samples else read_pairs(Path(args.data), args.set, args.split))
    if args.limit:
        pairs = random.Random(1).sample(pairs, min(args.limit, len(pairs)))
    backend = load(ModelSpec("compact", Path(args.model)))
    outcomes = evaluate(pairs, Path(args.databases), backend, Decoding(beams=args.beams))
    figures = {"set": args.set, "split": args.split, "beams": args.beams, **summarise(outcomes)}
    print(json.dumps(figures, indent=1))
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1) + "\n")
    if args.card:
        add_to_card(Path(args.model), figures)
    if args.predictions:
        write_predictions(Path(args.predictions), outcomes)
    return 0


def add_to_card(folder: Path, figures: dict[str, object]) -> None:
    """Put the figures in the place of earlier ones of the same set in ``scores.json``, and write the card."""
    path = folder / "scores.json"
    kept = json.loads(path.read_text()) if path.exists() else []
    kept = [k for k in kept if (k["set"], k["split"]) != (figures["set"], figures["split"])]
    path.write_text(json.dumps([*kept, figures], indent=1) + "\n")
    write_card(folder, json.loads((folder / "run.json").read_text()))


def write_predictions(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write one JSON line a question."""
    with path.open("w", encoding="utf-8") as lines:
        for o in outcomes:
            record = {
                "db_id": o.pair.db_id,
                "question": o.pair.question,
                "history": o.pair.history,
                "gold": o.pair.sql,
                "predicted": o.predicted,
                "right": o.right,
                "valid": o.valid,
                "confidence": round(o.confidence, 4),
                "error": o.error,
            }
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
