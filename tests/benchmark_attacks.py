"""Run a folder of attacks on the app's executor: ``python tests/benchmark_attacks.py --attacks DIR [--repeats 3]``.

``DIR`` holds ``make_dbs.py`` (called with a folder to write the databases into) and ``attacks.json``: objects with
``id``, ``db``, ``sql``, ``expect`` (``rows``, ``refused`` or ``stopped``) and, where they apply, ``also_ok``,
``first_rows``, ``truncated`` and ``needs_sqlite``. Each case gets a fresh copy of its database in a folder of its own.

The statements run in one process that stands for the app. *Extra memory* is what that process and its workers hold
beyond what it held before the case, sampled a hundred times a second; *growth* is of that process alone, from its
first answers to the end. *Light* is a small question asked again and again while eight threads of the same process
run the statements that have to be stopped. *Sandbox cost* is how much longer the samples' own queries take in the
sandbox than on an open connection. The answer is JSON; the exit status is 1 when a case failed.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import hashlib
import itertools
import json
import multiprocessing
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import attack_adapter

import sample_dbs

_MB = 1024 * 1024
_SAMPLING_SECONDS = 0.01
_HARD_SECONDS = 15.0
_MAX_SECONDS = 3.5
_MAX_EXTRA_MB = 300.0
_OTHERS = 8
_LIGHT_COUNT = 100
_LIGHT_SECONDS = 45.0
_LIGHT = "SELECT count(*) FROM customers WHERE country = 'Norway'"
_STRAYS = "/tmp/pwned*"


@dataclass(slots=True)
class Findings:
    """What came of all cases."""

    passed: list[int] = field(default_factory=list)
    failures: list[dict[str, object]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    extra_mb: list[float] = field(default_factory=list)
    changed_files: int = 0
    stray_files: int = 0


class App:
    """The process that stands for the app; its workers are its children."""

    def __init__(self, folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, inner = context.Pipe()
        self.folder = folder
        self._process = context.Process(target=_serve, args=(inner, str(folder)), daemon=False)
        self._process.start()
        inner.close()
        self._watched = psutil.Process(self._process.pid)

    def ask(self, job: str, *arguments: object, seconds: float = _HARD_SECONDS) -> Any:
        self.connection.send((job, arguments))
        if not self.connection.poll(seconds):
            raise TimeoutError
        return self.connection.recv()

    def own_mb(self) -> float:
        return self._watched.memory_info().rss / _MB

    def tree_mb(self) -> float:
        total = 0
        for process in (self._watched, *self._watched.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                # A child between fork and exec still has the memory of its parent; it must not count twice.
                if process == self._watched or process.cmdline() != self._watched.cmdline():
                    total += process.memory_info().rss
        return total / _MB

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(("end", ()))
        self._process.join(2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(connection: Connection, folder: str) -> None:
    """Answer jobs until told to end; runs in the process that stands for the app."""
    os.chdir(folder)
    jobs = {"run": attack_adapter.run, "light": _time_light, "cost": _time_sandbox}
    while True:
        job, arguments = connection.recv()
        if job == "end":
            return
        try:
            answer = jobs[job](*arguments)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is a finding
            answer = {"raised": f"{type(error).__name__}: {error}"}
        connection.send(answer)


def _time_light(path: str, bombs: Sequence[tuple[str, str]]) -> list[tuple[float, bool]]:
    """Return how many seconds light questions took beside bombs in other threads, and whether they got rows."""
    stop = threading.Event()

    def run_bombs(start: int) -> None:
        for db, sql in itertools.islice(itertools.cycle(bombs), start, None):
            if stop.is_set():
                return
            attack_adapter.run(db, sql)

    starts = range(0, len(bombs), max(1, len(bombs) // _OTHERS))
    threads = [threading.Thread(target=run_bombs, args=(n,)) for n in [*starts][:_OTHERS]]
    for thread in threads:
        thread.start()
    timed = []
    ends = time.monotonic() + _LIGHT_SECONDS
    for _ in range(_LIGHT_COUNT):
        if time.monotonic() > ends:
            break
        time.sleep(0.05)
        started = time.perf_counter()
        answer = attack_adapter.run(path, _LIGHT)
        timed.append((time.perf_counter() - started, "rows" in answer))
    stop.set()
    for thread in threads:
        thread.join()
    return timed


def _time_sandbox() -> list[float]:
    """Return how many seconds longer each query of the samples takes in the sandbox."""
    costs = []
    for sample in sample_dbs.list_samples():
        with contextlib.closing(sqlite3.connect(f"{sample.path.as_uri()}?mode=ro", uri=True)) as db:
            for question in sample_dbs.read_questions(sample.name):
                if question.sql is None:
                    continue
                started = time.perf_counter()
                db.execute(question.sql).fetchmany(1000)
                direct = time.perf_counter()
                attack_adapter.run(str(sample.path), question.sql)
                costs.append(time.perf_counter() - direct - (direct - started))
    return costs


@contextlib.contextmanager
def _watching(app: App, peaks: list[float]) -> Iterator[None]:
    """Append how many MB the app and its workers held at most beyond what they held before."""
    stop = threading.Event()
    before = app.tree_mb()
    seen = [before]

    def watch() -> None:
        while not stop.wait(_SAMPLING_SECONDS):
            seen.append(app.tree_mb())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        peaks.append(max(seen) - before)


def _run_case(app: App, case: dict[str, Any], databases: Path, findings: Findings) -> list[str]:
    """Run one case on copies of its files and return what was wrong."""
    with tempfile.TemporaryDirectory(prefix="t2s-case-") as name:
        folder = Path(name)
        for ending in ("", "-wal", "-journal"):
            source = databases / (case["db"] + ending)
            if case["db"] and source.is_file():
                shutil.copy(source, folder)
        before = _hash_files(folder)
        around = _list_around(app)
        started = time.perf_counter()
        with _watching(app, findings.extra_mb):
            answer = app.ask("run", str(folder / case["db"]), case["sql"])
        findings.seconds.append(time.perf_counter() - started)
        wrong = _judge(case, answer, name)
        after = _hash_files(folder)
        changed = [n for n, digest in before.items() if after.get(n) != digest]
        strays = sorted((set(after) - set(before)) | (_list_around(app) - around))
    findings.changed_files += len(changed)
    findings.stray_files += len(strays)
    wrong += [f"changed {n}" for n in changed] + [f"created {n}" for n in strays]
    if findings.seconds[-1] > _MAX_SECONDS:
        wrong.append(f"took {findings.seconds[-1]:.1f} s")
    if findings.extra_mb[-1] > _MAX_EXTRA_MB:
        wrong.append(f"took {findings.extra_mb[-1]:.0f} MB")
    if app.ask("run", str(databases / "shop.db"), "SELECT 7").get("rows") != [[7]]:
        wrong.append("a plain query fails afterwards")
    return wrong


def _hash_files(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def _list_around(app: App) -> set[str]:
    return {*os.listdir(app.folder), *glob.glob(_STRAYS)}


def _judge(case: dict[str, Any], answer: dict[str, Any], folder: str) -> list[str]:
    """Return what is wrong with an answer."""
    if "raised" in answer:
        return [f"raised {answer['raised']}"]
    wanted = {case["expect"], *case.get("also_ok", ())}
    needs = tuple(map(int, case.get("needs_sqlite", "0").split(".")))
    if sqlite3.sqlite_version_info < needs:
        wanted.add("refused")
    if "error" in answer:
        text = answer["error"]
        wrong = [] if wanted & {"refused", "stopped"} else [f"an error: {text}"]
        if not text.strip() or "Traceback" in text or folder in text:
            wrong.append(f"an error that is no plain sentence: {text}")
        return wrong
    got = {"rows", "stopped"} if answer["truncated"] else {"rows"}
    wrong = [] if wanted & got else ["an answer"]
    if case.get("truncated") and not answer["truncated"]:
        wrong.append("not said to be cut")
    first = case.get("first_rows")
    if first is not None and _plain(answer["rows"][: len(first)]) != _plain(first):
        wrong.append(f"other rows: {str(answer['rows'][:3])[:100]}")
    return wrong


def _plain(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Return rows as JSON could carry them, for comparing."""
    return [
        [
            {"hex": cell.hex()}
            if isinstance(cell, bytes)
            else round(cell, 6)
            if isinstance(cell, float)
            else cell
            for cell in row
        ]
        for row in rows
    ]


