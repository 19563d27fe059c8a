"""What a condition is, and those that compare a measure or a year with a number. Pure."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from train.synth_sql import Expr, Path, Ref, literal
from train.synth_tables import Col, Ent
from train.synth_words import article, spoken_number


@dataclass(frozen=True, slots=True)
class Cond:
    """A condition.

    Attributes:
        expr: SQL.
        kind: What sort of condition (``equal``, ``number``, ``date`` and so on).
        pre: Texts that stand before the noun ("pending").
        post: Texts that stand after it ("in Oslo", "with a price over 5").
        verbs: Predicates in the plural ("are in Oslo", "cost over 5").
        bare: Short texts for follow-ups ("Oslo", "in 2023").
        col: The column.
        value: The literal of an equality, for swapping.
    """

    expr: Expr
    kind: str
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    col: Col | None = None
    path: Path = ()
    value: str | int | float = ""


def said(rng: random.Random, col: Col) -> str:
    """Return one of the names of a column, mostly the plainest."""
    plain = col.words[0]
    return plain if rng.random() < 0.68 or len(col.words) == 1 else rng.choice(col.words[1:])


def rounded(rng: random.Random, number: float, *, whole: bool) -> float | int:
    """Return a number that people would type near the given one."""
    if abs(number) >= 100:
        digits = 2 if rng.random() < 0.75 else 1
        step = 10 ** (len(str(int(abs(number)))) - digits)
        return int(round(number / step) * step)
    if abs(number) >= 10 or whole:
        return round(number / 5) * 5 if abs(number) >= 20 and rng.random() < 0.6 else round(number)
    if abs(number) >= 1:
        return round(number * 2) / 2 if rng.random() < 0.5 else round(number, 1)
    return float(f"{number:.1g}")


_OVER = (
    "over {}", "above {}", "more than {}", "greater than {}", "higher than {}", "> {}", "exceeding {}",
    "bigger than {}",
)  # fmt: skip
_UNDER = ("under {}", "below {}", "less than {}", "lower than {}", "< {}", "smaller than {}")
_FROM = (
    "of at least {}", "of {} or more", "of {} and up", "of {}+", "of {} or higher", "of {} or above",
    ">= {}", "no lower than {}", "at or above {}", "of minimum {}",
)  # fmt: skip
_UP_TO = (
    "of at most {}", "of {} or less", "up to {}", "no higher than {}", "<= {}", "of {} or below",
    "of maximum {}", "not over {}", "at or below {}",
)  # fmt: skip
_SPECIAL: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset(("price", "cost", "fare")),
        "cost more than {}|cost over {}|are more expensive than {}|are priced above {}",
        "cost less than {}|cost under {}|are cheaper than {}|are priced below {}",
    ),
    (
        frozenset(("salary", "wage", "earnings", "pay")),
        "earn more than {}|make over {}|are paid more than {}|make more than {}",
        "earn less than {}|make under {}|are paid less than {}",
    ),
    (
        frozenset(("age",)),
        "are older than {}|are over {}|are above {}",
        "are younger than {}|are under {}",
    ),
    (
        frozenset(("duration", "length", "runtime")),
        "last longer than {}|are longer than {}|took more than {}",
        "last less than {}|are shorter than {}|took less than {}",
    ),
    (
        frozenset(("weight",)),
        "weigh more than {}|are heavier than {}|weigh over {}",
        "weigh less than {}|are lighter than {}",
    ),
    (
        frozenset(("height",)),
        "are taller than {}|are higher than {}",
        "are shorter than {}|are lower than {}",
    ),
    (
        frozenset(("rating", "score", "stars")),
        "are rated above {}|score over {}|scored more than {}",
        "are rated below {}|scored less than {}",
    ),
    (frozenset(("capacity",)), "hold more than {}|have room for more than {}", "hold less than {}"),
)


def number(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A measure compared with a number, in one of seven ways."""
    numbers = col.numbers
    whole = all(float(n).is_integer() for n in numbers)
    low = rounded(rng, numbers[int(len(numbers) * rng.uniform(0.1, 0.9))], whole=whole)
    name = said(rng, col)
    counting = name.startswith("number of ")

    def show(number: float) -> str:
        return spoken_number(rng, number, money=col.money)

    unit = (
        f" {col.unit}"
        if col.unit and not col.money and col.unit != "percent" and rng.random() < 0.4
        else ""
    )
    if col.unit == "percent" and rng.random() < 0.4:
        unit = rng.choice(("%", " percent"))
    kind = rng.choices((">", "<", ">=", "<=", "=", "between"), (32, 22, 18, 10, 5, 13))[0]
    refs = (Ref(col),)
    verbs: list[str] = []
    if kind == "between":
        high = rounded(rng, numbers[int(len(numbers) * rng.uniform(0.5, 0.98))], whole=whole)
        low, high = sorted((low, high))
        if low == high:
            kind = "="
    if kind == "between":
        expr = Expr(f"{{0}} BETWEEN {literal(low)} AND {literal(high)}", refs)
        one, two = show(low), show(high)
        spans = [
            f"between {one} and {two}{unit}", f"from {one} to {two}{unit}", f"{one} to {two}{unit}",
            f"{one}-{two}{unit}",
        ]  # fmt: skip
        forms = [f"{s}" for s in spans]
    elif kind == "=":
        low = rng.choice(numbers)
        if not float(low).is_integer():
            low = round(low)
        low = int(low) if float(low).is_integer() else low
        expr = Expr(f"{{0}} = {literal(low)}", refs)
        forms = [
            f"of {show(low)}{unit}", f"of exactly {show(low)}{unit}", f"= {show(low)}",
            f"equal to {show(low)}",
        ]  # fmt: skip
        if counting:
            thing = name.removeprefix("number of ")
            return Cond(
                expr,
                "number",
                (),
                (f"with {show(low)} {thing}", f"that have exactly {show(low)} {thing}"),
                (f"have {show(low)} {thing}", f"have exactly {show(low)} {thing}"),
                (),
                col,
            )
    else:
        expr = Expr(f"{{0}} {kind} {literal(low)}", refs)
        shown = show(low) + unit
        forms = [
            f.format(shown) for f in {">": _OVER, "<": _UNDER, ">=": _FROM, "<=": _UP_TO}[kind]
        ]
    forms = [rng.choice(forms) for _ in range(6)]
    post: list[str] = []
    for form in forms:
        symbol = form[0] in "<>="
        of_less = form.removeprefix("of ")
        if counting and not symbol:
            thing = name.removeprefix("number of ")
            fewer = (
                of_less.replace("less", "fewer")
                .replace("higher", "more")
                .replace("greater", "more")
                .replace("lower", "fewer")
            )
            fewer = (
                fewer.replace("bigger", "more").replace("smaller", "fewer").replace("above", "over")
            )
            if (
                "between" in form
                or "-" in form
                or fewer.startswith(
                    ("at or", "no more", "no fewer", "not over", "minimum", "maximum", "from")
                )
                or "or over" in fewer
                or "or below" in fewer
                or fewer.endswith("up")
            ):
                post.append(
                    f"with {fewer} {thing}"
                    if fewer.startswith("between")
                    else f"where the {name} is {of_less}"
                )
            else:
                post.append(f"with {fewer} {thing}")
                verbs.append(f"have {fewer} {thing}")
            continue
        if symbol:
            post += [f"where {name} {form}", f"with {name} {form}", f", {name} {form}"]
        else:
            a_name = article(name)
            post += [
                f"with {a_name} {form}", f"with {name} {of_less}", f"whose {name} is {of_less}",
                f"where {name} is {of_less}", f"where the {name} is {of_less}", f", {name} {of_less}",
                f"with the {name} {of_less}",
            ]  # fmt: skip
            verbs.append(f"have {a_name} {form}")
    words = set(" ".join(col.words).split()) if len(col.words[0].split()) <= 2 else set()
    special = next((s for s in _SPECIAL if s[0] & words), None) if kind in "<>" else None
    main = (
        col.alone
        or sum(bool(special and special[0] & set(" ".join(c.words).split())) for c in ent.cols) == 1
    )
    if (
        special
        and main
        and not (
            special[0] & {"age", "weight", "height", "salary"} and len(col.words[0].split()) > 1
        )
    ):
        options = (special[1] if kind == ">" else special[2]).split("|")
        said_so = [o.format(show(low) + unit) for o in options]
        if special[0] & {"salary"} and not ent.person:
            said_so = []
        verbs = verbs[:1] + said_so * 2
        post += [f"that {v}" for v in said_so]
        post += [
            v.removeprefix("are ")
            for v in said_so
            if v.startswith("are ") and "over" not in v and "under" not in v and "above" not in v
        ] * 2
        post += [re.sub(r"^cost ", "costing ", v) for v in said_so if v.startswith("cost ")]
    return Cond(
        expr,
        "number",
        (),
        tuple(post),
        tuple(verbs),
        tuple(f.removeprefix("of ") for f in forms[:2]),
        col,
    )


