"""Train the embedded model: ``python -m train.compact --data DIR --databases DIR --work DIR --out DIR``.

A run resumes from ``<work>/checkpoint.pt`` when there is one. On two cores preload tcmalloc (Debian package
``libtcmalloc-minimal4``), which makes a step 1.25-2 times faster.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertModel

from t2s import encoding
from t2s.backends import checksums
from t2s.backends.compact_model import CompactConfig, CompactModel
from t2s.ir import KEYWORDS
from train import augment, data, written
from train.card import write_card
from train.reduced_inputs import Parts, ReducedEncoder

WRITTEN = "written"  # the set of train/questions
DEFAULT_INIT = "sentence-transformers/all-MiniLM-L6-v2"
DEFAULT_WEIGHTS = {
    "typed": 0.12, "written": 0.5, "spider": 0.14, "synthetic": 0.01, "spider_syn": 0.035, "sparc": 0.025,
    "cosql": 0.01, "squall": 0.012, "ambrosia": 0.005, "wikisql": 0.13, "bird": 0.013,
}  # fmt: skip
POOL_BITS = 6_000_000
POOL_CALLS = 2_000  # uses of the dropout pool before it is drawn anew, about 80 steps
MAX_TRAINING_COLUMNS = 70
SHORT_NAMES_SHARE = 0.12
FEW_COLUMNS_SHARE = (
    0.4  # examples over a part of their schema: quicker, and keeps names from being learnt by heart
)
START_ID, END_ID, PAD_ID = (encoding.KEYWORD_IDS[k] for k in ("<s>", "</s>", "<pad>"))


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step, (batch, tokens) and (batch, outputs)."""

    input_ids: Tensor
    type_ids: Tensor
    mask: Tensor
    labels: Tensor


class PooledDropout(nn.Module):
    """Dropout whose masks are slices of one pool of random bits, drawn anew now and then.

    On a CPU drawing every mask afresh takes about a tenth of a training step.
    """

    def __init__(self, share: float, device: torch.device) -> None:
        """Draw the first pool; ``share`` is what is dropped, in [0, 1)."""
        super().__init__()
        self.share, self.calls, self.device = share, 0, device
        self.pool = self._draw()

    def _draw(self) -> Tensor:
        bits = torch.empty(POOL_BITS, dtype=torch.bfloat16, device=self.device)
        return bits.bernoulli_(1 - self.share).div_(1 - self.share)

    def forward(self, x: Tensor) -> Tensor:
        """Zero a share of ``x`` and scale up the rest, while training."""
        if not self.training or self.share == 0:
            return x
        size = x.numel()
        if size >= self.pool.numel():
            return nn.functional.dropout(x, self.share)
        self.calls += 1
        if self.calls % POOL_CALLS == 0:
            self.pool = (
                self._draw()
            )  # a new tensor: the graph of this step still holds slices of the old one
        start = random.randrange(self.pool.numel() - size)
        return x * self.pool[start : start + size].view_as(x)


def pool_dropout(model: nn.Module, device: torch.device) -> None:
    """Replace every dropout of ``model`` by one that shares a pool of masks."""
    shared: dict[float, PooledDropout] = {}
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout) and child.p > 0:
                setattr(module, name, shared.setdefault(child.p, PooledDropout(child.p, device)))


def new_model(init: str) -> CompactModel:
    """Build the model and start it from a BERT encoder (hub name or folder)."""
    encoder = BertModel.from_pretrained(init, add_pooling_layer=False)
    shape = encoder.config
    config = CompactConfig(
        keywords=KEYWORDS,
        word_count=shape.vocab_size,
        type_count=encoding.TYPE_COUNT,
        hidden_size=shape.hidden_size,
        encoder_layers=shape.num_hidden_layers,
        attention_heads=shape.num_attention_heads,
        feed_forward_size=shape.intermediate_size,
        decoder_start_token_id=START_ID,
        eos_token_id=END_ID,
        pad_token_id=PAD_ID,
        bos_token_id=START_ID,
    )
    model = CompactModel(config)
    model.start_from(encoder)
    return model


