"""One question and what came of it, drawn in the conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st

from t2s import present, present_compare, present_export
from t2s.present_text import clean_text, show_text
from t2s.ui import editors
from t2s.ui.charts import KIND_NAMES, draw_chart
from t2s.ui.markup import escape, shorten
from t2s.ui.readings import mark_question, say_meanings
from t2s.values import Answer, ChartSpec, Failure, QueryResult

MAX_OFFERS = 3
_MAX_LABEL_CHARACTERS = 60
_MAX_READING_CHARACTERS = 160
_MAX_BRIEF_CHARACTERS = 24
# With this an answer and its question fit above the input of a laptop's window.
_TABLE_PIXELS = 280
_TABLE = "Table"
_EXPORTS = (
    ("CSV", present_export.to_csv, "text/csv", "Download these rows for a spreadsheet (CSV)"),
    (
        "XLSX",
        present_export.to_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "Download these rows for a spreadsheet (XLSX)",
    ),
    ("SQL", present_export.to_sql, "application/sql", "Download the SQL that gave these rows"),
)


@dataclass(frozen=True, slots=True)
class Actions:
    """What the user can do with one answer.

    Attributes:
        swap: Puts the alternative at a position in front; returns "" or why it could not.
        rerun: Runs an edited statement; returns "" or why it could not be run.
        restore: Puts the model's own choice back; returns "" or why it could not.
        ask: Asks another question.
        offers: Questions that this database can answer.
    """

    swap: Callable[[int], str]
    rerun: Callable[[str], str]
    restore: Callable[[], str]
    ask: Callable[[str], None]
    offers: tuple[str, ...] = ()


def draw_question(question: str) -> None:
    """Draw what the user typed, as typed."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(clean_text(question))


def draw(item: Answer | Failure, key: str, actions: Actions | None = None) -> None:
    """Draw a question and its answer.

    Args:
        item: What came of the question.
        key: Unlike that of any other answer on the page.
        actions: What the user can do with it; None draws it for reading only.
    """
    draw_question(item.question)
    with st.chat_message("assistant", avatar=":material/database:"):
        if isinstance(item, Failure):
            st.warning(escape(item.message))
            if item.sql:
                editors.draw_sql(item.sql)
            _draw_offers(key, actions)
        elif item.result is None:
            st.info(escape(item.sentence))
            _draw_remarks(item)
            _draw_alternatives(item, key, actions)
            _draw_offers(key, actions)
        else:
            _draw_answer(item, item.result, key, actions)


def _draw_answer(item: Answer, result: QueryResult, key: str, actions: Actions | None) -> None:
    headline = present.headline(result)
    if headline is None:
        _draw_views(result, item.chart, key)
    else:
        name = shorten(present.name_headers(result.columns)[0], _MAX_LABEL_CHARACTERS)
        st.metric(escape(name), escape(headline), label_visibility="collapsed")
    st.text(show_text(item.sentence))
    _draw_remarks(item)
    _draw_change(item, result, key, actions)
    _draw_reading(item)
    draw_tools = partial(_draw_tools, result, item.timings.total, key)
    if actions is None:
        draw_tools()
        editors.draw_sql(result.sql)
    else:
        editors.draw_editor(result.sql, key, actions.rerun, draw_tools)
    _draw_alternatives(item, key, actions)
    problem = st.session_state.get(f"problem {key}", "")
    if problem:
        st.warning(escape(problem))


@st.fragment
def _draw_views(result: QueryResult, chosen: ChartSpec | None, key: str) -> None:
    """Draw the chart that was chosen, or the table, or what the user has switched to."""
    fitting = (chosen, *present.list_charts(result)) if chosen is not None else ()
    charts = {KIND_NAMES[spec.kind]: spec for spec in reversed(fitting) if spec.kind in KIND_NAMES}
    charts = dict(reversed(charts.items()))
    shown: str | None = _TABLE
    if charts:
        shown = st.segmented_control(
            "Show as",
            [*charts, _TABLE],
            default=next(iter(charts)),
            required=True,
            key=f"view {key} {hash(result.sql)}",
            label_visibility="collapsed",
        )
    spec = charts.get(shown or _TABLE)
    if spec is None:
        _draw_rows(result)
    else:
        draw_chart(result, spec)


