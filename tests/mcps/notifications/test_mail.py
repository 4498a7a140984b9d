"""What becomes a mail, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcps.notifications.mail import build
from museod.errors import InvalidArguments


def built(**changes: Any) -> EmailMessage:
    fields: dict[str, Any] = {
        "message_id": "abc",
        "sender": "shop@example.com",
        "to": ["jane@example.com"],
        "subject": "Hello",
        "body": "Hi",
        "is_html": False,
        "locale": "en",
        "date": datetime(2026, 1, 2, tzinfo=UTC),
    }
    return build(**{**fields, **changes})


def test_a_mail_has_what_mail_servers_expect() -> None:
    mail = built(to=["a@example.com", "b@example.com"], subject="Grüße ✓", is_html=True, body="<b>hi</b>")
    assert mail["Message-ID"] == "<abc@example.com>"
    assert mail["To"] == "a@example.com, b@example.com"
    assert mail["Subject"] == "Grüße ✓"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/html"


@pytest.mark.parametrize(
    "address",
    ["", "jane", "jane@", "@example.com", "a b@example.com", "a@b", "a@example.com\nBcc: x@y.z",
     "a@example.com,b@c.de", "<a@example.com>", "a@-x.com", "a..b@example.com", "a" * 65 + "@example.com",
     "a@" + "b" * 260 + ".com", "a@exa mple.com"],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_its_place(address: str) -> None:
    with pytest.raises(InvalidArguments, match=r"to\.1"):
        built(to=["jane@example.com", address])


@pytest.mark.parametrize(
    "subject", ["Hi\nBcc: eve@evil.example", "Hi\r\nX: y", "a\x00b", "a\u2028b", "a\x85b"]
)
def test_a_line_break_in_the_subject_is_refused(subject: str) -> None:
    with pytest.raises(InvalidArguments, match="subject"):
        built(subject=subject)


@given(st.text(min_size=1, max_size=200), st.text(max_size=500))
def test_no_subject_or_body_makes_another_header(subject: str, body: str) -> None:
    try:
        mail = built(subject=subject, body=body)
        sent = message_from_bytes(mail.as_bytes(), policy=default)
    except (InvalidArguments, UnicodeEncodeError):
        return
    assert set(sent.keys()) <= {
        "Message-ID", "Date", "From", "To", "Subject", "Content-Language", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert sent["To"] == "jane@example.com"