def laid_out(
    example: data.Example, encoder: encoding.InputEncoder, rng: random.Random
) -> tuple[encoding.Inputs, tuple[int, ...]] | None:
    """Return inputs and labels of one example after augmentation; None when its SQL cannot be spelled."""
    draw = rng.random()
    few = rng.random() < FEW_COLUMNS_SHARE
    changed = augment.shrink(example, rng, rng.randint(12, 30) if few else MAX_TRAINING_COLUMNS)
    if draw < 0.02:
        changed = augment.refusal(changed, rng)
    elif draw < 0.05:
        changed = augment.without_column(changed, rng) or changed
    if rng.random() < SHORT_NAMES_SHARE and example.pair.set_name != "typed":
        changed = augment.shorten_names(changed, rng)
    casual = augment.type_casually(changed, rng) if 0.05 <= draw < 0.35 else changed
    for version in (casual, changed):
        inputs = encoder.encode(version.request, shuffle=rng)
        ids = encoding.spell(version.symbols, inputs, fold_case=not version.has_cells)
        if ids is not None and len(ids) < 150:
            return inputs, (*ids, END_ID)
        if version is changed:
            break
    return None


def batches(
    examples: Iterator[data.Example],
    encoder: encoding.InputEncoder,
    rng: random.Random,
    batch_tokens: int,
    pool_examples: int,
) -> Iterator[Batch]:
    """Yield batches of at most ``batch_tokens`` padded input tokens, alike in length."""
    while True:
        pool = []
        for _ in range(pool_examples):
            made = laid_out(next(examples), encoder, rng)
            if made is not None:
                pool.append(made)
        pool.sort(key=lambda item: len(item[0].input_ids))
        groups: list[list[tuple[encoding.Inputs, tuple[int, ...]]]] = [[]]
        for item in pool:
            if (len(groups[-1]) + 1) * len(item[0].input_ids) > batch_tokens and groups[-1]:
                groups.append([])
            groups[-1].append(item)
        rng.shuffle(groups)
        for group in groups:
            yield collate(group)


def collate(group: list[tuple[encoding.Inputs, tuple[int, ...]]]) -> Batch:
    """Pad a group of examples to its longest."""
    width = max(len(i.input_ids) for i, _ in group)
    height = max(len(output) for _, output in group)
    input_ids = torch.zeros(len(group), width, dtype=torch.long)
    type_ids = torch.zeros_like(input_ids)
    mask = torch.zeros_like(input_ids)
    labels = torch.full((len(group), height), -100, dtype=torch.long)
    for row, (inputs, output) in enumerate(group):
        size = len(inputs.input_ids)
        input_ids[row, :size] = torch.tensor(inputs.input_ids)
        type_ids[row, :size] = torch.tensor(inputs.type_ids)
        mask[row, :size] = 1
        labels[row, : len(output)] = torch.tensor(output)
    return Batch(input_ids, type_ids, mask, labels)


def learning_rate_factor(seen: int, total: int, warmup: int) -> float:
    """Warm up linearly, then fall along a cosine to 2 % of the peak."""
    if seen < warmup:
        return seen / warmup
    share = min(1.0, (seen - warmup) / max(1, total - warmup))
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share))


