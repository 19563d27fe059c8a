"""SQL conditions in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

import re

from sqlglot import exp

from t2s.explain_scope import (
    NotCoveredError,
    Scope,
    Source,
    find_column,
    join_words,
    label_table,
    quote,
    say_column,
    strip_brackets,
)
from t2s.explain_words import operand, sql_text
from t2s.values import Column

_DATE_TEXT = re.compile(r"\d{4}(-\d{2}){0,2}")
_COMPARISONS: dict[type[exp.Expr], tuple[str, str]] = {
    # node -> wording for anything, wording for whole days
    exp.EQ: ("is", "is"),
    exp.NullSafeEQ: ("is", "is"),
    exp.NEQ: ("is not", "is not"),
    exp.NullSafeNEQ: ("is not", "is not"),
    exp.GT: ("is more than", "is after"),
    exp.GTE: ("is at least", "is on or after"),
    exp.LT: ("is less than", "is before"),
    exp.LTE: ("is at most", "is on or before"),
}


def say_condition(node: exp.Expr, scope: Scope, *, negated: bool = False) -> str:
    """Return a condition in words; ``negated`` says the opposite of it.

    Raises:
        NotCoveredError: A subquery in it has no wording.
    """
    node = strip_brackets(node)
    if isinstance(node, exp.Not):
        return say_condition(node.this, scope, negated=not negated)
    words = _say_plain(node, scope, negated=negated)
    if words is not None:
        return words
    positive = _say_compound(node, scope)
    return f"it is not true that ({positive})" if negated else positive


def _say_plain(node: exp.Expr, scope: Scope, *, negated: bool) -> str | None:
    """Return the wording of conditions that have one for their opposite too, None for others."""
    if isinstance(node, exp.Like):
        return _say_like(node, scope, negated=negated != bool(node.args.get("negate")))
    if isinstance(node, exp.Between):
        return _say_between(node, scope, negated=negated)
    if isinstance(node, exp.In):
        return _say_in(node, scope, negated=negated)
    if isinstance(node, exp.Exists):
        return f"there is {'no' if negated else 'at least one'} {_say_rows(node.this, scope)}"
    if isinstance(node.args.get("expression"), exp.Null) and isinstance(
        node, exp.Is | exp.NullSafeEQ | exp.NullSafeNEQ
    ):
        present = negated != isinstance(node, exp.NullSafeNEQ)
        return f"{operand(node.this, scope)} has {'a' if present else 'no'} value"
    if isinstance(node, exp.EQ) and negated:
        return _say_comparison(exp.NEQ, node, scope)
    if isinstance(node, exp.NEQ) and negated:
        return _say_comparison(exp.EQ, node, scope)
    return None


def _say_compound(node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.And | exp.Or):
        word = "and" if isinstance(node, exp.And) else "or"
        other = exp.Or if isinstance(node, exp.And) else exp.And
        parts = [
            f"({words})" if isinstance(strip_brackets(part), other) else words
            for part in node.flatten()
            for words in [say_condition(part, scope)]
        ]
        return f" {word} ".join(parts)
    if type(node) in _COMPARISONS:
        return _say_comparison(type(node), node, scope)
    if isinstance(node, exp.Column):
        return f"{operand(node, scope)} is not zero"
    return f"the condition {sql_text(node)} holds"


def _say_comparison(kind: type[exp.Expr], node: exp.Expr, scope: Scope) -> str:
    left, right = node.this, node.expression
    days = _is_whole_day(left, scope) and _is_day(right, scope)
    verb = _COMPARISONS[kind][days]
    several = len(scope.sources) > 1 or scope.parent is not None
    if several and isinstance(left, exp.Column) and isinstance(right, exp.Column):
        said = [say_column(side, scope, qualified=True) for side in (left, right)]
        return f"{said[0]} {verb} {said[1]}"
    return f"{operand(left, scope)} {verb} {operand(right, scope)}"


def _is_whole_day(node: exp.Expr, scope: Scope) -> bool:
    """Tell whether a value is a date without a time of day, so that "on or before" says "at most"."""
    node = strip_brackets(node)
    if isinstance(node, exp.Date | exp.CurrentDate):
        return True
    found = find_column(node, scope)
    return found is not None and found[1].kind == "date" and found[1].date_format == "%Y-%m-%d"


def _is_day(node: exp.Expr, scope: Scope) -> bool:
    node = strip_brackets(node)
    if isinstance(node, exp.Literal):
        return node.is_string and _DATE_TEXT.fullmatch(node.name) is not None
    return _is_whole_day(node, scope)


def _say_like(node: exp.Expr, scope: Scope, *, negated: bool) -> str | None:
    pattern = strip_brackets(node.expression)
    words = operand(node.this, scope)
    if not isinstance(pattern, exp.Literal) or not pattern.is_string:
        return f"{words} {'does not match' if negated else 'matches'} the pattern {operand(pattern, scope)}"
    text = pattern.name
    core = text.strip("%")
    verb, opposite = "matches the pattern", "does not match the pattern"
    if core and not set("%_") & set(core):
        before, after = text.startswith("%"), text.endswith("%")
        text = core
        verb, opposite = {
            (True, True): ("contains", "does not contain"),
            (False, True): ("starts with", "does not start with"),
            (True, False): ("ends with", "does not end with"),
            (False, False): ("is", "is not"),
        }[before, after]
    loosely = "" if "%" in pattern.name or "_" in pattern.name else " in upper or lower case"
    return f"{words} {opposite if negated else verb} {quote(text)}{loosely}"


def _say_between(node: exp.Expr, scope: Scope, *, negated: bool) -> str:
    low, high = operand(node.args["low"], scope), operand(node.args["high"], scope)
    verb = "is not between" if negated else "is between"
    return f"{operand(node.this, scope)} {verb} {low} and {high}"


def _say_in(node: exp.Expr, scope: Scope, *, negated: bool) -> str:
    query = node.args.get("query")
    if query is not None:
        absent = _say_absence(node, scope) if negated else None
        if absent is not None:
            return absent
        verb = "is not among" if negated else "is among"
        return f"{operand(node.this, scope)} {verb} ({scope.describe(query.unnest(), scope)})"
    if not node.expressions:
        raise NotCoveredError
    choices = [operand(choice, scope) for choice in node.expressions]
    if len(choices) == 1:
        return f"{operand(node.this, scope)} {'is not' if negated else 'is'} {choices[0]}"
    verb = "is none of" if negated else "is one of"
    return f"{operand(node.this, scope)} {verb} {join_words(choices, 'and' if negated else 'or')}"


def _say_absence(node: exp.Expr, scope: Scope) -> str | None:
    """Return "no order row refers to the customer" where NOT IN certainly says that, else None.

    Certain means: a declared or inferred key from one plain table, and no NULL on either side, because one
    NULL among the values makes NOT IN reject every row.
    """
    outer = find_column(node.this, scope)
    select = node.args["query"].unnest()
    if outer is None or outer[0].table is None or not isinstance(select, exp.Select):
        return None
    inner = _single_key(select, scope)
    if inner is None or inner[0].table is None:
        return None
    (owner, column), (target, key) = inner, outer
    refers = any(
        _same(
            (f.table, f.column, f.other_table, f.other_column),
            (inner[0].table.name, column.name, outer[0].table.name, key.name),
        )
        for f in scope.schema.foreign_keys
    )
    if not refers or column.nullable or (key.nullable and not key.primary_key):
        return None
    where = select.args.get("where")
    inner_scope = Scope(
        scope.schema, {owner.label: owner}, (), scope, scope.describe, scope.say, scope.where
    )
    narrowed = f" where {say_condition(where.this, inner_scope)}" if where is not None else ""
    return f"no {owner.label} row{narrowed} refers to the {target.label} row"


def _single_key(select: exp.Select, scope: Scope) -> tuple[Source, Column] | None:
    """Return table and column of SELECT column FROM table [WHERE ...], None for anything else."""
    unusual = ("joins", "group", "having", "limit", "offset", "with_")
    from_ = select.args.get("from_")
    if from_ is None or any(select.args.get(clause) for clause in unusual):
        return None
    if len(select.expressions) != 1 or not isinstance(from_.this, exp.Table):
        return None
    table = scope.schema.table(from_.this.name)
    item = select.expressions[0].unalias()
    column = table.column(item.name) if table and isinstance(item, exp.Column) else None
    if table is None or column is None or item.table.casefold() not in _names(from_.this):
        return None
    label = label_table(table)
    return Source(label, label, table), column


def _names(table: exp.Table) -> set[str]:
    return {"", table.alias_or_name.casefold()}


def _same(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return [name.casefold() for name in left] == [name.casefold() for name in right]


def _say_rows(query: exp.Expr, scope: Scope) -> str:
    """Return "row from orders where ..." for the query of an EXISTS."""
    select = query.unnest()
    unusual = ("group", "having", "limit", "offset", "with_")
    if not isinstance(select, exp.Select) or any(select.args.get(clause) for clause in unusual):
        raise NotCoveredError
    plain = select.copy()
    plain.set("distinct", None)
    plain.set("order", None)
    plain.set("expressions", [exp.Star()])
    return f"row {scope.describe(plain, scope).removeprefix('every column ')}"
