"""The whole page in a real browser, with the model that ships."""

from pathlib import Path

import openpyxl
import pytest
import served
from playwright.sync_api import Page, expect

SCREENSHOTS = served.ROOT / "build" / "screenshots"
FRUIT = b"name,price,city\napple,1.5,Oslo\npear,2.5,Rome\nplum,4,Oslo\n"
HOSTILE = (
    b"<b>bold</b>,*star*,:red[x]\n<script>window.broken=1</script>,2,:smile:\n"
    b"<img src=x onerror=window.broken=1>,3,[a](http://b.c)\n"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory, request):
    script = request.config.getoption("--app-script")
    command = None if script is None else served.scripted_command(script)
    log = tmp_path_factory.mktemp("server") / "log.txt"
    with served.serve(log, command) as running:
        yield running
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module")
def browser():
    with served.chromium() as running:
        yield running


@pytest.fixture
def page(browser, server):
    """A fresh window that fails the test when the page calls other hosts or logs an error."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    outside, errors = [], []
    page.on("request", lambda r: outside.append(r.url) if is_outside(r.url, server.url) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    served.wait_painted(page)
    served.wait_rest(page)
    yield page
    context.close()
    assert (outside, errors) == ([], [])


def is_outside(url: str, server_url: str) -> bool:
    host = server_url.removeprefix("http")
    return url.startswith(("http", "ws")) and host not in url


def save(page: Page, name: str) -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.wait_for_timeout(500)  # what opens or scrolls does so in steps
    page.screenshot(path=path)
    return path


def test_an_example_is_answered_with_its_sql(page):
    save(page, "start")
    example = served.examples(page).first
    question = example.inner_text()
    example.click()
    served.wait_answered(page, 1)
    messages = page.get_by_test_id("stChatMessage")
    expect(messages.nth(0)).to_contain_text(question)
    expect(messages.nth(1).get_by_test_id("stCode").first).to_contain_text("SELECT")
    assert save(page, "example").stat().st_size > 10_000


def test_an_uploaded_csv_is_asked(page):
    served.upload(page, "fruit.csv", FRUIT)
    expect(page.get_by_test_id("stSidebar").get_by_text("3 rows")).to_be_visible()
    served.ask(page, "How many fruit are there?")
    answer = page.get_by_test_id("stChatMessage").nth(1)
    expect(answer.get_by_test_id("stCode").first).to_contain_text("fruit")
    assert save(page, "upload").stat().st_size > 10_000


def test_an_answer_is_downloaded_without_formulas(page, tmp_path):
    served.upload(page, "risky.csv", b"name,price\n=1+1,2\npear,2.5\n")
    served.ask(page, "Show the name and price of all risky")
    answer = page.get_by_test_id("stChatMessage").nth(1)
    saved = {}
    for kind in ("CSV", "XLSX"):
        with page.expect_download() as download:
            answer.get_by_role("button", name=kind, exact=False).click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    assert "'=1+1" in saved["CSV"].read_text(encoding="utf-8-sig")
    sheet = openpyxl.load_workbook(saved["XLSX"]).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "=1+1" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_a_table_shows_its_columns_and_first_rows(page):
    served.upload(page, "fruit.csv", FRUIT)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_test_id("stExpander").first.locator("summary").click()
    expect(sidebar.get_by_text("city").first).to_be_visible()
    expect(sidebar.get_by_test_id("stDataFrame")).to_be_visible()
    assert save(page, "schema").stat().st_size > 10_000


def test_markup_in_a_file_stays_text(page):
    served.upload(page, "hostile.csv", HOSTILE)
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_test_id("stExpander").first.locator("summary").click()
    expect(sidebar.get_by_text("<b>bold</b>")).to_be_visible()
    assert page.evaluate("window.broken") is None
    assert page.locator("img[src=x], [data-testid=stMarkdownContainer] b").count() == 0


def test_the_newest_answer_is_in_view_and_nothing_is_wider_than_a_phone(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(server.url)
    served.wait_painted(page)
    served.wait_rest(page)
    for number in (1, 2):
        question = (
            "How many customers do we have?" if number == 1 else "Number of orders per status"
        )
        served.ask(page, question)
    last = page.get_by_test_id("stChatMessage").last.get_by_test_id("stCode").first
    expect(last).to_be_in_viewport(timeout=45_000)
    save(page, "phone")
    width = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert width <= 390
