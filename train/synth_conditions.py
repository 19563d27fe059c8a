"""Conditions on a table's categories, flags, texts and empty cells, and on its parents. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from train.synth_comparisons import Cond, number, said, year
from train.synth_dates import date
from train.synth_sql import Expr, Path, Ref, joined, literal
from train.synth_tables import Col, Ent, Link, Profile
from train.synth_words import article, is_adjective, is_place, plural, shown_value


def equal_to(
    rng: random.Random, col: Col, value: str | int | float, path: Path = (), noun: str = ""
) -> Cond:
    """Return ``col = value`` for a category, label or code; ``noun`` names the parent that has it."""
    name = said(rng, col)
    if noun and name in ("name", "title", "city", "country", "status", "type", "category"):
        name = f"{noun} {name}" if rng.random() < 0.6 else name
    text = shown_value(rng, str(value))
    expr = Expr(f"{{0}} = {literal(value)}", (Ref(col, path),))
    post = [
        f"with {name} {text}", f"where {name} is {text}", f"whose {name} is {text}",
        f"with {text} as {name}", f"where the {name} is {text}", f", {name} {text}", f"({name} {text})",
        f"with {name} = {text}", f"having {name} {text}",
    ]  # fmt: skip
    verbs = [
        f"have {name} {text}",
        f"have {text} as {article(name).split()[0] if noun else 'their'} {name}",
    ]
    pre: list[str] = []
    short = (
        isinstance(value, str)
        and len(text.split()) <= 2
        and not re.search(r"\d", text)
        and len(text) > 2
    )
    adjective_like = short and bool(
        {
            "status", "type", "category", "kind", "level", "class", "priority", "size", "colour",
            "color", "gender", "sex", "style", "genre", "segment", "state", "condition", "fuel",
            "species", "breed", "nationality", "brand", "make", "role", "plan", "grade", "medium",
            "severity", "mode", "department", "group", "channel",
        }
        & set(col.words[0].split()[-1:])
    )  # fmt: skip
    if is_place(col.words[0]) and not noun:
        post = (
            [f"in {text}"] * 5
            + [f"from {text}"] * 3
            + [f"based in {text}", f"located in {text}", *post[:3]]
        )
        verbs = [
            f"are in {text}", f"are from {text}", f"are based in {text}", f"are located in {text}",
        ]  # fmt: skip
        pre = [text] if short else []
    elif adjective_like:
        pre = [text] * 4
        post += [text, f", {text}", text]
        if "status" in col.words[0] or text.endswith("ed"):
            post = [f"that are {text}", f"that are {text}", f"which are {text}", *post[:4]]
            verbs = [f"are {text}", f"are {text}", *verbs[:1]]
        else:
            post += [f"of {name} {text}"] * 2
            verbs += [f"are {text}"] * 2
    elif short and col.role == "category" and col.distinct <= 30:
        pre = [text]
    return Cond(
        expr, "equal", tuple(pre), tuple(post), tuple(verbs), (text, text), col, path, value
    )


def pick_value(rng: random.Random, col: Col) -> str | int | float:
    """Return a cell of a column, commoner ones a little more often."""
    usable = [
        v
        for v, _ in col.values
        if not (isinstance(v, str) and (len(v) > 40 or "\n" in v or v.strip() != v))
    ]
    if not usable:
        usable = [col.values[0][0]]
    if rng.random() < 0.5:
        return rng.choice(usable[: max(5, len(usable) // 4)])
    return rng.choice(usable)


def equality(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A category has one value."""
    return equal_to(rng, col, pick_value(rng, col))


