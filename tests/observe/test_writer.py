"""The queue in front of stderr is bounded, never waits for its reader, and is flushed within a bound."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from museod.observe.writer import LineWriter

PATIENCE = 5.0  # seconds until a test gives up waiting for a thread


class FakeStream:
    """Takes what is written, a few bytes at a time."""

    def __init__(self, at_once: int = 1_000_000) -> None:
        self.written = b""
        self._at_once = at_once

    def write(self, data: memoryview, /) -> int:
        taken = bytes(data[: self._at_once])
        self.written += taken
        return len(taken)

    def fileno(self) -> int:
        return -1


class HangingStream(FakeStream):
    """Takes nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.released = threading.Event()

    def write(self, data: memoryview, /) -> int:
        self.entered.set()
        assert self.released.wait(PATIENCE)
        return super().write(data)


class BrokenStream(FakeStream):
    def write(self, data: memoryview, /) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@contextmanager
def closing(writer: LineWriter) -> Iterator[LineWriter]:
    try:
        yield writer
    finally:
        assert writer.close(PATIENCE)


@pytest.mark.parametrize("at_once", [1, 7, 1_000_000])
def test_lines_come_out_whole_and_in_order(at_once: int) -> None:
    stream = FakeStream(at_once)
    with closing(LineWriter(stream)) as writer:
        for number in range(100):
            writer.post(b"line %d" % number)

    assert stream.written.splitlines() == [b"line %d" % number for number in range(100)]


def test_a_reader_that_hangs_costs_lines_and_never_time() -> None:
    stream = HangingStream()
    told: list[int] = []
    writer = LineWriter(stream, on_drop=told.append, tell_drops=b"dropped %d".__mod__, limit=1_000)
    writer.post(b"first")
    assert stream.entered.wait(PATIENCE)

    for _ in range(500):  # returns at once, or this test runs into its time-out
        writer.post(b"x" * 99)

    assert writer.dropped == 490
    assert sum(told) == 490
    stream.released.set()
    assert writer.close(PATIENCE)
    assert stream.written == b"first\n" + (b"x" * 99 + b"\n") * 10 + b"dropped 490\n"


def test_closing_waits_no_longer_than_it_was_told() -> None:
    stream = HangingStream()
    writer = LineWriter(stream)
    writer.post(b"line")
    assert stream.entered.wait(PATIENCE)

    assert writer.close(0.01) is False

    stream.released.set()
    assert writer.close(PATIENCE)


def test_what_comes_after_the_close_is_counted() -> None:
    stream = FakeStream()
    writer = LineWriter(stream)
    assert writer.close(PATIENCE)

    writer.post(b"late")

    assert writer.dropped == 1
    assert stream.written == b""


def test_a_broken_stream_is_counted_and_survived() -> None:
    told: list[int] = []
    with closing(LineWriter(BrokenStream(), on_drop=told.append)) as writer:
        writer.post(b"one")

    assert writer.dropped == 1
    assert told == [1]


@pytest.mark.real
def test_a_non_blocking_pipe_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    size = 200_000  # more than the pipe holds at once
    received = b""
    with open(writing, "wb", buffering=0) as stream, open(reading, "rb") as reader:
        writer = LineWriter(stream)
        writer.post(b"x" * size)
        received = reader.read(size + 1)
        assert writer.close(PATIENCE)

    assert received == b"x" * size + b"\n"
