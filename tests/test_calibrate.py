"""Choosing when to decline, and how sure to say one is."""

import json

import pytest

from t2s.backends import calibration, checksums
from train import calibrate


def test_the_threshold_of_declining_is_the_best_on_what_was_seen():
    seen = [
        calibrate.Sighting(answerable=False, declining=0.9, best=0.05),
        calibrate.Sighting(answerable=False, declining=0.7, best=0.2),
        calibrate.Sighting(answerable=False, declining=0.3, best=0.5),
        calibrate.Sighting(answerable=True, declining=0.6, best=0.3),
        calibrate.Sighting(answerable=True, declining=0.1, best=0.8),
    ]
    threshold, precision, recall = calibrate.choose(seen)
    assert 0.6 < threshold <= 0.7
    assert (precision, round(recall, 3)) == (1.0, 0.667)


def test_what_a_question_ends_in_depends_on_the_threshold():
    seen = calibrate.Sighting(
        answerable=True, declining=0.6, best=0.2, total=0.8, share=0.25, right=True
    )
    assert seen.settle(0.5) == (pytest.approx(0.75), False)
    assert seen.settle(0.7) == (0.25, True)


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
