import sqlite3
from datetime import date

import pytest

from t2s import pipeline, question
from t2s.backends import Backend
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import BackendError, DatabaseError, PromptError, QueryError
from t2s.values import Candidate, ChartSpec, Decoding, Schema

ROWS = [(1, "Ada", "FR", 10.0), (2, "Bo", "FR", 20.0), (3, "Cy", "IT", 30.0), (4, "Di", None, None)]

NAMES = "SELECT name FROM people"
COUNT = "SELECT count(*) FROM people"
BROKEN = "SELECT nothing FROM people"
UNSAFE = "DROP TABLE people"
FRENCH = "SELECT name FROM people WHERE country = 'FR'"
NOBODY = "SELECT name FROM people WHERE country = 'France'"
NOBODY_COUNTED = "SELECT count(*) FROM people WHERE country = 'France'"
EMPTY = "SELECT name FROM people WHERE country = 'IT' AND id > 9"
NOWHERE = "SELECT name FROM people WHERE country = 'Atlantis'"
TOO_RICH = "SELECT name FROM people WHERE spent > 1000"
NUMBERS = [f"SELECT {n}" for n in range(1, 7)]


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "people.sqlite"
    with sqlite3.connect(target) as connection:
        connection.execute(
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, country TEXT, spent REAL)"
        )
        connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?)", ROWS)
        connection.execute('CREATE TABLE "<b>odd</b> table" (x INTEGER)')
    connection.close()
    return target


def open_scripted(path, statements, **options):
    return pipeline.open_session(path, ScriptedBackend.from_script({"q": statements}), **options)


class Reversed(ScriptedBackend):
    """A scripted model that likes its last candidates best when it has seen what they gave."""

    reranks = True

    def rerank(self, request, candidates, outcomes):
        self.seen = outcomes
        shares = [0.75, 0.25, 0.0, 0.0][: len(candidates)]
        return tuple(zip(reversed(range(len(candidates))), shares, strict=True))


# candidates -> statement of the answer, statements of the alternatives, notes
RERANKED = [
    ([NAMES, COUNT], COUNT, [NAMES], 0),
    ([NAMES, BROKEN], NAMES, [], 0),
    ([NAMES, None], None, [NAMES], 0),
    ([EMPTY, NAMES], NAMES, [EMPTY], 1),  # the likeliest gave nothing, and that is said
    ([NOBODY, NAMES], NAMES, [NOBODY], 1),
    ([NAMES, NOBODY], NOBODY, [NAMES], 1),
]


@pytest.mark.parametrize(("statements", "chosen", "others", "notes"), RERANKED)
def test_a_backend_may_rerank_what_was_run(path, statements, chosen, others, notes):
    session = pipeline.open_session(path, Reversed.from_script({"q": statements}))
    found = pipeline.answer("q", session)
    assert (found.result.sql if found.result else None) == chosen
    assert [other.sql for other in found.alternatives] == others
    assert len(found.notes) == notes
    assert found.confidence == pytest.approx(0.25 if BROKEN in statements else 0.75)


def test_all_candidates_are_run_for_a_backend_that_reranks(path):
    backend = Reversed.from_script({"q": [NAMES, COUNT, "SELECT 1", "SELECT 2"]})
    pipeline.answer("q", pipeline.open_session(path, backend))
    assert all(outcome is not None for outcome in backend.seen)
    assert len(backend.seen) == 4


def test_candidates_over_empty_tables_are_not_reranked(tmp_path):
    target = tmp_path / "empty.sqlite"
    with sqlite3.connect(target) as connection:
        connection.execute("CREATE TABLE people (name TEXT)")
    connection.close()
    session = pipeline.open_session(target, Reversed.from_script({"q": [NAMES, COUNT]}))
    assert pipeline.answer("q", session).result.sql == NAMES


class HalfSure(ScriptedBackend):
    """A scripted model that knows itself to be right half as often as it leans to an answer."""

    def calibrate(self, share):
        return share / 2


def test_the_confidence_is_what_the_backend_makes_of_its_share(path):
    script = {"q": [NAMES, COUNT]}
    plain, modest = (
        pipeline.answer("q", pipeline.open_session(path, backend.from_script(script)))
        for backend in (ScriptedBackend, HalfSure)
    )
    assert plain.confidence == pytest.approx(2 / 3)
    assert modest.confidence == pytest.approx(1 / 3)


