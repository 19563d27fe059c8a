"""The sample databases: sound, small, rebuilt to the same contents, with right questions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sample_dbs import Sample, SampleQuestion, list_samples, read_questions
from sample_dbs.build import build, list_builders, main

SAMPLES = list_samples()
MAX_BYTES = 4_000_000

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file so that nothing can write to it."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.execute("PRAGMA query_only = ON")
        yield connection


def list_tables(connection: sqlite3.Connection) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
    return [name for (name,) in connection.execute(query)]


def list_answerable() -> list[tuple[Sample, SampleQuestion]]:
    return [(s, q) for s in SAMPLES for q in read_questions(s.name) if q.sql is not None]


def test_every_sample_has_a_builder_and_a_file():
    assert {sample.name for sample in SAMPLES} == set(list_builders())
    assert all(sample.path.is_file() for sample in SAMPLES)
    assert all(sample.description.endswith(".") for sample in SAMPLES)


@each_sample
def test_file_is_small_and_has_enough_rows(sample: Sample):
    assert sample.path.stat().st_size <= MAX_BYTES
    with opened(sample.path) as connection:
        counts = [
            connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]
            for table in list_tables(connection)
        ]
    assert 2_000 <= max(counts) <= 50_000
    assert min(counts) > 0


@each_sample
def test_file_is_sound(sample: Sample):
    with opened(sample.path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize(
    ("name", "table_count", "key_count"),
    [
        ("bookshop", 8, 8),
        ("cinema", 9, 9),
        # Keys are left to be inferred.
        ("ski_resort", 7, 0),
        ("solar_installs", 1, 0),
    ],
)
def test_declared_foreign_keys(name: str, table_count: int, key_count: int):
    path = next(sample.path for sample in SAMPLES if sample.name == name)
    with opened(path) as connection:
        tables = list_tables(connection)
        keys = [
            key
            for table in tables
            for key in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall()
        ]
    assert (len(tables), len(keys)) == (table_count, key_count)


@pytest.mark.parametrize(
    ("table", "column", "other_table"),
    [
        ("pass_sale", "cust_id", "cust"),
        ("pass_sale", "pass_type_id", "pass_type"),
        ("lift_day", "lift_id", "lift"),
        ("lesson", "cust_id", "cust"),
        ("lesson", "instr_id", "instr"),
    ],
)
def test_undeclared_keys_hold(table: str, column: str, other_table: str):
    path = next(sample.path for sample in SAMPLES if sample.name == "ski_resort")
    query = (
        f"SELECT COUNT(*) FROM {table} WHERE {column} NOT IN (SELECT {column} FROM {other_table})"
    )
    with opened(path) as connection:
        assert connection.execute(query).fetchone() == (0,)


@each_sample
def test_builder_repeats_itself(sample: Sample, tmp_path: Path):
    rebuilt = tmp_path / "again.sqlite"
    build(sample.name, rebuilt)
    with opened(sample.path) as old, opened(rebuilt) as new:
        assert list(new.iterdump()) == list(old.iterdump())


def test_command_line_builds_what_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["solar_installs", "--folder", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["solar_installs.sqlite"]
    assert "solar_installs.sqlite" in capsys.readouterr().out


def test_command_line_refuses_unknown_names(tmp_path: Path):
    with pytest.raises(SystemExit):
        main(["nonesuch", "--folder", str(tmp_path)])
    assert list(tmp_path.iterdir()) == []


@each_sample
def test_questions_are_many_and_of_every_kind(sample: Sample):
    questions = read_questions(sample.name)
    assert len(questions) >= 18
    assert {question.level for question in questions} == {"easy", "medium", "hard"}
    assert sum(question.example for question in questions) == 6
    assert sum(bool(question.history) for question in questions) >= 2
    assert sum(question.sql is None for question in questions) == 2
    assert len({(question.question, question.history) for question in questions}) == len(questions)


@pytest.mark.parametrize(
    ("sample", "question"),
    list_answerable(),
    ids=lambda value: value.name if isinstance(value, Sample) else value.question[:50],
)
def test_gold_query_returns_something(sample: Sample, question: SampleQuestion):
    assert question.sql is not None
    with opened(sample.path) as connection:
        rows = connection.execute(question.sql).fetchall()
    assert any(cell is not None for row in rows for cell in row)


def test_unknown_sample_has_no_questions():
    with pytest.raises(KeyError):
        read_questions("nonesuch")


@pytest.mark.parametrize(
    ("sql", "level", "history"),
    [(None, "easy", ()), ("SELECT 1", "easy", ("earlier",)), ("SELECT 1", "trivial", ())],
)
def test_bad_examples_are_refused(sql: str | None, level: str, history: tuple[str, ...]):
    with pytest.raises(ValueError, match=r"example|level"):
        SampleQuestion("q", sql, level, history, example=True)  # type: ignore[arg-type]
