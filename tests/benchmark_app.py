"""Measure the page as people meet it: ``python tests/benchmark_app.py [--out build/app.json]``.

Chromium is running before the clock starts. *Paint* is from ``streamlit run`` until title, input and the
first example can be seen; *first answer* is from then until the answer to that example stands on the page;
*memory* is the peak over the resident sizes of the server and its workers, added up ten times a second,
while the questions of the samples are asked one after the other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import psutil
import served

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import sample_dbs  # noqa: E402

_SAMPLING_SECONDS = 0.1


class MemoryWatch:
    """The peak of resident bytes over a process and its children."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._server = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLING_SECONDS):
            self.peak_bytes = max(self.peak_bytes, self._sum())

    def _sum(self) -> int:
        total = 0
        for process in (self._server, *self._server.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                # A child between fork and exec still has the server's memory; it must not count twice.
                if process == self._server or process.cmdline() != self._server.cmdline():
                    total += process.memory_info().rss
        return total


def measure(questions: int, script: Path | None) -> dict[str, float | int]:
    with tempfile.TemporaryDirectory() as folder, served.chromium() as browser:
        command = None if script is None else served.scripted_command(script)
        with served.serve(Path(folder) / "log.txt", command) as server:
            watch = MemoryWatch(server.process.pid)
            with watch.running():
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.goto(server.url)
                served.wait_painted(page)
                painted = time.perf_counter()
                served.examples(page).first.click()
                served.wait_answered(page, 1)
                first = time.perf_counter()
                seconds = [_time_question(page, q) for q in _questions(questions - 1)]
    return {
        "paint_seconds": round(painted - server.started, 2),
        "first_answer_seconds": round(first - painted, 2),
        "later_answers_median_seconds": round(statistics.median(seconds), 2) if seconds else 0.0,
        "peak_resident_megabytes": round(watch.peak_bytes / 1e6, 1),
        "questions": questions,
    }


def _questions(number: int) -> list[str]:
    sample = sample_dbs.list_samples()[0].name
    return list(islice(cycle(q.question for q in sample_dbs.read_questions(sample)), number))


def _time_question(page: served.Page, question: str) -> float:
    # The page keeps the newest answers only, so messages are counted from a clear page.
    if page.get_by_test_id("stChatMessage").count() >= 20:
        page.get_by_role("button", name="New topic").click()
        served.expect(page.get_by_test_id("stChatMessage")).to_have_count(0, timeout=30_000)
    started = time.perf_counter()
    served.ask(page, question)
    return time.perf_counter() - started


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=50, help="how many to ask in all")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "app.json", help="JSON file")
    parser.add_argument(
        "--app-script", type=Path, help="answer from this script, without the model"
    )
    options = parser.parse_args(argv)
    figures = measure(options.questions, options.app_script)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, value in figures.items():
        print(f"{name:32} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
