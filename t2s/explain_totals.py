"""Counts, totals, shares and windows in plain English, for ``t2s.explain``. Pure."""

from __future__ import annotations

import re

from sqlglot import exp

from t2s.explain_nouns import join_words, plural, role_noun, with_article
from t2s.explain_operands import operand
from t2s.explain_scope import Scope, find_column, kind_of, own_source, strip_brackets

_SUPERLATIVES = {
    "number": ("lowest", "highest"),
    "date": ("earliest", "latest"),
    "text": ("alphabetically first", "alphabetically last"),
}


def is_number(node: object, text: str) -> bool:
    """Tell whether a node is that number."""
    if not isinstance(node, exp.Literal) or node.is_string:
        return False
    return float(node.name) == float(text)


def say_count(node: exp.Expr, scope: Scope) -> str | None:
    """Return a COUNT in words: "number of orders", "number of different customers"."""
    counted = strip_brackets(node.this)
    if isinstance(counted, exp.Distinct):
        return _say_different(counted, scope)
    if isinstance(counted, exp.Case | exp.If):
        flagged = find_flag(counted, needs_zero=False)
        return (
            None
            if flagged is None
            else f"number of {scope.counted} where {flagged_words(flagged, scope)}"
        )
    if isinstance(counted, exp.Star | exp.Literal):
        return f"number of {scope.counted}"
    found = find_column(counted, scope)
    if found is None:
        return f"number of {scope.counted} with a value for {scope.teller.say(counted, scope)}"
    source, column = found
    certain = column.primary_key or not column.nullable
    if certain and source.label in scope.optional:
        many = len(scope.sources) == 2 and scope.counted == "rows"
        rows = source.plural if many else f"{scope.counted} with {with_article(source.label)}"
        return f"number of {rows}"
    if certain:
        return f"number of {scope.counted}"
    return f"number of {scope.counted} with {with_article(scope.teller.say(counted, scope))}"


def _say_different(counted: exp.Expr, scope: Scope) -> str | None:
    if len(counted.expressions) != 1:
        return None
    inner = strip_brackets(counted.expressions[0])
    found = find_column(inner, scope)
    if found is None:
        return f"number of different {scope.teller.say(inner, scope)} values"
    source, column = found
    if (
        column.primary_key
        and source.table
        and sum(c.primary_key for c in source.table.columns) == 1
    ):
        return f"number of different {source.plural}"
    role = find_role(inner, scope)
    words = plural(role) if role else plural(scope.teller.say(inner, scope))
    return f"number of different {words}"


def find_role(node: exp.Expr, scope: Scope) -> str:
    """Return what a referring column calls the row it refers to ("customer"), "" for other columns."""
    found = find_column(node, scope)
    if found is None or found[0].table is None:
        return ""
    source, column = found
    name = source.table.name if source.table else ""
    refers = any(
        (key.table.casefold(), key.column.casefold()) == (name.casefold(), column.name.casefold())
        for key in scope.schema.foreign_keys
    )
    return role_noun(column.nl_name or column.name) if refers and not column.primary_key else ""


def find_flag(node: exp.Expr, *, needs_zero: bool) -> exp.Expr | None:
    """Return c of CASE WHEN c THEN 1 ELSE 0 END or IIF(c, 1, 0), also without its ELSE; None for anything else."""
    node = strip_brackets(node)
    if isinstance(node, exp.If):
        test, value, default = node.this, node.args.get("true"), node.args.get("false")
    elif isinstance(node, exp.Case) and len(node.args.get("ifs") or []) == 1:
        branch = node.args["ifs"][0]
        test, value, default = branch.this, branch.args["true"], node.args.get("default")
        if node.this is not None:
            test = exp.EQ(this=node.this, expression=test)
    else:
        return None
    if not is_number(value, "1"):
        return None
    allowed = default is None or isinstance(default, exp.Null)
    return test if allowed or (needs_zero and is_number(default, "0")) else None


def flagged_words(test: exp.Expr, scope: Scope) -> str:
    """Return what a flag asks."""
    return scope.teller.where(test, scope)


def find_counted(node: exp.Expr) -> exp.Expr | None:
    """Return the condition whose rows a node counts: SUM of a flag or condition, COUNT of a flag."""
    node = strip_brackets(node)
    while isinstance(node, exp.Cast):
        node = strip_brackets(node.this)
    if isinstance(node, exp.Sum):
        summed = strip_brackets(node.this)
        flagged = find_flag(summed, needs_zero=True)
        return summed if flagged is None and isinstance(summed, exp.Predicate) else flagged
    if isinstance(node, exp.Count):
        return find_flag(strip_brackets(node.this), needs_zero=False) if node.this else None
    return None


