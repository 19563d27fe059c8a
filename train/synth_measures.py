"""Aggregates, rankings, averages, shares and differences of measures. Pure."""

from __future__ import annotations

import random

from train.synth_comparisons import said
from train.synth_conditions import conditions
from train.synth_dates import parts_of_date
from train.synth_kinds import (
    Asked,
    label_words,
    order_key,
    phrase,
    shown_columns,
    some_conditions,
    some_noun,
)
from train.synth_sql import COUNT, Expr, Ref, Statement, call, column, joined
from train.synth_tables import Col, Ent, Profile
from train.synth_words import article, ask_politely, counted, plural, singular

_FUNCTIONS = {
    "AVG": ("average", "avg", "mean", "average", "avg"),
    "SUM": ("total", "sum of", "total", "overall", "combined"),
    "MAX": ("highest", "maximum", "max", "largest", "biggest"),
    "MIN": ("lowest", "minimum", "min", "smallest"),
}  # fmt: skip
# Words in a column's name, then how people say "most" and "least" of it.
_MOST: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset(("price", "cost", "fare")),
        "most expensive|priciest|dearest",
        "cheapest|least expensive",
    ),
    (
        frozenset(("salary", "wage")),
        "highest paid|best paid|highest earning",
        "lowest paid|worst paid|lowest earning",
    ),
    (frozenset(("age",)), "oldest", "youngest"),
    (frozenset(("duration", "length", "runtime")), "longest", "shortest"),
    (frozenset(("weight",)), "heaviest", "lightest"),
    (frozenset(("height",)), "tallest|highest", "shortest|lowest"),
    (frozenset(("area", "capacity", "population", "size")), "largest|biggest", "smallest"),
    (
        frozenset(("rating", "stars")),
        "best rated|highest rated|top rated",
        "worst rated|lowest rated",
    ),
    (
        frozenset(("score", "points")),
        "highest scoring|best scoring",
        "lowest scoring|worst scoring",
    ),
    (frozenset(("speed",)), "fastest|quickest", "slowest"),
)


def spoken_function(rng: random.Random, function: str) -> str:
    """Return a word for AVG, SUM, MAX or MIN."""
    return rng.choice(_FUNCTIONS[function])


def some_function(rng: random.Random, col: Col) -> str:
    """Choose an aggregate that makes sense for a measure."""
    if col.summed:
        return rng.choices(("SUM", "AVG", "MAX", "MIN"), (58, 28, 8, 6))[0]
    return rng.choices(("AVG", "MAX", "MIN"), (65, 20, 15))[0]


def measured(rng: random.Random, function: str, col: Col) -> str:
    """Say an aggregate of a column: "average price", "sum of quantities"."""
    word, name = spoken_function(rng, function), said(rng, col)
    if name.startswith("number of ") and function == "SUM":
        return f"total {name}"
    if name.startswith("total ") and word in ("total", "overall", "combined"):
        return f"sum of {name}"
    if (
        name.split()[0] in ("average", "maximum", "minimum", "highest", "lowest", "max", "min")
        and word == name.split()[0]
    ):
        return f"{word} of {name}"
    return f"{word} {name}"


