"""The page that shows what is in a database: search, how its tables connect, and each table."""

from __future__ import annotations

from dataclasses import astuple
from functools import partial

import streamlit as st

from t2s import erd, present, profile, search
from t2s.backends import ModelSpec
from t2s.errors import DatabaseError
from t2s.present_text import show_text
from t2s.profile import TableProfile
from t2s.search import Hit
from t2s.ui import loaders, sidebar
from t2s.ui.markup import count, escape, shorten
from t2s.ui.sidebar import Source
from t2s.values import Answer, Database, QueryResult, Schema, Table

_CONNECTIONS, _TABLE = "How tables connect", "One table"
_ALL = ""
# A wide diagram is scrolled in its box: shrunk to the width of a phone nobody could read it.
_DIAGRAM_STYLE = """<style>
.st-key-diagram { max-height: max(20rem, 78vh); overflow: auto; }
.st-key-diagram .stGraphVizChart svg { max-width: none; }
.st-key-diagram [data-testid="stElementToolbar"] { top: 0 !important; }
</style>"""
# From so many tables on one may look at a part of the diagram.
_MIN_TABLES_TO_FILTER = 6
_MAX_SENTENCES = 60
_LONGER_SECONDS = 6.0
_CHOICE_PIXELS = 300
_MAX_LINES, _LINES_PIXELS = 20, 700
_LETTER_PIXELS, _PADDING_PIXELS, _MAX_COLUMN_PIXELS = 7, 20, 360
_MAX_NAME_CHARACTERS = 48
_HEADERS = (
    ("Column", "Its name"),
    ("Holds", "What kind of values stand in it"),
    ("Role", "key: it names each row of its table; →: it points to a row of another table"),
    ("Different", "How many different values there are"),
    ("Empty", "How many rows have no value here"),
    ("From", "The smallest, earliest or alphabetically first value"),
    ("To", "The largest, latest or alphabetically last value"),
    ("Most frequent", "Values that occur most, and how many times"),
)


def show(spec: ModelSpec) -> None:
    """Draw the page; the model is loaded when idle, for whoever goes on to ask."""
    st.set_page_config(layout="wide")
    source = sidebar.choose()
    _draw_title(source)
    if source is None:
        return
    names = [table.name for table in source.tables.tables]
    _draw_search(source)
    if names:
        _draw_views(source, names)
    else:
        st.text("This database has no tables; choose another one in the sidebar.")
    loaders.start_backend(spec)


def _key(source: Source, name: str) -> str:
    return f"{name} {source.database.fingerprint}"


def _draw_title(source: Source | None) -> None:
    st.title("Explore your data", anchor=False)
    if source is None:
        st.text("Choose a database in the sidebar to begin.")
        return
    tables = source.tables.tables
    rows = sum(table.row_count or 0 for table in tables)
    size = f"{count(len(tables), 'table')}, {count(rows, 'row')}"
    about = f" {escape(source.description)}" if source.description else ""
    st.markdown(f"**{escape(source.title)}**  :gray[{size}]  \n{about}")


def _draw_search(source: Source) -> None:
    text = st.text_input(
        "Find a table, a column or a value",
        placeholder="Type a few letters, for example of a name or a city",
        key=_key(source, "search"),
        icon=":material/search:",
    )
    if not text.strip():
        return
    try:
        with st.spinner("Reading the values of the database"):
            index = loaders.read_index(source.database, source.tables, shared=source.shared)
    except DatabaseError as error:
        st.warning(escape(str(error)))
        return
    hits = search.find(source.tables, index, text, search.MAX_HITS + 1)
    if not hits:
        st.caption("Nothing here has these letters in it; try fewer of them, or another word.")
        return
    with st.container(horizontal=True, gap="small"):
        for position, hit in enumerate(hits[: search.MAX_HITS]):
            st.button(
                _describe_hit(hit),
                key=_key(source, f"hit {position}"),
                help=f"Open the table {escape(hit.table)}",
                on_click=partial(_open_table, source, hit.table),
            )
    if len(hits) > search.MAX_HITS:
        st.caption(f"These are the {search.MAX_HITS} closest; type more letters to see others.")


