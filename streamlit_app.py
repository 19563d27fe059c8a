"""The page that ``streamlit run`` serves: its settings, its site map and the model it uses."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from t2s.backends import ModelSpec
from t2s.ui import ask, sidebar

# A file of our own: Streamlit's icons and emoji would be fetched from other hosts.
ICON = Path(ask.__file__).with_name("icon.svg")


def _ask() -> None:
    ask.show(ModelSpec())


def _explore() -> None:
    from t2s.ui import explore  # noqa: PLC0415 - the first page paints without it

    explore.show(ModelSpec())


st.set_page_config(page_title="Ask your data", page_icon=ICON, initial_sidebar_state=384)
page = st.navigation(
    [
        st.Page(_ask, title="Ask", url_path="ask", default=True),
        st.Page(_explore, title="Explore", url_path="explore"),
    ],
    position="top",
)
# Outside of the pages, so that going from one to another keeps the choice and the uploaded file.
sidebar.draw()
page.run()
