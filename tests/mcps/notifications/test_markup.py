"""Text as HTML and HTML as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.notifications.markup import html_of, text_of


def test_links_can_be_clicked_and_nothing_else_becomes_a_tag() -> None:
    html = html_of("Hi <b>Jane</b>,\n\nsee https://shop.example/a?b=1&c=2.\nBye")
    assert "Hi &lt;b&gt;Jane&lt;/b&gt;," in html
    assert (
        '<a href="https://shop.example/a?b=1&amp;c=2">https://shop.example/a?b=1&amp;c=2</a>.<br>Bye' in html
    )


@given(st.text())
def test_no_text_brings_a_tag_of_its_own(text: str) -> None:
    body = html_of(text).partition("<body>")[2].removesuffix("</body></html>")
    for ours in ("<p>", "</p>", "<br>", "</a>"):
        body = body.replace(ours, "")
    assert body.count("<") == body.count('<a href="http')


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"])
def test_only_web_addresses_become_links(link: str) -> None:
    assert "href" not in html_of(f"see {link} now")


def test_a_reader_of_text_sees_words_and_where_links_lead() -> None:
    html = (
        "<html><head><title>no</title><style>p{}</style></head><body><h1>Hello</h1>"
        '<p>Your <b>order</b>&nbsp;&amp; more:<br><a href="https://x.example/1">track</a></p>'
        "<script>alert('no')</script></body></html>"
    )
    assert text_of(html) == "Hello\n\nYour order & more:\ntrack (https://x.example/1)"


@given(st.text(max_size=300))
def test_any_html_can_be_read(html: str) -> None:
    assert isinstance(text_of(html), str)
