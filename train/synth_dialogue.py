"""Follow-up questions and the earlier ones that they lean on. Pure."""

from __future__ import annotations

import random

from train.synth_comparisons import Cond, said
from train.synth_conditions import conditions, equality
from train.synth_groups import ask_groups, period, some_group
from train.synth_kinds import (
    Rows,
    ask_count,
    ask_list,
    order_key,
    order_words,
    phrase,
    shown_columns,
    some_noun,
)
from train.synth_measures import measured, some_function
from train.synth_sql import COUNT, Statement, call, column
from train.synth_tables import Ent, Profile
from train.synth_words import ask_politely, counted, plural

Turn = tuple[tuple[str, ...], str, Statement]
_OTHER = (
    "what about {}", "and {}?", "and {}", "how about {}", "now {}", "same for {}", "{}?",
    "what about {}?", "and for {}", "and the ones {}",
)  # fmt: skip
_ONLY = (
    "only {}", "just {}", "only the {} ones", "limit to {}", "but only {}", "just the {} ones",
    "restrict to {}", "{} only", "of those, only {}",
)  # fmt: skip
_MORE = (
    "only those {}", "just the ones {}", "only the ones {}", "which of them are {}",
    "now just those {}", "only {}", "just those {}", "filter to those {}", "of those, the ones {}",
)  # fmt: skip
_HOW_MANY = (
    "how many is that", "how many are there", "how many", "how many are they", "count them",
    "just the count", "how many is that in total", "how many of them", "just give me the number",
    "and how many is that?",
)  # fmt: skip


