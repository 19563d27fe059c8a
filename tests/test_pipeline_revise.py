"""Answers that the user changes: swapped, edited, taken back."""

import sqlite3

import pytest

from t2s import pipeline, pipeline_revise
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import InvalidSqlError, UnsafeSqlError

COUNT = "SELECT count(*) FROM people"
NAMES = "SELECT name FROM people"
CITIES = "SELECT city, count(*) FROM people GROUP BY city"
EDITED = "SELECT name FROM people WHERE city = 'Oslo'"
NOBODY = "SELECT name FROM people WHERE city = 'Olso'"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    path = tmp_path_factory.mktemp("revise") / "people.sqlite"
    connection = sqlite3.connect(path)
    connection.executescript(
        """
        CREATE TABLE people (name TEXT, city TEXT);
        INSERT INTO people VALUES ('Ada', 'Oslo'), ('Bo', 'Rome'), ('Cy', 'Rome');
        """
    )
    connection.close()
    script = {"people?": [COUNT, NAMES, CITIES], "none?": [None, COUNT]}
    return pipeline.open_session(path, ScriptedBackend.from_script(script))


@pytest.fixture
def given(session):
    return pipeline.answer("people?", session)


def look(answer):
    front = answer.result.sql if answer.result else None
    return front, [other.sql for other in answer.alternatives], answer.origin


def test_each_alternative_has_its_sentence(given):
    assert len(given.alternative_sentences) == len(given.alternatives) == 2
    assert given.sentence not in given.alternative_sentences


def test_an_alternative_takes_the_place_of_the_answer(given, session):
    swapped = pipeline_revise.swap(given, 1, session)
    assert look(swapped) == (CITIES, [NAMES, COUNT], "alternative")
    assert swapped.sentence == given.alternative_sentences[1]
    assert swapped.alternative_sentences == (given.alternative_sentences[0], given.sentence)
    assert swapped.chart.kind == "bar"
    assert swapped.first == given.result
    assert [mark.meaning for mark in swapped.reading] == ["table people"]


def test_swapping_back_is_the_first_answer_again(given, session):
    again = pipeline_revise.swap(pipeline_revise.swap(given, 0, session), 0, session)
    assert look(again) == (COUNT, [NAMES, CITIES], "model")
    assert again.first is None
    assert again.result == given.result


@pytest.mark.parametrize("steps", [["edit"], ["swap"], ["swap", "edit"], ["edit", "swap"]])
def test_restore_leads_back_from_anywhere(given, session, steps):
    changed = given
    for step in steps:
        if step == "swap":
            changed = pipeline_revise.swap(changed, 0, session)
        else:
            changed = pipeline_revise.rerun(changed, EDITED, session)
    assert changed.first == given.result
    restored = pipeline_revise.restore(changed, session)
    assert restored.result == given.result
    assert (restored.origin, restored.first) == ("model", None)
    assert {other.sql for other in restored.alternatives} == {NAMES, CITIES}


def test_restoring_what_was_never_changed_changes_nothing(given, session):
    assert pipeline_revise.restore(given, session) is given


def test_an_edited_statement_keeps_the_alternatives(given, session):
    edited = pipeline_revise.rerun(given, EDITED, session)
    assert look(edited) == (EDITED, [NAMES, CITIES], "edited")
    assert edited.result.rows == (("Ada",),)
    assert "Oslo" in edited.sentence


def test_an_edited_statement_may_follow_an_alternative(given, session):
    edited = pipeline_revise.rerun(pipeline_revise.swap(given, 0, session), EDITED, session)
    assert look(edited) == (EDITED, [COUNT, CITIES, NAMES], "edited")
    assert edited.first == given.result


def test_a_declined_question_can_be_answered_by_hand(session):
    declined = pipeline.answer("none?", session)
    assert declined.result is None
    assert look(pipeline_revise.swap(declined, 0, session)) == (COUNT, [], "alternative")


def test_an_empty_result_of_an_edit_explains_itself(given, session):
    edited = pipeline_revise.rerun(given, NOBODY, session)
    assert edited.notes == ("No row of people has 'Olso' as city; closest: 'Oslo', 1 row.",)


REFUSED = [
    ("DROP TABLE people", UnsafeSqlError),
    ("SELECT 1; SELECT 2", UnsafeSqlError),
    ("SELECT nothing FROM people", InvalidSqlError),
]


@pytest.mark.parametrize(("sql", "error"), REFUSED)
def test_an_edited_statement_passes_guard_and_sandbox(given, session, sql, error):
    with pytest.raises(error):
        pipeline_revise.rerun(given, sql, session)
