"""Train in child processes that die at a given moment, and train on: ``python tests/kill_training.py PLANS LOG RUNS -- ARGS``.

PLANS is a JSON list of runs, each a list of moments at which one child after the other dies; the last may be
"end". ARGS are those of ``train.compact``, with WORK for a folder of the run in RUNS. LOG gets one JSON list
a line: the run, the child, what happened, at which step, and a value. The libraries are imported once.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from train import compact  # noqa: E402

BATCHES = 5
Tell = Callable[[str, int, object], None]


def die(with_signal: int = signal.SIGKILL) -> None:
    os.kill(os.getpid(), with_signal)


def summarize(run: compact.Run) -> list[float]:
    """Numbers that differ when any weight, average or moment of the optimiser does."""
    state = run.optimizer.state_dict()["state"]
    moments = [s[name] for s in state.values() for name in ("exp_avg", "exp_avg_sq")]
    groups = (run.weights, run.average, moments)
    return [sum(w.detach().double().abs().sum().item() for w in group) for group in groups]


def watch(moment: str, tell: Tell) -> None:
    """Have this process tell what it does, and die at ``moment``: "place step", "place step signal"."""
    place, _, rest = moment.partition(" ")
    step, _, name = rest.partition(" ")
    number = getattr(signal, name or "SIGKILL")
    runs: list[Watched] = []

    def reach(here: str) -> None:
        if runs and (here, runs[0].steps) == (place, int(step or 0)):
            die(number)

    class Watched(compact.Run):
        def __init__(self, args):
            super().__init__(args)
            tell("begin", self.steps, summarize(self))
            runs.append(self)

        def step(self, batch):
            loss = super().step(batch)
            tell("loss", self.steps, loss)
            reach("step")
            return loss

        def save(self):
            super().save()
            tell("saved", self.steps, summarize(self))
            reach("saved")

        def export(self, folder):
            super().export(folder)
            tell("exported", self.steps, summarize(self))

    make, write, move = compact.batches, torch.save, Path.replace

    def make_same(examples, encoder, rng, *bounds) -> Iterator[compact.Batch]:
        """The same few batches over and over, going on where the run stands."""
        rng.seed(7)
        first = list(itertools.islice(make(examples, encoder, rng, *bounds), BATCHES))
        done = runs[0].steps % BATCHES
        yield from itertools.islice(itertools.cycle(first), done, None)

    def write_in_parts(state, path) -> None:
        whole = io.BytesIO()
        write(state, whole)
        content = whole.getvalue()
        with Path(path).open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            reach("half")
            file.write(content[len(content) // 2 :])
        reach("written")

    def write_sums(folder) -> None:
        reach("listing")
        sums(folder)

    sums = compact.checksums.write
    compact.checksums.write = write_sums
    compact.Run, compact.batches, torch.save = Watched, make_same, write_in_parts
    Path.replace = lambda self, target: (move(self, target), reach("replaced"))[0]


def run_child(moment: str, args: list[str], tell: Tell) -> int:
    """Train in a child; return how it ended, as a shell would tell."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            watch(moment, tell)
            status = compact.main(args)
        except SystemExit as error:
            status = int(error.code or 0)
        finally:
            sys.stdout.flush()
            os._exit(status)
    _, how = os.waitpid(child, 0)
    return 128 + os.WTERMSIG(how) if os.WIFSIGNALED(how) else os.WEXITSTATUS(how)


def main(plans: list[list[str]], log: Path, args: list[str], work: Path) -> None:
    with log.open("a", buffering=1) as lines:
        for number, moments in enumerate(plans):
            filled = [arg.replace("WORK", str(work / str(number))) for arg in args]
            for child, moment in enumerate(moments):

                def tell(what: str, step: int, value: object, who=(number, child)) -> None:
                    lines.write(json.dumps([*who, what, step, value]) + "\n")
                    lines.flush()

                tell("ended", -1, run_child(moment, filled, tell))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]), Path(sys.argv[2]), sys.argv[5:], Path(sys.argv[3]))
