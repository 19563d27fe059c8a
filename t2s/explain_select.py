"""One SELECT as a noun phrase, for ``t2s.explain``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from t2s.explain_filters import say_all, say_filters, say_having
from t2s.explain_from import Reading, say_phrase
from t2s.explain_groups import Group, are_columns, read_groups, say_entry
from t2s.explain_nouns import join_words, with_article
from t2s.explain_operands import operand
from t2s.explain_order import Ordering, read_order, say_order, say_superlative
from t2s.explain_scope import Scope, conjuncts, own_source, strip_brackets
from t2s.explain_words import say


@dataclass(frozen=True, slots=True)
class Rows:
    """What a SELECT reads.

    Attributes:
        phrase: "orders that have a customer".
        filters: What narrows it, with a blank in front.
        bare: True when the phrase says no more than COUNT(*) does.
    """

    phrase: str
    filters: str
    bare: bool

    def __str__(self) -> str:
        """Return both."""
        return f"{self.phrase}{self.filters}"


def read_rows(select: exp.Select, reading: Reading, scope: Scope) -> Rows:
    """Return what a SELECT reads, without its list."""
    where = select.args.get("where")
    dropped = {id(part) for part in reading.dropped}
    conditions = [p for p in conjuncts(where and where.this) if id(p) not in dropped]
    phrase = say_phrase(reading, lambda parts: say_all(parts, scope))
    base = phrase
    if reading.required:
        phrase += f" that have {join_words([with_article(label) for label in reading.required])}"
    filters = say_filters([*reading.filters, *conditions], scope)
    if reading.absent is not None:
        lacking = reading.sources[reading.absent].plural
        tests = reading.joins[0].rest
        lacking += f" where {say_all(tests, scope)}" if tests else ""
        phrase += f" without any {f'({lacking})' if tests and filters else lacking}"
    return Rows(phrase, filters, bare=phrase == base == reading.counted)


def say_select(select: exp.Select, reading: Reading, scope: Scope) -> str:
    """Return a SELECT as a noun phrase.

    Raises:
        NotCoveredError: A part of it has no wording.
    """
    rows = read_rows(select, reading, scope)
    ordering = read_order(select, scope)
    if select.args.get("group") is not None:
        return _say_grouped(select, reading, rows, ordering, scope)
    having = select.args.get("having")
    items = [strip_brackets(item.unalias()) for item in select.expressions]
    said = [_say_item(item, scope) for item in items]
    totals = any(_has_total(item) for item in items)
    distinct = bool(select.args.get("distinct"))
    head = _say_different(items, said) if distinct else join_words(said)
    plain = not totals and not distinct
    best = say_superlative(ordering) if plain and _has_home(reading) else None
    if best is not None and reading.home is not None:
        chosen = _say_chosen(Group(reading.home.label, reading.home), ordering, best)
        among = "" if rows.bare and not rows.filters else f", among {rows}"
        return f"{head} of {chosen}{among}"
    words = _add_rows(head, rows, reading) if reading.sources else f"{head}{rows.filters}"
    if having is not None:
        words += f", only if {say_all([having.this], scope)}"
    if not (totals and ordering.limit == "1" and not ordering.offset):
        # What has one row is in order, and cut to one row it stays as it is.
        words += say_order(ordering, said if len(said) == 1 else ())
    return words


def _say_item(item: exp.Expr, scope: Scope) -> str:
    return (
        operand(item, scope)
        if isinstance(item, exp.Case | exp.If | exp.Coalesce)
        else say(item, scope)
    )


def _has_total(item: exp.Expr) -> bool:
    """Tell whether an expression computes one value of many rows."""
    return any(
        not isinstance(total.parent, exp.Window) and total.find_ancestor(exp.Subquery) is None
        for total in item.find_all(exp.AggFunc)
    )


def _has_home(reading: Reading) -> bool:
    home = reading.home
    single = len(reading.sources) == 1 or reading.is_rooted
    return home is not None and home.table is not None and single


def _say_different(items: Sequence[exp.Expr], said: Sequence[str]) -> str:
    if len(said) > 1:
        return f"different combinations of {join_words(said)}"
    if isinstance(items[0], exp.Column | exp.TimeToStr) and not items[0].is_star:
        return f"different {Group(said[0]).plural}"
    return (
        said[0]
        if _has_total(items[0])
        else f"different {said[0]}" + ("" if items[0].is_star else " values")
    )


def _add_rows(head: str, rows: Rows, reading: Reading) -> str:
    """Return what is shown with what it is of, unless a count at its end has said that."""
    counted = reading.counted
    if counted != "rows":
        if rows.bare and head.endswith(f" of {counted}"):
            return f"{head}{rows.filters}"
        if head.endswith(f" of {counted}") and rows.phrase.startswith(f"{counted} "):
            return f"{head.removesuffix(counted)}{rows}"
        if f" of {counted}" in head:
            return head if rows.bare and not rows.filters else f"{head}, only {rows}"
    derived = (
        reading.home is not None and reading.home.table is None and bool(reading.home.meanings)
    )
    return f"{head} {'from' if derived else 'of'} {rows}"


def _say_chosen(group: Group, ordering: Ordering, best: str) -> str:
    """Return "the product with the highest price" or "the 3 products with the highest price"."""
    if ordering.limit == "1":
        return f"the {group.words} with {best}"
    return f"the {ordering.limit} {group.plural} with {best}"


def _say_grouped(
    select: exp.Select, reading: Reading, rows: Rows, ordering: Ordering, scope: Scope
) -> str:
    grouping = read_groups(select, reading, scope)
    groups, shown = grouping.groups, grouping.shown
    source = groups[0].source if len(groups) == 1 else None
    having_node = select.args.get("having")
    having = say_having(having_node.this, scope) if having_node is not None else ""
    if len(groups) == 1 and (
        not shown or (source is not None and are_columns(shown, source, scope))
    ):
        said = join_words([say_entry(item, source, scope) for item in shown])
        return _say_members(said, groups[0], reading, rows, ordering, having)
    entries = shown or tuple(item.unalias() for item in select.expressions)
    said_entries = [
        operand(e, scope) if isinstance(e, exp.Case | exp.If) else say_entry(e, source, scope)
        for e in entries
    ]
    narrowed = having or _filters_optional(select, reading, scope)
    without = "" if narrowed else _find_optional(reading, groups)
    words = _add_measure(join_words(said_entries), rows, reading, without, shown=bool(shown))
    words += f", per {join_words([group.words for group in groups])}"
    words += f", also those without any {without}" if without else ""
    words += f", only those{having}" if having else ""
    words += ", each once" if select.args.get("distinct") else ""
    best = say_superlative(ordering)
    if best is None:
        measures = [w for e, w in zip(entries, said_entries, strict=True) if _has_total(e)]
        shown_words = {w for w in measures if len(measures) == 1} | {
            g.words for g in groups if len(groups) == 1
        }
        return words + say_order(ordering, shown_words)
    number = "one" if ordering.limit == "1" else ordering.limit
    return f"{words}, only the {number} with {best}"


def _add_measure(head: str, rows: Rows, reading: Reading, without: str, *, shown: bool) -> str:
    """Return the measures of groups with what they are of."""
    if without and reading.home is not None:
        return f"{head}, only {reading.home.plural}{rows.filters}" if rows.filters else head
    return _add_rows(head if shown else f"different combinations of {head}", rows, reading)


def _filters_optional(select: exp.Select, reading: Reading, scope: Scope) -> bool:
    """Tell whether WHERE reads what an outer join may leave empty, so that it drops such rows."""
    where = select.args.get("where")
    owners = (own_source(c, scope) for c in where.find_all(exp.Column)) if where else ()
    return any(owner is not None and owner.label in reading.optional for owner in owners)


def _find_optional(reading: Reading, groups: Sequence[Group]) -> str:
    """Return what groups may lack ("orders") where they are those of one table with rows of another, if any."""
    joins = reading.joins
    lone = len(joins) == 1 and joins[0].side == "LEFT" and not joins[0].rest
    if not lone or reading.is_rooted or reading.home is None or not joins[0].edges:
        return ""
    owned = all(group.owner is reading.home for group in groups)
    return reading.sources[joins[0].alias].plural if owned else ""


def _say_members(
    head: str, group: Group, reading: Reading, rows: Rows, ordering: Ordering, having: str
) -> str:
    """Return groups that are themselves what is asked for: "the status with the most orders"."""
    best = say_superlative(ordering)
    target = group.plural if best is None else _say_chosen(group, ordering, best)
    tail = "" if not having else having if best is None else f", among those{having}"
    words = f"{head} of {target}{tail}" if head else f"{target}{tail}"
    counted = reading.counted
    direct = bool(best or having) and words.endswith(f" {counted}") and rows.bare
    if direct:
        words += rows.filters
    elif group.source is not None and group.source is reading.home:
        words += rows.filters if not (best or having) else f", among {rows}" if rows.filters else ""
    elif best or having:
        words += "" if rows.bare and not rows.filters else f", counting only {rows}"
    elif group.source is not None:
        words += f" that have {rows}"
    else:
        words = f"different {words} of {rows}"
    return words if best is not None else words + say_order(ordering, {head or group.words})


def say_headers(select: exp.Select, scope: Scope) -> tuple[str, ...]:
    """Return each entry of the list in words."""
    return tuple(say(strip_brackets(item.unalias()), scope) for item in select.expressions)
