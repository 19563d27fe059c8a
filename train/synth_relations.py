"""What is or is not tied to what: never, with, both, neither, and tables that refer to themselves. Pure."""

from __future__ import annotations

import random

from train.synth_comparisons import Cond, said
from train.synth_conditions import conditions, equal_to, named, pick_value
from train.synth_kinds import Asked, label_words, phrase, shown_columns, some_noun
from train.synth_sql import COUNT, Expr, Ref, Statement, column
from train.synth_tables import Ent, Link, Profile, quoted
from train.synth_words import ask_politely, plural, singular


def _children(rng: random.Random, profile: Profile, ent: Ent) -> tuple[Ent, Link, str] | None:
    """Return a child table of an entity with the key it refers to, and what the children are called."""
    options = [
        (child, link) for child, link in profile.children[ent.name] if child.name != ent.name
    ]
    if not options:
        return None
    child, link = rng.choice(options)
    noun = plural(some_noun(rng, child))
    if child.is_link:
        others = [p for p in child.parents if p.target != ent.name and p.column != link.column]
        if len(others) != 1 or others[0].role:
            return None
        noun = plural(profile.ents[others[0].target].nouns[0])
    if link.role:
        return None
    return child, link, noun


def _in(
    child: Ent,
    link: Link,
    profile: Profile,
    where: tuple[Expr, ...] = (),
    *,
    negative: bool = False,
) -> str:
    column_of = next((c for c in child.cols if c.name == link.column), None)
    if negative and (column_of is None or column_of.nulls):
        text = Statement(
            child,
            (Expr(quoted(link.column)),),
            (*where, Expr(f"{quoted(link.column)} IS NOT NULL")),
        ).sql(profile)
    else:
        text = Statement(child, (Expr(quoted(link.column)),), where).sql(profile)
    return text.replace("{", "{{").replace("}", "}}")


