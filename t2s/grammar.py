"""What may come next in the pointer language, so that a statement that does not fit its database cannot be written.

Enforced: the order of clauses; columns only of tables in scope; joins only along keys unless a condition follows;
sums and arithmetic only of numbers; a cell only beside its own column or one that a key ties to it; aggregates only
where SQLite allows them; GROUP BY where columns stand beside aggregates; set operations of equal width; literals that
are spelled completely; queries nested at most four deep. Beyond that, what is valid and senseless is left out where
there is another way on (``grammar_taboos``). There is always an allowed id, and with a budget always a way to end
within it. Pure: the part that speaks to ``transformers`` is ``backends.compact_decoding``.
"""

from __future__ import annotations

from t2s.encoding import KEYWORD_IDS, Inputs
from t2s.grammar_items import Facts, Keyword, Language, Stack, View, push
from t2s.grammar_queries import Done, Start, open_query
from t2s.grammar_terms import ANY, NOTHING, Ids

END = KEYWORD_IDS["</s>"]


class GrammarError(ValueError):
    """An id that may not come here."""


class State:
    """A point in one sequence of ids; immutable."""

    __slots__ = ("_possible", "_senseless", "_sensible", "_stack", "_view")

    def __init__(self, view: View, stack: Stack) -> None:
        """Use ``Grammar.start`` and ``advance`` instead."""
        self._view, self._stack = view, stack
        self._possible: Ids | None = None
        self._sensible: Ids | None = None
        self._senseless = NOTHING

    def allowed(self, remaining: int | None = None) -> Ids:
        """The ids that may come, never none.

        Args:
            remaining: How many ids may still be written, the end included. Where it is scarce, only ids after which
                the rest can still be completed are returned; where it never sufficed, those that end soonest.
        """
        if self._sensible is None:
            self._sensible = self._narrow(self.possible())
        if remaining is None or remaining > self.closing_distance() + _SLACK:
            return self._sensible
        sorts = {token: self._view.terms.sort(token) for token in self.possible()}
        samples = {sort: token for token, sort in sorts.items()}
        distances = {s: self.advance(token).closing_distance() for s, token in samples.items()}
        bound = max(remaining - 1, min(distances.values()))
        timely = frozenset(token for token, sort in sorts.items() if distances[sort] <= bound)
        return timely & self._sensible or timely

    def possible(self) -> Ids:
        """The ids that may come, senseless ones included."""
        if self._possible is None:
            self._gather()
        return self._possible or NOTHING

    def _gather(self) -> None:
        """Ask the items what may come next, and what of it is senseless."""
        found: set[int] = set()
        senseless: set[int] = set()
        view, stack = self._view, self._stack
        while stack is not None:
            item, stack = stack
            found |= item.first(view)
            senseless |= item.senseless(view)
            if not item.nullable(view):
                break
            view = item.leave(view)
        self._possible, self._senseless = frozenset(found), frozenset(senseless)

    def _narrow(self, possible: Ids) -> Ids:
        if self._senseless:
            possible = possible - self._senseless or possible
        for taboo in self._view.taboos:
            narrowed = taboo.narrow(self._view.written, possible, self._follow)
            possible = narrowed or possible
        return possible

    def _follow(self, token: int) -> Ids:
        return self.advance(token).possible()

    def advance(self, token: int) -> State:
        """The point after ``token``, which may be senseless.

        Raises:
            GrammarError: It may not come here.
        """
        view, stack = self._view, self._stack
        while stack is not None:
            item, stack = stack
            if token in item.first(view):
                consumed = item.consumes(token)
                view, items = item.step(view, token)
                stack = push(items, stack)
                if consumed:
                    return State(view.with_token(token), stack)
            elif item.nullable(view):
                view = item.leave(view)
            else:
                break
        raise GrammarError(f"id {token} may not come here")

    def closing_distance(self) -> int:
        """The number of ids, the end included, that a short completion needs."""
        total, view, stack = 0, self._view, self._stack
        while stack is not None:
            item, stack = stack
            cost = item.cost(view)
            view = item.foresee(view, cost)
            total += cost
        return total


# No id adds more than this to the shortest completion (a set operation of twelve columns adds most).
_SLACK = 30


class Grammar:
    """The grammar of one request."""

    def __init__(self, inputs: Inputs) -> None:
        """Index what ``inputs`` can point at."""
        self._terms = Language(inputs, open_query)

    def start(self) -> State:
        """The point before the first id (the start id is not part of the sequence)."""
        view = View(self._terms, ANY, (Facts(),))
        return State(view, push((Start(), Keyword("</s>"), Done()), None))
