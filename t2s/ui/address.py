"""The sample database in the address of the page: ``?db=bookshop``, so that it can be kept and shared."""

from __future__ import annotations

from collections.abc import Container

import streamlit as st

_PARAMETER = "db"


def pick(named: str | None, written: str | None, offered: Container[str]) -> str | None:
    """Return the database that the address asks for, None when it asks for no other than before.

    Args:
        named: What stands in the address.
        written: What this program wrote there last; another name came from a link or from going back.
        offered: The databases that there are.
    """
    return named if named is not None and named != written and named in offered else None


def adopt(offered: Container[str]) -> None:
    """Choose the database of the address when it is a new one; call it before the choice is drawn."""
    named = pick(st.query_params.get(_PARAMETER), st.session_state.get("address"), offered)
    if named is not None:
        st.session_state["choice"] = named


def write(name: str) -> None:
    """Put a database into the address, "" for one that no address can open again."""
    st.session_state["address"] = name
    if not name:
        st.query_params.pop(_PARAMETER, None)
    elif st.query_params.get(_PARAMETER) != name:
        st.query_params[_PARAMETER] = name
