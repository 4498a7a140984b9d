"""The border between messages and the media that carry them, and the in-memory pair that tests use."""

from __future__ import annotations

import math
from typing import Protocol

import trio

from museod.errors import ChannelBroken, ChannelClosed


class MessageChannel(Protocol):
    """
    Carries whole messages both ways, in order, once each.

    One task receives; any task posts. Bytes leave in batches: everything that is posted in one scheduler
    tick goes out in one write.
    """

    def post(self, message: bytes) -> None:
        """
        Queue one message for sending, without a checkpoint.

        Raises:
            ChannelClosed: nothing can be sent any more.
            ChannelBroken: the other side reads too slowly and the outbox is over its ceiling; the channel
                is dead from then on.
        """

    async def wait_drained(self) -> None:
        """Return when the outbox is below its low-water mark: back-pressure for whoever produces much."""

    async def receive(self) -> list[bytes]:
        """
        All whole messages that have arrived, at least one; waits for the first.

        Raises:
            ChannelClosed: the other side ended in good order, or we closed.
            ChannelBroken: it broke, or sent a message over the ceiling.
        """

    async def aclose(self) -> None:
        """Send what is queued if that is possible at once, then close; never waits long."""


class MemoryChannel:
    """One end of an in-memory pair; see `open_memory_pair`."""

    def __init__(
        self, sender: trio.MemorySendChannel[bytes], receiver: trio.MemoryReceiveChannel[bytes]
    ) -> None:
        self._sender = sender
        self._receiver = receiver

    def post(self, message: bytes) -> None:
        try:
            self._sender.send_nowait(message)
        except trio.BrokenResourceError:
            raise ChannelBroken("The other end is closed.") from None
        except trio.ClosedResourceError:
            raise ChannelClosed("This end is closed.") from None

    async def wait_drained(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive(self) -> list[bytes]:
        try:
            messages = [await self._receiver.receive()]
            while True:
                messages.append(self._receiver.receive_nowait())
        except trio.WouldBlock:
            return messages
        except (trio.EndOfChannel, trio.ClosedResourceError):
            if "messages" in locals() and messages:
                return messages
            raise ChannelClosed("The other end closed.") from None

    async def aclose(self) -> None:
        self._sender.close()
        self._receiver.close()
        await trio.lowlevel.checkpoint()


def open_memory_pair() -> tuple[MemoryChannel, MemoryChannel]:
    """Two connected channels; what one posts the other receives."""
    left_sender, right_receiver = trio.open_memory_channel[bytes](math.inf)
    right_sender, left_receiver = trio.open_memory_channel[bytes](math.inf)
    return MemoryChannel(left_sender, left_receiver), MemoryChannel(right_sender, right_receiver)