def negation(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A category does not have a value."""
    value = pick_value(rng, col)
    text, name = shown_value(rng, str(value)), said(rng, col)
    expr = Expr(f"{{0}} <> {literal(value)}", (Ref(col),))
    if is_place(col.words[0]):
        post = [f"not in {text}", f"outside {text}", f"not from {text}", f"except those in {text}"]
        verbs = [f"are not in {text}", f"aren't in {text}", f"are outside {text}"]
    else:
        post = [
            f"with {name} other than {text}", f"whose {name} is not {text}",
            f"where {name} is not {text}", f"where {name} isn't {text}",
            f"with {article(name)} other than {text}", f"excluding {name} {text}",
            f"except {name} {text}",
        ]  # fmt: skip
        verbs = [f"have {article(name)} other than {text}"]
    return Cond(
        expr,
        "not",
        (f"non-{text}",) if " " not in text and rng.random() < 0.2 else (),
        tuple(post),
        tuple(verbs),
        (f"not {text}", f"leave out {text}"),
        col,
        (),
        value,
    )


def either(rng: random.Random, ent: Ent, col: Col) -> Cond | None:
    """A category has one of two (rarely three) values."""
    values = list(
        dict.fromkeys(pick_value(rng, col) for _ in range(3 if rng.random() < 0.2 else 2))
    )
    if len(values) < 2:
        return None
    texts = [shown_value(rng, str(v)) for v in values]
    name = said(rng, col)
    text = ", ".join(texts[:-1]) + f" {'or' if rng.random() < 0.7 else 'and'} {texts[-1]}"
    expr = Expr("{0} IN (" + ", ".join(literal(v) for v in values) + ")", (Ref(col),))
    if is_place(col.words[0]):
        post = [f"in {text}", f"from {text}", f"in either {text.replace(' and ', ' or ')}"]
        verbs = [
            f"are in {text.replace(' and ', ' or ')}",
            f"are from {text.replace(' and ', ' or ')}",
        ]
    else:
        text = text.replace(" and ", " or ")
        post = [
            f"with {name} {text}", f"whose {name} is {text}", f"where {name} is either {text}",
            f"that have {name} {text}", f"with {article(name)} of {text}",
        ]  # fmt: skip
        verbs = [f"have {name} {text}"]
    return Cond(expr, "either", (), tuple(post), tuple(verbs), (text,), col)


def flag(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A flag is set or not."""
    yes = rng.random() < 0.6
    word = col.words[0]
    expr = Expr(f"{{0}} = {literal(col.yes if yes else col.no)}", (Ref(col),))
    if (
        is_adjective(word.split()[0])
        and col.verb != "has"
        and not {"on", "by", "of", "count"} & set(word.split())
    ):
        if yes:
            return Cond(
                expr,
                "flag",
                (word,) * 4,
                (f"that are {word}", f"which are {word}", f"marked as {word}"), (f"are {word}",),
                (f"{word} ones", f"the {word} ones"),
                col,
            )  # fmt: skip
        return Cond(
            expr,
            "flag",
            (f"not {word}", f"non-{word}") if " " not in word else (),
            (
                f"that are not {word}", f"that aren't {word}", f"which are not {word}",
                f"not marked as {word}",
            ),
            (f"are not {word}", f"aren't {word}"),
            (f"not {word}", f"the ones not {word}"),
            col,
        )  # fmt: skip
    flip = "yes" if yes else "no"
    post = (
        [f"with {word}", f"that have {word}"]
        if yes
        else [f"without {word}", f"with no {word}", f"that have no {word}"]
    )
    post = [*post, f"where {word} is {flip}", f"with {word} = {flip}", f"({word}: {flip})"]
    return Cond(
        expr,
        "flag",
        (),
        tuple(post),
        (f"have {word}",) if yes else (f"have no {word}",),
        (f"with {word}" if yes else f"without {word}",),
        col,
    )


def missing(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A column is empty, or is not."""
    name = said(rng, col)
    if rng.random() < 0.75:
        expr = Expr("{0} IS NULL", (Ref(col),))
        post = [
            f"without {article(name)}", f"without {name}", f"with no {name}", f"with missing {name}",
            f"where {name} is missing", f"missing {article(name)}", f"where {name} is blank",
            f"that have no {name}", f"where the {name} is empty", f"with no {name} on file",
            f"where {name} is not filled in",
        ]  # fmt: skip
        verbs = [f"have no {name}", f"don't have {article(name)}", f"are missing {article(name)}"]
        if col.verb and col.role == "date" and col.verb not in ("born",):
            post += (
                [f"not {col.verb} yet", f"that are not {col.verb} yet"]
                if col.verb not in ("started", "joined", "ended")
                else []
            )
        return Cond(expr, "null", (), tuple(post), tuple(verbs), (f"without {name}",), col)
    expr = Expr("{0} IS NOT NULL", (Ref(col),))
    return Cond(
        expr,
        "null",
        (),
        (
            f"with {article(name)}", f"that have {article(name)}", f"where {name} is filled in",
            f"with a known {name}",
        ),
        (f"have {article(name)}",),
        (f"with {article(name)}",),
        col,
    )  # fmt: skip


def contains(rng: random.Random, ent: Ent, col: Col) -> Cond | None:
    """A text contains a word, or begins or ends with some letters."""
    cell = str(rng.choice(col.values)[0])
    name = said(rng, col)
    if rng.random() < 0.3 and cell[:1].isalpha():
        letter = cell[0]
        shown = letter if rng.random() < 0.7 else f"the letter {letter}"
        expr = Expr("{0} LIKE " + literal(f"{letter}%"), (Ref(col),))
        forms = [
            f"whose {name} starts with {shown}", f"with {name} starting with {shown}",
            f"with {article(name)} beginning with {shown}",
        ]  # fmt: skip
        return Cond(expr, "text", (), tuple(forms), (), (f"starting with {shown}",), col)
    words = re.findall(r"[A-Za-z]{4,}", cell)
    words = [
        w
        for w in words
        if w.lower()
        not in ("with", "from", "this", "that", "have", "were", "been", "their", "they", "very")
    ]
    if not words:
        return None
    word = rng.choice(words)
    shown = word.lower() if rng.random() < 0.4 else word
    expr = Expr("{0} LIKE " + literal(f"%{word}%"), (Ref(col),))
    quote = rng.choice(("{}", "'{}'", '"{}"', "{}")).format(shown)
    forms = [
        f"with {quote} in the {name}", f"whose {name} contains {quote}",
        f"with {name} containing {quote}", f"that mention {quote} in the {name}",
        f"where {name} includes {quote}", f"with {quote} in their {name}",
        f"whose {name} includes the word {quote}", f"where {name} contains {quote}",
    ]  # fmt: skip
    return Cond(expr, "text", (), tuple(forms), (), (f"with {quote}",), col)


def conditions(rng: random.Random, ent: Ent, *, avoid: frozenset[str] = frozenset()) -> Cond | None:
    """Return a random condition on a column of the table itself."""
    makers: list[tuple[float, Callable[[random.Random, Ent, Col], Cond | None], Col]] = []
    for col in ent.cols:
        if col.name in avoid:
            continue
        if col.role == "category":
            makers += [(5, equality, col), (0.7, negation, col), (0.9, either, col)]
        elif col.role == "flag":
            makers.append((3, flag, col))
        elif col.role == "measure":
            makers.append((3.5, number, col))
        elif col.role == "year":
            makers.append((2.5, year, col))
        elif col.role == "date":
            makers.append((4, date, col))
        elif col.role in ("text", "label") and col.distinct > 5:
            makers.append((0.45, contains, col))
        if col.nulls > 0.01 and not col.has_blank and col.role != "key":
            makers.append((2, missing, col))
    if not makers:
        return None
    _, maker, col = rng.choices(makers, [w for w, _, _ in makers])[0]
    return maker(rng, ent, col)


def parent_noun(profile: Profile, link: Link) -> str:
    """Return what a row refers to through a link: its role ("manager") or the parent's noun."""
    return link.role or profile.ents[link.target].nouns[0]


def of_parent(rng: random.Random, profile: Profile, ent: Ent, depth: int = 2) -> Cond | None:
    """Return a condition on a parent's label or category: "of Alice Smith", "from customers in Oslo"."""
    path: Path = ()
    here = ent
    steps = 1 if rng.random() < 0.65 else depth
    for _ in range(steps):
        options = [
            p
            for p in here.parents
            if p.target != here.name and all(p.target != step.target for step in path)
        ]
        if not options:
            break
        link = rng.choice(options)
        path += (link,)
        here = profile.ents[link.target]
    if not path:
        return None
    noun = parent_noun(profile, path[-1])
    if rng.random() < 0.62 and here.labels and here.named:
        found = named(rng, here, path)
        if found is None:
            return None
        text, expr = found
        prefix = rng.choice(("", "", f"{noun} ")) if len(path) == 1 else f"{noun} "
        glue = (
            ("by", "from", "of", "for")
            if here.person
            else ("for", "of", "from", "in", "at")
            if {
                "hotel", "school", "store", "shop", "branch", "restaurant", "city", "country", "museum",
                "department", "depot", "warehouse", "site", "station", "campus", "stadium", "building",
                "location", "property", "farm", "airport", "region",
            }
            & {noun.split()[-1]}
            else ("for", "of", "with")
        )  # fmt: skip
        post = (
            *tuple(f"{g} {prefix}{text}" for g in glue),
            f"where the {noun} is {text}",
            f"with {noun} {text}",
        )
        pre = (text,) if len(path) == 1 and len(text.split()) <= 2 and not here.person else ()
        return Cond(
            expr, "parent", pre, post, (), (text, f"for {text}"), here.labels[0], path, text
        )
    inner = conditions(rng, here)
    if inner is None or not inner.post or inner.kind in ("null", "text"):
        return None
    nouns = plural(noun)
    tail = rng.choice([p for p in inner.post if not p.startswith((",", "("))] or [""])
    if not tail:
        return None
    glue = ("by", "from", "of", "for") if here.person else ("for", "of", "from")
    places = inner.col is not None and is_place(inner.col.words[0])
    lies = inner.kind == "equal" and places and tail.startswith(("in ", "from "))
    last = f"whose {noun} is {tail}" if lies else f"of {nouns} {tail}"
    post = (*(f"{g} {nouns} {tail}" for g in glue), last)
    if inner.pre:
        post += tuple(f"{g} {inner.pre[0]} {nouns}" for g in glue)
    return Cond(inner.expr.shifted(path), "parent", (), post, (), inner.bare, inner.col, path)


def named(rng: random.Random, ent: Ent, path: Path = ()) -> tuple[str, Expr] | None:
    """Return the text and the condition for one row of a table, by its label."""
    if len(ent.labels) == 2:
        return None if not ent.labels[0].values else _by_two_names(rng, ent, path)
    col = ent.labels[0]
    value = pick_value(rng, col)
    if not isinstance(value, str):
        return None
    return shown_value(rng, value), Expr(f"{{0}} = {literal(value)}", (Ref(col, path),))


def _by_two_names(rng: random.Random, ent: Ent, path: Path) -> tuple[str, Expr] | None:
    first, last = ent.labels
    if not ent.key or not last.values:
        return None
    if ent.person and rng.random() < 0.15:
        value = str(pick_value(rng, last))
        return shown_value(rng, value), Expr(f"{{0}} = {literal(value)}", (Ref(last, path),))
    if not ent.people:
        return None
    pair = rng.choice(ent.people)
    parts = [
        Expr(f"{{0}} = {literal(text)}", (Ref(col, path),))
        for col, text in zip((first, last), pair, strict=True)
    ]
    return shown_value(rng, " ".join(pair)), joined(" AND ", parts)
