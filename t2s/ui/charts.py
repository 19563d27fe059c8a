"""Draw the chart that was chosen for a result."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from t2s import present
from t2s.ui.markup import shorten
from t2s.values import Cell, ChartSpec, QueryResult

_HEIGHT_PIXELS = 260
_BAR_PIXELS = 28
# Vega's own label cut-off is 180 pixels, which leaves little of a long name.
_LABEL_PIXELS = 220
_MAX_TITLE_CHARACTERS = 60


def draw_chart(result: QueryResult, spec: ChartSpec) -> None:
    """Draw columns ``spec.x`` and ``spec.y``; names and cells are text to Vega, never markup."""
    import pandas as pd  # noqa: PLC0415 - the page paints before it is needed

    labelled = spec.kind not in ("scatter", "histogram")
    data = pd.DataFrame(
        {
            "x": [label_cell(row[spec.x]) if labelled else row[spec.x] for row in result.rows],
            "y": [row[spec.y] for row in result.rows],
        }
    )
    headers = present.name_headers(result.columns)
    names = {"x": headers[spec.x], "y": headers[spec.y]}
    st.vega_lite_chart(data, build_spec(spec, names, len(result.rows)), width="stretch")


def label_cell(cell: Cell) -> str:
    """Return what stands under a bar."""
    return "(none)" if cell is None else str(present.show_cell(cell))


def build_spec(spec: ChartSpec, names: Mapping[str, str], rows: int) -> dict[str, object]:
    """Return the Vega-Lite description of a chart over the fields ``x`` and ``y``."""
    titles = {axis: shorten(name, _MAX_TITLE_CHARACTERS) for axis, name in names.items()}
    label = {
        "field": "x",
        "type": "ordinal" if spec.kind == "line" else "nominal",
        "sort": "ascending" if spec.kind == "line" else None,
        "title": titles["x"],
        "axis": {"labelOverlap": spec.kind == "line", "labelLimit": _LABEL_PIXELS},
    }
    x_number = {
        "field": "x",
        "type": "quantitative",
        "title": titles["x"],
        "scale": {"zero": False},
    }
    y_number = {"field": "y", "type": "quantitative", "title": titles["y"]}
    mark: dict[str, object] = {"type": "bar", "cornerRadiusEnd": 3, "tooltip": True}
    encoding: dict[str, object] = {"x": label, "y": y_number}
    height = _HEIGHT_PIXELS
    if spec.kind == "barh":
        encoding = {"x": y_number, "y": label}
        height = max(120, _BAR_PIXELS * rows + 50)
    elif spec.kind == "line":
        mark = {"type": "line", "point": rows <= 60, "tooltip": True}
    elif spec.kind == "scatter":
        mark = {"type": "point", "filled": True, "tooltip": True}
        encoding = {"x": x_number, "y": {**y_number, "scale": {"zero": False}}}
    elif spec.kind == "histogram":
        encoding = {
            "x": {**x_number, "bin": {"maxbins": 30}},
            "y": {"aggregate": "count", "type": "quantitative", "title": "rows"},
        }
    return {"mark": mark, "encoding": encoding, "height": height}
