"""A few seconds of the fuzz command, and proof that it would notice."""

from __future__ import annotations

import random
import sqlite3

import pytest

from tests import fuzz


def test_damaged_files_end_in_results_or_sentences():
    tally = fuzz.Tally()
    fuzz.fuzz_files(25, seed=11, tally=tally)
    assert tally.broken == []
    ended = tally.endings["file: read"] + tally.endings["file: DatabaseError"]
    assert ended == 25
    assert tally.endings["file: read"] > 0


def test_mutated_statements_end_in_results_or_sentences():
    tally = fuzz.Tally()
    fuzz.fuzz_statements(240, seed=11, tally=tally)
    assert tally.broken == []
    assert sum(tally.endings.values()) == 240
    assert tally.endings["statement: QueryResult"] > 0
    assert tally.endings["statement: UnsafeSqlError"] > 0


def test_the_same_seed_gives_the_same_cases(tmp_path):
    data = fuzz.build_bases(tmp_path)[0]
    assert fuzz.damage(data, random.Random("a")) == fuzz.damage(data, random.Random("a")) != data
    sql = fuzz.STATEMENTS[0]
    assert fuzz.mutate(sql, random.Random(5)) == fuzz.mutate(sql, random.Random(5)) != sql


@pytest.mark.parametrize(
    ("stray", "content"), [("x.sqlite-wal", b""), ("x.sqlite", b"changed"), ("y.txt", b"data")]
)
def test_files_that_should_not_be_there_are_noted(tmp_path, stray, content):
    tally = fuzz.Tally()
    (tmp_path / stray).write_bytes(content)
    fuzz._note_strays(tmp_path, "file 0", b"data", tally)
    assert len(tally.broken) == 1
    assert "files changed or added" in tally.broken[0]


@pytest.mark.parametrize(
    ("error", "max_seconds"), [(sqlite3.DatabaseError("leaked"), 60.0), (None, -1.0)]
)
def test_what_is_raised_and_what_is_late_is_noted(error, max_seconds):
    tally = fuzz.Tally()
    with fuzz._watch("case 0", max_seconds, tally):
        if error is not None:
            raise error
    assert len(tally.broken) == 1
    assert tally.broken[0].startswith("case 0: ")
