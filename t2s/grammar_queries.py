"""Items of the grammar for queries and their clauses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from t2s.encoding import KEYWORD_IDS
from t2s.grammar_expressions import MAX_DEPTH, OPERATORS, Condition, Context, MoreKeys, Operand
from t2s.grammar_items import Descending, Facts, Item, Keyword, Lift, Optional, Silent, Step, View
from t2s.grammar_literals import LiteralOnly
from t2s.grammar_taboos import Written
from t2s.grammar_terms import NOTHING, UNKNOWN, Ids, Member, Scope, Value, keywords
from t2s.ir_tree import INSTANCES, OUTPUTS, SET_OPERATIONS

_MAX_MEMBERS, _MAX_ITEMS, _MAX_KEYS, _MAX_ARMS = 8, 12, 6, 4
_FROM, _SELECT, _OPEN, _STAR = (KEYWORD_IDS[name] for name in ("from", "select", "(", "*"))
_SET_OPERATIONS = keywords(*SET_OPERATIONS)
# What makes another output of one that began like an earlier one.
_MORE = OPERATORS | keywords("over")
_JOINS: dict[int, Literal["inner", "left", "cross"]] = {
    KEYWORD_IDS[","]: "inner",
    KEYWORD_IDS["left"]: "left",
    KEYWORD_IDS["cross"]: "cross",
}
_PLACES = {KEYWORD_IDS[name]: index for index, name in enumerate(OUTPUTS, 1)}
Kind = Literal["first", "inner", "left", "cross"]


def open_query(parent: Scope | None, needed: int | None, depth: int) -> Item:
    """The item of a query inside ``parent`` that has ``needed`` output columns (None: any number)."""
    return Query(parent, needed, depth)


@dataclass(frozen=True, slots=True)
class Start(Item):
    """A whole answer: one query, or the keyword that declines."""

    def first(self, view: View) -> Ids:
        """FROM, SELECT or the keyword; nothing but the keyword where the input shows no table."""
        found = keywords("unanswerable")
        return found | keywords("from", "select") if view.terms.tables else found

    def consumes(self, token: int) -> bool:
        """The keyword."""
        return token == KEYWORD_IDS["unanswerable"]

    def step(self, view: View, token: int) -> Step:
        """Choose."""
        if self.consumes(token):
            return view, ()
        return view, (Query(None, None, 1),)


@dataclass(frozen=True, slots=True)
class Done(Item):
    """After the end there is only padding."""

    def first(self, view: View) -> Ids:
        """Padding."""
        del view
        return keywords("<pad>")

    def step(self, view: View, token: int) -> Step:
        """More padding."""
        del token
        return view, (self,)

    def cost(self, view: View) -> int:
        """Nothing."""
        del view
        return 0


@dataclass(frozen=True, slots=True)
class Query(Item):
    """FROM ... SELECT ...; the outermost may lack FROM."""

    parent: Scope | None
    needed: int | None
    depth: int

    def first(self, view: View) -> Ids:
        """FROM, or SELECT."""
        del view
        return keywords("from", "select") if self.depth == 1 else keywords("from")

    def step(self, view: View, token: int) -> Step:
        """Open its facts."""
        view = view.with_all_facts((Facts(self.needed), *view.facts))
        scope = Scope(view.terms, (), self.parent, self.depth)
        if token == _FROM:
            return view, (SourceItem(scope, "first", self.needed),)
        context = Context(scope, "select")
        return view, (SelectItem(context), Record(), MoreItems(context, view.next_start))

    def cost(self, view: View) -> int:
        """FROM, a table, SELECT and the columns."""
        del view
        return 2 + _select_cost(self.needed)

    def foresee(self, view: View, cost: int) -> View:
        """The facts that its end will leave behind."""
        return view.with_all_facts((Facts(self.needed), *view.facts))


def _select_cost(needed: int | None) -> int:
    return 2 * (needed or 1)


@dataclass(frozen=True, slots=True)
class Arm(Item):
    """The next SELECT of a set operation."""

    parent: Scope | None
    needed: int
    depth: int

    def first(self, view: View) -> Ids:
        """FROM."""
        del view
        return keywords("from")

    def step(self, view: View, token: int) -> Step:
        """Its first table."""
        del token
        scope = Scope(view.terms, (), self.parent, self.depth)
        return view, (SourceItem(scope, "first", self.needed),)

    def cost(self, view: View) -> int:
        """FROM, a table, SELECT and the columns."""
        del view
        return 2 + _select_cost(self.needed)


@dataclass(frozen=True, slots=True)
class SourceItem(Item):
    """A member of FROM: a table or a query in parentheses."""

    scope: Scope
    kind: Kind
    needed: int | None

    def first(self, view: View) -> Ids:
        """Tables, without those that skip one between, and a parenthesis while not too deep."""
        joins = self.kind in ("inner", "left")
        found = {
            token
            for token, table in view.terms.tables.items()
            if self.scope.next_instance(table) <= len(INSTANCES) + 1
            and not (joins and view.terms.skips(self.scope.members, table))
        }
        derived = self.scope.next_instance(None) <= len(INSTANCES) + 1
        if derived and self.scope.depth < MAX_DEPTH:
            found.add(_OPEN)
        return frozenset(found)

    def step(self, view: View, token: int) -> Step:
        """Add it to the scope."""
        if token == _OPEN:
            inner = Query(self.scope.parent, None, self.scope.depth + 1)
            return view, (inner, EndDerived(self.scope, self.kind, self.needed))
        table = view.terms.tables[token]
        instance = self.scope.next_instance(table)
        joined = view.terms.connects(self.scope.members, table, instance)
        scope = self.scope.add(Member(table, instance, optional=self.kind == "left"))
        rest = SourceTail(
            scope, self.needed, may_on=self.kind in ("inner", "left"), must_on=not joined
        )
        return view, ((Keyword(INSTANCES[instance - 2]), rest) if instance > 1 else (rest,))

    def cost(self, view: View) -> int:
        """A table, possibly its number and a condition, SELECT and the columns."""
        del view
        own = {"first": 1, "cross": 2}.get(self.kind, 5)
        return own + _select_cost(self.needed)


@dataclass(frozen=True, slots=True)
class EndDerived(Item):
    """The end of a query in FROM."""

    scope: Scope
    kind: Kind
    needed: int | None

    def first(self, view: View) -> Ids:
        """A parenthesis."""
        del view
        return keywords(")")

    def step(self, view: View, token: int) -> Step:
        """Add its columns to the scope."""
        del token
        outputs = view.facts[0].items
        instance, optional = self.scope.next_instance(None), self.kind == "left"
        scope = self.scope.add(Member(None, instance, outputs, optional))
        conditional = self.kind in ("inner", "left")
        view = view.with_all_facts(view.facts[1:])
        return view, (SourceTail(scope, self.needed, may_on=conditional, must_on=True),)

    def cost(self, view: View) -> int:
        """The parenthesis, possibly a condition, SELECT and the columns."""
        del view
        return 4 + _select_cost(self.needed)

    def foresee(self, view: View, cost: int) -> View:
        """Back to the facts of the SELECT around it."""
        return view.with_last(UNKNOWN).with_all_facts(view.facts[1:])


@dataclass(frozen=True, slots=True)
class SourceTail(Item):
    """What follows a member of FROM: its condition, another member, or SELECT."""

    scope: Scope
    needed: int | None
    may_on: bool = False
    must_on: bool = False

    def first(self, view: View) -> Ids:
        """See the class."""
        if self.may_on and self.must_on:
            return keywords("on")
        found = keywords("select", "on") if self.may_on else keywords("select")
        more = len(self.scope.members) < _MAX_MEMBERS
        if more and view.terms.tables.keys() & SourceItem(self.scope, "inner", self.needed).first(
            view
        ):
            found |= frozenset(_JOINS)
        return found

    def step(self, view: View, token: int) -> Step:
        """Expand."""
        if token in _JOINS:
            return view, (SourceItem(self.scope, _JOINS[token], self.needed),)
        if token == _SELECT:
            return view, _select_items(self.scope, view.next_start)
        # A later member might hide an outer table, so that only this FROM is in sight.
        alone = Scope(view.terms, self.scope.members, None, self.scope.depth)
        condition = Condition(Context(alone, "on"), "condition")
        return view, (condition, SourceTail(self.scope, self.needed))

    def cost(self, view: View) -> int:
        """SELECT and the columns, and the condition where it is needed."""
        del view
        return _select_cost(self.needed) + (3 if self.may_on and self.must_on else 0)


def _select_items(scope: Scope, start: int) -> tuple[Item, ...]:
    context = Context(scope, "select", aggregates=True, windows=True)
    return (
        *(Distinct(), SelectItem(context), Record(), MoreItems(context, start)),
        *(Where(scope), Group(scope), Having(scope), Finish(scope)),
    )


@dataclass(frozen=True, slots=True)
class Distinct(Optional):
    """DISTINCT after SELECT."""

    def first(self, view: View) -> Ids:
        """Its keyword."""
        del view
        return keywords("distinct")

    def step(self, view: View, token: int) -> Step:
        """Nothing follows."""
        del token
        return view, ()


@dataclass(frozen=True, slots=True)
class SelectItem(Item):
    """One output: an expression, ``*``, or all columns of one table."""

    context: Context

    def _expression(self) -> Item:
        if self.context.scope.members:
            return Operand(self.context, literals="numbers", bare=False)
        return Condition(self.context, "either")

    def _star_kinds(self, view: View, table: str | None = None) -> tuple[str, ...]:
        kinds: list[str] = []
        for member in self.context.scope.members:
            if member.table is None and table is None:
                kinds += member.outputs
            elif member.table is not None and table in (None, member.table):
                kinds += view.terms.table_kinds(member.table)
        return tuple(kinds)

    def _fits(self, view: View, columns: int) -> bool:
        facts = view.facts[0]
        if facts.needed is None:
            return True
        rest = facts.needed - len(facts.items) - columns
        return rest >= 0

    def first(self, view: View) -> Ids:
        """See the class; a star only where it brings no column too many."""
        members = self.context.scope.members
        found = set(self._expression().first(view))
        if not members:
            found -= keywords("not", "neg", "exists", "not_exists")
        if members and self._fits(view, len(self._star_kinds(view))):
            found.add(_STAR)
        if len(members) > 1:
            names = [member.table for member in members]
            for token, table in view.terms.tables.items():
                # With two instances a number may have to follow, which is rare enough to leave out.
                if names.count(table) == 1 and self._fits(view, len(view.terms.table_kinds(table))):
                    found.add(token)
        return frozenset(found)

    def consumes(self, token: int) -> bool:
        """The star and tables."""
        return token == _STAR or token in self.context.scope.terms.tables

    def step(self, view: View, token: int) -> Step:
        """Expand."""
        table = view.terms.tables.get(token)
        if token != _STAR and table is None:
            return view, (self._expression(),)
        kinds = self._star_kinds(view, table)
        facts = replace(view.facts[0], plain=True, items=(*view.facts[0].items, *kinds))
        view = view.with_last(Value("star")).with_facts(facts)
        return view, (() if table is None else (Keyword("*"),))

    def cost(self, view: View) -> int:
        """That of an operand."""
        return self._expression().cost(view)


@dataclass(frozen=True, slots=True)
class Record(Silent):
    """Notes the output that came."""

    def leave(self, view: View) -> View:
        """Add it to the facts, unless it was a star, which has."""
        if view.last.kind == "star":
            return view
        facts = view.facts[0]
        kind = "number" if view.last.kind == "condition" else view.last.kind
        return view.with_facts(replace(facts, items=(*facts.items, kind)))


@dataclass(frozen=True, slots=True)
class MoreItems(Item):
    """Further outputs, as many as are needed; the last begins at ``start``, ``seen`` came before it."""

    context: Context
    start: int
    seen: tuple[Written, ...] = ()

    def first(self, view: View) -> Ids:
        """A comma."""
        facts = view.facts[0]
        limit = _MAX_ITEMS if facts.needed is None else facts.needed
        return keywords(",") if len(facts.items) < limit else NOTHING

    def nullable(self, view: View) -> bool:
        """When there are enough."""
        facts = view.facts[0]
        return facts.needed is None or len(facts.items) == facts.needed

    def step(self, view: View, token: int) -> Step:
        """Another output."""
        del token
        last = view.written[self.start :]
        seen = (*self.seen, last[1:] if last[0] == KEYWORD_IDS["distinct"] else last)
        rest = replace(self, start=view.next_start, seen=seen)
        return view.forbid(seen, _MORE), (SelectItem(self.context), Lift(), Record(), rest)

    def cost(self, view: View) -> int:
        """The missing ones."""
        facts = view.facts[0]
        return 0 if facts.needed is None else 2 * max(0, facts.needed - len(facts.items))


@dataclass(frozen=True, slots=True)
class Where(Optional):
    """WHERE."""

    scope: Scope

    def first(self, view: View) -> Ids:
        """Its keyword."""
        del view
        return keywords("where")

    def step(self, view: View, token: int) -> Step:
        """A condition."""
        del token
        return view, (Condition(Context(self.scope, "where"), "condition"),)


def needs_group(facts: Facts) -> bool:
    """Whether columns stand beside an aggregate other than MIN and MAX, so that groups are missing."""
    return facts.aggregates > 0 and facts.plain and not facts.extremes and not facts.grouped


@dataclass(frozen=True, slots=True)
class Group(Item):
    """GROUP BY."""

    scope: Scope

    def first(self, view: View) -> Ids:
        """Its keyword."""
        del view
        return keywords("group")

    def nullable(self, view: View) -> bool:
        """Unless columns stand beside aggregates."""
        return not needs_group(view.facts[0])

    def step(self, view: View, token: int) -> Step:
        """Keys; the facts know."""
        del token
        context = Context(self.scope, "group")
        view = view.with_facts(replace(view.facts[0], grouped=True))
        return view, (
            Operand(context, literals="none", bare=False),
            MoreKeys(context, _MAX_KEYS - 1, view.next_start),
        )

    def cost(self, view: View) -> int:
        """The keyword and a column where an aggregate may end up beside a column."""
        facts = view.facts[0]
        return 2 if needs_group(replace(facts, plain=True)) else 0


@dataclass(frozen=True, slots=True)
class Having(Optional):
    """HAVING."""

    scope: Scope

    def first(self, view: View) -> Ids:
        """Its keyword, after GROUP BY."""
        return keywords("having") if view.facts[0].grouped else NOTHING

    def step(self, view: View, token: int) -> Step:
        """A condition."""
        del token
        return view, (Condition(Context(self.scope, "having", aggregates=True), "condition"),)


@dataclass(frozen=True, slots=True)
class Finish(Optional):
    """A set operation, or ORDER BY and LIMIT."""

    scope: Scope

    def first(self, view: View) -> Ids:
        """See the class."""
        found, facts = keywords("order", "limit"), view.facts[0]
        more = facts.arms < _MAX_ARMS and len(facts.items) <= _MAX_ITEMS
        return found | _SET_OPERATIONS if more else found

    def consumes(self, token: int) -> bool:
        """All but LIMIT."""
        return token != KEYWORD_IDS["limit"]

    def step(self, view: View, token: int) -> Step:
        """Expand."""
        facts, scope = view.facts[0], self.scope
        if token in _SET_OPERATIONS:
            needed = len(facts.items)
            view = view.with_facts(Facts(needed, arms=facts.arms + 1))
            return view, (Arm(scope.parent, needed, scope.depth),)
        if token == KEYWORD_IDS["limit"]:
            return view, (Limit(),)
        if facts.arms > 1:
            return view, (
                Place(len(facts.items)),
                Descending(),
                MorePlaces(len(facts.items), 2),
                Limit(),
            )
        context = Context(scope, "order", aggregates=facts.grouped or facts.aggregates > 0)
        first = Operand(context, literals="numbers", bare=False)
        more = MoreKeys(context, _MAX_KEYS - 1, len(view.written) + 1, ordered=True)
        return view, (first, Descending(), more, Limit())


@dataclass(frozen=True, slots=True)
class Place(Item):
    """An output column by number, in ORDER BY of a set operation."""

    count: int

    def first(self, view: View) -> Ids:
        """Numbers up to ``count``."""
        del view
        return frozenset(token for token, index in _PLACES.items() if index <= self.count)

    def step(self, view: View, token: int) -> Step:
        """Nothing follows."""
        del token
        return view, ()


@dataclass(frozen=True, slots=True)
class MorePlaces(Optional):
    """Up to ``more`` further places."""

    count: int
    more: int

    def first(self, view: View) -> Ids:
        """A comma."""
        del view
        return keywords(",") if self.more else NOTHING

    def step(self, view: View, token: int) -> Step:
        """Another place."""
        del token
        return view, (Place(self.count), Descending(), MorePlaces(self.count, self.more - 1))


@dataclass(frozen=True, slots=True)
class Limit(Optional):
    """LIMIT, and OFFSET after it."""

    name: Literal["limit", "offset"] = "limit"

    def first(self, view: View) -> Ids:
        """Its keyword."""
        del view
        return keywords(self.name)

    def step(self, view: View, token: int) -> Step:
        """A whole number."""
        del token
        count = LiteralOnly(None, "integer")
        return view, ((count, Limit("offset")) if self.name == "limit" else (count,))
