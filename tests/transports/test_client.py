"""The client that the commands use, against our own server and against none."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from museod.errors import ChannelBroken, ChannelClosed, Kind
from museod.transports.client import connect_websocket
from museod.transports.http1 import (
    Handler,
    HttpLimits,
    HttpRequest,
    HttpResponse,
    IdleConnections,
    Upgrade,
    error_response,
    serve_http,
)
from museod.transports.websocket import WebSocketChannel, check_upgrade, open_websocket
from tests.transports.serving import Serving

pytestmark = pytest.mark.real


class Daemon:
    """A handler that speaks `mcp` to whoever bears `token`."""

    def __init__(self, *, token: str = "", subprotocol: str | None = "mcp") -> None:
        self.token = token
        self.subprotocol = subprotocol
        self.requests: list[HttpRequest] = []

    async def __call__(self, request: HttpRequest) -> HttpResponse | Upgrade:
        self.requests.append(request)
        offered = request.headers.tokens("sec-websocket-protocol")
        bearers = [name.removeprefix("bearer.") for name in offered if name.startswith("bearer.")]
        header = request.headers.get("authorization") or ""
        if self.token and self.token not in [*bearers, header.removeprefix("Bearer ")]:
            return error_response(401, Kind.AUTHENTICATION_ERROR, "Send a token.")
        return check_upgrade(request) or Upgrade(self.run)

    async def run(self, stream: trio.abc.Stream, head: bytes, leftover: bytes) -> None:
        async with open_websocket(
            stream, head, leftover, subprotocol=self.subprotocol, max_message_bytes=1 << 20
        ) as channel:
            await self.session(channel)

    async def session(self, channel: WebSocketChannel) -> None:
        while True:
            for message in await channel.receive():
                if message == b"leave":
                    await channel.close(4401, "Renew the token.")
                elif message == b"binary":
                    channel._protocol.send_binary(b"x")
                    channel._collect()
                elif message == b"break":
                    raise trio.BrokenResourceError
                else:
                    channel.post(message)


def url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/mcp?secret=1"


async def test_messages_go_out_and_come_back(serving: Serving) -> None:
    daemon = Daemon()
    server = await serving(daemon)
    messages = [b"{}", "ünï".encode(), b"x" * 500_000]
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp") as channel:
            for message in messages:
                channel.post(message)
            await channel.wait_drained()
            got: list[bytes] = []
            while len(got) < len(messages):
                got += await channel.receive()
    assert got == messages
    assert daemon.requests[0].target == "/mcp?secret=1"
    assert daemon.requests[0].headers.get("host") == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("as_header", [True, False])
async def test_a_token_is_shown_beside_the_subprotocol_or_as_a_header(
    serving: Serving, as_header: bool
) -> None:
    daemon = Daemon(token="abc.def")
    server = await serving(daemon)
    with trio.fail_after(5):
        async with connect_websocket(
            url(server.port), subprotocol="mcp", token="abc.def", token_as_header=as_header
        ) as channel:
            channel.post(b"hello")
            assert await channel.receive() == [b"hello"]
    headers = daemon.requests[0].headers
    assert headers.get("authorization") == ("Bearer abc.def" if as_header else None)
    assert ("bearer.abc.def" in headers.tokens("sec-websocket-protocol")) is not as_header


async def expect_failure(address: str, match: str, **options: object) -> str:
    with trio.fail_after(5), pytest.raises(ChannelBroken, match=match) as failure:
        async with connect_websocket(address, **options):  # type: ignore[arg-type]
            pass
    assert "secret" not in str(failure.value)
    return str(failure.value)


async def test_a_refusal_is_told_with_its_remedy(serving: Serving) -> None:
    server = await serving(Daemon(token="right"))
    await expect_failure(url(server.port), r"status 401\. Send a token\.", subprotocol="mcp", token="wrong")


async def test_a_refusal_that_is_not_ours_is_told_too(serving: Serving) -> None:
    async def handler(_: HttpRequest) -> HttpResponse:
        return HttpResponse(404, b"<html>\x1b[31m")

    server = await serving(handler)
    assert (await expect_failure(url(server.port), "status 404")).endswith("404.")


async def test_a_server_that_selects_nothing_is_refused(serving: Serving) -> None:
    server = await serving(Daemon(subprotocol=None))
    await expect_failure(url(server.port), "does not speak mcp", subprotocol="mcp")


async def test_nobody_answering_is_told(unused_port: int) -> None:
    await expect_failure(url(unused_port), "is the daemon running")


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_server_that_never_answers_is_given_up(serving: Serving) -> None:
    async def hang(_: HttpRequest) -> HttpResponse:
        await trio.Event().wait()
        return HttpResponse(200)

    server = await serving(hang)
    await expect_failure(url(server.port), "in time", connect_seconds=0.2)


@pytest.mark.parametrize("address", ["http://x/", "ws://", "nonsense"])
async def test_an_address_of_another_kind_is_refused(address: str) -> None:
    await expect_failure(address, "ws://")


async def test_the_servers_reason_for_closing_arrives(serving: Serving) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp") as channel:
            channel.post(b"leave")
            with pytest.raises(ChannelBroken, match=r"4401: Renew the token\."):
                await channel.receive()
            with pytest.raises(ChannelBroken, match="4401"):
                channel.post(b"more")


@pytest.mark.parametrize(("message", "text"), [(b"binary", "binary"), (b"break", "1011|broke")])
async def test_what_breaks_a_connection_is_a_channel_error(
    serving: Serving, message: bytes, text: str
) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp") as channel:
            channel.post(message)
            with pytest.raises(ChannelBroken, match=text):
                await channel.receive()


async def test_a_message_over_the_ceiling_breaks_the_channel(serving: Serving) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp", max_message_bytes=100) as channel:
            channel.post(b"x" * 101)
            with pytest.raises(ChannelBroken):
                await channel.receive()


async def test_the_outbox_has_a_ceiling(serving: Serving) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp", outbox_bytes=100) as channel:
            with pytest.raises(ChannelBroken, match="does not read"):
                channel.post(b"x" * 101)


async def test_the_error_of_the_block_is_not_wrapped_and_the_connection_ends(serving: Serving) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        with pytest.raises(KeyError):
            async with connect_websocket(url(server.port), subprotocol="mcp"):
                raise KeyError
        while server.open_connections:
            await trio.lowlevel.checkpoint()


async def test_a_closed_channel_says_so(serving: Serving) -> None:
    server = await serving(Daemon())
    with trio.fail_after(5):
        async with connect_websocket(url(server.port), subprotocol="mcp") as channel:
            await channel.aclose()
            with pytest.raises(ChannelClosed):
                channel.post(b"x")
            with pytest.raises(ChannelClosed):
                await channel.receive()


@asynccontextmanager
async def listening(
    listener: trio.SocketListener, handler: Handler, tls: ssl.SSLContext | None
) -> AsyncIterator[None]:
    async def connection(stream: trio.SocketStream) -> None:
        secured = trio.SSLStream(stream, tls, server_side=True, https_compatible=True) if tls else stream
        await serve_http(
            secured,
            handler,
            peer=("x", 1),
            limits=HttpLimits(),
            body_limit=lambda *_: 0,
            idle=IdleConnections(),
        )

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, connection, [listener])
        yield
        nursery.cancel_scope.cancel()


async def test_a_unix_socket_serves_as_well(tmp_path: Path) -> None:
    path = tmp_path / "museod.sock"
    unix = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    await unix.bind(str(path))
    unix.listen()
    with trio.fail_after(5):
        async with (
            listening(trio.SocketListener(unix), Daemon(), None),
            connect_websocket("ws://localhost/mcp", subprotocol="mcp", unix_socket=str(path)) as channel,
        ):
            channel.post(b"hello")
            assert await channel.receive() == [b"hello"]
    await expect_failure("ws://localhost/mcp", "museod.sock", unix_socket=str(path) + "-gone/museod.sock")


async def test_tls_is_spoken_and_certificates_are_checked(
    tls_contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server_context, client_context = tls_contexts
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    address = f"wss://localhost:{listener.socket.getsockname()[1]}/mcp"
    with trio.fail_after(5):
        async with listening(listener, Daemon(), server_context):
            async with connect_websocket(address, subprotocol="mcp", ssl_context=client_context) as channel:
                channel.post(b"x" * 200_000)
                assert await channel.receive() == [b"x" * 200_000]
            await expect_failure(address, "not trusted|cannot be reached", subprotocol="mcp")