def _draw_rows(result: QueryResult) -> None:
    if result.rows:
        height: int | Literal["auto"] = "auto" if len(result.rows) < 8 else _TABLE_PIXELS
        st.dataframe(present.to_frame(result), hide_index=True, height=height, placeholder="-")
    else:
        st.caption("No rows match.")


def _draw_change(item: Answer, result: QueryResult, key: str, actions: Actions | None) -> None:
    """Say how a result that the user chose differs from the model's, and offer the way back."""
    if item.first is None:
        return
    whose = "Your SQL" if item.origin == "edited" else "Another reading, chosen by you"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            f"**{whose}:** {escape(present_compare.compare(item.first, result))}", width="content"
        )
        if actions is not None:
            st.button(
                "Back to the first answer",
                key=f"back {key}",
                icon=":material/undo:",
                type="tertiary",
                on_click=_do,
                args=(key, actions.restore),
            )


def _draw_reading(item: Answer) -> None:
    """Draw how sure the model is, the question with its marks, and what they mean."""
    # A model may be quite sure of a statement that finds nothing: that would read as a promise.
    told = item.origin == "model" and item.result is not None and item.result.rows
    sure = f"**{present.say_confidence(item.confidence)}** · " if told else ""
    if not item.reading:
        if sure:
            st.caption(sure.removesuffix(" · "))
        return
    st.caption(
        f"{sure}How I read your question: {mark_question(item.question, item.reading)}  \n"
        f"{say_meanings(item.question, item.reading)}"
    )


def _draw_tools(result: QueryResult, seconds: float, key: str) -> None:
    st.caption(f"{_summarize(result)} · {seconds:.2f} s", width="content")
    for name, write, mime, about in _EXPORTS:
        st.download_button(
            name,
            partial(write, result),
            file_name=f"answer.{name.lower()}",
            mime=mime,
            key=f"{name} {key}",
            on_click="ignore",
            type="tertiary",
            icon=":material/download:",
            help=about,
        )


def _summarize(result: QueryResult) -> str:
    summary = present.summary(result)
    return f"{summary[0].upper()}{summary[1:]}{'; there are more' if result.truncated else ''}"


def _draw_remarks(item: Answer) -> None:
    for note in item.notes:
        st.caption(f":material/info: {escape(note)}")


def _draw_alternatives(item: Answer, key: str, actions: Actions | None) -> None:
    if not item.alternatives or actions is None:
        return
    st.caption("Or did you mean" if item.result is not None else "What could be found")
    with st.container(gap=None):
        for position, result in enumerate(item.alternatives):
            told = item.alternative_sentences[position : position + 1]
            sentence = shorten(told[0] if told else result.sql, _MAX_READING_CHARACTERS)
            with st.container(horizontal=True, vertical_alignment="center", gap="xxsmall"):
                st.button(
                    f"Show {escape(_brief(result))}",
                    key=f"other {key} {position}",
                    icon=":material/alt_route:",
                    type="tertiary",
                    on_click=_do,
                    args=(key, actions.swap, position),
                )
                st.caption(escape(sentence), width="stretch")


def _brief(result: QueryResult) -> str:
    """Return what an alternative gives: its one number, or how many rows."""
    return shorten(present.headline(result) or present.summary(result), _MAX_BRIEF_CHARACTERS)


def _draw_offers(key: str, actions: Actions | None) -> None:
    if actions is None or not actions.offers:
        return
    st.caption("Questions that work here")
    with st.container(horizontal=True, gap="small"):
        for position, offer in enumerate(actions.offers[:MAX_OFFERS]):
            st.button(
                escape(offer), key=f"offer {key} {position}", on_click=actions.ask, args=(offer,)
            )


def _do(key: str, action: Callable[..., str], *args: int) -> None:
    editors.close(key)
    st.session_state[f"problem {key}"] = action(*args)
