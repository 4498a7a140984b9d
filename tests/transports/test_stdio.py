"""Messages over pipes, sockets, files and terminals."""

from __future__ import annotations

import fcntl
import os
import pty
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from museod.errors import ChannelBroken, ChannelClosed
from museod.transports.channel import MessageChannel
from museod.transports.descriptors import PIPE_BYTES
from museod.transports.stdio import StdioChannel, open_stdio_channel

pytestmark = pytest.mark.real


class OtherSide:
    """The far ends of two pipes: what a child would hold."""

    def __init__(self) -> None:
        self.their_stdin, self.write_fd = os.pipe()
        self.read_fd, self.their_stdout = os.pipe()
        self.open = {self.their_stdin, self.their_stdout}

    def say(self, data: bytes) -> None:
        assert os.write(self.their_stdout, data) == len(data)

    async def hear(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count:
            await trio.lowlevel.wait_readable(self.their_stdin)
            data = os.read(self.their_stdin, 65536)
            if not data:
                break
            heard += data
        return heard

    def close(self, *fds: int) -> None:
        for fd in fds or tuple(self.open):
            self.open.discard(fd)
            os.close(fd)


@pytest.fixture
def other() -> Iterator[OtherSide]:
    side = OtherSide()
    yield side
    side.close()


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await trio.lowlevel.checkpoint()


async def test_all_lines_of_one_read_arrive_together(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            other.say(b'{"a":1}\n\n{"b":2}\n{"half"')
            assert await channel.receive() == [b'{"a":1}', b'{"b":2}']
            other.say(b":3}\n")
            assert await channel.receive() == [b'{"half":3}']


async def test_a_post_on_an_idle_pipe_is_written_without_a_checkpoint(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            channel.post(b'{"a":\n1}')
            assert os.read(other.their_stdin, 100) == b'{"a": 1}\n'


async def test_what_the_pipe_does_not_take_follows_in_order(other: OtherSide) -> None:
    messages = [b"%07d" % n + b"x" * 100_000 for n in range(40)]
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            for message in messages:
                channel.post(message)
            expected = b"".join(message + b"\n" for message in messages)
            assert await other.hear(len(expected)) == expected
            await channel.wait_drained()


async def test_wait_drained_waits_until_the_other_side_reads(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with (
            open_stdio_channel(other.read_fd, other.write_fd) as channel,
            trio.open_nursery() as nursery,
        ):
            drained = trio.Event()

            async def drain() -> None:
                await channel.wait_drained()
                drained.set()

            channel.post(b"x" * 3_000_000)
            nursery.start_soon(drain)
            await trio.testing.wait_all_tasks_blocked()
            assert not drained.is_set()
            await other.hear(3_000_001)
            await drained.wait()


async def test_a_reader_that_never_reads_breaks_the_channel(other: OtherSide) -> None:
    async with open_stdio_channel(other.read_fd, other.write_fd, outbox_bytes=2_000_000) as channel:
        channel.post(b"x" * 2_000_000)
        with pytest.raises(ChannelBroken, match="does not read"):
            channel.post(b"x" * 2_000_000)
        with pytest.raises(ChannelBroken, match="does not read"):
            channel.post(b"x")
        with pytest.raises(ChannelBroken, match="does not read"):
            await channel.receive()
        await channel.wait_drained()


async def test_the_end_between_lines_is_good_order(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            other.say(b"{}\n")
            other.close(other.their_stdout)
            assert await channel.receive() == [b"{}"]
            for _ in range(2):
                with pytest.raises(ChannelClosed):
                    await channel.receive()


async def test_the_end_inside_a_line_is_a_break(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            other.say(b'{}\n{"half"')
            other.close(other.their_stdout)
            assert await channel.receive() == [b"{}"]
            with pytest.raises(ChannelBroken, match="middle of a line"):
                await channel.receive()


@pytest.mark.parametrize("ending", [b"", b"\n"])
async def test_a_line_over_the_ceiling_is_a_break(other: OtherSide, ending: bytes) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd, max_line=1000) as channel:
            other.say(b"x" * 1001 + ending)
            with pytest.raises(ChannelBroken, match="1000"):
                await channel.receive()
            with pytest.raises(ChannelBroken):
                channel.post(b"{}")


async def test_what_a_child_said_before_it_died_is_still_delivered(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            other.say(b'{"last":"words"}\n')
            other.close(other.their_stdin, other.their_stdout)
            with pytest.raises(ChannelBroken):
                channel.post(b"{}")
            assert await channel.receive() == [b'{"last":"words"}']
            with pytest.raises(ChannelBroken):
                await channel.receive()


async def test_a_waiting_receive_ends_when_writing_breaks(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with (
            open_stdio_channel(other.read_fd, other.write_fd) as channel,
            trio.open_nursery() as nursery,
        ):

            async def receive() -> None:
                with pytest.raises(ChannelBroken):
                    await channel.receive()

            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            other.close(other.their_stdin)
            with pytest.raises(ChannelBroken):
                channel.post(b"{}")


async def test_a_break_while_the_writer_waits_ends_everything(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            channel.post(b"x" * 3_000_000)
            await trio.testing.wait_all_tasks_blocked()
            other.close(other.their_stdin)
            with pytest.raises(ChannelBroken):
                await channel.receive()
            with pytest.raises(ChannelBroken):
                channel.post(b"{}")


async def test_closing_wakes_a_waiting_receive_and_closes_both_ends(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with (
            open_stdio_channel(other.read_fd, other.write_fd) as channel,
            trio.open_nursery() as nursery,
        ):

            async def receive() -> None:
                with pytest.raises(ChannelClosed):
                    await channel.receive()

            nursery.start_soon(receive)
            await trio.testing.wait_all_tasks_blocked()
            await channel.aclose()
            await channel.aclose()
            with pytest.raises(ChannelClosed):
                channel.post(b"{}")
    assert not is_open(other.read_fd)
    assert not is_open(other.write_fd)


async def test_closing_writes_what_fits_and_does_not_wait_for_the_rest(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            channel.post(b"x" * 3_000_000)
            await trio.testing.wait_all_tasks_blocked()
            await other.hear(1_000_000)
    heard = await other.hear(3_000_001)
    assert 0 < len(heard) < 3_000_001
    assert set(heard) == {ord("x")}


async def test_a_cancelled_receive_loses_nothing(other: OtherSide) -> None:
    with trio.fail_after(5):
        async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
            other.say(b'{"half')
            with trio.CancelScope() as scope:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(channel.receive)
                    await trio.testing.wait_all_tasks_blocked()
                    scope.cancel()
            other.say(b'":1}\n')
            assert await channel.receive() == [b'{"half":1}']


async def test_the_error_of_the_block_is_not_wrapped_in_a_group(other: OtherSide) -> None:
    with pytest.raises(KeyError):
        async with open_stdio_channel(other.read_fd, other.write_fd):
            raise KeyError
    assert not is_open(other.read_fd)


async def test_pipes_are_enlarged_and_non_blocking_only_while_in_use(other: OtherSide) -> None:
    ours = os.dup(other.write_fd)
    async with open_stdio_channel(other.read_fd, other.write_fd):
        assert not os.get_blocking(ours)
        assert fcntl.fcntl(ours, fcntl.F_GETPIPE_SZ) == PIPE_BYTES
    assert os.get_blocking(ours)
    os.close(ours)


async def test_a_socket_that_is_both_stdin_and_stdout_gets_its_flag_back() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, trio.fail_after(5):
        async with open_stdio_channel(os.dup(ours.fileno()), os.dup(ours.fileno())) as channel:
            channel.post(b"ping")
            assert theirs.recv(100) == b"ping\n"
            theirs.sendall(b"pong\n")
            assert await channel.receive() == [b"pong"]
            assert not os.get_blocking(ours.fileno())
        assert os.get_blocking(ours.fileno())


async def test_files_serve_as_stdin_and_stdout(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"one\ntwo\n")
    read_fd = os.open(tmp_path / "in", os.O_RDONLY)
    write_fd = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    with trio.fail_after(5):
        async with open_stdio_channel(read_fd, write_fd) as channel:
            assert await channel.receive() == [b"one", b"two"]
            with pytest.raises(ChannelClosed):
                await channel.receive()
    assert not is_open(read_fd)
    assert not is_open(write_fd)


async def test_what_was_posted_to_a_file_is_there_after_the_close(tmp_path: Path) -> None:
    read_fd = os.open(os.devnull, os.O_RDONLY)
    write_fd = os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
    with trio.fail_after(5):
        async with open_stdio_channel(read_fd, write_fd) as channel:
            for n in range(100):
                channel.post(b"%d" % n)
    assert (tmp_path / "out").read_bytes() == b"".join(b"%d\n" % n for n in range(100))


async def test_a_terminal_keeps_its_flags_and_its_closing_does_not_wait() -> None:
    ours, theirs = pty.openpty()
    with trio.fail_after(5):
        async with open_stdio_channel(os.dup(theirs), os.dup(theirs)) as channel:
            os.write(ours, b"typed\n")
            assert await channel.receive() == [b"typed"]
            assert os.get_blocking(theirs)
            await _with_a_receive_waiting(channel)
    os.write(ours, b"wakes the thread that still reads\n")
    os.close(ours)
    os.close(theirs)


async def _with_a_receive_waiting(channel: MessageChannel) -> None:
    async with trio.open_nursery() as nursery:

        async def receive() -> None:
            with pytest.raises(ChannelClosed):
                await channel.receive()

        nursery.start_soon(receive)
        await trio.testing.wait_all_tasks_blocked(0.01)
        await channel.aclose()


async def test_a_number_that_a_thread_still_reads_is_closed_only_after_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    read_fd = os.dup(theirs)
    with trio.fail_after(5):
        async with open_stdio_channel(
            read_fd, os.open(tmp_path / "out", os.O_WRONLY | os.O_CREAT)
        ) as channel:
            await _with_a_receive_waiting(channel)
        assert is_open(read_fd), "closed under a blocked read: the number could be given out again"
        os.write(ours, b"\n")
        await until(lambda: not is_open(read_fd))
    os.close(ours)
    os.close(theirs)


async def test_a_channel_stands_on_pipes_as_a_child_gets_them(other: OtherSide) -> None:
    assert stat.S_ISFIFO(os.fstat(other.read_fd).st_mode)
    async with open_stdio_channel(other.read_fd, other.write_fd) as channel:
        assert isinstance(channel, StdioChannel)
