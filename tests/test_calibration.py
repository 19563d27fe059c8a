"""Log odds and their scaling."""

import math

import pytest

from t2s import calibration


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.5, 0.0), (0.9, math.log(9)), (0.1, -math.log(9)), (0.0, -7.0), (1.0, 7.0), (1 - 1e-9, 7.0)],
)
def test_log_odds(share, expected):
    assert calibration.log_odds(share) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("share", "factor", "shift", "expected"),
    [
        (0.9, 1.0, 0.0, 0.9),
        (0.9, 0.5, 0.0, 0.75),
        (0.5, 2.0, -math.log(3), 0.25),
        (0.0, 1, 0, 0.0009),
    ],
)
def test_scale(share, factor, shift, expected):
    assert calibration.scale(share, factor, shift) == pytest.approx(expected, abs=1e-4)
