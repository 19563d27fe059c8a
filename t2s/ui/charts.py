"""Draw the chart that was chosen for a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from t2s import present, present_charts
from t2s.ui.markup import shorten
from t2s.values import Cell, ChartSpec, QueryResult

# How each kind is offered to the user.
KIND_NAMES = {
    "bar": "Bars",
    "barh": "Bars sideways",
    "stacked": "Stacked bars",
    "line": "Line",
    "scatter": "Points",
    "histogram": "Histogram",
    "map": "Map",
}
_HEIGHT_PIXELS = 260
_MAP_PIXELS = 380
_LEGEND_PIXELS = 90
_BAR_PIXELS = 28
# Vega's own label cut-off is 180 pixels, which leaves little of a long name.
_LABEL_PIXELS = 220
_MAX_TITLE_CHARACTERS = 60
_LABELLED = ("bar", "barh", "stacked", "line")


def draw_chart(result: QueryResult, spec: ChartSpec) -> None:
    """Draw the columns of ``spec``; names and cells are text to Vega, never markup."""
    import pandas as pd  # noqa: PLC0415 - the page paints before it is needed

    labelled = spec.kind in _LABELLED
    columns = {
        "x": [label_cell(row[spec.x]) if labelled else row[spec.x] for row in result.rows],
        "y": [row[spec.y] for row in result.rows],
    }
    headers = present.name_headers(result.columns)
    names = {"x": headers[spec.x], "y": headers[spec.y]}
    if spec.series is not None:
        columns["series"] = [label_cell(row[spec.series]) for row in result.rows]
        names["series"] = headers[spec.series]
    order = [label_cell(c) for c in present_charts.order_labels(result, spec)] if labelled else []
    st.vega_lite_chart(
        pd.DataFrame(columns),
        build_spec(spec, names, len(order) or len(result.rows), order),
        width="stretch",
        alt=shorten(f"{KIND_NAMES.get(spec.kind, spec.kind)}: {spec.title}", 200),
    )


def label_cell(cell: Cell) -> str:
    """Return what stands under a bar."""
    return "(none)" if cell is None else str(present.show_cell(cell))


def build_spec(
    spec: ChartSpec, names: Mapping[str, str], marks: int, order: Sequence[str] = ()
) -> dict[str, object]:
    """Return the Vega-Lite description of a chart over the fields ``x``, ``y`` and ``series``.

    Args:
        spec: What is drawn.
        names: Titles of the fields.
        marks: How many labels or points there are.
        order: The labels of ``x`` in the order in which they are drawn.
    """
    titles = {field: shorten(name, _MAX_TITLE_CHARACTERS) for field, name in names.items()}
    x_number = _number("x", titles, zero=False)
    y_number = _number("y", titles)
    label = {
        "field": "x",
        "type": "ordinal" if spec.kind == "line" else "nominal",
        "sort": list(order) or None,
        "title": titles["x"],
        "axis": {"labelOverlap": spec.kind == "line", "labelLimit": _LABEL_PIXELS},
    }
    mark: dict[str, object] = {"type": "bar", "cornerRadiusEnd": 3, "tooltip": True}
    encoding: dict[str, object] = {"x": label, "y": y_number}
    height = _HEIGHT_PIXELS
    if spec.kind == "barh":
        encoding = {"x": y_number, "y": label}
        height = max(120, _BAR_PIXELS * marks + 50)
    elif spec.kind == "line":
        mark = {"type": "line", "point": marks <= 60, "tooltip": True}
    elif spec.kind in ("scatter", "map"):
        mark = {"type": "point", "filled": True, "size": 60, "tooltip": True}
        encoding = {"x": x_number, "y": _number("y", titles, zero=False)}
        height = _MAP_PIXELS if spec.kind == "map" else height
    elif spec.kind == "histogram":
        encoding = {
            "x": {**x_number, "bin": {"maxbins": 30}},
            "y": {"aggregate": "count", "type": "quantitative", "title": "rows"},
        }
    if spec.series is not None:
        encoding |= _encode_series(spec, titles)
        height += 0 if spec.kind == "map" else _LEGEND_PIXELS
    # Without room at the right the last number of the axis is cut on a phone.
    return {"mark": mark, "encoding": encoding, "height": height, "padding": {"right": 16}}


def _number(field: str, titles: Mapping[str, str], *, zero: bool = True) -> dict[str, object]:
    base: dict[str, object] = {"field": field, "type": "quantitative", "title": titles[field]}
    return base if zero else {**base, "scale": {"zero": False}}


def _encode_series(spec: ChartSpec, titles: Mapping[str, str]) -> dict[str, object]:
    """Return what tells several series apart: by colour, and by dashes or place for who sees none."""
    series: dict[str, object] = {"field": "series", "type": "nominal", "title": titles["series"]}
    if spec.kind == "map":
        shown = [
            {"field": "series", "type": "nominal", "title": titles["series"]},
            *({"field": f, "type": "quantitative", "title": titles[f]} for f in ("y", "x")),
        ]
        return {"tooltip": shown}
    legend: dict[str, object] = {"orient": "bottom", "columns": 2, "labelLimit": _LABEL_PIXELS}
    if spec.kind == "line":
        legend["symbolType"] = "stroke"
    colour = {**series, "legend": legend}
    if spec.kind == "line":
        return {"color": colour, "strokeDash": colour}
    return {"color": colour, "xOffset": series} if spec.kind == "bar" else {"color": colour}
