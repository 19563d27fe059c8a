"""The page where questions are asked: examples, the conversation so far, and the next answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from t2s import question
from t2s.backends import ModelSpec
from t2s.errors import QueryError, T2SError
from t2s.ui import answers, loaders, sidebar
from t2s.ui.markup import count, escape
from t2s.ui.sidebar import Source
from t2s.values import Answer, Failure

if TYPE_CHECKING:
    from t2s.pipeline import Session

# Older answers leave the page: each may hold a thousand rows.
MAX_ANSWERS = 30
MAX_CONVERSATIONS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way; ``follows`` when earlier ones may be meant by "them" or "those"."""

    text: str
    follows: bool


@dataclass(frozen=True, slots=True)
class Work:
    """A question that is being answered, by a run of the page that may have been left behind."""

    text: str
    is_done: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Conversation:
    """Everything asked about one database in one browser session."""

    items: list[Answer | Failure] = field(default_factory=list)
    pending: Asked | None = None
    work: Work | None = None
    number: int = 0

    def take(self, item: Answer | Failure) -> None:
        """Append an answer, and drop the oldest when there are too many."""
        self.items = [*self.items, item][-MAX_ANSWERS:]
        self.number += 1

    def replace(self, place: int, item: Answer | Failure) -> None:
        """Put another item where the one with the number ``place`` is, unless that has left the page."""
        position = place - (self.number - len(self.items))
        if position >= 0:
            self.items = [*self.items[:position], item, *self.items[position + 1 :]]

    def find(self, place: int) -> Answer | Failure | None:
        """Return the item with the number ``place``, None when it has left the page."""
        position = place - (self.number - len(self.items))
        return self.items[position] if 0 <= position < len(self.items) else None

    def history(self) -> tuple[str, ...]:
        """Return the answered questions, oldest first."""
        return tuple(i.question for i in self.items if isinstance(i, Answer) and i.result)


def show(spec: ModelSpec) -> None:
    """Draw the page, answer the question that waits, and start loading the model when idle."""
    source = sidebar.choose()
    _draw_title(source)
    if source is None:
        return
    talk = _find_conversation(source)
    _draw_input(talk, source)
    # Another run of the page may take an answer meanwhile; see _await_work.
    number, items = talk.number, talk.items
    for place, item in enumerate(items, start=number - len(items)):
        _draw_item(item, place, talk, source, spec)
    if talk.pending is not None:
        _answer_pending(talk, talk.pending, source, spec)
    elif (work := talk.work) is not None:
        _await_work(talk, work, source, spec, number)
    elif not talk.items:
        _draw_examples(talk, source, "start")
    loaders.start_backend(spec)


def _draw_title(source: Source | None) -> None:
    st.title("Ask your data", anchor=False)
    if source is None:
        st.text("Choose a database in the sidebar to begin.")
        return
    rows = sum(table.row_count or 0 for table in source.tables.tables)
    size = f"{count(len(source.tables.tables), 'table')}, {count(rows, 'row')}"
    about = f" {escape(source.description)}" if source.description else ""
    st.markdown(f"**{escape(source.title)}**  :gray[{size}]  \n{about}")


def _find_conversation(source: Source) -> Conversation:
    """Return what was asked of this database; switching back and forth loses nothing."""
    talks: dict[str, Conversation] = st.session_state.setdefault("conversations", {})
    talk = talks.pop(source.database.fingerprint, None) or Conversation()
    talks[source.database.fingerprint] = talk
    while len(talks) > MAX_CONVERSATIONS:
        del talks[next(iter(talks))]
    return talk


def _draw_input(talk: Conversation, source: Source) -> None:
    if talk.items or talk.pending is not None:
        with st.bottom, st.container(horizontal=True, gap="small"):
            if source.examples:
                with st.popover("Examples", icon=":material/lightbulb:", type="tertiary"):
                    _draw_examples(talk, source, "more")
            st.button(
                "New topic",
                icon=":material/refresh:",
                type="tertiary",
                help="Clear this conversation; later questions no longer refer to it",
                on_click=_start_over,
                args=(source.database.fingerprint,),
            )
    # Outside of any container: only then does the page keep its end, the newest answer, in view.
    st.chat_input(
        "Ask a question in plain English",
        key="question",
        submit_mode="disable",
        on_submit=_ask_typed,
        args=(talk,),
    )


