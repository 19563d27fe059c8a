"""Take the pictures that the README shows: ``python tests/take_screenshots.py .github/screenshots``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import served
from playwright.sync_api import Browser, Page

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# What opens or scrolls does so in steps.
_SETTLE_MILLISECONDS = 1500


def take(browser: Browser, url: str, folder: Path) -> None:
    page = _open(browser, url, WIDE)
    _save(page, folder / "start.png")
    served.examples(page).first.click()
    served.wait_answered(page, 1)
    served.ask(page, "Number of orders per status")
    _save(page, folder / "answer-wide.png")
    page.close()
    page = _open(browser, url, WIDE)
    page.get_by_test_id("stSidebar").get_by_text("customers").first.click()
    _save(page, folder / "schema.png")
    page.close()
    page = browser.new_page(viewport=WIDE)
    page.goto(f"{url}/explore?db=bookshop")
    served.expect(page.get_by_test_id("stGraphVizChart")).to_be_visible(timeout=60_000)
    served.wait_rest(page)
    _save(page, folder / "explore.png")
    page.close()
    page = _open(browser, url, WIDE, "dark")
    served.ask(page, "Sales per month in 2024")
    _save(page, folder / "dark.png")
    page.close()
    page = _open(browser, url, PHONE)
    served.examples(page).first.click()
    served.wait_answered(page, 1)
    _save(page, folder / "answer-phone.png")
    page.close()


def _open(browser: Browser, url: str, viewport: dict[str, int], scheme: str = "light") -> Page:
    page = browser.new_page(viewport=viewport, color_scheme=scheme)
    page.goto(url)
    served.wait_painted(page)
    served.wait_rest(page)
    return page


def _save(page: Page, path: Path) -> None:
    page.wait_for_timeout(_SETTLE_MILLISECONDS)
    page.screenshot(path=path)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument(
        "--app-script", type=Path, help="answer from this script, without the model"
    )
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    command = None if options.app_script is None else served.scripted_command(options.app_script)
    with (
        tempfile.TemporaryDirectory() as logs,
        served.serve(Path(logs) / "log.txt", command) as server,
        served.chromium() as browser,
    ):
        take(browser, server.url, options.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
