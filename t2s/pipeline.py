"""From a question to an answer: the main data flow and nothing else.

::

    session = open_session("shop.sqlite", backends.load(ModelSpec()))
    print(answer("How many customers are there?", session).sentence)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from time import perf_counter

from t2s import (
    explain,
    explain_decline,
    guard,
    linking,
    present,
    probe,
    question,
    reading,
    sandbox,
)
from t2s.backends import Backend, Calibrated, Reranking, SchemaPicker
from t2s.errors import BackendError, QueryError, QueryLimitError, QueryTimeoutError
from t2s.pipeline_remarks import DOUBT_SECONDS as DOUBT_SECONDS
from t2s.pipeline_remarks import list_missing, name_headers
from t2s.pipeline_remarks import list_remarks as list_remarks
from t2s.pipeline_session import Session as Session
from t2s.pipeline_session import open_session as open_session
from t2s.values import Answer, Candidate, QueryResult, Request, Timings

MAX_ALTERNATIVES = 3  # as many as fit beside an answer
# At this ratio of probabilities, giving way mended 21 answers of typed dev and spoilt none; on Spider dev it
# mended 5 and spoilt 6. Both sets have few questions whose right answer is empty, so it is kept high.
HOLLOW_SHARE = 0.2
# Processor time beside the deadline of one statement for all candidates together.
SPARE_SECONDS = 0.5
PASSED_OVER = "The likeliest reading gives no rows; this is the next one that does."

Outcome = QueryResult | QueryError | None  # of one candidate; None when it was not run


def answer(
    asked: str, session: Session, history: Sequence[str] = (), *, today: date | None = None
) -> Answer:
    """Answer a question over the session's database.

    Args:
        asked: The question as typed.
        session: From ``open_session``.
        history: Earlier questions, oldest first; only the last three are used.
        today: What "last month" counts from; the current date when None.

    Raises:
        PromptError: The question is empty, too long or not text.
        BackendError: The model cannot be run.
        DatabaseError: The file is gone or damaged.
        QueryError: No statement that the model proposes runs on this database.
    """
    question.check(asked)
    earlier = question.keep_recent(history)
    started = perf_counter()
    links = linking.link(asked, session.schema, session.index, today=today, history=earlier)
    linked = perf_counter()
    request = Request(asked, session.schema, links, earlier)
    notes = _list_notes(request, session.backend)
    candidates = session.backend.generate(request, session.decoding)
    generated = perf_counter()
    if not candidates:
        raise BackendError("The model proposed nothing; ask in other words.")
    reranker = _find_reranker(session)
    outcomes = _run_candidates(candidates, session, run_all=reranker is not None)
    likeliest = _find_best(candidates, outcomes)
    if reranker is not None:
        candidates, outcomes = _rerank(request, candidates, outcomes, reranker)
        chosen, guidance_notes = _choose_reranked(candidates, outcomes, likeliest, session)
    else:
        chosen, guidance_notes = _choose(likeliest, candidates, outcomes, session)
    remarks = () if chosen is None else list_remarks(chosen, session)
    timings = Timings(linked - started, generated - linked, perf_counter() - generated)
    others = _list_alternatives(chosen, outcomes)
    if chosen is None:
        agreeing = [candidate.sql is None for candidate in candidates]
        sentence, chart = explain_decline.decline(session.schema, asked, links), None
    else:
        agreeing = [_gives(outcome, chosen) for outcome in outcomes]
        sentence = explain.sentence(chosen.sql, session.schema)
        chart = present.choose_chart(chosen)
    return Answer(
        asked,
        None if chosen is None else name_headers(chosen, session.schema),
        sentence,
        _believe(_share(candidates, agreeing), session.backend),
        tuple(name_headers(other, session.schema) for other in others),
        links,
        chart,
        tuple(dict.fromkeys(notes + guidance_notes + remarks)),
        timings,
        tuple(explain.sentence(other.sql, session.schema) for other in others),
        () if chosen is None else reading.read(asked, links, chosen.sql, session.schema),
    )


def _list_notes(request: Request, backend: Backend) -> tuple[str, ...]:
    """Return what the user should know before any answer: the language, and tables left out."""
    notes = () if question.is_english(request.question) else (question.NOT_ENGLISH,)
    return notes + backend.pick(request)[1] if isinstance(backend, SchemaPicker) else notes


def _find_reranker(session: Session) -> Reranking | None:
    """Return the backend where it reranks and there are rows to tell candidates apart by."""
    backend = session.backend
    filled = any(table.row_count != 0 for table in session.schema.tables)
    return backend if filled and isinstance(backend, Reranking) and backend.reranks else None


def _run_candidates(
    candidates: Sequence[Candidate], session: Session, *, run_all: bool
) -> list[Outcome]:
    """Return what became of each candidate; equal statements run once."""
    outcomes: dict[str, Outcome] = {}
    to_run: dict[str, str] = {}
    for candidate in candidates:
        if candidate.sql is None or candidate.sql in outcomes:
            continue
        outcomes[candidate.sql] = None
        try:
            to_run[candidate.sql] = guard.check(candidate.sql)
        except QueryError as error:
            outcomes[candidate.sql] = error
    ran = sandbox.run_each(
        session.database.path,
        tuple(to_run.values()),
        session.limits,
        stop_after=len(to_run) if run_all else 1 + MAX_ALTERNATIVES,
        seconds=session.limits.deadline_seconds + SPARE_SECONDS,
    )
    outcomes.update(zip(to_run, ran, strict=False))
    return [None if candidate.sql is None else outcomes[candidate.sql] for candidate in candidates]


def _rerank(
    request: Request,
    candidates: Sequence[Candidate],
    outcomes: Sequence[Outcome],
    backend: Reranking,
) -> tuple[tuple[Candidate, ...], list[Outcome]]:
    """Return candidates and outcomes in the order that the backend prefers now, with new probabilities."""
    seen = [outcome if isinstance(outcome, QueryResult) else None for outcome in outcomes]
    order = backend.rerank(request, candidates, seen)
    ordered = tuple(replace(candidates[place], probability=share) for place, share in order)
    return ordered, [outcomes[place] for place, _ in order]


def _find_best(
    candidates: Sequence[Candidate], outcomes: Sequence[Outcome]
) -> tuple[Candidate, QueryResult | None]:
    """Return the first candidate that declines (with None) or runs.

    Raises:
        QueryError: There is none.
    """
    for candidate, outcome in zip(candidates, outcomes, strict=True):
        if candidate.sql is None:
            return candidate, None
        if isinstance(outcome, QueryResult):
            return candidate, outcome
    raise _no_result_error(outcomes)


def _choose_reranked(
    candidates: Sequence[Candidate],
    outcomes: Sequence[Outcome],
    likeliest: tuple[Candidate, QueryResult | None],
    session: Session,
) -> tuple[QueryResult | None, tuple[str, ...]]:
    """Return the result to show, None to decline, and sentences about how it was found.

    ``likeliest`` is what came first before candidates were reranked by what they gave.
    """
    _, best = _find_best(candidates, outcomes)
    passed = likeliest[1]
    if best is None:
        return None, ()
    if probe.is_hollow(best):
        return best, list_missing(best, session)
    if passed is not None and probe.is_hollow(passed):
        return best, list_missing(passed, session) or (PASSED_OVER,)
    return best, ()


def _choose(
    likeliest: tuple[Candidate, QueryResult | None],
    candidates: Sequence[Candidate],
    outcomes: Sequence[Outcome],
    session: Session,
) -> tuple[QueryResult | None, tuple[str, ...]]:
    """Return the result to show, None to decline, and sentences about how it was found.

    The best candidate that runs wins. One that says nothing gives way to a later one that says something
    when it compares with a text that no row holds, or when the later one is nearly as likely.
    """
    candidate, best = likeliest
    if best is None:
        return None, ()
    if not probe.is_hollow(best):
        return best, ()
    rival = _find_rival(candidates, outcomes)
    missing = list_missing(best, session)
    if rival is None:
        return best, missing
    other, telling = rival
    if missing or other.probability >= HOLLOW_SHARE * candidate.probability:
        return telling, missing or (PASSED_OVER,)
    return best, ()


def _find_rival(
    candidates: Sequence[Candidate], outcomes: Sequence[Outcome]
) -> tuple[Candidate, QueryResult] | None:
    """Return the best candidate whose result says something."""
    return next(
        (
            (candidate, outcome)
            for candidate, outcome in zip(candidates, outcomes, strict=True)
            if isinstance(outcome, QueryResult) and not probe.is_hollow(outcome)
        ),
        None,
    )


def _no_result_error(outcomes: Sequence[Outcome]) -> QueryError:
    failures = [outcome for outcome in outcomes if isinstance(outcome, QueryError)]
    if isinstance(failures[0], QueryTimeoutError | QueryLimitError):
        return failures[0]
    return QueryError(
        "None of the statements that the model wrote runs on this database; ask in other words, "
        "with the names of tables and columns.",
        sql=failures[0].sql,
        detail=str(failures[0]),
    )


def _gives(outcome: Outcome, result: QueryResult) -> bool:
    """Tell whether a candidate gave the same set of rows."""
    return isinstance(outcome, QueryResult) and set(outcome.rows) == set(result.rows)


def _list_alternatives(
    chosen: QueryResult | None, outcomes: Sequence[Outcome]
) -> tuple[QueryResult, ...]:
    kept = [] if chosen is None else [chosen]
    for outcome in outcomes:
        if isinstance(outcome, QueryResult) and not any(_gives(outcome, other) for other in kept):
            kept.append(outcome)
    return tuple(kept if chosen is None else kept[1:])[:MAX_ALTERNATIVES]


def _share(candidates: Sequence[Candidate], chosen: Sequence[bool]) -> float:
    """Return the probability of the chosen candidates relative to all, in [0, 1]."""
    total = sum(candidate.probability for candidate in candidates)
    if total <= 0:
        return 0.0
    part = sum(c.probability for c, same in zip(candidates, chosen, strict=True) if same)
    return min(1.0, part / total)


def _believe(share: float, backend: Backend) -> float:
    """Return the confidence that a share of probability stands for."""
    return backend.calibrate(share) if isinstance(backend, Calibrated) else share
