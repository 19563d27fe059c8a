"""The sidebar: which database is asked, and what is in it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

import sample_dbs
from t2s import present
from t2s.errors import DatabaseError, QueryError
from t2s.ui import address, folders, loaders, suggestions
from t2s.ui.markup import count, escape, shorten
from t2s.values import Column, Database, ForeignKey, Schema, Table

FILE_TYPES = ("sqlite", "db", "csv", "tsv", "xlsx")
MAX_TABLES = 100
MAX_COLUMNS = 100
_MAX_NAME_CHARACTERS = 48
_UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Source:
    """The database that is asked; ``shared`` for samples, which all browser sessions see."""

    database: Database
    tables: Schema
    title: str
    description: str
    examples: tuple[str, ...]
    shared: bool


@dataclass(frozen=True, slots=True)
class _Upload:
    """An uploaded file: the database it became and the folder that lives with it, or why not."""

    file_id: str
    folder: folders.UploadFolder | None = None
    database: Database | None = None
    problem: str = ""


def choose() -> Source | None:
    """Return the database of the user's choice, as :func:`draw` left it; None when it cannot be read."""
    source: Source | None = st.session_state.get("source")
    return source


def draw() -> None:
    """Draw the sidebar and keep what was chosen for the page.

    To be called outside of any page: what is drawn inside of one, such as the uploaded file, is forgotten
    when another page is opened.
    """
    loaders.sweep_uploads()
    with st.sidebar:
        picker = st.container()
        upload = _take_upload(
            st.file_uploader(
                "Or open your own file",
                type=list(FILE_TYPES),
                key="file",
                help="SQLite, CSV, TSV or Excel. It is read on this server, seen by you alone and "
                "deleted when you leave.",
            )
        )
        if upload is not None and upload.problem:
            st.warning(escape(upload.problem))
        with picker:
            source = _pick(upload)
        if source is not None:
            _draw_schema(source)
    st.session_state["source"] = source


def _take_upload(file: UploadedFile | None) -> _Upload | None:
    """Open a file that has just come and choose it; forget one that was taken away."""
    state = st.session_state
    known: _Upload | None = state.get("upload")
    if known is not None and (file is None or known.file_id != file.file_id):
        if known.folder is not None:
            # Not left to the state of the session: it lets go of a value when it is next drawn.
            known.folder.delete()
        state["upload"] = known = None
        if state.get("choice") == _UPLOAD:
            del state["choice"]
    if file is None:
        return None
    if known is None:
        folder = folders.UploadFolder()
        try:
            with st.spinner("Reading the file"):
                known = _Upload(file.file_id, folder, loaders.open_upload(file, folder))
            state["choice"] = _UPLOAD
        except DatabaseError as error:
            folder.delete()
            known = _Upload(file.file_id, problem=str(error))
        state["upload"] = known
    if known.folder is not None:
        loaders.keep(known.folder)
    return known


def _pick(upload: _Upload | None) -> Source | None:
    samples = {sample.name: sample for sample in sample_dbs.list_samples()}
    own = upload.database if upload is not None else None
    titles = {name: sample.title for name, sample in samples.items()}
    if own is not None:
        titles = {_UPLOAD: own.name, **titles}
    # A value that is no longer offered must go before the box is drawn.
    if st.session_state.get("choice") not in titles:
        st.session_state.pop("choice", None)
    address.adopt(samples)
    choice = st.selectbox("Database", list(titles), format_func=titles.__getitem__, key="choice")
    address.write(choice if choice in samples else "")
    try:
        if own is not None and choice == _UPLOAD:
            with st.spinner("Reading the tables"):
                tables = loaders.read_schema(own, shared=False)
            return Source(own, tables, own.name, "", suggestions.suggest(own, tables), shared=False)
        sample = samples[choice]
        opened = loaders.open_sample(sample.path, sample.path.stat().st_mtime_ns)
        tables = loaders.read_schema(opened, shared=True)
    except DatabaseError as error:
        st.warning(escape(str(error)))
        return None
    examples = loaders.list_examples(sample.name)
    return Source(opened, tables, sample.title, sample.description, examples, shared=True)


def _draw_schema(source: Source) -> None:
    tables = source.tables.tables
    st.markdown(f"**What is in it**  :gray[:small[{count(len(tables), 'table')}]]")
    if source.database.notes:
        with st.expander("Notes on reading the file", icon=":material/info:"):
            for note in source.database.notes:
                st.caption(escape(note))
    for position, table in enumerate(tables[:MAX_TABLES]):
        rows = "" if table.row_count is None else f"  :gray[{count(table.row_count, 'row')}]"
        box = st.expander(
            f"{escape(shorten(table.name, _MAX_NAME_CHARACTERS))}{rows}",
            icon=":material/visibility:" if table.is_view else ":material/table:",
            type="compact",
            key=f"table {source.database.fingerprint} {position}",
            on_change="rerun",
        )
        # Rows of closed tables would cost the first paint a query and a grid each.
        if box.open:
            with box:
                _draw_table(source, table)
    if len(tables) > MAX_TABLES:
        st.caption(f"and {len(tables) - MAX_TABLES:,} more tables")


def _draw_table(source: Source, table: Table) -> None:
    keys = {
        k.column.casefold(): k
        for k in source.tables.foreign_keys
        if k.table.casefold() == table.name.casefold()
    }
    lines = [
        _describe(column, keys.get(column.name.casefold()))
        for column in table.columns[:MAX_COLUMNS]
    ]
    if len(table.columns) > MAX_COLUMNS:
        lines.append(f":gray[and {len(table.columns) - MAX_COLUMNS:,} more columns]")
    st.markdown("  \n".join(lines))
    try:
        rows = loaders.read_rows(source.database, table.name, shared=source.shared)
    except QueryError as error:
        st.caption(escape(str(error)))
        return
    if rows.rows:
        st.dataframe(present.to_frame(rows), hide_index=True, placeholder="-")
    else:
        st.caption("No rows")


def _describe(column: Column, key: ForeignKey | None) -> str:
    """Return one line of Markdown: the name, what its values are, and which key it is."""
    text = f"{escape(shorten(column.name, _MAX_NAME_CHARACTERS))}  :gray[{column.kind}]"
    if column.primary_key:
        text += " :gray[· key]"
    if key is not None:
        guessed = ", guessed from the data" if key.inferred else ""
        text += f" :gray[→ {escape(key.other_table)}{guessed}]"
    return f":small[{text}]"
