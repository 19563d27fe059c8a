"""Confidence as the share of answers that are right: Platt scaling of log odds. Pure.

Source: J. Platt, Probabilistic outputs for support vector machines, 1999; for networks
https://arxiv.org/abs/1706.04599.
"""

from __future__ import annotations

import math

MAX_LOG_ODDS = 7.0  # beyond 0.999 a share tells no more


def scale(share: float, factor: float, shift: float) -> float:
    """Return the probability whose log odds are ``factor`` times those of ``share``, plus ``shift``."""
    return 1 / (1 + math.exp(-(factor * log_odds(share) + shift)))


def log_odds(share: float) -> float:
    """Return the natural logarithm of the odds, at most ``MAX_LOG_ODDS`` either way."""
    if share <= 0 or share >= 1:
        return math.copysign(MAX_LOG_ODDS, share - 0.5)
    return max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, math.log(share / (1 - share))))
