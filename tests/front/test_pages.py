"""The console's files."""

from __future__ import annotations

import pytest

from museod.front.pages import POLICY, Pages
from museod.transports.http1 import Headers, HttpRequest


def get(path: str, *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", path, path, "", Headers(headers), b"", "127.0.0.1", 1)


def test_the_console_comes_with_headers_that_let_nothing_foreign_run() -> None:
    response = Pages().find(get("/"))
    assert response is not None
    headers = Headers(response.headers)
    assert response.status == 200
    assert response.body
    assert headers.get("content-type") == "text/html; charset=utf-8"
    assert headers.get("content-security-policy") == POLICY
    assert headers.get("x-content-type-options") == "nosniff"
    assert headers.get("referrer-policy") == "no-referrer"


def test_an_unchanged_file_is_not_sent_again() -> None:
    pages = Pages()
    first = pages.find(get("/"))
    assert first is not None
    tag = Headers(first.headers).get("etag") or ""
    again = pages.find(get("/", ("If-None-Match", tag)))
    assert again is not None
    assert (again.status, again.body) == (304, b"")
    assert Headers(again.headers).get("content-security-policy") == POLICY
    other = pages.find(get("/", ("If-None-Match", '"other"')))
    assert other is not None
    assert other.status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/web/",
        "/web",
        "/web/../config.py",
        "/web/%2e%2e/config.py",
        "/web/absent.js",
        "//",
        "/etc/passwd",
        "",
    ],
)
def test_nothing_else_is_a_page(path: str) -> None:
    assert Pages().find(get(path)) is None
