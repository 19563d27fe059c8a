"""What one column holds: label, measure, category, flag, date, code; and the words for it. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from t2s.values import Column, Table
from train.synth_tables import PERSONS, Col
from train.synth_words import column_synonyms, split_unit, written_out

_CODE_WORDS = frozenset(
    [
        "id", "code", "zip", "phone", "fax", "latitude", "longitude", "lat", "lng", "long", "number",
        "postal", "postcode", "ssn", "isbn", "url", "link", "version", "index", "key", "barcode", "sku",
        "hash", "uuid", "password", "ip", "telephone", "mobile", "cell", "login", "username", "order",
        "sequence", "details", "image", "photo", "picture", "logo", "website", "web", "homepage",
        "zipcode",
    ]
)  # fmt: skip
_VERBS = {
    "hire": "hired", "birth": "born", "start": "started", "end": "ended", "sale": "sold",
    "purchase": "bought", "signup": "signed up", "join": "joined", "release": "released",
    "order": "ordered", "creation": "created", "payment": "paid", "shipment": "shipped",
    "delivery": "delivered", "publication": "published", "launch": "launched", "booking": "booked",
    "harvest": "harvested", "acquisition": "acquired", "enrollment": "enrolled", "issue": "issued",
    "registration": "registered", "submission": "submitted", "application": "applied",
    "termination": "terminated", "listed": "listed", "sold": "sold", "opening": "opened",
    "founding": "founded", "built": "built", "built year": "built", "opened": "opened",
    "founded": "founded", "established": "established", "expiry": "expiring", "due": "due",
    "close": "closed", "cancellation": "cancelled", "installation": "installed", "closed": "closed",
}  # fmt: skip
_NOUNS = {
    "hired": "hire date", "joined": "join date", "created": "creation date", "started": "start date",
    "booked": "booking date", "paid": "payment date", "born": "birth date", "opened": "opening date",
    "cancelled": "cancellation date", "delivered": "delivery date", "shipped": "shipping date",
    "released": "release date", "issued": "issue date", "ended": "end date", "closed": "closing date",
}  # fmt: skip


def inspect_column(
    raw: Column, cells: list[object], noun: str, table: Table, foreign: bool
) -> Col | None:
    """Return a column with its words and role; None when no cell of it can be read."""
    present = [c for c in cells if c is not None and c != "" and not isinstance(c, bytes)]
    if not present or raw.kind == "blob":
        return None
    stripped, unit = split_unit(raw.name)
    said = written_out(stripped)
    said = re.sub(r"( y n| flag| indicator)$", "", said) or said
    said = re.sub(
        r"^number of ", "number of ", re.sub(r"^(number|count) (?!of )(?=\w)", "number of ", said)
    )
    words = _phrases(said, noun)
    counts = Counter(present)
    base = Col(
        table.name,
        raw.name,
        "text",
        words,
        unit,
        values=tuple(counts.most_common(400)),  # type: ignore[arg-type]
        nulls=sum(c is None for c in cells) / len(cells),
        distinct=len(counts),
        date_format=raw.date_format,
        primary=raw.primary_key,
        foreign=foreign,
        has_blank=any(c == "" for c in cells),
    )
    return _with_role(base, raw, said, present, len(cells))


def _phrases(said: str, noun: str) -> tuple[str, ...]:
    said = re.sub(r"^[c-w] (?=\w)", "", said)
    said = {"date from": "start date", "date to": "end date"}.get(said, said)
    out = [said]
    initials = "".join(w[0] for w in noun.split())
    for prefix in (noun, noun.split()[-1], noun.split()[0], initials):
        rest = said.removeprefix(prefix + " ")
        if rest != said and rest not in ("id", "of", "number") and len(rest) > 2:
            out.insert(0, rest)
            break
    plain = out[0]
    short = re.sub(r" (amount|value|total|name|code)$", "", plain)
    if (
        short != plain
        and " " in plain
        and short not in ("first", "last", "total", "full", "middle", "unit", "postal", "zip")
        and short not in _VERBS
    ):
        out.append(short)
    for text in list(out):
        out += column_synonyms(text)
    if (
        plain.endswith(" name")
        and plain not in ("first name", "last name", "full name")
        and len(plain.split()) == 2
    ):
        out.append(plain)
    return tuple(w for w in dict.fromkeys(out) if w == plain or len(w) > 2)


def _with_role(col: Col, raw: Column, said: str, present: list[object], rows: int) -> Col:
    tokens = set(said.split()) | set(written_out(raw.name).split())
    numeric = [float(c) for c in present if isinstance(c, int | float)]
    flag = _flag_values(col)
    if raw.kind == "date" and raw.date_format:
        if not all(isinstance(v, str) for v, _ in col.values):
            return replace(col, role="text")
        return _as_date(col, said)
    if (
        col.foreign
        or said == "id"
        or said.split()[-1] in ("id", "key")
        or (col.primary and numeric)
    ):
        return replace(col, role="key")
    if flag and not col.primary:
        cleaned = re.sub(r"^(is|has|was|are) ", "", said)
        return replace(
            col,
            role="flag",
            words=(cleaned, *(w for w in col.words if w != said)),
            yes=flag[0],
            no=flag[1],
            verb="has" if said.startswith("has ") else "",
        )
    if numeric and len(numeric) == len(present):
        ordered = tuple(sorted(numeric))
        if {"year", "founded", "built", "established", "opened"} & tokens and all(
            1000 <= n <= 2100 for n in numeric
        ):
            head = re.sub(r"\b(year|in|of|the)\b", "", said).strip()
            verb = _VERBS.get(head, head if head.endswith("ed") else "")
            return replace(col, role="year", numbers=ordered, verb=verb)
        if tokens & {"start", "end", "begin", "from", "to"} and tokens & {
            "hour",
            "minimum",
            "minutes",
            "time",
            "min",
        }:
            return replace(col, role="code")
        counting = said.startswith(("number of ", "count of ")) or "horsepower" in said
        contiguous = len(set(numeric)) == len(numeric) == ordered[-1] - ordered[0] + 1
        if said.split()[-1] in PERSONS and all(n.is_integer() for n in numeric):
            return replace(col, role="code")
        if (tokens & _CODE_WORDS and not counting) or (contiguous and len(numeric) > 5):
            return replace(col, role="code")
        if col.distinct < 3:
            return replace(col, role="code" if col.money else "category")
        return replace(col, role="measure", numbers=ordered)
    if numeric or not all(isinstance(c, str) for c in present):
        return replace(col, role="code")
    texts = [str(v) for v, _ in col.values]
    if all(re.fullmatch(r"[\d.,+$%-]+", t) for t in texts):
        return replace(col, role="code")
    if tokens & (
        _CODE_WORDS - {"order", "details", "long", "cell", "index", "key", "version"}
    ) and not (col.distinct <= 30 and col.distinct < rows * 0.3):
        return replace(col, role="code")
    notes = {
        "note", "notes", "comment", "comments", "remark", "remarks", "description", "descriptions",
        "text", "details",
    }  # fmt: skip
    if notes & tokens or sum(len(t) for t in texts) / len(texts) > 45:
        return replace(col, role="text")
    if col.distinct <= 60 and col.distinct <= max(2, rows * 0.6):
        return replace(col, role="category")
    if sum(any(d.isdigit() for d in t) for t in texts) > 0.9 * len(texts) and not any(
        " " in t for t in texts
    ):
        return replace(col, role="code")
    return replace(col, role="category" if rows > 200 and col.distinct < rows * 0.3 else "text")


def _flag_values(col: Col) -> tuple[str | int, str | int] | None:
    cells = {v for v, _ in col.values}
    for yes, no in (
        ("Y", "N"),
        ("y", "n"),
        ("Yes", "No"),
        ("yes", "no"),
        ("YES", "NO"),
        ("T", "F"),
        ("True", "False"),
        ("true", "false"),
        ("1", "0"),
        (1, 0),
        ("TRUE", "FALSE"),
    ):
        if cells and cells <= {yes, no} and (len(cells) == 2):
            return yes, no
    return None


def _as_date(col: Col, said: str) -> Col:
    form = col.date_format
    fixed = form.startswith("%Y-%m-%d") or bool(re.match(r"%[dm]/%[dm]/%Y", form))
    if not fixed or (not form.startswith("%Y") and any(len(str(v)) < 10 for v, _ in col.values)):
        return replace(col, role="text")
    head = re.sub(r"\b(date|on|at|time|datetime|timestamp|of|from|the|local)\b", "", said)
    head = re.sub(r"\s+", " ", head).strip()
    verb = _VERBS.get(head, "")
    if not verb and head.endswith("ed") and len(head) > 4:
        verb = head
    words = list(col.words)
    if re.search(r" (on|at)$", said) or said == head:
        noun = _NOUNS.get(verb, f"{head} date" if head else "date")
        words = [noun, *(w for w in words if w.endswith("date"))]
    return replace(col, role="date", words=tuple(words), verb=verb)
