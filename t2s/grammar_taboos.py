"""What would be valid and senseless: the same thing twice where a second time adds nothing. Pure.

A *taboo* names sequences of ids that one stretch of the answer must not be: the right side of a comparison must not be
its left side, nor an output one that stands there already. Taboos only narrow what the grammar allows: where nothing
else is left, they give way, so that they never make a dead end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from t2s.encoding import KEYWORD_IDS
from t2s.grammar_terms import DIGITS, NOTHING, Ids, keywords
from t2s.ir_tree import INSTANCES

Written = tuple[int, ...]
_NUMBER_PARTS = DIGITS | {KEYWORD_IDS["."]}
_SUFFIXES = keywords(*INSTANCES, "outer")


@dataclass(frozen=True, slots=True)
class Taboo:
    """One stretch of the answer, and what it must not be.

    Attributes:
        start: Number of ids before it.
        sequences: What it must not be as a whole.
        onward: Ids after which it is something else although it began like that.
        among: The ids that may begin it; None when any may.
    """

    start: int
    sequences: frozenset[Written]
    onward: Ids = NOTHING
    among: Ids | None = None

    def narrow(self, written: Written, allowed: Ids, following: Callable[[int], Ids]) -> Ids:
        """Those of ``allowed`` after which the stretch can still be something else.

        Args:
            written: The answer so far.
            allowed: What the grammar allows next.
            following: What the grammar allows after one of them.
        """
        stretch = written[self.start :]
        if not stretch and self.among is not None:
            allowed &= self.among
        if stretch in self.sequences:
            return allowed & self._continues(stretch[-1])
        length, refused = len(stretch), set()
        for sequence in self.sequences:
            if sequence[:length] == stretch and len(sequence) in (length + 1, length + 2):
                token = sequence[length]
                if token in allowed and self._leads_nowhere((*stretch, token), following(token)):
                    refused.add(token)
        return allowed - refused

    def _leads_nowhere(self, stretch: Written, following: Ids) -> bool:
        """Whether ``stretch``, which ``following`` may follow, is what it must not be or can only become that."""
        if stretch in self.sequences:
            return not self._continues(stretch[-1]) & following
        return all((*stretch, token) in self.sequences for token in following)

    def _continues(self, token: int) -> Ids:
        """Ids that make more of a stretch that ends in ``token``: further digits, or the number of an instance."""
        return self.onward | (_NUMBER_PARTS if token in DIGITS else _SUFFIXES)
