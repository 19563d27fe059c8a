"""One HTML page about a run: figures, a plot of accuracy against confidence, sampled failures.

Everything on the page that comes from data or a model is escaped by the template (Jinja2, autoescape).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from t2s.values import Schema
from train.figures import Outcome, name_category, name_level
from train.hardness import LEVELS

FAILURES = 40
SEED = 1
TEMPLATE = "report.html"

# Plot area in SVG units, and the room left and below for labels.
PLOT_SIZE, MARGIN = 300, 45
MAX_RADIUS = 14

_GROUPS = (
    ("by_hardness", "hardness"),
    ("by_kind", "kind of question"),
    ("by_tables", "tables in the gold query"),
    ("by_joins", "joins in the gold query"),
)


def sample_failures(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return at most ``FAILURES`` wrong answers, drawn with a fixed seed, in the order of the run."""
    wrong = [index for index, outcome in enumerate(outcomes) if not outcome.right]
    drawn = random.Random(SEED).sample(wrong, min(FAILURES, len(wrong)))
    return tuple(outcomes[index] for index in sorted(drawn))


def describe_schema(schema: Schema) -> str:
    """Return one line a table (``name(column, ...)``) and one a key."""
    lines = [f"{t.name}({', '.join(c.name for c in t.columns)})" for t in schema.tables]
    lines += [
        f"{k.table}.{k.column} -> {k.other_table}.{k.other_column}" for k in schema.foreign_keys
    ]
    return "\n".join(lines)


def place_dots(table: Sequence[Sequence[float]]) -> list[dict[str, float]]:
    """Return centre, radius and figures of a dot for each row of a reliability table.

    The area of a dot grows with its questions; confidence goes right, accuracy up, both over [0, 1].
    """
    largest = max((row[0] for row in table), default=1)
    return [
        {
            "x": round(MARGIN + PLOT_SIZE * confidence, 1),
            "y": round(PLOT_SIZE * (1 - right), 1),
            "radius": round(2 + (MAX_RADIUS - 2) * (size / largest) ** 0.5, 1),
            "size": size,
            "confidence": confidence,
            "right": right,
        }
        for size, confidence, right in table
    ]


def write_report(path: Path, figures: Mapping[str, object], outcomes: Sequence[Outcome]) -> None:
    """Write the page; it needs no other file and no script."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    failures = [
        {
            "outcome": outcome,
            "category": name_category(outcome),
            "level": name_level(outcome),
            "schema": describe_schema(outcome.schema),
        }
        for outcome in sample_failures(outcomes)
    ]
    reliability = figures["reliability"]
    page = environment.get_template(TEMPLATE).render(
        figures=figures,
        plain=_list_plain(figures),
        groups=[(title, _sort_group(figures[key])) for key, title in _GROUPS if figures.get(key)],
        dots=place_dots(reliability if isinstance(reliability, list) else []),
        size=PLOT_SIZE,
        margin=MARGIN,
        failures=failures,
        wrong=sum(not o.right for o in outcomes),
    )
    path.write_text(page, encoding="utf-8")


def _list_plain(figures: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return the figures that are one number or text, or an interval."""
    return [
        (name.replace("_", " "), value)
        for name, value in figures.items()
        if not isinstance(value, dict) and name != "reliability"
    ]


def _sort_group(rows: object) -> list[tuple[str, object]]:
    """Return the rows of a group, levels from easy to extra and the rest by name."""
    found = rows if isinstance(rows, dict) else {}
    return sorted(
        found.items(),
        key=lambda row: (LEVELS.index(row[0]) if row[0] in LEVELS else len(LEVELS), row[0]),
    )
