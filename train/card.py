"""The model card written beside the weights: data, licences, recipe, scores and limits.

``python -m train.card --readme README.md`` writes the same scores into the table of the project's README, between the
lines ``README_BEGIN`` and ``README_END``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from t2s.backends import DEFAULT_FOLDER
from t2s.rerank import FILE_NAME
from train.hardness import LEVELS

EX, LOGICAL_FORM = "ex", "logical_form"  # keys of a figure: what "right" means in it
SCORES = "scores.json"
README_BEGIN = "<!-- scores: python -m train.card --readme README.md -->"
README_END = "<!-- end of scores -->"

DATA = (
    ("typed", "questions as people type them, written for this project", "ours, Apache-2.0"),
    ("written", "train/questions: questions written by hand over databases of many kinds", "ours, Apache-2.0"),
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

# Rows of the README's table, in this order: (set, split) -> what it is called there.
README_SETS = {
    ("spider", "dev"): "Spider dev",
    ("spider_syn", "dev"): "Spider-Syn dev (without the schema's own words)",
    ("typed", "dev"): "typed dev (questions as people type them, four unseen databases)",
    ("samples", "dev"): "sample databases (their own questions, never trained on)",
    ("squall", "dev"): "SQUALL dev (Wikipedia tables)",
    ("wikisql", "dev"): "WikiSQL dev (headers only)",
    ("sparc", "dev"): "SParC dev, every turn",
    ("cosql", "dev"): "CoSQL dev, every turn",
    ("spider_merged", "dev"): "Spider dev, ten databases merged into one",
    ("bird", "train"): "BIRD train (large schemas)",
}
README_DETAILED = ("spider", "typed")  # whose groups are listed too


def write_card(folder: Path, record: dict[str, Any]) -> None:
    """Write ``README.md`` of a model folder from its run record, and its scores from ``scores.json`` if there."""
    measured = read_scores(folder)
    parts = [
        _head(record),
        _table(("data", "source", "licence of the data"), DATA),
        _recipe(record),
        *_reranking(folder),
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


def _reranking(folder: Path) -> list[str]:
    """Return the paragraph about the weights that order candidates, if there are any."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    record = json.loads(path.read_text(encoding="utf-8"))
    return [
        "## Order of the candidates\n\n"
        f"`{FILE_NAME}` holds {len(record['weights'])} weights over what each candidate leaves out and what it gives, "
        f"fitted by `python -m train.rerank` on {record['questions']:,} questions over {len(record['files'])} databases "
        "of `train/questions` that the model had not seen when it wrote the candidates (it was trained on most of "
        f"them afterwards). There its first candidate was right in {record['first right']} %, the one put first in "
        f"{record['cross-validated']} % (five folds over databases), any candidate in {record['any right']} %."
    ]


def _scores(measured: list[dict[str, Any]]) -> str:
    rows = [
        (
            f"{m['set']} {m['split']}",
            f"{_rightness(m)} of {m['questions']}" + ("" if EX in m else " (logical form)"),
            f"{m['ex_with_rows']} % of {m['questions_with_rows']}" if "ex_with_rows" in m else "-",
            f"{m['valid']} %",
            f"{m['decline_precision']} / {m['decline_recall']}",
        )
        for m in measured
        if EX in m or LOGICAL_FORM in m
    ]
    head = (
        "set",
        "EX (95 % interval)",
        "EX, database has rows",
        "first candidate runs",
        "declining: precision / recall",
    )
    text = "## Scores\n\n`python -m train.evaluate`, strict execution accuracy.\n\n" + _table(
        head, rows
    )
    recalls = [
        (
            f"{m['set']} {m['split']}",
            f"{m['column_recall']} %",
            f"{m['table_recall']} %",
            m["cut_questions"],
        )
        for m in measured
        if "column_recall" in m
    ]
    if not recalls:
        return text
    choosing = ("set", "gold columns kept", "gold tables kept", "questions where it must choose")
    lead = "\n\n`python -m train.merged_schemas`, schemas larger than the input of the model.\n\n"
    return text + lead + _table(choosing, recalls)


def _rightness(figures: dict[str, Any]) -> str:
    measure = EX if EX in figures else LOGICAL_FORM
    low, high = figures[f"{measure}_interval"]
    return f"{figures[measure]} % (95 %: {low}-{high})"


