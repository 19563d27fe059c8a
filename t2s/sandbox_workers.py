"""The worker processes of the sandbox: who may have one when, their start and end, and their frames."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import math
import os
import signal
import struct
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from t2s.sandbox_access import choose_access

_SLOW_PLACES = 2
_SLOW_LENGTH = 8
# How long a worker stands still at most.
_QUEUE_SECONDS = 10.0
_SLOW_NICENESS = 19
# How often a worker that stands still looks for its turn.
_LOOK_SECONDS = 0.005
# What a wait of the system may be asked for.
_LONGEST_WAIT_SECONDS = 3600.0
_OPENED_BYTES = 64 * 1024
# SIGXCPU: the limit on processor time.
_CPU_SIGNAL = 24

BUSY_TEXT = "Too many questions are running right now; try again in a moment."

OpenProblem = Literal["open", "busy", "unfinished", "limit", "timeout"]
# What a worker may report; anything else is "open".
_PROBLEMS: dict[str, OpenProblem] = {
    "busy": "busy",
    "unfinished": "unfinished",
    "limit": "limit",
    "timeout": "timeout",
}


@dataclass(frozen=True, slots=True)
class Workers:
    """One kind of worker and how many of it may run.

    Every session starts in the quick lane; what takes longer moves to the slow one, where two run at
    a time and the others stand still. So an ordinary question never waits for the bombs of others.

    Attributes:
        run: What the interpreter is told to run.
        quick_seconds: How long a session may stay in the quick lane; infinity for ever.
        quick_places: How many may be in the quick lane.
        queue_length: How many may wait for it.
        queue_seconds: How long they wait.
        spares: How many are started before they are needed.
    """

    run: str
    quick_seconds: float = math.inf
    quick_places: int = 1
    queue_length: int = 8
    queue_seconds: float = 10.0
    spares: int = 0


# Imported, not run as a script: then its compiled form is kept, and a start takes a tenth less.
_READERS = Workers(
    run=f"import sys; sys.path.append({str(Path(__file__).parent)!r}); "
    "import sandbox_worker; sandbox_worker.main()",
    quick_seconds=0.1,
    quick_places=4,
    queue_length=32,
    spares=2,
)


class WorkerGone(Exception):  # noqa: N818 - a signal inside the sandbox, never shown
    """The worker ended, was killed, or wrote what no worker writes."""

    def __init__(self, *, timed_out: bool) -> None:
        """Keep whether time ran out."""
        super().__init__()
        self.timed_out = timed_out


class OpenFailed(Exception):  # noqa: N818 - a signal inside the sandbox, never shown
    """The worker could not open the file."""

    def __init__(self, problem: OpenProblem, detail: str = "") -> None:
        """Keep what was wrong; ``detail`` is for the log."""
        super().__init__()
        self.problem = problem
        self.detail = detail


class Busy(Exception):  # noqa: N818 - a signal inside the sandbox, never shown
    """Too many others run or wait already."""


class FairQueue:
    """Lets a few in at a time, in the order in which they came."""

    def __init__(self, places: int, length: int) -> None:
        """Open with ``places`` for those inside and ``length`` for those who wait."""
        self._lock = threading.Lock()
        self._free = places
        self._length = length
        self._waiting: deque[threading.Event] = deque()

    def enter(self, seconds: float) -> bool:
        """Wait for a place; False when the queue is full or ``seconds`` have passed."""
        turn = self.ask()
        if turn is None:
            return False
        turn.wait(seconds)
        return self.settle(turn)

    def ask(self) -> threading.Event | None:
        """Return what is set when a place is given; None when the queue is full."""
        turn = threading.Event()
        with self._lock:
            if self._free:
                self._free -= 1
                turn.set()
            elif len(self._waiting) >= self._length:
                return None
            else:
                self._waiting.append(turn)
        return turn

    def settle(self, turn: threading.Event) -> bool:
        """Stop waiting; tell whether the place was given."""
        with self._lock:
            if not turn.is_set():
                self._waiting.remove(turn)
            return turn.is_set()

    def leave(self) -> None:
        """Hand the place to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class _Watch:
    """Holds the place of a worker: moves it to the slow lane, kills it when its time is over.

    A thread rather than a poll of the pipe: pipes cannot be polled on Windows, and it also ends a
    write to a worker that does not read.
    """

    def __init__(self, process: subprocess.Popen[bytes], pool: _Pool) -> None:
        self.fired = False
        self.place: FairQueue | None = pool.quick
        self.paused_seconds = 0.0
        self._process = process
        self._pool = pool
        self._ends = math.inf
        self._slow_at = time.monotonic() + pool.workers.quick_seconds
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._wait, daemon=True)

    def now(self) -> float:
        """Return the time in seconds of a clock that stands still while the worker does."""
        return time.monotonic() - self.paused_seconds

    def move(self, ends: float) -> None:
        """Kill when the clock (``now``) shows ``ends``."""
        with self._changed:
            is_earlier, self._ends = ends < self._ends, ends
            if is_earlier:
                self._changed.notify()
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """End without killing."""
        self.move(-math.inf)
        self._thread.join()

    def _wait(self) -> None:
        with self._changed:
            while (left := self._ends - self.now()) > 0:
                if self.place is self._pool.quick:
                    left = min(left, self._slow_at - time.monotonic())
                    if left <= 0:
                        self._slow_down()
                        continue
                self._changed.wait(min(left, _LONGEST_WAIT_SECONDS))
            if self._ends > -math.inf:
                self.fired = True
                self._process.kill()

    def _slow_down(self) -> None:
        """Change to the slow lane; stand still until there is room, give up when there is none."""
        self._pool.quick.leave()
        self.place = None
        _lower_priority(self._process)
        turn = self._pool.slow.ask()
        if turn is not None and not turn.is_set():
            self._stand_still(turn)
        if turn is not None and self._pool.slow.settle(turn):
            self.place = self._pool.slow
        elif self._ends > -math.inf:
            self._ends = self.now()

    def _stand_still(self, turn: threading.Event) -> None:
        began = time.monotonic()
        can_pause = _signal(self._process, "SIGSTOP")
        while not turn.is_set() and self._ends > -math.inf:
            if time.monotonic() - began > _QUEUE_SECONDS:
                break
            self._changed.wait(_LOOK_SECONDS)
        if can_pause:
            self.paused_seconds += time.monotonic() - began
            _signal(self._process, "SIGCONT")


