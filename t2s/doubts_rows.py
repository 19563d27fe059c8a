"""Rows that are left out, counted twice or picked by chance: LIMIT, joins, GROUP BY, NOT IN. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from sqlglot import exp

from t2s.doubts_tree import (
    Doubt,
    Named,
    Row,
    find_column,
    find_table,
    is_aggregate,
    is_unique,
    list_aggregates,
    list_links,
    list_sources,
    resolve_item,
    unwrap,
    write,
)
from t2s.values import QueryResult, Schema

MAX_TIES = 20  # rows behind the last one that are looked at
MAX_JOINED = 4  # tables for which repeated rows are looked for

_KEY = "t2s_key_"
_NULL_PROOF = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.In, exp.Between)


def find_ties(tree: exp.Expr, result: QueryResult) -> Iterator[Doubt]:
    """Doubt a LIMIT whose last row has the same sort key as rows behind it that show something else."""
    if not isinstance(tree, exp.Select) or result.truncated or not result.rows:
        return
    order, limit = tree.args.get("order"), tree.args.get("limit")
    count = None if limit is None else _read_count(limit.args.get("expression"))
    offset = tree.args.get("offset")
    skipped = 0 if offset is None else _read_count(offset.args.get("expression"))
    if order is None or not count or skipped is None or len(result.rows) < count:
        return
    longer = tree.copy()
    if tree.args.get("distinct") is not None and not _are_items(tree):
        return
    for position, ordered in enumerate(order.expressions):
        key = resolve_item(ordered.this, tree).copy()
        longer.select(exp.alias_(key, f"{_KEY}{position}"), copy=False)
    longer.set("offset", None)
    longer = longer.limit(MAX_TIES + 1).offset(skipped + count - 1)
    yield Doubt("ties", partial(_tell_ties, result, len(order.expressions)), write(longer))


def find_loose_columns(tree: exp.Expr, schema: Schema) -> Iterator[Doubt]:
    """Doubt columns that stand beside an aggregate and vary within a group: the one shown is any of them."""
    for select in _list_shown(tree):
        aggregates, group = list_aggregates(select), select.args.get("group")
        if not aggregates or any(isinstance(a, exp.Min | exp.Max) for a in aggregates):
            continue  # beside min() and max() SQLite takes the row that has it
        keys = [resolve_item(key, select) for key in (group.expressions if group else ())]
        for item in select.expressions:
            loose = item.unalias()
            named = find_column(loose, schema)
            if named is None or loose in keys or _fixes(keys, named, select, schema):
                continue
            where = "each group" if keys else "the whole"
            probe = _strip(select, "1").group_by(
                *(k.copy() for k in keys or [exp.null()]), copy=False
            )
            varies: exp.Expr = exp.NEQ(
                this=exp.Min(this=loose.copy()), expression=exp.Max(this=loose.copy())
            )
            having = select.args.get("having")
            if having is not None:
                varies = exp.and_(having.this.copy(), varies)
            sentence = (
                f"{named.column.name} has several values within {where}, and only one of them is shown, "
                "picked by chance."
            )
            yield Doubt(
                "loose", partial(_tell_if_any, sentence), write(probe.having(varies).limit(1))
            )
            break


def find_fan_out(tree: exp.Expr, schema: Schema) -> Iterator[Doubt]:
    """Doubt sums and counts over a join in which the rows of every table come up several times."""
    for select in _list_shown(tree):
        sources = list_sources(select)
        tables = [find_table(source, schema) for source in sources]
        if not 2 <= len(tables) <= MAX_JOINED or None in tables or not _has_multiplied(select):
            continue
        if _has_finest(select, [source.alias_or_name for source in sources], schema):
            continue
        group = select.args.get("group")
        keys = [resolve_item(key, select) for key in (group.expressions if group else ())]
        if any(is_aggregate(node) for key in keys for node in key.walk()):
            continue
        repeats = []
        for source in sources:
            row = exp.column("rowid", table=source.alias_or_name)
            probe = _strip(select, "1").group_by(*(key.copy() for key in keys), row, copy=False)
            repeats.append(f"EXISTS ({write(probe.having('count(*) > 1').limit(1))})")
        names = list(dict.fromkeys(table.name for table in tables if table is not None))
        if len(names) < 2:
            continue  # pairs of rows of one table are counted on purpose
        sentence = (
            f"{', '.join(names[:-1])} and {names[-1]} are joined so that rows of each come up several times, "
            "and are counted as often."
        )
        sql = f"SELECT 1 WHERE {' AND '.join(repeats)}"
        yield Doubt("fan-out", partial(_tell_if_any, sentence), sql)


def find_lost_rows(tree: exp.Expr, schema: Schema) -> Iterator[Doubt]:
    """Doubt a LEFT JOIN whose rows without a partner are all lost to a condition on the other table."""
    for select in _list_shown(tree):
        where = select.args.get("where")
        conditions = (
            []
            if where is None
            else list(where.this.flatten())
            if isinstance(where.this, exp.And)
            else [where.this]
        )
        for join in select.args.get("joins") or ():
            table = find_table(join.this, schema)
            if join.side != "LEFT" or table is None:
                continue
            alias = join.this.alias_or_name.casefold()
            losing = [c for c in conditions if _rejects(c, alias, schema)]
            if not losing:
                continue
            others = [c.copy() for c in conditions if c not in losing]
            alone = exp.column("rowid", table=join.this.alias_or_name).is_(exp.null())
            probe = _strip(select, "1")
            probe.set("where", exp.Where(this=exp.and_(*others, alone)))
            sentence = (
                f"Rows without any {table.name} are left out too, because the condition on {table.name} "
                "does not hold for them."
            )
            yield Doubt("left", partial(_tell_if_any, sentence), write(probe.limit(1)))


def find_not_in_nulls(tree: exp.Expr, schema: Schema) -> Iterator[Doubt]:
    """Doubt NOT IN over a subquery that gives NULL: the condition then never holds."""
    for node in tree.find_all(exp.In):
        query = node.args.get("query")
        inner = query.this if query is not None else None
        if not isinstance(node.parent, exp.Not) or not isinstance(inner, exp.Select):
            continue
        if len(inner.expressions) != 1 or inner.expressions[0].is_star:
            continue
        named = find_column(inner.expressions[0].unalias(), schema)
        if named is not None and _is_filled(named, inner):
            continue
        probe = inner.copy()
        item = probe.expressions[0].unalias()
        probe.set("expressions", [exp.alias_(item, f"{_KEY}0")])
        name = write(item)[:60]
        sentence = f"NOT IN never holds here, because {name} has no value in some rows; leave those out inside."
        sql = f"SELECT 1 FROM ({write(probe)}) WHERE {_KEY}0 IS NULL LIMIT 1"  # noqa: S608 - from a tree
        yield Doubt("not in", partial(_tell_if_any, sentence), sql)


def _list_shown(tree: exp.Expr) -> list[exp.Select]:
    """Return the SELECTs whose rows the answer shows."""
    if isinstance(tree, exp.SetOperation):
        return [*_list_shown(tree.left), *_list_shown(tree.right)]
    return [tree] if isinstance(tree, exp.Select) and not _has_windows(tree) else []


def _has_windows(select: exp.Select) -> bool:
    return select.find(exp.Window) is not None


def _strip(select: exp.Select, item: str) -> exp.Select:
    """Return a copy that shows ``item`` and keeps FROM, the joins and WHERE alone."""
    bare = select.copy()
    for part in ("group", "having", "order", "limit", "offset", "distinct"):
        bare.set(part, None)
    bare.set("expressions", [exp.maybe_parse(item)])
    return bare


def _are_items(select: exp.Select) -> bool:
    """Tell whether every sort key is a column of the result."""
    items = [item.unalias() for item in select.expressions]
    return all(resolve_item(o.this, select) in items for o in select.args["order"].expressions)


def _read_count(node: exp.Expr | None) -> int | None:
    number = isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()
    return int(node.name) if node is not None and number else None


def _has_multiplied(select: exp.Select) -> bool:
    """Tell whether the SELECT has a sum, an average or a count of rows rather than of distinct things."""
    return any(
        isinstance(node, exp.Count | exp.Sum | exp.Avg) and not isinstance(node.this, exp.Distinct)
        for node in list_aggregates(select)
    )


def _has_finest(select: exp.Select, aliases: Sequence[str], schema: Schema) -> bool:
    """Tell whether the rows of some table come up once by its keys: all joins lead to one row each."""
    leads: dict[str, set[str]] = {}
    for left, right in list_links(select, schema):
        for start, end in ((left, right), (right, left)):
            if is_unique(end, schema):
                leads.setdefault(start.alias.casefold(), set()).add(end.alias.casefold())
    everything = {alias.casefold() for alias in aliases}
    return any(_reach(alias, leads) >= everything for alias in everything)


def _reach(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    reached, waiting = {start}, [start]
    while waiting:
        new = leads.get(waiting.pop(), set()) - reached
        reached |= new
        waiting += new
    return reached


def _fixes(keys: Sequence[exp.Expr], named: Named, select: exp.Select, schema: Schema) -> bool:
    """Tell whether a group has one row of the column's table: it is grouped by that, or by its key."""
    fixed = [column for key in keys if (column := find_column(key, schema)) is not None]
    for left, right in list_links(select, schema):
        fixed += [right] if left in fixed else [left] if right in fixed else []
    return named in fixed or any(
        column.alias == named.alias and is_unique(column, schema) for column in fixed
    )


