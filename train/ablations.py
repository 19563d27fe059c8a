"""What each part of the recipe is worth: ``python -m train.ablations --data DIR --databases DIR --work DIR``.

Two kinds of rows, each with execution accuracy on the same questions of typed dev and Spider dev (answerable ones whose
database has rows), 95 % bootstrap intervals, and the difference to the full recipe on the same questions:

- ``trained``: models trained by ``train.compact`` from the same encoder with the same seed and number of examples,
  each with one part left out;
- ``asked``: one model, asked with other beam widths, without parts of the decoding, or with other weights.

Every row is measured in a process of its own, one after the other, so that its memory is its own. ``--json`` keeps
figures; a row whose settings have figures there is not computed again, and a training run that was stopped goes on.
A change of the program is no setting: begin a new file after one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

from t2s import rerank
from t2s.backends import DEFAULT_FOLDER, Backend, checksums
from t2s.backends.compact import CompactBackend
from t2s.values import Candidate, Decoding, Request, Schema
from train import compact, evaluate
from train.ablation_table import (
    FULL,
    SETS,
    Answering,
    Row,
    Weights,
    build_tables,
    list_rows,
    record_set,
    record_speed,
)
from train.data import read_pairs
from train.reduced_inputs import Parts, ReducedEncoder

Call = Callable[..., Any]
WARMUP_SHARE = 0.1  # of the examples; the 4,000 of a long run would be most of a small budget


@dataclass(frozen=True, slots=True)
class FirstOnly:
    """Passes on the first candidate alone, so that nothing can be chosen by what it gave."""

    backend: CompactBackend

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Return the candidate that comes first by probability, the threshold of declining kept."""
        return self.backend.generate(request, decoding)[:1]

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Pick as the backend does."""
        return self.backend.pick(request)


def load_weights(folder: Path, weights: Weights, threads: int) -> CompactBackend:
    """Load a model with its weights turned into one of ``Weights``.

    For int8, linear layers keep int8 weights and quantise their input at every call; embeddings stay float32.
    ``quantize_dynamic`` is deprecated, but in torch 2.13 still there, and needs no further package.

    Raises:
        BackendError: The folder holds no model.
    """
    if weights == "auto" or not weights.startswith("int8"):
        return CompactBackend.load(folder, dtype=weights, threads=threads)
    backend = CompactBackend.load(folder, dtype="float32", threads=threads)
    from torch.ao import quantization  # noqa: PLC0415 - only these rows need it

    how: Any = {nn.Linear}
    if weights == "int8-per-channel":
        how = {nn.Linear: quantization.per_channel_dynamic_qconfig}
    quantization.quantize_dynamic(backend.model, how, dtype=torch.qint8, inplace=True)
    return backend


def load_row(row: Row, folder: Path, threads: int) -> Backend:
    """Load the model of a row and set it up as the row says.

    Raises:
        BackendError: The folder holds no model.
    """
    how: Answering = row.answering
    backend = load_weights(folder, how.weights, threads)
    if row.training is not None:
        parts = Parts(row.training.linking_types, row.training.values)
        backend = replace(backend, encoder=ReducedEncoder.from_folder(folder, parts))
    if not how.guided:
        return FirstOnly(backend)
    return backend if how.reranked else replace(backend, reranker=None)


def list_settings(row: Row, args: argparse.Namespace) -> dict[str, Any]:
    """Return what the figures of a row follow from, without the folders of this machine."""
    common = {"limit": args.limit, "threads": args.threads, "answering": asdict(row.answering)}
    if row.training is None:
        sums = (Path(args.model) / checksums.LIST_NAME).read_bytes()  # of every file that counts
        return common | {"model": _shorten(sums)}
    # As JSON gives it back: lists for tuples.
    training = json.loads(json.dumps(asdict(row.training)))
    return common | {"training": training, **list_budget(args)}


def list_budget(args: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that all training runs have in common."""
    return {
        "examples": args.examples,
        "seed": args.seed,
        "sets": args.sets,
        "synthetic": _hash(Path(args.synthetic)) if args.synthetic else "",
        "encoder_lr": args.encoder_lr,
        "decoder_lr": args.decoder_lr,
    }


def list_training_options(row: Row, args: argparse.Namespace) -> list[str]:
    """Return the command line of ``train.compact`` for a trained row.

    Runs of one budget share their prepared examples; the row without averaging continues, and so mostly finds
    finished, the run of the full recipe.
    """
    how = row.training
    if how is None:
        raise ValueError(f"{row.name} is not trained")
    run = find_run(row.name if how.averaging else FULL, args)
    sets = [name for name in args.sets.split(",") if name not in how.left_out]
    options = [
        *("--data", args.data, "--databases", args.databases, "--init", args.init),
        *("--tokenizer", args.tokenizer or args.init, "--prepared", f"{args.work}/prepared"),
        *("--work", str(run)),
        *("--out", str(find_model(row, args)), "--sets", ",".join(sets)),
        *("--examples", str(args.examples), "--warmup", str(int(WARMUP_SHARE * args.examples))),
        *("--encoder-lr", str(args.encoder_lr), "--decoder-lr", str(args.decoder_lr)),
        *("--threads", str(args.threads), "--seed", str(args.seed)),
    ]
    if args.synthetic and "synthetic" not in how.left_out:
        options += ["--synthetic", args.synthetic]
    flags = (
        ("--no-linking-types", how.linking_types),
        ("--no-values", how.values),
        ("--no-averaging", how.averaging),
    )
    return options + [flag for flag, is_kept in flags if not is_kept]


