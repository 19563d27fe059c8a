"""Several databases copied into one file, and questions over them moved there.

Tables keep their names; where two databases of a group share one, it gets its database's name in front, and groups
are made so that this is rare: a question does not say which database it means.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp

from t2s.sql_names import quote_identifier
from t2s.values import ForeignKey, Schema, Table
from train.data import Pair
from train.schema_files import write_empty
from train.trees import parse

GROUP_SIZE = 10
MERGED = "spider_merged"


@dataclass(frozen=True, slots=True)
class Group:
    """Databases that become one file, and the new name of each table by database and old name."""

    db_ids: tuple[str, ...]
    names: Mapping[tuple[str, str], str]


def make_groups(schemas: Mapping[str, Schema], size: int = GROUP_SIZE) -> tuple[Group, ...]:
    """Divide databases into groups of at most ``size``, each to where the fewest of its table names are taken."""
    members: list[list[str]] = [[] for _ in range(-(-len(schemas) // size))]
    taken: list[set[str]] = [set() for _ in members]
    for db_id in sorted(schemas):
        folded = {t.name.casefold() for t in schemas[db_id].tables}
        open_groups = (n for n, found in enumerate(members) if len(found) < size)
        best = min(open_groups, key=lambda n: (len(folded & taken[n]), len(members[n])))
        members[best].append(db_id)
        taken[best] |= folded
    return tuple(Group(tuple(m), _name_tables(m, schemas)) for m in members)


def _name_tables(
    db_ids: Sequence[str], schemas: Mapping[str, Schema]
) -> dict[tuple[str, str], str]:
    names: dict[tuple[str, str], str] = {}
    all_names = [t.name.casefold() for db_id in db_ids for t in schemas[db_id].tables]
    taken = set(all_names)
    for db_id in db_ids:
        for table in schemas[db_id].tables:
            name = table.name
            if all_names.count(name.casefold()) > 1:
                name = f"{db_id}_{name}"
                while name.casefold() in taken:
                    name += "_"
                taken.add(name.casefold())
            names[db_id, table.name] = name
    return names


def merge(group: Group, schemas: Mapping[str, Schema]) -> Schema:
    """Return the tables and declared keys of a group under their new names."""
    tables: list[Table] = []
    keys: list[ForeignKey] = []
    for db_id in group.db_ids:
        tables += [replace(t, name=group.names[db_id, t.name]) for t in schemas[db_id].tables]
        keys += [
            replace(
                key,
                table=group.names[db_id, key.table],
                other_table=group.names[db_id, key.other_table],
            )
            for key in schemas[db_id].foreign_keys
            if not key.inferred
        ]
    return Schema(tuple(tables), tuple(keys))


def write_merged(
    group: Group, schemas: Mapping[str, Schema], databases: Path, target: Path
) -> None:
    """Copy the tables of a group from ``databases/<db_id>.sqlite`` into the new file ``target``."""
    write_empty(merge(group, schemas), target)
    with closing(sqlite3.connect(target, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")  # the file can be built again
        for db_id in group.db_ids:
            source = (databases / f"{db_id}.sqlite").absolute().as_uri()
            connection.execute("ATTACH ? AS source", (f"{source}?mode=ro",))
            connection.execute("BEGIN")
            for table in schemas[db_id].tables:
                if table.is_view:
                    continue
                columns = ", ".join(quote_identifier(c.name) for c in table.columns)
                new = quote_identifier(group.names[db_id, table.name])
                old = quote_identifier(table.name)
                connection.execute(
                    f"INSERT INTO main.{new} ({columns}) SELECT {columns} FROM source.{old}"  # noqa: S608
                )
            connection.execute("COMMIT")
            connection.execute("DETACH source")


def rename_tables(sql: str, names: Mapping[str, str]) -> str:
    """Return a query with tables renamed; ``names`` is new name by folded old one, and may lack some.

    A renamed table without an alias gets its old name as one, so that columns still find it.
    """
    tree = parse(sql)
    if tree is None:
        return sql
    changed = tree.copy()
    count = 0
    for table in changed.find_all(exp.Table):
        new = names.get(table.name.casefold(), table.name)
        if new.casefold() == table.name.casefold():
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
        table.set("this", exp.to_identifier(new, quoted=True))
        count += 1
    return changed.sql(dialect="sqlite") if count else sql


def move_pairs(pairs: Iterable[Pair], groups: Sequence[Group]) -> tuple[Pair, ...]:
    """Return the questions with gold queries over the merged databases, ``merged_<number of the group>``."""
    homes = {db_id: number for number, group in enumerate(groups) for db_id in group.db_ids}
    moved = []
    for pair in pairs:
        number = homes[pair.db_id]
        names = {
            old.casefold(): new
            for (db_id, old), new in groups[number].names.items()
            if db_id == pair.db_id
        }
        sql = rename_tables(pair.sql, names) if pair.sql is not None else None
        moved.append(replace(pair, set_name=MERGED, db_id=f"merged_{number}", sql=sql))
    return tuple(moved)