def aggregate(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """One aggregate of a measure, with or without a condition."""
    measures = ent.of("measure")
    if not measures:
        return None
    col = rng.choice(measures)
    function = some_function(rng, col)
    conds = some_conditions(rng, profile, ent, joins=0.3) if rng.random() < 0.68 else ()
    if any(c.col is col for c in conds):
        return None
    rows = phrase(rng, ent, conds)
    what = measured(rng, function, col)
    forms = [
        f"{what} of {rows.text}", f"{what} for {rows.text}", f"what is the {what} of {rows.text}",
        f"what is the {what} for {rows.text}", f"{what} {rows.text}", f"{what} across {rows.text}",
        f"{what} of all {rows.text}" if not conds else f"{what} of the {rows.text}",
        f"what's the {what} of {rows.text}",
    ]  # fmt: skip
    if not conds:
        forms += [
            f"{singular(rows.noun)} {what}",
            f"{what} per {singular(rows.noun)}"
            if function == "AVG"
            else f"overall {what} of {rows.noun}",
        ]
        if col.alone and len(col.words[0]) > 3:
            forms += [what, f"what is the {what}", f"the {what}", f"what's the {what} overall"]
    elif col.alone and len(conds) == 1 and rng.random() < 0.5:
        tail = rng.choice(conds[0].post)
        if conds[0].kind in ("date", "parent", "equal") and tail.startswith(
            ("in ", "for ", "during ", "since ", "at ", "before ", "by ")
        ):
            forms = [f"{what} {tail}", f"what is the {what} {tail}", f"what was the {what} {tail}"]
    if function == "SUM" and col.money and rng.random() < 0.2 and col.alone:
        forms = [
            f"how much {said(rng, col)} in total for {rows.text}",
            f"how much is the {said(rng, col)} of {rows.text} in total",
            f"add up the {said(rng, col)} of {rows.text}", f"sum up {said(rng, col)} for {rows.text}",
        ]  # fmt: skip
    select = (call(function, column(col)),)
    if rng.random() < 0.07:
        other = "MIN" if function == "MAX" else "MAX"
        function = "MAX" if other == "MIN" else "MIN"
        name = said(rng, col)
        both = rng.choice((("MIN", "MAX"), ("MAX", "MIN")))
        words = [f"{spoken_function(rng, f)}" for f in both]
        text = f"{words[0]} and {words[1]} {name} of {rows.text}"
        return ask_politely(rng, text), Statement(
            ent, tuple(call(f, column(col)) for f in both), rows.where
        )
    if rng.random() < 0.04 and not conds:
        text = rng.choice(
            (f"count and {what} of {rows.text}", f"how many {rows.text} and what is their {what}")
        )
        return text, Statement(ent, (COUNT, *select), rows.where)
    return ask_politely(rng, rng.choice(forms)), Statement(ent, select, rows.where)


def extreme_words(rng: random.Random, ent: Ent, col: Col, down: bool) -> str:
    """Return "most expensive" and the like, empty when the column has no such word of its own."""
    if col.role == "year":
        oldest = (
            col.verb in ("built", "founded", "opened", "established", "made", "born", "")
            and "birth" not in col.words[0]
        )
        return (
            rng.choice(("newest", "latest") if down else ("oldest", "earliest"))
            if oldest and col.verb
            else ""
        )
    if col.role == "date":
        if "birth" in col.words[0]:
            return "youngest" if down else "oldest"
        if col.verb in ("expiring", "due", "ended", "terminated", "cancelled", "closed") or (
            ent.named and not col.verb
        ):
            return ""
        if ent.person or (ent.named and rng.random() < 0.5):
            return (
                rng.choice(
                    ("most recently", "latest", "last", "most recently")
                    if down
                    else ("earliest", "first")
                )
                + f" {col.verb}"
            )
        if len(ent.of("date")) == 1 or (ent.of("date")[0] is col and col.verb):
            verb = (
                f" {col.verb}"
                if (col.verb and rng.random() < 0.7) or len(ent.of("date")) > 1
                else ""
            )
            return (
                rng.choice(
                    ("latest", "most recent", "last", "most recently")
                    if down
                    else ("earliest", "first")
                ).replace("recently", "recently" if verb else "recent")
                + verb
            )
        return ""
    words = set(col.words[0].split()) if len(col.words[0].split()) <= 2 else set()
    found = next((m for m in _MOST if m[0] & words), None)
    if (
        found is None
        or sum(bool(found[0] & set(" ".join(c.words).split())) for c in ent.of("measure")) > 1
    ):
        return ""
    if "salary" in found[0] and not ent.person:
        return ""
    return rng.choice((found[1] if down else found[2]).split("|"))


def top(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The N rows with the highest or lowest measure, or the first and latest by date; one row in half of the cases."""
    ranked = ent.of("measure") * 3 + ent.of("date") + ent.of("year")
    if not ranked or not ent.labels or ent.rows < 4:
        return None
    col = rng.choice(ranked)
    down = rng.random() < 0.68
    conds = some_conditions(rng, profile, ent) if rng.random() < 0.25 else ()
    if any(c.col is col for c in conds):
        return None
    number = (
        1
        if rng.random() < 0.48
        else rng.choice((2, 3, 3, 3, 5, 5, 5, 5, 10, 10, 4, 7, 6, 8, 15, 20))
    )
    if number * 2 > ent.rows and number > 1:
        number = 2 if ent.rows > 4 else 1
    name, how = said(rng, col), extreme_words(rng, ent, col, down)
    noun = some_noun(rng, ent)
    best = rng.choice(
        ("highest", "highest", "largest", "biggest", "greatest", "most")
        if down
        else ("lowest", "lowest", "smallest", "least")
    )
    if col.role in ("date", "year"):
        best = rng.choice(("latest", "most recent")) if down else "earliest"
    if name.startswith("number of "):
        best, name = (
            rng.choice(("most", "highest number of")) if down else "fewest",
            name.removeprefix("number of "),
        )
    elif best in ("most", "least") and not (col.summed and not col.money):
        best = "highest" if down else "lowest"
    with_it = rng.random() < (0.3 if number > 1 else 0.18)
    if number == 1:
        rows = phrase(rng, ent, conds, noun)
        the = rows.text
        if how and rng.random() < 0.6:
            forms = [
                f"{how} {the}",
                f"what is the {how} {the}",
                f"which {rows.noun} is the {how}{the.partition(rows.noun)[2]}"
                if not conds
                else f"which is the {how} {the}",
                f"the {how} {the}", f"what's our {how} {the}", f"name of the {how} {the}",
            ]  # fmt: skip
            if ent.person:
                forms += [f"who is the {how} {the}", f"who's the {how} {the}"]
        else:
            has = f"has the {best} {name}"
            forms = [
                f"which {the} {has}", f"{the} with the {best} {name}", f"what {the} {has}",
                f"{the} with {best} {name}", f"the {the} that {has}", f"which {the} has {best} {name}",
            ]  # fmt: skip
            if ent.person and not conds:
                forms += [f"who {has}", f"who has {best} {name}"]
        if not ent.named and rng.random() < 0.6:
            forms = [f"id of the {f}" for f in forms if f.startswith((the, how or the))] or forms
        text = rng.choice(forms)
        if with_it:
            text += rng.choice(
                (
                    f", and what is the {said(rng, col)}", f" and its {said(rng, col)}",
                    f", show the {said(rng, col)} too", f" with the {said(rng, col)}",
                )
            )  # fmt: skip
    else:
        rows = phrase(rng, ent, conds, plural(noun))
        the, n = rows.text, counted(rng, number)
        if how and rng.random() < 0.55:
            forms = [
                f"{n} {how} {the}", f"the {n} {how} {the}", f"what are the {n} {how} {the}",
                f"{how} {n} {the}", f"top {n} {how} {the}",
            ]  # fmt: skip
        else:
            forms = [
                f"{n} {the} with the {best} {name}",
                f"which {n} {the} have the {best} {name}",
                f"{the} with the {n} {best} {name}"
                if best not in ("most", "fewest", "least")
                else f"{n} {the} with {best} {name}",
            ]
            if col.role == "measure":
                edge = "top" if down else "bottom"
                full = said(rng, col)
                forms += [
                    f"{edge} {n} {the} by {full}", f"{edge} {n} {the} by {full}",
                    f"{edge} {n} {the} in terms of {full}", f"{edge} {n} by {full}, {the}",
                    f"{n} {'best' if down else 'worst'} {the} by {full}"
                    if not col.money
                    else f"{edge} {n} {the} ranked by {full}",
                ]  # fmt: skip
        text = rng.choice(forms)
        if with_it:
            text += rng.choice(
                (
                    f" with the {said(rng, col)}", f" and their {said(rng, col)}",
                    f", with {said(rng, col)}", f", show {said(rng, col)} too",
                )
            )  # fmt: skip
    where = rows.where
    if col.nulls > 0 and not down:
        where += (Expr("{0} IS NOT NULL", (Ref(col),)),)
    columns = shown_columns(ent) + ((column(col),) if with_it else ())
    return ask_politely(rng, text), Statement(
        ent, columns, where, order=((order_key(col), down),), limit=number
    )


def above_average(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows above or below the average of a measure, listed or counted."""
    measures = ent.of("measure")
    if not measures or ent.rows < 4:
        return None
    col = rng.choice(measures)
    above = rng.random() < 0.72
    inner = Statement(ent, (call("AVG", column(col)),)).sql(profile)
    cond = Expr(
        f"{{0}} {'>' if above else '<'} ({inner.replace('{', '{{').replace('}', '}}')})",
        (Ref(col),),
    )
    name, noun = said(rng, col), plural(some_noun(rng, ent))
    more = (
        rng.choice(("above", "over", "higher than", "more than", "greater than"))
        if above
        else rng.choice(("below", "under", "lower than", "less than"))
    )
    side = "above" if above else "below"
    body = rng.choice(
        (
            f"{noun} with {article(name)} {more} average",
            f"{noun} with {more} average {name}"
            if more in ("above", "below")
            else f"{noun} with {name} {more} the average",
            f"{noun} whose {name} is {more} the average", f"{noun} with {side}-average {name}",
            f"{noun} with {name} {more} the mean", f"{noun} {more} the average {name}",
            f"{noun} that have {article(name)} {more} the average {name}",
            f"{noun} {side} average {name}", f"{noun} where {name} is {more} the overall average",
        )
    )  # fmt: skip
    if rng.random() < 0.4 or not ent.labels:
        return rng.choice(
            ("how many {}", "number of {}", "count {}", "how many {} are there")
        ).format(body), Statement(ent, (COUNT,), (cond,))
    with_it = rng.random() < 0.25
    body += (
        rng.choice((f", and the {name}", f" with the {name}", f", show {name}")) if with_it else ""
    )
    text = body.replace(noun, f"{label_words(rng, ent)} of {noun}", 1) if not ent.named else body
    if body.startswith(noun + " with") and rng.random() < 0.3 and ent.named:
        text = f"which {noun} have" + body.removeprefix(noun + " with")
    return ask_politely(rng, text), Statement(
        ent, shown_columns(ent) + ((column(col),) if with_it else ()), (cond,)
    )


def share(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The percentage of rows that meet a condition."""
    cond = conditions(rng, ent)
    if cond is None or cond.kind in ("text", "null", "not") or not (cond.verbs or cond.post):
        return None
    noun = plural(some_noun(rng, ent))
    whole = Expr(
        f"100.0 * SUM(CASE WHEN {cond.expr.text} THEN 1 ELSE 0 END) / COUNT(*)", cond.expr.refs
    )
    percent = rng.choice(
        (
            "percentage", "percent", "share", "proportion", "%", "what percentage", "what percent",
            "what share",
        )
    )  # fmt: skip
    forms = [f"{rng.choice(cond.post)}" for _ in range(2)]
    forms = [f for f in forms if not f.startswith((",", "("))]
    options = (
        [f"what percentage of {noun} {v}" for v in cond.verbs]
        + [f"{percent} of {noun} that {v}" for v in cond.verbs]
        + [f"what % of {noun} {v}" for v in cond.verbs]
    )
    options += [f"{percent.removeprefix('what ')} of {noun} {f}" for f in forms] + [
        f"what is the {percent.removeprefix('what ')} of {noun} {f}" for f in forms
    ]
    options += (
        [f"{p} {noun} as a percentage of all {noun}" for p in cond.pre[:1]]
        + [f"share of {p} {noun}, in percent" for p in cond.pre[:1]]
        + [f"{p} {singular(noun)} percentage" for p in cond.pre[:1]]
    )
    if not options:
        return None
    return ask_politely(rng, rng.choice(options)), Statement(ent, (whole,))


def difference(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Days between two dates, or one measure minus or times another."""
    dates = [c for c in ent.of("date") if not {"birth", "born"} & set(c.words[0].split())]
    if len(dates) >= 2 and rng.random() < 0.7:
        first, second = _in_order(dates, rng)
        one, two = (parts_of_date(Ref(c))[3] for c in (first, second))
        days = joined(" - ", (call("julianday", two), call("julianday", one)))
        a, b = first.words[0], second.words[0]
        noun = plural(some_noun(rng, ent))
        span = rng.choice((f"between {a} and {b}", f"from {a} to {b}"))
        if rng.random() < 0.5:
            return ask_politely(
                rng,
                rng.choice(
                    (
                        f"average number of days {span} of {noun}", f"avg days {span} for {noun}",
                        f"how many days on average {span} for {noun}",
                        f"mean number of days {span} across {noun}",
                        f"what is the average time in days {span} for {noun}",
                    )
                ),
            ), Statement(ent, (call("AVG", days),))  # fmt: skip
        if not ent.labels:
            return None
        if rng.random() < 0.5:
            limit = rng.choice((7, 10, 14, 30, 60, 90, 5, 3))
            cond = Expr(days.text + f" > {limit}", days.refs)
            return ask_politely(
                rng,
                rng.choice(
                    (
                        f"{noun} with more than {limit} days {span}",
                        f"{noun} where it took over {limit} days {span}",
                        f"{noun} with over {limit} days {span}",
                    )
                ),
            ), Statement(ent, shown_columns(ent), (cond,))  # fmt: skip
        where = (Expr("{0} IS NOT NULL", (Ref(second),)),) if second.nulls else ()
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"number of days {span} for each {singular(noun)}",
                    f"{noun} with the number of days {span}", f"days {span} per {singular(noun)}",
                )
            ),
        ), Statement(ent, (*shown_columns(ent), days), where)  # fmt: skip
    pairs = [
        (a, b)
        for a in ent.of("measure")
        for b in ent.of("measure")
        if a is not b
        and (
            a.unit == b.unit
            and (a.money or set(a.words[0].split()[-1:]) & set(b.words[0].split()[-1:]))
        )
        and bool(a.money) == bool(b.money)
    ]
    if not pairs:
        return None
    high, low = rng.choice(pairs)
    if sum(high.numbers) / len(high.numbers) < sum(low.numbers) / len(low.numbers):
        high, low = low, high
    minus = Expr("{0} - {1}", (Ref(high), Ref(low)))
    noun = plural(some_noun(rng, ent))
    a, b = high.words[0], low.words[0]
    said_so = rng.choice(
        (f"{a} minus {b}", f"{a} - {b}", f"difference between {a} and {b}", f"{a} less {b}")
    )
    draw = rng.random()
    if draw < 0.3 or not ent.labels:
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"average {said_so} of {noun}", f"on average {said_so} for {noun}",
                    f"mean of {said_so} across {noun}",
                )
            ),
        ), Statement(ent, (call("AVG", minus),))  # fmt: skip
    if draw < 0.6:
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"{said_so} for each {singular(noun)}", f"{noun} with {said_so}",
                    f"for every {singular(noun)} the {said_so}",
                )
            ),
        ), Statement(ent, (*shown_columns(ent), minus))  # fmt: skip
    if draw < 0.8:
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"{noun} where {a} is higher than {b}", f"{noun} whose {a} is above {b}",
                    f"{noun} with {a} greater than {b}",
                    f"{noun} with more {a} than {b}"
                    if not high.money
                    else f"{noun} with {a} above {b}",
                )
            ),
        ), Statement(ent, shown_columns(ent), (Expr("{0} > {1}", (Ref(high), Ref(low))),))  # fmt: skip
    number = rng.choice((3, 5, 10))
    return ask_politely(
        rng, f"top {counted(rng, number)} {noun} by {said_so.replace(' - ', ' minus ')}"
    ), Statement(ent, shown_columns(ent), order=((minus, True),), limit=number)


