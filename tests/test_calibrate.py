"""Choosing when to decline, and how sure to say one is."""

import json
import math

import pytest

from t2s import calibration
from t2s.backends import checksums
from t2s.values import Candidate, Schema
from train import calibrate
from train.data import Pair
from train.figures import Outcome


def see(answerable, declining, margin, **others):
    return calibrate.Sighting(answerable=answerable, declining=declining, margin=margin, **others)


def test_the_threshold_of_declining_is_the_best_on_what_was_seen():
    seen = [
        see(False, 0.9, 1.0),
        see(False, 0.7, 1.0),
        see(False, 0.3, -1.0),
        see(True, 0.6, 1.0),
        see(True, 0.1, 1.0),
    ]
    threshold, _, precision, recall = calibrate.choose(seen, (0.0,))
    assert 0.6 < threshold <= 0.7
    assert (precision, round(recall, 3)) == (1.0, 0.667)


def test_a_margin_tells_apart_what_probabilities_do_not():
    seen = [see(False, 0.9, 4.0), see(True, 0.95, 1.0), see(True, 0.2, -2.0)]
    threshold, margin, precision, recall = calibrate.choose(seen)
    assert 1.0 < margin <= 4.0
    assert threshold <= 0.9
    assert (precision, recall) == (1.0, 1.0)


def test_what_a_question_ends_in_depends_on_the_threshold():
    seen = see(True, 0.6, 1.0, declining_share=0.75, share=0.25, right=True)
    assert seen.settle(0.5, 0.0) == (0.75, False)
    assert seen.settle(0.7, 0.0) == (0.25, True)
    assert seen.settle(0.5, 2.0) == (0.25, True)


OUTCOME = Outcome(
    Pair("tiny", "shop", "q", "SELECT 1"),
    "SELECT 1",
    True,
    True,
    False,
    True,
    0.1,
    0.4,
    True,
    Schema(()),
)
NO, YES, OTHER = Candidate(None, 0.6), Candidate("SELECT 1", 0.3), Candidate("SELECT 2", 0.1)
# candidates, scores -> probability of declining, its margin and its share
SEEN = [
    ((NO, YES, OTHER), (), (0.6, 0.0, 0.6)),
    ((YES, OTHER), (), (0.0, -math.inf, 0.0)),
    ((NO,), (), (0.6, 0.0, 1.0)),
    ((NO, YES), (1.0, 1.0), (0.6, 0.0, 0.5)),
    ((NO, YES, OTHER), (2.0, 0.0, -9.0), (0.6, 2.0, 0.88)),
    ((YES, OTHER), (2.0, 0.0), (0.0, -math.inf, 0.0)),
    ((NO,), (2.0,), (0.6, 0.0, 1.0)),
]


@pytest.mark.parametrize(("candidates", "scores", "expected"), SEEN)
def test_what_is_seen_of_a_question(candidates, scores, expected):
    found = calibrate.see(OUTCOME, calibrate.Heard(candidates, scores))
    assert (found.declining, found.margin, round(found.declining_share, 2)) == expected
    assert (found.answerable, found.share, found.right) == (True, 0.4, True)


def test_shares_are_fitted_to_how_often_they_are_right():
    scale, shift = 0.5, -0.4
    settled = []
    for share in (0.1, 0.3, 0.5, 0.7, 0.9, 0.97):
        right = round(1000 * calibration.scale(share, scale, shift))
        settled += [(share, True)] * right + [(share, False)] * (1000 - right)
    found = calibrate.fit(settled)
    assert found == (pytest.approx(scale, abs=0.01), pytest.approx(shift, abs=0.01))


@pytest.mark.parametrize("right", [True, False])
def test_the_fit_stays_finite_where_all_are_alike(right):
    scale, shift = calibrate.fit([(0.9, right), (0.6, right), (0.55, right)])
    assert abs(scale) < 50
    assert abs(shift) < 50
    assert (calibration.scale(0.8, scale, shift) > 0.5) is right


def test_settings_are_kept_with_their_hash(tmp_path):
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "config.json").write_text(json.dumps({"a": 1, "decline_threshold": 0.5}))
    checksums.write(tmp_path)
    calibrate.keep(tmp_path, {"decline_threshold": 0.9, "confidence_scale": 0.7})
    kept = json.loads((tmp_path / "config.json").read_text())
    assert kept == {"a": 1, "decline_threshold": 0.9, "confidence_scale": 0.7}
    assert "config.json" in checksums.check(tmp_path)
