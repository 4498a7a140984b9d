"""What becomes a mail."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mcps.notifications.mail import build
from mcps.notifications.provider import Channel, Handover, Letter

LETTER = Letter(Channel.EMAIL, "jane@example.com", "en", "Hi", subject="Hello")


NO_SURROGATES = st.characters(codec="utf-8")


def built(**changes: Any) -> EmailMessage:
    letter = msgspec.structs.replace(LETTER, **changes)
    return build(Handover("abc", letter, 1_767_312_000.0), sender="shop@example.com")


def test_a_mail_has_what_mail_servers_expect_and_is_the_same_every_time() -> None:
    mail = built(subject="Grüße ✓", locale="de")
    assert mail["Message-ID"] == "<abc@example.com>"
    assert mail["Date"] == "Fri, 02 Jan 2026 00:00:00 +0000"
    assert (mail["From"], mail["To"]) == ("shop@example.com", "jane@example.com")
    assert mail["Subject"] == "Grüße ✓"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "de"
    assert mail["List-Unsubscribe"] is None
    assert mail.as_bytes() == built(subject="Grüße ✓", locale="de").as_bytes()


def test_html_comes_with_the_same_in_plain_text() -> None:
    mail = built(html="<p>Hi</p>", is_promotional=True)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "unsubscribe" in mail["List-Unsubscribe"]


def test_any_server_can_take_it() -> None:
    data = built(body="Grüße 😀\n" + "x" * 5_000, html="<p>ünïcode</p>").as_bytes()
    assert data.isascii()
    assert max(len(line) for line in data.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=200),
    st.text(NO_SURROGATES, max_size=500),
)
def test_no_subject_or_body_makes_another_header(subject: str, body: str) -> None:
    sent = message_from_bytes(built(subject=subject, body=body).as_bytes(), policy=default)
    assert set(sent.keys()) <= {
        "Message-ID", "Date", "From", "To", "Subject", "Content-Language", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert sent["To"] == "jane@example.com"
