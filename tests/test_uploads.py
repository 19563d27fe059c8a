"""Uploaded files: for one session alone, in folders that go with it, with the browser or after a kill."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from t2s import backends
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import DatabaseError
from t2s.ui import folders, loaders

ROOT = Path(__file__).resolve().parents[1]
APP = str(ROOT / "streamlit_app.py")
MAKE = "import sys; from t2s.ui import folders; f = folders.UploadFolder(); print(f.path, flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files of this test alone, also in the processes that it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def start_other() -> tuple[subprocess.Popen[bytes], Path]:
    """A server that has a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    folder = Path(process.stdout.readline().decode().strip())
    (folder / "uploaded.sqlite").write_bytes(b"x")
    return process, folder


def test_a_folder_is_private_and_goes_with_its_object():
    first, second = folders.UploadFolder(), folders.UploadFolder()
    paths = first.path, second.path
    assert paths[0] != paths[1]
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in paths)
    del first
    assert [path.exists() for path in paths] == [False, True]


def test_a_folder_goes_with_its_server():
    process, folder = start_other()
    assert folder.exists()
    process.communicate()
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_a_killed_server_left_is_swept():
    own = folders.UploadFolder()
    living, kept = start_other()
    killed, left = start_other()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert left.exists()
    folders.sweep()
    assert [path.exists() for path in (own.path, kept, left)] == [True, True, False]
    living.communicate()


LEFT = [
    # name without the prefix, whether there is a lock that nobody holds, whether it stays
    (f"{os.getpid()}-x", True, False),  # of an earlier process with the number of this one
    ("1-x", True, False),  # its number is that of another program by now
    ("1-x", False, True),  # just being made
    ("999999999-x", False, False),
    ("someone", False, True),
]


@pytest.mark.parametrize(("name", "has_lock", "stays"), LEFT)
def test_only_folders_of_dead_servers_are_swept(area: Path, name: str, has_lock, stays):
    folder = area / f"t2s-upload-{name}"
    folder.mkdir()
    if has_lock:
        (folder / "in-use").touch()
    folders.sweep()
    assert folder.exists() == stays


def test_a_link_is_not_followed(area: Path):
    target = area / "precious"
    target.mkdir()
    (area / "t2s-upload-999999999-x").symlink_to(target)
    folders.sweep()
    assert target.exists()


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_folder_goes_some_time_after_the_browser(comes_back: bool):
    folder = folders.UploadFolder()
    folder.leave(seconds=60.0 if comes_back else 0.0)
    timer = folder._timer
    if comes_back:
        folder.stay()
    timer.join()
    assert folder.path.exists() == comes_back


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backends, "load", lambda spec: ScriptedBackend.from_script({}))
    st.cache_resource.clear()
    yield lambda: AppTest.from_file(APP, default_timeout=60).run()
    st.cache_resource.clear()


def test_an_upload_is_not_offered_to_another_session(open_page):
    page, other = open_page(), open_page()
    samples = other.selectbox(key="choice").options
    page.file_uploader(key="file").set_value(("a.csv", b"a\n1\n", "text/csv"))
    page.run()
    other.run()
    assert page.selectbox(key="choice").options == ["a.csv", *samples]
    assert other.selectbox(key="choice").options == samples


def test_uploads_are_not_served():
    folder = folders.UploadFolder()
    assert st.get_option("server.enableStaticServing") is False
    assert ROOT not in folder.path.parents


def test_a_file_above_the_setting_is_refused_unread():
    size = st.get_option("server.maxUploadSize") * 2**20 + 1
    file = SimpleNamespace(name="a.csv", size=size, getvalue=None)
    with pytest.raises(DatabaseError, match=r"^a\.csv is larger than 50 MB;"):
        loaders.open_upload(file, folders.UploadFolder())


def test_the_page_tells_when_the_browser_goes_and_comes_back(
    open_page, monkeypatch: pytest.MonkeyPatch
):
    calls: list[str] = []
    monkeypatch.setattr(folders.UploadFolder, "leave", lambda self: calls.append("leave"))
    monkeypatch.setattr(folders.UploadFolder, "stay", lambda self: calls.append("stay"))
    page = open_page()
    page.file_uploader(key="file").set_value(("a.csv", b"a\n1\n", "text/csv"))
    page.run()
    page.run()
    assert calls == ["stay"]
    clear_session_resource_cache("test session id")
    assert calls == ["stay", "leave"]
    page.run()
    assert calls == ["stay", "leave", "stay"]
    path = page.session_state["upload"].folder.path
    page.file_uploader(key="file").set_value(None)
    page.run()
    assert not path.exists()
