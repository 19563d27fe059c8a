"""One question and what came of it, drawn in the conversation."""

from __future__ import annotations

from functools import partial
from typing import Literal

import streamlit as st

from t2s import present, present_export
from t2s.present_text import show_text
from t2s.ui.charts import draw_chart
from t2s.ui.markup import escape, shorten
from t2s.values import Answer, Failure, QueryResult

_MAX_LABEL_CHARACTERS = 60
# With these an answer and its question fit above the input of a laptop's window.
_TABLE_PIXELS = 280
_SQL_PIXELS = 300
_MAX_SQL_LINES = 12
_EXPORTS = (
    ("CSV", present_export.to_csv, "text/csv"),
    (
        "XLSX",
        present_export.to_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
)


def draw_question(question: str) -> None:
    """Draw what the user typed, as typed."""
    with st.chat_message("user", avatar=":material/person:"):
        st.text(question)


def draw(item: Answer | Failure, key: str) -> None:
    """Draw a question and its answer; ``key`` is unlike that of any other on the page."""
    draw_question(item.question)
    with st.chat_message("assistant", avatar=":material/database:"):
        if isinstance(item, Failure):
            st.warning(escape(item.message))
            if item.sql:
                _draw_sql(item.sql)
        elif item.result is None:
            st.info(escape(item.sentence))
            _draw_remarks(item)
            _draw_alternatives(item, key)
        else:
            _draw_answer(item, item.result, key)


def _draw_answer(item: Answer, result: QueryResult, key: str) -> None:
    headline = present.headline(result)
    if headline is not None:
        name = shorten(present.name_headers(result.columns)[0], _MAX_LABEL_CHARACTERS)
        st.metric(escape(name), escape(headline), label_visibility="collapsed")
    st.text(show_text(item.sentence))
    _draw_remarks(item)
    if headline is None and item.chart is not None:
        chart, table = st.tabs(["Chart", "Table"])
        with chart:
            draw_chart(result, item.chart)
        with table:
            _draw_rows(result)
    elif headline is None:
        _draw_rows(result)
    _draw_footer(result, item.timings.total, key)
    _draw_sql(result.sql)
    _draw_alternatives(item, key)


def _draw_rows(result: QueryResult) -> None:
    if result.rows:
        height: int | Literal["auto"] = "auto" if len(result.rows) < 8 else _TABLE_PIXELS
        st.dataframe(present.to_frame(result), hide_index=True, height=height, placeholder="-")
    else:
        st.caption("No rows match.")


def _draw_footer(result: QueryResult, seconds: float, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{_summarize(result)} · {seconds:.2f} s", width="content")
        for name, write, mime in _EXPORTS:
            st.download_button(
                name,
                partial(write, result),
                file_name=f"answer.{name.lower()}",
                mime=mime,
                key=f"{name} {key}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                help=f"Download these rows for a spreadsheet ({name})",
            )


def _summarize(result: QueryResult) -> str:
    summary = present.summary(result)
    return f"{summary[0].upper()}{summary[1:]}{'; there are more' if result.truncated else ''}"


def _draw_sql(sql: str) -> None:
    text = show_text(present.format_sql(sql))
    height: int | Literal["content"] = (
        _SQL_PIXELS if text.count("\n") >= _MAX_SQL_LINES else "content"
    )
    st.code(text, language="sql", wrap_lines=True, height=height)


def _draw_remarks(item: Answer) -> None:
    for note in item.notes:
        st.caption(f":material/info: {escape(note)}")


def _draw_alternatives(item: Answer, key: str) -> None:
    if not item.alternatives:
        return
    label = f"Other readings ({len(item.alternatives)})"
    with st.expander(label, icon=":material/alt_route:", key=f"others {key}"):
        for position, result in enumerate(item.alternatives):
            if position:
                st.divider()
            _draw_sql(result.sql)
            _draw_rows(result)
            if result.truncated:
                st.caption(_summarize(result))