def _in_order(dates: list[Col], rng: random.Random) -> tuple[Col, Col]:
    """Return two dates in the order in which their columns stand, a start before an end."""
    one, two = sorted(rng.sample(dates, 2), key=dates.index)
    late = {
        "end", "ended", "closing", "closed", "due", "return", "delivery", "payment", "departure",
    }  # fmt: skip
    swapped = late & set(one.words[0].split()) and not late & set(two.words[0].split())
    return (two, one) if swapped else (one, two)


def product(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Quantity times price, said in so many words."""
    amounts = [c for c in ent.of("measure") if set(c.words[0].split()) & {"quantity", "units"}]
    prices = [
        c
        for c in ent.of("measure")
        if (c.money and "price" in c.words[0]) or c.words[0].endswith("unit cost")
    ]
    if not amounts or not prices:
        return None
    one, two = amounts[0], rng.choice(prices)
    times = Expr("{0} * {1}", (Ref(one), Ref(two)))
    conds = some_conditions(rng, profile, ent) if rng.random() < 0.4 else ()
    rows = phrase(rng, ent, conds)
    what = rng.choice(
        (
            f"total {one.words[0]} times {two.words[0]}",
            f"total value ({one.words[0]} x {two.words[0]})", f"sum of {one.words[0]} * {two.words[0]}",
        )
    )  # fmt: skip
    return ask_politely(
        rng, rng.choice((f"{what} of {rows.text}", f"{what} for {rows.text}"))
    ), Statement(ent, (call("SUM", times),), rows.where)
