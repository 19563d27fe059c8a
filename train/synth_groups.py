"""Counts and aggregates per category, per parent and per period. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from train.synth_comparisons import Cond
from train.synth_conditions import conditions, parent_noun
from train.synth_dates import parts_of_date
from train.synth_kinds import Asked, Rows, phrase, some_conditions
from train.synth_measures import measured, some_function
from train.synth_sql import COUNT, Expr, Path, Ref, Statement, call, column
from train.synth_tables import Col, Ent, Profile, Role
from train.synth_words import ask_politely, is_place, plural


@dataclass(frozen=True, slots=True)
class Group:
    """What rows are grouped by: shown columns, SQL keys, and its noun in the singular."""

    shown: tuple[Expr, ...]
    keys: tuple[Expr, ...]
    noun: str
    period: str = ""
    place: bool = False
    parent: bool = False
    person: bool = False
    col: Col | None = None
    others: tuple[str, ...] = ()

    def say(self, rng: random.Random) -> str:
        """Return one of its nouns."""
        return rng.choice(self.others) if self.others and rng.random() < 0.3 else self.noun


def some_group(
    rng: random.Random, profile: Profile, ent: Ent, *, parents: float = 0.45
) -> Group | None:
    """Return a category of the table or of a parent, or a parent itself."""
    roles: tuple[Role, ...] = ("category", "flag") if rng.random() < 0.15 else ("category",)
    own = [c for c in ent.of(*roles) if 2 <= c.distinct <= 60 and c.distinct < ent.rows]
    links = [
        p
        for p in ent.parents
        if profile.ents[p.target].labels and p.target != ent.name and not p.single
    ]
    if links and (rng.random() < parents or not own):
        path: Path = (rng.choice(links),)
        other = profile.ents[path[0].target]
        further = [
            p
            for p in other.parents
            if profile.ents[p.target].labels and p.target not in (ent.name, other.name)
        ]
        if further and rng.random() < 0.15:
            path += (rng.choice(further),)
            other = profile.ents[path[-1].target]
        if rng.random() < 0.22:
            inner = [c for c in other.of("category") if c.nulls == 0 and 2 <= c.distinct <= 40]
            if inner:
                col = rng.choice(inner)
                noun = parent_noun(profile, path[-1])
                name = col.words[0] if col.words[0].startswith(noun) else f"{noun} {col.words[0]}"
                key = column(col, path)
                return Group((key,), (key,), name, col=col)
        if not other.named and rng.random() < 0.7:
            return None
        target = next((c for c in other.cols if c.name == path[-1].target_column), None)
        if target is None:
            return None
        noun = parent_noun(profile, path[-1])
        shown = tuple(column(c, path) for c in other.labels)
        others = () if path[-1].role else tuple(n for n in other.nouns[1:])
        return Group(
            shown, (column(target, path),), noun, parent=True, person=other.person, others=others
        )
    if not own:
        return None
    col = rng.choice(own)
    key = column(col)
    if col.role == "flag":
        return Group(
            (key,),
            (key,),
            rng.choice(
                (f"{col.words[0]} (yes/no)", f"{col.words[0]} status", f"{col.words[0]} flag")
            ),
            col=col,
        )
    return Group(
        (key,), (key,), col.words[0], place=is_place(col.words[0]), col=col, others=col.words[1:]
    )


def period(
    rng: random.Random,
    ent: Ent,
    *,
    kinds: tuple[str, ...] = ("month", "year", "weekday", "quarter", "hour"),
) -> tuple[Group, Cond | None, Col] | None:
    """Return a period of a date column to group by."""
    dates = [c for c in ent.of("date") if "updat" not in c.words[0] and "modif" not in c.words[0]]
    dates = [c for c in dates if c.nulls < 0.5 and "birth" not in c.words[0]] or dates
    if not dates:
        return None
    col = dates[0] if rng.random() < 0.6 else rng.choice(dates)
    year, month, year_month, day = parts_of_date(Ref(col))
    kind = rng.choices(kinds, {5: (45, 35, 8, 7, 5), 2: (5, 4)}.get(len(kinds), (1,) * len(kinds)))[
        0
    ]
    timed = "%H" in col.date_format
    if "birth" in col.words[0]:
        kind = "year"
    if kind == "hour" and (not timed or not col.date_format.startswith("%Y")):
        kind = "month"
    if (
        kind == "year"
        and col.distinct > 3
        and len(
            {
                str(v)[:4] if col.date_format.startswith("%Y") else str(v)[6:10]
                for v, _ in col.values
            }
        )
        < 2
    ):
        kind = "month"
    if kind == "month":
        key = year_month
    elif kind == "year":
        key = year
    elif kind == "weekday":
        key = Expr(f"strftime('%w', {day.text})", day.refs)
    elif kind == "hour":
        key = Expr("strftime('%H', {0})", (Ref(col),))
    else:
        key = Expr(f"(CAST({month.text} AS INTEGER) + 2) / 3", month.refs)
        cell = str(rng.choice(col.values)[0])
        number = cell[:4] if col.date_format.startswith("%Y") else cell[6:10]
        expr = (
            Expr(f"{{0}} LIKE '{number}%'", (Ref(col),))
            if col.date_format.startswith("%Y")
            else Expr(f"{year.text} = '{number}'", (Ref(col),))
        )
        cond = Cond(expr, "date", (), (f"in {number}",), (), (f"in {number}",), col)
        return Group((key,), (key,), "quarter", period="quarter", col=col), cond, col
    return (
        Group(
            (key,),
            (key,),
            {"weekday": "day of the week", "hour": "hour of the day"}.get(kind, kind),
            period=kind,
            col=col,
            others={"weekday": ("weekday",), "hour": ("hour",)}.get(kind, ()),
        ),
        None,
        col,
    )


def grouped(
    group: Group,
    ent: Ent,
    value: Expr,
    where: tuple[Expr, ...],
    order: tuple[tuple[Expr, bool], ...] = (),
    limit: int | None = None,
    having: tuple[Expr, ...] = (),
    *,
    hide: bool = False,
) -> Statement:
    """Return the statement of a grouping; ``hide`` leaves the value out of the columns."""
    select = group.shown if hide else (*group.shown, value)
    return Statement(ent, select, where, group.keys, having, order, limit)


def group_noun(profile: Profile, ent: Ent, group: Group) -> str:
    """Return what a group has several of: through a table of pairs, the other side of the pairs."""
    path = group.keys[0].refs[0].path
    others = [p for p in ent.parents if path and p.column != path[0].column]
    if ent.is_link and group.parent and len(path) == 1 and len(others) == 1 and not others[0].role:
        return plural(profile.ents[others[0].target].nouns[0])
    return ""


def ask_groups(rng: random.Random, rows: Rows, group: Group) -> str:
    """Ask for a count per group."""
    g, text = group.say(rng), rows.text
    forms = [
        f"{text} per {g}", f"{text} by {g}", f"number of {text} per {g}",
        f"number of {text} for each {g}", f"how many {text} per {g}", f"count of {text} by {g}",
        f"how many {text} are there for each {g}", f"for each {g}, how many {text}",
        f"{text} count by {g}" if not rows.conds else f"count {text} by {g}",
        f"break down {text} by {g}", f"breakdown of {text} by {g}", f"split {text} by {g}",
        f"number of {text} in each {g}"
        if group.place or group.period
        else f"number of {text} by {g}",
        f"{g} breakdown of {text}", f"count {text} per {g}", f"{text} grouped by {g}",
        f"how many {text} by {g}", f"{text} for each {g}",
    ]  # fmt: skip
    if group.parent:
        forms += [
            f"how many {text} does each {g} have", f"how many {text} does each {g} have",
            f"{plural(g)} and their number of {text}", f"each {g} with the number of {text}",
            f"{plural(g)} with number of {text}",
        ]  # fmt: skip
    if group.place:
        forms += [f"how many {text} are in each {g}", f"how many {text} do we have in each {g}"]
    return rng.choice(forms)


_MOST_FIRST = (
    "most first", "highest first", "sorted by count", "biggest first", "from most to least",
    "descending", "most on top", "desc", "highest to lowest",
)  # fmt: skip


def count_groups(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Count rows per category or parent, sometimes sorted."""
    group = some_group(rng, profile, ent)
    if group is None:
        return None
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.25 else ()
    if any(c.col is group.col and group.col for c in conds):
        conds = ()
    rows = phrase(rng, ent, conds, group_noun(profile, ent, group))
    text = ask_groups(rng, rows, group)
    order: tuple[tuple[Expr, bool], ...] = ()
    if rng.random() < 0.25:
        down = rng.random() < 0.85
        order = ((COUNT, down),)
        text += ", " + (
            rng.choice(_MOST_FIRST)
            if down
            else rng.choice(("fewest first", "lowest first", "ascending"))
        )
    return ask_politely(rng, text), grouped(group, ent, COUNT, rows.where, order)