def year(rng: random.Random, ent: Ent, col: Col) -> Cond:
    """A column of years compared with a year."""
    value = int(rng.choice(col.numbers))
    refs = (Ref(col),)
    name = said(rng, col)
    verb = f"{col.verb} " if col.verb else ""
    choice = rng.choice(("in", "after", "before", "since", "between"))
    if choice == "between":
        other = int(rng.choice(col.numbers))
        low, high = sorted((value, other))
        expr = Expr(f"{{0}} BETWEEN {low} AND {high}", refs)
        text = rng.choice((f"between {low} and {high}", f"from {low} to {high}"))
    else:
        sign = {"in": "=", "after": ">", "before": "<", "since": ">="}[choice]
        expr = Expr(f"{{0}} {sign} {value}", refs)
        text = rng.choice(
            {
                "in": (f"in {value}",), "after": (f"after {value}", f"later than {value}"),
                "before": (f"before {value}", f"earlier than {value}"),
                "since": (f"since {value}", f"in {value} or later", f"from {value} on"),
            }[choice]
        )  # fmt: skip
    if verb:
        return Cond(
            expr,
            "year",
            (),
            (f"{verb}{text}",) * 2 + (f"that were {verb}{text}",),
            (f"were {verb}{text}",),
            (text,),
            col,
        )
    plain = text.removeprefix("in ")
    post = (
        (f"with {name} {plain}", f"where {name} is {plain}")
        if choice != "in"
        else (f"with {name} {value}", f"from {value}", f"of {value}", f"in {value}")
        if name == "year"
        else (f"with {name} {value}", f"where {name} is {value}")
    )
    return Cond(expr, "year", (), post, (f"have {name} {plain}",), (text,), col)
