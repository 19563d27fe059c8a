"""What people do with an answer, in a real browser, on wide and phone widths, with scripted statements."""

import json

import pytest
import served
from playwright.sync_api import expect
from test_browser import is_outside, save

WIDTHS = {"wide": (1440, 900), "phone": (390, 844)}
MISSPELT = "How many custmers are in Frnace?"
MONTHLY = "orders per month and status in 2024"
SCRIPT = {
    MISSPELT: [
        "SELECT count(*) FROM customers WHERE country = 'France'",
        "SELECT count(*) FROM customers",
        "SELECT country, count(*) FROM customers GROUP BY country",
    ],
    MONTHLY: [
        "SELECT strftime('%Y-%m', ordered_at) AS month, status, count(*) AS orders FROM orders "
        "WHERE ordered_at >= '2024-01-01' AND ordered_at < '2025-01-01' GROUP BY month, status"
    ],
    "customers in Frnace": ["SELECT full_name FROM customers WHERE country = 'Frnace'"],
    "who is king": [None],
    "bars": ["SELECT country, count(*) AS customers FROM customers GROUP BY country LIMIT 6"],
    "line": [
        "SELECT strftime('%Y-%m', ordered_at) AS month, count(*) AS orders FROM orders GROUP BY 1"
    ],
    "histogram": ["SELECT total_amount FROM orders LIMIT 500"],
    "points": ["SELECT price, pages FROM books WHERE price + pages > 0 LIMIT 200"],
    "map": [
        "SELECT 'Oslo' AS city, 59.9 AS latitude, 10.7 AS longitude UNION ALL SELECT 'Rome', 41.9, 12.5 "
        "UNION ALL SELECT 'Paris', 48.8, 2.3"
    ],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    script, log = folder / "script.json", folder / "log.txt"
    script.write_text(json.dumps(SCRIPT), encoding="utf-8")
    with served.serve(log, served.scripted_command(script)) as running:
        yield running
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module")
def browser():
    with served.chromium() as running:
        yield running


@pytest.fixture(params=WIDTHS)
def width(request):
    return request.param


@pytest.fixture
def page(browser, server, width):
    """A window of one width that fails the test when it calls other hosts, logs an error or scrolls sideways."""
    size = dict(zip(("width", "height"), WIDTHS[width], strict=True))
    context = browser.new_context(viewport=size)
    page = context.new_page()
    outside, errors = [], []
    page.on("request", lambda r: outside.append(r.url) if is_outside(r.url, server.url) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server.url)
    served.wait_painted(page)
    served.wait_rest(page)
    yield page
    scroll = page.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert (outside, errors) == ([], [])
    assert scroll <= WIDTHS[width][0]


def last(page):
    return page.get_by_test_id("stChatMessage").last


def test_the_reading_marks_words_and_corrects_them(page, width):
    served.ask(page, MISSPELT)
    said = last(page).get_by_text("How I read your question")
    expect(said).to_contain_text("[custmers]")
    expect(said).to_contain_text("Frnace read as France → customers.country = 'France'")
    assert save(page, f"reading-{width}").stat().st_size > 10_000


def test_a_click_swaps_a_reading_in_and_out(page, width):
    served.ask(page, MISSPELT)
    first = last(page).get_by_test_id("stMetricValue").inner_text()
    last(page).get_by_role("button", name="Show 1,800").click()
    expect(last(page).get_by_test_id("stMetricValue")).to_have_text("1,800")
    expect(last(page)).to_contain_text(f"1,800 instead of {first}")
    served.wait_rest(page)
    save(page, f"swapped-{width}")
    last(page).get_by_role("button", name="Back to the first answer").click()
    expect(last(page).get_by_test_id("stMetricValue")).to_have_text(first)


def test_sql_is_edited_and_run(page, width):
    served.ask(page, "customers in Frnace")
    expect(last(page)).to_contain_text("closest: 'France', 202 rows")
    save(page, f"empty-{width}")
    last(page).get_by_text("Edit SQL").click()
    box = last(page).get_by_label("SQL", exact=True)
    box.fill("SELECT nothing FROM customers")
    last(page).get_by_role("button", name="Run").click()
    expect(last(page).get_by_test_id("stAlert")).to_be_visible()
    expect(box).to_have_value("SELECT nothing FROM customers")
    save(page, f"edit-refused-{width}")
    box.fill("SELECT full_name FROM customers WHERE country = 'France'")
    last(page).get_by_role("button", name="Run").click()
    expect(last(page)).to_contain_text("202 rows more than first")
    expect(last(page).get_by_test_id("stAlert")).to_have_count(0)
    served.wait_rest(page)
    assert save(page, f"edited-{width}").stat().st_size > 10_000


def test_a_declined_question_offers_others(page, width):
    served.ask(page, "who is king")
    save(page, f"declined-{width}")
    offer = last(page).get_by_test_id("stButton").first
    question = offer.inner_text()
    offer.click()
    served.wait_answered(page, 2)
    expect(page.get_by_test_id("stChatMessage").nth(2)).to_contain_text(question)


CHARTS = ["bars", "line", "histogram", "points", "map", MONTHLY]


@pytest.mark.parametrize("asked", CHARTS)
def test_charts_of_each_kind_are_drawn(page, width, asked):
    served.ask(page, asked)
    chart = last(page).get_by_test_id("stVegaLiteChart")
    expect(chart.locator("canvas, svg").first).to_be_visible(timeout=45_000)
    chart.scroll_into_view_if_needed()
    name = "series" if asked == MONTHLY else asked
    assert save(page, f"chart-{name}-{width}").stat().st_size > 10_000


def test_a_chart_is_switched_without_a_jump_of_what_stands_above(page, width):
    served.ask(page, MONTHLY)
    expect(last(page).get_by_test_id("stVegaLiteChart")).to_be_visible()
    switch = last(page).get_by_test_id("stButtonGroup")
    switch.scroll_into_view_if_needed()
    switch.get_by_text("Stacked bars").click()
    served.wait_rest(page)
    expect(last(page).get_by_test_id("stVegaLiteChart")).to_be_visible()
    save(page, f"chart-stacked-{width}")
    switch.get_by_text("Table").click()
    expect(last(page).get_by_test_id("stDataFrame")).to_be_visible()
    expect(switch).to_be_in_viewport()


def test_the_statement_is_downloaded(page, tmp_path):
    served.ask(page, "bars")
    with page.expect_download() as download:
        last(page).get_by_role("button", name="SQL", exact=False).first.click()
    assert download.value.suggested_filename == "answer.sql"
    download.value.save_as(tmp_path / "answer.sql")
    assert "FROM customers" in (tmp_path / "answer.sql").read_text()
