"""Explore in a real browser, wide and on a phone; pictures go to build/screenshots."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import served
from playwright.sync_api import Page, expect

SCREENSHOTS = served.ROOT / "build" / "screenshots"
SIZES = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
QUESTION = "Number of orders per country"
SQL = "SELECT c.country, count(*) FROM orders o JOIN customers c ON c.customer_id = o.customer_id GROUP BY 1"
# A label that Graphviz cannot read leaves the page without a diagram.
HOSTILE = (
    'a"b',
    "a\\N",
    "b\\",
    "<b>x</b>",
    "a>b<c",
    "&amp;",
    "x\ny",
    "\x01\x1b",
    "{a|b}",
    "漢字",
    "]; t0 -> t1",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    script = folder / "script.json"
    script.write_text(json.dumps({QUESTION: [SQL]}), encoding="utf-8")
    with served.serve(folder / "log.txt", served.scripted_command(script)) as running:
        yield running
    assert "Traceback" not in (folder / "log.txt").read_text(errors="replace")


@pytest.fixture(scope="module")
def browser():
    with served.chromium() as running:
        yield running


@pytest.fixture(params=list(SIZES))
def page(request, browser, server):
    """A window of one size; the test fails when the page calls other hosts or logs an error."""
    context = browser.new_context(viewport=SIZES[request.param])
    opened = context.new_page()
    outside, errors = [], []
    host = server.url.removeprefix("http")
    opened.on(
        "request",
        lambda r: (
            outside.append(r.url)
            if r.url.startswith(("http", "ws")) and host not in r.url
            else None
        ),
    )
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.size = request.param
    yield opened
    context.close()
    assert (outside, errors) == ([], [])


def wait_drawn(page: Page) -> None:
    expect(page.get_by_role("heading", name="Explore your data")).to_be_visible(timeout=60_000)
    expect(chart(page)).to_be_visible(timeout=60_000)
    served.wait_rest(page)


def chart(page: Page):
    return page.get_by_test_id("stGraphVizChart").locator("svg")


def go_to(page: Page, name: str) -> None:
    """Open another page; on a phone the links are in the sidebar, which stays open."""
    if page.size == "wide":
        page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
        return
    page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    page.get_by_test_id("stSidebarHeader").get_by_role("button").click()


def save(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(500)  # what opens or scrolls does so in steps
    path = SCREENSHOTS / f"explore-{name}-{page.size}.png"
    page.screenshot(path=path)
    assert path.stat().st_size > 10_000
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[page.size]["width"]


def upload(page: Page, path: Path) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)
    title = page.get_by_test_id("stMainBlockContainer").get_by_text(path.name, exact=True)
    expect(title).to_be_visible(timeout=30_000)
    served.wait_rest(page)


def test_from_an_answer_to_its_tables(page, server):
    page.goto(f"{server.url}/?db=bookshop")
    expect(page.get_by_role("heading", name="Ask your data")).to_be_visible(timeout=60_000)
    served.wait_rest(page)
    served.ask(page, QUESTION)
    go_to(page, "Explore")
    wait_drawn(page)
    assert page.url == f"{server.url}/explore?db=bookshop"
    expect(chart(page).get_by_text("★ orders", exact=True)).to_have_count(1)
    expect(chart(page).get_by_text("★ customers", exact=True)).to_have_count(1)
    expect(chart(page).get_by_text("★ books", exact=True)).to_have_count(0)
    # Letters keep their size: what is wider than the page is scrolled in its box.
    letters = chart(page).get_by_text("★ orders", exact=True).bounding_box()
    assert letters["height"] >= 11
    save(page, "connections")

    page.get_by_role("radio", name="One table").or_(
        page.get_by_text("One table", exact=True)
    ).first.click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(2, timeout=30_000)
    box = page.get_by_label("Find a table, a column or a value")
    box.fill("crime")
    box.press("Enter")
    page.get_by_role("button", name="Crime in books, category").click()
    expect(page.get_by_text("399 rows, 11 columns")).to_be_visible(timeout=30_000)
    served.wait_rest(page)
    save(page, "table")

    go_to(page, "Ask")
    expect(page.get_by_test_id("stChatMessage")).to_have_count(2, timeout=30_000)
    assert page.url == f"{server.url}/?db=bookshop"


def test_the_address_opens_page_and_sample_and_going_back_returns(page, server):
    page.goto(f"{server.url}/explore?db=cinema")
    wait_drawn(page)
    expect(chart(page).get_by_text("Screening", exact=True)).to_have_count(1)
    page.goto(f"{server.url}/explore?db=ski_resort")
    wait_drawn(page)
    expect(chart(page).get_by_text("lift_day", exact=True)).to_have_count(1)
    page.go_back()
    wait_drawn(page)
    expect(chart(page).get_by_text("Screening", exact=True)).to_have_count(1)
    assert page.url == f"{server.url}/explore?db=cinema"


def test_an_upload_stays_from_page_to_page(page, server, tmp_path):
    path = tmp_path / "hostile.sqlite"
    connection = sqlite3.connect(path)
    for name in HOSTILE:
        quoted = '"' + name.replace('"', '""') + '"'
        connection.execute(f"CREATE TABLE {quoted} ({quoted} TEXT PRIMARY KEY)")
    connection.commit()
    connection.close()
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Ask your data")).to_be_visible(timeout=60_000)
    served.wait_rest(page)
    upload(page, path)
    go_to(page, "Explore")
    wait_drawn(page)
    assert page.url == f"{server.url}/explore"
    shown = {text.strip() for text in chart(page).locator("text").all_text_contents()}
    for name in (
        'a"b',
        "a\\N",
        "b\\",
        "<b>x</b>",
        "a>b<c",
        "&amp;",
        "x y",
        "␁␛",
        "{a|b}",
        "漢字",
        "]; t0 -> t1",
    ):
        assert name in shown
    assert chart(page).locator("b, script, img").count() == 0
    save(page, "hostile")


def test_thirty_tables_are_readable(page, server, tmp_path):
    path = tmp_path / "thirty.sqlite"
    connection = sqlite3.connect(path)
    for n in range(30):
        points = f", parent_id INTEGER REFERENCES subject_{n // 3} (id)" if n else ""
        connection.execute(
            f"CREATE TABLE subject_{n} (id INTEGER PRIMARY KEY, name TEXT, price REAL, day TEXT{points})"
        )
    connection.commit()
    connection.close()
    page.goto(f"{server.url}/explore")
    wait_drawn(page)
    upload(page, path)
    expect(chart(page).get_by_text("subject_29", exact=True)).to_have_count(1, timeout=30_000)
    expect(chart(page).get_by_text("+ 3 more columns", exact=True)).to_have_count(30)
    assert chart(page).get_by_text("subject_29", exact=True).bounding_box()["height"] >= 11
    save(page, "thirty")
    page.get_by_test_id("stMainBlockContainer").get_by_role("combobox").click()
    page.get_by_role("option", name="subject_4 and its neighbours", exact=True).click()
    expect(chart(page).get_by_text("subject_29", exact=True)).to_have_count(0, timeout=30_000)
    expect(chart(page).get_by_text("subject_12", exact=True)).to_have_count(1)
    served.wait_rest(page)
    save(page, "neighbours")
