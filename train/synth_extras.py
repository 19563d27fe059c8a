"""Rarer questions: bands, gaps, comparisons of two groups, either-or, averages of counts, other columns of an extreme row."""

from __future__ import annotations

import random

from train.synth_comparisons import rounded, said
from train.synth_conditions import conditions, equal_to, pick_value
from train.synth_dates import parts_of_date
from train.synth_groups import group_noun, some_group
from train.synth_kinds import (
    Asked,
    label_words,
    order_key,
    phrase,
    shown_columns,
    some_conditions,
    some_noun,
)
from train.synth_measures import extreme_words, measured, some_function
from train.synth_sql import COUNT, Expr, Ref, Statement, call, column, joined, literal
from train.synth_tables import Ent, Profile, quoted
from train.synth_words import ask_politely, plural


def bands(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Count rows in bands of a measure that the question spells out."""
    measures = [c for c in ent.of("measure") if c.distinct > 10 and c.nulls == 0]
    if not measures:
        return None
    col = rng.choice(measures)
    whole = all(float(n).is_integer() for n in col.numbers)
    low, high = (
        rounded(rng, col.numbers[int(len(col.numbers) * q)], whole=whole) for q in (0.33, 0.7)
    )
    if not 0 < low < high:
        return None
    a, b = literal(low), literal(high)
    names = rng.choice(
        (
            (f"under {a}", f"{a} to {b}", f"over {b}"), ("low", "medium", "high"),
            (f"below {a}", f"{a}-{b}", f"above {b}"),
            ("cheap", "mid", "expensive") if col.money else ("small", "medium", "large"),
        )
    )  # fmt: skip
    name, noun = said(rng, col), plural(some_noun(rng, ent))
    case = Expr(
        f"CASE WHEN {{0}} < {a} THEN '{names[0]}' WHEN {{0}} <= {b} THEN '{names[1]}' ELSE '{names[2]}' END",
        (Ref(col),),
    )
    if names[0].split()[-1] == a:
        spelled = f"{names[0]}, {names[1]} and {names[2]}"
    else:
        spelled = rng.choice(
            (
                f"{names[0]} (under {a}), {names[1]} ({a} to {b}) and {names[2]} (over {b})",
                f"{names[0]} below {a}, {names[1]} up to {b}, otherwise {names[2]}",
            )
        )
    text = rng.choice(
        (
            f"how many {noun} by {name}: {spelled}", f"count {noun} in {name} bands: {spelled}",
            f"number of {noun} per {name} group {spelled}", f"{noun} by {name} range, {spelled}",
            f"split {noun} by {name} into {spelled}",
        )
    )  # fmt: skip
    return text, Statement(ent, (case, COUNT), (), (case,))


def gap(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The distance from the lowest to the highest of a measure."""
    measures = ent.of("measure")
    if not measures:
        return None
    col = rng.choice(measures)
    conds = some_conditions(rng, profile, ent) if rng.random() < 0.3 else ()
    if any(c.col is col for c in conds):
        return None
    rows, name = phrase(rng, ent, conds), said(rng, col)
    value = joined(" - ", (call("MAX", column(col)), call("MIN", column(col))))
    text = rng.choice(
        (
            f"difference between the highest and lowest {name} of {rows.text}",
            f"gap between highest and lowest {name} for {rows.text}",
            f"{name} range of {rows.text} (max minus min)",
            f"spread between the largest and the smallest {name} among {rows.text}",
            f"max minus min {name} of {rows.text}",
            f"by how much do the highest and the lowest {name} of {rows.text} differ",
        )
    )  # fmt: skip
    return ask_politely(rng, text), Statement(ent, (value,), rows.where)


def versus(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """A count or an aggregate for two values, side by side or subtracted."""
    cols = [c for c in ent.of("category") if c.distinct > 1]
    if not cols:
        return None
    col = rng.choice(cols)
    a, b = pick_value(rng, col), pick_value(rng, col)
    if a == b:
        return None
    one, two = equal_to(rng, col, a), equal_to(rng, col, b)
    x, y = one.bare[0], two.bare[0]
    measures = ent.of("measure")
    noun, name = plural(some_noun(rng, ent)), said(rng, col)
    value, what = COUNT, f"number of {noun}"
    if measures and rng.random() < 0.65:
        measure = rng.choice(measures)
        function = some_function(rng, measure)
        value, what = (
            call(function, column(measure)),
            f"{measured(rng, function, measure)} of {noun}",
        )
    if rng.random() < 0.6:
        both = Expr(f"{{0}} IN ({literal(a)}, {literal(b)})", (Ref(col),))
        text = rng.choice(
            (
                f"{what} for {name} {x} vs {y}", f"compare {what} for {x} and {y}",
                f"{x} vs {y}: {what}", f"{what}, {x} versus {y}",
                f"{what} for {x} and {y} respectively", f"compare {x} and {y} by {what}",
            )
        )  # fmt: skip
        return ask_politely(rng, text), Statement(
            ent, (column(col), value), (both,), (column(col),)
        )
    sides = [Statement(ent, (value,), (c.expr,)).sql(profile) for c in (one, two)]
    text = rng.choice(
        (
            f"difference in {what} between {x} and {y}", f"{what}: {x} minus {y}",
            f"how much higher is the {what} for {x} than for {y}",
            f"{what} of {x} minus that of {y}".replace(f" of {noun} of", f" of {noun} for"),
        )
    )  # fmt: skip
    return ask_politely(rng, text), f"SELECT ({sides[0]}) - ({sides[1]})"


def either_or(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows that meet one of two conditions on different columns."""
    one = conditions(rng, ent)
    two = conditions(rng, ent, avoid=frozenset({one.col.name} if one and one.col else ()))
    kinds = ("equal", "number", "flag", "date", "year")
    if one is None or two is None or one.kind not in kinds or two.kind not in kinds:
        return None
    a, b = ([p for p in c.post if not p.startswith((",", "("))] for c in (one, two))
    if not a or not b:
        return None
    noun = plural(some_noun(rng, ent))
    text = f"{noun} {rng.choice(a)} or {rng.choice(b)}"
    either = joined(" OR ", (one.expr, two.expr))
    either = Expr(f"({either.text})", either.refs)
    if rng.random() < 0.5 or not ent.labels:
        return rng.choice((f"how many {text}", f"number of {text}", f"count {text}")), Statement(
            ent, (COUNT,), (either,)
        )
    if not ent.named:
        text = f"{label_words(rng, ent)} of {text}"
    return ask_politely(rng, text), Statement(ent, shown_columns(ent), (either,))


def average_count(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """How many rows a parent or a value has on average."""
    group = some_group(rng, profile, ent, parents=0.8)
    if group is None or len(group.keys[0].refs[0].path) > 1:
        return None
    ref = group.keys[0].refs[0]
    key = quoted(ref.path[0].column if group.parent else ref.col.name)
    if not group.parent and ref.path:
        return None
    noun = group_noun(profile, ent, group) or plural(some_noun(rng, ent))
    g = group.say(rng)
    text = rng.choice(
        (
            f"average number of {noun} per {g}", f"how many {noun} does each {g} have on average",
            f"avg {noun} per {g}", f"on average how many {noun} per {g}",
            f"mean number of {noun} per {g}",
        )
    )  # fmt: skip
    inner = Statement(ent, (Expr("COUNT(*) AS n"),), (), (Expr(key),)).sql(profile)
    return ask_politely(rng, text), f"SELECT AVG(n) FROM ({inner})"  # noqa: S608


def of_extreme(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Another column of the row with the highest or lowest measure."""
    measures = ent.of("measure") + ent.of("date")
    others = [
        c
        for c in ent.cols
        if c.role in ("category", "code", "date", "measure", "text", "year") and c not in ent.labels
    ]
    if not measures or len(others) < 2:
        return None
    by = rng.choice(measures)
    chosen = rng.choice([c for c in others if c is not by] or others)
    if chosen is by:
        return None
    down = rng.random() < 0.65
    how, noun = extreme_words(rng, ent, by, down), some_noun(rng, ent)
    conds = some_conditions(rng, profile, ent) if rng.random() < 0.2 else ()
    if any(c.col in (by, chosen) for c in conds):
        return None
    rows = phrase(rng, ent, conds, noun)
    if how:
        the = f"{how} {rows.text}"
    else:
        best = (
            ("latest", "earliest")
            if by.role == "date"
            else rng.choice((("highest", "lowest"), ("largest", "smallest")))
        )
        the = f"{rows.text} with the {best[0] if down else best[1]} {said(rng, by)}"
    name = said(rng, chosen)
    text = rng.choice(
        (
            f"{name} of the {the}", f"what is the {name} of the {the}",
            f"what's the {name} of the {the}", f"what {name} does the {the} have", f"{the}: {name}?",
            f"which {name} has the {the}",
        )
    )  # fmt: skip
    where = rows.where
    if by.nulls and not down:
        where += (Expr("{0} IS NOT NULL", (Ref(by),)),)
    return ask_politely(rng, text), Statement(
        ent, (column(chosen),), where, order=((order_key(by), down),), limit=1
    )


def by_number(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """What the row with an id or code has: "status of order 1042"."""
    codes = [c for c in (ent.key, *ent.labels) if c and c.role in ("key", "code")]
    extra = [
        c
        for c in ent.cols
        if c.role not in ("key",) and c not in codes and c.words[0] not in ent.nouns
    ]
    if not codes or not extra or (ent.named and rng.random() < 0.6):
        return None
    code = rng.choice(codes)
    value = pick_value(rng, code)
    if isinstance(value, float) or not str(value).strip():
        return None
    chosen, noun = rng.choice(extra), ent.nouns[0]
    name = said(rng, chosen)
    row = rng.choice(
        (
            f"{noun} {value}", f"{noun} {value}", f"{noun} #{value}", f"{noun} number {value}",
            f"{noun} id {value}",
            f"{noun} no {value}" if code.role == "key" else f"{value}",
        )
    )  # fmt: skip
    expr = Expr(f"{{0}} = {literal(value)}", (Ref(code),))
    forms = [
        f"{name} of {row}", f"what is the {name} of {row}", f"{row} {name}",
        f"what's the {name} for {row}", f"{name} for {row}", f"which {name} does {row} have",
    ]  # fmt: skip
    links = [
        p
        for p in ent.parents
        if profile.ents[p.target].labels and profile.ents[p.target].named and p.target != ent.name
    ]
    if links and rng.random() < 0.3:
        link = rng.choice(links)
        other = profile.ents[link.target]
        whom = link.role or other.nouns[0]
        question = rng.choice(
            (
                f"{whom} of {row}", f"which {whom} does {row} belong to", f"{whom} for {row}",
                f"who is the {whom} of {row}" if other.person else f"what is the {whom} of {row}",
            )
        )  # fmt: skip
        return question, Statement(ent, tuple(column(c, (link,)) for c in other.labels), (expr,))
    if (
        chosen.role == "date"
        and chosen.verb
        and chosen.verb not in ("expiring", "due", "joined", "started", "ended", "signed up")
    ):
        forms += [f"when was {row} {chosen.verb}"] * 2
    return ask_politely(rng, rng.choice(forms)), Statement(ent, (column(chosen),), (expr,))


def by_calendar(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows on weekends, on a weekday, or in a month of any year."""
    dates = ent.of("date")
    if not dates:
        return None
    col = rng.choice(dates)
    _, month, _, day = parts_of_date(Ref(col))
    birth = "birth" in col.words[0]
    which = (
        f"{col.verb} "
        if col.verb and col.verb not in ("expiring", "due")
        else ""
        if len(dates) == 1 and not ent.named
        else f"with {col.words[0]} "
    )
    noun = plural(some_noun(rng, ent))
    if birth or rng.random() < 0.35:
        number = rng.randrange(1, 13)
        name = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September",
            "October", "November", "December",
        ][number - 1]  # fmt: skip
        cond = Expr(f"{month.text} = '{number:02}'", month.refs)
        tail = (
            f"{which}in {name}" + rng.choice((" of any year", "", " (any year)", ""))
            if not birth
            else rng.choice(
                (f"born in {name}", f"with a birthday in {name}", f"with {name} birthdays")
            )
        )
    elif rng.random() < 0.5:
        cond = Expr(f"strftime('%w', {day.text}) IN ('0', '6')", day.refs)
        tail = f"{which}on " + rng.choice(
            ("a weekend", "weekends", "a saturday or sunday", "Saturday or Sunday", "the weekend")
        )
    else:
        number = rng.randrange(7)
        name = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"][
            number
        ]
        cond = Expr(f"strftime('%w', {day.text}) = '{number}'", day.refs)
        tail = f"{which}on {rng.choice((f'a {name}', f'{name}s', name))}"
    text = f"{noun} {tail}"
    if rng.random() < 0.6 or not ent.labels:
        return rng.choice(
            (
                f"how many {text}", f"number of {text}", f"count of {text}",
                f"how many {text} are there",
            )
        ), Statement(ent, (COUNT,), (cond,))  # fmt: skip
    if not ent.named:
        text = f"{label_words(rng, ent)} of {text}"
    return ask_politely(rng, text), Statement(ent, shown_columns(ent), (cond,))
