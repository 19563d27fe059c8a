"""From a question to an answer: the main data flow and nothing else.

::

    session = open_session("shop.sqlite", backends.load(ModelSpec()))
    print(answer("How many customers are there?", session).sentence)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from time import perf_counter

from t2s import (
    database,
    doubts,
    explain,
    explain_decline,
    guard,
    linking,
    present,
    probe,
    question,
    sandbox,
    schema,
)
from t2s.backends import Backend, Calibrated, Reranking, SchemaPicker
from t2s.errors import BackendError, DatabaseError, QueryError, QueryLimitError, QueryTimeoutError
from t2s.linking import ValueIndex
from t2s.values import (
    Answer,
    Candidate,
    Database,
    Decoding,
    Limits,
    QueryResult,
    Request,
    Schema,
    Timings,
)

MAX_ALTERNATIVES = 3  # as many as fit beside an answer
# At this ratio of probabilities, giving way mended 21 answers of typed dev and spoilt none; on Spider dev it
# mended 5 and spoilt 6. Both sets have few questions whose right answer is empty, so it is kept high.
HOLLOW_SHARE = 0.2
# What is looked up beside an answer may take this long; a slower one stays without remarks.
DOUBT_SECONDS = 0.25
# Processor time beside the deadline of one statement for all candidates together.
SPARE_SECONDS = 0.5
PASSED_OVER = "The likeliest reading gives no rows; this is the next one that does."

Outcome = QueryResult | QueryError | None  # of one candidate; None when it was not run


@dataclass(frozen=True, slots=True)
class Session:
    """What is needed to answer questions over one database. Holds no connection; safe to share."""

    database: Database
    schema: Schema
    index: ValueIndex
    backend: Backend
    limits: Limits = field(default_factory=Limits)
    decoding: Decoding = field(default_factory=Decoding)


def open_session(
    source: str | Path | Database,
    backend: Backend,
    *,
    limits: Limits | None = None,
    decoding: Decoding | None = None,
) -> Session:
    """Open a SQLite file read-only, read its schema and index its values.

    Raises:
        DatabaseError: It cannot be opened or read.
    """
    opened = source if isinstance(source, Database) else database.open_readonly(Path(source))
    tables = schema.read(opened)
    return Session(
        opened,
        tables,
        linking.index(opened, tables),
        backend,
        limits or Limits(),
        decoding or Decoding(),
    )


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
    if chosen is None:
        agreeing = [candidate.sql is None for candidate in candidates]
        sentence, chart = explain_decline.decline(session.schema, asked, links), None
    else:
        agreeing = [_gives(outcome, chosen) for outcome in outcomes]
        sentence = explain.sentence(chosen.sql, session.schema)
        chart = present.choose_chart(chosen)
    return Answer(
        asked,
        None if chosen is None else _with_headers(chosen, session.schema),
        sentence,
        _believe(_share(candidates, agreeing), session.backend),
        tuple(
            _with_headers(other, session.schema) for other in _list_alternatives(chosen, outcomes)
        ),
        links,
        chart,
        tuple(dict.fromkeys(notes + guidance_notes + remarks)),
        timings,
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
        return best, _list_missing(best, session)
    if passed is not None and probe.is_hollow(passed):
        return best, _list_missing(passed, session) or (PASSED_OVER,)
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
    missing = _list_missing(best, session)
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


def _list_missing(result: QueryResult, session: Session) -> tuple[str, ...]:
    """Return a sentence for each text that the statement looks for and no row holds."""
    probes = probe.list_probes(result.sql, session.schema)
    found = _look_up([each.sql for each in probes], session)
    return tuple(
        f"No row of {each.table} has {each.text} as {each.column}."
        for each in probes
        if (given := found.get(each.sql)) is not None and not given.rows
    )


def list_remarks(result: QueryResult, session: Session) -> tuple[str, ...]:
    """Return a sentence for each way in which a result is not what it looks like; see ``t2s.doubts``."""
    found = doubts.find(result, session.schema, session.index)
    statements = [doubt.sql for doubt in found if doubt.sql]
    slow = result.seconds > DOUBT_SECONDS  # what settles the doubts takes as long again
    given = {} if slow or not statements else _look_up(statements, session)
    rows = [given[doubt.sql].rows if doubt.sql in given else None for doubt in found]
    return doubts.tell(found, rows)


def _look_up(statements: Sequence[str], session: Session) -> dict[str, QueryResult]:
    """Return what our own small statements gave; those that did not run in time are absent.

    A remark is never worth an answer, so nothing is raised.
    """
    limits = replace(session.limits, deadline_seconds=DOUBT_SECONDS, kill_seconds=4 * DOUBT_SECONDS)
    try:
        ran = sandbox.run_each(
            session.database.path, statements, limits, stop_after=len(statements)
        )
    except (QueryError, DatabaseError):
        return {}
    return {outcome.sql: outcome for outcome in ran if isinstance(outcome, QueryResult)}


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


def _with_headers(result: QueryResult, tables: Schema) -> QueryResult:
    """Return the result with computed columns named in words."""
    return replace(result, columns=explain.name_columns(result.sql, result.columns, tables))


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