def _describe_hit(hit: Hit) -> str:
    table = escape(shorten(hit.table, _MAX_NAME_CHARACTERS))
    if hit.kind == "table":
        return f"**{table}** :small[table]"
    column = escape(shorten(hit.column, _MAX_NAME_CHARACTERS))
    if hit.kind == "column":
        return f"**{column}** :small[column of {table}]"
    return f"**{escape(shorten(hit.value, _MAX_NAME_CHARACTERS))}** :small[in {table}, {column}]"


def _open_table(source: Source, table: str) -> None:
    st.session_state[_key(source, "view")] = _TABLE
    st.session_state[_key(source, "table")] = table


def _draw_views(source: Source, names: list[str]) -> None:
    """Draw one of the two views, below a line with what chooses and narrows it."""
    view_key = _key(source, "view")
    st.session_state.setdefault(view_key, _CONNECTIONS)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "Show",
            (_CONNECTIONS, _TABLE),
            key=view_key,
            required=True,
            label_visibility="collapsed",
        )
        if view == _TABLE:
            name = _choose_table(source, names)
        else:
            shown, detail = _filter_diagram(source, names)
    if view == _TABLE:
        _draw_one_table(source, name)
    else:
        _draw_connections(source, shown, detail)


def _filter_diagram(source: Source, names: list[str]) -> tuple[Schema, erd.Detail]:
    """Draw what narrows the diagram and return what is to be drawn."""
    around = _ALL
    if len(names) >= _MIN_TABLES_TO_FILTER:
        around = st.selectbox(
            "Tables",
            [_ALL, *names],
            format_func=lambda n: f"{show_text(n)} and its neighbours" if n else "All tables",
            key=_key(source, "around"),
            label_visibility="collapsed",
            width=_CHOICE_PIXELS,
        )
    shown = erd.pick_around(source.tables, around) if around else source.tables
    folds = len(shown.tables) > erd.MAX_FULL_TABLES
    # Another key when the default is another: otherwise the old choice would stay.
    is_full = st.toggle("All columns", value=not folds, key=_key(source, f"full {folds}"))
    return shown, "all" if is_full else "keys"


def _draw_connections(source: Source, shown: Schema, detail: erd.Detail) -> None:
    used = _find_used(source)
    theme: erd.Theme = "dark" if st.context.theme.type == "dark" else "light"
    diagram = erd.build_diagram(shown, marked=used, detail=detail, theme=theme)
    if used:
        named = ", ".join(escape(shorten(name, _MAX_NAME_CHARACTERS)) for name in sorted(used))
        st.caption(f"**★** Your last answer was read from {named}")
    st.html(_DIAGRAM_STYLE)
    with st.container(border=True, key="diagram"):
        st.graphviz_chart(
            diagram.dot,
            alt=f"Diagram of {count(diagram.drawn, 'table')}; the same in words below it",
        )
    st.caption(_explain_diagram(diagram, len(shown.foreign_keys)))
    sentences = erd.describe_keys(shown)
    if sentences:
        with st.expander("The same in words", icon=":material/notes:"):
            st.text("\n".join(map(show_text, sentences[:_MAX_SENTENCES])))
            if len(sentences) > _MAX_SENTENCES:
                st.caption(f"and {len(sentences) - _MAX_SENTENCES:,} more connections")


def _explain_diagram(diagram: erd.Diagram, keys: int) -> str:
    parts = ["**key** names each row of its table"]
    if keys:
        parts.append("**→** and an arrow point to the row of another table that belongs to a row")
    if diagram.guessed:
        parts.append("a dashed arrow is guessed from names and values, the file does not state it")
    text = "; ".join(parts)
    if diagram.left_out:
        text += f". {count(diagram.left_out, 'table')} with few connections left out"
    return f"{text}."


def _find_used(source: Source) -> frozenset[str]:
    """Return the tables of the last answer about this database, if there is one."""
    talk = st.session_state.get("conversations", {}).get(source.database.fingerprint)
    for item in reversed(talk.items if talk is not None else []):
        if isinstance(item, Answer) and item.result is not None:
            return erd.find_tables(item.result.sql, source.tables)
    return frozenset()


