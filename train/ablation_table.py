"""The rows of ``train.ablations`` and the table of their figures. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from t2s.values import Decoding
from train.figures import Outcome, interval, share, summarise

Weights = Literal["auto", "bfloat16", "float32", "int8", "int8-per-channel"]
DEFAULT_BEAMS = Decoding().beams
BEAMS = (1, 2, 4, 8, 12)
SETS = {"typed": "typed dev", "spider": "Spider dev"}
ROUNDS = 1000


@dataclass(frozen=True, slots=True)
class Answering:
    """How a model is asked.

    Attributes:
        beams: Beam width.
        weights: What the weights are turned into; ``auto`` is what the app does on this CPU.
        guided: Whether candidates beyond the first count: passing over those that fail or give nothing, reranking.
        reranked: Whether candidates are reranked by what they gave.
    """

    beams: int = DEFAULT_BEAMS
    weights: Weights = "auto"
    guided: bool = True
    reranked: bool = True


@dataclass(frozen=True, slots=True)
class Training:
    """How a model is trained, beside what all have in common.

    Attributes:
        linking_types: As in ``train.reduced_inputs``.
        values: As there.
        left_out: Sets that are left out.
        averaging: Whether averaged weights are saved; this alone needs no run of its own.
    """

    linking_types: bool = True
    values: bool = True
    left_out: tuple[str, ...] = ()
    averaging: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; ``training`` None for one model asked in several ways."""

    name: str
    label: str
    answering: Answering = Answering()
    training: Training | None = None


FULL = "full"
TRAINED = (
    Row(FULL, "full recipe", training=Training()),
    Row("no-linking-types", "without linking types", training=Training(linking_types=False)),
    Row("no-values", "without value candidates", training=Training(values=False)),
    Row(
        "no-synthetic",
        "without synthetic and written data",
        training=Training(left_out=("synthetic", "written")),
    ),
    Row("no-averaging", "without weight averaging", training=Training(averaging=False)),
)
SHIPPED = f"beams-{DEFAULT_BEAMS}"
ASKED = (
    *(
        Row(
            f"beams-{beams}",
            f"beam width {beams}" + (", as shipped" if beams == DEFAULT_BEAMS else ""),
            Answering(beams),
        )
        for beams in sorted({*BEAMS, DEFAULT_BEAMS})
    ),
    Row("no-guidance", "without execution guidance", Answering(guided=False)),
    Row("no-reranking", "without reranking", Answering(reranked=False)),
    Row("bfloat16", "bfloat16 weights", Answering(weights="bfloat16")),
    Row("float32", "float32 weights", Answering(weights="float32")),
    Row("int8", "dynamic int8, one scale a layer", Answering(weights="int8")),
    Row("int8-per-channel", "dynamic int8, one scale a row", Answering(weights="int8-per-channel")),
)
# What --only may name: a row, or all of a kind.
KINDS = {"trained": TRAINED, "asked": ASKED}


def list_rows(only: str) -> tuple[Row, ...]:
    """Return the rows of a comma-separated list of names, all for an empty one, in the order of the table.

    Raises:
        ValueError: There is no such row.
    """
    rows = (*TRAINED, *ASKED)
    wanted = set(filter(None, only.split(",")))
    for kind in wanted & set(KINDS):
        wanted |= {row.name for row in KINDS[kind]}
    unknown = wanted - {row.name for row in rows} - set(KINDS)
    if unknown:
        names = ", ".join((*KINDS, *(row.name for row in rows)))
        raise ValueError(f"there is no row {', '.join(sorted(unknown))}; there are {names}")
    return tuple(row for row in rows if not wanted or row.name in wanted)


def record_set(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return EX over the answerable questions whose database has rows, and which of them were right ("101...")."""
    right = [o.right for o in outcomes if o.pair.sql is not None and o.has_rows]
    return {
        "questions": len(right),
        "ex": round(share(right), 2),
        "ex_interval": [round(bound, 1) for bound in interval(right, rounds=ROUNDS)],
        "right": "".join("01"[flag] for flag in right),
    }


def record_speed(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return the share of first candidates that run, in percent, and the time from question to rows."""
    figures = summarise(outcomes)
    return {name: figures[name] for name in ("valid", "latency_p50_ms", "latency_p95_ms")}


def differ(right: str, reference: str, *, rounds: int = ROUNDS) -> tuple[float, float, float]:
    """Return by how many points EX differs on the same questions, with its 95 % bootstrap interval (paired).

    Raises:
        ValueError: They are not the same number of questions.
    """
    gains = [int(a) - int(b) for a, b in zip(right, reference, strict=True)]
    if not gains:
        return 0.0, 0.0, 0.0
    rng = random.Random(1)
    size = len(gains)
    means = sorted(100 * sum(rng.choices(gains, k=size)) / size for _ in range(rounds))
    return 100 * sum(gains) / size, means[int(0.025 * rounds)], means[int(0.975 * rounds)]


def build_tables(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a Markdown table for each kind of row that has figures, by name of the row."""
    parts = [
        _build_table(title, [row for row in rows if row.name in found], found, reference)
        for title, rows, reference in (
            ("Trained with the same small budget", TRAINED, FULL),
            ("One model, asked in several ways", ASKED, SHIPPED),
        )
        if any(row.name in found for row in rows)
    ]
    return "\n\n".join(parts)


def _build_table(
    title: str, rows: Sequence[Row], found: Mapping[str, Mapping[str, Any]], reference: str
) -> str:
    whole = found.get(reference, {}).get("sets", {})
    head = ["variant"]
    for label in SETS.values():
        head += [f"{label} EX, % (95 %)", "difference (95 %)"]
    head += ["first candidate runs, %", "p50 / p95, ms", "resident, MB: loaded / after"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        figures = found[row.name]
        cells = [row.label]
        for name in SETS:
            cells += _describe_set(figures["sets"][name], whole.get(name), row.name == reference)
        cells += [
            f"{figures['valid']}",
            f"{figures['latency_p50_ms']:.0f} / {figures['latency_p95_ms']:.0f}",
            f"{figures['loaded_mb']} / {figures['resident_mb']}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return f"{title}\n\n" + "\n".join(lines)


def _describe_set(
    figures: Mapping[str, Any], whole: Mapping[str, Any] | None, is_reference: bool
) -> tuple[str, str]:
    low, high = figures["ex_interval"]
    ex = f"{figures['ex']:.1f} ({low:.1f} to {high:.1f}) of {figures['questions']}"
    if is_reference or whole is None:
        return ex, "-"
    gain, least, most = differ(figures["right"], whole["right"])
    return ex, f"{gain:+.1f} ({least:+.1f} to {most:+.1f})"
