"""The WebSocket server: good clients through a foreign library, hostile ones byte by byte."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
import trio_websocket
from trio_websocket import ConnectionClosed

from museod.errors import ChannelBroken, ChannelClosed, ChannelError
from museod.transports.http1 import Handler, HttpRequest, HttpResponse, Upgrade
from museod.transports.websocket import WebSocketChannel, check_upgrade, open_websocket
from tests.transports.frames import (
    ACCEPT,
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Heard,
    close,
    frame,
    handshake,
    read,
)
from tests.transports.serving import Answer, Server, Serving

LIMIT = 1000

Session = Callable[[WebSocketChannel], Awaitable[None]]


async def echo(channel: WebSocketChannel) -> None:
    while True:
        for message in await channel.receive():
            channel.post(message)


def upgrading(session: Session, *, subprotocol: str | None = None) -> Handler:
    async def handler(request: HttpRequest) -> HttpResponse | Upgrade:
        async def run(stream: trio.abc.Stream, head: bytes, leftover: bytes) -> None:
            async with open_websocket(
                stream, head, leftover, subprotocol=subprotocol, max_message_bytes=LIMIT
            ) as channel:
                await session(channel)

        return check_upgrade(request) or Upgrade(run)

    return handler


@pytest.fixture
async def server(serving: Serving) -> Server:
    return await serving(upgrading(echo))


async def talk(server: Server, data: bytes, *, half_close: bool = False) -> Heard:
    """Upgrade, send `data`, and read until the server closes."""
    answer = await server.talk(handshake() + data, half_close=half_close)
    assert answer.statuses == [101], answer.raw
    return read(answer.body)


class Collector:
    """A session that keeps what it receives."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.errors: list[ChannelError] = []

    async def __call__(self, channel: WebSocketChannel) -> None:
        try:
            while True:
                self.messages += await channel.receive()
        except ChannelError as error:
            self.errors.append(error)
            raise


@asynccontextmanager
async def foreign_client(server: Server) -> AsyncIterator[trio_websocket.WebSocketConnection]:
    """A connection of another WebSocket implementation."""
    async with await server.connect() as stream, trio.open_nursery() as nursery:
        client = await trio_websocket.wrap_client_stream(nursery, stream, "127.0.0.1", "/")
        yield client
        await client.aclose()


# ---------------------------------------------------------------- good clients


@pytest.mark.real
async def test_a_foreign_client_gets_its_messages_back(server: Server) -> None:
    with trio.fail_after(5):
        async with foreign_client(server) as client:
            for message in ("", "one", "ünï", "x" * LIMIT):
                await client.send_message(message)
                assert await client.get_message() == message
            await client.ping(b"are you there")
    assert client.closed is not None
    assert client.closed.code == 1000


@pytest.mark.real
async def test_the_selected_subprotocol_is_told_and_no_extension_accepted(serving: Serving) -> None:
    server = await serving(upgrading(echo, subprotocol="mcp"))
    offer = handshake(
        Sec_WebSocket_Protocol="bearer.abc, mcp",
        Sec_WebSocket_Extensions="permessage-deflate; client_max_window_bits",
    )
    answer = await server.talk(offer + close(1000))
    head = answer.raw.partition(b"\r\n\r\n")[0]
    assert b"Sec-WebSocket-Protocol: mcp" in head
    assert b"Sec-WebSocket-Accept: " + ACCEPT in head
    assert b"xtensions" not in head
    assert b"bearer" not in head


@pytest.mark.real
async def test_a_frame_glued_to_the_handshake_is_delivered(serving: Serving) -> None:
    collector = Collector()
    server = await serving(upgrading(collector))
    assert await talk(server, frame(TEXT, b"early") + close(1000)) == Heard(close_code=1000)
    assert collector.messages == [b"early"]
    assert isinstance(collector.errors[0], ChannelClosed)


@pytest.mark.real
async def test_an_answer_alone_leaves_at_once_and_company_waits_for_the_tick(serving: Serving) -> None:
    waiting: list[int] = []

    async def session(channel: WebSocketChannel) -> None:
        await channel.receive()
        while channel._unsent:  # the answer to the handshake
            await trio.lowlevel.checkpoint()
        for text in (b"alone", b"in", b"company"):
            channel.post(text)
            waiting.append(channel._unsent)

    server = await serving(upgrading(session))
    heard = await talk(server, frame(TEXT, b"x"), half_close=True)
    assert waiting[0] == 0 < waiting[1] < waiting[2]
    assert heard.texts == [b"alone", b"in", b"company"]