def _choose_table(source: Source, names: list[str]) -> str:
    key = _key(source, "table")
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    return str(
        st.selectbox(
            "Table",
            names,
            format_func=show_text,
            key=key,
            label_visibility="collapsed",
            width=_CHOICE_PIXELS,
            persist_state="session",
        )
    )


def _draw_one_table(source: Source, name: str) -> None:
    table = source.tables.table(name)
    if table is None:
        return
    is_longer = st.session_state.get(_key(source, f"longer {name}"), False)
    try:
        with st.spinner("Reading the table"):
            found = _read_profile(source, table, _LONGER_SECONDS if is_longer else profile.SECONDS)
    except DatabaseError as error:
        st.warning(escape(str(error)))
        return
    _draw_columns(source, table, found, is_longer=is_longer)
    _draw_sample(found)


def _draw_columns(source: Source, table: Table, found: TableProfile, *, is_longer: bool) -> None:
    size = "" if found.row_count is None else f"{count(found.row_count, 'row')}, "
    kind = "A view: a stored question over other tables. " if table.is_view else ""
    st.markdown(f"{kind}{size}{count(len(table.columns), 'column')}")
    lines = profile.describe_columns(table, found, source.tables.foreign_keys)
    rows = QueryResult("", tuple(header for header, _ in _HEADERS), tuple(map(astuple, lines)))
    widths = measure_columns(rows)
    st.dataframe(
        present.to_frame(rows),
        hide_index=True,
        placeholder="-",
        height="content" if len(lines) <= _MAX_LINES else _LINES_PIXELS,
        column_config={
            header: st.column_config.Column(
                help=text, pinned=header == _HEADERS[0][0], width=widths[header]
            )
            for header, text in _HEADERS
        },
    )
    if any(line.role for line in lines):
        st.caption("**key** names each row of its table; **→** points to a row of another table.")
    scope = profile.describe_scope(found)
    for sentence in scope:
        st.caption(escape(sentence))
    if scope and not is_longer:
        st.button(
            "Look again for longer",
            key=_key(source, f"look {table.name}"),
            icon=":material/hourglass_empty:",
            help=f"Takes up to {_LONGER_SECONDS:.0f} seconds",
            on_click=st.session_state.__setitem__,
            args=(_key(source, f"longer {table.name}"), True),
        )


def measure_columns(result: QueryResult) -> dict[str, int]:
    """Return the width of each column in pixels, by header as shown.

    Left to itself a grid keeps the widths of the table that it showed before.
    """
    headers = present.name_headers(result.columns)
    cells = zip(*result.rows, strict=True) if result.rows else ((),) * len(headers)
    longest = [
        max(len(text) for text in (header, *(str(present.show_cell(cell)) for cell in column)))
        for header, column in zip(headers, cells, strict=True)
    ]
    return {
        header: min(_MAX_COLUMN_PIXELS, _LETTER_PIXELS * letters + _PADDING_PIXELS)
        for header, letters in zip(headers, longest, strict=True)
    }


def _draw_sample(found: TableProfile) -> None:
    st.markdown("**First rows**")
    if found.sample is None:
        st.caption("The rows of this table could not be read in time.")
    elif found.sample.rows:
        st.dataframe(
            present.to_frame(found.sample),
            hide_index=True,
            placeholder="-",
            column_config={
                header: st.column_config.Column(width=width)
                for header, width in measure_columns(found.sample).items()
            },
        )
    else:
        st.caption("No rows")


def _profile(
    _db: Database, _table: Table, fingerprint: str, name: str, seconds: float
) -> TableProfile:
    return profile.read_profile(_db, _table, seconds)


# Samples are kept for everyone; what stands in an uploaded file is forgotten with its session.
_shared_profile = st.cache_data(max_entries=128, show_spinner=False)(_profile)
_own_profile = st.cache_data(max_entries=64, scope="session", show_spinner=False)(_profile)


def _read_profile(source: Source, table: Table, seconds: float) -> TableProfile:
    read = _shared_profile if source.shared else _own_profile
    return read(source.database, table, source.database.fingerprint, table.name, seconds)
