"""What the pages share or keep: the model, the samples, uploaded files, schemas and sessions.

Covered: one model for all users, loaded in a thread while the page is already painted; samples shared by
all users; uploaded files of one browser session in folders that go when the session goes, and, should
the server have been killed, when the next one starts; files larger than ``server.maxUploadSize`` are
refused.
"""

from __future__ import annotations

import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

import sample_dbs
from t2s import backends, database, preview, schema
from t2s.backends import Backend, ModelSpec
from t2s.errors import DatabaseError
from t2s.ui import folders
from t2s.values import Answer, Database, QueryResult, Schema

# Linking and the pipeline are not needed to paint the page: the thread that loads the model loads them too.
if TYPE_CHECKING:
    from t2s.linking import ValueIndex
    from t2s.pipeline import Session

# Streamlit's megabyte.
_MEGABYTE = 1024 * 1024


@st.cache_resource(max_entries=1, show_spinner=False)
def start_backend(spec: ModelSpec) -> Future[Backend]:
    """Return the model that is being loaded in a thread; the first call starts it."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="t2s-load")
    future = executor.submit(_load, spec)
    executor.shutdown(wait=False)
    return future


def _load(spec: ModelSpec) -> Backend:
    from t2s import pipeline  # noqa: F401, PLC0415

    return backends.load(spec)


def wait_for_backend(spec: ModelSpec) -> Backend:
    """Return the loaded model. One that could not be loaded is tried again by the next call.

    Raises:
        BackendError: It cannot be loaded.
    """
    future = start_backend(spec)
    if future.exception() is not None:
        start_backend.clear()
    return future.result()


@st.cache_resource(max_entries=1, show_spinner=False)
def sweep_uploads() -> None:
    """Delete upload folders of servers that are gone; once per server."""
    folders.sweep()


def open_upload(file: UploadedFile, folder: folders.UploadFolder) -> Database:
    """Store an uploaded file in the folder and open or import it.

    Raises:
        DatabaseError: It is too large or cannot be opened.
    """
    max_bytes = int(st.get_option("server.maxUploadSize")) * _MEGABYTE
    if file.size > max_bytes:
        raise DatabaseError(database.describe_too_large(file.name, max_bytes))
    return database.open_upload(file.getvalue(), file.name, folder.path, max_bytes=max_bytes)


def _leave(holder: weakref.ref[folders.UploadFolder]) -> None:
    folder = holder()
    if folder is not None:
        folder.leave()


# Released when the browser goes. The session itself stays until others come and go, maybe for hours.
@st.cache_resource(max_entries=1, scope="session", on_release=_leave, show_spinner=False)
def _hold(_folder: folders.UploadFolder, path: Path) -> weakref.ref[folders.UploadFolder]:
    _folder.stay()
    return weakref.ref(_folder)


def keep(folder: folders.UploadFolder) -> None:
    """Keep the folder for as long as this browser is there, and a little longer."""
    _hold(folder, folder.path)


@st.cache_resource(max_entries=16, show_spinner=False)
def open_sample(path: Path, modified_ns: int) -> Database:
    """Open a sample; ``modified_ns`` makes a rebuilt file a new entry."""
    return database.open_readonly(path)


@st.cache_resource(max_entries=16, show_spinner=False)
def list_examples(sample: str) -> tuple[str, ...]:
    """Return the questions of a sample that stand alone and are marked as examples."""
    return tuple(q.question for q in sample_dbs.read_questions(sample) if q.example)


def _read_schema(_db: Database, fingerprint: str) -> Schema:
    return schema.read(_db)


def _read_rows(_db: Database, fingerprint: str, table: str) -> QueryResult:
    return preview.read_rows(_db, table)


def _index(_db: Database, fingerprint: str, _tables: Schema) -> ValueIndex:
    from t2s import linking  # noqa: PLC0415

    return linking.index(_db, _tables)


# Samples are kept for everyone; what stands in an uploaded file is forgotten with its session.
_cached = st.cache_resource(max_entries=8, show_spinner=False)
_cached_rows = st.cache_resource(max_entries=64, show_spinner=False)
_session_cached = st.cache_resource(max_entries=4, scope="session", show_spinner=False)
_session_cached_rows = st.cache_resource(max_entries=64, scope="session", show_spinner=False)
_shared_schema, _own_schema = _cached(_read_schema), _session_cached(_read_schema)
_shared_rows, _own_rows = _cached_rows(_read_rows), _session_cached_rows(_read_rows)
_shared_index, _own_index = _cached(_index), _session_cached(_index)


def read_schema(db: Database, *, shared: bool) -> Schema:
    """Return the schema, read once per file; ``shared`` keeps it for all browser sessions.

    Raises:
        DatabaseError: The file cannot be read.
    """
    return (_shared_schema if shared else _own_schema)(db, db.fingerprint)


def read_rows(db: Database, table: str, *, shared: bool) -> QueryResult:
    """Return the first rows of a table, read once per file.

    Raises:
        QueryError: They cannot be read within the limits.
    """
    return (_shared_rows if shared else _own_rows)(db, db.fingerprint, table)


def read_index(db: Database, tables: Schema, *, shared: bool) -> ValueIndex:
    """Return the index of the values of a database, read once per file.

    Raises:
        DatabaseError: The file cannot be read.
    """
    return (_shared_index if shared else _own_index)(db, db.fingerprint, tables)


def open_session(db: Database, tables: Schema, backend: Backend, *, shared: bool) -> Session:
    """Return what answers questions over a database; its values are indexed once per file.

    Raises:
        DatabaseError: The file cannot be read.
    """
    from t2s import pipeline  # noqa: PLC0415

    return pipeline.Session(db, tables, read_index(db, tables, shared=shared), backend)


def answer(question: str, session: Session, history: tuple[str, ...]) -> Answer:
    """Answer a question; see ``pipeline.answer``."""
    from t2s import pipeline  # noqa: PLC0415

    return pipeline.answer(question, session, history)


def swap(given: Answer, session: Session, *, position: int) -> Answer:
    """Put an alternative in front; see ``pipeline_revise.swap``."""
    from t2s import pipeline_revise  # noqa: PLC0415

    return pipeline_revise.swap(given, position, session)


def rerun(given: Answer, session: Session, *, sql: str) -> Answer:
    """Answer with an edited statement; see ``pipeline_revise.rerun``."""
    from t2s import pipeline_revise  # noqa: PLC0415

    return pipeline_revise.rerun(given, sql, session)


def restore(given: Answer, session: Session) -> Answer:
    """Put the model's own choice back; see ``pipeline_revise.restore``."""
    from t2s import pipeline_revise  # noqa: PLC0415

    return pipeline_revise.restore(given, session)