def _is_filled(named: Named, inner: exp.Select) -> bool:
    """Tell whether a column never gives NULL, by its declaration."""
    outer = any(join.side for join in inner.args.get("joins") or ())
    return not outer and (named.column.primary_key or not named.column.nullable)


def _rejects(condition: exp.Expr, alias: str, schema: Schema) -> bool:
    """Tell whether a condition fails when the table of that alias has no row."""
    condition = unwrap(condition) or condition
    if isinstance(condition, exp.Not):
        condition = unwrap(condition.this) or condition
    if not isinstance(condition, _NULL_PROOF):
        return False
    for part in (condition.this, condition.args.get("expression")):
        named = find_column(unwrap(part), schema)
        if named is not None and named.alias.casefold() == alias:
            return True
    return False


def _tell_if_any(sentence: str, rows: Sequence[Row]) -> str:
    return sentence if rows else ""


def _tell_ties(result: QueryResult, keys: int, rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    shown = set(result.rows)
    last = rows[0][-keys:]
    last_shown = "the last one shown" if len(result.rows) > 1 else "the one shown"
    if last[0] is None:
        return (
            f"{last_shown.capitalize()} has nothing in it to sort by; ask for those with a value."
        )
    tied = [row for row in rows[1:] if row[-keys:] == last]
    cut = len([row for row in tied if row[:-keys] not in shown])
    if not cut:
        return ""
    many = f"At least {cut}" if len(tied) == MAX_TIES else str(cut)
    noun, verb = ("row is", "was") if cut == 1 else ("rows are", "were")
    return f"{many} more {noun} level with {last_shown} and {verb} cut off; ask for more rows to see all."