class Session:
    """A worker with one file open, and its place among those that run. Close it.

    Args:
        opening: How to open the file: the first frame of the worker, without ``path`` and
            ``access`` (see :func:`describe_opening`).
        path: The file, None for a worker that opens none.
        seconds: When to kill a worker that has not opened the file.
        workers: What kind of worker; None for one that reads a database.

    Raises:
        Busy: No place became free in time.
        OpenFailed: The file cannot be opened.
    """

    def __init__(
        self,
        opening: Mapping[str, Any],
        path: Path | None,
        seconds: float,
        workers: Workers | None = None,
    ) -> None:
        """Take a place and a worker, and have it open the file."""
        self._pool = _open_pool() if workers is None else _open_pool_of(workers)
        if not self._pool.quick.enter(self._pool.workers.queue_seconds):
            raise Busy
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: _Watch | None = None
        self.received_bytes = 0
        try:
            self.opening_ends = time.monotonic() + seconds
            self.opened = self._open(opening, path)
        except BaseException:  # whatever it is, the place must become free
            self.close()
            raise

    def _open(self, opening: Mapping[str, Any], path: Path | None) -> dict[str, Any]:
        try:
            named = {} if path is None else _name_file(path)
            self._process = self._pool.take()
        except OSError as error:
            raise OpenFailed("open", str(error)) from error
        self._watch = _Watch(self._process, self._pool)
        try:
            self.send({**opening, **named}, self.opening_ends)
            opened = self.receive(self.opening_ends, _OPENED_BYTES)
        except WorkerGone as gone:
            raise OpenFailed("timeout" if gone.timed_out else "limit") from gone
        if "error" in opened:
            problem = _PROBLEMS.get(opened["error"], "open")
            raise OpenFailed(problem, str(opened.get("message")))
        return opened

    def send(self, frame: Mapping[str, Any], ends: float) -> None:
        """Write a frame, before the clock shows ``ends``.

        Raises:
            WorkerGone: The worker does not read.
        """
        process, watch = self._parts()
        watch.move(ends)
        data = json.dumps(frame).encode()
        try:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write(struct.pack(">I", len(data)) + data)
            process.stdin.flush()
        except OSError as error:
            raise WorkerGone(timed_out=watch.fired) from error

    def receive(self, ends: float, max_bytes: int) -> dict[str, Any]:
        """Read a frame of at most ``max_bytes`` before the clock shows ``ends``.

        Raises:
            WorkerGone: It did not come in time or is no frame.
        """
        _, watch = self._parts()
        watch.move(ends)
        length = struct.unpack(">I", self._read(4))[0]
        self.received_bytes = length
        if length > max_bytes:
            raise WorkerGone(timed_out=False)
        try:
            frame = json.loads(self._read(length))
        except ValueError as error:
            raise WorkerGone(timed_out=False) from error
        if not isinstance(frame, dict):
            raise WorkerGone(timed_out=False)
        return frame

    def now(self) -> float:
        """Return the time in seconds of a clock that stands still while the worker does."""
        return self._parts()[1].now()

    def rest(self) -> None:
        """Let the worker live until it is sent something or closed."""
        self._parts()[1].move(math.inf)

    def _read(self, count: int) -> bytes:
        process, watch = self._parts()
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        data = process.stdout.read(count)
        if len(data) < count:
            process.wait()
            raise WorkerGone(timed_out=watch.fired or process.returncode == -_CPU_SIGNAL)
        return data

    def _parts(self) -> tuple[subprocess.Popen[bytes], _Watch]:
        assert self._process is not None  # noqa: S101 - it is open
        assert self._watch is not None  # noqa: S101 - it is open
        return self._process, self._watch

    def close(self) -> None:
        """End the worker and give its place to the next in the queue."""
        place: FairQueue | None = self._pool.quick
        try:
            if self._watch is not None:
                self._watch.stop()
                place = self._watch.place
            if self._process is not None:
                _end(self._process)
        finally:
            self._pool.refill()
            if place is not None:
                place.leave()


