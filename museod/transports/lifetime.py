"""What all channels share about their life: tasks beside a block, and a fault that is raised again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from museod.errors import ChannelError


@asynccontextmanager
async def running_beside(*tasks: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """
    Run `tasks` beside a block and cancel them at the block's end.

    The block's own exception leaves as it is, not wrapped in a group as it would by a bare nursery: a caller
    of a channel can catch `ChannelBroken` by its name.
    """
    failure: BaseException | None = None
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)
        try:
            yield
        except BaseException as error:  # raised again as soon as the tasks are gone
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


def again(fault: ChannelError) -> ChannelError:
    """A fresh copy to raise: one instance raised many times would collect all their tracebacks."""
    return type(fault)(str(fault))
