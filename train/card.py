"""The model card written beside the weights: data, licences, recipe, scores and limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = (
    ("typed", "questions as people type them, written for this project", "ours, Apache-2.0"),
    ("written", "train/questions: 36,000 questions over 96 databases, written for this project", "ours, Apache-2.0"),
    ("synthetic", "written by train/synthesize.py over the training databases", "ours, Apache-2.0"),
    ("Spider (train)", "https://arxiv.org/abs/1809.08887", "CC BY-SA 4.0"),
    ("Spider-Syn (train)", "https://arxiv.org/abs/2106.01065", "MIT"),
    ("SParC, CoSQL (train)", "https://arxiv.org/abs/1906.02285, https://arxiv.org/abs/1909.05378", "not stated"),
    ("SQUALL (train)", "https://arxiv.org/abs/2010.11246", "CC BY-SA 4.0"),
    ("AMBROSIA", "https://arxiv.org/abs/2406.19073", "CC BY 4.0"),
    ("WikiSQL (train)", "https://arxiv.org/abs/1709.00103", "BSD-3-Clause"),
    ("BIRD (train, filtered)", "https://arxiv.org/abs/2305.03111", "CC BY-SA 4.0"),
    ("text2sql-data (train)", "https://arxiv.org/abs/1806.09029", "mixed"),
)  # fmt: skip
LIMITS = (
    "It reads English only, at most 512 word pieces of question and schema; larger schemas are cut to the parts that "
    "match the question.",
    "It writes literals only by pointing at the question, at cells that linking found, or by digits; a value that "
    "stands in neither cannot be written.",
    "It is small: long chains of conditions, ranking within groups and arithmetic over several steps often go wrong. "
    "Check the SQL and the sentence that the app derives from it.",
    "It declines some questions it could answer and answers some it should decline; see precision and recall.",
)


def write_card(folder: Path, record: dict[str, Any]) -> None:
    """Write ``README.md`` of a model folder from its run record, and its scores from ``scores.json`` if there."""
    scores = folder / "scores.json"
    measured = json.loads(scores.read_text()) if scores.exists() else []
    parts = [
        _head(record),
        _table(("data", "source", "licence of the data"), DATA),
        _recipe(record),
        _scores(measured),
        "## Limits\n\n" + "\n".join(f"- {limit}" for limit in LIMITS),
    ]
    (folder / "README.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _head(record: dict[str, Any]) -> str:
    return (
        "---\nlicense: apache-2.0\nlanguage: en\nbase_model: sentence-transformers/all-MiniLM-L6-v2\n"
        "pipeline_tag: text-generation\n---\n\n"
        "# t2s compact\n\nQuestion and schema in, SQLite SQL out: a BERT encoder and a three-layer decoder with a "
        f"pointer head, {record['parameters'] / 1e6:.1f} million parameters, fp16 weights. The encoder starts from "
        "all-MiniLM-L6-v2 (Apache-2.0). Written by `python -m train.compact`; the whole record is in `run.json`.\n\n"
        "## Data\n\nDatabases and questions of every dev set were kept out of training."
    )


def _recipe(record: dict[str, Any]) -> str:
    settings = record["settings"]
    text = (
        "## Recipe\n\n"
        f"{record['examples_seen']:,} examples in {record['steps']:,} steps, {record['training_seconds'] / 60:.0f} "
        "minutes on CPU, bfloat16 autocast, AdamW with peak learning rate "
        f"{settings['encoder_lr']:g} (encoder) and {settings['decoder_lr']:g} (decoder), warm-up over "
        f"{settings['warmup']:,} examples, cosine decay, averaged weights (decay {settings['average_decay']:g} a "
        "step), word embeddings frozen, tables and columns in random order, a share of questions in lower case, a "
        "share of names shortened, about a tenth unanswerable. The mixture was changed on the way:"
    )
    rows = [
        (
            f"{phase['from_example']:,}",
            phase["threads"],
            f"{phase['examples']:,}",
            ", ".join(f"{name} {weight:g}" for name, weight in phase["weights"].items()),
        )
        for phase in record["phases"]
    ]
    head = ("from example", "threads", "learning rate falls until", "sampling weights")
    return text + "\n\n" + _table(head, rows)


def _scores(measured: list[dict[str, Any]]) -> str:
    rows = [
        (
            f"{m['set']} {m['split']}",
            f"{m['ex']} % ({m['ex_interval'][0]}-{m['ex_interval'][1]}) of {m['questions']}",
            f"{m['ex_with_rows']} % of {m['questions_with_rows']}",
            f"{m['valid']} %",
            f"{m['decline_precision']} / {m['decline_recall']}",
        )
        for m in measured
    ]
    head = (
        "set",
        "EX (95 % interval)",
        "EX, database has rows",
        "first candidate runs",
        "declining: precision / recall",
    )
    return "## Scores\n\n`python -m train.evaluate`, strict execution accuracy.\n\n" + _table(
        head, rows
    )


def _table(head: tuple[str, ...], rows: Any) -> str:  # noqa: ANN401
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])
