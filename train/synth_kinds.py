"""Noun phrases for rows, and the questions that list or count them. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

from train.synth_comparisons import Cond, said
from train.synth_conditions import conditions, of_parent
from train.synth_dates import parts_of_date
from train.synth_sql import COUNT, Expr, Ref, Statement, column
from train.synth_tables import Col, Ent, Profile
from train.synth_words import ask_politely, plural, singular

Asked = tuple[str, Statement | str]
_ALL = (
    "all {}", "every {}", "list all {}", "list of {}", "full list of {}", "show all {}", "all the {}",
    "all of the {}", "all our {}", "which {} do we have", "what {} are there", "list {}",
    "show me all {}", "what are the {}", "{}",
)  # fmt: skip
_COUNTS = (
    "how many {}", "how many {} are there", "how many {} do we have", "number of {}", "count of {}",
    "how many {}", "count {}", "total number of {}", "what is the number of {}", "count the {}",
    "{} - how many", "{}, how many?", "{} how many", "how many {} have we got",
    "tell me how many {} there are", "what's the count of {}", "total {} count",
)  # fmt: skip
_VERB_ENDS = {
    "are": "is", "have": "has", "were": "was", "cost": "costs", "earn": "earns", "make": "makes",
    "weigh": "weighs", "last": "lasts", "don't": "doesn't", "aren't": "isn't", "hold": "holds",
    "score": "scores",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """A noun phrase for some rows of a table, with the conditions it says."""

    ent: Ent
    conds: tuple[Cond, ...]
    text: str
    noun: str

    @property
    def where(self) -> tuple[Expr, ...]:
        """SQL of the conditions."""
        return tuple(c.expr for c in self.conds)


def some_noun(rng: random.Random, ent: Ent) -> str:
    """Return one of the singular nouns of a table, mostly the plainest."""
    return ent.nouns[0] if rng.random() < 0.7 or len(ent.nouns) == 1 else rng.choice(ent.nouns[1:])


def phrase(rng: random.Random, ent: Ent, conds: tuple[Cond, ...], noun: str = "") -> Rows:
    """Say some rows: "pending orders from Oslo with a total over 50"."""
    noun = noun or plural(some_noun(rng, ent))
    before: list[str] = []
    after: list[str] = []
    last: list[str] = []
    for cond in conds:
        if cond.pre and not before and (rng.random() < 0.5 or not cond.post):
            before.append(rng.choice(cond.pre))
            continue
        text = rng.choice(cond.post)
        (last if text.startswith((",", "(")) else after).append(text)
    tail = after[0] if after else ""
    for text in after[1:]:
        same = text.split()[0] == tail.split()[0] or rng.random() < 0.5
        tail += f" and {text}" if same else f" {text}"
    return Rows(ent, conds, " ".join((*before, noun, tail, *last)).replace(" ,", ",").strip(), noun)


def some_conditions(
    rng: random.Random, profile: Profile, ent: Ent, *, joins: float = 0.3
) -> tuple[Cond, ...]:
    """Return one condition, two in a fifth of the cases, over different columns."""
    first = (
        of_parent(rng, profile, ent)
        if ent.parents and rng.random() < joins
        else conditions(rng, ent)
    )
    if first is None:
        first = conditions(rng, ent)
    if first is None:
        return ()
    if rng.random() < 0.7:
        return (first,)
    used = frozenset({first.col.name} if first.col and not first.path else ())
    second = conditions(rng, ent, avoid=used)
    return (first, second) if second else (first,)


def shown_columns(ent: Ent) -> tuple[Expr, ...]:
    """Return the columns that stand for a row."""
    return tuple(column(c) for c in ent.labels)


def label_words(rng: random.Random, ent: Ent) -> str:
    """Return what the label is called, in the plural."""
    if len(ent.labels) == 2:
        return rng.choice(("names", "first and last names", "full names", "names"))
    col = ent.labels[0]
    if col.words[0] in ent.nouns:
        return "names"
    if col.role == "key":
        return rng.choice(("ids", "id numbers", "ids"))
    return plural(said(rng, col))


def list_all(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """List every row, or one or two columns of every row."""
    noun = plural(some_noun(rng, ent))
    if not ent.labels:
        return None
    extra = [
        c
        for c in ent.of("measure", "category", "date", "code", "year", "text")
        if c not in ent.labels
    ]
    if not extra or rng.random() < 0.35:
        if ent.named and rng.random() < 0.6:
            return rng.choice(_ALL).format(noun), Statement(ent, shown_columns(ent))
        text = f"{label_words(rng, ent)} of {rng.choice(('all ', 'the ', 'all the ', 'our ', ''))}{noun}"
        return ask_politely(rng, text), Statement(ent, shown_columns(ent))
    chosen = rng.sample(extra, 2 if len(extra) > 1 and rng.random() < 0.3 else 1)
    names = " and ".join(said(rng, c) for c in chosen)
    columns = (*shown_columns(ent), *(column(c) for c in chosen))
    one = singular(noun)
    text = rng.choice(
        (
            f"{noun} with their {names}", f"all {noun} and their {names}", f"{names} of each {one}",
            f"{noun} and {names}", f"{names} for every {one}", f"each {one} with {names}",
            f"what is the {names} of each {one}", f"{label_words(rng, ent)} and {names} of all {noun}",
            f"{noun} with {names}", f"list every {one} with its {names}",
            f"{noun}: {label_words(rng, ent)} and {names}",
            f"{one}, {label_words(rng, ent)} plus {names}",
        )
    )  # fmt: skip
    return ask_politely(rng, text), Statement(ent, columns)


def ask_list(rng: random.Random, rows: Rows) -> str:
    """Ask for the rows of a noun phrase."""
    ent, conds = rows.ent, rows.conds
    if (
        len(conds) == 1
        and conds[0].verbs
        and rng.random() < 0.3
        and (ent.named or rng.random() < 0.3)
    ):
        verb = rng.choice(conds[0].verbs)
        if ent.person and rng.random() < 0.35:
            head, _, rest = verb.partition(" ")
            if head in _VERB_ENDS:
                return f"who {_VERB_ENDS[head]} {rest}"
        which = rng.choice(("which", "which", "what", "which of our", "which of the"))
        return f"{which} {rows.noun} {verb}"
    if (not ent.named and rng.random() < 0.7) or (ent.named and rng.random() < 0.15):
        return ask_politely(rng, f"{label_words(rng, ent)} of {rows.text}")
    if rng.random() < 0.1:
        return rng.choice(
            (
                f"what are the {rows.text}",
                f"are there any {rows.text}",
                f"which {rows.noun} do we have{rows.text.partition(rows.noun)[2]}"
                if rows.text.startswith(rows.noun)
                else f"which are the {rows.text}",
                f"do we have {rows.text}? which ones",
            )
        )
    return ask_politely(rng, rows.text)


def list_some(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """List the rows that meet a condition, sometimes with or only with further columns, sometimes sorted."""
    conds = some_conditions(rng, profile, ent)
    if not conds or not ent.labels:
        return None
    rows = phrase(rng, ent, conds)
    used = {c.col.name for c in conds if c.col and not c.path}
    extra = [
        c
        for c in ent.of("measure", "date", "code", "text", "category", "year")
        if c not in ent.labels
    ]
    draw = rng.random()
    if draw < 0.6 or not extra:
        return ask_list(rng, rows), Statement(ent, shown_columns(ent), rows.where)
    compared = [c for c in extra if c.name in used and c.role in ("measure", "date", "year")]
    chosen = compared[0] if compared and rng.random() < 0.5 else rng.choice(extra)
    name = said(rng, chosen)
    if draw < 0.8:
        text = rng.choice(
            (
                f"{rows.text} and their {name}", f"{rows.text} with their {name}",
                f"{rows.text} (with {name})", f"{rows.text}, show {name} too",
                f"{label_words(rng, ent)} and {name} of {rows.text}", f"{rows.text} + {name}",
                f"{rows.text}, {label_words(rng, ent)} and {name}",
            )
        )  # fmt: skip
        return ask_politely(rng, text), Statement(
            ent, (*shown_columns(ent), column(chosen)), rows.where
        )
    if draw < 0.92:
        if chosen.name in used:
            return None
        text = rng.choice(
            (
                f"{plural(name)} of {rows.text}", f"{name} of {rows.text}",
                f"the {name} for {rows.text}", f"what is the {name} of the {rows.text}",
                f"what are the {plural(name)} of {rows.text}",
            )
        )  # fmt: skip
        return ask_politely(rng, text), Statement(ent, (column(chosen),), rows.where)
    ordered = [c for c in ent.of("measure", "date", "year") if c.nulls == 0 and c.name not in used]
    if not ordered:
        return None
    by = rng.choice(ordered)
    down = rng.random() < 0.5
    text = f"{rows.text} {order_words(rng, by, down)}"
    return ask_politely(rng, text), Statement(
        ent, shown_columns(ent), rows.where, order=((order_key(by), down),)
    )


def order_key(col: Col) -> Expr:
    """Return what a column is sorted by: dates kept as dd/mm/yyyy by year, month and day."""
    return parts_of_date(Ref(col))[3] if col.role == "date" else column(col)


def order_words(rng: random.Random, col: Col, down: bool) -> str:
    """Say an ordering."""
    name = said(rng, col)
    if col.role in ("date", "year"):
        ways = (
            ("newest first", "latest first", "most recent first")
            if down
            else ("oldest first", "earliest first", "in date order")
        )
        if rng.random() < 0.4:
            return f"by {name}, {rng.choice(ways[:2])}"
        return f"sorted by {name} {'descending' if down else 'ascending'}"
    if down:
        return rng.choice(
            (
                f"by {name} from highest to lowest", f"sorted by {name} descending", f"by {name} desc",
                f"ordered by {name}, highest first", f"highest {name} first", f"ranked by {name}",
                f"by {name}, biggest first",
            )
        )  # fmt: skip
    return rng.choice(
        (
            f"by {name} from lowest to highest", f"sorted by {name}", f"ordered by {name}",
            f"by {name} asc", f"lowest {name} first", f"by {name}, smallest first",
            f"in order of {name}",
        )
    )  # fmt: skip


def list_sorted(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """List every row in some order, with what it is ordered by."""
    ordered = [c for c in ent.of("measure", "date", "year") if c.nulls == 0]
    if not ordered or not ent.labels:
        return None
    by, down = rng.choice(ordered), rng.random() < 0.5
    noun = plural(some_noun(rng, ent))
    with_it = rng.random() < 0.5
    head = (
        rng.choice(
            (
                f"{noun} and their {said(rng, by)}",
                f"{label_words(rng, ent)} and {said(rng, by)} of {noun}",
                f"{noun} with {said(rng, by)}",
            )
        )
        if with_it
        else (rng.choice((noun, f"all {noun}", f"{noun}", f"{label_words(rng, ent)} of {noun}")))
    )  # fmt: skip
    text = f"{head} {order_words(rng, by, down)}"
    columns = shown_columns(ent) + ((column(by),) if with_it else ())
    return ask_politely(rng, text), Statement(ent, columns, order=((order_key(by), down),))


def ask_count(rng: random.Random, rows: Rows) -> str:
    """Ask how many rows a noun phrase has."""
    if len(rows.conds) == 1 and rows.conds[0].verbs and rng.random() < 0.35:
        return f"how many {rows.noun} {rng.choice(rows.conds[0].verbs)}"
    if rows.text.endswith(rows.noun) and rng.random() < 0.25:
        return rng.choice(
            (
                f"{rows.text.removesuffix(rows.noun)}{singular(rows.noun)} count", f"{rows.text} count",
                f"{rows.text} total number",
            )
        )  # fmt: skip
    template = rng.choice(_COUNTS)
    if (
        rows.text != rows.noun
        and template.endswith((" are there", " do we have", "have we got"))
        and len(rows.text.split()) > 5
    ):
        template = "how many {}"
    if template.endswith(" count") and (rows.text != rows.noun):
        template = "count of {}"
    return template.format(rows.text)


def count(rng: random.Random, profile: Profile, ent: Ent) -> Asked | None:
    """Count rows, mostly with a condition."""
    conds = some_conditions(rng, profile, ent) if rng.random() < 0.93 else ()
    rows = phrase(rng, ent, conds)
    return ask_count(rng, rows), Statement(ent, (COUNT,), rows.where)