def measure(attacks: Path, repeats: int) -> dict[str, object]:
    """Run all cases ``repeats`` times, then the two timings."""
    cases = json.loads((attacks / "attacks.json").read_text(encoding="utf-8"))
    findings = Findings()
    with tempfile.TemporaryDirectory(prefix="t2s-attacks-") as name:
        databases, empty = Path(name, "databases"), Path(name, "empty")
        databases.mkdir()
        empty.mkdir()
        make = [sys.executable, str(attacks / "make_dbs.py"), str(databases)]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        shop = str(databases / "shop.db")
        app = App(empty)
        try:
            for _ in range(3):
                app.ask("run", shop, "SELECT 1")
            first_mb = app.own_mb()
            for _ in range(repeats):
                app = _repeat(app, cases, databases, findings)
            grown_mb = app.own_mb() - first_mb
            bombs = [
                (str(databases / c["db"]), c["sql"]) for c in cases if c["expect"] == "stopped"
            ]
            light = app.ask("light", shop, bombs, seconds=600.0)
            costs = app.ask("cost", seconds=600.0)
        finally:
            app.close()
    return {
        "cases": len(cases),
        "passed": findings.passed,
        "failures": findings.failures,
        "worst_seconds": round(max(findings.seconds), 2),
        "worst_extra_mb": round(max(findings.extra_mb), 1),
        "changed_files": findings.changed_files,
        "stray_files": findings.stray_files,
        "parent_growth_mb": round(grown_mb, 1),
        "light_count": len(light),
        "light_without_rows": sum(not answered for _, answered in light),
        **_describe("light_beside_bombs_ms", [seconds for seconds, _ in light]),
        **_describe("sandbox_cost_ms", costs),
    }


def _repeat(app: App, cases: list[Any], databases: Path, findings: Findings) -> App:
    """Run each case once; an app that hangs or dies is a failure and gets a successor."""
    passed = 0
    for case in cases:
        try:
            wrong = _run_case(app, case, databases, findings)
        except (TimeoutError, EOFError, OSError, psutil.Error) as error:
            wrong = [f"the app hung or died ({type(error).__name__})"]
            app.close()
            app = App(app.folder)
        passed += not wrong
        if wrong:
            findings.failures.append({"id": case["id"], "wrong": wrong})
            print(case["id"], "; ".join(wrong), file=sys.stderr)
    findings.passed.append(passed)
    return app


def _describe(name: str, seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(1000 * s for s in seconds)
    return {
        f"{name}_p50": round(statistics.median(ordered), 1),
        f"{name}_p95": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--attacks", type=Path, required=True, help="folder of make_dbs.py and attacks.json"
    )
    parser.add_argument(
        "--repeats", type=int, default=3, help="how often all cases run (default 3)"
    )
    arguments = parser.parse_args(argv)
    figures = measure(arguments.attacks.resolve(), arguments.repeats)
    print(json.dumps(figures, indent=1))
    return 1 if figures["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
