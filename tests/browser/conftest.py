"""The fixtures of the browser tests, where there is a playwright to drive the browser with."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("playwright") is not None:
    from tests.browser.console import browser, console, context, daemon, shop

    __all__ = ["browser", "console", "context", "daemon", "shop"]