def sum_groups(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """An aggregate of a measure per category or parent."""
    measures = ent.of("measure")
    group = some_group(rng, profile, ent)
    if group is None or not measures:
        return None
    col = rng.choice(measures)
    function = some_function(rng, col)
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.2 else ()
    if any(c.col is col or c.col is group.col for c in conds):
        conds = ()
    rows = phrase(rng, ent, conds)
    what, g = measured(rng, function, col), group.say(rng)
    of = f" of {rows.text}" if conds or not col.alone or rng.random() < 0.35 else ""
    forms = [
        f"{what}{of} per {g}", f"{what}{of} by {g}", f"{what}{of} for each {g}",
        f"what is the {what}{of} for each {g}", f"what is the {what}{of} per {g}", f"{what}{of} by {g}",
        f"{what}{of} grouped by {g}", f"for each {g}, the {what}{of}", f"{g} and {what}{of}",
        f"how does the {what}{of} differ by {g}", f"show {what}{of} by {g}",
        f"compare {what}{of} by {g}", f"break down {what}{of} by {g}",
    ]  # fmt: skip
    text = rng.choice(forms)
    value = call(function, column(col))
    order: tuple[tuple[Expr, bool], ...] = ()
    if rng.random() < 0.28:
        down = rng.random() < 0.8
        order = ((value, down),)
        text += ", " + (
            rng.choice(
                (
                    "highest first", "descending", "from highest to lowest", "biggest first",
                    "sorted high to low", "desc",
                )
            )
            if down
            else rng.choice(("lowest first", "ascending", "from lowest to highest"))
        )  # fmt: skip
    return ask_politely(rng, text), grouped(group, ent, value, rows.where, order)


def over_time(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Counts or aggregates per month, year, quarter, weekday or hour; sometimes only the busiest."""
    found = period(rng, ent)
    if found is None:
        return None
    group, cond, col = found
    conds: tuple[Cond, ...] = (cond,) if cond else ()
    if rng.random() < 0.2:
        more = conditions(rng, ent, avoid=frozenset((col.name,)))
        conds = (more, *conds) if more and more.kind in ("equal", "flag", "number") else conds
    rows = phrase(rng, ent, conds)
    where = rows.where
    if col.nulls:
        where += (Expr("{0} IS NOT NULL", (Ref(col),)),)
    g = group.say(rng)
    dates = ent.of("date")
    of_which = (
        ""
        if (len(dates) == 1 and (not ent.named or col.verb))
        or (not ent.named and dates[0] is col and rng.random() < 0.35)
        else rng.choice((f" of {col.words[0]}", f" by {col.words[0]}", f" ({col.words[0]})"))
    )
    adverb = {"month": "monthly", "year": "yearly", "quarter": "quarterly"}.get(group.period, "")
    measures = ent.of("measure")
    if measures and rng.random() < (0.15 if ent.named else 0.5):
        measure = rng.choice(measures)
        function = some_function(rng, measure)
        value, what = call(function, column(measure)), measured(rng, function, measure)
        if (conds and cond is None) or not measure.alone or rng.random() < 0.3:
            what += f" of {rows.text}"
        elif cond:
            what += " " + cond.post[0]
        forms = [
            f"{what} per {g}{of_which}", f"{what} by {g}{of_which}", f"{what} for each {g}{of_which}",
            f"what is the {what} for each {g}{of_which}",
        ]  # fmt: skip
        if adverb and not of_which:
            forms += [f"{adverb} {what}", f"{what} {adverb}", f"{adverb} {what}"]
    else:
        value = COUNT
        forms = [ask_groups(rng, rows, group) + of_which for _ in range(3)]
        if adverb and not of_which:
            forms += [
                f"{adverb} {rows.text}", f"{adverb} number of {rows.text}", f"{rows.text} {adverb}",
            ]  # fmt: skip
        if col.verb and col.verb not in ("expiring", "due", "born"):
            forms += [
                f"{rows.text} {col.verb} per {g}",
                f"how many {rows.text} were {col.verb} in each {g}"
                if col.verb not in ("joined", "started", "signed up")
                else f"how many {rows.text} {col.verb} each {g}",
            ]
        if rng.random() < 0.15 and not of_which:
            text = rng.choice(
                (
                    f"which {g} had the most {rows.text}", f"{g} with the most {rows.text}",
                    f"busiest {g} for {rows.text}", f"in which {g} were there the most {rows.text}",
                )
            )  # fmt: skip
            return text, grouped(group, ent, COUNT, where, ((COUNT, True),), 1, hide=True)
    ordered = rng.random() < 0.7
    order = ((group.keys[0], False),) if ordered else ()
    return ask_politely(rng, rng.choice(forms)), grouped(group, ent, value, where, order)
