"""Dates compared with days, months, quarters, years and spans said in words. Pure."""

from __future__ import annotations

import calendar
import random
import re

from train.synth_comparisons import Cond, said
from train.synth_sql import Expr, Path, Ref, literal
from train.synth_tables import Col, Ent
from train.synth_words import article

_MONTHS = list(calendar.month_name)[1:]


def parts_of_date(ref: Ref) -> tuple[Expr, Expr, Expr, Expr]:
    """Return year, month number, year-month and sortable day of a date column, as typed people's SQL has them."""
    form = ref.col.date_format
    if form.startswith("%Y"):
        return (
            Expr("strftime('%Y', {0})", (ref,)),
            Expr("strftime('%m', {0})", (ref,)),
            Expr("strftime('%Y-%m', {0})", (ref,)),
            Expr("{0}", (ref,)),
        )
    day, month = (1, 4) if form.startswith("%d") else (4, 1)
    year = Expr("substr({0}, 7, 4)", (ref,))
    text = f"substr({{0}}, {month}, 2)"
    iso = f"substr({{0}}, 7, 4) || '-' || substr({{0}}, {month}, 2)"
    return (
        year,
        Expr(text, (ref,)),
        Expr(iso, (ref,)),
        Expr(f"{iso} || '-' || substr({{0}}, {day}, 2)", (ref,)),
    )


