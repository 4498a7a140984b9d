"""The console page as a person sees it, in a real browser against the real daemon."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="scripts/test.sh installs playwright and Chromium")

from playwright.sync_api import BrowserContext

from tests.browser.console import Console
from tests.e2e.daemon import (
    ROOT,
    Shop,
    all_ready,
    clean_environment,
    free_port,
    running_daemon,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_question_about_a_product_gets_its_answer_and_a_card(console: Console) -> None:
    assert "iPhone 15" in console.say("Do you have iPhone 15?")

    card = console.last.locator("article.product")
    assert card.locator("h3").inner_text() == "iPhone 15"
    assert re.search(r"€\d", card.locator(".price").inner_text())
    assert card.locator(".badge").first.inner_text() in ("in stock", "sold out")
    # The picture has arrived from the shop, past the page's policy.
    card.locator("img").evaluate("image => image.decode()")
    assert card.locator("img").evaluate("image => image.naturalWidth") > 0


def test_a_suggestion_is_a_message_at_one_press(console: Console) -> None:
    console.say("Do you have iPhone 15?")

    console.last.locator(".suggestions button", has_text="Plus").click()

    console.page.locator("article.product h3", has_text="iPhone 15 Plus").wait_for()
    assert console.page.locator(".mine").last.inner_text() == "iPhone 15 Plus"


def test_the_basket_is_a_card_with_its_total(console: Console) -> None:
    console.say("add 2 iPhone 15 128 GB black to my basket")
    console.say("What is in my basket?")

    card = console.last.locator(".basket")
    assert "2 ×" in card.inner_text()
    assert re.search(r"€\d", card.locator(".sum").inner_text())


def test_markup_in_a_message_stays_text(console: Console) -> None:
    attack = "<img src=x onerror=alert(1)><b>bold</b>"

    console.say(attack)

    assert console.page.locator(".mine .bubble").last.inner_text() == attack
    assert console.page.locator(".log .bubble img, .log .bubble b").count() == 0


def test_the_language_of_the_answers_can_be_chosen(console: Console) -> None:
    console.page.select_option("#locale", "de")

    console.say("iPhone 15")

    assert console.last.get_attribute("lang") == "de"
    assert console.last.locator(".badge").first.inner_text() in ("auf Lager", "ausverkauft")


def test_a_token_says_who_speaks_and_stays_in_the_tab(console: Console) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "museod", "token", "--role", "admin", "--sub", "alice"],
        env=clean_environment(MCP_JWT_SECRET="s" * 40, MCP_STATE_DIR=str(console.daemon.state)),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    page = console.page
    page.click("#identity")
    page.fill("#token", made.stdout.strip())
    assert page.input_value("#user-id") == "alice"
    page.click("#who .primary")
    console.wait_for_state("open")

    assert page.inner_text("#identity") == "alice · admin"
    assert console.say("hello")
    assert page.evaluate("localStorage.length") == 0
    assert made.stdout.strip() not in page.url


def test_a_wrong_token_is_said_to_be_wrong(console: Console) -> None:
    page = console.page
    page.click("#identity")
    page.fill("#token", "not-a-token")
    page.fill("#user-id", "alice")
    page.click("#who .primary")

    console.wait_for_state("refused")
    page.wait_for_selector("#who[open]")
    assert page.is_disabled("#send")
    # The browser itself reports refused requests; nothing else may stand there.
    reported = ("HTTP Authentication failed", "401 (Unauthorized)")
    assert all(any(one in text for one in reported) for text in console.complaints), console.complaints
    console.complaints.clear()


def test_a_message_sent_while_the_daemon_is_away_is_answered_by_the_next_one(
    context: BrowserContext, shop: Shop, tmp_path: Path
) -> None:
    port = free_port()
    start = partial(running_daemon, tmp_path, until=all_ready, port=port, MCP_MUSEO_API_URL=shop.url)
    with start() as daemon:
        console = Console(context.new_page(), daemon)
        console.open()
        console.say("hello")
        # Back on the network only when the next daemon is whole: whoever comes earlier may meet half of it.
        context.set_offline(True)
    console.wait_for_state("waiting")

    console.page.fill("#text", "Do you have iPhone 15?")
    console.page.press("#text", "Enter")
    with start():
        context.set_offline(False)
        console.page.locator("article.product").wait_for()
        assert console.last.locator("h3").inner_text() == "iPhone 15"


def test_the_page_can_be_used_with_the_keyboard_alone(console: Console) -> None:
    page = console.page
    assert page.evaluate("document.activeElement.id") == "text"
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    console.last.locator(".how").wait_for()
    assert page.input_value("#text") == ""

    page.keyboard.press("ArrowUp")
    assert page.input_value("#text") == "hello"


def test_every_control_has_a_name(console: Console) -> None:
    console.say("Do you have iPhone 15?")
    nameless = console.page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, textarea')].filter(one => {
            const label = one.labels && [...one.labels].map(l => l.textContent.trim()).join('');
            return !(label || one.textContent.trim() || one.getAttribute('aria-label'));
        }).map(one => one.outerHTML)"""
    )
    assert nameless == []


def test_a_phone_shows_the_page_without_scrolling_sideways(console: Console) -> None:
    console.page.set_viewport_size({"width": 360, "height": 740})
    console.say("Do you have iPhone 15?")

    assert console.page.evaluate("document.documentElement.scrollWidth") <= 360
