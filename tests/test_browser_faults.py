"""A browser that loses its connection, reloads, has two tabs or goes away; the model waits for the test."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from pathlib import Path

import pytest
import served
from playwright.sync_api import Browser, BrowserContext, Page, expect

FRUIT = b"name,price,city\napple,1.5,Oslo\npear,2.5,Rome\n"
RETURN_SECONDS = 2


@pytest.fixture(scope="module")
def area(tmp_path_factory) -> Path:
    """Where the server keeps temporary files; its folder "gates" tells the model what to answer."""
    folder = tmp_path_factory.mktemp("area")
    (folder / "gates").mkdir()
    return folder


@pytest.fixture(scope="module")
def server(area: Path, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "log.txt"
    command = ["tests/serve_waiting.py", str(area / "gates"), "PORT", str(RETURN_SECONDS)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(area))
        with served.serve(log, command) as running:
            yield running
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module")
def browser():
    with served.chromium() as running:
        yield running


@pytest.fixture
def context(browser: Browser):
    """A browser of one user: its tabs share what the browser keeps."""
    opened = browser.new_context(viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


def open_tab(context: BrowserContext, server) -> Page:
    page = context.new_page()
    page.goto(server.url)
    served.wait_painted(page)
    served.wait_rest(page)
    return page


def type_question(page: Page, question: str) -> None:
    box = page.get_by_test_id("stChatInput").locator("textarea")
    expect(box).to_be_enabled(timeout=60_000)
    box.fill(question)
    box.press("Enter")


def wait_until_asked(area: Path, name: str) -> None:
    wait_for(lambda: (area / "gates" / f"{name} asked").exists())


def let(area: Path, name: str) -> None:
    (area / "gates" / name).touch()


def wait_for(reached, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not reached() and time.monotonic() < ends:
        time.sleep(0.05)
    assert reached()


def list_uploads(area: Path) -> list[Path]:
    return sorted(area.glob("t2s-upload-*/*.sqlite"))


def see_answers(page: Page, *answers: str) -> None:
    """Check that the conversation consists of these answers."""
    served.wait_answered(page, len(answers))
    for position, answer in enumerate(answers):
        message = page.get_by_test_id("stChatMessage").nth(2 * position + 1)
        expect(message.get_by_test_id("stCode").first).to_contain_text(f"'{answer}'")


class Line:
    """A connection to the server on another port, which the test can cut."""

    def __init__(self, server: served.Server) -> None:
        self.is_up = True
        self.target = int(server.url.rpartition(":")[2])
        self.ends: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # until the test closes it
            while True:
                near, _ = self.listener.accept()
                if not self.is_up:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.target))
                self.ends += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        shut(source, target)

    def cut(self) -> None:
        self.is_up = False
        shut(*self.ends)

    def mend(self) -> None:
        self.is_up = True


def shut(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(server):
    opened = Line(server)
    yield opened
    opened.cut()
    opened.listener.close()


@pytest.mark.parametrize("comes_back", ["before the answer", "after the answer"])
def test_a_connection_lost_in_the_middle_of_an_answer(context, line, area, comes_back: str):
    page = open_tab(context, line)
    served.ask(page, "earlier")
    name = comes_back.replace(" ", "-")
    type_question(page, f"wait for {name}")
    wait_until_asked(area, name)
    line.cut()
    if comes_back == "after the answer":
        let(area, name)
        page.wait_for_timeout(1000)
    line.mend()
    if comes_back == "before the answer":
        page.wait_for_timeout(2000)
        let(area, name)
    see_answers(page, "earlier", name)
    served.ask(page, "later")
    see_answers(page, "earlier", name, "later")


def test_a_page_reloaded_in_the_middle_of_an_answer(context, server, area):
    page = open_tab(context, server)
    type_question(page, "wait for reload")
    wait_until_asked(area, "reload")
    page.reload()
    served.wait_painted(page)
    served.ask(page, "after the reload")
    see_answers(page, "after the reload")
    let(area, "reload")


def test_two_tabs_of_one_user_get_their_own_answers(context, server, area):
    first, second = open_tab(context, server), open_tab(context, server)
    for page, name in ((first, "first"), (second, "second")):
        type_question(page, f"wait for {name}")
        wait_until_asked(area, name)
    let(area, "second")
    see_answers(second, "second")
    let(area, "first")
    see_answers(first, "first")
    see_answers(second, "second")


def test_an_upload_is_seen_by_its_own_tab_alone(browser, context, server):
    page = open_tab(context, server)
    served.upload(page, "fruit.csv", FRUIT)
    other_tab = open_tab(context, server)
    other_user = browser.new_context()
    try:
        for other in (other_tab, open_tab(other_user, server)):
            other.get_by_test_id("stSelectbox").first.locator("input").click()
            offered = other.get_by_test_id("stSelectboxVirtualDropdown")
            expect(offered).to_contain_text("Online bookshop")
            expect(offered).not_to_contain_text("fruit.csv")
    finally:
        other_user.close()
    expect(page.get_by_role("combobox", name="Database").first).to_have_value("fruit.csv")


def test_an_upload_goes_some_time_after_its_browser(browser, server, area):
    wait_for(lambda: not list_uploads(area))  # of the tests before
    context = browser.new_context()
    page = open_tab(context, server)
    served.upload(page, "fruit.csv", FRUIT)
    (stored,) = list_uploads(area)
    time.sleep(RETURN_SECONDS + 1)
    assert stored.exists()
    context.close()
    wait_for(lambda: not stored.parent.exists())
    assert list_uploads(area) == []