# candidates -> statement of the answer, statements of the alternatives
CHOICES = [
    ([NAMES], NAMES, []),
    ([NAMES, COUNT], NAMES, [COUNT]),
    ([BROKEN, NAMES], NAMES, []),
    ([UNSAFE, BROKEN, NAMES], NAMES, []),
    ([NAMES, UNSAFE, COUNT], NAMES, [COUNT]),
    ([NAMES, NAMES + " ORDER BY id DESC", COUNT], NAMES, [COUNT]),  # the same set of rows
    ([NAMES, NAMES, COUNT], NAMES, [COUNT]),
    (NUMBERS, NUMBERS[0], NUMBERS[1:4]),
    ([NOBODY, FRENCH], FRENCH, [NOBODY]),
    ([NOBODY_COUNTED, FRENCH], FRENCH, [NOBODY_COUNTED]),
    ([NOBODY, EMPTY], NOBODY, []),
    ([NOBODY], NOBODY, []),
    ([EMPTY, FRENCH], FRENCH, [EMPTY]),  # half as likely, and it says something
    (
        [EMPTY, BROKEN, UNSAFE, FRENCH],
        EMPTY,
        [FRENCH],
    ),  # an eighth as likely: no rows is the answer
    ([NAMES, None, COUNT], NAMES, [COUNT]),
    ([NAMES + ";"], NAMES, []),
]


@pytest.mark.parametrize(("statements", "chosen", "others"), CHOICES)
def test_choice(path, statements, chosen, others):
    answer = pipeline.answer("q", open_scripted(path, statements, decoding=Decoding(beams=9)))
    assert answer.result.sql == chosen
    assert [other.sql for other in answer.alternatives] == others


DECLINED = [
    ([None], []),
    ([None, NAMES], [NAMES]),
    ([BROKEN, None], []),
    ([BROKEN, None, NAMES], [NAMES]),
]


@pytest.mark.parametrize(("statements", "others"), DECLINED)
def test_decline(path, statements, others):
    answer = pipeline.answer("q", open_scripted(path, statements))
    assert answer.result is None
    assert answer.chart is None
    assert [other.sql for other in answer.alternatives] == others
    assert answer.sentence == (
        "That cannot be answered from this database; it has the tables people and <b>odd</b> table."
    )


CONFIDENCE = [
    ([(NAMES, 0.6)], 1.0),
    ([(NAMES, 0.6), (COUNT, 0.2)], 0.75),
    ([(NAMES, 0.3), (COUNT, 0.2), (NAMES + " ORDER BY 1", 0.3)], 0.75),
    ([(BROKEN, 0.5), (NAMES, 0.5)], 0.5),
    ([(None, 0.9), (NAMES, 0.1)], 0.9),
    ([(NAMES, 0.0)], 0.0),
]


@pytest.mark.parametrize(("candidates", "expected"), CONFIDENCE)
def test_confidence(path, candidates, expected):
    backend = ScriptedBackend({"q": tuple(Candidate(sql, p) for sql, p in candidates)})
    answer = pipeline.answer("q", pipeline.open_session(path, backend))
    assert answer.confidence == pytest.approx(expected)


