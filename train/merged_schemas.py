"""How well the model copes with schemas larger than its input: ``python -m train.merged_schemas --data DIR --databases DIR``.

Two measures. Recall of gold tables and columns: how many of those that the gold query needs are left in the part of
the schema that the backend picks, over the questions of BIRD train (large real schemas, no cells) and of Spider dev with
its databases merged ten at a time into one (``train.merging``). And execution accuracy on those merged databases.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp
from tqdm import tqdm

from t2s import database, ir, linking, schema
from t2s.backends import DEFAULT_FOLDER, ModelSpec, load
from t2s.values import Decoding, Request, Schema
from train.card import add_scores
from train.data import TODAY, Catalogue, Pair, read_pairs
from train.evaluate import Recorder, evaluate, write_predictions
from train.figures import share, summarise
from train.merging import GROUP_SIZE, MERGED, make_groups, move_pairs, write_merged
from train.report import write_report
from train.trees import parse

LARGE = "bird"

Parts = tuple[frozenset[str], frozenset[tuple[str, str]]]  # tables; (table, column) pairs
Look = Callable[[str], tuple[Schema, linking.ValueIndex]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a pick left of one question's gold parts. ``cut`` tells whether anything was left out."""

    tables: tuple[bool, ...]
    columns: tuple[bool, ...]
    cut: bool


def list_gold_parts(sql: str, found: Schema) -> Parts:
    """Return the tables and columns that a query names, those of its joins included, as the schema spells them.

    Raises:
        IRError: The query does not fit the schema or cannot be said in the pointer language.
    """
    symbols = ir.to_symbols(sql, found)
    tables = {s.table for s in symbols if isinstance(s, ir.TableSymbol)}
    columns = {(s.table, s.column) for s in symbols if isinstance(s, ir.ColumnSymbol)}
    # Joins along keys are implied in the pointer language; in its SQL they are written out.
    tree = parse(ir.to_sql(symbols, found))
    for join in tree.find_all(exp.Join) if tree is not None else ():
        select = join.find_ancestor(exp.Select)
        sources = {} if select is None else _list_sources(select)
        for column in join.args["on"].find_all(exp.Column) if join.args.get("on") else ():
            table = found.table(sources.get(column.table.casefold(), ""))
            match = table.column(column.name) if table is not None else None
            if table is not None and match is not None:
                columns.add((table.name, match.name))
    return frozenset(tables), frozenset(columns)


def _list_sources(select: exp.Select) -> dict[str, str]:
    """Return table by folded alias for the FROM and the joins of a SELECT."""
    first = select.args.get("from_")
    sources = [first.this] if first is not None else []
    sources += [join.this for join in select.args.get("joins") or ()]
    return {s.alias_or_name.casefold(): s.name for s in sources if isinstance(s, exp.Table)}


def measure_picks(pairs: Iterable[Pair], look: Look, picker: Recorder) -> list[Kept]:
    """Pick for every answerable question; gold that the pointer language cannot say is left out.

    Args:
        pairs: The questions.
        look: Schema and value index of a database.
        picker: The backend.
    """
    picks = []
    for pair in tqdm(pairs, mininterval=5):
        found, index = look(pair.db_id)
        if pair.sql is None:
            continue
        try:
            tables, columns = list_gold_parts(pair.sql, found)
        except ir.IRError:
            continue
        links = linking.link(pair.question, found, index, TODAY, pair.history)
        seen, _ = picker.pick(Request(pair.question, found, links, pair.history))
        seen_columns = {(t.name, c.name) for t in seen.tables for c in t.columns}
        picks.append(
            Kept(
                tuple(name in {t.name for t in seen.tables} for name in sorted(tables)),
                tuple(each in seen_columns for each in sorted(columns)),
                len(seen_columns) < sum(len(t.columns) for t in found.tables),
            )
        )
    return picks


def summarise_picks(picks: Sequence[Kept]) -> dict[str, object]:
    """Return recalls in percent, of questions whose schema was cut and of all; None where there are none."""
    figures: dict[str, object] = {"picks": len(picks), "cut_questions": sum(p.cut for p in picks)}
    for suffix, chosen in (("", [p for p in picks if p.cut]), ("_all", picks)):
        figures |= {
            f"table_recall{suffix}": _round([flag for p in chosen for flag in p.tables]),
            f"column_recall{suffix}": _round([flag for p in chosen for flag in p.columns]),
            f"whole{suffix}": _round([all(p.columns) and all(p.tables) for p in chosen]),
        }
    return figures


