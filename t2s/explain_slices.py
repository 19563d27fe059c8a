"""SUBSTR with plain numbers, and the day-first texts it turns round. Pure; for ``t2s.explain``."""

from __future__ import annotations

from sqlglot import exp

from t2s.explain_scope import strip_brackets

# Pieces of a text as (start, length), and what stands between them -> the format they make.
_SWAPPED: dict[tuple[tuple[int, int] | str, ...], str] = {
    ((7, 4), "-", (4, 2), "-", (1, 2)): "%Y-%m-%d",
    ((7, 4), "-", (1, 2), "-", (4, 2)): "%Y-%m-%d",
    ((7, 4), "-", (4, 2)): "%Y-%m",
    ((7, 4), "-", (1, 2)): "%Y-%m",
    ((7, 4), (4, 2), (1, 2)): "%Y%m%d",
}


def read_slice(node: exp.Expr) -> tuple[int, int]:
    """Return start and length of a SUBSTR with plain numbers, zeros for any other."""
    numbers = [node.args.get("start"), node.args.get("length")]
    texts = [each.name for each in numbers if isinstance(each, exp.Literal) and each.name.isdigit()]
    return (int(texts[0]), int(texts[1])) if len(texts) == 2 else (0, 0)


def read_swapped(node: exp.Expr) -> tuple[exp.Expr, str] | None:
    """Return the text that a chain of ``||`` puts into the order of ISO dates, and the format; None for others."""
    node = strip_brackets(node)
    if not isinstance(node, exp.DPipe):
        return None
    subjects: list[exp.Expr] = []
    shape: list[tuple[int, int] | str] = []
    for part in map(strip_brackets, node.flatten()):
        if isinstance(part, exp.Substring):
            subjects.append(part.this)
            shape.append(read_slice(part))
        elif isinstance(part, exp.Literal):
            shape.append(part.name)
        else:
            return None
    form = _SWAPPED.get(tuple(shape))
    if form is None or len({subject.sql() for subject in subjects}) != 1:
        return None
    return strip_brackets(subjects[0]), form