def say_total(node: exp.Expr, scope: Scope) -> str:
    """Return a SUM in words: "total price", "number of orders where ..."."""
    counted = find_counted(node)
    if counted is not None:
        return f"number of {scope.counted} where {flagged_words(counted, scope)}"
    summed = strip_brackets(node.this)
    if isinstance(summed, exp.Distinct):
        return f"total of the different {scope.teller.say(summed.expressions[0], scope)} values"
    partial = _say_partial("total", summed, scope)
    words = operand(summed, scope)
    return partial or (f"sum of {words}" if re.search(r"\btotal\b", words) else f"total {words}")


def _say_partial(word: str, node: exp.Expr, scope: Scope) -> str | None:
    """Return "total price where ..." for CASE WHEN ... THEN price ELSE 0 END, None for anything else."""
    if not isinstance(node, exp.Case) or node.this is not None or len(node.args["ifs"]) != 1:
        return None
    branch, default = node.args["ifs"][0], node.args.get("default")
    zero = word == "total" and is_number(default, "0")
    if not zero and not (default is None or isinstance(default, exp.Null)):
        return None
    value = operand(branch.args["true"], scope)
    return f"{word} {value} where {flagged_words(branch.this, scope)}"


def say_average(node: exp.Expr, scope: Scope) -> str:
    """Return an AVG in words; that of a flag is a share."""
    inner = strip_brackets(node.this)
    if isinstance(inner, exp.Distinct):
        return f"average of the different {scope.teller.say(inner.expressions[0], scope)} values"
    flagged = find_averaged(node)
    if flagged is not None:
        return f"share of {scope.counted} where {flagged_words(flagged, scope)}"
    return _say_partial("average", inner, scope) or f"average {operand(inner, scope)}"


def find_averaged(node: exp.Expr) -> exp.Expr | None:
    """Return the condition whose share of all rows an AVG is, None for any other."""
    inner = strip_brackets(node.this)
    if isinstance(inner, exp.Case) and inner.args.get("default") is None:
        return None  # without ELSE it is an average over ones
    flagged = find_flag(inner, needs_zero=True)
    return inner if flagged is None and isinstance(inner, exp.Predicate) else flagged


def say_extreme(node: exp.Expr, scope: Scope) -> str | None:
    """Return a MIN or MAX in words: "lowest price", "latest day"."""
    if node.expressions:
        return None
    highest = isinstance(node, exp.Max)
    kind = kind_of(node.this, scope) or (
        "date" if isinstance(strip_brackets(node.this), exp.TimeToStr) else ""
    )
    words = _SUPERLATIVES.get(kind, ("smallest", "largest"))
    inner = strip_brackets(node.this)
    return _say_partial(words[highest], inner, scope) or f"{words[highest]} {operand(inner, scope)}"


def say_filtered(node: exp.Expr, scope: Scope) -> str | None:
    """Return a total over some of the rows: "number of orders where ..."."""
    words = scope.teller.say(node.this, scope)
    if " where " in words or not isinstance(node.expression, exp.Where):
        return None
    return f"{words} where {flagged_words(node.expression.this, scope)}"


def say_window(node: exp.Expr, scope: Scope) -> str | None:
    """Return a call over a window: "rank by total, highest first, within the same day"."""
    call = node.this
    if node.args.get("spec") is not None or node.args.get("alias") is not None:
        return None
    order = node.args.get("order")
    terms = [] if order is None else [_say_term(term, scope) for term in order.expressions]
    ordered = join_words(terms, "then")
    parts = [operand(part, scope) for part in node.args.get("partition_by") or []]
    within = f" within the same {join_words(parts)}" if parts else ""
    names = {exp.RowNumber: "position", exp.Rank: "rank", exp.DenseRank: "rank without gaps"}
    name = names.get(type(call))
    if name is not None:
        return f"{name}{f' by {ordered}' if ordered else ''}{within}"
    if not isinstance(call, exp.AggFunc):
        return None
    words = scope.teller.say(call, scope)
    if ordered:
        return f"running {words} by {ordered}{within}"
    return f"{words}{within or ' over all of them'}"


def _say_term(term: exp.Expr, scope: Scope) -> str:
    by = strip_brackets(term.this)
    kind = kind_of(by, scope) or "number"
    words = {"date": ("earliest first", "latest first"), "text": ("A to Z", "Z to A")}.get(
        kind, ("lowest first", "highest first")
    )
    return f"{operand(by, scope)} ({words[bool(term.args.get('desc'))]})"


def is_of_source(node: exp.Expr, scope: Scope, label: str) -> bool:
    """Tell whether a node is a column of the source called that."""
    if not isinstance(node, exp.Column):
        return False
    source = own_source(node, scope)
    return source is not None and source.label == label
