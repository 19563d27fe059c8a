"""What the grammar is made of: items, what they look at, and the stack that holds them. Pure.

A state of the decoder is a stack of *items*, what may still come, nearest first. An item says which ids may begin it
(``first``), whether it may be left out (``nullable``), what it turns into when one of them comes (``step``), and how
many symbols it needs at least (``cost``). All of it is immutable, so that beams share it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from t2s.encoding import KEYWORD_IDS, Inputs
from t2s.grammar_taboos import Taboo, Written
from t2s.grammar_terms import NOTHING, UNKNOWN, Ids, Scope, Terms, Value, keywords


@dataclass(frozen=True, slots=True)
class Facts:
    """What one open SELECT has written so far.

    Attributes:
        needed: Number of output columns it must have; None when free.
        items: Kinds of its output columns.
        aggregates: Number of aggregate calls in its list of columns.
        plain: True when a column stands there outside of aggregates.
        extremes: True while all aggregates are MIN or MAX, beside which SQLite defines bare columns.
        grouped: True after GROUP BY.
        arms: Number of SELECTs that set operations have joined so far.
    """

    needed: int | None = None
    items: tuple[str, ...] = ()
    aggregates: int = 0
    plain: bool = False
    extremes: bool = True
    grouped: bool = False
    arms: int = 1


class Language(Terms):
    """The terms of a request, and how a query is opened: expressions and queries hold each other.

    Args:
        inputs: The laid-out request.
        open_query: Makes the item of a query from the scope around it, its number of output columns and its depth.
    """

    def __init__(
        self, inputs: Inputs, open_query: Callable[[Scope | None, int | None, int], Item]
    ) -> None:
        """Keep how queries are opened."""
        super().__init__(inputs)
        self.open_query = open_query


class View:
    """What items look at.

    Attributes:
        terms: What the request can point at.
        last: The last operand.
        facts: Those of the SELECTs that are open, innermost first.
        written: The ids so far, without one that is being taken.
        taboos: What open stretches of the answer must not be, innermost first.
    """

    __slots__ = ("facts", "last", "taboos", "terms", "written")

    def __init__(
        self,
        terms: Language,
        last: Value,
        facts: tuple[Facts, ...],
        written: Written = (),
        taboos: tuple[Taboo, ...] = (),
    ) -> None:
        """Keep what the class says."""
        self.terms, self.last, self.facts = terms, last, facts
        self.written, self.taboos = written, taboos

    def with_last(self, last: Value) -> View:
        """The view after another operand."""
        return View(self.terms, last, self.facts, self.written, self.taboos)

    def with_facts(self, facts: Facts) -> View:
        """The view with other facts of the innermost SELECT."""
        return self.with_all_facts((facts, *self.facts[1:]))

    def with_all_facts(self, facts: tuple[Facts, ...]) -> View:
        """The view with the facts of other SELECTs."""
        return View(self.terms, self.last, facts, self.written, self.taboos)

    def with_token(self, token: int) -> View:
        """The view after one more id."""
        return View(self.terms, self.last, self.facts, (*self.written, token), self.taboos)

    def with_taboo(self, taboo: Taboo) -> View:
        """The view inside a stretch that must not be anything; ``Lift`` ends it."""
        taboos = (taboo, *self.taboos)
        return View(self.terms, self.last, self.facts, self.written, taboos)

    def forbid(self, sequences: Iterable[Written], onward: Ids = NOTHING) -> View:
        """The view where what follows the id that is being taken must not be one of ``sequences``."""
        return self.with_taboo(Taboo(self.next_start, frozenset(sequences), onward))

    @property
    def next_start(self) -> int:
        """Where a stretch begins that follows the id which is being taken."""
        return len(self.written) + 1


class Item:
    """One thing that may come. Subclasses are frozen dataclasses and override what differs."""

    __slots__ = ()

    def first(self, view: View) -> Ids:
        """Ids that may begin it."""
        raise NotImplementedError

    def senseless(self, view: View) -> Ids:
        """Those of ``first`` that are better left out while there is another way on."""
        del view
        return NOTHING

    def nullable(self, view: View) -> bool:
        """Whether it may be left out."""
        del view
        return False

    def leave(self, view: View) -> View:
        """What is left behind when it is left out."""
        return view

    def consumes(self, token: int) -> bool:
        """Whether ``step`` uses ``token`` up; otherwise the first item that it returns begins with it too."""
        del token
        return True

    def step(self, view: View, token: int) -> Step:
        """What it becomes when ``token`` begins it: the view, and the items that follow, first to last."""
        raise NotImplementedError

    def cost(self, view: View) -> int:
        """The fewest symbols that complete it; ``view.last`` may be ``UNKNOWN``."""
        del view
        return 1

    def foresee(self, view: View, cost: int) -> View:
        """The view after the shortest completion."""
        return view.with_last(UNKNOWN) if cost else self.leave(view)


Step = tuple[View, tuple[Item, ...]]


class Optional(Item):
    """An item that may always be left out."""

    __slots__ = ()

    def nullable(self, view: View) -> bool:
        """Always."""
        del view
        return True

    def cost(self, view: View) -> int:
        """Nothing."""
        del view
        return 0


class Silent(Optional):
    """An item that no id begins: it is only left behind, for what it notes."""

    __slots__ = ()

    def first(self, view: View) -> Ids:
        """Nothing."""
        del view
        return NOTHING


class Rule(Item):
    """An item that stands for others and uses no id up itself."""

    __slots__ = ()

    def consumes(self, token: int) -> bool:
        """Never."""
        del token
        return False


class Known(Item):
    """An item that leaves the last operand as it is."""

    __slots__ = ()

    def foresee(self, view: View, cost: int) -> View:
        """The same."""
        del cost
        return view


@dataclass(frozen=True, slots=True)
class Keyword(Known):
    """One keyword that must come."""

    name: str

    def first(self, view: View) -> Ids:
        """The keyword."""
        del view
        return frozenset((KEYWORD_IDS[self.name],))

    def step(self, view: View, token: int) -> Step:
        """Nothing follows."""
        del token
        return view, ()


@dataclass(frozen=True, slots=True)
class Yield(Silent):
    """Says what the operand before it amounts to; ``value`` None makes it a plain value of its kind."""

    value: Value | None

    def leave(self, view: View) -> View:
        """Replace the last operand."""
        return view.with_last(self.value if self.value is not None else Value(view.last.kind))


@dataclass(frozen=True, slots=True)
class Lift(Silent):
    """The end of a stretch that had a taboo."""

    def leave(self, view: View) -> View:
        """Without the innermost taboo."""
        return View(view.terms, view.last, view.facts, view.written, view.taboos[1:])


@dataclass(frozen=True, slots=True)
class Descending(Optional):
    """DESC after a term."""

    def first(self, view: View) -> Ids:
        """Its keyword."""
        del view
        return keywords("desc")

    def step(self, view: View, token: int) -> Step:
        """Nothing follows."""
        del token
        return view, ()


Stack = tuple[Item, "Stack"] | None


def push(items: Sequence[Item], stack: Stack) -> Stack:
    """``items``, first on top, over ``stack``."""
    for item in reversed(items):
        stack = (item, stack)
    return stack