def follow_up(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Return earlier questions, one that leans on them, and what it asks for."""
    makers = (
        swap,
        swap,
        how_many,
        narrow,
        narrow,
        re_rank,
        per_group,
        other_function,
        more_columns,
        sort_it,
        in_period,
        other_group,
        chain,
        first_of,
    )
    return rng.choice(makers)(rng, profile, ent)


def _first(
    rng: random.Random, ent: Ent, conds: tuple[Cond, ...], *, counting: bool
) -> tuple[str, Statement, Rows] | None:
    rows = phrase(rng, ent, conds)
    if counting or not ent.labels:
        return ask_count(rng, rows), Statement(ent, (COUNT,), rows.where), rows
    return ask_list(rng, rows), Statement(ent, shown_columns(ent), rows.where), rows


def swap(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """The same with another value: "what about Bergen"."""
    cols = [c for c in ent.of("category") if c.distinct > 1]
    if not cols:
        return None
    col = rng.choice(cols)
    one, two = equality(rng, ent, col), equality(rng, ent, col)
    if one.value == two.value:
        return None
    measures = ent.of("measure")
    again = rng.choice(_OTHER)
    text = two.bare[0]
    if "the ones" in again:
        text = rng.choice([p for p in two.post if not p.startswith((",", "("))])
    if measures and rng.random() < 0.3:
        measure = rng.choice(measures)
        function = some_function(rng, measure)
        rows = phrase(rng, ent, (one,))
        first = ask_politely(rng, f"{measured(rng, function, measure)} of {rows.text}")
        return (
            (first,),
            again.format(text),
            Statement(ent, (call(function, column(measure)),), (two.expr,)),
        )
    found = _first(rng, ent, (one,), counting=rng.random() < 0.5)
    if found is None:
        return None
    if "only" in again or ("?" not in again and rng.random() < 0.2):
        again = rng.choice(
            ("and {}", "now for {}", "and in {}")
            if col.words[0] in ("city", "country", "state", "region")
            else ("and {}", "now {}", "ok and {}")
        )
    return (found[0],), again.format(text), Statement(ent, found[1].select, (two.expr,))


def how_many(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """The number of what was listed."""
    cond = conditions(rng, ent)
    found = _first(rng, ent, (cond,) if cond else (), counting=False)
    if not found or not ent.labels or not cond:
        return None
    return (found[0],), rng.choice(_HOW_MANY), Statement(ent, (COUNT,), (cond.expr,))


def narrow(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """A further condition on what was listed or counted, or on groups."""
    start = conditions(rng, ent) if rng.random() < 0.6 else None
    used = frozenset({start.col.name} if start and start.col else ())
    more = conditions(rng, ent, avoid=used)
    if more is None or (more.kind in ("null", "text") and rng.random() < 0.5):
        return None
    base: tuple[Cond, ...] = (start,) if start else ()
    if (
        more.kind in ("equal", "flag", "date", "either", "year")
        and more.bare
        and rng.random() < 0.6
    ):
        short = more.bare[0]
        template = rng.choice(_ONLY)
        if " ones" in template and (len(short.split()) > 2 or not more.pre):
            template = "only {}"
        text = template.format(short)
    else:
        tails = [p for p in more.post if not p.startswith((",", "("))]
        template = rng.choice(_MORE)
        if "which of them are" in template:
            if not more.verbs:
                return None
            text = "which of them " + rng.choice(more.verbs)
        else:
            text = template.format(rng.choice(tails) if tails else "")
    if not start and rng.random() < 0.35:
        group = some_group(rng, profile, ent)
        if group is None or group.col is more.col:
            return None
        rows = phrase(rng, ent, ())
        if "which of them" in text:
            return None
        return (
            (ask_politely(rng, ask_groups(rng, rows, group)),),
            text,
            Statement(ent, (*group.shown, COUNT), (more.expr,), group.keys),
        )
    counting = rng.random() < 0.4
    if "which of them" in text and (counting or not ent.labels):
        return None
    found = _first(rng, ent, base, counting=counting)
    if found is None:
        return None
    return (found[0],), text, Statement(ent, found[1].select, (*found[1].where, more.expr))


def re_rank(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Another number of rows, or the other end of a ranking."""
    measures = [c for c in ent.of("measure") if c.nulls == 0]
    if not measures or not ent.labels or ent.rows < 12:
        return None
    col = rng.choice(measures)
    name, noun = said(rng, col), plural(some_noun(rng, ent))
    count = rng.choice((3, 5, 5, 10))
    with_it = rng.random() < 0.3
    first = rng.choice(
        (
            f"top {counted(rng, count)} {noun} by {name}",
            f"{counted(rng, count)} {noun} with the highest {name}", f"top {count} {noun} by {name}",
        )
    )  # fmt: skip
    first += f" with the {name}" if with_it else ""
    columns = shown_columns(ent) + ((column(col),) if with_it else ())
    draw = rng.random()
    if draw < 0.4:
        other = rng.choice([n for n in (1, 2, 3, 5, 10) if n != count])
        n = counted(rng, other)
        forms = [
            f"only the top {n}", f"just the top {n}", f"make it {n}", f"top {n} only",
            f"give me {n} instead",
        ]  # fmt: skip
        if other == 1:
            forms = ["just the top one", "only the first one", "just the first"]
        return (
            (first,),
            rng.choice(forms),
            Statement(ent, columns, order=((column(col), True),), limit=other),
        )
    if draw < 0.75:
        n = counted(rng, count)
        forms = [
            f"and the bottom {n}?", f"now the bottom {n}", f"and the {n} lowest",
            "and the lowest ones?", f"bottom {n} instead", f"what about the bottom {n}",
            "the other end please",
        ]  # fmt: skip
        return (
            (first,),
            rng.choice(forms),
            Statement(ent, columns, order=((column(col), False),), limit=count),
        )
    others = [c for c in measures if c is not col]
    if not others:
        return None
    by = rng.choice(others)
    again = rng.choice(
        (
            f"by {by.words[0]} instead", f"now by {by.words[0]}", f"and by {by.words[0]}?",
            f"rank by {by.words[0]} instead",
        )
    )  # fmt: skip
    if with_it:
        columns = (*shown_columns(ent), column(by))
    return (first,), again, Statement(ent, columns, order=((column(by), True),), limit=count)


def per_group(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """The same per category or parent: "split that by type"."""
    group = some_group(rng, profile, ent)
    if group is None:
        return None
    cond = (
        conditions(rng, ent, avoid=frozenset({group.col.name} if group.col else ()))
        if rng.random() < 0.35
        else None
    )
    rows = phrase(rng, ent, (cond,) if cond else ())
    measures = ent.of("measure")
    value, first = COUNT, ask_count(rng, rows)
    if measures and rng.random() < 0.5:
        col = rng.choice(measures)
        function = some_function(rng, col)
        value, first = (
            call(function, column(col)),
            ask_politely(rng, f"{measured(rng, function, col)} of {rows.text}"),
        )
    g = group.say(rng)
    again = rng.choice(
        (
            f"per {g} please", f"split that by {g}", f"by {g}", f"per {g}", f"now per {g}",
            f"break it down by {g}", f"and for each {g}?", f"same by {g}", f"and by {g}?",
            f"group it by {g}",
        )
    )  # fmt: skip
    return (first,), again, Statement(ent, (*group.shown, value), rows.where, group.keys)


def other_group(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Another grouping, or another value for the same groups."""
    one, two = some_group(rng, profile, ent), some_group(rng, profile, ent)
    if one is None or two is None or one.keys == two.keys:
        return None
    rows = phrase(rng, ent, ())
    first = ask_politely(rng, ask_groups(rng, rows, one))
    measures = ent.of("measure")
    if measures and rng.random() < 0.4:
        col = rng.choice(measures)
        function = some_function(rng, col)
        what = measured(rng, function, col)
        again = rng.choice(
            (
                f"now the {what} instead", f"make that the {what}", f"and the {what}?",
                f"show the {what} instead",
            )
        )  # fmt: skip
        return (
            (first,),
            again,
            Statement(ent, (*one.shown, call(function, column(col))), (), one.keys),
        )
    if rng.random() < 0.3:
        order = ((COUNT, True),)
        return (
            (first,),
            rng.choice(
                (
                    "biggest first", "sort by count", "sort it from most to least",
                    "highest first please", "order by the number descending",
                )
            ),
            Statement(ent, (*one.shown, COUNT), (), one.keys, (), order),
        )  # fmt: skip
    g = two.say(rng)
    return (
        (first,),
        rng.choice(
            (f"and by {g}?", f"now by {g}", f"by {g} instead", f"and per {g}", f"same by {g}")
        ),
        Statement(ent, (*two.shown, COUNT), (), two.keys),
    )


def other_function(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Another aggregate of the same measure."""
    measures = ent.of("measure")
    if not measures:
        return None
    col = rng.choice(measures)
    options = ["AVG", "MAX", "MIN", *(["SUM"] if col.summed else [])]
    one, two = rng.sample(options, 2)
    cond = conditions(rng, ent, avoid=frozenset((col.name,))) if rng.random() < 0.5 else None
    rows = phrase(rng, ent, (cond,) if cond else ())
    first = ask_politely(rng, f"{measured(rng, one, col)} of {rows.text}")
    word = {"AVG": "average", "MAX": "highest", "MIN": "lowest", "SUM": "total"}[two]
    again = rng.choice(
        (
            f"and the {word}?", f"now the {word}", f"what about the {word}", f"make that the {word}",
            f"and {word}",
        )
    )  # fmt: skip
    return (first,), again, Statement(ent, (call(two, column(col)),), rows.where)


def more_columns(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Another column beside what was listed."""
    extra = [
        c
        for c in ent.of("measure", "date", "category", "code", "year", "text")
        if c not in ent.labels
    ]
    cond = conditions(rng, ent)
    if not extra or not ent.labels or cond is None:
        return None
    col = rng.choice(extra)
    found = _first(rng, ent, (cond,), counting=False)
    if found is None:
        return None
    name = said(rng, col)
    again = rng.choice(
        (
            f"with their {name} too", f"add the {name}", f"with {name} please", f"also show {name}",
            f"include {name}", f"with {plural(name)}", f"and their {name}?", f"show the {name} as well",
        )
    )  # fmt: skip
    return (found[0],), again, Statement(ent, (*shown_columns(ent), column(col)), (cond.expr,))


def sort_it(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """An ordering for what was listed."""
    cols = [c for c in ent.of("measure", "date", "year") if c.nulls == 0]
    cond = conditions(rng, ent)
    if not cols or not ent.labels or cond is None:
        return None
    col, down = rng.choice(cols), rng.random() < 0.5
    found = _first(rng, ent, (cond,), counting=False)
    if found is None:
        return None
    words = order_words(rng, col, down)
    if not words.startswith(("sorted", "ordered", "ranked", "by", "in")):
        words = f"{said(rng, col)} {'descending' if down else 'ascending'}"
        words = f"sort by {words}"
    again = words.replace("sorted", "sort").replace("ordered", "order").replace("ranked", "rank")
    again = rng.choice(("{}", "{} please", "now {}", "can you {}")).format(
        again if not again.startswith(("by", "in")) else f"sort {again}"
    )
    return (
        (found[0],),
        again,
        Statement(ent, shown_columns(ent), (cond.expr,), order=((order_key(col), down),)),
    )


def in_period(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Counts per month after a count, or per year instead of per month."""
    found = period(rng, ent, kinds=("month", "year"))
    if found is None or found[2].nulls:
        return None
    group, _, col = found
    rows = phrase(rng, ent, ())
    which = f" of {col.words[0]}" if len(ent.of("date")) > 1 else ""
    statement = Statement(ent, (*group.shown, COUNT), (), group.keys, (), ((group.keys[0], False),))
    if rng.random() < 0.5:
        return (
            (ask_count(rng, rows),),
            rng.choice(
                (
                    f"per {group.noun}{which}", f"by {group.noun}{which} please",
                    f"split by {group.noun}{which}", f"and per {group.noun}{which}?",
                )
            ),
            statement,
        )  # fmt: skip
    other = "year" if group.noun == "month" else "month"
    return (
        (f"{rows.text} per {other}{which}",),
        rng.choice(
            (
                f"per {group.noun} instead", f"make it per {group.noun}", f"now by {group.noun}",
                f"and by {group.noun}?",
            )
        ),
        statement,
    )  # fmt: skip


def chain(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """Two earlier questions: a list or count, a narrower one, and then a swap or a count."""
    cols = [c for c in ent.of("category") if c.distinct > 1]
    if not cols:
        return None
    col = rng.choice(cols)
    one, two = equality(rng, ent, col), equality(rng, ent, col)
    more = conditions(rng, ent, avoid=frozenset((col.name,)))
    if (
        more is None
        or not more.bare
        or more.kind in ("null", "text", "not")
        or one.value == two.value
    ):
        return None
    found = _first(rng, ent, (more,), counting=rng.random() < 0.5)
    if found is None:
        return None
    second = rng.choice(("only {}", "just {}", "of those, only {}", "limit to {}")).format(
        one.bare[0]
    )
    history = (found[0], second)
    if rng.random() < 0.3:
        return history, rng.choice(_HOW_MANY), Statement(ent, (COUNT,), (more.expr, one.expr))
    again = rng.choice(
        ("and {}", "what about {}", "now {}", "{} instead", "and {}?", "make that {}")
    )
    return (
        history,
        again.format(two.bare[0]),
        Statement(ent, found[1].select, (more.expr, two.expr)),
    )


def first_of(rng: random.Random, profile: Profile, ent: Ent) -> Turn | None:
    """The extreme one of what was listed, or one of its other columns."""
    cols = [c for c in ent.of("measure") if c.nulls == 0]
    cond = conditions(rng, ent)
    if not cols or not ent.labels or cond is None:
        return None
    col, down = rng.choice(cols), rng.random() < 0.65
    if cond.col is col:
        return None
    found = _first(rng, ent, (cond,), counting=False)
    if found is None:
        return None
    best = rng.choice(("highest", "largest") if down else ("lowest", "smallest"))
    again = rng.choice(
        (
            f"which of them has the {best} {col.words[0]}", f"which one has the {best} {col.words[0]}?",
            f"and the one with the {best} {col.words[0]}",
            f"just the one with the {best} {col.words[0]}",
        )
    )  # fmt: skip
    return (
        (found[0],),
        again,
        Statement(ent, shown_columns(ent), (cond.expr,), order=((column(col), down),), limit=1),
    )