def _draw_examples(talk: Conversation, source: Source, place: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for position, example in enumerate(source.examples):
            st.button(
                escape(example),
                key=f"example {place} {source.database.fingerprint} {position}",
                on_click=_ask,
                args=(talk, Asked(example, follows=False)),
            )


def _draw_item(
    item: Answer | Failure, place: int, talk: Conversation, source: Source, spec: ModelSpec
) -> None:
    """Draw an answer with what the user can do with it; ``place`` is its number in the conversation."""
    revise = partial(_revise, place, talk, source, spec)
    actions = answers.Actions(
        swap=lambda position: revise(partial(loaders.swap, position=position)),
        rerun=lambda sql: revise(partial(loaders.rerun, sql=sql)),
        restore=lambda: revise(loaders.restore),
        ask=lambda text: _ask(talk, Asked(text, follows=False)),
        offers=source.examples,
    )
    answers.draw(item, f"{source.database.fingerprint} {place}", actions)


def _revise(
    place: int,
    talk: Conversation,
    source: Source,
    spec: ModelSpec,
    change: Callable[[Answer, Session], Answer],
) -> str:
    """Put a changed answer in the place of one; return "" or why it could not be changed."""
    item = talk.find(place)
    if not isinstance(item, Answer):
        return "This answer has left the page; ask the question again."
    try:
        session = loaders.open_session(
            source.database, source.tables, loaders.wait_for_backend(spec), shared=source.shared
        )
        talk.replace(place, change(item, session))
    except T2SError as error:
        return str(error)
    return ""


def _start_over(fingerprint: str) -> None:
    st.session_state["conversations"].pop(fingerprint, None)


def _ask(talk: Conversation, asked: Asked) -> None:
    talk.pending = asked


def _ask_typed(talk: Conversation) -> None:
    _ask(talk, Asked(st.session_state["question"], follows=True))


def _answer_pending(talk: Conversation, asked: Asked, source: Source, spec: ModelSpec) -> None:
    """Answer, remember, and draw. Nothing is lost when another click interrupts the drawing."""
    place = st.empty()
    with place.container():
        answers.draw_question(asked.text)
        with st.chat_message("assistant", avatar=":material/database:"):
            _work(talk, asked, source, spec)
    with place.container():
        _draw_item(talk.items[-1], talk.number - 1, talk, source, spec)


def _await_work(
    talk: Conversation, work: Work, source: Source, spec: ModelSpec, drawn: int
) -> None:
    """Draw an answer that another run of the page works on, since the browser lost its connection or clicked.

    ``drawn`` is the number of answers taken when the page began to draw those that it has.
    """
    place = st.empty()
    with place.container():
        answers.draw_question(work.text)
        with (
            st.chat_message("assistant", avatar=":material/database:"),
            st.spinner("Writing SQL and running it"),
        ):
            work.is_done.wait()
    with place.container():
        if talk.number > drawn:
            _draw_item(talk.items[-1], talk.number - 1, talk, source, spec)


def _work(talk: Conversation, asked: Asked, source: Source, spec: ModelSpec) -> None:
    work = Work(asked.text)
    try:
        question.check(asked.text)
        with st.spinner("Loading the model"):
            backend = loaders.wait_for_backend(spec)
        with st.spinner("Reading the values of the database"):
            session = loaders.open_session(
                source.database, source.tables, backend, shared=source.shared
            )
        with st.spinner("Writing SQL and running it"):
            talk.pending = None
            leans = asked.follows and question.follows_up(asked.text)
            history = talk.history() if leans else ()
            talk.work = work
            talk.take(loaders.answer(asked.text, session, history))
    except T2SError as error:
        talk.pending = None
        sql = error.sql if isinstance(error, QueryError) else ""
        talk.take(Failure(asked.text, str(error), sql))
    finally:
        # After the answer is taken, whatever the error: others wait for it.
        if talk.work is work:
            talk.work = None
        work.is_done.set()
