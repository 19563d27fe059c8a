"""The statement of an answer: formatted, and editable where the page can run it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import streamlit as st

from t2s import present
from t2s.present_text import clean_text, show_text
from t2s.ui.markup import escape

# With this an answer and its question fit above the input of a laptop's window.
_SQL_PIXELS = 200
_MAX_SQL_LINES = 8
_MAX_SQL_CHARACTERS = 20_000


def draw_sql(sql: str) -> None:
    """Draw a statement over several lines, with colours."""
    text = show_text(present.format_sql(sql))
    height: int | Literal["content"] = (
        _SQL_PIXELS if text.count("\n") >= _MAX_SQL_LINES else "content"
    )
    st.code(text, language="sql", wrap_lines=True, height=height)


def close(key: str) -> None:
    """Put the editor of an answer away, with what was typed into it."""
    st.session_state.pop(f"edit {key}", None)
    st.session_state.pop(f"sql error {key}", None)


@st.fragment
def draw_editor(
    sql: str, key: str, rerun: Callable[[str], str], draw_tools: Callable[[], None]
) -> None:
    """Draw a statement under a line of tools, of which one makes it editable.

    Args:
        sql: The statement of the answer.
        key: Unlike that of any other answer on the page.
        rerun: Runs a statement and puts its result into the answer; returns "" or why it could not.
        draw_tools: Draws the other tools, side by side.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_tools()
        editing = st.toggle(
            "Edit SQL",
            key=f"edit {key}",
            help="Change the statement and run it again; the data is only read, never changed",
        )
    if not editing:
        st.session_state.pop(f"sql error {key}", None)
        draw_sql(sql)
        return
    with st.form(f"form {key}", border=False):
        text = st.text_area(
            "SQL",
            clean_text(present.format_sql(sql)),
            key=f"sql {key}",
            height="content",
            max_chars=_MAX_SQL_CHARACTERS,
            label_visibility="collapsed",
        )
        pressed = st.form_submit_button("Run", icon=":material/play_arrow:", type="primary")
    if pressed:
        with st.spinner("Running it"):
            st.session_state[f"sql error {key}"] = problem = rerun(text or "")
        if not problem:
            st.rerun()
    problem = st.session_state.get(f"sql error {key}", "")
    if problem:
        st.warning(escape(problem))