def _round(flags: Sequence[bool]) -> float | None:
    return round(share(flags), 2) if flags else None


def draw(pairs: Sequence[Pair], limit: int) -> tuple[Pair, ...]:
    """Return ``limit`` questions drawn with a fixed seed; all when it is 0."""
    return tuple(random.Random(1).sample(pairs, min(limit, len(pairs))) if limit else pairs)


def run_large(args: argparse.Namespace, picker: Recorder) -> dict[str, object]:
    """Return the recalls on BIRD train."""
    pairs = draw(read_pairs(Path(args.data), LARGE, "train"), args.limit)
    catalogue = Catalogue(Path(args.data), Path(args.databases), LARGE)
    picks = measure_picks(pairs, lambda db_id: catalogue.get(db_id)[:2], picker)
    return {"set": LARGE, "split": "train", **summarise_picks(picks)}


def run_merged(args: argparse.Namespace, recorder: Recorder, folder: Path) -> dict[str, object]:
    """Merge Spider's dev databases into ``folder``; return recalls and execution accuracy on them."""
    sources = Path(args.databases) / "spider"
    asked = read_pairs(Path(args.data), "spider", "dev")
    schemas = {
        db_id: schema.read(database.open_readonly(sources / f"{db_id}.sqlite"))
        for db_id in sorted({pair.db_id for pair in asked})
    }
    groups = make_groups(schemas, args.size)
    opened: dict[str, tuple[Schema, linking.ValueIndex]] = {}
    for number, group in enumerate(groups):
        target = folder / f"merged_{number}.sqlite"
        write_merged(group, schemas, sources, target)
        merged = database.open_readonly(target)
        found = schema.read(merged)
        opened[f"merged_{number}"] = (found, linking.index(merged, found))
    asked = draw(asked, args.limit)
    pairs = move_pairs(asked, groups)
    picks = measure_picks(pairs, opened.__getitem__, recorder)
    outcomes = evaluate(
        pairs, lambda pair: folder / f"{pair.db_id}.sqlite", recorder, Decoding(beams=args.beams)
    )
    # A merged database has rows though the one that a question is about may have none.
    filled = {d: any(t.row_count for t in found.tables) for d, found in schemas.items()}
    outcomes = [
        replace(outcome, has_rows=filled[pair.db_id])
        for outcome, pair in zip(outcomes, asked, strict=True)
    ]
    figures = {
        "set": MERGED,
        "split": "dev",
        "beams": args.beams,
        "databases": len(groups),
        "columns": [sum(len(t.columns) for t in found.tables) for found, _ in opened.values()],
        **summarise(outcomes),
        **summarise_picks(picks),
    }
    if args.predictions:
        write_predictions(Path(args.predictions), outcomes)
    if args.report:
        write_report(Path(args.report), figures, outcomes)
    return figures


def main(argv: list[str] | None = None) -> int:
    """Measure, print, and write what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m train.merged_schemas", description=__doc__)
    add = parser.add_argument
    add("--data", required=True, help="folder of the data sets")
    add("--databases", required=True, help="folder of the extracted databases")
    add("--kind", default="compact", help="kind of model: compact, or scripted for a trial")
    add("--model", default=str(DEFAULT_FOLDER), help="model folder, or file of a scripted one")
    add("--beams", type=int, default=Decoding().beams, help="beam width")
    add("--size", type=int, default=GROUP_SIZE, help="databases merged into one")
    add("--limit", type=int, default=0, help="ask only so many questions of each set, fixed seed")
    add("--json", default="", help="file for the figures of both sets")
    add("--card", action="store_true", help="keep the figures in the model folder and its card")
    add("--predictions", default="", help="JSONL file for the questions over merged databases")
    add("--report", default="", help="HTML file about the questions over merged databases")
    args = parser.parse_args(argv)
    recorder = Recorder(load(ModelSpec(args.kind, Path(args.model))))
    with tempfile.TemporaryDirectory() as folder:
        measured = [run_large(args, recorder), run_merged(args, recorder, Path(folder))]
    print(json.dumps(measured, indent=1))
    if args.json:
        Path(args.json).write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    for figures in measured if args.card else ():
        add_scores(Path(args.model), figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
