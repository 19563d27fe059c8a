"""Whether an empty result comes from a text that no row holds: the statements that find out. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from t2s.values import QueryResult, Schema

MAX_PROBES = 4  # comparisons looked at per statement; each costs one small query


@dataclass(frozen=True, slots=True)
class Probe:
    """``sql`` gives a row if any row of ``table`` has ``column`` compare true with ``text``.

    Attributes:
        sql: A small statement of our own.
        table: As the database spells it.
        column: As the statement spells it.
        text: What is looked for, quoted: "'a' or 'b'".
        literals: The same one by one, without quotes.
    """

    sql: str
    table: str
    column: str
    text: str
    literals: tuple[str, ...] = ()


def is_hollow(result: QueryResult) -> bool:
    """Tell whether a result says nothing: no rows, or one row of only NULL and 0."""
    if len(result.rows) > 1:
        return False
    return all(cell is None or cell == 0 for row in result.rows for cell in row)


def list_probes(sql: str, schema: Schema) -> tuple[Probe, ...]:
    """Return a probe for each text that the statement compares a column with by =, IN or LIKE.

    Negated comparisons are left out: a text that no row holds is no reason for their being empty.
    Returns nothing for SQL that does not parse.
    """
    try:
        tree = sqlglot.parse_one(sql, read="sqlite")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return ()
    probes: dict[str, Probe] = {}
    for node in tree.find_all(exp.EQ, exp.Like, exp.In):
        if not node.args.get("negate") and not node.find_ancestor(exp.Not, exp.Case, exp.If):
            probe = _build_probe(node, schema)
            if probe is not None:
                probes.setdefault(probe.sql, probe)
    return tuple(probes.values())[:MAX_PROBES]


def _build_probe(node: exp.Expr, schema: Schema) -> Probe | None:
    left, right = node.this, node.args.get("expression")
    if isinstance(node, exp.EQ) and isinstance(right, exp.Column):
        left, right = right, left
    choices = node.expressions if isinstance(node, exp.In) else [right]
    literals = [each for each in choices if isinstance(each, exp.Literal) and each.is_string]
    if not isinstance(left, exp.Column) or not literals or len(literals) < len(choices):
        return None
    table = find_table(left, schema)
    if table is None:
        return None
    bare = node.copy()
    for column in bare.find_all(exp.Column):
        column.set("table", None)
        column.this.set("quoted", True)
    texts = " or ".join(f"'{literal.name}'" for literal in literals)
    sql = exp.select("1").from_(exp.to_identifier(table, quoted=True)).where(bare).limit(1)
    given = tuple(literal.name for literal in literals)
    return Probe(sql.sql(dialect="sqlite"), table, left.name, texts, given)


def find_table(column: exp.Column, schema: Schema) -> str | None:
    """Return the database table of a column from the FROM of its SELECT, None when not certain."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        sources = [join.this for join in select.args.get("joins") or ()]
        from_ = select.args.get("from_") or select.args.get("from")
        sources += [from_.this] if from_ is not None else []
        owners = [
            table.name
            for source in sources
            if isinstance(source, exp.Table)
            and (not column.table or source.alias_or_name.casefold() == column.table.casefold())
            and (table := schema.table(source.name)) is not None
            and table.column(column.name) is not None
        ]
        if owners:
            return owners[0] if len(owners) == 1 else None
        select = select.find_ancestor(exp.Select)
    return None