def build_readme_table(measured: Sequence[dict[str, Any]]) -> str:
    """Return the accuracy table of the project's README: one or more rows for each set that was measured."""
    found = {(m["set"], m["split"]): m for m in measured}
    listed = [(label, found[key]) for key, label in README_SETS.items() if key in found]
    rows = [row for label, m in listed for row in _list_readme_rows(m, label)]
    for text, field, unit in (
        ("first candidate executes", "valid", " %"),
        ("confidence: expected calibration error", "expected_calibration_error", ""),
    ):
        shown = [
            f"{label.partition(' (')[0]} {m[field]}{unit}" for label, m in listed if field in m
        ]
        if shown:
            rows.append((text, "", ", ".join(shown)))
    return _table(("what", "command", "result"), rows)


def _list_readme_rows(m: dict[str, Any], label: str) -> list[tuple[str, str, str]]:
    if "column_recall" in m:
        command = "`python -m train.merged_schemas ...`"
    else:
        command = (
            f"`python -m train.evaluate --set {m['set']}{'' if m['set'] == 'samples' else ' ...'}`"
        )
    short = label.partition(" (")[0]
    rows: list[tuple[str, str, str]] = []
    if m.get("questions_with_rows", m.get("questions")) != m.get("questions"):
        rows.append(
            (
                f"{label}, EX on the {m['questions_with_rows']} questions whose database has rows / all {m['questions']:,}",
                command,
                f"{m['ex_with_rows']} % / {_rightness(m)}",
            )
        )
    elif EX in m:
        extra = f"; extra columns allowed {m['ex_extra_columns']} %"
        rows.append((f"{label}, EX of {m['questions']:,}", command, _rightness(m) + extra))
    elif LOGICAL_FORM in m:
        text = f"{label}, logical form of {m['questions']:,}"
        rows.append((text, command, _rightness(m)))
    if "column_recall" in m:
        recalls = f"{m['column_recall']} / {m['table_recall']} % ({m['cut_questions']:,} questions)"
        rows.append((f"{short}: gold columns / tables kept where it must choose", command, recalls))
    if m["set"] in README_DETAILED:
        rows.append(("by hardness", "", _list_group(m["by_hardness"])))
        rows.append(("by tables in the gold query", "", _list_group(m["by_tables"])))
    if m.get("decline_recall") is not None:
        count = f" ({m['unanswerable']} unanswerable)" if "unanswerable" in m else ""
        share = f"{m['decline_precision']} / {m['decline_recall']} %"
        rows.append((f"{short}: declining{count}, precision / recall", "", share))
    return rows


def _list_group(rows: dict[str, list[float]]) -> str:
    """Return ``name share % of questions`` for each row of a group, from easy to extra."""
    ranks = {level: rank for rank, level in enumerate(LEVELS)}
    ordered = sorted(rows.items(), key=lambda row: (ranks.get(row[0], len(ranks)), row[0]))
    return ", ".join(f"{name}: {right} % of {questions}" for name, (questions, right) in ordered)


def fill_readme(text: str, measured: Sequence[dict[str, Any]]) -> str:
    """Return a README with the table between its two markers written anew.

    Raises:
        ValueError: A marker is missing.
    """
    head, begin, rest = text.partition(README_BEGIN)
    _, end, tail = rest.partition(README_END)
    if not begin or not end:
        raise ValueError(f"the text needs the lines {README_BEGIN} and {README_END}")
    return f"{head}{begin}\n{build_readme_table(measured)}\n{end}{tail}"


def read_scores(folder: Path) -> list[dict[str, Any]]:
    """Return the figures kept in a model folder, none when there is no ``scores.json``."""
    path = folder / SCORES
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else []


def add_scores(folder: Path, figures: dict[str, Any]) -> None:
    """Put the figures in the place of earlier ones of the same set in ``scores.json``, and write the card."""
    kept = [
        k
        for k in read_scores(folder)
        if (k["set"], k["split"]) != (figures["set"], figures["split"])
    ]
    text = json.dumps([*kept, figures], indent=1) + "\n"
    (folder / SCORES).write_text(text, encoding="utf-8")
    write_card(folder, json.loads((folder / "run.json").read_text(encoding="utf-8")))


def _table(head: tuple[str, ...], rows: Any) -> str:  # noqa: ANN401
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def main(argv: list[str] | None = None) -> int:
    """Write the accuracy table into a README."""
    parser = argparse.ArgumentParser(prog="python -m train.card", description=__doc__)
    parser.add_argument("--readme", required=True, help="file with the two markers")
    parser.add_argument("--model", default=str(DEFAULT_FOLDER), help="model folder")
    args = parser.parse_args(argv)
    path = Path(args.readme)
    filled = fill_readme(path.read_text(encoding="utf-8"), read_scores(Path(args.model)))
    path.write_text(filled, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
