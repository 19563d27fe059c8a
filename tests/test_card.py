"""Scores in the model card and in the README."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from t2s.backends import DEFAULT_FOLDER
from train import card

ROOT = Path(__file__).resolve().parents[1]
SPIDER = {
    "set": "spider", "split": "dev", "questions": 1034, "ex": 71.5, "ex_interval": [68.9, 74.2],
    "ex_extra_columns": 73.8, "questions_with_rows": 972, "ex_with_rows": 70.0, "valid": 100.0,
    "by_hardness": {"extra": [1, 5.0], "easy": [2, 8.0]}, "by_tables": {"1": [3, 7.0]}, "declined": 0,
    "decline_precision": None, "decline_recall": None, "expected_calibration_error": 0.1,
}  # fmt: skip
WIKISQL = {
    "set": "wikisql", "split": "dev", "questions": 8421, "logical_form": 75.0,
    "logical_form_interval": [74.1, 75.9], "valid": 99.9, "decline_precision": 0.0, "decline_recall": None,
    "expected_calibration_error": 0.2,
}  # fmt: skip
BIRD = {
    "set": "bird", "split": "train", "column_recall": 96.1, "table_recall": 98.2, "cut_questions": 1234,
}  # fmt: skip
TYPED = SPIDER | {
    "set": "typed", "questions": 9, "questions_with_rows": 9, "unanswerable": 4,
    "decline_precision": 80.0, "decline_recall": 60.0,
}  # fmt: skip


def test_readme_says_what_was_measured() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert card.build_readme_table(card.read_scores(DEFAULT_FOLDER)) in text
    assert card.fill_readme(text, card.read_scores(DEFAULT_FOLDER)) == text


def test_rows_of_the_readme() -> None:
    lines = card.build_readme_table([WIKISQL, BIRD, TYPED, SPIDER]).splitlines()
    assert lines[2:] == [
        "| Spider dev, EX on the 972 questions whose database has rows / all 1,034 | "
        "`python -m train.evaluate --set spider ...` | 70.0 % / 71.5 % (95 %: 68.9-74.2) |",
        "| by hardness |  | easy: 8.0 % of 2, extra: 5.0 % of 1 |",
        "| by tables in the gold query |  | 1: 7.0 % of 3 |",
        "| typed dev (questions as people type them, four unseen databases), EX of 9 | "
        "`python -m train.evaluate --set typed ...` | 71.5 % (95 %: 68.9-74.2); extra columns allowed 73.8 % |",
        "| by hardness |  | easy: 8.0 % of 2, extra: 5.0 % of 1 |",
        "| by tables in the gold query |  | 1: 7.0 % of 3 |",
        "| typed dev: declining (4 unanswerable), precision / recall |  | 80.0 / 60.0 % |",
        "| WikiSQL dev (headers only), logical form of 8,421 | "
        "`python -m train.evaluate --set wikisql ...` | 75.0 % (95 %: 74.1-75.9) |",
        "| BIRD train: gold columns / tables kept where it must choose | "
        "`python -m train.merged_schemas ...` | 96.1 / 98.2 % (1,234 questions) |",
        "| first candidate executes |  | Spider dev 100.0 %, typed dev 100.0 %, WikiSQL dev 99.9 % |",
        "| confidence: expected calibration error |  | Spider dev 0.1, typed dev 0.1, WikiSQL dev 0.2 |",
    ]


def test_the_command_changes_only_what_stands_between_the_markers(tmp_path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{card.README_BEGIN}\nold\n{card.README_END}\nafter\n")
    (tmp_path / card.SCORES).write_text(json.dumps([WIKISQL]))
    argv = ["--readme", str(readme), "--model", str(tmp_path)]
    assert card.main(argv) == 0
    text = readme.read_text()
    table = card.build_readme_table([WIKISQL])
    assert text == f"before\n{card.README_BEGIN}\n{table}\n{card.README_END}\nafter\n"
    assert card.main(argv) == 0
    assert readme.read_text() == text


@pytest.mark.parametrize("text", ["", card.README_BEGIN, card.README_END])
def test_a_readme_without_markers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        card.fill_readme(text, [])


def test_figures_of_a_set_take_the_place_of_earlier_ones(tmp_path) -> None:
    settings = {"encoder_lr": 1e-3, "decoder_lr": 1e-3, "warmup": 10, "average_decay": 0.9}
    record = {
        "parameters": 3e7, "settings": settings, "examples_seen": 5, "steps": 2, "training_seconds": 60,
        "phases": [],
    }  # fmt: skip
    (tmp_path / "run.json").write_text(json.dumps(record))
    for figures in (SPIDER, BIRD, WIKISQL | {"logical_form": 1.0}, WIKISQL):
        card.add_scores(tmp_path, figures)
    assert card.read_scores(tmp_path) == [SPIDER, BIRD, WIKISQL]
    text = (tmp_path / "README.md").read_text()
    assert "| wikisql dev | 75.0 % (95 %: 74.1-75.9) of 8421 (logical form) | - | 99.9 % |" in text
    assert "| spider dev | 71.5 % (95 %: 68.9-74.2) of 1034 | 70.0 % of 972 | 100.0 % |" in text
    assert "| bird train | 96.1 % | 98.2 % | 1234 |" in text
    assert "Order of the candidates" not in text
    reranker = {
        "weights": {"a": 1}, "files": ["x", "y"], "questions": 1200, "first right": 50.0, "cross-validated": 55.5,
        "any right": 70.0,
    }  # fmt: skip
    (tmp_path / "rerank.json").write_text(json.dumps(reranker))
    card.write_card(tmp_path, record)
    text = (tmp_path / "README.md").read_text()
    assert "holds 1 weights" in text
    assert "on 1,200 questions over 2 databases" in text
    assert "put first in 55.5 %" in text
