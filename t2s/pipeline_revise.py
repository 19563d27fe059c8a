"""An answer that the user corrects: another reading of the question, or a statement edited by hand.

The first result is kept in ``Answer.first``, so that the new one can be compared with it and be undone.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

from t2s import explain, guard, present, probe, reading, sandbox
from t2s.pipeline_remarks import list_missing, list_remarks, name_headers
from t2s.pipeline_session import Session
from t2s.values import Answer, Origin, QueryResult, Timings


def swap(given: Answer, position: int, session: Session) -> Answer:
    """Return the answer with the alternative at ``position`` in front; what was in front takes its place."""
    others, sentences = list(given.alternatives), list(given.alternative_sentences)
    chosen = others[position]
    first = given.first or given.result
    back = first is not None and chosen.sql == first.sql
    if given.result is not None and given.origin != "edited":
        others[position] = given.result
        sentences[position : position + 1] = [given.sentence]
    else:  # nothing to put in its place: an edited statement is no reading of the model
        del others[position]
        del sentences[position : position + 1]
        if first is not None and not back and all(other.sql != first.sql for other in others):
            others.insert(0, first)
            sentences.insert(0, explain.sentence(first.sql, session.schema))
    changed = replace(given, alternatives=tuple(others), alternative_sentences=tuple(sentences))
    return _put(changed, chosen, "model" if back else "alternative", session)


def rerun(given: Answer, sql: str, session: Session) -> Answer:
    """Return the answer with the result of a statement that the user wrote.

    Raises:
        QueryError: It is refused, does not fit this database or runs into a limit.
        DatabaseError: The file is gone or damaged.
    """
    result = sandbox.run(session.database.path, guard.check(sql), session.limits)
    if given.origin == "alternative" and given.result is not None:
        given = replace(
            given,
            alternatives=(*given.alternatives, given.result),
            alternative_sentences=(*given.alternative_sentences, given.sentence),
        )
    return _put(given, name_headers(result, session.schema), "edited", session)


def restore(given: Answer, session: Session) -> Answer:
    """Return the answer with the model's own choice in front again."""
    if given.first is None:
        return given
    for position, other in enumerate(given.alternatives):
        if other.sql == given.first.sql:
            return swap(given, position, session)
    return _put(given, given.first, "model", session)


def _put(given: Answer, result: QueryResult, origin: Origin, session: Session) -> Answer:
    """Return the answer with another result, and all that is said about it."""
    started = perf_counter()
    missing = list_missing(result, session) if probe.is_hollow(result) else ()
    notes = tuple(dict.fromkeys(missing + list_remarks(result, session)))
    return replace(
        given,
        result=result,
        sentence=explain.sentence(result.sql, session.schema),
        chart=present.choose_chart(result),
        notes=notes,
        timings=Timings(execution=result.seconds + perf_counter() - started),
        reading=reading.read(given.question, given.links, result.sql, session.schema),
        origin=origin,
        first=None if origin == "model" else given.first or given.result,
    )
