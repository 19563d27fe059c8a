"""Items of the grammar for operands, calls and conditions. Pure.

They hold each other (a call has operands, CASE has conditions, a condition has operands), so they stand in one module.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from t2s.encoding import KEYWORD_IDS
from t2s.grammar_items import (
    Descending,
    Facts,
    Item,
    Keyword,
    Known,
    Lift,
    Optional,
    Rule,
    Silent,
    Step,
    View,
    Yield,
)
from t2s.grammar_literals import DateWord, LiteralOnly, read_literal
from t2s.grammar_taboos import Taboo, Written
from t2s.grammar_terms import (
    ANY,
    CONDITION,
    DIGITS,
    NOTHING,
    NUMBER,
    NUMERIC_KINDS,
    Ids,
    Scope,
    Value,
    keywords,
)
from t2s.ir_tree import (
    AGGREGATES,
    CASTS,
    COMPARISONS,
    CONSTANTS,
    FORMATS,
    FUNCTIONS,
    INSTANCES,
    KEYWORDS,
    OUTPUTS,
    PRODUCTS,
    RANKINGS,
    REORDERED,
    SLICES,
    SUMS,
)

Literals = Literal["all", "numbers", "none"]
Mode = Literal["value", "either", "condition"]
MAX_DEPTH = 4
# SQLite's parser gives up when about a hundred symbols are open.
_MAX_NESTING = 6
_MAX_MEMBERS = 12

_OPEN, _FROM = KEYWORD_IDS["("], KEYWORD_IDS["from"]
_ARITHMETIC, _JOINED = keywords(*SUMS, *PRODUCTS), keywords("||")
_PRODUCTS, OPERATORS = keywords(*PRODUCTS), _ARITHMETIC | _JOINED
# Operators that make nothing of the same operand twice, and those whose right side they take back.
_UNDOING = {KEYWORD_IDS["minus"]: KEYWORD_IDS["plus"], KEYWORD_IDS["divide"]: KEYWORD_IDS["times"]}
_COMPARE = keywords(*(name for name in COMPARISONS if not name.endswith("like")))
_LIKE, _IN = keywords("like", "not_like"), keywords("in", "not_in")
_BETWEEN, _NULL_TESTS = keywords("between", "not_between"), keywords("is_null", "not_null")
_EXISTS, _LOGIC = keywords("exists", "not_exists"), keywords("and", "or")
_OUTPUTS = {KEYWORD_IDS[name]: index for index, name in enumerate(OUTPUTS, 1)}
_INSTANCES = {KEYWORD_IDS[name]: index for index, name in enumerate(INSTANCES, 2)}
_CONSTANTS = keywords(*CONSTANTS)
_AGGREGATES, _TEXT_AGGREGATES = keywords(*AGGREGATES), keywords("group_concat")
_RANKINGS = keywords(*RANKINGS)
_DATE_CALLS = keywords("date", "datetime", "time", "julianday", *FORMATS)
# Calls on dates by what their column must be fit for.
_DATED_CALLS = {
    "date": _DATE_CALLS,
    "slice": keywords(*SLICES),
    **{order: keywords(*(n for n in REORDERED if n.startswith(order))) for order in ("dmy", "mdy")},
}
WITHOUT_FROM = keywords("(", "abs", "round")
_NUMBER_CALLS = keywords(
    "abs", "round", "length", "instr", "to_integer", "to_real", "to_numeric", "flag"
)
_EITHER_CALLS = keywords("coalesce", "nullif", "least", "greatest")
_OTHER_CALLS = keywords(*FUNCTIONS, *CASTS) - _NUMBER_CALLS - _DATE_CALLS
_NOT, _NEG, _NULL, _NOW = keywords("not"), keywords("neg"), keywords("null"), keywords("now")
_DISTINCT, _STAR = KEYWORD_IDS["distinct"], KEYWORD_IDS["*"]
# What a call yields; others keep the kind of their operand, or "any" with several.
_YIELDS: dict[str, Value] = {
    **dict.fromkeys(("count", "sum", "avg", "total", *RANKINGS), NUMBER),
    **dict.fromkeys(("abs", "round", "length", "instr", "julianday", "flag"), NUMBER),
    **dict.fromkeys(("to_integer", "to_real", "to_numeric"), NUMBER),
    **dict.fromkeys(("date", "datetime", "time", *FORMATS, *REORDERED), Value("string")),
    **dict.fromkeys(("substr", "replace", "group_concat", "to_text", *SLICES), Value("string")),
    **dict.fromkeys(("coalesce", "nullif", "least", "greatest"), ANY),
}


@dataclass(frozen=True, slots=True)
class Context:
    """Where an expression stands.

    Attributes:
        scope: What it may refer to.
        clause: ``select``, ``where``, ``on``, ``group``, ``having``, ``order`` or ``over``.
        aggregates: Whether aggregates may stand here.
        windows: Whether window functions may stand here.
        inside: True inside an aggregate, where only the nearest FROM may be referred to.
        nesting: How many calls and parentheses are open around it.
    """

    scope: Scope
    clause: str
    aggregates: bool = False
    windows: bool = False
    inside: bool = False
    nesting: int = 0

    @property
    def positional(self) -> bool:
        """Whether SQLite would read a bare number as a position of the SELECT list."""
        return self.clause in ("group", "order")

    @property
    def local(self) -> bool:
        """Whether only the nearest FROM may be referred to; SQLite finds no others when it sorts or groups."""
        return self.inside or self.positional

    @property
    def constant(self) -> bool:
        """Whether there is no FROM, so that only numbers and subqueries can stand here."""
        return not self.scope.members and self.scope.parent is None

    def nest(self) -> Context:
        """The context inside a call, CASE or parentheses that stand here."""
        return replace(self, nesting=self.nesting + 1)


@dataclass(frozen=True, slots=True)
class _Suffix(Known):
    """``@2`` and ``outer`` after a column of ``table`` (None: output ``index`` of a derived table)."""

    context: Context
    table: str | None
    index: int = 0
    instance: int = 1
    up: int = 0

    def _marks(self, instance: int, up: int) -> int | None:
        hits = self.context.scope.hits(self.table, instance)
        if self.context.local:
            hits = [hit for hit in hits[:1] if any(hit is m for m in self.context.scope.members)]
        for place in range(up, len(hits)):
            if self.table is not None or len(hits[place].outputs) >= self.index:
                return place - up
        return None

    def first(self, view: View) -> Ids:
        del view
        found: set[int] = set()
        if not self.up and self.instance == 1:
            found = {t for t, number in _INSTANCES.items() if self._marks(number, 0) is not None}
        if self._marks(self.instance, self.up + 1) is not None:
            found.add(KEYWORD_IDS["outer"])
        return frozenset(found)

    def nullable(self, view: View) -> bool:
        del view
        return self._marks(self.instance, self.up) == 0

    def step(self, view: View, token: int) -> Step:
        if token in _INSTANCES:
            return view, (replace(self, instance=_INSTANCES[token]),)
        return view, (replace(self, up=self.up + 1),)

    def cost(self, view: View) -> int:
        marks = [self._marks(self.instance, self.up)]
        if not self.up and self.instance == 1:
            other = [self._marks(number, 0) for number in _INSTANCES.values()]
            marks += [mark + 1 for mark in other if mark is not None]
        return min((mark for mark in marks if mark is not None), default=0)


@dataclass(frozen=True, slots=True)
class _Primary(Item):
    """An operand that holds together: a column, a literal, a call, CASE, or something in parentheses.

    Attributes:
        context: Where it stands.
        need: What it must be fit for (see ``grammar_terms.serves``).
        against: The other side of a comparison.
        literals: Which literals it may be.
        pattern: True for the right side of LIKE.
    """

    context: Context
    need: str = ""
    against: Value | None = None
    literals: Literals = "all"
    pattern: bool = False

    def first(self, view: View) -> Ids:
        key = (self.context, self.need, self.against, self.literals, self.pattern)
        found = view.terms.remembered.get(key)
        if found is None:
            found = view.terms.remembered[key] = self._gather(view)
        return found

    def _gather(self, view: View) -> Ids:
        context, scope, local = self.context, self.context.scope, self.context.local
        if self.pattern:
            return view.terms.literals(self.against, "text")
        found = set(scope.columns(self.need, local=local))
        if self.literals != "none":
            numeric = self.need == "number" or self.literals == "numbers" or context.constant
            against = NUMBER if numeric else self.against
            found |= view.terms.literals(against, "any")
            if against is None or against.kind in NUMERIC_KINDS:
                found |= _CONSTANTS
        if context.nesting >= _MAX_NESTING:
            return frozenset(found) or keywords("flag")
        if context.constant:
            return frozenset(found) | WITHOUT_FROM
        found |= keywords("(", "case")
        if scope.columns(local=local):
            found |= _NUMBER_CALLS | (_OTHER_CALLS if self.need != "number" else _EITHER_CALLS)
        for need, calls in _DATED_CALLS.items():
            if scope.columns(need, local=local):
                found |= calls
        if context.aggregates and not context.inside and scope.columns(local=True):
            found |= _AGGREGATES if self.need != "number" else _AGGREGATES - _TEXT_AGGREGATES
            if context.windows:
                found |= _RANKINGS
        return frozenset(found)

    def step(self, view: View, token: int) -> Step:
        context = self.context
        if token in view.terms.columns:
            table, _ = column = view.terms.columns[token]
            view = view.with_last(Value(view.terms.kind(column), column))
            return _note_plain(view, context), (_Suffix(context, table),)
        if token in _OUTPUTS:
            index = _OUTPUTS[token]
            outputs = next(iter(context.scope.hits(None, 1))).outputs
            view = view.with_last(Value(outputs[index - 1] if index <= len(outputs) else "any"))
            return _note_plain(view, context), (_Suffix(context, None, index),)
        nested = context.nest()
        if token == _OPEN:
            return view, (_Inner(nested), _Close(nested))
        name = KEYWORDS[token] if token < len(KEYWORDS) else ""
        if name in CONSTANTS:
            return view.with_last(Value("number", literal=True)), ()
        if name == "case":
            return view, (_CaseBranch(nested, only=True), Keyword("end"), Yield(ANY))
        if name in RANKINGS:
            return view, (Keyword("over"), *_window_items(nested))
        if name in AGGREGATES:
            return self._open_aggregate(view, name)
        if name in FUNCTIONS or name in CASTS or (":" in name):
            return view, _call_items(nested, name)
        return read_literal(view, token)

    def _open_aggregate(self, view: View, name: str) -> Step:
        before = view.facts[0]
        if self.context.clause == "select":
            extremes = before.extremes and name in ("min", "max")
            count = before.aggregates + 1
            view = view.with_facts(replace(before, aggregates=count, extremes=extremes))
        tail: tuple[Item, ...] = (_OverTail(self.context, before),) if self.context.windows else ()
        if name in _YIELDS:
            tail = (Yield(_YIELDS[name]), *tail)
        inner = replace(self.context.nest(), inside=True, windows=False)
        return view, (_Aggregated(inner, name, tail),)

    def cost(self, view: View) -> int:
        if self.pattern:
            return 2
        if self.context.scope.columns(self.need, local=self.context.local):
            return 1
        return 1 if DIGITS & self.first(view) else 5


def _note_plain(view: View, context: Context) -> View:
    if context.clause == "select" and not context.inside and not view.facts[0].plain:
        return view.with_facts(replace(view.facts[0], plain=True))
    return view


def _call_items(context: Context, name: str) -> tuple[Item, ...]:
    """The items after the name of a function that is no aggregate."""
    fewest, most = FUNCTIONS.get(name, (1, 1))
    tail: tuple[Item, ...] = (Yield(_YIELDS[name]),) if name in _YIELDS else ()
    if name == "flag":
        return (_FlagOperand(context), *tail)
    if name in REORDERED:
        return (_PlainColumn(context, name[:3]), *tail)
    if fewest == 1:
        dates = KEYWORD_IDS[name] in _DATE_CALLS
        need = "date" if dates else "number" if name in ("abs", "round") else ""
        need = "slice" if name in SLICES else need
        return (_Argument(context, need, dates, most - 1), *tail)
    items: list[Item] = [Keyword("("), Operand(context)]
    for _ in range(fewest - 1):
        items += [Keyword(","), Operand(context)]
    return (*items, _Close(context, more=most - fewest, given=True), *tail)


def _window_items(context: Context) -> tuple[Item, ...]:
    """The items after ``over``."""
    inner = replace(context, clause="over", aggregates=False, windows=False)
    return Keyword("("), _Partition(inner), _WindowOrder(inner), Keyword(")"), Yield(NUMBER)


@dataclass(frozen=True, slots=True)
class _Close(Item):
    """The closing parenthesis, and further arguments before it.

    Attributes:
        context: Where the parentheses stand.
        more: How many further arguments may come.
        given: True when the parentheses are those of a call, so that they may hold anything.
        dates: True when the further arguments modify a date.
    """

    context: Context
    more: int = 0
    given: bool = False
    dates: bool = False

    def _is_bare(self, view: View) -> bool:
        return view.last.literal and bool(self.context.scope.columns())

    def first(self, view: View) -> Ids:
        found = keywords(")") if self.given or view.last.compound else NOTHING
        return found | keywords(",") if self.more else found

    def step(self, view: View, token: int) -> Step:
        if token == KEYWORD_IDS[")"]:
            return view.with_last(Value(view.last.kind)), ()
        rest = replace(self, more=self.more - 1, given=True)
        return view, (DateWord() if self.dates else Operand(self.context), rest)

    def cost(self, view: View) -> int:
        if self.given or view.last.compound:
            return 1
        if self._is_bare(view):
            return 3
        return 4 if view.last.kind == "condition" else 2

    def foresee(self, view: View, cost: int) -> View:
        kept = self.given or view.last.compound or self._is_bare(view)
        return view.with_last(Value(view.last.kind if kept else "condition"))


@dataclass(frozen=True, slots=True)
class _Inner(Rule):
    """What stands in parentheses: a query or an expression."""

    context: Context

    def first(self, view: View) -> Ids:
        found = Condition(self.context, "either").first(view)
        return found | {_FROM} if _may_nest(self.context) else found

    def step(self, view: View, token: int) -> Step:
        if token == _FROM:
            return view, _subquery_items(view, self.context, 1)
        return view, (Condition(self.context, "either"),)

    def cost(self, view: View) -> int:
        return Operand(self.context).cost(view)


def _may_nest(context: Context) -> bool:
    """Whether a subquery may stand here.

    An aggregate whose operand refers only to outer scopes would belong to the outer query, where it may not stand.
    """
    if context.inside and context.scope.parent is not None:
        return False
    return context.scope.depth < MAX_DEPTH


def _subquery_items(view: View, context: Context, needed: int | None) -> tuple[Item, ...]:
    """A query of ``needed`` columns inside an expression; its parentheses are not included."""
    scope = context.scope
    return view.terms.open_query(scope, needed, scope.depth + 1), _EndQuery()


@dataclass(frozen=True, slots=True)
class _EndQuery(Silent):
    """Leaves the facts of a subquery behind; it is worth what its first column is."""

    def leave(self, view: View) -> View:
        items = view.facts[0].items
        value = Value(items[0] if items else "any", compound=True)
        return view.with_last(value).with_all_facts(view.facts[1:])


@dataclass(frozen=True, slots=True)
class _Aggregated(Item):
    """The operand of the aggregate ``name``, and ``tail`` after it."""

    context: Context
    name: str
    tail: tuple[Item, ...]

    def _operand(self) -> _Primary:
        need = "number" if self.name in ("sum", "avg", "total") else ""
        return _Primary(self.context, need, literals="none")

    def first(self, view: View) -> Ids:
        found = self._operand().first(view) | keywords("distinct")
        return found | keywords("*") if self.name == "count" else found

    def consumes(self, token: int) -> bool:
        return token in (_DISTINCT, _STAR)

    def step(self, view: View, token: int) -> Step:
        if token == KEYWORD_IDS["*"]:
            return view.with_last(NUMBER), self.tail
        if token == KEYWORD_IDS["distinct"]:
            plain = tuple(item for item in self.tail if not isinstance(item, _OverTail))
            return view, (self._operand(), *plain)
        return view, (self._operand(), *self.tail)

    def cost(self, view: View) -> int:
        return self._operand().cost(view)


@dataclass(frozen=True, slots=True)
class _OverTail(Optional):
    """OVER after an aggregate, which then leaves the rows as they are; ``before`` are the facts without it."""

    context: Context
    before: Facts

    def first(self, view: View) -> Ids:
        del view
        return keywords("over")

    def step(self, view: View, token: int) -> Step:
        del token
        return view.with_facts(self.before), _window_items(self.context)


@dataclass(frozen=True, slots=True)
class _Partition(Optional):
    """PARTITION BY of a window."""

    context: Context

    def first(self, view: View) -> Ids:
        del view
        return keywords("partition")

    def step(self, view: View, token: int) -> Step:
        del token
        key = Operand(self.context, literals="none")
        return view, (key, MoreKeys(self.context, 2, view.next_start))


@dataclass(frozen=True, slots=True)
class _WindowOrder(_Partition):
    """ORDER BY of a window."""

    def first(self, view: View) -> Ids:
        del view
        return keywords("order")

    def step(self, view: View, token: int) -> Step:
        del token
        return view, (Operand(self.context, literals="none"), Descending())


@dataclass(frozen=True, slots=True)
class MoreKeys(Optional):
    """Up to ``more`` further keys of GROUP BY, PARTITION BY or, ``ordered``, ORDER BY.

    The last key begins at ``start``; ``seen`` came before it.
    """

    context: Context
    more: int
    start: int
    ordered: bool = False
    seen: tuple[Written, ...] = ()

    def first(self, view: View) -> Ids:
        """A comma."""
        del view
        return keywords(",") if self.more else NOTHING

    def step(self, view: View, token: int) -> Step:
        """Another key."""
        del token
        last = view.written[self.start :]
        seen = (*self.seen, last[:-1] if last[-1] == KEYWORD_IDS["desc"] else last)
        rest = replace(self, more=self.more - 1, start=view.next_start, seen=seen)
        literals: Literals = "numbers" if self.ordered else "none"
        key = Operand(self.context, literals=literals, bare=False)
        direction = (Descending(),) if self.ordered else ()
        return view.forbid(seen, OPERATORS), (key, Lift(), *direction, rest)


@dataclass(frozen=True, slots=True)
class _FlagOperand(Item):
    """What a flag is about: a condition in parentheses, EXISTS, or a column of flags."""

    context: Context

    def _column(self) -> _Primary:
        return _Primary(self.context, "number", literals="none")

    def first(self, view: View) -> Ids:
        found = keywords("(") | self.context.scope.columns("number", local=self.context.local)
        return found | _EXISTS if _may_nest(self.context) else found

    def consumes(self, token: int) -> bool:
        return token == _OPEN

    def step(self, view: View, token: int) -> Step:
        if token == _OPEN:
            return view, (Condition(self.context.nest(), "condition"), Keyword(")"))
        if token in _EXISTS:
            return view, (_Test(self.context, "condition"),)
        return view, (self._column(),)

    def cost(self, view: View) -> int:
        return 2 + Condition(self.context, "condition").cost(view)


@dataclass(frozen=True, slots=True)
class _PlainColumn(Rule):
    """A column that holds dates as text; it is written out several times, so it is nothing longer."""

    context: Context
    need: str

    def first(self, view: View) -> Ids:
        del view
        return self.context.scope.columns(self.need, local=self.context.local)

    def step(self, view: View, token: int) -> Step:
        del token
        return view, (_Primary(self.context, self.need, literals="none"),)


@dataclass(frozen=True, slots=True)
class _Argument(Item):
    """The operand of a function, or in parentheses up to ``more`` further ones."""

    context: Context
    need: str
    dates: bool
    more: int

    def _operand(self) -> _Primary:
        return _Primary(
            self.context, self.need, literals="none" if self.need == "number" else "all"
        )

    def first(self, view: View) -> Ids:
        found = self._operand().first(view)
        return found | _NOW if self.dates else found

    def consumes(self, token: int) -> bool:
        return token == _OPEN or token in _NOW

    def step(self, view: View, token: int) -> Step:
        if token in _NOW:
            return view.with_last(Value("string")), ()
        if token != _OPEN:
            return view, (self._operand(),)
        return view, (_Opened(self.context.nest(), self.dates, self.more),)

    def cost(self, view: View) -> int:
        return self._operand().cost(view)


@dataclass(frozen=True, slots=True)
class _Opened(Item):
    """The parenthesis of a function is open: a query alone, or an operand and further ones."""

    context: Context
    dates: bool
    more: int

    def first(self, view: View) -> Ids:
        found = _Inner(self.context).first(view)
        return found | _NOW if self.dates and self.more else found

    def consumes(self, token: int) -> bool:
        return token in _NOW

    def step(self, view: View, token: int) -> Step:
        close = _Close(self.context, self.more, dates=self.dates)
        if token in _NOW:
            rest = replace(close, more=self.more - 1, given=True)
            return view.with_last(Value("string")), (Keyword(","), DateWord(), rest)
        if token == _FROM:
            return view, (_Inner(self.context), _Close(self.context))
        return view, (Condition(self.context, "either"), close)

    def cost(self, view: View) -> int:
        return Operand(self.context).cost(view) + 2

    def foresee(self, view: View, cost: int) -> View:
        del cost
        return view.with_last(Value("condition"))


@dataclass(frozen=True, slots=True)
class _CaseBranch(Item):
    """WHEN condition THEN value, and further branches; ``only`` for the first."""

    context: Context
    only: bool = False

    def first(self, view: View) -> Ids:
        del view
        return keywords("when")

    def step(self, view: View, token: int) -> Step:
        del token
        return view, (Condition(self.context, "condition"), _Then(self.context, self.only))

    def cost(self, view: View) -> int:
        return 3 + Condition(self.context, "condition").cost(view)


@dataclass(frozen=True, slots=True)
class _Then(Item):
    """THEN value, and further branches."""

    context: Context
    only: bool

    def first(self, view: View) -> Ids:
        del view
        return keywords("then")

    def step(self, view: View, token: int) -> Step:
        del token
        start = view.next_start if self.only else None
        return view, (_Result(self.context), _CaseTail(self.context, start))

    def cost(self, view: View) -> int:
        return 1 + _Result(self.context).cost(view)


@dataclass(frozen=True, slots=True)
class _CaseTail(Optional):
    """Further branches, or ELSE, whose value must not be that of the only branch (at ``start``)."""

    context: Context
    start: int | None

    def first(self, view: View) -> Ids:
        del view
        return keywords("when", "else")

    def consumes(self, token: int) -> bool:
        return token == KEYWORD_IDS["else"]

    def step(self, view: View, token: int) -> Step:
        if token == KEYWORD_IDS["else"]:
            same = () if self.start is None else (view.written[self.start :],)
            return view.forbid(same), (_Result(self.context), Lift())
        return view, (_CaseBranch(self.context),)


@dataclass(frozen=True, slots=True)
class _Result(Item):
    """The value of a branch of CASE."""

    context: Context

    def first(self, view: View) -> Ids:
        return Operand(self.context).first(view) | _NULL

    def consumes(self, token: int) -> bool:
        return token in _NULL

    def step(self, view: View, token: int) -> Step:
        return (view.with_last(ANY), ()) if token in _NULL else (view, (Operand(self.context),))


@dataclass(frozen=True, slots=True)
class Operand(Item):
    """Arithmetic and concatenation over primaries.

    Attributes:
        context: Where it stands.
        against: The other side of a comparison.
        literals: Which literals it may begin with.
        pattern: True for the right side of LIKE.
        bare: Whether it may be nothing but a literal.
    """

    context: Context
    against: Value | None = None
    literals: Literals = "all"
    pattern: bool = False
    bare: bool = True

    def _primary(self) -> _Primary:
        return _Primary(self.context, "", self.against, self.literals, self.pattern)

    def first(self, view: View) -> Ids:
        """A primary, or a sign where SQLite would not take it for a position."""
        found = self._primary().first(view)
        position = self.context.positional and not self.bare
        if position or self.pattern or self.literals == "none":
            return found
        return found | _NEG

    def consumes(self, token: int) -> bool:
        """The sign."""
        return token in _NEG

    def step(self, view: View, token: int) -> Step:
        """Expand."""
        start = len(view.written)
        if token in _NEG:
            signed = (_Primary(self.context, "number"), Yield(NUMBER))
            return view, (*signed, _OperandTail(self.context, bare=True, start=start))
        bare = self.bare or not self.context.scope.columns()
        return view, (self._primary(), _OperandTail(self.context, bare, start))

    def cost(self, view: View) -> int:
        """That of its primary."""
        return self._primary().cost(view)


@dataclass(frozen=True, slots=True)
class _OperandTail(Item):
    """An operator and its right side, again and again; needed after a literal unless ``bare``.

    Attributes:
        context: Where it stands.
        bare: Whether what came may be all.
        start: Where the operand before it begins.
        before: The operator before that operand.
    """

    context: Context
    bare: bool
    start: int
    before: int | None = None

    def first(self, view: View) -> Ids:
        kind = view.last.kind
        if kind in ("number", "boolean", "string", "any"):
            return _ARITHMETIC | _JOINED
        return _JOINED if kind in ("text", "date") else NOTHING

    def nullable(self, view: View) -> bool:
        return self.bare or not view.last.literal

    def step(self, view: View, token: int) -> Step:
        arithmetic = token in _ARITHMETIC
        right = _SignedPrimary(self.context) if arithmetic else _Primary(self.context)
        result = Value("number" if arithmetic else "string", compound=True)
        tail = _OperandTail(self.context, True, view.next_start, token)
        if token not in _UNDOING or self.before not in (None, _UNDOING[token]):
            return view, (right, Yield(result), tail)
        onward = _PRODUCTS if token == KEYWORD_IDS["minus"] else NOTHING
        view = view.forbid((view.written[self.start :],), onward)
        return view, (right, Yield(result), Lift(), tail)

    def cost(self, view: View) -> int:
        return 0 if self.nullable(view) else 1 + _Primary(self.context, "number").cost(view)


@dataclass(frozen=True, slots=True)
class _SignedPrimary(Item):
    """A number, possibly with a sign."""

    context: Context

    def first(self, view: View) -> Ids:
        return _Primary(self.context, "number").first(view) | _NEG

    def consumes(self, token: int) -> bool:
        return token in _NEG

    def step(self, view: View, token: int) -> Step:
        del token
        return view, (_Primary(self.context, "number"),)

    def cost(self, view: View) -> int:
        return _Primary(self.context, "number").cost(view)


@dataclass(frozen=True, slots=True)
class Condition(Rule):
    """Tests held together by AND and OR; ``either`` may also be a plain value."""

    context: Context
    mode: Mode

    def first(self, view: View) -> Ids:
        """That of a test."""
        return _Test(self.context, self.mode).first(view)

    def step(self, view: View, token: int) -> Step:
        """Expand."""
        del token
        joins = self.context.clause == "on"
        tail = _LogicTail(self.context, len(view.written))
        return view, (_Test(self.context, self.mode, joins=joins), tail)

    def cost(self, view: View) -> int:
        """That of a test."""
        return _Test(self.context, self.mode).cost(view)


@dataclass(frozen=True, slots=True)
class _Test(Item):
    """One test: NOT test, EXISTS, or an operand and what is asked of it; ``joins`` for the first of ON."""

    context: Context
    mode: Mode
    negated: bool = False
    joins: bool = False

    def _operand(self) -> Operand:
        either = self.mode == "either"
        return Operand(self.context, literals="all" if either else "numbers", bare=either)

    def first(self, view: View) -> Ids:
        found = self._operand().first(view)
        if not self.negated:
            found |= _NOT
        return found | _EXISTS if _may_nest(self.context) else found

    def consumes(self, token: int) -> bool:
        return token in _NOT or token in _EXISTS

    def step(self, view: View, token: int) -> Step:
        if token in _NOT:
            return view, (_Test(self.context, "condition", negated=True), Yield(CONDITION))
        if token in _EXISTS:
            query = _subquery_items(view, self.context, None)
            return view, (Keyword("("), *query, Keyword(")"), Yield(Value("condition")))
        tail = _TestTail(self.context, self.mode, len(view.written), self.joins)
        return view, (self._operand(), tail)

    def cost(self, view: View) -> int:
        return self._operand().cost(view) + (self.mode == "condition")


@dataclass(frozen=True, slots=True)
class _TestTail(Item):
    """What is asked of the operand that came; needed in a condition unless it is one already.

    Attributes:
        context: Where it stands.
        mode: What is expected.
        start: Where the operand begins.
        joins: Whether this is what ties a member of FROM to those before it.
    """

    context: Context
    mode: Mode
    start: int
    joins: bool

    def first(self, view: View) -> Ids:
        last = view.last
        if last.kind == "condition" or (last.literal and self.context.scope.columns()):
            return NOTHING
        found = _COMPARE | _BETWEEN | _IN
        if last.kind not in NUMERIC_KINDS:
            found |= _LIKE
        return found | _NULL_TESTS

    def senseless(self, view: View) -> Ids:
        never = view.last.column in view.terms.required and self.context.scope.complete
        return _NULL_TESTS if never else NOTHING

    def nullable(self, view: View) -> bool:
        return self.mode == "either" or view.last.kind in ("condition", "boolean")

    def leave(self, view: View) -> View:
        return view if self.mode == "either" else view.with_last(Value("condition"))

    def step(self, view: View, token: int) -> Step:
        against = replace(view.last, literal=False, compound=False)
        context = self.context
        if token in _NULL_TESTS:
            return view.with_last(CONDITION), ()
        if token in _IN:
            body = _Members(context, against)
            return view, (Keyword("("), body, Keyword(")"), Yield(CONDITION))
        if token in _BETWEEN:
            upper = _UpperBound(context, against, view.next_start)
            return view, (Operand(context, against), upper, Yield(CONDITION))
        left = view.written[self.start :]
        if token in _LIKE:
            side = Value("text", against.column)
            right = Operand(context, side, pattern=True)
            return view.forbid((left,)), (right, Lift(), Yield(CONDITION))
        taboo = Taboo(view.next_start, frozenset((left,)))
        if self.joins and (left[0] in view.terms.columns or left[0] in _OUTPUTS):
            taboo = _join_taboo(context.scope, left, taboo)
        return view.with_taboo(taboo), (Operand(context, against), Lift(), Yield(CONDITION))

    def cost(self, view: View) -> int:
        return int(not self.nullable(view))


def _join_taboo(scope: Scope, left: Written, taboo: Taboo) -> Taboo:
    """Keep the right side of ON from what does not tie its last member to one before it.

    Nothing is narrowed where ``left`` is more than a column.
    """
    spelled = [
        frozenset(
            (token, *scope.terms.marks(member)) for token in scope.terms.member_columns(member, "")
        )
        for member in scope.members
    ]
    mine = next((place for place, forms in enumerate(spelled) if left in forms), None)
    if mine is None:
        return taboo
    newest = len(spelled) - 1
    fit = spelled[:newest] if mine == newest else spelled[newest:]
    good = frozenset().union(*fit)
    bad = frozenset().union(*spelled) - good
    return replace(taboo, sequences=bad, among=frozenset(form[0] for form in good))


@dataclass(frozen=True, slots=True)
class _UpperBound(Item):
    """AND and the upper bound of BETWEEN, which is not the lower one (at ``start``)."""

    context: Context
    against: Value
    start: int

    def first(self, view: View) -> Ids:
        del view
        return keywords("and")

    def step(self, view: View, token: int) -> Step:
        del token
        view = view.forbid((view.written[self.start :],))
        return view, (Operand(self.context, self.against), Lift())

    def cost(self, view: View) -> int:
        return 1 + Operand(self.context, self.against).cost(view)


@dataclass(frozen=True, slots=True)
class _LogicTail(Optional):
    """AND or OR and another test.

    Attributes:
        context: Where it stands.
        start: Where the last test begins.
        run: Tests before it that AND ties to it.
        alone: Earlier ones that nothing but OR ties to others.
    """

    context: Context
    start: int
    run: tuple[Written, ...] = ()
    alone: tuple[Written, ...] = ()

    def first(self, view: View) -> Ids:
        return _LOGIC if view.last.kind == "condition" else NOTHING

    def step(self, view: View, token: int) -> Step:
        run, alone = (*self.run, view.written[self.start :]), self.alone
        seen = run
        if token == KEYWORD_IDS["or"]:
            seen = alone = alone if len(run) > 1 else (*alone, *run)
            run = ()
        rest = _LogicTail(self.context, view.next_start, run, alone)
        return view.forbid(seen), (_Test(self.context, "condition"), Yield(CONDITION), Lift(), rest)


@dataclass(frozen=True, slots=True)
class _Members(Rule):
    """What IN looks through: a query of one column, or literals."""

    context: Context
    against: Value

    def first(self, view: View) -> Ids:
        found = view.terms.literals(self.against, "any")
        return found | {_FROM} if _may_nest(self.context) else found

    def step(self, view: View, token: int) -> Step:
        if token == _FROM:
            return view, _subquery_items(view, self.context, 1)
        more = _MoreMembers(self.against, _MAX_MEMBERS - 1, len(view.written))
        return view, (LiteralOnly(self.against), more)

    def cost(self, view: View) -> int:
        return LiteralOnly(self.against).cost(view)


@dataclass(frozen=True, slots=True)
class _MoreMembers(Optional):
    """Up to ``more`` further literals; the last begins at ``start``, ``seen`` came before it."""

    against: Value
    more: int
    start: int
    seen: tuple[Written, ...] = ()

    def first(self, view: View) -> Ids:
        del view
        return keywords(",") if self.more else NOTHING

    def step(self, view: View, token: int) -> Step:
        del token
        seen = (*self.seen, view.written[self.start :])
        rest = _MoreMembers(self.against, self.more - 1, view.next_start, seen)
        return view.forbid(seen), (LiteralOnly(self.against), Lift(), rest)