def describe_opening(
    *,
    memory_bytes: int,
    cpu_seconds: float,
    length_bytes: int = 5_000_000,
    sql_bytes: int = 100_000,
    check_seconds: float = 0.0,
    probe: bool = False,
) -> dict[str, Any]:
    """Return the first frame of a worker, without the file.

    Args:
        memory_bytes: What SQLite may allocate.
        cpu_seconds: Processor time of the worker.
        length_bytes: Longest cell and row.
        sql_bytes: Longest statement (longest seen in real use: 4 kB).
        check_seconds: Check the pages for so long and open nothing; 0 for a session.
        probe: Report the protections that are missing and open nothing.
    """
    return {
        "memory_bytes": memory_bytes,
        "cpu_seconds": math.ceil(cpu_seconds),
        "length_bytes": length_bytes,
        "sql_bytes": sql_bytes,
        "check_seconds": check_seconds,
        "probe": probe,
    }


def _name_file(path: Path) -> dict[str, str]:
    path = path.absolute()
    access = choose_access(path)
    if access is None:
        raise OpenFailed("unfinished")
    return {"path": str(path), "access": access}


class _Pool:
    """The lanes for one kind of worker, and spare ones that wait for their file."""

    def __init__(self, workers: Workers = _READERS) -> None:
        self.workers = workers
        self.quick = FairQueue(workers.quick_places, workers.queue_length)
        self.slow = FairQueue(_SLOW_PLACES, _SLOW_LENGTH)
        self._lock = threading.Lock()
        self._spares: list[subprocess.Popen[bytes]] = []

    def take(self) -> subprocess.Popen[bytes]:
        """Return a living spare worker, or a new one.

        Raises:
            OSError: The system starts no process.
        """
        while True:
            with self._lock:
                spare = self._spares.pop() if self._spares else None
            if spare is None:
                return _start(self.workers.run)
            if spare.poll() is None:
                return spare
            _end(spare)

    def refill(self) -> None:
        """Start a worker for the next session; without one the next session starts its own."""
        with self._lock, contextlib.suppress(OSError):
            if len(self._spares) < self.workers.spares:
                self._spares.append(_start(self.workers.run))

    def close(self) -> None:
        """End the spare workers."""
        with self._lock:
            while self._spares:
                _end(self._spares.pop())


def _open_pool() -> _Pool:
    return _open_pool_of(_READERS)


@functools.cache
def _open_pool_of(workers: Workers) -> _Pool:
    pool = _Pool(workers)
    atexit.register(pool.close)
    return pool


def _start(run: str) -> subprocess.Popen[bytes]:
    """Start a worker with no open files, its own session and an empty environment.

    Windows cannot start Python without the folder of the system.
    """
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - our own file, no shell
        [sys.executable, "-I", "-S", "-X", "utf8", "-c", run],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=kept,
        cwd="/",
        close_fds=True,
        start_new_session=True,
    )


def _lower_priority(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _SLOW_NICENESS)


def _signal(process: subprocess.Popen[bytes], name: str) -> bool:
    """Send a signal by name; False where the platform has none or the process is gone."""
    number = getattr(signal, name, None)
    if number is None:
        return False
    with contextlib.suppress(OSError):
        process.send_signal(number)
    return process.poll() is None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()
