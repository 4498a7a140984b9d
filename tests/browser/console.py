"""A headless Chromium, and the daemon with its four children in front of the sandbox shop."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

from tests.e2e.daemon import Daemon, Shop, all_ready, running_daemon, running_shop

ANSWER_MS = 15_000
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("browser-shop")) as running:
        yield running


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> Iterator[Daemon]:
    """In guest mode, with a secret, so that tokens can be made for it."""
    directory = tmp_path_factory.mktemp("browser-daemon")
    with running_daemon(
        directory, until=all_ready, MCP_MUSEO_API_URL=shop.url, MCP_JWT_SECRET="s" * 40
    ) as running:
        yield running
        running.stop_cleanly()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("MUSEOD_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium: apt install chromium (scripts/test.sh does)")
    with sync_playwright() as driver:
        # Tests run as root on build machines, where Chromium's sandbox does not start.
        opened = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclass(slots=True)
class Console:
    """The open console page; `complaints` is whatever the browser said against it."""

    page: Page
    daemon: Daemon
    complaints: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.page.goto(self.daemon.url)
        self.wait_for_state("open")

    def wait_for_state(self, state: str) -> None:
        self.page.wait_for_selector(f'#connection[data-state="{state}"]', timeout=ANSWER_MS)

    def say(self, text: str) -> str:
        """Send a message and return the text of its answer."""
        answers = self.page.locator(".theirs details.how")
        before = answers.count()
        self.page.fill("#text", text)
        self.page.press("#text", "Enter")
        answers.nth(before).wait_for(timeout=ANSWER_MS)
        return self.last.locator(".bubble").inner_text()

    @property
    def last(self) -> Locator:
        """The newest answer."""
        return self.page.locator(".theirs").last


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile, in English."""
    made = browser.new_context(locale="en-US", viewport={"width": 1100, "height": 900})
    made.set_default_timeout(ANSWER_MS)
    yield made
    made.close()


@pytest.fixture
def console(context: BrowserContext, daemon: Daemon) -> Iterator[Console]:
    """The console, opened; whatever the browser complains of fails the test."""
    page = context.new_page()
    opened = Console(page, daemon)
    page.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    # Violations of the content security policy, also those that the browser does not print.
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"
    )
    opened.open()
    yield opened
    assert opened.complaints == []
    if folder := os.environ.get("MUSEOD_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / "console.png")
