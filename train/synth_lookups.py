"""What a named row has, rows beside their parents, and the different values of a column. Pure."""

from __future__ import annotations

import random

from train.synth_comparisons import said
from train.synth_conditions import named, parent_noun
from train.synth_kinds import Asked, label_words, phrase, shown_columns, some_conditions, some_noun
from train.synth_sql import Expr, Ref, Statement, column
from train.synth_tables import Ent, Profile
from train.synth_words import ask_politely, plural, singular


def look_up(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """What one named row has in a column: "email of Sofia Rossi"."""
    extra = [c for c in ent.cols if c not in ent.labels and c.role != "key"]
    if not extra or not ent.named or not ent.labels:
        return None
    found = named(rng, ent)
    if found is None:
        return None
    text, expr = found
    chosen = rng.sample(extra, 2 if len(extra) > 1 and rng.random() < 0.15 else 1)
    name = " and ".join(said(rng, c) for c in chosen)
    noun = ent.nouns[0]
    forms = [
        f"{name} of {text}", f"what is the {name} of {text}", f"what's {text}'s {name}",
        f"{text} {name}", f"{name} for {text}", f"what is {text}'s {name}",
        f"what {name} does {text} have", f"{text}: {name}?", f"i need the {name} of {text}",
        f"{name} of the {noun} {text}", f"what is the {name} for {noun} {text}",
        f"look up {name} for {text}", f"tell me the {name} of {text}", f"find the {name} of {text}",
    ]  # fmt: skip
    first = chosen[0]
    if (
        len(chosen) == 1
        and first.role in ("date", "year")
        and first.verb
        and first.verb not in ("expiring", "due")
    ):
        be = "did" if first.verb in ("joined", "started", "signed up", "ended") else "was"
        verb = {"joined": "join", "started": "start", "signed up": "sign up", "ended": "end"}.get(
            first.verb, first.verb
        )
        forms += [
            f"when {be} {text} {verb}",
            f"when {be} {text} {verb}",
            f"in what year {be} {text} {verb}" if first.role == "year" else f"{text} {verb} when",
        ]
    elif len(chosen) == 1 and first.words[0].split()[-1] in (
        "city",
        "country",
        "location",
        "address",
        "state",
    ):
        forms += [f"where is {text}", f"where is {text} located", f"which {name} is {text} in"]
    elif len(chosen) == 1 and first.words[0] in ("price", "cost"):
        forms += [f"how much is {text}", f"how much does {text} cost", f"price of {text}"]
    elif first.words[0] == "age":
        forms += [f"how old is {text}"]
    elif first.words[0].startswith("number of ") and len(chosen) == 1:
        forms = [
            f"how many {first.words[0].removeprefix('number of ')} does {text} have",
            f"{name} of {text}",
        ]
    return ask_politely(rng, rng.choice(forms)), Statement(
        ent, tuple(column(c) for c in chosen), (expr,)
    )


def look_up_parent(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Which parent one named row has: "which department is Alice in", "manager of Bob"."""
    links = [
        p for p in ent.parents if profile.ents[p.target].labels and profile.ents[p.target].named
    ]
    if not links or not ent.named or not ent.labels:
        return None
    link = rng.choice(links)
    other = profile.ents[link.target]
    found = named(rng, ent)
    if found is None:
        return None
    text, expr = found
    noun = parent_noun(profile, link)
    forms = [
        f"{noun} of {text}", f"which {noun} does {text} have", f"what is the {noun} of {text}",
        f"{text}'s {noun}", f"which {noun} does {text} belong to", f"what {noun} is {text} in",
        f"{noun} for {text}", f"tell me the {noun} of {text}",
    ]  # fmt: skip
    if other.person:
        forms = [
            f"who is the {noun} of {text}", f"{noun} of {text}", f"who is {text}'s {noun}",
            f"what is the name of {text}'s {noun}", f"{text}'s {noun}",
        ]  # fmt: skip
    return rng.choice(forms), Statement(
        ent, tuple(column(c, (link,)) for c in other.labels), (expr,)
    )


def list_with_parent(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """List rows beside the name of a parent."""
    links = [
        p
        for p in ent.parents
        if profile.ents[p.target].labels and profile.ents[p.target].named and p.target != ent.name
    ]
    if not links or not ent.labels:
        return None
    link = rng.choice(links)
    other = profile.ents[link.target]
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.45 else ()
    rows = phrase(rng, ent, conds)
    noun = parent_noun(profile, link)
    column_word = "name" if len(other.labels) == 2 else other.labels[0].words[0]
    full = f"{noun} {column_word}" if not column_word.startswith(noun) else column_word
    ids = "" if ent.named else rng.choice((" ids", " numbers", " ids")) if not conds else ""
    subject = singular(rows.text) + ids if ids and not conds else rows.text
    text = rng.choice(
        (
            f"{subject} with their {noun}", f"{subject} and their {noun}", f"{subject} with {full}",
            f"{subject} and the {full}",
            f"each {singular(rows.noun)} with its {noun}"
            if not conds
            else f"{subject} with the {noun}",
            f"{subject} and which {noun} they belong to", f"{subject}, with {noun}",
            f"{label_words(rng, ent)} of {rows.text} with {full}",
        )
    )  # fmt: skip
    columns = (*shown_columns(ent), *(column(c, (link,)) for c in other.labels))
    return ask_politely(rng, text), Statement(ent, columns, rows.where)


def distinct(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """The different values of a category, or how many there are."""
    options = [c for c in ent.of("category") if c.nulls == 0 and c.distinct > 2]
    if not options:
        return None
    col = rng.choice(options)
    name = said(rng, col)
    names, noun = plural(name), plural(some_noun(rng, ent))
    conds = some_conditions(rng, profile, ent, joins=0) if rng.random() < 0.2 else ()
    if any(c.col is col for c in conds):
        conds = ()
    rows = phrase(rng, ent, conds, noun)
    if rng.random() < 0.5:
        forms = [
            f"how many different {names} do the {rows.text} have",
            f"number of distinct {names} of {rows.text}", f"how many unique {names} among {rows.text}",
            f"count of distinct {names} in {rows.text}",
            f"how many distinct {names} are there for {rows.text}",
            f"number of different {names} for {rows.text}",
        ]  # fmt: skip
        if col.alone and not conds:
            forms += [
                f"how many different {names} are there", f"how many {names} do we have",
                f"number of unique {names}", f"distinct {name} count", f"count distinct {names}",
            ]  # fmt: skip
        if is_place_like(name):
            forms += [
                f"how many {names} do the {rows.text} come from",
                f"how many different {names} are {rows.text} from",
            ]
        return rng.choice(forms), Statement(
            ent, (Expr("COUNT(DISTINCT {0})", (Ref(col),)),), rows.where
        )
    forms = [
        f"distinct {names} of {rows.text}", f"unique {names} of {rows.text}",
        f"different {names} of {rows.text}", f"what {names} do {rows.text} have",
        f"which {names} are there for {rows.text}",
        f"list of {names} of {rows.text} without duplicates",
        f"what are the different {names} of {rows.text}",
    ]  # fmt: skip
    if col.alone and not conds:
        forms += [
            f"what {names} are there", f"distinct {names}", f"all the different {names}",
            f"which {names} do we have", f"unique {names}", f"list the {names} we have",
            f"what different {names} exist",
        ]  # fmt: skip
    if is_place_like(name):
        forms += [f"which {names} do {rows.text} come from", f"what {names} are the {rows.text} in"]
    return ask_politely(rng, rng.choice(forms)), Statement(
        ent, (column(col),), rows.where, distinct=True
    )


def is_place_like(name: str) -> bool:
    """Tell whether "come from" fits a column."""
    return name.split()[-1] in (
        "city", "country", "town", "state", "nationality", "region", "county",
    )  # fmt: skip
