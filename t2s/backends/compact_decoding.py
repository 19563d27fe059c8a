"""The grammar as a ``LogitsProcessor``: scores of ids that may not come become minus infinity."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import LogitsProcessor

from t2s.grammar import Grammar, GrammarError, State

Prefix = tuple[int, ...]


class MaskProcessor(LogitsProcessor):
    """Masks the next id of every beam of every request in a batch.

    States are kept by prefix, so that each step advances by one id whichever row a prefix has moved to.

    Args:
        grammar: The grammar of the request, or one for each request of the batch.
        beams: Rows that each request has.
        budget: How many ids may be written in all, the end included.
    """

    def __init__(self, grammar: Grammar | Sequence[Grammar], *, beams: int, budget: int) -> None:
        """Start with empty prefixes."""
        grammars = [grammar] if isinstance(grammar, Grammar) else list(grammar)
        self._beams, self._budget = beams, budget
        self._states: list[dict[Prefix, State]] = [{(): one.start()} for one in grammars]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Mask one step.

        Args:
            input_ids: Ids so far (rows, written + 1), the start id first.
            scores: Scores of the next id (rows, ids).

        Returns:
            The scores, minus infinity where the grammar forbids the id. A row that has left the grammar is left as
            it is: beam search fills its table with such rows, at a score of minus infinity, when too few ids are
            allowed.
        """
        masked = torch.full_like(scores, -torch.inf)
        kept: list[dict[Prefix, State]] = [{} for _ in self._states]
        for row, written in enumerate(input_ids[:, 1:].tolist()):
            request, prefix = row // self._beams, tuple(written)
            state = kept[request].get(prefix) or self._find(request, prefix)
            if state is None:
                masked[row] = scores[row]
                continue
            kept[request][prefix] = state
            ids = sorted(state.allowed(self._budget - len(prefix)))
            allowed = torch.tensor(ids, device=scores.device)
            masked[row, allowed] = scores[row, allowed]
        self._states = kept
        return masked

    def _find(self, request: int, prefix: Prefix) -> State | None:
        if not prefix:
            return self._states[request].get(prefix)
        before = self._states[request].get(prefix[:-1])
        try:
            return None if before is None else before.advance(prefix[-1])
        except GrammarError:
            return None
