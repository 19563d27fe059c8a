"""Measure a model: ``python -m train.evaluate --data DIR --databases DIR --set spider --split dev``.

``--set samples`` asks the questions of ``sample_dbs`` instead and needs neither folder; ``--set wikisql``, which
ships headers only, needs no ``--databases`` and is measured by logical form. Every question goes through
``t2s.pipeline.answer``, as in the app, a follow-up with the earlier questions of its conversation. Printed, and
written with ``--json``: execution accuracy (EX) with a 95 % bootstrap interval, on all questions and on those whose
database has rows, and with extra or moved columns allowed; the share of first candidates that execute; EX by
hardness, number of tables, number of joins and kind of question; wrong answers by category; precision and recall of
declining; a reliability table of the confidence with its expected calibration error; latency; memory.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from tqdm import tqdm

import sample_dbs
from t2s import pipeline, sandbox
from t2s.backends import DEFAULT_FOLDER, Backend, Calibrated, ModelSpec, Reranking, load
from t2s.errors import QueryError, T2SError
from t2s.values import Answer, Candidate, Decoding, Limits, QueryResult, Request, Schema
from train import logical_form
from train.card import EX, LOGICAL_FORM, add_scores
from train.compare import covers, is_ordered, is_right
from train.data import SHARED_DATABASES, Pair, read_pairs
from train.figures import Outcome, summarise
from train.report import write_report
from train.schemas import read_schemas
from train.trees import repair

# Gold results may be long; the app itself shows 1,000 rows.
LIMITS = Limits(deadline_seconds=20, kill_seconds=30, max_rows=50_000, max_bytes=60_000_000)
SAMPLES = "samples"
SAMPLES_FOLDER = Path(sample_dbs.__file__).parent

Locate = Callable[[Pair], Path]


@dataclass(slots=True)
class Recorder:
    """Passes requests on to a backend and remembers the candidates of the last one."""

    backend: Backend
    candidates: tuple[Candidate, ...] = field(default=())

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Generate as the backend does."""
        self.candidates = self.backend.generate(request, decoding)
        return self.candidates

    @property
    def reranks(self) -> bool:
        """Rerank if the backend does."""
        return isinstance(self.backend, Reranking) and self.backend.reranks

    def rerank(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        outcomes: Sequence[QueryResult | None],
    ) -> tuple[tuple[int, float], ...]:
        """Rerank as the backend does."""
        return cast("Reranking", self.backend).rerank(request, candidates, outcomes)

    def calibrate(self, share: float) -> float:
        """Calibrate as the backend does."""
        return self.backend.calibrate(share) if isinstance(self.backend, Calibrated) else share

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Pick as the backend does."""
        picker = getattr(self.backend, "pick", None)
        return picker(request) if picker is not None else (request.schema, ())


def read_samples() -> tuple[Pair, ...]:
    """Return the questions of every sample database."""
    return tuple(
        Pair(SAMPLES, sample.name, q.question, q.sql, tuple(q.history), q.level)
        for sample in sample_dbs.list_samples()
        for q in sample_dbs.read_questions(sample.name)
    )


def locate_in(databases: Path) -> Locate:
    """Return what finds the file of a pair's database, ``<set>/<db_id>.sqlite`` or a sample."""

    def locate(pair: Pair) -> Path:
        owner = SHARED_DATABASES.get(pair.set_name, pair.set_name)
        folder = SAMPLES_FOLDER if owner == SAMPLES else databases / owner
        return folder / f"{pair.db_id}.sqlite"

    return locate


def evaluate(
    pairs: Sequence[Pair], locate: Locate, backend: Backend, decoding: Decoding
) -> list[Outcome]:
    """Ask every question; one that fails counts as wrong."""
    recorder = Recorder(backend)
    sessions: dict[str, pipeline.Session] = {}
    outcomes = []
    for pair in tqdm(pairs, mininterval=5):
        if pair.db_id not in sessions:
            sessions[pair.db_id] = pipeline.open_session(
                locate(pair), recorder, limits=LIMITS, decoding=decoding
            )
        outcomes.append(_ask(pair, sessions[pair.db_id], recorder))
    return outcomes


