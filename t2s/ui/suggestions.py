"""Questions to begin with, for uploaded databases; samples bring examples of their own."""

from __future__ import annotations

import streamlit as st

from t2s import suggest as suggesting
from t2s.values import Database, Schema


def suggest(db: Database, tables: Schema) -> tuple[str, ...]:
    """Return up to six questions that have an answer in an uploaded file, worked out once per file."""
    return _suggest(db, db.fingerprint, tables)


# What stands in an uploaded file is forgotten with its session.
@st.cache_resource(max_entries=4, scope="session", show_spinner=False)
def _suggest(_db: Database, fingerprint: str, _tables: Schema) -> tuple[str, ...]:
    return tuple(each.question for each in suggesting.suggest(_db, _tables))
