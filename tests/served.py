"""The page as people meet it: ``streamlit run`` on a free port, and a real Chromium looking at it."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
# On a busy machine the first answer waits for the model to load.
ANSWER_MILLISECONDS = 90_000
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running ``streamlit run``: its address, its process and when it was started."""

    url: str
    process: subprocess.Popen[bytes]
    started: float


def find_chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise FileNotFoundError(
            "Chromium was not found; on Debian and Ubuntu: apt-get install chromium (.ci/run does that)."
        )
    return path


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serve(log: Path, command: Sequence[str] | None = None) -> Iterator[Server]:
    """Serve the page until the end of the block; ``command`` replaces ``streamlit run`` (PORT is filled in)."""
    port = find_free_port()
    if command is None:
        command = ["-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true"]
        command += ["--server.address=127.0.0.1", "--server.port=PORT"]
    filled = [sys.executable, *(part.replace("PORT", str(port)) for part in command)]
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(filled, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(url, process, log)
            yield Server(url, process, started)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at once:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError(f"The server did not answer:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(CHROMIUM_FLAGS)
        )
        try:
            yield browser
        finally:
            browser.close()


def wait_painted(page: Page) -> None:
    """Return when title, input and the first example can be seen."""
    expect(page.get_by_role("heading", name="Ask your data")).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stChatInput")).to_be_visible(timeout=60_000)
    expect(examples(page).first).to_be_visible(timeout=60_000)


def wait_rest(page: Page) -> None:
    """Return when the server has sent all: until then a click may land on what has just moved."""
    expect(page.get_by_test_id("stApp")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=ANSWER_MILLISECONDS
    )


def examples(page: Page) -> Locator:
    return page.get_by_test_id("stMainBlockContainer").get_by_test_id("stButton")


def ask(page: Page, question: str) -> None:
    """Type a question, and wait for its answer (see ``wait_answered``)."""
    before = page.get_by_test_id("stChatMessage").count()
    box = page.get_by_test_id("stChatInput").locator("textarea")
    expect(box).to_be_enabled(timeout=ANSWER_MILLISECONDS)
    box.fill(question)
    box.press("Enter")
    wait_answered(page, before // 2 + 1)


def wait_answered(page: Page, number: int) -> None:
    """Return when ``number`` questions have an answer and the page is at rest."""
    messages = page.get_by_test_id("stChatMessage")
    expect(messages).to_have_count(2 * number, timeout=ANSWER_MILLISECONDS)
    answer = messages.nth(2 * number - 1)
    done = answer.get_by_test_id("stCode").or_(answer.get_by_test_id("stAlert"))
    expect(done.first).to_be_visible(timeout=ANSWER_MILLISECONDS)
    expect(page.get_by_test_id("stSpinner")).to_have_count(0, timeout=ANSWER_MILLISECONDS)
    wait_rest(page)


def upload(page: Page, name: str, data: bytes) -> None:
    """Give the page a file and wait until its name is the title of what is asked."""
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )
    title = page.get_by_test_id("stMainBlockContainer").get_by_text(name, exact=True)
    expect(title).to_be_visible(timeout=30_000)
    wait_rest(page)


def scripted_command(script: Path) -> list[str]:
    """Return what ``serve`` runs to answer from a script instead of the shipped model."""
    return ["tests/serve_scripted.py", str(script), "PORT"]