def _ask(pair: Pair, session: pipeline.Session, recorder: Recorder) -> Outcome:
    recorder.candidates = ()
    started = time.perf_counter()
    answer: Answer | None = None
    error = ""
    try:
        answer = pipeline.answer(pair.question, session, pair.history)
    except T2SError as failure:
        error = str(failure)
    seconds = time.perf_counter() - started
    result = answer.result if answer is not None else None
    declined = answer is not None and result is None
    confidence = answer.confidence if answer is not None else 0.0
    gold_runs = True
    if pair.sql is None:
        right = covered = declined
    elif pair.set_name in logical_form.SETS:
        right = result is not None and logical_form.same_form(pair.sql, result.sql)
        covered = right
        confidence = _believe(recorder.candidates, result)
    else:
        right, covered, gold_runs = _compare(pair.sql, result, session)
    return Outcome(
        pair,
        result.sql if result is not None else None,
        right,
        covered,
        declined,
        _executes(recorder.candidates, session),
        seconds,
        confidence,
        any(t.row_count for t in session.schema.tables),
        session.schema,
        error,
        gold_runs,
    )


def _believe(candidates: Sequence[Candidate], result: QueryResult | None) -> float:
    """Return the share of probability of the chosen statement itself: without rows all results are equal."""
    total = sum(c.probability for c in candidates)
    chosen = None if result is None else result.sql
    return sum(c.probability for c in candidates if c.sql == chosen) / total if total else 0.0


def _compare(
    gold_sql: str, result: QueryResult | None, session: pipeline.Session
) -> tuple[bool, bool, bool]:
    """Return whether a result is the gold one, whether it is that with more or moved columns, whether gold runs."""
    try:
        gold = sandbox.run(session.database.path, repair(gold_sql), LIMITS)
    except QueryError:
        return False, False, False
    ordered = is_ordered(gold_sql)
    right = is_right(gold, result, ordered=ordered)
    return right, right or covers(gold, result, ordered=ordered), True


def _executes(candidates: Sequence[Candidate], session: pipeline.Session) -> bool:
    """Tell whether the first candidate runs; declining counts as running."""
    if not candidates:
        return False
    sql = candidates[0].sql
    if sql is None:
        return True
    try:
        sandbox.run(session.database.path, sql, LIMITS)
    except QueryError:
        return False
    return True


def ask_set(
    pairs: Sequence[Pair], data: Path, databases: Path, backend: Backend, decoding: Decoding
) -> tuple[list[Outcome], str]:
    """Ask the questions of one set; return what became of them and the name of the measure.

    Databases of a set that ships headers only are written, without rows, to a temporary folder.
    """
    set_name = pairs[0].set_name if pairs else ""
    if set_name not in logical_form.SETS:
        return evaluate(pairs, locate_in(databases), backend, decoding), EX
    schemas = read_schemas(data / set_name / "schemas.jsonl.gz")
    with tempfile.TemporaryDirectory() as folder:
        headers = logical_form.HeaderDatabases(schemas, Path(folder))
        outcomes = evaluate(pairs, lambda pair: headers.path(pair.db_id), backend, decoding)
    return outcomes, LOGICAL_FORM


def build_parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(prog="python -m train.evaluate", description=__doc__)
    add = parser.add_argument
    add("--data", default="", help="folder of the data sets")
    add("--databases", default="", help="folder of the extracted databases, <set>/<db_id>.sqlite")
    add("--set", default="spider", help="name of the set")
    add("--split", default="dev", help="train or dev")
    add("--kind", default="compact", help="kind of model: compact, or scripted for a trial")
    add("--model", default=str(DEFAULT_FOLDER), help="model folder, or file of a scripted one")
    add("--beams", type=int, default=Decoding().beams, help="beam width")
    add("--limit", type=int, default=0, help="ask only so many questions, drawn with a fixed seed")
    add("--json", default="", help="file for the figures")
    add("--card", action="store_true", help="keep the figures in the model folder and its card")
    add("--predictions", default="", help="JSONL file for every question, gold and predicted SQL")
    add("--report", default="", help="HTML file for figures and sampled failures")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Evaluate, print, and write what was asked for."""
    args = build_parser().parse_args(argv)
    samples = args.set == SAMPLES
    data = Path(args.data)
    pairs = list(read_samples() if samples else read_pairs(data, args.set, args.split))
    if args.limit:
        pairs = random.Random(1).sample(pairs, min(args.limit, len(pairs)))
    backend = load(ModelSpec(args.kind, Path(args.model)))
    decoding = Decoding(beams=args.beams)
    outcomes, measure = ask_set(pairs, data, Path(args.databases), backend, decoding)
    figures = {
        "set": args.set,
        "split": args.split,
        "beams": args.beams,
        **summarise(outcomes, measure),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(json.dumps(figures, indent=1))
    if args.json:
        Path(args.json).write_text(json.dumps(figures, indent=1) + "\n")
    if args.card:
        add_scores(Path(args.model), figures)
    if args.predictions:
        write_predictions(Path(args.predictions), outcomes)
    if args.report:
        write_report(Path(args.report), figures, outcomes)
    return 0


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
