"""The strict head rules, pure."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from museod.transports.http_head import Head, Headers, Refused, check_partial, parse_head


def head(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, *headers, "", ""]).encode("latin-1")


def parse(line: str, *headers: str) -> Head:
    return parse_head(head(line, *headers), max_headers=64)


def status_of(data: bytes) -> int:
    with pytest.raises(Refused) as refused:
        parse_head(data, max_headers=64)
    return refused.value.status


def test_a_head_is_read_whole() -> None:
    read = parse(
        "POST /mcp/a?b=c&d HTTP/1.1", "Host: shop:3300", "X-A:  one ", "x-a: t\xe9", "Content-Length: 12"
    )
    assert (read.method, read.target, read.path, read.query) == ("POST", "/mcp/a?b=c&d", "/mcp/a", "b=c&d")
    assert read.headers.get("X-a") == "one"
    assert read.headers.get_all("x-A") == ["one", "t\xe9"]
    assert read.headers.get("absent") is None
    assert ("X-A", "one") in read.headers.items()
    assert (read.length, read.is_chunked, read.is_http_10) == (12, False, False)


def test_headers_show_no_values_when_printed() -> None:
    assert "secret" not in repr(Headers([("Authorization", "Bearer secret")]))


@pytest.mark.parametrize(
    ("version", "connection", "keeps"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: Upgrade, Close"], False),
        ("1.1", ["Connection: keep-alive"], True),
        ("1.0", [], False),
        ("1.0", ["Connection: Keep-Alive"], True),
        ("1.0", ["Connection: keep-alive, close"], False),
    ],
)
def test_keep_alive_follows_version_and_connection(version: str, connection: list[str], keeps: bool) -> None:
    assert parse(f"GET / HTTP/{version}", "Host: x", *connection).keeps_alive is keeps


@pytest.mark.parametrize(
    ("target", "host", "path", "query"),
    [
        ("/", "x", "/", ""),
        ("/a?", "x", "/a", ""),
        ("/a?b?c", "x", "/a", "b?c"),
        ("//evil.example/x", "x", "//evil.example/x", ""),
        ("/.well-known/x", "x", "/.well-known/x", ""),
        ("/a..b/...", "x", "/a..b/...", ""),
        ("http://Shop:3300/a?b", "shop:3300", "/a", "b"),
        ("https://shop", "shop", "/", ""),
        ("http://shop?q", "shop", "/", "q"),
    ],
)
def test_a_target_is_split_into_path_and_query(target: str, host: str, path: str, query: str) -> None:
    read = parse(f"GET {target} HTTP/1.1", f"Host: {host}")
    assert (read.path, read.query) == (path, query)


def test_the_asterisk_is_a_target_of_options_only() -> None:
    assert parse("OPTIONS * HTTP/1.1", "Host: x").path == "*"
    assert status_of(head("GET * HTTP/1.1", "Host: x")) == 400


@pytest.mark.parametrize(
    "target",
    [
        "/..",
        "/a/../b",
        "/./a",
        "/a/%2E%2e",
        "/.%2e/a",
        "/a/.",
        "http://other/",
        "http://a@x/",
        "ftp://x/",
        "x",
        "/#",
    ],
)
def test_a_target_that_could_mean_something_else_is_refused(target: str) -> None:
    assert status_of(head(f"GET {target} HTTP/1.1", "Host: x")) == 400


@pytest.mark.parametrize("host", ["x", "a-b.example", "my_host:1", "127.0.0.1:3300", "[::1]", "[::1]:3300"])
def test_a_host_is_a_name_or_an_address_with_a_port(host: str) -> None:
    assert parse("GET / HTTP/1.1", f"Host: {host}").headers.get("host") == host


@pytest.mark.parametrize(
    "host", ["", "a b", "a/b", "a@b", "x:", "x:port", "x:123456", "[::1", "::1", "a,b", "é"]
)
def test_a_host_of_another_form_is_refused(host: str) -> None:
    assert status_of(head("GET / HTTP/1.1", f"Host: {host}")) == 400


def test_http_10_may_come_without_a_host() -> None:
    assert parse("GET /health HTTP/1.0").headers.get("host") is None
    assert status_of(head("GET /health HTTP/1.0", "Host: x", "Host: x")) == 400


def test_64_headers_pass_and_65_do_not() -> None:
    fields = [f"X-{n}: 1" for n in range(63)]
    assert len(parse("GET / HTTP/1.1", "Host: x", *fields).headers.items()) == 64
    assert status_of(head("GET / HTTP/1.1", "Host: x", *fields, "X: 1")) == 431


@pytest.mark.parametrize(
    ("headers", "expects"),
    [
        (["Expect: 100-continue"], True),
        (["Expect: 100-Continue"], True),
        ([], False),
    ],
)
def test_only_one_expectation_is_understood(headers: list[str], expects: bool) -> None:
    assert parse("POST / HTTP/1.1", "Host: x", *headers).expects_continue is expects
    assert parse("POST / HTTP/1.0", "Host: x", *headers).expects_continue is False


def test_the_identity_encoding_is_no_encoding() -> None:
    assert parse("POST / HTTP/1.1", "Host: x", "Content-Encoding: Identity").length == 0


@pytest.mark.parametrize("upgrade", ["h2c", "websocket", "TLS/1.0"])
def test_an_upgrade_is_left_to_the_handler(upgrade: str) -> None:
    read = parse(
        "POST / HTTP/1.1",
        "Host: x",
        f"Upgrade: {upgrade}",
        "Connection: Upgrade, HTTP2-Settings",
        "Content-Length: 3",
    )
    assert read.headers.tokens("upgrade") == [upgrade.lower()]
    assert read.length == 3


@pytest.mark.parametrize(
    ("partial", "status"),
    [
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"\r\n", 400),
        (b"\x16\x03\x01\x02\x00", 400),
        (b"GET /\r\n", 400),
        (b"GET / HTTP/3.0\r\n", 505),
        (b"GET / SPDY/1.1\r\n", 400),
    ],
)
def test_a_hopeless_beginning_is_refused_at_once(partial: bytes, status: int) -> None:
    with pytest.raises(Refused) as refused:
        check_partial(partial)
    assert refused.value.status == status


def test_every_beginning_of_a_good_head_is_waited_for() -> None:
    good = head("POST /mcp HTTP/1.1", "Host: x", "X: y")
    for end in range(len(good)):
        check_partial(good[:end])


def test_a_refusal_repeats_nothing_of_what_came() -> None:
    for data in (
        head("GET /sesame HTTP/1.1", "Sesame open"),
        head("GET /sesame HTTP/7.7"),
        head("SESAME / HTTP/1.1"),
    ):
        with pytest.raises(Refused) as refused:
            parse_head(data, max_headers=64)
        assert "sesame" not in refused.value.message.lower()


@given(st.binary(max_size=200))
@example(b"GET / HTTP/1.1\r\nHost: x")
@example(b"A B HTTP/1.1\r\n:")
def test_no_bytes_raise_anything_but_a_refusal(data: bytes) -> None:
    for attempt in (data, b"GET / HTTP/1.1\r\nHost: x\r\n" + data):
        try:
            check_partial(attempt)
            parse_head(attempt + b"\r\n\r\n", max_headers=64)
        except Refused as refused:
            assert 400 <= refused.status <= 505  # noqa: PT017


def test_what_is_derived_from_headers_is_read_once_but_a_failure_every_time() -> None:
    headers = Headers([("A", "1")])
    reads: list[object] = []

    def read(found: Headers) -> str | None:
        reads.append(found)
        return found.get("b")

    def fail(_: Headers) -> None:
        reads.append("failed")
        raise ValueError

    assert (headers.derived(read), headers.derived(read), len(reads)) == (None, None, 1)
    for _ in range(2):
        with pytest.raises(ValueError):
            headers.derived(fail)
    assert reads == [headers, "failed", "failed"]