def date(rng: random.Random, ent: Ent, col: Col, path: Path = ()) -> Cond | None:
    """A date compared with a day, month, quarter, year or span in words."""
    cells = [str(v) for v, _ in col.values]
    chosen = _split_day(rng.choice(cells), col.date_format)
    if chosen is None:
        return None
    y, m, d = chosen
    years = sorted({p[0] for p in (_split_day(c, col.date_format) for c in cells) if p})
    ref = Ref(col, path)
    year_of, _, month_of, day_of = parts_of_date(ref)
    iso = col.date_format.startswith("%Y")
    timed = "%H" in col.date_format or "T" in col.date_format
    month = _MONTHS[m - 1]
    short = month[:3] if rng.random() < 0.3 else month

    def span(first: str, last: str, after: str) -> Expr:
        if timed:
            return Expr(f"{day_of.text} >= '{first}' AND {day_of.text} < '{after}'", (ref,))
        return Expr(f"{day_of.text} BETWEEN '{first}' AND '{last}'", (ref,))

    def end(yy: int, mm: int) -> str:
        return f"{yy}-{mm:02}-{calendar.monthrange(yy, mm)[1]:02}"

    def follow(yy: int, mm: int) -> str:
        return f"{yy + mm // 12}-{mm % 12 + 1:02}-01"

    day_text = rng.choice(
        (
            f"{d} {month} {y}", f"{month} {d}, {y}", f"{month} {d} {y}", f"{y}-{m:02}-{d:02}",
            f"{d} {month[:3]} {y}", f"the {_ordinal(d)} of {month} {y}",
        )
    )  # fmt: skip
    kind = rng.choices(
        (
            "year", "month", "since_year", "since_month", "since_day", "before_year", "after_year",
            "before_day", "quarter", "between_months", "between_years", "day", "decade", "before_month",
        ),
        (30, 16, 9, 4, 4, 8, 7, 4, 6, 5, 4, 3, 2, 3),
    )[0]  # fmt: skip
    if kind == "year":
        expr = (
            Expr(f"{{0}} LIKE '{y}%'", (ref,)) if iso else Expr(f"{year_of.text} = '{y}'", (ref,))
        )
        texts = [f"in {y}"] * 5 + [f"during {y}", f"in the year {y}", f"in {y}"]
    elif kind == "month":
        expr = (
            Expr(f"{{0}} LIKE '{y}-{m:02}%'", (ref,))
            if iso
            else Expr(f"{month_of.text} = '{y}-{m:02}'", (ref,))
        )
        texts = [f"in {short} {y}", f"in {short} {y}", f"during {short} {y}", f"in {month} of {y}"]
    elif kind in ("since_year", "since_month", "since_day"):
        first, text = {
            "since_year": (f"{y}-01-01", str(y)), "since_month": (f"{y}-{m:02}-01", f"{short} {y}"),
            "since_day": (f"{y}-{m:02}-{d:02}", day_text),
        }[kind]  # fmt: skip
        expr = Expr(f"{day_of.text} >= '{first}'", (ref,))
        texts = [f"since {text}", f"from {text} on", f"from {text} onwards", f"since {text}"]
        texts += [f"on or after {text}"] if kind == "since_day" else [f"in {text} or later"]
    elif kind in ("before_year", "before_month", "before_day"):
        first, text = {
            "before_year": (f"{y}-01-01", str(y)), "before_month": (f"{y}-{m:02}-01", f"{short} {y}"),
            "before_day": (f"{y}-{m:02}-{d:02}", day_text),
        }[kind]  # fmt: skip
        expr = Expr(f"{day_of.text} < '{first}'", (ref,))
        texts = [f"before {text}", f"before {text}", f"prior to {text}", f"earlier than {text}"]
    elif kind == "after_year":
        expr = Expr(
            f"{day_of.text} >= '{y + 1}-01-01'" if timed else f"{day_of.text} > '{y}-12-31'", (ref,)
        )
        texts = [f"after {y}", f"later than {y}", f"after {y}"]
    elif kind == "quarter":
        q = (m + 2) // 3
        expr = span(f"{y}-{3 * q - 2:02}-01", end(y, 3 * q), follow(y, 3 * q))
        ordinal = ("first", "second", "third", "fourth")[q - 1]
        texts = [
            f"in q{q} {y}", f"in Q{q} {y}", f"in the {ordinal} quarter of {y}", f"in Q{q} of {y}",
        ]  # fmt: skip
    elif kind == "between_months":
        other = rng.randrange(1, 13)
        low, high = sorted((m, other))
        if low == high:
            return None
        expr = span(f"{y}-{low:02}-01", end(y, high), follow(y, high))
        one, two = _MONTHS[low - 1], _MONTHS[high - 1]
        texts = [
            f"between {one} and {two} {y}", f"from {one} to {two} {y}", f"from {one} through {two} {y}",
        ]  # fmt: skip
    elif kind == "between_years":
        low, high = sorted((y, rng.choice(years)))
        if low == high:
            return None
        expr = span(f"{low}-01-01", f"{high}-12-31", f"{high + 1}-01-01")
        texts = [f"between {low} and {high}", f"from {low} to {high}", f"from {low} through {high}"]
    elif kind == "day":
        expr = Expr(f"{day_of.text} = '{y}-{m:02}-{d:02}'", (ref,))
        if timed:
            expr = Expr(f"{{0}} LIKE '{y}-{m:02}-{d:02}%'", (ref,))
        elif not iso:
            expr = Expr(
                "{0} = "
                + literal(
                    f"{d:02}/{m:02}/{y}"
                    if col.date_format.startswith("%d")
                    else f"{m:02}/{d:02}/{y}"
                ),
                (ref,),
            )
        texts = [f"on {day_text}"]
    else:
        low = y // 10 * 10
        expr = span(f"{low}-01-01", f"{low + 9}-12-31", f"{low + 10}-01-01")
        texts = [f"in the {low}s", f"during the {low}s"]
    text = rng.choice(texts)
    name, verb = said(rng, col), col.verb
    dates = ent.of("date")
    post, verbs = [], []
    if verb:
        be = (
            "have "
            if verb in ("joined", "started", "signed up", "applied", "enrolled", "ended")
            else "were "
        )
        post = [f"{verb} {text}"] * 3 + [f"that {be if be == 'were ' else ''}{verb} {text}"]
        verbs = [f"{be if be == 'were ' else ''}{verb} {text}"]
    else:
        plain = re.sub(r"^(in|during|on) ", "", text)
        post = [
            f"with {article(name)} {text}", f"with {name} {text}", f"whose {name} is {text}",
            f", {name} {text}",
        ]  # fmt: skip
        if text.startswith(("in ", "on ", "during ")):
            post += [f"with {name} {plain}"]
    generic = re.fullmatch(
        r"(order|visit|sale|flight|transaction|event|survey|payment|booking|session|rental|loan|trade|game|match|work|test|exam)?"
        r" ?(date|time|timestamp|datetime)?",
        col.words[0],
    )
    bare = "updat" not in col.words[0] and (not ent.named or (bool(generic) and not ent.person))
    if (
        len(dates) == 1
        and bare
        and not path
        and not ({"birth", "born"} & set(col.words[0].split()))
    ):
        post += [text] * 5
    elif dates and dates[0] is col and bare and not path and generic:
        post += [text] * 3
    return Cond(expr, "date", (), tuple(post), tuple(verbs), (text,), col, path)


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _split_day(cell: str, form: str) -> tuple[int, int, int] | None:
    found = (
        re.match(r"(\d{4})-(\d\d)-(\d\d)", cell)
        if form.startswith("%Y")
        else re.match(r"(\d\d)/(\d\d)/(\d{4})", cell)
    )
    if not found:
        return None
    one, two, three = map(int, found.groups())
    day = (
        (one, two, three)
        if form.startswith("%Y")
        else (three, two, one)
        if form.startswith("%d")
        else (three, one, two)
    )
    return day if 1 <= day[1] <= 12 and 1 <= day[2] <= 31 and 1400 < day[0] < 2100 else None
