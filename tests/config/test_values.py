"""Each kind of value: what it takes, what it refuses, and that a refusal names the remedy and no secret."""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from museod.config import values
from museod.config.environment import VARIABLES

http = values.url("http", "https")
redis = values.secret_url("redis", "rediss", "unix", example="redis://localhost")
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (values.integer(0, 65_535), "3300", 3300),
        (values.integer(0, 65_535), "0", 0),
        (values.seconds(600), "2.5", 2.5),
        (values.choice("debug", "warn", aliases={"warning": "warn"}), "WARNING", "warn"),
        (values.switch, "ON", True),
        (values.switch, "0", False),
        (values.each(values.cidr), "10.0.0.0/8, ::1 ,", (ip_network("10.0.0.0/8"), ip_network("::1"))),
        (values.listening_hosts, "localhost", ("127.0.0.1", "::1")),
        (values.listening_hosts, "127.0.0.1,localhost", ("127.0.0.1", "::1")),
        (values.listening_hosts, "[::]", ("::",)),
        (values.listening_hosts, "shop.internal", ("shop.internal",)),
        (values.host_header, "Shop.example:443", "shop.example:443"),
        (values.origin, "https://Shop.example/", "https://shop.example"),
        (values.origin, "http://localhost:*", "http://localhost:*"),
        (http, "http://localhost:8000/", "http://localhost:8000"),
        (http, "https://api.example/museo/", "https://api.example/museo"),
        (values.currency, "EUR", "EUR"),
        (values.node_name, "web-1.example", "web-1.example"),
        (values.path, "/var/lib/../lib/museod", Path("/var/lib/museod")),
    ],
)
def test_a_good_value_is_taken(parse: Callable[[str], Any], text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text", "remedy"),
    [
        (values.integer(0, 65_535), "65536", "from 0 to 65535"),
        (values.integer(0, 65_535), "-1", "from 0 to 65535"),
        (values.integer(0, 65_535), "1e3", "no whole number"),
        (values.integer(0, 65_535), "\u0663", "no whole number"),
        (values.seconds(600), "nan", "no number of seconds"),
        (values.seconds(600), "601", "to 600"),
        (values.choice("required", "guest"), "none", "want required or guest"),
        (values.switch, "maybe", "want on or off"),
        (values.each(values.cidr), "10.0.0.1/8", "do you mean 10.0.0.0/8"),
        (values.each(values.cidr), "ten, 10.0.0.300", "'ten' is no network"),
        (values.listening_hosts, ",", "names no address"),
        (values.listening_hosts, "127.0.0.1:3300", "no host name or address"),
        (values.listening_hosts, "300.1.1.1", "no host name or address"),
        (values.host_header, "http://shop.example", "no host or host:port"),
        (values.origin, "*", "would let every page in"),
        (values.origin, "null", "would let every page in"),
        (values.origin, "https://shop.example/path", "more than an origin"),
        (values.origin, "shop.example", "no origin"),
        (values.origin, "https://shop.example:port", "cannot be read"),
        (http, "localhost:8000", "no such URL"),
        (http, "ftp://localhost", "no such URL"),
        (http, "http://localhost?x=1", "query or fragment"),
        (http, "http://local host", "white space"),
        (http, "http://localhost:99999", "cannot be read"),
        (values.currency, "eur", "three capitals"),
        (values.node_name, "a b", "no node name"),
        (values.plain, "a\nb", "one line"),
        (values.path, "a\0b", "NUL"),
        (values.encryption_keys, "k1", "not id:base64"),
        (values.encryption_keys, f"{KEY}", "not id:base64"),
        (values.encryption_keys, "k1:!!!", "not valid base64"),
        (values.encryption_keys, "k1:QUJD", "has 3 bytes; want 32"),
        (values.encryption_keys, f"k1:{KEY},k1:{KEY}", "there twice"),
        (values.jwt_secrets, "x" * 31, "has 31 bytes; want at least 32"),
        (values.jwt_secrets, "x" * 32 + ",short", "secret 2 of 2 has 5 bytes"),
        (redis, "http://localhost", "no URL of the kind redis"),
        (redis, "redis://localhost:port", "bad host or port"),
        (values.secret, "two\nlines", "several lines"),
    ],
)
def test_a_bad_value_is_refused_with_the_remedy(parse: Callable[[str], Any], text: str, remedy: str) -> None:
    with pytest.raises(ValueError, match=re.escape(remedy)):
        parse(text)


def test_keys_and_secrets_are_kept_in_order() -> None:
    keys = values.encryption_keys(f"new:{KEY}, old:{base64.b64encode(bytes(32)).decode()}")
    secrets = values.jwt_secrets("n" * 32 + "," + "o" * 32)

    assert [(key.id, key.key.reveal()) for key in keys] == [("new", bytes(range(32))), ("old", bytes(32))]
    assert [secret.reveal()[0] for secret in secrets] == ["n", "o"]


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (values.jwt_secrets, "CANARY"),
        (values.encryption_keys, "CANARY"),
        (values.encryption_keys, "k1:CANARY!"),
        (redis, "CANARY"),
        (redis, "redis://:CANARY@host:port"),
        (http, "http://user:CANARY@host"),
        (http, "user:CANARY@"),
        (values.secret, "CANARY\n"),
    ],
)
def test_a_refusal_does_not_quote_the_secret(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*CANARY)."):
        parse(text)


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
@given(text=st.text(max_size=60))
def test_any_text_is_a_value_or_a_remedy(variable: Any, text: str) -> None:
    with contextlib.suppress(ValueError):  # any other exception would be a traceback for the operator
        assert variable.parse(text) is not None


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.name)
def test_a_default_is_a_good_value(variable: Any) -> None:
    if variable.default:
        assert variable.parse(variable.default) is not None