class Run:
    """Model, optimiser and averaged weights, with what is needed to go on after a kill."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Build everything, then continue from the checkpoint when there is one."""
        self.args = args
        self.device = torch.device(args.device)
        self.checkpoint = Path(args.work) / "checkpoint.pt"
        self.model = (
            new_model(args.init) if not args.start else CompactModel.from_pretrained(args.start)
        )
        self.model.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        nn.Module.to(self.model, self.device, torch.float32)
        pool_dropout(self.model, self.device)
        upper: list[Tensor] = []
        lower: list[Tensor] = []
        for name, weight in self.model.named_parameters():
            if weight.requires_grad:
                (lower if name.startswith("encoder.") else upper).append(weight)
        groups = [
            {"params": lower, "lr": args.encoder_lr, "peak": args.encoder_lr},
            {"params": upper, "lr": args.decoder_lr, "peak": args.decoder_lr},
        ]
        self.weights = lower + upper
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, betas=(0.9, 0.98), fused=True)
        self.average = [w.detach().clone() for w in self.weights]
        self.seen, self.steps, self.seconds = 0, 0, 0.0
        self.phases: list[dict[str, object]] = []
        if self.checkpoint.exists():
            self._resume()
        self.phases.append({"from_example": self.seen, **settings(args)})

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        with torch.no_grad():
            for weight, saved in zip(self.weights, state["weights"], strict=True):
                weight.copy_(saved)
        self.average = list(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        for group, peak in zip(
            self.optimizer.param_groups, (self.args.encoder_lr, self.args.decoder_lr), strict=True
        ):
            group["peak"] = peak
        self.seen, self.steps, self.seconds = state["seen"], state["steps"], state["seconds"]
        self.phases = list(state["phases"])
        print(f"resumed after {self.seen} examples", flush=True)

    def save(self) -> None:
        """Write the checkpoint beside the old one, then take its place."""
        part = self.checkpoint.with_suffix(".part")
        state = {
            "weights": [w.detach() for w in self.weights],
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "seen": self.seen,
            "steps": self.steps,
            "seconds": self.seconds,
            "phases": self.phases,
        }
        torch.save(state, part)
        part.replace(self.checkpoint)

    def step(self, batch: Batch) -> float:
        """Take one optimiser step; return the loss."""
        factor = learning_rate_factor(self.seen, self.args.examples, self.args.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        device = self.device
        with (
            torch.autocast(device.type, dtype=torch.bfloat16)
            if not self.args.fp32
            else nullcontext()
        ):
            output = self.model(
                input_ids=batch.input_ids.to(device),
                attention_mask=batch.mask.to(device),
                token_type_ids=batch.type_ids.to(device),
                labels=batch.labels.to(device),
            )
        loss: Tensor = output.loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.seen += batch.input_ids.shape[0]
        self.steps += 1
        if self.steps % self.args.average_every == 0:
            decay = min(self.args.average_decay, (1 + self.steps) / (10 + self.steps))
            decay = decay**self.args.average_every
            with torch.no_grad():
                torch._foreach_lerp_(self.average, self.weights, 1 - decay)
        return loss.item()

    def export(self, folder: Path) -> None:
        """Save the averaged weights as a ``transformers`` folder in fp16, with tokenizer and run record.

        With ``--no-averaging`` the last weights are saved instead.
        """
        folder.mkdir(parents=True, exist_ok=True)
        kept = [w.detach().clone() for w in self.weights]
        if not self.args.no_averaging:
            with torch.no_grad():
                for weight, averaged in zip(self.weights, self.average, strict=True):
                    weight.copy_(averaged)
        nn.Module.to(self.model, torch.float16)
        self.model.save_pretrained(folder)
        nn.Module.to(self.model, torch.float32)
        with torch.no_grad():
            for weight, saved in zip(self.weights, kept, strict=True):
                weight.copy_(saved)
        source = Path(self.args.tokenizer or self.args.init) / "tokenizer.json"
        (folder / "tokenizer.json").write_bytes(source.read_bytes())
        record = run_record(self)
        (folder / "run.json").write_text(json.dumps(record, indent=1) + "\n")
        write_card(folder, record)
        checksums.write(folder)


def settings(args: argparse.Namespace) -> dict[str, object]:
    """Return the options that make a run, without the folders of this machine."""
    kept = {
        k: v
        for k, v in vars(args).items()
        if k
        not in ("data", "databases", "work", "prepared", "out", "start", "tokenizer", "minutes")
    }
    kept["init"] = DEFAULT_INIT
    kept["synthetic"] = bool(args.synthetic)
    kept["weights"] = json.loads(args.weights) if args.weights else DEFAULT_WEIGHTS
    return kept


def run_record(run: Run) -> dict[str, object]:
    """Return what is needed to repeat the run; a run that was resumed has several phases."""
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "settings": settings(run.args),
        "phases": run.phases,
        "examples_seen": run.seen,
        "steps": run.steps,
        "training_seconds": round(run.seconds),
        "torch": torch.__version__,
        "commit": commit,
        "parameters": sum(p.numel() for p in run.model.parameters()),
    }


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m train.compact", description=__doc__)
    add = parser.add_argument
    add("--data", required=True, help="folder of the data sets")
    add(
        "--databases", required=True, help="folder of the extracted databases, <set>/<db_id>.sqlite"
    )
    add("--work", required=True, help="folder for the checkpoint and prepared examples")
    add(
        "--prepared",
        default="",
        help="folder for prepared examples that several runs share; by default 'prepared' in --work",
    )
    add("--out", required=True, help="folder to save the model in")
    add("--init", default=DEFAULT_INIT, help="encoder to start from: hub name or folder")
    add("--tokenizer", default="", help="folder of tokenizer.json when --init is a hub name")
    add("--start", default="", help="trained model folder to start from instead of --init")
    add(
        "--sets",
        default=",".join((*data.SETS, WRITTEN)),
        help="sets to train on, comma separated; 'written' is train/questions",
    )
    add(
        "--hold-out",
        default="",
        help="names of files in train/questions to leave out, comma separated; train.rerank needs some",
    )
    add("--synthetic", default="", help="file written by train.synthesize, as one more set")
    add("--weights", default="", help="JSON of set name to sampling weight")
    add(
        "--examples",
        type=int,
        default=160_000,
        help="examples after which the learning rate has fallen",
    )
    add("--minutes", type=float, default=1e9, help="stop and save after this many minutes")
    add("--batch-tokens", type=int, default=2400, help="padded input tokens in a batch")
    add("--pool", type=int, default=512, help="examples laid out at a time and batched by length")
    add("--encoder-lr", type=float, default=1.5e-4, help="peak learning rate of the encoder")
    add("--decoder-lr", type=float, default=4e-4, help="peak learning rate of the decoder")
    add("--warmup", type=int, default=4000, help="examples of linear warm-up")
    add("--average-decay", type=float, default=0.998, help="decay a step of the averaged weights")
    add("--average-every", type=int, default=4, help="steps between two updates of the average")
    add(
        "--no-averaging",
        action="store_true",
        help="save the last weights, not the average (for an ablation)",
    )
    add(
        "--no-linking-types",
        action="store_true",
        help="token types do not tell what linking matched (for an ablation: the app gives them to every model)",
    )
    add(
        "--no-values",
        action="store_true",
        help="no cells, dates and numbers offered in the input (for an ablation: the app offers them to every model)",
    )
    add("--save-minutes", type=float, default=5, help="minutes between checkpoints")
    add("--threads", type=int, default=2, help="CPU threads")
    add("--device", default="cpu", help="cpu or cuda")
    add("--fp32", action="store_true", help="no bfloat16 autocast")
    add("--seed", type=int, default=1, help="random seed")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Train until the examples or minutes are used up, then save."""
    args = parse(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    work = Path(args.work)
    work.mkdir(parents=True, exist_ok=True)
    weights = json.loads(args.weights) if args.weights else DEFAULT_WEIGHTS
    sets = load_sets(args, Path(args.prepared) if args.prepared else work / "prepared")
    run = Run(args)
    rng = random.Random(args.seed + run.seen)
    tokenizer_folder = Path(args.tokenizer or args.init)
    source = batches(
        data.stream(sets, weights, rng),
        ReducedEncoder.from_folder(tokenizer_folder, list_parts(args)),
        rng,
        args.batch_tokens,
        args.pool,
    )
    train(run, source)
    run.save()
    run.export(Path(args.out))
    return 0


def list_parts(args: argparse.Namespace) -> Parts:
    """Return what of a request the model is given."""
    return Parts(linking_types=not args.no_linking_types, values=not args.no_values)


def load_sets(args: argparse.Namespace, cache: Path) -> dict[str, list[data.Example]]:
    """Prepare every training set, the synthetic one included."""
    folder = Path(args.data)
    sources = {name: folder / name / "train.jsonl.gz" for name in args.sets.split(",")}
    if WRITTEN in sources:
        held_out = frozenset(filter(None, args.hold_out.split(",")))
        sources[WRITTEN] = written.build_all(Path(args.databases) / WRITTEN, held_out=held_out)
    if args.synthetic:
        sources["synthetic"] = Path(args.synthetic)
    return {
        name: data.load_prepared(source, name, folder, Path(args.databases), cache)
        for name, source in sources.items()
    }


def train(run: Run, source: Iterator[Batch]) -> None:
    """Step until done or until SIGTERM or SIGINT asks to stop, printing and saving on the way."""
    run.model.train()
    asked: list[int] = []
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda number, _frame: asked.append(number))
    begun = saved = printed = time.monotonic()
    before, losses, counted = run.seconds, [], run.seen
    while run.seen < run.args.examples and time.monotonic() - begun < run.args.minutes * 60:
        losses.append(run.step(next(source)))
        now = time.monotonic()
        run.seconds = before + now - begun
        if now - printed >= 30:
            rate = (run.seen - counted) / (now - printed)
            print(
                f"{run.seconds / 60:6.1f} min {run.seen:7d} examples {run.steps:6d} steps "
                f"loss {sum(losses) / len(losses):.4f} {rate:.1f}/s",
                flush=True,
            )
            printed, counted, losses = now, run.seen, []
        if now - saved >= run.args.save_minutes * 60:
            run.save()
            saved = now
        if asked:
            run.save()
            raise SystemExit(128 + asked[0])


if __name__ == "__main__":
    raise SystemExit(main())