def find_model(row: Row, args: argparse.Namespace) -> Path:
    """Return the folder of a row's model."""
    if row.training is None:
        return Path(args.model)
    return find_run(row.name, args) / "model"


def find_run(name: str, args: argparse.Namespace) -> Path:
    """Return the folder of a row's training run; another budget has another one."""
    return Path(args.work) / f"{name}-{_shorten(json.dumps(list_budget(args)).encode())}"


def _shorten(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def measure(row: Row, args: argparse.Namespace) -> dict[str, Any]:
    """Ask the questions of every set; return the row's figures."""
    backend = load_row(row, find_model(row, args), args.threads)
    loaded = _count_resident_mb()
    locate = evaluate.locate_in(Path(args.databases))
    asked, sets = [], {}
    for name in SETS:
        pairs: Sequence[Any] = read_pairs(Path(args.data), name, "dev")
        drawn = random.Random(1).sample(pairs, min(args.limit, len(pairs)))
        outcomes = evaluate.evaluate(drawn, locate, backend, Decoding(beams=row.answering.beams))
        sets[name] = record_set(outcomes)
        asked += outcomes
    memory = {"loaded_mb": loaded, "resident_mb": _count_resident_mb()}
    return {"name": row.name, **memory, **record_speed(asked), "sets": sets}


def _count_resident_mb() -> int:
    return int(psutil.Process().memory_info().rss / 1e6)


def call_apart(work: Call, *given: object) -> Any:  # noqa: ANN401
    """Call a function in a new process and wait for it; what it raises is raised here."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(work, *given).result()


def compute_row(row: Row, args: argparse.Namespace, call: Call) -> dict[str, Any]:
    """Train what has to be trained and measure it."""
    if row.training is not None and not (find_model(row, args) / checksums.LIST_NAME).exists():
        call(compact.main, list_training_options(row, args))
    figures: dict[str, Any] = call(measure, row, args)
    return figures


def read_figures(path: Path) -> list[dict[str, Any]]:
    """Return the rows kept so far."""
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def build_parser() -> argparse.ArgumentParser:
    """Return the options of the command."""
    trained = compact.parse(["--data", "", "--databases", "", "--work", "", "--out", ""])
    parser = argparse.ArgumentParser(prog="python -m train.ablations", description=__doc__)
    add = parser.add_argument
    add("--data", required=True, help="folder of the data sets")
    add("--databases", required=True, help="folder of the databases, <set>/<db_id>.sqlite")
    add("--work", required=True, help="folder for checkpoints, prepared examples and models")
    add(
        "--only", default="", help="rows, comma separated; 'trained' and 'asked' name all of a kind"
    )
    add("--limit", type=int, default=300, help="questions of each set, drawn with a fixed seed")
    add("--model", default=str(DEFAULT_FOLDER), help="model folder of the asked rows")
    add("--examples", type=int, default=6000, help="training examples of each trained row")
    add("--init", default=trained.init, help="encoder to start from: hub name or folder")
    add("--tokenizer", default="", help="folder of tokenizer.json when --init is a hub name")
    add("--sets", default=trained.sets, help="sets to train on, comma separated")
    add(
        "--synthetic", default="", help="file written by train.synthesize; without it no row has it"
    )
    add("--encoder-lr", type=float, default=trained.encoder_lr, help="peak rate of the encoder")
    add("--decoder-lr", type=float, default=trained.decoder_lr, help="peak rate of the decoder")
    add("--seed", type=int, default=trained.seed, help="random seed of the training runs")
    add("--threads", type=int, default=trained.threads, help="CPU threads")
    add("--json", default="", help="file for the figures; by default figures.json in --work")
    return parser


def main(argv: list[str] | None = None, call: Call = call_apart) -> int:
    """Compute what is missing, keep it, and print the tables."""
    parser = build_parser()
    args = parser.parse_args(argv)
    try:
        rows = list_rows(args.only)
    except ValueError as error:
        parser.error(str(error))
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    path = Path(args.json) if args.json else work / "figures.json"
    kept = read_figures(path)
    for row in rows:
        if not row.answering.reranked and not (find_model(row, args) / rerank.FILE_NAME).exists():
            print(f"{row.name}: left out, the model has no weights to rerank by", flush=True)
            continue
        settings = list_settings(row, args)
        if not any((k["name"], k["settings"]) == (row.name, settings) for k in kept):
            print(f"{row.name}: {row.label}", flush=True)
            kept.append({**compute_row(row, args, call), "settings": settings})
            part = path.with_suffix(".part")
            part.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
            part.replace(path)
    every = {row.name: list_settings(row, args) for row in list_rows("")}
    print(build_tables({k["name"]: k for k in kept if every.get(k["name"]) == k["settings"]}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
