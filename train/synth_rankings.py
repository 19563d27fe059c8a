"""Groups with the most, with more than a number, and shares per group. Pure."""

from __future__ import annotations

import random

from train.synth_comparisons import rounded
from train.synth_conditions import conditions
from train.synth_groups import group_noun, grouped, some_group
from train.synth_kinds import Asked, phrase, some_conditions, some_noun
from train.synth_measures import measured
from train.synth_sql import COUNT, Expr, Ref, Statement, call, column, literal
from train.synth_tables import Ent, Profile
from train.synth_words import ask_politely, counted, plural, singular, spoken_number


def most(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The group or groups with the most or fewest rows, or the highest sum or average."""
    group = some_group(rng, profile, ent, parents=0.6)
    if group is None or (group.col and group.col.role == "flag"):
        return None
    down = rng.random() < 0.8
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.18 else ()
    if any(c.col is group.col and group.col for c in conds):
        conds = ()
    rows = phrase(rng, ent, conds, group_noun(profile, ent, group))
    g = group.say(rng)
    where = rows.where
    if group.col and group.col.nulls and not group.parent:
        where += (Expr("{0} IS NOT NULL", (Ref(group.col, group.keys[0].refs[0].path),)),)
    limit = 1 if rng.random() < 0.6 else rng.choice((2, 3, 3, 5, 5, 10))
    n = counted(rng, limit)
    measures = ent.of("measure")
    hide = rng.random() < 0.68
    if measures and rng.random() < 0.42:
        col = rng.choice(measures)
        function = "SUM" if col.summed and rng.random() < 0.6 else "AVG"
        value, what = call(function, column(col)), measured(rng, function, col)
        if what.startswith("sum of"):
            what = "total " + what.removeprefix("sum of ").removeprefix("total ")
        of = f" of {rows.text}" if conds or not col.alone else ""
        best = (
            rng.choice(("highest", "largest", "biggest"))
            if down
            else rng.choice(("lowest", "smallest"))
        )
        extra = (
            ""
            if hide
            else rng.choice((f", with the {what}", f" and the {what}", f", show the {what} too"))
        )
        if limit == 1:
            forms = [
                f"which {g} has the {best} {what}{of}", f"{g} with the {best} {what}{of}",
                f"what {g} has the {best} {what}{of}", f"{g} with {best} {what}{of}",
            ]  # fmt: skip
            forms += [f"who has the {best} {what}{of}"] if group.person else []
        else:
            edge = "top" if down else "bottom"
            forms = [
                f"{edge} {n} {plural(g)} by {what}{of}", f"{n} {plural(g)} with the {best} {what}{of}",
                f"{edge} {n} {plural(g)} by {what}{of}",
                f"which {n} {plural(g)} have the {best} {what}{of}",
            ]  # fmt: skip
        return ask_politely(rng, rng.choice(forms) + extra), grouped(
            group, ent, value, where, ((value, down),), limit, hide=hide
        )
    best = (
        rng.choice(("most", "most", "highest number of", "largest number of"))
        if down
        else rng.choice(("fewest", "least", "lowest number of"))
    )
    extra = (
        ""
        if hide
        else rng.choice(
            (
                ", and how many", " and the number", ", with the count",
                " with counts" if limit > 1 else " and its count",
                " and how many",
            )
        )
    )  # fmt: skip
    if limit == 1:
        forms = [
            f"which {g} has the {best} {rows.text}", f"{g} with the {best} {rows.text}",
            f"what {g} has the {best} {rows.text}", f"which {g} has {best} {rows.text}",
            f"{g} with {best} {rows.text}",
        ]  # fmt: skip
        if group.person:
            forms += [f"who has the {best} {rows.text}", f"who has {best} {rows.text}"]
        if not group.parent:
            common = (
                rng.choice(("most common", "most frequent", "commonest", "most popular"))
                if down
                else rng.choice(("least common", "rarest"))
            )
            forms += [
                f"{common} {g} of {rows.text}", f"what is the {common} {g} among {rows.text}",
                f"which {g} is the {common} for {rows.text}",
            ]  # fmt: skip
            if group.col and group.col.alone and not conds:
                forms += [f"{common} {g}", f"what's the {common} {g}"]
    else:
        edge = "top" if down else "bottom"
        forms = [
            f"{edge} {n} {plural(g)} by number of {rows.text}",
            f"{n} {plural(g)} with the {best} {rows.text}",
            f"which {n} {plural(g)} have the {best} {rows.text}",
            f"{edge} {n} {plural(g)} by {singular(rows.noun)} count"
            if not conds
            else f"{edge} {n} {plural(g)} by count of {rows.text}",
            f"{edge} {n} {plural(g)} with {best} {rows.text}",
        ]  # fmt: skip
    return ask_politely(rng, rng.choice(forms) + extra), grouped(
        group, ent, COUNT, where, ((COUNT, down),), limit, hide=hide
    )


def having(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Groups with more or fewer rows than a number, or an aggregate over or under one."""
    group = some_group(rng, profile, ent, parents=0.65)
    if group is None or (group.col and group.col.role == "flag"):
        return None
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.15 else ()
    rows = phrase(rng, ent, conds, group_noun(profile, ent, group))
    g = plural(group.say(rng))
    measures = ent.of("measure")
    hide = rng.random() < 0.65
    if measures and rng.random() < 0.35:
        col = rng.choice(measures)
        function = "SUM" if col.summed and rng.random() < 0.5 else "AVG"
        value, what = call(function, column(col)), measured(rng, function, col)
        if what.startswith("sum of"):
            what = "total " + what.removeprefix("sum of ").removeprefix("total ")
        middle = sum(col.numbers) / len(col.numbers)
        per_group = max(1, ent.rows // max(2, group.col.distinct if group.col else 20))
        near = middle * (per_group if function == "SUM" else 1) * rng.uniform(0.8, 1.2)
        near = float(f"{near:.2g}") if abs(near) >= 1 else round(near, 1)
        bound = int(near) if near.is_integer() else near
        over = rng.random() < 0.7
        word = (
            rng.choice(("over", "above", "more than", "greater than"))
            if over
            else rng.choice(("under", "below", "less than"))
        )
        of = f" of {rows.text}" if conds or not col.alone else ""
        number = spoken_number(rng, bound, money=col.money)
        text = rng.choice(
            (
                f"{g} with {'an' if what[0] in 'aeiou' else 'a'} {what}{of} {word} {number}",
                f"which {g} have {'an' if what[0] in 'aeiou' else 'a'} {what}{of} {word} {number}",
                f"{g} whose {what}{of} is {word} {number}", f"{g} where {what}{of} is {word} {number}",
            )
        )  # fmt: skip
        return ask_politely(rng, text), grouped(
            group,
            ent,
            value,
            rows.where,
            having=(Expr(f"{value.text} {'>' if over else '<'} {literal(bound)}", value.refs),),
            hide=True,
        )
    sizes = max(2, ent.rows // max(2, group.col.distinct if group.col else 10))
    bound = rng.choice(
        (
            1, 2, 3, 5, 10,
            *(int(rounded(rng, n, whole=True)) or 2 for n in (sizes / 2, sizes, sizes * 1.25)),
        )
    )  # fmt: skip
    sign, word = rng.choice(
        (
            (">", "more than {}"), (">", "over {}"), (">=", "at least {}"), (">=", "{} or more"),
            ("<", "fewer than {}"), ("<", "less than {}"), ("=", "exactly {}"), (">", "more than {}"),
        )
    )  # fmt: skip
    if sign == "<" and bound < 2:
        bound = 5
    shown = word.format(spoken_number(rng, bound))
    noun = singular(rows.noun) if shown.split()[-1] in ("1", "one") and not conds else rows.text
    extra = (
        ""
        if hide
        else rng.choice(
            (", and how many", " and the number", ", with counts", " and how many they have")
        )
    )
    text = rng.choice(
        (
            f"{g} with {shown} {noun}", f"which {g} have {shown} {noun}",
            f"{g} that have {shown} {noun}", f"{g} having {shown} {noun}", f"{g} with {shown} {noun}",
        )
    )  # fmt: skip
    if group.person and rng.random() < 0.2:
        text = f"who has {shown} {noun}"
    return ask_politely(rng, text + extra), grouped(
        group, ent, COUNT, rows.where, having=(Expr(f"COUNT(*) {sign} {bound}"),), hide=hide
    )


def share_groups(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The percentage that meets a condition per group, or each group's share of the whole."""
    group = some_group(rng, profile, ent)
    if group is None:
        return None
    g, noun = group.say(rng), plural(some_noun(rng, ent))
    if rng.random() < 0.45 and not group.parent:
        whole = Statement(ent, (COUNT,)).sql(profile).replace("{", "{{").replace("}", "}}")
        value = Expr(f"100.0 * COUNT(*) / ({whole})")
        text = rng.choice(
            (
                f"percentage of {noun} per {g}", f"share of {noun} by {g} in percent",
                f"what percent of {noun} does each {g} have", f"{g} breakdown of {noun} as percentages",
                f"percentage of all {noun} for each {g}",
            )
        )  # fmt: skip
        return ask_politely(rng, text), grouped(group, ent, value, ())
    cond = conditions(rng, ent, avoid=frozenset({group.col.name} if group.col else ()))
    if cond is None or cond.kind not in ("equal", "flag", "number") or not cond.post:
        return None
    value = Expr(
        f"100.0 * SUM(CASE WHEN {cond.expr.text} THEN 1 ELSE 0 END) / COUNT(*)", cond.expr.refs
    )
    rows = phrase(rng, ent, (cond,), noun)
    text = rng.choice(
        (
            f"percentage of {rows.text} per {g}",
            f"what percent of {noun} are {rows.text} for each {g}"
            if cond.pre
            else f"share of {rows.text} by {g}",
            f"share of {rows.text} per {g}, in percent",
            f"for each {g} the percentage of {rows.text}",
        )
    )
    return ask_politely(rng, text), grouped(group, ent, value, ())
