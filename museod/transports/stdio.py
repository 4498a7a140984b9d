"""Messages over two file descriptors, one per line: the pipes of a child, or our own stdin and stdout."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import trio

from museod.errors import ChannelBroken, ChannelClosed, ChannelError, MessageTooLarge
from museod.transports.channel import MessageChannel
from museod.transports.descriptors import open_pair
from museod.transports.lifetime import again, running_beside
from museod.wire.lines import MAX_LINE_BYTES, LineReader, to_line

READ_BYTES = 256 * 1024  # a large result arrives in few reads; four times what a default pipe holds
OUTBOX_BYTES = 2 * MAX_LINE_BYTES  # whoever is two of the longest lines behind will not catch up
LOW_WATER_BYTES = 256 * 1024  # one read of the other side
FLUSH_SECONDS = 1.0  # a file or a terminal takes what is queued at once or not at all


class StdioChannel:
    """A `MessageChannel` on two file descriptors, which it owns; see `open_stdio_channel`."""

    def __init__(self, read_fd: int, write_fd: int, *, max_line: int, outbox_bytes: int) -> None:
        self._input, self._output = open_pair(read_fd, write_fd)
        self._lines = LineReader(max_line)
        self._is_mid_line = False
        self._is_alone = True
        self._outbox: list[bytes] = []
        self._rest = memoryview(b"")  # what the writer task has taken and not yet written
        self._unsent = 0
        self._outbox_bytes = outbox_bytes
        self._low_water = min(LOW_WATER_BYTES, outbox_bytes // 2)
        self._fault: ChannelError | None = None
        self._posted = trio.Event()
        self._drained = trio.Event()

    def post(self, message: bytes) -> None:
        """Send at once what the pipe takes, queue the rest; see `MessageChannel.post`."""
        if self._fault is not None:
            raise again(self._fault)
        line = to_line(message)
        # Alone, a message leaves at once, which saves a turn of the scheduler. In company (another was sent
        # since we last heard something) it waits for this turn's end, so that one write carries them all.
        is_alone, self._is_alone = self._is_alone, False
        if is_alone and not self._unsent:
            try:
                sent = self._output.write_nowait(line)
            except OSError as error:
                raise again(self._break(_write_fault(error))) from None
            if sent == len(line):
                return
            line = line[sent:]
        self._outbox.append(line)
        self._unsent += len(line)
        if self._unsent > self._outbox_bytes:
            text = f"The other side does not read: over {self._outbox_bytes} bytes wait for it."
            raise again(self._break(ChannelBroken(text)))
        self._posted.set()

    async def wait_drained(self) -> None:
        """Return when little is queued, or when the channel is dead and the next `post` says so."""
        if self._unsent <= self._low_water or self._fault is not None:
            await trio.lowlevel.checkpoint()
            return
        if self._drained.is_set():
            self._drained = trio.Event()
        await self._drained.wait()

    async def receive(self) -> list[bytes]:
        """All complete lines of one read, at least one; see `MessageChannel.receive`."""
        while True:
            try:
                data = await self._read()
            except OSError as error:
                raise again(self._break(ChannelBroken(f"Reading failed: {error.strerror}."))) from None
            if not data:
                raise again(self._end())
            self._is_alone = True
            self._is_mid_line = not data.endswith(b"\n")
            try:
                lines = self._lines.feed(data)
            except MessageTooLarge as error:
                self._is_mid_line = False
                raise again(self._break(ChannelBroken(str(error)))) from None
            if lines:
                return lines

    async def aclose(self) -> None:
        """Write what can be written at once, then close both descriptors."""
        await self._flush_and_close()
        await trio.lowlevel.checkpoint()

    async def _read(self) -> bytes:
        if self._fault is None:
            try:
                return await self._input.read(READ_BYTES)
            except trio.ClosedResourceError:
                pass  # woken by _break or aclose, both of which have set the fault
        else:
            await trio.lowlevel.checkpoint()
        # A child that died while we wrote has often said something before: that is still delivered.
        data = self._input.read_nowait(READ_BYTES)
        if data:
            return data
        assert self._fault is not None  # noqa: S101 - only the two named above interrupt a read
        raise again(self._fault)

    async def write_queued(self) -> None:
        """The one task that waits for the other side to read; returns when the channel is dead."""
        while self._fault is None:
            if not self._outbox:
                self._posted = trio.Event()
                await self._posted.wait()
                continue
            self._rest = memoryview(b"".join(self._outbox))
            self._outbox.clear()
            try:
                while self._rest:
                    self._sent(await self._output.write(self._rest))
            except trio.ClosedResourceError:
                return
            except OSError as error:
                self._break(_write_fault(error))

    def _sent(self, count: int) -> None:
        self._rest = self._rest[count:]
        self._unsent -= count
        if self._unsent <= self._low_water:
            self._drained.set()

    def _end(self) -> ChannelError:
        """The other side will send nothing more; in good order, it may still read what we post."""
        if self._is_mid_line:
            return self._break(ChannelBroken("The other side ended in the middle of a line."))
        return ChannelClosed("The other side closed.")

    def _break(self, fault: ChannelError) -> ChannelError:
        """Note why the channel is dead (the first reason counts) and wake whoever waits on it."""
        if self._fault is None:
            self._fault = fault
            self._wake_all()
        return self._fault

    def _wake_all(self) -> None:
        self._posted.set()
        self._drained.set()
        self._input.interrupt()
        self._output.interrupt()

    async def _flush_and_close(self) -> None:
        if self._fault is None:
            if self._output.is_polled:
                self._flush_nowait()
            else:
                with trio.move_on_after(FLUSH_SECONDS, shield=True):
                    await self._wait_sent()
            self._fault = ChannelClosed("This channel is closed.")
        self._wake_all()
        self._input.close()
        self._output.close()

    def _flush_nowait(self) -> None:
        with suppress(OSError):
            pieces: list[bytes | memoryview] = [self._rest, *self._outbox]
            for piece in pieces:
                if self._output.write_nowait(piece) < len(piece):
                    return

    async def _wait_sent(self) -> None:
        while self._unsent and self._fault is None:
            self._drained = trio.Event()
            await self._drained.wait()


@asynccontextmanager
async def open_stdio_channel(
    read_fd: int, write_fd: int, *, max_line: int = MAX_LINE_BYTES, outbox_bytes: int = OUTBOX_BYTES
) -> AsyncIterator[MessageChannel]:
    """
    A channel on two descriptors, which it owns from now on and closes.

    Args:
        read_fd: pipe, socket, terminal or file to read lines from.
        write_fd: the same to write to.
        max_line: a longer line breaks the channel.
        outbox_bytes: more than this waiting for a reader breaks the channel. No deadline besides: a child may
            be busy for as long as its calls may last, and those have theirs.
    """
    channel = StdioChannel(read_fd, write_fd, max_line=max_line, outbox_bytes=outbox_bytes)
    async with running_beside(channel.write_queued):
        try:
            yield channel
        finally:
            await channel._flush_and_close()


def _write_fault(error: OSError) -> ChannelBroken:
    return ChannelBroken(f"Writing failed: {error.strerror}.")