REFUSED = [
    ("", "Type a question first"),
    (" \n\t", "Type a question first"),
    ("x" * 2001, "at most 2,000"),
    ("caf\udce9", "not text"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_refused_questions(path, asked, words):
    session = open_scripted(path, [NAMES])
    with pytest.raises(PromptError, match=words):
        pipeline.answer(asked, session)
    assert session.backend.requests == []


def test_the_longest_question_is_answered(path):
    session = open_scripted(path, [NAMES])
    assert pipeline.answer("x" * 2000, session).result is None


FAILED = [
    ([BROKEN], BROKEN, "None of the statements"),
    ([UNSAFE, BROKEN], UNSAFE, "None of the statements"),
]


@pytest.mark.parametrize(("statements", "sql", "words"), FAILED)
def test_no_statement_runs(path, statements, sql, words):
    with pytest.raises(QueryError, match=words) as caught:
        pipeline.answer("q", open_scripted(path, statements))
    assert caught.value.sql == sql


def test_a_model_without_a_proposal(path):
    with pytest.raises(BackendError, match="other words"):
        pipeline.answer("q", open_scripted(path, []))


def test_not_a_database(tmp_path):
    with pytest.raises(DatabaseError):
        pipeline.open_session(tmp_path / "missing.sqlite", ScriptedBackend({}))


NOTES = [
    ("q", [NOBODY], ("No row of people has 'France' as country; closest: 'FR', 2 rows.",)),
    ("q", [NOBODY, FRENCH], ("No row of people has 'France' as country; closest: 'FR', 2 rows.",)),
    ("q", [NOWHERE], ("No row of people has 'Atlantis' as country.",)),
    ("q", [TOO_RICH], ("No row of people meets spent > 1000: spent goes from 10.0 to 30.0.",)),
    ("q", [NAMES], ()),
]


@pytest.mark.parametrize(("asked", "statements", "expected"), NOTES)
def test_notes(path, asked, statements, expected):
    assert pipeline.answer(asked, open_scripted(path, statements)).notes == expected


def test_another_language_is_noted_not_refused(path):
    answer = pipeline.answer("Combien de clients avons-nous ?", open_scripted(path, [NAMES]))
    assert question.NOT_ENGLISH in answer.notes


def test_the_whole_answer(path):
    sql = "SELECT country, sum(spent) FROM people WHERE country IS NOT NULL GROUP BY country"
    answer = pipeline.answer("q", open_scripted(path, [sql]), today=date(2024, 5, 1))
    assert answer.question == "q"
    assert answer.result.rows == (("FR", 30.0), ("IT", 30.0))
    assert answer.sentence == "Total spent of people with a country, per country."
    assert answer.chart == ChartSpec("bar", 0, 1, "sum(spent) by country")
    assert answer.timings.total > 0


def test_answers_repeat(path):
    session = open_scripted(path, [NAMES, COUNT])
    first, second = (pipeline.answer("q", session) for _ in range(2))
    assert (first.result.rows, first.sentence, first.confidence, first.links, first.notes) == (
        second.result.rows,
        second.sentence,
        second.confidence,
        second.links,
        second.notes,
    )


def test_history_is_bounded_and_readable(path):
    session = open_scripted(path, [NAMES])
    pipeline.answer("q", session, ("one", "two", " ", "three", "x" * 2001, "four"))
    assert session.backend.requests[0].history == ("two", "three", "four")


class Picky(ScriptedBackend):
    def pick(self, request):
        return Schema(request.schema.tables[:1]), ("Only 1 of 2 tables was considered.",)


def test_a_backend_that_leaves_tables_out_says_so(path):
    backend = Picky({"q": (Candidate(NAMES, 1.0),)})
    answer = pipeline.answer("q", pipeline.open_session(path, backend))
    assert answer.notes == ("Only 1 of 2 tables was considered.",)


def test_the_scripted_backend_is_a_backend():
    assert isinstance(ScriptedBackend({}), Backend)


ENGLISH = [
    ("How many customers are there?", True),
    ("How many customers in Los Angeles and Las Vegas?", True),
    ("los angeles las vegas sales", True),
    ("top 5", True),
    ("42", True),
    ("Which café has the best crème brûlée?", True),
    ("日本 customers by month", True),
    ("members who die in UN service", True),
    ("Combien de clients avons-nous ?", False),
    ("¿Cuántos clientes hay en Madrid?", False),
    ("Wie viele Kunden gibt es?", False),
    ("Quels sont les noms des clients", False),
    ("Quanti clienti ci sono per ogni città che vende", False),
    ("顧客は何人ですか", False),
    ("сколько клиентов", False),
]


@pytest.mark.parametrize(("asked", "expected"), ENGLISH)
def test_is_english(asked, expected):
    assert question.is_english(asked) is expected


def test_computed_columns_are_named_in_words(path):
    answer = pipeline.answer("q", open_scripted(path, [COUNT, NAMES]))
    assert answer.result.columns == ("number of people",)
    assert answer.alternatives[0].columns == ("name",)


FOLLOW_UPS = [
    ("and in 2023?", True),
    ("only the top 3", True),
    ("price by name", True),
    ("which of those are from Oslo", True),
    ("what about germany", True),
    ("who are our german customers?", False),
    ("avg price of books per category, highest first", False),
    ("how many orders were placed in 2024", False),
]


@pytest.mark.parametrize(("text", "leans"), FOLLOW_UPS)
def test_questions_that_lean_on_earlier_ones(text, leans):
    assert question.follows_up(text) is leans