@pytest.mark.real
async def test_fragments_are_joined_around_control_frames(serving: Serving) -> None:
    collector = Collector()
    server = await serving(upgrading(collector))
    data = (
        frame(TEXT, "ü".encode()[:1], fin=False)
        + frame(PING, b"p")
        + frame(CONT, b"", fin=False)
        + frame(PONG)
        + frame(CONT, "ü".encode()[1:])
        + close(1000)
    )
    assert await talk(server, data) == Heard(pongs=[b"p"], close_code=1000)
    assert collector.messages == ["ü".encode()]


@pytest.mark.real
async def test_frames_may_come_in_any_pieces(server: Server) -> None:
    data = handshake() + frame(TEXT, b"x" * 300) + frame(PING, b"p") + close(1000)
    with trio.fail_after(5):
        async with await server.connect() as stream:
            for start in range(0, len(data), 3):
                await stream.send_all(data[start : start + 3])
            answer = Answer(b"".join([chunk async for chunk in stream]))
    assert read(answer.body) == Heard([b"x" * 300], [b"p"], close_code=1000)


@pytest.mark.real
@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
)
async def test_a_valid_close_code_is_echoed(server: Server, code: int) -> None:
    assert (await talk(server, close(code, b"bye"))).close_code == code


@pytest.mark.real
async def test_a_close_without_a_code_is_answered_alike(server: Server) -> None:
    assert (await talk(server, frame(CLOSE))).close_code == 1005


@pytest.mark.real
async def test_what_follows_a_close_is_ignored(serving: Serving) -> None:
    collector = Collector()
    server = await serving(upgrading(collector))
    data = frame(TEXT, b"a") + close(1000) + frame(TEXT, b"b") + b"\xff" * 100
    assert await talk(server, data) == Heard(close_code=1000)
    assert collector.messages == [b"a"]


# ---------------------------------------------------------------- hostile frames

