"""What several test modules share: the browser, and hypothesis without a clock."""

from __future__ import annotations

import os

# Small fits take ten times as long when every matrix is shared out among threads; it has to be said before numpy is there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import shutil
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")

# The first call of a compiled function takes seconds; the same examples come on every machine.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

# A shell lets what it starts in the background ignore Ctrl-C; tests of stopping need it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one the test is skipped, or fails where a browser is required."""
    for name in BROWSER_NAMES:
        if path := shutil.which(name):
            return path
    absence = f"no browser on the path: none of {', '.join(BROWSER_NAMES)}"
    if os.environ.get("KEYTERRAIN_REQUIRE_BROWSER"):
        pytest.fail(absence)
    pytest.skip(absence)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """A headless browser, one per test module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(BROWSER_FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def http_requests() -> list[str]:
    """Addresses that `page` asked the network for; a self-contained page leaves it empty."""
    return []


@pytest.fixture
def page_errors() -> list[str]:
    """Uncaught errors of the scripts in `page`."""
    return []


@pytest.fixture
def page(browser: Browser, http_requests: list[str], page_errors: list[str]) -> Iterator[Page]:
    """A page of a browser without network, whose every request for one is noted."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.on("request", lambda request: http_requests.append(request.url) if request.url.startswith(("http", "ws")) else None)
    page.on("pageerror", lambda error: page_errors.append(str(error)))
    yield page
    context.close()
