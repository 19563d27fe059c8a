"""Tables and columns as the makers of questions see them. Values only."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["key", "label", "measure", "category", "flag", "date", "year", "code", "text"]
_NOT_SUMMED = frozenset(
    [
        "rating", "score", "age", "temperature", "percent", "percentage", "rate", "height", "humidity",
        "level", "grade", "gpa", "stars", "satisfaction", "ratio", "average", "mean", "maximum",
        "minimum", "index", "speed", "pressure", "horsepower", "mpg", "unit", "rank", "ranking", "star",
        "accelerate", "acceleration", "share", "effort", "price", "depth", "elevation", "altitude",
        "severity", "weight", "tax", "wind", "bedrooms", "seats", "season", "round", "position", "lane",
        "engine", "fahrenheit", "celsius", "degrees",
    ]
)  # fmt: skip


_KEYWORDS = frozenset(
    [
        "ORDER", "GROUP", "SELECT", "FROM", "WHERE", "TABLE", "INDEX", "KEY", "BY", "TO", "IN", "ON",
        "AS", "IS", "IF", "NO", "SET", "ALL", "AND", "OR", "NOT", "NULL", "CASE", "WHEN", "THEN",
        "ELSE", "END", "LIKE", "LIMIT", "JOIN", "LEFT", "RIGHT", "FULL", "CROSS", "UNION", "VALUES",
        "PRIMARY", "FOREIGN", "REFERENCES", "CHECK", "DEFAULT", "TRANSACTION", "DESC", "ASC", "DATE",
        "TIME", "ROW", "ROWS", "CAST", "COLUMN", "CREATE", "DELETE", "DISTINCT", "DROP", "EXCEPT",
        "EXISTS", "GLOB", "HAVING", "INSERT", "INTERSECT", "INTO", "MATCH", "OFFSET", "PLAN", "PRAGMA",
        "QUERY", "RANGE", "RENAME", "REPLACE", "ROLLBACK", "UNIQUE", "UPDATE", "USING", "VIEW",
        "VIRTUAL", "WITH", "ADD", "ALTER", "BETWEEN", "COMMIT", "CONSTRAINT", "FOR", "ACTION",
        "CURRENT", "FILTER", "FOLLOWING", "OVER",
    ]
)  # fmt: skip
PERSONS = frozenset(
    [
        "employee", "staff", "customer", "client", "guest", "member", "student", "teacher", "owner",
        "user", "patient", "driver", "author", "player", "person", "people", "instructor", "doctor",
        "physician", "nurse", "singer", "artist", "actor", "director", "manager", "agent", "passenger",
        "professional", "visitor", "tenant", "trainer", "vet", "technician", "operator", "worker",
        "investigator", "coach", "candidate", "contestant", "editor", "host", "judge", "performer",
        "reviewer", "musician", "lecturer", "dentist", "attendee", "volunteer", "resident", "citizen",
        "child", "friend", "journalist", "writer", "engineer", "swimmer", "wrestler", "pilot",
        "cyclist", "gymnast", "rider", "conductor", "entrepreneur", "head", "mechanic", "subscriber",
        "contractor",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Col:
    """A column and what its cells are.

    Attributes:
        words: Ways to say its name, the plainest first, singular.
        unit: Unit in words, empty when unknown.
        verb: Participle for a date or year ("hired"), empty when there is none.
        values: Distinct cells with counts, commonest first (at most 400).
        numbers: Sorted sampled numbers, for measures and years.
        nulls: Share of NULL cells.
        distinct: Number of distinct cells.
        yes: Cell that means yes, for flags; ``no`` likewise.
        alone: True when its plainest name belongs to no other column of the schema.
    """

    table: str
    name: str
    role: Role
    words: tuple[str, ...]
    unit: str = ""
    verb: str = ""
    values: tuple[tuple[str | int | float, int], ...] = ()
    numbers: tuple[float, ...] = ()
    nulls: float = 0.0
    distinct: int = 0
    date_format: str = ""
    yes: str | int = ""
    no: str | int = ""
    primary: bool = False
    foreign: bool = False
    alone: bool = True
    has_blank: bool = False

    @property
    def summed(self) -> bool:
        """True when a sum over rows means something."""
        return not _NOT_SUMMED & set(self.words[0].split()) and self.unit not in (
            "percent",
            "degrees",
        )

    @property
    def money(self) -> str:
        """Currency in words, empty when the column is not known to hold money."""
        if self.unit in ("dollars", "pounds", "euros"):
            return self.unit
        said = set(" ".join(self.words).split())
        paid = {
            "price", "cost", "salary", "fee", "budget", "amount", "revenue", "pay", "wage", "balance",
        }  # fmt: skip
        return "dollars" if said & paid and not self.unit else ""


@dataclass(frozen=True, slots=True)
class Link:
    """``column`` of one table refers to ``target_column`` of ``target``; ``role`` says as what."""

    column: str
    target: str
    target_column: str
    role: str = ""
    nullable: bool = False
    single: bool = False


@dataclass(frozen=True, slots=True)
class Ent:
    """A table: its nouns (singular, plainest first), columns, label and links to parents."""

    name: str
    nouns: tuple[str, ...]
    cols: tuple[Col, ...]
    labels: tuple[Col, ...]
    rows: int
    person: bool
    parents: tuple[Link, ...] = ()
    key: Col | None = None
    named: bool = True
    people: tuple[tuple[str, str], ...] = ()

    def of(self, *roles: Role) -> list[Col]:
        """Return the columns with one of these roles."""
        return [c for c in self.cols if c.role in roles]

    @property
    def is_link(self) -> bool:
        """True when the table mainly ties two others together."""
        return len(self.parents) >= 2 and not self.named and len(self.cols) - len(self.parents) <= 4


@dataclass(frozen=True, slots=True)
class Profile:
    """Tables by name, children links as (child, link) by parent, and every word of the schema."""

    ents: dict[str, Ent]
    children: dict[str, tuple[tuple[Ent, Link], ...]]
    words: frozenset[str] = field(default_factory=frozenset)


def quoted(name: str) -> str:
    """Return an identifier, quoted when SQLite would not take it bare."""
    bare = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) and name.upper() not in _KEYWORDS
    return name if bare else '"' + name.replace('"', '""') + '"'