def never(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows without any child row, or without one of a kind; also those with at least one."""
    found = _children(rng, profile, ent)
    key = found and next((c for c in ent.cols if c.name == found[1].target_column), None)
    if not found or key is None:
        return None
    child, link, noun = found
    conds: tuple[Cond, ...] = ()
    if rng.random() < 0.3 and not child.is_link:
        cond = conditions(rng, child)
        conds = (cond,) if cond and cond.kind in ("equal", "date", "flag") else ()
    rows = phrase(rng, child, conds, noun)
    body = _in(child, link, profile, rows.where, negative=True)
    where = Expr(f"{{0}} NOT IN ({body})", (Ref(key),))
    own = conditions(rng, ent) if rng.random() < 0.12 else None
    subject = phrase(rng, ent, (own,) if own else ())
    s = subject.text
    one = rng.choice(
        (
            f"without any {rows.text}", f"with no {rows.text}", f"without {rows.text}",
            f"that have no {rows.text}", f"that have never had any {rows.text}",
            f"that don't have any {rows.text}", f"with zero {rows.text}",
        )
    )  # fmt: skip
    if ent.person:
        one = one.replace("that have", "who have").replace("that don't", "who don't")
    where_all = (*subject.where, where)
    if rng.random() < 0.35 or not ent.labels:
        one = one.removeprefix("that ").removeprefix("who ")
        text = rng.choice(
            (
                f"how many {s} {one}", f"number of {s} without {rows.text}",
                f"how many {s} have no {rows.text}", f"count {s} with no {rows.text}",
            )
        )  # fmt: skip
        return text, Statement(ent, (COUNT,), where_all)
    if rng.random() < 0.3:
        text = rng.choice(
            (
                f"which {s} have no {rows.text}", f"which {s} do not have any {rows.text}",
                f"which {s} have never had {rows.text}", f"are there {s} {one}? which ones",
            )
        )  # fmt: skip
    else:
        text = (
            f"{s} {one}"
            if ent.named or rng.random() < 0.4
            else f"{label_words(rng, ent)} of {s} {one}"
        )
    return ask_politely(rng, text), Statement(ent, shown_columns(ent), where_all)


def with_child(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows that have a child row of some kind: "customers with orders in 2023"."""
    found = _children(rng, profile, ent)
    if not found or not ent.labels:
        return None
    child, link, noun = found
    if child.is_link:
        other = next(p for p in child.parents if p.target != ent.name)
        there = profile.ents[other.target]
        one = named(rng, there, (other,)) if there.named and there.labels else None
        if one is None:
            return None
        text, expr = one
        nouns = plural(some_noun(rng, ent))
        singular_noun = there.nouns[0]
        asked = rng.choice(
            (
                f"{nouns} of {text}", f"{nouns} for {text}", f"which {nouns} have {text}",
                f"{nouns} with {singular_noun} {text}", f"{nouns} of the {singular_noun} {text}",
                f"{nouns} linked to {text}",
            )
        )  # fmt: skip
        if rng.random() < 0.3:
            asked = rng.choice(
                (
                    f"how many {nouns} does {text} have", f"how many {nouns} for {text}",
                    f"number of {nouns} of {text}",
                )
            )  # fmt: skip
            return asked, Statement(child, (COUNT,), (expr,))
        return ask_politely(rng, asked), Statement(
            child, tuple(column(c, (link,)) for c in ent.labels), (expr,), distinct=True
        )
    cond = conditions(rng, child)
    if cond is None or cond.kind in ("null", "text", "not"):
        return None
    rows = phrase(rng, child, (cond,), noun)
    nouns = plural(some_noun(rng, ent))
    text = rng.choice(
        (
            f"{nouns} with {rows.text}", f"which {nouns} have {rows.text}",
            f"{nouns} that have {rows.text}",
            f"{nouns} with at least one {singular(rows.noun)}{rows.text.partition(rows.noun)[2]}"
            if rows.text.startswith(rows.noun)
            else f"{nouns} having {rows.text}",
            f"{nouns} that had {rows.text}",
        )
    )  # fmt: skip
    if rng.random() < 0.3:
        key = (
            Expr(
                "COUNT(DISTINCT {0})",
                (Ref(next(c for c in child.cols if c.name == link.column)),),
            )
            if any(c.name == link.column for c in child.cols)
            else COUNT
        )
        return rng.choice(
            (f"how many {text.removeprefix('which ')}", f"number of {text.removeprefix('which ')}")
        ), Statement(child, (key,), rows.where)
    return ask_politely(rng, text), Statement(
        child, tuple(column(c, (link,)) for c in ent.labels), rows.where, distinct=True
    )


def both(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Rows with children of both of two kinds, of the first but not the second, or of neither."""
    found = _children(rng, profile, ent)
    key = found and next((c for c in ent.cols if c.name == found[1].target_column), None)
    if not found or not ent.labels or key is None or found[0].is_link:
        return None
    child, link, noun = found
    options = [c for c in child.of("category") if 2 <= c.distinct <= 40]
    if not options:
        return None
    col = rng.choice(options)
    a, b = pick_value(rng, col), pick_value(rng, col)
    if a == b:
        return None
    one, two = equal_to(rng, col, a), equal_to(rng, col, b)
    x, y = one.bare[0], two.bare[0]
    nouns = plural(some_noun(rng, ent))
    kind = rng.choice(("both", "both", "but not", "neither"))
    first, second = _in(child, link, profile, (one.expr,)), _in(child, link, profile, (two.expr,))
    first, second = (
        _raw(child, link, profile, c, negative=n)
        for c, n in ((one, kind == "neither"), (two, kind != "both"))
    )
    left = f"{{0}} {'NOT IN' if kind == 'neither' else 'IN'} ({first})"
    right = f"{{0}} {'IN' if kind == 'both' else 'NOT IN'} ({second})"
    where = (Expr(left, (Ref(key),)), Expr(right, (Ref(key),)))
    name = col.words[0]
    if kind == "both":
        text = rng.choice(
            (
                f"{nouns} with both {x} and {y} {noun}",
                f"{nouns} that have both {x} and {y} as {singular(noun)} {name}",
                f"which {nouns} have {noun} with {name} {x} and also {name} {y}",
                f"{nouns} having {x} as well as {y} {noun}",
            )
        )  # fmt: skip
    elif kind == "but not":
        text = rng.choice(
            (
                f"{nouns} with {x} but no {y} {noun}",
                f"{nouns} with {noun} with {name} {x} but none with {name} {y}",
                f"{nouns} that have {x} {noun} but not {y} {noun}",
            )
        )  # fmt: skip
    else:
        text = rng.choice(
            (
                f"{nouns} with neither {x} nor {y} {noun}",
                f"{nouns} that have no {x} and no {y} {noun}", f"{nouns} without {x} or {y} {noun}",
            )
        )  # fmt: skip
    return ask_politely(rng, text), Statement(ent, shown_columns(ent), where)


def _raw(child: Ent, link: Link, profile: Profile, cond: Cond, *, negative: bool) -> str:
    return _in(child, link, profile, (cond.expr,), negative=negative)


def bosses(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """A table that refers to itself: who has whom as a manager, how many each has, who has none."""
    links = [p for p in ent.parents if p.target == ent.name and p.role]
    if not links or not ent.labels or not ent.named:
        return None
    link = rng.choice(links)
    role, nouns = link.role, plural(some_noun(rng, ent))
    above = tuple(column(c, (link,)) for c in ent.labels)
    draw = rng.random()
    if draw < 0.3:
        found = named(rng, ent, (link,))
        if found is None:
            return None
        text, expr = found
        asked = rng.choice(
            (
                f"{nouns} whose {role} is {text}", f"which {nouns} have {text} as {role}",
                f"{nouns} with {role} {text}", f"{nouns} under {role} {text}",
            )
        )  # fmt: skip
        if rng.random() < 0.35:
            return rng.choice(
                (
                    f"how many {nouns} have {text} as {role}",
                    f"number of {nouns} whose {role} is {text}",
                )
            ), Statement(ent, (COUNT,), (expr,))
        return ask_politely(rng, asked), Statement(ent, shown_columns(ent), (expr,))
    if draw < 0.5:
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"{nouns} and their {plural(role)}",
                    f"each {singular(nouns)} with the name of the {role}", f"{nouns} with their {role}",
                )
            ),
        ), Statement(ent, (*shown_columns(ent), *above))  # fmt: skip
    key = next((c for c in ent.cols if c.name == link.target_column), None)
    if key is None:
        return None
    if draw < 0.75:
        order: tuple[tuple[Expr, bool], ...] = ()
        text = rng.choice(
            (
                f"number of {nouns} per {role}", f"how many {nouns} does each {role} have",
                f"{nouns} per {role}",
            )
        )  # fmt: skip
        limit, select = None, (*above, COUNT)
        if rng.random() < 0.4:
            order, limit, select = ((COUNT, True),), 1, above
            text = rng.choice(
                (
                    f"which {role} has the most {nouns}", f"{role} with the most {nouns}",
                    f"who is the {role} of the most {nouns}",
                )
            )  # fmt: skip
        return text, Statement(ent, select, (), (column(key, (link,)),), (), order, limit)
    if draw < 0.88:
        null = Expr(f"{quoted(link.column)} IS NULL")
        return ask_politely(
            rng,
            rng.choice(
                (
                    f"{nouns} without {role}", f"{nouns} with no {role}",
                    f"which {nouns} have no {role}",
                )
            ),
        ), Statement(ent, shown_columns(ent), (null,))  # fmt: skip
    measures = ent.of("measure")
    if not measures:
        return None
    col = rng.choice(measures)
    name = said(rng, col)
    more = Expr("{0} > {1}", (Ref(col), Ref(col, (link,))))
    return ask_politely(
        rng,
        rng.choice(
            (
                f"{nouns} with a higher {name} than their {role}",
                f"which {nouns} have more {name} than their {role}",
                f"{nouns} whose {name} is above that of their {role}",
            )
        ),
    ), Statement(ent, shown_columns(ent), (more,))  # fmt: skip
