"""Which charts fit a result, by rules on the types, names and number of its columns and rows. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from t2s.present_text import name_headers
from t2s.values import Cell, ChartKind, ChartSpec, QueryResult

MAX_BARS = 30
MAX_UPRIGHT_BARS = 12
MAX_UPRIGHT_LABEL = 12  # characters that fit under an upright bar
MIN_SCATTER_POINTS = 5
MIN_HISTOGRAM_VALUES = 20
MAX_SERIES = 8  # more colours than this cannot be told apart
MAX_GROUPED_BARS = 36  # labels times series

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}.*)?)?|\d{4}|\d{4}-?[QW]\d{1,2}")
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# Numbers that name something rather than measure it: neither thousands separators nor a chart.
_LABEL_WORDS = frozenset(
    ("id", "ids", "code", "zip", "zipcode", "postcode", "phone", "isbn", "ssn", "key", "uuid")
)
_AGGREGATES = frozenset(("count", "sum", "avg", "total", "average", "number", "num"))
_LATITUDES = frozenset(("lat", "latitude"))
_LONGITUDES = frozenset(("lon", "lng", "long", "longitude"))
# Labels that have an order of their own.
_ORDERS_TEXT = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "january february march april may june july august september october november december",
    "spring summer autumn fall winter",
    "low medium high",
    "small medium large",
    "xs s m l xl xxl",
)
_ORDERS = tuple(tuple(text.split()) for text in _ORDERS_TEXT)
_LEADING_NUMBER = re.compile(r"\s*[<>]?\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class _Columns:
    """A result by columns: positions of each role, and the cells."""

    result: QueryResult
    cells: tuple[tuple[Cell, ...], ...]
    roles: tuple[str, ...]

    def find(self, role: str) -> tuple[int, ...]:
        return tuple(place for place, each in enumerate(self.roles) if each == role)

    def spec(self, kind: ChartKind, x: int, y: int, series: int | None = None) -> ChartSpec:
        headers = name_headers(self.result.columns)
        joiner = "against" if kind in ("scatter", "map") else "by"
        title = headers[x] if kind in ("number", "histogram") else ""
        title = title or f"{headers[y]} {joiner} {headers[x]}"
        if series is not None and kind != "map":
            title += f" and {headers[series]}"
        return ChartSpec(kind, x, y, title, series)


def choose_chart(result: QueryResult) -> ChartSpec | None:
    """Return the chart that says more than the table, None when none does; the first of ``list_charts``."""
    fitting = list_charts(result)
    return fitting[0] if fitting else None


def list_charts(result: QueryResult) -> tuple[ChartSpec, ...]:
    """Return the charts that fit a result, the most telling first.

    One number: ``number``. One column of many numbers: ``histogram``. Dates or years with a number:
    ``line``. Distinct labels with a number: ``bar``, or ``barh`` for long or many labels. Two labels, or a
    time and a label, with a number: the same with one ``series`` a label. Two measures: ``scatter``. Latitude
    and longitude: ``map``. Cut results get no chart, for it would show a part as the whole.
    """
    if result.truncated or not result.rows:
        return ()
    cells = tuple(tuple(row[i] for row in result.rows) for i in range(len(result.columns)))
    roles = tuple(_role(*column) for column in zip(result.columns, cells, strict=True))
    columns = _Columns(result, cells, roles)
    if len(cells) == 1:
        return _list_of_one(columns)
    if len(result.rows) < 2:
        return ()
    places = _list_maps(columns)
    if places:
        return places
    if len(cells) == 2:
        return _list_of_two(columns)
    return _list_of_three(columns) if len(cells) == 3 else ()


def _list_of_one(columns: _Columns) -> tuple[ChartSpec, ...]:
    values = columns.cells[0]
    if columns.roles[0] == "other" or not all(_is_finite(value) for value in values):
        return ()
    if len(values) == 1:
        return (columns.spec("number", 0, 0),)
    many = len(values) >= MIN_HISTOGRAM_VALUES and len(set(values)) > 2
    return (columns.spec("histogram", 0, 0),) if many else ()


def _list_maps(columns: _Columns) -> tuple[ChartSpec, ...]:
    """Return the map of a result with one latitude and one longitude, and at most two columns beside."""
    names = [_words(column) for column in columns.result.columns]
    latitude = [i for i in columns.find("measure") if names[i] & _LATITUDES]
    longitude = [i for i in columns.find("measure") if names[i] & _LONGITUDES]
    if len(latitude) != 1 or len(longitude) != 1 or len(names) > 4:
        return ()
    y, x = latitude[0], longitude[0]
    fits = all(abs(v) <= 90 for v in columns.cells[y] if isinstance(v, int | float))
    fits = fits and all(abs(v) <= 180 for v in columns.cells[x] if isinstance(v, int | float))
    labels = columns.find("label")
    return (columns.spec("map", x, y, labels[0] if labels else None),) if fits else ()


def _list_of_two(columns: _Columns) -> tuple[ChartSpec, ...]:
    measures = columns.find("measure")
    if len(measures) == 2:
        enough = len(columns.cells[0]) >= MIN_SCATTER_POINTS and len(set(columns.cells[0])) > 2
        return (columns.spec("scatter", 0, 1),) if enough else ()
    if len(measures) != 1 or "other" in columns.roles:
        return ()
    y = measures[0]
    x = 1 - y
    labels = columns.cells[x]
    if len(set(labels)) != len(labels):
        return ()
    is_time = columns.roles[x] == "time"
    return tuple(columns.spec(kind, x, y) for kind in _list_kinds(labels, is_time=is_time))


def _list_kinds(labels: Sequence[Cell], *, is_time: bool) -> list[ChartKind]:
    """Return the kinds for one measure by distinct labels, the most telling first."""
    bars: list[ChartKind] = []
    if len(labels) <= MAX_BARS:
        longest = max(len(str(label)) for label in labels)
        upright = len(labels) <= MAX_UPRIGHT_BARS and longest <= MAX_UPRIGHT_LABEL
        bars = ["bar", "barh"] if upright else ["barh"]
        if is_time and not upright:
            bars = ["bar"]
    if not is_time:
        return bars
    return ["line", *bars] if len(labels) > 2 else [*bars, "line"]


def _list_of_three(columns: _Columns) -> tuple[ChartSpec, ...]:
    """Return the charts of one measure by two labels, or by a time and a label."""
    measures, times, labels = (columns.find(role) for role in ("measure", "time", "label"))
    if len(measures) != 1 or "other" in columns.roles or not labels:
        return ()
    y = measures[0]
    x, series = (times[0], labels[0]) if times else labels
    if not times and len(set(columns.cells[series])) > len(set(columns.cells[x])):
        x, series = series, x
    pairs = list(zip(columns.cells[x], columns.cells[series], strict=True))
    many = len(set(columns.cells[x]))
    lines = len(set(columns.cells[series]))
    if len(set(pairs)) != len(pairs) or many < 2 or not 2 <= lines <= MAX_SERIES:
        return ()
    kinds: list[ChartKind] = []
    if times and many > 2:
        kinds.append("line")
    if many <= MAX_UPRIGHT_BARS and many * lines <= MAX_GROUPED_BARS:
        kinds.append("bar")
    positive = all(isinstance(v, int | float) and v >= 0 for v in columns.cells[y])
    if many <= MAX_BARS and positive:
        kinds.append("stacked")
    return tuple(columns.spec(kind, x, y, series) for kind in kinds)


def order_labels(result: QueryResult, spec: ChartSpec) -> tuple[Cell, ...]:
    """Return the distinct labels of ``spec.x`` in the order in which a chart should show them.

    Times, weekdays, months and sizes in their own order; otherwise as the statement orders them; where it does
    not, the greatest first.
    """
    labels = list(dict.fromkeys(row[spec.x] for row in result.rows))
    own = _rank_labels(labels)
    if own is not None:
        return tuple(label for _, label in sorted(zip(own, labels, strict=True), key=_first))
    if re.search(r"\border\s+by\b", result.sql, re.IGNORECASE):
        return tuple(labels)
    sums: Counter[Cell] = Counter()
    for row in result.rows:
        value = row[spec.y]
        sums[row[spec.x]] += value if isinstance(value, int | float) else 0  # type: ignore[assignment]
    return tuple(sorted(labels, key=lambda label: -sums[label]))


def _first(pair: tuple[float, Cell]) -> float:
    return pair[0]


def _rank_labels(labels: Sequence[Cell]) -> list[float] | None:
    """Return where each label stands in an order of their own, None when they have none."""
    texts = [str(label).strip().casefold() for label in labels]
    if all(isinstance(x, str) and _DATE.fullmatch(x) for x in labels):
        ranked = sorted(texts)
        return [float(ranked.index(text)) for text in texts]
    if all(_is_finite(label) for label in labels):
        return [float(label) for label in labels if isinstance(label, int | float)]
    for order in _ORDERS:
        places = [_find_place(text, order) for text in texts]
        if all(place is not None for place in places):
            return [float(place) for place in places if place is not None]
    bands = [_LEADING_NUMBER.match(text) for text in texts]
    if all(bands):
        numbers = [float(band.group(1)) for band in bands if band]
        if len(set(numbers)) == len(numbers):
            return numbers
    return None


def _find_place(text: str, order: Sequence[str]) -> int | None:
    """Return the place of a name or its first three letters in an order."""
    for place, name in enumerate(order):
        if text == name or (len(text) == 3 and len(name) > 3 and name.startswith(text)):
            return place
    return None


def is_label(name: str, *, plain_years: bool = False) -> bool:
    """Tell whether the numbers of a column only name things (ids, codes; years if asked for)."""
    words = _words(name)
    labels = _LABEL_WORDS | {"year", "years"} if plain_years else _LABEL_WORDS
    return bool(words & labels) and not words & _AGGREGATES


def _role(name: str, values: tuple[Cell, ...]) -> str:
    """Return what a column is good for: "measure", "time", "label" or "other"."""
    if all(_is_finite(value) for value in values):
        if _is_year(name, values):
            return "time"
        return "other" if is_label(name) else "measure"
    if not all(isinstance(value, str) and value.strip() for value in values):
        return "other"
    if all(isinstance(value, str) and _DATE.fullmatch(value) for value in values):
        return "time"
    return "label"


def _is_finite(value: Cell) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _is_year(name: str, values: tuple[Cell, ...]) -> bool:
    """Tell whether a number column holds calendar years, by name and range."""
    whole = all(isinstance(v, int) and 1000 <= v <= 2999 for v in values)
    words = _words(name)
    return whole and "year" in words and not words & _AGGREGATES


def _words(name: str) -> set[str]:
    return {part.casefold() for part in _NAME_PART.findall(name)}