BAD_FRAMES: dict[str, tuple[bytes, int]] = {
    **{f"reserved bit {bit}": (frame(TEXT, b"x", rsv=bit), 1002) for bit in (1, 2, 4)},
    "a reserved bit on a ping": (frame(PING, rsv=4), 1002),
    **{f"opcode {code}": (frame(code), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "an unmasked text": (frame(TEXT, b"x", masked=False), 1002),
    "an unmasked ping": (frame(PING, masked=False), 1002),
    "an unmasked close": (frame(CLOSE, masked=False), 1002),
    "a fragmented ping": (frame(PING, fin=False), 1002),
    "a fragmented pong": (frame(PONG, fin=False), 1002),
    "a fragmented close": (frame(CLOSE, fin=False), 1002),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "a close of 126 bytes": (close(1000, b"x" * 124), 1002),
    "a continuation of nothing": (frame(CONT, b"x"), 1002),
    "a text inside a fragmented text": (frame(TEXT, b"a", fin=False) + frame(TEXT, b"b"), 1002),
    "a close inside a fragmented text": (frame(TEXT, b"a", fin=False) + close(1000), 1002),
    "a close of one byte": (frame(CLOSE, b"\x03"), 1002),
    **{
        f"close code {code}": (close(code), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    },
    "a close reason that is no UTF-8": (close(1000, b"\xff"), 1007),
    "a byte that is no UTF-8": (frame(TEXT, b"a\xff"), 1007),
    "an overlong form": (frame(TEXT, b"\xc0\xaf"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "beyond Unicode": (frame(TEXT, b"\xf4\x90\x80\x80"), 1007),
    "a character cut off": (frame(TEXT, "€".encode()[:2]), 1007),
    "a character cut off over fragments": (frame(TEXT, b"\xe2", fin=False) + frame(CONT, b"\x82"), 1007),
    "a binary message": (frame(BINARY, b"x"), 1003),
    "a fragmented binary message": (frame(BINARY, b"x", fin=False), 1003),
    **{
        f"an announced length of {size}": (frame(TEXT, b"x", size=size), 1009)
        for size in (LIMIT + 1, 65_536, 1 << 31, 1 << 40, 1 << 63, (1 << 64) - 1)
    },
    "an announced binary length of 2^40": (frame(BINARY, b"x", size=1 << 40), 1009),
    "an announced ping length of 2^40": (frame(PING, b"x", size=1 << 40), 1009),
    "fragments over the limit together": (
        frame(TEXT, b"x" * 600, fin=False)
        + frame(CONT, b"", fin=False)
        + frame(CONT, b"x", fin=False, size=401),
        1009,
    ),
}


@pytest.mark.real
@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_a_bad_frame_closes_with_its_code(server: Server, name: str) -> None:
    data, code = BAD_FRAMES[name]
    assert await talk(server, data) == Heard(close_code=code)


@pytest.mark.real
@pytest.mark.parametrize("name", BAD_FRAMES)
async def test_good_messages_before_a_bad_frame_are_delivered(serving: Serving, name: str) -> None:
    collector = Collector()
    server = await serving(upgrading(collector))
    data, code = BAD_FRAMES[name]
    assert (await talk(server, frame(TEXT, b"good") + data)).close_code == code
    assert collector.messages == [b"good"]
    assert isinstance(collector.errors[0], ChannelBroken)


@pytest.mark.real
@pytest.mark.parametrize("part", [b"", frame(TEXT, b"x" * 100)[:50], frame(TEXT, b"x", fin=False)])
async def test_a_client_that_just_leaves_breaks_the_channel(serving: Serving, part: bytes) -> None:
    collector = Collector()
    server = await serving(upgrading(collector))
    assert await talk(server, part, half_close=True) == Heard()
    assert isinstance(collector.errors[0], ChannelBroken)


# ---------------------------------------------------------------- handshakes

BAD_HANDSHAKES: dict[str, tuple[bytes, int]] = {
    "no key": (handshake(without="Sec-WebSocket-Key"), 400),
    "a key of 6 bytes": (handshake(Sec_WebSocket_Key="c2hvcnQ="), 400),
    "a key of 17 bytes": (handshake(Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZSE="), 400),
    "a key that is no base64": (handshake(Sec_WebSocket_Key="%%%%IHNhbXBsZSBub25jZQ=="), 400),
    "a key in another script": (handshake(Sec_WebSocket_Key="\xe9" * 24), 400),
    "two keys": (
        handshake().replace(b"Host: x", b"Host: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        400,
    ),
    "no version": (handshake(without="Sec-WebSocket-Version"), 426),
    "version 8": (handshake(Sec_WebSocket_Version="8"), 426),
    "two versions": (handshake(Sec_WebSocket_Version="13, 8"), 426),
    "no upgrade": (handshake(without="Upgrade"), 426),
    "an upgrade to h2c": (handshake(Upgrade="h2c"), 426),
    "an upgrade to two things": (handshake(Upgrade="websocket, h2c"), 426),
    "no connection": (handshake(without="Connection"), 426),
    "a connection without upgrade": (handshake(Connection="keep-alive"), 426),
    "POST": (handshake().replace(b"GET", b"POST", 1), 400),
    "HTTP/1.0": (handshake().replace(b"HTTP/1.1", b"HTTP/1.0", 1), 400),
    "a body": (handshake(Content_Length="3") + b"abc", 400),
    "a chunked body": (handshake(Transfer_Encoding="chunked") + b"0\r\n\r\n", 400),
    "a subprotocol that is no token": (handshake(Sec_WebSocket_Protocol="a b"), 400),
    "an empty subprotocol": (handshake(Sec_WebSocket_Protocol="a,,b"), 400),
    "a subprotocol twice": (handshake(Sec_WebSocket_Protocol="a, a"), 400),
}


@pytest.mark.real
@pytest.mark.parametrize("name", BAD_HANDSHAKES)
async def test_a_bad_handshake_is_refused_and_the_connection_closed(server: Server, name: str) -> None:
    data, status = BAD_HANDSHAKES[name]
    answer = await server.talk(data + frame(TEXT, b"x"))
    assert answer.statuses == [status]
    if status == 426:
        assert (
            b"\r\nUpgrade: websocket\r\n" in answer.raw or b"\r\nSec-WebSocket-Version: 13\r\n" in answer.raw
        )


@pytest.mark.real
async def test_half_a_handshake_is_refused(server: Server) -> None:
    assert (await server.talk(handshake()[:-10], half_close=True)).statuses == [400]


# ---------------------------------------------------------------- time, ceilings and the end, in memory


class CountingStream(trio.abc.HalfCloseableStream):
    """Counts what is sent, and can stop taking it."""

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self._stream = stream
        self.sends: list[bytes] = []
        self.may_send = trio.Event()
        self.may_send.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self.may_send.wait()
        self.sends.append(bytes(data))
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        await self._stream.send_eof()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self._stream.receive_some(max_bytes))

    async def aclose(self) -> None:
        await self._stream.aclose()


@asynccontextmanager
async def in_memory(
    outbox_bytes: int = 10_000,
) -> AsyncIterator[tuple[WebSocketChannel, trio.abc.HalfCloseableStream, CountingStream]]:
    """A channel, the client's end behind its handshake, and the server's end."""
    client, inner = trio.testing.memory_stream_pair()
    stream = CountingStream(inner)
    with trio.fail_after(600):  # virtual seconds in the tests about time
        async with open_websocket(
            stream, handshake(), b"", subprotocol=None, max_message_bytes=LIMIT, outbox_bytes=outbox_bytes
        ) as channel:
            await client.receive_some()
            try:
                yield channel, client, stream
            finally:
                await client.send_eof()  # so that the server need not wait for it


async def test_all_messages_of_one_read_are_received_together() -> None:
    async with in_memory() as (channel, client, _):
        await client.send_all(frame(TEXT, b"a") + frame(PING) + frame(TEXT, b"b") + frame(TEXT, b"c")[:4])
        assert await channel.receive() == [b"a", b"b"]
        await client.send_all(frame(TEXT, b"c")[4:] + close(1000))
        assert await channel.receive() == [b"c"]
        with pytest.raises(ChannelClosed, match="1000"):
            await channel.receive()
        with pytest.raises(ChannelClosed):
            channel.post(b"late")


async def test_all_posts_of_one_tick_leave_in_one_write() -> None:
    async with in_memory() as (channel, client, stream):
        stream.sends.clear()
        for n in range(100):
            channel.post(b"%d" % n)
        await trio.testing.wait_all_tasks_blocked()
        (sent,) = stream.sends
        assert read(sent).texts == [b"%d" % n for n in range(100)]
        await client.send_all(close(1000))


async def test_a_pong_answers_while_the_session_is_busy_writing() -> None:
    async with in_memory() as (channel, client, stream):
        stream.may_send = trio.Event()
        channel.post(b"x" * 900)
        await trio.testing.wait_all_tasks_blocked()
        await client.send_all(frame(PING, b"p") + frame(TEXT, b"more"))
        assert await channel.receive() == [b"more"], "reading does not wait for writing"
        stream.may_send.set()
        await trio.testing.wait_all_tasks_blocked()
        assert read(bytes(await client.receive_some())).pongs == [b"p"]
        await client.send_all(close(1000))


async def test_a_client_that_reads_too_slowly_breaks_the_channel() -> None:
    async with in_memory(outbox_bytes=2000) as (channel, _, stream):
        stream.may_send = trio.Event()
        for _ in range(3):
            channel.post(b"x" * 900)
        with pytest.raises(ChannelBroken, match="slowly"):
            channel.post(b"x")
        with pytest.raises(ChannelBroken, match="slowly"):
            await channel.receive()
        await channel.wait_drained()


async def test_a_client_that_pings_and_never_reads_is_not_read_from() -> None:
    async with in_memory(outbox_bytes=2000) as (channel, client, stream):
        stream.may_send = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(channel.receive)
            for _ in range(20):
                await client.send_all(frame(PING, b"x" * 125))
                await trio.testing.wait_all_tasks_blocked()
            assert channel._unsent < 2000 + 200
            nursery.cancel_scope.cancel()
        stream.may_send.set()
        await client.send_all(close(1000))


async def test_a_message_larger_than_the_outbox_goes_out_when_nothing_waits() -> None:
    async with in_memory(outbox_bytes=2000) as (channel, client, _):
        channel.post(b"x" * 100_000)
        await channel.wait_drained()
        assert read(bytes(await client.receive_some(200_000))).texts == [b"x" * 100_000]
        await client.send_all(close(1000))


async def test_a_client_that_takes_nothing_is_cut(autojump_clock: trio.testing.MockClock) -> None:
    async with in_memory() as (channel, _, stream):
        stream.may_send = trio.Event()
        channel.post(b"x")
        began = trio.current_time()
        with pytest.raises(ChannelBroken, match="does not read"):
            await channel.receive()
        assert trio.current_time() - began == pytest.approx(10)


async def test_a_silent_client_is_pinged_and_then_dropped(autojump_clock: trio.testing.MockClock) -> None:
    async with in_memory() as (channel, client, _):
        began = trio.current_time()
        with pytest.raises(ChannelBroken, match="pings"):
            await channel.receive()
        assert trio.current_time() - began == pytest.approx(45)
        assert read(bytes(await client.receive_some())).pings == 1


async def test_a_client_that_answers_pings_stays(autojump_clock: trio.testing.MockClock) -> None:
    async with in_memory() as (channel, client, _), trio.open_nursery() as nursery:

        async def pong() -> None:
            for _ in range(6):
                assert read(bytes(await client.receive_some())).pings == 1
                await client.send_all(frame(PONG))
            await client.send_all(frame(TEXT, b"still here"))

        nursery.start_soon(pong)
        assert await channel.receive() == [b"still here"]
        await client.send_all(close(1000))


async def test_a_session_that_is_busy_does_not_lose_its_client(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with in_memory() as (channel, client, _):
        await client.send_all(frame(TEXT, b"a"))
        await trio.sleep(300)
        assert await channel.receive() == [b"a"]
        await client.send_all(close(1000))


@pytest.mark.parametrize("receives", ["before", "after", "never"])
async def test_closing_waits_for_the_answer(receives: str) -> None:
    async with in_memory() as (channel, client, _), trio.open_nursery() as nursery:
        closed = trio.Event()

        async def close_it() -> None:
            await channel.close(4401, "Renew the token.")
            closed.set()

        async def receive() -> None:
            with pytest.raises(ChannelClosed):
                await channel.receive()

        channel.post(b"last")
        if receives == "before":
            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(close_it)
        await trio.testing.wait_all_tasks_blocked()
        if receives == "after":
            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
        heard = read(bytes(await client.receive_some()))
        assert (heard.texts, heard.close_code) == ([b"last"], 4401)
        with pytest.raises(ChannelClosed):
            channel.post(b"too late")
        assert not closed.is_set()
        await client.send_all(close(4401))
        await closed.wait()


async def test_closing_does_not_wait_for_ever(autojump_clock: trio.testing.MockClock) -> None:
    async with in_memory() as (channel, _, _):
        began = trio.current_time()
        await channel.aclose()
        assert trio.current_time() - began <= 2
        with pytest.raises(ChannelClosed):
            await channel.receive()


async def test_a_cancelled_close_ends_the_channel_all_the_same() -> None:
    async with in_memory() as (channel, _, _), trio.open_nursery() as nursery:
        with trio.move_on_after(0):
            await channel.close(1001, "")

        async def receive() -> None:
            with pytest.raises(ChannelClosed):
                await channel.receive()

        nursery.start_soon(receive)


async def test_a_failing_session_closes_with_1011() -> None:
    ends: list[trio.abc.HalfCloseableStream] = []

    async def session() -> None:
        async with in_memory() as (_, client, _):
            ends.append(client)
            await client.send_all(close(1011))
            raise KeyError

    with pytest.raises(KeyError):
        await session()
    assert read(bytes(await ends[0].receive_some())).close_code == 1011


@pytest.mark.real
async def test_a_cancelled_session_says_that_it_goes_away(serving: Serving) -> None:
    scopes: list[trio.CancelScope] = []

    async def handler(_: HttpRequest) -> Upgrade:
        async def run(stream: trio.abc.Stream, head: bytes, leftover: bytes) -> None:
            with trio.CancelScope() as scope:
                scopes.append(scope)
                async with open_websocket(
                    stream, head, leftover, subprotocol=None, max_message_bytes=LIMIT
                ) as channel:
                    await channel.receive()

        return Upgrade(run)

    server = await serving(handler)
    with trio.fail_after(5):
        async with foreign_client(server) as client:
            scopes[0].cancel()
            with pytest.raises(ConnectionClosed):
                await client.get_message()
    assert client.closed is not None
    assert client.closed.code == 1001


async def test_a_head_that_is_no_handshake_breaks_the_channel() -> None:
    client, stream = trio.testing.memory_stream_pair()
    with pytest.raises(ChannelBroken, match="handshake"):
        async with open_websocket(
            stream, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"", subprotocol=None, max_message_bytes=LIMIT
        ):
            pass
    assert bytes(await client.receive_some()).startswith(b"HTTP/1.1 426")
