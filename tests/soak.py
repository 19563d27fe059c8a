"""Ask many questions in one process and watch its memory: ``python tests/soak.py [--questions 10000]``.

The questions are those of the sample databases, each with its right statement from a script instead of a model, and
sessions are opened anew every now and then as visitors come and go. Memory is the resident size of this process;
what it holds after the first tenth is the base, because caches fill and libraries load until then. The exit status
is 1 when it grows by more than 50 MB beyond that, or when a question that the script can answer gets no answer.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import sample_dbs
from t2s import pipeline
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import T2SError

MAX_GROWTH_MB = 50.0
VISIT = 200  # questions before all sessions are opened anew
READINGS = 20
_MB = 1024 * 1024


def soak(count: int) -> dict[str, object]:
    """Ask ``count`` questions and return the figures."""
    asked = [
        (sample.path, question)
        for sample in sample_dbs.list_samples()
        for question in sample_dbs.read_questions(sample.name)
    ]
    script = {question.question: [question.sql] for _, question in asked}
    backend = ScriptedBackend.from_script(script)
    process = psutil.Process()
    sessions: dict[Path, pipeline.Session] = {}
    readings: list[float] = []
    unanswered: list[str] = []
    started = time.monotonic()
    for number, (path, question) in enumerate(itertools.islice(itertools.cycle(asked), count)):
        if number % VISIT == 0:
            sessions.clear()
        if path not in sessions:
            sessions[path] = pipeline.open_session(path, backend)
        try:
            answer = pipeline.answer(question.question, sessions[path], question.history)
            answered = (answer.result is None) == (question.sql is None)
        except T2SError:
            answered = False
        if not answered:
            unanswered.append(question.question)
        backend.requests.clear()  # the scripted backend remembers what it was asked; that is no leak of the app
        if number % max(1, count // READINGS) == 0 or number == count - 1:
            readings.append(process.memory_info().rss / _MB)
    base = readings[min(2, len(readings) - 1)]
    return {
        "questions": count,
        "seconds": round(time.monotonic() - started, 1),
        "memory_mb": [round(reading, 1) for reading in readings],
        "growth_mb": round(max(readings[2:], default=base) - base, 1),
        "unanswered": len(unanswered),
        "first_unanswered": unanswered[:5],
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=10_000, help="how many (default 10000)")
    figures = soak(parser.parse_args(argv).questions)
    print(json.dumps(figures, indent=1))
    return 1 if figures["unanswered"] or float(str(figures["growth_mb"])) > MAX_GROWTH_MB else 0


if __name__ == "__main__":
    sys.exit(main())
